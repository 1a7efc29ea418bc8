/*-------------------------------------------------------------------------
 *
 * clock.h
 *		The clock that waits and timeouts go by.
 *
 * It goes on evenly: whoever sets the time of day neither delays a timeout nor
 * brings it on.  What it says means nothing outside of the backend.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CLOCK_H
#define DBAAS_CLOCK_H

#include "portability/instr_time.h"

/* A point of that clock, in microseconds; never 0. */
typedef int64 DbaasMoment;

static inline DbaasMoment
dbaas_clock_now(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (DbaasMoment) INSTR_TIME_GET_MICROSEC(now) + 1;
}

/* Milliseconds from one moment to another, rounded up; 0 when that is past. */
static inline long
dbaas_clock_ms(DbaasMoment from, DbaasMoment to)
{
	return to <= from ? 0 : (long) ((to - from + 999) / 1000);
}

#endif							/* DBAAS_CLOCK_H */
