/*-------------------------------------------------------------------------
 *
 * sockets.c
 *		The sockets of connections, and when something last came over each.
 *
 * libcurl opens and closes its sockets through this module, from its callbacks.
 * It does not tell which socket a request uses, but which local port: so sockets are
 * found by their ports.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ilist.h"
#include "storage/fd.h"

#include "base/event_set.h"
#include "base/sockets.h"

/* The most descriptors that dbaas_sockets_make_room() opens for a test. */
#define MAX_ROOM 256

typedef struct Socket
{
	dlist_node	node;			/* in "sockets" */
	const void *owner;
	int			fd;
	DbaasMoment received_at;	/* or opened, if nothing has come over it */
	bool		received;		/* has anything come over it? */
	int			watched;		/* for these events; 0: not in the event set */
	bool		kept;			/* in the set, though it is not in use */
} Socket;

static dlist_head sockets = DLIST_STATIC_INIT(sockets);

static Socket *
find_socket(int fd)
{
	dlist_iter	iter;

	dlist_foreach(iter, &sockets)
	{
		Socket	   *found = dlist_container(Socket, node, iter.cur);

		if (found->fd == fd)
			return found;
	}
	return NULL;
}

static void
forget_socket(Socket *found)
{
	if (found == NULL)
		return;
	dlist_delete(&found->node);
	free(found);
	ReleaseExternalFD();
}

/* Does PostgreSQL allow n more external descriptors? */
static bool
postgres_allows(int n)
{
	int			acquired = 0;

	while (acquired < n && AcquireExternalFD())
		acquired++;
	for (int i = 0; i < acquired; i++)
		ReleaseExternalFD();
	return acquired == n;
}

/* Does the system allow n more descriptors? */
static bool
system_allows(int n)
{
	int			fds[MAX_ROOM];
	int			opened = 0;

	while (opened < n && (fds[opened] = dup(STDERR_FILENO)) >= 0)
		opened++;
	for (int i = 0; i < opened; i++)
		close(fds[i]);
	return opened == n;
}

bool
dbaas_sockets_make_room(int n, int spare)
{
	int			all = Min(n + spare, MAX_ROOM);

	if (postgres_allows(n))
	{
		if (system_allows(all))
			return true;
		closeAllVfds();
		if (system_allows(all))
			return true;
	}
	errno = EMFILE;
	return false;
}

int
dbaas_sockets_open(const void *owner, int family, int type, int protocol)
{
	Socket	   *new;
	int			fd;

	if (!AcquireExternalFD())
		return -1;
	fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (fd < 0 && errno == EMFILE)
	{
		closeAllVfds();
		fd = socket(family, type | SOCK_CLOEXEC, protocol);
	}
	new = fd < 0 ? NULL : calloc(1, sizeof(Socket));
	if (new == NULL)
	{
		int			saved = errno;

		if (fd >= 0)
			close(fd);
		ReleaseExternalFD();
		errno = saved;
		return -1;
	}
	/* If there was a socket with that number, it was closed elsewhere. */
	forget_socket(find_socket(fd));
	new->owner = owner;
	new->fd = fd;
	new->received_at = dbaas_clock_now();
	dlist_push_head(&sockets, &new->node);
	return fd;
}

void
dbaas_sockets_close(int fd)
{
	forget_socket(find_socket(fd));
	close(fd);
}

void
dbaas_sockets_forget(const void *owner)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &sockets)
	{
		Socket	   *found = dlist_container(Socket, node, iter.cur);

		if (found->owner == owner)
			forget_socket(found);
	}
}

void
dbaas_sockets_note_received(int fd)
{
	Socket	   *found = find_socket(fd);

	if (found == NULL)
		return;
	found->received_at = dbaas_clock_now();
	found->received = true;
}

int
dbaas_sockets_count(const void *owner)
{
	int			n = 0;
	dlist_iter	iter;

	dlist_foreach(iter, &sockets)
	{
		if (dlist_container(Socket, node, iter.cur)->owner == owner)
			n++;
	}
	return n;
}

void
dbaas_sockets_note_watched(int fd, int events)
{
	Socket	   *found = find_socket(fd);

	if (found == NULL)
		return;
	found->watched = events;
	found->kept = false;
}

/*
 * Not one that is still connecting: libcurl may close that without its callback, and
 * the number would be another descriptor's.
 */
bool
dbaas_sockets_keep(int fd)
{
	Socket	   *found = find_socket(fd);

	if (found == NULL)
		return false;
	found->kept = found->received && found->watched == DBAAS_EVENT_READABLE;
	if (!found->kept)
		found->watched = 0;
	return found->kept;
}

bool
dbaas_sockets_kept(int fd)
{
	Socket	   *found = find_socket(fd);
	bool		kept = found && found->kept;

	if (kept)
		found->kept = false;
	return kept;
}

/* The local port of a socket, or 0. */
static long
local_port(int fd)
{
	union
	{
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	}			address = {0};
	socklen_t	len = sizeof(address);

	if (getsockname(fd, &address.any, &len) != 0)
		return 0;
	return address.any.sa_family == AF_INET6 ? ntohs(address.in6.sin6_port) :
		address.any.sa_family == AF_INET ? ntohs(address.in.sin_port) : 0;
}

DbaasMoment
dbaas_sockets_received_at(const void *owner, long port)
{
	dlist_iter	iter;

	dlist_foreach(iter, &sockets)
	{
		Socket	   *found = dlist_container(Socket, node, iter.cur);

		if (found->owner == owner && port != 0 && local_port(found->fd) == port)
			return found->received_at;
	}
	return 0;
}

void
dbaas_sockets_shut_unused(void *owner, bool (*is_used) (void *owner, long port))
{
	dlist_iter	iter;

	dlist_foreach(iter, &sockets)
	{
		Socket	   *found = dlist_container(Socket, node, iter.cur);

		if (found->owner == owner && found->received && !is_used(owner, local_port(found->fd)))
			(void) shutdown(found->fd, SHUT_RDWR);
	}
}
