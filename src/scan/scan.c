/*-------------------------------------------------------------------------
 *
 * scan.c
 *		Running a foreign scan.
 *
 * Evaluates the arguments, fetches and decodes the rows, and raises the errors
 * that the layers below return.  What is kept for later runs is in results.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "api/call.h"
#include "api/progress.h"
#include "base/compat.h"
#include "plan/arguments.h"
#include "plan/plan.h"
#include "plan/skip_zones.h"
#include "read/fetch.h"
#include "read/parents.h"
#include "read/share.h"
#include "read/skip.h"
#include "scan/advice.h"
#include "scan/results.h"
#include "scan/row_maker.h"
#include "scan/scan.h"
#include "tables/options.h"

typedef struct DbaasScanState
{
	DbaasTable *table;
	DbaasRead	read;			/* without what depends on the arguments */
	DbaasRowMaker *maker;
	DbaasArgumentExprs *exprs;
	Oid			userid;
	DbaasResults *results;
	List	   *spans;			/* char *: those of dbaas_scan_spans() */
	bool		was_run;
	bool		async;			/* set "pending" instead of waiting */
	bool		pending;		/* the next row has not arrived */
	DbaasCounters counters;
} DbaasScanState;

static uint64 scans_begun;

static const char *const order_names[] = {
	[DBAAS_ORDER_AS_GIVEN] = NULL,
	[DBAAS_ORDER_ASC] = "asc",
	[DBAAS_ORDER_DESC] = "desc",
	[DBAAS_ORDER_EITHER] = NULL
};

/* ------------------------------------------------------------------------
 * Begin and end
 * ------------------------------------------------------------------------ */

void
dbaasBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	DbaasScanState *scan = palloc0(sizeof(DbaasScanState));
	Relation	relation = node->ss.ss_currentRelation;
	List	   *attributes = list_nth(plan->fdw_private, DBAAS_SCAN_ATTRIBUTES);
	List	   *unused_attributes = list_nth(plan->fdw_private, DBAAS_SCAN_UNUSED_ATTRIBUTES);
	Bitmapset  *used = NULL;
	Bitmapset  *unused = NULL;
	ListCell   *lc;

	scans_begun++;
	node->fdw_state = scan;
	scan->table = dbaas_table_get(RelationGetRelid(relation));
	scan->read.statement = dbaas_statement_get(node->ss.ps.state->es_query_cxt);
	scan->read.budget = dbaas_statement_budget(scan->read.statement);
	scan->read.counters = &scan->counters;
	scan->read.resource = scan->table->resource;
	scan->read.endpoint = &scan->read.resource->reads[intVal(list_nth(plan->fdw_private,
																	  DBAAS_SCAN_ENDPOINT))];
	scan->read.order = order_names[intVal(list_nth(plan->fdw_private, DBAAS_SCAN_ORDER))];
	scan->read.either_order = intVal(list_nth(plan->fdw_private, DBAAS_SCAN_ORDER)) ==
		DBAAS_ORDER_EITHER;
	scan->read.merge = intVal(list_nth(plan->fdw_private, DBAAS_SCAN_MERGE)) != 0;
	scan->read.eager = intVal(list_nth(plan->fdw_private, DBAAS_SCAN_READS_ALL)) != 0;
	scan->results = dbaas_results_new(node->ss.ps.state->es_query_cxt);
	scan->exprs = dbaas_arguments_init(node);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	foreach(lc, attributes)
		used = bms_add_member(used, lfirst_int(lc));
	foreach(lc, unused_attributes)
		unused = bms_add_member(unused, lfirst_int(lc));
	scan->maker = dbaas_row_maker_new(scan->table, relation, used, unused);
	scan->read.decoder = dbaas_row_maker_decoder(scan->maker);

	/* A view's tables are read as its owner. */
	scan->userid = dbaas_check_as_user(node);
	if (!OidIsValid(scan->userid))
		scan->userid = GetUserId();
	if ((eflags & EXEC_FLAG_REWIND) != 0 || !bms_is_empty(node->ss.ps.plan->extParam) ||
		intVal(list_nth(plan->fdw_private, DBAAS_SCAN_MAY_RESCAN)) != 0)
		dbaas_results_keep_rows(scan->results);
	dbaas_share_expect(scan->read.statement, scan->table->serverid, scan->read.endpoint->path);
	if (dbaas_catalogue_reads_each(scan->read.resource, scan->read.endpoint))
		dbaas_parents_expect(scan->read.statement, scan->table->serverid,
							 scan->read.resource->parent);
}

void
dbaasReScanForeignScan(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;

	/* A scan that is run twice may well be run a third time. */
	dbaas_results_keep_rows(scan->results);
	dbaas_results_leave(scan->results);
}

