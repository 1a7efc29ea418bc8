/*
 * operations.c
 *		The API's operations as one table: paths, parameters, bodies, handlers.
 *
 * Adding an operation is adding a row, and a handler.  A test compares the
 * table with the API's OpenAPI document.
 */
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "handlers.h"
#include "operations.h"
#include "unserved.h"

#define NO_LIMITS NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT
#define LENGTHS(min, max) NO_LIMIT, NO_LIMIT, (min), (max)
#define BOUNDS(min, max) (min), (max), NO_LIMIT, NO_LIMIT
#define END_OF_FIELDS {NULL, FIELD_STRING, false, NULL, NULL, NO_LIMITS}

static const char *const integration_type_values[] = {"datasource", "logs", "metrics", NULL};
static const char *const external_type_values[] = {
	"datadog", "elasticsearch", "opensearch", "prometheus", "rsyslog", NULL
};
static const char *const sort_order_values[] = {"asc", "desc", NULL};
static const char *const period_values[] = {"day", "hour", "month", "week", "year", NULL};
static const char *const method_values[] = {"dump", "replication", NULL};

static const BodyField integration_fields[] = {
	{"integration-type", FIELD_STRING, true, NULL, integration_type_values, NO_LIMITS},
	{"source-service", FIELD_STRING, true, NULL, NULL, LENGTHS(0, 63)},
	{"dest-service", FIELD_STRING, true, NULL, NULL, LENGTHS(0, 63)},
	{"settings", FIELD_OBJECT, false, NULL, NULL, NO_LIMITS},
	END_OF_FIELDS
};

static const BodyField settings_fields[] = {
	{"settings", FIELD_OBJECT, true, NULL, NULL, NO_LIMITS},
	END_OF_FIELDS
};

static const BodyField attach_fields[] = {
	{"dest-endpoint-id", FIELD_STRING, true, "uuid", NULL, NO_LIMITS},
	{"type", FIELD_STRING, true, NULL, external_type_values, NO_LIMITS},
	END_OF_FIELDS
};

static const BodyField detach_fields[] = {
	{"integration-id", FIELD_STRING, true, "uuid", NULL, NO_LIMITS},
	END_OF_FIELDS
};

static const BodyField logs_fields[] = {
	{"limit", FIELD_INTEGER, false, NULL, NULL, BOUNDS(1, 500)},
	{"sort-order", FIELD_STRING, false, NULL, sort_order_values, NO_LIMITS},
	{"offset", FIELD_STRING, false, NULL, NULL, NO_LIMITS},
	END_OF_FIELDS
};

static const BodyField metrics_fields[] = {
	{"period", FIELD_STRING, false, NULL, period_values, NO_LIMITS},
	END_OF_FIELDS
};

static const BodyField migration_check_fields[] = {
	{"source-service-uri", FIELD_STRING, true, NULL, NULL, LENGTHS(1, 512)},
	{"method", FIELD_STRING, false, NULL, method_values, NO_LIMITS},
	{"ignore-dbs", FIELD_STRING, false, NULL, NULL, LENGTHS(1, 2048)},
	END_OF_FIELDS
};

#define NO_PARAMS {{NULL, NULL, NO_LIMIT, NO_LIMIT}}
#define TEXT(name) {name, NULL, NO_LIMIT, NO_LIMIT}
#define UUID(name) {name, "uuid", NO_LIMIT, NO_LIMIT}
#define SERVICE(name) {name, NULL, 0, 63}

