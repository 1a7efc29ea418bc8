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
#include "network.h"
#include "nodes/bitmapset.h"
#include "path.h"
#include "secret.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "write.h"

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
		resource->protected ? resource->protected->filter_column : NULL
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
					 dbaas_error_about(table->relid, i + 1),
					 errmsg("columns \"%s\" and \"%s\" of foreign table \"%s\" show the same field",
							get_attname(table->relid, first, false),
							get_attname(table->relid, i + 1, false), get_rel_name(table->relid)),
					 errhint("Write through a foreign table that shows it once.")));
	}
}

/* The column that says what the API refuses to delete, or -1. */
static int
protected_column(const DbaasWriter *writer)
{
	if (writer->operation != CMD_DELETE || writer->resource->protected == NULL)
		return -1;
	return dbaas_catalogue_column(writer->resource, writer->resource->protected->filter_column);
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
	if (protected_column(writer) >= 0 &&
		dbaas_table_attribute(table, protected_column(writer)) == 0)
		dbaas_statement_expect_parents(statement, table->serverid, table->resource->protected);
	error = dbaas_connection_get(table->serverid, userid, query_cxt, &writer->conn);
	if (error)
		dbaas_table_raise(writer->table, error);
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

/* Is the row protected?  Where it does not say, the list of its zone does. */
static bool
is_protected(DbaasWriter *writer, const DbaasRowValues *row, const DbaasZone *zone,
			 const char *name, int column)
{
	DbaasError *error;
	List	   *found;
	const char *value;

	if (dbaas_table_attribute(writer->table, column))
	{
		value = dbaas_writer_value(writer, row, column);
		return value && (*value == 't' || *value == 'T');
	}
	error = dbaas_statement_locate(writer->statement, writer->conn, zone, name,
								   writer->resource->protected, &found);
	if (error)
		dbaas_table_raise(writer->table, error);
	return found != NIL;
}

/* The API refuses to delete what is protected: so does this, at once. */
static void
check_protection(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasZone *zone,
				 const char *name)
{
	int			column = protected_column(writer);
	const char *shown;

	if (column < 0 || !is_protected(writer, old_row, zone, name, column))
		return;
	shown = shown_name(writer->table, column);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
			 errmsg("service \"%s\" is protected against termination",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN)),
			 dbaas_table_attribute(writer->table, column) ?
			 errhint("Take the termination protection off first: UPDATE ... SET %s = false; "
					 "or leave the service out: ... AND %s IS NOT TRUE.", shown, shown) :
			 errhint("Take the termination protection off first, through a table that has column \"%s\".",
					 shown)));
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

/* Has the UPDATE changed the column? */
static bool
is_changed(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasRowValues *new_row,
		   int column)
{
	AttrNumber	attnum = dbaas_table_attribute(writer->table, column);
	const char *old_text = attnum ? attribute_text(writer, old_row, attnum - 1) : NULL;
	const char *new_text = attnum ? attribute_text(writer, new_row, attnum - 1) : NULL;

	return old_text && new_text ? strcmp(old_text, new_text) != 0 : old_text != new_text;
}

/* Do both lie in one member that the API wants whole? */
static bool
go_together(const char *a, const char *b)
{
	size_t		len = strcspn(a, "/");

	return a[len] == '/' && strncmp(a, b, len + 1) == 0;
}

/* Which columns go into the body?  Returns whether any does. */
static bool
find_sent(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasRowValues *new_row,
		  bool *sent)
{
	const DbaasResource *resource = writer->resource;
	bool		any = false;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (column_member(writer, c) == NULL)
			continue;
		sent[c] = writer->operation == CMD_INSERT ? resource->columns[c].insert_required ||
			dbaas_writer_value(writer, new_row, c) :
			!writer->endpoint->changes || is_changed(writer, old_row, new_row, c);
		any = any || sent[c];
	}
	for (int c = 0; c < resource->ncolumns; c++)
	{
		for (int other = 0; sent[c] && other < resource->ncolumns; other++)
			sent[other] = sent[other] || (column_member(writer, other) &&
										  go_together(column_member(writer, c),
													  column_member(writer, other)));
	}
	return any;
}

