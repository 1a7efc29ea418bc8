/*-------------------------------------------------------------------------
 *
 * change.c
 *		Which columns a write sends, and what an UPDATE changes of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "tables/secret.h"
#include "write/change.h"
#include "write/members.h"
#include "write/same.h"
#include "write/writable.h"

/* ------------------------------------------------------------------------
 * Values before the UPDATE
 * ------------------------------------------------------------------------ */

const DbaasJson *
dbaas_change_old_value(DbaasWriter *writer, const DbaasChange *change, int column)
{
	AttrNumber	attnum = dbaas_table_find_attribute(writer->table, column);

	return attnum ? dbaas_writer_json(writer, change->old_row, attnum - 1) : NULL;
}

/* The member of the body that the column is sent as, for the type of the row's service. */
static const char *
typed_member(const DbaasWriter *writer, const DbaasChange *change, int column)
{
	return dbaas_writable_typed_member(change->type, dbaas_writer_member(writer, column));
}

/*
 * The value that a column will have once the queued writes are sent.  Returns whether it is
 * known: if a queued write creates the row, the API may set columns that it leaves out.
 */
static bool
queued_value(DbaasWriter *writer, const DbaasChange *change, int column, const DbaasJson **value)
{
	const DbaasOverlay *overlay = change->overlay;
	const char *member;

	*value = overlay && overlay->created ? NULL : dbaas_change_old_value(writer, change, column);
	if (overlay == NULL)
		return true;
	member = typed_member(writer, change, column);
	if (writer->resource->columns[column].merges)
		*value = dbaas_overlay_merge(overlay, member, *value);
	else if (dbaas_overlay_find(overlay, member, value))
		return true;
	return overlay->created == NULL;
}

pg_noreturn static void
refuse_stale_attribute(const DbaasWriter *writer, AttrNumber attnum)
{
	Oid			relid = writer->table->relid;

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(relid, attnum),
			 errmsg("this UPDATE computes a value from column \"%s\" of foreign table \"%s\", "
					"which an earlier statement of the transaction changes",
					get_attname(relid, attnum, false), get_rel_name(relid)),
			 errdetail("That change is queued; the statement reads what the API still says."),
			 errhint("COMMIT in between, or give the value itself.")));
}

void
dbaas_change_refuse_stale(const DbaasWriter *writer, int column)
{
	refuse_stale_attribute(writer, dbaas_table_find_attribute(writer->table, column));
}

/*
 * Refuses to compute a value from an attribute that shows the row as a whole, or a field that
 * the catalogue does not know: any queued write may change it.
 */
static void
check_whole_row(const DbaasWriter *writer)
{
	const DbaasTable *table = writer->table;

	for (AttrNumber attnum = 1; attnum <= table->natts; attnum++)
	{
		const DbaasAttribute *attribute = &table->attributes[attnum - 1];

		if (attribute->field && dbaas_writer_computes_from(writer, attnum) &&
			(attribute->column < 0 ||
			 (strcmp(attribute->field, "*") == 0 &&
			  dbaas_table_column(table, attnum)->type == DBAAS_JSONB)))
			refuse_stale_attribute(writer, attnum);
	}
}

/* Does the UPDATE compute a value from the column?  Of a source, several attributes may show it. */
static bool
is_computed_from(const DbaasWriter *writer, int column)
{
	/* A secret is NULL, whatever is queued. */
	if (dbaas_writer_member(writer, column) == NULL || writer->resource->columns[column].secret)
		return false;
	for (AttrNumber attnum = 1; attnum <= writer->table->natts; attnum++)
	{
		if (writer->table->attributes[attnum - 1].column == column &&
			dbaas_writer_computes_from(writer, attnum))
			return true;
	}
	return false;
}

/* Is it the name of a member that is a secret, before its value? */
static bool
is_secret_member(const DbaasColumn *column, const DbaasJson *name)
{
	for (const char *const *secret = column->secret_members; secret && *secret; secret++)
	{
		if (dbaas_json_equals(name, *secret))
			return true;
	}
	return dbaas_secret_is_member(name) ||
		(dbaas_json_is(name + 1, DBAAS_JSON_STRING) && dbaas_secret_any_hidden(name + 1));
}

