/*
 * effects.c
 *		What operations change in a zone, each kind in its way.
 *
 * An effect is applied to the state at the end of the operation; what it was
 * to change may be gone by then.
 */
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "options.h"
#include "replicas.h"
#include "zone.h"

void
zone_add_integration(SimZone *zone, const Integration *integration)
{
	zone->integrations = xgrow(zone->integrations, zone->integration_count,
							   &zone->integration_capacity, sizeof(Integration));
	zone->integrations[zone->integration_count++] = *integration;
}

void
zone_add_endpoint(SimZone *zone, const ExternalEndpoint *endpoint)
{
	zone->endpoints = xgrow(zone->endpoints, zone->endpoint_count,
							&zone->endpoint_capacity, sizeof(ExternalEndpoint));
	zone->endpoints[zone->endpoint_count++] = *endpoint;
}

void
zone_add_external(SimZone *zone, const ExternalIntegration *external)
{
	zone->externals = xgrow(zone->externals, zone->external_count,
							&zone->external_capacity, sizeof(ExternalIntegration));
	zone->externals[zone->external_count++] = *external;
}

void
zone_free_effect(Effect *effect)
{
	free(effect->settings);
	free(effect->integration.description);
	free(effect->integration.settings);
	free(effect->key);
	json_object_put(effect->members);
	json_object_put(effect->item);
	memset(effect, 0, sizeof(*effect));
}

void
zone_free_integration(Integration *integration)
{
	free(integration->description);
	free(integration->settings);
}

static void
touch_service(SimZone *zone, int index)
{
	if (config.running_time == 0)
		return;
	zone->last_changed_at = zone->services[index - 1].changed_at = clock_ms();
}

static void
remove_integration(SimZone *zone, Integration *integration)
{
	size_t		position = (size_t) (integration - zone->integrations);

	zone_free_integration(integration);
	memmove(integration, integration + 1,
			(--zone->integration_count - position) * sizeof(Integration));
}

static void
remove_external(SimZone *zone, ExternalIntegration *external)
{
	size_t		position = (size_t) (external - zone->externals);

	memmove(external, external + 1,
			(--zone->external_count - position) * sizeof(ExternalIntegration));
}

static void
apply_delete_service(SimZone *zone, Effect *effect)
{
	zone->services[effect->service - 1].deleted = true;
	for (size_t i = zone->integration_count; i-- > 0;)
		if (zone->integrations[i].source == effect->service ||
			zone->integrations[i].dest == effect->service)
			remove_integration(zone, &zone->integrations[i]);
	for (size_t i = zone->external_count; i-- > 0;)
		if (zone->externals[i].service == effect->service)
			remove_external(zone, &zone->externals[i]);
	replicas_drop(zone->index, effect->service);
}

/* Takes the value over. */
static void
set_member(ServiceChanges *changes, const char *name, json_object *value)
{
	if (changes->members == NULL)
		changes->members = json_object_new_object();
	json_add(changes->members, name, value);
}

static void
apply_change_service(SimZone *zone, Effect *effect)
{
	ServiceChanges *changes = &zone->services[effect->service - 1];

	if (changes->deleted)
		return;
	if (effect->plan)
		changes->plan = effect->plan;
	if (effect->sets_protection)
	{
		changes->sets_protection = true;
		changes->protection = effect->protection;
	}
	if (effect->members)
	{
		json_object_object_foreach(effect->members, name, value)
			set_member(changes, name, json_object_get(value));
	}
	if (effect->stops_migration)
		changes->migration_stopped = true;
	if (effect->rebuilds)
		touch_service(zone, effect->service);
}

static void
apply_create_integration(SimZone *zone, Effect *effect)
{
	Integration *made = &effect->integration;

	if (zone->services[made->source - 1].deleted || zone->services[made->dest - 1].deleted)
		return;
	zone_add_integration(zone, made);
	touch_service(zone, made->source);
	touch_service(zone, made->dest);
	memset(made, 0, sizeof(*made)); /* the zone owns its strings now */
}

static void
apply_update_integration(SimZone *zone, Effect *effect)
{
	Integration *integration = state_integration(zone, effect->id);

	if (integration == NULL)
		return;
	free(integration->settings);
	integration->settings = effect->settings;
	effect->settings = NULL;
	touch_service(zone, integration->source);
	touch_service(zone, integration->dest);
}

static void
apply_delete_integration(SimZone *zone, Effect *effect)
{
	Integration *integration = state_integration(zone, effect->id);

	if (integration == NULL)
		return;
	touch_service(zone, integration->source);
	touch_service(zone, integration->dest);
	remove_integration(zone, integration);
}

static void
apply_promote_replica(SimZone *zone, Effect *effect)
{
	(void) zone;
	replicas_promote(effect->id);
}

static void
apply_attach(SimZone *zone, Effect *effect)
{
	if (zone->services[effect->external.service - 1].deleted ||
		state_endpoint_at(zone, effect->external.endpoint)->deleted)
		return;
	zone_add_external(zone, &effect->external);
	touch_service(zone, effect->external.service);
}

static void
apply_detach(SimZone *zone, Effect *effect)
{
	ExternalIntegration *external = state_external(zone, effect->id);

	if (external == NULL)
		return;
	touch_service(zone, external->service);
	remove_external(zone, external);
}

static void
apply_create_endpoint(SimZone *zone, Effect *effect)
{
	ExternalEndpoint made = {
		.name = effect->key,
		.type = effect->endpoint_type,
		.settings = effect->members,
	};

	strcpy(made.id, effect->id);
	zone_add_endpoint(zone, &made);
	effect->key = NULL;			/* the zone owns these now */
	effect->members = NULL;
}

