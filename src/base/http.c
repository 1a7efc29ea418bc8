/*-------------------------------------------------------------------------
 *
 * http.c
 *		HTTP requests that run concurrently, on libcurl.
 *
 * Each pool is a curl multi handle driven by socket events.  The sockets of
 * all pools are in one epoll set, whose descriptor is what the backend waits
 * on together with its latch.
 *
 * libcurl's callbacks never throw: they record what happened and return.
 * A request hangs on a reset callback of its memory context, so no error path
 * has to free it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/ilist.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/http.h"
#include "base/sockets.h"

/* Connections that a pool keeps open when they are idle. */
#define MAX_IDLE_CONNECTIONS 64L

/* Time without a turn of the loop that is taken to be spent on other things. */
#define IDLE_USECS 500000

/*
 * How long a request on a connection that was open before waits for its first
 * byte: this time; this part of request_timeout, if that is less; twice the time
 * that the slowest first byte of its pool took, if that is more.  After that the
 * connection counts as dead, and nothing more is asked over it.
 */
#define PATIENCE_USECS 5000000
#define PATIENCE_PART 4

/*
 * Descriptors that have to be free for a request, beside the one of its
 * connection: to look up names, to read certificates, and to ask what became of a
 * write that was sent.  libcurl keeps some for each pool.
 */
#define SPARE_DESCRIPTORS 8
#define POOL_DESCRIPTORS 2

/* Events that one turn of the loop takes from the epoll set. */
#define MAX_EVENTS 32

struct DbaasHttpPool
{
	dlist_node	node;			/* in "pools" */
	uint32		id;				/* in epoll events; never used again */
	CURLM	   *multi;
	DbaasMoment timer;			/* when libcurl wants to be called, 0: never */
	DbaasMoment slowest;		/* most time that a first byte took */
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
	CURL	   *easy;			/* NULL once released */
	struct curl_slist *headers;
	char	   *request_body;
	char		errbuf[CURL_ERROR_SIZE];
	DbaasMoment started;
	DbaasMoment deadline;
	DbaasMoment patience;		/* when to have doubts; 0: no more */
	bool		fresh;			/* has a connection of its own */
	bool		ended;
	bool		silent;			/* nothing came over its connection */
	bool		too_large;
	bool		no_memory;
	bool		no_room;		/* no descriptor was left */
	bool		has_head;		/* the answer's head has come to its end */
	char	   *body;			/* malloc'ed: grown inside a callback */
	size_t		body_len;
	size_t		body_size;
	DbaasHttpAnswer answer;
};

static int	epoll_fd = -1;
static int	timer_fd = -1;		/* in the epoll set, with pool id 0 */
static WaitEventSet *wait_set = NULL;	/* the latch and the epoll set */
static DbaasMoment alarm_at = 0;	/* when that is due; 0: never */
static DbaasMoment last_driven = 0; /* end of the last wait or turn */
static bool waits_outside = false;	/* on a descriptor, for its alarm */
static bool has_news = false;	/* a request ended when another was started */
static uint32 last_pool_id = 0;
static dlist_head pools = DLIST_STATIC_INIT(pools);

/* callbacks of libcurl */
static int	on_socket(CURL *easy, curl_socket_t fd, int what, void *userp, void *socketp);
static int	on_timer(CURLM *multi, long timeout_ms, void *userp);
static size_t on_head(char *line, size_t size, size_t nmemb, void *userp);
static curl_socket_t on_open_socket(void *userp, curlsocktype purpose, struct curl_sockaddr *address);
static int	on_close_socket(void *userp, curl_socket_t fd);
static size_t on_body(char *data, size_t size, size_t nmemb, void *userp);

/* the life of a request */
static CURLcode set_options(DbaasHttpRequest *request, const char *method,
							const char *url, const char *authorization, bool fresh);
static void end_request(DbaasHttpRequest *request, CURLcode code);
static DbaasHttpFailure classify(DbaasHttpRequest *request, CURLcode code);
static void release_callback(void *arg);

