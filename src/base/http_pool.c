/*-------------------------------------------------------------------------
 *
 * http_pool.c
 *		Pools of connections, and the requests that run over them.
 *
 * Each pool is a multi handle of libcurl, which is called for events of its sockets
 * (events.c).  What concerns one request alone is in http_transfer.c; what ends
 * requests that take too long is in http_overdue.c.
 *
 * A reset callback of its memory context frees a request, so error paths need not.
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
 * If this much time has passed between a wait and the next call of this module, the
 * backend was busy with other work.
 */
#define BUSY_USECS 500000

/*
 * Descriptors that have to be free for a request, beside the one of its
 * connection: to look up names, to read certificates, and to read later what
 * became of a write that was sent.  libcurl keeps some for each pool.
 */
#define SPARE_DESCRIPTORS 8
#define POOL_DESCRIPTORS 2

/* Events that dbaas_http_perform() takes from the event set at once. */
#define MAX_EVENTS 32

/* When a wait or dbaas_http_perform() last ended; 0: never. */
static DbaasMoment last_performed_at = 0;

/*
 * Did a caller take the descriptor since dbaas_http_perform() last ran?  Then it
 * waits on that, and the time that passes is not time in which it was busy.
 */
static bool caller_waits = false;

/* Did a request end in dbaas_http_start() since dbaas_http_perform() last ran? */
static bool ended_at_start = false;

static uint32 last_pool_id = 0;
static void perform_timer(DbaasHttpPool *pool);
static bool collect_ended(DbaasHttpPool *pool);
static void exclude_busy_time(void);

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

/* strdup() that takes NULL; *ok becomes false when memory runs out. */
static char *
copy_string(const char *s, bool *ok)
{
	char	   *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		*ok = false;
	return copy;
}

/*
 * libcurl says what to watch a socket for.  socketp is not NULL if it has said so
 * before for this number.  The socket may have been closed since, which took it out
 * of the set, and the number may be that of another socket now.
 */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *userp, void *socketp)
{
	DbaasHttpPool *pool = userp;
	bool		kept = dbaas_sockets_kept(fd);
	int			events = ((what & CURL_POLL_IN) ? DBAAS_EVENT_READABLE : 0) |
		((what & CURL_POLL_OUT) ? DBAAS_EVENT_WRITABLE : 0);

	(void) easy;
	if (what == CURL_POLL_REMOVE)
	{
		if (!dbaas_sockets_keep(fd))
			dbaas_event_set_unwatch(fd);
		return 0;
	}
	if (!(kept && events == DBAAS_EVENT_READABLE))
	{
		if (!dbaas_event_set_watch(fd, events, pool->id, kept || socketp != NULL))
			return -1;
		dbaas_sockets_note_watched(fd, events);
	}
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

/*
 * Closes the connections of a pool that uses none, and all that libcurl keeps for
 * them: descriptors, and the certificates that it has read.
 */
static void
renew_multi(DbaasHttpPool *pool)
{
	if (pool->multi)
		curl_multi_cleanup(pool->multi);
	pool->timer = 0;
	pool->multi = dbaas_http_tls_renew(pool) ? new_multi(pool) : NULL;
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
	if (!dbaas_events_open() || !dbaas_sockets_make_room(POOL_DESCRIPTORS, 0))
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
	pool->multi = dbaas_http_tls_open(pool) ? new_multi(pool) : NULL;
	for (int i = 0; i < POOL_DESCRIPTORS; i++)
		ReserveExternalFD();
	dlist_push_tail(&dbaas_http_pools, &pool->node);

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
	dbaas_http_tls_close(pool);
	dbaas_sockets_forget(pool);
	for (int i = 0; i < POOL_DESCRIPTORS; i++)
		ReleaseExternalFD();
	free(pool->ca_pem);
	free(pool->proxy);
	free(pool->user_agent);
	free(pool);
}

/*
 * Makes sure that there are descriptors for n more connections.  If there are not,
 * closes the connections of idle pools, and all other descriptors that libcurl keeps
 * for these.  Returns false when that was not enough.
 */
static bool
make_room(int n)
{
	dlist_iter	iter;

	if (dbaas_sockets_make_room(n, SPARE_DESCRIPTORS))
		return true;
	dlist_foreach(iter, &dbaas_http_pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, iter.cur);

		if (pool->multi && dbaas_http_requests_ended(pool))
			renew_multi(pool);
	}
	return dbaas_sockets_make_room(n, SPARE_DESCRIPTORS);
}

/*
 * Is there likely to be a connection for one more request of the pool?  Then no
 * descriptors are opened to find out whether there are any.  If it needs one after all,
 * and there is none, the request ends with DBAAS_HTTP_NO_ROOM, and can be started again:
 * the pool is short of room, and that makes some.
 */