static bool
same_members(const DbaasJson *a, const DbaasJson *b, const char *name)
{
	return dbaas_same_values(DBAAS_COMPARE_JSON, dbaas_json_member(a, name),
							 dbaas_json_member(b, name));
}

/* Has the first object a member that a row shows, and that the second one has not so? */
static bool
differs_from(const DbaasColumn *column, const DbaasJson *object, const DbaasJson *other)
{
	for (const DbaasJson *name = dbaas_json_first(object); name;
		 name = dbaas_json_next(object, name))
	{
		if (!is_secret_member(column, name) &&
			!same_members(object, other, dbaas_json_string(name, NULL)))
			return true;
	}
	return false;
}

/* Does the column show something else when the queued writes are sent? */
static bool
is_stale(DbaasWriter *writer, const DbaasChange *change, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasJson *old_value = dbaas_change_old_value(writer, change, column);
	const DbaasJson *queued;

	if (!queued_value(writer, change, column, &queued))
		return true;
	/* A secret is not shown, so nothing is computed from it. */
	if (c->merges && dbaas_json_is(old_value, DBAAS_JSON_OBJECT) &&
		dbaas_json_is(queued, DBAAS_JSON_OBJECT))
		return differs_from(c, queued, old_value) || differs_from(c, old_value, queued);
	return !dbaas_same_values(c->comparison, old_value, queued);
}

void
dbaas_change_check_computed(DbaasWriter *writer, const DbaasChange *change)
{
	if (change->overlay == NULL)
		return;
	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		if (is_computed_from(writer, c) && is_stale(writer, change, c))
			dbaas_change_refuse_stale(writer, c);
	}
	if (change->overlay->bodies)
		check_whole_row(writer);
}

void
dbaas_change_check_any(const DbaasWriter *writer, const DbaasChange *change)
{
	const DbaasOverlay *overlay = change->overlay;
	const DbaasJson *value;

	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		if (is_computed_from(writer, c) &&
			(overlay->created ||
			 dbaas_overlay_find(overlay, typed_member(writer, change, c), &value)))
			dbaas_change_refuse_stale(writer, c);
	}
	if (overlay->bodies)
		check_whole_row(writer);
}

/* ------------------------------------------------------------------------
 * Objects that the API merges
 * ------------------------------------------------------------------------ */

/*
 * Appends the paths of members that the new object lacks.  Secrets are not shown, so an object
 * that lacks one does not mean to remove it.
 */
static void
list_lost(StringInfo lost, const DbaasColumn *column, const char *prefix,
		  const DbaasJson *old_object, const DbaasJson *new_object)
{
	if (!dbaas_json_is(old_object, DBAAS_JSON_OBJECT) ||
		!dbaas_json_is(new_object, DBAAS_JSON_OBJECT))
		return;
	for (const DbaasJson *name = dbaas_json_first(old_object); name;
		 name = dbaas_json_next(old_object, name))
	{
		const char *text = dbaas_json_string(name, NULL);
		const DbaasJson *member;
		char	   *path = psprintf("%s%s", prefix, text);

		if (dbaas_json_find(new_object, text, &member))
			list_lost(lost, column, psprintf("%s.", path), name + 1, member);
		else if (!is_secret_member(column, name))
			appendStringInfo(lost, "%s%s", lost->len ? ", " : "", path);
	}
}

/* Refuses to remove members from an object: the API would keep them. */
static void
check_lost(const DbaasWriter *writer, int column, const DbaasJson *old_object,
		   const DbaasJson *new_object)
{
	const char *name = dbaas_writer_name(writer, column);
	StringInfoData lost;

	initStringInfo(&lost);
	list_lost(&lost, &writer->resource->columns[column], "", old_object, new_object);
	if (lost.len == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_writer_about(writer, column),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot lose members", name,
					get_rel_name(writer->table->relid)),
			 errdetail("The API keeps those that an UPDATE leaves out: %s.",
					   dbaas_error_excerpt(lost.data, lost.len, DBAAS_EXCERPT_BYTES)),
			 errhint("Keep them, as %s || '{...}' does, and give each its default "
					 "where that is meant.",
					 quote_identifier(name))));
}

