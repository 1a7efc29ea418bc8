/*-------------------------------------------------------------------------
 *
 * write.c
 *		From a row to a request that writes it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/bitmapset.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "api/body.h"
#include "api/progress.h"
#include "base/network.h"
#include "read/decode.h"
#include "tables/path.h"
#include "tables/secret.h"
#include "write/overlay.h"
#include "write/same.h"
#include "write/write.h"

struct DbaasWriter
{
	const DbaasTable *table;
	const DbaasResource *resource;
	const DbaasWriteEndpoint *endpoint;
	CmdType		operation;
	TupleDesc	desc;
	FmgrInfo   *outputs;		/* by attribute number - 1 */
	Oid			userid;
	DbaasConnection *conn;
	DbaasStatement *statement;
	int			read_after;		/* dbaas_queue_sendings() before it reads */
	const Bitmapset *set;		/* attributes that an UPDATE sets, */
	const Bitmapset *read;		/* and those that it computes values from */
	bool		asks_kept;		/* does the table not show what every PUT carries? */
};

const DbaasWriteEndpoint *
dbaas_write_endpoint(const DbaasResource *resource, CmdType operation)
{
	const DbaasWriteEndpoint *endpoint = operation == CMD_INSERT ? &resource->insert :
		operation == CMD_UPDATE ? &resource->update :
		operation == CMD_DELETE ? &resource->delete : NULL;

	return endpoint && endpoint->method ? endpoint : NULL;
}

/* Does the endpoint's path hold the column? */
static bool
in_path(const DbaasResource *resource, const char *path, int column)
{
	for (const char *p = path ? strchr(path, '{') : NULL; p; p = strchr(p, '{'))
	{
		size_t		len = strcspn(++p, "}");

		if (dbaas_catalogue_column_by_param(resource, pnstrdup(p, len)) == column)
			return true;
	}
	return false;
}

bool
dbaas_write_identifies(const DbaasResource *resource, int column)
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
	return column == DBAAS_ZONE_COLUMN || in_path(resource, endpoint->path, column) ||
		in_path(resource, endpoint->other_path, column);
}

/* The name that the table gives a column of the catalogue. */
static const char *
shown_name(const DbaasTable *table, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(table, column);

	return attnum ? get_attname(table->relid, attnum, false) : table->resource->columns[column].name;
}

/* May the operation give the column a value? */
static bool
is_settable(const DbaasResource *resource, CmdType operation, int column)
{
	if (column < 0)
		return false;
	if (operation == CMD_UPDATE)
		return resource->columns[column].update != NULL;
	return column == DBAAS_ZONE_COLUMN || resource->columns[column].insert ||
		in_path(resource, resource->insert.path, column);
}

bool
dbaas_write_has_secret(const DbaasTable *table, CmdType operation)
{
	if (operation == CMD_DELETE)
		return false;
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (table->resource->columns[c].secret && dbaas_table_attribute(table, c) &&
			is_settable(table->resource, operation, c))
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
dbaas_write_hides_statement(const DbaasTable *table, CmdType operation)
{
	if (operation == CMD_DELETE)
		return false;
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (may_hold_secret(&table->resource->columns[c]) &&
			is_settable(table->resource, operation, c))
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
dbaas_write_sets_secret(const DbaasTable *table, const Bitmapset *updated)
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

/* The table's columns that the operation takes, for a hint. */
static const char *
settable_columns(const DbaasTable *table, CmdType operation)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (is_settable(table->resource, operation, c) && dbaas_table_attribute(table, c))
			appendStringInfo(&out, "%s%s", out.len ? ", " : "", shown_name(table, c));
	}
	return out.len ? out.data : "no column that this table has";
}

pg_noreturn static void
refuse_column(const DbaasTable *table, CmdType operation, AttrNumber attnum)
{
	const char *verb = operation == CMD_INSERT ? "INSERT" : "UPDATE";

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(table->relid, attnum),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot be set by %s",
					get_attname(table->relid, attnum, false), get_rel_name(table->relid), verb),
			 errdetail("The API does not take it."),
			 errhint("%s takes: %s.", verb, settable_columns(table, operation))));
}

/*
 * Of two columns that show one field, which one would be sent?  Refused, where
 * the operation may give it a value.
 */
static void
check_repeated(const DbaasTable *table, CmdType operation)
{
	if (operation == CMD_DELETE)
		return;
	for (int i = 0; i < table->natts; i++)
	{
		int			column = table->attributes[i].column;
		AttrNumber	first = column < 0 ? 0 : dbaas_table_attribute(table, column);

		if (first != 0 && first != i + 1 && is_settable(table->resource, operation, column))
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
static bool
needs_lists(const DbaasTable *table, const DbaasParent *parent)
{
	return parent && dbaas_table_attribute(table, dbaas_catalogue_column(table->resource,
																		 parent->filter_column)) == 0;
}

/* Does the member of a body lie in that object? */
static bool
is_inside(const char *member, const char *object)
{
	size_t		len = strlen(object);

	return strncmp(member, object, len) == 0 && member[len] == '/';
}

bool
dbaas_write_asks_kept(const DbaasTable *table, CmdType operation)
{
	const DbaasResource *resource = table->resource;
	const DbaasKept *kept = operation == CMD_UPDATE ? resource->update.kept : NULL;
	bool		any = false;

	if (kept == NULL)
		return false;
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (resource->columns[c].update == NULL || !is_inside(resource->columns[c].update, kept->member))
			continue;
		if (dbaas_table_attribute(table, c) == 0)
			return true;
		any = true;
	}
	return !any;
}

const DbaasEndpoint *
dbaas_write_kept_read(const DbaasKept *kept)
{
	return &dbaas_catalogue_find(kept->resource)->reads[0];
}

DbaasWriter *
dbaas_writer_new(const DbaasTable *table, TupleDesc desc, CmdType operation, Oid userid,
				 DbaasStatement *statement, MemoryContext query_cxt)
{
	DbaasWriter *writer = palloc0(sizeof(DbaasWriter));
	DbaasError *error;

	check_repeated(table, operation);
	writer->table = table;
	writer->resource = table->resource;
	writer->endpoint = dbaas_write_endpoint(table->resource, operation);
	writer->operation = operation;
	writer->userid = userid;
	writer->statement = statement;
	writer->desc = desc;
	writer->outputs = palloc0(Max(desc->natts, 1) * sizeof(FmgrInfo));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		Oid			output;
		bool		varlena;

		if (attr->attisdropped)
			continue;
		getTypeOutputInfo(attr->atttypid, &output, &varlena);
		fmgr_info(output, &writer->outputs[i]);
	}
	if (writer->endpoint->type_column && !writer->endpoint->creates)
		dbaas_statement_expect_parents(statement, table->serverid, dbaas_catalogue_service_facts());
	if (operation == CMD_DELETE && needs_lists(table, table->resource->protected))
		dbaas_statement_expect_parents(statement, table->serverid, table->resource->protected);
	writer->asks_kept = dbaas_write_asks_kept(table, operation);
	if (writer->asks_kept)
		dbaas_statement_expect(statement, table->serverid,
							   dbaas_write_kept_read(writer->endpoint->kept)->path);
	if (needs_lists(table, writer->endpoint->notable))
		dbaas_statement_expect_parents(statement, table->serverid, writer->endpoint->notable);
	error = dbaas_connection_get(table->serverid, userid, query_cxt, &writer->conn);
	if (error)
		dbaas_table_raise(writer->table, error);
	writer->read_after = dbaas_queue_sendings();
	return writer;
}

