/*
 * state.c
 *		What writes changed: services, integrations, tasks, operations of each zone.
 *
 * A zone starts as data.c's rules have it; operations that ended in success
 * change it from there.  No timer runs: whoever locks a zone first applies
 * what ended since.  Zones share nothing and have a lock each.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "details.h"
#include "options.h"
#include "state.h"

typedef struct ServiceChanges
{
	bool		deleted;
	bool		building;		/* the operation that makes it has not ended */
	double		rebuilding_until;	/* on the monotonic clock */
	int64_t		more_logs;
	char	   *name;			/* of one that was made by a write; otherwise NULL */
	const ServiceType *type;	/* the same */
	const Plan *plan;			/* NULL: as the rules have it */
	bool		sets_protection;
	bool		protection;
	json_object *members;		/* of the type's own read: their new values; or NULL */
} ServiceChanges;

typedef struct Operation
{
	char		id[UUID_SIZE];
	char		state[12];
	char		final_state[12];
	char	   *reason;			/* NULL: absent, here and below */
	char	   *message;
	char		reference_id[UUID_SIZE];
	char	   *link;
	const char *command;
	double		ends_at;		/* INFINITY: never */
	Effect		effect;
} Operation;

struct SimZone
{
	pthread_mutex_t lock;
	const char *name;
	int			index;
	ServiceChanges *services;
	size_t		service_count;	/* those made by writes follow those of the rules */
	size_t		service_capacity;
	Integration *integrations;
	size_t		integration_count;
	size_t		integration_capacity;
	ExternalIntegration *externals;
	size_t		external_count;
	size_t		external_capacity;
	Task	   *tasks;			/* made by writes; others follow from the rules */
	size_t		task_count;
	size_t		task_capacity;
	Operation **operations;
	size_t		operation_count;
	size_t		operation_capacity;
	size_t		first_pending;	/* all operations before it have ended */
	unsigned	new_ids;
	Body	   *list;			/* the service list as answered, or NULL */
	double		list_unstable_until;	/* a service may still become running */
};

static SimZone *zones;

/* ---------- the beginning and the end of a zone's state ---------- */

static void
add_integration(SimZone *zone, const Integration *integration)
{
	zone->integrations = xgrow(zone->integrations, zone->integration_count,
							   &zone->integration_capacity, sizeof(Integration));
	zone->integrations[zone->integration_count++] = *integration;
}

