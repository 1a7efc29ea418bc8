/*-------------------------------------------------------------------------
 *
 * zones.h
 *		The zones of a server and where each is reached.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ZONES_H
#define DBAAS_ZONES_H

#include "call.h"

typedef struct DbaasZone
{
	const char *name;
	const char *base;			/* URL, without a slash at its end */
} DbaasZone;

typedef struct DbaasZones
{
	int			n;
	DbaasZone  *zones;
} DbaasZones;

/*
 * The zones that the server's options select.  Without option "zones", or
 * where "endpoint" does not hold {zone}, they are learned from GET /zone, once
 * for each connection; that waits, and serves interrupts.  The result lives as
 * long as the connection.  Returns NULL, or an error: what a call can end in, or an
 * endpoint that may not be used (HV000).
 */
extern DbaasError *dbaas_zones_get(DbaasConnection *conn, DbaasCounters *counters,
								   const DbaasZones **zones);

/*
 * URL of what is asked once for the server and not in a zone; palloc'd.
 */
extern char *dbaas_zones_global_base(DbaasConnection *conn);

/* Is the zone among those that the server's option "zones" selects? */
extern bool dbaas_zones_selected(DbaasConnection *conn, const char *name);

#endif							/* DBAAS_ZONES_H */
