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

const DbaasWriteEndpoint *
dbaas_writable_endpoint(const DbaasResource *resource, CmdType command)
{
	const DbaasWriteEndpoint *endpoint = command == CMD_INSERT ? &resource->insert :
		command == CMD_UPDATE ? &resource->update :
		command == CMD_DELETE ? &resource->delete : NULL;

	return endpoint && endpoint->method ? endpoint : NULL;
}

bool
dbaas_writable_in_path(const DbaasResource *resource, const char *path, int column)
{
	DbaasPath	parsed;

	if (path == NULL)
		return false;
	parsed = dbaas_catalogue_path(resource, path);
	return dbaas_path_has(&parsed, column);
}

bool
dbaas_writable_identifies(const DbaasResource *resource, int column)
{
	const DbaasWriteEndpoint *endpoint = &resource->delete;
	const char *name = column < 0 ? NULL : resource->columns[column].name;
	const char *named[] = {
		endpoint->services[0], endpoint->services[1], endpoint->body_column,
		resource->protected ? resource->protected->filter_column : NULL,
		endpoint->notable ? endpoint->notable->filter_column : NULL
	};

	if (name == NULL || endpoint->method == NULL)
		return false;
	for (size_t i = 0; i < lengthof(named); i++)
	{
		if (named[i] && strcmp(named[i], name) == 0)
			return true;
	}
	return column == DBAAS_ZONE_COLUMN || dbaas_writable_in_path(resource, endpoint->path, column) ||
		dbaas_writable_in_path(resource, endpoint->other_path, column);
}

const char *
dbaas_writable_name(const DbaasTable *table, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(table, column);

	return attnum ? get_attname(table->relid, attnum, false) : table->resource->columns[column].name;
}

bool
dbaas_writable_takes(const DbaasResource *resource, CmdType command, int column)
{
	if (column < 0)
		return false;
	if (command == CMD_UPDATE)
		return resource->columns[column].update != NULL;
	return column == DBAAS_ZONE_COLUMN || resource->columns[column].insert ||
		dbaas_writable_in_path(resource, resource->insert.path, column);
}

bool
dbaas_writable_has_secret(const DbaasTable *table, CmdType command)
{
	if (command == CMD_DELETE)
		return false;
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (table->resource->columns[c].secret && dbaas_table_attribute(table, c) &&
			dbaas_writable_takes(table->resource, command, c))
			return true;
	}
	return false;
}

/* May a value of the column hold a secret, be it inside an object? */
static bool
may_hold_secret(const DbaasColumn *column)
{
	return column->secret || column->type == DBAAS_JSONB;
}

bool
dbaas_writable_hides_statement(const DbaasTable *table, CmdType command)
{
	if (command == CMD_DELETE)
		return false;
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (may_hold_secret(&table->resource->columns[c]) &&
			dbaas_writable_takes(table->resource, command, c))
			return true;
	}
	return false;
}

/*
 * Settings of a service may hold the password of a mail server, say; those of an
 * integration hold nothing that the API calls secret.
 */
static bool
is_of_service(const DbaasResource *resource, const DbaasColumn *column)
{
	return column->type == DBAAS_JSONB && resource->update.type_column != NULL;
}

bool
dbaas_writable_sets_secret(const DbaasTable *table, const Bitmapset *updated)
{
	const DbaasResource *resource = table->resource;
	int			member = -1;

	while ((member = bms_next_member(updated, member)) >= 0)
	{
		AttrNumber	attnum = member + FirstLowInvalidHeapAttributeNumber;
		const DbaasColumn *column;

		if (attnum <= 0 || attnum > table->natts || !dbaas_table_shows(table, attnum))
			continue;
		column = &resource->columns[table->attributes[attnum - 1].column];
		if (column->secret || is_of_service(resource, column))
			return true;
	}
	return false;
}

/* The table's columns that the command sets, for a hint. */
static const char *
settable_columns(const DbaasTable *table, CmdType command)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (dbaas_writable_takes(table->resource, command, c) && dbaas_table_attribute(table, c))
			appendStringInfo(&out, "%s%s", out.len ? ", " : "", dbaas_writable_name(table, c));
	}
	return out.len ? out.data : "no column that this table has";
}

void
dbaas_writable_refuse(const DbaasTable *table, CmdType command, AttrNumber attnum)
{
	const char *verb = command == CMD_INSERT ? "INSERT" : "UPDATE";

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(table->relid, attnum),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot be set by %s",
					get_attname(table->relid, attnum, false), get_rel_name(table->relid), verb),
			 errdetail("The API does not take it."),
			 errhint("%s takes: %s.", verb, settable_columns(table, command))));
}

/*
 * Of two columns that show one field, which one would be sent?  Refused, where
 * the command may give it a value.
 */
void
dbaas_writable_check_repeated(const DbaasTable *table, CmdType command)
{
	if (command == CMD_DELETE)
		return;
	for (int i = 0; i < table->natts; i++)
	{
		int			column = table->attributes[i].column;
		AttrNumber	first = column < 0 ? 0 : dbaas_table_attribute(table, column);

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

/*
 * Does the table not show what tells whether a row is among those of the parent?
 * Then the statement asks for its lists.
 */
bool
dbaas_writable_needs_lists(const DbaasTable *table, const DbaasParent *parent)
{
	return parent && dbaas_table_attribute(table, parent->filter) == 0;
}

/* The name of a member, with the type of the service. */
const char *
dbaas_writable_typed_member(const char *type, const char *member)
{
	static const char mark[] = "{type}";

	return type && strncmp(member, mark, strlen(mark)) == 0 ?
		psprintf("%s%s", type, member + strlen(mark)) : member;
}

/* Does the member of a body lie in that object? */
bool
dbaas_writable_lies_in(const char *member, const char *object)
{
	size_t		len = strlen(object);

	return strncmp(member, object, len) == 0 && member[len] == '/';
}

bool
dbaas_writable_asks_kept(const DbaasTable *table, CmdType command)
{
	const DbaasResource *resource = table->resource;
	const DbaasKept *kept = command == CMD_UPDATE ? resource->update.kept : NULL;
	bool		any = false;

	if (kept == NULL)
		return false;
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (resource->columns[c].update == NULL || !dbaas_writable_lies_in(resource->columns[c].update, kept->member))
			continue;
		if (dbaas_table_attribute(table, c) == 0)
			return true;
		any = true;
	}
	return !any;
}

const DbaasEndpoint *
dbaas_writable_kept_read(const DbaasKept *kept)
{
	return &dbaas_catalogue_find(kept->resource)->reads[0];
}