static void
add_external(SimZone *zone, const ExternalIntegration *external)
{
	zone->externals = xgrow(zone->externals, zone->external_count,
							&zone->external_capacity, sizeof(ExternalIntegration));
	zone->externals[zone->external_count++] = *external;
}

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
static void
add_old_operations(SimZone *zone)
{
	for (int number = 1; number <= 2; number++)
	{
		Operation  *operation = add_operation(zone);
		ServiceFacts facts;

		data_service(&facts, zone->name, zone->index, number);
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
	zone->first_pending = zone->operation_count;
}

static void
zone_fill(SimZone *zone)
{
	Integration integration;

	zone->service_count = zone->service_capacity = (size_t) config.services;
	zone->services = xcalloc(zone->service_count, sizeof(ServiceChanges));
	for (int number = 1;
		 (number - 1) / GROUP_INTEGRATIONS * SERVICE_TYPES < config.services; number++)
		if (data_integration(&integration, zone->name, zone->index, number))
			add_integration(zone, &integration);
	for (int index = 1; index <= config.services; index++)
		for (int number = 1; number <= data_external_integration_count(index); number++)
		{
			ExternalIntegration external;

			data_external_integration(&external, zone->name, zone->index, index, number);
			add_external(zone, &external);
		}
	add_old_operations(zone);
}

static void
effect_free(Effect *effect)
{
	free(effect->settings);
	free(effect->integration.description);
	free(effect->integration.settings);
	free(effect->key);
	json_object_put(effect->members);
	json_object_put(effect->item);
	memset(effect, 0, sizeof(*effect));
}

static void
integration_free(Integration *integration)
{
	free(integration->description);
	free(integration->settings);
}

static void
drop_list(SimZone *zone)
{
	body_unref(zone->list);
	zone->list = NULL;
}

static void
zone_empty(SimZone *zone)
{
	for (size_t i = 0; i < zone->integration_count; i++)
		integration_free(&zone->integrations[i]);
	for (size_t i = 0; i < zone->operation_count; i++)
	{
		Operation  *operation = zone->operations[i];

		free(operation->reason);
		free(operation->message);
		free(operation->link);
		effect_free(&operation->effect);
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
	drop_list(zone);
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

/* ---------- effects of operations ---------- */

static void
touch_service(SimZone *zone, int index)
{
	double		until = clock_ms() + config.running_time;

	if (config.running_time == 0)
		return;
	zone->services[index - 1].rebuilding_until = until;
	if (zone->list_unstable_until < until)
		zone->list_unstable_until = until;
}

static void
remove_integration(SimZone *zone, Integration *integration)
{
	size_t		position = (size_t) (integration - zone->integrations);

	integration_free(integration);
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
	if (effect->rebuilds)
		touch_service(zone, effect->service);
}

static void
apply_create_integration(SimZone *zone, Effect *effect)
{
	Integration *made = &effect->integration;

	if (zone->services[made->source - 1].deleted || zone->services[made->dest - 1].deleted)
		return;
	add_integration(zone, made);
	touch_service(zone, made->source);
	touch_service(zone, made->dest);
	memset(made, 0, sizeof(*made)); /* its strings are the zone's now */
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
apply_attach(SimZone *zone, Effect *effect)
{
	if (zone->services[effect->external.service - 1].deleted)
		return;
	add_external(zone, &effect->external);
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

/* Strings are items by themselves; other items are known by a member. */
static bool
is_item(json_object *item, const char *list, const char *key)
{
	const char *name = json_object_is_type(item, json_type_string) ? json_object_get_string(item) :
		json_member_text(item, strcmp(list, "users") == 0 ? "username" : "name");

	return name && strcmp(name, key) == 0;
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
	for (i = 0; i < json_object_array_length(list); i++)
		if (is_item(json_object_array_get_idx(list, i), effect->list, effect->key))
			break;
	if (effect->item)
		json_object_array_put_idx(list, i, json_object_get(effect->item));
	else if (i < json_object_array_length(list))
		json_object_array_del_idx(list, i, 1);
	set_member(&zone->services[effect->service - 1], effect->list, list);
}

static void (*const apply[]) (SimZone *zone, Effect *effect) =
{
	[EFFECT_NONE] = NULL,
	[EFFECT_DELETE_SERVICE] = apply_delete_service,
	[EFFECT_CREATE_INTEGRATION] = apply_create_integration,
	[EFFECT_UPDATE_INTEGRATION] = apply_update_integration,
	[EFFECT_DELETE_INTEGRATION] = apply_delete_integration,
	[EFFECT_ATTACH] = apply_attach,
	[EFFECT_DETACH] = apply_detach,
	[EFFECT_CREATE_TASK] = apply_create_task,
	[EFFECT_CREATE_SERVICE] = apply_create_service,
	[EFFECT_CHANGE_SERVICE] = apply_change_service,
	[EFFECT_EDIT_LIST] = apply_edit_list,
};

static bool
is_pending(const Operation *operation)
{
	return strcmp(operation->state, "pending") == 0;
}

void
state_apply(SimZone *zone, Effect *effect)
{
	if (apply[effect->kind])
		apply[effect->kind] (zone, effect);
	effect_free(effect);
	drop_list(zone);
}

static void
end_operation(SimZone *zone, Operation *operation)
{
	strcpy(operation->state, operation->final_state);
	if (strcmp(operation->state, "success") != 0)
	{
		if (operation->effect.kind == EFFECT_CREATE_SERVICE)
			zone->services[operation->effect.service - 1].deleted = true;
		effect_free(&operation->effect);
	}
	state_apply(zone, &operation->effect);
}

/* End what is due, in the order of the writes. */
static void
settle(SimZone *zone)
{
	double		now;

	if (zone->first_pending == zone->operation_count)
		return;
	now = clock_ms();
	for (size_t i = zone->first_pending; i < zone->operation_count; i++)
		if (is_pending(zone->operations[i]) && zone->operations[i]->ends_at <= now)
			end_operation(zone, zone->operations[i]);
	while (zone->first_pending < zone->operation_count &&
		   !is_pending(zone->operations[zone->first_pending]))
		zone->first_pending++;
}

void
state_lock(SimZone *zone)
{
	pthread_mutex_lock(&zone->lock);
	settle(zone);
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
	drop_list(zone);
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

static bool
same_integration(const Integration *a, const Integration *b)
{
	return a->type == b->type && a->source == b->source && a->dest == b->dest;
}

Integration *
state_integration_between(SimZone *zone, const IntegrationType *type, int source, int dest)
{
	Integration wanted = {.type = type,.source = source,.dest = dest};

	for (size_t i = 0; i < zone->integration_count; i++)
		if (same_integration(&zone->integrations[i], &wanted))
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

/* ---------- operations ---------- */

static bool
any_pending(SimZone *zone, bool (*matches) (const Effect *, const void *), const void *wanted)
{
	for (size_t i = zone->first_pending; i < zone->operation_count; i++)
		if (is_pending(zone->operations[i]) && matches(&zone->operations[i]->effect, wanted))
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
matches_integration(const Effect *effect, const void *wanted)
{
	return effect->kind == EFFECT_CREATE_INTEGRATION &&
		same_integration(&effect->integration, wanted);
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
	Effect		wanted = {.service = service,.list = list,.key = (char *) key};

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
	bool		failed = !is_pending(operation) && strcmp(operation->state, "success") != 0;

	json_add_text(json, "id", operation->id);
	json_add_text(json, "state", operation->state);
	if (failed)
		json_add_text(json, "reason", operation->reason);
	if (failed)
		json_add_text(json, "message", operation->message);
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
	/* Told when it fails, and then always. */
	operation->reason = xstrdup(fate->reason ? fate->reason : "unknown");
	operation->message = xstrdup(fate->message ? fate->message : "The operation could not be completed");
	operation->link = link;
	operation->command = command;
	operation->ends_at = endless ? INFINITY : clock_ms() + config.operation_time;
	operation->effect = *effect;
	if (fate->immediate && !endless)
	{
		operation->ends_at = 0;
		settle(zone);
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

json_object *
state_summary_json(SimZone *zone)
{
	json_object *json = json_object_new_object();
	int			services = 0;
	int			pending = 0;

	for (size_t i = 0; i < zone->service_count; i++)
		services += !zone->services[i].deleted;
	for (size_t i = zone->first_pending; i < zone->operation_count; i++)
		pending += is_pending(zone->operations[i]);
	json_add_text(json, "zone", zone->name);
	json_add_number(json, "services", services);
	json_add_number(json, "integrations", (int64_t) zone->integration_count);
	json_add_number(json, "external_integrations", (int64_t) zone->external_count);
	json_add_number(json, "operations", (int64_t) zone->operation_count);
	json_add_number(json, "pending_operations", pending);
	return json;
}