void
dbaas_writer_updates(DbaasWriter *writer, const Bitmapset *set, const Bitmapset *read)
{
	writer->set = set;
	writer->read = read;
}

int
dbaas_writer_read_after(const DbaasWriter *writer)
{
	return writer->read_after;
}

DbaasConnection *
dbaas_writer_api(DbaasWriter *writer)
{
	return writer->conn;
}

/* An attribute's text, or NULL. */
static const char *
attribute_text(DbaasWriter *writer, const DbaasRowValues *row, int index)
{
	if (row->isnull[index])
		return NULL;
	return OutputFunctionCall(&writer->outputs[index], row->values[index]);
}

const char *
dbaas_writer_value(DbaasWriter *writer, const DbaasRowValues *row, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(writer->table, column);
	const char *text = attnum ? attribute_text(writer, row, attnum - 1) : NULL;

	return text ? pg_server_to_any(text, strlen(text), PG_UTF8) : NULL;
}

/* ------------------------------------------------------------------------
 * Values
 * ------------------------------------------------------------------------ */

/* The JSON value of that text; or the text as a JSON string when it is none. */
static const DbaasJson *
text_as_json(const char *text, bool is_json)
{
	const DbaasJson *value;
	char	   *problem;
	StringInfoData quoted;

	if (is_json && dbaas_json_parse(CurrentMemoryContext, text, strlen(text),
									DBAAS_JSON_ALL_NODES(strlen(text)), &value, &problem))
		return value;
	initStringInfo(&quoted);
	escape_json(&quoted, text);
	if (!dbaas_json_parse(CurrentMemoryContext, quoted.data, quoted.len, 1, &value, &problem))
		return NULL;
	return value;
}

/* An array as JSON, in UTF-8; the text of what is JSON already. */
static const char *
array_text(DbaasWriter *writer, const DbaasRowValues *row, int index)
{
	Oid			type = TupleDescAttr(writer->desc, index)->atttypid;
	const char *json;

	if (OidIsValid(get_element_type(getBaseType(type))))
		json = TextDatumGetCString(OidFunctionCall1(F_ARRAY_TO_JSON_ANYARRAY, row->values[index]));
	else
		json = attribute_text(writer, row, index);
	return pg_server_to_any(json, strlen(json), PG_UTF8);
}

/* What an attribute's value is in the API; NULL when it has none. */
static const DbaasJson *
attribute_json(DbaasWriter *writer, const DbaasRowValues *row, int index)
{
	DbaasType	type = writer->resource->columns[writer->table->attributes[index].column].type;
	const char *text;
	bool		boolean;

	if (row->isnull[index])
		return NULL;
	if (type == DBAAS_TEXT_ARRAY)
		return text_as_json(array_text(writer, row, index), true);
	text = attribute_text(writer, row, index);
	if (type == DBAAS_BOOLEAN && parse_bool(text, &boolean))
		text = boolean ? "true" : "false";
	return text_as_json(pg_server_to_any(text, strlen(text), PG_UTF8),
						type == DBAAS_BIGINT || type == DBAAS_DOUBLE || type == DBAAS_BOOLEAN ||
						type == DBAAS_JSONB);
}

static bool
attribute_time(DbaasWriter *writer, const DbaasRowValues *row, int index, TimestampTz *time)
{
	Oid			type = getBaseType(TupleDescAttr(writer->desc, index)->atttypid);

	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID)
		return dbaas_decode_time(attribute_json(writer, row, index), time);
	*time = DatumGetTimestampTz(row->values[index]);
	return true;
}

/* Is it the same time, as precisely as the new value says it? */
static bool
same_time(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasRowValues *new_row, int index)
{
	static const int64 units[] = {USECS_PER_SEC, 1000, 1};
	TimestampTz old_time;
	TimestampTz new_time;

	if (!attribute_time(writer, old_row, index, &old_time) ||
		!attribute_time(writer, new_row, index, &new_time))
		return false;
	for (size_t i = 0; i < lengthof(units); i++)
	{
		if (new_time % units[i] == 0)
			return old_time > new_time - units[i] && old_time < new_time + units[i];
	}
	return false;
}

/* Does the new row keep an attribute's value? */
static bool
same_attribute(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasRowValues *new_row,
			   int index)
{
	const DbaasColumn *column = &writer->resource->columns[writer->table->attributes[index].column];

	if (old_row->isnull[index] || new_row->isnull[index])
		return old_row->isnull[index] && new_row->isnull[index];
	if (strcmp(attribute_text(writer, old_row, index), attribute_text(writer, new_row, index)) == 0)
		return true;
	if (column->type == DBAAS_TIMESTAMPTZ)
		return same_time(writer, old_row, new_row, index);
	return dbaas_same(column->meaning, attribute_json(writer, old_row, index),
					  attribute_json(writer, new_row, index));
}

/* ------------------------------------------------------------------------
 * Checks
 * ------------------------------------------------------------------------ */

/* Refuses a value, with what is allowed as the hint; never shows a secret. */
pg_noreturn static void
refuse_value(const DbaasWriter *writer, int column, const char *value, const char *allowed)
{
	const char *name = shown_name(writer->table, column);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
			 writer->resource->columns[column].secret || value == NULL ?
			 errmsg("the API does not accept this value of column \"%s\"", name) :
			 errmsg("the API does not accept \"%s\" for column \"%s\"",
					dbaas_error_excerpt(value, strlen(value), NAMEDATALEN), name),
			 errhint("%s", allowed)));
}

static void
check_domain(const DbaasWriter *writer, int column, const char *value)
{
	const char *problem = dbaas_catalogue_check(writer->resource->columns[column].write_domain,
												value);

	if (problem)
		refuse_value(writer, column, value,
					 psprintf("Allowed for %s: %s.", shown_name(writer->table, column), problem));
}

/*
 * Refuses a row that gives a value where the API takes none.  A column that keeps
 * its value is not set.
 */
