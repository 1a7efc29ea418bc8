/*-------------------------------------------------------------------------
 *
 * lookahead.c
 *		A plan node that takes rows ahead, and asks for what they will need.
 *
 * It takes some rows more than it was asked for, sets for each the parameters
 * that will be set when its turn comes, has the scans make their first requests,
 * and hands the rows on one by one.  What is asked ahead is a hint: a scan that
 * is run finds the answer under its arguments, or asks again.  No row depends on
 * it, whatever is made of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relscan.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "lookahead/lookahead.h"
#include "scan/scan.h"

/* Rows that are taken ahead at most. */
#define MAX_ROWS 1024

/* For each row that was asked for, no more are taken ahead than this. */
#define ROWS_AHEAD 8

typedef struct Lookahead
{
	CustomScanState css;		/* its lefttree is the outer node */
	DbaasWanted wanted;
	TupleTableSlot *slot;		/* for rows of the queue */
	MemoryContext cxt;			/* of the queue */
	List	   *queue;			/* of Row: those taken and not given */
	int			next;			/* of the queue */
	Size		bytes;			/* of the queue */
	bool		at_end;			/* no row comes behind the queue */
	bool		told_end;		/* and that was said */
	uint64		taken;			/* rows taken from the outer side */
	uint64		given;			/* rows handed on */
	uint64		rows_ahead;		/* of all that were ever taken, those not at their turn */
	int			window;			/* answers to be on their way at once */
	ScanState  *pointed;		/* what WHERE CURRENT OF would find, or NULL */
} Lookahead;

/* A row of the queue. */
typedef struct Row
{
	ItemPointerData position;	/* that of the scan */
	MinimalTuple values;
} Row;

static Node *create_state(CustomScan *plan);
static void begin_lookahead(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *exec_lookahead(CustomScanState *node);
static void end_lookahead(CustomScanState *node);
static void rescan_lookahead(CustomScanState *node);
static void explain_lookahead(CustomScanState *node, List *ancestors, ExplainState *es);

#define NAME "dbaas_fdw lookahead"

static const CustomScanMethods scan_methods = {
	.CustomName = NAME,
	.CreateCustomScanState = create_state
};

static const CustomExecMethods exec_methods = {
	.CustomName = NAME,
	.BeginCustomScan = begin_lookahead,
	.ExecCustomScan = exec_lookahead,
	.EndCustomScan = end_lookahead,
	.ReScanCustomScan = rescan_lookahead,
	.ExplainCustomScan = explain_lookahead
};

/* ------------------------------------------------------------------------
 * Asking
 * ------------------------------------------------------------------------ */

/* How many answers are on their way, or have come and are not read. */
static int
count_unread(const Lookahead *ahead, Size *bytes)
{
	int			n = 0;
	ListCell   *lc;

	*bytes = 0;
	foreach(lc, ahead->wanted.scans)
	{
		n += dbaas_scan_count_prefetched(lfirst(lc));
		*bytes += dbaas_scan_prefetched_bytes(lfirst(lc));
	}
	return n;
}

/* Is each parameter known that the scans' keys need beside the row's? */
static bool
params_ready(const Lookahead *ahead)
{
	const ParamExecData *values = ahead->css.ss.ps.state->es_param_exec_vals;
	ListCell   *lc;

	foreach(lc, ahead->wanted.other_params)
	{
		if (values[lfirst_int(lc)].execPlan != NULL)
			return false;
	}
	return true;
}

/* Asks for what will be asked for when the row has its turn. */
static void
ask_for(Lookahead *ahead, TupleTableSlot *slot, uint64 row)
{
	List	   *params = ahead->wanted.row_params;
	ParamExecData *values = ahead->css.ss.ps.state->es_param_exec_vals;
	ParamExecData *saved = palloc(list_length(params) * sizeof(ParamExecData));
	ListCell   *lc;

	foreach(lc, params)
	{
		NestLoopParam *param = lfirst_node(NestLoopParam, lc);
		ParamExecData *value = &values[param->paramno];

		saved[foreach_current_index(lc)] = *value;
		value->execPlan = NULL;
		value->value = slot_getattr(slot, param->paramval->varattno, &value->isnull);
	}
	foreach(lc, ahead->wanted.scans)
	{
		if (ahead->wanted.at_once || dbaas_scan_was_run(lfirst(lc)))
			dbaas_scan_prefetch(lfirst(lc), row);
	}
	foreach(lc, params)
		values[lfirst_node(NestLoopParam, lc)->paramno] = saved[foreach_current_index(lc)];
	pfree(saved);
}

/* ------------------------------------------------------------------------
 * Positions
 *
 * WHERE CURRENT OF a cursor looks for the scan of the table, and at its slot.
 * The scan itself may be further by now, so the node stands for it.
 * ------------------------------------------------------------------------ */

/*
 * The scans of local tables that are looked at below the node.  Goes where the
 * executor's search_plan_tree goes.
 */
static List *
pointed_scans(PlanState *node)
{
	List	   *scans = NIL;

	if (node == NULL)
		return NIL;
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_SeqScanState:
		case T_SampleScanState:
		case T_IndexScanState:
		case T_IndexOnlyScanState:
		case T_BitmapHeapScanState:
		case T_TidScanState:
		case T_TidRangeScanState:
		case T_CustomScanState:
			return ((ScanState *) node)->ss_currentRelation ? list_make1(node) : NIL;
		case T_AppendState:
			for (int i = 0; i < ((AppendState *) node)->as_nplans; i++)
				scans = list_concat(scans, pointed_scans(((AppendState *) node)->appendplans[i]));
			return scans;
		case T_ResultState:
		case T_LimitState:
			return pointed_scans(outerPlanState(node));
		case T_SubqueryScanState:
			return pointed_scans(((SubqueryScanState *) node)->subplan);
		default:
			return NIL;
	}
}

