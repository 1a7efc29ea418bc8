/*-------------------------------------------------------------------------
 *
 * call.h
 *		Calls of the API: a signed request, its retries and its answer.
 *
 * Knows connections and what an answer's status means; knows no tables.
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

/* Counts for EXPLAIN ANALYZE, kept by who makes the calls. */
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
	DBAAS_CALL_READ,			/* may be sent again; 404 is an answer */
	DBAAS_CALL_LIST,			/* the same, but 404 is an error */
	DBAAS_CALL_WRITE,			/* never sent twice when it may have arrived */
} DbaasCallKind;

typedef struct DbaasCallSpec
{
	DbaasCallKind kind;
	bool		unsigned_;		/* goes without signature */
	bool		once;			/* is not sent again */
	const char *zone;			/* for messages; NULL: not of a zone */
	const char *base;			/* URL that the path is appended to */
	const char *method;
	const char *operation;		/* path template, for the statistics */
	const char *path;			/* percent-encoded, with the query */
	const char *query_names;	/* as dbaas_sign_request() takes them, or NULL */
	const char *query_values;
	const char *body;			/* JSON text, or NULL */
	List	   *secrets;		/* char *: parts of the body that no error may
								 * show */
	bool		hide_secrets;	/* that the answer holds */
	bool		any_json;		/* may it be something else than an object? */
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

/* Has the call a request under way?  Else it ended, or waits for its turn. */
extern bool dbaas_call_in_flight(const DbaasCall *call);

/* Of a call that has ended: its error, or NULL. */
extern DbaasError *dbaas_call_error(const DbaasCall *call);

/*
 * Of a call that has ended: does its error say that the server, and so the
 * zone, is not available?
 */
extern bool dbaas_call_unavailable(const DbaasCall *call);

/* Of a call that has ended: the HTTP status, or 0 when there was no answer. */
extern int	dbaas_call_status(const DbaasCall *call);

/*
 * Of a write that has ended with an error: may the API have carried it out all
 * the same?
 */
extern bool dbaas_call_unknown(const DbaasCall *call);

/*
 * Of a call that has ended without error: the answer, or NULL when the API
 * answered 404 to a DBAAS_CALL_READ.  Belongs to the call.
 */
extern const DbaasJson *dbaas_call_response(const DbaasCall *call);

/* Bytes of the answer's text, beside what it became: 0 before it has come. */
extern Size dbaas_call_response_bytes(const DbaasCall *call);

/* Tells the statistics how many rows a whole answer of its operation had. */
extern void dbaas_call_learn_rows(const DbaasCall *call, int64 rows);

/* "GET /dbaas-service in zone ch-gva-2"; belongs to the call. */
extern const char *dbaas_call_label(const DbaasCall *call);

/* Frees the call, and ends it when it has not ended.  NULL is ignored. */
extern void dbaas_call_release(DbaasCall *call);

/*
 * The calls of this session that have ended; *in_flight is how many are under
 * way, and *label names the first of them, or else one that waits for its turn,
 * or is NULL.  It belongs to its call.
 */
extern int64 dbaas_call_count(int *in_flight, const char **label);

/* Does what can be done for all calls without waiting. */
extern void dbaas_call_perform(void);

/*
 * The same now and then, for those who use rows while others are on their way:
 * to be called for each row.
 */
extern void dbaas_call_keep_going(void);

/*
 * The descriptor that is readable when dbaas_call_perform() has something to do
 * for any call, and at the given time (0: none); -1 before the first server is
 * connected to.
 */
extern int	dbaas_call_descriptor(DbaasMoment until);

/* Makes that descriptor readable at once. */
extern void dbaas_call_wake(void);

/*
 * Waits until something happens to a call, or until the given moment (0:
 * no limit), and serves interrupts.  Adds the time to counters->waited; counters
 * may be NULL.
 */
extern void dbaas_call_wait(DbaasCounters *counters, DbaasMoment until);

#endif							/* DBAAS_CALL_H */