static void
check_settable(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasRowValues *new_row)
{
	for (int i = 0; i < writer->table->natts; i++)
	{
		if (!dbaas_table_shows(writer->table, i + 1) ||
			is_settable(writer->resource, writer->operation, writer->table->attributes[i].column))
			continue;
		if (writer->operation == CMD_UPDATE ? !same_attribute(writer, old_row, new_row, i) :
			!new_row->isnull[i])
			refuse_column(writer->table, writer->operation, i + 1);
	}
}

pg_noreturn static void
refuse_missing(const DbaasWriter *writer, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	Oid			relid = writer->table->relid;

	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 dbaas_error_about(relid, dbaas_table_attribute(writer->table, column)),
			 errmsg("column \"%s\" of foreign table \"%s\" has to be given",
					shown_name(writer->table, column), get_rel_name(relid)),
			 errdetail("The API needs it."),
			 dbaas_table_attribute(writer->table, column) ? 0 :
			 errhint("The table has no such column: ALTER FOREIGN TABLE %s ADD COLUMN %s %s.",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
												get_rel_name(relid)),
					 quote_identifier(c->name), dbaas_catalogue_type_name(c->type))));
}

/*
 * Is the row to delete among those of the parent?  Where the table does not show
 * it, the list of its zone tells.
 */
static bool
is_among(DbaasWriter *writer, const DbaasRowValues *row, const DbaasOverlay *overlay,
		 const DbaasZone *zone, const DbaasParent *parent)
{
	const DbaasResource *resource = writer->resource;
	int			column;
	const char *value;
	const DbaasJson *queued = NULL;
	List	   *found;
	DbaasError *error;
	bool		truth;

	if (writer->operation != CMD_DELETE || parent == NULL)
		return false;
	column = dbaas_catalogue_column(resource, parent->filter_column);
	if (overlay && resource->columns[column].update &&
		(dbaas_overlay_find(overlay, resource->columns[column].update, &queued) || overlay->made))
		return dbaas_json_is(queued, DBAAS_JSON_BOOLEAN) && *queued->text == 't';
	if (needs_lists(writer->table, parent))
	{
		int			name = dbaas_catalogue_column(resource, parent->keys[0].parent_column);

		error = dbaas_statement_locate(writer->statement, writer->conn, zone,
									   dbaas_writer_value(writer, row, name), parent, &found);
		if (error)
			dbaas_table_raise(writer->table, error);
		return found != NIL;
	}
	value = dbaas_writer_value(writer, row, column);
	if (value == NULL || resource->columns[column].type != DBAAS_BOOLEAN)
		return value && strcmp(value, parent->filter_value) == 0;
	return parse_bool(value, &truth) && truth;
}

/* The API refuses to delete what is protected: so does this, at once. */
static void
check_protection(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasOverlay *overlay,
				 const DbaasZone *zone, const char *name)
{
	const DbaasParent *protected = writer->resource->protected;
	int			column;
	const char *shown;

	if (!is_among(writer, old_row, overlay, zone, protected))
		return;
	column = dbaas_catalogue_column(writer->resource, protected->filter_column);
	shown = shown_name(writer->table, column);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
			 errmsg("service \"%s\" is protected against termination",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN)),
			 needs_lists(writer->table, protected) ?
			 errhint("Take the termination protection off first, through a table that has column \"%s\".",
					 shown) :
			 errhint("Take the termination protection off first: UPDATE ... SET %s = false; "
					 "or leave the service out: ... AND %s IS NOT TRUE.", shown, shown)));
}

/* A DELETE that does more than it says is seldom meant so. */
static void
warn_of_effect(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasZone *zone,
			   const DbaasWrite *write)
{
	const char *first = write->services[0];
	const char *second = write->services[1];

	if (!is_among(writer, old_row, NULL, zone, writer->endpoint->notable))
		return;
	dbaas_error_notice(WARNING,
					   (errmsg("%s %s", dbaas_write_label(write), writer->endpoint->effect),
						first && second ?
						errdetail("Its services are \"%s\" and \"%s\".",
								  dbaas_error_excerpt(first, strlen(first), NAMEDATALEN),
								  dbaas_error_excerpt(second, strlen(second), NAMEDATALEN)) : 0));
}

/* ------------------------------------------------------------------------
 * Zone, path and body
 * ------------------------------------------------------------------------ */

static char *
zone_names(const DbaasZones *zones)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < zones->n; i++)
		appendStringInfo(&out, "%s%s", i ? ", " : "", zones->zones[i].name);
	return out.data;
}

/* The zone of that name. */
static const DbaasZone *
named_zone(const DbaasWriter *writer, const char *name, const DbaasZones *zones)
{
	const DbaasZone *zone = dbaas_zones_find(zones, name);

	if (zone)
		return zone;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, DBAAS_ZONE_COLUMN)),
			 errmsg("zone \"%s\" is none of the server's zones",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN)),
			 errhint("The zones are: %s.", zone_names(zones))));
}

/* The attribute that names the service which the write is of, or 0. */
static AttrNumber
service_attribute(const DbaasWriter *writer)
{
	const char *name = writer->endpoint->services[0];

	return name ? dbaas_table_attribute(writer->table, dbaas_catalogue_column(writer->resource, name)) : 0;
}

/* What the lists say of the service in that zone, or in the one zone that has it. */
static DbaasListedService
listed_service(DbaasWriter *writer, const DbaasZone *zone, const char *service, bool facts)
{
	List	   *found;
	StringInfoData names;
	ListCell   *lc;
	DbaasError *error = dbaas_statement_locate(writer->statement, writer->conn, zone, service,
											   facts ? dbaas_catalogue_service_facts() :
											   dbaas_catalogue_each_service(), &found);

	if (error)
		dbaas_table_raise(writer->table, error);
	if (found == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 dbaas_error_about(writer->table->relid, service_attribute(writer)),
				 errmsg("there is no service \"%s\" in %s%s",
						dbaas_error_excerpt(service, strlen(service), NAMEDATALEN),
						zone ? "zone " : "any zone", zone ? zone->name : ""),
				 errhint("The lists of services tell. What a transaction inserts is there once it has committed.")));
	if (list_length(found) == 1)
		return *(DbaasListedService *) linitial(found);

	initStringInfo(&names);
	foreach(lc, found)
		appendStringInfo(&names, "%s%s", names.len ? ", " : "",
						 ((const DbaasListedService *) lfirst(lc))->zone->name);
	ereport(ERROR,
			(errcode(ERRCODE_AMBIGUOUS_ALIAS),
			 dbaas_error_about(writer->table->relid, service_attribute(writer)),
			 errmsg("there is a service \"%s\" in several zones: %s",
					dbaas_error_excerpt(service, strlen(service), NAMEDATALEN), names.data),
			 errhint("Give the column zone a value.")));
}

