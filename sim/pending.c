/*
 * pending.c
 *		The life of operations: started, pending, ended.
 *
 * There is no timer: zone_settle() ends those that are due.  What an operation made or
 * deleted is seen --settle after its end, by reads and by other writes alike.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "replicas.h"
#include "zone.h"

static Operation *
add_operation(SimZone *zone)
{
	Operation  *operation = xcalloc(1, sizeof(Operation));

	zone->operations = xgrow(zone->operations, zone->operation_count,
							 &zone->operation_capacity, sizeof(Operation *));
	zone->operations[zone->operation_count++] = operation;
	return operation;
}

/* One operation that succeeded and one that failed long ago. */
void
zone_add_old_operations(SimZone *zone)
{
	for (int number = 1; number <= 2; number++)
	{
		Operation  *operation = add_operation(zone);
		ServiceFacts facts;

		data_service(&facts, zone->name, zone->index, number);
		operation->settled = true;
		uuid_from(operation->id, "%s/%s/operations/%d", config.seed, zone->name, number);
		uuid_from(operation->reference_id, "%s/%s/services/%d/id", config.seed, zone->name,
				  number);
		operation->link = xasprintf("/v2/%s/%s", facts.type->path_segment, facts.name);
		operation->command = facts.type->shown_by;
		strcpy(operation->state, number == 1 ? "success" : "failure");
		if (number == 2)
		{
			operation->reason = xstrdup("conflict");
			operation->message = xstrdup("Le service existe d\xc3\xa9j\xc3\xa0");
		}
	}
	zone->first_unsettled = zone->operation_count;
}

bool
zone_operation_pending(const Operation *operation)
{
	return strcmp(operation->state, "pending") == 0;
}

static void
end_operation(SimZone *zone, Operation *operation, double now)
{
	operation->ended_at = isinf(operation->started_at) ? now :
		operation->started_at + config.operation_time;
	strcpy(operation->state, operation->final_state);
	if (strcmp(operation->state, "success") == 0)
		return;
	if (operation->effect.kind == EFFECT_CREATE_SERVICE)
	{
		zone->services[operation->effect.service - 1].deleted = true;
		replicas_drop(zone->index, operation->effect.service);
	}
	zone_free_effect(&operation->effect);
}

/* Has the operation ended long enough ago for its effect to be seen? */
static bool
is_effect_due(SimZone *zone, const Operation *operation, double now)
{
	return !zone_operation_pending(operation) &&
		(config.settle == 0 || operation->ended_at + config.settle <= now ||
		 !zone_effect_lags(zone, &operation->effect));
}

static void
settle_operation(SimZone *zone, Operation *operation, double now)
{
	if (zone_operation_pending(operation) &&
		operation->started_at + config.operation_time <= now)
		end_operation(zone, operation, now);
	if (is_effect_due(zone, operation, now))
	{
		operation->settled = true;
		state_apply(zone, &operation->effect);
	}
}

void
zone_settle(SimZone *zone)
{
	double		now;

	if (zone->first_unsettled == zone->operation_count)
		return;
	now = clock_ms();
	for (size_t i = zone->first_unsettled; i < zone->operation_count; i++)
		if (!zone->operations[i]->settled)
			settle_operation(zone, zone->operations[i], now);
	while (zone->first_unsettled < zone->operation_count &&
		   zone->operations[zone->first_unsettled]->settled)
		zone->first_unsettled++;
}

void
state_apply_settling(SimZone *zone, Effect *effect)
{
	Operation  *operation;

	if (config.settle == 0)
	{
		state_apply(zone, effect);
		return;
	}
	operation = add_operation(zone);	/* nobody is told of it */
	strcpy(operation->state, "success");
	operation->ended_at = clock_ms();
	operation->effect = *effect;
}

/* Does an operation match that has not ended, or whose effect is not seen yet? */
static bool
any_pending(SimZone *zone, bool (*matches) (const Effect *, const void *), const void *wanted)
{
	for (size_t i = zone->first_unsettled; i < zone->operation_count; i++)
		if (!zone->operations[i]->settled &&
			matches(&zone->operations[i]->effect, wanted))
			return true;
	return false;
}

static bool
matches_kind_and_id(const Effect *effect, const void *wanted)
{
	const Effect *other = wanted;

	return effect->kind == other->kind && strcasecmp(effect->id, other->id) == 0;
}

