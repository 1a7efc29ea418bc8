/*-------------------------------------------------------------------------
 *
 * change.c
 *		What a write changes of a row, as the transaction will leave it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "tables/secret.h"
#include "write/change.h"
#include "write/same.h"
#include "write/writable.h"

/* Do both lie in one member that the API wants whole? */
static bool
go_together(const char *a, const char *b)
{
	return dbaas_writable_lies_in(b, pnstrdup(a, strcspn(a, "/"))) && strchr(a, '/');
}

/* The value of a column that the row was read with. */
const DbaasJson *
dbaas_change_read_value(DbaasWriter *writer, const DbaasChange *change, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(writer->table, column);

	return attnum ? dbaas_writer_json(writer, change->old_row, attnum - 1) : NULL;
}

/*
 * The value that a column has once what is queued has been sent.  Returns whether
 * it is known: what the API adds to a thing that the queue makes is not.
 */
static bool
queued_value(DbaasWriter *writer, const DbaasChange *change, int column, const DbaasJson **value)
{
	const char *member = dbaas_writable_typed_member(change->type, dbaas_writer_member(writer, column));
	const DbaasOverlay *overlay = change->overlay;

	*value = overlay && overlay->made ? NULL : dbaas_change_read_value(writer, change, column);
	if (overlay == NULL)
		return true;
	if (writer->resource->columns[column].merges)
		*value = dbaas_overlay_merge(overlay, member, *value);
	else if (dbaas_overlay_find(overlay, member, value))
		return true;
	return !overlay->made;
}

pg_noreturn static void
refuse_unseen(const DbaasWriter *writer, int column)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
			 errmsg("this UPDATE computes a value from column \"%s\" of foreign table \"%s\", which an earlier statement of the transaction changes",
					dbaas_writable_name(writer->table, column), get_rel_name(writer->table->relid)),
			 errdetail("That change is queued; the statement reads what the API still says."),
			 errhint("COMMIT in between, or give the value itself.")));
}

/*
 * Refuses a value that was computed from what the queue is to change.  An object
 * that the API merges is looked at member by member instead.
 */
void
dbaas_change_check_read(DbaasWriter *writer, const DbaasChange *change)
{
	for (int c = 0; change->overlay && c < writer->resource->ncolumns; c++)
	{
		const DbaasColumn *column = &writer->resource->columns[c];
		AttrNumber	attnum = dbaas_table_attribute(writer->table, c);
		const DbaasJson *value;

		if (attnum == 0 || dbaas_writer_member(writer, c) == NULL || !bms_is_member(attnum, writer->read) ||
			(column->merges && bms_is_member(attnum, writer->set)))
			continue;
		if (!queued_value(writer, change, c, &value) ||
			!dbaas_same(column->meaning, dbaas_change_read_value(writer, change, c), value))
			refuse_unseen(writer, c);
	}
}

/* Does the UPDATE give the column a value, be it the one that it was read with? */
static bool
is_set(DbaasWriter *writer, const DbaasChange *change, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(writer->table, column);

	return attnum && (bms_is_member(attnum, writer->set) ||
					  !dbaas_writer_keeps(writer, change->old_row, change->new_row, attnum - 1));
}

/* A member of an object that is merged; as it was, and as it is to be. */
typedef struct Merged
{
	const DbaasJson *read;		/* of the row as it was read */
	const DbaasJson *queued;	/* and as the queue will leave it */
	const DbaasJson *wanted;	/* by the new row */
	bool		computed;		/* are they computed from what was read? */
} Merged;

/* A secret is not shown, so who leaves it out does not mean to remove it. */
static bool
is_secret_member(const DbaasJson *name)
{
	return dbaas_secret_is_member(name) ||
		(dbaas_json_is(name + 1, DBAAS_JSON_STRING) && dbaas_secret_any_hidden(name + 1));
}

/* Adds the paths of what an object has and another has not, but for secrets. */
static void
list_lost(StringInfo lost, const char *prefix, const DbaasJson *had, const DbaasJson *has)
{
	if (!dbaas_json_is(had, DBAAS_JSON_OBJECT) || !dbaas_json_is(has, DBAAS_JSON_OBJECT))
		return;
	for (const DbaasJson *name = dbaas_json_first(had); name; name = dbaas_json_next(had, name))
	{
		const char *text = dbaas_json_string(name, NULL);
		const DbaasJson *member;
		char	   *path = psprintf("%s%s", prefix, text);

		if (!dbaas_json_find(has, text, &member))
		{
			if (!is_secret_member(name))
				appendStringInfo(lost, "%s%s", lost->len ? ", " : "", path);
		}
		else
			list_lost(lost, psprintf("%s.", path), name + 1, member);
	}
}

