/*-------------------------------------------------------------------------
 *
 * write.c
 *		From a row to a request that writes it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "body.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/bitmapset.h"
#include "path.h"
#include "utils/lsyscache.h"
#include "write.h"

struct DbaasWriter
{
	const DbaasTable *table;
	const DbaasResource *resource;
	const DbaasWriteEndpoint *endpoint;
	CmdType		operation;
	FmgrInfo   *outputs;		/* by attribute number - 1 */
	Oid			userid;
	DbaasConnection *conn;
	DbaasStatement *statement;
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
		resource->protected_column
	};

	if (name == NULL || endpoint->method == NULL)
		return false;
	for (size_t i = 0; i < lengthof(named); i++)
	{
		if (named[i] && strcmp(named[i], name) == 0)
			return true;
	}
	return column == DBAAS_ZONE_COLUMN || in_path(resource, endpoint->path, column);
}

/* The name that the table gives a column of the catalogue. */
static const char *
shown_name(const DbaasTable *table, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(table, column);

	return attnum ? get_attname(table->relid, attnum, false) : table->resource->columns[column].name;
}

bool
dbaas_write_has_secret(const DbaasTable *table)
{
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (table->resource->columns[c].secret)
			return true;
	}
	return false;
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
			 errmsg("column \"%s\" of foreign table \"%s\" cannot be set by %s",
					get_attname(table->relid, attnum, false), get_rel_name(table->relid), verb),
			 errdetail("The API does not take it."),
			 errhint("%s takes: %s.", verb, settable_columns(table, operation))));
}

void
dbaas_write_check_columns(const DbaasTable *table, const Bitmapset *updated)
{
	int			member = -1;

	while ((member = bms_next_member(updated, member)) >= 0)
	{
		AttrNumber	attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0 && attnum <= table->natts && dbaas_table_shows(table, attnum) &&
			!is_settable(table->resource, CMD_UPDATE, table->attributes[attnum - 1].column))
			refuse_column(table, CMD_UPDATE, attnum);
	}
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
					 errmsg("columns \"%s\" and \"%s\" of foreign table \"%s\" show the same field",
							get_attname(table->relid, first, false),
							get_attname(table->relid, i + 1, false), get_rel_name(table->relid)),
					 errhint("Write through a foreign table that shows it once.")));
	}
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
	error = dbaas_connection_get(table->serverid, userid, query_cxt, &writer->conn);
	if (error)
		dbaas_error_raise(error);
	return writer;
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
 * Checks
 * ------------------------------------------------------------------------ */

/* Refuses a value, with what is allowed as the hint; never shows a secret. */
pg_noreturn static void
refuse_value(const DbaasWriter *writer, int column, const char *value, const char *allowed)
{
	const char *name = shown_name(writer->table, column);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
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

/* Refuses a row that gives a value where the API takes none. */
static void
check_settable(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasRowValues *new_row)
{
	for (int i = 0; i < writer->table->natts; i++)
	{
		const char *value;
		const char *old_value;

		if (!dbaas_table_shows(writer->table, i + 1) ||
			is_settable(writer->resource, writer->operation, writer->table->attributes[i].column))
			continue;
		value = attribute_text(writer, new_row, i);
		old_value = writer->operation == CMD_UPDATE ? attribute_text(writer, old_row, i) : NULL;
		if (value == NULL ? old_value != NULL : old_value == NULL || strcmp(value, old_value) != 0)
			refuse_column(writer->table, writer->operation, i + 1);
	}
}

pg_noreturn static void
refuse_missing(const DbaasWriter *writer, int column)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("column \"%s\" of foreign table \"%s\" has to be given",
					shown_name(writer->table, column),
					get_rel_name(writer->table->relid)),
			 errdetail("The API needs it.")));
}

/* The API refuses to delete what is protected: so does this, at once. */
static void
check_protection(DbaasWriter *writer, const DbaasRowValues *old_row, const char *name)
{
	const char *column = writer->resource->protected_column;
	const char *value;

	if (writer->operation != CMD_DELETE || column == NULL)
		return;
	value = dbaas_writer_value(writer, old_row, dbaas_catalogue_column(writer->resource, column));
	if (value && (*value == 't' || *value == 'T'))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("service \"%s\" is protected against termination", name ? name : "?"),
				 errhint("Take the termination protection off first, where the service is managed; "
						 "or leave the service out: ... AND %s IS NOT TRUE.", column)));
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
named_zone(const char *name, const DbaasZones *zones)
{
	for (int i = 0; i < zones->n; i++)
	{
		if (strcmp(zones->zones[i].name, name) == 0)
			return &zones->zones[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("zone \"%s\" is none of the server's zones",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN)),
			 errhint("The zones are: %s.", zone_names(zones))));
}

