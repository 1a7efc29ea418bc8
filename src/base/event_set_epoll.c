/*-------------------------------------------------------------------------
 *
 * event_set_epoll.c
 *		Descriptors that are watched, and one timer: by epoll and timerfd, of Linux.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/event_set.h"

#ifndef DBAAS_USE_KQUEUE

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Events that are taken at once. */
#define MAX_EVENTS 64

static int	epoll_fd = -1;
static int	timer_fd = -1;		/* in the set, with data 0 */

int
dbaas_event_set_open(void)
{
	struct epoll_event event = {.events = EPOLLIN};

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (epoll_fd < 0 || timer_fd < 0 ||
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event) != 0)
	{
		close(epoll_fd);
		close(timer_fd);
		epoll_fd = timer_fd = -1;
	}
	return epoll_fd;
}

bool
dbaas_event_set_watch(int fd, int events, uint32 owner, bool watched)
{
	struct epoll_event event = {
		.events = ((events & DBAAS_EVENT_READABLE) ? EPOLLIN : 0) |
		((events & DBAAS_EVENT_WRITABLE) ? EPOLLOUT : 0),
		.data.u64 = ((uint64) owner << 32) | (uint32) fd
	};

	return epoll_ctl(epoll_fd, watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0 ||
		epoll_ctl(epoll_fd, watched ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0;
}

void
dbaas_event_set_unwatch(int fd)
{
	(void) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

int
dbaas_event_set_take(DbaasEvent *events, int max)
{
	struct epoll_event taken[MAX_EVENTS];
	int			n = epoll_wait(epoll_fd, taken, Min(max, MAX_EVENTS), 0);

	for (int i = 0; i < n; i++)
	{
		/*
		 * EPOLLERR and EPOLLHUP become both: whoever reads or writes finds
		 * the error.
		 */
		events[i].ready = ((taken[i].events & ~EPOLLOUT) ? DBAAS_EVENT_READABLE : 0) |
			((taken[i].events & ~EPOLLIN) ? DBAAS_EVENT_WRITABLE : 0);
		events[i].fd = (int) (taken[i].data.u64 &0xffffffff);
		events[i].owner = (uint32) (taken[i].data.u64 >>32);
	}
	return n;
}

void
dbaas_event_set_timer(long timeout_ms)
{
	struct itimerspec spec = {0};

	if (timeout_ms >= 0)
	{
		spec.it_value.tv_sec = timeout_ms / 1000;
		/* Zero would disarm the timer. */
		spec.it_value.tv_nsec = (timeout_ms % 1000) * 1000000L + 1;
	}
	(void) timerfd_settime(timer_fd, 0, &spec, NULL);
}

#endif							/* !DBAAS_USE_KQUEUE */