static bool
has_connection(DbaasHttpPool *pool)
{
	int			connections = dbaas_sockets_count(pool);

	if (pool->short_of_room)
		return false;
	return pool->multiplexed ? connections > 0 :
		connections > dbaas_http_requests_in_flight(pool);
}

static void
release_callback(void *arg)
{
	dbaas_http_release(arg);
}

DbaasHttpRequest *
dbaas_http_start(DbaasHttpPool *pool, MemoryContext cxt, const char *method,
				 const char *url, const char *body, const char *authorization,
				 bool own_connection)
{
	DbaasHttpRequest *request;
	CURLcode	code;
	sigset_t	saved;

	/* Before this request is added: it was not there in the busy time. */
	exclude_busy_time();
	last_performed_at = dbaas_clock_now();

	request = MemoryContextAllocZero(cxt, sizeof(DbaasHttpRequest));
	request->pool = pool;
	request->own_connection = own_connection;
	dbaas_http_overdue_watch(request);
	request->request_body = body ? MemoryContextStrdup(cxt, body) : NULL;
	request->callback.func = release_callback;
	request->callback.arg = request;
	request->response.room_may_come = dbaas_http_requests_count(false) > 0;
	request->tested_room = own_connection || !has_connection(pool);
	request->no_room = request->tested_room && !make_room(dbaas_http_requests_count(true) + 1);
	pool->short_of_room = request->no_room;
	if (pool->multi == NULL ||
		(dbaas_http_requests_ended(pool) && dbaas_http_tls_changed(pool, last_performed_at)))
		renew_multi(pool);
	dlist_push_tail(&pool->requests, &request->node);
	MemoryContextRegisterResetCallback(cxt, &request->callback);

	request->easy = request->no_room || pool->multi == NULL ? NULL : curl_easy_init();
	code = request->easy ? dbaas_http_transfer_prepare(request, method, url, authorization) :
		CURLE_OUT_OF_MEMORY;
	block_signals(&saved);
	if (code == CURLE_OK && curl_multi_add_handle(pool->multi, request->easy) != CURLM_OK)
		code = CURLE_OUT_OF_MEMORY;
	if (code != CURLE_OK)
	{
		dbaas_http_transfer_end(request, code);
		ended_at_start = true;
	}
	else
	{
		/* Sends it at once: the caller may be busy before it waits. */
		perform_timer(pool);
		if (collect_ended(pool))
			ended_at_start = true;
	}
	restore_signals(&saved);
	return request;
}

static DbaasHttpPool *
find_pool(uint32 id)
{
	dlist_iter	iter;

	dlist_foreach(iter, &dbaas_http_pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, iter.cur);

		if (pool->id == id)
			return pool;
	}
	return NULL;
}

/* Has the time come for a call that libcurl asked on_timer() for? */
static bool
is_timer_due(const DbaasHttpPool *pool)
{
	return pool->timer != 0 && pool->timer <= dbaas_clock_now();
}

/* Calls libcurl if that time has come.  Signals are blocked. */
static void
perform_timer(DbaasHttpPool *pool)
{
	int			running;

	if (!is_timer_due(pool))
		return;
	pool->timer = 0;
	(void) curl_multi_socket_action(pool->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

/* Does a request of the pool have no connection yet? */
static bool
is_connecting(DbaasHttpPool *pool)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

		if (!request->ended && dbaas_http_requests_port(request) == 0)
			return true;
	}
	return false;
}

/*
 * Works around a bug of libcurl 7.88 to 8.3.  When it has given up one address of
 * a host, it opens a socket to the next only in its next call, and does not ask
 * for that call: so an address that does not respond uses up the whole time to
 * connect.  The only call that looks at requests without an event is deprecated.
 * Signals are blocked.
 */
static void
perform_connecting(DbaasHttpPool *pool)
{
	static bool is_needed = false;
	static bool checked = false;
	int			running;

	if (!checked)
		is_needed = curl_version_info(CURLVERSION_NOW)->version_num < 0x080400;
	checked = true;
	if (!is_needed || !is_connecting(pool))
		return;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	(void) curl_multi_socket_all(pool->multi, &running);
#pragma GCC diagnostic pop
}

/*
 * Starts a request again that could not verify a certificate, if more certificates
 * are there to verify it with.  Nothing was sent.
 */
static bool
try_directory(DbaasHttpRequest *request, CURLcode code)
{
	CURLM	   *multi = request->pool->multi;

	if (!dbaas_http_tls_try_directory(request, code))
		return false;
	curl_multi_remove_handle(multi, request->easy);
	if (curl_multi_add_handle(multi, request->easy) != CURLM_OK)
		return false;
	request->errbuf[0] = '\0';
	return true;
}

/*
 * Without descriptors libcurl also fails to look up names or to read certificates.  Did a
 * request fail for that, which was started without a test whether there are any?
 */
