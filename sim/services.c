/*
 * services.c
 *		The handlers that create and change services, and what is inside them.
 *
 * The body was validated against the API's document before; what is checked
 * here depends on the state or on the catalogue.  The effect of a write is a
 * change of what the type's own read shows: of some members, or of one item of
 * a list.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "details.h"
#include "handlers.h"
#include "operations.h"
#include "options.h"
#include "replicas.h"
#include "schema.h"
#include "validate.h"
#include "writes.h"

/* ---------- checks ---------- */

bool
find_typed(Request *request, ServiceFacts *facts, Response *response)
{
	if (state_service_below(request->zone, request->api_path, request->params[0], facts))
		return true;
	respond_message(response, 404, "Service not found");
	return false;
}

/* The service must not be about to be deleted. */
static bool
find_staying(Request *request, ServiceFacts *facts, Response *response)
{
	char		id[UUID_SIZE];

	if (!find_typed(request, facts, response))
		return false;
	service_id(facts, id);
	return check_not_pending(request, EFFECT_DELETE_SERVICE, id, response);
}

bool
find_changeable(Request *request, ServiceFacts *facts, Response *response)
{
	return find_staying(request, facts, response) && check_running(request, facts, response);
}

/*
 * Termination protection is a flag of the platform, and can be changed in any
 * state.  Clients send the backup schedule with it, since it would move.
 */
static bool
changes_protection_alone(json_object *body, json_object *now)
{
	json_object_object_foreach(body, name, value)
	{
		if (strcmp(name, "termination-protection") != 0 &&
			!(strcmp(name, "backup-schedule") == 0 &&
			  json_object_equal(value, json_object_object_get(now, name))))
			return false;
	}
	return json_object_object_get_ex(body, "termination-protection", NULL);
}

/* Finds the plan that the body names.  "*plan" is NULL when it names none. */
static bool
check_plan(Request *request, const Plan **plan, Response *response)
{
	const char *name = json_member_text(request->json, "plan");

	*plan = NULL;
	if (name == NULL)
		return true;
	*plan = plan_find(name);
	if (*plan == NULL)
		respond_bad_member(response, "plan", "is not a plan of this type of service");
	else if (!plan_in_zone(*plan, state_zone_index(request->zone)))
		respond_bad_member(response, "plan", "is not offered in this zone");
	else if (!(*plan)->authorized)
		respond_message(response, 403, "Plan %s is not authorized for this organization", name);
	else
		return true;
	return false;
}

/* The version must exist, and must not be older than the service's own. */
static bool
check_version(Request *request, const ServiceType *type, const char *current, Response *response)
{
	const char *version = json_member_text(request->json, "version");

	if (version == NULL)
		return true;
	if (type->versions == NULL || !service_type_has_version(type, version))
		respond_bad_member(response, "version", "is not an available version");
	else if (current && strtod(version, NULL) < strtod(current, NULL))
		respond_bad_member(response, "version", "is older than the service's version");
	else
		return true;
	return false;
}

/* An address, with or without the length of a prefix. */
static bool
is_address_block(const char *text)
{
	char	   *address = xstrndup(text, strcspn(text, "/"));
	const char *slash = strchr(text, '/');
	char	   *end = NULL;
	long		prefix = slash ? strtol(slash + 1, &end, 10) : 0;
	unsigned char bytes[16];
	bool		is_v4 = inet_pton(AF_INET, address, bytes) == 1;
	bool		valid = is_v4 || inet_pton(AF_INET6, address, bytes) == 1;

	free(address);
	if (slash && (end == slash + 1 || *end || strspn(slash + 1, "0123456789") == 0))
		return false;
	return valid && prefix >= 0 && prefix <= (is_v4 ? 32 : 128);
}

static bool
check_ip_filter(Request *request, Response *response)
{
	json_object *filter = json_object_object_get(request->json, "ip-filter");

	for (size_t i = 0; filter && i < json_object_array_length(filter); i++)
		if (!is_address_block(json_object_get_string(json_object_array_get_idx(filter, i))))
		{
			respond_bad_member(response, "ip-filter", "is not a list of address blocks");
			return false;
		}
	return true;
}