/* driving the pools */
static void perform_pool(DbaasHttpPool *pool, curl_socket_t fd, int events);
static void perform_timer(DbaasHttpPool *pool);
static bool collect_ended(DbaasHttpPool *pool);
static DbaasHttpPool *find_pool(uint32 id);
static void forgive_idle_time(void);

/*
 * libcurl resolves names in threads of its own, and those must not serve the
 * backend's signals: they inherit the mask that is in force when libcurl is
 * called.
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

/*
 * Opens what waiting needs, once: later, when something is under way whose end has
 * to be waited for, there may be no descriptor left.  Returns false when there is
 * none now.
 */
static bool
ensure_epoll(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	WaitEventSet *set;

	if (wait_set)
		return true;
	if (!dbaas_sockets_room(3, 0))
		return false;
	if (epoll_fd < 0)
	{
		epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		if (epoll_fd < 0 || timer_fd < 0 ||
			epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event) != 0)
		{
			close(epoll_fd);
			close(timer_fd);
			epoll_fd = timer_fd = -1;
			return false;
		}
		ReserveExternalFD();
		ReserveExternalFD();
	}
	set = dbaas_wait_set_new(3);
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (IsUnderPostmaster)
		AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(set, WL_SOCKET_READABLE, epoll_fd, NULL, NULL);
	wait_set = set;
	return true;
}

/* Waits for the latch, the epoll set, or that many milliseconds (-1: no limit). */
static void
wait_for_events(long timeout_ms, uint32 wait_event)
{
	WaitEvent	event;

	if (wait_set == NULL)
	{
		int			events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (timeout_ms < 0 ? 0 : WL_TIMEOUT);

		if (WaitLatch(MyLatch, events, timeout_ms, wait_event) & WL_LATCH_SET)
			ResetLatch(MyLatch);
		return;
	}
	if (WaitEventSetWait(wait_set, timeout_ms, &event, 1, wait_event) == 1 &&
		(event.events & WL_LATCH_SET))
		ResetLatch(MyLatch);
}

/* Makes the epoll set readable after that time, if nothing does before. */
static void
set_alarm(long timeout_ms)
{
	struct itimerspec spec = {0};
	DbaasMoment at = dbaas_clock_now() + (DbaasMoment) timeout_ms * 1000;

	if (timeout_ms < 0 || (alarm_at != 0 && alarm_at <= at))
		return;
	alarm_at = at;
	spec.it_value.tv_sec = timeout_ms / 1000;
	/* Zero would take the timer off. */
	spec.it_value.tv_nsec = (timeout_ms % 1000) * 1000000L + 1;
	(void) timerfd_settime(timer_fd, 0, &spec, NULL);
}

/* Takes the timer off, with what it may have left to be read. */
static void
clear_alarm(void)
{
	struct itimerspec spec = {0};

	if (alarm_at != 0)
		(void) timerfd_settime(timer_fd, 0, &spec, NULL);
	alarm_at = 0;
}