/* What the lists say of the service in that zone, or in the one zone that has it. */
static DbaasListedService
listed_service(DbaasWriter *writer, const DbaasZone *zone, const char *service, bool facts)
{
	List	   *found;
	StringInfoData names;
	ListCell   *lc;
	DbaasError *error = dbaas_statement_locate(writer->statement, writer->conn, zone, service,
											   facts, &found);

	if (error)
		dbaas_error_raise(error);
	if (found == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no service \"%s\" in %s%s",
						dbaas_error_excerpt(service, strlen(service), NAMEDATALEN),
						zone ? "zone " : "any zone", zone ? zone->name : "")));
	if (list_length(found) == 1)
		return *(DbaasListedService *) linitial(found);

	initStringInfo(&names);
	foreach(lc, found)
		appendStringInfo(&names, "%s%s", names.len ? ", " : "",
						 ((const DbaasListedService *) lfirst(lc))->zone->name);
	ereport(ERROR,
			(errcode(ERRCODE_AMBIGUOUS_ALIAS),
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

/*
 * Where a row's write goes, and what it has to know of the service.  The zone is
 * the one that the row names, the server's only one, or else the one that has
 * the service.
 */
static DbaasListedService
row_service(DbaasWriter *writer, const DbaasRowValues *row)
{
	const DbaasWriteEndpoint *endpoint = writer->endpoint;
	const char *zone_name = dbaas_writer_value(writer, row, DBAAS_ZONE_COLUMN);
	const char *name = named_value(writer, row, endpoint->services[0]);
	const char *type = named_value(writer, row, endpoint->type_column);
	DbaasListedService service = {.type = type};
	bool		facts = endpoint->type_column && (service.type == NULL || endpoint->running);
	const DbaasZones *zones;
	DbaasError *error = dbaas_zones_get(writer->conn, NULL, &zones);

	if (error)
		dbaas_error_raise(error);
	if (zone_name)
		service.zone = named_zone(zone_name, zones);
	else if (zones->n == 1)
		service.zone = &zones->zones[0];
	if (service.zone && !facts)
		return service;
	if (name == NULL && endpoint->type_column)
		refuse_missing(writer, dbaas_catalogue_column(writer->resource, endpoint->services[0]));
	if (name == NULL)
		refuse_missing(writer, DBAAS_ZONE_COLUMN);
	service = listed_service(writer, service.zone, name, facts);
	if (type)
		service.type = type;
	return service;
}

/* Refuses a type of service whose path the write has not. */
static void
check_type(const DbaasWriter *writer, const char *name, const char *type)
{
	int			column = dbaas_catalogue_column(writer->resource, writer->endpoint->type_column);
	const DbaasColumn *c = &writer->resource->columns[column];
	const char *allowed = dbaas_catalogue_check(c->write_domain ? c->write_domain : c->domain, type);

	if (allowed)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("service \"%s\" of type \"%s\" does not take this write to foreign table \"%s\"",
						dbaas_error_excerpt(name, strlen(name), NAMEDATALEN),
						dbaas_error_excerpt(type, strlen(type), NAMEDATALEN),
						get_rel_name(writer->table->relid)),
				 errhint("Services of these types do: %s.", allowed)));
}

/* The API answers changes of a service that does not run with an obscure error. */
static void
check_running(const DbaasWriter *writer, const char *name, const DbaasListedService *service)
{
	if (!writer->endpoint->running || service->state == NULL ||
		strcmp(service->state, "running") == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("service \"%s\" in zone %s is not running",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN), service->zone->name),
			 errdetail("Its state is %s.",
					   dbaas_error_excerpt(service->state, strlen(service->state), NAMEDATALEN)),
			 errhint("Wait until it runs. With option wait \"running\" of the server, a write ends when its service runs again.")));
}

/* The service of a row whose path depends on its type, when it takes the write. */
static DbaasListedService
typed_service(DbaasWriter *writer, const DbaasRowValues *row)
{
	const char *name = named_value(writer, row, writer->endpoint->services[0]);
	DbaasListedService service = row_service(writer, row);

	if (service.type)
		check_type(writer, name, service.type);
	check_running(writer, name, &service);
	return service;
}

/* The endpoint's path with the row's values. */
static char *
make_path(DbaasWriter *writer, const DbaasRowValues *row, const char *type)
{
	const DbaasResource *resource = writer->resource;
	const char *type_column = writer->endpoint->type_column;
	const char **args = palloc0(resource->ncolumns * sizeof(char *));

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!in_path(resource, writer->endpoint->path, c))
			continue;
		args[c] = type_column && strcmp(resource->columns[c].name, type_column) == 0 ? type :
			dbaas_writer_value(writer, row, c);
		if (args[c] == NULL)
			refuse_missing(writer, c);
		if (!dbaas_path_can_hold(args[c]))
			refuse_value(writer, c, args[c], "It cannot be a segment of a path.");
		if (writer->operation == CMD_INSERT)
			check_domain(writer, c, args[c]);
	}
	return dbaas_path_expand(resource, writer->endpoint->path, args);
}

