/*-------------------------------------------------------------------------
 *
 * drain.c
 *		A plan node that reads its source to the end before it gives a row.
 *
 * INSERT ... RETURNING sends each row when it comes, and the API shows at once
 * what was made.  A source that reads the API while rows are sent would read
 * rows of the statement's own.  So once the executor has made its nodes, one of
 * ours goes between such a ModifyTable and its source.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "executor/nodeSubplan.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/nodeFuncs.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "lookahead/drain.h"
#include "scan/scan.h"
#include "write/modify.h"

typedef struct Drain
{
	CustomScanState css;		/* its lefttree is the source */
	ModifyTableState *target;	/* which takes the rows */
	Tuplestorestate *rows;		/* NULL until they are read */
	TupleTableSlot *stored;		/* a row as it is kept */
	TupleTableSlot *slot;		/* and as the source would give it */
} Drain;

#define NAME "dbaas_fdw drain"

static ExecutorStart_hook_type previous_hook;

static Node *create_state(CustomScan *plan);
static void begin_drain(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *exec_drain(CustomScanState *node);
static void end_drain(CustomScanState *node);
static void rescan_drain(CustomScanState *node);

static const CustomScanMethods scan_methods = {
	.CustomName = NAME,
	.CreateCustomScanState = create_state
};

static const CustomExecMethods exec_methods = {
	.CustomName = NAME,
	.BeginCustomScan = begin_drain,
	.ExecCustomScan = exec_drain,
	.EndCustomScan = end_drain,
	.ReScanCustomScan = rescan_drain
};

/* ------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------ */

static bool
has_scan_of_ours(PlanState *node, void *arg)
{
	return dbaas_scan_is_ours(node) || planstate_tree_walker(node, has_scan_of_ours, arg);
}

/*
 * Runs the subqueries of RETURNING that are run once for all rows, and read the
 * API: with the first row it would be too late.
 */
static void
run_subqueries(ModifyTableState *target)
{
	const ParamExecData *params = target->ps.state->es_param_exec_vals;
	ListCell   *lc;

	foreach(lc, target->ps.initPlan)
	{
		SubPlanState *init = lfirst_node(SubPlanState, lc);

		if (init->subplan->subLinkType != CTE_SUBLINK && init->subplan->setParam != NIL &&
			params[linitial_int(init->subplan->setParam)].execPlan == init &&
			has_scan_of_ours(init->planstate, NULL))
			ExecSetParamPlan(init, target->ps.ps_ExprContext);
	}
}

static void
read_source(Drain *drain)
{
	PlanState  *source = outerPlanState(&drain->css);
	MemoryContext oldcxt = MemoryContextSwitchTo(source->state->es_query_cxt);
	TupleTableSlot *slot;

	drain->rows = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(oldcxt);
	while (slot = ExecProcNode(source), !TupIsNull(slot))
	{
		CHECK_FOR_INTERRUPTS();
		tuplestore_puttupleslot(drain->rows, slot);
	}
	if (tuplestore_tuple_count(drain->rows) > 0)
		run_subqueries(drain->target);
}

static TupleTableSlot *
exec_drain(CustomScanState *node)
{
	Drain	   *drain = (Drain *) node;

	CHECK_FOR_INTERRUPTS();
	if (drain->rows == NULL)
		read_source(drain);
	if (!tuplestore_gettupleslot(drain->rows, true, false, drain->stored))
		return NULL;
	return ExecCopySlot(drain->slot, drain->stored);
}

/* ------------------------------------------------------------------------
 * The node
 * ------------------------------------------------------------------------ */

static void
end_drain(CustomScanState *node)
{
	Drain	   *drain = (Drain *) node;

	ExecClearTuple(drain->stored);
	ExecClearTuple(drain->slot);
	if (drain->rows)
		tuplestore_end(drain->rows);
	ExecEndNode(outerPlanState(node));
}

/* A ModifyTable is run once. */
static void
rescan_drain(CustomScanState *node)
{
	(void) node;
	elog(ERROR, "the source of a write cannot be read again");
}

/* These two are for a plan that is started; ours comes later. */
static Node *
create_state(CustomScan *plan)
{
	Drain	   *drain = palloc0(sizeof(Drain));

	NodeSetTag(drain, T_CustomScanState);
	drain->css.methods = &exec_methods;
	drain->css.ss.ps.plan = (Plan *) plan;
	return (Node *) drain;
}

static void
begin_drain(CustomScanState *node, EState *estate, int eflags)
{
	(void) node;
	(void) estate;
	(void) eflags;
}

static TupleTableSlot *
run_node(PlanState *node)
{
	return exec_drain((CustomScanState *) node);
}

/* A plan node over the source, for EXPLAIN. */
static CustomScan *
make_plan(const Plan *source)
{
	CustomScan *plan = makeNode(CustomScan);
	NodeTag		tag = nodeTag(plan);

	plan->scan.plan = *source;
	NodeSetTag(plan, tag);
	plan->scan.plan.targetlist = NIL;
	plan->scan.plan.qual = NIL;
	plan->scan.plan.initPlan = NIL;
	plan->scan.plan.righttree = NULL;
	plan->scan.plan.lefttree = unconstify(Plan *, source);

	/* By these EXPLAIN of PostgreSQL 18 tells that no disabled node is this one. */
	plan->custom_plans = list_make1(unconstify(Plan *, source));
	plan->methods = &scan_methods;
	return plan;
}

/* Puts a node between a ModifyTable and its source. */
static void
drain_source(ModifyTableState *target)
{
	PlanState  *source = outerPlanState(target);
	EState	   *estate = source->state;
	MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	Drain	   *drain = (Drain *) create_state(make_plan(source->plan));
	PlanState  *node = &drain->css.ss.ps;

	node->state = estate;
	node->lefttree = source;
	if (estate->es_instrument)
		node->instrument = InstrAlloc(1, estate->es_instrument, false);
	ExecSetExecProcNode(node, run_node);
	drain->target = target;
	drain->stored = ExecInitExtraTupleSlot(estate, ExecGetResultType(source),
										   &TTSOpsMinimalTuple);
	drain->slot = ExecInitExtraTupleSlot(estate, ExecGetResultType(source),
										 ExecGetResultSlotOps(source, NULL));
	node->ps_ResultTupleDesc = ExecGetResultType(source);
	node->ps_ResultTupleSlot = drain->css.ss.ss_ScanTupleSlot = drain->slot;
	node->resultops = source->resultops;
	node->resultopsfixed = source->resultopsfixed;
	node->resultopsset = source->resultopsset;
	outerPlanState(target) = node;
	MemoryContextSwitchTo(oldcxt);
}

/* ------------------------------------------------------------------------
 * The statement
 * ------------------------------------------------------------------------ */

/*
 * May a row that the node writes be sent at once?  Which partition it is routed
 * to shows when it comes.
 */
static bool
sends_at_once(const ModifyTableState *node)
{
	const ResultRelInfo *root = node->rootResultRelInfo;

	if (((ModifyTable *) node->ps.plan)->returningLists == NIL || node->operation == CMD_DELETE)
		return false;
	return root->ri_RelationDesc->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ||
		(node->operation == CMD_INSERT && root->ri_FdwRoutine &&
		 root->ri_FdwRoutine->ExecForeignInsert == dbaasExecForeignInsert);
}

static void
consider(PlanState *node)
{
	if (node && IsA(node, ModifyTableState) && sends_at_once((ModifyTableState *) node))
		drain_source((ModifyTableState *) node);
}

static void
executor_start(QueryDesc *query, int eflags)
{
	uint64		begun = dbaas_scan_count_begun();
	ListCell   *lc;

	if (previous_hook)
		previous_hook(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
	if (dbaas_scan_count_begun() == begun)
		return;
	/* One in WITH is a subplan, and at the top of it. */
	consider(query->planstate);
	foreach(lc, query->estate->es_subplanstates)
		consider(lfirst(lc));
}

void
dbaas_drain_init(void)
{
	previous_hook = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
}
