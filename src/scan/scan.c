/*-------------------------------------------------------------------------
 *
 * scan.c
 *		Running a foreign scan.
 *
 * Fetches rows and decodes them, and keeps those of earlier runs; raises the
 * errors that the layers below return.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/execAsync.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "api/call.h"
#include "api/progress.h"
#include "base/compat.h"
#include "plan/arguments.h"
#include "plan/plan.h"
#include "plan/skip_zones.h"
#include "read/decode.h"
#include "read/fetch.h"
#include "scan/scan.h"
#include "tables/generated.h"
#include "tables/options.h"

/*
 * The rows for one set of arguments.  A scan that may be run again keeps those
 * that it has read, and goes on reading where it stopped.
 */
typedef struct ScanResult
{
	dlist_node	node;			/* in scan->results or scan->ahead */
	MemoryContext cxt;
	DbaasArguments arguments;
	DbaasFetch *fetch;			/* NULL: not started, or at its end */
	bool		at_end;
	bool		keeps;			/* does it keep its rows? */
	bool		ahead;			/* in scan->ahead */
	bool		unused;			/* asked for ahead, and never in use */
	uint64		wanted_by;		/* last row that it was asked for */
	List	   *rows;			/* of MinimalTuple */
	int			next;			/* row to give next */
	Size		bytes;			/* of all that */
	uint64		hash;			/* of the arguments' text */
} ScanResult;

/* Where the result for arguments with that hash is. */
typedef struct ResultEntry
{
	uint64		hash;
	ScanResult *result;
} ResultEntry;

/* Results that may be asked for ahead at once, while all of them turn out to be used. */
#define MAX_TRUST 1024

/*
 * Results whose fetch waits to be gone on with, and holds a page: the older
 * ones are dropped, rows and all.  What they have shown may be elsewhere in a
 * new answer, so a fetch begun anew could not go on behind it.
 */
#define MAX_SUSPENDED 32

typedef struct DbaasScanState
{
	DbaasStatement *statement;
	DbaasTable *table;
	const DbaasEndpoint *endpoint;
	DbaasDecoder *decoder;
	DbaasGenerated *generated;	/* or NULL */
	DbaasExprs *exprs;
	DbaasScanOrder order;
	bool		merge;
	bool		eager;
	bool		keeps_rows;		/* may it be run again? */
	Oid			userid;
	DbaasConnection *conn;
	dlist_head	results;		/* the latest first */
	dlist_head	ahead;			/* those asked for ahead, and not in use yet */
	HTAB	   *by_hash;		/* of ResultEntry */
	ScanResult *result;			/* the one in use; NULL after a rescan */
	Size		bytes;			/* of all kept rows */
	int			nahead;			/* results in "ahead" */
	int64		asked_ahead;	/* all that ever were */
	int64		unused;			/* of these, dropped without use */
	int			trust;			/* results that may be in "ahead" */
	bool		was_run;		/* under some arguments */
	MemoryContext row_cxt;		/* reset for each row */
	bool		async;			/* do not wait: say so in "pending" */
	bool		pending;
	DbaasCounters counters;
} DbaasScanState;

static uint64 scans_begun;

static const char *const order_names[] = {
	[DBAAS_ORDER_AS_GIVEN] = NULL,
	[DBAAS_ORDER_ASC] = "asc",
	[DBAAS_ORDER_DESC] = "desc"
};

/* ------------------------------------------------------------------------
 * Callbacks
 * ------------------------------------------------------------------------ */

/* Whose user mapping counts: a view's tables are read as its owner. */
static Oid
scan_user(ForeignScanState *node)
{
	Oid			userid = dbaas_check_as_user(node);

	return OidIsValid(userid) ? userid : GetUserId();
}

