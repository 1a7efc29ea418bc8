/*-------------------------------------------------------------------------
 *
 * ahead.c
 *		Asking ahead: what a statement needs of the API, asked for together.
 *
 * A nested loop runs its inner side once for each outer row, and a projection its
 * subqueries.  A scan there whose keys come from the row makes a request each
 * time, one after the other.  So once the executor has made its own nodes, one of
 * ours goes between the loop and its outer side, or takes the projection over.
 *
 * Scans that are not run for each row of another, and that are certain or
 * likely to be run at all, make their first requests when the first of them is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "tcop/pquery.h"

#include "base/compat.h"
#include "lookahead/ahead.h"
#include "lookahead/lookahead.h"
#include "plan/cost.h"
#include "plan/quiet.h"
#include "scan/scan.h"

static ExecutorStart_hook_type previous_hook;

/* ------------------------------------------------------------------------
 * What is run for each row
 * ------------------------------------------------------------------------ */

typedef struct Collected
{
	List	   *ids;			/* of parameters */
	bool		subplan;
} Collected;

static bool
collect_params(Node *node, void *arg)
{
	Collected  *collected = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		collected->ids = list_append_unique_int(collected->ids, ((Param *) node)->paramid);
	if (IsA(node, SubPlan) || IsA(node, AlternativeSubPlan))
		collected->subplan = true;
	return expression_tree_walker(node, collect_params, arg);
}

/* What is run for each row, and what is found there. */
typedef struct Inner
{
	DbaasWanted wanted;
	List	   *row_params;		/* of NestLoopParam: those that the row sets */
	Bitmapset  *outer_params;	/* ids of those that stay the same for all rows */
	bool		loud;			/* are there keys that can fail? */
} Inner;

static bool
is_row_param(const Inner *inner, int id)
{
	ListCell   *lc;

	foreach(lc, inner->row_params)
	{
		if (lfirst_node(NestLoopParam, lc)->paramno == id)
			return true;
	}
	return false;
}

/* Parameters that are set outside the plan, or by InitPlans of its top node. */
static Bitmapset *
outer_params(const Plan *plan)
{
	Bitmapset  *ids = bms_copy(plan->extParam);
	ListCell   *lc;

	foreach(lc, plan->initPlan)
	{
		ListCell   *id;

		foreach(id, lfirst_node(SubPlan, lc)->setParam)
			ids = bms_add_member(ids, lfirst_int(id));
	}
	return ids;
}

/*
 * May the expressions be evaluated for a row that the loop might never come to?
 * Those that no parameter changes have been by then, as the scan was run.
 */
static bool
are_quiet(List *exprs)
{
	ListCell   *lc;

	foreach(lc, exprs)
	{
		Collected	collected = {0};

		collect_params(lfirst(lc), &collected);
		if (collected.subplan || contain_volatile_functions(lfirst(lc)) ||
			(collected.ids && !dbaas_quiet_expr(lfirst(lc))))
			return false;
	}
	return true;
}

/*
 * The scan counts when its keys need the row, and beyond that nothing that is
 * set while what is run for it is.
 */
static void
consider_scan(ForeignScanState *node, Inner *inner)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Collected	collected = {0};
	List	   *others = NIL;
	bool		needs_row = false;
	ListCell   *lc;

	if (!dbaas_scan_is_ours(&node->ss.ps) || plan->operation != CMD_SELECT ||
		!are_quiet(plan->fdw_exprs))
		return;
	collect_params((Node *) plan->fdw_exprs, &collected);
	foreach(lc, collected.ids)
	{
		int			id = lfirst_int(lc);

		if (is_row_param(inner, id))
			needs_row = true;
		else if (bms_is_member(id, inner->outer_params))
			others = lappend_int(others, id);
		else
			return;
	}
	if (!needs_row)
		return;
	inner->loud = inner->loud || !dbaas_quiet_expr((Node *) plan->fdw_exprs);
	inner->wanted.scans = lappend(inner->wanted.scans, node);
	inner->wanted.other_params = list_concat_unique_int(inner->wanted.other_params, others);
}

