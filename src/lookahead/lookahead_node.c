/*-------------------------------------------------------------------------
 *
 * lookahead_node.c
 *		The lookahead node: it reads rows ahead, and prefetches for them.
 *
 * The node reads some rows before they are needed.  For each of these it sets the
 * parameters that will be set when the row is used, and has the inner scans make
 * their first requests.  Then it returns the rows one by one.  Prefetching is only
 * a hint: a scan that is run finds the response under its arguments, or makes the
 * request itself.  So no result depends on it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/explain.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "lookahead/cursor.h"
#include "lookahead/lookahead_node.h"
#include "lookahead/projection.h"
#include "lookahead/wrapper.h"
#include "scan/scan.h"

/* Rows in the queue, at most. */
#define MAX_ROWS 1024

/* Rows in the queue for each row that was returned, at most. */
#define ROWS_AHEAD 8

typedef struct Lookahead
{
	CustomScanState css;		/* a wrapper */
	DbaasLookaheadSpec spec;
	TupleTableSlot *slot;		/* for rows of the queue */
	MemoryContext cxt;			/* of the queue */
	List	   *queue;			/* of QueuedRow: read and not returned */
	int			next;			/* index in the queue of the next row to
								 * return */
	Size		bytes;			/* of the queue */
	bool		at_end;			/* the outer node has reached its end */
	bool		returned_end;	/* this node has returned its end */
	uint64		nread;			/* rows read from the outer node */
	uint64		nreturned;
	uint64		nqueued;		/* rows that were put into the queue, for
								 * EXPLAIN */
	int			window;			/* results that may be prefetched at once */
	ScanState  *replaced;		/* scan that this replaces for WHERE CURRENT
								 * OF; or NULL */
} Lookahead;

typedef struct QueuedRow
{
	ItemPointerData position;	/* of the scan that is replaced */
	MinimalTuple values;
} QueuedRow;

static TupleTableSlot *exec_lookahead(CustomScanState *node);
static void end_lookahead(CustomScanState *node);
static void rescan_lookahead(CustomScanState *node);
static void explain_lookahead(CustomScanState *node, List *ancestors, ExplainState *es);

static const CustomExecMethods exec_methods = {
	.CustomName = "dbaas_fdw lookahead",
	.ExecCustomScan = exec_lookahead,
	.EndCustomScan = end_lookahead,
	.ReScanCustomScan = rescan_lookahead,
	.ExplainCustomScan = explain_lookahead
};

/* ------------------------------------------------------------------------
 * Prefetching
 * ------------------------------------------------------------------------ */

/* Prefetched results that made requests and are not read yet, and the memory of all. */
static int
count_prefetched(const Lookahead *ahead, Size *bytes)
{
	int			n = 0;
	ListCell   *lc;

	*bytes = 0;
	foreach(lc, ahead->spec.inner.scans)
	{
		n += dbaas_scan_count_prefetched(lfirst(lc));
		*bytes += dbaas_scan_prefetched_bytes(lfirst(lc));
	}
	return n;
}

/* Are the parameters set that the key expressions need in addition to those of the row? */
static bool
other_params_are_set(const Lookahead *ahead)
{
	const ParamExecData *values = ahead->css.ss.ps.state->es_param_exec_vals;
	ListCell   *lc;

	foreach(lc, ahead->spec.inner.other_params)
	{
		if (values[lfirst_int(lc)].execPlan != NULL)
			return false;
	}
	return true;
}

/* Prefetches what will be requested when the row with that number is used. */
static void
prefetch_for(Lookahead *ahead, TupleTableSlot *slot, uint64 row)
{
	List	   *params = ahead->spec.inner.row_params;
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
	foreach(lc, ahead->spec.inner.scans)
	{
		if (ahead->spec.at_once || dbaas_scan_was_run(lfirst(lc)))
			dbaas_scan_prefetch(lfirst(lc), row);
	}
	foreach(lc, params)
		values[lfirst_node(NestLoopParam, lc)->paramno] = saved[foreach_current_index(lc)];
	pfree(saved);
}

/* ------------------------------------------------------------------------
 * The queue
 * ------------------------------------------------------------------------ */

/* The position of the scan that the node replaces, if there is one. */
static ItemPointerData
current_position(const Lookahead *ahead)
{
	ItemPointerData position;

	if (ahead->replaced)
		return dbaas_cursor_position(ahead->replaced);
	ItemPointerSetInvalid(&position);
	return position;
}

static void
show_position(Lookahead *ahead, ItemPointerData position)
{
	if (ahead->replaced)
		dbaas_cursor_show(&ahead->css.ss, position);
}