/* Where the scan is; invalid when it is on no row. */
static ItemPointerData
scan_position(const Lookahead *ahead)
{
	const ScanState *scan = ahead->pointed;
	ItemPointerData position;

	ItemPointerSetInvalid(&position);
	if (scan == NULL || TupIsNull(scan->ss_ScanTupleSlot) || scan->ps.chgParam)
		return position;
	if (IsA(scan, IndexOnlyScanState))
		return ((const IndexOnlyScanState *) scan)->ioss_ScanDesc->xs_heaptid;
	return scan->ss_ScanTupleSlot->tts_tid;
}

static void
show_position(const Lookahead *ahead, ItemPointerData position)
{
	TupleTableSlot *slot = ahead->css.ss.ss_ScanTupleSlot;

	if (ahead->pointed == NULL)
		return;
	ExecClearTuple(slot);
	if (!ItemPointerIsValid(&position))
		return;
	ExecStoreAllNullTuple(slot);
	slot->tts_tid = position;
	slot->tts_tableOid = RelationGetRelid(ahead->css.ss.ss_currentRelation);
}

static void
show_no_position(const Lookahead *ahead)
{
	ItemPointerData position;

	ItemPointerSetInvalid(&position);
	show_position(ahead, position);
}

/* ------------------------------------------------------------------------
 * Rows
 * ------------------------------------------------------------------------ */

/* The next row of the outer side; NULL at its end. */
static TupleTableSlot *
take_row(Lookahead *ahead)
{
	TupleTableSlot *slot;

	if (ahead->at_end)
		return NULL;
	slot = ExecProcNode(outerPlanState(&ahead->css));
	ahead->at_end = TupIsNull(slot);
	if (ahead->at_end)
		return NULL;
	ahead->taken++;
	return slot;
}