/* Finds the scans that are run for each row. */
static void
find_scans(PlanState *node, Inner *inner)
{
	ListCell   *lc;

	if (node == NULL)
		return;
	check_stack_depth();
	foreach(lc, node->initPlan)
		find_scans(lfirst_node(SubPlanState, lc)->planstate, inner);
	switch (nodeTag(node))
	{
		case T_ForeignScanState:
			consider_scan((ForeignScanState *) node, inner);
			return;
		case T_AppendState:
			/* Which children are run is found out while it runs. */
			if (((AppendState *) node)->as_prune_state)
				return;
			for (int i = 0; i < ((AppendState *) node)->as_nplans; i++)
				find_scans(((AppendState *) node)->appendplans[i], inner);
			return;
		case T_MergeAppendState:
			if (((MergeAppendState *) node)->ms_prune_state)
				return;
			for (int i = 0; i < ((MergeAppendState *) node)->ms_nplans; i++)
				find_scans(((MergeAppendState *) node)->mergeplans[i], inner);
			return;
		case T_SubqueryScanState:
			find_scans(((SubqueryScanState *) node)->subplan, inner);
			return;
		case T_ResultState:
			if (((ResultState *) node)->resconstantqual == NULL)
				find_scans(outerPlanState(node), inner);
			return;
		case T_ProjectSetState:
		case T_NestLoopState:
		case T_MergeJoinState:
		case T_HashJoinState:
		case T_HashState:
		case T_MaterialState:
		case T_MemoizeState:
		case T_SortState:
		case T_IncrementalSortState:
		case T_GroupState:
		case T_AggState:
		case T_WindowAggState:
		case T_UniqueState:
		case T_LimitState:
			find_scans(outerPlanState(node), inner);
			find_scans(innerPlanState(node), inner);
			return;
		case T_CustomScanState:
			find_scans(dbaas_lookahead_outer(node), inner);
			return;
		default:
			return;
	}
}

/* ------------------------------------------------------------------------
 * The statement
 * ------------------------------------------------------------------------ */

/*
 * What is known of how a node is run: whether it is run at all, and whether to
 * its end.
 */
typedef struct Visit
{
	const PlannedStmt *stmt;
	bool		runs;			/* certain to be run */
	bool		may_run;		/* likely to be, once */
	bool		to_the_end;		/* all of its rows are read before any of the
								 * statement's is given */
	bool		limited;		/* it may be left before its end */
	bool		in_place;		/* no other node can stand for it */
	bool		cursor;			/* a later statement may point to its rows */
	LimitState *limit;			/* the LIMIT that takes its rows */
	List	  **together;		/* scans that start with the first */
	List	  **visited;		/* InitPlans */
} Visit;

static void visit(PlanState **place, Visit how);

/* Looks at the scan of a statement that is run once, if it is. */
static void
visit_scan(ForeignScanState *node, const Visit *how)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Collected	collected = {0};

	if (!how->may_run || !dbaas_scan_is_ours(&node->ss.ps) || plan->operation != CMD_SELECT)
		return;
	collect_params((Node *) plan->fdw_exprs, &collected);
	if (collected.subplan || collected.ids || contain_volatile_functions((Node *) plan->fdw_exprs))
		return;
	if (how->runs || dbaas_quiet_expr((Node *) plan->fdw_exprs))
		*how->together = lappend(*how->together, node);
}

