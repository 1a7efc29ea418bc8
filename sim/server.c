/*
 * server.c
 *		The HTTP server.
 *
 * The only file that knows libmicrohttpd.  Every connection has a thread, so
 * that a request that waits (latency, faults) delays no other.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "auth.h"
#include "control.h"
#include "faults.h"
#include "operations.h"
#include "options.h"
#include "record.h"
#include "server.h"
#include "state.h"
#include "validate.h"
#include "wait.h"

#define MAX_CONNECTIONS 4096
#define THREAD_STACK (512 * 1024)
#define MAX_BODY (16 * 1024 * 1024)
#define MIN_GZIP 1024			/* bytes; smaller bodies gain nothing */

/* A request being received, libmicrohttpd's connection context. */
typedef struct Exchange
{
	Request		request;
	bool		begun;
	double		started_ms;
	size_t		body_capacity;
	bool		too_large;
} Exchange;

/* A body that is sent in pieces. */
typedef struct Stream
{
	Body	   *body;
	Delivery	delivery;
	int			socket;
} Stream;

static struct MHD_Daemon *http_daemon;
static int	listening_socket;

/* ---------- receiving ---------- */

static void *
note_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	Exchange   *exchange = xcalloc(1, sizeof(Exchange));

	(void) cls;
	(void) connection;
	exchange->request.url = xstrdup(uri);
	exchange->request.path = xstrndup(uri, strcspn(uri, "?"));
	exchange->request.query = strchr(exchange->request.url, '?');
	if (exchange->request.query)
		exchange->request.query++;
	return exchange;
}

/*
 * The path is decoded where it is used.  Some versions of the library would
 * refuse a NUL in it.
 */
static size_t
keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
	(void) cls;
	(void) connection;
	return strlen(text);
}

static void
free_exchange(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_RequestTerminationCode why)
{
	Exchange   *exchange = *context;

	(void) cls;
	(void) connection;
	(void) why;
	if (exchange == NULL)
		return;
	for (int i = 0; i < MAX_PARAMS; i++)
		free(exchange->request.params[i]);
	free(exchange->request.url);
	free(exchange->request.path);
	free(exchange->request.authorization);
	free(exchange->request.content_type);
	free(exchange->request.body);
	json_object_put(exchange->request.json);
	json_object_put(exchange->request.fault);
	free(exchange);
	*context = NULL;
}

static void
note_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
				enum MHD_ConnectionNotificationCode what)
{
	static _Atomic uintptr_t connections;

	(void) cls;
	(void) connection;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = (void *) ++connections;
}

static void
append_body(Exchange *exchange, const char *bytes, size_t length)
{
	Request    *request = &exchange->request;

	if (request->body_length + length > MAX_BODY)
	{
		exchange->too_large = true;
		return;
	}
	if (request->body_length + length + 1 > exchange->body_capacity)
	{
		exchange->body_capacity = (request->body_length + length + 1) * 2;
		request->body = xrealloc(request->body, exchange->body_capacity);
	}
	memcpy(request->body + request->body_length, bytes, length);
	request->body_length += length;
	request->body[request->body_length] = '\0';
}

/*
 * Collects a header for the record, with its name in lower case, and without
 * secrets.
 */
static enum MHD_Result
collect_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	json_object *headers = cls;
	char	   *lower = xstrdup(name);

	(void) kind;
	for (char *c = lower; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	if (strcmp(lower, "authorization") == 0)
		value = strncmp(value, "EXO2-", 5) == 0 ? "EXO2 signed" : "other";
	json_add_text(headers, lower, value ? value : "");
	free(lower);
	return MHD_YES;
}

static char *
header_copy(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value ? xstrdup(value) : NULL;
}

/*
 * A client that writes head and body separately, with Nagle's algorithm, waits
 * for our acknowledgement of the head, which must not be delayed.
 */
