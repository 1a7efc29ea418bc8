/*-------------------------------------------------------------------------
 *
 * file.h
 *		Files of the server that options name.
 *
 * Knows no options but by name.  Errors are values, and none shows what is in
 * a file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_FILE_H
#define DBAAS_FILE_H

#include "base/error.h"

/*
 * Reads the first max_bytes of the file that an option names.  The text is in
 * the current memory context, with a NUL after its *len bytes.  Sets *exposed,
 * which may be NULL, when others than the server's operating-system user and root
 * may read or change the file.  Serves interrupts, and waits for nothing else: what
 * is no regular file is refused unopened.  Returns NULL, or an error with that SQLSTATE.
 */
extern DbaasError *dbaas_file_read(const char *option, const char *path, int sqlerrcode,
								   size_t max_bytes, char **text, size_t *len, bool *exposed);

#endif							/* DBAAS_FILE_H */
