/*
 * Signs what its arguments say, with the extension's own code, and prints the
 * header:
 *
 *		sign_vectors KEY SECRET EXPIRES METHOD PATH BODY [NAMES VALUES]
 */
#include "postgres.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/sign.h"

/* Signing needs nothing else of error.c. */
DbaasError *
dbaas_error_make(const char *file, int line, const char *function,
				 int sqlerrcode, const char *format,...)
{
	static DbaasError error;

	(void) file;
	(void) line;
	(void) function;
	error.sqlerrcode = sqlerrcode;
	error.message = format;
	return &error;
}

int
main(int argc, char **argv)
{
	const char *names = argc > 7 ? argv[7] : NULL;
	const char *values = argc > 7 ? argv[8] : NULL;
	char	   *header;

	if ((argc != 7 && argc != 9) ||
		dbaas_sign_request(argv[1], argv[2], argv[4], argv[5], argv[6], names, values,
						   strtol(argv[3], NULL, 10), &header) != NULL)
		return 1;
	(puts) (header);
	return 0;
}
