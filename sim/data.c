/*
 * data.c
 *		The rules that a zone's data follow from: what there is before any write.
 *
 * doc/simulator.md states every rule of this file in a form that SQL can
 * recompute; a change here changes it there.  Nothing here is remembered:
 * each function computes from the seed, the zone and a number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "lifelike.h"
#include "options.h"
#include "response.h"

#define TIME_SIZE 40
#define DAY INT64_C(86400)

/* Pseudo-random number below "modulo" for a key inside a service. */
#define service_rnd(facts, modulo, key) \
	rnd(modulo, "%s/%s/services/%d/" key, config.seed, (facts)->zone, (facts)->index)

void
data_service(ServiceFacts *facts, const char *zone, int zone_index, int index)
{
	static const char *const unusual_states[] = {"poweroff", "rebuilding", "rebalancing"};
	unsigned	state;

	memset(facts, 0, sizeof(*facts));
	facts->zone = zone;
	facts->index = index;
	facts->type = &service_types[(index - 1) % SERVICE_TYPES];
	facts->plan = &plans[service_rnd(facts, PLANS, "plan")];
	facts->termination_protection = (index % 5 == 0) != config.lifelike && index % 17 != 0;
	facts->tells_protection = index % 17 != 0;

	if (index == SHARED_NAME_INDEX)
		snprintf(facts->name, sizeof(facts->name), "shared-name");
	else
		snprintf(facts->name, sizeof(facts->name), "%s-%d-%04d", facts->type->name,
				 zone_index + 1, index);

	state = index <= SERVICE_TYPES ? 9 : lifelike_choice(facts, 10, 9, "state");
	facts->state = state < lengthof(unusual_states) ? unusual_states[state] : "running";
	facts->created_at = config.epoch - index * (config.lifelike ? 40 * DAY : INT64_C(3600)) -
		service_rnd(facts, 3600, "created-at");
}

int
data_service_index(const char *name, int zone_index)
{
	const char *number = strrchr(name, '-');
	ServiceFacts facts;
	long		index;

	if (strcmp(name, "shared-name") == 0)
		return SHARED_NAME_INDEX;
	if (number == NULL || (index = strtol(number + 1, NULL, 10)) < 1 || index > config.services)
		return 0;
	data_service(&facts, zone_name(zone_index), zone_index, (int) index);
	return strcmp(facts.name, name) == 0 ? (int) index : 0;
}

static json_object *
notification_json(const ServiceFacts *facts, int number)
{
	int			kind = (facts->index + number) % 2;
	char	   *message = xasprintf("%s: mise \xc3\xa0 jour conseill\xc3\xa9" "e "
									"(\xe6\x97\xa5\xe6\x9c\xac), notification %d",
									facts->name, number);
	json_object *metadata = json_object_new_object();
	json_object *json = json_object_new_object();

	json_add_number(metadata, "days-left", rnd(90, "%s/%s/services/%d/notifications/%d",
											   config.seed, facts->zone, facts->index, number));
	json_add_text(json, "level", kind ? "warning" : "notice");
	json_add_text(json, "type", kind ? "service_powered_off_removal" : "service_end_of_life");
	json_add_text(json, "message", message);
	json_add(json, "metadata", metadata);
	free(message);
	return json;
}

static json_object *
notifications_json(const ServiceFacts *facts)
{
	json_object *array = json_object_new_array();
	int			count = facts->made ? 0 :
		facts->index % 12 == 3 ? 2 : facts->index % 6 == 3 ? 1 : 0;

	for (int number = 1; number <= count; number++)
		json_object_array_add(array, notification_json(facts, number));
	return array;
}

/*
 * Adds a null.  The API's document does not allow it, and some clients refuse
 * it.
 */
static void
add_null(json_object *json, const char *name)
{
	if (!config.strict_nulls)
		json_add(json, name, NULL);
}

/*
 * Which fields are absent, null or 0 follows from the index alone.  A service that a write made
 * has them all.
 */
