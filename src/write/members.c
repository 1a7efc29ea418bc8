/*-------------------------------------------------------------------------
 *
 * members.c
 *		Builds a JSON object, member by member.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/body.h"
#include "write/members.h"

struct DbaasMembers
{
	DbaasBody  *sent;
	DbaasBody  *shown;			/* without secrets */
};

DbaasMembers *
dbaas_members_new(void)
{
	DbaasMembers *members = palloc(sizeof(DbaasMembers));

	members->sent = dbaas_body_new();
	members->shown = dbaas_body_new();
	return members;
}

void
dbaas_members_add(DbaasMembers *members, const char *name, const char *value, const char *shown)
{
	dbaas_body_add(members->sent, name, dbaas_body_verbatim(value));
	dbaas_body_add(members->shown, name, dbaas_body_verbatim(shown));
}

/* The object that is the member of that name; adds an empty one if it is missing. */
static DbaasBody *
inner_object(DbaasBody *object, const char *name)
{
	DbaasBody  *inner;

	if (!dbaas_body_get(object, name, &inner))
	{
		inner = dbaas_body_object();
		dbaas_body_add(object, name, inner);
	}
	return inner;
}

void
dbaas_members_add_at(DbaasMembers *members, const char *place, const char *value,
					 const char *shown)
{
	const char *slash = strchr(place, '/');
	DbaasMembers inner;
	char	   *name;

	if (slash == NULL)
	{
		dbaas_members_add(members, place, value, shown);
		return;
	}
	name = pnstrdup(place, slash - place);
	inner.sent = inner_object(members->sent, name);
	inner.shown = inner_object(members->shown, name);
	dbaas_members_add(&inner, slash + 1, value, shown);
}

void
dbaas_members_add_object(DbaasMembers *members, const DbaasJson *object)
{
	for (const DbaasJson *name = object ? dbaas_json_first(object) : NULL; name;
		 name = dbaas_json_next(object, name))
	{
		const char *value = dbaas_json_text(name + 1);

		dbaas_members_add(members, dbaas_json_string(name, NULL), value, value);
	}
}

bool
dbaas_members_has(const DbaasMembers *members, const char *name)
{
	DbaasBody  *value;

	return dbaas_body_get(members->sent, name, &value);
}

static char *
object_text(DbaasBody *object)
{
	return dbaas_body_is_empty(object) ? NULL : pstrdup(dbaas_body_text(object));
}

char *
dbaas_members_text(const DbaasMembers *members)
{
	return object_text(members->sent);
}

char *
dbaas_members_shown(const DbaasMembers *members)
{
	return object_text(members->shown);
}
