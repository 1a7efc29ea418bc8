/*-------------------------------------------------------------------------
 *
 * readback.c
 *		Reads back what an INSERT created, for RETURNING.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "api/progress.h"
#include "base/set.h"
#include "read/decode.h"
#include "read/fetch.h"
#include "tables/generated.h"
#include "write/queue.h"
#include "write/readback.h"
#include "write/writable.h"

struct DbaasReadback
{
	DbaasWriter *writer;
	const DbaasTable *table;
	TupleDesc	desc;
	DbaasDecoder *decoder;
	DbaasGenerated *generated;
	DbaasSet   *shown;			/* of rows that were found by their values */
};

DbaasReadback *
dbaas_readback_new(DbaasWriter *writer, Relation relation)
{
	DbaasReadback *readback = palloc(sizeof(DbaasReadback));

	readback->writer = writer;
	readback->table = writer->table;
	readback->desc = writer->desc;
	readback->decoder = dbaas_decoder_new(writer->table, writer->desc,
										  dbaas_table_shown_attributes(writer->table), NULL);
	readback->generated = dbaas_generated_new(relation, NULL);
	readback->shown = dbaas_set_new();
	return readback;
}

/* Does the row have that value of a column?  True if the table does not show the column. */
static bool
has_value(DbaasReadback *readback, const DbaasRowValues *row, int column, const char *value)
{
	const char *found = dbaas_writer_text(readback->writer, row, column);

	return dbaas_table_find_attribute(readback->table, column) == 0 ||
		(found && strcmp(found, value) == 0);
}

/* Is the row that one, as far as its values tell?  args[] has them, by catalogue column. */
static bool
is_created(DbaasReadback *readback, const DbaasRowValues *row, const char *const *args)
{
	for (int c = 0; c < readback->table->resource->ncolumns; c++)
	{
		if (args[c] && dbaas_writable_tells_created(readback->table->resource, c) &&
			!has_value(readback, row, c, args[c]))
			return false;
	}
	return true;
}

/* What tells the row of those values apart from others that have them too. */
static char *
row_name(DbaasReadback *readback, const DbaasRowValues *row, const char *const *args)
{
	const DbaasResource *resource = readback->table->resource;
	const char *created = resource->created_column ?
		dbaas_writer_text(readback->writer, row, resource->index.created) : NULL;
	StringInfoData name;

	initStringInfo(&name);
	for (int c = 0; c < resource->ncolumns; c++)
		appendStringInfo(&name, "%s\n", args[c] ? args[c] : "");
	appendStringInfoString(&name, created ? created : "");
	return name.data;
}

/* Waits for the next row, in the current memory context; NULL at the end. */
static DbaasRowValues *
next_row(DbaasReadback *readback, DbaasFetch *fetch)
{
	Datum	   *values = palloc0(Max(readback->desc->natts, 1) * sizeof(Datum));
	bool	   *isnull = palloc0(Max(readback->desc->natts, 1) * sizeof(bool));
	DbaasRowValues *row = palloc(sizeof(DbaasRowValues));
	DbaasReadStatus status;
	DbaasRows  *rows;
	const DbaasOrigin *origin;
	DbaasError *error;

	while ((error = dbaas_fetch_next(fetch, &status, &rows, &origin)) == NULL &&
		   status == DBAAS_READ_PENDING)
		dbaas_progress_wait(NULL, 0);
	if (error)
		dbaas_table_raise(readback->table, error);
	if (status != DBAAS_READ_NEXT)
		return NULL;
	dbaas_decode_row(readback->decoder, rows, origin, values, isnull);
	row->values = values;
	row->isnull = isnull;
	return row;
}

/*
 * Begins to read the rows of the keys among args[], which has the values of the created
 * row, by catalogue column.
 */
static DbaasFetch *
begin_fetch(DbaasReadback *readback, const char **args)
{
	const DbaasResource *resource = readback->table->resource;
	DbaasKey   *keys = palloc0(resource->ncolumns * sizeof(DbaasKey));
	bool	   *given = palloc0(resource->ncolumns * sizeof(bool));
	DbaasRead	read = readback->writer->lookup;
	DbaasFetch *fetch;
	DbaasError *error;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (args[c] == NULL || (c != DBAAS_ZONE_COLUMN && resource->columns[c].param == NULL))
			continue;
		dbaas_key_restrict(&keys[c], &args[c], 1);
		given[c] = true;
	}
	/* What was written has to be told, too. */
	read.budget = NULL;
	read.bypass_shared = true;
	read.resource = resource;
	read.endpoint = dbaas_catalogue_find_read(resource, given,
											  dbaas_table_shown_columns(readback->table));
	read.keys = keys;
	read.limit = -1;
	error = dbaas_fetch_begin(&read, &fetch);
	if (error)
		dbaas_table_raise(readback->table, error);
	return fetch;
}

/*
 * Waits for the created row; NULL if the API does not list it.  Of rows that were found by
 * their values, the last that has not been shown is it: others may have them too.
 */
