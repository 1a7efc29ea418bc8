/*-------------------------------------------------------------------------
 *
 * events.h
 *		What the backend waits on: its latch, and one epoll set with an alarm.
 *
 * Knows descriptors; knows no HTTP.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_EVENTS_H
#define DBAAS_EVENTS_H

#include <sys/epoll.h>

/*
 * Opens what waiting needs, once and for all: later, when something is under way
 * whose end has to be waited for, there may be no descriptor left.  Returns false
 * when there is none now.
 */
extern bool dbaas_events_open(void);

/* The epoll set's descriptor, always the same; -1 before it is opened. */
extern int	dbaas_events_descriptor(void);

/*
 * Watches a descriptor for "what" (EPOLLIN, EPOLLOUT); its events carry "data",
 * which is not 0.  "known": it is thought to be in the set; the kernel drops a
 * descriptor that was closed, so either is tried.  Returns false on failure.
 */
extern bool dbaas_events_watch(int fd, uint32 what, uint64 data, bool known);

/* Takes it out of the set; it may have been closed. */
extern void dbaas_events_unwatch(int fd);

/*
 * Stores up to max events that have come, and returns their number, without
 * waiting.  That of the alarm carries data 0.
 */
extern int	dbaas_events_take(struct epoll_event *events, int max);

/*
 * Waits for the latch, an event, or that many milliseconds (-1: no limit); before
 * the set is opened, without events.
 * Resets the latch; does not serve interrupts.
 */
extern void dbaas_events_wait(long timeout_ms, uint32 wait_event);

/*
 * Makes the set's descriptor readable in so many milliseconds, unless an earlier
 * alarm is set; -1 does nothing.
 */
extern void dbaas_events_set_alarm(long timeout_ms);

/* Cancels the alarm, and makes its event, if it has come, unread. */
extern void dbaas_events_clear_alarm(void);

#endif							/* DBAAS_EVENTS_H */
