/*-------------------------------------------------------------------------
 *
 * http_internal.h
 *		What http_pool.c, http_overdue.c, http_transfer.c, http_tls.c and
 *		http_requests.c share.  No other file includes it.  Each of them calls only
 *		those that follow it here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_HTTP_INTERNAL_H
#define DBAAS_HTTP_INTERNAL_H

#include <curl/curl.h>
#include <sys/stat.h>

#include "lib/ilist.h"

#include "base/clock.h"
#include "base/http.h"

struct DbaasHttpPool
{
	dlist_node	node;			/* in dbaas_http_pools */
	uint32		id;				/* in events; no other pool ever has it */
	CURLM	   *multi;
	DbaasMoment timer;			/* when libcurl wants to be called, 0: never */
	DbaasMoment longest_wait;	/* for the first byte of a response */
	bool		multiplexed;	/* responses come over HTTP/2 */
	bool		short_of_room;	/* a request has found no descriptor */
	dlist_head	requests;		/* all that are not released */
	long		connect_timeout_ms;
	long		request_timeout_ms;
	size_t		max_response_bytes;
	char	   *ca_pem;
	int			ca_fd;			/* ca_pem as a file in memory, or -1 */
	char		ca_name[32];	/* by which libcurl can open that */
	CURLSH	   *share;			/* the TLS sessions */
	bool		with_directory; /* libcurl's default directory is needed too */
	DbaasMoment checked_at;		/* when libcurl's defaults were looked at; 0:
								 * look again */
	struct stat checked[2];		/* how its default file and directory were
								 * when the pool began to use them */
	char	   *proxy;
	char	   *user_agent;
};

struct DbaasHttpRequest
{
	dlist_node	node;			/* in pool->requests */
	DbaasHttpPool *pool;		/* NULL once the pool is closed */
	MemoryContextCallback callback;
	CURL	   *easy;			/* NULL once it has ended */
	struct curl_slist *headers;
	char	   *request_body;
	char		errbuf[CURL_ERROR_SIZE];
	DbaasMoment started;
	DbaasMoment deadline;
	DbaasMoment silence_check;	/* when to check whether its connection is
								 * silent; 0: never */
	bool		own_connection; /* shares it with no other request */
	bool		without_directory;	/* libcurl's default directory was left
									 * out */
	bool		ended;
	bool		silent;			/* ended because nothing came over its
								 * connection */
	bool		too_large;
	bool		no_memory;
	bool		tested_room;	/* there were descriptors when it started */
	bool		no_room;		/* no descriptor was left */
	bool		has_head;		/* the response's head is complete */
	DbaasBuffer body;
	size_t		body_len;
	DbaasHttpResponse response;
};

/* of http_requests.c */

/* All pools that are open. */
extern dlist_head dbaas_http_pools;

/* The local port of the connection that the request uses; 0 when it has none or has ended. */
extern long dbaas_http_requests_port(const DbaasHttpRequest *request);

/* Have all requests of the pool ended? */
extern bool dbaas_http_requests_ended(const DbaasHttpPool *pool);

/* The number of requests in all pools that have not ended, or only the unconnected of these. */
extern int	dbaas_http_requests_count(bool unconnected);

/* The number of requests of the pool that have not ended. */
extern int	dbaas_http_requests_in_flight(const DbaasHttpPool *pool);

/* of http_tls.c */

/* Sets an option, or returns the error after saying which option it was. */
#define SETOPT(option, value) \
	do { \
		code = curl_easy_setopt(request->easy, option, value); \
		if (code != CURLE_OK) \
		{ \
			snprintf(request->errbuf, CURL_ERROR_SIZE, "libcurl refused %s: %s", \
					 #option, curl_easy_strerror(code)); \
			return code; \
		} \
	} while (0)

/* Sets what the pool's connections trust and share.  Returns false when memory runs out. */
extern bool dbaas_http_tls_open(DbaasHttpPool *pool);

/*
 * Forgets the TLS sessions; the multi handle that has the certificates must have been
 * freed.  Returns false when memory runs out.
 */
extern bool dbaas_http_tls_renew(DbaasHttpPool *pool);

/* Frees all of that; the same holds. */
extern void dbaas_http_tls_close(DbaasHttpPool *pool);

/* Have the system's certificates changed since?  Looks once a second at most. */
extern bool dbaas_http_tls_changed(DbaasHttpPool *pool, DbaasMoment now);

/* Sets the options of the request's handle that concern TLS. */
extern CURLcode dbaas_http_tls_prepare(DbaasHttpRequest *request);

/*
 * When a certificate could not be verified: might one in libcurl's default directory
 * do that, which was left out?  Then adds it; the request can be started again.
 */
extern bool dbaas_http_tls_try_directory(DbaasHttpRequest *request, CURLcode code);

/* of http_transfer.c */

/*
 * Sets all options of the request's handle.  On an error, errbuf says which
 * option it was, where it was one.
 */
extern CURLcode dbaas_http_transfer_prepare(DbaasHttpRequest *request, const char *method,
											const char *url, const char *authorization);

/*
 * Ends the request with a result of libcurl, and fills in its response.  Frees the
 * connection for other requests.
 */
extern void dbaas_http_transfer_end(DbaasHttpRequest *request, CURLcode code);

/* of http_overdue.c */

/* Sets the times at which a request that is started now is overdue. */
extern void dbaas_http_overdue_watch(DbaasHttpRequest *request);

/* Postpones these times for all requests of the pool, by a span of time. */
extern void dbaas_http_overdue_postpone(DbaasHttpPool *pool, DbaasMoment span);

/*
 * Ends the requests of the pool that are past their deadline or on a connection that
 * has been silent for too long.
 */
extern void dbaas_http_overdue_end(DbaasHttpPool *pool);

/*
 * The milliseconds from now until a request of the pool may be overdue, but at most
 * timeout_ms, for which -1 means no limit.
 */
extern long dbaas_http_overdue_next(DbaasHttpPool *pool, DbaasMoment now, long timeout_ms);

#endif							/* DBAAS_HTTP_INTERNAL_H */
