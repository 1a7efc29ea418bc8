/*-------------------------------------------------------------------------
 *
 * events.c
 *		What the backend waits on: its latch, and one epoll set with an alarm.
 *
 * The epoll set is one descriptor, however many sockets are in it, since Append waits
 * on one descriptor for each asynchronous scan.  The alarm is a timerfd in the set,
 * on the monotonic clock, so that a caller that waits on the set's descriptor alone
 * wakes up for timeouts too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/events.h"
#include "base/sockets.h"

static int	epoll_fd = -1;
static int	timer_fd = -1;		/* in the epoll set, with data 0 */
static WaitEventSet *wait_set = NULL;	/* the latch and the epoll set */
static DbaasMoment alarm_at = 0;	/* when the timer is due; 0: never */

bool
dbaas_events_open(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	WaitEventSet *set;

	if (wait_set)
		return true;
	if (!dbaas_sockets_make_room(3, 0))
		return false;
	if (epoll_fd < 0)
	{
		epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		if (epoll_fd < 0 || timer_fd < 0 ||
			epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event) != 0)
		{
			close(epoll_fd);
			close(timer_fd);
			epoll_fd = timer_fd = -1;
			return false;
		}
		ReserveExternalFD();
		ReserveExternalFD();
	}
	set = dbaas_wait_set_new(3);
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (IsUnderPostmaster)
		AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(set, WL_SOCKET_READABLE, epoll_fd, NULL, NULL);
	wait_set = set;
	return true;
}

int
dbaas_events_descriptor(void)
{
	return epoll_fd;
}

bool
dbaas_events_watch(int fd, uint32 events, uint64 data, bool watched)
{
	struct epoll_event event = {
		.events = events,
		.data.u64 = data
	};

	return epoll_ctl(epoll_fd, watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0 ||
		epoll_ctl(epoll_fd, watched ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0;
}

void
dbaas_events_unwatch(int fd)
{
	(void) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

int
dbaas_events_take(struct epoll_event *events, int max)
{
	return epoll_wait(epoll_fd, events, max, 0);
}

void
dbaas_events_wait(long timeout_ms, uint32 wait_event)
{
	WaitEvent	event;

	if (wait_set == NULL)
	{
		int			events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (timeout_ms < 0 ? 0 : WL_TIMEOUT);

		if (WaitLatch(MyLatch, events, timeout_ms, wait_event) & WL_LATCH_SET)
			ResetLatch(MyLatch);
		return;
	}
	if (WaitEventSetWait(wait_set, timeout_ms, &event, 1, wait_event) == 1 &&
		(event.events & WL_LATCH_SET))
		ResetLatch(MyLatch);
}

void
dbaas_events_set_alarm(long timeout_ms)
{
	struct itimerspec spec = {0};
	DbaasMoment at = dbaas_clock_now() + (DbaasMoment) timeout_ms * 1000;

	if (timeout_ms < 0 || (alarm_at != 0 && alarm_at <= at))
		return;
	alarm_at = at;
	spec.it_value.tv_sec = timeout_ms / 1000;
	/* Zero would disarm the timer. */
	spec.it_value.tv_nsec = (timeout_ms % 1000) * 1000000L + 1;
	(void) timerfd_settime(timer_fd, 0, &spec, NULL);
}

void
dbaas_events_clear_alarm(void)
{
	struct itimerspec spec = {0};

	if (alarm_at != 0)
		(void) timerfd_settime(timer_fd, 0, &spec, NULL);
	alarm_at = 0;
}
