/*-------------------------------------------------------------------------
 *
 * missing.c
 *		Where rows of a zone that is not available may be missing.
 *
 * Without some rows of a scan, a plan must not return a row that it would not
 * return with them.  So the plan is walked from its scans up.  A scan is
 * strict, that is, it needs all its rows,
 *
 * - where their absence makes a row: under the inner side of an anti join, the
 *   nullable side of an outer join, the right side of EXCEPT, and in a subquery
 *   of an expression, unless that is an EXISTS or IN that a WHERE, HAVING or ON
 *   wants to be true;
 * - where a condition, a join or a group depends on a value that is made of
 *   several rows: of an aggregate, a window function or a scalar subquery that
 *   is run once, or of a row that LIMIT, OFFSET or DISTINCT ON chose among
 *   others.  Such a value may be shown: it is then that of the rows which are
 *   there;
 * - in a statement that writes one of our tables, or updates, deletes or merges
 *   in any.
 *
 * What is not known to be harmless counts as strict: node types that are not
 * named here, and scans that the walk does not reach.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "foreign/fdwapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "plan/missing.h"
#include "plan/plan.h"

/* A set of scans of ours, by plan_node_id. */
typedef Bitmapset Scans;

/* What the rows of a plan depend on. */
typedef struct Rows
{
	Scans	   *scans;			/* all that are read for them */
	int			ncolumns;
	Scans	  **counted;		/* by column: the scans of which its value takes
								 * several rows into account */
} Rows;

/* A parameter that the executor sets: by an InitPlan, or for each row. */
typedef struct Value
{
	bool		known;
	bool		exists;			/* of an EXISTS: true or false */
	Scans	   *scans;			/* read for it */
	Scans	   *counted;		/* as of a column of Rows */
} Value;

typedef struct Walk
{
	const PlannedStmt *stmt;
	Value	   *values;			/* by number of the parameter */
	Rows	  **ctes;			/* by plan_id - 1; NULL until reached */
	Scans	   *seen;			/* scans that were reached */
	Scans	   *strict;
	Scans	   *work_tables;	/* scans of work tables, which stand for all
								 * that a recursion reads */
	bool		unknown;		/* something is not known: all are strict */
} Walk;

/* The node that is looked at, with what its expressions refer to. */
typedef struct Place
{
	Walk	   *walk;
	Rows	   *outer;
	Rows	   *inner;
	Rows	   *source;			/* of a scan: what it is over; or NULL */
	Rows	   *rows;			/* the node's own */
	bool		aggregates;		/* has it any? */
	Scans	   *counted;		/* found by find_counted() */
} Place;

/* What becomes of a statement's scans; kept by DbaasStatement. */
struct DbaasMissing
{
	bool		writes;
	Scans	   *harmless;
};

static Rows *look_at(Walk *walk, Plan *plan);

static void
add(Scans **scans, const Scans *more)
{
	*scans = bms_add_members(*scans, more);
}

static void
make_strict(Walk *walk, const Scans *scans)
{
	add(&walk->strict, scans);
}

static Plan *
plan_of(const Walk *walk, int plan_id)
{
	return list_nth(walk->stmt->subplans, plan_id - 1);
}

/* ------------------------------------------------------------------------
 * Expressions
 * ------------------------------------------------------------------------ */

static Scans *counted_over(Place *place, Node *expr);

static void
add_column(Place *place, const Rows *rows, AttrNumber attno)
{
	if (rows == NULL || attno < 0)
		return;
	if (attno > rows->ncolumns)
		place->walk->unknown = true;
	for (int i = 0; i < rows->ncolumns; i++)
	{
		if (attno == 0 || attno == i + 1)
			add(&place->counted, rows->counted[i]);
	}
}

static void
add_var(Place *place, const Var *var)
{
	switch (var->varno)
	{
		case OUTER_VAR:
			add_column(place, place->outer, var->varattno);
			break;
		case INNER_VAR:
			add_column(place, place->inner, var->varattno);
			break;
		case INDEX_VAR:
			break;
		default:
			add_column(place, place->source, var->varattno);
	}
}