static void
push_row(Lookahead *ahead, TupleTableSlot *slot)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(ahead->cxt);
	Row		   *row = palloc(sizeof(Row));

	row->position = scan_position(ahead);
	row->values = ExecCopySlotMinimalTuple(slot);
	ahead->queue = lappend(ahead->queue, row);
	ahead->bytes += GetMemoryChunkSpace(row->values);
	ahead->rows_ahead++;
	MemoryContextSwitchTo(oldcxt);
}

/* The first row of the queue, in the node's own slot; NULL when there is none. */
static TupleTableSlot *
pop_row(Lookahead *ahead)
{
	Row		   *row;

	if (ahead->next == MAX_ROWS)
	{
		ahead->queue = list_delete_first_n(ahead->queue, ahead->next);
		ahead->next = 0;
	}
	if (ahead->next == list_length(ahead->queue))
		return NULL;
	row = list_nth(ahead->queue, ahead->next++);
	ahead->bytes -= GetMemoryChunkSpace(row->values);
	ExecForceStoreMinimalTuple(row->values, ahead->slot, true);
	show_position(ahead, row->position);
	pfree(row);
	return ahead->slot;
}

static void
empty_queue(Lookahead *ahead)
{
	MemoryContextReset(ahead->cxt);
	ahead->queue = NIL;
	ahead->next = 0;
	ahead->bytes = 0;
	ahead->at_end = ahead->told_end = false;
	ahead->taken = ahead->given;
}

/* Rows that a LIMIT takes; -1 when they are not bounded. */
static int64
rows_needed(const LimitState *limit)
{
	if (limit == NULL || limit->noCount || limit->limitOption == LIMIT_OPTION_WITH_TIES)
		return -1;
	return limit->count + limit->offset;
}

/*
 * Takes rows, and asks for what they need, while the window has room.  Rows
 * that need no new request are bounded too, by those that were wanted so far.
 */
static void
look_ahead(Lookahead *ahead)
{
	uint64		most = Min(ahead->given * ROWS_AHEAD, MAX_ROWS);
	int64		needed = rows_needed(ahead->wanted.limit);
	Size		bytes;

	if (needed >= 0)
		most = Min(most, (uint64) Max(needed - (int64) ahead->given, 0));
	while (list_length(ahead->queue) - ahead->next < (int) most &&
		   count_unread(ahead, &bytes) < ahead->window &&
		   bytes + ahead->bytes < (Size) work_mem * 1024)
	{
		TupleTableSlot *slot = take_row(ahead);

		if (slot == NULL)
			break;
		ask_for(ahead, slot, ahead->taken);
		push_row(ahead, slot);
	}
}

/* The next row, with what it needs asked for, and what the next ones need. */
static TupleTableSlot *
next_row(Lookahead *ahead)
{
	TupleTableSlot *slot;
	int			concurrency = 1;
	ListCell   *lc;

	foreach(lc, ahead->wanted.scans)
		dbaas_scan_discard_prefetched(lfirst(lc), ahead->given);
	slot = pop_row(ahead);
	if (slot == NULL)
	{
		slot = take_row(ahead);
		show_position(ahead, scan_position(ahead));
	}
	if (slot == NULL)
	{
		ahead->told_end = true;
		return NULL;
	}
	ahead->given++;

	/* Who leaves after the first row has asked for no more than that. */
	if ((ahead->given == 1 && !ahead->wanted.at_once) || !params_ready(ahead))
		return slot;
	if (slot != ahead->slot)
		slot = ExecCopySlot(ahead->slot, slot);
	ask_for(ahead, slot, ahead->given);
	foreach(lc, ahead->wanted.scans)
		concurrency = Max(concurrency, dbaas_scan_concurrency(lfirst(lc)));
	ahead->window = ahead->wanted.at_once ? concurrency : Min(ahead->window * 2, concurrency);
	look_ahead(ahead);
	return slot;
}

/*
 * The row before the one that was given last.  The outer side has to go back
 * over those that were taken ahead first, and over its end.
 */
