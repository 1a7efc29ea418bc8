/*-------------------------------------------------------------------------
 *
 * inner_scans.c
 *		The scans that are run again for each row of another plan node.
 *
 * A nested loop runs its inner side once for each outer row, and a projection or an
 * aggregate runs its subqueries once for each row.  This finds the scans there that can be
 * prefetched: those whose keys depend on the row, and can be evaluated once the row is known.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"

#include "lookahead/inner_scans.h"
#include "lookahead/wrapper.h"
#include "plan/speculative.h"
#include "scan/scan.h"

static bool
collect_params(Node *node, void *ids)
{
	List	  **list = ids;

	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		*list = list_append_unique_int(*list, ((Param *) node)->paramid);
	return expression_tree_walker(node, collect_params, ids);
}

List *
dbaas_inner_scans_params(Node *expr)
{
	List	   *ids = NIL;

	collect_params(expr, &ids);
	return ids;
}

static bool
is_row_param(const DbaasInnerScans *inner, int id)
{
	ListCell   *lc;

	foreach(lc, inner->row_params)
	{
		if (lfirst_node(NestLoopParam, lc)->paramno == id)
			return true;
	}
	return false;
}

/*
 * Parameters that are the same for all rows: those set outside of the plan, or by
 * InitPlans of its top node.
 */
static Bitmapset *
constant_params(const Plan *plan)
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
 * May the key expressions of a scan be evaluated for a row that is never used?  Those
 * without parameters may even if they can fail: prefetching begins after the scan has been
 * run, and so has evaluated them, or if it is certain to be run.
 */
static bool
may_evaluate_early(List *exprs)
{
	ListCell   *lc;

	foreach(lc, exprs)
	{
		if (contain_subplans(lfirst(lc)) || contain_volatile_functions(lfirst(lc)) ||
			(dbaas_inner_scans_params(lfirst(lc)) != NIL && !dbaas_speculative_expr(lfirst(lc))))
			return false;
	}
	return true;
}

/*
 * Adds a scan, if its keys depend on the row, and otherwise only on constant parameters.
 * Parameters that other nodes set for each row are not known in advance.
 */
static void
consider_scan(ForeignScanState *node, const Bitmapset *constants, DbaasInnerScans *inner)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *others = NIL;
	bool		needs_row = false;
	ListCell   *lc;

	if (!dbaas_scan_is_ours(&node->ss.ps) || plan->operation != CMD_SELECT ||
		!may_evaluate_early(plan->fdw_exprs))
		return;
	foreach(lc, dbaas_inner_scans_params((Node *) plan->fdw_exprs))
	{
		int			id = lfirst_int(lc);

		if (is_row_param(inner, id))
			needs_row = true;
		else if (bms_is_member(id, constants))
			others = lappend_int(others, id);
		else
			return;
	}
	if (!needs_row)
		return;
	inner->may_fail |= !dbaas_speculative_expr((Node *) plan->fdw_exprs);
	inner->scans = list_append_unique_ptr(inner->scans, node);
	inner->other_params = list_concat_unique_int(inner->other_params, others);
}

