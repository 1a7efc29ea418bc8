/*-------------------------------------------------------------------------
 *
 * incomplete.c
 *		Which scans of a plan may be incomplete.
 *
 * A scan may be incomplete if the plan, without some of its rows, may return fewer rows,
 * but never a row that it would not return otherwise.  The walk goes through the plan from
 * the scans up, and finds the scans that must be complete.  They are
 *
 * - those whose missing rows would make a row appear: below the inner side of an
 *   anti join, the nullable side of an outer join, the right side of EXCEPT, and
 *   in a subquery of an expression, unless that is an EXISTS or IN which a WHERE,
 *   HAVING or ON needs to be true;
 * - those that a condition, a join or a group depends on through a value that is
 *   made of several rows: an aggregate, a window function, a scalar subquery that
 *   is run once, or a row that LIMIT, OFFSET or DISTINCT ON chose among others.
 *   Such a value may be returned as a column: it is then the value for the rows
 *   that are not missing.
 *
 * A plan node of a type that is not named here makes all scans required, and a scan that
 * the walk does not reach is required too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"

#include "base/compat.h"
#include "plan/incomplete.h"
#include "plan/plan.h"

/* A set of scans of ours, by plan_node_id. */
typedef Bitmapset Scans;

/* What is known of the rows that a plan node returns. */
typedef struct PlanRows
{
	Scans	   *scans;			/* all scans that are read for them */
	int			ncolumns;
	Scans	  **depends;		/* by column: the scans whose missing rows
								 * could change its value, and not only remove
								 * the row */
} PlanRows;

/* What is known of a parameter that the executor sets. */
typedef struct ParamValue
{
	bool		known;			/* the walk has reached what sets it */
	bool		is_exists;		/* the result of an EXISTS */
	Scans	   *scans;			/* read for it */
	Scans	   *depends;		/* as of a column of PlanRows */
} ParamValue;

typedef struct Walk
{
	const PlannedStmt *stmt;
	ParamValue *params;			/* by paramid */
	PlanRows  **ctes;			/* by plan_id - 1; NULL until reached */
	Scans	   *reached;
	Scans	   *required;		/* scans that must be complete */
	Scans	   *work_tables;	/* work table scans: each stands for all scans
								 * of its recursion */
	bool		unknown;		/* the plan has a part that the walk does not
								 * understand: all scans are required */
} Walk;

/* A plan node with what its expressions refer to. */
typedef struct NodeContext
{
	Walk	   *walk;
	PlanRows   *outer;
	PlanRows   *inner;
	PlanRows   *source;			/* what a scan node reads; or NULL */
	PlanRows   *rows;			/* the node's own */
	bool		has_aggregates;
	Scans	   *depends;		/* result of collect_depends() */
} NodeContext;

static PlanRows *analyze_plan(Walk *walk, Plan *plan);
static Scans *depends_of(NodeContext *context, Node *expr);

static void
add(Scans **scans, const Scans *more)
{
	*scans = bms_add_members(*scans, more);
}

/* Notes that these scans must be complete. */
static void
require(Walk *walk, const Scans *scans)
{
	add(&walk->required, scans);
}

static Plan *
subplan_plan(const Walk *walk, int plan_id)
{
	return list_nth(walk->stmt->subplans, plan_id - 1);
}

/* ------------------------------------------------------------------------
 * Expressions
 * ------------------------------------------------------------------------ */

static void
add_column(NodeContext *context, const PlanRows *rows, AttrNumber attno)
{
	if (rows == NULL || attno < 0)
		return;
	if (attno > rows->ncolumns)
		context->walk->unknown = true;
	for (int i = 0; i < rows->ncolumns; i++)
	{
		if (attno == 0 || attno == i + 1)
			add(&context->depends, rows->depends[i]);
	}
}

static void
add_var(NodeContext *context, const Var *var)
{
	switch (var->varno)
	{
		case OUTER_VAR:
			add_column(context, context->outer, var->varattno);
			break;
		case INNER_VAR:
			add_column(context, context->inner, var->varattno);
			break;
		case INDEX_VAR:
			break;
		default:
			add_column(context, context->source, var->varattno);
	}
}

/* The value of a parameter that the executor sets; NULL if the node is no such parameter. */
static ParamValue *
param_value(Walk *walk, Node *node)
{
	if (!IsA(node, Param) || ((Param *) node)->paramkind != PARAM_EXEC)
		return NULL;
	return &walk->params[((Param *) node)->paramid];
}