/* A row's value of the column of that name, or NULL. */
static const char *
named_value(DbaasWriter *writer, const DbaasRowValues *row, const char *name)
{
	return name ? dbaas_writer_value(writer, row, dbaas_catalogue_column(writer->resource, name)) :
		NULL;
}

/* Does the catalogue say what services of the type take?  Else the API does. */
static bool
knows_type(const DbaasWriter *writer, const char *type)
{
	const char *type_column = writer->endpoint->type_column;

	return type_column == NULL ||
		dbaas_catalogue_knows(&writer->resource->columns[dbaas_catalogue_column(writer->resource,
																			   type_column)], type);
}

/* Refuses a type of service whose path the write has not. */
static void
check_type(const DbaasWriter *writer, const char *name, const char *type)
{
	int			column = dbaas_catalogue_column(writer->resource, writer->endpoint->type_column);
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasDomain *types = writer->endpoint->types;
	const char *allowed = dbaas_catalogue_check(types ? types : c->write_domain ? c->write_domain :
												c->domain, type);

	if (allowed)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
				 errmsg("service \"%s\" of type \"%s\" does not take this write to foreign table \"%s\"",
						dbaas_error_excerpt(name, strlen(name), NAMEDATALEN),
						dbaas_error_excerpt(type, strlen(type), NAMEDATALEN),
						get_rel_name(writer->table->relid)),
				 errhint("Services of these types do: %s.", allowed)));
}

/*
 * Where a row's write goes, and what it has to know of the service: its state
 * when it "needs_running".  The zone is the one that the row names, the server's
 * only one, or else the one that has the service.
 */
static DbaasListedService
row_service(DbaasWriter *writer, const DbaasRowValues *row, bool needs_running)
{
	const DbaasWriteEndpoint *endpoint = writer->endpoint;
	const char *zone_name = dbaas_writer_value(writer, row, DBAAS_ZONE_COLUMN);
	const char *name = named_value(writer, row, endpoint->services[0]);
	const char *given = named_value(writer, row, endpoint->type_column);
	const char *type = given;
	const char *state = named_value(writer, row, endpoint->state_column);
	DbaasListedService service = {.state = state};
	bool		facts;
	const DbaasZones *zones;
	DbaasError *error = dbaas_statement_zones(writer->statement, writer->conn, &zone_name,
											  zone_name != NULL, NULL, &zones);

	if (error)
		dbaas_table_raise(writer->table, error);
	/* A type that is not known might lead to any path: the lists have to name it. */
	if (type && !endpoint->creates && !knows_type(writer, type))
		type = NULL;
	service.type = type;
	facts = endpoint->type_column && !endpoint->creates &&
		(type == NULL || (needs_running && state == NULL));
	if (zone_name)
		service.zone = named_zone(writer, zone_name, zones);
	else if (zones->n == 1)
		service.zone = &zones->zones[0];
	if (service.zone && !facts)
		return service;
	if (endpoint->creates)
		refuse_missing(writer, DBAAS_ZONE_COLUMN);
	if (name == NULL)
		refuse_missing(writer, DBAAS_ZONE_COLUMN);
	service = listed_service(writer, service.zone, name, facts);
	if (type)
		service.type = type;
	else if (given && service.type && strcmp(given, service.type) != 0)
		check_type(writer, name, given);
	return service;
}

/* The first column that is sent and needs a service that runs, or -1. */
static int
running_column(const DbaasWriter *writer, const bool *sent)
{
	for (int c = 0; writer->operation == CMD_UPDATE && c < writer->resource->ncolumns; c++)
	{
		if (sent[c] && writer->resource->columns[c].needs_running)
			return c;
	}
	return -1;
}

/*
 * What is known to need a service that runs the API answers with an obscure
 * error.  What is not is sent, and the API has the say.
 */
static void
check_running(const DbaasWriter *writer, const char *name, const DbaasListedService *service,
			  int column)
{
	if (column < 0 || service->state == NULL || strcmp(service->state, "running") == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
			 errmsg("service \"%s\" in zone %s is not running",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN), service->zone->name),
			 errdetail("Its state is %s.",
					   dbaas_error_excerpt(service->state, strlen(service->state), NAMEDATALEN)),
			 errhint("Column \"%s\" can be changed once it runs. With option wait \"running\" of the server, a write ends when its service runs again.",
					 shown_name(writer->table, column))));
}

/* The service of a row whose path depends on its type, when it takes the write. */
static DbaasListedService
typed_service(DbaasWriter *writer, const DbaasRowValues *row, const bool *sent)
{
	int			needing = running_column(writer, sent);
	const char *name = named_value(writer, row, writer->endpoint->services[0]);
	DbaasListedService service;

	if (name == NULL)
		refuse_missing(writer, dbaas_catalogue_column(writer->resource,
													  writer->endpoint->services[0]));
	service = row_service(writer, row, needing >= 0);
	if (service.type && !writer->endpoint->creates && knows_type(writer, service.type))
		check_type(writer, name, service.type);
	check_running(writer, name, &service, needing);
	return service;
}

/* The template of the path for a service of the type, which may be NULL. */
static const char *
path_template(const DbaasWriteEndpoint *endpoint, const char *type)
{
	return endpoint->other_path && type &&
		dbaas_catalogue_check(endpoint->other_types, type) == NULL ?
		endpoint->other_path : endpoint->path;
}

/* Is it the type of a service to make that the API's own list has, and no other does? */
static bool
is_new_type(const DbaasWriter *writer, int column, const char *value, const DbaasZone *zone)
{
	bool		found;
	DbaasError *error;

	if (!writer->endpoint->creates || dbaas_catalogue_knows(&writer->resource->columns[column], value))
		return false;
	error = dbaas_statement_has_parent(writer->statement, writer->conn, zone,
									   dbaas_catalogue_each_type(), value, &found);
	if (error)
		dbaas_table_raise(writer->table, error);
	return found;
}

/* That path with the row's values. */
static char *
make_path(DbaasWriter *writer, const DbaasRowValues *row, const DbaasListedService *service)
{
	const char *type = service->type;
	const DbaasResource *resource = writer->resource;
	const char *template = path_template(writer->endpoint, type);
	const char *type_column = writer->endpoint->type_column;
	const char **args = palloc0(resource->ncolumns * sizeof(char *));

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!in_path(resource, template, c))
			continue;
		args[c] = type_column && strcmp(resource->columns[c].name, type_column) == 0 ? type :
			dbaas_writer_value(writer, row, c);
		if (args[c] == NULL)
			refuse_missing(writer, c);
		if (!dbaas_path_can_hold(args[c]))
			refuse_value(writer, c, args[c], "It cannot be a segment of a path.");
		if (writer->operation == CMD_INSERT && !is_new_type(writer, c, args[c], service->zone))
			check_domain(writer, c, args[c]);
	}
	return dbaas_path_expand(resource, template, args);
}

