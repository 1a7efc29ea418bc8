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

#include "read/statement.h"

/*
 * What it would mean for the statement that the EState runs if this scan skipped
 * a zone: DBAAS_OUTAGE_TAKES if the scan may, else the reason why it must not.
 * The plan is analyzed once for each statement.
 */
extern DbaasOutage dbaas_skip_zones_outage(EState *estate, const ForeignScan *plan);

#endif							/* DBAAS_SKIP_ZONES_H */
