/*-------------------------------------------------------------------------
 *
 * merge.c
 *		The rows of many chains in the order of their times.
 *
 * Entries are sorted within each page.  Those near its end wait for the next page,
 * which may have an entry that comes before them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "lib/pairingheap.h"

#include "read/merge.h"

typedef struct Entry
{
	TimestampTz time;
	int64		number;			/* in the order of the pages */
	int64		row;			/* in its page, from 1 */
	const DbaasJson *position;	/* there */
	DbaasPage  *page;
} Entry;

/* A chain with its entries. */
typedef struct Strand
{
	dlist_node	node;			/* in merge->waiting, while the next entry is
								 * not known */
	pairingheap_node heap_node; /* in merge->heads, while it is */
	int			number;			/* in the order of the chains */
	DbaasChain *chain;
	Entry	   *entries;		/* in order */
	int64		nentries;
	int64		next_entry;
	int64		safe;			/* the first so many stay first whatever comes */
	int64		nnumbered;		/* entries that have a number */
} Strand;

struct DbaasMerge
{
	MemoryContext cxt;
	dlist_head	waiting;
	pairingheap *heads;			/* by their next entries */
	int			nstrands;
	DbaasPage  *returned;		/* page of the row that was returned last */
};

/* A heap's first is the greatest. */
static int
compare_strands(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	const Strand *x = pairingheap_const_container(Strand, heap_node, a);
	const Strand *y = pairingheap_const_container(Strand, heap_node, b);
	TimestampTz x_time = x->entries[x->next_entry].time;
	TimestampTz y_time = y->entries[y->next_entry].time;

	(void) arg;
	if (x_time != y_time)
		return (x_time > y_time) == x->chain->window.descending ? 1 : -1;
	return x->number < y->number ? 1 : -1;
}

static int
compare_entries(const void *a, const void *b, void *arg)
{
	const Entry *x = a;
	const Entry *y = b;
	const bool *descending = arg;

	if (x->time != y->time)
		return (x->time < y->time) == *descending ? 1 : -1;
	return x->number < y->number ? -1 : 1;
}

DbaasMerge *
dbaas_merge_begin(void)
{
	DbaasMerge *merge = palloc0(sizeof(DbaasMerge));

	merge->cxt = CurrentMemoryContext;
	dlist_init(&merge->waiting);
	merge->heads = pairingheap_allocate(compare_strands, NULL);
	return merge;
}

void
dbaas_merge_add(DbaasMerge *merge, DbaasChain *chain)
{
	Strand	   *strand = MemoryContextAllocZero(merge->cxt, sizeof(Strand));

	strand->chain = chain;
	strand->number = merge->nstrands++;
	dlist_push_tail(&merge->waiting, &strand->node);
}

/*
 * Sorts the entries of the page that has come into those that wait, and counts
 * how many of them are safe: no later page can have an entry that comes before.
 */
static DbaasError *
take_entries(Strand *strand)
{
	DbaasChain *chain = strand->chain;
	DbaasPage  *page = chain->page;
	int64		n = dbaas_rows_first_count(page->rows);
	int64		waiting = strand->nentries - strand->next_entry;
	Entry	   *entries = MemoryContextAlloc(chain->cxt, Max(waiting + n, 1) * sizeof(Entry));
	TimestampTz time = chain->window.descending ? DT_NOEND : DT_NOBEGIN;
	TimestampTz last_time = time;
	char	   *problem;

	if (waiting > 0)
		memcpy(entries, strand->entries + strand->next_entry, waiting * sizeof(Entry));
	if (page->unread >= 0)
		n = Min(n, page->unread);
	page->unread = n;
	for (int64 i = 0; i < n; i++)
	{
		if (!dbaas_rows_next(page->rows, &problem))
			return dbaas_page_shape_error(page, problem);
		/* An entry without a time stays behind the one before it. */
		(void) dbaas_chain_row_time(chain, &time);
		last_time = i == 0 ? time :
			chain->window.descending ? Min(last_time, time) : Max(last_time, time);
		entries[waiting + i] = (Entry)
		{
			time, strand->nnumbered++, i + 1,
				dbaas_rows_get_position(page->rows), page
		};
	}
	if (strand->entries)
		pfree(strand->entries);
	strand->entries = entries;
	strand->nentries = waiting + n;
	strand->next_entry = 0;
	qsort_arg(entries, strand->nentries, sizeof(Entry), compare_entries, &chain->window.descending);

	strand->safe = 0;
	while (strand->safe < strand->nentries &&
		   (chain->last ||
			(chain->window.descending ? entries[strand->safe].time > last_time + DBAAS_DISORDER :
			 entries[strand->safe].time < last_time - DBAAS_DISORDER)))
		strand->safe++;
	return NULL;
}

