/*-------------------------------------------------------------------------
 *
 * event_set_kqueue.c
 *		Descriptors that are watched, and one timer: by kqueue, of the BSDs.
 *
 * It has run on no BSD: see event_set.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/event_set.h"

#ifdef DBAAS_USE_KQUEUE

#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>

/* Events that are taken at once. */
#define MAX_EVENTS 64

static int	kqueue_fd = -1;

/* Makes one change to the set. */
static bool
change(uintptr_t ident, int filter, int flags, long data, uint32 owner)
{
	struct kevent event;

	EV_SET(&event, ident, filter, flags, 0, data, (void *) (uintptr_t) owner);
	return kevent(kqueue_fd, &event, 1, NULL, 0, NULL) == 0;
}

int
dbaas_event_set_open(void)
{
	kqueue_fd = kqueue();
	if (kqueue_fd >= 0)
		(void) fcntl(kqueue_fd, F_SETFD, FD_CLOEXEC);
	return kqueue_fd;
}

/* Each filter is an entry of its own, and adding one that is there changes it. */
bool
dbaas_event_set_watch(int fd, int events, uint32 owner, bool watched)
{
	static const struct
	{
		int			event;
		int			filter;
	}			filters[] = {
		{DBAAS_EVENT_READABLE, EVFILT_READ},
		{DBAAS_EVENT_WRITABLE, EVFILT_WRITE},
	};

	for (size_t i = 0; i < lengthof(filters); i++)
	{
		if (events & filters[i].event)
		{
			if (!change(fd, filters[i].filter, EV_ADD, 0, owner))
				return false;
		}
		else if (watched)
			(void) change(fd, filters[i].filter, EV_DELETE, 0, 0);
	}
	return true;
}

void
dbaas_event_set_unwatch(int fd)
{
	(void) change(fd, EVFILT_READ, EV_DELETE, 0, 0);
	(void) change(fd, EVFILT_WRITE, EV_DELETE, 0, 0);
}

int
dbaas_event_set_take(DbaasEvent *events, int max)
{
	static const struct timespec none = {0};
	struct kevent taken[MAX_EVENTS];
	int			n = kevent(kqueue_fd, NULL, 0, taken, Min(max, MAX_EVENTS), &none);

	for (int i = 0; i < n; i++)
	{
		events[i].ready = taken[i].filter == EVFILT_WRITE ? DBAAS_EVENT_WRITABLE :
			DBAAS_EVENT_READABLE;
		events[i].fd = (int) taken[i].ident;
		events[i].owner = (uint32) (uintptr_t) taken[i].udata;
	}
	return n;
}

void
dbaas_event_set_timer(long timeout_ms)
{
	if (timeout_ms < 0)
		(void) change(0, EVFILT_TIMER, EV_DELETE, 0, 0);
	else
		(void) change(0, EVFILT_TIMER, EV_ADD | EV_ONESHOT, Max(timeout_ms, 1), 0);
}

#endif							/* DBAAS_USE_KQUEUE */
