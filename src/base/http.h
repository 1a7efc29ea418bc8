/*-------------------------------------------------------------------------
 *
 * http.h
 *		HTTP requests that run concurrently, on libcurl.
 *
 * Knows nothing of tables, of JSON or of the API: a request goes in, a status
 * and bytes come out.  Errors are values.  All waiting of the extension is in
 * dbaas_http_wait(), which serves interrupts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_HTTP_H
#define DBAAS_HTTP_H

#include "base/buffer.h"

/* Open connections and what they have in common.  Lives until closed. */
typedef struct DbaasHttpPool DbaasHttpPool;

/* One request and its response. */
typedef struct DbaasHttpRequest DbaasHttpRequest;

typedef struct DbaasHttpSettings
{
	long		connect_timeout_ms;
	long		request_timeout_ms; /* of the whole request */
	size_t		max_response_bytes; /* after decompression */
	const char *ca_pem;			/* certificates; NULL: the system's */
	const char *proxy;			/* or NULL */
	const char *user_agent;
} DbaasHttpSettings;

typedef enum DbaasHttpFailure
{
	DBAAS_HTTP_NO_FAILURE,		/* there is a response, whatever its status */
	DBAAS_HTTP_UNREACHABLE,		/* no connection was made, nothing was sent */
	DBAAS_HTTP_TLS,				/* the certificate cannot be verified, nothing
								 * was sent */
	DBAAS_HTTP_SILENT,			/* no response came over a reused connection;
								 * the server may have received the request */
	DBAAS_HTTP_TIMEOUT,			/* no complete response in time; the same */
	DBAAS_HTTP_BROKEN,			/* the connection failed; the same */
	DBAAS_HTTP_TOO_LARGE,		/* the response exceeds max_response_bytes */
	DBAAS_HTTP_BAD_RESPONSE,	/* not HTTP, or its body is not as its head
								 * says */
	DBAAS_HTTP_NO_ROOM,			/* no file descriptor was left, nothing was
								 * sent */
	DBAAS_HTTP_INTERNAL,		/* out of memory, or libcurl refused a setting */
} DbaasHttpFailure;

typedef struct DbaasHttpResponse
{
	DbaasHttpFailure failure;
	const char *failure_text;	/* what libcurl says of the failure */
	bool		room_may_come;	/* of DBAAS_HTTP_NO_ROOM: the request may
								 * succeed when it is started again, once
								 * other requests have ended or their idle
								 * connections are closed */
	int			status;			/* HTTP status */
	const char *body;			/* decompressed; body[body_len] is NUL */
	size_t		body_len;
	long		retry_after;	/* seconds, 0 when the response does not say */
	int64		bytes_received; /* on the wire, head and body */
	double		seconds;		/* from start to end */
} DbaasHttpResponse;

/* What helps against DBAAS_HTTP_NO_ROOM. */
#define DBAAS_HTTP_ROOM_HINT \
	"Raise the limit on open files of the server's processes (ulimit -n), or close what else " \
	"this session has open; a third of max_files_per_process is the most for connections."

/*
 * Makes a pool.  The settings' strings are copied.  Returns NULL when memory runs
 * out, or when file descriptors do: then *no_room becomes true.
 */
extern DbaasHttpPool *dbaas_http_pool_open(const DbaasHttpSettings *settings, bool *no_room);

/*
 * Closes the pool and its connections.  Requests that have not ended fail with
 * DBAAS_HTTP_INTERNAL; all remain valid until their memory contexts end.
 */
extern void dbaas_http_pool_close(DbaasHttpPool *pool);

/*
 * Starts a request, in the memory context cxt: a reset of that ends the request.
 *
 * url				complete, percent-encoded
 * body				JSON text, or NULL for none
 * authorization	value of the Authorization header, or NULL for none
 * own_connection	use a new connection, over HTTP/1.1, and do not reuse it, so
 *					that libcurl never sends the request twice
 *
 * A request that cannot be started has ended, with DBAAS_HTTP_INTERNAL or
 * DBAAS_HTTP_NO_ROOM.
 */
extern DbaasHttpRequest *dbaas_http_start(DbaasHttpPool *pool, MemoryContext cxt,
										  const char *method, const char *url,
										  const char *body,
										  const char *authorization,
										  bool own_connection);

/* The response when the request has ended, else NULL.  Belongs to the request. */
extern const DbaasHttpResponse *dbaas_http_response(DbaasHttpRequest *request);

/*
 * Takes the body from the response: the caller has to release it.  All zero when it is
 * empty.
 */
extern DbaasBuffer dbaas_http_take_body(DbaasHttpRequest *request);

/* Ends the request, if it has not ended, and frees what it holds. */
extern void dbaas_http_release(DbaasHttpRequest *request);

/*
 * Waits until there is something to do for any request of any pool, at most
 * timeout_ms (-1: no limit), and does it; may return early.  Serves interrupts, so
 * it can raise an error.  wait_event is what pg_stat_activity shows.
 */
extern void dbaas_http_wait(long timeout_ms, uint32 wait_event);

/* Does what can be done for all requests without waiting. */
extern void dbaas_http_perform(void);

/*
 * A descriptor that becomes readable when dbaas_http_perform() has something to do,
 * or after timeout_ms (-1: never).  It is the same in every call, and the shortest
 * timeout since dbaas_http_perform() counts.  -1 before the first pool is opened.
 */
extern int	dbaas_http_descriptor(long timeout_ms);

/* Makes that descriptor readable at once. */
extern void dbaas_http_wake(void);

/* Version of libcurl, as it is linked. */
extern const char *dbaas_http_version(void);

#endif							/* DBAAS_HTTP_H */
