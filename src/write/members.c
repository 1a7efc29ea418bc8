/*-------------------------------------------------------------------------
 *
 * members.c
 *		A JSON object while it is made, member by member.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/json.h"

#include "write/members.h"

/* A member, or a part of the member that is an object. */
typedef struct Member
{
	const char *object;			/* name of that object; or NULL */
	const char *name;
	const char *value;			/* JSON */
	const char *shown;			/* JSON without secrets */
} Member;

struct DbaasMembers
{
	List	   *list;			/* of Member *, in order */
};

DbaasMembers *
dbaas_members_new(void)
{
	return palloc0(sizeof(DbaasMembers));
}

static bool
is_of_object(const Member *member, const char *object)
{
	if (member->object == NULL || object == NULL)
		return member->object == object;
	return strcmp(member->object, object) == 0;
}

static void
add_member(DbaasMembers *members, const Member *new_member)
{
	Member	   *member;
	ListCell   *lc;

	foreach(lc, members->list)
	{
		member = lfirst(lc);
		if (strcmp(member->name, new_member->name) == 0 &&
			is_of_object(member, new_member->object))
		{
			*member = *new_member;
			return;
		}
	}
	member = palloc(sizeof(Member));
	*member = *new_member;
	members->list = lappend(members->list, member);
}

void
dbaas_members_add(DbaasMembers *members, const char *name, const char *value, const char *shown)
{
	Member		member = {NULL, name, value, shown};

	add_member(members, &member);
}

void
dbaas_members_add_at(DbaasMembers *members, const char *place, const char *value,
					 const char *shown)
{
	size_t		len = strcspn(place, "/");
	Member		member = {NULL, place, value, shown};

	if (place[len])
	{
		member.object = pnstrdup(place, len);
		member.name = place + len + 1;
	}
	add_member(members, &member);
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
	ListCell   *lc;

	foreach(lc, members->list)
	{
		const Member *member = lfirst(lc);

		if (strcmp(member->object ? member->object : member->name, name) == 0)
			return true;
	}
	return false;
}

/* Is it the first part of its object? */
static bool
is_first_part(const DbaasMembers *members, const Member *member)
{
	ListCell   *lc;

	foreach(lc, members->list)
	{
		if (is_of_object(lfirst(lc), member->object))
			return lfirst(lc) == member;
	}
	return false;
}

static void
append_name(StringInfo out, const char *name)
{
	if (out->data[out->len - 1] != '{')
		appendStringInfoChar(out, ',');
	escape_json(out, name);
	appendStringInfoChar(out, ':');
}

/* Appends the object that is a member; or, for NULL, the one that has all members. */
static void
append_object(StringInfo out, const DbaasMembers *members, const char *object, bool shown)
{
	ListCell   *lc;

	appendStringInfoChar(out, '{');
	foreach(lc, members->list)
	{
		const Member *member = lfirst(lc);

		if (is_of_object(member, object))
		{
			append_name(out, member->name);
			appendStringInfoString(out, shown ? member->shown : member->value);
		}
		else if (object == NULL && is_first_part(members, member))
		{
			append_name(out, member->object);
			append_object(out, members, member->object, shown);
		}
	}
	appendStringInfoChar(out, '}');
}

static char *
members_text(const DbaasMembers *members, bool shown)
{
	StringInfoData out;

	if (members->list == NIL)
		return NULL;
	initStringInfo(&out);
	append_object(&out, members, NULL, shown);
	return out.data;
}

char *
dbaas_members_text(const DbaasMembers *members)
{
	return members_text(members, false);
}

char *
dbaas_members_shown(const DbaasMembers *members)
{
	return members_text(members, true);
}
