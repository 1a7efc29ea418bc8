/*
 * endpoints.c
 *		The handlers of external endpoints, and of the integrations' settings for them.
 *
 * Paths name the type of an endpoint: it is found below those of its own type alone.
 */
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "operations.h"
#include "validate.h"
#include "writes.h"

static json_object *
endpoint_json(const ExternalEndpoint *endpoint)
{
	json_object *json = json_object_new_object();

	json_add_text(json, "id", endpoint->id);
	json_add_text(json, "name", endpoint->name);
	json_add_text(json, "type", endpoint->type->name);
	return json;
}

void
list_external_endpoints(Request *request, Response *response)
{
	json_object *json = json_object_new_object();
	json_object *endpoints = json_object_new_array();
	ExternalEndpoint *endpoint;

	for (int number = 1; (endpoint = state_endpoint_at(request->zone, number)); number++)
		if (!endpoint->deleted)
			json_object_array_add(endpoints, endpoint_json(endpoint));
	json_add(json, "dbaas-endpoints", endpoints);
	respond_json(response, 200, json);
}

void
list_external_endpoint_types(Request *request, Response *response)
{
	json_object *json = json_object_new_object();
	json_object *types = json_object_new_array();

	(void) request;
	for (int i = 0; i < EXTERNAL_TYPES; i++)
	{
		json_object *type = json_object_new_object();
		json_object *services = json_object_new_array();

		for (int s = 0; s < SERVICE_TYPES; s++)
			json_object_array_add(services, json_object_new_string(service_types[s].name));
		json_add_text(type, "type", endpoint_types[i].name);
		json_add_text(type, "title", endpoint_types[i].title);
		json_add(type, "service-types", services);
		json_object_array_add(types, type);
	}
	json_add(json, "endpoint-types", types);
	respond_json(response, 200, json);
}

/* The type that the path names. */
static const EndpointType *
path_type(const Request *request)
{
	const char *name = request->api_path + strlen("/dbaas-external-endpoint-");
	size_t		length = strcspn(name, "/");

	int			i = 0;

	/* The path is one of the document, which has these types and no others. */
	while (i < EXTERNAL_TYPES - 1 && (strlen(endpoint_types[i].name) != length ||
									  strncmp(endpoint_types[i].name, name, length) != 0))
		i++;
	return &endpoint_types[i];
}

/* Finds the endpoint that the path names.  Otherwise "response" is a 404. */
static ExternalEndpoint *
find_endpoint(Request *request, Response *response)
{
	ExternalEndpoint *endpoint = state_endpoint(request->zone, request->params[0]);

	if (endpoint && endpoint->type == path_type(request))
		return endpoint;
	respond_message(response, 404, "External endpoint not found");
	return NULL;
}

/* Is the member one that no read shows? */
static bool
is_hidden(const char *name)
{
	static const char *const hidden[] = {
		"basic-auth-password", "ca", "cert", "datadog-api-key", "key"
	};

	for (size_t i = 0; i < lengthof(hidden); i++)
		if (strcmp(hidden[i], name) == 0)
			return true;
	return false;
}

void
get_external_endpoint(Request *request, Response *response)
{
	ExternalEndpoint *endpoint = find_endpoint(request, response);
	json_object *settings;
	json_object *json;

	if (endpoint == NULL)
		return;
	settings = json_object_new_object();
	json_object_object_foreach(endpoint->settings, name, value)
	{
		if (!is_hidden(name))
			json_add(settings, name, json_object_get(value));
	}
	json = endpoint_json(endpoint);
	json_add(json, "settings", settings);
	respond_json(response, 200, json);
}

/* Takes over the effect. */
static void
respond_endpoint_operation(Request *request, Response *response, Effect *effect)
{
	const EndpointType *type = path_type(request);

	respond_operation_of(request, response,
						 xasprintf("/v2/dbaas-external-endpoint-%s/%s", type->name, effect->id),
						 type->shown_by, effect);
}