/* A column's value as JSON. */
static DbaasBody *
json_value(const DbaasWriter *writer, int column, const char *text)
{
	const DbaasJson *value;
	char	   *problem;

	if (writer->resource->columns[column].type != DBAAS_JSONB)
		return json_object_new_string(text);
	if (!dbaas_json_parse(CurrentMemoryContext, text, strlen(text),
						  DBAAS_JSON_ALL_NODES(strlen(text)), &value, &problem))
		refuse_value(writer, column, NULL, psprintf("It is no JSON: %s.", problem));
	if (!dbaas_json_is(value, DBAAS_JSON_OBJECT))
		refuse_value(writer, column, text,
					 psprintf("Allowed for %s: a JSON object.", shown_name(writer->table, column)));
	return dbaas_body_verbatim(dbaas_json_compact(value));
}

/*
 * The body: the columns that have a member in it.  *secret is the value that
 * must not be shown, or NULL.
 */
static const char *
make_body(DbaasWriter *writer, const DbaasRowValues *row, const char **secret)
{
	const DbaasResource *resource = writer->resource;
	DbaasBody  *body = dbaas_body_new();

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		bool		insert = writer->operation == CMD_INSERT;
		const char *member = insert ? column->insert :
			writer->operation == CMD_UPDATE ? column->update : NULL;
		const char *value;

		if (writer->endpoint->body_column && strcmp(writer->endpoint->body_column, column->name) == 0)
			member = writer->endpoint->body_field;
		if (member == NULL)
			continue;
		value = dbaas_writer_value(writer, row, c);
		if (value == NULL && insert && !column->insert_required)
			continue;
		if (value == NULL)
			refuse_missing(writer, c);
		check_domain(writer, c, value);
		if (column->secret)
			*secret = value;
		json_object_object_add(body, member, json_value(writer, c, value));
	}
	return json_object_object_length(body) ? dbaas_body_text(body) : NULL;
}

void
dbaas_write_make(DbaasWriter *writer, const DbaasRowValues *old_row,
				 const DbaasRowValues *new_row, DbaasWrite *write)
{
	const DbaasRowValues *row = writer->operation == CMD_INSERT ? new_row : old_row;
	DbaasListedService service = {0};

	memset(write, 0, sizeof(*write));
	if (writer->operation != CMD_DELETE)
		check_settable(writer, old_row, new_row);
	if (writer->endpoint->type_column)
		service = typed_service(writer, row);
	write->method = writer->endpoint->method;
	write->operation = writer->endpoint->path;
	write->path = make_path(writer, row, service.type);
	write->body = make_body(writer, writer->operation == CMD_DELETE ? old_row : new_row,
							&write->secret);
	for (size_t i = 0; i < lengthof(write->services); i++)
	{
		if (writer->endpoint->services[i])
			write->services[i] = dbaas_writer_value(writer, row,
													dbaas_catalogue_column(writer->resource,
																		   writer->endpoint->services[i]));
	}
	check_protection(writer, old_row, write->services[0]);
	if (service.zone == NULL)
		service = row_service(writer, row);
	write->serverid = writer->table->serverid;
	write->userid = writer->userid;
	write->zone = service.zone->name;
	write->base = service.zone->base;
	write->command = writer->operation;
	write->announces = writer->operation == CMD_INSERT && writer->resource->created_column &&
		writer->resource->columns[dbaas_catalogue_column(writer->resource,
														 writer->resource->created_column)].required;
	write->counts = writer->operation == CMD_DELETE && writer->resource->protected_column;
}

/* Is that the member of an INSERT that a secret goes into? */
static bool
is_secret_member(const DbaasResource *resource, const DbaasJson *name)
{
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];

		if (column->secret && column->insert && dbaas_json_equals(name, column->insert))
			return true;
	}
	return false;
}

const char *
dbaas_write_shown_body(DbaasWriter *writer, const DbaasWrite *write)
{
	const DbaasJson *body;
	DbaasBody  *shown = dbaas_body_new();
	char	   *problem;

	if (write->body == NULL || write->secret == NULL)
		return write->body;
	if (!dbaas_json_parse(CurrentMemoryContext, write->body, strlen(write->body),
						  DBAAS_JSON_ALL_NODES(strlen(write->body)), &body, &problem))
		return "***";
	for (const DbaasJson *name = dbaas_json_first(body); name; name = dbaas_json_next(body, name))
		json_object_object_add(shown, dbaas_json_string(name, NULL),
							   is_secret_member(writer->resource, name) ?
							   json_object_new_string("***") :
							   dbaas_body_verbatim(dbaas_json_compact(name + 1)));
	return dbaas_body_text(shown);
}
