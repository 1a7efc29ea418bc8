/*-------------------------------------------------------------------------
 *
 * fetch.c
 *		From a set of keys to rows of answers: which requests, in what order.
 *
 * Each target is read by a chain.  Rows come in the order of the targets, while
 * the chains behind the first are already asked for; a chain that is not the
 * first holds no more than one page.  Or they come in the order of their
 * times, from all chains.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "read/fetch.h"
#include "read/merge.h"

/*
 * A merge holds a page of each chain.  It starts with pages of so many entries
 * in all, and no fewer of each than that.
 */
#define MERGED_ENTRIES 32768
#define MIN_PAGE_ENTRIES 32

struct DbaasFetch
{
	MemoryContext cxt;
	DbaasChainSpec spec;
	DbaasTargets *targets;
	DbaasMerge *merge;			/* of all chains, or NULL */
	List	   *chains;			/* else those that were begun, in the order of targets */
	int			window;			/* chains to have begun at once */
	int			max_window;
};

DbaasError *
dbaas_fetch_begin(DbaasConnection *conn, DbaasStatement *statement, const DbaasFetchSpec *spec,
				  DbaasCounters *counters, DbaasFetch **result)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw fetch",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasFetch *fetch = palloc0(sizeof(DbaasFetch));
	const DbaasResource *resource = spec->resource;
	DbaasTargetsSpec targets = {
		.conn = conn,
		.statement = statement,
		.resource = resource,
		.endpoint = spec->endpoint,
		.keys = spec->keys,
		.outage = spec->outage,
		.counters = counters
	};
	DbaasError *error;

	fetch->cxt = cxt;
	/* So that twice as many answers may wait as requests be on their way */
	fetch->max_window = dbaas_connection_limits(conn)->concurrency * (resource->paging ? 1 : 2);
	fetch->window = spec->eager ? fetch->max_window : 1;
	fetch->spec = (DbaasChainSpec) {
		.conn = conn,
		.statement = statement,
		.anew = spec->anew,
		.counters = counters,
		.resource = resource,
		.endpoint = spec->endpoint,
		.limit = spec->limit,
		.order = spec->order,
		.bounded = spec->bounded,
		.since = spec->since,
		.ahead = !spec->eager ? DBAAS_AHEAD_NEVER :
			spec->merge ? DBAAS_AHEAD_SHOWN : DBAAS_AHEAD_ALWAYS,
		.outage = spec->outage
	};
	if (resource->unique_column)
	{
		fetch->spec.shown = dbaas_set_new();
		fetch->spec.unique_field = dbaas_field_parse(resource->columns[resource->index.unique].field);
	}
	if (resource->global)
		fetch->spec.zone_field = dbaas_field_parse(resource->columns[DBAAS_ZONE_COLUMN].field);
	if (resource->paging)
	{
		fetch->spec.time_field = dbaas_field_parse(resource->columns[resource->index.time].field);
		fetch->spec.first_limit = resource->paging->max_limit;
	}
	if (spec->merge)
		fetch->merge = dbaas_merge_begin();
	error = dbaas_targets_begin(&targets, &fetch->targets);
	MemoryContextSwitchTo(oldcxt);
	*result = fetch;
	return error;
}

void
dbaas_fetch_end(DbaasFetch *fetch)
{
	MemoryContextDelete(fetch->cxt);
}

/* ------------------------------------------------------------------------
 * In the order of the times
 * ------------------------------------------------------------------------ */

/* Begins with all chains: which is first is not known before each has answered. */
static void
begin_merge(DbaasFetch *fetch)
{
	int			n = dbaas_targets_count(fetch->targets);
	const DbaasTarget *target;

	fetch->spec.first_limit = Min(fetch->spec.first_limit,
								  Max(MERGED_ENTRIES / Max(n, 1), MIN_PAGE_ENTRIES));
	while ((target = dbaas_targets_next(fetch->targets)) != NULL)
		dbaas_merge_add(fetch->merge, dbaas_chain_begin(&fetch->spec, target));
}

