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
extern void dbaasForeignAsyncRequest(AsyncRequest *areq);
extern void dbaasForeignAsyncConfigureWait(AsyncRequest *areq);
extern void dbaasForeignAsyncNotify(AsyncRequest *areq);

/* Is the node a scan of ours? */
extern bool dbaas_scan_is_ours(const PlanState *node);

/*
 * Number of scans of ours that this backend has begun.
 */
extern uint64 dbaas_scans_begun(void);

/* A row that no other comes behind. */
#define DBAAS_LAST_ROW PG_UINT64_MAX

/*
 * Makes the first requests for the arguments that hold now, so that the answer
 * is on its way when the scan is run under them: then, and not before, it is
 * read.  "row" is the number of the row, in an order of the caller's, whose
 * turn that will be.  Does nothing when the rows of these arguments are there,
 * or on their way, or need no request.  An error is left to the run itself.
 * Evaluates the key expressions.
 */
extern void dbaas_scan_ask_ahead(ForeignScanState *node, uint64 row);

/* Was the scan run, so that its key expressions have been evaluated? */
extern bool dbaas_scan_was_run(const ForeignScanState *node);

/* How much was asked ahead and is not read yet, and the memory that needs. */
extern int	dbaas_scan_unread(const ForeignScanState *node);
extern Size dbaas_scan_unread_bytes(const ForeignScanState *node);

/*
 * Drops what was asked ahead for rows up to that one, and not read; lets the
 * rest go on.  A scan whose rows passed without a use for what was asked asks
 * for nothing ahead until it is run for one again, then for few.
 */
extern void dbaas_scan_pass(ForeignScanState *node, uint64 row);

/*
 * The rows are left: what was asked ahead for them is kept, as long as there is
 * room, in case that they come again.
 */
extern void dbaas_scan_leave(ForeignScanState *node);

/* Requests that may be in flight at once; 1 while that is not known. */
extern int	dbaas_scan_concurrency(const ForeignScanState *node);

/*
 * Says that the scans of a list, of one statement, are to make their first
 * requests together, when the first scan of the statement is run.
 */
extern void dbaas_scan_start_together(EState *estate, List *scans);

/* The table that the scan reads. */
extern const DbaasTable *dbaas_scan_table(const ForeignScanState *node);

/* What the scan has asked for: all of it; ahead of need; of that, what no run used. */
extern const DbaasCounters *dbaas_scan_counters(const ForeignScanState *node);
extern int64 dbaas_scan_asked_ahead(const ForeignScanState *node);
extern int64 dbaas_scan_never_used(const ForeignScanState *node);

#endif							/* DBAAS_SCAN_H */
