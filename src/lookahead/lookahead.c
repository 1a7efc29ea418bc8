/*-------------------------------------------------------------------------
 *
 * lookahead.c
 *		Adds lookahead to a plan that has been started.
 *
 * A nested loop runs its inner side once for each outer row, and a projection or an
 * aggregate runs its subqueries once for each row.  A scan there whose keys come from the
 * row makes its requests one after the other.  So a lookahead node is put between the loop
 * or the Agg and its outer side, or takes over the projection.
 *
 * Scans that are not run for each row of another node, and that are certain or
 * likely to be run, make their first requests when the first of them is run.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "tcop/pquery.h"

#include "base/compat.h"
#include "lookahead/cursor.h"
#include "lookahead/inner_scans.h"
#include "lookahead/lookahead.h"
#include "lookahead/lookahead_node.h"
#include "plan/speculative.h"
#include "scan/scan.h"

/* What the walk over a plan has found so far. */
typedef struct Walk
{
	const PlannedStmt *stmt;
	List	   *together;		/* of ForeignScanState: scans that start
								 * together */
	List	   *init_plans;		/* of PlanState: those that were processed */
} Walk;

/* What is known of how the plan runs a node. */
typedef struct NodeUse
{
	bool		certain;		/* it is certain to be run */
	bool		likely;			/* it is likely to be run, and only once */
	bool		completely;		/* it is read to its end before the statement
								 * returns a row */
	bool		may_stop;		/* it may not be read to its end */
	bool		fixed;			/* no other node may take its place */
	bool		for_cursor;		/* WHERE CURRENT OF may look for its position */
	LimitState *limit;			/* the LIMIT that takes its rows; or NULL */
} NodeUse;

static void process_node(Walk *walk, PlanState **place, NodeUse use);

/* Collects a scan that can start together with others, if its keys are known before. */
static void
process_scan(Walk *walk, ForeignScanState *node, const NodeUse *use)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Node	   *keys = (Node *) plan->fdw_exprs;

	if (!use->likely || !dbaas_scan_is_ours(&node->ss.ps) || plan->operation != CMD_SELECT)
		return;
	if (contain_subplans(keys) || dbaas_inner_scans_params(keys) != NIL ||
		contain_volatile_functions(keys))
		return;
	if (use->certain || dbaas_speculative_expr(keys))
		walk->together = lappend(walk->together, node);
}

/*
 * Fills in what a lookahead node over a node would do.  Returns whether there is
 * something to prefetch, and the rows of the plan may be read ahead for it.
 */
static bool
plan_lookahead(const Walk *walk, const NodeUse *use, Plan *plan, bool projecting,
			   DbaasLookaheadSpec *spec)
{
	const DbaasReading reading = {
		.stmt = walk->stmt,
		.completely = use->completely,
		.may_stop = use->may_stop
	};

	if (spec->inner.scans == NIL ||
		!(projecting ? dbaas_speculative_source(plan, &reading) :
		  dbaas_speculative_plan(plan, &reading)))
		return false;
	spec->at_once = use->completely && !spec->inner.may_fail;
	return true;
}

static void
process_nestloop(Walk *walk, NestLoopState *join, NodeUse use)
{
	NestLoop   *plan = (NestLoop *) join->js.ps.plan;
	NodeUse		inner_use = use;

	process_node(walk, &outerPlanState(join), use);
	if (plan->nestParams && dbaas_speculative_encoding())
	{
		DbaasLookaheadSpec spec = {0};

		dbaas_inner_scans_of_loop(join, &spec.inner);
		if (plan_lookahead(walk, &use, outerPlan(plan), false, &spec))
			outerPlanState(join) = dbaas_lookahead_node_new(outerPlanState(join), &spec);
	}

	inner_use.certain = false;
	inner_use.likely = use.likely && plan->nestParams == NIL;
	inner_use.completely = use.completely && !join->js.single_match;
	inner_use.may_stop = use.may_stop || join->js.single_match;
	process_node(walk, &innerPlanState(join), inner_use);

	/*
	 * EXPLAIN finds the loop's parameters by comparing the inner plan with
	 * this one.
	 */
	if (innerPlanState(join)->plan != innerPlan(plan))
	{
		NestLoop   *copy = palloc(sizeof(NestLoop));

		*copy = *plan;
		innerPlan(copy) = innerPlanState(join)->plan;
		join->js.ps.plan = &copy->join.plan;
	}
}