/* How long a connection that was open before may be silent. */
static DbaasMoment
patience(const DbaasHttpPool *pool)
{
	DbaasMoment part = (DbaasMoment) pool->request_timeout_ms * 1000 / PATIENCE_PART;

	return Max(Min(part, PATIENCE_USECS), 2 * pool->slowest);
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
	if (!ensure_epoll() || !dbaas_sockets_room(POOL_DESCRIPTORS, 0))
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
			end_request(request, CURLE_ABORTED_BY_CALLBACK);
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

/* The port here of the connection that a request uses, or 0. */
static long
request_port(const DbaasHttpRequest *request)
{
	long		port = 0;

	if (!request->ended)
		curl_easy_getinfo(request->easy, CURLINFO_LOCAL_PORT, &port);
	return Max(port, 0);
}

/* How many requests have not ended, and how many of those have no connection yet? */
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

/*
 * Are there descriptors for so many more connections?  Where there are not, pools
 * with nothing under way give up their idle connections and all else that libcurl
 * keeps for them.
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

	/* What was idle before it started is not its time. */
	forgive_idle_time();
	last_driven = dbaas_clock_now();

	request = MemoryContextAllocZero(cxt, sizeof(DbaasHttpRequest));
	request->pool = pool;
	request->fresh = fresh;
	request->started = dbaas_clock_now();
	request->deadline = request->started + (DbaasMoment) pool->request_timeout_ms * 1000;
	request->patience = fresh ? 0 : request->started + patience(pool);
	request->request_body = body ? MemoryContextStrdup(cxt, body) : NULL;
	request->callback.func = release_callback;
	request->callback.arg = request;
	request->answer.crowded = under_way > 0;
	request->no_room = !has_room(unconnected + 1);
	if (pool->multi == NULL)
		pool->multi = new_multi(pool);
	dlist_push_tail(&pool->requests, &request->node);
	MemoryContextRegisterResetCallback(cxt, &request->callback);

	request->easy = request->no_room || pool->multi == NULL ? NULL : curl_easy_init();
	code = request->easy ? set_options(request, method, url, authorization, fresh)
		: CURLE_OUT_OF_MEMORY;
	if (code == CURLE_OK)
	{
		block_signals(&saved);
		if (curl_multi_add_handle(pool->multi, request->easy) != CURLM_OK)
			code = CURLE_OUT_OF_MEMORY;
		restore_signals(&saved);
	}
	if (code != CURLE_OK)
	{
		end_request(request, code);
		has_news = true;
		return request;
	}

	/* On the wire at once, whatever the caller does before the next turn. */
	perform_timer(pool);
	if (collect_ended(pool))
		has_news = true;
	return request;
}

/*
 * Appends "name: value" to the request's headers; "name:" keeps libcurl from
 * sending a header of its own.
 */
static bool
add_header(DbaasHttpRequest *request, const char *name, const char *value)
{
	char	   *line = value ? psprintf("%s: %s", name, value) : psprintf("%s:", name);
	struct curl_slist *headers = curl_slist_append(request->headers, line);

	pfree(line);
	if (headers == NULL)
		return false;
	request->headers = headers;
	return true;
}

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

