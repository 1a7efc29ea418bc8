/*-------------------------------------------------------------------------
 *
 * results.c
 *		The rows that a scan has fetched, by the arguments of its runs.
 *
 * A result is in one of two lists.  "prefetched" has those that no run has read yet,
 * "used" the others, and those of an earlier loop that dbaas_results_keep_prefetched() keeps.
 * The rows of the used ones are limited to work_mem; the memory of prefetched
 * responses is limited by the lookahead node, which decides how many there are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "scan/results.h"

/* Upper bound of prefetch_limit. */
#define MAX_PREFETCHED 1024

/*
 * Used results that are not read to their ends, at most.  Each holds a response, so older
 * ones are dropped.  Their rows go as well: a new request could not continue after them,
 * because the API may return rows in another order.
 */
#define MAX_UNFINISHED 32

/* An entry of by_hash. */
typedef struct ResultEntry
{
	uint64		hash;
	DbaasResult *result;
} ResultEntry;

struct DbaasResults
{
	MemoryContext cxt;
	dlist_head	used;			/* the most recently used first */
	dlist_head	prefetched;		/* the most recently requested first */
	HTAB	   *by_hash;		/* of ResultEntry; NULL until it is needed */
	DbaasResult *current;		/* that of the current run, or NULL */
	bool		keeps_rows;
	Size		bytes;			/* of the used results */
	int			nprefetched;	/* length of "prefetched" */
	int			prefetch_limit; /* greatest nprefetched: 0 after a prefetched
								 * result was discarded unused, raised with
								 * each result that is used */
	int64		total_prefetched;
	int64		dropped_unused; /* results that were dropped before any use */
};

DbaasResults *
dbaas_results_new(MemoryContext cxt)
{
	DbaasResults *results = palloc0(sizeof(DbaasResults));

	results->cxt = cxt;
	dlist_init(&results->used);
	dlist_init(&results->prefetched);
	results->prefetch_limit = MAX_PREFETCHED;
	return results;
}

void
dbaas_results_keep_rows(DbaasResults *results)
{
	results->keeps_rows = true;
}

/* ------------------------------------------------------------------------
 * Memory
 * ------------------------------------------------------------------------ */

static void
drop_result(DbaasResults *results, DbaasResult *result)
{
	results->bytes -= result->bytes;
	if (result->is_prefetched)
		results->nprefetched--;
	if (result->is_unused)
		results->dropped_unused++;
	dlist_delete(&result->node);
	if (results->by_hash)
		hash_search(results->by_hash, &result->hash, HASH_REMOVE, NULL);
	MemoryContextDelete(result->cxt);
}

void
dbaas_results_drop(DbaasResults *results)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &results->used)
		drop_result(results, dlist_container(DbaasResult, node, iter.cur));
	dlist_foreach_modify(iter, &results->prefetched)
		drop_result(results, dlist_container(DbaasResult, node, iter.cur));
	results->current = NULL;
}

static void
drop_rows(DbaasResult *result)
{
	for (int64 i = 0; i < result->nrows; i++)
		pfree(result->rows[i]);
	if (result->rows)
		pfree(result->rows);
	result->rows = NULL;
	result->nrows = result->room = 0;
}

/*
 * Charges memory to a used result.  While all of them need more than work_mem,
 * drops the least recently used one; if only the current one is left, it stops
 * keeping its rows.
 */
static void
charge_result(DbaasResults *results, DbaasResult *result, Size bytes)
{
	result->bytes += bytes;
	results->bytes += bytes;
	while (results->bytes > (Size) work_mem * 1024)
	{
		DbaasResult *last = dlist_tail_element(DbaasResult, node, &results->used);

		if (last != results->current)
		{
			drop_result(results, last);
			continue;
		}
		if (!last->keeps_rows)
			break;
		results->bytes -= last->bytes;
		drop_rows(last);
		last->bytes = 0;
		last->keeps_rows = false;
	}
}