/* The API keeps what an UPDATE leaves out: so no row may leave it out. */
static void
check_lost(const DbaasWriter *writer, int column, const DbaasJson *had, const DbaasJson *has)
{
	StringInfoData lost;

	initStringInfo(&lost);
	list_lost(&lost, "", had, has);
	if (lost.len > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
				 errmsg("column \"%s\" of foreign table \"%s\" cannot lose members",
						dbaas_writable_name(writer->table, column), get_rel_name(writer->table->relid)),
				 errdetail("The API keeps those that an UPDATE leaves out: %s.",
						   dbaas_error_excerpt(lost.data, lost.len, DBAAS_EXCERPT_BYTES)),
				 errhint("Keep them, as %s || '{...}' does, and give each its default where that is meant.",
						 quote_identifier(dbaas_writable_name(writer->table, column)))));
}

/*
 * Has the UPDATE changed the member?  Where the value was computed from what was
 * read, a member that is as it was read is not meant, though the queue changes it.
 */
static bool
is_member_changed(const DbaasWriter *writer, int column, const Merged *objects, const char *name)
{
	const DbaasJson *read = dbaas_json_member(objects->read, name);
	const DbaasJson *queued = dbaas_json_member(objects->queued, name);
	const DbaasJson *wanted = dbaas_json_member(objects->wanted, name);

	if (dbaas_same(DBAAS_AS_JSON, wanted, queued) ||
		(objects->computed && dbaas_same(DBAAS_AS_JSON, wanted, read)))
		return false;
	if (objects->computed && !dbaas_same(DBAAS_AS_JSON, read, queued))
		refuse_unseen(writer, column);
	return true;
}

/* The members that an UPDATE changes of an object that the API merges; NULL for none. */
static const DbaasJson *
changed_members(DbaasWriter *writer, const DbaasChange *change, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(writer->table, column);
	Merged		objects = {
		dbaas_change_read_value(writer, change, column), .computed = bms_is_member(attnum, writer->read)
	};
	StringInfoData text;

	queued_value(writer, change, column, &objects.queued);
	objects.wanted = dbaas_writer_parse(writer, column, dbaas_writer_value(writer, change->new_row, column),
								 DBAAS_JSON_OBJECT, "a JSON object");
	check_lost(writer, column, objects.computed ? objects.read : objects.queued, objects.wanted);
	initStringInfo(&text);
	for (const DbaasJson *name = dbaas_json_first(objects.wanted); name;
		 name = dbaas_json_next(objects.wanted, name))
	{
		if (is_member_changed(writer, column, &objects, dbaas_json_string(name, NULL)))
			appendStringInfo(&text, "%c%s:%s", text.len ? ',' : '{', dbaas_json_text(name),
							 dbaas_json_text(name + 1));
	}
	if (text.len == 0)
		return NULL;
	appendStringInfoChar(&text, '}');
	return dbaas_writer_parse(writer, column, text.data, DBAAS_JSON_OBJECT, "a JSON object");
}

/* Has the UPDATE changed the column? */
static bool
is_changed(DbaasWriter *writer, DbaasChange *change, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasJson *old_value;
	const DbaasJson *new_value;

	if (!is_set(writer, change, column))
		return false;
	new_value = dbaas_writer_json(writer, change->new_row,
							   dbaas_table_attribute(writer->table, column) - 1);
	if (strcmp(c->update, "*") == 0)
		return new_value != NULL;
	if (c->merges && new_value)
	{
		change->values[column] = changed_members(writer, change, column);
		return change->values[column] != NULL;
	}
	return !queued_value(writer, change, column, &old_value) ||
		!dbaas_same(c->meaning, old_value, new_value);
}

/*
 * What an UPDATE that changes a column sends beside it: what lies in the same
 * member, as it is or will be.
 */
static void
send_with(DbaasWriter *writer, DbaasChange *change, int column)
{
	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		if (change->sent[c] || dbaas_writer_member(writer, c) == NULL ||
			!go_together(dbaas_writer_member(writer, column), dbaas_writer_member(writer, c)))
			continue;
		change->sent[c] = true;
		if (change->overlay && !is_set(writer, change, c) &&
			!queued_value(writer, change, c, &change->values[c]))
			dbaas_writer_refuse_missing(writer, c);
	}
}

/* Which columns go into the body?  Returns whether any does. */
bool
dbaas_change_find_sent(DbaasWriter *writer, DbaasChange *change)
{
	const DbaasResource *resource = writer->resource;
	bool		any = false;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (dbaas_writer_member(writer, c) == NULL)
			continue;
		change->sent[c] = writer->command == DBAAS_INSERT ? resource->columns[c].insert_required ||
			dbaas_writer_value(writer, change->new_row, c) :
			writer->command == DBAAS_DELETE || is_changed(writer, change, c);
		any = any || change->sent[c];
	}
	for (int c = 0; writer->command == DBAAS_UPDATE && c < resource->ncolumns; c++)
	{
		if (change->sent[c])
			send_with(writer, change, c);
	}
	return any;
}