static void
visit_loop(NestLoopState *join, Visit how)
{
	NestLoop   *plan = (NestLoop *) join->js.ps.plan;
	Visit		inner_how = how;
	Inner		inner = {
		.row_params = plan->nestParams,
		.outer_params = outer_params(&plan->join.plan)
	};

	visit(&outerPlanState(join), how);
	if (plan->nestParams && dbaas_quiet_encoding())
	{
		find_scans(innerPlanState(join), &inner);
		if (inner.wanted.scans &&
			dbaas_quiet_plan(outerPlan(plan), how.stmt, how.to_the_end, how.limited))
		{
			inner.wanted.row_params = inner.row_params;
			inner.wanted.at_once = how.to_the_end && !inner.loud;
			outerPlanState(join) = dbaas_lookahead_over(outerPlanState(join), &inner.wanted);
		}
	}

	inner_how.runs = false;
	inner_how.may_run = how.may_run && plan->nestParams == NIL;
	inner_how.to_the_end = how.to_the_end && !join->js.single_match;
	inner_how.limited = how.limited || join->js.single_match;
	visit(&innerPlanState(join), inner_how);

	/* EXPLAIN knows by it what the inner side takes from the row. */
	if (innerPlanState(join)->plan != innerPlan(plan))
	{
		NestLoop   *copy = palloc(sizeof(NestLoop));

		*copy = *plan;
		innerPlan(copy) = innerPlanState(join)->plan;
		join->js.ps.plan = &copy->join.plan;
	}
}

/* Does the node keep its projection where another can take it? */
static bool
can_project(const PlanState *node)
{
	switch (nodeTag(node))
	{
		case T_SeqScanState:
		case T_IndexScanState:
		case T_IndexOnlyScanState:
		case T_BitmapHeapScanState:
		case T_TidScanState:
		case T_TidRangeScanState:
		case T_SubqueryScanState:
		case T_FunctionScanState:
		case T_TableFuncScanState:
		case T_ValuesScanState:
		case T_CteScanState:
		case T_NamedTuplestoreScanState:
		case T_NestLoopState:
		case T_MergeJoinState:
		case T_HashJoinState:
		case T_AggState:
		case T_GroupState:
		case T_GatherState:
		case T_GatherMergeState:
			break;
		case T_ResultState:
			if (outerPlanState(node) == NULL)
				return false;
			break;
		case T_ForeignScanState:
			if (((ForeignScan *) node->plan)->operation != CMD_SELECT)
				return false;
			break;
		default:
			return false;
	}
	return node->ps_ProjInfo != NULL;
}

/* The subqueries in a list that are run for each row, whatever the row is. */
static bool
collect_subplans(Node *node, void *arg)
{
	List	  **subplans = arg;
	SubPlan    *subplan;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_SubPlan:
			subplan = (SubPlan *) node;
			if (subplan->parParam && !subplan->useHashTable)
				*subplans = lappend(*subplans, subplan);
			return false;
		case T_BoolExpr:
			if (((BoolExpr *) node)->boolop != NOT_EXPR)
				return false;
			break;
		case T_List:
		case T_TargetEntry:
		case T_FuncExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_MinMaxExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_CollateExpr:
		case T_FieldSelect:
		case T_NullTest:
		case T_BooleanTest:
			break;
		default:
			return false;
	}
	return expression_tree_walker(node, collect_subplans, arg);
}

/* Is there something that only the node itself can evaluate? */
static bool
is_bound_to_node(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, WindowFunc) ||
		(IsA(node, SubPlan) && ((SubPlan *) node)->setParam))
		return true;
	return expression_tree_walker(node, is_bound_to_node, arg);
}

/* Finds what a subquery runs for each row. */
static void
find_scans_of_subplan(const SubPlan *subplan, EState *estate, Inner *inner)
{
	PlanState  *node = list_nth(estate->es_subplanstates, subplan->plan_id - 1);
	ListCell   *id;
	ListCell   *arg;

	inner->outer_params = outer_params(node->plan);
	forboth(id, subplan->parParam, arg, subplan->args)
	{
		inner->outer_params = bms_del_member(inner->outer_params, lfirst_int(id));
		if (IsA(lfirst(arg), Var) && !is_row_param(inner, lfirst_int(id)))
		{
			NestLoopParam *param = makeNode(NestLoopParam);

			param->paramno = lfirst_int(id);
			param->paramval = lfirst(arg);
			inner->row_params = lappend(inner->row_params, param);
		}
	}
	find_scans(node, inner);
}

