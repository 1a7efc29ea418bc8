/*
 * server.h
 *		The HTTP server.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <stdbool.h>

/*
 * Listens on config.port, and sets config.listening_port.  Sets errno on
 * failure.
 */
extern bool server_listen(void);

/* Serve there. */
extern bool server_start(void);

/*
 * Ends all waits, closes all connections, and returns when all threads have
 * ended.
 */
extern void server_stop(void);

#endif							/* SIM_SERVER_H */
