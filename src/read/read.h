/*-------------------------------------------------------------------------
 *
 * read.h
 *		A read: what to request of the API, how much of it, and for whom.
 *
 * A scan, ANALYZE or a write fills in a DbaasRead once.  The modules of this folder do
 * not change it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_READ_H
#define DBAAS_READ_H

#include "datatype/timestamp.h"

#include "api/zones.h"
#include "read/cache.h"
#include "read/key.h"
#include "read/statement.h"
#include "tables/catalogue.h"

/*
 * May the statement skip the rows of a zone that is not available?  The server's option
 * unavailable_zones and the setting of that name have an effect only with
 * DBAAS_SKIP_ALLOWED; the other values say why skipping is not allowed.
 */
typedef enum DbaasSkip
{
	DBAAS_SKIP_NEVER,			/* never for this kind of read, such as
								 * ANALYZE */
	DBAAS_SKIP_CHANGES_WRITES,	/* the statement could write other values */
	DBAAS_SKIP_ADDS_ROWS,		/* its result could have additional rows */
	DBAAS_SKIP_ALLOWED			/* its result would only lack rows */
} DbaasSkip;

typedef struct DbaasDecoder DbaasDecoder;

typedef struct DbaasRead
{
	/* For whom */
	DbaasConnection *conn;
	DbaasStatement *statement;
	DbaasCounters *counters;	/* counts what the read does; or NULL */
	DbaasBudget *budget;		/* the statement's; NULL: the read is to be
								 * carried out however much was sent */
	DbaasSkip	skip;			/* may zones be skipped? */
	DbaasCaching caching;		/* may it use kept responses? */
	bool		bypass_shared;	/* use no response that other scans share, but
								 * for lists of parents */

	/* What; not set where a write looks up services */
	const DbaasResource *resource;
	const DbaasEndpoint *endpoint;
	const DbaasKey *keys;		/* by catalogue column */
	DbaasDecoder *decoder;		/* checks the pages of targets that tell their
								 * outcomes; or NULL */

	/* How much, in which order */
	int64		limit;			/* rows of each target that suffice; -1: all */
	bool		has_since;
	bool		has_until;
	TimestampTz since;			/* entries before this are not needed */
	TimestampTz until;			/* entries after this are not needed */
	const char *order;			/* asc or desc: direction to read pages in;
								 * NULL: as the keys say */
	bool		either_order;	/* the order of entries does not matter, and
								 * there are both bounds: each target is read
								 * from the end that is nearer to them */
	bool		merge;			/* return the rows of all targets in that
								 * order */
	bool		eager;			/* send requests before their rows are needed */
} DbaasRead;

/*
 * dbaas_zones_get() for the read's server.  The first time in a statement, renews a
 * list that is older than the setting zones_ttl.  Also renews it, at most once in a
 * statement, when one of the n zones in "named" is not in the list but may be in a
 * newer one.  But a transaction with one snapshot keeps the zones that it has begun with,
 * unless the read is one of DBAAS_CACHE_NOTHING.  Waits.
 */
extern DbaasError *dbaas_read_zones(const DbaasRead *read, const char *const *named, int n,
									const DbaasZones **zones);

#endif							/* DBAAS_READ_H */
