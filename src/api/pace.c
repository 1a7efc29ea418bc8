/*-------------------------------------------------------------------------
 *
 * pace.c
 *		How fast this backend sends requests to a server.
 *
 * A token bucket, kept as the time at which it would be full again but for one request
 * ("next"): each request moves that on by the time between two of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "nodes/pg_list.h"
#include "utils/memutils.h"

#include "api/pace.h"

/* Requests of so many seconds may be sent at once, but always one. */
#define BURST_SECONDS 0.25

/*
 * What is halved at first, if there is no rate: what was sent in the last second, and not less
 * than this.
 */
#define LEAST_FIRST_RATE 16.0

/* No rate that is lower than this is halved, and none becomes lower. */
#define LEAST_RATE 0.5

/* In so many seconds a rate that was halved doubles. */
#define RECOVERY_SECONDS 10.0

#define USECS 1.0e6

struct DbaasPace
{
	Oid			serverid;
	double		given;			/* rate of the server's option; 0: none */
	bool		slowed;
	double		slow_rate;		/* when the rate was last halved, */
	DbaasMoment slowed_at;
	double		full_rate;		/* the rate at which that ends */
	double		recent;			/* about as many requests as were sent in the
								 * second before the last, with it */
	DbaasMoment last;
	DbaasMoment next;
	DbaasMoment hold;			/* 0: nothing is held back */
};

static List *paces = NIL;

DbaasPace *
dbaas_pace_get(Oid serverid)
{
	ListCell   *lc;
	MemoryContext oldcxt;
	DbaasPace  *pace;

	foreach(lc, paces)
	{
		pace = lfirst(lc);
		if (pace->serverid == serverid)
			return pace;
	}
	oldcxt = MemoryContextSwitchTo(CacheMemoryContext);
	pace = palloc0(sizeof(DbaasPace));
	pace->serverid = serverid;
	paces = lappend(paces, pace);
	MemoryContextSwitchTo(oldcxt);
	return pace;
}

void
dbaas_pace_set_rate(DbaasPace *pace, double rate)
{
	pace->given = rate;
}

/* The rate at a time, in requests per second; 0 if there is none. */
static double
rate_at(const DbaasPace *pace, DbaasMoment now)
{
	double		rate;

	if (!pace->slowed)
		return pace->given;
	rate = pace->slow_rate * exp2((double) (now - pace->slowed_at) / USECS / RECOVERY_SECONDS);
	if (pace->given > 0)
		return Min(rate, pace->given);
	return rate < pace->full_rate ? rate : 0;
}

DbaasMoment
dbaas_pace_due(const DbaasPace *pace, DbaasMoment now)
{
	double		rate = rate_at(pace, now);
	double		others = floor(rate * BURST_SECONDS) - 1;

	if (rate == 0)
		return 0;
	return pace->next - (DbaasMoment) (Max(others, 0) / rate * USECS);
}

void
dbaas_pace_count(DbaasPace *pace, DbaasMoment now)
{
	double		rate = rate_at(pace, now);

	pace->recent = pace->recent * exp(-(double) (now - pace->last) / USECS) + 1;
	pace->last = now;
	if (rate > 0)
		pace->next = Max(pace->next, now) + (DbaasMoment) (USECS / rate);
}

void
dbaas_pace_uncount(DbaasPace *pace, DbaasMoment now)
{
	double		rate = rate_at(pace, now);

	pace->recent = Max(pace->recent - 1, 0);
	if (rate > 0)
		pace->next -= (DbaasMoment) (USECS / rate);
}

void
dbaas_pace_slow_down(DbaasPace *pace, DbaasMoment sent_at, DbaasMoment now)
{
	double		rate = rate_at(pace, now);

	if (pace->slowed && sent_at < pace->slowed_at)
		return;
	if (rate == 0)
		pace->full_rate = rate = Max(pace->recent, LEAST_FIRST_RATE);
	pace->slowed = true;
	pace->slow_rate = Max(rate / 2, Min(rate, LEAST_RATE));
	pace->slowed_at = now;
	pace->next = Max(pace->next, now + (DbaasMoment) (USECS / pace->slow_rate));
}

void
dbaas_pace_hold(DbaasPace *pace, DbaasMoment until)
{
	pace->hold = Max(pace->hold, until);
}

DbaasMoment
dbaas_pace_held_until(const DbaasPace *pace)
{
	return pace->hold;
}

void
dbaas_pace_end_holds(void)
{
	ListCell   *lc;

	foreach(lc, paces)
		((DbaasPace *) lfirst(lc))->hold = 0;
}
