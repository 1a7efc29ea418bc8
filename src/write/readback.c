/*-------------------------------------------------------------------------
 *
 * readback.c
 *		Reads back what an INSERT created, for RETURNING.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "api/progress.h"
#include "read/decode.h"
#include "read/fetch.h"
#include "tables/generated.h"
#include "write/queue.h"
#include "write/readback.h"

struct DbaasReadback
{
	DbaasWriter *writer;
	const DbaasTable *table;
	TupleDesc	desc;
	DbaasDecoder *decoder;
	DbaasGenerated *generated;
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
 * Reads the row whose created_column has that value, with the keys that the slot has, and
 * stores it in the slot.  If the API does not list the row, does not change the slot.
 */
static void
read_row(DbaasReadback *readback, TupleTableSlot *slot, const char *created)
{
	const DbaasResource *resource = readback->table->resource;
	int			created_column = resource->index.created;
	DbaasKey   *keys = palloc0(resource->ncolumns * sizeof(DbaasKey));
	bool	   *given = palloc0(resource->ncolumns * sizeof(bool));
	DbaasRowValues row = {slot->tts_values, slot->tts_isnull};
	DbaasRead	read = readback->writer->lookup;
	DbaasRowValues *found;
	DbaasFetch *fetch;
	DbaasError *error;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const char **value = palloc(sizeof(char *));

		*value = c == created_column ? created : dbaas_writer_text(readback->writer, &row, c);
		if (*value == NULL || (c != DBAAS_ZONE_COLUMN && resource->columns[c].param == NULL))
			continue;
		dbaas_key_restrict(&keys[c], value, 1);
		given[c] = true;
	}
	/* What was written has to be told, too. */
	read.budget = NULL;
	read.bypass_shared = true;
	read.resource = resource;
	read.endpoint = dbaas_catalogue_find_read(resource, given);
	read.keys = keys;
	read.limit = -1;
	error = dbaas_fetch_begin(&read, &fetch);
	if (error)
		dbaas_table_raise(readback->table, error);
	while ((found = next_row(readback, fetch)) &&
		   !has_value(readback, found, created_column, created))
		CHECK_FOR_INTERRUPTS();
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

void
dbaas_readback_fill(DbaasReadback *readback, TupleTableSlot *slot)
{
	int			column = readback->table->resource->index.created;
	DbaasRowValues row = {slot->tts_values, slot->tts_isnull};
	const char *created = dbaas_writer_text(readback->writer, &row, column);

	if (created == NULL)
		created = dbaas_queue_last_reference();
	if (created == NULL)
		return;
	set_column(readback, slot, column, created);
	set_column(readback, slot, DBAAS_ZONE_COLUMN, dbaas_queue_last_zone());
	read_row(readback, slot, created);
}
