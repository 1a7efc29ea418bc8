/*
 * state.c
 *		What is in a zone: services, integrations and tasks, as the rules make them
 *		and as writes changed them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "details.h"
#include "options.h"
#include "replicas.h"
#include "zone.h"

/* ---------- services ---------- */

/* As the rules make it, with the changes of writes. */
static void
service_facts(SimZone *zone, int index, ServiceFacts *facts)
{
	const ServiceChanges *changes = &zone->services[index - 1];

	data_service(facts, zone->name, zone->index, index);
	if (changes->name)
	{
		facts->made = true;
		snprintf(facts->name, sizeof(facts->name), "%s", changes->name);
		facts->type = changes->type;
		facts->state = "running";
		facts->termination_protection = false;
		facts->tells_protection = true;
		facts->created_at = config.epoch;
	}
	if (changes->plan)
		facts->plan = changes->plan;
	if (changes->sets_protection)
	{
		facts->tells_protection = true;
		facts->termination_protection = changes->protection;
	}
}

bool
state_service_at(SimZone *zone, int index, ServiceFacts *facts)
{
	if (index < 1 || (size_t) index > zone->service_count || zone->services[index - 1].deleted)
		return false;
	service_facts(zone, index, facts);
	return true;
}

bool
state_service(SimZone *zone, const char *name, ServiceFacts *facts)
{
	if (state_service_at(zone, data_service_index(name, zone->index), facts))
		return true;
	for (size_t i = (size_t) config.services; i < zone->service_count; i++)
		if (strcmp(zone->services[i].name, name) == 0 &&
			state_service_at(zone, (int) i + 1, facts))
			return true;
	return false;
}

bool
state_service_below(SimZone *zone, const char *path, const char *name, ServiceFacts *facts)
{
	return state_service(zone, name, facts) && facts->type == service_type_below(path);
}

const char *
state_service_state(SimZone *zone, const ServiceFacts *facts)
{
	ServiceChanges *changes = &zone->services[facts->index - 1];

	/* Once it is running it stays so, even if running-time is made longer. */
	if (changes->changed_at > 0 && clock_ms() >= changes->changed_at + config.running_time)
		changes->changed_at = 0;
	return changes->building || changes->changed_at > 0 ? "rebuilding" : facts->state;
}

json_object *
state_migration_json(SimZone *zone, const ServiceFacts *facts)
{
	return data_migration_json(facts, zone->services[facts->index - 1].migration_stopped);
}

int64_t
state_log_count(SimZone *zone, int index)
{
	return (zone->services[index - 1].name ? 0 : config.logs) +
		zone->services[index - 1].more_logs;
}

void
state_append_logs(SimZone *zone, int index, int64_t count)
{
	zone->services[index - 1].more_logs += count;
}

json_object *
state_service_changes(SimZone *zone, const ServiceFacts *facts)
{
	return zone->services[facts->index - 1].members;
}

/* One rule has no permission: the API's document does not demand one. */
json_object *
state_index_rules(SimZone *zone, const ServiceFacts *facts)
{
	static const char of_made[] =
		"{\"acls\":[{\"username\":\"avnadmin\",\"rules\":[{\"index\":\"*\","
		"\"permission\":\"admin\"}]}],\"acl-enabled\":false,\"extended-acl-enabled\":false}";
	static const char of_others[] =
		"{\"acls\":[{\"username\":\"avnadmin\",\"rules\":[{\"index\":\"*\","
		"\"permission\":\"admin\"}]},{\"username\":\"indexer\",\"rules\":["
		"{\"index\":\"logs-*\",\"permission\":\"readwrite\"},{\"index\":\"metrics-*\"}]}],"
		"\"acl-enabled\":true,\"extended-acl-enabled\":false}";
	json_object *now = zone->services[facts->index - 1].index_rules;

	return now ? json_object_get(now) : json_verbatim(facts->made ? of_made : of_others);
}

int
state_service_add(SimZone *zone, const char *name, const ServiceType *type)
{
	ServiceChanges *made;

	zone->services = xgrow(zone->services, zone->service_count, &zone->service_capacity,
						   sizeof(ServiceChanges));
	made = &zone->services[zone->service_count++];
	memset(made, 0, sizeof(*made));
	made->building = true;
	made->name = xstrdup(name);
	made->type = type;
	zone_drop_list(zone);
	return (int) zone->service_count;
}

