/*
 * reads.c
 *		The handlers of reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth.h"
#include "cache.h"
#include "digest.h"
#include "document.h"
#include "handlers.h"
#include "operations.h"
#include "options.h"
#include "replicas.h"
#include "series.h"
#include "state.h"

#define DEFAULT_LOG_LIMIT 100

/* ---------- the catalogue ---------- */

void
list_zones(Request *request, Response *response)
{
	json_object *json = json_object_new_object();
	json_object *zones = json_object_new_array();

	(void) request;
	for (int i = 0; i < config.zones; i++)
	{
		json_object *zone = json_object_new_object();
		char	   *api = xasprintf("http://127.0.0.1:%ld/%s/v2", config.listening_port,
									zone_name(i));
		char	   *sos = xasprintf("https://sos-%s.exo.io", zone_name(i));

		json_add_text(zone, "name", zone_name(i));
		json_add_text(zone, "api-endpoint", api);
		json_add_text(zone, "sos-endpoint", sos);
		json_object_array_add(zones, zone);
		free(api);
		free(sos);
	}
	json_add(json, "zones", zones);
	respond_json(response, 200, json);
}

void
list_service_types(Request *request, Response *response)
{
	json_object *json = json_object_new_object();
	json_object *types = json_object_new_array();

	(void) request;
	for (int i = 0; i < SERVICE_TYPES; i++)
		json_object_array_add(types, service_type_json(&service_types[i]));
	json_add(json, "dbaas-service-types", types);
	respond_json(response, 200, json);
}

void
get_service_type(Request *request, Response *response)
{
	const ServiceType *type = service_type_find(request->params[0]);

	if (type)
		respond_json(response, 200, service_type_json(type));
	else
		respond_message(response, 404, "Service type not found");
}

void
list_integration_types(Request *request, Response *response)
{
	json_object *json = json_object_new_object();
	json_object *types = json_object_new_array();

	(void) request;
	for (int i = 0; i < INTEGRATION_TYPES; i++)
		json_object_array_add(types, integration_type_json(&integration_types[i]));
	json_add(json, "dbaas-integration-types", types);
	respond_json(response, 200, json);
}

void
list_integration_settings(Request *request, Response *response)
{
	const IntegrationType *type = integration_type_find(request->params[0]);
	json_object *json;

	if (!type || !integration_type_allows(type, request->params[1], request->params[2]))
	{
		respond_message(response, 404, "Integration settings not found");
		return;
	}
	json = json_object_new_object();
	json_add(json, "settings", integration_schema_json(type));
	respond_json(response, 200, json);
}

void
get_ca_certificate(Request *request, Response *response)
{
	json_object *json = json_object_new_object();
	char	   *certificate = data_ca_certificate();

	(void) request;
	json_add_text(json, "certificate", certificate);
	free(certificate);
	respond_json(response, 200, json);
}

/* ---------- services and what belongs to them ---------- */

void
list_services(Request *request, Response *response)
{
	respond_body(response, 200, "application/json", state_service_list(request->zone));
}

/*
 * Finds the service that the first path parameter names.  Otherwise "response"
 * is a 404.
 */
static bool
find_service(Request *request, ServiceFacts *facts, Response *response)
{
	if (state_service(request->zone, request->params[0], facts))
		return true;
	respond_message(response, 404, "Service not found");
	return false;
}

void
get_service_settings(Request *request, Response *response)
{
	const char *text = document_settings(request->api_path);

	respond_body(response, 200, "application/json", body_new(xstrdup(text), strlen(text)));
}

/* A service is found only below the path of its own type. */
void
get_service_details(Request *request, Response *response)
{
	ServiceFacts facts;

	if (state_service_below(request->zone, request->api_path, request->params[0], &facts))
		respond_json(response, 200, state_details_json(request->zone, &facts));
	else
		respond_message(response, 404, "Service not found");
}

void
get_index_rules(Request *request, Response *response)
{
	ServiceFacts facts;

	if (state_service_below(request->zone, request->api_path, request->params[0], &facts))
		respond_json(response, 200, state_index_rules(request->zone, &facts));
	else
		respond_message(response, 404, "Service not found");
}

/* As the service's own read shows them, but without secrets. */
void
list_service_users(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *json;
	json_object *users;

	if (!state_service_below(request->zone, request->api_path, request->params[0], &facts))
	{
		respond_message(response, 404, "Service not found");
		return;
	}
	users = state_details_list(request->zone, &facts, "users");
	for (size_t i = 0; i < json_object_array_length(users); i++)
		json_object_object_del(json_object_array_get_idx(users, i), "password");
	json = json_object_new_object();
	json_add(json, "users", users);
	respond_json(response, 200, json);
}

