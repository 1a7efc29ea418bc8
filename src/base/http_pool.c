/*-------------------------------------------------------------------------
 *
 * http_pool.c
 *		Pools of connections, and the requests that run over them.
 *
 * Each pool is a curl multi handle driven by socket events (events.c).  What
 * concerns one request alone is in http_transfer.c.
 *
 * A request hangs on a reset callback of its memory context, so no error path
 * has to free it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "base/events.h"
#include "base/http_internal.h"
#include "base/sockets.h"

/* Connections that a pool keeps open when they are idle. */
#define MAX_IDLE_CONNECTIONS 64L

/*
 * Time between two turns of the loop from which on the backend counts as having
 * been busy with other things.
 */
#define IDLE_USECS 500000

/*
 * How long a reused connection may be silent before a request's first byte: this
 * time; this part of request_timeout, if that is less; twice the longest wait
 * for a first byte in its pool, if that is more.  After that the connection
 * counts as dead, and no more requests are sent over it.
 */
#define SILENCE_USECS 5000000
#define SILENCE_PART 4

/*
 * Descriptors that have to be free for a request, beside the one of its
 * connection: to look up names, to read certificates, and to read later what
 * became of a write that was sent.  libcurl keeps some for each pool.
 */
#define SPARE_DESCRIPTORS 8
#define POOL_DESCRIPTORS 2

/* Events that one turn of the loop takes from the epoll set. */
#define MAX_EVENTS 32

static DbaasMoment last_driven = 0; /* end of the last wait or turn; 0: none */
static bool waits_on_descriptor = false;	/* the caller, in place of
											 * dbaas_http_wait() */
static bool ended_in_start = false; /* a request has, that no turn has seen */
static uint32 last_pool_id = 0;
static dlist_head pools = DLIST_STATIC_INIT(pools);

static void perform_timer(DbaasHttpPool *pool);
static bool collect_ended(DbaasHttpPool *pool);
static void exclude_idle_time(void);

/*
 * Blocks all signals while libcurl runs.  It resolves names in threads of its own,
 * which inherit the signal mask, and must not handle the backend's signals.
 */
static void
block_signals(sigset_t *saved)
{
	sigset_t	all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, saved);
}

static void
restore_signals(const sigset_t *saved)
{
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}

/* How long a reused connection of the pool may be silent. */
static DbaasMoment
allowed_silence(const DbaasHttpPool *pool)
{
	DbaasMoment part = (DbaasMoment) pool->request_timeout_ms * 1000 / SILENCE_PART;

	return Max(Min(part, SILENCE_USECS), 2 * pool->slowest);
}

/*
 * strdup that takes NULL; *ok becomes false when memory runs out.
 */
static char *
copy_string(const char *s, bool *ok)
{
	char	   *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		*ok = false;
	return copy;
}

/*
 * libcurl says what to watch a socket for.  socketp is not NULL when it said so
 * before; but a socket that was closed has left the set, and its number may be in
 * use again.
 */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *userp, void *socketp)
{
	DbaasHttpPool *pool = userp;

	(void) easy;
	if (what == CURL_POLL_REMOVE)
	{
		dbaas_events_unwatch(fd);
		return 0;
	}
	if (!dbaas_events_watch(fd, ((what & CURL_POLL_IN) ? EPOLLIN : 0) |
							((what & CURL_POLL_OUT) ? EPOLLOUT : 0),
							((uint64) pool->id << 32) | (uint32) fd, socketp != NULL))
		return -1;
	/* Makes socketp non-null in the next call for this socket. */
	curl_multi_assign(pool->multi, fd, pool);
	return 0;
}

/* libcurl says when it wants to be called without an event. */
static int
on_timer(CURLM *multi, long timeout_ms, void *userp)
{
	DbaasHttpPool *pool = userp;

	(void) multi;
	pool->timer = timeout_ms < 0 ? 0 :
		dbaas_clock_now() + (DbaasMoment) timeout_ms * 1000;
	return 0;
}