json_object *
data_service_json(const ServiceFacts *facts, const char *state)
{
	json_object *json = json_object_new_object();
	char		text[TIME_SIZE];
	int			i = facts->made ? 1 : facts->index; /* the first has all of
													 * them */

	json_add_text(json, "name", facts->name);
	json_add_text(json, "type", facts->type->name);
	json_add_text(json, "plan", facts->plan->name);
	json_add_text(json, "state", state);
	json_add_text(json, "zone", facts->zone);
	if (i % 11 != 0)
	{
		json_add_number(json, "node-count", facts->plan->node_count);
		json_add_number(json, "node-cpu-count", facts->plan->node_cpu_count);
	}
	if (i % 13 == 0)
		add_null(json, "node-memory");
	else
		json_add_number(json, "node-memory", facts->plan->memory_gib * GIB);
	json_add_number(json, "disk-size", i % 13 == 0 ? 0 : facts->plan->disk_gib * GIB);
	if (facts->tells_protection)
		json_add_bool(json, "termination-protection", facts->termination_protection);
	if (i % 6 != 5)
		json_add(json, "notifications", notifications_json(facts));
	json_add_text(json, "created-at", format_time(text, sizeof(text), facts->created_at, -1));
	if (i % 10 == 9)
		add_null(json, "updated-at");
	else if (i % 7 != 0)
		json_add_text(json, "updated-at",
					  format_time(text, sizeof(text), facts->created_at +
								  service_rnd(facts, 2592000, "updated-at"),
								  (int) service_rnd(facts, 1000000, "updated-at/micros")));
	return json;
}

static char *
integration_settings(const char *zone, const IntegrationType *type, int number)
{
	if (number == 1)
		return xstrdup("{\"elasticsearch-index-days-max\":3,"
					   "\"beyond-int64\":18446744073709551617123,"
					   "\"many-digits\":0.12345678901234567890123456789012345678901234567890,"
					   "\"note\":\"h\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac\"}");
	if (strcmp(type->name, "logs") == 0)
		return xasprintf("{\"elasticsearch-index-days-max\":%u,"
						 "\"elasticsearch-index-prefix\":\"logs-%d\"}",
						 1 + rnd(30, "%s/%s/integrations/%d/days", config.seed, zone, number),
						 number);
	if (strcmp(type->name, "metrics") == 0)
		return xasprintf("{\"database\":\"metrics\",\"retention-days\":%u}",
						 rnd(365, "%s/%s/integrations/%d/days", config.seed, zone, number));
	return number % 3 == 0 ? NULL : xstrdup("{}");
}

bool
data_integration(Integration *integration, const char *zone, int zone_index, int number)
{
	static const struct
	{
		const char *type;
		int			source;
		int			dest;
	}			pattern[GROUP_INTEGRATIONS] = {
		{"logs", 3, 4},
		{"datasource", 6, 7},
		{"metrics", 6, 7},
		{"logs", 5, 4},
	};
	int			first = (number - 1) / GROUP_INTEGRATIONS * SERVICE_TYPES;
	int			k = (number - 1) % GROUP_INTEGRATIONS;
	ServiceFacts source;
	ServiceFacts dest;

	memset(integration, 0, sizeof(*integration));
	integration->source = first + pattern[k].source;
	integration->dest = first + pattern[k].dest;
	if (integration->source > config.services || integration->dest > config.services)
		return false;

	data_service(&source, zone, zone_index, integration->source);
	data_service(&dest, zone, zone_index, integration->dest);
	uuid_from(integration->id, "%s/%s/integrations/%d", config.seed, zone, number);
	integration->type = integration_type_find(pattern[k].type);
	integration->description = xasprintf("%s%s from %s to %s",
										 number % 5 == 0 ? "Int\xc3\xa9gration: " : "",
										 pattern[k].type, source.name, dest.name);
	integration->status = "active";
	integration->is_enabled = rnd(8, "%s/%s/integrations/%d/is-enabled",
								  config.seed, zone, number) != 0;
	integration->is_active = number % 6 == 0 ? -1 : integration->is_enabled;
	integration->settings = integration_settings(zone, integration->type, number);
	return true;
}

int
data_external_endpoint_count(int zone_index)
{
	return 3 + zone_index % 3;
}

void
data_external_endpoint(ExternalEndpoint *endpoint, const char *zone, int zone_index, int number)
{
	const EndpointType *type = &endpoint_types[(number - 1) % EXTERNAL_TYPES];
	bool		valid;

	memset(endpoint, 0, sizeof(*endpoint));
	uuid_from(endpoint->id, "%s/%s/external-endpoints/%d", config.seed, zone, number);
	endpoint->type = type;
	endpoint->name = xasprintf("%s-%d-%d", type->name, zone_index + 1, number);
	endpoint->settings = json_parse(type->settings, strlen(type->settings), &valid);
}

