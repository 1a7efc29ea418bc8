/*
 * catalogue.c
 *		What does not depend on the seed: zones, service types, plans, integration types, metrics.
 *
 * Tables first; below them the API's way of writing them.  Everything here is
 * repeated in doc/simulator.md, since tests recompute the data from there.
 */
#include <stdio.h>
#include <string.h>

#include "catalogue.h"
#include "options.h"
#include "response.h"

const ServiceType service_types[SERVICE_TYPES] = {
	{"pg", "dbaas-postgres", "get-dbaas-service-pg",
		"PostgreSQL - Object-Relational Database", "16",
	"13,14,15,16,17", true, true},
	{"mysql", "dbaas-mysql", "get-dbaas-service-mysql",
	"MySQL - Relational Database", "8", "8", true, true},
	{"kafka", "dbaas-kafka", "get-dbaas-service-kafka",
	"Kafka - Event Streaming", "3.8", "3.7,3.8,3.9", false, false},
	{"opensearch", "dbaas-opensearch", "get-dbaas-service-opensearch",
	"OpenSearch - Search & Analyse", "2", "1,2", false, false},
	{"valkey", "dbaas-valkey", "get-dbaas-service-valkey",
	"Valkey - In-Memory Store", "8.1", "8.0,8.1", true, false},
	{"grafana", "dbaas-grafana", "get-dbaas-service-grafana",
		"Grafana - Tableaux de bord \xc3\xa9labor\xc3\xa9s", NULL, NULL,
	false, false},
	{"thanos", "dbaas-thanos", "get-dbaas-service-thanos",
	"Thanos - Metrics", NULL, NULL, false, false},
	{"clickhouse", "dbaas-clickhouse", "get-dbaas-service-clickhouse",
		"ClickHouse - Column Store", "25.3", "24.8,25.3",
	false, false},
};

#define PITR_BACKUP \
	"{\"interval\":24,\"max-count\":15,\"recovery-mode\":\"pitr\"}"
#define BASIC_BACKUP \
	"{\"interval\":24,\"max-count\":2,\"recovery-mode\":\"basic\"}"
#define FREQUENT_BACKUP \
	"{\"frequent-interval-minutes\":60,\"frequent-oldest-age-minutes\":1440," \
	"\"infrequent-interval-minutes\":1440,\"infrequent-oldest-age-minutes\":43200," \
	"\"max-count\":30,\"recovery-mode\":\"pitr\"}"

const Plan	plans[PLANS] = {
	{"hobbyist-2", "hobbyist", 1, 2, 2, 8, 0, true, NULL},
	{"startup-4", "startup", 1, 2, 4, 80, 80, true, BASIC_BACKUP},
	{"startup-8", "startup", 1, 4, 8, 175, 80, true, BASIC_BACKUP},
	{"business-4", "business", 2, 2, 4, 80, 70, true, PITR_BACKUP},
	{"business-8", "business", 2, 4, 8, 175, 70, true, PITR_BACKUP},
	{"premium-8", "premium", 3, 4, 8, 350, 60, false, FREQUENT_BACKUP},
};

const IntegrationType integration_types[INTEGRATION_TYPES] = {
	{"datasource", "Grafana service that shows the data", "grafana",
		"Service that holds the data", "pg,mysql,opensearch,thanos,clickhouse",
	"Datasource settings", "{}", false},
	{"logs", "Service that logs are sent from", "pg,mysql,kafka,valkey,grafana",
		"OpenSearch service that keeps the logs", "opensearch",
		"Logs settings",
		"{\"elasticsearch-index-days-max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":10000,"
		"\"default\":3},\"elasticsearch-index-prefix\":{\"type\":\"string\",\"minLength\":1,"
	"\"maxLength\":1024,\"default\":\"logs\"}}", true},
	{"metrics", "Service that metrics are sent from", "pg,mysql,kafka,opensearch,valkey,grafana",
		"Thanos service that keeps the metrics", "thanos",
		"Metrics settings",
		"{\"retention-days\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":10000},"
	"\"database\":{\"type\":\"string\",\"maxLength\":40}}", true},
};

