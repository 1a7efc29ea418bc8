/*-------------------------------------------------------------------------
 *
 * read.h
 *		A read: what is asked of the API, how far, and for whom.
 *
 * A scan, ANALYZE or a write fills in a DbaasRead once.  The modules of this
 * folder get it by const pointer, and keep what they derive from it themselves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_READ_H
#define DBAAS_READ_H

#include "datatype/timestamp.h"

#include "api/zones.h"
#include "read/key.h"
#include "read/statement.h"
#include "tables/catalogue.h"

/*
 * What would come of it if the statement skipped the rows of a zone that is not
 * available.  The server's option unavailable_zones only counts when that is
 * allowed.
 */
typedef enum DbaasSkip
{
	DBAAS_SKIP_NEVER,			/* not asked: no zone is skipped, as in
								 * ANALYZE */
	DBAAS_SKIP_CHANGES_WRITES,	/* it could write something else */
	DBAAS_SKIP_ADDS_ROWS,		/* its result could have other rows */
	DBAAS_SKIP_ALLOWED			/* its result only lacks the rows */
} DbaasSkip;

typedef struct DbaasRead
{
	/* For whom */
	DbaasConnection *conn;
	DbaasStatement *statement;
	DbaasCounters *counters;	/* add what the read costs here; or NULL */
	DbaasSkip	skip;			/* may zones be skipped? */
	bool		bypass_shared;	/* use no response that other scans share, but
								 * for lists of parents */

	/* What; not set where a write looks up services */
	const DbaasResource *resource;
	const DbaasEndpoint *endpoint;
	const DbaasKey *keys;		/* by catalogue column */

	/* How much, in which order */
	int64		limit;			/* rows of each target that suffice; -1: all */
	bool		bounded;		/* entries before "since" are not needed */
	TimestampTz since;
	const char *order;			/* asc or desc: direction to read pages in;
								 * NULL: as the keys say */
	bool		merge;			/* give rows in that order over all targets */
	bool		eager;			/* send requests before their rows are needed */
} DbaasRead;

/*
 * The zones of the read's server, as dbaas_zones_get() gives them.  The first
 * time a statement asks, a list older than the setting zones_ttl is renewed.
 * When one of the n zones in "named" is not in the list but may be in a newer one,
 * the list is renewed as well, at most once in a statement.  Waits.
 */
extern DbaasError *dbaas_read_zones(const DbaasRead *read, const char *const *named, int n,
									const DbaasZones **zones);

#endif							/* DBAAS_READ_H */
