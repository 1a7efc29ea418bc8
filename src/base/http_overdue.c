/*-------------------------------------------------------------------------
 *
 * http_overdue.c
 *		Ends requests that take too long, and finds connections that are dead.
 *
 * A request fails when it has no complete response within request_timeout.  One
 * on a reused connection fails earlier when nothing comes over that: the other
 * side may have closed it without this side being told.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/http_internal.h"
#include "base/sockets.h"

/*
 * How long a reused connection may be silent before the first byte of a response:
 * this time; this part of request_timeout, if that is less; twice the longest wait
 * for a first byte in its pool, if that is more.  After that the connection counts
 * as dead, and no more requests are sent over it.
 */
#define SILENCE_USECS 5000000
#define SILENCE_PART 4

static DbaasMoment
allowed_silence(const DbaasHttpPool *pool)
{
	DbaasMoment part = (DbaasMoment) pool->request_timeout_ms * 1000 / SILENCE_PART;

	return Max(Min(part, SILENCE_USECS), 2 * pool->longest_wait);
}

void
dbaas_http_overdue_watch(DbaasHttpRequest *request)
{
	const DbaasHttpPool *pool = request->pool;

	request->started = dbaas_clock_now();
	request->deadline = request->started + (DbaasMoment) pool->request_timeout_ms * 1000;
	request->silence_check = request->own_connection ? 0 :
		request->started + allowed_silence(pool);
}

void
dbaas_http_overdue_postpone(DbaasHttpPool *pool, DbaasMoment span)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

		request->deadline += span;
		if (request->silence_check != 0)
			request->silence_check += span;
	}
}

long
dbaas_http_overdue_next(DbaasHttpPool *pool, DbaasMoment now, long timeout_ms)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);
		DbaasMoment due = request->silence_check ? Min(request->silence_check, request->deadline) :
			request->deadline;
		long		ms = dbaas_clock_ms_between(now, due);

		if (!request->ended && (timeout_ms < 0 || ms < timeout_ms))
			timeout_ms = ms;
	}
	return timeout_ms;
}

/* For dbaas_sockets_shut_unused(): does a request of the pool use the port? */
static bool
pool_uses_port(void *owner, long port)
{
	DbaasHttpPool *pool = owner;
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		if (dbaas_http_requests_port(dlist_container(DbaasHttpRequest, node, iter.cur)) == port)
			return true;
	}
	return false;
}

/*
 * Has nothing come over the connection since the first of the requests that use
 * it now was started?  A connection that was made later than that is not silent:
 * it has not had the whole time yet.
 */
static bool
is_silent(DbaasHttpPool *pool, long port)
{
	DbaasMoment received_at = dbaas_sockets_received_at(pool, port);
	dlist_iter	iter;

	if (received_at == 0)
		return false;
	dlist_foreach(iter, &pool->requests)
	{
		const DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

		if (dbaas_http_requests_port(request) == port && request->started <= received_at)
			return false;
	}
	return true;
}

/*
 * Keeps libcurl from reusing any connection of the pool, unless a request uses one.
 * libcurl 8.23 may reuse one without checking whether it was closed.
 */
static void
forget_connections(DbaasHttpPool *pool)
{
#ifdef CURLMNWC_CLEAR_CONNS
	if (dbaas_http_requests_ended(pool))
		(void) curl_multi_setopt(pool->multi, CURLMOPT_NETWORK_CHANGED, CURLMNWC_CLEAR_CONNS);
#else
	(void) pool;
#endif
}

/*
 * Ends the requests on a silent connection, and keeps it from being reused.  Shuts
 * down the pool's idle connections too, since they may be dead as well.
 */
static void
abandon_connection(DbaasHttpPool *pool, long port)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

		/* Connections to two hosts can have the same local port. */
		if (request->own_connection || dbaas_http_requests_port(request) != port)
			continue;
		strlcpy(request->errbuf, "nothing comes any more over the connection, which was open "
				"before",
				CURL_ERROR_SIZE);
		request->silent = true;
		dbaas_http_transfer_end(request, CURLE_OPERATION_TIMEDOUT);
	}
	forget_connections(pool);
	dbaas_sockets_shut_unused(pool, pool_uses_port);
}

/*
 * Ends a request that is past its deadline.  Abandons its connection if nothing has
 * come over that since the request started, or for as long as it may be silent.
 */
static void
end_late(DbaasHttpRequest *request, DbaasMoment now)
{
	DbaasHttpPool *pool = request->pool;
	long		port = dbaas_http_requests_port(request);
	DbaasMoment received_at = dbaas_sockets_received_at(pool, port);

	snprintf(request->errbuf, CURL_ERROR_SIZE, "timed out: no whole answer within %ld ms",
			 pool->request_timeout_ms);
	dbaas_http_transfer_end(request, CURLE_OPERATION_TIMEDOUT);
	if (received_at != 0 &&
		(received_at <= request->started || now - received_at >= allowed_silence(pool)))
		abandon_connection(pool, port);
}

void
dbaas_http_overdue_end(DbaasHttpPool *pool)
{
	DbaasMoment now = dbaas_clock_now();
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);
		long		port;

		if (request->ended)
			continue;
		if (request->deadline <= now)
			end_late(request, now);
		else if (request->silence_check != 0 && request->silence_check <= now)
		{
			request->silence_check = 0;
			port = dbaas_http_requests_port(request);
			if (port != 0 && is_silent(pool, port))
				abandon_connection(pool, port);
		}
	}
}