/* The parameter, if it is one that the executor sets; or NULL. */
static Value *
value_of(Walk *walk, Node *node)
{
	if (!IsA(node, Param) || ((Param *) node)->paramkind != PARAM_EXEC)
		return NULL;
	return &walk->values[((Param *) node)->paramid];
}

static void
set_value(Walk *walk, int param, Value value)
{
	value.known = true;
	walk->values[param] = value;
}

/* Looks at a subquery of an expression, under the values that it is given. */
static Rows *
look_at_subplan(Place *place, const SubPlan *subplan)
{
	Walk	   *walk = place->walk;
	Rows	   *rows;
	ListCell   *id;
	ListCell   *arg;
	int			column = 0;

	forboth(id, subplan->parParam, arg, subplan->args)
		set_value(walk, lfirst_int(id), (Value) {.counted = counted_over(place, lfirst(arg))});
	rows = look_at(walk, plan_of(walk, subplan->plan_id));
	foreach(id, subplan->paramIds)
	{
		set_value(walk, lfirst_int(id),
				  (Value) {.counted = column < rows->ncolumns ? rows->counted[column] : NULL});
		column++;
	}
	add(&place->rows->scans, rows->scans);
	return rows;
}

/* Collects the scans of which a value takes several rows into account. */
static bool
find_counted(Node *node, void *arg)
{
	Place	   *place = arg;
	Value	   *value;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			add_var(place, (Var *) node);
			return false;
		case T_Param:
			value = value_of(place->walk, node);
			if (value == NULL)
				return false;
			place->walk->unknown |= !value->known;
			if (value->exists)
				make_strict(place->walk, value->scans);
			add(&place->rows->scans, value->scans);
			add(&place->counted, value->counted);
			return false;
		case T_SubPlan:
			make_strict(place->walk, look_at_subplan(place, (SubPlan *) node)->scans);
			break;
		case T_Aggref:
		case T_WindowFunc:
			place->aggregates |= IsA(node, Aggref);
			if (place->outer)
				add(&place->counted, place->outer->scans);
			break;
		default:
			break;
	}
	return expression_tree_walker(node, find_counted, arg);
}

static Scans *
counted_over(Place *place, Node *expr)
{
	Scans	   *saved = place->counted;
	Scans	   *result;

	place->counted = NULL;
	find_counted(expr, place);
	result = place->counted;
	place->counted = saved;
	return result;
}

/* The expression decides which rows there are. */
static void
decides(Place *place, void *expr)
{
	make_strict(place->walk, counted_over(place, (Node *) expr));
}

static void
look_at_in(Place *place, const SubPlan *subplan)
{
	Rows	   *rows = look_at_subplan(place, subplan);

	for (int i = 0; i < rows->ncolumns; i++)
		make_strict(place->walk, rows->counted[i]);
	decides(place, subplan->testexpr);
}

/* The expression has to be true for a row to be returned; so has each of a List. */
static void
must_be_true(Place *place, Node *expr)
{
	Value	   *value;
	ListCell   *lc;

	if (expr == NULL)
		return;
	check_stack_depth();
	if (IsA(expr, List))
	{
		foreach(lc, (List *) expr)
			must_be_true(place, lfirst(lc));
	}
	else if (IsA(expr, BoolExpr) && ((BoolExpr *) expr)->boolop != NOT_EXPR)
		must_be_true(place, (Node *) ((BoolExpr *) expr)->args);
	else if (IsA(expr, SubPlan) && (((SubPlan *) expr)->subLinkType == EXISTS_SUBLINK ||
									((SubPlan *) expr)->subLinkType == ANY_SUBLINK))
		look_at_in(place, (SubPlan *) expr);
	else if ((value = value_of(place->walk, expr)) != NULL && value->exists)
		add(&place->rows->scans, value->scans);
	else
		decides(place, expr);
}