static bool
check_maintenance(Request *request, Response *response)
{
	json_object *maintenance = json_object_object_get(request->json, "maintenance");

	if (maintenance == NULL ||
		schema_pattern_matches("^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$",
							   json_member_text(maintenance, "time")))
		return true;
	respond_bad_member(response, "maintenance", "has an invalid time");
	return false;
}

/*
 * The checks that a create and an update share.  "current" is the current
 * version, or NULL.
 */
static bool
check_body(Request *request, const ServiceType *type, const char *current, const Plan **plan,
		   Response *response)
{
	return check_plan(request, plan, response) &&
		check_version(request, type, current, response) &&
		check_ip_filter(request, response) && check_maintenance(request, response);
}

/* ---------- services ---------- */

/* Members of a body that a read does not show as they were sent. */
static bool
is_shown(const char *name)
{
	static const char *const others[] = {
		"plan", "termination-protection", "admin-username", "admin-password", "migration",
		"integrations", "fork-from-service", "recovery-backup-time", "recovery-backup-name",
		"variant"
	};

	for (size_t i = 0; i < lengthof(others); i++)
		if (strcmp(others[i], name) == 0)
			return false;
	return true;
}

static bool
is_settings(const char *name)
{
	size_t		length = strlen(name);

	return length > 9 && strcmp(name + length - 9, "-settings") == 0;
}

/*
 * Returns "now" with the members of "sent", and without those that are null in
 * it.
 */
static json_object *
merged(json_object *now, json_object *sent)
{
	json_object *json = json_object_new_object();

	if (now)
	{
		json_object_object_foreach(now, name, value)
		{
			json_add(json, name, json_object_get(value));
		}
	}
	json_object_object_foreach(sent, name, value)
	{
		if (value)
			json_add(json, name, json_object_get(value));
		else
			json_object_object_del(json, name);
	}
	return json;
}

/* An address block as the read shows it, malloc'd: with its length, and without host bits. */
static char *
address_block(const char *text)
{
	char	   *address = xstrndup(text, strcspn(text, "/"));
	const char *slash = strchr(text, '/');
	unsigned char bytes[16];
	char		shown[INET6_ADDRSTRLEN];
	int			family = inet_pton(AF_INET, address, bytes) == 1 ? AF_INET : AF_INET6;
	int			size = family == AF_INET ? 4 : 16;
	int			length = slash ? atoi(slash + 1) : 8 * size;

	inet_pton(family, address, bytes);
	free(address);
	for (int bit = length; bit < 8 * size; bit++)
		bytes[bit / 8] &= (unsigned char) ~(0x80 >> bit % 8);
	inet_ntop(family, bytes, shown, sizeof(shown));
	return xasprintf("%s/%d", shown, length);
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(json_object_get_string(*(json_object *const *) a),
				  json_object_get_string(*(json_object *const *) b));
}

/* The blocks of a filter, sorted and without duplicates. */
static json_object *
address_blocks(json_object *sent)
{
	json_object *all = json_object_new_array();
	json_object *blocks = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(sent); i++)
	{
		json_object *address = json_object_array_get_idx(sent, i);
		char	   *block = address_block(json_object_get_string(address));

		json_object_array_add(all, json_object_new_string(block));
		free(block);
	}
	json_object_array_sort(all, compare_texts);
	for (size_t i = 0; i < json_object_array_length(all); i++)
	{
		json_object *block = json_object_array_get_idx(all, i);

		if (i == 0 || !json_object_equal(block, json_object_array_get_idx(all, i - 1)))
			json_object_array_add(blocks, json_object_get(block));
	}
	json_object_put(all);
	return blocks;
}