static void
apply_update_endpoint(SimZone *zone, Effect *effect)
{
	ExternalEndpoint *endpoint = state_endpoint(zone, effect->id);

	if (endpoint == NULL || effect->members == NULL)
		return;
	json_object_object_foreach(effect->members, name, value)
		json_object_object_add(endpoint->settings, name, json_object_get(value));
}

static void
apply_delete_endpoint(SimZone *zone, Effect *effect)
{
	ExternalEndpoint *endpoint = state_endpoint(zone, effect->id);

	if (endpoint)
		endpoint->deleted = true;
}

static void
apply_change_external(SimZone *zone, Effect *effect)
{
	ExternalIntegration *external = state_external(zone, effect->id);

	if (external == NULL)
		return;
	external->dbm_enabled = json_member_bool(effect->members, "datadog-dbm-enabled",
											 external->dbm_enabled);
	external->pgbouncer_enabled = json_member_bool(effect->members, "datadog-pgbouncer-enabled",
												   external->pgbouncer_enabled);
}

static void
apply_create_task(SimZone *zone, Effect *effect)
{
	zone->tasks = xgrow(zone->tasks, zone->task_count, &zone->task_capacity, sizeof(Task));
	zone->tasks[zone->task_count++] = effect->task;
}

static void
apply_create_service(SimZone *zone, Effect *effect)
{
	zone->services[effect->service - 1].building = false;
	touch_service(zone, effect->service);
}

/* An item is a string, or it is an object that one member identifies. */
static bool
is_item(json_object *item, const char *list, const char *key)
{
	const char *member = access_key(list) ? access_key(list) :
		strcmp(list, "users") == 0 ? "username" : "name";
	const char *name = json_object_is_type(item, json_type_string) ? json_object_get_string(item) :
		json_member_text(item, member);

	return name && strcmp(name, key) == 0;
}

/* Returns the place of the effect's item; behind the last one when the list lacks it. */
static size_t
item_place(json_object *list, const Effect *effect)
{
	size_t		i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (is_item(json_object_array_get_idx(list, i), effect->list, effect->key))
			break;
	return i;
}

static void
apply_edit_list(SimZone *zone, Effect *effect)
{
	ServiceFacts facts;
	json_object *list;
	size_t		i;

	if (!state_service_at(zone, effect->service, &facts))
		return;
	list = state_details_list(zone, &facts, effect->list);
	i = item_place(list, effect);
	if (effect->item)
		json_object_array_put_idx(list, i, json_object_get(effect->item));
	else if (i < json_object_array_length(list))
		json_object_array_del_idx(list, i, 1);
	set_member(&zone->services[effect->service - 1], effect->list, list);
}

static void
apply_replace_rules(SimZone *zone, Effect *effect)
{
	ServiceChanges *changes = &zone->services[effect->service - 1];

	json_object_put(changes->index_rules);
	changes->index_rules = json_object_get(effect->item);
}

/* Does the effect replace an item? */
static bool
is_replacement(SimZone *zone, const Effect *effect)
{
	ServiceFacts facts;
	json_object *list;
	bool		found;

	if (effect->item == NULL || !state_service_at(zone, effect->service, &facts))
		return false;
	list = state_details_list(zone, &facts, effect->list);
	found = item_place(list, effect) < json_object_array_length(list);
	json_object_put(list);
	return found;
}

typedef struct EffectType
{
	void		(*apply) (SimZone *zone, Effect *effect);
	bool		lags;			/* makes or deletes what lists show */
} EffectType;

static const EffectType types[] = {
	[EFFECT_NONE] = {NULL, false},
	[EFFECT_DELETE_SERVICE] = {apply_delete_service, true},
	[EFFECT_CREATE_INTEGRATION] = {apply_create_integration, true},
	[EFFECT_UPDATE_INTEGRATION] = {apply_update_integration, false},
	[EFFECT_DELETE_INTEGRATION] = {apply_delete_integration, true},
	[EFFECT_PROMOTE_REPLICA] = {apply_promote_replica, true},
	[EFFECT_ATTACH] = {apply_attach, true},
	[EFFECT_DETACH] = {apply_detach, true},
	[EFFECT_CREATE_ENDPOINT] = {apply_create_endpoint, true},
	[EFFECT_UPDATE_ENDPOINT] = {apply_update_endpoint, false},
	[EFFECT_DELETE_ENDPOINT] = {apply_delete_endpoint, true},
	[EFFECT_CHANGE_EXTERNAL] = {apply_change_external, false},
	[EFFECT_CREATE_TASK] = {apply_create_task, false},
	[EFFECT_CREATE_SERVICE] = {apply_create_service, true},
	[EFFECT_CHANGE_SERVICE] = {apply_change_service, false},
	[EFFECT_EDIT_LIST] = {apply_edit_list, true},
	[EFFECT_REPLACE_RULES] = {apply_replace_rules, true},
};

bool
zone_effect_lags(SimZone *zone, const Effect *effect)
{
	return types[effect->kind].lags &&
		!(effect->kind == EFFECT_EDIT_LIST && is_replacement(zone, effect));
}

void
state_apply(SimZone *zone, Effect *effect)
{
	if (types[effect->kind].apply)
		types[effect->kind].apply(zone, effect);
	zone_free_effect(effect);
	zone_drop_list(zone);
}