/* ------------------------------------------------------------------------
 * Body
 * ------------------------------------------------------------------------ */

/* A body while it is made, and what of it is shown. */
typedef struct Body
{
	DbaasBody  *sent;
	DbaasBody  *shown;
	List	   *secrets;		/* of char * */
	const char *type;			/* of the service, or NULL */
} Body;

/* Where the operation's body has a column, or NULL. */
static const char *
column_member(const DbaasWriter *writer, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasWriteEndpoint *endpoint = writer->endpoint;

	if (endpoint->body_column && strcmp(endpoint->body_column, c->name) == 0)
		return endpoint->body_field;
	return writer->operation == CMD_INSERT ? c->insert :
		writer->operation == CMD_UPDATE ? c->update : NULL;
}

/* A value that the column gives as JSON. */
static const DbaasJson *
parse_value(const DbaasWriter *writer, int column, const char *text, DbaasJsonType type,
			const char *allowed)
{
	const DbaasJson *value;
	char	   *problem;

	if (!dbaas_json_parse(CurrentMemoryContext, text, strlen(text),
						  DBAAS_JSON_ALL_NODES(strlen(text)), &value, &problem))
		refuse_value(writer, column, NULL, psprintf("It is no JSON: %s.", problem));
	if (!dbaas_json_is(value, type))
		refuse_value(writer, column, text,
					 psprintf("Allowed for %s: %s.", shown_name(writer->table, column), allowed));
	return value;
}

/* The name of a member, with the type of the service. */
static const char *
typed_member(const char *type, const char *member)
{
	static const char mark[] = "{type}";

	return type && strncmp(member, mark, strlen(mark)) == 0 ?
		psprintf("%s%s", type, member + strlen(mark)) : member;
}

/* Do both lie in one member that the API wants whole? */
static bool
go_together(const char *a, const char *b)
{
	return is_inside(b, pnstrdup(a, strcspn(a, "/"))) && strchr(a, '/');
}

/* A row while its write is made. */
typedef struct Change
{
	const DbaasRowValues *old_row;	/* of an UPDATE or DELETE */
	const DbaasRowValues *new_row;	/* of an INSERT or UPDATE */
	const DbaasOverlay *overlay;	/* what was queued for it; or NULL */
	const char *type;			/* of the service, or NULL */
	bool	   *sent;			/* by column: does the body have it? */
	const DbaasJson **values;	/* by column: sent in place of the row's; or NULL */
} Change;

/* The value of a column that the row was read with. */
static const DbaasJson *
read_value(DbaasWriter *writer, const Change *change, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(writer->table, column);

	return attnum ? attribute_json(writer, change->old_row, attnum - 1) : NULL;
}

/*
 * The value that a column has once what is queued has been sent.  Returns whether
 * it is known: what the API adds to a thing that the queue makes is not.
 */
static bool
queued_value(DbaasWriter *writer, const Change *change, int column, const DbaasJson **value)
{
	const char *member = typed_member(change->type, column_member(writer, column));
	const DbaasOverlay *overlay = change->overlay;

	*value = overlay && overlay->made ? NULL : read_value(writer, change, column);
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
					shown_name(writer->table, column), get_rel_name(writer->table->relid)),
			 errdetail("That change is queued; the statement reads what the API still says."),
			 errhint("COMMIT in between, or give the value itself.")));
}

/*
 * Refuses a value that was computed from what the queue is to change.  An object
 * that the API merges is looked at member by member instead.
 */
static void
check_read(DbaasWriter *writer, const Change *change)
{
	for (int c = 0; change->overlay && c < writer->resource->ncolumns; c++)
	{
		const DbaasColumn *column = &writer->resource->columns[c];
		AttrNumber	attnum = dbaas_table_attribute(writer->table, c);
		const DbaasJson *value;

		if (attnum == 0 || column_member(writer, c) == NULL || !bms_is_member(attnum, writer->read) ||
			(column->merges && bms_is_member(attnum, writer->set)))
			continue;
		if (!queued_value(writer, change, c, &value) ||
			!dbaas_same(column->meaning, read_value(writer, change, c), value))
			refuse_unseen(writer, c);
	}
}

