/*-------------------------------------------------------------------------
 *
 * waiting.c
 *		Which part of a plan's cost stands for waiting for the API.
 *
 * Each scan of ours says how much of its cost is waiting.  This adds that up from the scans to
 * the top of the plan.  A plan does not say how often the planner expects a node to be run, so
 * for nodes that are run again the result is an estimate.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

#include "plan/children.h"
#include "plan/plan.h"
#include "plan/waiting.h"

/* Costs of several plan nodes, and the part of them that is waiting. */
typedef struct Costs
{
	Cost		total;
	Cost		waiting;
} Costs;

/* A plan node, and what it runs. */
typedef struct Walk
{
	const PlannedStmt *stmt;
	const Plan *plan;
	Costs		once;			/* of the plans that it runs once */
	Costs		repeated;		/* of those that it runs for each row */
} Walk;

static Cost waiting_of(const PlannedStmt *stmt, Plan *plan);

static void
add(const PlannedStmt *stmt, Plan *plan, Costs *costs)
{
	costs->total += plan->total_cost;
	costs->waiting += waiting_of(stmt, plan);
}

static void
add_subplan(const PlannedStmt *stmt, const SubPlan *subplan, Costs *costs)
{
	Plan	   *plan = list_nth(stmt->subplans, subplan->plan_id - 1);

	/* A parallel worker does not get all subplans. */
	if (plan)
		add(stmt, plan, costs);
}

static bool
add_subplans(Node *node, void *arg)
{
	Walk	   *walk = arg;

	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
		add_subplan(walk->stmt, (SubPlan *) node,
					((SubPlan *) node)->useHashTable ? &walk->once : &walk->repeated);
	return expression_tree_walker(node, add_subplans, arg);
}

/* Adds the subplans in the expressions of a node that may have some. */
static void
add_expressions(Walk *walk, const Plan *plan)
{
	(void) add_subplans((Node *) plan->targetlist, walk);
	(void) add_subplans((Node *) plan->qual, walk);
	switch (nodeTag(plan))
	{
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			(void) add_subplans((Node *) ((const Join *) plan)->joinqual, walk);
			break;
		case T_Result:
			(void) add_subplans(((const Result *) plan)->resconstantqual, walk);
			break;
		case T_ForeignScan:
			(void) add_subplans((Node *) ((const ForeignScan *) plan)->fdw_exprs, walk);
			break;
		default:
			break;
	}
}

/* Is it the inner side of a nested loop, and does it not keep its rows? */
static bool
is_run_again(const Plan *plan, const Plan *child)
{
	ListCell   *lc;

	if (!IsA(plan, NestLoop) || child != plan->righttree)
		return false;
	foreach(lc, ((const NestLoop *) plan)->nestParams)
	{
		if (bms_is_member(lfirst_node(NestLoopParam, lc)->paramno, child->extParam))
			return true;
	}
	return !IsA(child, Material) && !IsA(child, Sort);
}

static void
add_child(Plan *child, void *arg)
{
	Walk	   *walk = arg;

	add(walk->stmt, child, is_run_again(walk->plan, child) ? &walk->repeated : &walk->once);
}

/*
 * What a node costs beyond the plans that it runs once are the runs of the others, and its
 * own work on each row.  If it costs less than them, because it stops early, it has its share
 * of their waiting.
 */
static Cost
waiting_of(const PlannedStmt *stmt, Plan *plan)
{
	Walk		walk = {
		.stmt = stmt,
		.plan = plan
	};
	Cost		waiting = 0;
	Cost		rest;
	ListCell   *lc;

	if (IsA(plan, ForeignScan) && dbaas_plan_is_ours((ForeignScan *) plan))
		waiting = dbaas_plan_waiting((ForeignScan *) plan);
	foreach(lc, plan->initPlan)
		add_subplan(stmt, lfirst_node(SubPlan, lc), &walk.once);
	dbaas_children_visit(plan, add_child, &walk);
	add_expressions(&walk, plan);
	rest = plan->total_cost - walk.once.total;
	if (rest < 0)
		return walk.once.waiting * plan->total_cost / walk.once.total;
	waiting += walk.once.waiting;
	if (walk.repeated.waiting > 0)
		waiting += Max(rest - cpu_tuple_cost * plan->plan_rows, 0) *
			walk.repeated.waiting / walk.repeated.total;
	return Min(waiting, plan->total_cost);
}

Cost
dbaas_waiting_of_statement(const PlannedStmt *stmt)
{
	return waiting_of(stmt, stmt->planTree);
}
