/*-------------------------------------------------------------------------
 *
 * error.c
 *		Errors as values, and the texts in them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "error.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/varlena.h"

DbaasError *
dbaas_error_make(const char *file, int line, const char *function,
				 int sqlerrcode, const char *format,...)
{
	DbaasError *error = palloc0(sizeof(DbaasError));
	int			save_errno = errno; /* for %m */
	StringInfoData message;

	initStringInfo(&message);
	for (;;)
	{
		va_list		args;
		int			needed;

		errno = save_errno;
		va_start(args, format);
		needed = appendStringInfoVA(&message, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&message, needed);
	}
	error->sqlerrcode = sqlerrcode;
	error->message = message.data;
	error->file = file;
	error->line = line;
	error->function = function;
	return error;
}

char *
dbaas_error_excerpt(const char *text, size_t len, size_t max_bytes)
{
	StringInfoData out;
	size_t		i = 0;

	initStringInfo(&out);
	while (i < len && (size_t) out.len < max_bytes)
	{
		const unsigned char *p = (const unsigned char *) text + i;
		int			n = pg_utf_mblen(p);

		if (i + n > len || !pg_utf8_islegal(p, n))
		{
			appendStringInfoChar(&out, '?');
			i++;
			continue;
		}
		if (n == 1 && (*p < 0x20 || *p == 0x7f))
			appendStringInfoChar(&out, ' ');
		else
			appendBinaryStringInfo(&out, text + i, n);
		i += n;
	}
	if (i < len)
		appendStringInfoString(&out, "...");

	/* A server encoding without one of the characters: keep to ASCII. */
	if (GetDatabaseEncoding() != PG_UTF8)
	{
		for (char *p = out.data; *p; p++)
		{
			if (IS_HIGHBIT_SET(*p))
				*p = '?';
		}
	}
	return out.data;
}

void
dbaas_error_raise(const DbaasError *error)
{
	/* What ereport(ERROR) does, but for the location. */
	if (errstart(ERROR, TEXTDOMAIN))
	{
		errcode(error->sqlerrcode);
		errmsg_internal("%s", error->message);
		if (error->detail)
			errdetail_internal("%s", error->detail);
		if (error->hint)
			errhint("%s", error->hint);
		errhidestmt(error->hide_statement);
		errhidecontext(error->hide_statement);
		errfinish(error->file, error->line, error->function);
	}
	pg_unreachable();
}

const char *
dbaas_error_nearest(const char *name, const char *const *candidates)
{
	const char *nearest = NULL;
	int			best = Max((int) strlen(name) / 2, 2);

	for (; *candidates; candidates++)
	{
		int			distance;

		if (strlen(name) > 255 || strlen(*candidates) > 255)
			continue;
		distance = varstr_levenshtein_less_equal(name, strlen(name),
												 *candidates, strlen(*candidates),
												 1, 1, 1, best, true);
		if (distance <= best && (nearest == NULL || distance < best))
		{
			nearest = *candidates;
			best = distance;
		}
	}
	return nearest;
}