/* A service that has a backup schedule gets another one with a PUT that leaves it out. */
static void
move_schedule(Request *request, const ServiceFacts *facts, json_object *now, json_object *members)
{
	json_object *schedule;
	char		id[UUID_SIZE];

	if (!json_object_object_get_ex(now, "backup-schedule", NULL) ||
		json_object_object_get_ex(request->json, "backup-schedule", NULL))
		return;
	state_new_id(request->zone, "backup-schedule", id);
	schedule = json_object_new_object();
	json_add_number(schedule, "backup-hour", rnd(24, "%s/%s/backup-hour", facts->zone, id));
	json_add_number(schedule, "backup-minute", rnd(60, "%s/%s/backup-minute", facts->zone, id));
	json_add(members, "backup-schedule", schedule);
}

/*
 * Returns the members that the body changes, as the read will show them.
 * Settings that the body does not name stay as they are, and so do the updates
 * of the maintenance.  All else is replaced.
 */
static json_object *
changed_members(json_object *body, json_object *now)
{
	json_object *members = json_object_new_object();

	json_object_object_foreach(body, name, value)
	{
		json_object *current = json_object_object_get(now, name);

		if (!is_shown(name))
			continue;
		if (is_settings(name) || strcmp(name, "maintenance") == 0)
			value = merged(current, value);
		else if (strcmp(name, "ip-filter") == 0 && value)
			value = address_blocks(value);
		else if (json_object_is_type(value, json_type_object))
			value = merged(NULL, value);
		else
			json_object_get(value);
		json_add(members, name, value);
	}
	return members;
}

static void
set_protection(Effect *effect, json_object *body)
{
	effect->sets_protection = json_object_object_get_ex(body, "termination-protection", NULL);
	effect->protection = json_member_bool(body, "termination-protection", false);
}

/* Sets the administrator's name and password from the body. */
static void
add_administrator(json_object *members, const ServiceFacts *facts, json_object *body)
{
	const char *name = json_member_text(body, "admin-username");
	const char *password = json_member_text(body, "admin-password");
	json_object *users;
	json_object *admin;

	if (name == NULL && password == NULL)
		return;
	users = details_list(facts, NULL, "users");
	if (name)
	{
		admin = details_user(facts, name);
		json_add_text(admin, "type", "primary");
		json_object_array_put_idx(users, 0, admin);
	}
	if (password)
		json_add_text(json_object_array_get_idx(users, 0), "password", password);
	json_add(members, "users", users);
}

/* Has the service a backup of that name? */
static bool
has_backup(Request *request, const ServiceFacts *facts, const char *name)
{
	json_object *now = state_details_json(request->zone, facts);
	json_object *backups = json_object_object_get(now, "backups");
	bool		found = false;

	for (size_t i = 0; i < json_object_array_length(backups); i++)
	{
		json_object *backup = json_object_array_get_idx(backups, i);

		found |= strcmp(json_member_text(backup, "backup-name"), name) == 0;
	}
	json_object_put(now);
	return found;
}

/* A point in time and a backup to recover from are those of a service to fork from. */
static bool
check_recovery(Request *request, const ServiceFacts *source, Response *response)
{
	const char *time = json_member_text(request->json, "recovery-backup-time");
	const char *backup = json_member_text(request->json, "recovery-backup-name");
	struct tm	tm;

	if (time && (!source || strptime(time, "%Y-%m-%dT%H:%M:%S", &tm) == NULL))
		respond_bad_member(response, "recovery-backup-time",
						   source ? "is not a time" : "needs fork-from-service");
	else if (backup && !(source && has_backup(request, source, backup)))
		respond_bad_member(response, "recovery-backup-name",
						   source ? "is not a backup of the service" : "needs fork-from-service");
	else
		return true;
	return false;
}

/*
 * Finds the service to fork from, which must be of the same type.  "*forks" is
 * whether there is one.
 */
static bool
check_fork(Request *request, const ServiceType *type, bool *forks, ServiceFacts *source,
		   Response *response)
{
	const char *name = json_member_text(request->json, "fork-from-service");

	*forks = name != NULL;
	if (name && !find_service(request, name, source, response))
		return false;
	if (name && source->type != type)
	{
		respond_bad_member(response, "fork-from-service", "is not a service of this type");
		return false;
	}
	return check_recovery(request, name ? source : NULL, response);
}

