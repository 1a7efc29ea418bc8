/*
 * rights.c
 *		The handlers of who may do what in a service: the rules of kafka, the roles of
 *		clickhouse.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers.h"
#include "operations.h"
#include "writes.h"

/* ---------- kafka ---------- */

/* The list that the path of a write names, and the member with what its rules are about. */
static const char *
list_of_path(const Request *request, const char **member)
{
	bool		is_topic = strstr(request->operation->path, "/topic/") != NULL;

	*member = is_topic ? "topic" : "resource";
	return is_topic ? "topic-acl" : "schema-registry-acl";
}

void
get_kafka_rules(Request *request, Response *response)
{
	static const char *const lists[] = {"topic-acl", "schema-registry-acl"};
	ServiceFacts facts;
	json_object *json;

	if (!find_typed(request, &facts, response))
		return;
	json = json_object_new_object();
	for (size_t i = 0; i < lengthof(lists); i++)
		json_add(json, lists[i], state_details_list(request->zone, &facts, lists[i]));
	respond_json(response, 200, json);
}

/* The same rule may be there already: the ids tell them apart. */
void
create_kafka_rule(Request *request, Response *response)
{
	const char *member;
	const char *list = list_of_path(request, &member);
	ServiceFacts facts;
	json_object *rule;
	char		uuid[UUID_SIZE];
	char		id[UUID_SIZE];

	if (!find_changeable(request, &facts, response))
		return;
	state_new_id(request->zone, "acl", uuid);
	snprintf(id, sizeof(id), "acl%.8s%.4s", uuid, uuid + 9);
	rule = json_object_new_object();
	json_add_text(rule, "id", id);
	json_add_text(rule, "username", json_member_text(request->json, "username"));
	json_add_text(rule, member, json_member_text(request->json, member));
	json_add_text(rule, "permission", json_member_text(request->json, "permission"));
	respond_edit(request, response, &facts, list, id, rule);
}

void
delete_kafka_rule(Request *request, Response *response)
{
	const char *member;
	const char *list = list_of_path(request, &member);
	ServiceFacts facts;
	json_object *rule;

	if (!find_changeable(request, &facts, response) ||
		!(rule = find_named(request, &facts, list, "id", "ACL", response)))
		return;
	json_object_put(rule);
	respond_edit(request, response, &facts, list, request->params[1], NULL);
}

/* ---------- clickhouse ---------- */

void
list_clickhouse_roles(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *json;

	if (!find_typed(request, &facts, response))
		return;
	json = json_object_new_object();
	json_add(json, "roles", state_details_list(request->zone, &facts, "roles"));
	respond_json(response, 200, json);
}

void
delete_clickhouse_role(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *role;

	if (!find_changeable(request, &facts, response) ||
		!(role = find_named(request, &facts, "roles", "uuid", "Role", response)))
		return;
	respond_edit(request, response, &facts, "roles", json_member_text(role, "uuid"), NULL);
	json_object_put(role);
}

/* The administrator has all roles, and others the first. */
static json_object *
granted_roles(json_object *roles, bool all)
{
	json_object *granted = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(roles) && (all || i == 0); i++)
	{
		json_object *role = json_object_array_get_idx(roles, i);
		json_object *json = json_object_new_object();

		json_add_text(json, "name", json_member_text(role, "name"));
		json_add_text(json, "uuid", json_member_text(role, "uuid"));
		json_add_bool(json, "default", true);
		json_add_bool(json, "with-admin-option", all);
		json_object_array_add(granted, json);
	}
	return granted;
}

static json_object *
privileges_json(bool all)
{
	json_object *array = json_object_new_array();
	json_object *json = json_object_new_object();

	json_add_text(json, "access-type", all ? "ALL" : "SELECT");
	json_add_text(json, "database", "default");
	if (!all)
		json_add_text(json, "table", "events");
	json_add_bool(json, "grant-option", all);
	json_add_bool(json, "partial-revoke", false);
	json_object_array_add(array, json);
	return array;
}

void
get_clickhouse_rights(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *json;
	json_object *users;
	json_object *roles;
	json_object *array;

	if (!find_typed(request, &facts, response))
		return;
	users = state_details_list(request->zone, &facts, "users");
	roles = state_details_list(request->zone, &facts, "roles");
	array = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(users); i++)
	{
		json_object *user = json_object_array_get_idx(users, i);
		json_object *shown = json_object_new_object();
		bool		is_admin = json_member_bool(user, "required", false);

		json_add_text(shown, "username", json_member_text(user, "username"));
		json_add_text(shown, "uuid", json_member_text(user, "uuid"));
		json_add(shown, "roles", granted_roles(roles, is_admin));
		json_add(shown, "privileges", privileges_json(is_admin));
		json_object_array_add(array, shown);
	}
	json = json_object_new_object();
	json_add(json, "users", array);
	respond_json(response, 200, json);
	json_object_put(users);
	json_object_put(roles);
}
