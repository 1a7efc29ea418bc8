/*-------------------------------------------------------------------------
 *
 * file.h
 *		Reads files on the server that options name.
 *
 * Errors are values, and show nothing of a file's contents.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_FILE_H
#define DBAAS_FILE_H

#include "base/error.h"

/*
 * Reads the first max_bytes of a file.  The text is in the current memory context,
 * with a NUL after its *len bytes.  *exposed, unless the pointer is NULL, says whether
 * other users than the server's operating-system user and root may read or change the
 * file.  Returns NULL, or an error with that SQLSTATE, which names the option.
 *
 * Opens only regular files, so that it cannot block.  Serves interrupts.
 */
extern DbaasError *dbaas_file_read(const char *option, const char *path, int sqlerrcode,
								   size_t max_bytes, char **text, size_t *len, bool *exposed);

#endif							/* DBAAS_FILE_H */
