/*-------------------------------------------------------------------------
 *
 * connection.h
 *		The session's connections to servers, with their credentials.
 *
 * Knows servers, user mappings and signatures; knows no calls and no tables.
 * The only module that holds the secret.  Errors are values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CONNECTION_H
#define DBAAS_CONNECTION_H

#include "nodes/pg_list.h"

#include "api/stats.h"
#include "base/error.h"
#include "base/http.h"

/* A server as one user mapping reaches it: credentials, open sockets, zones. */
typedef struct DbaasConnection DbaasConnection;

/* What the server's options max_... bound. */
typedef struct DbaasLimits
{
	int			concurrency;	/* requests in flight */
	int			retries;
	size_t		response_bytes; /* of an answer, decompressed */
} DbaasLimits;

/* Watches for changes of servers and mappings; called once, from _PG_init(). */
extern void dbaas_connection_init(void);

/*
 * The session's connection for a user to a server, opened when it is not open
 * or its options have changed.  It stays valid until cxt is reset.  Returns
 * NULL, or an error: no user mapping, no key or secret (28000), a ca_file that
 * cannot be used (08001).
 */
extern DbaasError *dbaas_connection_get(Oid serverid, Oid userid, MemoryContext cxt,
										DbaasConnection **conn);

/*
 * Is the connection still what the server and the user mapping say?  If not,
 * dbaas_connection_get() makes another.
 */
extern bool dbaas_connection_is_current(const DbaasConnection *conn);

/*
 * Do both reach the same server, with the same options, by the same user
 * mapping with the same key and secret?
 */
extern bool dbaas_connection_equal(const DbaasConnection *a, const DbaasConnection *b);

/* Do both use one key, so that what they show is one organisation's? */
extern bool dbaas_connection_same_key(const DbaasConnection *a, const DbaasConnection *b);

/*
 * The connection was refused, by the API or by TLS: before it is got the next
 * time, the files with the secret and the certificates are read anew, and if
 * one has changed another connection is made.
 */
extern void dbaas_connection_doubt(DbaasConnection *conn);

/*
 * Closes the connections to a server, or to all with InvalidOid; those in use
 * once they are no longer.  Returns whether there were any.
 */
extern bool dbaas_connection_disconnect(Oid serverid);

/* The server's oid and name. */
extern Oid	dbaas_connection_server(const DbaasConnection *conn);
extern const char *dbaas_connection_server_name(const DbaasConnection *conn);

/* The server's options: a list of DefElem that lives as long as the connection. */
extern List *dbaas_connection_options(const DbaasConnection *conn);

/* The numbers among them that bound what is asked. */
extern const DbaasLimits *dbaas_connection_limits(const DbaasConnection *conn);

/* Memory that lives as long as the connection, and a place there for the zones. */
extern MemoryContext dbaas_connection_context(DbaasConnection *conn);
extern void **dbaas_connection_zones_slot(DbaasConnection *conn);

/* What is known of the server, for the planner. */
extern DbaasServerFacts *dbaas_connection_facts(DbaasConnection *conn);

/* Where its requests run. */
extern DbaasHttpPool *dbaas_connection_pool(DbaasConnection *conn);

/*
 * The value of the Authorization header of a request that is sent now; body
 * may be NULL; names and values are as dbaas_sign_request() takes them.  Stored in the current memory context.  Returns NULL, or an
 * error when the cryptographic library fails.
 */
extern DbaasError *dbaas_connection_sign(const DbaasConnection *conn, const char *method,
										 const char *url, const char *body,
										 const char *names, const char *values,
										 char **authorization);

/* The text without the secret, as dbaas_secret_mask() has it. */
extern char *dbaas_connection_mask(const DbaasConnection *conn, char *text);

/*
 * A request takes a turn when it is sent, and ends it when it is no longer in
 * flight.  Returns false, and takes none, when max_concurrency are taken.
 */
extern bool dbaas_connection_take_turn(DbaasConnection *conn);
extern void dbaas_connection_end_turn(DbaasConnection *conn);

#endif							/* DBAAS_CONNECTION_H */
