/*-------------------------------------------------------------------------
 *
 * skip_zones.h
 *		Which scans of a statement may skip a zone that is not available.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SKIP_ZONES_H
#define DBAAS_SKIP_ZONES_H

#include "nodes/execnodes.h"

#include "read/read.h"

/*
 * What would come of it if this scan, of the statement that the EState runs,
 * skipped a zone: DBAAS_SKIP_ALLOWED, or why it must not.
 * The plan is analyzed once for each statement.
 */
extern DbaasSkip dbaas_skip_zones_effect(EState *estate, const ForeignScan *plan);

#endif							/* DBAAS_SKIP_ZONES_H */
