/*
 * state.c
 *		What writes changed: services, integrations, tasks of each zone.
 *
 * A zone starts as data.c's rules have it; operations that ended in success
 * change it from there.  No timer runs: whoever locks a zone first applies
 * what ended since.  Zones share nothing and have a lock each.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "details.h"
#include "options.h"
#include "zone.h"

static SimZone *zones;

/* ---------- the beginning and the end of a zone's state ---------- */

static void
zone_fill(SimZone *zone)
{
	Integration integration;

	zone->service_count = zone->service_capacity = (size_t) config.services;
	zone->services = xcalloc(zone->service_count, sizeof(ServiceChanges));
	for (int number = 1;
		 (number - 1) / GROUP_INTEGRATIONS * SERVICE_TYPES < config.services; number++)
		if (data_integration(&integration, zone->name, zone->index, number))
			zone_add_integration(zone, &integration);
	for (int index = 1; index <= config.services; index++)
		for (int number = 1; number <= data_external_integration_count(index); number++)
		{
			ExternalIntegration external;

			data_external_integration(&external, zone->name, zone->index, index, number);
			zone_add_external(zone, &external);
		}
	zone_add_old_operations(zone);
}

void
zone_drop_list(SimZone *zone)
{
	body_unref(zone->list);
	zone->list = NULL;
}

static void
zone_empty(SimZone *zone)
{
	for (size_t i = 0; i < zone->integration_count; i++)
		zone_free_integration(&zone->integrations[i]);
	for (size_t i = 0; i < zone->operation_count; i++)
	{
		Operation  *operation = zone->operations[i];

		free(operation->reason);
		free(operation->message);
		free(operation->link);
		zone_free_effect(&operation->effect);
		free(operation);
	}
	for (size_t i = 0; i < zone->service_count; i++)
	{
		free(zone->services[i].name);
		json_object_put(zone->services[i].members);
	}
	free(zone->services);
	free(zone->tasks);
	zone->services = NULL;
	zone->tasks = NULL;
	zone->task_capacity = 0;
	zone->integration_count = zone->external_count = 0;
	zone->task_count = zone->operation_count = 0;
	zone->new_ids = 0;
	zone->list_unstable_until = 0;
	zone_drop_list(zone);
}

void
state_init(void)
{
	zones = xcalloc((size_t) config.zones, sizeof(SimZone));
	for (int i = 0; i < config.zones; i++)
	{
		zones[i].name = zone_name(i);
		zones[i].index = i;
		pthread_mutex_init(&zones[i].lock, NULL);
		zone_fill(&zones[i]);
	}
}

void
state_reset(void)
{
	for (int i = 0; i < config.zones; i++)
	{
		pthread_mutex_lock(&zones[i].lock);
		zone_empty(&zones[i]);
		zone_fill(&zones[i]);
		pthread_mutex_unlock(&zones[i].lock);
	}
}

SimZone *
state_zone(int index)
{
	return &zones[index];
}

SimZone *
state_zone_find(const char *name, size_t length)
{
	for (int i = 0; i < config.zones; i++)
		if (strlen(zones[i].name) == length && strncmp(zones[i].name, name, length) == 0)
			return &zones[i];
	return NULL;
}

const char *
state_zone_name(const SimZone *zone)
{
	return zone->name;
}

int
state_zone_index(const SimZone *zone)
{
	return zone->index;
}

void
state_lock(SimZone *zone)
{
	pthread_mutex_lock(&zone->lock);
	zone_settle(zone);
}

void
state_unlock(SimZone *zone)
{
	pthread_mutex_unlock(&zone->lock);
}

/* ---------- services ---------- */

/* As the rules have it, with what writes changed. */
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
		facts->created_at = DATA_EPOCH;
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
	const ServiceChanges *changes = &zone->services[facts->index - 1];
	double		until = changes->rebuilding_until;

	return changes->building || (until > 0 && until > clock_ms()) ? "rebuilding" : facts->state;
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

		if (!state_service_at(zone, index, &facts))
		{
			json_object_put(arrays[index - 1]);
			continue;
		}
		service = data_service_json(&facts, state_service_state(zone, &facts));
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

/* The list is kept until a write changes it, unless time itself will. */
Body *
state_service_list(SimZone *zone)
{
	Body	   *list = zone->list;

	if (list)
		return body_ref(list);
	list = make_service_list(zone);
	if (clock_ms() >= zone->list_unstable_until)
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
	Integration wanted = {.type = type,.source = source,.dest = dest};

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
	ExternalEndpoint endpoint;
	char	   *description;

	service_facts(zone, integration->service, &service);
	data_external_endpoint(&endpoint, zone->name, zone->index, integration->endpoint);
	description = xasprintf("Envoi de %s \xc3\xa0 %s", service.name, endpoint.name);
	json_add_text(json, "integration-id", integration->id);
	json_add_text(json, "type", endpoint.type);
	json_add_text(json, "description", description);
	json_add_text(json, "source-service-name", service.name);
	json_add_text(json, "source-service-type", service.type->name);
	json_add_text(json, "dest-endpoint-id", endpoint.id);
	json_add_text(json, "dest-endpoint-name", endpoint.name);
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

json_object *
state_summary_json(SimZone *zone)
{
	json_object *json = json_object_new_object();
	int			services = 0;
	int			pending = 0;

	for (size_t i = 0; i < zone->service_count; i++)
		services += !zone->services[i].deleted;
	for (size_t i = zone->first_pending; i < zone->operation_count; i++)
		pending += zone_operation_pending(zone->operations[i]);
	json_add_text(json, "zone", zone->name);
	json_add_number(json, "services", services);
	json_add_number(json, "integrations", (int64_t) zone->integration_count);
	json_add_number(json, "external_integrations", (int64_t) zone->external_count);
	json_add_number(json, "operations", (int64_t) zone->operation_count);
	json_add_number(json, "pending_operations", pending);
	return json;
}
