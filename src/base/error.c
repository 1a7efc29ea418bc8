/*-------------------------------------------------------------------------
 *
 * error.c
 *		Errors as values, the texts in them, and how they are raised.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/copyfrom_internal.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "base/error.h"

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

/*
 * A conversion from one encoding to another.  PostgreSQL's own functions for this
 * raise errors, which must not happen while a report is made.
 */
typedef struct Conversion
{
	int			from;
	int			to;
	FmgrInfo	function;
} Conversion;

/*
 * Makes *conversion the one between two encodings, if it is another.  Returns false
 * when there is none, or no transaction in which to look for it.
 */
static bool
find_conversion(Conversion *conversion, int from, int to)
{
	if ((conversion->from != from || conversion->to != to) && IsTransactionState())
	{
		Oid			function = FindDefaultConversionProc(from, to);

		if (!OidIsValid(function))
			return false;
		fmgr_info_cxt(function, &conversion->function, TopMemoryContext);
		conversion->from = from;
		conversion->to = to;
	}
	return conversion->from == from && conversion->to == to;
}

/* Converts a character of len bytes.  Returns NULL if the other encoding lacks it. */
static char *
convert(Conversion *conversion, const char *text, int len)
{
	char	   *converted = palloc((Size) len * MAX_CONVERSION_GROWTH + 1);
	int			n;

	n = DatumGetInt32(FunctionCall6(&conversion->function, Int32GetDatum(conversion->from),
									Int32GetDatum(conversion->to),
									CStringGetDatum(text), CStringGetDatum(converted),
									Int32GetDatum(len), BoolGetDatum(true)));
	if (n == len)
		return converted;
	pfree(converted);
	return NULL;
}

/*
 * Puts question marks in the place of characters that another encoding lacks.  The rest
 * stays as it is, or is converted to that encoding.
 */
static const char *
replace_lacking(Conversion *conversion, int from, int to, const char *text, bool converts)
{
	bool		possible = find_conversion(conversion, from, to);
	StringInfoData out;
	int			n;

	initStringInfo(&out);
	for (const char *p = text; *p; p += n)
	{
		char	   *converted = NULL;

		n = Min(pg_encoding_mblen(from, p), (int) strlen(p));
		if (IS_HIGHBIT_SET(*p) && possible)
			converted = convert(conversion, p, n);
		if (converted && converts)
			appendStringInfoString(&out, converted);
		else if (converted || !IS_HIGHBIT_SET(*p))
			appendBinaryStringInfo(&out, p, n);
		else
			appendStringInfoChar(&out, '?');
		if (converted)
			pfree(converted);
	}
	return out.data;
}

/* Converts valid UTF-8, with question marks for characters that the server's encoding lacks. */
static const char *
in_server_encoding(const char *text)
{
	static Conversion conversion = {
		.from = -1,
		.to = -1
	};

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return text;
	return replace_lacking(&conversion, PG_UTF8, GetDatabaseEncoding(), text, true);
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
	return unconstify(char *, dbaas_error_text_for_client(in_server_encoding(out.data)));
}

char *
dbaas_error_name(const char *name)
{
	return dbaas_error_excerpt(name, strlen(name), NAMEDATALEN);
}

/* Has the client's encoding all characters of the server's? */
static bool
client_shows_all(void)
{
	return pg_get_client_encoding() == GetDatabaseEncoding() ||
		pg_get_client_encoding() == PG_SQL_ASCII || GetDatabaseEncoding() == PG_SQL_ASCII;
}

const char *
dbaas_error_text_for_client(const char *text)
{
	static Conversion conversion = {
		.from = -1,
		.to = -1
	};

	if (text == NULL || client_shows_all())
		return text;
	return replace_lacking(&conversion, GetDatabaseEncoding(), pg_get_client_encoding(), text,
						   false);
}