/* The aggregates' subqueries are run for each row that the Agg reads from its outer node. */
static void
process_agg(Walk *walk, AggState *agg, NodeUse use)
{
	DbaasLookaheadSpec spec = {0};

	process_node(walk, &outerPlanState(agg), use);
	if (agg->ss.ps.subPlan == NIL || !dbaas_speculative_encoding())
		return;
	dbaas_inner_scans_of_aggregates(agg, &spec.inner);
	if (plan_lookahead(walk, &use, outerPlan(agg->ss.ps.plan), false, &spec))
		outerPlanState(agg) = dbaas_lookahead_node_new(outerPlanState(agg), &spec);
}

/* Does the node have a projection that another node could take over? */
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

/* Does the expression have a part that only the node itself can evaluate? */
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

/* Lets a lookahead node take over the projection of a node, if it runs scans. */
static void
process_projection(const Walk *walk, PlanState **place, const NodeUse *use)
{
	PlanState  *node = *place;
	DbaasLookaheadSpec spec = {.limit = use->limit};

	if (use->fixed || node->subPlan == NIL || !can_project(node) || !dbaas_speculative_encoding())
		return;

	/* A lookahead node can show the position of one scan, not of several. */
	if (use->for_cursor && list_length(dbaas_cursor_find_scans(node)) > 1)
		return;
	dbaas_inner_scans_of_targetlist(node, &spec.inner);
	if (!is_bound_to_node((Node *) node->plan->targetlist, NULL) &&
		plan_lookahead(walk, use, node->plan, true, &spec))
		*place = dbaas_lookahead_node_new_projecting(node, &spec);
}

/*
 * Does a LIMIT above the node take as many rows from the child of the node as from
 * the node?  Follows ExecSetTupleBound().
 */
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

/* Does WHERE CURRENT OF look below the node?  Follows search_plan_tree(). */
static bool
passes_position(const PlanState *node)
{
	return IsA(node, AppendState) || IsA(node, ResultState) || IsA(node, LimitState) ||
		IsA(node, SubqueryScanState);
}

/* How a node uses its children, if it is used like that itself. */
static NodeUse
use_of_children(PlanState *node, NodeUse use)
{
	if (!passes_limit(node))
		use.limit = NULL;
	if (!IsA(node, ResultState))
		use.fixed = false;
	if (!passes_position(node))
		use.for_cursor = false;
	switch (nodeTag(node))
	{
		case T_SortState:
		case T_HashState:
		case T_ModifyTableState:
			use.completely = true;
			use.may_stop = false;
			break;
		case T_AggState:
			if (dbaas_speculative_agg_reads_all((Agg *) node->plan))
			{
				use.completely = true;
				use.may_stop = false;
			}
			break;
		case T_LimitState:
			use.certain = use.likely = use.completely = false;
			use.may_stop = true;
			use.limit = (LimitState *) node;
			break;
		case T_ResultState:
			if (((ResultState *) node)->resconstantqual)
				use.certain = use.likely = false;
			break;
		default:
			break;
	}
	return use;
}

/* Processes the children of an Append: the first is run, the others perhaps. */
static void
process_children(Walk *walk, PlanState **children, int n, const Bitmapset *async, bool pruned,
				 NodeUse use)
{
	use.likely = use.likely && !pruned;
	for (int i = 0; i < n; i++)
	{
		use.certain = use.certain && i == 0 && !pruned;
		use.fixed = bms_is_member(i, async);
		process_node(walk, &children[i], use);
	}
}

/* Processes the InitPlans and CTEs of a node, which are likely to be run, and only once. */
static void
process_init_plans(Walk *walk, PlanState *node, const NodeUse *node_use)
{
	NodeUse		use = {.may_stop = true};
	ListCell   *lc;

	use.likely = node_use->likely;
	foreach(lc, node->initPlan)
	{
		SubPlanState *init = lfirst_node(SubPlanState, lc);
		ListCell   *place = list_nth_cell(node->state->es_subplanstates,
										  init->subplan->plan_id - 1);

		process_node(walk, &init->planstate, use);
		lfirst(place) = init->planstate;
		walk->init_plans = lappend(walk->init_plans, init->planstate);
	}
}

