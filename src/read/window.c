/*-------------------------------------------------------------------------
 *
 * window.c
 *		Where the bounds on the time of a read lie in the pages of a log.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "read/window.h"

/* Pages that are read up to the bounds without looking at the other end. */
#define FEW_PAGES 4

/*
 * Which end to begin at, if either will do: the newest entries, unless the bounds ended
 * longer ago than they span.
 */
static bool
begins_with_newest(const DbaasRead *read)
{
	double		ago = (double) GetCurrentTimestamp() - (double) read->until;

	return !TIMESTAMP_IS_NOBEGIN(read->since) &&
		ago <= (double) read->until - (double) read->since;
}

void
dbaas_window_begin(DbaasWindow *window, const DbaasRead *read, bool descending)
{
	window->read = read;
	window->may_turn = read->either_order;
	window->descending = read->either_order ? begins_with_newest(read) : descending;
}

bool
dbaas_window_ends_reading(const DbaasWindow *window)
{
	return window->descending ? window->read->has_since : window->read->has_until;
}

void
dbaas_window_begin_page(int64 n, DbaasPageExtent *extent)
{
	extent->n = extent->needed = n;
	extent->past_bound = false;
	extent->before_bounds = true;
	extent->oldest = DT_NOEND;
	extent->newest = DT_NOBEGIN;
}

void
dbaas_window_add_entry(const DbaasWindow *window, TimestampTz time, DbaasPageExtent *extent)
{
	const DbaasRead *read = window->read;

	extent->oldest = Min(extent->oldest, time);
	extent->newest = Max(extent->newest, time);
	if (window->descending)
	{
		extent->before_bounds &= read->has_until && time > read->until;
		if (!read->has_since || time >= read->since)
			return;
		extent->past_bound |= time < read->since - DBAAS_DISORDER;
	}
	else
	{
		extent->before_bounds &= read->has_since && time < read->since;
		if (!read->has_until || time <= read->until)
			return;
		extent->past_bound |= time > read->until + DBAAS_DISORDER;
	}
	extent->needed--;
}

/* How many pages like this one there are between it and the far bound. */
static double
pages_to_far_bound(const DbaasWindow *window, const DbaasPageExtent *extent)
{
	const DbaasRead *read = window->read;
	double		distance = window->descending ? (double) extent->oldest - (double) read->since :
		(double) read->until - (double) extent->newest;

	return distance / Max((double) extent->newest - (double) extent->oldest, 1);
}

/* Goes on at the other end. */
static void
turn(DbaasWindow *window, const char *to, const char **cursor, bool *last)
{
	window->descending = !window->descending;
	*cursor = to;
	*last = false;
}

void
dbaas_window_choose_end(DbaasWindow *window, const DbaasPageExtent *extent, const char **cursor,
						bool *last)
{
	const DbaasRead *read = window->read;
	double		pages;

	if (!window->may_turn)
		return;
	pages = pages_to_far_bound(window, extent);
	if (window->turned)
	{
		window->may_turn = false;
		if (extent->before_bounds && (*last || pages > window->turn_pages))
			turn(window, window->turn_cursor, cursor, last);
		return;
	}

	/* The newest entry cannot be later than now. */
	window->may_turn = extent->before_bounds && !*last &&
		(pages > FEW_PAGES ||
		 (!window->descending &&
		  (double) read->until - (double) extent->newest >
		  (double) GetCurrentTimestamp() - (double) read->since));
	if (!window->may_turn)
		return;
	window->turned = true;
	window->turn_cursor = *cursor;
	window->turn_pages = pages;
	turn(window, NULL, cursor, last);
}