/* Reads a row from the outer node; NULL at its end. */
static TupleTableSlot *
read_row(Lookahead *ahead)
{
	TupleTableSlot *slot;

	if (ahead->at_end)
		return NULL;
	slot = ExecProcNode(outerPlanState(&ahead->css));
	ahead->at_end = TupIsNull(slot);
	if (ahead->at_end)
		return NULL;
	ahead->nread++;
	return slot;
}

static void
push_row(Lookahead *ahead, TupleTableSlot *slot)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(ahead->cxt);
	QueuedRow  *row = palloc(sizeof(QueuedRow));

	row->position = current_position(ahead);
	row->values = ExecCopySlotMinimalTuple(slot);
	ahead->queue = lappend(ahead->queue, row);
	ahead->bytes += GetMemoryChunkSpace(row->values);
	ahead->nqueued++;
	MemoryContextSwitchTo(oldcxt);
}

/* Takes the first row from the queue, into the node's slot; NULL if it is empty. */
static TupleTableSlot *
pop_row(Lookahead *ahead)
{
	QueuedRow  *row;

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

static int
queue_length(const Lookahead *ahead)
{
	return list_length(ahead->queue) - ahead->next;
}

static void
empty_queue(Lookahead *ahead)
{
	MemoryContextReset(ahead->cxt);
	ahead->queue = NIL;
	ahead->next = 0;
	ahead->bytes = 0;
	ahead->at_end = ahead->returned_end = false;
	ahead->nread = ahead->nreturned;
}

/* ------------------------------------------------------------------------
 * Rows
 * ------------------------------------------------------------------------ */

/* The number of rows that a LIMIT takes, or -1 if it does not limit them. */
static int64
rows_needed(const LimitState *limit)
{
	if (limit == NULL || limit->noCount || limit->limitOption == LIMIT_OPTION_WITH_TIES)
		return -1;
	return limit->count + limit->offset;
}

/*
 * Reads rows into the queue and prefetches for them, until the window is full.  Rows whose
 * results are there already do not fill the window, so the length of the queue is limited
 * as well, by the number of rows that were returned so far.
 */
static void
fill_queue(Lookahead *ahead)
{
	uint64		max_rows = Min(ahead->nreturned * ROWS_AHEAD, MAX_ROWS);
	int64		needed = rows_needed(ahead->spec.limit);
	Size		bytes;

	if (needed >= 0)
		max_rows = Min(max_rows, (uint64) Max(needed - (int64) ahead->nreturned, 0));
	while (queue_length(ahead) < (int) max_rows &&
		   count_prefetched(ahead, &bytes) < ahead->window &&
		   bytes + ahead->bytes < (Size) work_mem * 1024)
	{
		TupleTableSlot *slot = read_row(ahead);

		if (slot == NULL)
			break;
		prefetch_for(ahead, slot, ahead->nread);
		push_row(ahead, slot);
	}
}

/* The next row; prefetches for it and for those that follow. */
static TupleTableSlot *
next_row(Lookahead *ahead)
{
	TupleTableSlot *slot;
	int			concurrency = 1;
	ListCell   *lc;

	foreach(lc, ahead->spec.inner.scans)
		dbaas_scan_discard_prefetched(lfirst(lc), ahead->nreturned);
	slot = pop_row(ahead);
	if (slot == NULL)
	{
		slot = read_row(ahead);
		show_position(ahead, current_position(ahead));
	}
	if (slot == NULL)
	{
		ahead->returned_end = true;
		return NULL;
	}
	ahead->nreturned++;

	/* A query that stops after its first row must not cause more requests. */
	if ((ahead->nreturned == 1 && !ahead->spec.at_once) || !other_params_are_set(ahead))
		return slot;
	if (slot != ahead->slot)
		slot = ExecCopySlot(ahead->slot, slot);
	prefetch_for(ahead, slot, ahead->nreturned);
	foreach(lc, ahead->spec.inner.scans)
		concurrency = Max(concurrency, dbaas_scan_concurrency(lfirst(lc)));
	ahead->window = ahead->spec.at_once ? concurrency : Min(ahead->window * 2, concurrency);
	fill_queue(ahead);
	return slot;
}

/*
 * For a cursor that is read backward: the row before the one that was returned last.  The
 * outer node is ahead by the rows in the queue, and by one more step if it has reached its
 * end, so it first goes back over these.
 */
static TupleTableSlot *
previous_row(Lookahead *ahead)
{
	PlanState  *outer = outerPlanState(&ahead->css);
	int			steps_ahead = queue_length(ahead);
	TupleTableSlot *slot;

	if (ahead->at_end && !ahead->returned_end)
		steps_ahead++;
	empty_queue(ahead);
	while (steps_ahead-- > 0)
		ExecProcNode(outer);
	slot = ExecProcNode(outer);
	show_position(ahead, current_position(ahead));
	return TupIsNull(slot) ? NULL : slot;
}

/* ------------------------------------------------------------------------
 * The node
 * ------------------------------------------------------------------------ */

/* Tells the nodes below how many rows a LIMIT wants, as the LIMIT itself would. */
static void
set_tuple_bound(Lookahead *ahead)
{
	if (ahead->spec.limit)
		ExecSetTupleBound(rows_needed(ahead->spec.limit), outerPlanState(&ahead->css));
}

static TupleTableSlot *
exec_lookahead(CustomScanState *node)
{
	Lookahead  *ahead = (Lookahead *) node;
	ProjectionInfo *projection = node->ss.ps.ps_ProjInfo;
	TupleTableSlot *slot;

	CHECK_FOR_INTERRUPTS();
	if (ahead->nread == 0)
		set_tuple_bound(ahead);
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
	ItemPointerData no_position;
	ListCell   *lc;

	ExecClearTuple(node->ss.ps.ps_ResultTupleSlot);
	ExecClearTuple(ahead->slot);
	ItemPointerSetInvalid(&no_position);
	show_position(ahead, no_position);
	foreach(lc, ahead->spec.inner.scans)
		dbaas_scan_keep_prefetched(lfirst(lc));
	ahead->nreturned = 0;
	ahead->window = 1;
	empty_queue(ahead);
	set_tuple_bound(ahead);
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
	foreach(lc, ahead->spec.inner.scans)
	{
		const Scan *scan = (Scan *) ((ForeignScanState *) lfirst(lc))->ss.ps.plan;

		names = lappend(names, list_nth(es->rtable_names, scan->scanrelid - 1));
	}
	ExplainPropertyList("Looks Ahead For", names, es);
	if (es->analyze)
		ExplainPropertyInteger("Rows Looked Ahead", NULL, ahead->nqueued, es);
}

static Lookahead *
new_lookahead(PlanState *outer, const DbaasLookaheadSpec *spec)
{
	Lookahead  *ahead = dbaas_wrapper_new(sizeof(Lookahead), outer, &exec_methods);

	ahead->spec = *spec;
	ahead->window = 1;
	ahead->cxt = AllocSetContextCreate(outer->state->es_query_cxt, "dbaas_fdw lookahead",
									   ALLOCSET_DEFAULT_SIZES);
	return ahead;
}

PlanState *
dbaas_lookahead_node_new(PlanState *outer, const DbaasLookaheadSpec *spec)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(outer->state->es_query_cxt);
	Lookahead  *ahead = new_lookahead(outer, spec);

	ahead->slot = dbaas_wrapper_return_outer_rows(&ahead->css);
	MemoryContextSwitchTo(oldcxt);
	return &ahead->css.ss.ps;
}