/* A fork has the databases, users and pools of what it was forked from. */
static void
add_forked(Request *request, json_object *members, const ServiceFacts *source)
{
	static const char *const lists[] = {"databases", "users", "connection-pools"};
	json_object *now = state_details_json(request->zone, source);

	for (size_t i = 0; i < lengthof(lists); i++)
	{
		json_object *list = json_object_object_get(now, lists[i]);

		if (list)
			json_add(members, lists[i], json_object_get(list));
	}
	json_object_put(now);
}

/*
 * Finds a service in this zone, or else in another one.  Two zones are never
 * locked at once, so this one may change meanwhile.
 */
static bool
find_anywhere(Request *request, const char *name, ServiceFacts *facts, ReplicaEnd *end)
{
	SimZone    *own = request->zone;
	bool		found = state_service(own, name, facts);

	end->zone = state_zone_index(own);
	for (int i = 0; !found && i < config.zones; i++)
	{
		if (state_zone(i) == own)
			continue;
		state_unlock(own);
		state_lock(state_zone(i));
		found = state_service(state_zone(i), name, facts);
		state_unlock(state_zone(i));
		state_lock(own);
		end->zone = i;
	}
	return found;
}

/*
 * Finds the service that a new one is to replicate.  The end's name is empty
 * when there is none.
 */
static bool
check_replica(Request *request, const ServiceType *type, ReplicaEnd *source, Response *response)
{
	json_object *wanted = json_object_object_get(request->json, "integrations");
	json_object *first = wanted ? json_object_array_get_idx(wanted, 0) : NULL;
	const char *name = json_member_text(first, "source-service");
	const char *dest = json_member_text(first, "dest-service");
	ServiceFacts facts;

	source->name[0] = '\0';
	if (first == NULL)
		return true;
	if (name == NULL || json_object_array_length(wanted) > 1 ||
		(dest && strcmp(dest, request->params[0]) != 0))
	{
		respond_bad_member(response, "integrations",
						   "must name the one service that this one follows");
		return false;
	}
	if (!find_anywhere(request, name, &facts, source))
	{
		respond_message(response, 404, "Service not found");
		return false;
	}
	if (facts.type != type)
	{
		respond_bad_member(response, "integrations", "names a service that is not of this type");
		return false;
	}
	source->service = facts.index;
	snprintf(source->name, sizeof(source->name), "%s", facts.name);
	return true;
}

/* Makes the new service a replica of the other one. */
static void
add_replica(Request *request, const ReplicaEnd *source, int service)
{
	ReplicaEnd	dest = {
		.zone = state_zone_index(request->zone),
		.service = service,
	};
	char		id[UUID_SIZE];

	snprintf(dest.name, sizeof(dest.name), "%s", request->params[0]);
	state_new_id(request->zone, "integration", id);
	replicas_add(id, source, &dest);
}

void
create_service(Request *request, Response *response)
{
	const char *name = request->params[0];
	const ServiceType *type = service_type_below(request->api_path);
	Effect		change = {.kind = EFFECT_CHANGE_SERVICE};
	Effect		effect = {.kind = EFFECT_CREATE_SERVICE};
	ServiceFacts facts,
				forked;
	ReplicaEnd	source;
	json_object *now;
	bool		forks;

	if (!check_body(request, type, NULL, &change.plan, response) ||
		!check_fork(request, type, &forks, &forked, response) ||
		!check_replica(request, type, &source, response))
		return;
	if (state_service(request->zone, name, &facts))
	{
		respond_error(response, 409, "Service already exists");
		return;
	}
	effect.service = change.service = state_service_add(request->zone, name, type);
	if (*source.name)
		add_replica(request, &source, effect.service);
	set_protection(&change, request->json);
	state_service_at(request->zone, effect.service, &facts);
	now = state_details_json(request->zone, &facts);
	change.members = changed_members(request->json, now);
	json_object_put(now);
	if (forks)
		add_forked(request, change.members, &forked);
	add_administrator(change.members, &facts, request->json);
	state_apply(request->zone, &change);
	respond_service_operation(request, response, &facts, &effect);
}

