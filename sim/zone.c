/*
 * zone.c
 *		The zones: how they start, how they are locked, how they are freed.
 *
 * A zone starts as the rules of data.c make it; operations that succeed change
 * it.  There is no timer: whoever locks a zone first applies the operations
 * that ended since.  Each zone has a lock of its own, and only replicas.c keeps
 * what two zones share.
 */
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "replicas.h"
#include "zone.h"

static SimZone *zones;

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
	for (int number = 1; number <= data_external_endpoint_count(zone->index); number++)
	{
		ExternalEndpoint endpoint;

		data_external_endpoint(&endpoint, zone->name, zone->index, number);
		zone_add_endpoint(zone, &endpoint);
	}
	for (int index = 1; index <= config.services; index++)
		for (int number = 1; number <= data_external_integration_count(index); number++)
		{
			ExternalIntegration external;

			data_external_integration(&external, zone->name, zone->index, index, number);
			zone_add_external(zone, &external);
		}
	zone_add_old_operations(zone);
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
		json_object_put(zone->services[i].index_rules);
	}
	for (size_t i = 0; i < zone->endpoint_count; i++)
	{
		free(zone->endpoints[i].name);
		json_object_put(zone->endpoints[i].settings);
	}
	free(zone->services);
	free(zone->tasks);
	zone->services = NULL;
	zone->tasks = NULL;
	zone->task_capacity = 0;
	zone->integration_count = zone->external_count = zone->endpoint_count = 0;
	zone->task_count = zone->operation_count = 0;
	zone->new_ids = 0;
	zone->last_changed_at = 0;
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
	replicas_reset();
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

json_object *
state_summary_json(SimZone *zone)
{
	json_object *json = json_object_new_object();
	int			services = 0;
	int			pending = 0;

	for (size_t i = 0; i < zone->service_count; i++)
		services += !zone->services[i].deleted;
	for (size_t i = zone->first_unsettled; i < zone->operation_count; i++)
		pending += zone_operation_pending(zone->operations[i]);
	json_add_text(json, "zone", zone->name);
	json_add_number(json, "services", services);
	json_add_number(json, "integrations", (int64_t) zone->integration_count);
	json_add_number(json, "external_integrations", (int64_t) zone->external_count);
	json_add_number(json, "operations", (int64_t) zone->operation_count);
	json_add_number(json, "pending_operations", pending);
	return json;
}
