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

struct DbaasZones
{
	int			n;
	DbaasZone  *zones;
	bool		learned;		/* read from the API, not made from options */
	DbaasMoment learned_at;
	DbaasMoment tried_at;		/* when the list was last requested */
};

/*
 * GUC dbaas_fdw.zones_ttl: milliseconds after which a list that was learned from the
 * API is learned again; -1: never.
 */
#define DBAAS_ZONES_TTL 300000
extern int	dbaas_zones_ttl;

/*
 * The zones that the server's options select.  Without option "zones", or when
 * "endpoint" does not hold {zone}, they are learned from the API, once for each
 * connection; that waits, and serves interrupts.  The result lives as long as the
 * connection, even if a newer list is learned.  Returns NULL, or an error: one of
 * the call, or an address that may not be used (HV000).
 */
extern DbaasError *dbaas_zones_get(DbaasConnection *conn, DbaasCounters *counters,
								   DbaasBudget *budget, const DbaasZones **result);

/* Learns the zones again if they were learned before the given time.  Waits. */
extern DbaasError *dbaas_zones_renew(DbaasConnection *conn, DbaasCounters *counters,
									 DbaasBudget *budget, DbaasMoment since);

/*
 * Learns the zones again if they were last requested before the given time, and longer
 * ago than dbaas_zones_ttl.  Waits.  Sends one request without retries; if that fails,
 * keeps the old list for another dbaas_zones_ttl.
 */
extern void dbaas_zones_refresh(DbaasConnection *conn, DbaasCounters *counters,
								DbaasBudget *budget, DbaasMoment since);

/* Could a newer list have a zone of that name, which the current list lacks? */
extern bool dbaas_zones_may_appear(const DbaasConnection *conn, const char *name);

/* The zone of that name in a list, or NULL. */
extern const DbaasZone *dbaas_zones_find(const DbaasZones *zones, const char *name);

/* The names of the zones, with commas between them; palloc'd. */
extern char *dbaas_zones_names(const DbaasZones *zones);

/* The base URL of requests that are sent to the server as a whole; palloc'd. */
extern char *dbaas_zones_global_base(const DbaasConnection *conn);

/* Does the server's option "zones" select the zone? */
extern bool dbaas_zones_selected(const DbaasConnection *conn, const char *name);

#endif							/* DBAAS_ZONES_H */