/* ------------------------------------------------------------------------
 * Plans
 * ------------------------------------------------------------------------ */

/* What decides which rows a node returns, beside its qual. */
static void
look_at_conditions(Place *place, Plan *plan)
{
	must_be_true(place, (Node *) plan->qual);
	switch (nodeTag(plan))
	{
		case T_SampleScan:
			decides(place, ((SampleScan *) plan)->tablesample);
			break;
		case T_IndexScan:
			decides(place, ((IndexScan *) plan)->indexqualorig);
			decides(place, ((IndexScan *) plan)->indexorderbyorig);
			break;
		case T_IndexOnlyScan:
			decides(place, ((IndexOnlyScan *) plan)->indexqual);
			decides(place, ((IndexOnlyScan *) plan)->indexorderby);
			break;
		case T_BitmapHeapScan:
			decides(place, ((BitmapHeapScan *) plan)->bitmapqualorig);
			break;
		case T_TidScan:
			decides(place, ((TidScan *) plan)->tidquals);
			break;
		case T_TidRangeScan:
			decides(place, ((TidRangeScan *) plan)->tidrangequals);
			break;
		case T_FunctionScan:
			decides(place, ((FunctionScan *) plan)->functions);
			break;
		case T_TableFuncScan:
			decides(place, ((TableFuncScan *) plan)->tablefunc);
			break;
		case T_ValuesScan:
			decides(place, ((ValuesScan *) plan)->values_lists);
			break;
		case T_ForeignScan:
			decides(place, ((ForeignScan *) plan)->fdw_exprs);
			decides(place, ((ForeignScan *) plan)->fdw_recheck_quals);
			break;
		case T_HashJoin:
			decides(place, ((HashJoin *) plan)->hashclauses);
			break;
		case T_MergeJoin:
			decides(place, ((MergeJoin *) plan)->mergeclauses);
			break;
		case T_Limit:
			decides(place, ((Limit *) plan)->limitCount);
			decides(place, ((Limit *) plan)->limitOffset);
			break;
		case T_Result:
			must_be_true(place, ((Result *) plan)->resconstantqual);
			break;
		case T_WindowAgg:
			decides(place, ((WindowAgg *) plan)->startOffset);
			decides(place, ((WindowAgg *) plan)->endOffset);
			/* That refers to the node's own columns. */
			if (((WindowAgg *) plan)->runCondition)
				make_strict(place->walk, place->outer->scans);
			break;
		case T_ModifyTable:
			decides(place, ((ModifyTable *) plan)->onConflictSet);
			decides(place, ((ModifyTable *) plan)->onConflictWhere);
			decides(place, ((ModifyTable *) plan)->withCheckOptionLists);
			break;
		default:
			break;
	}
}

/* The InitPlans and CTEs of a node: each is run once at most. */
static void
look_at_init_plans(Walk *walk, const Plan *plan)
{
	ListCell   *lc;
	ListCell   *id;

	foreach(lc, plan->initPlan)
	{
		SubPlan    *init = lfirst_node(SubPlan, lc);
		Rows	   *rows = look_at(walk, plan_of(walk, init->plan_id));
		Value		value = {
			.exists = init->subLinkType == EXISTS_SUBLINK,
			.scans = rows->scans,
			.counted = bms_copy(rows->scans)
		};

		walk->ctes[init->plan_id - 1] = rows;
		for (int i = 0; i < rows->ncolumns; i++)
			add(&value.counted, rows->counted[i]);
		foreach(id, init->setParam)
			set_value(walk, lfirst_int(id), value);
	}
}

/* Looks at a node that a join, or another, is over, and adds what that reads. */
static Rows *
look_at_child(Place *place, Plan *plan)
{
	Rows	   *rows;

	if (plan == NULL)
		return NULL;
	rows = look_at(place->walk, plan);
	add(&place->rows->scans, rows->scans);
	return rows;
}

