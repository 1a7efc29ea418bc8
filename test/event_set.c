/*
 * event_set.c
 *		What src/base/event_set.h promises, without a backend; for test/portability.
 */
#include "postgres.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/event_set.h"

#undef printf					/* nothing of PostgreSQL is linked */

static int	failures = 0;

/* Takes the events, and looks whether there is one of that descriptor; -1: none. */
static void
expect(const char *what, int fd, uint32 owner, int ready)
{
	DbaasEvent	events[8];
	int			n = dbaas_event_set_take(events, 8);
	bool		ok = fd < 0 ? n == 0 :
		n == 1 && events[0].owner == owner && events[0].ready == ready &&
		(owner == 0 || events[0].fd == fd);

	printf("%sok - %s\n", ok ? "" : "not ", what);
	if (!ok)
		failures++;
}

int
main(void)
{
	int			fds[2];
	char		byte = 'x';

	if (dbaas_event_set_open() < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		return 1;
	expect("an empty set has no events", -1, 0, 0);
	dbaas_event_set_watch(fds[0], DBAAS_EVENT_READABLE, 0xfffffff0, false);
	expect("a socket is not readable at first", -1, 0, 0);
	(void) !write(fds[1], &byte, 1);
	expect("it is readable", fds[0], 0xfffffff0, DBAAS_EVENT_READABLE);
	expect("and stays so until it is read", fds[0], 0xfffffff0, DBAAS_EVENT_READABLE);
	dbaas_event_set_watch(fds[0], DBAAS_EVENT_WRITABLE, 2, true);
	expect("it is watched for something else", fds[0], 2, DBAAS_EVENT_WRITABLE);
	dbaas_event_set_unwatch(fds[0]);
	expect("it is not watched", -1, 0, 0);
	dbaas_event_set_watch(fds[0], DBAAS_EVENT_READABLE, 3, true);
	expect("it is watched anew, and said to be watched", fds[0], 3, DBAAS_EVENT_READABLE);
	(void) !read(fds[0], &byte, 1);
	expect("it has been read", -1, 0, 0);
	dbaas_event_set_unwatch(fds[0]);
	dbaas_event_set_timer(5000);
	expect("the timer is not due", -1, 0, 0);
	dbaas_event_set_timer(0);
	poll(NULL, 0, 50);
	expect("a timer that is set anew is due", 0, 0, DBAAS_EVENT_READABLE);
	dbaas_event_set_timer(1);
	poll(NULL, 0, 50);
	dbaas_event_set_timer(-1);
	expect("a timer that is cancelled has no event", -1, 0, 0);
	return failures > 0;
}