/*
 * Makes the strand's next entry known, without waiting: *status is DBAAS_READ_NEXT
 * if it is.
 */
static DbaasError *
prepare_entry(Strand *strand, DbaasReadStatus *status)
{
	*status = DBAAS_READ_NEXT;
	while (strand->next_entry >= strand->safe)
	{
		DbaasError *error = dbaas_chain_next_page(strand->chain, status);

		if (error == NULL && *status == DBAAS_READ_NEXT)
			error = take_entries(strand);
		else if (error == NULL && *status == DBAAS_READ_END &&
				 strand->next_entry < strand->nentries)
		{
			strand->safe = strand->nentries;
			*status = DBAAS_READ_NEXT;
		}
		if (error || *status != DBAAS_READ_NEXT)
			return error;
	}
	return NULL;
}

/*
 * Moves the strands whose next entry is known from "waiting" to "heads", and ends
 * those that have none.  *status becomes DBAAS_READ_PENDING if any are left: their
 * next entry may come before all others.
 */
static DbaasError *
prepare_heads(DbaasMerge *merge, DbaasReadStatus *status)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &merge->waiting)
	{
		Strand	   *strand = dlist_container(Strand, node, iter.cur);
		DbaasError *error = prepare_entry(strand, status);

		if (error)
			return error;
		if (*status == DBAAS_READ_PENDING)
			continue;
		dlist_delete(&strand->node);
		if (*status == DBAAS_READ_NEXT)
			pairingheap_add(merge->heads, &strand->heap_node);
		else
		{
			dbaas_chain_end(strand->chain);
			pfree(strand);
		}
	}
	*status = dlist_is_empty(&merge->waiting) ? DBAAS_READ_NEXT : DBAAS_READ_PENDING;
	return NULL;
}

/* Releases the page of the row that was returned last if that was its last row. */
static void
release_returned(DbaasMerge *merge)
{
	if (merge->returned && merge->returned->unread == 0)
		dbaas_page_release(merge->returned);
	merge->returned = NULL;
}

DbaasError *
dbaas_merge_next(DbaasMerge *merge, DbaasReadStatus *status, DbaasPage **page)
{
	Strand	   *first;
	Entry	   *entry;
	DbaasError *error;

	release_returned(merge);
	error = prepare_heads(merge, status);
	if (error || *status != DBAAS_READ_NEXT)
		return error;
	if (pairingheap_is_empty(merge->heads))
	{
		*status = DBAAS_READ_END;
		return NULL;
	}

	first = pairingheap_container(Strand, heap_node, pairingheap_remove_first(merge->heads));
	entry = &first->entries[first->next_entry++];
	entry->page->unread--;
	dbaas_rows_set_position(entry->page->rows, entry->position, entry->row);
	dbaas_chain_prefetch(first->chain);
	*page = merge->returned = entry->page;
	if (first->next_entry < first->safe)
		pairingheap_add(merge->heads, &first->heap_node);
	else
		dlist_push_head(&merge->waiting, &first->node);
	return NULL;
}