static CURLM *
new_multi(DbaasHttpPool *pool)
{
	CURLM	   *multi = curl_multi_init();

	if (multi == NULL)
		return NULL;
	if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pool) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pool) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, MAX_IDLE_CONNECTIONS) != CURLM_OK)
	{
		curl_multi_cleanup(multi);
		return NULL;
	}
	return multi;
}

DbaasHttpPool *
dbaas_http_pool_open(const DbaasHttpSettings *settings, bool *no_room)
{
	static bool initialized = false;
	DbaasHttpPool *pool;
	bool		ok = true;

	*no_room = false;
	if (!initialized)
	{
		if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
			return NULL;
		initialized = true;
	}
	if (!dbaas_events_open() || !dbaas_sockets_room(POOL_DESCRIPTORS, 0))
	{
		*no_room = true;
		return NULL;
	}

	pool = calloc(1, sizeof(DbaasHttpPool));
	if (pool == NULL)
		return NULL;
	pool->id = ++last_pool_id;
	dlist_init(&pool->requests);
	pool->connect_timeout_ms = settings->connect_timeout_ms;
	pool->request_timeout_ms = settings->request_timeout_ms;
	pool->max_response_bytes = settings->max_response_bytes;
	pool->ca_pem = copy_string(settings->ca_pem, &ok);
	pool->proxy = copy_string(settings->proxy, &ok);
	pool->user_agent = copy_string(settings->user_agent, &ok);
	pool->multi = new_multi(pool);
	for (int i = 0; i < POOL_DESCRIPTORS; i++)
		ReserveExternalFD();
	dlist_push_tail(&pools, &pool->node);

	if (!ok || pool->multi == NULL)
	{
		dbaas_http_pool_close(pool);
		return NULL;
	}
	return pool;
}

void
dbaas_http_pool_close(DbaasHttpPool *pool)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

		if (!request->ended)
		{
			strlcpy(request->errbuf, "the connection was closed", CURL_ERROR_SIZE);
			dbaas_http_transfer_end(request, CURLE_ABORTED_BY_CALLBACK);
		}
		dlist_delete(&request->node);
		request->pool = NULL;
	}
	dlist_delete(&pool->node);
	if (pool->multi)
		curl_multi_cleanup(pool->multi);
	dbaas_sockets_forget(pool);
	for (int i = 0; i < POOL_DESCRIPTORS; i++)
		ReleaseExternalFD();
	free(pool->ca_pem);
	free(pool->proxy);
	free(pool->user_agent);
	free(pool);
}

/* The local port of the connection that a request uses; 0 when it has none. */
static long
request_port(const DbaasHttpRequest *request)
{
	long		port = 0;

	if (!request->ended)
		curl_easy_getinfo(request->easy, CURLINFO_LOCAL_PORT, &port);
	return Max(port, 0);
}

/*
 * How many requests of the pool have not ended?  Adds to *unconnected how many of
 * these have no connection yet.
 */
static int
count_under_way(DbaasHttpPool *pool, int *unconnected)
{
	dlist_iter	iter;
	int			n = 0;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

		if (request->ended)
			continue;
		n++;
		if (request_port(request) == 0)
			(*unconnected)++;
	}
	return n;
}

/* The same, of all pools. */
static int
count_all_under_way(int *unconnected)
{
	dlist_iter	iter;
	int			n = 0;

	*unconnected = 0;
	dlist_foreach(iter, &pools)
		n += count_under_way(dlist_container(DbaasHttpPool, node, iter.cur), unconnected);
	return n;
}

int
dbaas_http_under_way(void)
{
	int			unconnected;

	return count_all_under_way(&unconnected);
}

/*
 * Are there descriptors for n more connections?  If not, pools without requests
 * under way first give up their idle connections and all else that libcurl keeps
 * for them.
 */
static bool
has_room(int n)
{
	dlist_iter	iter;
	int			unconnected = 0;

	if (dbaas_sockets_room(n, SPARE_DESCRIPTORS))
		return true;
	dlist_foreach(iter, &pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, iter.cur);

		if (pool->multi == NULL || count_under_way(pool, &unconnected) > 0)
			continue;
		curl_multi_cleanup(pool->multi);
		pool->timer = 0;
		pool->multi = new_multi(pool);
	}
	return dbaas_sockets_room(n, SPARE_DESCRIPTORS);
}