const EndpointType endpoint_types[EXTERNAL_TYPES] = {
	{"datadog", "Datadog", "get-dbaas-external-endpoint-datadog",
		"{\"datadog-api-key\":\"0123456789abcdef0123456789abcdef\",\"site\":\"datadoghq.eu\","
		"\"datadog-tags\":[{\"tag\":\"env:prod\",\"comment\":\"Umgebung f\xc3\xbcr alle\"}],"
		"\"disable-consumer-stats\":false,\"max-partition-contexts\":32000}",
	"{\"disable-consumer-stats\":false,\"max-partition-contexts\":32000}", true, true},
	{"elasticsearch", "Elasticsearch", "get-dbaas-external-endpoint-elasticsearch",
		"{\"url\":\"https://es.example.com:9200\",\"index-prefix\":\"logs\",\"index-days-max\":3,"
		"\"timeout\":10}",
	"{\"index-days-max\":3,\"timeout\":10}", true, false},
	{"opensearch", "OpenSearch", "get-dbaas-external-endpoint-opensearch",
		"{\"url\":\"https://os.example.com:9200\",\"index-prefix\":\"logs\",\"index-days-max\":3,"
		"\"timeout\":10}",
	"{\"index-days-max\":3,\"timeout\":10}", true, false},
	{"prometheus", "Prometheus", "get-dbaas-external-endpoint-prometheus",
		"{\"basic-auth-username\":\"scraper\",\"basic-auth-password\":\"scraperspassword\"}",
	"{}", false, false},
	{"rsyslog", "Rsyslog", "get-dbaas-external-endpoint-rsyslog",
		"{\"server\":\"logs.example.com\",\"port\":6514,\"tls\":true,\"format\":\"rfc5424\","
		"\"key\":\"the key of this endpoint\",\"max-message-size\":8192}",
	"{\"max-message-size\":8192}", true, false},
};

const Metric metrics[METRICS] = {
	{"cpu_usage", "CPU usage %"},
	{"mem_usage", "Memory usage %"},
	{"mem_available", "Memory available %"},
	{"disk_usage", "Disk space usage %"},
	{"diskio_read", "Disk iops (reads)"},
	{"diskio_writes", "Disk iops (writes)"},
	{"load_average", "Load average"},
	{"net_receive", "Network receive (bytes/s)"},
	{"net_send", "Network transmit (bytes/s)"},
};

const Period periods[PERIODS] = {
	{"hour", 60, 60},
	{"day", 288, 300},
	{"week", 168, 3600},
	{"month", 120, 21600},
	{"year", 365, 86400},
};

const char *
zone_name(int index)
{
	static const char *const real_zones[] = {
		"ch-gva-2", "de-fra-1", "at-vie-1", "ch-dk-2",
		"bg-sof-1", "de-muc-1", "at-vie-2", "hr-zag-1"
	};
	static char made_up[101][32];

	if (index < (int) lengthof(real_zones))
		return real_zones[index];
	/* First asked for before there are threads. */
	/* cppcheck-suppress arrayIndexOutOfBoundsCond; options allow 100 zones */
	if (made_up[index][0] == '\0')
		snprintf(made_up[index], sizeof(made_up[index]), "sim-zone-%d", index + 1);
	return made_up[index];
}

const ServiceType *
service_type_find(const char *name)
{
	for (int i = 0; i < SERVICE_TYPES; i++)
		if (strcmp(service_types[i].name, name) == 0)
			return &service_types[i];
	return NULL;
}

const ServiceType *
service_type_below(const char *path)
{
	size_t		length = strcspn(++path, "/");

	for (int i = 0; i < SERVICE_TYPES; i++)
		if (strlen(service_types[i].path_segment) == length &&
			strncmp(service_types[i].path_segment, path, length) == 0)
			return &service_types[i];
	return NULL;
}

