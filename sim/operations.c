/*
 * operations.c
 *		The API's operations: those of its document, and which of them the simulator
 *		serves.
 *
 * To serve another one, add a row to the table and a handler; its parameters
 * and its body are those of the document.  The rest gets status 501.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "document.h"
#include "handlers.h"
#include "operations.h"

/* The operations that are served; the first row that matches is used. */
typedef struct ServedPaths
{
	const char *method;
	const char *paths;			/* a * matches one segment or a part of one */
	Handler		handler;
	bool		may_be_unsigned;
	bool		locks;
	const char *shown_by;
} ServedPaths;

static const ServedPaths served[] = {
	{"GET", "/zone", list_zones, true, false, NULL},
	{"GET", "/operation/*", get_operation, false, false, NULL},
	{"GET", "/dbaas-service", list_services, false, false, NULL},
	{"DELETE", "/dbaas-service/*", delete_service, false, false, NULL},
	{"GET", "/dbaas-service-type", list_service_types, false, true, NULL},
	{"GET", "/dbaas-service-type/*", get_service_type, false, true, NULL},
	{"GET", "/dbaas-settings-*", get_service_settings, false, true, NULL},

	{"POST", "/dbaas-integration", create_integration, false, false, "get-dbaas-integration"},
	{"GET", "/dbaas-integration/*", get_integration, false, false, NULL},
	{"PUT", "/dbaas-integration/*", update_integration, false, false, "get-dbaas-integration"},
	{"DELETE", "/dbaas-integration/*", delete_integration, false, false, "get-dbaas-integration"},
	{"GET", "/dbaas-integration-types", list_integration_types, false, true, NULL},
	{"GET", "/dbaas-integration-settings/*/*/*", list_integration_settings, false, true, NULL},

	{"GET", "/dbaas-external-endpoint-types", list_external_endpoint_types, false, true, NULL},
	{"GET", "/dbaas-external-endpoint-*/*", get_external_endpoint, false, false, NULL},
	{"POST", "/dbaas-external-endpoint-*/{name}", create_external_endpoint, false, false, NULL},
	{"PUT", "/dbaas-external-endpoint-*/{endpoint-id}", update_external_endpoint,
	false, false, NULL},
	{"DELETE", "/dbaas-external-endpoint-*/{endpoint-id}", delete_external_endpoint,
	false, false, NULL},
	{"GET", "/dbaas-external-integration-settings-datadog/*", get_datadog_settings,
	false, false, NULL},
	{"POST", "/dbaas-external-integration-settings-datadog/*", update_datadog_settings,
	false, false, "get-dbaas-external-integration-settings-datadog"},
	{"GET", "/dbaas-external-endpoints", list_external_endpoints, false, false, NULL},
	{"GET", "/dbaas-external-integrations/*", list_external_integrations, false, false, NULL},
	{"GET", "/dbaas-external-integration/*", get_external_integration, false, false, NULL},
	{"PUT", "/dbaas-external-endpoint/*/attach", attach_service, false, false,
	"get-dbaas-external-integration"},
	{"PUT", "/dbaas-external-endpoint/*/detach", detach_service, false, false,
	"get-dbaas-external-integration"},

	{"POST", "/dbaas-service-logs/*", get_service_logs, false, true, NULL},
	{"POST", "/dbaas-service-metrics/*", get_service_metrics, false, true, NULL},
	{"GET", "/dbaas-ca-certificate", get_ca_certificate, false, true, NULL},
	{"GET", "/dbaas-migration-status/*", get_migration_status, false, false, NULL},
	{"GET", "/dbaas-task/*/*", get_task, false, false, NULL},
	{"POST", "/dbaas-task-migration-check/*", create_migration_check, false, false,
	"get-dbaas-task"},

	/* the types' own paths, /dbaas-postgres/{name} and so on */
	{"GET", "/dbaas-*/{name}", get_service_details, false, false, NULL},
	{"POST", "/dbaas-*/{name}", create_service, false, false, NULL},
	{"PUT", "/dbaas-*/{name}", update_service, false, false, NULL},
	{"DELETE", "/dbaas-*/{name}", delete_typed_service, false, false, NULL},
	{"PUT", "/dbaas-*/{name}/maintenance/start", start_maintenance, false, false, NULL},
	{"PUT", "/dbaas-*/{name}/enable/writes", enable_writes, false, false, NULL},
	{"POST", "/dbaas-*/{name}/migration/stop", stop_migration, false, false, NULL},
	{"POST", "/dbaas-*/{service}/upgrade-check", create_upgrade_check, false, false, NULL},
	{"GET", "/dbaas-opensearch/*/acl-config", get_index_rules, false, false, NULL},
	{"PUT", "/dbaas-opensearch/*/acl-config", replace_index_rules, false, false, NULL},
	{"GET", "/dbaas-kafka/*/acl-config", get_kafka_rules, false, false, NULL},
	{"POST", "/dbaas-kafka/*/*/acl-config", create_kafka_rule, false, false, NULL},
	{"DELETE", "/dbaas-kafka/*/*/acl-config/*", delete_kafka_rule, false, false, NULL},
	{"GET", "/dbaas-clickhouse/*/acl-config", get_clickhouse_rights, false, false, NULL},
	{"GET", "/dbaas-clickhouse/*/role", list_clickhouse_roles, false, false, NULL},
	{"DELETE", "/dbaas-clickhouse/*/role/*", delete_clickhouse_role, false, false, NULL},
	{"GET", "/dbaas-*/{service-name}/user", list_service_users, false, false, NULL},
	{"POST", "/dbaas-*/{service-name}/user", create_user, false, false, NULL},
	{"PUT", "/dbaas-*/{service-name}/user/{username}", update_access_control, false, false, NULL},
	{"DELETE", "/dbaas-*/{service-name}/user/*", delete_user, false, false, NULL},
	{"PUT", "/dbaas-*/{service-name}/user/*/allow-replication", allow_replication,
	false, false, NULL},
	{"PUT", "/dbaas-*/{service-name}/user/*/password/reset", reset_password, false, false, NULL},
	{"GET", "/dbaas-*/{service-name}/user/*/password/reveal", reveal_password, false, false, NULL},
	{"GET", "/dbaas-kafka/{service-name}/connect/password/reveal", reveal_connect_password,
	false, false, NULL},
	{"POST", "/dbaas-*/{service-name}/database", create_database, false, false, NULL},
	{"DELETE", "/dbaas-*/{service-name}/database/*", delete_database, false, false, NULL},
	{"POST", "/dbaas-*/{service-name}/connection-pool", create_pool, false, false, NULL},
	{"PUT", "/dbaas-*/{service-name}/connection-pool/*", update_pool, false, false, NULL},
	{"DELETE", "/dbaas-*/{service-name}/connection-pool/*", delete_pool, false, false, NULL},
};