static bool
lacked_room(DbaasHttpRequest *request, CURLcode code)
{
	return !request->tested_room &&
		(code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
		 code == CURLE_COULDNT_CONNECT || code == CURLE_SSL_CACERT_BADFILE ||
		 code == CURLE_OUT_OF_MEMORY) &&
		!dbaas_sockets_make_room(1, SPARE_DESCRIPTORS);
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
		CURLcode	code;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &request);
		code = msg->data.result;
		if (!try_directory(request, code))
		{
			request->no_room = request->no_room || lacked_room(request, code);
			dbaas_http_transfer_end(request, code);
			any = true;
		}
	}
	return any;
}

/*
 * Postpones all deadlines by the time in which the backend was busy with other work:
 * what came in that time is still in the sockets, unread.
 */
static void
exclude_busy_time(void)
{
	DbaasMoment busy = dbaas_clock_now() - last_performed_at;
	dlist_iter	iter;

	if (caller_waits || last_performed_at == 0 || busy < BUSY_USECS)
		return;
	dlist_foreach(iter, &dbaas_http_pools)
	{
		dbaas_http_overdue_postpone(dlist_container(DbaasHttpPool, node, iter.cur), busy);
	}
}

/* Gives an event of a socket to libcurl. */
static void
perform_event(const DbaasEvent *event)
{
	DbaasHttpPool *pool = find_pool(event->owner);
	curl_socket_t fd = event->fd;
	int			running;

	/*
	 * Never an error: the event may be of a socket that was closed, and whose
	 * number another has now.  libcurl finds a real error when it reads or
	 * writes.
	 */
	int			what = ((event->ready & DBAAS_EVENT_READABLE) ? CURL_CSELECT_IN : 0) |
		((event->ready & DBAAS_EVENT_WRITABLE) ? CURL_CSELECT_OUT : 0);

	if (pool == NULL)
		return;
	if (dbaas_sockets_kept(fd))
	{
		/* No request uses it: the other side has closed it. */
		dbaas_event_set_unwatch(fd);
		dbaas_sockets_note_watched(fd, 0);
		return;
	}
	if (what & CURL_CSELECT_IN)
		dbaas_sockets_note_received(fd);
	(void) curl_multi_socket_action(pool->multi, fd, what, &running);
}

/* Does for a pool what no event stands for. */
static void
perform_pool(DbaasHttpPool *pool)
{
	sigset_t	saved;

	(void) collect_ended(pool);
	if (dbaas_http_requests_ended(pool))
		return;
	if (is_timer_due(pool) || is_connecting(pool))
	{
		block_signals(&saved);
		perform_timer(pool);
		perform_connecting(pool);
		restore_signals(&saved);
		(void) collect_ended(pool);
	}
	dbaas_http_overdue_end(pool);
}

void
dbaas_http_perform(void)
{
	DbaasEvent	events[MAX_EVENTS];
	dlist_iter	iter;
	sigset_t	saved;
	int			n;

	if (dbaas_events_descriptor() < 0)
		return;
	exclude_busy_time();
	caller_waits = false;
	ended_at_start = false;
	dbaas_events_clear_alarm();
	n = dbaas_event_set_take(events, MAX_EVENTS);
	if (n > 0)
	{
		block_signals(&saved);
		for (int i = 0; i < n; i++)
			perform_event(&events[i]);
		restore_signals(&saved);
	}
	dlist_foreach(iter, &dbaas_http_pools)
	{
		perform_pool(dlist_container(DbaasHttpPool, node, iter.cur));
	}
	last_performed_at = dbaas_clock_now();
}

/*
 * The milliseconds until dbaas_http_perform() has something to do, but at most
 * timeout_ms, for which -1 means no limit.
 */
static long
limit_timeout(long timeout_ms)
{
	DbaasMoment now = dbaas_clock_now();
	dlist_iter	iter;

	if (ended_at_start)
		return 0;
	dlist_foreach(iter, &dbaas_http_pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, iter.cur);

		if (pool->timer != 0 && !dbaas_http_requests_ended(pool))
		{
			long		ms = dbaas_clock_ms_between(now, pool->timer);

			if (timeout_ms < 0 || ms < timeout_ms)
				timeout_ms = ms;
		}
		timeout_ms = dbaas_http_overdue_next(pool, now, timeout_ms);
	}
	return timeout_ms;
}

void
dbaas_http_wait(long timeout_ms, uint32 wait_event)
{
	timeout_ms = limit_timeout(timeout_ms);
	CHECK_FOR_INTERRUPTS();
	if (timeout_ms != 0)
	{
		dbaas_events_wait(timeout_ms, wait_event);
		last_performed_at = dbaas_clock_now();
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
	caller_waits = true;
	dbaas_events_set_alarm(limit_timeout(timeout_ms));
	return dbaas_events_descriptor();
}

const char *
dbaas_http_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
