/*-------------------------------------------------------------------------
 *
 * sockets.h
 *		The sockets of connections, and when each was last heard of.
 *
 * Knows descriptors and ports; knows no HTTP.  Sockets count among what
 * PostgreSQL lets a backend keep open.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SOCKETS_H
#define DBAAS_SOCKETS_H

#include "base/clock.h"

/*
 * Returns whether there is room for n more sockets and for the spare descriptors
 * beside them; sets errno to EMFILE where there is none.  Where the system has no more
 * descriptors, it closes the files that PostgreSQL can open again.
 */
extern bool dbaas_sockets_room(int n, int spare);

/* Opens a socket for an owner.  Returns it, or -1 with errno set. */
extern int	dbaas_sockets_open(const void *owner, int family, int type, int protocol);

/* Closes a socket, be it one of these or not. */
extern void dbaas_sockets_close(int fd);

/* The owner ends: sockets that were closed without a word are gone. */
extern void dbaas_sockets_forget(const void *owner);

/* Something has come over a socket. */
extern void dbaas_sockets_hear(int fd);

/*
 * When something last came over the owner's socket that has this port here, or
 * when it was opened; 0 when there is none.
 */
extern DbaasMoment dbaas_sockets_heard(const void *owner, long port);

/*
 * Lets no byte pass any more over those of the owner's sockets that it does not
 * use: whoever looks at one finds that it has ended.  One over which nothing has
 * come yet is being connected, and is left alone.
 */
extern void dbaas_sockets_shut(void *owner, bool (*uses) (void *owner, long port));

#endif							/* DBAAS_SOCKETS_H */