/* Lets another node project, where subqueries of the target list have scans. */
static void
visit_projection(PlanState **place, Visit how)
{
	PlanState  *node = *place;
	List	   *subplans = NIL;
	Inner		inner = {0};
	ListCell   *lc;

	if (how.in_place || node->subPlan == NIL || !can_project(node) || !dbaas_quiet_encoding() ||
		(how.cursor && dbaas_lookahead_hides(node)))
		return;
	collect_subplans((Node *) node->plan->targetlist, &subplans);
	foreach(lc, subplans)
		find_scans_of_subplan(lfirst(lc), node->state, &inner);
	if (inner.wanted.scans == NIL || is_bound_to_node((Node *) node->plan->targetlist, NULL) ||
		!dbaas_quiet_source(node->plan, how.stmt, how.to_the_end, how.limited))
		return;
	inner.wanted.row_params = inner.row_params;
	inner.wanted.at_once = how.to_the_end && !inner.loud;
	inner.wanted.limit = how.limit;
	*place = dbaas_lookahead_project(node, &inner.wanted);
}

/* Does a LIMIT take no more rows from below the node than from it?  See ExecSetTupleBound. */
static bool
passes_limit(const PlanState *node)
{
	switch (nodeTag(node))
	{
		case T_AppendState:
		case T_MergeAppendState:
			return true;
		case T_ResultState:
		case T_SubqueryScanState:
			return node->plan->qual == NIL;
		default:
			return false;
	}
}

/* Does WHERE CURRENT OF look for the scan of a table below the node?  See search_plan_tree. */
static bool
shows_position(const PlanState *node)
{
	return IsA(node, AppendState) || IsA(node, ResultState) || IsA(node, LimitState) ||
		IsA(node, SubqueryScanState);
}

/* What is said of a node also holds for what it reads first. */
static Visit
below(PlanState *node, Visit how)
{
	if (!passes_limit(node))
		how.limit = NULL;
	if (!IsA(node, ResultState))
		how.in_place = false;
	if (!shows_position(node))
		how.cursor = false;
	switch (nodeTag(node))
	{
		case T_SortState:
		case T_HashState:
			how.to_the_end = true;
			how.limited = false;
			break;
		case T_AggState:
			if (dbaas_reads_all_first((Agg *) node->plan))
			{
				how.to_the_end = true;
				how.limited = false;
			}
			break;
		case T_ModifyTableState:
			how.to_the_end = true;
			how.limited = false;
			break;
		case T_LimitState:
			how.runs = how.may_run = how.to_the_end = false;
			how.limited = true;
			how.limit = (LimitState *) node;
			break;
		case T_ResultState:
			if (((ResultState *) node)->resconstantqual)
				how.runs = how.may_run = false;
			break;
		default:
			break;
	}
	return how;
}

/* The children of an Append: the first is run, the others perhaps. */
static void
visit_children(PlanState **children, int n, const Bitmapset *async, bool pruned, Visit how)
{
	how.may_run = how.may_run && !pruned;
	for (int i = 0; i < n; i++)
	{
		how.runs = how.runs && i == 0 && !pruned;
		how.in_place = bms_is_member(i, async);
		visit(&children[i], how);
	}
}

/* The node's InitPlans and CTEs, which are run once, and likely to be. */
static void
visit_init_plans(PlanState *node, Visit how)
{
	ListCell   *lc;

	how.runs = how.to_the_end = false;
	how.limited = true;
	foreach(lc, node->initPlan)
	{
		SubPlanState *init = lfirst_node(SubPlanState, lc);
		ListCell   *place = list_nth_cell(node->state->es_subplanstates,
										  init->subplan->plan_id - 1);

		visit(&init->planstate, how);
		lfirst(place) = init->planstate;
		*how.visited = lappend(*how.visited, init->planstate);
	}
}

/*
 * Looks at a node and all below it, for loops and for scans.  Subplans are not
 * below the node: the statement has a list of them.
 */