void
update_service(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_CHANGE_SERVICE};
	ServiceFacts facts;
	json_object *now;

	if (!find_staying(request, &facts, response))
		return;
	now = state_details_json(request->zone, &facts);
	if ((changes_protection_alone(request->json, now) ||
		 check_running(request, &facts, response)) &&
		check_body(request, facts.type, json_member_text(now, "version"), &effect.plan, response))
	{
		effect.service = facts.index;
		set_protection(&effect, request->json);
		effect.members = changed_members(request->json, now);
		move_schedule(request, &facts, now, effect.members);
		effect.rebuilds = effect.plan || json_object_object_get_ex(request->json, "version", NULL);
		respond_service_operation(request, response, &facts, &effect);
	}
	json_object_put(now);
}

void
delete_typed_service(Request *request, Response *response)
{
	ServiceFacts facts;

	if (find_typed(request, &facts, response))
		start_deletion(request, &facts, response);
}

/* Installs the updates that the service's maintenance lists. */
void
start_maintenance(Request *request, Response *response)
{
	Effect		effect = {
		.kind = EFFECT_CHANGE_SERVICE,
		.rebuilds = true,
	};
	ServiceFacts facts;
	json_object *now;
	json_object *maintenance;

	if (!find_changeable(request, &facts, response))
		return;
	now = state_details_json(request->zone, &facts);
	maintenance = merged(NULL, json_object_object_get(now, "maintenance"));
	json_add(maintenance, "updates", json_object_new_array());
	json_object_put(now);
	effect.service = facts.index;
	effect.members = json_object_new_object();
	json_add(effect.members, "maintenance", maintenance);
	respond_service_operation(request, response, &facts, &effect);
}

void
enable_writes(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_NONE};
	ServiceFacts facts;

	if (find_changeable(request, &facts, response))
		respond_service_operation(request, response, &facts, &effect);
}

void
stop_migration(Request *request, Response *response)
{
	Effect		effect = {
		.kind = EFFECT_CHANGE_SERVICE,
		.stops_migration = true,
	};
	ServiceFacts facts;
	json_object *migration;

	if (!find_changeable(request, &facts, response))
		return;
	migration = state_migration_json(request->zone, &facts);
	if (migration == NULL)
	{
		respond_message(response, 404, "No migration found");
		return;
	}
	json_object_put(migration);
	effect.service = facts.index;
	respond_service_operation(request, response, &facts, &effect);
}

/* Responds with the task itself, which has ended at once. */
void
create_upgrade_check(Request *request, Response *response)
{
	const char *target = json_member_text(request->json, "target-version");
	Effect		effect = {.kind = EFFECT_CREATE_TASK};
	Task		task = {.of_upgrade = true,.success = true,.create_time = config.epoch};
	ServiceFacts facts;
	json_object *now;

	if (!find_changeable(request, &facts, response))
		return;
	now = state_details_json(request->zone, &facts);
	if (strtod(target, NULL) <= strtod(json_member_text(now, "version"), NULL))
		respond_bad_member(response, "target-version", "is not above the service's version");
	else
	{
		task.service = facts.index;
		state_new_id(request->zone, "task", task.id);
		effect.task = task;
		state_apply(request->zone, &effect);
		respond_json(response, 200, data_task_json(&task, facts.type));
	}
	json_object_put(now);
}

/* ---------- items of lists: users, databases, connection pools ---------- */

/*
 * Returns a new reference to the item whose "member" is the key, or NULL.  When
 * "member" is empty, the items are strings.
 */
static json_object *
find_item(Request *request, const ServiceFacts *facts, const char *list, const char *member,
		  const char *key)
{
	json_object *items = state_details_list(request->zone, facts, list);
	json_object *found = NULL;

	for (size_t i = 0; items && !found && i < json_object_array_length(items); i++)
	{
		json_object *item = json_object_array_get_idx(items, i);
		const char *name = *member ? json_member_text(item, member) : json_object_get_string(item);

		if (name && strcasecmp(name, key) == 0 &&
			(strcmp(name, key) == 0 || strcmp(member, "uuid") == 0))
			found = json_object_get(item);
	}
	json_object_put(items);
	return found;
}

