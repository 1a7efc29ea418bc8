/*
 * writes.c
 *		The handlers that start operations.
 *
 * A handler checks what can be checked at once and describes the effect; the
 * state applies it when the operation ends in success.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "operations.h"
#include "options.h"
#include "replicas.h"
#include "validate.h"
#include "writes.h"

/*
 * How a fault of action "operation" wants the operation of this request to
 * end.
 */
static OperationFate
fate_of(const Request *request)
{
	OperationFate fate = {0};
	const char *action = json_member_text(request->fault, "action");

	if (action && strcmp(action, "operation") == 0)
	{
		fate.state = json_member_text(request->fault, "state");
		fate.reason = json_member_text(request->fault, "reason");
		fate.message = json_member_text(request->fault, "message");
		fate.immediate = json_member_bool(request->fault, "immediate", false);
		if (fate.state && strcmp(fate.state, "pending-forever") == 0)
			fate.state = "pending";
	}
	return fate;
}

void
respond_operation_of(Request *request, Response *response, char *link, const char *shown_by,
					 Effect *effect)
{
	OperationFate fate = fate_of(request);

	respond_json(response, 200,
				 state_operation_start(request->zone, shown_by, link, effect, &fate));
}

void
respond_operation(Request *request, Response *response, char *link, Effect *effect)
{
	respond_operation_of(request, response, link, request->operation->shown_by, effect);
}

void
respond_service_operation(Request *request, Response *response, const ServiceFacts *facts,
						  Effect *effect)
{
	service_id(facts, effect->id);
	respond_operation_of(request, response,
						 xasprintf("/v2/%s/%s", facts->type->path_segment, facts->name),
						 facts->type->shown_by, effect);
}

bool
find_service(Request *request, const char *name, ServiceFacts *facts, Response *response)
{
	if (state_service(request->zone, name, facts))
		return true;
	respond_message(response, 404, "Service not found");
	return false;
}

bool
check_running(Request *request, const ServiceFacts *facts, Response *response)
{
	if (strcmp(state_service_state(request->zone, facts), "running") == 0)
		return true;
	respond_error(response, 409, "Operation not possible in the current state");
	return false;
}

bool
check_not_pending(Request *request, EffectKind kind, const char *id, Response *response)
{
	if (!state_effect_pending(request->zone, kind, id))
		return true;
	respond_error(response, 409, "Another operation is in progress");
	return false;
}

void
service_id(const ServiceFacts *facts, char id[UUID_SIZE])
{
	uuid_from(id, "%s/%s/services/%d/id", config.seed, facts->zone, facts->index);
}

void
start_deletion(Request *request, const ServiceFacts *facts, Response *response)
{
	Effect		effect = {.kind = EFFECT_DELETE_SERVICE};

	if (facts->termination_protection)
	{
		respond_message(response, 403, "Service is protected against termination and shutdown. "
						"Remove termination protection first.");
		return;
	}
	effect.service = facts->index;
	service_id(facts, effect.id);
	if (check_not_pending(request, effect.kind, effect.id, response))
		respond_service_operation(request, response, facts, &effect);
}

void
delete_service(Request *request, Response *response)
{
	ServiceFacts facts;

	if (find_service(request, request->params[0], &facts, response))
		start_deletion(request, &facts, response);
}

/*
 * Returns the settings as they were sent.  When the member's name is written
 * with escapes, only the parser finds it, and large numbers are rounded.
 */
static char *
settings_of(const Request *request)
{
	char	   *settings = json_member_verbatim(request->body, "settings");
	json_object *parsed;

	if (!settings && json_object_object_get_ex(request->json, "settings", &parsed))
		settings = xstrdup(json_text(parsed));
	return settings;
}

/* Finds the two services of a new integration by the body's members. */
static bool
find_ends(Request *request, const IntegrationType *type, ServiceFacts *source,
		  ServiceFacts *dest, Response *response)
{
	if (!find_service(request, json_member_text(request->json, "source-service"), source,
					  response) ||
		!find_service(request, json_member_text(request->json, "dest-service"), dest, response))
		return false;
	if (!integration_type_allows(type, source->type->name, dest->type->name))
	{
		respond_bad_member(response, "integration-type",
						   "is not possible between services of these types");
		return false;
	}
	return check_running(request, source, response) && check_running(request, dest, response);
}

static bool
check_new_integration(Request *request, const Integration *wanted, Response *response)
{
	if (!state_integration_between(request->zone, wanted->type, wanted->source, wanted->dest) &&
		!state_integration_pending(request->zone, wanted))
		return true;
	respond_error(response, 409, "Integration already exists");
	return false;
}

void
create_integration(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_CREATE_INTEGRATION};
	Integration *made = &effect.integration;
	ServiceFacts source;
	ServiceFacts dest;

	made->type = integration_type_find(json_member_text(request->json, "integration-type"));
	if (!find_ends(request, made->type, &source, &dest, response))
		return;
	made->source = source.index;
	made->dest = dest.index;
	if (!check_new_integration(request, made, response) ||
		!validate_settings(made->type, json_object_object_get(request->json, "settings"), response))
		return;

	state_new_id(request->zone, "integration", effect.id);
	strcpy(made->id, effect.id);
	made->description = xasprintf("%s from %s to %s", made->type->name, source.name, dest.name);
	made->status = "active";
	made->is_enabled = true;
	made->is_active = true;
	made->settings = settings_of(request);
	respond_operation(request, response,
					  xasprintf("/v2/dbaas-integration/%s", effect.id), &effect);
}

