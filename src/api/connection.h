/*-------------------------------------------------------------------------
 *
 * connection.h
 *		The session's connections to servers.
 *
 * Knows servers and user mappings; knows no calls and no tables.  Errors are values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CONNECTION_H
#define DBAAS_CONNECTION_H

#include "api/pace.h"
#include "api/server.h"
#include "api/stats.h"
#include "base/error.h"
#include "base/http.h"

/* A server as one user mapping reaches it: credentials, open sockets, zones. */
typedef struct DbaasConnection DbaasConnection;

/* The zones of a server; see zones.h. */
typedef struct DbaasZones DbaasZones;

/* Watches for changes of servers and mappings; called once, from _PG_init(). */
extern void dbaas_connection_init(void);

/*
 * Stores in *conn the session's connection for a user to a server; opens one if there
 * is none, or if the options have changed.  It stays valid until cxt is reset.  Returns
 * NULL, or an error: no user mapping, no key or secret (28000), a ca_file that cannot
 * be used (08001), no file descriptor left (53000), libcurl out of memory (HV001).
 */
extern DbaasError *dbaas_connection_get(Oid serverid, Oid userid, MemoryContext cxt,
										DbaasConnection **conn);

/* Keeps a connection, which must be valid, valid until cxt is reset. */
extern void dbaas_connection_hold(DbaasConnection *conn, MemoryContext cxt);

/*
 * Does the connection still have the options of the server and the user mapping?  If
 * not, the next dbaas_connection_get() opens another.
 */
extern bool dbaas_connection_is_current(const DbaasConnection *conn);

/*
 * Do both reach the same server, with the same options, by the same user
 * mapping with the same key and secret?
 */
extern bool dbaas_connection_equal(const DbaasConnection *a, const DbaasConnection *b);

/*
 * A number that stands for all of that, and changes if any of it does.  Connections with
 * the same may use each other's responses.
 */
extern uint64 dbaas_connection_fingerprint(const DbaasConnection *conn);

/* Do both use the same key?  Then they show the same organisation. */
extern bool dbaas_connection_same_key(const DbaasConnection *a, const DbaasConnection *b);

/*
 * Says that the API or TLS refused the connection.  The next dbaas_connection_get()
 * reads the files with the secret and the certificates again, and makes another
 * connection if they have changed.
 */
extern void dbaas_connection_recheck_files(DbaasConnection *conn);

/*
 * Closes the connections to a server, or all with InvalidOid.  Those in use are closed
 * when they are no longer in use.  Returns whether there were any.
 */
extern bool dbaas_connection_disconnect(Oid serverid);

/* The server's oid and name. */
extern Oid	dbaas_connection_server(const DbaasConnection *conn);
extern const char *dbaas_connection_server_name(const DbaasConnection *conn);

/* The server's settings, which live as long as the connection. */
extern const DbaasServerSettings *dbaas_connection_settings(const DbaasConnection *conn);

/* Memory that lives as long as the connection. */
extern MemoryContext dbaas_connection_context(DbaasConnection *conn);

/* The list of zones that zones.c stores in the connection; NULL before it is set. */
extern DbaasZones *dbaas_connection_zones(const DbaasConnection *conn);
extern void dbaas_connection_set_zones(DbaasConnection *conn, DbaasZones *zones);

/* What is known of the server, for the planner. */
extern DbaasServerFacts *dbaas_connection_facts(DbaasConnection *conn);

/* The pool of HTTP connections for its requests. */
extern DbaasHttpPool *dbaas_connection_pool(DbaasConnection *conn);

/*
 * Makes the value of the Authorization header of a request to a URL that is sent
 * now, in the current memory context.  body may be NULL; names and values are as
 * dbaas_sign_request() takes them.  Returns NULL, or an error when the
 * cryptographic library fails or memory runs out.
 */
extern DbaasError *dbaas_connection_sign(const DbaasConnection *conn, const char *method,
										 const char *url, const char *body,
										 const char *names, const char *values,
										 char **authorization);

/* dbaas_secret_mask() with the connection's secret. */
extern char *dbaas_connection_mask(const DbaasConnection *conn, char *text);

/* How fast requests are sent to the server, over all its connections. */
extern DbaasPace *dbaas_connection_pace(const DbaasConnection *conn);

/*
 * A request takes a slot when it is sent, and frees it when it is no longer in
 * flight.  Returns false, and takes none, when max_concurrency slots are taken, or the
 * pace is for later.  dbaas_connection_next_slot() says when that is; 0 if all are taken.
 */
extern bool dbaas_connection_take_slot(DbaasConnection *conn, DbaasMoment now);
extern DbaasMoment dbaas_connection_next_slot(const DbaasConnection *conn, DbaasMoment now);
extern void dbaas_connection_free_slot(DbaasConnection *conn);

#endif							/* DBAAS_CONNECTION_H */