static const ApiOperation operations[] = {
	{"GET", "/zone", "list-zones", list_zones,
	NO_PARAMS, NULL, true, false, NULL},
	{"GET", "/operation/{id}", "get-operation", get_operation,
	{UUID("id")}, NULL, false, false, NULL},
	{"GET", "/dbaas-service", "list-dbaas-services", list_services,
	NO_PARAMS, NULL, false, false, NULL},
	{"DELETE", "/dbaas-service/{name}", "delete-dbaas-service", delete_service,
	{TEXT("name")}, NULL, false, false, NULL},
	{"GET", "/dbaas-service-type", "list-dbaas-service-types", list_service_types,
	NO_PARAMS, NULL, false, true, NULL},
	{"GET", "/dbaas-service-type/{service-type-name}", "get-dbaas-service-type", get_service_type,
	{TEXT("service-type-name")}, NULL, false, true, NULL},
	{"POST", "/dbaas-integration", "create-dbaas-integration", create_integration,
	NO_PARAMS, integration_fields, false, false, "get-dbaas-integration"},
	{"GET", "/dbaas-integration/{id}", "get-dbaas-integration", get_integration,
	{UUID("id")}, NULL, false, false, NULL},
	{"PUT", "/dbaas-integration/{id}", "update-dbaas-integration", update_integration,
	{UUID("id")}, settings_fields, false, false, "get-dbaas-integration"},
	{"DELETE", "/dbaas-integration/{id}", "delete-dbaas-integration", delete_integration,
	{UUID("id")}, NULL, false, false, "get-dbaas-integration"},
	{"GET", "/dbaas-integration-types", "list-dbaas-integration-types", list_integration_types,
	NO_PARAMS, NULL, false, true, NULL},
	{"GET", "/dbaas-integration-settings/{integration-type}/{source-type}/{dest-type}",
		"list-dbaas-integration-settings", list_integration_settings,
	{TEXT("integration-type"), TEXT("source-type"), TEXT("dest-type")}, NULL, false, true, NULL},
	{"GET", "/dbaas-external-endpoints", "list-dbaas-external-endpoints", list_external_endpoints,
	NO_PARAMS, NULL, false, true, NULL},
	{"GET", "/dbaas-external-integrations/{service-name}", "list-dbaas-external-integrations",
		list_external_integrations,
	{SERVICE("service-name")}, NULL, false, false, NULL},
	{"GET", "/dbaas-external-integration/{integration-id}", "get-dbaas-external-integration",
		get_external_integration,
	{UUID("integration-id")}, NULL, false, false, NULL},
	{"PUT", "/dbaas-external-endpoint/{source-service-name}/attach",
		"attach-dbaas-service-to-endpoint", attach_service,
	{SERVICE("source-service-name")}, attach_fields, false, false, "get-dbaas-external-integration"},
	{"PUT", "/dbaas-external-endpoint/{source-service-name}/detach",
		"detach-dbaas-service-from-endpoint", detach_service,
	{SERVICE("source-service-name")}, detach_fields, false, false, "get-dbaas-external-integration"},
	{"POST", "/dbaas-service-logs/{service-name}", "get-dbaas-service-logs", get_service_logs,
	{TEXT("service-name")}, logs_fields, false, true, NULL},
	{"POST", "/dbaas-service-metrics/{service-name}", "get-dbaas-service-metrics",
		get_service_metrics,
	{TEXT("service-name")}, metrics_fields, false, true, NULL},
	{"GET", "/dbaas-ca-certificate", "get-dbaas-ca-certificate", get_ca_certificate,
	NO_PARAMS, NULL, false, true, NULL},
	{"GET", "/dbaas-migration-status/{name}", "get-dbaas-migration-status", get_migration_status,
	{SERVICE("name")}, NULL, false, false, NULL},
	{"GET", "/dbaas-task/{service}/{id}", "get-dbaas-task", get_task,
	{SERVICE("service"), UUID("id")}, NULL, false, false, NULL},
	{"POST", "/dbaas-task-migration-check/{service}", "create-dbaas-task-migration-check",
		create_migration_check,
	{SERVICE("service")}, migration_check_fields, false, false, "get-dbaas-task"},
};

static void
forget_params(Request *request)
{
	for (int i = 0; i < MAX_PARAMS; i++)
	{
		free(request->params[i]);
		request->params[i] = NULL;
	}
}

/* Segment by segment; parameters are decoded into the request. */
static bool
match_path(const char *template, Request *request)
{
	const char *path = request->api_path;
	int			count = 0;

	while (*template == '/' && *path == '/')
	{
		size_t		template_length = strcspn(++template, "/");
		size_t		length = strcspn(++path, "/");

		if (*template == '{')
		{
			if (length == 0 || !(request->params[count++] = percent_decode(path, length)))
				return false;
		}
		else if (length != template_length || strncmp(path, template, length) != 0)
			return false;
		template += template_length;
		path += length;
	}
	return *template == '\0' && *path == '\0';
}

