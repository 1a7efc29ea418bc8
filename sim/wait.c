/*
 * wait.c
 *		The one way to wait in a thread that serves a connection.
 *
 * Latency, stalls and trickled bodies all wait here, so that each wait ends
 * with the simulator or the connection.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util.h"
#include "wait.h"

static int	ending = -1;

void
wait_init(void)
{
	ending = eventfd(0, EFD_CLOEXEC);
	if (ending < 0)
	{
		perror("dbaas-sim: eventfd");
		exit(1);
	}
}

void
wait_end_all(void)
{
	uint64_t	one = 1;

	if (write(ending, &one, sizeof(one)) < 0)
		perror("dbaas-sim: eventfd");
}

bool
wait_ms(int client_socket, double ms)
{
	struct pollfd descriptors[] = {
		{ending, POLLIN, 0},
		{client_socket, POLLRDHUP, 0},
	};
	double		end = clock_ms() + ms;

	for (;;)
	{
		double		left = end - clock_ms();
		struct timespec timeout;

		if (ms != WAIT_FOREVER && left <= 0)
			return true;
		if (left < 0)
			left = 0;
		timeout.tv_sec = (time_t) (left / 1000);
		timeout.tv_nsec = (long) ((left - timeout.tv_sec * 1000.0) * 1e6);
		if (ppoll(descriptors, 2, ms == WAIT_FOREVER ? NULL : &timeout, NULL) > 0)
			return false;
	}
}
