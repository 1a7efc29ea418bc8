/*-------------------------------------------------------------------------
 *
 * catalogue.c
 *		The tables, as data.
 *
 * Names, types, enums and bounds are those of the API's OpenAPI document; a
 * test holds this file against it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "tables/catalogue.h"
/* INDENT OFF */

/* Values and bounds that parameters accept. */

static const char *const sort_orders[] = {"asc", "desc", NULL};
static const char *const periods[] = {"day", "hour", "month", "week", "year", NULL};
static const char *const integration_types[] = {"datasource", "logs", "metrics", NULL};
static const char *const endpoint_types[] = {
	"datadog", "elasticsearch", "opensearch", "prometheus", "rsyslog", NULL
};
static const char *const migration_methods[] = {"dump", "replication", NULL};
static const char *const authentications[] = {
	"caching_sha2_password", "mysql_native_password", NULL
};
static const char *const pool_modes[] = {"session", "statement", "transaction", NULL};
static const char *const acl_kinds[] = {"topic", "schema-registry", NULL};
static const char *const topic_permissions[] = {"admin", "read", "readwrite", "write", NULL};
static const char *const registry_permissions[] = {
	"schema_registry_read", "schema_registry_write", NULL
};
static const char *const rule_permissions[] = {
	"admin", "deny", "read", "readwrite", "write", NULL
};
static const char *const weekdays[] = {
	"friday", "monday", "never", "saturday", "sunday", "thursday", "tuesday", "wednesday", NULL
};

static const char *const target_versions[] = {"13", "14", "15", "16", "17", "18", NULL};

static const DbaasDomain sort_order_domain = {.values = sort_orders};
static const DbaasDomain period_domain = {.values = periods};
static const DbaasDomain integration_type_domain = {.values = integration_types};
static const DbaasDomain endpoint_type_domain = {.values = endpoint_types};
static const DbaasDomain migration_method_domain = {.values = migration_methods};
static const DbaasDomain log_limit_domain = {.min = 1, .max = 500};
static const DbaasDomain service_name_domain = {.max_length = 63};
static const DbaasDomain plan_domain = {.min_length = 1, .max_length = 128};
static const DbaasDomain weekday_domain = {.values = weekdays};
static const DbaasDomain time_of_day_domain = {.min_length = 8, .max_length = 8};
static const DbaasDomain hour_domain = {.min = 0, .max = 23};
static const DbaasDomain minute_domain = {.min = 0, .max = 59};
static const DbaasDomain username_domain = {.min_length = 1, .max_length = 64};
static const DbaasDomain password_domain = {.min_length = 8, .max_length = 256};
static const DbaasDomain mysql_password_domain = {
	.min_length = 8, .max_length = 256, .characters = "a-zA-Z0-9!#%^*_+={}()<>|.,;~?-"
};
static const DbaasDomain index_pattern_domain = {.max_length = 249};
static const DbaasDomain rule_permission_domain = {.values = rule_permissions};
static const DbaasDomain authentication_domain = {.values = authentications};
static const DbaasDomain pool_name_domain = {.min_length = 1, .max_length = 63};
static const DbaasDomain pool_mode_domain = {.values = pool_modes};
static const DbaasDomain pool_size_domain = {.min = 1, .max = 10000};
static const DbaasDomain database_name_domain = {.min_length = 1, .max_length = 40};
static const DbaasDomain source_uri_domain = {.min_length = 1, .max_length = 512};
static const DbaasDomain topic_domain = {.min_length = 1, .max_length = 249};
static const DbaasDomain acl_kind_domain = {.values = acl_kinds};
static const DbaasDomain topic_permission_domain = {.values = topic_permissions};
static const DbaasDomain registry_permission_domain = {.values = registry_permissions};
static const DbaasDomain target_version_domain = {.values = target_versions};
static const DbaasDomain ignore_dbs_domain = {.min_length = 1, .max_length = 2048};

/* The types whose services have paths of their own, and these in those paths. */
static const char *const service_types[] = {
	"clickhouse", "grafana", "kafka", "mysql", "opensearch", "pg", "thanos", "valkey", NULL
};
static const char *const types_with_databases[] = {"mysql", "pg", NULL};
static const char *const types_with_pools[] = {"pg", NULL};
static const char *const types_with_topics[] = {"kafka", NULL};
static const char *const types_with_roles[] = {"clickhouse", NULL};
static const char *const types_with_replication[] = {"pg", NULL};
static const char *const types_with_authentication[] = {"mysql", NULL};
static const char *const types_with_access_control[] = {"valkey", NULL};
static const char *const types_with_users_by_id[] = {"clickhouse", NULL};
static const char *const types_with_users_by_name[] = {
	"kafka", "mysql", "opensearch", "pg", "valkey", NULL
};
static const char *const types_with_resets[] = {
	"grafana", "kafka", "mysql", "opensearch", "pg", "valkey", NULL
};
static const char *const types_with_plain_secrets[] = {
	"clickhouse", "grafana", "mysql", "opensearch", "pg", "thanos", "valkey", NULL
};
static const char *const types_with_certificates[] = {"kafka", NULL};
static const char *const types_with_connect[] = {"kafka", NULL};
static const char *const types_with_index_rules[] = {"opensearch", NULL};
static const char *const types_with_backup_schedule[] = {"mysql", "pg", NULL};
static const char *const types_with_version[] = {
	"clickhouse", "kafka", "mysql", "opensearch", "pg", "valkey", NULL
};
static const char *const types_with_upgrade_check[] = {"pg", NULL};
static const char *const types_with_migration[] = {"mysql", "pg", "valkey", NULL};
static const char *const types_with_write_lock[] = {"mysql", NULL};
static const char *const types_with_passwords[] = {
	"grafana", "kafka", "mysql", "opensearch", "pg", "valkey", NULL
};
static const DbaasDomain backup_schedule_domain = {.values = types_with_backup_schedule};
static const DbaasDomain service_type_domain = {.values = service_types};
static const DbaasDomain databases_domain = {.values = types_with_databases};
static const DbaasDomain pools_domain = {.values = types_with_pools};
static const DbaasDomain topics_domain = {.values = types_with_topics};
static const DbaasDomain roles_domain = {.values = types_with_roles};
static const DbaasDomain index_rules_domain = {.values = types_with_index_rules};
static const DbaasSegment type_segments[] = {{"pg", "postgres"}, {NULL}};

/* Member of a service that has the networks which may connect to it. */
#define NETWORKS_MEMBER "ip-filter"

#define ZONE_COLUMN \
	{"zone", DBAAS_TEXT, .description = "Zone that the row comes from"}

/* The columns of a table that tells outcomes. */
#define OUTCOME_COLUMNS \
	{"with_outcome", DBAAS_BOOLEAN, .unsent = true, .default_value = "false", \
		.description = "Parameter: whether the rows of each service end with one that says how " \
			"its reading ended"}, \
	{"outcome", DBAAS_JSONB, \
		.description = "In that row: how the reading ended"}

static const DbaasOutcomes outcomes = {
	.parameter_column = "with_outcome",
	.outcome_column = "outcome"
};

#define END_OF_COLUMNS {NULL}

/* Fan-out: one request for each service. */
DbaasParent dbaas_catalogue_each_service = {
	"services", .locates = true, {{"service_name", "name"}}
};

/* The same, where the path depends on the service's type. */
static DbaasParent each_typed_service = {
	"services", .locates = true, {{"service_name", "name"}, {"service_type", "type"}}
};

DbaasParent dbaas_catalogue_service_facts = {
	"services", .locates = true,
	{{"service_name", "name"}, {"service_type", "type", true}, {"state", "state", true}}
};

static DbaasParent protected_services = {
	"services", .locates = true, {{"service_name", "name"}},
	.filter_column = "termination_protection", .filter_value = "true"
};

/* The read replicas of the service whose name is in the column. */
#define REPLICAS_OF(column) \
	.resource = "integrations", \
	.used_column = (column), .by_column = "source", .service_field = "../name", \
	.filter_column = "type", .filter_value = DBAAS_READ_REPLICA, \
	.shown_column = "dest", .shows_service = true, \
	.what = "service", .users = "read replicas", \
	.hint = "In an earlier statement, delete them, or promote them by action 'promote' of " \
		"dbaas_actions."

