/*-------------------------------------------------------------------------
 *
 * writer.c
 *		A writer of rows of a table, and the values of those rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "read/decode.h"
#include "read/parents.h"
#include "read/share.h"
#include "write/queue.h"
#include "write/same.h"
#include "write/writable.h"
#include "write/writer.h"

/* The number of the statement's batch: a new one when it has none yet. */
static int
statement_batch(DbaasStatement *statement)
{
	static char owner;
	int		   *batch = dbaas_statement_state(statement, &owner, sizeof(int));

	if (*batch == 0)
		*batch = dbaas_queue_new_batch();
	return *batch;
}

DbaasWriter *
dbaas_writer_new(const DbaasTable *table, TupleDesc desc, DbaasCommand command, Oid userid,
				 MemoryContext query_cxt)
{
	DbaasStatement *statement = dbaas_statement_get(query_cxt);
	DbaasWriter *writer = palloc0(sizeof(DbaasWriter));
	DbaasError *error;

	dbaas_writable_check_repeated(table, command);
	writer->table = table;
	writer->resource = table->resource;
	writer->command = command;
	writer->makes_service = command == DBAAS_INSERT && table->resource->is_service;
	writer->needs_type = dbaas_catalogue_write_needs_type(table->resource, command);
	writer->userid = userid;
	writer->lookup.statement = statement;
	writer->lookup.skip = DBAAS_SKIP_CHANGES_WRITES;
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
	if (writer->needs_type && !writer->makes_service)
		dbaas_parents_expect(statement, table->serverid, &dbaas_catalogue_service_facts);
	if (command == DBAAS_DELETE && dbaas_writable_needs_lists(table, table->resource->protected))
		dbaas_parents_expect(statement, table->serverid, table->resource->protected);
	writer->asks_kept = dbaas_writable_asks_kept(table, command);
	if (writer->asks_kept)
		dbaas_share_expect(statement, table->serverid,
						   dbaas_writable_kept_read(table->resource->kept)->path);
	if (command == DBAAS_DELETE && dbaas_writable_needs_lists(table, table->resource->notable))
		dbaas_parents_expect(statement, table->serverid, table->resource->notable);
	error = dbaas_connection_get(table->serverid, userid, query_cxt, &writer->lookup.conn);
	if (error)
		dbaas_table_raise(writer->table, error);
	writer->batch = statement_batch(statement);
	writer->read_after = dbaas_queue_sendings();
	return writer;
}

void
dbaas_writer_updates(DbaasWriter *writer, const Bitmapset *set, const Bitmapset *read)
{
	writer->set = set;
	writer->read = read;
}

const char *
dbaas_writer_member(const DbaasWriter *writer, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];

	return writer->command == DBAAS_INSERT ? c->insert :
		writer->command == DBAAS_UPDATE ? c->update : c->delete;
}

bool
dbaas_writer_knows_type(const DbaasWriter *writer, const char *type)
{
	return !writer->needs_type ||
		dbaas_catalogue_knows(&writer->resource->columns[writer->resource->index.type], type);
}

/* ------------------------------------------------------------------------
 * Values
 * ------------------------------------------------------------------------ */

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
const char *
dbaas_writer_array(DbaasWriter *writer, const DbaasRowValues *row, int index)
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
const DbaasJson *
dbaas_writer_json(DbaasWriter *writer, const DbaasRowValues *row, int index)
{
	DbaasType	type = writer->resource->columns[writer->table->attributes[index].column].type;
	const char *text;
	bool		boolean;

	if (row->isnull[index])
		return NULL;
	if (type == DBAAS_TEXT_ARRAY)
		return text_as_json(dbaas_writer_array(writer, row, index), true);
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
		return dbaas_decode_time(dbaas_writer_json(writer, row, index), time);
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
bool
dbaas_writer_keeps(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasRowValues *new_row,
				   int index)
{
	const DbaasColumn *column = &writer->resource->columns[writer->table->attributes[index].column];

	if (old_row->isnull[index] || new_row->isnull[index])
		return old_row->isnull[index] && new_row->isnull[index];
	if (strcmp(attribute_text(writer, old_row, index), attribute_text(writer, new_row, index)) == 0)
		return true;
	if (column->type == DBAAS_TIMESTAMPTZ)
		return same_time(writer, old_row, new_row, index);
	return dbaas_same(column->meaning, dbaas_writer_json(writer, old_row, index),
					  dbaas_writer_json(writer, new_row, index));
}

/* ------------------------------------------------------------------------
 * Checks
 * ------------------------------------------------------------------------ */

/* Refuses a value, with what is allowed as the hint; never shows a secret. */
void
dbaas_writer_refuse_value(const DbaasWriter *writer, int column, const char *value, const char *allowed)
{
	const char *name = dbaas_writable_name(writer->table, column);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
			 writer->resource->columns[column].secret || value == NULL ?
			 errmsg("the API does not accept this value of column \"%s\"", name) :
			 errmsg("the API does not accept \"%s\" for column \"%s\"",
					dbaas_error_excerpt(value, strlen(value), NAMEDATALEN), name),
			 errhint("%s", allowed)));
}

void
dbaas_writer_check_domain(const DbaasWriter *writer, int column, const char *value)
{
	const char *problem = dbaas_catalogue_check(writer->resource->columns[column].write_domain,
												value);

	if (problem)
		dbaas_writer_refuse_value(writer, column, value,
								  psprintf("Allowed for %s: %s.", dbaas_writable_name(writer->table, column), problem));
}

/* A value that the column gives as JSON. */
const DbaasJson *
dbaas_writer_parse(const DbaasWriter *writer, int column, const char *text, DbaasJsonType type,
				   const char *allowed)
{
	const DbaasJson *value;
	char	   *problem;

	if (!dbaas_json_parse(CurrentMemoryContext, text, strlen(text),
						  DBAAS_JSON_ALL_NODES(strlen(text)), &value, &problem))
		dbaas_writer_refuse_value(writer, column, NULL, psprintf("It is no JSON: %s.", problem));
	if (!dbaas_json_is(value, type))
		dbaas_writer_refuse_value(writer, column, text,
								  psprintf("Allowed for %s: %s.", dbaas_writable_name(writer->table, column), allowed));
	return value;
}

/*
 * Refuses a row that gives a value where the API takes none.  A column that keeps
 * its value is not set.
 */
void
dbaas_writer_check_settable(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasRowValues *new_row)
{
	for (int i = 0; i < writer->table->natts; i++)
	{
		if (!dbaas_table_shows(writer->table, i + 1) ||
			dbaas_writable_takes(writer->resource, writer->command, writer->table->attributes[i].column))
			continue;
		if (writer->command == DBAAS_UPDATE ? !dbaas_writer_keeps(writer, old_row, new_row, i) :
			!new_row->isnull[i])
			dbaas_writable_refuse(writer->table, writer->command, i + 1);
	}
}

void
dbaas_writer_refuse_missing(const DbaasWriter *writer, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	Oid			relid = writer->table->relid;

	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 dbaas_error_about(relid, dbaas_table_attribute(writer->table, column)),
			 errmsg("column \"%s\" of foreign table \"%s\" has to be given",
					dbaas_writable_name(writer->table, column), get_rel_name(relid)),
			 errdetail("The API needs it."),
			 dbaas_table_attribute(writer->table, column) ? 0 :
			 errhint("The table has no such column: ALTER FOREIGN TABLE %s ADD COLUMN %s %s.",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
												get_rel_name(relid)),
					 quote_identifier(c->name), dbaas_catalogue_type_name(c->type))));
}