const Plan *
plan_find(const char *name)
{
	for (int i = 0; i < PLANS; i++)
		if (strcmp(plans[i].name, name) == 0)
			return &plans[i];
	return NULL;
}

const IntegrationType *
integration_type_find(const char *name)
{
	for (int i = 0; i < INTEGRATION_TYPES; i++)
		if (strcmp(integration_types[i].name, name) == 0)
			return &integration_types[i];
	return NULL;
}

/* Calls are few, so the lists are kept as text. */
static bool
list_contains(const char *list, const char *word)
{
	size_t		length = strlen(word);

	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		if (strncmp(list, word, length) == 0 && (list[length] == ',' || list[length] == '\0'))
			return true;
	return false;
}

bool
integration_type_allows(const IntegrationType *type, const char *source_type,
						const char *dest_type)
{
	return list_contains(type->sources, source_type) && list_contains(type->dests, dest_type);
}

bool
service_type_has_version(const ServiceType *type, const char *version)
{
	return strchr(version, ',') == NULL && list_contains(type->versions, version);
}

/* The last plan exists in the first zone only, the others in all zones. */
bool
plan_in_zone(const Plan *plan, int zone_index)
{
	return plan != &plans[PLANS - 1] || zone_index == 0;
}

static json_object *
list_json(const char *list)
{
	json_object *array = json_object_new_array();

	while (list && *list)
	{
		size_t		length = strcspn(list, ",");

		json_object_array_add(array, json_object_new_string_len(list, (int) length));
		list += length + (list[length] == ',');
	}
	return array;
}

static json_object *
plan_zones_json(const Plan *plan)
{
	json_object *array = json_object_new_array();

	for (int i = 0; i < config.zones; i++)
		if (plan_in_zone(plan, i))
			json_object_array_add(array, json_object_new_string(zone_name(i)));
	return array;
}

static json_object *
plan_json(const Plan *plan)
{
	json_object *json = json_object_new_object();

	json_add_text(json, "name", plan->name);
	json_add_text(json, "family", plan->family);
	json_add_number(json, "node-count", plan->node_count);
	json_add_number(json, "node-cpu-count", plan->node_cpu_count);
	json_add_number(json, "node-memory", plan->memory_gib * GIB);
	json_add_number(json, "disk-space", plan->disk_gib * GIB);
	if (plan->max_memory_percent)
		json_add_number(json, "max-memory-percent", plan->max_memory_percent);
	json_add_bool(json, "authorized", plan->authorized);
	json_add(json, "zones", plan_zones_json(plan));
	if (plan->backup_config)
		json_add(json, "backup-config", json_verbatim(plan->backup_config));
	return json;
}

json_object *
service_type_json(const ServiceType *type)
{
	json_object *json = json_object_new_object();
	json_object *plan_array = json_object_new_array();

	for (int i = 0; i < PLANS; i++)
		json_object_array_add(plan_array, plan_json(&plans[i]));
	json_add_text(json, "name", type->name);
	json_add_text(json, "description", type->description);
	if (type->default_version)
	{
		json_add_text(json, "default-version", type->default_version);
		json_add(json, "available-versions", list_json(type->versions));
	}
	json_add(json, "plans", plan_array);
	return json;
}

json_object *
integration_schema_json(const IntegrationType *type)
{
	bool		valid;
	json_object *json = json_object_new_object();

	json_add_text(json, "type", "object");
	json_add_text(json, "title", type->settings_title);
	json_add_bool(json, "additionalProperties", type->open_settings);
	json_add(json, "properties", json_parse(type->settings, strlen(type->settings), &valid));
	return json;
}

json_object *
integration_type_json(const IntegrationType *type)
{
	json_object *json = json_object_new_object();

	json_add_text(json, "type", type->name);
	json_add_text(json, "source-description", type->source_description);
	json_add(json, "source-service-types", list_json(type->sources));
	json_add_text(json, "dest-description", type->dest_description);
	json_add(json, "dest-service-types", list_json(type->dests));
	json_add(json, "settings", integration_schema_json(type));
	return json;
}