static const DbaasJson *
parse_object(DbaasWriter *writer, int column, const char *text)
{
	return dbaas_writer_parse(writer, column, text, DBAAS_JSON_OBJECT, "a JSON object");
}

/* An object with the members of those names as the new object has them. */
static const DbaasJson *
give(DbaasWriter *writer, int column, const DbaasJson *object, const List *names,
	 const DbaasJson *new_object)
{
	DbaasMembers *members = dbaas_members_new();
	const char *text;
	ListCell   *lc;

	dbaas_members_add_object(members, object);
	foreach(lc, names)
	{
		const char *name = lfirst(lc);
		const DbaasJson *value;

		if (!dbaas_json_find(new_object, name, &value))
			continue;
		text = value ? dbaas_json_text(value) : "null";
		dbaas_members_add(members, name, text, text);
	}
	text = dbaas_members_text(members);
	return parse_object(writer, column, text ? text : "{}");
}

/*
 * The object that the new row means.  If the UPDATE gives members to the one that was read, it
 * gives them to the queued one instead.
 */
static const DbaasJson *
meant_object(DbaasWriter *writer, const DbaasChange *change, int column,
			 const DbaasJson *queued, const DbaasJson *new_object)
{
	AttrNumber	attnum = dbaas_table_find_attribute(writer->table, column);
	List	   *names;

	/*
	 * Of what a trigger may have replaced, only secrets are pending: see
	 * dbaas_change_check_computed().
	 */
	if (writer->triggered ||
		dbaas_same_values(DBAAS_COMPARE_JSON, dbaas_change_old_value(writer, change, column),
						  queued))
		return new_object;
	switch (writer->given(writer->given_arg, attnum, &names))
	{
		case DBAAS_GIVES_MEMBERS:
			return give(writer, column, queued, names, new_object);
		case DBAAS_GIVES_UNKNOWN:
			if (is_stale(writer, change, column))
				dbaas_change_refuse_stale(writer, column);
			break;
		case DBAAS_GIVES_OBJECT:
			break;
	}
	return new_object;
}

/*
 * An object with the members that an UPDATE changes; NULL if it changes no member.  With them
 * go the secrets that it has: the API may need one in each UPDATE.
 */
static const DbaasJson *
changed_members(DbaasWriter *writer, const DbaasChange *change, int column)
{
	const DbaasJson *queued;
	const DbaasJson *object;
	DbaasMembers *members = dbaas_members_new();
	bool		any = false;
	char	   *text;

	queued_value(writer, change, column, &queued);
	object = parse_object(writer, column, dbaas_writer_text(writer, change->new_row, column));
	object = meant_object(writer, change, column, queued, object);
	check_lost(writer, column, queued, object);
	for (const DbaasJson *name = dbaas_json_first(object); name;
		 name = dbaas_json_next(object, name))
	{
		const char *member = dbaas_json_string(name, NULL);
		const char *value = dbaas_json_text(name + 1);
		bool		same = same_members(object, queued, member);

		any = any || !same;
		if (!same || (is_secret_member(&writer->resource->columns[column], name) &&
					  !dbaas_secret_any_hidden(name + 1)))
			dbaas_members_add(members, member, value, value);
	}
	text = any ? dbaas_members_text(members) : NULL;
	return text ? parse_object(writer, column, text) : NULL;
}

/* ------------------------------------------------------------------------
 * Columns that are sent
 * ------------------------------------------------------------------------ */

