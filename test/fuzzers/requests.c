/*-------------------------------------------------------------------------
 *
 * requests.c
 *		The simulator's responses to requests.
 *
 * A text has a request in each line: METHOD URL BODY.  They are signed, but for those
 * with a "!" before them, and have a wrong signature after a "~".  The simulator starts
 * anew with each text, and its clock goes on by a second before each request.
 *
 * Holds that each response has a status and a body of its type, that nothing is done for a
 * request without a right signature, and that one which is refused, or reads, changes
 * nothing.
 *
 * What libmicrohttpd does is left out: it parses the requests and writes the responses.
 *
 *-------------------------------------------------------------------------
 */
/* The clock is our own */
#define clock_ms real_clock_ms
#include "util.c"
#undef clock_ms

extern double clock_ms(void);

#include "server.c"

#include <time.h>

#include "document.h"
#include "replicas.h"
#include "zone.h"

#include "fuzzer.h"

static SimConfig first_config;
static double now_ms;

double
clock_ms(void)
{
	return now_ms;
}

/* ------------------------------------------------------------------------
 * The state
 * ------------------------------------------------------------------------ */

static void
print_json(FILE *out, json_object *json)
{
	fprintf(out, "%s\n", json ? json_text(json) : "-");
}

static void
print_zone(FILE *out, SimZone *zone)
{
	fprintf(out, "%s %zu %u\n", zone->name, zone->operation_count, zone->new_ids);
	for (size_t i = 0; i < zone->service_count; i++)
	{
		const ServiceChanges *service = &zone->services[i];

		fprintf(out, "service %d %d %d %s %p %d %d %ld\n", service->deleted,
				service->building, service->migration_stopped,
				service->name ? service->name : "-", (const void *) service->plan,
				service->sets_protection, service->protection, (long) service->more_logs);
		print_json(out, service->members);
		print_json(out, service->index_rules);
	}
	for (size_t i = 0; i < zone->integration_count; i++)
	{
		json_object *json = state_integration_json(zone, &zone->integrations[i]);

		print_json(out, json);
		json_object_put(json);
	}
	for (size_t i = 0; i < zone->endpoint_count; i++)
	{
		fprintf(out, "endpoint %s %d\n", zone->endpoints[i].name, zone->endpoints[i].deleted);
		print_json(out, zone->endpoints[i].settings);
	}
	for (size_t i = 0; i < zone->external_count; i++)
	{
		json_object *json = state_external_json(zone, &zone->externals[i]);

		print_json(out, json);
		json_object_put(json);
	}
	for (size_t i = 0; i < zone->task_count; i++)
		fprintf(out, "task %s\n", zone->tasks[i].id);
	for (size_t i = 0; i < zone->operation_count; i++)
		fprintf(out, "operation %s %s\n", zone->operations[i]->id, zone->operations[i]->state);
}

/* Is the state the same at whatever time one looks? */
static bool
is_settled(void)
{
	for (int i = 0; i < config.zones; i++)
		if (state_zone(i)->first_unsettled < state_zone(i)->operation_count)
			return false;
	return true;
}

/* All that writes change, as a malloc'd text. */
static char *
print_state(void)
{
	char	   *text;
	size_t		size;
	FILE	   *out = open_memstream(&text, &size);

	for (int i = 0; i < config.zones; i++)
	{
		state_lock(state_zone(i));
		print_zone(out, state_zone(i));
		state_unlock(state_zone(i));
	}
	fclose(out);
	return text;
}

/* ------------------------------------------------------------------------
 * A request
 * ------------------------------------------------------------------------ */

static char *
make_authorization(const Request *request, bool wrong)
{
	char		names[256] = "";
	char		expires[32];
	char		signature[45];

	for (const char *name = request->query; name && *name; name = strpbrk(name, "&"))
	{
		name += *name == '&';
		if (strlen(names) > sizeof(names) - 70)
			break;
		strncat(names, name, strcspn(name, "=&") < 64 ? strcspn(name, "=&") : 64);
		strcat(names, ";");
	}
	snprintf(expires, sizeof(expires), "%lld", (long long) time(NULL) + 600);
	auth_sign(config.api_secret, request->method, request->path, request->query, names,
			  request->body, request->body_length, expires, signature);
	signature[0] ^= wrong;
	return xasprintf("EXO2-HMAC-SHA256 credential=%s,%s%s%sexpires=%s,signature=%s",
					 config.api_key, *names ? "signed-query-args=" : "", names, *names ? "," : "",
					 expires, signature);
}