void
dbaasBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	DbaasScanState *scan = palloc0(sizeof(DbaasScanState));
	Relation	relation = node->ss.ss_currentRelation;
	List	   *attributes = list_nth(plan->fdw_private, DBAAS_SCAN_ATTRIBUTES);
	List	   *carried = list_nth(plan->fdw_private, DBAAS_SCAN_CARRIED);
	Bitmapset  *used = NULL;
	Bitmapset  *may_lack = NULL;
	ListCell   *lc;

	scans_begun++;
	node->fdw_state = scan;
	scan->table = dbaas_table_get(RelationGetRelid(relation));
	scan->endpoint = &scan->table->resource->reads[intVal(list_nth(plan->fdw_private,
																   DBAAS_SCAN_ENDPOINT))];
	scan->order = intVal(list_nth(plan->fdw_private, DBAAS_SCAN_ORDER));
	scan->merge = intVal(list_nth(plan->fdw_private, DBAAS_SCAN_MERGE)) != 0;
	scan->eager = intVal(list_nth(plan->fdw_private, DBAAS_SCAN_EAGER)) != 0;
	dlist_init(&scan->results);
	dlist_init(&scan->ahead);
	scan->trust = MAX_TRUST;
	scan->exprs = dbaas_exprs_init(node);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	foreach(lc, attributes)
		used = bms_add_member(used, lfirst_int(lc));
	foreach(lc, carried)
		may_lack = bms_add_member(may_lack, lfirst_int(lc));
	scan->decoder = dbaas_decoder_new(scan->table, RelationGetDescr(relation),
									  bms_intersect(used, dbaas_table_shown(scan->table)), may_lack);
	scan->generated = dbaas_generated_new(relation, used);
	scan->userid = scan_user(node);
	scan->keeps_rows = (eflags & EXEC_FLAG_REWIND) != 0 ||
		!bms_is_empty(node->ss.ps.plan->extParam) ||
		intVal(list_nth(plan->fdw_private, DBAAS_SCAN_KEEPS)) != 0;
	scan->row_cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw row",
										  ALLOCSET_DEFAULT_SIZES);
	scan->statement = dbaas_statement_get(node->ss.ps.state->es_query_cxt);
	dbaas_statement_expect(scan->statement, scan->table->serverid, scan->endpoint->path);
	if (scan->table->resource->parent)
		dbaas_statement_expect_parents(scan->statement, scan->table->serverid,
									   scan->table->resource->parent);
}

/* ------------------------------------------------------------------------
 * Results
 * ------------------------------------------------------------------------ */

static void
drop_result(DbaasScanState *scan, ScanResult *result)
{
	scan->bytes -= result->bytes;
	if (result->ahead)
		scan->nahead--;
	if (result->unused)
		scan->unused++;
	dlist_delete(&result->node);
	if (scan->by_hash)
		hash_search(scan->by_hash, &result->hash, HASH_REMOVE, NULL);
	MemoryContextDelete(result->cxt);
}

static void
drop_results(DbaasScanState *scan)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &scan->results)
		drop_result(scan, dlist_container(ScanResult, node, iter.cur));
	dlist_foreach_modify(iter, &scan->ahead)
		drop_result(scan, dlist_container(ScanResult, node, iter.cur));
	scan->result = NULL;
}

/*
 * Frees the results that were used least lately while the rows of all need
 * more than work_mem; the one in use then stops keeping its own.  Who asks
 * ahead sees to what that needs.
 */
static void
limit_memory(DbaasScanState *scan)
{
	Size		bound = (Size) work_mem * 1024;

	while (scan->bytes > bound)
	{
		ScanResult *last = dlist_tail_element(ScanResult, node, &scan->results);

		if (last != scan->result)
		{
			drop_result(scan, last);
			continue;
		}
		if (!last->keeps)
			break;
		scan->bytes -= last->bytes;
		list_free_deep(last->rows);
		last->rows = NIL;
		last->bytes = 0;
		last->keeps = false;
	}
}

/* Counts what a result needs. */
static void
charge_result(DbaasScanState *scan, ScanResult *result, Size bytes)
{
	result->bytes += bytes;
	scan->bytes += bytes;
	limit_memory(scan);
}