/* Finds the scans at and below a node that is run for each row. */
static void
find_scans(PlanState *node, const Bitmapset *constants, DbaasInnerScans *inner)
{
	ListCell   *lc;

	if (node == NULL)
		return;
	check_stack_depth();
	foreach(lc, node->initPlan)
		find_scans(lfirst_node(SubPlanState, lc)->planstate, constants, inner);
	switch (nodeTag(node))
	{
		case T_ForeignScanState:
			consider_scan((ForeignScanState *) node, constants, inner);
			return;
		case T_AppendState:
			/* With run-time pruning, it is not known which children are run. */
			if (((AppendState *) node)->as_prune_state)
				return;
			for (int i = 0; i < ((AppendState *) node)->as_nplans; i++)
				find_scans(((AppendState *) node)->appendplans[i], constants, inner);
			return;
		case T_MergeAppendState:
			if (((MergeAppendState *) node)->ms_prune_state)
				return;
			for (int i = 0; i < ((MergeAppendState *) node)->ms_nplans; i++)
				find_scans(((MergeAppendState *) node)->mergeplans[i], constants, inner);
			return;
		case T_SubqueryScanState:
			find_scans(((SubqueryScanState *) node)->subplan, constants, inner);
			return;
		case T_ResultState:
			if (((ResultState *) node)->resconstantqual == NULL)
				find_scans(outerPlanState(node), constants, inner);
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
			find_scans(outerPlanState(node), constants, inner);
			find_scans(innerPlanState(node), constants, inner);
			return;
		case T_CustomScanState:
			find_scans(dbaas_wrapper_outer(node), constants, inner);
			return;
		default:
			return;
	}
}

void
dbaas_inner_scans_of_loop(NestLoopState *join, DbaasInnerScans *inner)
{
	NestLoop   *plan = (NestLoop *) join->js.ps.plan;

	memset(inner, 0, sizeof(*inner));
	inner->row_params = plan->nestParams;
	find_scans(innerPlanState(join), constant_params(&plan->join.plan), inner);
}

/*
 * Collects the subqueries of an expression that are run for every row.  Of a CASE,
 * COALESCE, AND or OR, only what comes first is evaluated for every row.
 */
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
			return collect_subplans(linitial(((BoolExpr *) node)->args), arg);
		case T_CoalesceExpr:
			return collect_subplans(linitial(((CoalesceExpr *) node)->args), arg);
		case T_CaseExpr:
			if (((CaseExpr *) node)->arg)
				return collect_subplans((Node *) ((CaseExpr *) node)->arg, arg);
			return collect_subplans(linitial(((CaseExpr *) node)->args), arg);
		case T_CaseWhen:
			return collect_subplans((Node *) ((CaseWhen *) node)->expr, arg);
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

/* Adds the scans of a subquery; the row sets those of its parameters that are Vars. */
static void
add_subplan(const SubPlan *subplan, EState *estate, DbaasInnerScans *inner)
{
	PlanState  *node = list_nth(estate->es_subplanstates, subplan->plan_id - 1);
	Bitmapset  *constants = constant_params(node->plan);
	ListCell   *id;
	ListCell   *arg;

	forboth(id, subplan->parParam, arg, subplan->args)
	{
		constants = bms_del_member(constants, lfirst_int(id));
		if (IsA(lfirst(arg), Var) && !is_row_param(inner, lfirst_int(id)))
		{
			NestLoopParam *param = makeNode(NestLoopParam);

			param->paramno = lfirst_int(id);
			param->paramval = lfirst(arg);
			inner->row_params = lappend(inner->row_params, param);
		}
	}
	find_scans(node, constants, inner);
}

static void
add_subplans(const List *subplans, EState *estate, DbaasInnerScans *inner)
{
	ListCell   *lc;

	memset(inner, 0, sizeof(*inner));
	foreach(lc, subplans)
		add_subplan(lfirst(lc), estate, inner);
}

void
dbaas_inner_scans_of_targetlist(PlanState *node, DbaasInnerScans *inner)
{
	List	   *subplans = NIL;

	collect_subplans((Node *) node->plan->targetlist, &subplans);
	add_subplans(subplans, node->state, inner);
}

void
dbaas_inner_scans_of_aggregates(AggState *node, DbaasInnerScans *inner)
{
	List	   *subplans = NIL;
	ListCell   *lc;

	foreach(lc, node->aggs)
	{
		const Aggref *agg = lfirst_node(Aggref, lc);

		/* The arguments are evaluated for the rows that pass the FILTER. */
		collect_subplans(agg->aggfilter ? (Node *) agg->aggfilter : (Node *) agg->args, &subplans);
	}
	add_subplans(subplans, node->ss.ps.state, inner);
}
