/*-------------------------------------------------------------------------
 *
 * wrapper.c
 *		A plan node over another one, added to a plan that has been started.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/makefuncs.h"

#include "lookahead/wrapper.h"

static TupleTableSlot *
run_wrapper(PlanState *node)
{
	CustomScanState *wrapper = (CustomScanState *) node;

	return wrapper->methods->ExecCustomScan(wrapper);
}

/* A target list with a Var for each column of a plan, as EXPLAIN needs to show sort keys. */
static List *
columns_of(const Plan *outer)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, outer->targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);
		Var		   *column = makeVarFromTargetEntry(OUTER_VAR, entry);

		columns = lappend(columns, makeTargetEntry((Expr *) column, entry->resno, entry->resname,
												   entry->resjunk));
	}
	return columns;
}

/* The wrapper's plan, which EXPLAIN and rescans look at.  It is never started. */
static Plan *
make_plan(Plan *outer, const char *name)
{
	CustomScan *plan = makeNode(CustomScan);
	NodeTag		tag = nodeTag(plan);
	CustomScanMethods *methods = palloc0(sizeof(CustomScanMethods));

	methods->CustomName = name;
	plan->methods = methods;
	plan->scan.plan = *outer;
	NodeSetTag(plan, tag);
	plan->scan.plan.parallel_aware = false;
	plan->scan.plan.async_capable = false;
	plan->scan.plan.targetlist = columns_of(outer);
	plan->scan.plan.qual = NIL;
	plan->scan.plan.initPlan = NIL;
	plan->scan.plan.righttree = NULL;
	plan->scan.plan.lefttree = outer;

	/* EXPLAIN of PostgreSQL 18 counts the disabled nodes of these children. */
	plan->custom_plans = list_make1(outer);
	return &plan->scan.plan;
}

void *
dbaas_wrapper_new(Size size, PlanState *outer, const CustomExecMethods *methods)
{
	CustomScanState *wrapper = palloc0(size);
	PlanState  *node = &wrapper->ss.ps;
	EState	   *estate = outer->state;

	NodeSetTag(wrapper, T_CustomScanState);
	wrapper->methods = methods;
	node->plan = make_plan(outer->plan, methods->CustomName);
	node->state = estate;
	node->lefttree = outer;
	if (estate->es_instrument)
		node->instrument = InstrAlloc(1, estate->es_instrument, false);
	ExecSetExecProcNode(node, run_wrapper);
	return wrapper;
}

TupleTableSlot *
dbaas_wrapper_return_outer_rows(CustomScanState *wrapper)
{
	PlanState  *node = &wrapper->ss.ps;
	PlanState  *outer = outerPlanState(node);
	TupleTableSlot *slot = ExecInitExtraTupleSlot(node->state, ExecGetResultType(outer),
												  ExecGetResultSlotOps(outer, NULL));

	node->ps_ResultTupleDesc = ExecGetResultType(outer);
	node->ps_ResultTupleSlot = wrapper->ss.ss_ScanTupleSlot = slot;
	node->resultops = outer->resultops;
	node->resultopsfixed = outer->resultopsfixed;
	node->resultopsset = outer->resultopsset;
	return slot;
}

PlanState *
dbaas_wrapper_outer(PlanState *node)
{
	return node->ExecProcNodeReal == run_wrapper ? outerPlanState(node) : NULL;
}
