/*-------------------------------------------------------------------------
 *
 * fetch.c
 *		Carrying out a read: from its keys to the rows of its responses.
 *
 * Each target is read by a chain.  By default, rows come in the order of the
 * targets: only the first chain is read, while those behind it have sent requests
 * already and hold at most one page each.  In a merge, rows come from all chains
 * in the order of their times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "read/fetch.h"
#include "read/merge.h"

/*
 * A merge holds a page of each chain.  The first pages of all chains together have
 * so many entries, unless there are so many chains that each would have less than
 * the minimum.
 */
#define MERGED_ENTRIES 32768
#define MIN_PAGE_ENTRIES 32

struct DbaasFetch
{
	MemoryContext cxt;
	DbaasRead	read;
	DbaasTargets *targets;
	DbaasChains *common;		/* what the chains have in common */
	DbaasMerge *merge;			/* of all chains; or NULL, */
	List	   *chains;			/* then those that have begun, in the order of
								 * targets */
	int			window;			/* chains to have begun at once */
	int			max_window;
	bool		pending;		/* are there targets that are not known yet? */
};

DbaasError *
dbaas_fetch_begin(const DbaasRead *read, DbaasFetch **result)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw fetch",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasFetch *fetch = palloc0(sizeof(DbaasFetch));
	DbaasError *error;

	fetch->cxt = cxt;
	fetch->read = *read;

	/*
	 * Without pages, as many responses may wait to be read as requests are in
	 * flight.
	 */
	fetch->max_window = dbaas_connection_settings(read->conn)->max_concurrency *
		(read->resource->paging ? 1 : 2);
	fetch->window = read->eager ? fetch->max_window : 1;
	fetch->common = dbaas_chains_new(&fetch->read);
	if (read->merge)
		fetch->merge = dbaas_merge_begin();
	error = dbaas_targets_begin(&fetch->read, &fetch->targets);
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

/* Begins all chains, since any of them may have the first row. */
static void
begin_merge(DbaasFetch *fetch)
{
	int			n = dbaas_targets_count(fetch->targets);
	const DbaasTarget *target;

	dbaas_chains_limit_first_pages(fetch->common,
								   Max(MERGED_ENTRIES / Max(n, 1), MIN_PAGE_ENTRIES));
	while ((target = dbaas_targets_next(fetch->targets)) != NULL)
		dbaas_merge_add(fetch->merge, dbaas_chain_begin(fetch->common, target));
}

static DbaasError *
next_merged(DbaasFetch *fetch, DbaasReadStatus *status, DbaasPage **page)
{
	bool		pending;
	DbaasError *error = dbaas_targets_read(fetch->targets, &pending);

	*status = DBAAS_READ_PENDING;
	if (error || pending)
		return error;
	begin_merge(fetch);
	return dbaas_merge_next(fetch->merge, status, page);
}

/* ------------------------------------------------------------------------
 * In the order of the targets
 * ------------------------------------------------------------------------ */

/* Begins chains while the window has room. */
static void
begin_chains(DbaasFetch *fetch)
{
	const DbaasTarget *target;

	while (list_length(fetch->chains) < fetch->window &&
		   (target = dbaas_targets_next(fetch->targets)) != NULL)
		fetch->chains = lappend(fetch->chains, dbaas_chain_begin(fetch->common, target));
}

static void
end_first_chain(DbaasFetch *fetch)
{
	dbaas_chain_end(linitial(fetch->chains));
	fetch->chains = list_delete_first(fetch->chains);

	/* The rows that were read did not suffice: send more requests at once. */
	fetch->window = Min(fetch->window * 2, fetch->max_window);
}

/*
 * While the first chain waits, requests the second pages of later chains whose first
 * page has come, so that these pages have come when their chains become the first.
 */
static void
start_chains(DbaasFetch *fetch)
{
	ListCell   *lc;

	foreach(lc, fetch->chains)
		dbaas_chain_start(lfirst(lc));
}

static DbaasError *
next_in_turn(DbaasFetch *fetch, DbaasReadStatus *status, DbaasPage **page)
{
	bool		pending;
	DbaasError *error = dbaas_targets_read(fetch->targets, &pending);

	fetch->pending = pending;
	if (error)
		return error;
	for (;;)
	{
		DbaasChain *chain;

		begin_chains(fetch);
		if (fetch->chains == NIL)
		{
			*status = pending ? DBAAS_READ_PENDING : DBAAS_READ_END;
			return NULL;
		}
		chain = linitial(fetch->chains);
		error = dbaas_chain_next_row(chain, status);
		if (error)
			return error;
		*page = chain->page;
		if (*status == DBAAS_READ_PENDING)
			start_chains(fetch);
		if (*status != DBAAS_READ_END)
			return NULL;
		end_first_chain(fetch);
	}
}

DbaasError *
dbaas_fetch_next(DbaasFetch *fetch, DbaasReadStatus *status, DbaasRows **rows,
				 const DbaasOrigin **origin)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(fetch->cxt);
	DbaasPage  *page;
	DbaasError *error;

	error = fetch->merge ? next_merged(fetch, status, &page) : next_in_turn(fetch, status, &page);
	if (error == NULL && *status == DBAAS_READ_NEXT)
	{
		*rows = page->rows;
		*origin = &page->origin;
	}
	MemoryContextSwitchTo(oldcxt);
	return error;
}

void
dbaas_fetch_start(DbaasFetch *fetch)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(fetch->cxt);
	bool		pending;
	DbaasError *error = dbaas_targets_read(fetch->targets, &pending);

	fetch->pending = pending;
	if (error == NULL)
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

bool
dbaas_fetch_has_requests(const DbaasFetch *fetch)
{
	ListCell   *lc;

	foreach(lc, fetch->chains)
	{
		if (!dbaas_chain_joined(lfirst(lc)))
			return true;
	}
	return fetch->pending || fetch->merge;
}

Size
dbaas_fetch_bytes(const DbaasFetch *fetch)
{
	Size		bytes = MemoryContextMemAllocated(fetch->cxt, true);
	ListCell   *lc;

	foreach(lc, fetch->chains)
		bytes += dbaas_chain_response_bytes(lfirst(lc));
	return bytes;
}