bool
dbaas_change_sets(DbaasWriter *writer, const DbaasChange *change, int column)
{
	AttrNumber	attnum = dbaas_table_find_attribute(writer->table, column);

	return attnum && (bms_is_member(attnum, writer->set) ||
					  !dbaas_writer_keeps(writer, change->old_row, change->new_row, attnum - 1));
}

/*
 * Does the UPDATE set a column that no UPDATE changes, such as the one that names the row?
 * Then it writes a row back as it was read, as object mappers do.
 */
static bool
writes_back(const DbaasWriter *writer)
{
	int			attnum = -1;

	while ((attnum = bms_next_member(writer->set, attnum)) >= 0)
	{
		if (dbaas_table_shows(writer->table, attnum) &&
			!dbaas_writable_takes(writer->resource, DBAAS_UPDATE,
								  writer->table->attributes[attnum - 1].column))
			return true;
	}
	return false;
}

/*
 * Does the UPDATE change the column?  For an object that is merged, stores the members to
 * send in change->values.
 */
static bool
is_changed(DbaasWriter *writer, DbaasChange *change, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasJson *old_value;
	const DbaasJson *new_value;

	if (!dbaas_change_sets(writer, change, column))
		return false;
	new_value = dbaas_writer_json(writer, change->new_row,
								  dbaas_table_find_attribute(writer->table, column) - 1);
	if (strcmp(c->update, "*") == 0)
		return new_value != NULL;
	if (c->secret)				/* the old value is not known */
		return new_value || !writes_back(writer);
	if (c->merges && new_value)
	{
		change->values[column] = changed_members(writer, change, column);
		return change->values[column] != NULL;
	}
	return !queued_value(writer, change, column, &old_value) ||
		!dbaas_same_values(c->comparison, old_value, new_value);
}

/* Are both members, such as "maintenance/dow" and "maintenance/time", of one object? */
static bool
share_object(const char *a, const char *b)
{
	size_t		len = strcspn(a, "/");

	return a[len] == '/' && strncmp(a, b, len + 1) == 0;
}

/*
 * Is the value of a column that the UPDATE does not set known?  Stores in change->values that of
 * the queue, if it has one; the row has it otherwise.
 */
static bool
keeps_value(DbaasWriter *writer, DbaasChange *change, int column)
{
	const DbaasJson *value = NULL;

	if (change->overlay &&
		dbaas_overlay_find(change->overlay, typed_member(writer, change, column), &value))
	{
		change->values[column] = value ? value : dbaas_overlay_parse("null");
		return true;
	}
	return dbaas_table_find_attribute(writer->table, column) &&
		!(change->overlay && change->overlay->created);
}

/*
 * The API takes an object such as "maintenance" only as a whole.  So this sends, together
 * with a changed column, the other columns of its object: with the value that the UPDATE
 * sets, or else with the one that the queue leaves.
 */
static void
send_object(DbaasWriter *writer, DbaasChange *change, int column)
{
	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		const char *member = dbaas_writer_member(writer, c);

		if (change->sent[c] || member == NULL ||
			!share_object(dbaas_writer_member(writer, column), member))
			continue;
		change->sent[c] = true;
		if (!dbaas_change_sets(writer, change, c) && !keeps_value(writer, change, c))
			dbaas_writer_refuse_missing(writer, c);
	}
}

static bool
is_sent(DbaasWriter *writer, DbaasChange *change, int column)
{
	if (dbaas_writer_member(writer, column) == NULL)
		return false;
	if (writer->command == DBAAS_UPDATE)
		return is_changed(writer, change, column);
	return writer->command == DBAAS_DELETE || writer->resource->columns[column].insert_required ||
		dbaas_writer_text(writer, change->new_row, column);
}

bool
dbaas_change_find_sent(DbaasWriter *writer, DbaasChange *change)
{
	bool		any = false;

	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		change->sent[c] = is_sent(writer, change, c);
		any = any || change->sent[c];
	}
	for (int c = 0; writer->command == DBAAS_UPDATE && c < writer->resource->ncolumns; c++)
	{
		if (change->sent[c])
			send_object(writer, change, c);
	}
	return any;
}