static DbaasReadStatus
next_merged(DbaasFetch *fetch, DbaasPage **page, DbaasError **error)
{
	bool		pending;

	*error = dbaas_targets_read(fetch->targets, &pending);
	if (*error)
		return DBAAS_READ_FAILED;
	if (pending)
		return DBAAS_READ_PENDING;
	begin_merge(fetch);
	return dbaas_merge_next(fetch->merge, page, error);
}

/* ------------------------------------------------------------------------
 * In the order of the targets
 * ------------------------------------------------------------------------ */

/* Begins with chains while the window has room. */
static void
begin_chains(DbaasFetch *fetch)
{
	const DbaasTarget *target;

	while (list_length(fetch->chains) < fetch->window &&
		   (target = dbaas_targets_next(fetch->targets)) != NULL)
		fetch->chains = lappend(fetch->chains, dbaas_chain_begin(&fetch->spec, target));
}

static void
end_first_chain(DbaasFetch *fetch)
{
	dbaas_chain_end(linitial(fetch->chains));
	fetch->chains = list_delete_first(fetch->chains);

	/* What was read so far did not suffice: ask for more at once. */
	fetch->window = Min(fetch->window * 2, fetch->max_window);
}

/*
 * The first chain waits: what has come for those behind it tells where their next
 * pages are, which are asked for now rather than when their turn comes.
 */
static void
start_chains(DbaasFetch *fetch)
{
	ListCell   *lc;

	foreach(lc, fetch->chains)
		dbaas_chain_start(lfirst(lc));
}

static DbaasReadStatus
next_in_turn(DbaasFetch *fetch, DbaasPage **page, DbaasError **error)
{
	bool		pending;

	*error = dbaas_targets_read(fetch->targets, &pending);
	if (*error)
		return DBAAS_READ_FAILED;
	for (;;)
	{
		DbaasChain *chain;
		DbaasReadStatus status;

		begin_chains(fetch);
		if (fetch->chains == NIL)
			return pending ? DBAAS_READ_PENDING : DBAAS_READ_END;
		chain = linitial(fetch->chains);
		status = dbaas_chain_next_row(chain, error);
		*page = chain->page;
		if (status == DBAAS_READ_PENDING)
			start_chains(fetch);
		if (status != DBAAS_READ_END)
			return status;
		end_first_chain(fetch);
	}
}

DbaasReadStatus
dbaas_fetch_next(DbaasFetch *fetch, DbaasRows **rows, const DbaasOrigin **origin,
				 DbaasError **error)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(fetch->cxt);
	DbaasPage  *page;
	DbaasReadStatus status;

	*error = NULL;
	status = fetch->merge ? next_merged(fetch, &page, error) : next_in_turn(fetch, &page, error);
	if (status == DBAAS_READ_NEXT)
	{
		*rows = page->rows;
		*origin = &page->origin;
	}
	MemoryContextSwitchTo(oldcxt);
	return status;
}

void
dbaas_fetch_start(DbaasFetch *fetch)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(fetch->cxt);
	bool		pending;

	if (dbaas_targets_read(fetch->targets, &pending) == NULL)
	{
		if (fetch->merge == NULL)
		{
			begin_chains(fetch);
			if (fetch->chains)
				dbaas_chain_start(linitial(fetch->chains));
		}
		else if (!pending)
			begin_merge(fetch);
	}
	MemoryContextSwitchTo(oldcxt);
}

Size
dbaas_fetch_bytes(const DbaasFetch *fetch)
{
	Size		bytes = MemoryContextMemAllocated(fetch->cxt, true);
	ListCell   *lc;

	foreach(lc, fetch->chains)
		bytes += dbaas_chain_answer_bytes(lfirst(lc));
	return bytes;
}
