/*-------------------------------------------------------------------------
 *
 * chain.h
 *		The responses to one target: one, or a chain of pages.
 *
 * Which pages of a log are read, and in which order, is in window.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CHAIN_H
#define DBAAS_CHAIN_H

#include "base/set.h"
#include "read/decode.h"
#include "read/share.h"
#include "read/target.h"
#include "read/window.h"

/* The result of going to the next row or page without an error. */
typedef enum DbaasReadStatus
{
	DBAAS_READ_NEXT,			/* it is the current one now */
	DBAAS_READ_PENDING,			/* it has not come yet: see dbaas_call_wait() */
	DBAAS_READ_END
} DbaasReadStatus;

/* What the chains of a read have in common, such as parsed fields. */
typedef struct DbaasChains DbaasChains;

/* A page that has come. */
typedef struct DbaasPage
{
	DbaasCall  *call;
	DbaasShare *share;			/* of the call; or NULL */
	DbaasRows  *rows;			/* NULL in a page that is the outcome, its one
								 * row */
	DbaasOrigin origin;
	int64		unread;			/* rows still to return; -1: all */
	const char *next;			/* cursor behind it; or NULL */
} DbaasPage;

typedef struct DbaasChain
{
	MemoryContext cxt;
	DbaasPage  *page;			/* the current page, or NULL */
	DbaasWindow window;
	bool		last;			/* no page is to be requested any more */

	/* chain.c's own */
	DbaasChains *chains;
	const DbaasTarget *target;
	DbaasCall  *requested;		/* call of the page that follows, or NULL */
	DbaasShare *share;			/* of that call; or NULL */
	bool		joined;			/* did another scan make that call? */
	const char *cursor;			/* of the next page to request */
	int64		page_limit;		/* most entries to request next */
	int64		asked;			/* entries that the last request asked for */
	int64		unrequested;	/* entries still to request; -1: all */
	int64		unreturned;		/* entries still to return; -1: all */
	int64		nreturned;		/* rows, for the statistics */
	DbaasError *error;			/* of a page that was opened before its first
								 * row was needed, or of what was not
								 * requested; or NULL */
	DbaasSet   *cursors;		/* cursors that were sent */
	bool		tells_outcome;	/* does it end with its outcome? */
	const char *request;		/* what it requests; or NULL.  Only set if it
								 * does */
	const char *next;			/* cursor behind the last page of which all
								 * rows were returned; or NULL.  The same */
} DbaasChain;

/* Makes it in the current memory context.  The read must outlive it. */
extern DbaasChains *dbaas_chains_new(const DbaasRead *read);

/*
 * Limits the entries that chains request with their first page, for chains that begin
 * after this call.
 */
extern void dbaas_chains_limit_first_pages(DbaasChains *chains, int64 first_limit);

/*
 * Requests the first page of a target.  The chain has a memory context of its own
 * under the current one; chains and target must outlive it.
 */
extern DbaasChain *dbaas_chain_begin(DbaasChains *chains, const DbaasTarget *target);

/*
 * If the first page has come, and the read prefetches pages at once, requests the next
 * page.  dbaas_chain_next_row() returns an error of this.
 */
extern void dbaas_chain_start(DbaasChain *chain);

/*
 * Goes to the next page, which becomes chain->page, without waiting.  Does not release
 * the page before.  *status is DBAAS_READ_END also when the status is 404.  Returns
 * NULL or an error.
 */
extern DbaasError *dbaas_chain_next_page(DbaasChain *chain, DbaasReadStatus *status);

/*
 * Goes to the next row, without waiting; it is then the current row of
 * chain->page->rows, or the outcome if that is NULL.  Returns NULL or an error.
 */
extern DbaasError *dbaas_chain_next_row(DbaasChain *chain, DbaasReadStatus *status);

/* Reads the time of the page's current row.  Returns whether it has one. */
extern bool dbaas_chain_row_time(const DbaasChain *chain, TimestampTz *time);

/*
 * To be called when the first row of the current page was returned: requests the next
 * page if the read prefetches.
 */
extern void dbaas_chain_prefetch(DbaasChain *chain);

/* The bytes of responses that have come and are not read to their ends. */
extern Size dbaas_chain_response_bytes(const DbaasChain *chain);

/* Was the last request made by another scan of the statement? */
extern bool dbaas_chain_joined(const DbaasChain *chain);

extern void dbaas_page_release(DbaasPage *page);

/* The error of a response that is not of the shape that the catalogue describes. */
extern DbaasError *dbaas_page_shape_error(const DbaasPage *page, const char *problem);

/* Ends the chain, with the request that is in flight. */
extern void dbaas_chain_end(DbaasChain *chain);

#endif							/* DBAAS_CHAIN_H */
