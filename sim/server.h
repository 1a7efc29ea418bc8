/*
 * server.h
 *		HTTP: connections in, answers out.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <stdbool.h>

/* Listen on config.port; sets config.listening_port. */
extern bool server_start(void);

/* End all waits, close all connections, return when all threads have ended. */
extern void server_stop(void);

#endif							/* SIM_SERVER_H */
