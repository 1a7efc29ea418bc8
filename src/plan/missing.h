/*-------------------------------------------------------------------------
 *
 * missing.h
 *		Where rows of a zone that is not available may be missing.
 *
 * They may where their absence only takes rows from what a statement returns.
 * Where it could add one, or where the statement writes, they may not.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_MISSING_H
#define DBAAS_MISSING_H

#include "nodes/execnodes.h"

#include "read/statement.h"

/*
 * What a scan's statement allows when a zone is not available.  The plan is one
 * of the EState's statement; looks at that once for each statement.
 */
extern DbaasOutage dbaas_missing_outage(EState *estate, const ForeignScan *plan);

#endif							/* DBAAS_MISSING_H */