static DbaasUse replicas_of_service = {
	REPLICAS_OF("name")
};

static DbaasUse replicas_of_details = {
	REPLICAS_OF("service_name")
};

static DbaasUse pools_of_database = {
	.resource = "connection-pools",
	.used_column = "name", .by_column = "database", .shown_column = "name",
	.what = "database", .users = "connection pools",
	.hint = "In an earlier statement, delete them, or update them to another database."
};

static DbaasUse pools_of_user = {
	.resource = "connection-pools",
	.used_column = "username", .by_column = "username", .shown_column = "name",
	.what = "user", .users = "connection pools",
	.hint = "In an earlier statement, delete them, or update them to another user."
};

static const DbaasColumn services_columns[] = {
	{"zone", DBAAS_TEXT, .field = "zone",
		.description = "Zone that the service is in"},
	{"name", DBAAS_TEXT, .field = "name", .unique = true,
		.insert_required = true, .write_domain = &service_name_domain,
		.description = "Name of the service, unique in its zone"},
	{"type", DBAAS_TEXT, .field = "type", .segments = type_segments,
		.insert_required = true, .write_domain = &service_type_domain, .known = service_types,
		.description = "Type of the service, such as pg or kafka"},
	{"plan", DBAAS_TEXT, .field = "plan", .typical_values = 20,
		.insert = "plan", .insert_required = true, .update = "plan", .needs_running = true,
		.write_domain = &plan_domain,
		.description = "Subscription plan"},
	{"state", DBAAS_TEXT, .field = "state", .typical_values = 4,
		.description = "State of the service: poweroff, rebalancing, rebuilding or running"},
	{"node_count", DBAAS_BIGINT, .field = "node-count", .typical_values = 3,
		.description = "Number of nodes"},
	{"node_cpu_count", DBAAS_BIGINT, .field = "node-cpu-count", .typical_values = 6,
		.description = "CPUs of each node"},
	{"node_memory", DBAAS_BIGINT, .field = "node-memory", .typical_values = 10,
		.description = "Memory of each node, in bytes"},
	{"disk_size", DBAAS_BIGINT, .field = "disk-size", .typical_values = 20,
		.description = "Disk space, in bytes"},
	{"termination_protection", DBAAS_BOOLEAN, .field = "termination-protection",
		.insert = "termination-protection", .update = "termination-protection",
		.description = "Whether the service is protected against deletion"},
	{"notifications", DBAAS_JSONB, .field = "notifications",
		.description = "Notices and warnings about the service"},
	{"integrations", DBAAS_JSONB, .field = "integrations",
		.description = "Integrations of which the service is the source or the destination"},
	{"created_at", DBAAS_TIMESTAMPTZ, .field = "created-at",
		.description = "When the service was created"},
	{"updated_at", DBAAS_TIMESTAMPTZ, .field = "updated-at",
		.description = "When the service was last changed"},
	{"parameters", DBAAS_JSONB,
		.insert = "*", .update = "*", .networks = NETWORKS_MEMBER, .secret = true,
		.description = "For INSERT and UPDATE alone: the other settings that the API takes for "
			"the type"},
	END_OF_COLUMNS
};

static const DbaasColumn service_types_columns[] = {
	ZONE_COLUMN,
	{"name", DBAAS_TEXT, .field = "name", .param = "service-type-name", .unique = true,
		.description = "Name of the service type"},
	{"description", DBAAS_TEXT, .field = "description",
		.description = "Description of the service type"},
	{"default_version", DBAAS_TEXT, .field = "default-version",
		.description = "Version that a new service gets"},
	{"available_versions", DBAAS_TEXT_ARRAY, .field = "available-versions",
		.description = "Versions to choose from"},
	{"plans", DBAAS_JSONB, .field = "plans",
		.description = "Plans of the service type (see dbaas_plans)"},
	END_OF_COLUMNS
};

static const DbaasColumn plans_columns[] = {
	ZONE_COLUMN,
	{"service_type", DBAAS_TEXT, .field = "../name", .param = "service-type-name",
		.typical_values = 8,
		.description = "Service type that the plan is for"},
	{"name", DBAAS_TEXT, .field = "name", .typical_values = 20,
		.description = "Name of the plan"},
	{"family", DBAAS_TEXT, .field = "family", .typical_values = 5,
		.description = "Family of the plan"},
	{"node_count", DBAAS_BIGINT, .field = "node-count", .typical_values = 3,
		.description = "Number of nodes"},
	{"node_cpu_count", DBAAS_BIGINT, .field = "node-cpu-count", .typical_values = 6,
		.description = "CPUs of each node"},
	{"node_memory", DBAAS_BIGINT, .field = "node-memory", .typical_values = 10,
		.description = "Memory of each node, in bytes"},
	{"disk_space", DBAAS_BIGINT, .field = "disk-space", .typical_values = 20,
		.description = "Disk space, in bytes"},
	{"max_memory_percent", DBAAS_BIGINT, .field = "max-memory-percent",
		.description = "Share of the memory that the service may use"},
	{"authorized", DBAAS_BOOLEAN, .field = "authorized",
		.description = "Whether the organisation may use the plan"},
	{"zones", DBAAS_TEXT_ARRAY, .field = "zones",
		.description = "Zones that offer the plan"},
	{"backup_config", DBAAS_JSONB, .field = "backup-config",
		.description = "How often backups are made, and how long they are kept"},
	END_OF_COLUMNS
};

static DbaasParent read_replicas = {
	"integrations", .locates = true, {{"id", "id"}},
	.filter_column = "type", .filter_value = DBAAS_READ_REPLICA
};

static const DbaasColumn integrations_columns[] = {
	ZONE_COLUMN,
	{"id", DBAAS_UUID, .field = "id", .param = "id", .unique = true,
		.description = "Id of the integration"},
	{"type", DBAAS_TEXT, .field = "type", .typical_values = 4,
		.insert = "integration-type", .insert_required = true,
		.write_domain = &integration_type_domain,
		.description = "Type of the integration: datasource, logs, metrics or read_replica"},
	{"source", DBAAS_TEXT, .field = "source",
		.insert = "source-service", .insert_required = true,
		.write_domain = &service_name_domain,
		.description = "Name of the service that data comes from"},
	{"dest", DBAAS_TEXT, .field = "dest",
		.insert = "dest-service", .insert_required = true,
		.write_domain = &service_name_domain,
		.description = "Name of the service that data goes to"},
	{"description", DBAAS_TEXT, .field = "description",
		.description = "What the integration does"},
	{"status", DBAAS_TEXT, .field = "status", .typical_values = 2,
		.description = "Status of the integration"},
	{"is_enabled", DBAAS_BOOLEAN, .field = "is-enabled",
		.description = "Whether the integration is enabled"},
	{"is_active", DBAAS_BOOLEAN, .field = "is-active",
		.description = "Whether the integration is active"},
	{"settings", DBAAS_JSONB, .field = "settings",
		.insert = "settings", .update = "settings",
		.description = "Settings of the integration"},
	{"service_name", DBAAS_TEXT, .field = "../name", .unlisted = true,
		.description = "Name of the service that the API lists it with"},
	END_OF_COLUMNS
};

static const DbaasColumn integration_types_columns[] = {
	ZONE_COLUMN,
	{"type", DBAAS_TEXT, .field = "type", .unique = true,
		.description = "Type of integration"},
	{"source_description", DBAAS_TEXT, .field = "source-description",
		.description = "What the source does"},
	{"source_service_types", DBAAS_TEXT_ARRAY, .field = "source-service-types",
		.description = "Service types that can be the source"},
	{"dest_description", DBAAS_TEXT, .field = "dest-description",
		.description = "What the destination does"},
	{"dest_service_types", DBAAS_TEXT_ARRAY, .field = "dest-service-types",
		.description = "Service types that can be the destination"},
	{"settings", DBAAS_JSONB, .field = "settings",
		.description = "JSON schema of the settings"},
	END_OF_COLUMNS
};