/*
 * Finds the integration that the path names; it must not be about to be
 * deleted.
 */
static Integration *
find_integration(Request *request, Response *response)
{
	Integration *integration = state_integration(request->zone, request->params[0]);

	if (integration == NULL)
	{
		respond_message(response, 404, "Integration not found");
		return NULL;
	}
	if (!check_not_pending(request, EFFECT_DELETE_INTEGRATION, integration->id, response))
		return NULL;
	return integration;
}

void
update_integration(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_UPDATE_INTEGRATION};
	Integration *integration = find_integration(request, response);
	ServiceFacts source;
	ServiceFacts dest;

	if (integration == NULL)
		return;
	state_service_at(request->zone, integration->source, &source);
	state_service_at(request->zone, integration->dest, &dest);
	if (!check_running(request, &source, response) || !check_running(request, &dest, response) ||
		!validate_settings(integration->type, json_object_object_get(request->json, "settings"),
						   response))
		return;
	strcpy(effect.id, integration->id);
	effect.settings = settings_of(request);
	respond_operation(request, response,
					  xasprintf("/v2/dbaas-integration/%s", effect.id), &effect);
}

/*
 * If the path names a read replica's integration, responds with the operation
 * that removes it.
 */
static bool
promote_replica(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_PROMOTE_REPLICA};
	json_object *json = replicas_json(state_zone_index(request->zone), request->params[0]);

	if (json == NULL)
		return false;
	snprintf(effect.id, sizeof(effect.id), "%s", json_member_text(json, "id"));
	json_object_put(json);
	if (check_not_pending(request, effect.kind, effect.id, response))
		respond_operation(request, response,
						  xasprintf("/v2/dbaas-integration/%s", effect.id), &effect);
	return true;
}

void
delete_integration(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_DELETE_INTEGRATION};
	Integration *integration;

	if (promote_replica(request, response))
		return;
	integration = find_integration(request, response);
	if (integration == NULL)
		return;
	strcpy(effect.id, integration->id);
	respond_operation(request, response,
					  xasprintf("/v2/dbaas-integration/%s", effect.id), &effect);
}

void
attach_service(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_ATTACH};
	ExternalIntegration *made = &effect.external;
	ServiceFacts facts;
	ExternalEndpoint *endpoint;

	if (!find_service(request, request->params[0], &facts, response))
		return;
	endpoint = state_endpoint(request->zone, json_member_text(request->json, "dest-endpoint-id"));
	if (endpoint == NULL)
	{
		respond_message(response, 404, "External endpoint not found");
		return;
	}
	if (strcmp(endpoint->type->name, json_member_text(request->json, "type")) != 0)
	{
		respond_bad_member(response, "type", "is not the type of the external endpoint");
		return;
	}
	if (!check_running(request, &facts, response) ||
		!check_not_pending(request, EFFECT_DELETE_ENDPOINT, endpoint->id, response))
		return;
	made->service = facts.index;
	made->endpoint = state_endpoint_number(request->zone, endpoint);
	if (state_external_between(request->zone, made->service, made->endpoint) ||
		state_external_pending(request->zone, made))
	{
		respond_error(response, 409, "External integration already exists");
		return;
	}
	state_new_id(request->zone, "external-integration", effect.id);
	strcpy(made->id, effect.id);
	made->status = "active";
	respond_operation(request, response,
					  xasprintf("/v2/dbaas-external-integration/%s", effect.id), &effect);
}

void
detach_service(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_DETACH};
	ExternalIntegration *external;
	ServiceFacts facts;

	if (!find_service(request, request->params[0], &facts, response))
		return;
	external = state_external(request->zone, json_member_text(request->json, "integration-id"));
	if (external == NULL || external->service != facts.index)
	{
		respond_message(response, 404, "External integration not found");
		return;
	}
	strcpy(effect.id, external->id);
	if (check_not_pending(request, effect.kind, effect.id, response))
		respond_operation(request, response,
						  xasprintf("/v2/dbaas-external-integration/%s", effect.id), &effect);
}

/* A check succeeds unless the source's URI contains "unreachable". */
void
create_migration_check(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_CREATE_TASK};
	ServiceFacts facts;

	if (!find_service(request, request->params[0], &facts, response))
		return;
	if (!facts.type->has_tasks)
	{
		respond_message(response, 400, "Migration checks are not supported for %s services",
						facts.type->name);
		return;
	}
	state_new_id(request->zone, "task", effect.id);
	strcpy(effect.task.id, effect.id);
	effect.task.service = facts.index;
	effect.task.create_time = config.epoch;
	effect.task.success = strstr(json_member_text(request->json, "source-service-uri"),
								 "unreachable") == NULL;
	respond_operation(request, response,
					  xasprintf("/v2/dbaas-task/%s/%s", facts.name, effect.id), &effect);
}