static TupleTableSlot *
previous_row(Lookahead *ahead)
{
	PlanState  *outer = outerPlanState(&ahead->css);
	int			steps = list_length(ahead->queue) - ahead->next;
	TupleTableSlot *slot;

	if (ahead->at_end && !ahead->told_end)
		steps++;
	empty_queue(ahead);
	while (steps-- > 0)
		ExecProcNode(outer);
	slot = ExecProcNode(outer);
	show_position(ahead, scan_position(ahead));
	return TupIsNull(slot) ? NULL : slot;
}

/* ------------------------------------------------------------------------
 * The node
 * ------------------------------------------------------------------------ */

/* A LIMIT tells what is below it how many rows it wants. */
static void
bound_outer(Lookahead *ahead)
{
	if (ahead->wanted.limit)
		ExecSetTupleBound(rows_needed(ahead->wanted.limit), outerPlanState(&ahead->css));
}

static TupleTableSlot *
exec_lookahead(CustomScanState *node)
{
	Lookahead  *ahead = (Lookahead *) node;
	ProjectionInfo *projection = node->ss.ps.ps_ProjInfo;
	TupleTableSlot *slot;

	CHECK_FOR_INTERRUPTS();
	if (ahead->taken == 0)
		bound_outer(ahead);
	slot = ScanDirectionIsBackward(node->ss.ps.state->es_direction) ? previous_row(ahead) :
		next_row(ahead);
	if (slot == NULL || projection == NULL)
		return slot;
	ResetExprContext(projection->pi_exprContext);
	projection->pi_exprContext->ecxt_outertuple = slot;
	return ExecProject(projection);
}

static void
rescan_lookahead(CustomScanState *node)
{
	Lookahead  *ahead = (Lookahead *) node;
	PlanState  *outer = outerPlanState(node);
	ListCell   *lc;

	ExecClearTuple(node->ss.ps.ps_ResultTupleSlot);
	ExecClearTuple(ahead->slot);
	show_no_position(ahead);
	foreach(lc, ahead->wanted.scans)
		dbaas_scan_keep_prefetched(lfirst(lc));
	ahead->given = 0;
	ahead->window = 1;
	empty_queue(ahead);
	bound_outer(ahead);
	if (outer->chgParam == NULL)
		ExecReScan(outer);
}

static void
end_lookahead(CustomScanState *node)
{
	Lookahead  *ahead = (Lookahead *) node;

	ExecClearTuple(node->ss.ps.ps_ResultTupleSlot);
	ExecClearTuple(ahead->slot);
	MemoryContextDelete(ahead->cxt);
	ExecEndNode(outerPlanState(node));
}

static void
explain_lookahead(CustomScanState *node, List *ancestors, ExplainState *es)
{
	Lookahead  *ahead = (Lookahead *) node;
	List	   *names = NIL;
	ListCell   *lc;

	(void) ancestors;
	foreach(lc, ahead->wanted.scans)
	{
		const Scan *scan = (Scan *) ((ForeignScanState *) lfirst(lc))->ss.ps.plan;

		names = lappend(names, list_nth(es->rtable_names, scan->scanrelid - 1));
	}
	ExplainPropertyList("Looks Ahead For", names, es);
	if (es->analyze)
		ExplainPropertyInteger("Rows Looked Ahead", NULL, ahead->rows_ahead, es);
}

/* These two are for a plan that is started; ours comes later. */
static Node *
create_state(CustomScan *plan)
{
	Lookahead  *ahead = palloc0(sizeof(Lookahead));

	NodeSetTag(ahead, T_CustomScanState);
	ahead->css.methods = &exec_methods;
	ahead->css.ss.ps.plan = (Plan *) plan;
	return (Node *) ahead;
}

static void
begin_lookahead(CustomScanState *node, EState *estate, int eflags)
{
	(void) node;
	(void) estate;
	(void) eflags;
}

