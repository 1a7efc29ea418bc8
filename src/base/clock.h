/*-------------------------------------------------------------------------
 *
 * clock.h
 *		The clock for waits and timeouts.
 *
 * It is monotonic (PostgreSQL's instr_time, which is CLOCK_MONOTONIC), so setting
 * the time of day neither delays a timeout nor brings it on.  Its values mean
 * nothing outside of the backend.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CLOCK_H
#define DBAAS_CLOCK_H

#include "portability/instr_time.h"

/* A time on that clock, or a span of time, in microseconds; a time is never 0. */
typedef int64 DbaasMoment;

static inline DbaasMoment
dbaas_clock_now(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (DbaasMoment) INSTR_TIME_GET_MICROSEC(now) + 1;
}

/* The milliseconds from one moment to a later one, rounded up; 0 if it is not later. */
static inline long
dbaas_clock_ms_between(DbaasMoment from, DbaasMoment to)
{
	return to <= from ? 0 : (long) ((to - from + 999) / 1000);
}

#endif							/* DBAAS_CLOCK_H */
