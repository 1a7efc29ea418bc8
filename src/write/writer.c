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
#include "tables/secret.h"
#include "write/queue.h"
#include "write/same.h"
#include "write/writable.h"
#include "write/writer.h"

/* The output function of each attribute. */
static FmgrInfo *
output_functions(TupleDesc desc)
{
	FmgrInfo   *outputs = palloc0(Max(desc->natts, 1) * sizeof(FmgrInfo));

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		Oid			output;
		bool		varlena;

		if (attr->attisdropped)
			continue;
		getTypeOutputInfo(attr->atttypid, &output, &varlena);
		fmgr_info(output, &outputs[i]);
	}
	return outputs;
}

/* Tells it of the lists in which arguments are found. */
static void
expect_found(const DbaasWriter *writer)
{
	const DbaasResource *resource = writer->resource;

	for (const DbaasWriteEndpoint *e = dbaas_catalogue_next_write(resource, writer->command, NULL);
		 e; e = dbaas_catalogue_next_write(resource, writer->command, e))
	{
		for (int i = 0; i < dbaas_catalogue_narguments(e); i++)
		{
			if (e->arguments[i].found)
				dbaas_parents_expect(writer->lookup.statement, writer->table->serverid,
									 e->arguments[i].found);
		}
	}
}

/* Tells the statement what the writer may read, so that scans share the responses. */
static void
expect_reads(const DbaasWriter *writer)
{
	const DbaasTable *table = writer->table;
	const DbaasResource *resource = writer->resource;
	DbaasStatement *statement = writer->lookup.statement;

	if (writer->needs_type && !writer->makes_service)
		dbaas_parents_expect(statement, table->serverid, &dbaas_catalogue_service_facts);
	if (writer->reads_kept)
		dbaas_share_expect(statement, table->serverid, resource->kept->read->path);
	if (resource->whole)
		dbaas_share_expect(statement, table->serverid, resource->whole->read->path);
	expect_found(writer);
	if (writer->command != DBAAS_DELETE)
		return;
	if (dbaas_writable_needs_lists(table, resource->protected))
		dbaas_parents_expect(statement, table->serverid, resource->protected);
	if (dbaas_writable_needs_lists(table, resource->notable))
		dbaas_parents_expect(statement, table->serverid, resource->notable);
	if (resource->used_by)
		dbaas_share_expect(statement, table->serverid, resource->used_by->read->path);
}

/* The number of the statement's batch: a new one if it has none yet. */
static int
statement_batch(DbaasStatement *statement)
{
	static int	last_batch = 0;
	int		   *batch = dbaas_statement_state(statement, &last_batch, sizeof(int));

	if (*batch == 0)
		*batch = ++last_batch;
	return *batch;
}

/* One that has no connection yet. */
static DbaasWriter *
make_writer(const DbaasTable *table, TupleDesc desc, DbaasCommand command, Oid userid,
			MemoryContext query_cxt)
{
	DbaasWriter *writer = palloc0(sizeof(DbaasWriter));

	writer->table = table;
	writer->resource = table->resource;
	writer->command = command;
	writer->userid = userid;
	writer->lookup.statement = dbaas_statement_get(query_cxt);
	writer->lookup.budget = dbaas_statement_budget(writer->lookup.statement);
	writer->lookup.counters = MemoryContextAllocZero(query_cxt, sizeof(DbaasCounters));
	writer->lookup.skip = DBAAS_SKIP_CHANGES_WRITES;
	writer->lookup.caching = DBAAS_CACHE_NOTHING;
	writer->desc = desc;
	writer->outputs = output_functions(desc);
	writer->makes_service = command == DBAAS_INSERT && table->resource->is_service;
	writer->needs_type = dbaas_catalogue_write_needs_type(table->resource, command);
	writer->reads_kept = dbaas_writable_reads_kept(table, command);
	writer->batch = statement_batch(writer->lookup.statement);
	writer->read_after = dbaas_queue_send_count();
	return writer;
}

DbaasWriter *
dbaas_writer_new(const DbaasTable *table, TupleDesc desc, DbaasCommand command, Oid userid,
				 MemoryContext query_cxt)
{
	DbaasWriter *writer = make_writer(table, desc, command, userid, query_cxt);
	DbaasError *error;

	dbaas_writable_check_repeated(table, command);
	expect_reads(writer);
	error = dbaas_connection_get(table->serverid, userid, query_cxt, &writer->lookup.conn);
	if (error)
		dbaas_table_raise(table, error);
	return writer;
}

DbaasWriter *
dbaas_writer_new_source(const DbaasTable *table, TupleDesc desc, Oid userid,
						const Bitmapset *read, MemoryContext query_cxt)
{
	DbaasWriter *writer = make_writer(table, desc, DBAAS_UPDATE, userid, query_cxt);

	if (dbaas_connection_get(table->serverid, userid, query_cxt, &writer->lookup.conn))
		return NULL;
	writer->computed_from = read;
	return writer;
}

