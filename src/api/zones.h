/*-------------------------------------------------------------------------
 *
 * zones.h
 *		The zones of a server and where each is reached.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ZONES_H
#define DBAAS_ZONES_H

#include "api/call.h"

typedef struct DbaasZone
{
	const char *name;
	const char *base;			/* URL, without a slash at its end */
} DbaasZone;

typedef struct DbaasZones
{
	int			n;
	DbaasZone  *zones;
	bool		learned;		/* else they follow from the options */
	DbaasMoment learned_at;
	DbaasMoment tried_at;		/* to learn them anew */
} DbaasZones;

/*
 * GUC dbaas_fdw.zones_ttl: milliseconds after which a list that was learned is
 * learned anew; -1: never.
 */
#define DBAAS_ZONES_TTL 300000
extern int	dbaas_zones_ttl;

/*
 * The zones that the server's options select.  Without option "zones", or
 * where "endpoint" does not hold {zone}, they are learned from GET /zone, once
 * for each connection; that waits, and serves interrupts.  The result lives as
 * long as the connection, also when others are learned.  Returns NULL, or an
 * error: what a call can end in, or an endpoint that may not be used (HV000).
 */
extern DbaasError *dbaas_zones_get(DbaasConnection *conn, DbaasCounters *counters,
								   const DbaasZones **zones);

/*
 * Learns anew what was learned, unless that was since the given moment.  Waits.
 */
extern DbaasError *dbaas_zones_renew(DbaasConnection *conn, DbaasCounters *counters,
									 DbaasMoment since);

/*
 * The same when the list is older than dbaas_zones_ttl.  That is tried once: where
 * it fails, the zones stay what they are for as long again.
 */
extern void dbaas_zones_refresh(DbaasConnection *conn, DbaasCounters *counters,
								DbaasMoment since);

/* May the zone, which the list does not have, be there when it is learned anew? */
extern bool dbaas_zones_may_appear(DbaasConnection *conn, const char *name);

/* The zone of that name in a list, or NULL. */
extern const DbaasZone *dbaas_zones_find(const DbaasZones *zones, const char *name);

/*
 * URL of what is asked once for the server and not in a zone; palloc'd.
 */
extern char *dbaas_zones_global_base(DbaasConnection *conn);

/* Is the zone among those that the server's option "zones" selects? */
extern bool dbaas_zones_selected(DbaasConnection *conn, const char *name);

#endif							/* DBAAS_ZONES_H */
