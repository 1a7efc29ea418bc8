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
	int64		from_cache;		/* responses that needed no request */
	double		oldest;			/* seconds: age of the oldest of them */
	int			in_flight;
	int			peak;			/* most in flight at once */
	double		waited;			/* seconds that the backend waited */
	double		paced;			/* those of them in which the pace held
								 * requests back */
} DbaasCounters;

/* What a statement has sent, of what dbaas_fdw.request_limit allows it. */
typedef struct DbaasBudget
{
	int64		requests;		/* sent, retries included */
	int64		retries;
} DbaasBudget;

/* What a call is for. */
typedef enum DbaasCallKind
{
	DBAAS_CALL_READ,			/* of what may not exist: 404 is no error */
	DBAAS_CALL_LIST,			/* of what always exists: 404 is an error */
	DBAAS_CALL_WRITE,			/* not sent again if it may have arrived */
} DbaasCallKind;

typedef struct DbaasCallSpec
{
	DbaasCallKind kind;
	bool		anonymous;		/* sent without a signature */
	bool		no_retry;		/* not sent again */
	bool		not_held;		/* sent although the API asked to send nothing
								 * for a while: it tells what became of a
								 * write */
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
	bool		hide_secrets;	/* replace secrets in the response by "***" */
	bool		confidential;	/* no error shows any of the response, except
								 * for the texts of an error */
	bool		any_json;		/* the response need not be an object */
	DbaasCounters *counters;	/* outlives the call; or NULL */
	DbaasBudget *budget;		/* the same; NULL: requests have no limit */
} DbaasCallSpec;

/* GUC dbaas_fdw.log_requests */
extern bool dbaas_log_requests;

/* GUC dbaas_fdw.request_limit: the most requests of a budget; -1: no limit */
extern int	dbaas_request_limit;

/*
 * Starts a call, in a memory context of its own under cxt.  Copies what the spec
 * points to, except for the counters and the budget.  If its next request is beyond the limit
 * of the budget, the call ends with an error (53400).
 */
extern DbaasCall *dbaas_call_start(DbaasConnection *conn, MemoryContext cxt,
								   const DbaasCallSpec *spec);

/*
 * Makes a call that has ended with a response of that text, which an earlier call with
 * the same spec had; its secrets are hidden already.  Copies the text, of len bytes.
 * Returns NULL if there is no memory for it.
 */
extern DbaasCall *dbaas_call_again(DbaasConnection *conn, MemoryContext cxt,
								   const DbaasCallSpec *spec, const char *text, Size len);

/*
 * Makes a call that has ended with that error, which must outlive it: for a request that
 * is not sent.  "unavailable" is the result of dbaas_call_unavailable().
 */
extern DbaasCall *dbaas_call_fail(DbaasConnection *conn, MemoryContext cxt,
								  const DbaasCallSpec *spec, const DbaasError *error,
								  bool unavailable);

/*
 * Has a function called when the call, which was just started, has got its response, before
 * anybody sees that.  An error that it returns, in the current memory context, becomes the
 * error of the call.  It must not start or release calls.
 */
typedef DbaasError *(*DbaasCallKeeper) (DbaasCall *call, void *arg);

extern void dbaas_call_set_keeper(DbaasCall *call, DbaasCallKeeper keeper, void *arg);

/* For a keeper: replaces the response by one of such a text. */
extern DbaasError *dbaas_call_replace_response(DbaasCall *call, const char *text, Size len);

/* Memory that lives as long as the call. */
extern MemoryContext dbaas_call_context(const DbaasCall *call);

/* Has the call ended? */
extern bool dbaas_call_done(const DbaasCall *call);

/* Is a request of the call in flight?  If not, the call waits to send one, or has ended. */
extern bool dbaas_call_in_flight(const DbaasCall *call);

/*
 * The result of a call that has ended:
 *
 * error		NULL if it succeeded.  Belongs to the call.
 * unavailable	does its error mean that the server, and so the zone, is not available?
 * status		HTTP status; 0 if there was no response
 * may_be_applied	may the API have carried out a write that ended with an error?
 * response		NULL if it ended with an error, or if the status was 404 for a
 *				DBAAS_CALL_READ.  Belongs to the call.
 */
extern DbaasError *dbaas_call_error(const DbaasCall *call);
extern bool dbaas_call_unavailable(const DbaasCall *call);
extern int	dbaas_call_status(const DbaasCall *call);
extern bool dbaas_call_may_be_applied(const DbaasCall *call);
extern const DbaasJson *dbaas_call_response(const DbaasCall *call);

/* The memory of the response's text and nodes, in bytes; 0 before it has come. */
extern Size dbaas_call_response_bytes(const DbaasCall *call);

/*
 * The response's text and its length, without the secrets if the call hides them; NULL if
 * there is none.  Belongs to the call.
 */
extern const char *dbaas_call_response_text(const DbaasCall *call, Size *len);

/* The bytes of memory that the call uses, with its response. */
extern Size dbaas_call_bytes(const DbaasCall *call);

/* "GET /dbaas-service in zone ch-gva-2"; belongs to the call. */
extern const char *dbaas_call_label(const DbaasCall *call);

/* Ends the call, if it has not ended, and frees it.  Does nothing for NULL. */
extern void dbaas_call_release(DbaasCall *call);

/*
 * Returns how many calls of this session have ended.  *in_flight becomes the number
 * of calls in flight.  *label becomes the label of the first of these, or else of the
 * first that has not ended, or NULL; it belongs to its call.
 */
extern int64 dbaas_call_count(int *in_flight, const char **label);

/* Does what can be done for all calls without waiting. */
extern void dbaas_call_perform(void);

/*
 * To be called for each row that is returned: does dbaas_call_perform() from time to
 * time, so that calls in flight go on while the executor uses rows.
 */
extern void dbaas_call_perform_between_rows(void);

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