void
dbaas_writer_set_updated(DbaasWriter *writer, const Bitmapset *set,
						 const Bitmapset *computed_from, bool triggered,
						 DbaasGivenMembers given, void *given_arg)
{
	writer->set = set;
	writer->computed_from = computed_from;
	writer->triggered = triggered;
	writer->given = given;
	writer->given_arg = given_arg;
}

bool
dbaas_writer_computes_from(const DbaasWriter *writer, AttrNumber attnum)
{
	return writer->triggered || bms_is_member(attnum, writer->computed_from);
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
	int			column = writer->resource->index.type;

	return !writer->needs_type ||
		dbaas_catalogue_knows(&writer->resource->columns[column], type);
}

const char *
dbaas_writer_name(const DbaasWriter *writer, int column)
{
	return dbaas_writable_name(writer->table, column);
}

int
dbaas_writer_about(const DbaasWriter *writer, int column)
{
	return dbaas_error_about(writer->table->relid,
							 dbaas_table_find_attribute(writer->table, column));
}

/* ------------------------------------------------------------------------
 * Values
 * ------------------------------------------------------------------------ */

/* A row's value of an attribute, which must not be null, as text in the server's encoding. */
static const char *
output_text(DbaasWriter *writer, const DbaasRowValues *row, int index)
{
	return OutputFunctionCall(&writer->outputs[index], row->values[index]);
}

const char *
dbaas_writer_text(DbaasWriter *writer, const DbaasRowValues *row, int column)
{
	AttrNumber	attnum = dbaas_table_find_attribute(writer->table, column);
	const char *text;

	if (attnum == InvalidAttrNumber || row->isnull[attnum - 1])
		return NULL;
	text = output_text(writer, row, attnum - 1);
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

static const DbaasJson *
parse_text(const char *text)
{
	const DbaasJson *value;
	char	   *problem;

	return dbaas_json_parse(CurrentMemoryContext, text, strlen(text),
							DBAAS_JSON_ALL_NODES(strlen(text)), &value, &problem) ? value : NULL;
}

/* The text as a JSON string; NULL when it is not valid UTF-8. */
static const DbaasJson *
quote_text(const char *text)
{
	StringInfoData quoted;

	initStringInfo(&quoted);
	escape_json(&quoted, text);
	return parse_text(quoted.data);
}

const char *
dbaas_writer_array(DbaasWriter *writer, const DbaasRowValues *row, int index)
{
	Oid			type = TupleDescAttr(writer->desc, index)->atttypid;
	const char *json;

	if (OidIsValid(get_element_type(getBaseType(type))))
		json = TextDatumGetCString(OidFunctionCall1(F_ARRAY_TO_JSON_ANYARRAY, row->values[index]));
	else
		json = output_text(writer, row, index);
	return pg_server_to_any(json, strlen(json), PG_UTF8);
}

const DbaasJson *
dbaas_writer_json(DbaasWriter *writer, const DbaasRowValues *row, int index)
{
	DbaasType	type = dbaas_table_column(writer->table, index + 1)->type;
	const DbaasJson *value = NULL;
	const char *text;
	bool		boolean;

	if (row->isnull[index])
		return NULL;
	if (type == DBAAS_TEXT_ARRAY)
		text = dbaas_writer_array(writer, row, index);
	else
	{
		text = output_text(writer, row, index);
		if (type == DBAAS_BOOLEAN && parse_bool(text, &boolean))
			text = boolean ? "true" : "false";
		text = pg_server_to_any(text, strlen(text), PG_UTF8);
	}
	if (type == DBAAS_BIGINT || type == DBAAS_DOUBLE || type == DBAAS_BOOLEAN ||
		type == DBAAS_JSONB || type == DBAAS_TEXT_ARRAY)
		value = parse_text(text);
	return value ? value : quote_text(text);
}

/* Reads a row's value of an attribute as a time.  Returns whether it is one. */
static bool
attribute_time(DbaasWriter *writer, const DbaasRowValues *row, int index, TimestampTz *time)
{
	Oid			type = getBaseType(TupleDescAttr(writer->desc, index)->atttypid);

	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID)
		return dbaas_decode_time(dbaas_writer_json(writer, row, index), time);
	*time = DatumGetTimestampTz(row->values[index]);
	return true;
}

/* Is it the same time, at the precision that the new value seems to have: s, ms or us? */
static bool
same_time(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasRowValues *new_row,
		  int index)
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

bool
dbaas_writer_keeps(DbaasWriter *writer, const DbaasRowValues *old_row,
				   const DbaasRowValues *new_row, int index)
{
	const DbaasColumn *column = dbaas_table_column(writer->table, index + 1);

	if (old_row->isnull[index] || new_row->isnull[index])
		return old_row->isnull[index] && new_row->isnull[index];
	if (strcmp(output_text(writer, old_row, index), output_text(writer, new_row, index)) == 0)
		return true;
	if (column->type == DBAAS_TIMESTAMPTZ)
		return same_time(writer, old_row, new_row, index);
	return dbaas_same_values(column->comparison, dbaas_writer_json(writer, old_row, index),
							 dbaas_writer_json(writer, new_row, index));
}

