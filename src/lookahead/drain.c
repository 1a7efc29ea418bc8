/*-------------------------------------------------------------------------
 *
 * drain.c
 *		The drain node: it reads its source to the end before it returns a row.
 *
 * INSERT ... RETURNING sends each row when it gets it, and the API lists at once what was
 * created.  If the source of the INSERT read the API in the meantime, it could read rows
 * that the statement itself has created.  So a drain node is put between such a ModifyTable
 * and its source.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "executor/nodeSubplan.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "lookahead/drain.h"
#include "lookahead/wrapper.h"
#include "scan/scan.h"
#include "write/modify.h"

typedef struct Drain
{
	CustomScanState css;		/* a wrapper around the source */
	ModifyTableState *target;	/* takes the rows */
	Tuplestorestate *rows;		/* NULL until the source was read */
	TupleTableSlot *stored;		/* for a row of "rows" */
	TupleTableSlot *slot;		/* for the same row, as the source returns it */
} Drain;

static TupleTableSlot *exec_drain(CustomScanState *node);
static void end_drain(CustomScanState *node);
static void rescan_drain(CustomScanState *node);

static const CustomExecMethods exec_methods = {
	.CustomName = "dbaas_fdw drain",
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
 * Runs those subqueries of RETURNING that read the API and are run only once.  The
 * executor would run them when the first row has been sent, which is too late.
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

/* Is not called, because a ModifyTable is run only once. */
static void
rescan_drain(CustomScanState *node)
{
	(void) node;
	elog(ERROR, "the source of a write cannot be read again");
}

/* Puts a drain between a ModifyTable and its source. */
static void
add_drain(ModifyTableState *target)
{
	PlanState  *source = outerPlanState(target);
	MemoryContext oldcxt = MemoryContextSwitchTo(source->state->es_query_cxt);
	Drain	   *drain = dbaas_wrapper_new(sizeof(Drain), source, &exec_methods);

	drain->target = target;
	drain->stored = ExecInitExtraTupleSlot(source->state, ExecGetResultType(source),
										   &TTSOpsMinimalTuple);
	drain->slot = dbaas_wrapper_return_outer_rows(&drain->css);
	outerPlanState(target) = &drain->css.ss.ps;
	MemoryContextSwitchTo(oldcxt);
}

/* ------------------------------------------------------------------------
 * The statement
 * ------------------------------------------------------------------------ */

/*
 * May the node send each row when it gets it?  For a partitioned table that is not known
 * before rows are routed to partitions.
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
consider_node(PlanState *node)
{
	if (node && IsA(node, ModifyTableState) && sends_at_once((ModifyTableState *) node))
		add_drain((ModifyTableState *) node);
}

void
dbaas_drain_add(QueryDesc *query)
{
	ListCell   *lc;

	/* A ModifyTable in WITH is at the top of a subplan. */
	consider_node(query->planstate);
	foreach(lc, query->estate->es_subplanstates)
		consider_node(lfirst(lc));
}