static const DbaasColumn integration_settings_columns[] = {
	ZONE_COLUMN,
	{"integration_type", DBAAS_TEXT, .param = "integration-type",
		.description = "Type of integration"},
	{"source_type", DBAAS_TEXT, .param = "source-type", .typical_values = 8,
		.description = "Service type of the source"},
	{"dest_type", DBAAS_TEXT, .param = "dest-type", .typical_values = 8,
		.description = "Service type of the destination"},
	{"settings", DBAAS_JSONB, .field = "settings",
		.description = "JSON schema of the settings"},
	END_OF_COLUMNS
};

static DbaasParent each_integration_type = {
	"integration-types", .locates = false,
	{
		{"integration_type", "type"},
		{"source_type", "source_service_types"},
		{"dest_type", "dest_service_types"}
	}
};

#define EXTERNAL_ENDPOINT_PATH "/dbaas-external-endpoint-{type}"

/* The list of endpoints has no settings: they are read of each endpoint. */
static DbaasParent each_external_endpoint = {
	"external-endpoints", .locates = true, {{"id", "id"}, {"type", "type"}, {"name", "name", true}}
};

static const char *const endpoint_secrets[] = {"ca", "cert", "key", NULL};

static const DbaasDemand datadog_demand = {
	.column = "type", .value = "datadog", .member = "datadog-api-key"
};

static const DbaasColumn external_endpoints_columns[] = {
	ZONE_COLUMN,
	{"id", DBAAS_UUID, .field = "id", .param = "endpoint-id", .unique = true,
		.description = "Id of the endpoint"},
	{"name", DBAAS_TEXT, .field = "name", .chooses = true, .unique = true,
		.insert_required = true,
		.description = "Name of the endpoint"},
	{"type", DBAAS_TEXT, .field = "type", .param = "type", .domain = &endpoint_type_domain,
		.known = endpoint_types, .insert_required = true, .write_domain = &endpoint_type_domain,
		.description = "Type of the endpoint: datadog, elasticsearch, opensearch, prometheus or "
			"rsyslog"},
	{"settings", DBAAS_JSONB, .field = "settings",
		.insert = "settings", .insert_required = true, .update = "settings", .merges = true,
		.holds_secrets = true, .secret_members = endpoint_secrets, .demand = &datadog_demand,
		.description = "Settings of the endpoint, without secrets"},
	END_OF_COLUMNS
};

static const DbaasColumn external_endpoint_types_columns[] = {
	ZONE_COLUMN,
	{"type", DBAAS_TEXT, .field = "type", .unique = true,
		.description = "Type of endpoint"},
	{"title", DBAAS_TEXT, .field = "title",
		.description = "Title of the type"},
	{"service_types", DBAAS_TEXT_ARRAY, .field = "service-types",
		.description = "Service types that can send data to such an endpoint"},
	END_OF_COLUMNS
};

static const DbaasColumn external_integrations_columns[] = {
	ZONE_COLUMN,
	{"id", DBAAS_UUID, .field = "integration-id", .param = "integration-id", .unique = true,
		.delete = "integration-id",
		.description = "Id of the integration"},
	{"service_name", DBAAS_TEXT, .field = "source-service-name",
		.param = "service-name", .domain = &service_name_domain,
		.insert_required = true,
		.write_domain = &service_name_domain,
		.description = "Name of the service that data comes from"},
	{"service_type", DBAAS_TEXT, .field = "source-service-type", .typical_values = 8,
		.description = "Type of the service that data comes from"},
	{"dest_endpoint_id", DBAAS_UUID, .field = "dest-endpoint-id",
		.insert = "dest-endpoint-id", .insert_required = true,
		.description = "Id of the endpoint that data goes to"},
	{"dest_endpoint_name", DBAAS_TEXT, .field = "dest-endpoint-name",
		.description = "Name of the endpoint that data goes to"},
	{"type", DBAAS_TEXT, .field = "type",
		.insert = "type", .insert_required = true,
		.write_domain = &endpoint_type_domain,
		.description = "Type of the endpoint that data goes to"},
	{"status", DBAAS_TEXT, .field = "status", .typical_values = 2,
		.description = "Status of the integration"},
	{"description", DBAAS_TEXT, .field = "description",
		.description = "What the integration does"},
	END_OF_COLUMNS
};

static const DbaasColumn external_integration_settings_columns[] = {
	ZONE_COLUMN,
	{"integration_id", DBAAS_UUID, .param = "integration-id", .required = true, .unique = true,
		.description = "Id of the external integration"},
	{"settings", DBAAS_JSONB, .field = "settings", .update = "settings",
		.description = "Settings of the integration"},
	END_OF_COLUMNS
};

static const DbaasColumn logs_columns[] = {
	ZONE_COLUMN,
	{"service_name", DBAAS_TEXT, .param = "service-name", .domain = &service_name_domain,
		.description = "Name of the service"},
	{"time", DBAAS_TIMESTAMPTZ, .field = "time",
		.description = "When the entry was written"},
	{"node", DBAAS_TEXT, .field = "node", .typical_values = 3,
		.description = "Node that wrote the entry"},
	{"unit", DBAAS_TEXT, .field = "unit", .typical_values = 5,
		.description = "Systemd unit that wrote the entry"},
	{"message", DBAAS_TEXT, .field = "message",
		.description = "Text of the entry"},
	{"sort_order", DBAAS_TEXT, .param = "sort-order", .domain = &sort_order_domain,
		.default_value = "desc",
		.description = "Parameter: desc reads the newest entries first, asc the oldest"},
	{"log_limit", DBAAS_BIGINT, .param = "limit", .domain = &log_limit_domain,
		.description = "Parameter: how many entries to read of each service, at most"},
	{"log_offset", DBAAS_TEXT, .param = "offset",
		.description = "Parameter: cursor to start from"},
	{"next_offset", DBAAS_TEXT, .field = "../offset",
		.description = "Cursor of the entries after the page that this one is in"},
	{"first_log_offset", DBAAS_TEXT, .field = "../first-log-offset",
		.description = "Cursor of the first entry of the page that this one is in"},
	OUTCOME_COLUMNS,
	END_OF_COLUMNS
};

static const DbaasPaging logs_paging = {
	.limit_column = "log_limit",
	.offset_column = "log_offset",
	.order_column = "sort_order",
	.time_column = "time",
	.next_field = "offset",
	.next_column = "next_offset",
	.max_limit = 500
};

static const DbaasColumn metrics_columns[] = {
	ZONE_COLUMN,
	{"service_name", DBAAS_TEXT, .param = "service-name", .domain = &service_name_domain,
		.description = "Name of the service"},
	{"period", DBAAS_TEXT, .param = "period", .domain = &period_domain,
		.default_value = "hour",
		.description = "Parameter: time span to read: hour, day, week, month or year"},
	{"metric", DBAAS_TEXT, .field = "../#key", .typical_values = 9,
		.description = "Name of the metric, such as cpu_usage"},
	{"title", DBAAS_TEXT, .field = "../hints/title", .typical_values = 9,
		.description = "Title of the metric"},
	{"node", DBAAS_TEXT, .field = "#label", .typical_values = 2,
		.description = "Node that was measured"},
	{"time", DBAAS_TIMESTAMPTZ, .field = "#first",
		.description = "When the value was measured"},
	{"value", DBAAS_DOUBLE, .field = "#value",
		.description = "Value that was measured"},
	OUTCOME_COLUMNS,
	END_OF_COLUMNS
};

static const DbaasSeries metrics_series = {
	.time_column = "time",
	.span_column = "period",
	.typical_times = 60
};

static const DbaasColumn ca_certificates_columns[] = {
	ZONE_COLUMN,
	{"certificate", DBAAS_TEXT, .field = "certificate",
		.description = "Certificate of the organisation's own CA, in PEM form"},
	END_OF_COLUMNS
};

