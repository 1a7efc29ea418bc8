/*-------------------------------------------------------------------------
 *
 * analyze.c
 *		ANALYZE on foreign tables.
 *
 * Reads the whole table, but of a partition only what its bound allows, and of a table
 * whose responses come in pages only the newest page of each target, because a log may be
 * very long.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/vacuum.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/sampling.h"

#include "api/progress.h"
#include "plan/arguments.h"
#include "plan/pushdown.h"
#include "read/fetch.h"
#include "read/skip.h"
#include "scan/analyze.h"
#include "scan/row_maker.h"
#include "tables/generated.h"

/* A random sample of the rows that were read, each with the same probability. */
typedef struct Sample
{
	HeapTuple  *rows;
	int			n;				/* rows in the sample */
	int			target;			/* rows that it has in the end, at most */
	double		seen;			/* rows that were read */
	double		to_skip;		/* rows to pass over before the next one that
								 * is taken; -1: not chosen yet */
	ReservoirStateData state;
} Sample;

static void
take_sample(Sample *sample, TupleTableSlot *slot)
{
	int			place;

	sample->seen++;
	if (sample->n < sample->target)
		place = sample->n++;
	else
	{
		if (sample->to_skip < 0)
			sample->to_skip = reservoir_get_next_S(&sample->state, sample->seen - 1,
												   sample->target);
		if (sample->to_skip-- > 0)
			return;
		place = (int) (sample->target * sampler_random_fract(&sample->state.randstate));
		heap_freetuple(sample->rows[place]);
		sample->to_skip = -1;
	}
	sample->rows[place] = ExecCopySlotHeapTuple(slot);
}

/* Begins to fetch the rows to sample; returns NULL if the partition's bound excludes all. */
static DbaasFetch *
begin_fetch(const DbaasTable *table, const DbaasPushed *pushed, ExprContext *econtext)
{
	const DbaasResource *resource = table->resource;
	DbaasStatement *statement = dbaas_statement_get(CurrentMemoryContext);
	DbaasRead	read = {
		.statement = statement,
		.budget = dbaas_statement_budget(statement),
		.resource = resource,
		.endpoint = pushed->endpoint,
		.caching = DBAAS_CACHE_NOTHING,
		.eager = true
	};
	DbaasArguments arguments;
	DbaasFetch *fetch = NULL;
	DbaasError *error;

	dbaas_arguments_evaluate(dbaas_arguments_init_pushed(pushed), table, econtext, &arguments);
	if (arguments.nothing)
		return NULL;
	dbaas_arguments_set_read(&arguments, &read);
	if (resource->paging)
		read.limit = resource->paging->max_limit;
	error = dbaas_connection_get(table->serverid, GetUserId(), CurrentMemoryContext, &read.conn);
	if (error == NULL)
		error = dbaas_fetch_begin(&read, &fetch);
	if (error)
		dbaas_table_raise(table, error);
	return fetch;
}

/* Reads the next row into the slot.  Returns false at the end. */
static bool
read_row(const DbaasTable *table, DbaasFetch *fetch, DbaasRowMaker *maker, TupleTableSlot *slot)
{
	DbaasReadStatus status;
	DbaasRows  *rows;
	const DbaasOrigin *origin;
	DbaasError *error;

	ExecClearTuple(slot);
	while ((error = dbaas_fetch_next(fetch, &status, &rows, &origin)) == NULL &&
		   status == DBAAS_READ_PENDING)
		dbaas_progress_wait(NULL, 0);
	if (error)
		dbaas_table_raise(table, error);
	if (status == DBAAS_READ_END)
		return false;
	dbaas_row_maker_store(maker, rows, origin, slot);
	return true;
}

static void
read_sample(const DbaasTable *table, Relation relation, Sample *sample)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw analyze",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsVirtual);
	ExprContext *econtext = CreateStandaloneExprContext();
	Bitmapset  *all = bms_union(dbaas_table_shown_attributes(table), dbaas_generated_all(relation));
	DbaasPushed pushed;
	ExprState  *qual = ExecInitQual(dbaas_pushdown_partition(table, relation, 1,
															 dbaas_table_shown_columns(table),
															 &pushed), NULL);
	DbaasRowMaker *maker = dbaas_row_maker_new(table, relation, all, NULL);
	DbaasFetch *fetch = begin_fetch(table, &pushed, econtext);

	econtext->ecxt_scantuple = slot;
	while (fetch && read_row(table, fetch, maker, slot))
	{
		ResetExprContext(econtext);
		if (!ExecQual(qual, econtext))
			continue;
		MemoryContextSwitchTo(oldcxt);
		take_sample(sample, slot);
		MemoryContextSwitchTo(cxt);
	}
	dbaas_skip_warn(dbaas_statement_get(cxt));
	ExecDropSingleTupleTableSlot(slot);
	FreeExprContext(econtext, true);
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(cxt);
}

static int
acquire_sample(Relation relation, int elevel, HeapTuple *rows, int target,
			   double *total, double *dead)
{
	DbaasTable *table = dbaas_table_get(RelationGetRelid(relation));
	Sample		sample = {
		.rows = rows,
		.target = target,
		.to_skip = -1
	};

	reservoir_init_selection_state(&sample.state, target);
	if (dbaas_catalogue_nreads(table->resource) > 0)
		read_sample(table, relation, &sample);
	*total = sample.seen;
	*dead = 0;
	ereport(elevel,
			(errmsg("\"%s\": %.0f rows read, %d rows in sample",
					RelationGetRelationName(relation), sample.seen, sample.n)));
	return sample.n;
}

/*
 * A table with a required key can be analyzed only if it is a partition whose bound
 * gives the key.
 */
bool
dbaasAnalyzeForeignTable(Relation relation, AcquireSampleRowsFunc *func, BlockNumber *totalpages)
{
	DbaasTable *table = dbaas_table_get(RelationGetRelid(relation));
	DbaasPushed pushed;

	(void) dbaas_pushdown_partition(table, relation, 1, dbaas_table_shown_columns(table), &pushed);
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (table->resource->columns[c].required && !dbaas_pushdown_has(pushed.keys, c))
			return false;
	}
	*func = acquire_sample;
	*totalpages = 1;
	return true;
}