static void
release_callback(void *arg)
{
	dbaas_http_release(arg);
}

DbaasHttpRequest *
dbaas_http_start(DbaasHttpPool *pool, MemoryContext cxt, const char *method,
				 const char *url, const char *body, const char *authorization,
				 bool fresh)
{
	int			unconnected;
	int			under_way = count_all_under_way(&unconnected);
	DbaasHttpRequest *request;
	CURLcode	code;
	sigset_t	saved;

	/*
	 * Idle time up to now is excluded for the others, and is none of this
	 * request.
	 */
	exclude_idle_time();
	last_driven = dbaas_clock_now();

	request = MemoryContextAllocZero(cxt, sizeof(DbaasHttpRequest));
	request->pool = pool;
	request->fresh = fresh;
	request->started = dbaas_clock_now();
	request->deadline = request->started + (DbaasMoment) pool->request_timeout_ms * 1000;
	request->silence_check = fresh ? 0 : request->started + allowed_silence(pool);
	request->request_body = body ? MemoryContextStrdup(cxt, body) : NULL;
	request->callback.func = release_callback;
	request->callback.arg = request;
	request->response.crowded = under_way > 0;
	request->no_room = !has_room(unconnected + 1);
	if (pool->multi == NULL)
		pool->multi = new_multi(pool);
	dlist_push_tail(&pool->requests, &request->node);
	MemoryContextRegisterResetCallback(cxt, &request->callback);

	request->easy = request->no_room || pool->multi == NULL ? NULL : curl_easy_init();
	code = request->easy ? dbaas_http_transfer_prepare(request, method, url, authorization) :
		CURLE_OUT_OF_MEMORY;
	if (code == CURLE_OK)
	{
		block_signals(&saved);
		if (curl_multi_add_handle(pool->multi, request->easy) != CURLM_OK)
			code = CURLE_OUT_OF_MEMORY;
		restore_signals(&saved);
	}
	if (code != CURLE_OK)
	{
		dbaas_http_transfer_end(request, code);
		ended_in_start = true;
		return request;
	}

	/* Sends it at once, whatever the caller does before the next turn. */
	perform_timer(pool);
	if (collect_ended(pool))
		ended_in_start = true;
	return request;
}

static DbaasHttpPool *
find_pool(uint32 id)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, iter.cur);

		if (pool->id == id)
			return pool;
	}
	return NULL;
}

static void
perform_pool(DbaasHttpPool *pool, curl_socket_t fd, int events)
{
	int			running;
	sigset_t	saved;

	block_signals(&saved);
	(void) curl_multi_socket_action(pool->multi, fd, events, &running);
	restore_signals(&saved);
}

/* Calls libcurl if the time has come at which it wanted to be called. */
static void
perform_timer(DbaasHttpPool *pool)
{
	if (pool->timer == 0 || pool->timer > dbaas_clock_now())
		return;
	pool->timer = 0;
	perform_pool(pool, CURL_SOCKET_TIMEOUT, 0);
}

/* Does a request of the pool wait for a connection? */
static bool
is_connecting(DbaasHttpPool *pool)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);
		curl_off_t	connected_at = 0;

		if (request->ended)
			continue;
		curl_easy_getinfo(request->easy, CURLINFO_CONNECT_TIME_T, &connected_at);
		if (connected_at == 0)
			return true;
	}
	return false;
}

/*
 * Works around a bug of libcurl 7.88 to 8.3.  When it has given up one address of
 * a host, it opens a socket to the next only in its next call, and does not ask
 * for that call: so an address that does not respond uses up the whole time to
 * connect.  The only call that looks at requests without an event is deprecated.
 */
