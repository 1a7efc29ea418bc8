/*-------------------------------------------------------------------------
 *
 * explain.h
 *		What EXPLAIN says of a foreign scan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_EXPLAIN_H
#define DBAAS_EXPLAIN_H

#include "foreign/fdwapi.h"

/* Callback of FdwRoutine.  Asks the API for nothing. */
extern void dbaasExplainForeignScan(ForeignScanState *node, struct ExplainState *es);

#endif							/* DBAAS_EXPLAIN_H */
