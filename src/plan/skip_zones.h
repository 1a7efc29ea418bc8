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
 * May this scan, of the statement that the EState runs, skip a zone?  Returns
 * DBAAS_SKIP_ALLOWED, or else the reason why it must not.  Analyzes the plan of a statement
 * only once.
 */
extern DbaasSkip dbaas_skip_zones_check(EState *estate, const ForeignScan *plan);

/* Does the statement write to a table of ours? */
extern bool dbaas_skip_zones_writes_ours(EState *estate);

#endif							/* DBAAS_SKIP_ZONES_H */
