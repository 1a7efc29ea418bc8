/*-------------------------------------------------------------------------
 *
 * event_set.h
 *		Descriptors that are watched, and one timer, behind one descriptor.
 *
 * It is epoll on Linux (event_set_epoll.c), and elsewhere kqueue (event_set_kqueue.c),
 * which -DDBAAS_USE_KQUEUE chooses on Linux too, for libkqueue.  The latter has run on
 * no BSD: test/portability tries its functions with that library, whose descriptor no
 * backend can wait on.
 *
 * There is one set in a process.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_EVENT_SET_H
#define DBAAS_EVENT_SET_H

#if !defined(__linux__) && !defined(DBAAS_USE_KQUEUE)
#define DBAAS_USE_KQUEUE
#endif

/* How many descriptors of the process a set may take. */
#define DBAAS_EVENT_SET_DESCRIPTORS 2

#define DBAAS_EVENT_READABLE 1
#define DBAAS_EVENT_WRITABLE 2

typedef struct DbaasEvent
{
	int			fd;
	uint32		owner;			/* as it was given; 0: the timer */
	int			ready;			/* DBAAS_EVENT_* */
} DbaasEvent;

/*
 * Makes the set.  Returns a descriptor that is readable while there are events, or -1.
 * It is no other process's.
 */
extern int	dbaas_event_set_open(void);

/*
 * Watches a descriptor for some of DBAAS_EVENT_*, and for no others from now on; its
 * events carry "owner", which is not 0.  "watched" says whether it is in the set already.
 * That may be wrong, since the kernel removes a descriptor that is closed.  Returns false
 * on failure.
 */
extern bool dbaas_event_set_watch(int fd, int events, uint32 owner, bool watched);

/* Removes a descriptor, which may have been closed, from the set. */
extern void dbaas_event_set_unwatch(int fd);

/* Stores up to max events that have come, without waiting.  Returns their number. */
extern int	dbaas_event_set_take(DbaasEvent *events, int max);

/* Sets the one timer; -1 cancels it, and drops its event if that has come. */
extern void dbaas_event_set_timer(long timeout_ms);

#endif							/* DBAAS_EVENT_SET_H */
