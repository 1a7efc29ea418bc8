/*-------------------------------------------------------------------------
 *
 * cache.h
 *		Responses that the session keeps from one statement to the next.
 *
 * In a transaction with one snapshot (REPEATABLE READ, SERIALIZABLE) each response is
 * kept to its end, so that all of its statements see the same.  In others it serves
 * while it is younger than cache_ttl.
 *
 * A response serves requests that are equal, over connections to the same server, with
 * the same options, by the same user mapping with the same key and secret.  Errors and
 * status 404 are not kept.  A write that is sent drops all of them: what it changes may
 * show in any list, and in those of other servers with the same organisation.
 *
 * Knows calls; knows no tables and no statements.  Errors are values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CACHE_H
#define DBAAS_CACHE_H

#include "api/zones.h"

/* What a read may take from the cache. */
typedef enum DbaasCaching
{
	/*
	 * Nothing, and it leaves nothing: for look-ups of writes, which are about
	 * what is so now, and for ANALYZE, which counts what is there.
	 */
	DBAAS_CACHE_NOTHING,

	/*
	 * Nothing; but where the transaction has a response already, another one
	 * is an error (40001): for statements that write to the API.  The
	 * responses of a POST, which are logs and metrics, differ each time, and
	 * are not compared.
	 */
	DBAAS_CACHE_CHECKS,

	DBAAS_CACHE_RESPONSES
} DbaasCaching;

/* GUC dbaas_fdw.cache_size: kB of all responses that are kept; 0 keeps none. */
#define DBAAS_CACHE_SIZE 65536
extern int	dbaas_cache_size;

/* GUC dbaas_fdw.cache_ttl, in milliseconds. */
extern int	dbaas_cache_ttl;

/* Registers what ends a transaction's cache; called once, from _PG_init(). */
extern void dbaas_cache_init(void);

/* What tells requests over one connection apart, palloc'd. */
extern char *dbaas_cache_request_text(const DbaasCallSpec *spec);

/*
 * Makes a call of a kept response; or else starts a call, as dbaas_call_start() does, and
 * keeps its response.  If "left_out" is not NULL, does not start it: it has ended with
 * that error, see dbaas_cache_left_out().  Waits if an earlier statement, such as a cursor's,
 * has requested the same, and its response is still to come.
 *
 * In a transaction with one snapshot, the call may end with an error: the response does
 * not fit into cache_size (53400), or differs from the one that is kept (40001).
 */
extern DbaasCall *dbaas_cache_call(DbaasConnection *conn, DbaasCaching caching, MemoryContext cxt,
								   const DbaasCallSpec *spec, const DbaasError *left_out);

/*
 * Notes, for the rest of a transaction with one snapshot, that a zone was left out, and
 * with which error.  Does nothing in others.
 */
extern void dbaas_cache_leave_out(DbaasConnection *conn, const char *zone,
								  const DbaasError *error);

/* That error; NULL if the zone was not left out.  It lives as long as the transaction. */
extern const DbaasError *dbaas_cache_left_out(const DbaasConnection *conn, const char *zone);

/*
 * The zones that a transaction with one snapshot has begun to read; NULL if there are
 * none, or in another transaction.  They live as long as the transaction.
 */
extern const DbaasZones *dbaas_cache_zones(const DbaasConnection *conn);
extern void dbaas_cache_set_zones(DbaasConnection *conn, const DbaasZones *zones);

/*
 * Drops all responses of a server, or of all servers with InvalidOid, and what was noted
 * of their zones.  Responses that are still to come are not kept.  Returns how many
 * there were.
 */
extern int64 dbaas_cache_forget(Oid serverid);

/*
 * To be called when writes that were sent are over, however they ended: drops all
 * responses.  "changes_until" is a time until which they may still change what the API
 * shows, or 0: until then nothing is kept for cache_ttl.
 */
extern void dbaas_cache_drop(DbaasMoment changes_until);

#endif							/* DBAAS_CACHE_H */