static const DbaasColumn migrations_columns[] = {
	ZONE_COLUMN,
	{"service_name", DBAAS_TEXT, .param = "name", .domain = &service_name_domain,
		.description = "Name of the service that databases are migrated to"},
	{"status", DBAAS_TEXT, .field = "status", .typical_values = 4,
		.description = "Status of the migration"},
	{"method", DBAAS_TEXT, .field = "method", .typical_values = 2,
		.description = "Method of the migration"},
	{"error", DBAAS_TEXT, .field = "error",
		.description = "What went wrong, if the migration failed"},
	{"details", DBAAS_JSONB, .field = "details",
		.description = "Status of the migration of each database"},
	END_OF_COLUMNS
};

static const DbaasColumn tasks_columns[] = {
	ZONE_COLUMN,
	{"service_name", DBAAS_TEXT, .param = "service", .domain = &service_name_domain,
		.insert_required = true,
		.write_domain = &service_name_domain,
		.description = "Name of the service"},
	{"id", DBAAS_UUID, .field = "id", .param = "id", .required = true, .unique = true,
		.description = "Id of the task"},
	{"task_type", DBAAS_TEXT, .field = "task-type",
		.description = "What the task does"},
	{"create_time", DBAAS_TIMESTAMPTZ, .field = "create-time",
		.description = "When the task was created"},
	{"success", DBAAS_BOOLEAN, .field = "success",
		.description = "Whether the task succeeded"},
	{"result", DBAAS_TEXT, .field = "result",
		.description = "Result of the task"},
	{"result_codes", DBAAS_JSONB, .field = "result-codes",
		.description = "Result of the task for each database"},
	{"source_service_uri", DBAAS_TEXT,
		.insert = "source-service-uri", .insert_required = true,
		.write_domain = &source_uri_domain, .secret = true,
		.description = "For INSERT alone: URI of the service to migrate from, with the password"},
	{"method", DBAAS_TEXT, .insert = "method",
		.write_domain = &migration_method_domain,
		.description = "For INSERT alone: method of the migration, dump or replication"},
	{"ignore_dbs", DBAAS_TEXT, .insert = "ignore-dbs",
		.write_domain = &ignore_dbs_domain,
		.description = "For INSERT alone: databases to leave out, separated by commas"},
	END_OF_COLUMNS
};

static const DbaasColumn operations_columns[] = {
	ZONE_COLUMN,
	{"id", DBAAS_UUID, .field = "id", .param = "id", .required = true, .unique = true,
		.description = "Id of the operation"},
	{"state", DBAAS_TEXT, .field = "state", .typical_values = 4,
		.description = "State of the operation: pending, success, failure or timeout"},
	{"reason", DBAAS_TEXT, .field = "reason",
		.description = "Kind of failure, if the operation failed"},
	{"message", DBAAS_TEXT, .field = "message",
		.description = "What went wrong, if the operation failed"},
	{"reference_id", DBAAS_UUID, .field = "reference/id",
		.description = "Id of what the operation makes or changes"},
	{"reference_link", DBAAS_TEXT, .field = "reference/link",
		.description = "Path in the API of what the operation makes or changes"},
	{"reference_command", DBAAS_TEXT, .field = "reference/command",
		.description = "API operation that reads what the operation makes or changes"},
	END_OF_COLUMNS
};

static const DbaasColumn zones_columns[] = {
	{"zone", DBAAS_TEXT, .field = "name", .unique = true,
		.description = "Name of the zone"},
	{"api_endpoint", DBAAS_TEXT, .field = "api-endpoint",
		.description = "URL of the zone's API"},
	{"sos_endpoint", DBAAS_TEXT, .field = "sos-endpoint",
		.description = "URL of the zone's object storage"},
	END_OF_COLUMNS
};

/* ------------------------------------------------------------------------
 * Inside the services
 * ------------------------------------------------------------------------ */

#define DETAILS_PATH "/dbaas-{service-type}/{service-name}"

#define SERVICE_NAME_COLUMN(its_field) \
	{"service_name", DBAAS_TEXT, .field = (its_field), .param = "service-name", \
		.domain = &service_name_domain, \
		.description = "Name of the service"}

#define SERVICE_TYPE_COLUMN(types) \
	{"service_type", DBAAS_TEXT, .param = "service-type", .domain = (types), \
		.known = service_types, .segments = type_segments, .unlisted = true, \
		.description = "Type of the service"}

/* The same, where no other type has the path: services of unknown types are left out. */
#define ONLY_SERVICE_TYPE_COLUMN(types) \
	{"service_type", DBAAS_TEXT, .param = "service-type", .domain = (types), \
		.segments = type_segments, .unlisted = true, \
		.description = "Type of the service"}

static DbaasParent each_service_and_type = {
	"services", .locates = true, {{"service_name", "name"}, {"type", "type"}}
};

static const DbaasColumn service_details_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN("name"),
	{"type", DBAAS_TEXT, .field = "type", .param = "service-type",
		.domain = &service_type_domain, .known = service_types, .segments = type_segments,
		.description = "Type of the service"},
	{"version", DBAAS_TEXT, .field = "version", .typical_values = 10,
		.update = "version", .comparison = DBAAS_COMPARE_VERSIONS,
		.write_types = types_with_version,
		.description = "Version of the software that the service runs"},
	{"host", DBAAS_TEXT, .field = "uri-params/host", .untyped = true,
		.description = "Host to connect to"},
	{"port", DBAAS_BIGINT, .field = "uri-params/port", .untyped = true,
		.description = "Port to connect to"},
	{"uri", DBAAS_TEXT, .field = "uri",
		.description = "URI to connect to, without the password"},
	{"ip_filter", DBAAS_TEXT_ARRAY, .field = NETWORKS_MEMBER,
		.update = NETWORKS_MEMBER, .networks = NETWORKS_MEMBER,
		.comparison = DBAAS_COMPARE_NETWORKS,
		.description = "Networks that may connect to the service"},
	{"maintenance_dow", DBAAS_TEXT, .field = "maintenance/dow",
		.update = "maintenance/dow", .write_domain = &weekday_domain,
		.description = "Day of the week of the maintenance window, or never"},
	{"maintenance_time", DBAAS_TEXT, .field = "maintenance/time",
		.update = "maintenance/time", .comparison = DBAAS_COMPARE_TIMES_OF_DAY,
		.write_domain = &time_of_day_domain,
		.description = "Time of day of the maintenance window, in UTC"},
	{"backup_hour", DBAAS_BIGINT, .field = "backup-schedule/backup-hour",
		.update = "backup-schedule/backup-hour", .nullable = true,
		.write_domain = &hour_domain, .write_types = types_with_backup_schedule,
		.description = "Hour of the daily backup, in UTC; NULL leaves it to the API"},
	{"backup_minute", DBAAS_BIGINT, .field = "backup-schedule/backup-minute",
		.update = "backup-schedule/backup-minute", .nullable = true,
		.write_domain = &minute_domain, .write_types = types_with_backup_schedule,
		.description = "Minute of the daily backup; NULL leaves it to the API"},
	{"settings", DBAAS_JSONB,
		.field = "{type}-settings",
		.update = "{type}-settings", .merges = true, .holds_secrets = true,
		.description = "Settings that depend on the type (see dbaas_service_settings)"},
	{"details", DBAAS_JSONB, .field = "*",
		.description = "All that the API says of the service, without secrets"},
	OUTCOME_COLUMNS,
	END_OF_COLUMNS
};

static const DbaasColumn nodes_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN("../name"),
	{"name", DBAAS_TEXT, .field = "name", .unique = true,
		.description = "Name of the node"},
	{"state", DBAAS_TEXT, .field = "state", .typical_values = 5,
		.description = "State of the node: leaving, running, setting_up_vm, syncing_data or "
			"unknown"},
	{"role", DBAAS_TEXT, .field = "role", .typical_values = 3,
		.description = "Role of the node: master, read-replica or standby"},
	{"progress_updates", DBAAS_JSONB, .field = "progress-updates",
		.description = "Progress of the node's set-up, step by step"},
	SERVICE_TYPE_COLUMN(&service_type_domain),
	END_OF_COLUMNS
};