/* Is it an operation that is documented and not served? */
static bool
is_unserved(Request *request)
{
	bool		found = false;

	for (size_t i = 0; i < lengthof(unserved) && !found; i++)
	{
		found = strcmp(unserved[i].method, request->method) == 0 &&
			match_path(unserved[i].path, request);
		forget_params(request);
	}
	return found;
}

/* The methods of the paths that match, as an Allow header has them. */
static const char *
allowed_methods(Request *request)
{
	static _Thread_local char allowed[64];

	allowed[0] = '\0';
	for (size_t i = 0; i < lengthof(operations); i++)
	{
		if (match_path(operations[i].path, request))
		{
			if (*allowed)
				strcat(allowed, ", ");
			strcat(allowed, operations[i].method);
		}
		forget_params(request);
	}
	return allowed;
}

bool
operations_route(Request *request, Answer *answer)
{
	for (size_t i = 0; i < lengthof(operations); i++)
	{
		if (strcmp(operations[i].method, request->method) == 0 &&
			match_path(operations[i].path, request))
		{
			request->operation = &operations[i];
			return true;
		}
		forget_params(request);
	}
	if (is_unserved(request))
	{
		answer_message(answer, 501, "This operation is documented, but the simulator does not serve it");
		return false;
	}
	answer->allow = allowed_methods(request);
	if (*answer->allow)
		answer_text(answer, 405, "Method Not Allowed\n");
	else
	{
		answer->allow = NULL;
		answer_message(answer, 404, "Not found");
	}
	return false;
}

static void
describe_limit(json_object *json, const char *name, int64_t limit)
{
	if (limit != NO_LIMIT)
		json_add_number(json, name, limit);
}

static json_object *
describe_field(const BodyField *field)
{
	static const char *const type_names[] = {"string", "integer", "object"};
	json_object *json = json_object_new_object();

	json_add_text(json, "type", type_names[field->type]);
	json_add_bool(json, "required", field->required);
	if (field->format)
		json_add_text(json, "format", field->format);
	if (field->values)
	{
		json_object *values = json_object_new_array();

		for (const char *const *value = field->values; *value; value++)
			json_object_array_add(values, json_object_new_string(*value));
		json_add(json, "enum", values);
	}
	describe_limit(json, "minimum", field->minimum);
	describe_limit(json, "maximum", field->maximum);
	describe_limit(json, "minLength", field->min_length);
	describe_limit(json, "maxLength", field->max_length);
	return json;
}

static json_object *
describe_params(const PathParam *params)
{
	json_object *array = json_object_new_array();

	for (int i = 0; i < MAX_PARAMS && params[i].name; i++)
	{
		json_object *json = json_object_new_object();

		json_add_text(json, "name", params[i].name);
		if (params[i].format)
			json_add_text(json, "format", params[i].format);
		describe_limit(json, "minLength", params[i].min_length);
		describe_limit(json, "maxLength", params[i].max_length);
		json_object_array_add(array, json);
	}
	return array;
}

json_object *
operations_describe(void)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < lengthof(operations); i++)
	{
		json_object *json = json_object_new_object();

		json_add_text(json, "method", operations[i].method);
		json_add_text(json, "path", operations[i].path);
		json_add_text(json, "operationId", operations[i].id);
		if (operations[i].shown_by)
			json_add_text(json, "shownBy", operations[i].shown_by);
		json_add(json, "parameters", describe_params(operations[i].params));
		if (operations[i].body)
		{
			json_object *fields = json_object_new_object();

			for (const BodyField *field = operations[i].body; field->name; field++)
				json_add(fields, field->name, describe_field(field));
			json_add(json, "body", fields);
		}
		json_object_array_add(array, json);
	}
	for (size_t i = 0; i < lengthof(unserved); i++)
	{
		json_object *json = json_object_new_object();

		json_add_text(json, "method", unserved[i].method);
		json_add_text(json, "path", unserved[i].path);
		json_add_bool(json, "served", false);
		json_object_array_add(array, json);
	}
	return array;
}