json_object *
state_details_json(SimZone *zone, const ServiceFacts *facts)
{
	json_object *json = details_json(facts, state_service_state(zone, facts),
									 state_service_changes(zone, facts));
	json_object *integrations = json_object_new_array();

	for (size_t i = 0; i < zone->integration_count; i++)
		if (zone->integrations[i].source == facts->index ||
			zone->integrations[i].dest == facts->index)
			json_object_array_add(integrations,
								  state_integration_json(zone, &zone->integrations[i]));
	replicas_list(zone->index, facts->index, integrations);
	json_add(json, "integrations", integrations);
	return json;
}

json_object *
state_details_list(SimZone *zone, const ServiceFacts *facts, const char *name)
{
	return details_list(facts, state_service_changes(zone, facts), name);
}

static void
list_integration(SimZone *zone, json_object **arrays, const Integration *integration)
{
	json_object *json = state_integration_json(zone, integration);

	json_object_array_add(arrays[integration->source - 1], json);
	json_object_array_add(arrays[integration->dest - 1], json_object_get(json));
}

static Body *
make_service_list(SimZone *zone)
{
	json_object *json = json_object_new_object();
	json_object *list = json_object_new_array();
	json_object **arrays = xcalloc(zone->service_count, sizeof(json_object *));
	const char *text;
	size_t		length;
	char	   *bytes;

	for (size_t i = 0; i < zone->service_count; i++)
		arrays[i] = json_object_new_array();
	for (size_t i = 0; i < zone->integration_count; i++)
		list_integration(zone, arrays, &zone->integrations[i]);
	for (int index = 1; (size_t) index <= zone->service_count; index++)
	{
		ServiceFacts facts;
		json_object *service;

		if (!state_service_at(zone, index, &facts) ||
			(config.settle > 0 && zone->services[index - 1].building))
		{
			json_object_put(arrays[index - 1]);
			continue;
		}
		service = data_service_json(&facts, state_service_state(zone, &facts));
		replicas_list(zone->index, index, arrays[index - 1]);
		json_add(service, "integrations", arrays[index - 1]);
		json_object_array_add(list, service);
	}
	free(arrays);
	json_add(json, "dbaas-services", list);
	text = json_object_to_json_string_length(json, JSON_C_TO_STRING_PLAIN |
											 JSON_C_TO_STRING_NOSLASHESCAPE, &length);
	bytes = xcalloc(length + 1, 1);
	memcpy(bytes, text, length);
	json_object_put(json);
	return body_new(bytes, length);
}

void
zone_drop_list(SimZone *zone)
{
	body_unref(zone->list);
	zone->list = NULL;
}

/*
 * The list is kept until a write changes it.  While a service is still to
 * become running it is not kept.
 */
Body *
state_service_list(SimZone *zone)
{
	unsigned	version = replicas_version();
	Body	   *list;

	if (zone->list && zone->list_version == version)
		return body_ref(zone->list);
	zone_drop_list(zone);
	list = make_service_list(zone);
	zone->list_version = version;
	if (clock_ms() >= zone->last_changed_at + config.running_time)
		zone->list = body_ref(list);
	return list;
}

/* ---------- integrations, external integrations, tasks ---------- */

Integration *
state_integration(SimZone *zone, const char *id)
{
	for (size_t i = 0; i < zone->integration_count; i++)
		if (strcasecmp(zone->integrations[i].id, id) == 0)
			return &zone->integrations[i];
	return NULL;
}

bool
zone_same_integration(const Integration *a, const Integration *b)
{
	return a->type == b->type && a->source == b->source && a->dest == b->dest;
}

Integration *
state_integration_between(SimZone *zone, const IntegrationType *type, int source, int dest)
{
	Integration wanted = {
		.type = type,
		.source = source,
		.dest = dest,
	};

	for (size_t i = 0; i < zone->integration_count; i++)
		if (zone_same_integration(&zone->integrations[i], &wanted))
			return &zone->integrations[i];
	return NULL;
}