/* The side of a join that has to be there for a row, or the other, must be whole. */
static void
look_at_join(Place *place, Join *join)
{
	Walk	   *walk = place->walk;
	ListCell   *lc;

	if (IsA(join, NestLoop))
	{
		foreach(lc, ((NestLoop *) join)->nestParams)
		{
			NestLoopParam *param = lfirst_node(NestLoopParam, lc);

			set_value(walk, param->paramno,
					  (Value) {.counted = counted_over(place, (Node *) param->paramval)});
		}
	}
	place->inner = look_at_child(place, join->plan.righttree);
	switch (dbaas_join_type(join))
	{
		case JOIN_INNER:
		case JOIN_SEMI:
			break;
		case JOIN_LEFT:
		case JOIN_ANTI:
			make_strict(walk, place->inner->scans);
			break;
		case JOIN_RIGHT:
			make_strict(walk, place->outer->scans);
			break;
		default:
			make_strict(walk, place->rows->scans);
	}
	if (join->jointype == JOIN_INNER || join->jointype == JOIN_SEMI)
		must_be_true(place, (Node *) join->joinqual);
	else
		decides(place, join->joinqual);
}

/* Children of which each gives rows of its own: column by column. */
static void
look_at_children(Place *place, List *plans)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		Rows	   *child = look_at_child(place, lfirst(lc));

		if (child->ncolumns < place->rows->ncolumns)
			place->walk->unknown = true;
		for (int i = 0; i < Min(child->ncolumns, place->rows->ncolumns); i++)
			add(&place->rows->counted[i], child->counted[i]);
	}
}

/* Rows are compared, or come back: no value may be one that is counted. */
static void
fix_columns(Walk *walk, const Rows *rows)
{
	for (int i = 0; rows && i < rows->ncolumns; i++)
		make_strict(walk, rows->counted[i]);
}

/*
 * Before 18, both sides of a set operation are in one Append, with a column that
 * tells them apart: 0 is the left one.
 */
static bool
is_left_arm(const Plan *arm, AttrNumber flag)
{
	const TargetEntry *entry = list_length(arm->targetlist) < flag ? NULL :
		list_nth(arm->targetlist, flag - 1);

	return entry && IsA(entry->expr, Const) && !((Const *) entry->expr)->constisnull &&
		DatumGetInt32(((Const *) entry->expr)->constvalue) == 0;
}

static void
look_at_set_operation(Place *place, SetOp *op)
{
	Walk	   *walk = place->walk;
	bool		except = op->cmd == SETOPCMD_EXCEPT || op->cmd == SETOPCMD_EXCEPT_ALL;
	Plan	   *arms = op->plan.lefttree;
	ListCell   *lc;

	place->inner = look_at_child(place, op->plan.righttree);
	fix_columns(walk, place->outer);
	fix_columns(walk, place->inner);
	if (!except)
		return;
	if (place->inner)
	{
		make_strict(walk, place->inner->scans);
		return;
	}
	while (IsA(arms, Sort))
		arms = arms->lefttree;
	if (!IsA(arms, Append))
	{
		make_strict(walk, place->rows->scans);
		return;
	}
	foreach(lc, ((Append *) arms)->appendplans)
	{
		if (!is_left_arm(lfirst(lc), dbaas_setop_flag(op)))
			make_strict(walk, look_at(walk, lfirst(lc))->scans);
	}
}

/* Groups by a value that is counted are other groups. */
static void
look_at_groups(Place *place, const Agg *agg)
{
	ListCell   *lc;

	for (int i = 0; i < agg->numCols; i++)
	{
		Place		group = {.walk = place->walk};

		add_column(&group, place->outer, agg->grpColIdx[i]);
		make_strict(place->walk, group.counted);
	}
	foreach(lc, agg->chain)
		look_at_groups(place, lfirst(lc));
}

/*
 * What a recursion has found so far may lack a row of any scan in it, and so
 * may what comes of that in its next turn.
 */