/* Does the UPDATE give the column a value, be it the one that it was read with? */
static bool
is_set(DbaasWriter *writer, const Change *change, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(writer->table, column);

	return attnum && (bms_is_member(attnum, writer->set) ||
					  !same_attribute(writer, change->old_row, change->new_row, attnum - 1));
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
						shown_name(writer->table, column), get_rel_name(writer->table->relid)),
				 errdetail("The API keeps those that an UPDATE leaves out: %s.",
						   dbaas_error_excerpt(lost.data, lost.len, DBAAS_EXCERPT_BYTES)),
				 errhint("Keep them, as %s || '{...}' does, and give each its default where that is meant.",
						 quote_identifier(shown_name(writer->table, column)))));
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
changed_members(DbaasWriter *writer, const Change *change, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(writer->table, column);
	Merged		objects = {
		read_value(writer, change, column), .computed = bms_is_member(attnum, writer->read)
	};
	StringInfoData text;

	queued_value(writer, change, column, &objects.queued);
	objects.wanted = parse_value(writer, column, dbaas_writer_value(writer, change->new_row, column),
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
	return text_as_json(text.data, true);
}

/* Has the UPDATE changed the column? */
static bool
is_changed(DbaasWriter *writer, Change *change, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasJson *old_value;
	const DbaasJson *new_value;

	if (!is_set(writer, change, column))
		return false;
	new_value = attribute_json(writer, change->new_row,
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
send_with(DbaasWriter *writer, Change *change, int column)
{
	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		if (change->sent[c] || column_member(writer, c) == NULL ||
			!go_together(column_member(writer, column), column_member(writer, c)))
			continue;
		change->sent[c] = true;
		if (change->overlay && !is_set(writer, change, c) &&
			!queued_value(writer, change, c, &change->values[c]))
			refuse_missing(writer, c);
	}
}

/* Which columns go into the body?  Returns whether any does. */
static bool
find_sent(DbaasWriter *writer, Change *change)
{
	const DbaasResource *resource = writer->resource;
	bool		any = false;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (column_member(writer, c) == NULL)
			continue;
		change->sent[c] = writer->operation == CMD_INSERT ? resource->columns[c].insert_required ||
			dbaas_writer_value(writer, change->new_row, c) :
			writer->operation == CMD_DELETE || is_changed(writer, change, c);
		any = any || change->sent[c];
	}
	for (int c = 0; writer->operation == CMD_UPDATE && c < resource->ncolumns; c++)
	{
		if (change->sent[c])
			send_with(writer, change, c);
	}
	return any;
}

/* A service that everybody may connect to is seldom meant. */
static void
warn_if_open(const char *service, const DbaasJson *networks)
{
	if (!dbaas_json_is(networks, DBAAS_JSON_ARRAY))
		return;
	for (const DbaasJson *item = dbaas_json_first(networks); item;
		 item = dbaas_json_next(networks, item))
	{
		const char *network = dbaas_json_plain_string(item);

		if (network && dbaas_network_is_open(network))
			dbaas_error_notice(WARNING,
							   (errmsg("service \"%s\" will be open to the whole world",
									   dbaas_error_excerpt(service, strlen(service), NAMEDATALEN)),
								errdetail("Its %s has \"%s\".", DBAAS_NETWORKS_MEMBER,
										  dbaas_error_excerpt(network, strlen(network), NAMEDATALEN))));
	}
}

static const DbaasJson *
parse_array(const DbaasWriter *writer, int column, const char *text)
{
	static const char allowed[] = "an array of texts";
	const DbaasJson *array = parse_value(writer, column, text, DBAAS_JSON_ARRAY, allowed);

	for (const DbaasJson *item = dbaas_json_first(array); item; item = dbaas_json_next(array, item))
	{
		if (!dbaas_json_is(item, DBAAS_JSON_STRING))
			refuse_value(writer, column, text,
						 psprintf("Allowed for %s: %s.", shown_name(writer->table, column), allowed));
	}
	return array;
}

/* A column's value as JSON. */
static DbaasBody *
json_value(DbaasWriter *writer, const DbaasRowValues *row, int column, const char *text)
{
	const char *name = shown_name(writer->table, column);
	char	   *end;
	long long	number;
	bool		boolean;

	switch (writer->resource->columns[column].type)
	{
		case DBAAS_BIGINT:
			number = strtoll(text, &end, 10);
			if (*text == '\0' || *end)
				refuse_value(writer, column, text, psprintf("Allowed for %s: whole numbers.", name));
			return json_object_new_int64(number);
		case DBAAS_BOOLEAN:
			if (!parse_bool(text, &boolean))
				refuse_value(writer, column, text, psprintf("Allowed for %s: true and false.", name));
			return json_object_new_boolean(boolean);
		case DBAAS_TEXT_ARRAY:
			return dbaas_body_verbatim(dbaas_json_compact(parse_array(writer, column,
																	  array_text(writer, row,
																				 dbaas_table_attribute(writer->table, column) - 1))));
		default:
			return json_object_new_string(text);
	}
}

/* A column's value that is an object, which has no secret that was hidden in it. */
static const DbaasJson *
parse_object(const DbaasWriter *writer, int column, const char *text)
{
	const DbaasJson *object = parse_value(writer, column, text, DBAAS_JSON_OBJECT, "a JSON object");

	if (dbaas_secret_any_hidden(object))
		refuse_value(writer, column, NULL,
					 "\"***\" in it stands for a secret that is not shown. Give the secret itself, or leave it out.");
	return object;
}

/* Puts a value where the member says. */
static void
add_at(DbaasBody *object, const char *type, const char *member, DbaasBody *value)
{
	size_t		len;
	DbaasBody  *inner;

	member = typed_member(type, member);
	len = strcspn(member, "/");
	if (member[len])
	{
		const char *outer = pnstrdup(member, len);

		if (!json_object_object_get_ex(object, outer, &inner))
		{
			inner = json_object_new_object();
			json_object_object_add(object, outer, inner);
		}
		object = inner;
		member += len + 1;
	}
	json_object_object_add(object, member, value);
}

/* The other column that a member of the body is for, or -1. */
static int
member_column(const DbaasWriter *writer, const char *name)
{
	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		const char *member = column_member(writer, c);

		if (member && strcmp(member, name) == 0)
			return c;
	}
	return -1;
}

/*
 * The members of a column that is an object of such.  Of a secret column nothing
 * but their names is shown.
 */
static void
add_members(DbaasWriter *writer, int column, const char *text, const char *service, Body *body)
{
	bool		secret = writer->resource->columns[column].secret;
	const DbaasJson *object = parse_object(writer, column, text);
	const DbaasJson *shown = parse_object(writer, column, pstrdup(text));
	const DbaasJson *shown_member = dbaas_json_first(shown);

	dbaas_secret_hide(shown);
	for (const DbaasJson *name = dbaas_json_first(object); name; name = dbaas_json_next(object, name))
	{
		const char *member = dbaas_json_string(name, NULL);
		int			other = member_column(writer, member);

		if (other >= 0)
			refuse_value(writer, column, NULL,
						 psprintf("Leave out \"%s\", which column \"%s\" is for.", member,
								  shown_name(writer->table, other)));
		json_object_object_add(body->sent, member, dbaas_body_verbatim(dbaas_json_compact(name + 1)));
		json_object_object_add(body->shown, member, secret ? json_object_new_string("***") :
							   dbaas_body_verbatim(dbaas_json_compact(shown_member + 1)));
		if (strcmp(member, DBAAS_NETWORKS_MEMBER) == 0)
			warn_if_open(service, name + 1);
		shown_member = dbaas_json_next(shown, shown_member);
	}
	body->secrets = dbaas_secret_collect(body->secrets, object, secret);
}

/* A column that is an object: what has a secret's name in it is not shown. */
static void
add_object(DbaasWriter *writer, int column, const char *text, Body *body)
{
	const char *member = column_member(writer, column);
	const DbaasJson *object = parse_object(writer, column, text);
	const DbaasJson *shown = parse_object(writer, column, pstrdup(text));

	dbaas_secret_hide(shown);
	add_at(body->sent, body->type, member, dbaas_body_verbatim(dbaas_json_compact(object)));
	add_at(body->shown, body->type, member, dbaas_body_verbatim(dbaas_json_compact(shown)));
	body->secrets = dbaas_secret_collect(body->secrets, object, false);
}

/* Refuses a column that the type of the service does not have. */
static void
check_column_type(const DbaasWriter *writer, int column, const char *type)
{
	DbaasDomain types = {.values = writer->resource->columns[column].write_types};
	const char *allowed = types.values && type && knows_type(writer, type) ?
		dbaas_catalogue_check(&types, type) : NULL;

	if (allowed)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
				 errmsg("column \"%s\" of foreign table \"%s\" cannot be set for a service of type \"%s\"",
						shown_name(writer->table, column), get_rel_name(writer->table->relid),
						dbaas_error_excerpt(type, strlen(type), NAMEDATALEN)),
				 errhint("It can for services of these types: %s.", allowed)));
}