static void
visit(PlanState **place, Visit how)
{
	PlanState  *node = *place;
	const Visit as_child = how;

	if (node == NULL)
		return;
	check_stack_depth();
	how.limit = NULL;
	how.in_place = how.cursor = false;
	visit_init_plans(node, how);
	how = below(node, as_child);
	switch (nodeTag(node))
	{
		case T_ForeignScanState:
			visit_scan((ForeignScanState *) node, &how);
			break;
		case T_NestLoopState:
			visit_loop((NestLoopState *) node, how);
			break;
		case T_AppendState:
			visit_children(((AppendState *) node)->appendplans, ((AppendState *) node)->as_nplans,
						   ((AppendState *) node)->as_asyncplans,
						   ((AppendState *) node)->as_prune_state != NULL, how);
			break;
		case T_MergeAppendState:
			visit_children(((MergeAppendState *) node)->mergeplans,
						   ((MergeAppendState *) node)->ms_nplans, NULL,
						   ((MergeAppendState *) node)->ms_prune_state != NULL, how);
			break;
		case T_SubqueryScanState:
			visit(&((SubqueryScanState *) node)->subplan, how);
			break;
		case T_GatherState:
		case T_GatherMergeState:
			/* Scans of ours are in no worker. */
			break;
		case T_HashJoinState:
		case T_MergeJoinState:
			/* Either may turn out to be empty, and save the other. */
			how.runs = false;
			visit(&outerPlanState(node), how);
			/* The inner side of a merge may be one that marks its place. */
			how.in_place = IsA(node, MergeJoinState);
			visit(&innerPlanState(node), how);
			break;
		default:
			visit(&outerPlanState(node), how);
			visit(&innerPlanState(node), how);
			break;
	}
	visit_projection(place, as_child);
}

/* Is a row locked?  Then it may be read again, later than the others. */
static bool
locks_rows(const PlannedStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->rowMarks)
	{
		if (RowMarkRequiresRowShareLock(lfirst_node(PlanRowMark, lc)->markType))
			return true;
	}
	return false;
}

/*
 * Is the statement that of a cursor, which was declared or opened by its name?
 * A loop of PL/pgSQL is none, nor what a function runs while rows are fetched.
 */
static bool
is_cursor(void)
{
	return ActivePortal && ActivePortal->status == PORTAL_DEFINED &&
		(ActivePortal->cursorOptions & CURSOR_OPT_FAST_PLAN) != 0;
}

/* Another node may project for a CTE by now. */
static bool
refresh_ctes(PlanState *node, void *arg)
{
	if (IsA(node, CteScanState))
		((CteScanState *) node)->cteplanstate =
			list_nth(node->state->es_subplanstates, ((CteScan *) node->plan)->ctePlanId - 1);
	return planstate_tree_walker(node, refresh_ctes, arg);
}

static void
look_at_statement(QueryDesc *query)
{
	List	   *together = NIL;
	EState	   *estate = query->estate;
	MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	List	   *visited = NIL;
	Visit		how = {.stmt = query->plannedstmt, .together = &together, .visited = &visited};
	Visit		as_root = how;
	ListCell   *lc;

	as_root.runs = as_root.may_run = true;
	as_root.cursor = is_cursor();
	how.limited = true;
	visit(&query->planstate, as_root);
	how.in_place = true;
	foreach(lc, estate->es_subplanstates)
	{
		PlanState  *plan = lfirst(lc);

		if (!list_member_ptr(visited, plan))
			visit(&plan, how);
	}
	refresh_ctes(query->planstate, NULL);
	if (list_length(together) > 1 && !(estate->es_top_eflags & EXEC_FLAG_EXPLAIN_ONLY))
		dbaas_scan_start_together(estate, together);
	MemoryContextSwitchTo(oldcxt);
}

static void
executor_start(QueryDesc *query, int eflags)
{
	uint64		begun = dbaas_scan_count_begun();

	if (previous_hook)
		previous_hook(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
	if (dbaas_enable_lookahead && dbaas_scan_count_begun() != begun && query->planstate &&
		!locks_rows(query->plannedstmt))
		look_at_statement(query);
}

void
dbaas_ahead_init(void)
{
	previous_hook = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
}
