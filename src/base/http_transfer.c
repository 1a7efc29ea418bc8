/*-------------------------------------------------------------------------
 *
 * http_transfer.c
 *		One HTTP request: its options, its response, and how it failed.
 *
 * libcurl's callbacks never raise errors: they record what happened and return.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/http_internal.h"
#include "base/sockets.h"

/* Bytes that memory is reserved for when the first of a body arrive. */
#define LEAST_BODY 4096

/*
 * Keeps the connection from being used again after a status that has no body, and that
 * no request of ours can expect.  If a body comes all the same, it would be taken for the
 * next response.
 */
static void
forbid_reuse_without_body(DbaasHttpRequest *request)
{
	long		status = 0;

	(void) curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 204 || status == 304)
		(void) curl_easy_setopt(request->easy, CURLOPT_FORBID_REUSE, 1L);
}

/* libcurl has read a line of the head.  An empty one is its last. */
static size_t
on_head(char *line, size_t size, size_t nmemb, void *userp)
{
	DbaasHttpRequest *request = userp;

	if (line[0] == '\r' || line[0] == '\n')
	{
		request->has_head = true;
		forbid_reuse_without_body(request);
	}
	return size * nmemb;
}

/* libcurl wants to connect. */
static curl_socket_t
on_open_socket(void *userp, curlsocktype purpose, struct curl_sockaddr *address)
{
	DbaasHttpRequest *request = userp;
	int			fd = dbaas_sockets_open(request->pool, address->family, address->socktype,
										address->protocol);

	(void) purpose;
	request->no_room = fd < 0 && errno == EMFILE;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* libcurl closes a socket. */
static int
on_close_socket(void *userp, curl_socket_t fd)
{
	(void) userp;
	dbaas_sockets_close(fd);
	return 0;
}

/* Bytes of the body have arrived.  libcurl ends the request unless all are taken. */
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
	if (!dbaas_buffer_reserve(&request->body, Max(request->body_len + len + 1, LEAST_BODY)))
	{
		request->no_memory = true;
		return 0;
	}
	memcpy(request->body.data + request->body_len, data, len);
	request->body_len += len;
	request->body.data[request->body_len] = '\0';
	return len;
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

CURLcode
dbaas_http_transfer_prepare(DbaasHttpRequest *request, const char *method, const char *url,
							const char *authorization)
{
	const DbaasHttpPool *pool = request->pool;
	bool		own = request->own_connection;
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
	 * A request that must not be sent twice goes over HTTP/1.1: if an HTTP/2
	 * server refuses a request, or asks for HTTP/1.1, libcurl repeats it.  It
	 * goes over a connection of its own (below): if one that was idle ends
	 * before the first byte of a response, libcurl repeats the request too.
	 * What it takes from other connections is the TLS session, without early
	 * data.
	 */
	SETOPT(CURLOPT_HTTP_VERSION,
		   own ? (long) CURL_HTTP_VERSION_1_1 : (long) CURL_HTTP_VERSION_2TLS);

	/*
	 * Wait for the first TLS connection: it may be HTTP/2, and carry all
	 * requests.
	 */
	SETOPT(CURLOPT_PIPEWAIT, tls ? 1L : 0L);
	SETOPT(CURLOPT_FRESH_CONNECT, own ? 1L : 0L);
	SETOPT(CURLOPT_FORBID_REUSE, own ? 1L : 0L);
	SETOPT(CURLOPT_TCP_KEEPALIVE, 1L);
	SETOPT(CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SETOPT(CURLOPT_OPENSOCKETDATA, request);
	SETOPT(CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	SETOPT(CURLOPT_CONNECTTIMEOUT_MS, pool->connect_timeout_ms);
	code = dbaas_http_tls_prepare(request);
	if (code != CURLE_OK)
		return code;

	/*
	 * "" also keeps libcurl from taking a proxy from the server's
	 * environment. Plain http is for loopback addresses, and goes through no
	 * proxy.
	 */
	SETOPT(CURLOPT_PROXY, pool->proxy && tls ? pool->proxy : "");
	/* SOCKS5's other method, GSSAPI, would block. */
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

/*
 * Remembers the longest wait for a first byte.  Time in which the backend was busy
 * with other work does not count: the deadline was postponed by that.
 */
static void
note_first_byte(DbaasHttpRequest *request, DbaasMoment waited)
{
	DbaasHttpPool *pool = request->pool;
	DbaasMoment busy = request->deadline - request->started -
		(DbaasMoment) pool->request_timeout_ms * 1000;

	pool->longest_wait = Max(pool->longest_wait, waited - busy);
}

/*
 * Was it no response at all that came, over a connection that was used before?  Then it
 * is what the response before had left behind, which was longer than it said.
 */
static bool
reads_remains(const DbaasHttpRequest *request)
{
	long		connects = 1;

	if (request->easy && !request->has_head)
		(void) curl_easy_getinfo(request->easy, CURLINFO_NUM_CONNECTS, &connects);
	return connects == 0;
}

/* The kind of failure, if any, for a result of libcurl. */
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

	/*
	 * Not 0 once the connection was made and the request was about to be
	 * sent.
	 */
	if (request->easy)
		curl_easy_getinfo(request->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_at);

	switch (code)
	{
		case CURLE_OK:
			/* To libcurl, a head that breaks off is complete. */
			return request->has_head ? DBAAS_HTTP_NO_FAILURE : DBAAS_HTTP_BROKEN;
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
			return reads_remains(request) ? DBAAS_HTTP_SILENT : DBAAS_HTTP_BAD_RESPONSE;
		case CURLE_BAD_CONTENT_ENCODING:
		case CURLE_WRITE_ERROR:
			return DBAAS_HTTP_BAD_RESPONSE;
		default:
			return DBAAS_HTTP_INTERNAL;
	}
}

void
dbaas_http_transfer_end(DbaasHttpRequest *request, CURLcode code)
{
	DbaasHttpResponse *response = &request->response;

	if (request->easy && request->no_room)
	{
		/* Others may have taken what was there, or have what can be closed. */
		request->pool->short_of_room = true;
		response->room_may_come = !request->tested_room ||
			dbaas_http_requests_count(false) > 1;
	}
	request->ended = true;
	response->failure = classify(request, code);
	if (response->failure != DBAAS_HTTP_NO_FAILURE)
		response->failure_text = request->too_large ? "the answer is too large" :
			request->no_memory ? "out of memory" :
			request->no_room ? "too many files are open in this process" :
			code == CURLE_OK ? "the answer breaks off" :
			request->errbuf[0] ? request->errbuf : curl_easy_strerror(code);
	response->body = request->body.data ? request->body.data : "";
	response->body_len = request->body_len;

	if (request->easy)
	{
		long		status = 0;
		curl_off_t	head_and_body = 0;
		curl_off_t	time = 0;
		curl_off_t	retry_after = 0;
		curl_off_t	sent_at = 0;
		curl_off_t	first_byte_at = 0;
		long		head = 0;
		long		version = 0;

		curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(request->easy, CURLINFO_SIZE_DOWNLOAD_T, &head_and_body);
		curl_easy_getinfo(request->easy, CURLINFO_HEADER_SIZE, &head);
		curl_easy_getinfo(request->easy, CURLINFO_TOTAL_TIME_T, &time);
		curl_easy_getinfo(request->easy, CURLINFO_RETRY_AFTER, &retry_after);
		curl_easy_getinfo(request->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_at);
		curl_easy_getinfo(request->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_at);
		curl_easy_getinfo(request->easy, CURLINFO_HTTP_VERSION, &version);
		note_first_byte(request, first_byte_at - sent_at);
		if (!request->own_connection)
			request->pool->multiplexed = version == CURL_HTTP_VERSION_2_0;
		response->status = (int) status;
		response->bytes_received = head_and_body + head;
		response->seconds = time / 1e6;
		response->retry_after = (long) Min(retry_after, INT_MAX);
		curl_multi_remove_handle(request->pool->multi, request->easy);
		curl_easy_cleanup(request->easy);
		request->easy = NULL;
	}
}

const DbaasHttpResponse *
dbaas_http_response(DbaasHttpRequest *request)
{
	return request->ended ? &request->response : NULL;
}

DbaasBuffer
dbaas_http_take_body(DbaasHttpRequest *request)
{
	DbaasBuffer body = request->body;

	request->body = (DbaasBuffer)
	{
		NULL, 0
	};
	request->response.body = "";
	request->response.body_len = 0;
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
	dbaas_buffer_release(&request->body);
}
