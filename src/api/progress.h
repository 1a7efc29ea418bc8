/*-------------------------------------------------------------------------
 *
 * progress.h
 *		What a session waits for, told to its client while it waits.
 *
 * Knows that something is waited for and since when; sends no request, and
 * knows no tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PROGRESS_H
#define DBAAS_PROGRESS_H

#include "api/call.h"

/* GUC dbaas_fdw.progress: milliseconds between two NOTICEs, or 0 for none. */
extern int	dbaas_progress_interval;

/*
 * Like dbaas_call_wait(), and tells the client what goes on once the statement
 * has waited for half the interval, and then each interval.
 */
extern void dbaas_progress_wait(DbaasCounters *counters, DbaasMoment until);

/*
 * Tells the client what goes on, if that is due; for those who wait elsewhere.
 * Returns when it is due next, or 0 for never.
 */
extern DbaasMoment dbaas_progress_tell(void);

/*
 * Has the client be told something else than how far the statement's reads are,
 * until it is called with NULL: "text" gives what is waited for, in words and in
 * the current memory context.  Starts the time anew.
 */
typedef char *(*DbaasProgressText) (int seconds);
extern void dbaas_progress_describe(DbaasProgressText text);

#endif							/* DBAAS_PROGRESS_H */
