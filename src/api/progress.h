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
 * Like dbaas_call_wait(), and tells the client what the statement waits for: first
 * after half the interval, then after each interval.
 */
extern void dbaas_progress_wait(DbaasCounters *counters, DbaasMoment until);

/*
 * Tells the client what the statement waits for, if it is time for that.  Returns when
 * to call it again; 0: never.  For callers that do not wait in dbaas_progress_wait().
 */
extern DbaasMoment dbaas_progress_tell(void);

/*
 * Sets the function that makes the text about what the statement waits for, in the
 * current memory context; it returns NULL when there is nothing to tell.  NULL restores
 * the default, which tells about reads.  Starts the first interval again.
 */
typedef char *(*DbaasProgressText) (int seconds);
extern void dbaas_progress_describe(DbaasProgressText text);

#endif							/* DBAAS_PROGRESS_H */
