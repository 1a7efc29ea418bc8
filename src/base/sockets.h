/*-------------------------------------------------------------------------
 *
 * sockets.h
 *		The sockets of connections, and when something last came over each.
 *
 * Knows descriptors and ports; knows no HTTP.  Sockets count among the external
 * descriptors that PostgreSQL limits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SOCKETS_H
#define DBAAS_SOCKETS_H

#include "base/clock.h"

/*
 * Can n more sockets, and that many spare descriptors beside them, be opened?  If
 * the limit of the process is reached, closes the files that PostgreSQL can reopen,
 * and tries again.  When it returns false, errno is EMFILE.
 */
extern bool dbaas_sockets_room(int n, int spare);

/* Opens a socket for an owner.  Returns it, or -1 with errno set. */
extern int	dbaas_sockets_open(const void *owner, int family, int type, int protocol);

/* Closes a socket, be it one of these or not. */
extern void dbaas_sockets_close(int fd);

/* Forgets the owner's sockets: those left were closed by somebody else. */
extern void dbaas_sockets_forget(const void *owner);

/* Notes that something has come over a socket just now. */
extern void dbaas_sockets_hear(int fd);

/*
 * When something last came over the owner's socket with that local port, or when
 * it was opened; 0 when the owner has no such socket.
 */
extern DbaasMoment dbaas_sockets_heard(const void *owner, long port);

/*
 * Shuts down those of the owner's sockets that uses() says it does not use, by
 * their local ports: libcurl then finds that they have ended.  A socket over which
 * nothing has come yet may be connecting, and is left as it is.
 */
extern void dbaas_sockets_shut(void *owner, bool (*uses) (void *owner, long port));

#endif							/* DBAAS_SOCKETS_H */