static void
look_at_recursion(Place *place, const Plan *plan)
{
	Walk	   *walk = place->walk;

	place->inner = look_at_child(place, plan->righttree);
	fix_columns(walk, place->outer);
	fix_columns(walk, place->inner);
	if (bms_overlap(walk->strict, walk->work_tables))
		make_strict(walk, place->rows->scans);
}

static void
look_at_work_table(Place *place, const Plan *plan)
{
	Walk	   *walk = place->walk;

	walk->work_tables = bms_add_member(walk->work_tables, plan->plan_node_id);
	place->rows->scans = bms_add_member(place->rows->scans, plan->plan_node_id);
}

static void
look_at_foreign_scan(Place *place, ForeignScan *scan)
{
	Walk	   *walk = place->walk;

	if (dbaas_plan_is_ours(scan) && scan->operation == CMD_SELECT)
	{
		walk->seen = bms_add_member(walk->seen, scan->scan.plan.plan_node_id);
		place->rows->scans = bms_add_member(place->rows->scans, scan->scan.plan.plan_node_id);
	}
	else if (place->outer)
		make_strict(walk, place->outer->scans);
}

static void
look_at_node(Place *place, Plan *plan)
{
	Walk	   *walk = place->walk;

	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_SampleScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_FunctionScan:
		case T_TableFuncScan:
		case T_ValuesScan:
		case T_NamedTuplestoreScan:
		case T_Gather:
		case T_GatherMerge:
		case T_Result:
		case T_ProjectSet:
		case T_Material:
		case T_Memoize:
		case T_Sort:
		case T_IncrementalSort:
		case T_Hash:
		case T_Group:
		case T_Agg:
		case T_WindowAgg:
		case T_Unique:
		case T_LockRows:
		case T_Limit:
			break;
		case T_WorkTableScan:
			look_at_work_table(place, plan);
			break;
		case T_ModifyTable:
			/* Of an INSERT: the columns of the table, and of "excluded". */
			place->source = place->outer;
			place->inner = place->outer;
			break;
		case T_ForeignScan:
			look_at_foreign_scan(place, (ForeignScan *) plan);
			break;
		case T_SubqueryScan:
			place->source = look_at_child(place, ((SubqueryScan *) plan)->subplan);
			break;
		case T_CteScan:
			place->source = walk->ctes[((CteScan *) plan)->ctePlanId - 1];
			if (place->source)
				add(&place->rows->scans, place->source->scans);
			else
				walk->unknown = true;
			break;
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			look_at_join(place, (Join *) plan);
			break;
		case T_Append:
			look_at_children(place, ((Append *) plan)->appendplans);
			break;
		case T_MergeAppend:
			look_at_children(place, ((MergeAppend *) plan)->mergeplans);
			break;
		case T_SetOp:
			look_at_set_operation(place, (SetOp *) plan);
			break;
		case T_RecursiveUnion:
			look_at_recursion(place, plan);
			break;
		default:
			walk->unknown = true;
	}
}

static bool
shows_children(const Plan *plan)
{
	return IsA(plan, Append) || IsA(plan, MergeAppend);
}

/* The values that the node shows. */
static void
look_at_columns(Place *place, const Plan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);
		Scans	   *counted = counted_over(place, (Node *) entry->expr);

		if (IsA(plan, ProjectSet) && expression_returns_set((Node *) entry->expr))
			make_strict(place->walk, counted);
		add(&place->rows->counted[foreach_current_index(lc)], counted);
	}
}

/* Is the column the same in every row among which the node chooses one? */
static bool
is_chosen_by(const Plan *plan, AttrNumber attno)
{
	const Unique *unique = (const Unique *) plan;

	for (int i = 0; IsA(plan, Unique) && i < unique->numCols; i++)
	{
		if (unique->uniqColIdx[i] == attno)
			return true;
	}
	return false;
}