/* A value that an earlier write of the transaction sends, or the API has. */
static void
add_known(const char *member, const DbaasJson *value, Body *body)
{
	add_at(body->sent, body->type, member, dbaas_body_verbatim(dbaas_json_compact(value)));
	add_at(body->shown, body->type, member, dbaas_body_verbatim(dbaas_json_compact(value)));
}

static void
add_column(DbaasWriter *writer, const Change *change, int column, const char *service, Body *body)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasRowValues *row = writer->operation == CMD_DELETE ? change->old_row : change->new_row;
	const char *member = column_member(writer, column);
	const char *text = dbaas_writer_value(writer, row, column);

	if (change->values[column] && c->merges)
		text = dbaas_json_text(change->values[column]);
	else if (change->values[column])
	{
		add_known(member, change->values[column], body);
		return;
	}
	if (text == NULL && !c->nullable)
		refuse_missing(writer, column);
	check_column_type(writer, column, body->type);
	if (text == NULL)
	{
		add_at(body->sent, body->type, member, NULL);
		add_at(body->shown, body->type, member, NULL);
		return;
	}
	if (strcmp(member, "*") == 0)
	{
		add_members(writer, column, text, service, body);
		return;
	}
	if (c->type == DBAAS_JSONB)
	{
		add_object(writer, column, text, body);
		return;
	}
	check_domain(writer, column, text);
	if (writer->operation == CMD_INSERT && !dbaas_path_can_hold(text) &&
		in_path(writer->resource, writer->resource->delete.path, column))
		refuse_value(writer, column, text, "What has this name could not be deleted.");
	add_at(body->sent, body->type, member, json_value(writer, row, column, text));
	add_at(body->shown, body->type, member,
		   c->secret ? json_object_new_string("***") : json_value(writer, row, column, text));
	if (c->secret)
		body->secrets = lappend(body->secrets, unconstify(char *, text));
	if (strcmp(member, DBAAS_NETWORKS_MEMBER) == 0)
		warn_if_open(service, parse_array(writer, column,
										 array_text(writer, row, dbaas_table_attribute(writer->table, column) - 1)));
}

/* The answer to a read that every write of this kind needs. */
static const DbaasJson *
ask_kept(DbaasWriter *writer, const DbaasWrite *write, const DbaasZone *zone, const char *member)
{
	const DbaasEndpoint *read = dbaas_write_kept_read(writer->endpoint->kept);
	DbaasCallSpec spec = {
		.kind = DBAAS_CALL_LIST, .zone = zone->name, .base = zone->base, .method = read->method,
		.operation = read->path, .path = write->path, .hide_secrets = true
	};
	bool		shared;
	DbaasCall  *call = dbaas_statement_call(writer->statement, writer->conn, CurrentMemoryContext,
											&spec, &shared);

	while (!dbaas_call_done(call))
		dbaas_progress_wait(NULL, 0);
	if (dbaas_call_error(call))
		dbaas_table_raise(writer->table, dbaas_call_error(call));
	return dbaas_json_member(dbaas_call_answer(call), member);
}

/*
 * Adds what the API would change if a PUT left it out, as it is or as the queue
 * will leave it; nothing where the service has none.
 */
static void
add_kept(DbaasWriter *writer, const Change *change, const DbaasWrite *write, const DbaasZone *zone,
		 Body *body)
{
	const DbaasKept *kept = writer->operation == CMD_UPDATE ? writer->endpoint->kept : NULL;
	const DbaasJson *value = NULL;

	if (kept == NULL || body->type == NULL || dbaas_catalogue_check(kept->types, body->type) ||
		json_object_object_get_ex(body->sent, kept->member, NULL))
		return;
	if (change->overlay && (dbaas_overlay_find(change->overlay, kept->member, &value) ||
							change->overlay->made))
		;
	else if (writer->asks_kept)
		value = ask_kept(writer, write, zone, kept->member);
	else
	{
		for (int c = 0; c < writer->resource->ncolumns; c++)
		{
			const char *member = writer->resource->columns[c].update;
			const DbaasJson *part = member && is_inside(member, kept->member) ?
				read_value(writer, change, c) : NULL;

			if (part)
				add_known(member, part, body);
		}
	}
	if (value)
		add_known(kept->member, value, body);
}

/* The body: the columns that are sent, each where it has its place. */
static void
make_body(DbaasWriter *writer, const Change *change, const DbaasZone *zone, DbaasWrite *write)
{
	Body		body = {dbaas_body_new(), dbaas_body_new(), .type = change->type};

	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		if (change->sent[c])
			add_column(writer, change, c, write->services[0], &body);
	}
	write->secrets = body.secrets;
	if (json_object_object_length(body.sent) == 0)
		return;
	add_kept(writer, change, write, zone, &body);
	write->body = dbaas_body_text(body.sent);
	write->shown_body = dbaas_body_text(body.shown);
}

/* The name that an INSERT gives to what it makes, or NULL. */
static const char *
made_name(DbaasWriter *writer, const DbaasRowValues *row)
{
	int			column;

	if (writer->operation != CMD_INSERT || writer->resource->created_column == NULL)
		return NULL;
	column = dbaas_catalogue_column(writer->resource, writer->resource->created_column);
	return is_settable(writer->resource, CMD_INSERT, column) ?
		dbaas_writer_value(writer, row, column) : NULL;
}

/* A service, as row_thing() has it. */
static const char *
service_thing(const char *name)
{
	const DbaasResource *services = dbaas_catalogue_find("services");
	const char **args = palloc0(services->ncolumns * sizeof(char *));

	args[dbaas_catalogue_column(services, "name")] = name;
	return dbaas_path_expand(services, services->thing, args);
}

/* What the row stands for, whatever writes it; NULL when the row does not tell. */
static const char *
row_thing(DbaasWriter *writer, const DbaasRowValues *row)
{
	const DbaasResource *resource = writer->resource;
	const char **args = palloc0(resource->ncolumns * sizeof(char *));

	if (resource->thing == NULL)
		return NULL;
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!in_path(resource, resource->thing, c))
			continue;
		args[c] = dbaas_writer_value(writer, row, c);
		if (args[c] == NULL)
			return NULL;
	}
	return dbaas_path_expand(resource, resource->thing, args);
}

/* Is one of the writes an UPDATE of this table by this statement? */
static bool
is_updated(const DbaasWriter *writer, const List *writes)
{
	int			batch = *dbaas_statement_batch(writer->statement);
	ListCell   *lc;

	foreach(lc, writes)
	{
		const DbaasWrite *write = lfirst(lc);

		if (write->command == CMD_UPDATE && write->batch == batch &&
			write->relid == writer->table->relid)
			return true;
	}
	return false;
}