static bool
has_item(Request *request, const ServiceFacts *facts, const char *list, const char *member,
		 const char *key)
{
	json_object *item = find_item(request, facts, list, member, key);

	json_object_put(item);
	return item != NULL;
}

/* Takes over "item"; NULL removes the item. */
static Effect
edit(const ServiceFacts *facts, const char *list, const char *key, json_object *item)
{
	Effect		effect = {
		.kind = EFFECT_EDIT_LIST,
		.service = facts->index,
		.list = list,
		.key = xstrdup(key),
		.item = item,
	};

	return effect;
}

void
respond_edit(Request *request, Response *response, const ServiceFacts *facts, const char *list,
			 const char *key, json_object *item)
{
	Effect		effect;

	if (state_edit_pending(request->zone, facts->index, list, key))
	{
		json_object_put(item);
		respond_error(response, 409, "Another operation is in progress");
		return;
	}
	effect = edit(facts, list, key, item);
	respond_service_operation(request, response, facts, &effect);
}

static bool
check_new_item(Request *request, const ServiceFacts *facts, const char *list, const char *member,
			   const char *key, const char *what, Response *response)
{
	json_object *item = find_item(request, facts, list, member, key);

	if (item == NULL)
		return true;
	json_object_put(item);
	respond_error(response, 409, "%s already exists", what);
	return false;
}

json_object *
find_named(Request *request, const ServiceFacts *facts, const char *list, const char *member,
		   const char *what, Response *response)
{
	json_object *item = find_item(request, facts, list, member, request->params[1]);

	if (item == NULL)
		respond_message(response, 404, "%s not found", what);
	return item;
}

static json_object *
user_of_path(Request *request, const ServiceFacts *facts, Response *response)
{
	return find_named(request, facts, "users", "username", "User", response);
}

/* What clickhouse returns instead of an operation. */
static void
respond_secrets(Response *response, const char *username, const char *password)
{
	json_object *json = json_object_new_object();

	json_add_text(json, "username", username);
	json_add_text(json, "password", password);
	respond_json(response, 200, json);
}

/* Clickhouse changes a user at once.  Takes over "user". */
static void
apply_with_secrets(Request *request, Response *response, const ServiceFacts *facts,
				   json_object *user)
{
	Effect		effect = edit(facts, "users", json_member_text(user, "username"), user);

	respond_secrets(response, json_member_text(user, "username"),
					json_member_text(user, "password"));
	state_apply_settling(request->zone, &effect);
}

static bool
is_clickhouse(const ServiceFacts *facts)
{
	return strcmp(facts->type->name, "clickhouse") == 0;
}

void
create_user(Request *request, Response *response)
{
	static const char *const copied[] = {"allow-replication", "authentication", "access-control"};
	const char *username = json_member_text(request->json, "username");
	ServiceFacts facts;
	json_object *user;

	if (!find_changeable(request, &facts, response) ||
		!check_new_item(request, &facts, "users", "username", username, "User", response))
		return;
	user = details_user(&facts, username);
	for (size_t i = 0; i < lengthof(copied); i++)
	{
		json_object *value;

		if (json_object_object_get_ex(request->json, copied[i], &value))
			json_add(user, copied[i], json_object_get(value));
	}
	if (is_clickhouse(&facts))
	{
		if (json_member_text(request->json, "password"))
			json_add_text(user, "password", json_member_text(request->json, "password"));
		apply_with_secrets(request, response, &facts, user);
	}
	else
		respond_edit(request, response, &facts, "users", username, user);
}