void
dbaas_error_data_for_client(ErrorData *edata)
{
	edata->message = unconstify(char *, dbaas_error_text_for_client(edata->message));
	edata->detail = unconstify(char *, dbaas_error_text_for_client(edata->detail));
	edata->hint = unconstify(char *, dbaas_error_text_for_client(edata->hint));
	edata->context = unconstify(char *, dbaas_error_text_for_client(edata->context));
}

void
dbaas_error_raise(const DbaasError *error)
{
	CHECK_FOR_INTERRUPTS();
	dbaas_error_raise_always(error);
}

/* When the hidden statement was received, which identifies it; 0: no statement is hidden. */
static TimestampTz hidden_statement = 0;

static bool
is_statement_hidden(void)
{
	return hidden_statement != 0 && hidden_statement == GetCurrentStatementStartTimestamp();
}

/*
 * A context callback that hides the statement, and the context callbacks in "arg":
 * of these it shows only which line of COPY it is.
 */
static void
hide_statement(void *arg)
{
	errhidestmt(true);
	errhidecontext(true);
	for (ErrorContextCallback *context = arg; context; context = context->previous)
	{
		CopyFromState copy = context->arg;

		if (context->callback == CopyFromErrorCallback)
			errcontext("COPY %s, line " UINT64_FORMAT, copy->cur_relname, copy->cur_lineno);
	}
}

ErrorContextCallback *
dbaas_error_notice_context(void)
{
	static ErrorContextCallback hide_alone = {NULL, hide_statement, NULL};

	if (!is_statement_hidden())
		return client_shows_all() ? error_context_stack : NULL;
	for (ErrorContextCallback *context = error_context_stack; context; context = context->previous)
	{
		if (context->callback == hide_statement)
			return context;
	}
	return &hide_alone;
}

void
dbaas_error_hide_statement(DbaasHiding *hiding, bool has_secret)
{
	hiding->callback.previous = NULL;
	hiding->callback.callback = hide_statement;
	hiding->callback.arg = error_context_stack;
	hiding->outer = error_context_stack;
	if (has_secret)
		hidden_statement = GetCurrentStatementStartTimestamp();
	if (is_statement_hidden() &&
		!(error_context_stack && error_context_stack->callback == hide_statement))
		error_context_stack = &hiding->callback;
}

void
dbaas_error_unhide_statement(const DbaasHiding *hiding)
{
	error_context_stack = hiding->outer;
}

int
dbaas_error_about(Oid relid, AttrNumber attnum)
{
	const char *table = OidIsValid(relid) && IsTransactionState() ? get_rel_name(relid) : NULL;
	const char *schema = table ? get_namespace_name(get_rel_namespace(relid)) : NULL;
	const char *column = table && attnum > 0 ? get_attname(relid, attnum, true) : NULL;

	if (schema)
		err_generic_string(PG_DIAG_SCHEMA_NAME, dbaas_error_text_for_client(schema));
	if (table)
		err_generic_string(PG_DIAG_TABLE_NAME, dbaas_error_text_for_client(table));
	if (column)
		err_generic_string(PG_DIAG_COLUMN_NAME, dbaas_error_text_for_client(column));
	return 0;
}

/* ereport(ERROR) with the error's own location. */
pg_noreturn static void
throw_error(const DbaasError *error)
{
	if (is_statement_hidden())
		error_context_stack = dbaas_error_notice_context();
	if (errstart(ERROR, TEXTDOMAIN))
	{
		errcode(error->sqlerrcode);
		errmsg_internal("%s", error->message);
		if (error->detail)
			errdetail_internal("%s", error->detail);
		if (error->hint)
			errhint("%s", error->hint);
		dbaas_error_about(error->relid, error->attnum);
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

	/* What context callbacks add is known once the error is caught. */
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
		dbaas_error_data_for_client(edata);
		ReThrowError(edata);
	}
	PG_END_TRY();
	pg_unreachable();
}

void
dbaas_error_out_of_memory(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory")));
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