/* The columns of the outer node.  EXPLAIN looks a node's keys up in the list below it. */
static List *
columns_of(const Plan *outer)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, outer->targetlist)
	{
		const TargetEntry *outer_entry = lfirst_node(TargetEntry, lc);
		Var		   *column = makeVarFromTargetEntry(OUTER_VAR, unconstify(TargetEntry *, outer_entry));

		columns = lappend(columns, makeTargetEntry((Expr *) column, outer_entry->resno,
												   outer_entry->resname, outer_entry->resjunk));
	}
	return columns;
}

/* A plan node over the outer one, for EXPLAIN and for rescans. */
static CustomScan *
make_plan(const Plan *outer)
{
	CustomScan *plan = makeNode(CustomScan);
	NodeTag		tag = nodeTag(plan);

	plan->scan.plan = *outer;
	NodeSetTag(plan, tag);
	plan->scan.plan.parallel_aware = false;
	plan->scan.plan.async_capable = false;
	plan->scan.plan.targetlist = columns_of(outer);
	plan->scan.plan.qual = NIL;
	plan->scan.plan.initPlan = NIL;
	plan->scan.plan.righttree = NULL;
	plan->scan.plan.lefttree = unconstify(Plan *, outer);

	/* By these EXPLAIN of PostgreSQL 18 tells that no disabled node is this one. */
	plan->custom_plans = list_make1(unconstify(Plan *, outer));
	plan->methods = &scan_methods;
	return plan;
}

static TupleTableSlot *
run_node(PlanState *node)
{
	return exec_lookahead((CustomScanState *) node);
}

/* A node over the outer one, whose rows are those of the slot given. */
static Lookahead *
make_node(PlanState *outer, const DbaasWanted *wanted)
{
	EState	   *estate = outer->state;
	Lookahead  *ahead = (Lookahead *) create_state(make_plan(outer->plan));
	PlanState  *node = &ahead->css.ss.ps;

	node->state = estate;
	node->lefttree = outer;
	if (estate->es_instrument)
		node->instrument = InstrAlloc(1, estate->es_instrument, false);
	ExecSetExecProcNode(node, run_node);
	ahead->wanted = *wanted;
	ahead->window = 1;
	ahead->cxt = AllocSetContextCreate(estate->es_query_cxt, "dbaas_fdw lookahead",
									   ALLOCSET_DEFAULT_SIZES);
	return ahead;
}

PlanState *
dbaas_lookahead_over(PlanState *outer, const DbaasWanted *wanted)
{
	EState	   *estate = outer->state;
	MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	Lookahead  *ahead = make_node(outer, wanted);
	PlanState  *node = &ahead->css.ss.ps;

	node->ps_ResultTupleDesc = ExecGetResultType(outer);
	ahead->slot = ExecInitExtraTupleSlot(estate, node->ps_ResultTupleDesc,
										 ExecGetResultSlotOps(outer, NULL));
	node->ps_ResultTupleSlot = ahead->css.ss.ss_ScanTupleSlot = ahead->slot;
	node->resultops = outer->resultops;
	node->resultopsfixed = outer->resultopsfixed;
	node->resultopsset = outer->resultopsset;
	MemoryContextSwitchTo(oldcxt);
	return node;
}

/* ------------------------------------------------------------------------
 * Projections
 * ------------------------------------------------------------------------ */

/* The number of the expression in a target list, which it is added to. */
static AttrNumber
column_number(Node *expr, List **columns)
{
	ListCell   *lc;

	foreach(lc, *columns)
	{
		if (equal(lfirst_node(TargetEntry, lc)->expr, expr))
			return foreach_current_index(lc) + 1;
	}
	*columns = lappend(*columns, makeTargetEntry((Expr *) copyObject(expr),
												 list_length(*columns) + 1, NULL, false));
	return list_length(*columns);
}