PlanState *
dbaas_lookahead_node_new_projecting(PlanState *outer, const DbaasLookaheadSpec *spec)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(outer->state->es_query_cxt);
	Lookahead  *ahead = new_lookahead(outer, spec);
	PlanState  *node = &ahead->css.ss.ps;
	List	   *scans = dbaas_cursor_find_scans(outer);
	List	   *columns = NIL;
	Node	   *targetlist = dbaas_projection_split((Node *) outer->plan->targetlist, &columns);
	ListCell   *lc;

	ahead->spec.inner.row_params = NIL;
	foreach(lc, spec->inner.row_params)
	{
		NestLoopParam *param = makeNode(NestLoopParam);

		*param = *lfirst_node(NestLoopParam, lc);
		param->paramval = (Var *) dbaas_projection_split((Node *) param->paramval, &columns);
		ahead->spec.inner.row_params = lappend(ahead->spec.inner.row_params, param);
	}
	node->ps_ResultTupleDesc = outer->ps_ResultTupleDesc;
	node->ps_ResultTupleSlot = outer->ps_ResultTupleSlot;
	dbaas_projection_return_columns(outer, columns);
	ahead->slot = ExecInitExtraTupleSlot(outer->state, outer->ps_ResultTupleDesc,
										 &TTSOpsVirtual);
	ahead->css.ss.ss_ScanTupleSlot = ahead->slot;
	if (list_length(scans) == 1)
	{
		ahead->replaced = linitial(scans);
		dbaas_cursor_replace_scan(&ahead->css.ss, ahead->replaced);
	}
	dbaas_projection_init(node, (List *) targetlist);

	/* The outer node keeps the subplans, for EXPLAIN and for rescans. */
	node->subPlan = NIL;
	MemoryContextSwitchTo(oldcxt);
	return node;
}