/* Gives a parameter a value that depends on these scans. */
static void
set_param(Walk *walk, int param, Scans *depends)
{
	memset(&walk->params[param], 0, sizeof(ParamValue));
	walk->params[param].known = true;
	walk->params[param].depends = depends;
}

/* Analyzes a subquery of an expression, with the parameters that it is given. */
static PlanRows *
analyze_subplan(NodeContext *context, const SubPlan *subplan)
{
	Walk	   *walk = context->walk;
	PlanRows   *rows;
	ListCell   *id;
	ListCell   *arg;
	int			column = 0;

	forboth(id, subplan->parParam, arg, subplan->args)
		set_param(walk, lfirst_int(id), depends_of(context, lfirst(arg)));
	rows = analyze_plan(walk, subplan_plan(walk, subplan->plan_id));
	foreach(id, subplan->paramIds)
	{
		set_param(walk, lfirst_int(id), column < rows->ncolumns ? rows->depends[column] : NULL);
		column++;
	}
	add(&context->rows->scans, rows->scans);
	return rows;
}

/* Collects the scans whose missing rows could change the value of an expression. */
static bool
collect_depends(Node *node, void *arg)
{
	NodeContext *context = arg;
	ParamValue *value;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			add_var(context, (Var *) node);
			return false;
		case T_Param:
			value = param_value(context->walk, node);
			if (value == NULL)
				return false;
			context->walk->unknown |= !value->known;
			if (value->is_exists)
				require(context->walk, value->scans);
			add(&context->rows->scans, value->scans);
			add(&context->depends, value->depends);
			return false;
		case T_SubPlan:
			require(context->walk, analyze_subplan(context, (SubPlan *) node)->scans);
			break;
		case T_Aggref:
		case T_WindowFunc:
			context->has_aggregates |= IsA(node, Aggref);
			if (context->outer)
				add(&context->depends, context->outer->scans);
			break;
		default:
			break;
	}
	return expression_tree_walker(node, collect_depends, arg);
}

static Scans *
depends_of(NodeContext *context, Node *expr)
{
	Scans	   *saved = context->depends;
	Scans	   *result;

	context->depends = NULL;
	collect_depends(expr, context);
	result = context->depends;
	context->depends = saved;
	return result;
}

/* Requires what an expression depends on, because it decides which rows are returned. */
static void
require_for(NodeContext *context, void *expr)
{
	require(context->walk, depends_of(context, (Node *) expr));
}

/*
 * Analyzes an EXISTS or IN that has to be true for a row to be returned.  Missing rows of
 * its subquery can only make it false, which is harmless.
 */
static void
analyze_exists_or_in(NodeContext *context, const SubPlan *subplan)
{
	PlanRows   *rows = analyze_subplan(context, subplan);

	for (int i = 0; i < rows->ncolumns; i++)
		require(context->walk, rows->depends[i]);
	require_for(context, subplan->testexpr);
}

/* Analyzes an expression, or a List, that has to be true for a row to be returned. */
static void
analyze_condition(NodeContext *context, Node *expr)
{
	ParamValue *value;
	ListCell   *lc;

	if (expr == NULL)
		return;
	check_stack_depth();
	if (IsA(expr, List))
	{
		foreach(lc, (List *) expr)
			analyze_condition(context, lfirst(lc));
	}
	else if (IsA(expr, BoolExpr) && ((BoolExpr *) expr)->boolop != NOT_EXPR)
		analyze_condition(context, (Node *) ((BoolExpr *) expr)->args);
	else if (IsA(expr, SubPlan) && (((SubPlan *) expr)->subLinkType == EXISTS_SUBLINK ||
									((SubPlan *) expr)->subLinkType == ANY_SUBLINK))
		analyze_exists_or_in(context, (SubPlan *) expr);
	else if ((value = param_value(context->walk, expr)) != NULL && value->is_exists)
		add(&context->rows->scans, value->scans);
	else
		require_for(context, expr);
}

/* ------------------------------------------------------------------------
 * Plans
 * ------------------------------------------------------------------------ */

