/*
 * details.c
 *		What a type's own read tells of a service: how to connect, what is inside, its settings.
 *
 * As in data.c, everything follows from the seed, and doc/simulator.md says how.
 * What is secret contains the word S3CRET, so that a test can look for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "details.h"
#include "lifelike.h"
#include "options.h"
#include "response.h"

#define DAY INT64_C(86400)

#define details_rnd(facts, modulo, key) \
	rnd(modulo, "%s/%s/services/%d/" key, config.seed, (facts)->zone, (facts)->index)

/* What differs from type to type. */
typedef struct TypeDetails
{
	const char *type;
	const char *port;			/* of uri-params */
	const char *components;		/* comma-separated name:port */
	bool		has_databases;
	bool		has_pools;
	bool		has_schedule;
	bool		tells_ssl;		/* components do */
	const char *fixed;			/* JSON; <admin>, <name>, <host> and
								 * <password> are filled in */
} TypeDetails;

static const TypeDetails type_details[SERVICE_TYPES] = {
	{"pg", "21699", "pg:21699,pgbouncer:21700,prometheus:9273", true, true, true, false,
		"{\"uri\":\"postgres://<admin>:<password>@<host>:21699/defaultdb?sslmode=require\","
		"\"connection-info\":{"
		"\"uri\":[\"postgres://<admin>:<password>@<host>:21699/defaultdb?sslmode=require\"],"
		"\"params\":[{\"host\":\"<host>\",\"port\":\"21699\",\"user\":\"<admin>\","
		"\"password\":\"<password>\",\"dbname\":\"defaultdb\",\"sslmode\":\"require\"}],"
		"\"standby\":["
		"\"postgres://<admin>:<password>@replica-<host>:21699/defaultdb?sslmode=require\"],"
		"\"syncing\":[]},"
		"\"pg-settings\":{\"timezone\":\"Europe/Zurich\",\"jit\":true,\"max_worker_processes\":8,"
		"\"autovacuum\":{\"autovacuum_naptime\":60,\"autovacuum_vacuum_scale_factor\":0.2}},"
		"\"pgbouncer-settings\":{\"server_idle_timeout\":600,\"ignore_startup_parameters\":"
		"[\"extra_float_digits\"]},"
		"\"pglookout-settings\":{\"max_failover_replication_time_lag\":60},"
		"\"pgaudit-settings\":{\"feature_enabled\":false},"
		"\"timescaledb-settings\":{\"max_background_workers\":16},"
		"\"synchronous-replication\":\"off\",\"work-mem\":4,\"shared-buffers-percentage\":20,"
	"\"max-connections\":97}"},
	{"mysql", "21699", "mysql:21699,prometheus:9273", true, false, true, false,
		"{\"uri\":\"mysql://<admin>:<password>@<host>:21699/defaultdb?ssl-mode=REQUIRED\","
		"\"connection-info\":{"
		"\"uri\":[\"mysql://<admin>:<password>@<host>:21699/defaultdb?ssl-mode=REQUIRED\"],"
		"\"params\":[{\"host\":\"<host>\",\"port\":\"21699\",\"user\":\"<admin>\","
		"\"password\":\"<password>\",\"dbname\":\"defaultdb\",\"ssl-mode\":\"REQUIRED\"}],"
		"\"standby\":["
		"\"mysql://<admin>:<password>@replica-<host>:21699/defaultdb?ssl-mode=REQUIRED\"]},"
		"\"mysql-settings\":{\"sql_mode\":\"ANSI,TRADITIONAL\",\"sql_require_primary_key\":true,"
	"\"long_query_time\":10},\"binlog-retention-period\":3600}"},
	{"kafka", "21701", "kafka:21701,kafka:21702,kafka_connect:21703,kafka_rest:21704,"
		"schema_registry:21705,prometheus:9273", false, false, false, false,
		"{\"uri\":\"<host>:21701\",\"connection-info\":{\"nodes\":[\"<host>:21701\"],"
		"\"access-cert\":\"-----BEGIN CERTIFICATE-----\\n<name>\\n-----END CERTIFICATE-----\\n\","
		"\"access-key\":"
		"\"-----BEGIN PRIVATE KEY-----\\n<password>\\n-----END PRIVATE KEY-----\\n\","
		"\"connect-uri\":\"https://<admin>:<password>@<host>:21703\","
		"\"rest-uri\":\"https://<admin>:<password>@<host>:21704\","
		"\"registry-uri\":\"https://<admin>:<password>@<host>:21705\"},"
		"\"authentication-methods\":{\"certificate\":true,\"sasl\":true},"
		"\"kafka-rest-enabled\":true,\"kafka-connect-enabled\":true,"
		"\"schema-registry-enabled\":true,"
		"\"kafka-settings\":{\"auto_create_topics_enable\":true,\"log_retention_hours\":168,"
		"\"log-cleanup-and-compaction\":{\"log_cleanup_policy\":\"delete\"}},"
		"\"kafka-rest-settings\":{\"producer_acks\":\"1\"},"
		"\"kafka-connect-settings\":{\"session_timeout_ms\":10000},"
	"\"schema-registry-settings\":{\"topic_name\":\"_schemas\"}}"},
	{"opensearch", "21706", "opensearch:21706,opensearch_dashboards:443,prometheus:9273",
		false, false, false, false,
		"{\"uri\":\"https://<admin>:<password>@<host>:21706\",\"description\":\"Recherche <name>\","
		"\"connection-info\":{\"uri\":[\"https://<admin>:<password>@<host>:21706\"],"
		"\"username\":\"<admin>\",\"password\":\"<password>\","
		"\"dashboard-uri\":\"https://<admin>:<password>@<host>:443\"},"
		"\"max-index-count\":50,\"keep-index-refresh-interval\":false,"
		"\"index-patterns\":[{\"pattern\":\"logs-*\",\"max-index-count\":8,"
		"\"sorting-algorithm\":\"creation_date\"}],"
		"\"index-template\":{\"number-of-replicas\":1,\"number-of-shards\":2,"
		"\"mapping-nested-objects-limit\":10000},"
		"\"opensearch-dashboards\":{\"enabled\":true,\"max-old-space-size\":128,"
		"\"opensearch-request-timeout\":30000},"
		"\"opensearch-settings\":{\"http_max_content_length\":100000000,"
		"\"email-sender\":{\"email_sender_name\":\"alerts\","
		"\"email_sender_username\":\"alerts@example.com\","
	"\"email_sender_password\":\"S3CRET-mail\"}}}"},
	{"valkey", "21707", "valkey:21707,prometheus:9273", false, false, false, true,
		"{\"uri\":\"valkeys://<admin>:<password>@<host>:21707\",\"connection-info\":{"
		"\"uri\":[\"valkeys://<admin>:<password>@<host>:21707\"],\"password\":\"<password>\","
		"\"slave\":[\"valkeys://<admin>:<password>@replica-<host>:21707\"]},"
		"\"valkey-settings\":{\"ssl\":true,\"timeout\":300,\"persistence\":\"rdb\","
	"\"maxmemory_policy\":\"noeviction\"}}"},
	{"grafana", "443", "grafana:443,prometheus:9273", false, false, false, false,
		"{\"uri\":\"https://<admin>:<password>@<host>:443\",\"description\":\"Tableaux <name>\","
		"\"version\":\"11.6\",\"connection-info\":{"
		"\"uri\":\"https://<host>:443\",\"username\":\"<admin>\",\"password\":\"<password>\"},"
		"\"grafana-settings\":{\"viewers_can_edit\":false,"
		"\"dashboards_min_refresh_interval\":\"5s\","
		"\"smtp_server\":{\"host\":\"smtp.example.com\",\"port\":25,"
		"\"from_address\":\"g@example.com\","
		"\"username\":\"smtp\",\"password\":\"S3CRET-smtp\"},"
		"\"auth_github\":{\"client_id\":\"b1ba0bf5\",\"client_secret\":\"S3CRET-github\","
	"\"team_ids\":[150]}}}"},
	{"thanos", "443", "thanos_query:443,thanos_receive:444,prometheus:9273",
		false, false, false, true,
		"{\"uri\":\"https://<admin>:<password>@<host>:443\",\"connection-info\":{"
		"\"query-frontend-uri\":\"https://<admin>:<password>@<host>:443\","
		"\"query-uri\":\"https://<admin>:<password>@<host>:443\","
		"\"receiver-remote-write-uri\":\"https://<admin>:<password>@<host>:444/api/v1/receive\","
		"\"ruler-uri\":\"https://<admin>:<password>@<host>:445\"},"
		"\"thanos-settings\":{\"compactor\":{\"retention.days\":90},"
	"\"query\":{\"query.timeout\":\"2m\",\"store.limits.request-series\":0}}}"},
	{"clickhouse", "21708",
		"clickhouse:21708,clickhouse_https:21709,clickhouse_mysql:21710,prometheus:9273",
		false, false, false, true,
		"{\"uri\":\"clickhouse://<admin>:<password>@<host>:21708\",\"connection-info\":{"
		"\"uri\":[\"clickhouse://<admin>:<password>@<host>:21708\"],"
		"\"mysql-uri\":\"mysql://<admin>:<password>@<host>:21710\","
		"\"arrowflight-uri\":\"grpc+tls://<admin>:<password>@<host>:21711\"},"
		"\"clickhouse-settings\":{\"tiered_storage_move_factor\":0.2,"
	"\"server_settings\":{\"vector_similarity_index_cache_size\":0.07}}}"},
};