/*
 * Responds with what the cache has for the key.  Returns false when there is
 * nothing.
 */
static bool
respond_cached(Response *response, const char *key)
{
	Body	   *body = cache_find(key);

	if (body)
		respond_body(response, 200, "application/json", body);
	return body != NULL;
}

/*
 * The start of a cache key: the service, and all that its logs and metrics
 * depend on.
 */
static char *
key_of(const ServiceFacts *facts, const char *what)
{
	return xasprintf("%s of %s %d %s %s %s %d", what, facts->zone, facts->index, facts->name,
					 facts->type->name, facts->plan->name, facts->made);
}

static void
respond_logs(const Request *request, const ServiceFacts *facts, int64_t count, Response *response)
{
	const char *order = json_member_text(request->json, "sort-order");
	const char *offset = json_member_text(request->json, "offset");
	int64_t		limit = json_member_number(request->json, "limit", DEFAULT_LOG_LIMIT);
	bool		ascending = order && strcmp(order, "asc") == 0;
	char	   *service = key_of(facts, "logs");
	char	   *key = xasprintf("%s, %lld, %lld %s%s%s", service, (long long) count,
								(long long) limit, ascending ? "asc" : "desc",
								offset ? " from " : "", offset ? offset : "");
	json_object *page;

	if (!respond_cached(response, key))
	{
		page = logs_page_json(facts, count, limit, ascending, offset);
		if (page)
		{
			respond_json(response, 200, page);
			cache_add(key, response->body);
		}
		else
			respond_problem_text(response, 400, "The offset is not valid.");
	}
	free(key);
	free(service);
}

void
get_service_logs(Request *request, Response *response)
{
	ServiceFacts facts;
	bool		found;
	int64_t		count = 0;

	state_lock(request->zone);
	found = find_service(request, &facts, response);
	if (found)
	{
		count = state_log_count(request->zone, facts.index);
		state_append_logs(request->zone, facts.index, config.log_growth);
	}
	state_unlock(request->zone);
	if (found)
		respond_logs(request, &facts, count, response);
}

static void
respond_metrics(const ServiceFacts *facts, const char *period, Response *response)
{
	char	   *service = key_of(facts, "metrics");
	char	   *key = xasprintf("%s, %s", service, period);

	if (!respond_cached(response, key))
	{
		respond_json(response, 200, metrics_json(facts, period));
		cache_add(key, response->body);
	}
	free(key);
	free(service);
}

void
get_service_metrics(Request *request, Response *response)
{
	ServiceFacts facts;
	bool		found;
	const char *period = json_member_text(request->json, "period");

	state_lock(request->zone);
	found = find_service(request, &facts, response);
	state_unlock(request->zone);
	if (found)
		respond_metrics(&facts, period ? period : "hour", response);
}

void
get_migration_status(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *json;

	if (!find_service(request, &facts, response))
		return;
	json = state_migration_json(request->zone, &facts);
	if (json)
		respond_json(response, 200, json);
	else
		respond_message(response, 404, "No migration found");
}

void
get_task(Request *request, Response *response)
{
	ServiceFacts facts;
	Task		task;

	if (!find_service(request, &facts, response))
		return;
	if (state_task(request->zone, &facts, request->params[1], &task))
		respond_json(response, 200, data_task_json(&task, facts.type));
	else
		respond_message(response, 404, "Task not found");
}

/* ---------- integrations ---------- */

void
get_integration(Request *request, Response *response)
{
	Integration *integration = state_integration(request->zone, request->params[0]);
	json_object *json = integration ? state_integration_json(request->zone, integration) :
		replicas_json(state_zone_index(request->zone), request->params[0]);

	if (json)
		respond_json(response, 200, json);
	else
		respond_message(response, 404, "Integration not found");
}

void
list_external_integrations(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *json;

	if (!find_service(request, &facts, response))
		return;
	json = json_object_new_object();
	json_add(json, "external-integrations", state_externals_json(request->zone, facts.index));
	respond_json(response, 200, json);
}

void
get_external_integration(Request *request, Response *response)
{
	ExternalIntegration *external = state_external(request->zone, request->params[0]);

	if (external)
		respond_json(response, 200, state_external_json(request->zone, external));
	else
		respond_message(response, 404, "External integration not found");
}

void
get_operation(Request *request, Response *response)
{
	json_object *json = state_operation_json(request->zone, request->params[0]);

	if (json)
		respond_json(response, 200, json);
	else
		respond_message(response, 404, "Operation not found");
}

/* ---------- of the organisation ---------- */