/* Analyzes all expressions that decide which rows a node returns. */
static void
analyze_conditions(NodeContext *context, Plan *plan)
{
	analyze_condition(context, (Node *) plan->qual);
	switch (nodeTag(plan))
	{
		case T_SampleScan:
			require_for(context, ((SampleScan *) plan)->tablesample);
			break;
		case T_IndexScan:
			require_for(context, ((IndexScan *) plan)->indexqualorig);
			require_for(context, ((IndexScan *) plan)->indexorderbyorig);
			break;
		case T_IndexOnlyScan:
			require_for(context, ((IndexOnlyScan *) plan)->indexqual);
			require_for(context, ((IndexOnlyScan *) plan)->indexorderby);
			break;
		case T_BitmapHeapScan:
			require_for(context, ((BitmapHeapScan *) plan)->bitmapqualorig);
			break;
		case T_TidScan:
			require_for(context, ((TidScan *) plan)->tidquals);
			break;
		case T_TidRangeScan:
			require_for(context, ((TidRangeScan *) plan)->tidrangequals);
			break;
		case T_FunctionScan:
			require_for(context, ((FunctionScan *) plan)->functions);
			break;
		case T_TableFuncScan:
			require_for(context, ((TableFuncScan *) plan)->tablefunc);
			break;
		case T_ValuesScan:
			require_for(context, ((ValuesScan *) plan)->values_lists);
			break;
		case T_ForeignScan:
			require_for(context, ((ForeignScan *) plan)->fdw_exprs);
			require_for(context, ((ForeignScan *) plan)->fdw_recheck_quals);
			break;
		case T_HashJoin:
			require_for(context, ((HashJoin *) plan)->hashclauses);
			break;
		case T_MergeJoin:
			require_for(context, ((MergeJoin *) plan)->mergeclauses);
			break;
		case T_Limit:
			require_for(context, ((Limit *) plan)->limitCount);
			require_for(context, ((Limit *) plan)->limitOffset);
			break;
		case T_Result:
			analyze_condition(context, ((Result *) plan)->resconstantqual);
			break;
		case T_WindowAgg:
			require_for(context, ((WindowAgg *) plan)->startOffset);
			require_for(context, ((WindowAgg *) plan)->endOffset);
			/* The run condition refers to the columns of the node itself. */
			if (((WindowAgg *) plan)->runCondition)
				require(context->walk, context->outer->scans);
			break;
		case T_ModifyTable:
			require_for(context, ((ModifyTable *) plan)->onConflictSet);
			require_for(context, ((ModifyTable *) plan)->onConflictWhere);
			require_for(context, ((ModifyTable *) plan)->withCheckOptionLists);
			break;
		default:
			break;
	}
}

/* Analyzes the InitPlans and CTEs of a node, each of which is run at most once. */
static void
analyze_init_plans(Walk *walk, const Plan *plan)
{
	ListCell   *lc;
	ListCell   *id;

	foreach(lc, plan->initPlan)
	{
		SubPlan    *init = lfirst_node(SubPlan, lc);
		PlanRows   *rows = analyze_plan(walk, subplan_plan(walk, init->plan_id));
		Scans	   *depends = bms_copy(rows->scans);

		walk->ctes[init->plan_id - 1] = rows;
		for (int i = 0; i < rows->ncolumns; i++)
			add(&depends, rows->depends[i]);
		foreach(id, init->setParam)
		{
			ParamValue *value = &walk->params[lfirst_int(id)];

			set_param(walk, lfirst_int(id), depends);
			value->is_exists = init->subLinkType == EXISTS_SUBLINK;
			value->scans = rows->scans;
		}
	}
}

/* Analyzes a child node; the node reads all that the child reads. */
static PlanRows *
analyze_child(NodeContext *context, Plan *plan)
{
	PlanRows   *rows;

	if (plan == NULL)
		return NULL;
	rows = analyze_plan(context->walk, plan);
	add(&context->rows->scans, rows->scans);
	return rows;
}

/* Analyzes a join: missing rows of a nullable side would make rows appear. */
static void
analyze_join(NodeContext *context, Join *join)
{
	Walk	   *walk = context->walk;
	ListCell   *lc;

	if (IsA(join, NestLoop))
	{
		foreach(lc, ((NestLoop *) join)->nestParams)
		{
			NestLoopParam *param = lfirst_node(NestLoopParam, lc);

			set_param(walk, param->paramno, depends_of(context, (Node *) param->paramval));
		}
	}
	context->inner = analyze_child(context, join->plan.righttree);
	switch (dbaas_join_type(join))
	{
		case JOIN_INNER:
		case JOIN_SEMI:
			break;
		case JOIN_LEFT:
		case JOIN_ANTI:
			require(walk, context->inner->scans);
			break;
		case JOIN_RIGHT:
			require(walk, context->outer->scans);
			break;
		default:
			require(walk, context->rows->scans);
	}
	if (join->jointype == JOIN_INNER || join->jointype == JOIN_SEMI)
		analyze_condition(context, (Node *) join->joinqual);
	else
		require_for(context, join->joinqual);
}