static void
limit_unfinished(DbaasResults *results)
{
	int			unfinished = 0;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &results->used)
	{
		DbaasResult *result = dlist_container(DbaasResult, node, iter.cur);

		if (result->fetch && ++unfinished > MAX_UNFINISHED)
			drop_result(results, result);
	}
}

/* ------------------------------------------------------------------------
 * Finding and using results
 * ------------------------------------------------------------------------ */

DbaasResult *
dbaas_results_make(DbaasResults *results, DbaasArgumentExprs *exprs, const DbaasTable *table,
				   ExprContext *econtext)
{
	MemoryContext cxt = AllocSetContextCreate(results->cxt, "dbaas_fdw result",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasResult *result = palloc0(sizeof(DbaasResult));

	result->cxt = cxt;
	dbaas_arguments_evaluate(exprs, table, econtext, &result->arguments);
	MemoryContextSwitchTo(oldcxt);
	result->hash = DatumGetUInt64(hash_any_extended((unsigned char *) result->arguments.text,
													strlen(result->arguments.text), 0));
	return result;
}

void
dbaas_results_free(DbaasResult *made)
{
	MemoryContextDelete(made->cxt);
}

/* The entry of by_hash for a hash; a new entry has no result. */
static ResultEntry *
result_entry(DbaasResults *results, uint64 hash)
{
	bool		found;
	ResultEntry *entry;

	if (results->by_hash == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(uint64);
		ctl.entrysize = sizeof(ResultEntry);
		ctl.hcxt = results->cxt;
		results->by_hash = hash_create("dbaas_fdw results", 64, &ctl,
									   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(results->by_hash, &hash, HASH_ENTER, &found);
	if (!found)
		entry->result = NULL;
	return entry;
}

static void
add_result(DbaasResults *results, dlist_head *list, DbaasResult *result)
{
	result->keeps_rows = results->keeps_rows;
	result_entry(results, result->hash)->result = result;
	dlist_push_head(list, &result->node);
}

/* Moves a result to the head of "used". */
static void
move_to_used(DbaasResults *results, DbaasResult *result)
{
	dlist_delete(&result->node);
	dlist_push_head(&results->used, &result->node);
	if (!result->is_prefetched)
		return;
	result->is_prefetched = false;
	results->nprefetched--;
	charge_result(results, result, MemoryContextMemAllocated(result->cxt, false));
	limit_unfinished(results);
}

/* To be called when a run uses a result that was, or could have been, prefetched. */
static void
raise_prefetch_limit(DbaasResults *results)
{
	results->prefetch_limit = Min(results->prefetch_limit * 2 + 1, MAX_PREFETCHED);
}

DbaasResult *
dbaas_results_use(DbaasResults *results, DbaasResult *made)
{
	DbaasResult *old = result_entry(results, made->hash)->result;

	if (old && (old->keeps_rows || old->is_prefetched) &&
		strcmp(old->arguments.text, made->arguments.text) == 0)
	{
		dbaas_results_free(made);
		if (old->is_unused)
			raise_prefetch_limit(results);
		old->is_unused = false;
		old->next = 0;
		results->current = old;
		move_to_used(results, old);
		return old;
	}
	if (old)
		drop_result(results, old);
	if (!results->keeps_rows)
		dbaas_results_drop(results);
	add_result(results, &results->used, made);
	raise_prefetch_limit(results);
	results->current = made;
	charge_result(results, made, MemoryContextMemAllocated(made->cxt, true));
	limit_unfinished(results);
	return made;
}

DbaasResult *
dbaas_results_current(const DbaasResults *results)
{
	return results->current;
}

void
dbaas_results_leave(DbaasResults *results)
{
	results->current = NULL;
}

MinimalTuple
dbaas_results_next_row(DbaasResult *result)
{
	if (!result->keeps_rows || result->next >= result->nrows)
		return NULL;
	return result->rows[result->next++];
}

/*
 * Makes room for more rows.  A List would do, but where PostgreSQL checks its memory, each
 * lappend() copies the whole list.
 */
static void
add_room(DbaasResult *result)
{
	result->room = Max(2 * result->room, 16);
	result->rows = result->rows ?
		repalloc_huge(result->rows, result->room * sizeof(MinimalTuple)) :
		palloc(result->room * sizeof(MinimalTuple));
}

void
dbaas_results_keep_row(DbaasResults *results, DbaasResult *result, TupleTableSlot *slot)
{
	MemoryContext oldcxt;
	MinimalTuple tuple;

	if (!result->keeps_rows)
		return;
	oldcxt = MemoryContextSwitchTo(result->cxt);
	tuple = ExecCopySlotMinimalTuple(slot);
	if (result->nrows == result->room)
		add_room(result);
	result->rows[result->nrows++] = tuple;
	result->next = result->nrows;
	MemoryContextSwitchTo(oldcxt);
	charge_result(results, result, GetMemoryChunkSpace(tuple) + sizeof(MinimalTuple));
}

/* ------------------------------------------------------------------------
 * Prefetching
 * ------------------------------------------------------------------------ */

bool
dbaas_results_may_prefetch(DbaasResults *results, const DbaasResult *made, uint64 row)
{
	DbaasResult *old = result_entry(results, made->hash)->result;

	if (old && old->is_prefetched)
		old->last_row = row;
	if (old && (old->is_prefetched || old->keeps_rows || old == results->current))
		return false;
	return results->nprefetched < results->prefetch_limit;
}

void
dbaas_results_add_prefetched(DbaasResults *results, DbaasResult *made, uint64 row)
{
	DbaasResult *old = result_entry(results, made->hash)->result;

	if (old)
		drop_result(results, old);
	add_result(results, &results->prefetched, made);
	made->is_prefetched = made->is_unused = true;
	made->last_row = row;
	results->nprefetched++;
	results->total_prefetched++;
}

void
dbaas_results_continue_prefetched(DbaasResults *results)
{
	dlist_iter	iter;

	dlist_foreach(iter, &results->prefetched)
		dbaas_fetch_start(dlist_container(DbaasResult, node, iter.cur)->fetch);
}

void
dbaas_results_discard_prefetched(DbaasResults *results, uint64 row)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &results->prefetched)
	{
		DbaasResult *result = dlist_container(DbaasResult, node, iter.cur);

		if (result->last_row <= row)
		{
			drop_result(results, result);
			results->prefetch_limit = 0;
		}
	}
	dbaas_results_continue_prefetched(results);
}

void
dbaas_results_keep_prefetched(DbaasResults *results)
{
	while (!dlist_is_empty(&results->prefetched))
		move_to_used(results, dlist_tail_element(DbaasResult, node, &results->prefetched));
}

int
dbaas_results_count_prefetched(DbaasResults *results)
{
	int			n = 0;
	dlist_iter	iter;

	dlist_foreach(iter, &results->prefetched)
		n += dbaas_fetch_has_requests(dlist_container(DbaasResult, node, iter.cur)->fetch);
	return n;
}

Size
dbaas_results_prefetched_bytes(DbaasResults *results)
{
	Size		bytes = 0;
	dlist_iter	iter;

	dlist_foreach(iter, &results->prefetched)
		bytes += dbaas_fetch_bytes(dlist_container(DbaasResult, node, iter.cur)->fetch);
	return bytes;
}

int64
dbaas_results_total_prefetched(const DbaasResults *results)
{
	return results->total_prefetched;
}

int64
dbaas_results_total_unused(DbaasResults *results)
{
	int64		unused = results->dropped_unused + results->nprefetched;
	dlist_iter	iter;

	dlist_foreach(iter, &results->used)
		unused += dlist_container(DbaasResult, node, iter.cur)->is_unused;
	return unused;
}