void
delete_user(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *user;

	if (!find_changeable(request, &facts, response))
		return;
	user = find_named(request, &facts, "users", is_clickhouse(&facts) ? "uuid" : "username",
					  "User", response);
	if (user == NULL)
		return;
	if (json_member_bool(user, "required", false) ||
		(json_member_text(user, "type") && strcmp(json_member_text(user, "type"), "primary") == 0))
		respond_error(response, 409, "The service needs this user");
	else if (has_item(request, &facts, "connection-pools", "username",
					  json_member_text(user, "username")))
		respond_error(response, 409, "A connection pool uses the user");
	else
		respond_edit(request, response, &facts, "users", json_member_text(user, "username"), NULL);
	json_object_put(user);
}

/* There is no operation: the response is the list of users. */
void
allow_replication(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *user;
	json_object *value;
	json_object *users;
	json_object *json;
	Effect		effect;

	if (!find_changeable(request, &facts, response) ||
		!(user = user_of_path(request, &facts, response)))
		return;
	if (json_object_object_get_ex(request->json, "allow-replication", &value))
		json_add(user, "allow-replication", json_object_get(value));
	effect = edit(&facts, "users", request->params[1], user);
	state_apply(request->zone, &effect);

	users = state_details_list(request->zone, &facts, "users");
	for (size_t i = 0; i < json_object_array_length(users); i++)
	{
		json_object_object_del(json_object_array_get_idx(users, i), "password");
		json_object_object_del(json_object_array_get_idx(users, i), "type");
	}
	json = json_object_new_object();
	json_add(json, "users", users);
	respond_json(response, 200, json);
}

/* Makes up a new password when the body has none. */
void
reset_password(Request *request, Response *response)
{
	const char *sent = json_member_text(request->json, "password");
	ServiceFacts facts;
	json_object *user;
	json_object *value;
	char		id[UUID_SIZE];
	char	   *password;

	if (!find_changeable(request, &facts, response) ||
		!(user = user_of_path(request, &facts, response)))
		return;
	state_new_id(request->zone, "password", id);
	password = sent ? xstrdup(sent) : xasprintf("S3CRET_%s", id);
	json_add_text(user, "password", password);
	if (is_clickhouse(&facts))
		apply_with_secrets(request, response, &facts, user);
	else
	{
		if (json_object_object_get_ex(request->json, "authentication", &value))
			json_add(user, "authentication", json_object_get(value));
		respond_edit(request, response, &facts, "users", request->params[1], user);
	}
	free(password);
}

/* Finds the service of a read of secrets.  Otherwise "response" is a 404. */
static bool
find_revealed(Request *request, ServiceFacts *facts, Response *response)
{
	if (state_service_below(request->zone, request->api_path, request->params[0], facts))
		return true;
	respond_message(response, 404, "Service not found");
	return false;
}

void
reveal_password(Request *request, Response *response)
{
	static const char *const revealed[] = {
		"username", "password", "access-cert", "access-cert-expiry", "access-key"
	};
	ServiceFacts facts;
	json_object *user;
	json_object *json;

	if (!find_revealed(request, &facts, response) ||
		!(user = user_of_path(request, &facts, response)))
		return;
	json = json_object_new_object();
	for (size_t i = 0; i < lengthof(revealed); i++)
	{
		json_object *value;

		if (json_object_object_get_ex(user, revealed[i], &value))
			json_add(json, revealed[i], json_object_get(value));
	}
	json_object_put(user);
	respond_json(response, 200, json);
}

void
reveal_connect_password(Request *request, Response *response)
{
	ServiceFacts facts;
	char	   *password;

	if (!find_revealed(request, &facts, response))
		return;
	password = details_password(&facts, "connect");
	respond_secrets(response, "connect", password);
	free(password);
}

void
update_access_control(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *user;
	json_object *value;

	if (!find_changeable(request, &facts, response) ||
		!(user = user_of_path(request, &facts, response)))
		return;
	if (json_object_object_get_ex(request->json, "access-control", &value))
		json_add(user, "access-control", json_object_get(value));
	respond_edit(request, response, &facts, "users", request->params[1], user);
}

