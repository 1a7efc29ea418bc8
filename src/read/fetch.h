/*-------------------------------------------------------------------------
 *
 * fetch.h
 *		Executes a read: from its keys to the rows of its responses.
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
 * Begins to execute a read, in a memory context of its own under the current one.  The
 * read is copied; what it points to must outlive the fetch.  Waits if the zones have to
 * be learned.  Returns NULL, or the error of a value that the API does not accept
 * (22023), or of learning the zones.
 */
extern DbaasError *dbaas_fetch_begin(const DbaasRead *read, DbaasFetch **result);

/*
 * Goes to the next row, without waiting.  With DBAAS_READ_NEXT, it is the current row of
 * *rows, and *origin is its origin, until the next call.  *rows is NULL in a row that tells
 * an outcome.  Returns NULL or an error.
 */
extern DbaasError *dbaas_fetch_next(DbaasFetch *fetch, DbaasReadStatus *status,
									DbaasRows **rows, const DbaasOrigin **origin);

/*
 * Sends the first requests, as far as they are known yet, without waiting.
 * dbaas_fetch_next() returns an error of this.
 */
extern void dbaas_fetch_start(DbaasFetch *fetch);

/*
 * May it have requests that no other scan of the statement makes?  Not if it has nothing
 * to request.
 */
extern bool dbaas_fetch_has_requests(const DbaasFetch *fetch);

/* The bytes of memory that the fetch uses, with its responses. */
extern Size dbaas_fetch_bytes(const DbaasFetch *fetch);

/* Ends the fetch and its requests, and frees it. */
extern void dbaas_fetch_end(DbaasFetch *fetch);

#endif							/* DBAAS_FETCH_H */
