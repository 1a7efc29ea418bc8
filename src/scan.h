/*-------------------------------------------------------------------------
 *
 * scan.h
 *		Running a foreign scan, and what EXPLAIN says of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SCAN_H
#define DBAAS_SCAN_H

#include "foreign/fdwapi.h"

/* Callbacks of FdwRoutine. */
extern void dbaasBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *dbaasIterateForeignScan(ForeignScanState *node);
extern void dbaasReScanForeignScan(ForeignScanState *node);
extern void dbaasEndForeignScan(ForeignScanState *node);
extern void dbaasForeignAsyncRequest(AsyncRequest *areq);
extern void dbaasForeignAsyncConfigureWait(AsyncRequest *areq);
extern void dbaasForeignAsyncNotify(AsyncRequest *areq);
extern void dbaasExplainForeignScan(ForeignScanState *node, struct ExplainState *es);

#endif							/* DBAAS_SCAN_H */
