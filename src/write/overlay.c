/*-------------------------------------------------------------------------
 *
 * overlay.c
 *		A thing of the API as the writes that were queued for it will leave it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "api/operation.h"
#include "write/overlay.h"

/* JSON that this wrapper made itself. */
static const DbaasJson *
parse_own(const char *text)
{
	const DbaasJson *value;
	char	   *problem;

	if (!dbaas_json_parse(CurrentMemoryContext, text, strlen(text),
						  DBAAS_JSON_ALL_NODES(strlen(text)), &value, &problem))
		elog(ERROR, "could not read the body of a queued write: %s", problem);
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

		overlay->gone = write->command == DBAAS_DELETE;
		if (write->command != DBAAS_UPDATE)
		{
			overlay->bodies = NIL;
			overlay->made = write->command == DBAAS_INSERT;
			overlay->made_path = overlay->made ? write->path : NULL;
		}
		if (write->body && !overlay->gone)
			overlay->bodies = lappend(overlay->bodies, unconstify(DbaasJson *, parse_own(write->body)));
	}
	return overlay;
}

bool
dbaas_overlay_find(const DbaasOverlay *overlay, const char *member, const DbaasJson **value)
{
	size_t		len = strcspn(member, "/");
	const char *outer = pnstrdup(member, len);
	const char *inner = member[len] ? member + len + 1 : NULL;
	bool		found = false;
	ListCell   *lc;

	foreach(lc, overlay->bodies)
	{
		const DbaasJson *object;

		if (!dbaas_json_find(lfirst(lc), outer, &object))
			continue;
		/* The API wants such an object whole. */
		found = true;
		if (inner == NULL)
			*value = object;
		else if (!dbaas_json_find(object, inner, value))
			*value = NULL;
	}
	return found;
}

/* Adds a member to the text of an object. */
static void
add_member(StringInfo text, const DbaasJson *name)
{
	appendStringInfo(text, "%s%s:%s", text->len > 1 ? "," : "", dbaas_json_text(name),
					 dbaas_json_text(name + 1));
}

const DbaasJson *
dbaas_overlay_merge(const DbaasOverlay *overlay, const char *member, const DbaasJson *base)
{
	ListCell   *lc;

	foreach(lc, overlay->bodies)
	{
		const DbaasJson *object;
		const DbaasJson *value;
		StringInfoData text;

		if (!dbaas_json_find(lfirst(lc), member, &object) || !dbaas_json_is(object, DBAAS_JSON_OBJECT))
			continue;
		initStringInfo(&text);
		appendStringInfoChar(&text, '{');
		for (const DbaasJson *name = base ? dbaas_json_first(base) : NULL; name;
			 name = dbaas_json_next(base, name))
		{
			if (!dbaas_json_find(object, dbaas_json_string(name, NULL), &value))
				add_member(&text, name);
		}
		for (const DbaasJson *name = dbaas_json_first(object); name; name = dbaas_json_next(object, name))
			add_member(&text, name);
		appendStringInfoChar(&text, '}');
		base = parse_own(text.data);
	}
	return base;
}
