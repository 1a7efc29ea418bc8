/*-------------------------------------------------------------------------
 *
 * poll.h
 *		When to poll next, and whether a failed poll ends the polling.
 *
 * Knows no operations and no lists.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_POLL_H
#define DBAAS_POLL_H

#include "api/call.h"

/* A series of polls of one thing.  Other modules only read it. */
typedef struct DbaasPolls
{
	DbaasMoment since;			/* the pauses grow with the time from then on */
	DbaasMoment next_at;
	double		pause_ms;		/* before the poll after the next */
	int			errors;			/* polls that have failed in a row */
} DbaasPolls;

/* Begins a series, whose first poll is due at once. */
extern void dbaas_polls_begin(DbaasPolls *polls, DbaasMoment since);

/* Schedules the next poll; the pauses grow. */
extern void dbaas_polls_schedule(DbaasPolls *polls);

/*
 * Takes the end of a poll.  If it ended with an error that may be temporary, schedules the
 * next, unless too many have failed in a row.  Errors that the API was not reached do not
 * count.  Returns whether it did: if not, the poll succeeded, or its error is final.
 */
extern bool dbaas_polls_repeat(DbaasPolls *polls, const DbaasCall *call);

#endif							/* DBAAS_POLL_H */