static bool
matches_kind_and_key(const Effect *effect, const void *wanted)
{
	const Effect *other = wanted;

	return effect->kind == other->kind && strcmp(effect->key, other->key) == 0;
}

static bool
matches_attach_to(const Effect *effect, const void *wanted)
{
	return effect->kind == EFFECT_ATTACH && effect->external.endpoint == *(const int *) wanted;
}

static bool
matches_integration(const Effect *effect, const void *wanted)
{
	return effect->kind == EFFECT_CREATE_INTEGRATION &&
		zone_same_integration(&effect->integration, wanted);
}

static bool
matches_external(const Effect *effect, const void *wanted)
{
	const ExternalIntegration *other = wanted;

	return effect->kind == EFFECT_ATTACH && effect->external.service == other->service &&
		effect->external.endpoint == other->endpoint;
}

static bool
matches_edit(const Effect *effect, const void *wanted)
{
	const Effect *other = wanted;

	return effect->kind == EFFECT_EDIT_LIST && effect->service == other->service &&
		strcmp(effect->list, other->list) == 0 && strcmp(effect->key, other->key) == 0;
}

bool
state_edit_pending(SimZone *zone, int service, const char *list, const char *key)
{
	Effect		wanted = {
		.service = service,
		.list = list,
		.key = (char *) key,
	};

	return any_pending(zone, matches_edit, &wanted);
}

bool
state_effect_pending(SimZone *zone, EffectKind kind, const char *id)
{
	Effect		wanted = {.kind = kind};

	snprintf(wanted.id, sizeof(wanted.id), "%s", id);
	return any_pending(zone, matches_kind_and_id, &wanted);
}

bool
state_effect_pending_key(SimZone *zone, EffectKind kind, const char *key)
{
	Effect		wanted = {.kind = kind,.key = (char *) key};

	return any_pending(zone, matches_kind_and_key, &wanted);
}

bool
state_attach_pending(SimZone *zone, int endpoint)
{
	return any_pending(zone, matches_attach_to, &endpoint);
}

bool
state_integration_pending(SimZone *zone, const Integration *integration)
{
	return any_pending(zone, matches_integration, integration);
}

bool
state_external_pending(SimZone *zone, const ExternalIntegration *integration)
{
	return any_pending(zone, matches_external, integration);
}

void
state_new_id(SimZone *zone, const char *kind, char id[UUID_SIZE])
{
	uuid_from(id, "%s/%s/new-%s/%u", config.seed, zone->name, kind, ++zone->new_ids);
}

static json_object *
operation_json(const Operation *operation)
{
	json_object *json = json_object_new_object();
	json_object *reference = json_object_new_object();
	bool		failed = !zone_operation_pending(operation) &&
		strcmp(operation->state, "success") != 0;

	json_add_text(json, "id", operation->id);
	json_add_text(json, "state", operation->state);
	if (failed)
	{
		json_add_text(json, "reason", operation->reason);
		json_add_text(json, "message", operation->message);
	}
	json_add_text(reference, "id", operation->reference_id);
	json_add_text(reference, "link", operation->link);
	json_add_text(reference, "command", operation->command);
	json_add(json, "reference", reference);
	return json;
}

json_object *
state_operation_start(SimZone *zone, const char *command, char *link, Effect *effect,
					  const OperationFate *fate)
{
	Operation  *operation = add_operation(zone);
	const char *final_state = fate->state ? fate->state : "success";
	bool		endless = strcmp(final_state, "pending") == 0;

	state_new_id(zone, "operation", operation->id);
	strcpy(operation->reference_id, effect->id);
	strcpy(operation->state, "pending");
	snprintf(operation->final_state, sizeof(operation->final_state), "%s", final_state);
	/* Shown when the operation fails. */
	operation->reason = xstrdup(fate->reason ? fate->reason : "unknown");
	operation->message = xstrdup(fate->message ? fate->message :
								 "The operation could not be completed");
	operation->link = link;
	operation->command = command;
	operation->started_at = endless ? INFINITY : clock_ms();
	operation->effect = *effect;
	if (fate->immediate && !endless)
	{
		operation->started_at = -INFINITY;
		zone_settle(zone);
	}
	return operation_json(operation);
}

json_object *
state_operation_json(SimZone *zone, const char *id)
{
	for (size_t i = zone->operation_count; i-- > 0;)
		if (strcasecmp(zone->operations[i]->id, id) == 0)
			return operation_json(zone->operations[i]);
	return NULL;
}
