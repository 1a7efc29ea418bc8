/*-------------------------------------------------------------------------
 *
 * merge.c
 *		The rows of many chains in the order of their times.
 *
 * Entries are sorted within each page, and those near its end, which something
 * in the next page may come before, wait for it.
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
	dlist_node	node;			/* in merge->waiting, while its first entry is not known */
	pairingheap_node heap_node; /* in merge->heads, while it is */
	int			number;			/* in the order of the chains */
	DbaasChain *chain;
	Entry	   *entries;		/* in order */
	int64		nentries;
	int64		next_entry;
	int64		safe;			/* entries that no later page comes before */
	int64		numbered;
} Strand;

struct DbaasMerge
{
	MemoryContext cxt;
	dlist_head	waiting;
	pairingheap *heads;			/* by their first entries */
	int			nstrands;
	DbaasPage  *shown;			/* page of the row that was given last */
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
		return (x_time > y_time) == x->chain->descending ? 1 : -1;
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
 * Takes the entries of the page that has come among those that wait, in order,
 * and finds how many of them nothing in a later page can come before.
 */
static DbaasError *
take_entries(Strand *strand)
{
	DbaasChain *chain = strand->chain;
	DbaasPage  *page = chain->page;
	int64		n = dbaas_rows_first_count(page->rows);
	int64		waiting = strand->nentries - strand->next_entry;
	Entry	   *entries = MemoryContextAlloc(chain->cxt, Max(waiting + n, 1) * sizeof(Entry));
	TimestampTz time = chain->descending ? DT_NOEND : DT_NOBEGIN;
	TimestampTz edge = time;
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
		/* An entry without a time stays where it is. */
		(void) dbaas_decode_time(dbaas_rows_field(page->rows, chain->spec->time_field), &time);
		edge = i == 0 ? time : chain->descending ? Min(edge, time) : Max(edge, time);
		entries[waiting + i] = (Entry) {time, strand->numbered++, i + 1,
			dbaas_rows_position(page->rows), page};
	}
	if (strand->entries)
		pfree(strand->entries);
	strand->entries = entries;
	strand->nentries = waiting + n;
	strand->next_entry = 0;
	qsort_arg(entries, strand->nentries, sizeof(Entry), compare_entries, &chain->descending);

	strand->safe = 0;
	while (strand->safe < strand->nentries &&
		   (chain->last ||
			(chain->descending ? entries[strand->safe].time > edge + DBAAS_DISORDER :
			 entries[strand->safe].time < edge - DBAAS_DISORDER)))
		strand->safe++;
	return NULL;
}

/* Makes sure that the strand's first entry is known; DBAAS_READ_NEXT if so. */
static DbaasReadStatus
prepare_entry(Strand *strand, DbaasError **error)
{
	while (strand->next_entry >= strand->safe)
	{
		DbaasReadStatus status = dbaas_chain_next_page(strand->chain, error);

		if (status == DBAAS_READ_END && strand->next_entry < strand->nentries)
		{
			strand->safe = strand->nentries;
			break;
		}
		if (status != DBAAS_READ_NEXT)
			return status;
		*error = take_entries(strand);
		if (*error)
			return DBAAS_READ_FAILED;
	}
	return DBAAS_READ_NEXT;
}

/*
 * Puts those whose first entry is known among the heads.  Returns
 * DBAAS_READ_PENDING when there are others, whose first may come before all.
 */
static DbaasReadStatus
prepare_heads(DbaasMerge *merge, DbaasError **error)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &merge->waiting)
	{
		Strand	   *strand = dlist_container(Strand, node, iter.cur);
		DbaasReadStatus status = prepare_entry(strand, error);

		if (status == DBAAS_READ_FAILED)
			return status;
		if (status == DBAAS_READ_PENDING)
			continue;
		dlist_delete(&strand->node);
		if (status == DBAAS_READ_NEXT)
			pairingheap_add(merge->heads, &strand->heap_node);
		else
		{
			dbaas_chain_end(strand->chain);
			pfree(strand);
		}
	}
	return dlist_is_empty(&merge->waiting) ? DBAAS_READ_NEXT : DBAAS_READ_PENDING;
}

/* The page of the row that was shown last goes when that was its last. */
static void
drop_shown(DbaasMerge *merge)
{
	if (merge->shown && merge->shown->unread == 0)
		dbaas_page_release(merge->shown);
	merge->shown = NULL;
}

DbaasReadStatus
dbaas_merge_next(DbaasMerge *merge, DbaasPage **page, DbaasError **error)
{
	DbaasReadStatus status;
	Strand	   *first;
	Entry	   *entry;

	drop_shown(merge);
	status = prepare_heads(merge, error);
	if (status != DBAAS_READ_NEXT)
		return status;
	if (pairingheap_is_empty(merge->heads))
		return DBAAS_READ_END;

	first = pairingheap_container(Strand, heap_node, pairingheap_remove_first(merge->heads));
	entry = &first->entries[first->next_entry++];
	entry->page->unread--;
	dbaas_rows_return(entry->page->rows, entry->position, entry->row);
	dbaas_chain_reading(first->chain);
	*page = merge->shown = entry->page;
	if (first->next_entry < first->safe)
		pairingheap_add(merge->heads, &first->heap_node);
	else
		dlist_push_head(&merge->waiting, &first->node);
	return DBAAS_READ_NEXT;
}
