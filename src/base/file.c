/*-------------------------------------------------------------------------
 *
 * file.c
 *		Reads files on the server that options name.
 *
 * The user who sets the option need not be a superuser, so the file may be
 * anything: a FIFO without a writer, a terminal, a descriptor of the backend
 * under /proc.  These must neither block the backend nor be opened.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"

#include "base/file.h"

/* Bytes that are read between two checks for interrupts. */
#define READ_BYTES 65536

/*
 * Opens a regular file, or returns -1 with errno set.  Checks the type before
 * opening, as opening a device can have effects, and again afterwards, as another
 * file may have taken the name in between.
 */
static int
open_regular(const char *path)
{
	struct stat st;
	int			fd;

	if (stat(path, &st) != 0)
		return -1;
	if (!S_ISREG(st.st_mode))
	{
		errno = EINVAL;
		return -1;
	}
	fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)))
	{
		CloseTransientFile(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

/* PostgreSQL's rule for private keys: a file of root's may be readable by its group. */
static bool
is_exposed(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if (st.st_uid == 0)
		return st.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO);
	return st.st_uid != geteuid() || st.st_mode & (S_IRWXG | S_IRWXO);
}

DbaasError *
dbaas_file_read(const char *option, const char *path, int sqlerrcode, size_t max_bytes,
				char **text, size_t *len, bool *exposed)
{
	int			fd = open_regular(path);
	ssize_t		nread;
	DbaasError *error;

	if (fd < 0)
	{
		error = errno == EINVAL ?
			dbaas_error_new(sqlerrcode, "the file of option \"%s\" is not a regular file", option) :
			dbaas_error_new(sqlerrcode, "could not open the file of option \"%s\": %m", option);
		error->hint = "The operating-system user of the PostgreSQL server opens it, on the "
			"server's machine.";
		return error;
	}

	if (exposed)
		*exposed = is_exposed(fd);
	*text = palloc(max_bytes + 1);
	*len = 0;
	do
	{
		CHECK_FOR_INTERRUPTS();
		nread = read(fd, *text + *len, Min(max_bytes - *len, READ_BYTES));
		if (nread > 0)
			*len += nread;
	} while (nread > 0 || (nread < 0 && errno == EINTR));
	(*text)[*len] = '\0';
	error = nread < 0 ?
		dbaas_error_new(sqlerrcode, "could not read the file of option \"%s\": %m", option) : NULL;
	CloseTransientFile(fd);
	return error;
}