static const TypeDetails *
details_of(const ServiceFacts *facts)
{
	return &type_details[facts->type - service_types];
}

static char *
host_of(const ServiceFacts *facts)
{
	return xasprintf("%s.%s.dbaas.example", facts->name, facts->zone);
}

/* The administrator that every service is made with. */
static const char *
admin_name(const ServiceFacts *facts)
{
	return strcmp(facts->type->name, "valkey") == 0 ? "default" : "avnadmin";
}

char *
details_password(const ServiceFacts *facts, const char *username)
{
	char		hex[33];

	md5_from(hex, "%s/%s/services/%d/password/%s", config.seed, facts->zone, facts->index,
			 username);
	return xasprintf("S3CRET_%.16s", hex);
}

/* Returns the administrator's current name and password, malloc'd. */
static void
find_admin(const ServiceFacts *facts, json_object *changes, char **name, char **password)
{
	json_object *users = json_object_object_get(changes, "users");
	json_object *first = users ? json_object_array_get_idx(users, 0) : NULL;
	const char *known_name = json_member_text(first, "username");
	const char *known_password = json_member_text(first, "password");

	*name = xstrdup(known_name ? known_name : admin_name(facts));
	*password = known_password ? xstrdup(known_password) : details_password(facts, *name);
}

/* ---------- what is inside ---------- */

