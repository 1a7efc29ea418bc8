/*-------------------------------------------------------------------------
 *
 * error.c
 *		Errors as values, and the texts in them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "error.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"
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
	return unconstify(char *, dbaas_error_shown(out.data));
}

/*
 * How texts are converted for the client; NULL when there is no way, or none is
 * known yet and no transaction to look it up in.  PostgreSQL keeps this to
 * itself, and its own conversion raises errors, which a report cannot have.
 */
static FmgrInfo *
client_conversion(void)
{
	static FmgrInfo conversion;
	static int	encoding = -1;	/* that it is for */

	if (encoding != pg_get_client_encoding() && IsTransactionState())
	{
		Oid			function = FindDefaultConversionProc(GetDatabaseEncoding(), pg_get_client_encoding());

		encoding = -1;
		if (OidIsValid(function))
		{
			fmgr_info_cxt(function, &conversion, TopMemoryContext);
			encoding = pg_get_client_encoding();
		}
	}
	return encoding == pg_get_client_encoding() ? &conversion : NULL;
}

/* Has the client's encoding all the characters of the text? */
static bool
client_can_show(FmgrInfo *conversion, const char *text, int len)
{
	char	   *converted;
	int			n;

	if (conversion == NULL)
		return false;
	converted = palloc((Size) len * MAX_CONVERSION_GROWTH + 1);
	n = DatumGetInt32(FunctionCall6(conversion, Int32GetDatum(GetDatabaseEncoding()),
									Int32GetDatum(pg_get_client_encoding()),
									CStringGetDatum(text), CStringGetDatum(converted),
									Int32GetDatum(len), BoolGetDatum(true)));
	pfree(converted);
	return n == len;
}

static bool
client_shows_all(void)
{
	return pg_get_client_encoding() == GetDatabaseEncoding() ||
		pg_get_client_encoding() == PG_SQL_ASCII || GetDatabaseEncoding() == PG_SQL_ASCII;
}

const char *
dbaas_error_shown(const char *text)
{
	FmgrInfo   *conversion;
	StringInfoData out;
	int			n;

	if (text == NULL || client_shows_all())
		return text;
	conversion = client_conversion();
	initStringInfo(&out);
	for (const char *p = text; *p; p += n)
	{
		n = Min(pg_mblen(p), (int) strlen(p));
		if (!IS_HIGHBIT_SET(*p) || client_can_show(conversion, p, n))
			appendBinaryStringInfo(&out, p, n);
		else
			appendStringInfoChar(&out, '?');
	}
	return out.data;
}

void
dbaas_error_show(ErrorData *edata)
{
	edata->message = unconstify(char *, dbaas_error_shown(edata->message));
	edata->detail = unconstify(char *, dbaas_error_shown(edata->detail));
	edata->hint = unconstify(char *, dbaas_error_shown(edata->hint));
	edata->context = unconstify(char *, dbaas_error_shown(edata->context));
}

void
dbaas_error_raise(const DbaasError *error)
{
	CHECK_FOR_INTERRUPTS();
	dbaas_error_raise_always(error);
}

/* What ereport(ERROR) does, but for the location. */
pg_noreturn static void
throw_error(const DbaasError *error)
{
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

void
dbaas_error_raise_always(const DbaasError *error)
{
	MemoryContext cxt = CurrentMemoryContext;

	if (client_shows_all())
		throw_error(error);

	/* What functions around it add to it is known once it is thrown. */
	PG_TRY();
	{
		throw_error(error);
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(cxt);
		edata = CopyErrorData();
		FlushErrorState();
		dbaas_error_show(edata);
		ReThrowError(edata);
	}
	PG_END_TRY();
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

static void
hide_statement(void *arg)
{
	(void) arg;
	errhidestmt(true);
	errhidecontext(true);
}

void
dbaas_error_hide_statement(ErrorContextCallback *hide)
{
	hide->callback = hide_statement;
	hide->arg = NULL;
	hide->previous = error_context_stack;
	error_context_stack = hide;
}

void
dbaas_error_show_statement(ErrorContextCallback *hide)
{
	error_context_stack = hide->previous;
}
