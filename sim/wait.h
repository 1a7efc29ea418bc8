/*
 * wait.h
 *		The one way to wait in a thread that serves a connection.
 */
#ifndef SIM_WAIT_H
#define SIM_WAIT_H

#include <stdbool.h>

#define WAIT_FOREVER (-1.0)

extern void wait_init(void);

/*
 * Waits some milliseconds.  Returns false when the wait ended early, because
 * the client closed its end of the socket or the simulator is ending.
 */
extern bool wait_ms(int client_socket, double ms);

/* Wake every waiter, now and later. */
extern void wait_end_all(void);

#endif							/* SIM_WAIT_H */
