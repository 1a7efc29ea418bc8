/*-------------------------------------------------------------------------
 *
 * chain.h
 *		The responses to one target: one, or a chain of pages.
 *
 * The entries of pages are in the order of their times, but only roughly: an
 * entry may be up to DBAAS_DISORDER earlier or later than its place says.  So a
 * read with a lower bound goes on until an entry is older than the bound by more
 * than that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CHAIN_H
#define DBAAS_CHAIN_H

#include "base/set.h"
#include "read/decode.h"
#include "read/target.h"

/* How far entries may be out of order. */
#define DBAAS_DISORDER ((TimestampTz) USECS_PER_SEC)

/* What comes of going to the next row or page, when there is no error. */
typedef enum DbaasReadStatus
{
	DBAAS_READ_NEXT,			/* there is one */
	DBAAS_READ_PENDING,			/* there may be one later: see
								 * dbaas_call_wait() */
	DBAAS_READ_END
} DbaasReadStatus;

/* What the chains of a read have in common, such as parsed fields. */
typedef struct DbaasChains DbaasChains;

/* A page that has come. */
typedef struct DbaasPage
{
	DbaasCall  *call;
	bool		shared;			/* with other scans of the statement */
	DbaasRows  *rows;
	DbaasOrigin origin;
	int64		unread;			/* rows still to return; -1: all */
} DbaasPage;

typedef struct DbaasChain
{
	MemoryContext cxt;
	DbaasPage  *page;			/* the one that was gone to last, or NULL */
	bool		descending;
	bool		last;			/* no page follows it, or the one requested */

	/* chain.c's own */
	DbaasChains *chains;
	const DbaasTarget *target;
	DbaasCall  *requested;		/* of the page that follows, or NULL */
	bool		shared;			/* is that call shared with other scans? */
	const char *cursor;			/* of the next page to request */
	int64		page_limit;		/* most entries to request next */
	int64		wanted;			/* entries still to request; -1: all */
	int64		cap;			/* entries still to return; -1: all */
	int64		nreturned;		/* rows, for the statistics */
	DbaasError *error;			/* of a page that was opened ahead of need */
	DbaasSet   *cursors;		/* that were sent */
} DbaasChain;

/* In the current memory context.  The read must live as long. */
extern DbaasChains *dbaas_chains_new(const DbaasRead *read);

/*
 * Has the chains that begin from now on request no more than so many entries with
 * their first pages.
 */
extern void dbaas_chains_limit(DbaasChains *chains, int64 first_limit);

/*
 * Requests the first page of a target.  The chain has a memory context of its own
 * under the current one; chains and target must outlive it.
 */
extern DbaasChain *dbaas_chain_begin(DbaasChains *chains, const DbaasTarget *target);

/*
 * If the first page has come and pages are to be requested at once, requests the
 * next.  An error comes with the first row.
 */
extern void dbaas_chain_start(DbaasChain *chain);

/*
 * Goes to the next page, chain->page, without waiting.  Does not release the page
 * before.  DBAAS_READ_END also when the API answers 404.  Returns NULL or an error.
 */
extern DbaasError *dbaas_chain_next_page(DbaasChain *chain, DbaasReadStatus *status);

/*
 * Goes to the next row, of this page or another, without waiting: chain->page->rows
 * then stands on it.  Returns NULL or an error.
 */
extern DbaasError *dbaas_chain_next_row(DbaasChain *chain, DbaasReadStatus *status);

/* Reads the time of the page's current row.  Returns whether it has one. */
extern bool dbaas_chain_row_time(const DbaasChain *chain, TimestampTz *time);

/*
 * Tells the chain that the first row of its page was returned: requests the next
 * page, unless that is done only when it is needed.
 */
extern void dbaas_chain_prefetch(DbaasChain *chain);

/* Bytes of responses that have come and are not read to their ends. */
extern Size dbaas_chain_response_bytes(const DbaasChain *chain);

extern void dbaas_page_release(DbaasPage *page);

/* The error of a response that has another shape than the catalogue says. */
extern DbaasError *dbaas_page_shape_error(const DbaasPage *page, const char *problem);

/* Ends the chain, with the request that is in flight. */
extern void dbaas_chain_end(DbaasChain *chain);

#endif							/* DBAAS_CHAIN_H */