void
dbaasEndForeignScan(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;

	if (scan == NULL)
		return;
	dbaas_results_drop(scan->results);
	dbaas_skip_warn(scan->read.statement);
}

bool
dbaas_scan_is_ours(const PlanState *node)
{
	return IsA(node, ForeignScanState) &&
		((const ForeignScanState *) node)->fdwroutine->IterateForeignScan ==
		dbaasIterateForeignScan;
}

uint64
dbaas_scan_count_begun(void)
{
	return scans_begun;
}

const DbaasTable *
dbaas_scan_table(const ForeignScanState *node)
{
	return ((const DbaasScanState *) node->fdw_state)->table;
}

List *
dbaas_scan_spans(const ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;
	const char *planned;

	if (scan->spans)
		return scan->spans;
	planned = dbaas_arguments_planned_span(scan->exprs, scan->table, node);
	return planned ? list_make1(unconstify(char *, planned)) : NIL;
}

/* ------------------------------------------------------------------------
 * Fetching
 * ------------------------------------------------------------------------ */

/* Notes the span that bounds have chosen, for EXPLAIN. */
static void
note_span(ForeignScanState *node, const DbaasArguments *arguments)
{
	DbaasScanState *scan = node->fdw_state;
	MemoryContext oldcxt = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);

	if (arguments->span)
		scan->spans = list_append_unique_ptr(scan->spans, unconstify(char *, arguments->span));
	MemoryContextSwitchTo(oldcxt);
}

/* A result for the present values of the key expressions. */
static DbaasResult *
make_result(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;

	return dbaas_results_make(scan->results, scan->exprs, scan->table,
							  node->ss.ps.ps_ExprContext);
}

/* Begins to fetch the rows of a result.  Returns NULL or an error. */
static DbaasError *
begin_fetch(ForeignScanState *node, DbaasResult *result)
{
	DbaasScanState *scan = node->fdw_state;
	MemoryContext oldcxt;
	DbaasRead	read;
	DbaasError *error = NULL;

	if (scan->read.conn == NULL)
		error = dbaas_connection_get(scan->table->serverid, scan->userid,
									 node->ss.ps.state->es_query_cxt, &scan->read.conn);
	if (error)
		return error;
	read = scan->read;
	read.skip = dbaas_skip_zones_check(node->ss.ps.state, (ForeignScan *) node->ss.ps.plan);
	read.caching = dbaas_skip_zones_writes_ours(node->ss.ps.state) ? DBAAS_CACHE_CHECKS :
		DBAAS_CACHE_RESPONSES;
	dbaas_arguments_set_read(&result->arguments, &read);
	note_span(node, &result->arguments);
	oldcxt = MemoryContextSwitchTo(result->cxt);
	error = dbaas_fetch_begin(&read, &result->fetch);
	MemoryContextSwitchTo(oldcxt);
	return error;
}

/* Where the statement keeps the scans of dbaas_scan_start_together(). */
static List **
scans_to_start(EState *estate)
{
	static char owner;

	return dbaas_statement_state(dbaas_statement_get(estate->es_query_cxt), &owner, sizeof(List *));
}

/* Starts the other scans of dbaas_scan_start_together(). */
static void
start_others(ForeignScanState *node)
{
	List	  **together = scans_to_start(node->ss.ps.state);
	List	   *others = *together;
	ListCell   *lc;

	*together = NIL;
	foreach(lc, others)
	{
		ForeignScanState *other = lfirst(lc);

		if (other != node &&
			dbaas_results_current(((DbaasScanState *) other->fdw_state)->results) == NULL)
			dbaas_scan_prefetch(other, DBAAS_NO_ROW);
	}
	list_free(others);
}

/* Raises an error of the run of the scan whose rows are fetched into the result. */
pg_noreturn static void
raise_of_run(const DbaasScanState *scan, const DbaasResult *result, const DbaasError *error)
{
	dbaas_table_raise(scan->table, dbaas_advice_add(error, scan->table, scan->read.endpoint,
													&result->arguments));
}

/* Begins to fetch the rows of the current run, and makes the first requests. */
static void
start_fetch(ForeignScanState *node, DbaasResult *result)
{
	DbaasScanState *scan = node->fdw_state;
	DbaasError *error;

	dbaas_arguments_check(scan->table, &result->arguments);
	error = begin_fetch(node, result);
	if (error)
		raise_of_run(scan, result, error);
	dbaas_fetch_start(result->fetch);
	start_others(node);
}

