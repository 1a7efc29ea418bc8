/*-------------------------------------------------------------------------
 *
 * analyze.h
 *		ANALYZE on foreign tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ANALYZE_H
#define DBAAS_ANALYZE_H

#include "foreign/fdwapi.h"

/* Callback of FdwRoutine. */
extern bool dbaasAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func,
									 BlockNumber *totalpages);

#endif							/* DBAAS_ANALYZE_H */
