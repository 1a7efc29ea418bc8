/*-------------------------------------------------------------------------
 *
 * window.h
 *		Where the bounds on the time of a read lie in the pages of a log.
 *
 * The entries of pages are ordered by time, but not exactly: the time of an entry may
 * be up to DBAAS_DISORDER earlier or later than its position implies.  So a read goes on
 * until an entry is beyond the far bound by more than that: the lower bound where the
 * newest entries come first, the upper one where the oldest do.
 *
 * A read that may go in either order begins with the page at one end.  If that page and a few
 * more come before the bounds, it requests the page at the other end as well, and goes on
 * from the end with fewer pages up to the far bound.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_WINDOW_H
#define DBAAS_WINDOW_H

#include "read/read.h"

/* How far entries may be out of order. */
#define DBAAS_DISORDER ((TimestampTz) USECS_PER_SEC)

/* The state of one log. */
typedef struct DbaasWindow
{
	const DbaasRead *read;
	bool		descending;		/* do the newest entries come first? */

	/* window.c's own */
	bool		may_turn;		/* may the reading go on from the other end? */
	bool		turned;			/* was the page there requested? */
	const char *turn_cursor;	/* if so, where it would go on at the first
								 * end, */
	double		turn_pages;		/* and with how many pages */
} DbaasWindow;

/* What a page has within the bounds of the read. */
typedef struct DbaasPageExtent
{
	int64		n;				/* entries */
	int64		needed;			/* those that are not beyond the far bound */
	bool		past_bound;		/* one is so much beyond it that no later
								 * entry is needed */
	bool		before_bounds;	/* all come before the near bound */
	TimestampTz oldest;
	TimestampTz newest;
} DbaasPageExtent;

/*
 * Begins a log, and chooses the end to begin at, if either will do; else "descending" says
 * which.  The read must outlive it.
 */
extern void dbaas_window_begin(DbaasWindow *window, const DbaasRead *read, bool descending);

/* Does a bound end the reading in the order in which it goes now? */
extern bool dbaas_window_ends_reading(const DbaasWindow *window);

/* Begins the extent of a page of n entries. */
extern void dbaas_window_begin_page(int64 n, DbaasPageExtent *extent);

/* Adds an entry of the page to its extent. */
extern void dbaas_window_add_entry(const DbaasWindow *window, TimestampTz time,
								   DbaasPageExtent *extent);

/*
 * To be called after each page, with where the next one begins and whether there is none.
 * If it is better to go on at the other end, sets these two: to the first page there, for
 * which the cursor is NULL, or to where that end was left.  No entry is returned twice: if it
 * turns, none of the page is within the bounds.
 */
extern void dbaas_window_choose_end(DbaasWindow *window, const DbaasPageExtent *extent,
									const char **cursor, bool *last);

#endif							/* DBAAS_WINDOW_H */