static void
perform_connecting(DbaasHttpPool *pool)
{
	static bool is_needed = false;
	static bool checked = false;
	int			running;
	sigset_t	saved;

	if (!checked)
		is_needed = curl_version_info(CURLVERSION_NOW)->version_num < 0x080400;
	checked = true;
	if (!is_needed || !is_connecting(pool))
		return;
	block_signals(&saved);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	(void) curl_multi_socket_all(pool->multi, &running);
#pragma GCC diagnostic pop
	restore_signals(&saved);
}

/* Ends the requests that libcurl has finished.  Returns whether there was one. */
static bool
collect_ended(DbaasHttpPool *pool)
{
	CURLMsg    *msg;
	int			left;
	bool		any = false;

	while ((msg = curl_multi_info_read(pool->multi, &left)) != NULL)
	{
		DbaasHttpRequest *request = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &request);
		dbaas_http_transfer_end(request, msg->data.result);
		any = true;
	}
	return any;
}

/*
 * Puts off all deadlines by the time in which the backend was busy with other
 * things: what came in that time is still in the sockets, unread.
 */
static void
exclude_idle_time(void)
{
	DbaasMoment now = dbaas_clock_now();
	DbaasMoment idle = now - last_driven;
	dlist_iter	pool_iter;

	if (waits_on_descriptor || last_driven == 0 || idle < IDLE_USECS)
		return;
	dlist_foreach(pool_iter, &pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, pool_iter.cur);
		dlist_iter	iter;

		dlist_foreach(iter, &pool->requests)
		{
			DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

			request->deadline += idle;
			if (request->silence_check != 0)
				request->silence_check += idle;
		}
	}
}

/* For dbaas_sockets_shut(): does a request of the pool use the port? */
static bool
pool_uses_port(void *owner, long port)
{
	DbaasHttpPool *pool = owner;
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		if (request_port(dlist_container(DbaasHttpRequest, node, iter.cur)) == port)
			return true;
	}
	return false;
}

/*
 * Has nothing come over the connection since the first of the requests that use
 * it now was started?  If the connection was made later than that, it has not
 * had the whole time yet, and is not silent.
 */
static bool
is_silent(DbaasHttpPool *pool, long port)
{
	DbaasMoment heard = dbaas_sockets_heard(pool, port);
	dlist_iter	iter;

	if (heard == 0)
		return false;
	dlist_foreach(iter, &pool->requests)
	{
		const DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

		if (request_port(request) == port && request->started <= heard)
			return false;
	}
	return true;
}

/*
 * Keeps libcurl from reusing a connection of the pool, if no request uses one.
 * libcurl 8.23 may reuse one without checking whether it was closed.
 */
static void
forget_connections(DbaasHttpPool *pool)
{
#ifdef CURLMNWC_CLEAR_CONNS
	int			unconnected;

	if (count_under_way(pool, &unconnected) == 0)
		(void) curl_multi_setopt(pool->multi, CURLMOPT_NETWORK_CHANGED, CURLMNWC_CLEAR_CONNS);
#else
	(void) pool;
#endif
}

/*
 * Ends the requests on a silent connection, and keeps it from being reused; also
 * the pool's idle connections, which may be as dead.
 */
static void
abandon_connection(DbaasHttpPool *pool, long port)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

		/* Connections to two hosts can have the same local port. */
		if (request->fresh || request_port(request) != port)
			continue;
		strlcpy(request->errbuf, "nothing comes any more over the connection, which was open before",
				CURL_ERROR_SIZE);
		request->silent = true;
		dbaas_http_transfer_end(request, CURLE_OPERATION_TIMEDOUT);
	}
	forget_connections(pool);
	dbaas_sockets_shut(pool, pool_uses_port);
}

/*
 * Ends a request that is past its deadline.  If its connection was silent since
 * the request started, or is silent for too long, that is not reused.
 */
static void
end_late(DbaasHttpRequest *request, DbaasMoment now)
{
	DbaasHttpPool *pool = request->pool;
	long		port = request_port(request);
	DbaasMoment heard = dbaas_sockets_heard(pool, port);

	snprintf(request->errbuf, CURL_ERROR_SIZE, "timed out: no whole answer within %ld ms",
			 pool->request_timeout_ms);
	dbaas_http_transfer_end(request, CURLE_OPERATION_TIMEDOUT);
	if (heard != 0 && (heard <= request->started || now - heard >= allowed_silence(pool)))
		abandon_connection(pool, port);
}