/* Which rows LIMIT, OFFSET and DISTINCT ON show depends on all that there are. */
static void
look_at_choice(Place *place, const Plan *plan)
{
	if (!IsA(plan, Limit) && !IsA(plan, Unique))
		return;
	for (int i = 0; i < place->rows->ncolumns; i++)
	{
		if (!is_chosen_by(plan, i + 1))
			add(&place->rows->counted[i], place->outer->scans);
	}
}

/*
 * Looks at a plan and all below it: the InitPlans first, and the outer side
 * before what gets parameters from it.
 */
static Rows *
look_at(Walk *walk, Plan *plan)
{
	Rows	   *rows = palloc0(sizeof(Rows));
	Place		place = {.walk = walk, .rows = rows};

	check_stack_depth();
	rows->ncolumns = list_length(plan->targetlist);
	rows->counted = palloc0(Max(rows->ncolumns, 1) * sizeof(Scans *));
	look_at_init_plans(walk, plan);
	/* Its condition repeats what is below it. */
	if (!IsA(plan, BitmapHeapScan))
		place.outer = look_at_child(&place, plan->lefttree);
	look_at_node(&place, plan);
	look_at_conditions(&place, plan);
	if (!shows_children(plan))
		look_at_columns(&place, plan);
	look_at_choice(&place, plan);
	if (IsA(plan, Agg) && place.aggregates)
		look_at_groups(&place, (Agg *) plan);
	return rows;
}

/* ------------------------------------------------------------------------
 * Statements
 * ------------------------------------------------------------------------ */

/* Do rows that are put into the relation reach a table of ours? */
static bool
reaches_ours(Oid relid)
{
	ListCell   *lc;

	if (get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE)
		return dbaas_plan_is_table(relid);
	if (get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE)
		return false;
	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_FOREIGN_TABLE &&
			dbaas_plan_is_table(lfirst_oid(lc)))
			return true;
	}
	return false;
}

/* Is it an INSERT into another table than ours, or no write at all? */
static bool
may_lack_rows(const PlannedStmt *stmt, const Plan *plan)
{
	ListCell   *lc;

	if (plan == NULL || !IsA(plan, ModifyTable))
		return true;
	if (((const ModifyTable *) plan)->operation != CMD_INSERT)
		return false;
	foreach(lc, ((const ModifyTable *) plan)->resultRelations)
	{
		if (reaches_ours(rt_fetch(lfirst_int(lc), stmt->rtable)->relid))
			return false;
	}
	return true;
}

static bool
writes(const PlannedStmt *stmt)
{
	ListCell   *lc;

	if (!may_lack_rows(stmt, stmt->planTree))
		return true;
	foreach(lc, stmt->subplans)
	{
		if (!may_lack_rows(stmt, lfirst(lc)))
			return true;
	}
	return false;
}

static DbaasMissing *
look_at_statement(const PlannedStmt *stmt)
{
	DbaasMissing *missing = palloc0(sizeof(DbaasMissing));
	Walk		walk = {.stmt = stmt};

	missing->writes = writes(stmt);
	if (missing->writes)
		return missing;
	walk.values = palloc0((list_length(stmt->paramExecTypes) + 1) * sizeof(Value));
	walk.ctes = palloc0((list_length(stmt->subplans) + 1) * sizeof(Rows *));
	look_at(&walk, stmt->planTree);
	if (!walk.unknown)
		missing->harmless = bms_difference(walk.seen, walk.strict);
	return missing;
}

DbaasOutage
dbaas_missing_outage(EState *estate, const ForeignScan *plan)
{
	DbaasMissing **missing = dbaas_statement_missing(dbaas_statement_get(estate->es_query_cxt));

	if (*missing == NULL)
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);

		*missing = look_at_statement(estate->es_plannedstmt);
		MemoryContextSwitchTo(oldcxt);
	}
	if ((*missing)->writes)
		return DBAAS_OUTAGE_WRITES;
	return bms_is_member(plan->scan.plan.plan_node_id, (*missing)->harmless) ?
		DBAAS_OUTAGE_TAKES : DBAAS_OUTAGE_ADDS;
}
