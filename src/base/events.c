/*-------------------------------------------------------------------------
 *
 * events.c
 *		What the backend waits on: its latch, and the set of descriptors with an alarm.
 *
 * The set is one descriptor, however many sockets are in it, since Append waits on one
 * descriptor for each asynchronous scan.  The alarm is the set's timer, so that a caller
 * that waits on the set's descriptor alone wakes up for timeouts too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/events.h"
#include "base/sockets.h"

static int	set_fd = -1;
static WaitEventSet *wait_set = NULL;	/* the latch and the set */
static DbaasMoment alarm_at = 0;	/* when the timer is due; 0: never */

bool
dbaas_events_open(void)
{
	WaitEventSet *set;

	if (wait_set)
		return true;
	if (!dbaas_sockets_make_room(DBAAS_EVENT_SET_DESCRIPTORS + 1, 0))
		return false;
	if (set_fd < 0)
	{
		set_fd = dbaas_event_set_open();
		if (set_fd < 0)
			return false;
		for (int i = 0; i < DBAAS_EVENT_SET_DESCRIPTORS; i++)
			ReserveExternalFD();
	}
	set = dbaas_wait_set_new(3);
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (IsUnderPostmaster)
		AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(set, WL_SOCKET_READABLE, set_fd, NULL, NULL);
	wait_set = set;
	return true;
}

int
dbaas_events_descriptor(void)
{
	return set_fd;
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
	DbaasMoment at = dbaas_clock_now() + (DbaasMoment) timeout_ms * 1000;

	if (timeout_ms < 0 || (alarm_at != 0 && alarm_at <= at))
		return;
	alarm_at = at;
	dbaas_event_set_timer(timeout_ms);
}

void
dbaas_events_clear_alarm(void)
{
	if (alarm_at != 0)
		dbaas_event_set_timer(-1);
	alarm_at = 0;
}