static DbaasRowValues *
find_row(DbaasReadback *readback, const char **args)
{
	const DbaasResource *resource = readback->table->resource;
	DbaasFetch *fetch = begin_fetch(readback, args);
	DbaasRowValues *found = NULL;
	DbaasRowValues *row;

	while ((row = next_row(readback, fetch)))
	{
		CHECK_FOR_INTERRUPTS();
		if (!is_created(readback, row, args))
			continue;
		if (!resource->found_by_values)
			return row;
		if (!dbaas_set_has(readback->shown, row_name(readback, row, args)))
			found = row;
	}
	if (found)
		(void) dbaas_set_add(readback->shown, row_name(readback, found, args));
	return found;
}

/*
 * Reads the created row, with the keys that the slot has, and stores it in the slot.
 * "created" is the value of its created_column; NULL if it is found by its values.  If the
 * API does not list the row, does not change the slot.
 */
static void
read_row(DbaasReadback *readback, TupleTableSlot *slot, const char *created)
{
	const DbaasResource *resource = readback->table->resource;
	const char **args = palloc0(resource->ncolumns * sizeof(char *));
	DbaasRowValues row = {slot->tts_values, slot->tts_isnull};
	DbaasRowValues *found;

	for (int c = 0; c < resource->ncolumns; c++)
		args[c] = c == resource->index.created ? created :
			dbaas_writer_text(readback->writer, &row, c);
	found = find_row(readback, args);
	if (found == NULL)
		return;
	ExecClearTuple(slot);
	memcpy(slot->tts_values, found->values, readback->desc->natts * sizeof(Datum));
	memcpy(slot->tts_isnull, found->isnull, readback->desc->natts * sizeof(bool));
	ExecStoreVirtualTuple(slot);
	dbaas_generated_compute(readback->generated, slot);
}

/* Sets the attribute that shows a column, if there is one, to a text, unless that is NULL. */
static void
set_column(DbaasReadback *readback, TupleTableSlot *slot, int column, const char *text)
{
	AttrNumber	attnum = dbaas_table_find_attribute(readback->table, column);
	Form_pg_attribute attr;
	Oid			input;
	Oid			ioparam;

	if (attnum == 0 || text == NULL)
		return;
	attr = TupleDescAttr(readback->desc, attnum - 1);
	getTypeInputInfo(attr->atttypid, &input, &ioparam);
	slot->tts_values[attnum - 1] = OidInputFunctionCall(input, unconstify(char *, text),
														ioparam, attr->atttypmod);
	slot->tts_isnull[attnum - 1] = false;
}

/* What the answer to a write says, in the server's encoding; NULL if it does not say it. */
static const char *
returned_text(DbaasReturned returned, const DbaasOperation *operation)
{
	switch (returned)
	{
		case DBAAS_RETURNS_OPERATION_ID:
			return operation->operation_id;
		case DBAAS_RETURNS_STATE:
			return operation->unfinished ? "pending" : "success";
		case DBAAS_RETURNS_ANSWER:
			return operation->answer ?
				pg_any_to_server(operation->answer, strlen(operation->answer), PG_UTF8) : NULL;
		default:
			return NULL;
	}
}

/* Stores the row, with where it was sent and what the answer to that says, in the slot. */
static void
take_answer(DbaasReadback *readback, TupleTableSlot *slot, const DbaasOperation *operation)
{
	const DbaasResource *resource = readback->table->resource;
	HeapTuple	row = ExecCopySlotHeapTuple(slot);

	ExecClearTuple(slot);
	heap_deform_tuple(row, readback->desc, slot->tts_values, slot->tts_isnull);
	for (int c = 0; c < resource->ncolumns; c++)
		set_column(readback, slot, c, returned_text(resource->columns[c].returned, operation));
	set_column(readback, slot, DBAAS_ZONE_COLUMN, operation->write.zone);
	if (resource->type_column)
		set_column(readback, slot, resource->index.type, operation->write.service_type);
	ExecStoreVirtualTuple(slot);
	dbaas_generated_compute(readback->generated, slot);
}

bool
dbaas_readback_fills(const DbaasResource *resource)
{
	bool		any = resource->created_column || resource->found_by_values;

	for (int c = 0; c < resource->ncolumns; c++)
		any = any || resource->columns[c].returned != DBAAS_RETURNS_NOTHING;
	return any;
}

void
dbaas_readback_fill(DbaasReadback *readback, TupleTableSlot *slot)
{
	const DbaasResource *resource = readback->table->resource;
	const DbaasOperation *operation = dbaas_queue_last();
	DbaasRowValues row = {slot->tts_values, slot->tts_isnull};
	const char *created = NULL;

	if (resource->created_column == NULL && !resource->found_by_values)
	{
		take_answer(readback, slot, operation);
		return;
	}
	if (!resource->found_by_values)
	{
		created = dbaas_writer_text(readback->writer, &row, resource->index.created);
		if (created == NULL)
			created = operation->reference_id;
		if (created == NULL)
			return;
		set_column(readback, slot, resource->index.created, created);
	}
	set_column(readback, slot, DBAAS_ZONE_COLUMN, operation->write.zone);
	read_row(readback, slot, created);
}