/* Ends the requests of a pool that are past their deadline or on a silent connection. */
static void
end_overdue(DbaasHttpPool *pool)
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
			port = request_port(request);
			if (port != 0 && is_silent(pool, port))
				abandon_connection(pool, port);
		}
	}
}

void
dbaas_http_perform(void)
{
	struct epoll_event events[MAX_EVENTS];
	dlist_iter	iter;
	int			n;

	if (dbaas_events_descriptor() < 0)
		return;
	exclude_idle_time();
	waits_on_descriptor = false;
	ended_in_start = false;
	dbaas_events_clear_alarm();
	n = dbaas_events_take(events, MAX_EVENTS);
	for (int i = 0; i < n; i++)
	{
		DbaasHttpPool *pool = find_pool((uint32) (events[i].data.u64 >>32));

		/*
		 * EPOLLERR and EPOLLHUP become "readable" and "writable", not an
		 * error: the event may be of a socket that was closed, and whose
		 * number another has now.  libcurl finds a real error when it reads
		 * or writes.
		 */
		int			what = ((events[i].events & ~EPOLLOUT) ? CURL_CSELECT_IN : 0) |
			((events[i].events & ~EPOLLIN) ? CURL_CSELECT_OUT : 0);

		if (pool == NULL)
			continue;
		if (what & CURL_CSELECT_IN)
			dbaas_sockets_hear((curl_socket_t) (events[i].data.u64 &0xffffffff));
		perform_pool(pool, (curl_socket_t) (events[i].data.u64 &0xffffffff), what);
	}

	dlist_foreach(iter, &pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, iter.cur);

		perform_timer(pool);
		perform_connecting(pool);
		(void) collect_ended(pool);
		end_overdue(pool);
	}
	last_driven = dbaas_clock_now();
}

/* The time until a request of the pool may be overdue, if that is less than timeout_ms. */
static long
next_deadline(DbaasHttpPool *pool, DbaasMoment now, long timeout_ms)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);
		DbaasMoment due = request->silence_check ? Min(request->silence_check, request->deadline) :
			request->deadline;
		long		ms = dbaas_clock_ms(now, due);

		if (!request->ended && (timeout_ms < 0 || ms < timeout_ms))
			timeout_ms = ms;
	}
	return timeout_ms;
}

/*
 * The time until dbaas_http_perform() has something to do, if that is less than
 * timeout_ms, of which -1 is the longest.
 */
static long
next_timer(long timeout_ms)
{
	DbaasMoment now = dbaas_clock_now();
	dlist_iter	iter;

	if (ended_in_start)
		return 0;
	dlist_foreach(iter, &pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, iter.cur);

		if (pool->timer != 0)
		{
			long		ms = dbaas_clock_ms(now, pool->timer);

			if (timeout_ms < 0 || ms < timeout_ms)
				timeout_ms = ms;
		}
		timeout_ms = next_deadline(pool, now, timeout_ms);
	}
	return timeout_ms;
}

void
dbaas_http_wait(long timeout_ms, uint32 wait_event)
{
	timeout_ms = next_timer(timeout_ms);
	CHECK_FOR_INTERRUPTS();
	if (timeout_ms != 0)
	{
		dbaas_events_wait(timeout_ms, wait_event);
		last_driven = dbaas_clock_now();
		CHECK_FOR_INTERRUPTS();
	}
	dbaas_http_perform();
}

void
dbaas_http_wake(void)
{
	if (dbaas_events_descriptor() >= 0)
		dbaas_events_set_alarm(0);
}

int
dbaas_http_descriptor(long timeout_ms)
{
	if (dbaas_events_descriptor() < 0)
		return -1;
	waits_on_descriptor = true;
	dbaas_events_set_alarm(next_timer(timeout_ms));
	return dbaas_events_descriptor();
}

const char *
dbaas_http_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
