/*-------------------------------------------------------------------------
 *
 * fetch.h
 *		From a set of keys to rows of answers: which requests, in what order.
 *
 * Fans out over zones, values and parents (target.h), follows pages (chain.h),
 * merges them (merge.h); keeps max_concurrency requests in flight.  Knows the
 * catalogue, but neither the planner nor the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_FETCH_H
#define DBAAS_FETCH_H

#include "read/chain.h"

typedef struct DbaasFetchSpec
{
	const DbaasResource *resource;
	const DbaasEndpoint *endpoint;
	const DbaasKey *keys;		/* by catalogue column */
	int64		limit;			/* rows that suffice, of each target; -1: all */
	const char *order;			/* asc or desc: direction to read pages in, or
								 * NULL: as the keys say */
	bool		merge;			/* rows come in that order over all targets */
	bool		bounded;		/* entries before "since" are not needed */
	TimestampTz since;
	bool		anew;			/* no answer that the statement's scans share */
	bool		eager;			/* ask ahead of need */
	DbaasOutage outage;			/* where a zone is not available */
} DbaasFetchSpec;

typedef struct DbaasFetch DbaasFetch;

/*
 * Starts fetching, in a context of its own under the current one.  What spec
 * points to must outlive the fetch.  Waits when the zones have to be learned.
 * Returns NULL, or the error of a value that the API does not accept (22023)
 * or of learning the zones.
 */
extern DbaasError *dbaas_fetch_begin(DbaasConnection *conn, DbaasStatement *statement,
									 const DbaasFetchSpec *spec,
									 DbaasCounters *counters, DbaasFetch **fetch);

/*
 * Goes to the next row, without waiting.  *rows then stands on it and *origin
 * says where it is from; both hold until the next call.
 */
extern DbaasReadStatus dbaas_fetch_next(DbaasFetch *fetch, DbaasRows **rows,
										 const DbaasOrigin **origin, DbaasError **error);

/*
 * Does what can be done without waiting and without taking a row: makes the
 * first requests, as soon as it is known which.  What goes wrong comes with the
 * next row.
 */
extern void dbaas_fetch_start(DbaasFetch *fetch);

/* Memory that its answers, and the rest of it, need by now. */
extern Size dbaas_fetch_bytes(const DbaasFetch *fetch);

/* Ends it, with the requests that are in flight. */
extern void dbaas_fetch_end(DbaasFetch *fetch);

#endif							/* DBAAS_FETCH_H */