/* Fetches a row into the slot, which stays empty at the end and when it has to wait. */
static void
fetch_row(ForeignScanState *node, DbaasResult *result, TupleTableSlot *slot)
{
	DbaasScanState *scan = node->fdw_state;
	DbaasReadStatus status;
	DbaasRows  *rows;
	const DbaasOrigin *origin;
	DbaasError *error;

	if (result->at_end || result->arguments.nothing)
		return;
	if (result->fetch == NULL)
		start_fetch(node, result);
	while ((error = dbaas_fetch_next(result->fetch, &status, &rows, &origin)) == NULL &&
		   status == DBAAS_READ_PENDING)
	{
		if (scan->async)
		{
			scan->pending = true;
			return;
		}
		dbaas_progress_wait(&scan->counters, 0);
		dbaas_results_continue_prefetched(scan->results);
	}
	if (error)
		raise_of_run(scan, result, error);
	if (status == DBAAS_READ_END)
	{
		dbaas_fetch_end(result->fetch);
		result->fetch = NULL;
		result->at_end = true;
		return;
	}

	/*
	 * Under an Append, other scans rely on the event that is to come from its
	 * wait event set, so it must not be consumed here.
	 */
	if (scan->counters.in_flight > 0 && !scan->async)
		dbaas_call_perform_between_rows();
	dbaas_row_maker_store(scan->maker, rows, origin, slot);
}

TupleTableSlot *
dbaasIterateForeignScan(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	DbaasResult *result;
	MinimalTuple kept;
	DbaasHiding hiding;

	dbaas_error_hide_statement(&hiding, false);
	result = dbaas_results_current(scan->results);
	if (result == NULL)
	{
		result = make_result(node);
		scan->was_run = true;
		result = dbaas_results_use(scan->results, result);
	}
	scan->pending = false;
	ExecClearTuple(slot);
	kept = dbaas_results_next_row(result);
	if (kept)
		ExecForceStoreMinimalTuple(kept, slot, false);
	else
	{
		fetch_row(node, result, slot);
		if (!TTS_EMPTY(slot))
			dbaas_results_keep_row(scan->results, result, slot);
	}
	dbaas_error_unhide_statement(&hiding);
	return slot;
}

TupleTableSlot *
dbaas_scan_poll(ForeignScanState *node, bool *pending)
{
	DbaasScanState *scan = node->fdw_state;
	TupleTableSlot *slot;

	scan->async = true;
	slot = node->ss.ps.ExecProcNodeReal(&node->ss.ps);
	scan->async = false;
	*pending = TupIsNull(slot) && scan->pending;
	return slot;
}

/* ------------------------------------------------------------------------
 * Prefetching
 * ------------------------------------------------------------------------ */

void
dbaas_scan_prefetch(ForeignScanState *node, uint64 row)
{
	DbaasScanState *scan = node->fdw_state;
	DbaasResult *result = make_result(node);

	if (!dbaas_results_may_prefetch(scan->results, result, row) ||
		!dbaas_arguments_can_yield(scan->table, &result->arguments) ||
		begin_fetch(node, result) != NULL)
	{
		dbaas_results_free(result);
		return;
	}
	dbaas_results_add_prefetched(scan->results, result, row);
	dbaas_fetch_start(result->fetch);
}

bool
dbaas_scan_was_run(const ForeignScanState *node)
{
	return ((const DbaasScanState *) node->fdw_state)->was_run;
}

int
dbaas_scan_count_prefetched(const ForeignScanState *node)
{
	return dbaas_results_count_prefetched(((const DbaasScanState *) node->fdw_state)->results);
}

Size
dbaas_scan_prefetched_bytes(const ForeignScanState *node)
{
	return dbaas_results_prefetched_bytes(((const DbaasScanState *) node->fdw_state)->results);
}

void
dbaas_scan_discard_prefetched(ForeignScanState *node, uint64 row)
{
	dbaas_results_discard_prefetched(((DbaasScanState *) node->fdw_state)->results, row);
}

void
dbaas_scan_keep_prefetched(ForeignScanState *node)
{
	dbaas_results_keep_prefetched(((DbaasScanState *) node->fdw_state)->results);
}

int
dbaas_scan_concurrency(const ForeignScanState *node)
{
	const DbaasScanState *scan = node->fdw_state;

	return scan->read.conn ? dbaas_connection_settings(scan->read.conn)->max_concurrency : 1;
}

void
dbaas_scan_start_together(EState *estate, List *scans)
{
	*scans_to_start(estate) = scans;
}

const DbaasCounters *
dbaas_scan_counters(const ForeignScanState *node)
{
	return &((const DbaasScanState *) node->fdw_state)->counters;
}

int64
dbaas_scan_total_prefetched(const ForeignScanState *node)
{
	return dbaas_results_total_prefetched(((const DbaasScanState *) node->fdw_state)->results);
}

int64
dbaas_scan_total_unused(const ForeignScanState *node)
{
	return dbaas_results_total_unused(((const DbaasScanState *) node->fdw_state)->results);
}
