/*-------------------------------------------------------------------------
 *
 * http_internal.h
 *		What http_pool.c and http_transfer.c share.  Nobody else includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_HTTP_INTERNAL_H
#define DBAAS_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "lib/ilist.h"

#include "base/clock.h"
#include "base/http.h"

struct DbaasHttpPool
{
	dlist_node	node;			/* in "pools" of http_pool.c */
	uint32		id;				/* in epoll events; never used again */
	CURLM	   *multi;
	DbaasMoment timer;			/* when libcurl wants to be called, 0: never */
	DbaasMoment slowest;		/* the longest wait for a first byte so far */
	dlist_head	requests;		/* all that are not released */
	long		connect_timeout_ms;
	long		request_timeout_ms;
	size_t		max_response_bytes;
	char	   *ca_pem;
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
	DbaasMoment silence_check;	/* when to look whether its connection is
								 * silent; 0: no more */
	bool		fresh;			/* has a connection of its own */
	bool		ended;
	bool		silent;			/* nothing came over its connection */
	bool		too_large;
	bool		no_memory;
	bool		no_room;		/* no descriptor was left */
	bool		has_head;		/* the response's head is complete */
	char	   *body;			/* malloc'ed: grown inside a callback */
	size_t		body_len;
	size_t		body_size;
	DbaasHttpResponse response;
};

/* of http_pool.c */

/* How many requests have not ended, in all pools? */
extern int	dbaas_http_under_way(void);

/* of http_transfer.c */

/*
 * Sets all options of the request's handle.  On an error, errbuf says which
 * option it was, where it was one.
 */
extern CURLcode dbaas_http_transfer_prepare(DbaasHttpRequest *request, const char *method,
											const char *url, const char *authorization);

/*
 * The request has ended, with that result: takes it off its multi handle, which
 * frees the connection for others, and sums up the response.
 */
extern void dbaas_http_transfer_end(DbaasHttpRequest *request, CURLcode code);

#endif							/* DBAAS_HTTP_INTERNAL_H */
