/*-------------------------------------------------------------------------
 *
 * writable.c
 *		Which writes a table takes, and which of its columns each may set.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "lib/stringinfo.h"
#include "utils/lsyscache.h"

#include "write/writable.h"

/* Is the column that by which the parent, rows of the same resource, or NULL, is filtered? */
static bool
is_filter(const DbaasResource *resource, const DbaasParent *parent, int column)
{
	return parent && parent->list == resource && parent->filter == column;
}

bool
dbaas_writable_identifies(const DbaasResource *resource, int column)
{
	if (column < 0 || dbaas_catalogue_next_write(resource, DBAAS_DELETE, NULL) == NULL)
		return false;
	return column == DBAAS_ZONE_COLUMN || resource->columns[column].delete ||
		column == resource->index.services[0] || column == resource->index.services[1] ||
		(resource->whole && resource->columns[column].insert) ||
		is_filter(resource, resource->protected, column) ||
		is_filter(resource, resource->notable, column) ||
		dbaas_catalogue_write_path_has(resource, DBAAS_DELETE, column);
}

bool
dbaas_writable_tells_created(const DbaasResource *resource, int column)
{
	if (!resource->found_by_values)
		return column == resource->index.created;
	return resource->columns[column].field && dbaas_writable_takes(resource, DBAAS_INSERT, column);
}

const char *
dbaas_writable_name(const DbaasTable *table, int column)
{
	AttrNumber	attnum = dbaas_table_find_attribute(table, column);

	return attnum ? get_attname(table->relid, attnum, false) :
		table->resource->columns[column].name;
}

bool
dbaas_writable_takes(const DbaasResource *resource, DbaasCommand command, int column)
{
	if (column < 0)
		return false;
	if (command == DBAAS_UPDATE)
		return resource->columns[column].update != NULL;
	return column == DBAAS_ZONE_COLUMN || resource->columns[column].insert ||
		column == resource->index.choice || column == resource->index.arguments ||
		dbaas_catalogue_write_path_has(resource, DBAAS_INSERT, column);
}

bool
dbaas_writable_has_secret(const DbaasTable *table, DbaasCommand command)
{
	if (command == DBAAS_DELETE)
		return false;
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (table->resource->columns[c].secret && dbaas_table_find_attribute(table, c) &&
			dbaas_writable_takes(table->resource, command, c))
			return true;
	}
	return false;
}

bool
dbaas_writable_hides_statement(const DbaasTable *table, DbaasCommand command)
{
	if (command == DBAAS_DELETE)
		return false;
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		const DbaasColumn *column = &table->resource->columns[c];

		/*
		 * A user may put a secret into any object, even where the API wants
		 * none.
		 */
		if ((column->secret || column->type == DBAAS_JSONB) &&
			dbaas_writable_takes(table->resource, command, c))
			return true;
	}
	return false;
}

bool
dbaas_writable_sets_secret(const DbaasTable *table, const Bitmapset *updated)
{
	int			member = -1;

	while ((member = bms_next_member(updated, member)) >= 0)
	{
		AttrNumber	attnum = member + FirstLowInvalidHeapAttributeNumber;
		const DbaasColumn *column;

		if (attnum <= 0 || attnum > table->natts || !dbaas_table_shows(table, attnum))
			continue;
		column = dbaas_table_column(table, attnum);
		if (column->secret || column->holds_secrets)
			return true;
	}
	return false;
}

/* The table's columns that the command can set, "plan, parameters". */
static const char *
settable_columns(const DbaasTable *table, DbaasCommand command)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (dbaas_writable_takes(table->resource, command, c) &&
			dbaas_table_find_attribute(table, c))
			appendStringInfo(&out, "%s%s", out.len ? ", " : "", dbaas_writable_name(table, c));
	}
	return out.len ? out.data : "no column that this table has";
}

void
dbaas_writable_refuse(const DbaasTable *table, DbaasCommand command, AttrNumber attnum)
{
	const char *verb = command == DBAAS_INSERT ? "INSERT" : "UPDATE";

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(table->relid, attnum),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot be set by %s",
					get_attname(table->relid, attnum, false), get_rel_name(table->relid), verb),
			 errdetail("The API does not take it."),
			 errhint("%s takes: %s.", verb, settable_columns(table, command))));
}

void
dbaas_writable_check_repeated(const DbaasTable *table, DbaasCommand command)
{
	if (command == DBAAS_DELETE)
		return;
	for (int i = 0; i < table->natts; i++)
	{
		int			column = table->attributes[i].column;
		AttrNumber	first = column < 0 ? 0 : dbaas_table_find_attribute(table, column);

		if (first != 0 && first != i + 1 && dbaas_writable_takes(table->resource, command, column))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 dbaas_error_about(table->relid, i + 1),
					 errmsg("columns \"%s\" and \"%s\" of foreign table \"%s\" show the same field",
							get_attname(table->relid, first, false),
							get_attname(table->relid, i + 1, false), get_rel_name(table->relid)),
					 errhint("Write through a foreign table that shows it once.")));
	}
}

bool
dbaas_writable_needs_lists(const DbaasTable *table, const DbaasParent *parent)
{
	return parent && (parent->list != table->resource ||
					  dbaas_table_find_attribute(table, parent->filter) == 0);
}

const char *
dbaas_writable_typed_member(const char *type, const char *member)
{
	static const char mark[] = "{type}";

	return type && strncmp(member, mark, strlen(mark)) == 0 ?
		psprintf("%s%s", type, member + strlen(mark)) : member;
}

bool
dbaas_writable_is_part(const char *member, const char *object)
{
	size_t		len = strlen(object);

	return strncmp(member, object, len) == 0 && member[len] == '/';
}

bool
dbaas_writable_reads_kept(const DbaasTable *table, DbaasCommand command)
{
	const DbaasResource *resource = table->resource;
	const DbaasKept *kept = command == DBAAS_UPDATE ? resource->kept : NULL;
	bool		shown = false;

	if (kept == NULL)
		return false;
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const char *member = resource->columns[c].update;

		if (member == NULL || !dbaas_writable_is_part(member, kept->member))
			continue;
		if (dbaas_table_find_attribute(table, c) == 0)
			return true;
		shown = true;
	}
	return !shown;
}
