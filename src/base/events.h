/*-------------------------------------------------------------------------
 *
 * events.h
 *		What the backend waits on: its latch, and the set of descriptors with an alarm.
 *
 * Knows descriptors; knows no HTTP.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_EVENTS_H
#define DBAAS_EVENTS_H

#include "base/event_set.h"

/*
 * Opens the descriptors that waiting needs, if they are not open yet.  They stay
 * open, since there might be none left when a request has to be waited for.
 * Returns false when there are none left now.
 */
extern bool dbaas_events_open(void);

/* The set's descriptor, always the same; -1 before it is opened. */
extern int	dbaas_events_descriptor(void);

/*
 * Waits for the latch, an event, or that many milliseconds (-1: no limit).  Before
 * the set is opened, there are no events to wait for.  Resets the latch; does not
 * serve interrupts.
 */
extern void dbaas_events_wait(long timeout_ms, uint32 wait_event);

/*
 * Makes the set's descriptor readable after that many milliseconds, unless an earlier
 * alarm is set.  -1 does nothing.
 */
extern void dbaas_events_set_alarm(long timeout_ms);

/* Cancels the alarm, and drops its event if that has come. */
extern void dbaas_events_clear_alarm(void);

#endif							/* DBAAS_EVENTS_H */