/* Drops the results that are not read to their ends, but for those used lately. */
static void
limit_suspended(DbaasScanState *scan)
{
	int			suspended = 0;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &scan->results)
	{
		ScanResult *result = dlist_container(ScanResult, node, iter.cur);

		if (result->fetch && ++suspended > MAX_SUSPENDED)
			drop_result(scan, result);
	}
}

/* The place of results with that hash. */
static ResultEntry *
result_entry(DbaasScanState *scan, uint64 hash, MemoryContext cxt)
{
	bool		found;
	ResultEntry *entry;

	if (scan->by_hash == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(uint64);
		ctl.entrysize = sizeof(ResultEntry);
		ctl.hcxt = cxt;
		scan->by_hash = hash_create("dbaas_fdw results", 64, &ctl,
									HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(scan->by_hash, &hash, HASH_ENTER, &found);
	if (!found)
		entry->result = NULL;
	return entry;
}

/* A result for the arguments that hold now; not among the others yet. */
static ScanResult *
make_result(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;
	MemoryContext cxt = AllocSetContextCreate(node->ss.ps.state->es_query_cxt,
											  "dbaas_fdw result", ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	ScanResult *result = palloc0(sizeof(ScanResult));

	result->cxt = cxt;
	dbaas_arguments_take(scan->exprs, scan->table, node->ss.ps.ps_ExprContext,
						 &result->arguments);
	MemoryContextSwitchTo(oldcxt);
	result->hash = DatumGetUInt64(hash_any_extended((unsigned char *) result->arguments.text,
													strlen(result->arguments.text), 0));
	return result;
}

/* Puts it among the others, first in a list. */
static void
add_result(ForeignScanState *node, dlist_head *list, ScanResult *result)
{
	DbaasScanState *scan = node->fdw_state;

	result->keeps = scan->keeps_rows;
	result_entry(scan, result->hash, node->ss.ps.state->es_query_cxt)->result = result;
	dlist_push_head(list, &result->node);
}

/* Takes a result that was asked for ahead among those that were in use. */
static void
adopt_result(DbaasScanState *scan, ScanResult *result)
{
	dlist_delete(&result->node);
	dlist_push_head(&scan->results, &result->node);
	result->ahead = false;
	scan->nahead--;
	charge_result(scan, result, MemoryContextMemAllocated(result->cxt, false));
	limit_suspended(scan);
}

/* A result is used that was, or could have been, asked for ahead. */
static void
gain_trust(DbaasScanState *scan)
{
	scan->trust = Min(scan->trust * 2 + 1, MAX_TRUST);
}

/* Takes one that is there into use. */
static void
use_result(DbaasScanState *scan, ScanResult *result)
{
	if (result->unused)
		gain_trust(scan);
	result->unused = false;
	result->next = 0;
	scan->result = result;
	if (result->ahead)
		adopt_result(scan, result);
	else
	{
		dlist_delete(&result->node);
		dlist_push_head(&scan->results, &result->node);
	}
}

/* The result for the arguments that hold now: the one that is there, or a new. */
static ScanResult *
find_result(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;
	ScanResult *result = make_result(node);
	ScanResult *old = result_entry(scan, result->hash, node->ss.ps.state->es_query_cxt)->result;

	scan->was_run = true;
	if (old && (old->keeps || old->ahead) &&
		strcmp(old->arguments.text, result->arguments.text) == 0)
	{
		MemoryContextDelete(result->cxt);
		use_result(scan, old);
		return old;
	}
	if (old)
		drop_result(scan, old);
	if (!scan->keeps_rows)
		drop_results(scan);
	add_result(node, &scan->results, result);
	gain_trust(scan);
	scan->result = result;
	charge_result(scan, result, MemoryContextMemAllocated(result->cxt, true));
	limit_suspended(scan);
	return result;
}

/* Begins to fetch.  Returns NULL or an error. */
static DbaasError *
begin_fetch(ForeignScanState *node, ScanResult *result)
{
	DbaasScanState *scan = node->fdw_state;
	MemoryContext query_cxt = node->ss.ps.state->es_query_cxt;
	MemoryContext oldcxt;
	DbaasFetchSpec spec = {0};
	DbaasError *error = NULL;

	if (scan->conn == NULL)
		error = dbaas_connection_get(scan->table->serverid, scan->userid, query_cxt, &scan->conn);
	if (error)
		return error;
	spec.resource = scan->table->resource;
	spec.endpoint = scan->endpoint;
	spec.keys = result->arguments.keys;
	spec.limit = result->arguments.limit;
	spec.order = order_names[scan->order];
	spec.merge = scan->merge;
	spec.bounded = result->arguments.bounded;
	spec.since = result->arguments.since;
	spec.eager = scan->eager;
	spec.outage = dbaas_skip_zones_outage(node->ss.ps.state, (ForeignScan *) node->ss.ps.plan);
	oldcxt = MemoryContextSwitchTo(result->cxt);
	error = dbaas_fetch_begin(scan->conn, dbaas_statement_get(query_cxt), &spec,
							  &scan->counters, &result->fetch);
	MemoryContextSwitchTo(oldcxt);
	return error;
}

/* The other scans that were to start with the statement's first do so. */
static void
start_others(ForeignScanState *node)
{
	List	  **together = dbaas_statement_together(dbaas_statement_get(node->ss.ps.state->es_query_cxt));
	List	   *others = *together;
	ListCell   *lc;

	*together = NIL;
	foreach(lc, others)
	{
		ForeignScanState *other = lfirst(lc);

		if (other != node && ((DbaasScanState *) other->fdw_state)->result == NULL)
			dbaas_scan_ask_ahead(other, DBAAS_LAST_ROW);
	}
	list_free(others);
}

/* Starts fetching. */
static void
start_fetch(ForeignScanState *node, ScanResult *result)
{
	DbaasScanState *scan = node->fdw_state;
	DbaasError *error;

	dbaas_arguments_check(scan->table, &result->arguments);
	error = begin_fetch(node, result);
	if (error)
		dbaas_table_raise(scan->table, error);
	dbaas_fetch_start(result->fetch);
	start_others(node);
}

/* Lets what was asked ahead go on: some of it may wait for a list. */
static void
poke_ahead(DbaasScanState *scan)
{
	dlist_iter	iter;

	dlist_foreach(iter, &scan->ahead)
		dbaas_fetch_start(dlist_container(ScanResult, node, iter.cur)->fetch);
}

/* Reads a row into the slot, which stays empty at the end. */
static void
read_row(ForeignScanState *node, ScanResult *result, TupleTableSlot *slot)
{
	DbaasScanState *scan = node->fdw_state;
	DbaasReadStatus status;
	DbaasRows  *rows;
	const DbaasOrigin *origin;
	DbaasError *error;
	MemoryContext oldcxt;

	if (result->at_end || result->arguments.nothing)
		return;
	if (result->fetch == NULL)
		start_fetch(node, result);
	while ((status = dbaas_fetch_next(result->fetch, &rows, &origin, &error)) == DBAAS_READ_PENDING)
	{
		if (scan->async)
		{
			scan->pending = true;
			return;
		}
		dbaas_progress_wait(&scan->counters, 0);
		poke_ahead(scan);
	}
	if (status == DBAAS_READ_FAILED)
		dbaas_table_raise(scan->table, error);
	if (status == DBAAS_READ_END)
	{
		dbaas_fetch_end(result->fetch);
		result->fetch = NULL;
		result->at_end = true;
		return;
	}

	/* Under an Append, what others wait for must not be taken from its set. */
	if (scan->counters.in_flight > 0 && !scan->async)
		dbaas_call_keep_going();
	MemoryContextReset(scan->row_cxt);
	oldcxt = MemoryContextSwitchTo(scan->row_cxt);
	dbaas_decode_row(scan->decoder, rows, origin, slot->tts_values, slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	dbaas_generated_compute(scan->generated, slot);
	MemoryContextSwitchTo(oldcxt);
}

/* Keeps a copy of the row. */
static void
keep_row(DbaasScanState *scan, ScanResult *result, TupleTableSlot *slot)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(result->cxt);
	MinimalTuple tuple = ExecCopySlotMinimalTuple(slot);

	result->rows = lappend(result->rows, tuple);
	result->next = list_length(result->rows);
	MemoryContextSwitchTo(oldcxt);
	charge_result(scan, result, GetMemoryChunkSpace(tuple) + sizeof(ListCell));
}

/* The next row, or an empty slot. */
static TupleTableSlot *
next_slot(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	ScanResult *result;

	if (scan->result == NULL)
		scan->result = find_result(node);
	result = scan->result;
	scan->pending = false;
	ExecClearTuple(slot);
	if (result->keeps && result->next < list_length(result->rows))
	{
		ExecForceStoreMinimalTuple(list_nth(result->rows, result->next++), slot, false);
		return slot;
	}
	read_row(node, result, slot);
	if (result->keeps && !TTS_EMPTY(slot))
		keep_row(scan, result, slot);
	return slot;
}

TupleTableSlot *
dbaasIterateForeignScan(ForeignScanState *node)
{
	DbaasHiding hiding;
	TupleTableSlot *slot;

	dbaas_error_hide(&hiding, false);
	slot = next_slot(node);
	dbaas_error_unhide(&hiding);
	return slot;
}

void
dbaasReScanForeignScan(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;

	/* Once is not always the last time. */
	scan->keeps_rows = true;
	scan->result = NULL;
}

void
dbaasEndForeignScan(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;

	if (scan == NULL)
		return;
	drop_results(scan);
	if (scan->statement)
		dbaas_statement_tell_missed(scan->statement);
}

/* ------------------------------------------------------------------------
 * Asking ahead
 * ------------------------------------------------------------------------ */

bool
dbaas_scan_is_ours(const PlanState *node)
{
	return IsA(node, ForeignScanState) &&
		((const ForeignScanState *) node)->fdwroutine->IterateForeignScan == dbaasIterateForeignScan;
}

uint64
dbaas_scans_begun(void)
{
	return scans_begun;
}

void
dbaas_scan_ask_ahead(ForeignScanState *node, uint64 row)
{
	DbaasScanState *scan = node->fdw_state;
	ScanResult *result = make_result(node);
	ScanResult *old = result_entry(scan, result->hash, node->ss.ps.state->es_query_cxt)->result;

	if (old && old->ahead)
		old->wanted_by = row;
	if (old && (old->ahead || old->keeps || old == scan->result))
	{
		MemoryContextDelete(result->cxt);
		return;
	}
	if (scan->nahead >= scan->trust || !dbaas_arguments_can_yield(scan->table, &result->arguments) ||
		begin_fetch(node, result) != NULL)
	{
		MemoryContextDelete(result->cxt);
		return;
	}
	if (old)
		drop_result(scan, old);
	add_result(node, &scan->ahead, result);
	result->ahead = result->unused = true;
	result->wanted_by = row;
	scan->nahead++;
	scan->asked_ahead++;
	dbaas_fetch_start(result->fetch);
}

bool
dbaas_scan_was_run(const ForeignScanState *node)
{
	return ((const DbaasScanState *) node->fdw_state)->was_run;
}

int
dbaas_scan_unread(const ForeignScanState *node)
{
	return ((const DbaasScanState *) node->fdw_state)->nahead;
}

Size
dbaas_scan_unread_bytes(const ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;
	Size		bytes = 0;
	dlist_iter	iter;

	dlist_foreach(iter, &scan->ahead)
		bytes += dbaas_fetch_bytes(dlist_container(ScanResult, node, iter.cur)->fetch);
	return bytes;
}

void
dbaas_scan_pass(ForeignScanState *node, uint64 row)
{
	DbaasScanState *scan = node->fdw_state;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &scan->ahead)
	{
		ScanResult *result = dlist_container(ScanResult, node, iter.cur);

		if (result->wanted_by <= row)
		{
			drop_result(scan, result);
			scan->trust = 0;
		}
	}
	poke_ahead(scan);
}

void
dbaas_scan_leave(ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;

	while (!dlist_is_empty(&scan->ahead))
		adopt_result(scan, dlist_tail_element(ScanResult, node, &scan->ahead));
}

int
dbaas_scan_concurrency(const ForeignScanState *node)
{
	const DbaasScanState *scan = node->fdw_state;

	return scan->conn ? dbaas_connection_limits(scan->conn)->concurrency : 1;
}

const DbaasTable *
dbaas_scan_table(const ForeignScanState *node)
{
	return ((const DbaasScanState *) node->fdw_state)->table;
}

const DbaasCounters *
dbaas_scan_counters(const ForeignScanState *node)
{
	return &((const DbaasScanState *) node->fdw_state)->counters;
}

int64
dbaas_scan_asked_ahead(const ForeignScanState *node)
{
	return ((const DbaasScanState *) node->fdw_state)->asked_ahead;
}

int64
dbaas_scan_never_used(const ForeignScanState *node)
{
	DbaasScanState *scan = node->fdw_state;
	int64		n = scan->unused + scan->nahead;
	dlist_iter	iter;

	dlist_foreach(iter, &scan->results)
		n += dlist_container(ScanResult, node, iter.cur)->unused;
	return n;
}

void
dbaas_scan_start_together(EState *estate, List *scans)
{
	*dbaas_statement_together(dbaas_statement_get(estate->es_query_cxt)) = scans;
}

/* ------------------------------------------------------------------------
 * Asynchronous execution, under an Append
 * ------------------------------------------------------------------------ */

/* Gives the Append a row, the end, or the promise of one of these. */
static void
answer_request(AsyncRequest *areq)
{
	ForeignScanState *node = (ForeignScanState *) areq->requestee;
	DbaasScanState *scan = node->fdw_state;
	TupleTableSlot *slot;

	scan->async = true;
	slot = node->ss.ps.ExecProcNodeReal(&node->ss.ps);
	scan->async = false;
	if (TupIsNull(slot) && scan->pending)
		ExecAsyncRequestPending(areq);
	else
		ExecAsyncRequestDone(areq, TupIsNull(slot) ? NULL : slot);
}

void
dbaasForeignAsyncRequest(AsyncRequest *areq)
{
	answer_request(areq);
}

/* Does another scan of ours wait in the Append's set already, this time? */
static bool
is_watched(AppendState *append, const AsyncRequest *areq)
{
	int			i = -1;

	while ((i = bms_next_member(append->as_asyncplans, i)) >= 0 && i < areq->request_index)
	{
		AsyncRequest *other = append->as_asyncrequests[i];

		if (other->callback_pending && IsA(other->requestee, ForeignScanState) &&
			((ForeignScanState *) other->requestee)->fdwroutine->ForeignAsyncConfigureWait ==
			dbaasForeignAsyncConfigureWait)
			return true;
	}
	return false;
}

/*
 * One descriptor stands for all sockets, so that the Append needs it but once,
 * for the first scan that waits; the others are asked each time they come by
 * here.  What came while another scan was served is in no socket any more, so
 * asking comes first.
 */
void
dbaasForeignAsyncConfigureWait(AsyncRequest *areq)
{
	AppendState *append = (AppendState *) areq->requestor;
	int			descriptor;

	areq->callback_pending = false;
	answer_request(areq);
	if (!areq->callback_pending)
	{
		dbaas_call_wake();
		ExecAsyncResponse(areq);
		return;
	}

	/* Its alarm has to know of what this scan waits for, in any case. */
	descriptor = dbaas_call_descriptor(dbaas_progress_tell());
	if (!is_watched(append, areq))
		AddWaitEventToSet(append->as_eventset, WL_SOCKET_READABLE, descriptor, NULL, areq);
}

void
dbaasForeignAsyncNotify(AsyncRequest *areq)
{
	dbaas_call_perform();
	answer_request(areq);
}