/* Analyzes the children of an Append or a MergeAppend. */
static void
analyze_children(NodeContext *context, List *plans)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		PlanRows   *child = analyze_child(context, lfirst(lc));

		if (child->ncolumns < context->rows->ncolumns)
			context->walk->unknown = true;
		for (int i = 0; i < Min(child->ncolumns, context->rows->ncolumns); i++)
			add(&context->rows->depends[i], child->depends[i]);
	}
}

/*
 * Requires all columns to have the right values, because rows are compared as a whole, or
 * are read again.
 */
static void
require_columns(Walk *walk, const PlanRows *rows)
{
	for (int i = 0; rows && i < rows->ncolumns; i++)
		require(walk, rows->depends[i]);
}

/*
 * Is the child of an Append the left side of a set operation?  Before PostgreSQL 18, both
 * sides are in one Append, and the column "flag" is 0 in rows of the left side.
 */
static bool
is_left_side(const Plan *arm, AttrNumber flag)
{
	const TargetEntry *entry = list_length(arm->targetlist) < flag ? NULL :
		list_nth(arm->targetlist, flag - 1);

	return entry && IsA(entry->expr, Const) && !((Const *) entry->expr)->constisnull &&
		DatumGetInt32(((Const *) entry->expr)->constvalue) == 0;
}

static void
analyze_set_operation(NodeContext *context, SetOp *op)
{
	Walk	   *walk = context->walk;
	bool		except = op->cmd == SETOPCMD_EXCEPT || op->cmd == SETOPCMD_EXCEPT_ALL;
	Plan	   *arms = op->plan.lefttree;
	ListCell   *lc;

	context->inner = analyze_child(context, op->plan.righttree);
	require_columns(walk, context->outer);
	require_columns(walk, context->inner);
	if (!except)
		return;
	if (context->inner)
	{
		require(walk, context->inner->scans);
		return;
	}
	while (IsA(arms, Sort))
		arms = arms->lefttree;
	if (!IsA(arms, Append))
	{
		require(walk, context->rows->scans);
		return;
	}
	foreach(lc, ((Append *) arms)->appendplans)
	{
		if (!is_left_side(lfirst(lc), dbaas_setop_flag(op)))
			require(walk, analyze_plan(walk, lfirst(lc))->scans);
	}
}

/* Requires the keys of groups: if missing rows changed one, another group would appear. */
static void
analyze_groups(NodeContext *context, const Agg *agg)
{
	ListCell   *lc;

	for (int i = 0; i < agg->numCols; i++)
	{
		NodeContext group = {.walk = context->walk};

		add_column(&group, context->outer, agg->grpColIdx[i]);
		require(context->walk, group.depends);
	}
	foreach(lc, agg->chain)
		analyze_groups(context, lfirst(lc));
}

/*
 * Analyzes a recursive union.  Its work table may lack rows because of any scan in it, so
 * if the work table has to be complete, all these scans have to be.
 */
static void
analyze_recursion(NodeContext *context, const Plan *plan)
{
	Walk	   *walk = context->walk;

	context->inner = analyze_child(context, plan->righttree);
	require_columns(walk, context->outer);
	require_columns(walk, context->inner);
	if (bms_overlap(walk->required, walk->work_tables))
		require(walk, context->rows->scans);
}

static void
analyze_work_table(NodeContext *context, const Plan *plan)
{
	Walk	   *walk = context->walk;

	walk->work_tables = bms_add_member(walk->work_tables, plan->plan_node_id);
	context->rows->scans = bms_add_member(context->rows->scans, plan->plan_node_id);
}

static void
analyze_foreign_scan(NodeContext *context, ForeignScan *scan)
{
	Walk	   *walk = context->walk;

	if (dbaas_plan_is_ours(scan) && scan->operation == CMD_SELECT)
	{
		walk->reached = bms_add_member(walk->reached, scan->scan.plan.plan_node_id);
		context->rows->scans = bms_add_member(context->rows->scans, scan->scan.plan.plan_node_id);
	}
	else if (context->outer)
		require(walk, context->outer->scans);
}

