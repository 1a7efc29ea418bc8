/*
 * control.c
 *		The interface under /_sim/ that tests steer the simulator with.
 *
 * It is no part of the API: it takes no signature, has no latency, and what it
 * is asked is not recorded.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "control.h"
#include "faults.h"
#include "options.h"
#include "record.h"
#include "state.h"

static void
respond_done(Response *response)
{
	respond_json(response, 200, json_object_new_object());
}

/* The number of a request that the query has by that name, or another one. */
static unsigned long
query_number(const Request *request, const char *name, unsigned long otherwise)
{
	char	   *value = query_value(request->query, name, strlen(name));
	unsigned long number = value ? strtoul(value, NULL, 10) : otherwise;

	free(value);
	return number;
}

static void
get_requests(Request *request, Response *response)
{
	respond_json(response, 200, record_json(query_number(request, "since", 0)));
}

static void
delete_requests(Request *request, Response *response)
{
	record_clear(query_number(request, "until", ULONG_MAX));
	respond_done(response);
}

static void
get_faults(Request *request, Response *response)
{
	(void) request;
	respond_json(response, 200, faults_json());
}

static void
post_faults(Request *request, Response *response)
{
	char	   *complaint = faults_add(request->json);

	if (complaint)
		respond_error(response, 400, "%s", complaint);
	else
		respond_done(response);
	free(complaint);
}

static void
delete_faults(Request *request, Response *response)
{
	(void) request;
	faults_clear();
	respond_done(response);
}

static void
post_reset(Request *request, Response *response)
{
	(void) request;
	faults_clear();
	state_reset();
	record_clear(ULONG_MAX);
	respond_done(response);
}

static json_object *
config_json(void)
{
	json_object *json = json_object_new_object();

	json_add_number(json, "logs", config.logs);
	json_add_number(json, "log_growth", config.log_growth);
	json_add_number(json, "latency", config.latency);
	json_add_number(json, "operation_time", config.operation_time);
	json_add_number(json, "running_time", config.running_time);
	json_add_number(json, "settle", config.settle);
	json_add_bool(json, "gzip", config.gzip != 0);
	return json;
}

/* When a member is refused, those before it have been changed already. */
static void
post_config(Request *request, Response *response)
{
	if (!json_object_is_type(request->json, json_type_object))
	{
		respond_error(response, 400, "the body must be an object");
		return;
	}
	json_object_object_foreach(request->json, name, value)
	{
		bool		is_number = json_object_is_type(value, json_type_int) ||
			json_object_is_type(value, json_type_boolean);

		if (!is_number || !config_change(name, json_object_get_int64(value)))
		{
			respond_error(response, 400, "no such setting, or not such a value: \"%s\"", name);
			return;
		}
	}
	respond_json(response, 200, config_json());
}

static void
get_state(Request *request, Response *response)
{
	json_object *json = json_object_new_object();
	json_object *zones = json_object_new_array();

	(void) request;
	for (int i = 0; i < config.zones; i++)
	{
		state_lock(state_zone(i));
		json_object_array_add(zones, state_summary_json(state_zone(i)));
		state_unlock(state_zone(i));
	}
	json_add(json, "zones", zones);
	json_add(json, "config", config_json());
	json_add_number(json, "requests", (int64_t) record_count());
	json_add_number(json, "faults", (int64_t) faults_count());
	respond_json(response, 200, json);
}

static void
post_append_logs(Request *request, Response *response)
{
	const char *name = json_member_text(request->json, "zone");
	const char *service = json_member_text(request->json, "service");
	SimZone    *zone = name ? state_zone_find(name, strlen(name)) : NULL;
	int64_t		count = json_member_number(request->json, "count", 1);
	ServiceFacts facts;
	bool		found;

	if (!zone || !service || count < 0)
	{
		respond_error(response, 400, "needs \"zone\", \"service\" and a \"count\" of at least 0");
		return;
	}
	state_lock(zone);
	found = state_service(zone, service, &facts);
	if (found)
		state_append_logs(zone, facts.index, count);
	state_unlock(zone);
	if (found)
		respond_done(response);
	else
		respond_error(response, 404, "no such service");
}

typedef struct Control
{
	const char *method;
	const char *path;
	void		(*handle) (Request *request, Response *response);
} Control;

static const Control controls[] = {
	{"GET", "requests", get_requests},
	{"DELETE", "requests", delete_requests},
	{"GET", "faults", get_faults},
	{"POST", "faults", post_faults},
	{"DELETE", "faults", delete_faults},
	{"POST", "reset", post_reset},
	{"POST", "config", post_config},
	{"GET", "state", get_state},
	{"POST", "append-logs", post_append_logs},
};

void
control_handle(Request *request, Response *response)
{
	bool		valid = true;

	if (request->body_length > 0)
		request->json = json_parse(request->body, request->body_length, &valid);
	for (size_t i = 0; i < lengthof(controls); i++)
	{
		if (strcmp(controls[i].method, request->method) != 0 ||
			strcmp(controls[i].path, request->api_path) != 0)
			continue;
		if (valid)
			controls[i].handle(request, response);
		else
			respond_error(response, 400, "the body is not valid JSON");
		return;
	}
	respond_error(response, 404, "no such control");
}
