/*-------------------------------------------------------------------------
 *
 * fetch.h
 *		From a set of keys to rows of answers: which requests, in what order.
 *
 * Fans out over zones, values and parents; follows pages; keeps
 * max_concurrency requests in flight.  Knows the catalogue, but neither the
 * planner nor the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_FETCH_H
#define DBAAS_FETCH_H

#include "call.h"
#include "catalogue.h"
#include "decode.h"
#include "statement.h"

/* What a query says of a column that is a key. */
typedef struct DbaasKey
{
	bool		given;			/* the values below, and no others */
	int			n;
	const char **values;		/* in UTF-8, each once, sorted */
} DbaasKey;

/*
 * The key also has to be one of n values, which are sorted in place: those that
 * it may have had before, and that are among them, remain.  Serves interrupts.
 */
extern void dbaas_key_restrict(DbaasKey *key, const char **values, int n);

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
	bool		eager;			/* ask ahead of need */
	bool		skip_unavailable;	/* a zone out of reach is left out */
} DbaasFetchSpec;

typedef struct DbaasFetch DbaasFetch;

typedef enum DbaasFetchStatus
{
	DBAAS_FETCH_ROW,			/* there is a row */
	DBAAS_FETCH_PENDING,		/* there may be one later: dbaas_call_wait() */
	DBAAS_FETCH_END,
	DBAAS_FETCH_FAILED			/* see *error */
} DbaasFetchStatus;

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
extern DbaasFetchStatus dbaas_fetch_next(DbaasFetch *fetch, DbaasRows **rows,
										 const DbaasOrigin **origin, DbaasError **error);

/* Ends it, with the requests that are in flight. */
extern void dbaas_fetch_end(DbaasFetch *fetch);

/*
 * Which of a resource's endpoints a query reads, when it gives values for the
 * columns of which given[] is true.
 */
extern const DbaasEndpoint *dbaas_fetch_endpoint(const DbaasResource *resource,
												 const bool *given);

/* Is the column a parameter of the endpoint's requests? */
extern bool dbaas_fetch_is_param(const DbaasEndpoint *endpoint, const DbaasColumn *column);

#endif							/* DBAAS_FETCH_H */