json_object *
state_integration_json(SimZone *zone, const Integration *integration)
{
	json_object *json = json_object_new_object();
	ServiceFacts source;
	ServiceFacts dest;

	service_facts(zone, integration->source, &source);
	service_facts(zone, integration->dest, &dest);
	json_add_text(json, "id", integration->id);
	json_add_text(json, "type", integration->type->name);
	json_add_text(json, "source", source.name);
	json_add_text(json, "dest", dest.name);
	json_add_text(json, "description", integration->description);
	json_add_text(json, "status", integration->status);
	json_add_bool(json, "is-enabled", integration->is_enabled);
	if (integration->is_active >= 0)
		json_add_bool(json, "is-active", integration->is_active);
	if (integration->settings)
		json_add(json, "settings", json_verbatim(integration->settings));
	return json;
}

ExternalEndpoint *
state_endpoint(SimZone *zone, const char *id)
{
	for (size_t i = 0; i < zone->endpoint_count; i++)
		if (!zone->endpoints[i].deleted && strcasecmp(zone->endpoints[i].id, id) == 0)
			return &zone->endpoints[i];
	return NULL;
}

ExternalEndpoint *
state_endpoint_named(SimZone *zone, const char *name)
{
	for (size_t i = 0; i < zone->endpoint_count; i++)
		if (!zone->endpoints[i].deleted && strcmp(zone->endpoints[i].name, name) == 0)
			return &zone->endpoints[i];
	return NULL;
}

ExternalEndpoint *
state_endpoint_at(SimZone *zone, int number)
{
	return (size_t) number <= zone->endpoint_count ? &zone->endpoints[number - 1] : NULL;
}

int
state_endpoint_number(SimZone *zone, const ExternalEndpoint *endpoint)
{
	return 1 + (int) (endpoint - zone->endpoints);
}

bool
state_endpoint_used(SimZone *zone, const ExternalEndpoint *endpoint)
{
	int			number = state_endpoint_number(zone, endpoint);

	for (size_t i = 0; i < zone->external_count; i++)
		if (zone->externals[i].endpoint == number)
			return true;
	return state_attach_pending(zone, number);
}

ExternalIntegration *
state_external(SimZone *zone, const char *id)
{
	for (size_t i = 0; i < zone->external_count; i++)
		if (strcasecmp(zone->externals[i].id, id) == 0)
			return &zone->externals[i];
	return NULL;
}

ExternalIntegration *
state_external_between(SimZone *zone, int service, int endpoint)
{
	for (size_t i = 0; i < zone->external_count; i++)
		if (zone->externals[i].service == service && zone->externals[i].endpoint == endpoint)
			return &zone->externals[i];
	return NULL;
}

json_object *
state_external_json(SimZone *zone, const ExternalIntegration *integration)
{
	json_object *json = json_object_new_object();
	ServiceFacts service;
	const ExternalEndpoint *endpoint = &zone->endpoints[integration->endpoint - 1];
	char	   *description;

	service_facts(zone, integration->service, &service);
	description = xasprintf("Envoi de %s \xc3\xa0 %s", service.name, endpoint->name);
	json_add_text(json, "integration-id", integration->id);
	json_add_text(json, "type", endpoint->type->name);
	json_add_text(json, "description", description);
	json_add_text(json, "source-service-name", service.name);
	json_add_text(json, "source-service-type", service.type->name);
	json_add_text(json, "dest-endpoint-id", endpoint->id);
	json_add_text(json, "dest-endpoint-name", endpoint->name);
	if (integration->status)
		json_add_text(json, "status", integration->status);
	free(description);
	return json;
}

json_object *
state_externals_json(SimZone *zone, int service)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < zone->external_count; i++)
		if (zone->externals[i].service == service)
			json_object_array_add(array, state_external_json(zone, &zone->externals[i]));
	return array;
}

bool
state_task(SimZone *zone, const ServiceFacts *facts, const char *id, Task *task)
{
	for (int number = 1; number <= data_task_count(facts); number++)
	{
		data_task(task, facts, number);
		if (strcasecmp(task->id, id) == 0)
			return true;
	}
	for (size_t i = 0; i < zone->task_count; i++)
	{
		*task = zone->tasks[i];
		if (task->service == facts->index && strcasecmp(task->id, id) == 0)
			return true;
	}
	return false;
}