static const DbaasColumn components_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN("../name"),
	{"component", DBAAS_TEXT, .field = "component", .typical_values = 3,
		.description = "Name of the component"},
	{"host", DBAAS_TEXT, .field = "host",
		.description = "Host to connect to"},
	{"port", DBAAS_BIGINT, .field = "port",
		.description = "Port to connect to"},
	{"route", DBAAS_TEXT, .field = "route", .typical_values = 4,
		.description = "Route to the component: dynamic, private, privatelink or public"},
	{"usage", DBAAS_TEXT, .field = "usage", .typical_values = 2,
		.description = "What the component is for: primary or replica"},
	{"kafka_authentication_method", DBAAS_TEXT, .field = "kafka-authentication-method",
		.typical_values = 2,
		.description = "How clients authenticate: certificate or sasl (kafka)"},
	{"ssl", DBAAS_BOOLEAN, .field = "ssl",
		.description = "Whether connections are encrypted (clickhouse, thanos and valkey)"},
	SERVICE_TYPE_COLUMN(&service_type_domain),
	END_OF_COLUMNS
};

static const DbaasColumn backups_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN("../name"),
	{"backup_name", DBAAS_TEXT, .field = "backup-name", .unique = true,
		.description = "Name of the backup"},
	{"backup_time", DBAAS_TIMESTAMPTZ, .field = "backup-time", .unique = true,
		.description = "When the backup was made"},
	{"data_size", DBAAS_BIGINT, .field = "data-size",
		.description = "Size of the backup's data, in bytes"},
	SERVICE_TYPE_COLUMN(&service_type_domain),
	END_OF_COLUMNS
};

static const DbaasTypedDomain password_domains[] = {{"mysql", &mysql_password_domain}, {NULL}};

static const DbaasColumn users_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN("../name"),
	{"username", DBAAS_TEXT, .field = "username", .unique = true,
		.insert = "username", .insert_required = true, .write_domain = &username_domain,
		.description = "Name of the user"},
	{"type", DBAAS_TEXT, .field = "type", .typical_values = 2,
		.description = "Type of the user, such as primary or normal"},
	{"allow_replication", DBAAS_BOOLEAN, .field = "allow-replication",
		.insert = "allow-replication", .update = "allow-replication",
		.write_types = types_with_replication,
		.description = "Whether the user may replicate (pg)"},
	{"authentication", DBAAS_TEXT, .field = "authentication",
		.insert = "authentication", .update = "authentication", .update_with = "password",
		.write_domain = &authentication_domain, .write_types = types_with_authentication,
		.description = "How the user authenticates (mysql)"},
	{"access_control", DBAAS_JSONB, .field = "access-control",
		.insert = "access-control", .update = "access-control",
		.write_types = types_with_access_control, .holds_secrets = true,
		.description = "Commands, categories, keys and channels that the user may use (valkey)"},
	{"access_cert_expiry", DBAAS_TIMESTAMPTZ, .field = "access-cert-expiry",
		.description = "When the user's certificate expires (kafka)"},
	{"uuid", DBAAS_UUID, .field = "uuid",
		.description = "Id of the user, which a DELETE needs (clickhouse)"},
	{"required", DBAAS_BOOLEAN, .field = "required",
		.description = "Whether the service needs the user (clickhouse)"},
	{"password", DBAAS_TEXT,
		.insert = "password", .update = "password", .secret = true,
		.write_domain = &password_domain, .typed_domains = password_domains,
		.null_hint = "Action 'reset-password' of dbaas_actions has the API choose one.",
		.description = "For UPDATE, and for INSERT into clickhouse: the password. "
			"dbaas_fdw_reveal() reads it"},
	{"parameters", DBAAS_JSONB,
		.insert = "*", .secret = true,
		.description = "For INSERT alone: the other settings that the API takes for the type"},
	SERVICE_TYPE_COLUMN(&service_type_domain),
	END_OF_COLUMNS
};

/* What the requests send that write users. */
static const char *const new_user_columns[] = {
	"username", "allow_replication", "authentication", "access_control", "parameters", NULL
};
static const char *const new_clickhouse_user_columns[] = {
	"username", "password", "parameters", NULL
};
static const char *const replication_columns[] = {"allow_replication", NULL};
static const char *const access_control_columns[] = {"access_control", NULL};
static const char *const password_columns[] = {"password", "authentication", NULL};

/* What the requests show that reveal secrets of users. */
static const char *const plain_secrets[] = {"password", "username", NULL};
static const char *const certificate_secrets[] = {
	"password", "username", "access-cert", "access-cert-expiry", "access-key", NULL
};

static DbaasReveal user_reveals[] = {
	{
		.path = DETAILS_PATH "/user/{username}/password/reveal",
		.types = types_with_plain_secrets, .members = plain_secrets
	},
	{
		.path = DETAILS_PATH "/user/{username}/password/reveal",
		.types = types_with_certificates, .members = certificate_secrets
	},
	{
		.path = DETAILS_PATH "/connect/password/reveal", .of_service = true,
		.types = types_with_connect, .members = plain_secrets
	},
	{NULL}
};

static const DbaasColumn databases_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN("../name"),
	{"name", DBAAS_TEXT, .field = "*", .unique = true,
		.insert = "database-name", .insert_required = true,
		.write_domain = &database_name_domain,
		.description = "Name of the database"},
	{"parameters", DBAAS_JSONB, .insert = "*",
		.description = "For INSERT alone: the other settings that the API takes for the type"},
	SERVICE_TYPE_COLUMN(&databases_domain),
	END_OF_COLUMNS
};

static const DbaasColumn connection_pools_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN("../name"),
	{"name", DBAAS_TEXT, .field = "name", .unique = true,
		.insert = "name", .insert_required = true, .write_domain = &pool_name_domain,
		.description = "Name of the pool"},
	{"database", DBAAS_TEXT, .field = "database", .typical_values = 2,
		.insert = "database-name", .insert_required = true, .update = "database-name",
		.write_domain = &database_name_domain,
		.description = "Database that the pool connects to"},
	{"mode", DBAAS_TEXT, .field = "mode",
		.insert = "mode", .update = "mode", .write_domain = &pool_mode_domain,
		.description = "Mode of the pool: session, statement or transaction"},
	{"size", DBAAS_BIGINT, .field = "size",
		.insert = "size", .update = "size", .write_domain = &pool_size_domain,
		.description = "Number of connections of the pool"},
	{"username", DBAAS_TEXT, .field = "username",
		.insert = "username", .update = "username", .write_domain = &username_domain,
		.description = "User that the pool connects as"},
	{"connection_uri", DBAAS_TEXT, .field = "connection-uri",
		.description = "URI to connect to, without the password"},
	SERVICE_TYPE_COLUMN(&pools_domain),
	END_OF_COLUMNS
};

static const DbaasColumn opensearch_acls_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN(NULL),
	{"username", DBAAS_TEXT, .field = "../username",
		.insert = "../username", .insert_required = true, .write_domain = &username_domain,
		.description = "Name of the user that the rule is for"},
	{"index", DBAAS_TEXT, .field = "index",
		.insert = "index", .insert_required = true, .write_domain = &index_pattern_domain,
		.description = "Pattern of the indexes that the rule is about"},
	{"permission", DBAAS_TEXT, .field = "permission", .typical_values = 5,
		.insert = "permission", .update = "permission", .write_domain = &rule_permission_domain,
		.description = "What the user may do there: admin, deny, read, readwrite or write"},
	{"acl_enabled", DBAAS_BOOLEAN, .field = "../../acl-enabled",
		.description = "Whether the service heeds the rules; if not, each of its users may do all"},
	{"extended_acl_enabled", DBAAS_BOOLEAN, .field = "../../extended-acl-enabled",
		.description = "Whether it heeds them, as far as it can, for _mget, _msearch and _bulk "
			"too"},
	ONLY_SERVICE_TYPE_COLUMN(&index_rules_domain),
	END_OF_COLUMNS
};