static Exchange *
make_exchange(char *line, char sign)
{
	const char *method = strsep(&line, " ");
	const char *url = line ? strsep(&line, " ") : "/";
	Exchange   *exchange = note_uri(NULL, url, NULL);
	Request    *request = &exchange->request;

	request->method = method;
	request->socket = -1;
	request->accepts_gzip = strlen(url) % 2;
	if (line && *line)
	{
		append_body(exchange, line, strlen(line));
		request->content_type = xstrdup("application/json");
	}
	if (sign != '!')
		request->authorization = make_authorization(request, sign == '~');
	return exchange;
}

/* ------------------------------------------------------------------------
 * The checks
 * ------------------------------------------------------------------------ */

static void
check_response(const Request *request, const Response *response)
{
	static const int statuses[] = {
		200, 400, 401, 403, 404, 405, 409, 412, 413, 422, 501
	};
	bool		known = false;
	bool		valid = true;

	for (size_t i = 0; i < lengthof(statuses); i++)
		known = known || response->status == statuses[i];
	expect(known, "%s %s: the status is %d", request->method, request->url, response->status);
	expect(response->body != NULL && response->content_type != NULL, "%s %s: there is no body",
		   request->method, request->url);
	expect((response->status == 405) == (response->allow != NULL), "%s %s: Allow with status %d",
		   request->method, request->url, response->status);
	if (strncmp(response->content_type, "text/", strlen("text/")) != 0)
	{
		json_object_put(json_parse(response->body->bytes, response->body->length, &valid));
		expect(valid, "%s %s: the response is not JSON: %.*s", request->method, request->url,
			   (int) response->body->length, response->body->bytes);
	}
	if (request->accepts_gzip && response->body->length > MIN_GZIP)
		expect(body_compressed(response->body)->length > 0, "the body is not compressed");
}

/* The response to a write is an operation, which can be read. */
static void
check_operation(const Request *request, const Response *response)
{
	bool		valid;
	json_object *operation = json_parse(response->body->bytes, response->body->length, &valid);
	const char *id = json_member_text(operation, "id");
	json_object *read;

	/* The logs and metrics are read by POST, and so is a password given back */
	if (id && json_member_text(operation, "state"))
	{
		state_lock(request->zone);
		read = state_operation_json(request->zone, id);
		state_unlock(request->zone);
		expect(read != NULL, "%s %s: there is no operation %s", request->method, request->url, id);
		json_object_put(read);
	}
	json_object_put(operation);
}

static bool
is_read(const char *method)
{
	return strcmp(method, "GET") == 0;
}

/*
 * Sends the request of a line.  "*state" is what the state was after the request before.
 * Returns whether it was successful.
 */
static bool
send_line(char *line, char **state)
{
	char		sign = *line == '!' || *line == '~' ? *line++ : ' ';
	Exchange   *exchange = make_exchange(line, sign);
	Request    *request = &exchange->request;
	Response	response = {0};
	bool		control = strncmp(request->path, CONTROL_PREFIX, strlen(CONTROL_PREFIX)) == 0;
	char	   *before = *state;
	bool		done;
	void	   *context = exchange;

	now_ms += 1000;
	if (before == NULL || !is_settled())
	{
		free(before);
		before = print_state();
	}
	if (control)
	{
		request->api_path = request->path + strlen(CONTROL_PREFIX);
		control_handle(request, &response);
	}
	else
	{
		find_zone(request);
		respond_api(request, &response);
	}
	check_response(request, &response);
	done = response.status < 300;
	*state = print_state();
	if (!control)
	{
		if (sign != ' ' && !(request->operation && request->operation->may_be_unsigned))
			expect(response.status == (sign == '!' ? 401 : 403),
				   "%s %s: the status without a signature is %d", request->method, request->url,
				   response.status);
		if (sign != ' ' || !done || is_read(request->method))
			expect(strcmp(before, *state) == 0, "%s %s: the status is %d, and it changes %s to %s",
				   request->method, request->url, response.status, before, *state);
		else
			check_operation(request, &response);
	}
	body_unref(response.body);
	free(before);
	free_exchange(NULL, NULL, &context, MHD_REQUEST_TERMINATED_COMPLETED_OK);
	return done;
}

void
fuzzer_start(void)
{
	config.services = 8;
	config.zones = 2;
	config.logs = 50;
	first_config = config;
	document_init();
	operations_init();
	wait_init();
	state_init();
}

bool
fuzzer_check(const char *text, size_t len)
{
	char	   *copy = xstrdup(text);
	char	   *rest = copy;
	char	   *state = NULL;
	bool		done = false;

	(void) len;
	config = first_config;
	now_ms = 0;
	faults_clear();
	state_reset();
	while (rest)
	{
		char	   *line = strsep(&rest, "\n");

		if (*line)
			done = send_line(line, &state) || done;
	}
	free(state);
	free(copy);
	return done;
}
