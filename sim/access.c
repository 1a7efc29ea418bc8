/*
 * access.c
 *		The lists of who may do what in a service, which its own read does not show.
 *
 * As in data.c, everything follows from the seed, and doc/simulator.md says how.
 */
#include <stdio.h>
#include <string.h>

#include "access.h"
#include "options.h"
#include "response.h"

/* ---------- kafka ---------- */

static json_object *
rule_json(const ServiceFacts *facts, const char *list, const char *member, int number,
		  const char *permission)
{
	json_object *json = json_object_new_object();
	bool		is_topic = strcmp(list, "topic-acl") == 0;
	char		hex[33];
	char		text[40];

	md5_from(hex, "%s/%s/services/%d/%s/%d", config.seed, facts->zone, facts->index, list, number);
	snprintf(text, sizeof(text), "acl%.12s", hex);
	json_add_text(json, "id", text);
	snprintf(text, sizeof(text), "user_%d", number);
	json_add_text(json, "username", text);
	snprintf(text, sizeof(text), is_topic ? "topic_%d" : "Subject:topic_%d-value", number);
	json_add_text(json, member, text);
	json_add_text(json, "permission", permission);
	return json;
}

/* The administrator may do everything. */
static json_object *
default_rule(const char *id, const char *member, const char *resource, const char *permission)
{
	json_object *json = json_object_new_object();

	json_add_text(json, "id", id);
	json_add_text(json, "username", "avnadmin");
	json_add_text(json, member, resource);
	json_add_text(json, "permission", permission);
	return json;
}

static json_object *
topic_rules(const ServiceFacts *facts)
{
	static const char *const permissions[] = {"read", "write", "readwrite", "admin"};
	json_object *array = json_object_new_array();
	int			others = facts->made ? 0 : (int) rnd(4, "%s/%s/services/%d/topic-acl",
													 config.seed, facts->zone, facts->index);

	json_object_array_add(array, default_rule("default", "topic", "*", "admin"));
	for (int number = 1; number <= others; number++)
		json_object_array_add(array, rule_json(facts, "topic-acl", "topic", number,
											   permissions[(number - 1) % 4]));
	return array;
}

static json_object *
registry_rules(const ServiceFacts *facts)
{
	static const char *const permissions[] = {"schema_registry_read", "schema_registry_write"};
	json_object *array = json_object_new_array();
	int			others = facts->made ? 0 : (int) rnd(3, "%s/%s/services/%d/schema-registry-acl",
													 config.seed, facts->zone, facts->index);

	json_object_array_add(array, default_rule("default-sr", "resource", "Subject:*",
											  "schema_registry_write"));
	for (int number = 1; number <= others; number++)
		json_object_array_add(array, rule_json(facts, "schema-registry-acl", "resource", number,
											   permissions[(number - 1) % 2]));
	return array;
}

/* ---------- clickhouse ---------- */

static void
add_role_id(json_object *json, const ServiceFacts *facts, const char *role)
{
	char		uuid[UUID_SIZE];

	uuid_from(uuid, "%s/%s/services/%d/roles/%s", config.seed, facts->zone, facts->index, role);
	json_add_text(json, "name", role);
	json_add_text(json, "uuid", uuid);
}

static json_object *
privilege_json(const char *name, const char *column)
{
	json_object *json = json_object_new_object();

	json_add_text(json, "name", name);
	json_add_text(json, "database", "default");
	json_add_text(json, "table", "events");
	if (column)
		json_add_text(json, "column", column);
	json_add_bool(json, "grant-option", false);
	json_add_bool(json, "is-partial-revoke", false);
	return json;
}

/* "writer" may also do what "reader" may. */
static json_object *
roles(const ServiceFacts *facts)
{
	json_object *array = json_object_new_array();
	int			count = facts->made ? 0 : 1 + (int) rnd(2, "%s/%s/services/%d/roles",
														config.seed, facts->zone, facts->index);

	for (int number = 1; number <= count; number++)
	{
		json_object *json = json_object_new_object();
		json_object *privileges = json_object_new_array();
		json_object *granted = json_object_new_array();

		add_role_id(json, facts, number == 1 ? "reader" : "writer");
		json_object_array_add(privileges, number == 1 ? privilege_json("SELECT", "id") :
							  privilege_json("INSERT", NULL));
		if (number == 2)
		{
			json_object *reader = json_object_new_object();

			add_role_id(reader, facts, "reader");
			json_add_bool(reader, "is-default", true);
			json_add_bool(reader, "with-admin-option", false);
			json_object_array_add(granted, reader);
		}
		json_add(json, "privileges", privileges);
		json_add(json, "granted-roles", granted);
		json_object_array_add(array, json);
	}
	return array;
}

static const struct
{
	const char *name;
	const char *key;
	json_object *(*make) (const ServiceFacts *facts);
}			lists[] = {
	{"topic-acl", "id", topic_rules},
	{"schema-registry-acl", "id", registry_rules},
	{"roles", "uuid", roles},
};

const char *
access_key(const char *list)
{
	for (size_t i = 0; i < lengthof(lists); i++)
		if (strcmp(lists[i].name, list) == 0)
			return lists[i].key;
	return NULL;
}

json_object *
access_list(const ServiceFacts *facts, const char *list)
{
	for (size_t i = 0; i < lengthof(lists); i++)
		if (strcmp(lists[i].name, list) == 0)
			return lists[i].make(facts);
	return NULL;
}