int
data_external_integration_count(int index)
{
	return index % 8 == 1 ? 2 : index % 4 == 1 ? 1 : 0;
}

void
data_external_integration(ExternalIntegration *integration, const char *zone, int zone_index,
						  int index, int number)
{
	uuid_from(integration->id, "%s/%s/external-integrations/%d/%d", config.seed, zone,
			  index, number);
	integration->service = index;
	integration->endpoint = 1 + (index / 4 + number - 1) % data_external_endpoint_count(zone_index);
	integration->status = index % 3 == 0 ? NULL : "active";
	integration->dbm_enabled = true;
	integration->pgbouncer_enabled = false;
}

int
data_task_count(const ServiceFacts *facts)
{
	return facts->type->has_tasks && !facts->made ? 1 + (int) service_rnd(facts, 2, "tasks") : 0;
}

void
data_task(Task *task, const ServiceFacts *facts, int number)
{
	uuid_from(task->id, "%s/%s/services/%d/tasks/%d", config.seed, facts->zone, facts->index,
			  number);
	task->service = facts->index;
	task->create_time = facts->created_at + number * INT64_C(3600);
	task->success = rnd(3, "%s/%s/services/%d/tasks/%d/success", config.seed, facts->zone,
						facts->index, number) != 0;
	task->of_upgrade = false;
}

json_object *
data_task_json(const Task *task, const ServiceType *type)
{
	json_object *json = json_object_new_object();
	json_object *codes = json_object_new_array();
	char		text[TIME_SIZE];
	char		task_type[40];

	snprintf(task_type, sizeof(task_type), "%s_%s_check", type->name,
			 task->of_upgrade ? "upgrade" : "migration");
	if (!task->success)
	{
		json_object *code = json_object_new_object();

		json_add_text(code, "code", "connection_failed");
		json_add_text(code, "dbname", "defaultdb");
		json_object_array_add(codes, code);
	}
	json_add_text(json, "id", task->id);
	json_add_text(json, "task-type", task_type);
	json_add_text(json, "create-time", format_time(text, sizeof(text), task->create_time, -1));
	json_add_bool(json, "success", task->success);
	json_add_text(json, "result", task->success ? "All pre-checks passed" :
				  "Connexion refus\xc3\xa9" "e par la source");
	json_add(json, "result-codes", codes);
	return json;
}

static json_object *
migration_detail_json(const ServiceFacts *facts, const char *status, int number)
{
	json_object *json = json_object_new_object();
	char		dbname[16];

	snprintf(dbname, sizeof(dbname), "db%d", number);
	json_add_text(json, "dbname", dbname);
	json_add_text(json, "status", status);
	json_add_text(json, "method", facts->index % 2 ? "replication" : "dump");
	if (strcmp(status, "failed") == 0)
		json_add_text(json, "error", "connection refused by the source");
	return json;
}

json_object *
data_migration_json(const ServiceFacts *facts, bool stopped)
{
	static const char *const statuses[] = {"done", "failed", "running", "syncing"};
	const char *status;
	bool		failed;
	json_object *json;
	json_object *details;

	if (!facts->type->migrates || facts->made || facts->index % 3 == 0)
		return NULL;
	status = statuses[service_rnd(facts, 4, "migration")];
	failed = strcmp(status, "failed") == 0;
	if (stopped && !failed)
		status = "done";
	details = json_object_new_array();
	for (int number = 1; number <= 1 + facts->index % 3; number++)
		json_object_array_add(details, migration_detail_json(facts, status, number));

	json = json_object_new_object();
	json_add_text(json, "status", status);
	json_add_text(json, "method", failed ? "" : facts->index % 2 ? "replication" : "dump");
	if (failed)
		json_add_text(json, "error", "connection refused by the source");
	json_add(json, "details", details);
	return json;
}

char *
data_ca_certificate(void)
{
	char		lines[8 * 65 + 1];
	char	   *end = lines;

	for (int line = 1; line <= 8; line++)
	{
		end = md5_from(end, "%s/ca-certificate/%d/1", config.seed, line) + 32;
		end = md5_from(end, "%s/ca-certificate/%d/2", config.seed, line) + 32;
		*end++ = '\n';
	}
	*end = '\0';
	return xasprintf("-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n", lines);
}