/*
 * The settings that the body gives; NULL if it gives none.  The document does not say that
 * it has to, but all members that it says have to be given are in them.
 */
static json_object *
given_settings(Request *request)
{
	return json_object_object_get(request->json, "settings");
}

static bool
check_settings(Request *request, bool required, Response *response)
{
	if (given_settings(request) || !required)
		return true;
	respond_bad_member(response, "settings", "is required");
	return false;
}

/* The settings of a new endpoint: what the API adds by itself, and what is given. */
static json_object *
new_settings(Request *request)
{
	bool		valid;
	const char *defaults = path_type(request)->defaults;
	json_object *settings = json_parse(defaults, strlen(defaults), &valid);

	if (given_settings(request))
	{
		json_object_object_foreach(given_settings(request), name, value)
			json_object_object_add(settings, name, json_object_get(value));
	}
	return settings;
}

void
create_external_endpoint(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_CREATE_ENDPOINT};
	const char *name = request->params[0];

	if (!check_settings(request, path_type(request)->needs_settings, response))
		return;
	if (state_endpoint_named(request->zone, name) ||
		state_effect_pending_key(request->zone, effect.kind, name))
	{
		respond_error(response, 409, "External endpoint already exists");
		return;
	}
	state_new_id(request->zone, "external-endpoint", effect.id);
	effect.key = xstrdup(name);
	effect.endpoint_type = path_type(request);
	effect.members = new_settings(request);
	respond_endpoint_operation(request, response, &effect);
}

void
update_external_endpoint(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_UPDATE_ENDPOINT};
	ExternalEndpoint *endpoint = find_endpoint(request, response);

	if (endpoint == NULL ||
		!check_not_pending(request, EFFECT_DELETE_ENDPOINT, endpoint->id, response) ||
		!check_settings(request, endpoint->type->needs_key, response))
		return;
	strcpy(effect.id, endpoint->id);
	effect.members = json_object_get(given_settings(request));
	respond_endpoint_operation(request, response, &effect);
}

void
delete_external_endpoint(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_DELETE_ENDPOINT};
	ExternalEndpoint *endpoint = find_endpoint(request, response);

	if (endpoint == NULL ||
		!check_not_pending(request, effect.kind, endpoint->id, response))
		return;
	if (state_endpoint_used(request->zone, endpoint))
	{
		respond_error(response, 409, "External endpoint is used by integrations");
		return;
	}
	strcpy(effect.id, endpoint->id);
	respond_endpoint_operation(request, response, &effect);
}

/* ---------- settings of integrations ---------- */

/* Finds an integration with an endpoint of type datadog.  Otherwise "response" is a 404. */
static ExternalIntegration *
find_datadog_integration(Request *request, Response *response)
{
	ExternalIntegration *external = state_external(request->zone, request->params[0]);

	if (external && strcmp(state_endpoint_at(request->zone, external->endpoint)->type->name,
						   "datadog") == 0)
		return external;
	respond_message(response, 404, "External integration not found");
	return NULL;
}

void
get_datadog_settings(Request *request, Response *response)
{
	ExternalIntegration *external = find_datadog_integration(request, response);
	json_object *json;
	json_object *settings;

	if (external == NULL)
		return;
	json = json_object_new_object();
	settings = json_object_new_object();
	json_add_bool(settings, "datadog-dbm-enabled", external->dbm_enabled);
	json_add_bool(settings, "datadog-pgbouncer-enabled", external->pgbouncer_enabled);
	json_add(json, "settings", settings);
	respond_json(response, 200, json);
}

void
update_datadog_settings(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_CHANGE_EXTERNAL};
	ExternalIntegration *external = find_datadog_integration(request, response);

	if (external == NULL || !check_not_pending(request, EFFECT_DETACH, external->id, response))
		return;
	effect.external = *external;
	strcpy(effect.id, external->id);
	effect.members = json_object_get(given_settings(request));
	respond_operation(request, response,
					  xasprintf("/v2/dbaas-external-integration-settings-datadog/%s", effect.id),
					  &effect);
}