/*
 * Operations on the organisation, the same in every zone.  They are not part of
 * DBaaS, nor of the document.
 */
static const ApiOperation beside[] = {
	{
		"GET", "/usage-report", "get-usage-report", NULL, NULL, "period;",
		get_usage_report, false, true, NULL
	},
	{
		"GET", "/event", "list-events", NULL, NULL, "from;to;",
		list_events, false, true, NULL
	},
};

static ApiOperation *operations;
static size_t operation_count;
static size_t documented_count; /* of them, the first */

static void
serve(ApiOperation *operation)
{
	for (size_t i = 0; i < lengthof(served); i++)
		if (strcmp(served[i].method, operation->method) == 0 &&
			fnmatch(served[i].paths, operation->path, FNM_PATHNAME) == 0)
		{
			operation->handler = served[i].handler;
			operation->may_be_unsigned = served[i].may_be_unsigned;
			operation->locks = served[i].locks;
			operation->shown_by = served[i].shown_by;
			return;
		}
}

void
operations_init(void)
{
	const DocumentedOperation *documented = document_operations(&documented_count);

	operation_count = documented_count + lengthof(beside);
	operations = xcalloc(operation_count, sizeof(ApiOperation));
	for (size_t i = 0; i < lengthof(beside); i++)
	{
		operations[documented_count + i] = beside[i];
		operations[documented_count + i].params = json_object_new_array();
	}
	for (size_t i = 0; i < documented_count; i++)
	{
		operations[i].method = documented[i].method;
		operations[i].path = documented[i].path;
		operations[i].id = documented[i].id;
		operations[i].params = document_resolve(documented[i].params ? documented[i].params : "[]");
		if (documented[i].body)
			operations[i].body = document_resolve(documented[i].body);
		serve(&operations[i]);
	}
}

static void
forget_params(Request *request)
{
	for (int i = 0; i < MAX_PARAMS; i++)
	{
		free(request->params[i]);
		request->params[i] = NULL;
	}
}

/* Matches segment by segment, and decodes the parameters into the request. */
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

/*
 * Returns the methods of the paths that match and are served, for an Allow
 * header.
 */
static const char *
allowed_methods(Request *request)
{
	static _Thread_local char allowed[64];

	allowed[0] = '\0';
	for (size_t i = 0; i < operation_count; i++)
	{
		if (operations[i].handler && match_path(operations[i].path, request))
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
operations_route(Request *request, Response *response)
{
	bool		documented = false;

	for (size_t i = 0; i < operation_count; i++)
	{
		if (strcmp(operations[i].method, request->method) == 0 &&
			match_path(operations[i].path, request))
		{
			request->operation = &operations[i];
			if (operations[i].handler)
				return true;
			documented = true;
		}
		forget_params(request);
	}
	request->operation = NULL;
	if (documented)
	{
		respond_message(response, 501,
						"This operation is documented, but the simulator does not serve it");
		return false;
	}
	response->allow = allowed_methods(request);
	if (*response->allow)
		respond_text(response, 405, "Method Not Allowed\n");
	else
	{
		response->allow = NULL;
		respond_message(response, 404, "Not found");
	}
	return false;
}

json_object *
operations_describe(void)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < documented_count; i++)
	{
		json_object *json = json_object_new_object();

		json_add_text(json, "method", operations[i].method);
		json_add_text(json, "path", operations[i].path);
		json_add_text(json, "operationId", operations[i].id);
		json_add_bool(json, "served", operations[i].handler != NULL);
		if (operations[i].shown_by)
			json_add_text(json, "shownBy", operations[i].shown_by);
		json_add(json, "parameters", json_object_get(operations[i].params));
		if (operations[i].body)
			json_add(json, "body", json_object_get(operations[i].body));
		json_object_array_add(array, json);
	}
	return array;
}
