/*
 * server.h
 *		HTTP: connections in, answers out.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <stdbool.h>

/* Take config.port, and set config.listening_port; errno says why not. */
extern bool server_listen(void);

/* Serve there. */
extern bool server_start(void);

/* End all waits, close all connections, return when all threads have ended. */
extern void server_stop(void);

#endif							/* SIM_SERVER_H */