static json_object *
access_control_json(void)
{
	static const char text[] =
		"{\"categories\":[\"+@all\"],\"channels\":[\"*\"],\"commands\":[\"+get\"],"
		"\"keys\":[\"*\"]}";
	bool		valid;

	return json_parse(text, strlen(text), &valid);
}

json_object *
details_user(const ServiceFacts *facts, const char *username)
{
	json_object *json = json_object_new_object();
	const char *type = facts->type->name;
	char	   *password = details_password(facts, username);
	char		uuid[UUID_SIZE];
	bool		is_admin = strcmp(username, admin_name(facts)) == 0;

	json_add_text(json, "username", username);
	json_add_text(json, "password", password);
	if (strcmp(type, "clickhouse") == 0)
	{
		uuid_from(uuid, "%s/%s/services/%d/users/%s", config.seed, facts->zone, facts->index,
				  username);
		json_add_text(json, "uuid", uuid);
		json_add_bool(json, "required", is_admin);
		free(password);
		return json;
	}
	json_add_text(json, "type", is_admin ? "primary" : "normal");
	if (strcmp(type, "pg") == 0)
		json_add_bool(json, "allow-replication", is_admin);
	if (strcmp(type, "mysql") == 0)
		json_add_text(json, "authentication", "caching_sha2_password");
	if (strcmp(type, "valkey") == 0)
		json_add(json, "access-control", access_control_json());
	if (strcmp(type, "kafka") == 0)
	{
		char	   *key = xasprintf("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n",
									password);

		json_add_text(json, "access-cert",
					  "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
		json_add_text(json, "access-cert-expiry", "2028-01-01T00:00:00Z");
		json_add_text(json, "access-key", key);
		free(key);
	}
	free(password);
	return json;
}

static json_object *
users_json(const ServiceFacts *facts)
{
	json_object *array = json_object_new_array();
	int			others = facts->made ? 0 : (int) details_rnd(facts, 3, "users");
	char		name[32];

	json_object_array_add(array, details_user(facts, admin_name(facts)));
	for (int number = 1; number <= others; number++)
	{
		snprintf(name, sizeof(name), "user_%d", number);
		json_object_array_add(array, details_user(facts, name));
	}
	if (!facts->made && facts->index <= 2)
		json_object_array_add(array, details_user(facts, "lecture seule/\xc3\xa9t\xc3\xa9"));
	return array;
}

static json_object *
databases_json(const ServiceFacts *facts)
{
	json_object *array = json_object_new_array();
	int			others = facts->made ? 0 : (int) details_rnd(facts, 3, "databases");
	char		name[32];

	json_object_array_add(array, json_object_new_string("defaultdb"));
	for (int number = 1; number <= others; number++)
	{
		snprintf(name, sizeof(name), "app_%d", number);
		json_object_array_add(array, json_object_new_string(name));
	}
	if (!facts->made && facts->index <= 2)
		json_object_array_add(array, json_object_new_string("donn\xc3\xa9" "es/2026"));
	return array;
}

json_object *
details_pool(const ServiceFacts *facts, const char *name, const char *database, const char *mode,
			 int64_t size, const char *username)
{
	json_object *json = json_object_new_object();
	char	   *host = host_of(facts);
	char	   *password = details_password(facts, username);
	char	   *uri = xasprintf("postgres://%s:%s@%s:21700/%s?sslmode=require", username, password,
								host, name);

	json_add_text(json, "name", name);
	json_add_text(json, "database", database);
	json_add_text(json, "mode", mode);
	json_add_number(json, "size", size);
	json_add_text(json, "username", username);
	json_add_text(json, "connection-uri", uri);
	free(host);
	free(password);
	free(uri);
	return json;
}

static json_object *
pools_json(const ServiceFacts *facts)
{
	static const char *const modes[] = {"session", "statement", "transaction"};
	json_object *array = json_object_new_array();
	int			count = facts->made ? 0 : (int) details_rnd(facts, 3, "connection-pools");
	char		name[32];

	if (facts->index == 1 && count == 0)
		count = 1;
	for (int number = 1; number <= count; number++)
	{
		snprintf(name, sizeof(name), "pool_%d", number);
		json_object_array_add(array, details_pool(facts, name, "defaultdb", modes[number % 3],
												  10 * number, admin_name(facts)));
	}
	return array;
}

json_object *
details_list(const ServiceFacts *facts, json_object *changes, const char *name)
{
	const TypeDetails *type = details_of(facts);
	json_object *changed = json_object_object_get(changes, name);
	json_object *copy = NULL;

	if (changed)
	{
		json_object_deep_copy(changed, &copy, NULL);
		return copy;
	}
	if (access_key(name))
		return access_list(facts, name);
	if (strcmp(name, "users") == 0)
		return users_json(facts);
	if (strcmp(name, "databases") == 0)
		return type->has_databases ? databases_json(facts) : NULL;
	return type->has_pools ? pools_json(facts) : NULL;
}

/* ---------- how it is run ---------- */

static void
add_time(json_object *json, const char *name, int64_t seconds)
{
	char		text[40];

	json_add_text(json, name, format_time(text, sizeof(text), seconds, -1));
}

static json_object *
backups_json(const ServiceFacts *facts)
{
	json_object *array = json_object_new_array();
	int			count = facts->made ? 0 : (int) lifelike_choice(facts, 4, 3, "backups");

	for (int number = 1; number <= count; number++)
	{
		json_object *json = json_object_new_object();
		char	   *name = xasprintf("%s-backup-%d", facts->name, number);

		json_add_text(json, "backup-name", name);
		/* What is lifelike is not late, however often the plan makes one */
		add_time(json, "backup-time", config.lifelike ?
				 config.epoch - (number - 1) * DAY - 1800 :
				 config.epoch - number * DAY + facts->index * 60);
		json_add_number(json, "data-size",
						rnd(1000000, "%s/%s/services/%d/backups/%d", config.seed, facts->zone,
							facts->index, number) * INT64_C(4096));
		json_object_array_add(array, json);
		free(name);
	}
	return array;
}

/* The state of the last node while the service is not running. */
static json_object *
progress_json(const char *state)
{
	json_object *json = json_object_new_object();
	json_object *array = json_object_new_array();

	json_add_text(json, "phase", strcmp(state, "rebalancing") == 0 ? "stream" : "basebackup");
	json_add_bool(json, "completed", false);
	json_add_number(json, "min", 0);
	json_add_number(json, "current", 42);
	json_add_number(json, "max", 100);
	json_add_text(json, "unit", "bytes_uncompressed");
	json_object_array_add(array, json);
	return array;
}

static json_object *
node_states_json(const ServiceFacts *facts, const char *state)
{
	json_object *array = json_object_new_array();
	int			count = strcmp(state, "poweroff") == 0 ? 0 : facts->plan->node_count;

	for (int number = 1; number <= count; number++)
	{
		json_object *json = json_object_new_object();
		char	   *name = xasprintf("%s-%d", facts->name, number);
		bool		busy = number == count && strcmp(state, "running") != 0;

		json_add_text(json, "name", name);
		json_add_text(json, "role", number == 1 ? "master" :
					  number == 2 ? "standby" : "read-replica");
		json_add_text(json, "state", !busy ? "running" : strcmp(state, "rebalancing") == 0 ?
					  "syncing_data" : "setting_up_vm");
		if (busy)
			json_add(json, "progress-updates", progress_json(state));
		json_object_array_add(array, json);
		free(name);
	}
	return array;
}

static void
add_component(json_object *array, const TypeDetails *type, const char *name, int port,
			  const char *host, bool replica)
{
	json_object *json = json_object_new_object();
	char	   *full_host = xasprintf("%s%s", replica ? "replica-" : "", host);

	json_add_text(json, "component", name);
	json_add_text(json, "host", full_host);
	json_add_number(json, "port", port);
	json_add_text(json, "route", strcmp(name, "prometheus") == 0 ? "private" : "dynamic");
	json_add_text(json, "usage", replica ? "replica" : "primary");
	if (strcmp(name, "kafka") == 0)
		json_add_text(json, "kafka-authentication-method", port == 21701 ? "certificate" : "sasl");
	if (type->tells_ssl)
		json_add_bool(json, "ssl", strcmp(name, "prometheus") != 0);
	json_object_array_add(array, json);
	free(full_host);
}

/* The first component has a replica when the plan has a second node. */
static json_object *
components_json(const ServiceFacts *facts, const char *host)
{
	const TypeDetails *type = details_of(facts);
	json_object *array = json_object_new_array();
	char		name[40];
	int			port;

	for (const char *entry = type->components; entry;
		 entry = strchr(entry, ',') ? strchr(entry, ',') + 1 : NULL)
	{
		if (sscanf(entry, "%39[^:]:%d", name, &port) != 2)
			break;
		add_component(array, type, name, port, host, false);
		if (entry == type->components && facts->plan->node_count > 1)
			add_component(array, type, name, port, host, true);
	}
	return array;
}

static json_object *
maintenance_updates_json(const ServiceFacts *facts)
{
	json_object *array = json_object_new_array();
	int			count = facts->made ? 0 : (int) lifelike_choice(facts, 3, 0, "maintenance/updates");

	for (int number = 1; number <= count; number++)
	{
		json_object *json = json_object_new_object();
		char	   *text = xasprintf("Mise \xc3\xa0 jour %d de %s", number, facts->type->name);

		json_add_text(json, "description", text);
		if (number == 1)
			add_time(json, "deadline", config.epoch + 30 * DAY);
		add_time(json, "start-after", config.epoch + number * DAY);
		if (number == 2)
			add_time(json, "start-at", config.epoch + 3 * DAY);
		json_object_array_add(array, json);
		free(text);
	}
	return array;
}

static json_object *
maintenance_json(const ServiceFacts *facts)
{
	static const char *const days[] = {
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "never"
	};
	json_object *json = json_object_new_object();
	char		time[16];

	snprintf(time, sizeof(time), "%02u:%02u:00", details_rnd(facts, 24, "maintenance/hour"),
			 details_rnd(facts, 60, "maintenance/minute"));
	json_add_text(json, "dow", days[details_rnd(facts, lengthof(days), "maintenance/dow")]);
	json_add_text(json, "time", time);
	json_add(json, "updates", maintenance_updates_json(facts));
	return json;
}

static json_object *
ip_filter_json(const ServiceFacts *facts)
{
	static const char *const filters[4][2] = {
		{"0.0.0.0/0", NULL}, {"192.0.2.0/24", "198.51.100.7/32"},
		{"::/0", "192.0.2.1/32"}, {NULL, NULL}
	};
	unsigned	which = facts->made ? 3 : lifelike_choice(facts, 4, 1, "ip-filter");
	json_object *array = json_object_new_array();

	for (int i = 0; i < 2 && filters[which][i]; i++)
		json_object_array_add(array, json_object_new_string(filters[which][i]));
	return array;
}

static json_object *
schedule_json(const ServiceFacts *facts)
{
	json_object *json = json_object_new_object();

	json_add_number(json, "backup-hour", details_rnd(facts, 24, "backup-hour"));
	json_add_number(json, "backup-minute", details_rnd(facts, 60, "backup-minute"));
	return json;
}

/* ---------- the whole ---------- */

/* Copies a text as it stands in a JSON string, without the quotes.  Returns its end. */
static char *
copy_into_string(char *to, const char *text)
{
	json_object *string = json_object_new_string(text);
	const char *quoted = json_text(string);

	to = stpncpy(to, quoted + 1, strlen(quoted) - 2);
	json_object_put(string);
	return to;
}

/* Returns the JSON with the marks <> in its strings, at most 64, replaced; malloc'd. */
static char *
fill_in(const char *text, const char *name, const char *host, const char *admin,
		const char *password)
{
	const struct
	{
		const char *mark;
		const char *value;
	}			marks[] = {
		{"<name>", name}, {"<host>", host}, {"<admin>", admin}, {"<password>", password}
	};
	size_t		longest = strlen(name) + strlen(host) + strlen(admin) + strlen(password) + 1;
	char	   *filled = xcalloc(strlen(text) + 64 * longest * strlen("\\u0000"), 1);
	char	   *to = filled;

	while (*text)
	{
		size_t		i;

		for (i = 0; i < lengthof(marks); i++)
			if (strncmp(text, marks[i].mark, strlen(marks[i].mark)) == 0)
				break;
		if (i < lengthof(marks))
		{
			to = copy_into_string(to, marks[i].value);
			text += strlen(marks[i].mark);
		}
		else
			*to++ = *text++;
	}
	return filled;
}

/* Adds what the service's own read shows. */
static void
add_members(json_object *json, json_object *members)
{
	json_object_object_foreach(members, name, value)
		if (access_key(name) == NULL)
		json_add(json, name, json_object_get(value));
}

/* A service that a write made has only the settings that it was made with. */
static void
forget_settings(json_object *members)
{
	static const char ending[] = "-settings";

	json_object_object_foreach(members, name, value)
	{
		size_t		length = strlen(name);

		(void) value;
		if (length >= sizeof(ending) && strcmp(name + length - sizeof(ending) + 1, ending) == 0)
			json_add(members, name, json_object_new_object());
	}
}

static void
add_fixed(json_object *json, const ServiceFacts *facts, const char *host, const char *admin,
		  const char *password)
{
	char	   *text = fill_in(details_of(facts)->fixed, facts->name, host, admin, password);
	bool		valid;
	json_object *members = json_parse(text, strlen(text), &valid);

	if (facts->made)
		forget_settings(members);
	add_members(json, members);
	json_object_put(members);
	free(text);
}

static json_object *
uri_params_json(const ServiceFacts *facts, const char *host, const char *admin,
				const char *password)
{
	const TypeDetails *type = details_of(facts);
	json_object *json = json_object_new_object();

	json_add_text(json, "host", host);
	json_add_text(json, "port", type->port);
	if (strcmp(type->type, "kafka") == 0)
		return json;
	json_add_text(json, "user", admin);
	json_add_text(json, "password", password);
	if (type->has_databases)
		json_add_text(json, "dbname", "defaultdb");
	return json;
}

/*
 * The version that the service was made with: the default, or another known
 * one.
 */
static void
add_version(json_object *json, const ServiceFacts *facts)
{
	const char *versions = facts->type->versions;
	unsigned	count = 1;
	unsigned	which;

	if (versions == NULL)
		return;
	if (facts->made)
	{
		json_add_text(json, "version", facts->type->default_version);
		return;
	}
	for (const char *comma = versions; (comma = strchr(comma, ',')); comma++)
		count++;
	for (which = details_rnd(facts, count, "version"); which > 0; which--)
		versions = strchr(versions, ',') + 1;
	json_add(json, "version",
			 json_object_new_string_len(versions, (int) strcspn(versions, ",")));
}

static void
add_list(json_object *json, const ServiceFacts *facts, json_object *changes, const char *name)
{
	json_object *list = details_list(facts, changes, name);

	/* Of clickhouse, only a reset and a reveal show passwords. */
	for (size_t i = 0; list && strcmp(name, "users") == 0 &&
		 strcmp(facts->type->name, "clickhouse") == 0 && i < json_object_array_length(list); i++)
		json_object_object_del(json_object_array_get_idx(list, i), "password");
	if (list)
		json_add(json, name, list);
}

json_object *
details_json(const ServiceFacts *facts, const char *state, json_object *changes)
{
	json_object *json = data_service_json(facts, state);
	json_object *prometheus = json_object_new_object();
	char	   *host = host_of(facts);
	char	   *admin;
	char	   *password;

	find_admin(facts, changes, &admin, &password);
	add_fixed(json, facts, host, admin, password);
	json_add(json, "uri-params", uri_params_json(facts, host, admin, password));
	json_add_text(prometheus, "host", host);
	json_add_number(prometheus, "port", 9273);
	json_add(json, "prometheus-uri", prometheus);
	add_version(json, facts);
	json_add(json, "node-states", node_states_json(facts, state));
	json_add(json, "components", components_json(facts, host));
	json_add(json, "backups", backups_json(facts));
	json_add(json, "maintenance", maintenance_json(facts));
	json_add(json, "ip-filter", ip_filter_json(facts));
	if (details_of(facts)->has_schedule)
		json_add(json, "backup-schedule", schedule_json(facts));
	if (changes)
		add_members(json, changes);
	add_list(json, facts, changes, "users");
	add_list(json, facts, changes, "databases");
	add_list(json, facts, changes, "connection-pools");
	free(host);
	free(admin);
	free(password);
	return json;
}
