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
 * Makes sure that n more sockets, and that many spare descriptors, can be opened.  At
 * the limit of the process, closes the files that PostgreSQL can reopen.  Returns
 * false, with errno EMFILE, when that is not enough, or when PostgreSQL's limit on
 * external descriptors is reached.
 */
extern bool dbaas_sockets_make_room(int n, int spare);

/* Opens a socket for an owner.  Returns it, or -1 with errno set. */
extern int	dbaas_sockets_open(const void *owner, int family, int type, int protocol);

/* Closes a socket, which need not have been opened here. */
extern void dbaas_sockets_close(int fd);

/* Forgets the owner's sockets without closing them: they were closed elsewhere. */
extern void dbaas_sockets_forget(const void *owner);

/* Notes that bytes have come over a socket just now. */
extern void dbaas_sockets_note_received(int fd);

/* How many sockets the owner has. */
extern int	dbaas_sockets_count(const void *owner);

/*
 * Between two requests a socket may stay in the set that is waited on, so that it need not be taken
 * out and added again.  dbaas_sockets_note_watched() notes for which events it is in
 * the set.  dbaas_sockets_keep() says that it is not in use now; false: it has to be
 * taken out.  dbaas_sockets_kept() says whether it stayed in the set like this, and that
 * it does so no more.
 */
extern void dbaas_sockets_note_watched(int fd, int events);
extern bool dbaas_sockets_keep(int fd);
extern bool dbaas_sockets_kept(int fd);

/*
 * When bytes last came over the owner's socket with that local port, or when the
 * socket was opened if none have; 0 when the owner has no socket with that port.
 */
extern DbaasMoment dbaas_sockets_received_at(const void *owner, long port);

/*
 * Shuts down the owner's sockets for whose local ports is_used() is false, so that
 * libcurl finds them closed.  Leaves out sockets over which nothing has come yet:
 * they may be connecting.
 */
extern void dbaas_sockets_shut_unused(void *owner, bool (*is_used) (void *owner, long port));

#endif							/* DBAAS_SOCKETS_H */