static void
analyze_node(NodeContext *context, Plan *plan)
{
	Walk	   *walk = context->walk;

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
			analyze_work_table(context, plan);
			break;
		case T_ModifyTable:

			/*
			 * Of an INSERT: Vars of the table and of "excluded" mean its
			 * source.
			 */
			context->source = context->outer;
			context->inner = context->outer;
			break;
		case T_ForeignScan:
			analyze_foreign_scan(context, (ForeignScan *) plan);
			break;
		case T_SubqueryScan:
			context->source = analyze_child(context, ((SubqueryScan *) plan)->subplan);
			break;
		case T_CteScan:
			context->source = walk->ctes[((CteScan *) plan)->ctePlanId - 1];
			if (context->source)
				add(&context->rows->scans, context->source->scans);
			else
				walk->unknown = true;
			break;
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			analyze_join(context, (Join *) plan);
			break;
		case T_Append:
			analyze_children(context, ((Append *) plan)->appendplans);
			break;
		case T_MergeAppend:
			analyze_children(context, ((MergeAppend *) plan)->mergeplans);
			break;
		case T_SetOp:
			analyze_set_operation(context, (SetOp *) plan);
			break;
		case T_RecursiveUnion:
			analyze_recursion(context, plan);
			break;
		default:
			walk->unknown = true;
	}
}

/* Analyzes the target list of a node. */
static void
analyze_columns(NodeContext *context, const Plan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);
		Scans	   *depends = depends_of(context, (Node *) entry->expr);

		if (IsA(plan, ProjectSet) && expression_returns_set((Node *) entry->expr))
			require(context->walk, depends);
		add(&context->rows->depends[foreach_current_index(lc)], depends);
	}
}

/* Is the column one of those by which a Unique node compares rows? */
static bool
is_distinct_column(const Plan *plan, AttrNumber attno)
{
	const Unique *unique = (const Unique *) plan;

	for (int i = 0; IsA(plan, Unique) && i < unique->numCols; i++)
	{
		if (unique->uniqColIdx[i] == attno)
			return true;
	}
	return false;
}

/* Lets the columns depend on all rows below LIMIT, OFFSET and DISTINCT ON, which choose. */
static void
analyze_row_choice(NodeContext *context, const Plan *plan)
{
	if (!IsA(plan, Limit) && !IsA(plan, Unique))
		return;
	for (int i = 0; i < context->rows->ncolumns; i++)
	{
		if (!is_distinct_column(plan, i + 1))
			add(&context->rows->depends[i], context->outer->scans);
	}
}

/*
 * Analyzes a plan node and all nodes below it.  InitPlans come first, and the outer
 * side before the inner side, so that parameters are known when they are used.
 */
static PlanRows *
analyze_plan(Walk *walk, Plan *plan)
{
	PlanRows   *rows = palloc0(sizeof(PlanRows));
	NodeContext context = {
		.walk = walk,
		.rows = rows
	};

	check_stack_depth();
	rows->ncolumns = list_length(plan->targetlist);
	rows->depends = palloc0(Max(rows->ncolumns, 1) * sizeof(Scans *));
	analyze_init_plans(walk, plan);
	/* The bitmap below repeats the scan's own condition. */
	if (!IsA(plan, BitmapHeapScan))
		context.outer = analyze_child(&context, plan->lefttree);
	analyze_node(&context, plan);
	analyze_conditions(&context, plan);
	if (!IsA(plan, Append) && !IsA(plan, MergeAppend))
		analyze_columns(&context, plan);
	analyze_row_choice(&context, plan);
	if (IsA(plan, Agg) && context.has_aggregates)
		analyze_groups(&context, (Agg *) plan);
	return rows;
}

Bitmapset *
dbaas_incomplete_allowed(const PlannedStmt *stmt)
{
	Walk		walk = {.stmt = stmt};

	walk.params = palloc0((list_length(stmt->paramExecTypes) + 1) * sizeof(ParamValue));
	walk.ctes = palloc0((list_length(stmt->subplans) + 1) * sizeof(PlanRows *));
	analyze_plan(&walk, stmt->planTree);
	return walk.unknown ? NULL : bms_difference(walk.reached, walk.required);
}