static CURLcode
set_options(DbaasHttpRequest *request, const char *method, const char *url,
			const char *authorization, bool fresh)
{
	const DbaasHttpPool *pool = request->pool;
	bool		tls = pg_strncasecmp(url, "https:", 6) == 0;
	CURLcode	code;

	SETOPT(CURLOPT_ERRORBUFFER, request->errbuf);
	SETOPT(CURLOPT_PRIVATE, request);
	SETOPT(CURLOPT_NOSIGNAL, 1L);
	SETOPT(CURLOPT_QUICK_EXIT, 1L); /* a cancel never waits for the resolver */
	SETOPT(CURLOPT_URL, url);
	SETOPT(CURLOPT_PATH_AS_IS, 1L); /* the path is signed as it is sent */
	SETOPT(CURLOPT_PROTOCOLS_STR, "http,https");
	SETOPT(CURLOPT_FOLLOWLOCATION, 0L);
	/*
	 * What is to leave once goes over HTTP/1.1: libcurl by itself sends again
	 * what an HTTP/2 server refuses, or wants in HTTP/1.1.
	 */
	SETOPT(CURLOPT_HTTP_VERSION, fresh ? (long) CURL_HTTP_VERSION_1_1 : (long) CURL_HTTP_VERSION_2TLS);
	/* Wait for the first TLS connection: it may carry all requests. */
	SETOPT(CURLOPT_PIPEWAIT, tls ? 1L : 0L);
	SETOPT(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
	SETOPT(CURLOPT_FORBID_REUSE, fresh ? 1L : 0L);
	SETOPT(CURLOPT_TCP_KEEPALIVE, 1L);
	SETOPT(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SETOPT(CURLOPT_OPENSOCKETDATA, request);
	SETOPT(CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	SETOPT(CURLOPT_CONNECTTIMEOUT_MS, pool->connect_timeout_ms);
	SETOPT(CURLOPT_SSL_VERIFYPEER, 1L);
	SETOPT(CURLOPT_SSL_VERIFYHOST, 2L);
	if (pool->ca_pem)
	{
		/* Not their file: libcurl would open it while signals are blocked. */
		struct curl_blob pem = {pool->ca_pem, strlen(pool->ca_pem), CURL_BLOB_NOCOPY};

		SETOPT(CURLOPT_CAINFO_BLOB, &pem);
		SETOPT(CURLOPT_CAPATH, NULL);	/* and none beside them */
	}
	/*
	 * "" also keeps libcurl from looking at the server's environment.  Plain
	 * http is for this machine alone, and goes through no proxy.
	 */
	SETOPT(CURLOPT_PROXY, pool->proxy && tls ? pool->proxy : "");
	/* GSSAPI, which SOCKS5 has too, would block. */
	SETOPT(CURLOPT_SOCKS5_AUTH, (long) CURLAUTH_BASIC);
	SETOPT(CURLOPT_USERAGENT, pool->user_agent);
	SETOPT(CURLOPT_ACCEPT_ENCODING, "");
	SETOPT(CURLOPT_HEADERFUNCTION, on_head);
	SETOPT(CURLOPT_HEADERDATA, request);
	SETOPT(CURLOPT_WRITEFUNCTION, on_body);
	SETOPT(CURLOPT_WRITEDATA, request);

	if (request->request_body)
	{
		SETOPT(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) strlen(request->request_body));
		SETOPT(CURLOPT_POSTFIELDS, request->request_body);
	}
	if (strcmp(method, request->request_body ? "POST" : "GET") != 0)
		SETOPT(CURLOPT_CUSTOMREQUEST, method);

	if (!add_header(request, "Accept", "application/json") ||
		!add_header(request, "Expect", NULL) ||
		(request->request_body &&
		 !add_header(request, "Content-Type", "application/json")) ||
		(authorization && !add_header(request, "Authorization", authorization)))
		return CURLE_OUT_OF_MEMORY;
	SETOPT(CURLOPT_HTTPHEADER, request->headers);
	return CURLE_OK;
}

const DbaasHttpAnswer *
dbaas_http_answer(DbaasHttpRequest *request)
{
	return request->ended ? &request->answer : NULL;
}

char *
dbaas_http_take_body(DbaasHttpRequest *request)
{
	char	   *body = request->body;

	request->body = NULL;
	request->answer.body = "";
	request->answer.body_len = 0;
	return body;
}

void
dbaas_http_release(DbaasHttpRequest *request)
{
	if (request->pool)
	{
		if (request->easy && !request->ended)
			curl_multi_remove_handle(request->pool->multi, request->easy);
		dlist_delete(&request->node);
		request->pool = NULL;
	}
	if (request->easy)
		curl_easy_cleanup(request->easy);
	request->easy = NULL;
	request->ended = true;
	curl_slist_free_all(request->headers);
	request->headers = NULL;
	free(request->body);
	request->body = NULL;
}

static void
release_callback(void *arg)
{
	dbaas_http_release(arg);
}

/* The first byte took so long, idle time of this backend included. */
static void
note_first_byte(DbaasHttpRequest *request, DbaasMoment took)
{
	DbaasHttpPool *pool = request->pool;
	DbaasMoment idle = request->deadline - request->started -
		(DbaasMoment) pool->request_timeout_ms * 1000;

	pool->slowest = Max(pool->slowest, took - idle);
}

/*
 * The request has ended: takes it off its multi handle, which frees the
 * connection for others, and sums up the answer.
 */
static void
end_request(DbaasHttpRequest *request, CURLcode code)
{
	DbaasHttpAnswer *answer = &request->answer;

	request->ended = true;
	answer->failure = classify(request, code);
	if (answer->failure != DBAAS_HTTP_ANSWERED)
		answer->failure_text = request->too_large ? "the answer is too large" :
			request->no_memory ? "out of memory" :
			request->no_room ? "too many files are open in this process" :
			code == CURLE_OK ? "the answer breaks off" :
			request->errbuf[0] ? request->errbuf : curl_easy_strerror(code);
	answer->body = request->body ? request->body : "";
	answer->body_len = request->body_len;

	if (request->easy)
	{
		long		status = 0;
		curl_off_t	head_and_body = 0;
		curl_off_t	time = 0;
		curl_off_t	retry_after = 0;
		curl_off_t	sent_at = 0;
		curl_off_t	first_byte_at = 0;
		long		head = 0;

		curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(request->easy, CURLINFO_SIZE_DOWNLOAD_T, &head_and_body);
		curl_easy_getinfo(request->easy, CURLINFO_HEADER_SIZE, &head);
		curl_easy_getinfo(request->easy, CURLINFO_TOTAL_TIME_T, &time);
		curl_easy_getinfo(request->easy, CURLINFO_RETRY_AFTER, &retry_after);
		curl_easy_getinfo(request->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_at);
		curl_easy_getinfo(request->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_at);
		note_first_byte(request, first_byte_at - sent_at);
		answer->status = (int) status;
		answer->bytes_received = head_and_body + head;
		answer->seconds = time / 1e6;
		answer->retry_after = (long) Min(retry_after, INT_MAX);
		curl_multi_remove_handle(request->pool->multi, request->easy);
		curl_easy_cleanup(request->easy);
		request->easy = NULL;
	}
}

/* What kind of failure a result of libcurl is. */
static DbaasHttpFailure
classify(DbaasHttpRequest *request, CURLcode code)
{
	curl_off_t	sent_at = 0;

	if (request->too_large)
		return DBAAS_HTTP_TOO_LARGE;
	if (request->no_memory)
		return DBAAS_HTTP_INTERNAL;
	if (request->no_room)
		return DBAAS_HTTP_NO_ROOM;
	if (request->silent)
		return DBAAS_HTTP_SILENT;

	/* Set when the connection stood and the request was about to be sent. */
	if (request->easy)
		curl_easy_getinfo(request->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_at);

	switch (code)
	{
		case CURLE_OK:
			/* libcurl takes a head that breaks off for one that is whole. */
			return request->has_head ? DBAAS_HTTP_ANSWERED : DBAAS_HTTP_BROKEN;
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_COULDNT_CONNECT:
		case CURLE_PROXY:
		case CURLE_SSL_CONNECT_ERROR:	/* lost or broken off, not refused */
			return DBAAS_HTTP_UNREACHABLE;
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_ISSUER_ERROR:
			return DBAAS_HTTP_TLS;
		case CURLE_OPERATION_TIMEDOUT:
			return sent_at > 0 ? DBAAS_HTTP_TIMEOUT : DBAAS_HTTP_UNREACHABLE;
		case CURLE_SEND_ERROR:
		case CURLE_RECV_ERROR:
		case CURLE_GOT_NOTHING:
		case CURLE_PARTIAL_FILE:
		case CURLE_HTTP2:
		case CURLE_HTTP2_STREAM:
			return sent_at > 0 ? DBAAS_HTTP_BROKEN : DBAAS_HTTP_UNREACHABLE;
		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_BAD_CONTENT_ENCODING:
		case CURLE_WRITE_ERROR:
			return DBAAS_HTTP_BAD_ANSWER;
		default:
			return DBAAS_HTTP_INTERNAL;
	}
}

/*
 * libcurl says what to watch a socket for.  Which sockets are in the set is the
 * kernel's to know: one that was closed is not, and its number may come again.
 */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *userp, void *socketp)
{
	DbaasHttpPool *pool = userp;
	struct epoll_event event = {0};

	(void) easy;
	if (what == CURL_POLL_REMOVE)
	{
		/* The socket may be closed already, which took it out of the set. */
		(void) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
		(what & CURL_POLL_OUT ? EPOLLOUT : 0);
	event.data.u64 = ((uint64) pool->id << 32) | (uint32) fd;
	if (epoll_ctl(epoll_fd, socketp ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0 &&
		epoll_ctl(epoll_fd, socketp ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
		return -1;
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

/* A line of a head, which an empty one ends; a trailer comes behind that. */
static size_t
on_head(char *line, size_t size, size_t nmemb, void *userp)
{
	DbaasHttpRequest *request = userp;

	if (line[0] == '\r' || line[0] == '\n')
		request->has_head = true;
	return size * nmemb;
}

/* libcurl wants a socket. */
static curl_socket_t
on_open_socket(void *userp, curlsocktype purpose, struct curl_sockaddr *address)
{
	DbaasHttpRequest *request = userp;
	int			fd = dbaas_sockets_open(request->pool, address->family, address->socktype,
										address->protocol);

	int			unconnected;

	(void) purpose;
	request->no_room = fd < 0 && errno == EMFILE;
	request->answer.crowded = count_all_under_way(&unconnected) > 1;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int
on_close_socket(void *userp, curl_socket_t fd)
{
	(void) userp;
	dbaas_sockets_close(fd);
	return 0;
}

/* Bytes of a body have arrived.  Returns how many it took; fewer ends it. */
static size_t
on_body(char *data, size_t size, size_t nmemb, void *userp)
{
	DbaasHttpRequest *request = userp;
	size_t		len = size * nmemb;

	if (len > request->pool->max_response_bytes - request->body_len)
	{
		request->too_large = true;
		return 0;
	}
	if (request->body_len + len + 1 > request->body_size)
	{
		size_t		new_size = Max(request->body_size * 2, request->body_len + len + 1);
		char	   *grown = realloc(request->body, Max(new_size, 4096));

		if (grown == NULL)
		{
			request->no_memory = true;
			return 0;
		}
		request->body = grown;
		request->body_size = Max(new_size, 4096);
	}
	memcpy(request->body + request->body_len, data, len);
	request->body_len += len;
	request->body[request->body_len] = '\0';
	return len;
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

/* Runs what libcurl wanted to be called for at a time, when that has come. */
static void
perform_timer(DbaasHttpPool *pool)
{
	if (pool->timer == 0 || pool->timer > dbaas_clock_now())
		return;
	pool->timer = 0;
	perform_pool(pool, CURL_SOCKET_TIMEOUT, 0);
}

/* Does a request of the pool wait for its connection? */
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
 * libcurl 7.88 to 8.3, once it has given up one of a host's addresses, opens no
 * socket to the next before it is called once more, and does not ask for that:
 * so an address that swallows what it is sent uses up the others' time.  Only
 * this call, which is deprecated, looks at requests without an event.
 */
static void
perform_forgotten(DbaasHttpPool *pool)
{
	static bool forgets = false;
	static bool checked = false;
	int			running;
	sigset_t	saved;

	if (!checked)
		forgets = curl_version_info(CURLVERSION_NOW)->version_num < 0x080400;
	checked = true;
	if (!forgets || !is_connecting(pool))
		return;
	block_signals(&saved);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	(void) curl_multi_socket_all(pool->multi, &running);
#pragma GCC diagnostic pop
	restore_signals(&saved);
}

/* Returns whether there was a request that has ended. */
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
		end_request(request, msg->data.result);
		any = true;
	}
	return any;
}

/*
 * Time in which the backend did something else does not count for requests:
 * what has come in it is still in the sockets.
 */
static void
forgive_idle_time(void)
{
	DbaasMoment now = dbaas_clock_now();
	DbaasMoment idle = now - last_driven;
	dlist_iter	pool_iter;

	if (waits_outside || last_driven == 0 || idle < IDLE_USECS)
		return;
	dlist_foreach(pool_iter, &pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, pool_iter.cur);
		dlist_iter	iter;

		dlist_foreach(iter, &pool->requests)
		{
			DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

			request->deadline += idle;
			if (request->patience != 0)
				request->patience += idle;
		}
	}
}

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
 * it was started?  One that was made for a request has its whole time.
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
 * Has libcurl use none of its connections again, unless requests still do.  That
 * of version 8.23 may use one without looking whether it has ended.
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
 * Ends what waits for a connection over which nothing comes, and lets it be
 * used no more; nor those that are idle, which may be no better.
 */
static void
abandon_connection(DbaasHttpPool *pool, long port)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);

		/* A port is not its connection's alone: it may have several. */
		if (request->fresh || request_port(request) != port)
			continue;
		strlcpy(request->errbuf, "nothing comes any more over the connection, which was open before",
				CURL_ERROR_SIZE);
		request->silent = true;
		end_request(request, CURLE_OPERATION_TIMEDOUT);
	}
	forget_connections(pool);
	dbaas_sockets_shut(pool, pool_uses_port);
}

/*
 * Ends a request that is past its deadline.  Nothing more is asked over its
 * connection when that was silent since the request started, or is so for too long.
 */
static void
end_late(DbaasHttpRequest *request, DbaasMoment now)
{
	DbaasHttpPool *pool = request->pool;
	long		port = request_port(request);
	DbaasMoment heard = dbaas_sockets_heard(pool, port);

	snprintf(request->errbuf, CURL_ERROR_SIZE, "timed out: no whole answer within %ld ms",
			 pool->request_timeout_ms);
	end_request(request, CURLE_OPERATION_TIMEDOUT);
	if (heard != 0 && (heard <= request->started || now - heard >= patience(pool)))
		abandon_connection(pool, port);
}

/* Ends the requests of a pool for which it is too late to be answered. */
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
		else if (request->patience != 0 && request->patience <= now)
		{
			request->patience = 0;
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

	if (epoll_fd < 0)
		return;
	forgive_idle_time();
	waits_outside = false;
	has_news = false;
	clear_alarm();
	n = epoll_wait(epoll_fd, events, MAX_EVENTS, 0);
	for (int i = 0; i < n; i++)
	{
		DbaasHttpPool *pool = find_pool((uint32) (events[i].data.u64 >> 32));

		/*
		 * Errors are for libcurl to find when it reads or writes: the event
		 * may be of a socket that has made room for another since.
		 */
		int			what = (events[i].events & ~EPOLLOUT ? CURL_CSELECT_IN : 0) |
			(events[i].events & ~EPOLLIN ? CURL_CSELECT_OUT : 0);

		if (pool == NULL)
			continue;
		if (what & CURL_CSELECT_IN)
			dbaas_sockets_hear((curl_socket_t) (events[i].data.u64 & 0xffffffff));
		perform_pool(pool, (curl_socket_t) (events[i].data.u64 & 0xffffffff), what);
	}

	dlist_foreach(iter, &pools)
	{
		DbaasHttpPool *pool = dlist_container(DbaasHttpPool, node, iter.cur);

		perform_timer(pool);
		perform_forgotten(pool);
		(void) collect_ended(pool);
		end_overdue(pool);
	}
	last_driven = dbaas_clock_now();
}

/* The time until a request of the pool may be overdue, when that is less. */
static long
next_deadline(DbaasHttpPool *pool, DbaasMoment now, long timeout_ms)
{
	dlist_iter	iter;

	dlist_foreach(iter, &pool->requests)
	{
		DbaasHttpRequest *request = dlist_container(DbaasHttpRequest, node, iter.cur);
		DbaasMoment due = request->patience ? Min(request->patience, request->deadline) :
			request->deadline;
		long		ms = dbaas_clock_ms(now, due);

		if (!request->ended && (timeout_ms < 0 || ms < timeout_ms))
			timeout_ms = ms;
	}
	return timeout_ms;
}

/*
 * The time until a pool wants to be called, or there is something to tell the
 * caller, when that is less than timeout_ms.
 */
static long
next_timer(long timeout_ms)
{
	DbaasMoment now = dbaas_clock_now();
	dlist_iter	iter;

	if (has_news)
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
		wait_for_events(timeout_ms, wait_event);
		last_driven = dbaas_clock_now();
		CHECK_FOR_INTERRUPTS();
	}
	dbaas_http_perform();
}

void
dbaas_http_wake(void)
{
	if (epoll_fd >= 0)
		set_alarm(0);
}

int
dbaas_http_descriptor(long timeout_ms)
{
	if (epoll_fd < 0)
		return -1;
	waits_outside = true;
	set_alarm(next_timer(timeout_ms));
	return epoll_fd;
}

/* A part of a URL, palloc'd; NULL when it has none. */
static char *
url_part(CURLU *url, CURLUPart part)
{
	char	   *value = NULL;
	char	   *copy = NULL;

	if (curl_url_get(url, part, &value, 0) == CURLUE_OK)
		copy = MemoryContextAllocExtended(CurrentMemoryContext, strlen(value) + 1,
										  MCXT_ALLOC_NO_OOM);
	if (copy)
		strcpy(copy, value);
	curl_free(value);
	return copy;
}

static bool
is_loopback(const char *host)
{
	struct in_addr address;

	return pg_strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
		(inet_pton(AF_INET, host, &address) == 1 &&
		 (ntohl(address.s_addr) >> 24) == 127);
}

bool
dbaas_http_check_url(const char *url, char **problem)
{
	CURLU	   *parsed = curl_url();
	char	   *scheme = NULL;
	char	   *host = NULL;
	bool		extra = true;

	/* libcurl takes https:///x for https://x/. */
	if (parsed && strstr(url, ":///") == NULL && strpbrk(url, "?#") == NULL &&
		curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK)
	{
		scheme = url_part(parsed, CURLUPART_SCHEME);
		host = url_part(parsed, CURLUPART_HOST);
		extra = url_part(parsed, CURLUPART_USER) || url_part(parsed, CURLUPART_PASSWORD);
	}
	curl_url_cleanup(parsed);

	if (strpbrk(url, "?#") != NULL || (scheme && host && extra))
		*problem = "It has a user, a password, a query or a fragment.";
	else if (scheme == NULL || host == NULL)
		*problem = "It is not a URL.";
	else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
		*problem = psprintf("The scheme \"%s\" is neither https nor http.", scheme);
	else if (strcmp(scheme, "http") == 0 && !is_loopback(host))
		*problem = psprintf("Host \"%s\" is not a loopback address, and http does not protect what is sent to it.", host);
	else
		return true;
	return false;
}

bool
dbaas_http_check_proxy(const char *url, char **problem)
{
	static const char *const schemes[] = {"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"};
	CURLU	   *parsed = curl_url();
	char	   *scheme = NULL;
	char	   *port = NULL;
	char	   *path = NULL;
	bool		known = false;

	/* As libcurl takes a proxy apart, which may come without a scheme. */
	if (parsed && strpbrk(url, "?#") == NULL && strstr(url, ":///") == NULL &&
		curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) == CURLUE_OK)
	{
		scheme = url_part(parsed, CURLUPART_SCHEME);
		port = url_part(parsed, CURLUPART_PORT);
		path = url_part(parsed, CURLUPART_PATH);
	}
	curl_url_cleanup(parsed);
	for (size_t i = 0; scheme && i < lengthof(schemes); i++)
		known = known || pg_strcasecmp(scheme, schemes[i]) == 0;

	if (scheme == NULL)
		*problem = "It is not a URL with a host, and a port up to 65535.";
	else if (!known)
		*problem = psprintf("The scheme \"%s\" is not a proxy's.", scheme);
	else if (port && atoi(port) == 0)
		*problem = "Port 0 cannot be connected to.";
	else if (path && strcmp(path, "/") != 0)
		/* "socks5h://localhost/path" is a socket of this machine to libcurl. */
		*problem = "It has a path.";
	else
		return true;
	return false;
}

char *
dbaas_http_expand_zone(const char *url, const char *zone)
{
	StringInfoData out;
	const char *place;

	initStringInfo(&out);
	for (; (place = strstr(url, "{zone}")) != NULL; url = place + strlen("{zone}"))
	{
		appendBinaryStringInfo(&out, url, place - url);
		appendStringInfoString(&out, zone);
	}
	appendStringInfoString(&out, url);
	return out.data;
}

char *
dbaas_http_encode_segment(const char *segment)
{
	char	   *encoded = curl_easy_escape(NULL, segment, 0);
	char	   *copy;

	if (encoded == NULL)
		return NULL;
	copy = MemoryContextAllocExtended(CurrentMemoryContext, strlen(encoded) + 1,
									  MCXT_ALLOC_NO_OOM);
	if (copy)
		strcpy(copy, encoded);
	curl_free(encoded);
	return copy;
}

char *
dbaas_http_url_path(const char *url)
{
	CURLU	   *parsed = curl_url();
	char	   *path = NULL;

	if (parsed && curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK)
		path = url_part(parsed, CURLUPART_PATH);
	curl_url_cleanup(parsed);
	return path;
}

const char *
dbaas_http_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