/*
 * What the transaction does to the row that was read, unless that is nothing; then
 * also where the row is.  An UPDATE that meets a row again, in a join say, leaves
 * it as it is, as in any table.
 */
static const DbaasOverlay *
find_overlay(DbaasWriter *writer, const Change *change, const char *thing,
			 DbaasListedService *service, bool *again)
{
	DbaasQueueSpec spec = {writer->conn, NULL, NULL, thing, writer->read_after, dbaas_dry_run};
	List	   *writes;

	if (writer->operation == CMD_INSERT || thing == NULL || dbaas_queue_find(&spec) == NIL)
		return NULL;
	*service = row_service(writer, change->old_row, false);
	spec.zone = service->zone->name;
	spec.base = service->zone->base;
	writes = dbaas_queue_find(&spec);
	*again = writer->operation == CMD_UPDATE && is_updated(writer, writes);
	return writes ? dbaas_overlay_new(writes) : NULL;
}

pg_noreturn static void
refuse_deleted(const DbaasWriter *writer, const char *name, const char *zone)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 dbaas_error_about(writer->table->relid, service_attribute(writer)),
			 errmsg("this transaction deletes service \"%s\" in zone %s",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN), zone),
			 errdetail("What is made inside it afterwards would fail, when the service is gone already."),
			 errhint("Leave out the DELETE or this INSERT.")));
}

/*
 * What an earlier statement does to one of the services that the row's write is
 * of.  Returns whether that leaves nothing of the row: it was read inside a service
 * that is deleted, be another made under its name or not.  *made becomes the path
 * that makes the first service, if one does.
 */
static bool
service_is_gone(DbaasWriter *writer, const DbaasRowValues *row, const char *thing, const char **made)
{
	*made = NULL;
	for (size_t i = 0; i < lengthof(writer->endpoint->services); i++)
	{
		const char *name = named_value(writer, row, writer->endpoint->services[i]);
		DbaasQueueSpec spec = {
			writer->conn, NULL, NULL, name ? service_thing(name) : NULL, writer->read_after, dbaas_dry_run
		};
		const DbaasZone *zone;
		List	   *writes;
		DbaasOverlay *overlay;

		if (name == NULL || dbaas_queue_find(&spec) == NIL)
			continue;
		zone = row_service(writer, row, false).zone;
		spec.zone = zone->name;
		spec.base = zone->base;
		writes = dbaas_queue_find(&spec);
		overlay = writes ? dbaas_overlay_new(writes) : NULL;
		if (overlay && i == 0)
			*made = overlay->made_path;
		if (overlay == NULL || (thing && strcmp(thing, spec.thing) == 0))
			continue;
		if (overlay->gone && writer->operation == CMD_INSERT)
			refuse_deleted(writer, name, spec.zone);
		if ((overlay->gone || overlay->made) && writer->operation != CMD_INSERT)
			return true;
	}
	return false;
}

/*
 * The path of a write follows from the type that the API's lists say.  That is not
 * the type of a service which the transaction makes anew as another.
 */
static void
check_made(const DbaasWriter *writer, const DbaasWrite *write, const char *made)
{
	size_t		len = made ? strlen(made) : 0;

	if (made == NULL || writer->endpoint->type_column == NULL || writer->endpoint->creates ||
		(strncmp(write->path, made, len) == 0 && strchr("/", write->path[len])))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(writer->table->relid, service_attribute(writer)),
			 errmsg("this transaction makes service \"%s\" anew, as one of another type",
					dbaas_error_excerpt(write->services[0], strlen(write->services[0]), NAMEDATALEN)),
			 errdetail("It is made by POST %s, and this statement would write to %s.", made, write->path),
			 errhint("COMMIT in between.")));
}

DbaasWriteNeed
dbaas_write_make(DbaasWriter *writer, const DbaasRowValues *old_row,
				 const DbaasRowValues *new_row, DbaasWrite *write)
{
	const DbaasRowValues *row = writer->operation == CMD_INSERT ? new_row : old_row;
	Change		change = {
		old_row, new_row,
		.sent = palloc0(writer->resource->ncolumns * sizeof(bool)),
		.values = palloc0(writer->resource->ncolumns * sizeof(DbaasJson *))
	};
	DbaasListedService service = {0};
	const char *made;
	bool		again = false;

	memset(write, 0, sizeof(*write));
	if (writer->operation != CMD_DELETE)
		check_settable(writer, old_row, new_row);
	write->thing = row_thing(writer, row);
	change.overlay = find_overlay(writer, &change, write->thing, &service, &again);
	change.type = service.type;
	if (again || (change.overlay && change.overlay->gone))
		return DBAAS_WRITE_GONE;
	if (service_is_gone(writer, row, write->thing, &made) &&
		!(change.overlay && change.overlay->made))
		return DBAAS_WRITE_GONE;
	check_read(writer, &change);
	if (!find_sent(writer, &change) && writer->operation == CMD_UPDATE)
		return DBAAS_WRITE_NOTHING;
	if (writer->endpoint->type_column)
		service = typed_service(writer, row, change.sent);
	change.type = service.type;
	write->method = writer->endpoint->method;
	write->operation = path_template(writer->endpoint, service.type);
	write->path = make_path(writer, row, &service);
	for (size_t i = 0; i < lengthof(write->services); i++)
		write->services[i] = named_value(writer, row, writer->endpoint->services[i]);
	check_made(writer, write, made);
	make_body(writer, &change, service.zone, write);
	if (write->body == NULL && writer->operation == CMD_UPDATE)
		return DBAAS_WRITE_NOTHING;
	if (service.zone == NULL)
		service = row_service(writer, row, false);
	check_protection(writer, old_row, change.overlay, service.zone, write->services[0]);
	write->serverid = writer->table->serverid;
	write->userid = writer->userid;
	write->zone = service.zone->name;
	write->base = service.zone->base;
	write->command = writer->operation;
	write->batch = *dbaas_statement_batch(writer->statement);
	write->relid = writer->table->relid;
	write->creates = writer->endpoint->creates;
	write->made = made_name(writer, row);
	write->announces = writer->operation == CMD_INSERT && writer->resource->created_column &&
		writer->resource->columns[dbaas_catalogue_column(writer->resource,
														 writer->resource->created_column)].required;
	write->direct = writer->endpoint->direct &&
		dbaas_catalogue_check(writer->endpoint->direct, service.type) == NULL;
	write->counts = writer->endpoint->counts;
	write->ends_service = writer->operation == CMD_DELETE && writer->resource->protected;
	if (write->thing == NULL && writer->operation != CMD_INSERT)
		write->thing = write->path;
	warn_of_effect(writer, old_row, service.zone, write);
	return DBAAS_WRITE_NEEDED;
}
