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
 * Tells the client what the statement waits for, if that is due; for callers that
 * wait elsewhere.  Returns when it is due next; 0: never.
 */
extern DbaasMoment dbaas_progress_tell(void);

/*
 * Replaces the text about the statement's reads: "text" is called for a text about what
 * is waited for, in the current memory context.  NULL restores the default.  Starts
 * the intervals again.
 */
typedef char *(*DbaasProgressText) (int seconds);
extern void dbaas_progress_describe(DbaasProgressText text);

#endif							/* DBAAS_PROGRESS_H */
