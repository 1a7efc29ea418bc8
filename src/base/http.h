/*-------------------------------------------------------------------------
 *
 * http.h
 *		HTTP requests that run concurrently, on libcurl.
 *
 * Knows nothing of tables, of JSON or of the API: a request goes in, a status
 * and bytes come out.  Errors are values.  All waiting of the extension is in
 * dbaas_http_wait().
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_HTTP_H
#define DBAAS_HTTP_H

/* Open connections and what they have in common.  Lives until closed. */
typedef struct DbaasHttpPool DbaasHttpPool;

/* One request and its answer. */
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
	DBAAS_HTTP_ANSWERED,		/* no failure: there is a status */
	DBAAS_HTTP_UNREACHABLE,		/* no connection was made, nothing was sent */
	DBAAS_HTTP_TLS,				/* who answers cannot be verified, nothing was
								 * sent */
	DBAAS_HTTP_SILENT,			/* nothing came over a connection that was open
								 * before, of a request that was not fresh */
	DBAAS_HTTP_TIMEOUT,			/* no whole answer in time; may be received */
	DBAAS_HTTP_BROKEN,			/* the connection failed; may be received */
	DBAAS_HTTP_TOO_LARGE,		/* the answer exceeds max_response_bytes */
	DBAAS_HTTP_BAD_ANSWER,		/* not HTTP, or not as its head says */
	DBAAS_HTTP_NO_ROOM,			/* no file descriptor was left, nothing was
								 * sent */
	DBAAS_HTTP_INTERNAL,		/* out of memory, or libcurl refused a setting */
} DbaasHttpFailure;

typedef struct DbaasHttpAnswer
{
	DbaasHttpFailure failure;
	const char *failure_text;	/* libcurl's words, when there is a failure */
	bool		crowded;		/* DBAAS_HTTP_NO_ROOM, beside other requests */
	int			status;			/* HTTP status */
	const char *body;			/* decompressed; body[body_len] is NUL */
	size_t		body_len;
	long		retry_after;	/* seconds, 0 when the answer does not say */
	int64		bytes_received; /* on the wire, head and body */
	double		seconds;		/* from start to end */
} DbaasHttpAnswer;

/* What helps against DBAAS_HTTP_NO_ROOM. */
#define DBAAS_HTTP_ROOM_HINT \
	"Raise the limit on open files of the server's processes (ulimit -n), or close what else " \
	"this session has open; a third of max_files_per_process is the most for connections."

/*
 * A new pool.  The settings' strings are copied.  Returns NULL when memory
 * runs out, or, with *no_room true, file descriptors.
 */
extern DbaasHttpPool *dbaas_http_pool_open(const DbaasHttpSettings *settings, bool *no_room);

/*
 * Closes the connections.  Requests of the pool that have not ended fail with
 * DBAAS_HTTP_INTERNAL; all remain valid until their memory contexts end.
 */
extern void dbaas_http_pool_close(DbaasHttpPool *pool);

/*
 * Starts a request, which belongs to the memory context cxt: a reset of that
 * ends it, wherever it stands.
 *
 * url			complete, percent-encoded
 * body			JSON text, or NULL for none
 * authorization value of the Authorization header, or NULL for none
 * fresh		use a connection of its own, over HTTP/1.1, so that libcurl
 *				never sends the request twice
 *
 * A request that cannot be started has ended with DBAAS_HTTP_INTERNAL.
 */
extern DbaasHttpRequest *dbaas_http_start(DbaasHttpPool *pool, MemoryContext cxt,
										  const char *method, const char *url,
										  const char *body,
										  const char *authorization,
										  bool fresh);

/* The answer when the request has ended, else NULL.  Belongs to the request. */
extern const DbaasHttpAnswer *dbaas_http_answer(DbaasHttpRequest *request);

/*
 * The body of a request that was answered, made with malloc(): the caller's
 * from now on.  NULL when it is empty.
 */
extern char *dbaas_http_take_body(DbaasHttpRequest *request);

/* Ends the request now and frees what it holds. */
extern void dbaas_http_release(DbaasHttpRequest *request);

/*
 * Waits until there is something to do for any request of any pool, at most
 * timeout_ms (-1: no limit), and does it.  Serves interrupts, so it can raise
 * an error; may also return early.  wait_event is what pg_stat_activity shows.
 */
extern void dbaas_http_wait(long timeout_ms, uint32 wait_event);

/*
 * Does what can be done for all requests without waiting.
 */
extern void dbaas_http_perform(void);

/*
 * A descriptor that is readable when dbaas_http_perform() has something to do
 * or timeout_ms (-1: never) have passed; -1 before the first pool is opened.
 * It is always the same, and the shortest timeout given holds.
 */
extern int	dbaas_http_descriptor(long timeout_ms);

/* Makes that descriptor readable at once. */
extern void dbaas_http_wake(void);

/*
 * May the URL be the base of requests?  It must be https, or http with a
 * loopback host, and have no user, query or fragment.  Otherwise returns
 * false, and *problem says why, in the current memory context.
 */
extern bool dbaas_http_check_url(const char *url, char **problem);

/*
 * Is it the address of a proxy that libcurl can use, and nothing else?
 * Otherwise returns false, and *problem says why, in the current memory context.
 */
extern bool dbaas_http_check_proxy(const char *url, char **problem);

/* The text with each "{zone}" replaced, in the current memory context. */
extern char *dbaas_http_expand_zone(const char *url, const char *zone);

/*
 * The text percent-encoded as one segment of a path, in the current memory
 * context; NULL when memory runs out.
 */
extern char *dbaas_http_encode_segment(const char *segment);

/* Path of a URL, as it is sent; in the current memory context, or NULL. */
extern char *dbaas_http_url_path(const char *url);

/* Version of libcurl, as it is linked. */
extern const char *dbaas_http_version(void);

#endif							/* DBAAS_HTTP_H */