/* The expression over a row of those columns. */
static Node *
over_columns(Node *node, void *columns)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) || IsA(node, Aggref) || IsA(node, GroupingFunc))
		return (Node *) makeVar(OUTER_VAR, column_number(node, columns), exprType(node),
								exprTypmod(node), exprCollation(node), 0);
	return expression_tree_mutator(node, over_columns, columns);
}

/* Makes the node give the columns alone. */
static void
project_columns(PlanState *node, List *columns)
{
	TupleDesc	desc = ExecTypeFromTL(columns);
	TupleTableSlot *slot = ExecInitExtraTupleSlot(node->state, desc, &TTSOpsVirtual);

	node->ps_ProjInfo = ExecBuildProjectionInfo(columns, node->ps_ExprContext, slot, node,
												node->scandesc);
	node->ps_ResultTupleDesc = desc;
	node->ps_ResultTupleSlot = slot;
	node->resultops = &TTSOpsVirtual;
	node->resultopsfixed = node->resultopsset = true;
}

/* Stands for the one scan below it that a cursor can point to. */
static void
stand_for_scan(Lookahead *ahead)
{
	ScanState  *node = &ahead->css.ss;
	List	   *scans = pointed_scans(outerPlanState(node));

	if (list_length(scans) != 1)
		return;
	ahead->pointed = linitial(scans);
	node->ss_currentRelation = ahead->pointed->ss_currentRelation;
	node->ss_ScanTupleSlot = ExecInitExtraTupleSlot(node->ps.state,
													RelationGetDescr(node->ss_currentRelation),
													&TTSOpsVirtual);
}

PlanState *
dbaas_lookahead_project(PlanState *outer, const DbaasWanted *wanted)
{
	EState	   *estate = outer->state;
	MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	Lookahead  *ahead = make_node(outer, wanted);
	PlanState  *node = &ahead->css.ss.ps;
	List	   *columns = NIL;
	List	   *list = (List *) over_columns((Node *) outer->plan->targetlist, &columns);
	ListCell   *lc;

	ahead->wanted.row_params = NIL;
	foreach(lc, wanted->row_params)
	{
		NestLoopParam *param = makeNode(NestLoopParam);

		param->paramno = lfirst_node(NestLoopParam, lc)->paramno;
		param->paramval = (Var *) over_columns((Node *) lfirst_node(NestLoopParam, lc)->paramval,
											   &columns);
		ahead->wanted.row_params = lappend(ahead->wanted.row_params, param);
	}

	node->ps_ResultTupleDesc = outer->ps_ResultTupleDesc;
	node->ps_ResultTupleSlot = outer->ps_ResultTupleSlot;
	node->resultops = &TTSOpsVirtual;
	node->resultopsfixed = node->resultopsset = true;
	project_columns(outer, columns);

	ahead->slot = ExecInitExtraTupleSlot(estate, outer->ps_ResultTupleDesc, &TTSOpsVirtual);
	ahead->css.ss.ss_ScanTupleSlot = ahead->slot;
	stand_for_scan(ahead);
	node->outerops = &TTSOpsVirtual;
	node->outeropsfixed = node->outeropsset = true;
	ExecAssignExprContext(estate, node);
	node->ps_ProjInfo = ExecBuildProjectionInfo(list, node->ps_ExprContext,
												node->ps_ResultTupleSlot, node,
												outer->ps_ResultTupleDesc);

	/* EXPLAIN and rescans find the subplans at the outer node. */
	node->subPlan = NIL;
	MemoryContextSwitchTo(oldcxt);
	return node;
}

PlanState *
dbaas_lookahead_outer(PlanState *node)
{
	if (IsA(node, CustomScanState) && ((CustomScanState *) node)->methods == &exec_methods)
		return outerPlanState(node);
	return NULL;
}

bool
dbaas_lookahead_hides(PlanState *outer)
{
	return list_length(pointed_scans(outer)) > 1;
}
