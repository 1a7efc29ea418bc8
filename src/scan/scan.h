/*-------------------------------------------------------------------------
 *
 * scan.h
 *		Running a foreign scan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SCAN_H
#define DBAAS_SCAN_H

#include "foreign/fdwapi.h"

#include "api/call.h"
#include "tables/table.h"

/* Callbacks of FdwRoutine. */
extern void dbaasBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *dbaasIterateForeignScan(ForeignScanState *node);
extern void dbaasReScanForeignScan(ForeignScanState *node);
extern void dbaasEndForeignScan(ForeignScanState *node);

/* Is the node a scan of ours? */
extern bool dbaas_scan_is_ours(const PlanState *node);

/* How many scans of ours this backend has begun. */
extern uint64 dbaas_scan_count_begun(void);

/* The table that the scan reads. */
extern const DbaasTable *dbaas_scan_table(const ForeignScanState *node);

/*
 * The spans, as char *, that bounds on the time have chosen for the series which the scan
 * reads; before it is run the one that they will choose, and NIL if that is not known.
 * Raises what the bounds raise.
 */
extern List *dbaas_scan_spans(const ForeignScanState *node);

/*
 * Gets the next row without waiting.  If that is not possible, *pending becomes
 * true and the result is empty; otherwise an empty result is the end.
 */
extern TupleTableSlot *dbaas_scan_poll(ForeignScanState *node, bool *pending);

/*
 * Prefetching
 */

/* For a prefetch that is not for a particular outer row. */
#define DBAAS_NO_ROW PG_UINT64_MAX

/*
 * Makes the first requests for the present values of the key expressions, without waiting
 * for the responses: a later run of the scan with these values reads them.  "row" is the
 * number of the outer row that this run will be for.  Does nothing if the rows are there
 * or have been requested, or need no request.  Raises the errors of evaluating the key
 * expressions; leaves those of requests to the run.
 */
extern void dbaas_scan_prefetch(ForeignScanState *node, uint64 row);

/* Has the scan been run, and so its key expressions been evaluated? */
extern bool dbaas_scan_was_run(const ForeignScanState *node);

/*
 * How many prefetched results no run has read yet, of those that made requests, and the
 * memory that all of them need.  Of results that share a request, one made it.
 */
extern int	dbaas_scan_count_prefetched(const ForeignScanState *node);
extern Size dbaas_scan_prefetched_bytes(const ForeignScanState *node);

/*
 * Discards prefetched results that were requested up to that row and never read.
 * If there were any, prefetching stops until the scan runs again, and then starts
 * small.
 */
extern void dbaas_scan_discard_prefetched(ForeignScanState *node, uint64 row);

/*
 * To be called when the outer rows are read again from the first: keeps prefetched results,
 * within work_mem, because the same rows may come again.
 */
extern void dbaas_scan_keep_prefetched(ForeignScanState *node);

/* Requests that may be in flight at once; 1 until the scan has a connection. */
extern int	dbaas_scan_concurrency(const ForeignScanState *node);

/*
 * When the first scan of the statement is run, these scans, a List of
 * ForeignScanState *, make their first requests together with it.
 */
extern void dbaas_scan_start_together(EState *estate, List *scans);

/*
 * What the scan has counted: its requests; how many results were prefetched;
 * and how many of these no run used.
 */
extern const DbaasCounters *dbaas_scan_counters(const ForeignScanState *node);
extern int64 dbaas_scan_total_prefetched(const ForeignScanState *node);
extern int64 dbaas_scan_total_unused(const ForeignScanState *node);

#endif							/* DBAAS_SCAN_H */