static void
acknowledge_head(int socket)
{
	int			on = 1;

	setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static void
read_headers(Exchange *exchange, struct MHD_Connection *connection, const char *method)
{
	Request    *request = &exchange->request;
	const char *encodings = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
														MHD_HTTP_HEADER_ACCEPT_ENCODING);

	exchange->begun = true;
	exchange->started_ms = clock_ms();
	request->method = method;
	request->authorization = header_copy(connection, MHD_HTTP_HEADER_AUTHORIZATION);
	request->content_type = header_copy(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
	request->accepts_gzip = encodings && strstr(encodings, "gzip");
	request->socket = MHD_get_connection_info(connection,
											  MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	if (request->content_type)
		acknowledge_head(request->socket);
}

/* ---------- answering ---------- */

static ssize_t
read_stream(void *cls, uint64_t position, char *buffer, size_t size)
{
	Stream	   *stream = cls;
	size_t		length = stream->body->length;
	size_t		left;

	if (stream->delivery.kind == DELIVER_CUT)
		length /= 2;
	if (position >= length)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	left = length - (size_t) position;
	if (stream->delivery.kind == DELIVER_TRICKLE)
	{
		if (!wait_ms(stream->socket, (double) stream->delivery.pause_ms))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (left > (size_t) stream->delivery.chunk)
			left = (size_t) stream->delivery.chunk;
	}
	if (left > size)
		left = size;
	memcpy(buffer, stream->body->bytes + position, left);
	return (ssize_t) left;
}

static void
free_stream(void *cls)
{
	Stream	   *stream = cls;

	body_unref(stream->body);
	free(stream);
}

static void
release_body(void *cls)
{
	body_unref(cls);
}

/* The response takes a reference of its own to the body. */
static struct MHD_Response *
make_response(Body *body, const Delivery *delivery, int socket)
{
	Stream	   *stream;

	if (delivery->kind == DELIVER_WHOLE)
		return MHD_create_response_from_buffer_with_free_callback_cls(body->length, body->bytes,
																	  release_body,
																	  body_ref(body));
	stream = xcalloc(1, sizeof(Stream));
	stream->body = body_ref(body);
	stream->delivery = *delivery;
	stream->socket = socket;
	return MHD_create_response_from_callback(body->length, 16384, read_stream, stream,
											 free_stream);
}

static void
add_given_headers(struct MHD_Response *mhd_response, json_object *headers)
{
	if (!json_object_is_type(headers, json_type_object))
		return;
	json_object_object_foreach(headers, name, value)
		MHD_add_response_header(mhd_response, name, json_object_get_string(value));
}

static enum MHD_Result
send_response(struct MHD_Connection *connection, const Request *request, const Response *response,
			  const Delivery *delivery)
{
	Body	   *body = response->body;
	struct MHD_Response *mhd_response;
	enum MHD_Result result;
	bool		compress = config.gzip && request->accepts_gzip && !delivery->as_is &&
		body->length > MIN_GZIP;

	if (compress)
		body = body_compressed(body);
	mhd_response = make_response(body, delivery, request->socket);
	if (compress)
		MHD_add_response_header(mhd_response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	if (response->content_type)
		MHD_add_response_header(mhd_response, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type);
	if (response->allow)
		MHD_add_response_header(mhd_response, MHD_HTTP_HEADER_ALLOW, response->allow);
	add_given_headers(mhd_response, delivery->headers);
	result = MHD_queue_response(connection, (unsigned) response->status, mhd_response);
	MHD_destroy_response(mhd_response);
	return result;
}

/*
 * Splits "path" into the zone and the path after the prefix.  A prefix without
 * a zone means the first zone.
 */
static void
find_zone(Request *request)
{
	const char *rest = request->path;

	request->api_path = request->path;
	if (strncmp(rest, "/v2/", 4) == 0)
		request->zone = state_zone(0);
	else if (*rest == '/')
	{
		size_t		length = strcspn(rest + 1, "/");

		if (strncmp(rest + 1 + length, "/v2/", 4) != 0)
			return;
		request->zone = state_zone_find(rest + 1, length);
		rest += 1 + length;
	}
	if (request->zone)
		request->api_path = rest + strlen("/v2");
}

/*
 * What the API itself does: it authenticates a request, finds its operation,
 * validates it and runs the handler.
 */
static void
respond_api(Request *request, Response *response)
{
	Response	routing = {0};
	bool		routed = request->zone && operations_route(request, &routing);

	if (!(routed && request->operation->may_be_unsigned && !request->authorization) &&
		!auth_check(request, response))
		routed = false;
	else if (!request->zone)
		respond_message(response, 404, "Not found");
	else if (!routed)
	{
		*response = routing;
		return;
	}
	body_unref(routing.body);
	if (!routed || !validate_request(request, response))
		return;

	if (request->operation->locks)
	{
		request->operation->handler(request, response);
		return;
	}
	state_lock(request->zone);
	request->operation->handler(request, response);
	state_unlock(request->zone);
}

static unsigned long
record_request(const Exchange *exchange, struct MHD_Connection *connection, const char *version)
{
	RequestMeta meta = {.headers = json_object_new_object()};
	const union MHD_ConnectionInfo *info;

	MHD_get_connection_values(connection, MHD_HEADER_KIND, collect_header, meta.headers);
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	meta.connection = (unsigned) (uintptr_t) info->socket_context;
	meta.http_version = strncmp(version, "HTTP/", 5) == 0 ? version + 5 : version;
	meta.started_ms = exchange->started_ms;
	return record_begin(&exchange->request, &meta);
}

static enum MHD_Result
serve_api(Exchange *exchange, struct MHD_Connection *connection, const char *version)
{
	Request    *request = &exchange->request;
	Response	response = {0};
	Delivery	delivery = {0};
	unsigned long seq;
	enum MHD_Result result = MHD_NO;

	find_zone(request);

	/*
	 * Before the request is recorded, so that a test that sees the record can
	 * rely on it.
	 */
	request->fault = faults_take(request);
	seq = record_request(exchange, connection, version);
	if (config.latency > 0)
		wait_ms(request->socket, (double) config.latency);
	if (!faults_before(request, &response, &delivery))
	{
		if (exchange->too_large)
			respond_message(&response, 413, "The body is too large");
		else
			respond_api(request, &response);
		faults_after(request, &response, &delivery);
	}

	/*
	 * Recorded before the client can see the response, so that it never finds
	 * too many requests in flight.
	 */
	record_end(seq, delivery.kind == DELIVER_NOTHING ? 0 : response.status);
	if (delivery.kind != DELIVER_NOTHING)
		result = send_response(connection, request, &response, &delivery);
	body_unref(response.body);
	return result;
}

static enum MHD_Result
serve_control(Exchange *exchange, struct MHD_Connection *connection)
{
	Request    *request = &exchange->request;
	Response	response = {0};
	Delivery	delivery = {0};
	enum MHD_Result result;

	request->api_path = request->path + strlen(CONTROL_PREFIX);
	control_handle(request, &response);
	result = send_response(connection, request, &response, &delivery);
	body_unref(response.body);
	return result;
}

/* Called for the head, then for each piece of the body, then once more. */
static enum MHD_Result
handle_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
			   const char *version, const char *upload, size_t *upload_size, void **context)
{
	Exchange   *exchange = *context;

	(void) cls;
	(void) url;
	if (!exchange->begun)
	{
		read_headers(exchange, connection, method);
		return MHD_YES;
	}
	if (*upload_size > 0)
	{
		append_body(exchange, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (strncmp(exchange->request.path, CONTROL_PREFIX, strlen(CONTROL_PREFIX)) == 0)
		return serve_control(exchange, connection);
	return serve_api(exchange, connection, version);
}

/* ---------- start and stop ---------- */

bool
server_listen(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t) config.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t	size = sizeof(address);
	const int	on = 1;

	listening_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listening_socket < 0 ||
		setsockopt(listening_socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(listening_socket, (struct sockaddr *) &address, sizeof(address)) < 0 ||
		listen(listening_socket, 1024) < 0 ||
		getsockname(listening_socket, (struct sockaddr *) &address, &size) < 0)
		return false;
	config.listening_port = ntohs(address.sin_port);
	return true;
}

/* Shows why the library does not start; its later messages do not matter. */
static void
tell_start(void *cls, const char *format, va_list arguments)
{
	(void) cls;
	if (http_daemon)
		return;
	fputs("dbaas-sim: ", stderr);
	vfprintf(stderr, format, arguments);
}

bool
server_start(void)
{
	http_daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
								   MHD_USE_POLL | MHD_USE_ITC | MHD_USE_ERROR_LOG,
								   0, NULL, NULL, handle_request, NULL,
								   MHD_OPTION_EXTERNAL_LOGGER, tell_start, NULL,
								   MHD_OPTION_LISTEN_SOCKET, listening_socket,
								   MHD_OPTION_URI_LOG_CALLBACK, note_uri, NULL,
								   MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
								   MHD_OPTION_NOTIFY_COMPLETED, free_exchange, NULL,
								   MHD_OPTION_NOTIFY_CONNECTION, note_connection, NULL,
								   MHD_OPTION_CONNECTION_LIMIT, (unsigned) MAX_CONNECTIONS,
								   MHD_OPTION_THREAD_STACK_SIZE, (size_t) THREAD_STACK,
								   MHD_OPTION_END);
	return http_daemon != NULL;
}

void
server_stop(void)
{
	wait_end_all();
	MHD_stop_daemon(http_daemon);
}