/* YYYY-MM */
static bool
is_month(const char *text)
{
	int			year,
				month,
				end = 0;

	return sscanf(text, "%4d-%2d%n", &year, &month, &end) == 2 && end == 7 &&
		text[7] == '\0' && month >= 1 && month <= 12;
}

/* A line for each service type and plan. */
void
get_usage_report(Request *request, Response *response)
{
	char	   *period = query_value(request->query, "period", strlen("period"));
	const char *month = period ? period : "2026-01";
	json_object *json = json_object_new_object();
	json_object *usage = json_object_new_array();
	char	   *from = xasprintf("%s-01T00:00:00Z", month);
	char	   *to = xasprintf("%s-28T00:00:00Z", month);

	for (int i = 0; i < SERVICE_TYPES * PLANS; i++)
	{
		json_object *line = json_object_new_object();
		const char *product = service_types[i / PLANS].name;
		const char *plan = plans[i % PLANS].name;
		char	   *quantity = xasprintf("%u.5", rnd(1000, "%s/usage/%s/%s/%s", config.seed, month,
													 product, plan));

		json_add_text(line, "from", from);
		json_add_text(line, "to", to);
		json_add_text(line, "product", product);
		json_add_text(line, "variable", plan);
		json_add_text(line, "description", service_types[i / PLANS].description);
		json_add_text(line, "quantity", quantity);
		json_add_text(line, "unit", "hour");
		json_object_array_add(usage, line);
		free(quantity);
	}
	json_add(json, "usage", usage);
	if (is_month(month))
		respond_json(response, 200, json);
	else
	{
		json_object_put(json);
		respond_problem_text(response, 400, "The period is no month.");
	}
	free(period);
	free(from);
	free(to);
}

/* Returns the Unix time of an argument in the API's format, or -1. */
static int64_t
argument_time(Request *request, const char *name, int64_t otherwise)
{
	char	   *text = query_value(request->query, name, strlen(name));
	struct tm	tm = {0};
	const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	int64_t		seconds = !text ? otherwise : end && strcmp(end, "Z") == 0 ? timegm(&tm) : -1;

	free(text);
	return seconds;
}

/* Who it was: a user, or at each third event a key with a role. */
static void
add_actor(json_object *event, int number)
{
	json_object *actor = json_object_new_object();

	if (number % 3)
	{
		json_add_text(actor, "email", "alice@example.com");
		json_add(event, "iam-user", actor);
		return;
	}
	json_add_text(actor, "name", "deploy");
	json_add(event, "iam-role", actor);
	actor = json_object_new_object();
	json_add_text(actor, "key", "EXOdeploy");
	json_add_text(actor, "name", "deploy from CI");
	json_add(event, "iam-api-key", actor);
}

/* Event "number" counts back from the epoch, by hours. */
static json_object *
event_json(int number, time_t seconds)
{
	bool		update = number % 2;
	int			zone = (number - 1) % config.zones;
	json_object *event = json_object_new_object();
	json_object *path_params = json_object_new_object();
	char	   *service = xasprintf("pg-%d-0001", zone + 1);
	char	   *uri = xasprintf("/v2/dbaas-%s/%s", update ? "postgres" : "service", service);
	char		id[UUID_SIZE];
	char		when[32];
	struct tm	tm;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S.000Z", gmtime_r(&seconds, &tm));
	json_add_text(event, "timestamp", when);
	json_add_text(event, "request-id", uuid_from(id, "%s/events/%d", config.seed, number));
	json_add_text(event, "handler", update ? "update-dbaas-service-pg" : "delete-dbaas-service");
	json_add_text(event, "zone", zone_name(zone));
	json_add_text(path_params, "name", service);
	json_add(event, "path-params", path_params);
	json_add_text(event, "uri", uri);
	add_actor(event, number);
	json_add_text(event, "source-ip", "192.0.2.1");
	/* Deletions have met termination protection */
	json_add_number(event, "status", update ? 200 : 403);
	free(service);
	free(uri);
	return event;
}

/* One event in each hour of the day before the epoch, newest first. */
void
list_events(Request *request, Response *response)
{
	int64_t		from = argument_time(request, "from", config.epoch - 86400);
	int64_t		to = argument_time(request, "to", config.epoch);
	json_object *events;

	if (from < 0 || to < 0)
	{
		respond_problem_text(response, 400, "It is not a time.");
		return;
	}
	events = json_object_new_array();
	for (int i = 1; i <= 24; i++)
	{
		time_t		seconds = config.epoch - i * 3600;

		if (seconds >= from && seconds < to)
			json_object_array_add(events, event_json(i, seconds));
	}
	respond_json(response, 200, events);
}