static DbaasWhole opensearch_acls_whole = {.keys = {"username", "index"}};

static const DbaasColumn maintenance_updates_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN("../../name"),
	{"description", DBAAS_TEXT, .field = "description",
		.description = "What the maintenance will do"},
	{"deadline", DBAAS_TIMESTAMPTZ, .field = "deadline",
		.description = "Latest time at which the maintenance is done"},
	{"start_after", DBAAS_TIMESTAMPTZ, .field = "start-after",
		.description = "Earliest time at which the maintenance can start"},
	{"start_at", DBAAS_TIMESTAMPTZ, .field = "start-at",
		.description = "Time at which the maintenance will start"},
	SERVICE_TYPE_COLUMN(&service_type_domain),
	END_OF_COLUMNS
};

static const DbaasChoice acl_resources[] = {
	{"topic", .insert = "topic"},
	{NULL}
};
static const DbaasChoice acl_permissions[] = {
	{"topic", .write_domain = &topic_permission_domain},
	{"schema-registry", .write_domain = &registry_permission_domain},
	{NULL}
};

static const DbaasColumn kafka_acls_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN(NULL),
	{"kind", DBAAS_TEXT, .field = "../#key",
		.insert_required = true, .write_domain = &acl_kind_domain,
		.description = "What the rule is about: topic or schema-registry"},
	{"id", DBAAS_TEXT, .field = "id", .unique = true,
		.description = "Id of the rule, unique in its service and kind"},
	{"username", DBAAS_TEXT, .field = "username",
		.insert = "username", .insert_required = true, .write_domain = &username_domain,
		.description = "User that the rule is for, or a pattern of users"},
	{"resource", DBAAS_TEXT, .field = "topic|resource",
		.insert = "resource", .insert_required = true, .write_domain = &topic_domain,
		.choices = acl_resources,
		.description = "Topic, or resource of the schema registry, or a pattern of these"},
	{"permission", DBAAS_TEXT, .field = "permission", .typical_values = 6,
		.insert = "permission", .insert_required = true, .choices = acl_permissions,
		.description = "What the user may do: admin, read, readwrite or write, and with the schema "
			"registry schema_registry_read or schema_registry_write"},
	ONLY_SERVICE_TYPE_COLUMN(&topics_domain),
	END_OF_COLUMNS
};

static const DbaasColumn clickhouse_roles_columns[] = {
	ZONE_COLUMN,
	SERVICE_NAME_COLUMN(NULL),
	{"name", DBAAS_TEXT, .field = "name", .unique = true,
		.description = "Name of the role"},
	{"uuid", DBAAS_UUID, .field = "uuid",
		.description = "Id of the role, which a DELETE needs"},
	{"privileges", DBAAS_JSONB, .field = "privileges",
		.description = "What the role may do, and with which databases, tables and columns"},
	{"granted_roles", DBAAS_JSONB, .field = "granted-roles",
		.description = "Roles that the role has itself"},
	ONLY_SERVICE_TYPE_COLUMN(&roles_domain),
	END_OF_COLUMNS
};

static const DbaasColumn service_settings_columns[] = {
	ZONE_COLUMN,
	{"type", DBAAS_TEXT, .param = "type", .domain = &service_type_domain, .known = service_types,
		.description = "Type of service"},
	{"settings", DBAAS_JSONB, .field = "settings",
		.description = "JSON schemas of the type's settings, by the member of the service that "
			"holds them"},
	END_OF_COLUMNS
};

/* ------------------------------------------------------------------------
 * Actions
 * ------------------------------------------------------------------------ */

static const DbaasColumn actions_columns[] = {
	{"zone", DBAAS_TEXT,
		.description = "Zone of the service"},
	{"service_name", DBAAS_TEXT, .insert_required = true, .write_domain = &service_name_domain,
		.description = "Name of the service"},
	{"type", DBAAS_TEXT, .domain = &service_type_domain, .known = service_types,
		.segments = type_segments,
		.description = "Type of the service; it is looked up where it is not given"},
	{"action", DBAAS_TEXT,
		.description = "What the API is to do, such as start-maintenance"},
	{"arguments", DBAAS_JSONB,
		.description = "Arguments of the action, as an object"},
	{"operation_id", DBAAS_UUID, .returned = DBAAS_RETURNS_OPERATION_ID,
		.description = "For RETURNING alone: id of the operation, unless the API answers at once"},
	{"state", DBAAS_TEXT, .returned = DBAAS_RETURNS_STATE,
		.description = "For RETURNING alone: success, or pending where it was not waited for"},
	{"result", DBAAS_JSONB, .returned = DBAAS_RETURNS_ANSWER,
		.description = "For RETURNING alone: what the API answered last, without secrets"},
	END_OF_COLUMNS
};

static const DbaasArgument upgrade_arguments[] = {
	{"target-version", .domain = &target_version_domain},
	{NULL}
};

static const DbaasArgument reset_arguments[] = {
	{"username", .domain = &username_domain},
	{"password", .refused = "The API chooses the password. To set one, UPDATE dbaas_users."},
	{NULL}
};

/*
 * Of the two services that list a read replica's integration, the replica is the one that
 * is not its source.
 */
static DbaasParent replica_of_service = {
	"integrations", .locates = true,
	{{"service_name", "service_name"}, {"id", "id"}, {"source", "source"}},
	.filter_column = "type", .filter_value = DBAAS_READ_REPLICA
};

static const DbaasArgument promote_arguments[] = {
	{"id", .found = &replica_of_service, .missing = "is not a read replica"},
	{NULL}
};

#define SERVICE_PATH "/dbaas-{type}/{service-name}"

DbaasParent dbaas_catalogue_each_type = {
	"service-types", .locates = false, {{"type", "name"}}
};

static DbaasKept kept_schedule = {
	.member = "backup-schedule", .types = &backup_schedule_domain, .resource = "service-details"
};

#define COLUMNS(array) .columns = (array), .ncolumns = lengthof(array) - 1