void
create_database(Request *request, Response *response)
{
	const char *name = json_member_text(request->json, "database-name");
	ServiceFacts facts;

	if (find_changeable(request, &facts, response) &&
		check_new_item(request, &facts, "databases", "", name, "Database", response))
		respond_edit(request, response, &facts, "databases", name, json_object_new_string(name));
}

void
delete_database(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *database;

	if (!find_changeable(request, &facts, response) ||
		!(database = find_named(request, &facts, "databases", "", "Database", response)))
		return;
	json_object_put(database);
	if (has_item(request, &facts, "connection-pools", "database", request->params[1]))
		respond_error(response, 409, "A connection pool uses the database");
	else
		respond_edit(request, response, &facts, "databases", request->params[1], NULL);
}

/* If a member of the body names an item, the service must have it. */
static bool
check_known(Request *request, const ServiceFacts *facts, const char *member, const char *list,
			const char *key_member, Response *response)
{
	const char *name = json_member_text(request->json, member);

	if (name == NULL || has_item(request, facts, list, key_member, name))
		return true;
	respond_bad_member(response, member, "is not known to the service");
	return false;
}

static bool
check_pool(Request *request, const ServiceFacts *facts, Response *response)
{
	return check_known(request, facts, "database-name", "databases", "", response) &&
		check_known(request, facts, "username", "users", "username", response);
}

/*
 * Returns a pool with the body's members; those that it lacks come from "now",
 * or are the defaults.
 */
static json_object *
pool_of_body(Request *request, const ServiceFacts *facts, const char *name, json_object *now)
{
	const char *database = json_member_text(request->json, "database-name");
	const char *mode = json_member_text(request->json, "mode");
	const char *username = json_member_text(request->json, "username");
	int64_t		size = json_member_number(now, "size", 10);
	json_object *users = state_details_list(request->zone, facts, "users");
	json_object *pool;

	if (database == NULL)
		database = json_member_text(now, "database");
	if (mode == NULL && !(mode = json_member_text(now, "mode")))
		mode = "transaction";
	if (username == NULL && !(username = json_member_text(now, "username")))
		username = json_member_text(json_object_array_get_idx(users, 0), "username");
	pool = details_pool(facts, name, database, mode,
						json_member_number(request->json, "size", size), username);
	json_object_put(users);
	return pool;
}

void
create_pool(Request *request, Response *response)
{
	const char *name = json_member_text(request->json, "name");
	ServiceFacts facts;

	if (find_changeable(request, &facts, response) && check_pool(request, &facts, response) &&
		check_new_item(request, &facts, "connection-pools", "name", name,
					   "Connection pool", response))
		respond_edit(request, response, &facts, "connection-pools", name,
					 pool_of_body(request, &facts, name, NULL));
}

void
update_pool(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *now;

	if (!find_changeable(request, &facts, response) ||
		!(now = find_named(request, &facts, "connection-pools", "name",
						   "Connection pool", response)))
		return;
	if (check_pool(request, &facts, response))
		respond_edit(request, response, &facts, "connection-pools", request->params[1],
					 pool_of_body(request, &facts, request->params[1], now));
	json_object_put(now);
}

void
delete_pool(Request *request, Response *response)
{
	ServiceFacts facts;
	json_object *pool;

	if (!find_changeable(request, &facts, response) ||
		!(pool = find_named(request, &facts, "connection-pools", "name",
							"Connection pool", response)))
		return;
	json_object_put(pool);
	respond_edit(request, response, &facts, "connection-pools", request->params[1], NULL);
}

/* ---------- rules of access to indexes ---------- */

/* What the body has takes the place of all that there was. */
void
replace_index_rules(Request *request, Response *response)
{
	Effect		effect = {.kind = EFFECT_REPLACE_RULES};
	ServiceFacts facts;

	if (!find_changeable(request, &facts, response))
		return;
	service_id(&facts, effect.id);
	if (!check_not_pending(request, effect.kind, effect.id, response))
		return;
	effect.service = facts.index;
	effect.item = json_object_get(request->json);
	respond_service_operation(request, response, &facts, &effect);
}
