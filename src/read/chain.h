/*-------------------------------------------------------------------------
 *
 * chain.h
 *		The answers to one target: a request, or one for each page.
 *
 * Pages hold entries in the order of their times.  That is taken to hold up to
 * DBAAS_DISORDER: an entry may stand that much too early or too late.  So a
 * scan with a lower bound goes on until an entry is older than the bound by
 * more than that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CHAIN_H
#define DBAAS_CHAIN_H

#include "base/set.h"
#include "read/decode.h"
#include "read/target.h"

/* How much entries may be out of order. */
#define DBAAS_DISORDER ((TimestampTz) USECS_PER_SEC)

/* What comes of asking for the next row, or page. */
typedef enum DbaasReadStatus
{
	DBAAS_READ_NEXT,			/* there is one */
	DBAAS_READ_PENDING,			/* there may be one later: dbaas_call_wait() */
	DBAAS_READ_END,
	DBAAS_READ_FAILED			/* see *error */
} DbaasReadStatus;

/* When a page is asked for that follows the one that has come. */
typedef enum DbaasAhead
{
	DBAAS_AHEAD_NEVER,			/* when it is needed */
	DBAAS_AHEAD_SHOWN,			/* once the first row of that one is shown */
	DBAAS_AHEAD_ALWAYS			/* at once */
} DbaasAhead;

/* What the chains of a fetch have in common. */
typedef struct DbaasChainSpec
{
	DbaasConnection *conn;
	DbaasStatement *statement;
	bool		anew;			/* no answer that the statement's scans share */
	DbaasCounters *counters;
	const DbaasResource *resource;
	const DbaasEndpoint *endpoint;
	int64		limit;			/* rows that suffice, of each target; -1: all */
	int64		first_limit;	/* entries to ask for first; then twice as many,
								 * each time, up to what the API allows */
	const char *order;			/* asc or desc: direction to read pages in, or
								 * NULL: as the keys say */
	bool		bounded;		/* entries before "since" are not needed */
	TimestampTz since;
	DbaasAhead	ahead;
	DbaasOutage outage;			/* where a zone is not available */
	DbaasField *unique_field;	/* a row is shown once for each value; or NULL */
	DbaasSet   *shown;			/* those values, of all chains */
	DbaasField *zone_field;		/* names the row's zone; or NULL */
	DbaasField *time_field;		/* of the entries of pages; or NULL */
} DbaasChainSpec;

/* A page that has come. */
typedef struct DbaasPage
{
	DbaasCall  *call;
	bool		shared;			/* with other scans of the statement */
	DbaasRows  *rows;
	DbaasOrigin origin;
	int64		unread;			/* rows still to show; -1: all */
} DbaasPage;

typedef struct DbaasChain
{
	MemoryContext cxt;
	const DbaasChainSpec *spec;
	const DbaasTarget *target;
	DbaasPage  *page;			/* that came last, or NULL */
	bool		descending;
	bool		last;			/* no page follows it, or the one asked for */

	/* chain.c's own */
	DbaasCall  *asked;			/* page that has been asked for, or NULL */
	bool		shared;			/* is that call shared with other scans? */
	const char *cursor;			/* of the page to ask for */
	int64		page_limit;		/* entries to ask for at most */
	int64		wanted;			/* entries still to ask for; -1: all */
	int64		cap;			/* entries still to show; -1: all */
	int64		nshown;			/* rows, for the statistics */
	DbaasError *error;			/* of a page that was looked at ahead of need */
	DbaasSet   *cursors;		/* those that were sent */
} DbaasChain;

/*
 * Asks for the first page of a target.  The chain has a memory context of its
 * own under the current one; spec and target must outlive it.
 */
extern DbaasChain *dbaas_chain_begin(const DbaasChainSpec *spec, const DbaasTarget *target);

/*
 * If the first page has come, looks whether another follows, and asks for that
 * if it is the time for it.  What goes wrong comes with the first row.
 */
extern void dbaas_chain_start(DbaasChain *chain);

/*
 * Goes to the next page, without waiting.  The one before is not released: it
 * is no longer chain->page.  The end comes without an error where the API
 * answers that there is nothing.
 */
extern DbaasReadStatus dbaas_chain_next_page(DbaasChain *chain, DbaasError **error);

/*
 * Goes to the next row, and page where need be, without waiting.  chain->page
 * then stands on it.
 */
extern DbaasReadStatus dbaas_chain_next_row(DbaasChain *chain, DbaasError **error);

/* The chain's page is being read: asks ahead, when that is the time for it. */
extern void dbaas_chain_reading(DbaasChain *chain);

/* Bytes of the text of a page that has come and is not read yet. */
extern Size dbaas_chain_answer_bytes(const DbaasChain *chain);

extern void dbaas_page_release(DbaasPage *page);

/* The error of an answer that has another shape than the catalogue says. */
extern DbaasError *dbaas_page_shape_error(const DbaasPage *page, const char *problem);

/* Ends it, with the request that is in flight. */
extern void dbaas_chain_end(DbaasChain *chain);

#endif							/* DBAAS_CHAIN_H */