DbaasResource dbaas_catalogue_entries[] = {
	{
		.name = "services",
		.table = "dbaas_services",
		.description = "Database services of the organisation",
		COLUMNS(services_columns),
		.identity = "/dbaas-service/{name}",
		.typical_rows = 20,
		.reads = {{"GET", "/dbaas-service", "dbaas-services[]"}},
		.writes = {
			{DBAAS_INSERT, "POST", "/dbaas-{type}/{name}"},
			{DBAAS_UPDATE, "PUT", "/dbaas-{type}/{name}"},
			{DBAAS_DELETE, "DELETE", "/dbaas-service/{name}"}
		},
		.services = {"name"},
		.type_column = "type",
		.state_column = "state",
		.is_service = true,
		.created_column = "name",
		.counts = "services",
		.kept = &kept_schedule,
		.protected = &protected_services,
		.used_by = &replicas_of_service
	},
	{
		.name = "service-types",
		.table = "dbaas_service_types",
		.description = "Service types that the API offers",
		COLUMNS(service_types_columns),
		.typical_rows = 8,
		.reads = {
			{"GET", "/dbaas-service-type/{service-type-name}", ""},
			{"GET", "/dbaas-service-type", "dbaas-service-types[]"}
		}
	},
	{
		.name = "plans",
		.table = "dbaas_plans",
		.description = "Subscription plans of each service type",
		COLUMNS(plans_columns),
		.typical_rows = 50,
		.reads = {
			{"GET", "/dbaas-service-type/{service-type-name}", "plans[]"},
			{"GET", "/dbaas-service-type", "dbaas-service-types[].plans[]"}
		}
	},
	{
		.name = "integrations",
		.table = "dbaas_integrations",
		.description = "Integrations between services",
		COLUMNS(integrations_columns),
		.identity = "/dbaas-integration/{id}",
		.insert_identity = "/dbaas-integration/{type}/{source}/{dest}",
		.typical_rows = 10,
		.reads = {
			{"GET", "/dbaas-integration/{id}", ""},
			{"GET", "/dbaas-service", "dbaas-services[].integrations[]"}
		},
		.unique_column = "id",
		.writes = {
			{DBAAS_INSERT, "POST", "/dbaas-integration"},
			{DBAAS_UPDATE, "PUT", "/dbaas-integration/{id}"},
			{DBAAS_DELETE, "DELETE", "/dbaas-integration/{id}"}
		},
		.services = {"source", "dest"},
		.created_column = "id",
		.notable = &read_replicas,
		.notable_effect = "promotes a read replica, which then follows its source no more"
	},
	{
		.name = "integration-types",
		.table = "dbaas_integration_types",
		.description = "Types of integration, and what each can join",
		COLUMNS(integration_types_columns),
		.typical_rows = 5,
		.reads = {{"GET", "/dbaas-integration-types", "dbaas-integration-types[]"}}
	},
	{
		.name = "integration-settings",
		.table = "dbaas_integration_settings",
		.description = "JSON schema of the settings of each integration type between two service "
			"types",
		COLUMNS(integration_settings_columns),
		.typical_rows = 1,
		.reads = {
			{"GET", "/dbaas-integration-settings/{integration-type}/{source-type}/{dest-type}", ""}
		},
		.parent = &each_integration_type
	},
	{
		.name = "external-endpoints",
		.table = "dbaas_external_endpoints",
		.description = "Endpoints outside the platform that services can send data to",
		COLUMNS(external_endpoints_columns),
		.identity = "/dbaas-external-endpoint/{endpoint-id}",
		.insert_identity = "/dbaas-external-endpoint/{name}",
		.typical_rows = 5,
		.reads = {
			{"GET", "/dbaas-external-endpoints", "dbaas-endpoints[]", .lacks = "settings"},
			{"GET", EXTERNAL_ENDPOINT_PATH "/{endpoint-id}", ""}
		},
		.parent = &each_external_endpoint,
		.writes = {
			{DBAAS_INSERT, "POST", EXTERNAL_ENDPOINT_PATH "/{name}"},
			{DBAAS_UPDATE, "PUT", EXTERNAL_ENDPOINT_PATH "/{endpoint-id}"},
			{DBAAS_DELETE, "DELETE", EXTERNAL_ENDPOINT_PATH "/{endpoint-id}"}
		},
		.created_column = "id"
	},
	{
		.name = "external-endpoint-types",
		.table = "dbaas_external_endpoint_types",
		.description = "Types of endpoint outside the platform, and which services can use them",
		COLUMNS(external_endpoint_types_columns),
		.typical_rows = 5,
		.reads = {{"GET", "/dbaas-external-endpoint-types", "endpoint-types[]"}}
	},
	{
		.name = "external-integrations",
		.table = "dbaas_external_integrations",
		.description = "Integrations of services with external endpoints",
		COLUMNS(external_integrations_columns),
		.identity = "/dbaas-external-integration/{integration-id}",
		.insert_identity = "/dbaas-external-integration/{service-name}/{dest-endpoint-id}",
		.typical_rows = 1,
		.reads = {
			{"GET", "/dbaas-external-integration/{integration-id}", ""},
			{"GET", "/dbaas-external-integrations/{service-name}", "external-integrations[]"}
		},
		.parent = &dbaas_catalogue_each_service,
		.writes = {
			{DBAAS_INSERT, "PUT", "/dbaas-external-endpoint/{source-service-name}/attach"},
			{DBAAS_DELETE, "PUT", "/dbaas-external-endpoint/{source-service-name}/detach"}
		},
		.services = {"service_name"},
		.created_column = "id"
	},
	{
		.name = "external-integration-settings",
		.table = "dbaas_external_integration_settings",
		.description = "Settings of external integrations with endpoints of type datadog",
		COLUMNS(external_integration_settings_columns),
		.identity = "/dbaas-external-integration/{integration-id}",
		.typical_rows = 1,
		.reads = {
			{"GET", "/dbaas-external-integration-settings-datadog/{integration-id}", ""}
		},
		.writes = {
			{DBAAS_UPDATE, "POST",
			"/dbaas-external-integration-settings-datadog/{integration-id}"}
		}
	},
	{
		.name = "logs",
		.table = "dbaas_logs",
		.description = "Log entries of services",
		COLUMNS(logs_columns),
		.typical_rows = 5000,
		.reads = {{"POST", "/dbaas-service-logs/{service-name}", "logs[]"}},
		.parent = &dbaas_catalogue_each_service,
		.paging = &logs_paging,
		.outcomes = &outcomes,
		.verbatim = true
	},
	{
		.name = "metrics",
		.table = "dbaas_metrics",
		.description = "Measurements of services, a row for each metric, node and sample",
		COLUMNS(metrics_columns),
		.typical_rows = 1000,
		.reads = {{"POST", "/dbaas-service-metrics/{service-name}", "metrics{}.data<>"}},
		.parent = &dbaas_catalogue_each_service,
		.series = &metrics_series,
		.outcomes = &outcomes,
		.verbatim = true
	},
	{
		.name = "ca-certificates",
		.table = "dbaas_ca_certificates",
		.description = "Certificate of the organisation's CA, as each zone gives it",
		COLUMNS(ca_certificates_columns),
		.typical_rows = 1,
		.reads = {{"GET", "/dbaas-ca-certificate", ""}}
	},
	{
		.name = "migrations",
		.table = "dbaas_migrations",
		.description = "Migrations of databases into services",
		COLUMNS(migrations_columns),
		.typical_rows = 1,
		.reads = {{"GET", "/dbaas-migration-status/{name}", ""}},
		.parent = &dbaas_catalogue_each_service
	},
	{
		.name = "tasks",
		.table = "dbaas_tasks",
		.description = "Tasks of services, such as migration checks",
		COLUMNS(tasks_columns),
		.typical_rows = 1,
		.reads = {{"GET", "/dbaas-task/{service}/{id}", ""}},
		.parent = &dbaas_catalogue_each_service,
		.writes = {
			{DBAAS_INSERT, "POST", "/dbaas-task-migration-check/{service}", .announces = true}
		},
		.services = {"service_name"},
		.created_column = "id"
	},
	{
		.name = "operations",
		.table = "dbaas_operations",
		.description = "Operations that writes started",
		COLUMNS(operations_columns),
		.typical_rows = 1,
		.reads = {{"GET", "/operation/{id}", ""}}
	},
	{
		.name = "service-details",
		.table = "dbaas_service_details",
		.description = "What the API says of each service beyond the list",
		COLUMNS(service_details_columns),
		.identity = "/dbaas-service/{service-name}",
		.typical_rows = 1,
		.reads = {{"GET", DETAILS_PATH, ""}},
		.parent = &each_service_and_type,
		.outcomes = &outcomes,
		.writes = {
			{DBAAS_UPDATE, "PUT", DETAILS_PATH},
			{DBAAS_DELETE, "DELETE", DETAILS_PATH}
		},
		.services = {"service_name"},
		.type_column = "type",
		.is_service = true,
		.counts = "services",
		.kept = &kept_schedule,
		.protected = &protected_services,
		.used_by = &replicas_of_details
	},
	{
		.name = "nodes",
		.table = "dbaas_nodes",
		.description = "Nodes of the services",
		COLUMNS(nodes_columns),
		.typical_rows = 2,
		.reads = {{"GET", DETAILS_PATH, "node-states[]"}},
		.parent = &each_typed_service
	},
	{
		.name = "components",
		.table = "dbaas_components",
		.description = "Parts of the services that can be connected to",
		COLUMNS(components_columns),
		.typical_rows = 3,
		.reads = {{"GET", DETAILS_PATH, "components[]"}},
		.parent = &each_typed_service
	},
	{
		.name = "backups",
		.table = "dbaas_backups",
		.description = "Backups of the services",
		COLUMNS(backups_columns),
		.typical_rows = 5,
		.reads = {{"GET", DETAILS_PATH, "backups[]"}},
		.parent = &each_typed_service
	},
	{
		.name = "users",
		.table = "dbaas_users",
		.description = "Users of the services, without their passwords",
		COLUMNS(users_columns),
		.identity = "/dbaas-service/{service-name}/user/{username}",
		.typical_rows = 3,
		.reads = {{"GET", DETAILS_PATH, "users[]"}},
		.parent = &each_typed_service,
		.writes = {
			{DBAAS_INSERT, "POST", DETAILS_PATH "/user", types_with_users_by_name,
			new_user_columns},
			{DBAAS_INSERT, "POST", DETAILS_PATH "/user", types_with_users_by_id,
			new_clickhouse_user_columns, .direct = true},
			{DBAAS_UPDATE, "PUT", DETAILS_PATH "/user/{username}/allow-replication",
			types_with_replication, replication_columns, .direct = true},
			{DBAAS_UPDATE, "PUT", DETAILS_PATH "/user/{username}", types_with_access_control,
			access_control_columns},
			{DBAAS_UPDATE, "PUT", DETAILS_PATH "/user/{username}/password/reset",
			types_with_resets, password_columns, .counts = "users"},
			{DBAAS_UPDATE, "PUT", DETAILS_PATH "/user/{username}/password/reset",
			types_with_users_by_id, password_columns, .direct = true, .counts = "users"},
			{DBAAS_DELETE, "DELETE", DETAILS_PATH "/user/{username}", types_with_users_by_name},
			{DBAAS_DELETE, "DELETE", DETAILS_PATH "/user/{uuid}", types_with_users_by_id}
		},
		.services = {"service_name"},
		.type_column = "service_type",
		.created_column = "username",
		.used_by = &pools_of_user,
		.reveals = user_reveals
	},
	{
		.name = "databases",
		.table = "dbaas_databases",
		.description = "Databases in the services (pg and mysql)",
		COLUMNS(databases_columns),
		.identity = "/dbaas-service/{service-name}/database/{name}",
		.typical_rows = 2,
		.reads = {{"GET", DETAILS_PATH, "databases[]", .values = true}},
		.parent = &each_typed_service,
		.writes = {
			{DBAAS_INSERT, "POST", DETAILS_PATH "/database"},
			{DBAAS_DELETE, "DELETE", DETAILS_PATH "/database/{name}"}
		},
		.services = {"service_name"},
		.type_column = "service_type",
		.created_column = "name",
		.counts = "databases",
		.used_by = &pools_of_database
	},
	{
		.name = "connection-pools",
		.table = "dbaas_connection_pools",
		.description = "Connection pools of the services (pg)",
		COLUMNS(connection_pools_columns),
		.identity = "/dbaas-service/{service-name}/connection-pool/{name}",
		.typical_rows = 1,
		.reads = {{"GET", DETAILS_PATH, "connection-pools[]"}},
		.parent = &each_typed_service,
		.writes = {
			{DBAAS_INSERT, "POST", DETAILS_PATH "/connection-pool"},
			{DBAAS_UPDATE, "PUT", DETAILS_PATH "/connection-pool/{name}"},
			{DBAAS_DELETE, "DELETE", DETAILS_PATH "/connection-pool/{name}"}
		},
		.services = {"service_name"},
		.type_column = "service_type",
		.created_column = "name"
	},
	{
		.name = "maintenance-updates",
		.table = "dbaas_maintenance_updates",
		.description = "Maintenance that awaits the services",
		COLUMNS(maintenance_updates_columns),
		.typical_rows = 1,
		.reads = {{"GET", DETAILS_PATH, "maintenance.updates[]"}},
		.parent = &each_typed_service
	},
	{
		.name = "kafka-acls",
		.table = "dbaas_kafka_acls",
		.description = "Access rules of the services (kafka)",
		COLUMNS(kafka_acls_columns),
		.identity = "/dbaas-service/{service-name}/{kind}/acl-config/{id}",
		.typical_rows = 5,
		.reads = {
			{"GET", DETAILS_PATH "/acl-config",
			"{topic=topic-acl|schema-registry=schema-registry-acl}.[]"}
		},
		.parent = &each_typed_service,
		.writes = {
			{DBAAS_INSERT, "POST", DETAILS_PATH "/{kind}/acl-config"},
			{DBAAS_DELETE, "DELETE", DETAILS_PATH "/{kind}/acl-config/{id}"}
		},
		.services = {"service_name"},
		.type_column = "service_type",
		.choice_column = "kind",
		.created_column = "id",
		.found_by_values = true
	},
	{
		.name = "opensearch-acls",
		.table = "dbaas_opensearch_acls",
		.description = "Rules of who may do what with which indexes of a service (opensearch)",
		COLUMNS(opensearch_acls_columns),
		.identity = "/dbaas-service/{service-name}/acl-config",
		.typical_rows = 3,
		.reads = {{"GET", DETAILS_PATH "/acl-config", "acls[].rules[]"}},
		.parent = &each_typed_service,
		.writes = {
			{DBAAS_INSERT, "PUT", DETAILS_PATH "/acl-config"},
			{DBAAS_UPDATE, "PUT", DETAILS_PATH "/acl-config"},
			{DBAAS_DELETE, "PUT", DETAILS_PATH "/acl-config"}
		},
		.services = {"service_name"},
		.type_column = "service_type",
		.whole = &opensearch_acls_whole,
		.found_by_values = true
	},
	{
		.name = "clickhouse-roles",
		.table = "dbaas_clickhouse_roles",
		.description = "Roles in the services (clickhouse)",
		COLUMNS(clickhouse_roles_columns),
		.identity = "/dbaas-service/{service-name}/role/{uuid}",
		.typical_rows = 3,
		.reads = {{"GET", DETAILS_PATH "/role", "roles[]"}},
		.parent = &each_typed_service,
		.writes = {{DBAAS_DELETE, "DELETE", DETAILS_PATH "/role/{uuid}"}},
		.services = {"service_name"},
		.type_column = "service_type"
	},
	{
		.name = "actions",
		.table = "dbaas_actions",
		.description = "Actions that the API takes on services; for INSERT alone",
		COLUMNS(actions_columns),
		.identity = "/dbaas-service/{service-name}/action",
		.writes = {
			{DBAAS_INSERT, "PUT", SERVICE_PATH "/maintenance/start",
			.choice = "start-maintenance"},
			{DBAAS_INSERT, "POST", SERVICE_PATH "/upgrade-check", types_with_upgrade_check,
			.choice = "upgrade-check", .arguments = upgrade_arguments, .needs_body = true,
			.announces = true, .direct = true},
			{DBAAS_INSERT, "POST", SERVICE_PATH "/migration/stop", types_with_migration,
			.choice = "stop-migration"},
			{DBAAS_INSERT, "PUT", SERVICE_PATH "/enable/writes", types_with_write_lock,
			.choice = "enable-writes"},
			{DBAAS_INSERT, "PUT", SERVICE_PATH "/user/{username}/password/reset",
			types_with_passwords,
			.choice = "reset-password", .arguments = reset_arguments, .needs_body = true},
			{DBAAS_INSERT, "PUT", SERVICE_PATH "/user/{username}/password/reset",
			types_with_users_by_id,
			.choice = "reset-password", .arguments = reset_arguments, .needs_body = true,
			.direct = true},
			{DBAAS_INSERT, "DELETE", "/dbaas-integration/{id}",
			.choice = "promote", .arguments = promote_arguments}
		},
		.services = {"service_name"},
		.type_column = "type",
		.choice_column = "action",
		.arguments_column = "arguments",
		.counts = "actions"
	},
	{
		.name = "service-settings",
		.table = "dbaas_service_settings",
		.description = "JSON schemas of the settings of each service type",
		COLUMNS(service_settings_columns),
		.typical_rows = 1,
		.reads = {{"GET", "/dbaas-settings-{type}", ""}},
		.parent = &dbaas_catalogue_each_type
	},
	{
		.name = "zones",
		.table = "dbaas_zones",
		.description = "Zones of the platform",
		COLUMNS(zones_columns),
		.typical_rows = 8,
		.reads = {{"GET", "/zone", "zones[]"}},
		.global = true
	}
};

/* INDENT ON */

const int	dbaas_catalogue_nentries = lengthof(dbaas_catalogue_entries);
