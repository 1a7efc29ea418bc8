/*-------------------------------------------------------------------------
 *
 * call.h
 *		Calls of the API: a signed request, its retries and its response.
 *
 * Knows connections and what a response's status means; knows no tables.
 * Errors are values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CALL_H
#define DBAAS_CALL_H

#include "api/connection.h"
#include "api/stats.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"

/* One call, from its first request to its last retry. */
typedef struct DbaasCall DbaasCall;

/* Counts for EXPLAIN ANALYZE; a scan has one, and its calls add to it. */
typedef struct DbaasCounters
{
	int64		requests;		/* sent, retries included */
	int64		retries;
	int64		bytes;			/* received on the wire */
	int			in_flight;
	int			peak;			/* most in flight at once */
	double		waited;			/* seconds that the backend waited */
} DbaasCounters;

/* What a call may be used for. */
typedef enum DbaasCallKind
{
	DBAAS_CALL_READ,			/* of one thing: 404 says that there is none */
	DBAAS_CALL_LIST,			/* of what is always there: 404 is an error */
	DBAAS_CALL_WRITE,			/* not sent again when it may have arrived */
} DbaasCallKind;

typedef struct DbaasCallSpec
{
	DbaasCallKind kind;
	bool		anonymous;		/* sent without a signature */
	bool		no_retry;		/* not sent again */
	const char *zone;			/* for messages; NULL: the server as a whole */
	const char *base;			/* URL that the path is appended to */
	const char *method;
	const char *path_template;	/* for the statistics */
	const char *path;			/* percent-encoded, with the query */
	const char *query_names;	/* as dbaas_sign_request() takes them, or NULL */
	const char *query_values;
	const char *body;			/* JSON text, or NULL */
	List	   *secrets;		/* char *: parts of the body that no error may
								 * show */
	bool		hide_secrets;	/* replace those in the response */
	bool		any_json;		/* the response need not be an object */
	DbaasCounters *counters;	/* outlives the call; or NULL */
} DbaasCallSpec;

/* GUC dbaas_fdw.log_requests */
extern bool dbaas_log_requests;

/*
 * Starts a call, which has a memory context of its own under cxt.  What the
 * spec points to is copied, but for the counters.
 */
extern DbaasCall *dbaas_call_start(DbaasConnection *conn, MemoryContext cxt,
								   const DbaasCallSpec *spec);

/* Has the call ended? */
extern bool dbaas_call_done(const DbaasCall *call);

/* Is a request of the call in flight?  If not, it waits to be sent, or has ended. */
extern bool dbaas_call_in_flight(const DbaasCall *call);

/*
 * Of a call that has ended
 *
 * error		its error, or NULL.  Belongs to the call.
 * unavailable	its error says that the server, and so the zone, is not available
 * status		HTTP status; 0 when there was no response
 * may_be_applied	a write ended with an error, but the API may have carried it out
 * response		NULL when it ended with an error, or when the API answered 404 to a
 *				DBAAS_CALL_READ.  Belongs to the call.
 */
extern DbaasError *dbaas_call_error(const DbaasCall *call);
extern bool dbaas_call_unavailable(const DbaasCall *call);
extern int	dbaas_call_status(const DbaasCall *call);
extern bool dbaas_call_may_be_applied(const DbaasCall *call);
extern const DbaasJson *dbaas_call_response(const DbaasCall *call);

/* Bytes of the response's text, which the call keeps; 0 before it has come. */
extern Size dbaas_call_response_bytes(const DbaasCall *call);

/* Adds to the statistics how many rows a complete response to such a call has. */
extern void dbaas_call_learn_rows(const DbaasCall *call, int64 rows);

/* "GET /dbaas-service in zone ch-gva-2"; belongs to the call. */
extern const char *dbaas_call_label(const DbaasCall *call);

/* Frees the call, and ends it when it has not ended.  NULL is ignored. */
extern void dbaas_call_release(DbaasCall *call);

/*
 * Returns how many calls of this session have ended.  *in_flight becomes the number
 * of those in flight, and *label that of the first of them, or else of one that
 * waits to be sent; NULL when there is none.  The label belongs to its call.
 */
extern int64 dbaas_call_count(int *in_flight, const char **label);

/* Does what can be done for all calls without waiting. */
extern void dbaas_call_perform(void);

/*
 * To be called for each row that is used while calls are in flight: does the same
 * now and then, so that they go on.
 */
extern void dbaas_call_keep_going(void);

/*
 * A descriptor that becomes readable when dbaas_call_perform() has something to do
 * for any call, and at the given time (0: not at any time); -1 before the first
 * connection to a server.
 */
extern int	dbaas_call_descriptor(DbaasMoment until);

/* Makes that descriptor readable at once. */
extern void dbaas_call_wake(void);

/*
 * Waits until something happens to a call, or until the given time (0: no limit).
 * Serves interrupts.  Adds the time to counters->waited; counters may be NULL.
 */
extern void dbaas_call_wait(DbaasCounters *counters, DbaasMoment until);

#endif							/* DBAAS_CALL_H */
