/*-------------------------------------------------------------------------
 *
 * analyze.c
 *		ANALYZE on foreign tables.
 *
 * Reads the whole table; of a table in pages, the newest page of each target,
 * since a log can be as long as it likes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "analyze.h"
#include "commands/vacuum.h"
#include "decode.h"
#include "fetch.h"
#include "miscadmin.h"
#include "progress.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"

/* A sample that grows row by row, each row seen as likely in it as another. */
typedef struct Sample
{
	HeapTuple  *rows;
	int			n;
	int			target;
	double		seen;
	double		to_skip;		/* rows before the next that is taken; -1: unknown */
	ReservoirStateData state;
} Sample;

static void
take_sample(Sample *sample, TupleDesc desc, Datum *values, bool *isnull)
{
	int			place;

	sample->seen++;
	if (sample->n < sample->target)
		place = sample->n++;
	else
	{
		if (sample->to_skip < 0)
			sample->to_skip = reservoir_get_next_S(&sample->state, sample->seen - 1, sample->target);
		if (sample->to_skip-- > 0)
			return;
		place = (int) (sample->target * sampler_random_fract(&sample->state.randstate));
		heap_freetuple(sample->rows[place]);
		sample->to_skip = -1;
	}
	sample->rows[place] = heap_form_tuple(desc, values, isnull);
}

/* Starts reading all that ANALYZE looks at. */
static DbaasFetch *
begin_fetch(const DbaasTable *table)
{
	const DbaasResource *resource = table->resource;
	DbaasFetchSpec spec = {.resource = resource, .limit = -1, .eager = true};
	bool	   *given = palloc0(resource->ncolumns * sizeof(bool));
	DbaasConnection *conn;
	DbaasFetch *fetch = NULL;
	DbaasError *error;

	spec.endpoint = dbaas_catalogue_endpoint(resource, given);
	spec.keys = palloc0(resource->ncolumns * sizeof(DbaasKey));
	if (resource->paging)
		spec.limit = resource->paging->max_limit;
	error = dbaas_connection_get(table->serverid, GetUserId(), CurrentMemoryContext, &conn);
	if (error == NULL)
		error = dbaas_fetch_begin(conn, dbaas_statement_get(CurrentMemoryContext), &spec, NULL,
								  &fetch);
	if (error)
		dbaas_error_raise(error);
	return fetch;
}

static void
read_sample(const DbaasTable *table, TupleDesc desc, Sample *sample)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw analyze",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext row_cxt = AllocSetContextCreate(cxt, "dbaas_fdw row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	Datum	   *values = palloc(desc->natts * sizeof(Datum));
	bool	   *isnull = palloc(desc->natts * sizeof(bool));
	DbaasDecoder *decoder;
	DbaasFetch *fetch = begin_fetch(table);
	DbaasReadStatus status;
	DbaasRows  *rows;
	const DbaasOrigin *origin;
	DbaasError *error;

	decoder = dbaas_decoder_new(table, desc, dbaas_table_shown(table));
	while ((status = dbaas_fetch_next(fetch, &rows, &origin, &error)) != DBAAS_READ_END)
	{
		if (status == DBAAS_READ_FAILED)
			dbaas_error_raise(error);
		if (status == DBAAS_READ_PENDING)
		{
			dbaas_progress_wait(NULL, 0);
			continue;
		}
		MemoryContextReset(row_cxt);
		MemoryContextSwitchTo(row_cxt);
		dbaas_decode_row(decoder, rows, origin, values, isnull);
		MemoryContextSwitchTo(oldcxt);
		take_sample(sample, desc, values, isnull);
		MemoryContextSwitchTo(cxt);
	}
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(cxt);
}

static int
acquire_sample(Relation relation, int elevel, HeapTuple *rows, int target,
			   double *total, double *dead)
{
	DbaasTable *table = dbaas_table_get(RelationGetRelid(relation));
	Sample		sample = {.rows = rows, .target = target, .to_skip = -1};

	reservoir_init_selection_state(&sample.state, target);
	read_sample(table, RelationGetDescr(relation), &sample);
	*total = sample.seen;
	*dead = 0;
	ereport(elevel,
			(errmsg("\"%s\": %.0f rows read, %d rows in sample",
					RelationGetRelationName(relation), sample.seen, sample.n)));
	return sample.n;
}

/* A table that cannot be read without a key cannot be analyzed. */
bool
dbaasAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func, BlockNumber *totalpages)
{
	DbaasTable *table = dbaas_table_get(RelationGetRelid(relation));

	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (table->resource->columns[c].required)
			return false;
	}
	*func = acquire_sample;
	*totalpages = 1;
	return true;
}