/*
 * Processes a node and all nodes below it.  *place becomes a lookahead node if one
 * takes over the node's projection.  The subplans of the node's expressions are not
 * processed here: the statement has a list of them.
 */
static void
process_node(Walk *walk, PlanState **place, NodeUse node_use)
{
	PlanState  *node = *place;
	NodeUse		use;

	if (node == NULL)
		return;
	check_stack_depth();
	process_init_plans(walk, node, &node_use);
	use = use_of_children(node, node_use);
	switch (nodeTag(node))
	{
		case T_ForeignScanState:
			process_scan(walk, (ForeignScanState *) node, &use);
			break;
		case T_NestLoopState:
			process_nestloop(walk, (NestLoopState *) node, use);
			break;
		case T_AggState:
			process_agg(walk, (AggState *) node, use);
			break;
		case T_AppendState:
			process_children(walk, ((AppendState *) node)->appendplans,
							 ((AppendState *) node)->as_nplans,
							 ((AppendState *) node)->as_asyncplans,
							 ((AppendState *) node)->as_prune_state != NULL, use);
			break;
		case T_MergeAppendState:
			process_children(walk, ((MergeAppendState *) node)->mergeplans,
							 ((MergeAppendState *) node)->ms_nplans, NULL,
							 ((MergeAppendState *) node)->ms_prune_state != NULL, use);
			break;
		case T_SubqueryScanState:
			process_node(walk, &((SubqueryScanState *) node)->subplan, use);
			break;
		case T_GatherState:
		case T_GatherMergeState:
			/* Parallel workers run no scans of ours. */
			break;
		case T_HashJoinState:
		case T_MergeJoinState:
			/* If one side is empty, the other may not be run. */
			use.certain = false;
			process_node(walk, &outerPlanState(node), use);

			/*
			 * The inner side of a merge join may have to mark and restore its
			 * position.
			 */
			use.fixed = IsA(node, MergeJoinState);
			process_node(walk, &innerPlanState(node), use);
			break;
		default:
			process_node(walk, &outerPlanState(node), use);
			process_node(walk, &innerPlanState(node), use);
			break;
	}
	process_projection(walk, place, &node_use);
}

/* Does the statement lock rows?  The executor may read a locked row a second time. */
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
 * Is the statement that of a cursor which was declared, or opened by its name?  The
 * query of a FOR loop in PL/pgSQL is not, nor are statements of functions that are
 * called while rows are fetched.
 */
static bool
is_cursor(void)
{
	return ActivePortal && ActivePortal->status == PORTAL_DEFINED &&
		(ActivePortal->cursorOptions & CURSOR_OPT_FAST_PLAN) != 0;
}

/* Makes CTE scans read from the node that has taken the place of their CTE's node, if any. */
static bool
update_cte_scans(PlanState *node, void *arg)
{
	if (IsA(node, CteScanState))
		((CteScanState *) node)->cteplanstate =
			list_nth(node->state->es_subplanstates, ((CteScan *) node->plan)->ctePlanId - 1);
	return planstate_tree_walker(node, update_cte_scans, arg);
}

void
dbaas_lookahead_add(QueryDesc *query)
{
	EState	   *estate = query->estate;
	Walk		walk = {.stmt = query->plannedstmt};
	const NodeUse root_use = {
		.certain = true,
		.likely = true,
		.for_cursor = is_cursor()
	};
	const NodeUse subplan_use = {
		.may_stop = true,
		.fixed = true
	};
	MemoryContext oldcxt;
	ListCell   *lc;

	if (query->planstate == NULL || locks_rows(query->plannedstmt))
		return;
	oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	process_node(&walk, &query->planstate, root_use);
	foreach(lc, estate->es_subplanstates)
	{
		PlanState  *node = lfirst(lc);

		if (!list_member_ptr(walk.init_plans, node))
			process_node(&walk, &node, subplan_use);
	}
	update_cte_scans(query->planstate, NULL);
	if (list_length(walk.together) > 1)
		dbaas_scan_start_together(estate, walk.together);
	MemoryContextSwitchTo(oldcxt);
}