/* The text of an array as JSON, or of what is JSON already. */
static const char *
array_text(DbaasWriter *writer, const DbaasRowValues *row, int column)
{
	AttrNumber	attnum = dbaas_table_attribute(writer->table, column);
	Oid			type = TupleDescAttr(writer->desc, attnum - 1)->atttypid;
	char	   *json;

	if (!OidIsValid(get_element_type(getBaseType(type))))
		return dbaas_writer_value(writer, row, column);
	json = TextDatumGetCString(OidFunctionCall1(F_ARRAY_TO_JSON_ANYARRAY, row->values[attnum - 1]));
	return pg_server_to_any(json, strlen(json), PG_UTF8);
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
																	  array_text(writer, row, column))));
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
	static const char type_mark[] = "{type}";
	size_t		len = strcspn(member, "/");
	DbaasBody  *inner;

	if (type && strncmp(member, type_mark, strlen(type_mark)) == 0)
		member = psprintf("%s%s", type, member + strlen(type_mark));
	else if (member[len])
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

/*
 * What no error may repeat of a value: all below names of secrets, and, where
 * "texts" says so, the texts that are not so short that they stand in any message.
 */
static List *
find_secrets(List *secrets, const DbaasJson *value, bool secret, bool texts)
{
	bool		is_text = dbaas_json_is(value, DBAAS_JSON_STRING);

	if ((is_text && (secret || texts)) || (secret && (dbaas_json_is(value, DBAAS_JSON_INTEGER) ||
							   dbaas_json_is(value, DBAAS_JSON_NUMBER))))
	{
		char	   *text = is_text ? dbaas_json_string(value, NULL) : dbaas_json_text(value);

		if (strlen(text) >= (secret && is_text ? 1 : 3))
			secrets = lappend(secrets, text);
		return secrets;
	}
	if (!dbaas_json_is(value, DBAAS_JSON_OBJECT) && !dbaas_json_is(value, DBAAS_JSON_ARRAY))
		return secrets;
	for (const DbaasJson *item = dbaas_json_first(value); item; item = dbaas_json_next(value, item))
	{
		if (dbaas_json_is(value, DBAAS_JSON_OBJECT))
		{
			size_t		len;
			const char *name = dbaas_json_string(item, &len);

			secrets = find_secrets(secrets, item + 1, secret || dbaas_catalogue_is_secret(name, len),
								   texts);
		}
		else
			secrets = find_secrets(secrets, item, secret, texts);
	}
	return secrets;
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
	body->secrets = find_secrets(body->secrets, object, false, secret);
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
	body->secrets = find_secrets(body->secrets, object, false, false);
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

static void
add_column(DbaasWriter *writer, const DbaasRowValues *row, int column, const char *service,
		   Body *body)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const char *member = column_member(writer, column);
	const char *text = dbaas_writer_value(writer, row, column);

	if (text == NULL)
		refuse_missing(writer, column);
	check_column_type(writer, column, body->type);
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
		warn_if_open(service, parse_array(writer, column, array_text(writer, row, column)));
}

/* The body: the columns that are sent, each where it has its place. */
static void
make_body(DbaasWriter *writer, const DbaasRowValues *row, const bool *sent, const char *type,
		  DbaasWrite *write)
{
	Body		body = {dbaas_body_new(), dbaas_body_new(), .type = type};

	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		if (sent[c])
			add_column(writer, row, c, write->services[0], &body);
	}
	write->secrets = body.secrets;
	if (json_object_object_length(body.sent) == 0)
		return;
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

bool
dbaas_write_make(DbaasWriter *writer, const DbaasRowValues *old_row,
				 const DbaasRowValues *new_row, DbaasWrite *write)
{
	const DbaasRowValues *row = writer->operation == CMD_INSERT ? new_row : old_row;
	bool	   *sent = palloc0(writer->resource->ncolumns * sizeof(bool));
	DbaasListedService service = {0};

	memset(write, 0, sizeof(*write));
	if (writer->operation != CMD_DELETE)
		check_settable(writer, old_row, new_row);
	if (!find_sent(writer, old_row, new_row, sent) && writer->endpoint->changes)
		return false;
	if (writer->endpoint->type_column)
		service = typed_service(writer, row, sent);
	write->method = writer->endpoint->method;
	write->operation = path_template(writer->endpoint, service.type);
	write->path = make_path(writer, row, &service);
	for (size_t i = 0; i < lengthof(write->services); i++)
		write->services[i] = named_value(writer, row, writer->endpoint->services[i]);
	make_body(writer, writer->operation == CMD_DELETE ? old_row : new_row, sent, service.type, write);
	if (write->body == NULL && writer->endpoint->changes)
		return false;
	if (service.zone == NULL)
		service = row_service(writer, row, false);
	check_protection(writer, old_row, service.zone, write->services[0]);
	write->serverid = writer->table->serverid;
	write->userid = writer->userid;
	write->zone = service.zone->name;
	write->base = service.zone->base;
	write->command = writer->operation;
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
	return true;
}