char *
dbaas_writer_without_secrets(DbaasWriter *writer, const DbaasRowValues *row, int index)
{
	const char *text = output_text(writer, row, index);
	char	   *shown = pstrdup(pg_server_to_any(text, strlen(text), PG_UTF8));
	char	   *whole = pstrdup(shown);
	const DbaasJson *value = parse_text(shown);

	if (value == NULL)
		return NULL;
	dbaas_secret_hide(value);
	dbaas_secret_hide_members(value,
							  dbaas_table_column(writer->table, index + 1)->secret_members);
	return strcmp(shown, whole) == 0 ? NULL : pg_any_to_server(shown, strlen(shown), PG_UTF8);
}

/* ------------------------------------------------------------------------
 * Checks
 * ------------------------------------------------------------------------ */

void
dbaas_writer_refuse(const DbaasWriter *writer, int column, const char *value, const char *hint)
{
	const char *name = dbaas_writer_name(writer, column);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 dbaas_writer_about(writer, column),
			 writer->resource->columns[column].secret || value == NULL ?
			 errmsg("the API does not accept this value of column \"%s\"", name) :
			 errmsg("the API does not accept \"%s\" for column \"%s\"", dbaas_error_name(value),
					name),
			 errhint("%s", hint)));
}

void
dbaas_writer_refuse_unless(const DbaasWriter *writer, int column, const char *value,
						   const char *allowed)
{
	dbaas_writer_refuse(writer, column, value,
						psprintf("Allowed for %s: %s.", dbaas_writer_name(writer, column),
								 allowed));
}

void
dbaas_writer_check_domain(const DbaasWriter *writer, int column, const char *type,
						  const char *value)
{
	const DbaasDomain *domain =
		dbaas_catalogue_write_domain(&writer->resource->columns[column], type);
	const char *allowed = dbaas_catalogue_check_value(domain, value);

	if (allowed)
		dbaas_writer_refuse_unless(writer, column, value, allowed);
}

const DbaasJson *
dbaas_writer_parse(const DbaasWriter *writer, int column, const char *text, DbaasJsonType type,
				   const char *allowed)
{
	const DbaasJson *value;
	char	   *problem;

	if (!dbaas_json_parse(CurrentMemoryContext, text, strlen(text),
						  DBAAS_JSON_ALL_NODES(strlen(text)), &value, &problem))
		dbaas_writer_refuse(writer, column, NULL, psprintf("It is not valid JSON: %s.", problem));
	/* What should be an object may have any secret in it. */
	if (!dbaas_json_is(value, type))
		dbaas_writer_refuse_unless(writer, column, type == DBAAS_JSON_OBJECT ? NULL : text,
								   allowed);
	return value;
}

void
dbaas_writer_check_settable(DbaasWriter *writer, const DbaasRowValues *old_row,
							const DbaasRowValues *new_row)
{
	for (int i = 0; i < writer->table->natts; i++)
	{
		int			column = writer->table->attributes[i].column;

		if (!dbaas_table_shows(writer->table, i + 1) ||
			dbaas_writable_takes(writer->resource, writer->command, column))
			continue;
		if (writer->command == DBAAS_UPDATE ? !dbaas_writer_keeps(writer, old_row, new_row, i) :
			!new_row->isnull[i])
			dbaas_writable_refuse(writer->table, writer->command, i + 1);
	}
}

/* The HINT what to give a column that the table has: see "null_hint", or else what it accepts. */
static int
hint_missing(const DbaasWriter *writer, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasDomain *domain = dbaas_catalogue_write_domain(c, NULL);

	if (c->null_hint)
		return errhint("%s", c->null_hint);
	if (domain == NULL || domain->values == NULL)
		return 0;
	return errhint("Allowed for %s: %s.", dbaas_writer_name(writer, column),
				   dbaas_catalogue_describe_domain(domain));
}

void
dbaas_writer_refuse_missing(const DbaasWriter *writer, int column)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	Oid			relid = writer->table->relid;
	const char *name = get_rel_name(relid);

	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 dbaas_writer_about(writer, column),
			 errmsg("column \"%s\" of foreign table \"%s\" has to be given",
					dbaas_writer_name(writer, column), name),
			 errdetail("The API needs it."),
			 dbaas_table_find_attribute(writer->table, column) ?
			 hint_missing(writer, column) :
			 errhint("The table has no such column: ALTER FOREIGN TABLE %s ADD COLUMN %s %s.",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), name),
					 quote_identifier(c->name), dbaas_catalogue_type_name(c->type))));
}
