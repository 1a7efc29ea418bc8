/*-------------------------------------------------------------------------
 *
 * fetch.h
 *		Carrying out a read: from its keys to the rows of its responses.
 *
 * Fans out over zones, values and parents (target.h), follows pages (chain.h)
 * and merges them (merge.h), with up to max_concurrency requests in flight.
 * Knows the catalogue, but neither the planner nor the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_FETCH_H
#define DBAAS_FETCH_H

#include "read/chain.h"

typedef struct DbaasFetch DbaasFetch;

/*
 * Begins to carry out a read, in a memory context of its own under the current
 * one.  The read is copied; what it points to must outlive the fetch.  Waits when
 * the zones have to be learned.  Returns NULL, or the error of a value that the
 * API does not accept (22023) or of learning the zones.
 */
extern DbaasError *dbaas_fetch_begin(const DbaasRead *read, DbaasFetch **result);

/*
 * Goes to the next row, without waiting.  With DBAAS_READ_NEXT, *rows stands on it
 * and *origin says where it is from, until the next call.  Returns NULL or an error.
 */
extern DbaasError *dbaas_fetch_next(DbaasFetch *fetch, DbaasReadStatus *status,
									DbaasRows **rows, const DbaasOrigin **origin);

/*
 * Does what can be done without waiting and without taking a row: sends the first
 * requests, once it is known which these are.  An error comes with the next row.
 */
extern void dbaas_fetch_start(DbaasFetch *fetch);

/* Memory that the fetch needs by now, responses included. */
extern Size dbaas_fetch_bytes(const DbaasFetch *fetch);

/* Ends it, with the requests that are in flight. */
extern void dbaas_fetch_end(DbaasFetch *fetch);

#endif							/* DBAAS_FETCH_H */
