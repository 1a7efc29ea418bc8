/*-------------------------------------------------------------------------
 *
 * results.h
 *		The rows that a scan has fetched, by the arguments of its runs.
 *
 * A scan may be run many times, each time with other arguments.  It keeps the
 * rows of earlier runs, and the responses that were prefetched for later ones.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_RESULTS_H
#define DBAAS_RESULTS_H

#include "executor/tuptable.h"
#include "lib/ilist.h"

#include "plan/arguments.h"
#include "read/fetch.h"

/* The rows for one set of arguments: those that were fetched, and the fetch of the others. */
typedef struct DbaasResult
{
	MemoryContext cxt;			/* holds the result itself and all below */
	DbaasArguments arguments;
	DbaasFetch *fetch;			/* NULL: not begun, or at its end */
	bool		at_end;			/* every row was read */

	/* results.c's own */
	dlist_node	node;			/* in a list of DbaasResults */
	uint64		hash;			/* of the arguments' text */
	bool		keeps_rows;		/* are rows kept in "rows"? */
	bool		is_prefetched;	/* it is in the list "prefetched" */
	bool		is_unused;		/* it was prefetched, and no run has used it */
	uint64		last_row;		/* outer row that it was last prefetched for */
	MinimalTuple *rows;			/* or NULL */
	int64		nrows;
	int64		room;			/* for so many rows */
	int64		next;			/* index in "rows" of the next row to return */
	Size		bytes;			/* memory that was charged to the scan */
} DbaasResult;

/* All results of a scan. */
typedef struct DbaasResults DbaasResults;

/* An empty set, in the current memory context.  Results are children of cxt. */
extern DbaasResults *dbaas_results_new(MemoryContext cxt);

/* From now on, rows are kept: the scan may be run again. */
extern void dbaas_results_keep_rows(DbaasResults *results);

/*
 * Evaluates the expressions, and makes a result for these arguments, without rows.  It
 * belongs to the caller, until dbaas_results_use() or dbaas_results_add_prefetched() takes
 * it.  Raises what the expressions raise.
 */
extern DbaasResult *dbaas_results_make(DbaasResults *results, DbaasArgumentExprs *exprs,
									   const DbaasTable *table, ExprContext *econtext);

/* Frees a result that dbaas_results_make() made and that was not taken. */
extern void dbaas_results_free(DbaasResult *made);

/*
 * Makes a result for the arguments of "made" the current one, at its first row, and returns
 * it.  If one is kept for the same arguments, takes that and frees "made"; else takes
 * "made".
 */
extern DbaasResult *dbaas_results_use(DbaasResults *results, DbaasResult *made);

/* The current result; NULL after dbaas_results_leave() and before the first use. */
extern DbaasResult *dbaas_results_current(const DbaasResults *results);

/* The current run ends.  Its rows are kept. */
extern void dbaas_results_leave(DbaasResults *results);

/* The next of the rows that are kept; NULL if the next row has to be fetched. */
extern MinimalTuple dbaas_results_next_row(DbaasResult *result);

/*
 * Keeps a copy of a row that was fetched, if rows are kept.  May free results
 * that are not the current one, to stay within work_mem.
 */
extern void dbaas_results_keep_row(DbaasResults *results, DbaasResult *result,
								   TupleTableSlot *slot);

/*
 * Should a result be prefetched for an outer row?  Not if its rows are kept or have been
 * requested already, and not past the current limit.  If they have been prefetched, notes
 * that they are for this row as well.
 */
extern bool dbaas_results_may_prefetch(DbaasResults *results, const DbaasResult *made,
									   uint64 row);

/* Takes a result, whose fetch has begun, as prefetched for that outer row. */
extern void dbaas_results_add_prefetched(DbaasResults *results, DbaasResult *made, uint64 row);

/* Makes the next requests of prefetched results, which may wait for a list of parents. */
extern void dbaas_results_continue_prefetched(DbaasResults *results);

/* See dbaas_scan_discard_prefetched() and dbaas_scan_keep_prefetched(). */
extern void dbaas_results_discard_prefetched(DbaasResults *results, uint64 row);
extern void dbaas_results_keep_prefetched(DbaasResults *results);

/*
 * How many prefetched results no run has read, of those that made requests, and the
 * memory that all of them need.  Of results that share a request, one made it.
 */
extern int	dbaas_results_count_prefetched(DbaasResults *results);
extern Size dbaas_results_prefetched_bytes(DbaasResults *results);

/* How many results were ever prefetched; and of them, those that no run used. */
extern int64 dbaas_results_total_prefetched(const DbaasResults *results);
extern int64 dbaas_results_total_unused(DbaasResults *results);

/* Frees all results, and ends their requests. */
extern void dbaas_results_drop(DbaasResults *results);

#endif							/* DBAAS_RESULTS_H */
