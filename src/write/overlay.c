/*-------------------------------------------------------------------------
 *
 * overlay.c
 *		A row as the writes that are queued for it will leave it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "write/members.h"
#include "write/overlay.h"

const DbaasJson *
dbaas_overlay_parse(const char *text)
{
	const DbaasJson *value;
	char	   *problem;

	if (!dbaas_json_parse(CurrentMemoryContext, text, strlen(text),
						  DBAAS_JSON_ALL_NODES(strlen(text)), &value, &problem))
		elog(ERROR, "could not read JSON of a queued write: %s", problem);
	return value;
}

DbaasOverlay *
dbaas_overlay_new(const List *writes)
{
	DbaasOverlay *overlay = palloc0(sizeof(DbaasOverlay));
	ListCell   *lc;

	foreach(lc, writes)
	{
		const DbaasWrite *write = lfirst(lc);

		overlay->deleted = write->command == DBAAS_DELETE;
		if (write->command != DBAAS_UPDATE)
		{
			overlay->bodies = NIL;
			overlay->created = write->command == DBAAS_INSERT ? write : NULL;
		}
		if (write->body && !overlay->deleted)
			overlay->bodies = lappend(overlay->bodies,
									  unconstify(DbaasJson *, dbaas_overlay_parse(write->body)));
	}
	return overlay;
}

bool
dbaas_overlay_find(const DbaasOverlay *overlay, const char *member, const DbaasJson **value)
{
	size_t		len = strcspn(member, "/");
	const char *object_name = pnstrdup(member, len);
	const char *part = member[len] ? member + len + 1 : NULL;
	bool		found = false;
	ListCell   *lc;

	foreach(lc, overlay->bodies)
	{
		const DbaasJson *object;

		if (!dbaas_json_find(lfirst(lc), object_name, &object))
			continue;
		/* Bodies have such an object whole: a part that is not in it is null. */
		found = true;
		if (part == NULL)
			*value = object;
		else if (!dbaas_json_find(object, part, value))
			*value = NULL;
	}
	return found;
}

const DbaasJson *
dbaas_overlay_merge(const DbaasOverlay *overlay, const char *member, const DbaasJson *base)
{
	DbaasMembers *members = NULL;
	ListCell   *lc;

	foreach(lc, overlay->bodies)
	{
		const DbaasJson *object;

		if (!dbaas_json_find(lfirst(lc), member, &object) ||
			!dbaas_json_is(object, DBAAS_JSON_OBJECT))
			continue;
		if (members == NULL)
		{
			members = dbaas_members_new();
			dbaas_members_add_object(members, base);
		}
		dbaas_members_add_object(members, object);
	}
	if (members == NULL)
		return base;
	return dbaas_overlay_parse(dbaas_members_text(members) ? dbaas_members_text(members) : "{}");
}
