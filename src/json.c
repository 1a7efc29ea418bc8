/*-------------------------------------------------------------------------
 *
 * json.c
 *		JSON texts to json-c values and back, within memory contexts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "common/jsonapi.h"
#include "compat.h"
#include "json.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Memory that json-c takes for an object or array, and for another value. */
#define CONTAINER_BYTES 800.0
#define SCALAR_BYTES 64.0

/* Bytes that are parsed between two looks at interrupts. */
#define SLICE_BYTES (64 * 1024)

/* A whole number of up to this many digits fits json-c's 64-bit integers. */
#define MAX_INTEGER_DIGITS 18

typedef struct OwnedValue
{
	MemoryContextCallback callback;
	DbaasJson *value;
} OwnedValue;

static void
release_value(void *arg)
{
	OwnedValue *owned = arg;

	json_object_put(owned->value);
}

void
dbaas_json_own(MemoryContext cxt, DbaasJson *value)
{
	OwnedValue *owned = MemoryContextAlloc(cxt, sizeof(OwnedValue));

	owned->value = value;
	owned->callback.func = release_value;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(cxt, &owned->callback);
}

/* Skips the string that starts at p, which is a quote. */
static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
	{
		if (*p == '\\')
			p++;
	}
	return Min(p + 1, end);
}

/* Is there, at p, one of those characters? */
static bool
is_one_of(const char *p, const char *end, const char *characters)
{
	return p < end && *p != '\0' && strchr(characters, *p) != NULL;
}

/*
 * What json-c needs for the values in the text, about.
 */
static double
estimate_memory(const char *text, size_t len)
{
	const char *end = text + len;
	double		memory = 0;

	for (const char *p = text; p < end;)
	{
		if (*p == '{' || *p == '[')
			memory += CONTAINER_BYTES;
		else if (*p == ',' || *p == ':')
			memory += SCALAR_BYTES;
		p = *p == '"' ? skip_string(p, end) : p + 1;
	}
	return memory + len;
}

/*
 * json-c keeps the digits of a number with a fraction or an exponent, but cuts
 * a whole number to 64 bits.  Gives each longer one the exponent 0.  Returns
 * the text itself when it has none.
 */
static const char *
keep_digits(const char *text, size_t *len)
{
	const char *end = text + *len;
	const char *copied = text;
	StringInfoData out = {0};

	for (const char *p = text; p < end;)
	{
		const char *start = p;

		if (*p == '"')
		{
			p = skip_string(p, end);
			continue;
		}
		while (p < end && isdigit((unsigned char) *p))
			p++;
		if (p == start)
		{
			p++;
			continue;
		}

		/* What follows a point or an exponent is not a number's start. */
		if (p - start <= MAX_INTEGER_DIGITS || is_one_of(p, end, ".eE") ||
			(start > text && is_one_of(start - 1, end, ".eE+")) ||
			(start > text + 1 && start[-1] == '-' && is_one_of(start - 2, end, "eE")))
			continue;
		if (out.data == NULL)
			initStringInfo(&out);
		appendBinaryStringInfo(&out, copied, p - copied);
		appendStringInfoString(&out, "e0");
		copied = p;
	}
	if (out.data == NULL)
		return text;
	appendBinaryStringInfo(&out, copied, end - copied);
	*len = out.len;
	return out.data;
}

/* The code unit of a \\uXXXX escape at p, or -1. */
static int
escaped_unit(const char *p, const char *end)
{
	char		digits[5] = {0};
	char	   *stop;
	long		unit;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	memcpy(digits, p + 2, 4);
	unit = strtol(digits, &stop, 16);
	return *stop == '\0' ? (int) unit : -1;
}

/*
 * Half a surrogate pair, which json-c replaces and PostgreSQL does not take; or
 * a NUL in the name of a member, which json-c would cut there.  Returns where
 * one is escaped in the text from p to end, or NULL.
 */
static const char *
find_bad_escape(const char *p, const char *end, bool is_name)
{
	while ((p = memchr(p, '\\', end - p)) != NULL)
	{
		int			unit = escaped_unit(p, end);

		if (unit >= 0xd800 && unit <= 0xdbff)
		{
			unit = escaped_unit(p + 6, end);
			if (unit < 0xdc00 || unit > 0xdfff)
				return p;
			p += 12;
		}
		else if ((unit >= 0xdc00 && unit <= 0xdfff) || (unit == 0 && is_name))
			return p;
		else
			p += unit >= 0 ? 6 : Min(2, end - p);
	}
	return NULL;
}

/* The same, in all strings of the text. */
static const char *
find_bad_string(const char *text, const char *end)
{
	for (const char *p = text; (p = memchr(p, '"', end - p)) != NULL;)
	{
		const char *string_end = skip_string(p, end);
		const char *next = string_end;
		const char *bad;

		while (next < end && isspace((unsigned char) *next))
			next++;
		bad = find_bad_escape(p, string_end, next < end && *next == ':');
		if (bad)
			return bad;
		p = string_end;
	}
	return NULL;
}

/*
 * What json-c takes for strict depends on its version, and 0.18 refuses text
 * beyond ASCII then.  So PostgreSQL judges the text, once json-c has found that
 * it is not too deep.  Returns where it is wrong, or NULL.
 */
static const char *
find_fault(const char *text, size_t len)
{
	JsonLexContext *lex = dbaas_json_lexer(text, len, PG_UTF8);
	size_t		valid = pg_encoding_verifymbstr(PG_UTF8, text, len);
	const char *fault = NULL;

	if (valid < len)
		fault = text + valid;
	else if (pg_parse_json(lex, &nullSemAction) != JSON_SUCCESS)
		fault = lex->token_start ? lex->token_start : lex->token_terminator;
	else
		fault = find_bad_string(text, text + len);
	pfree(lex);
	return fault;
}

static void
free_tokener(void *arg)
{
	json_tokener_free(arg);
}

/*
 * Runs the tokener over the text, slice by slice.  Interrupts may end it: the
 * tokener belongs to the current memory context.
 */
static DbaasJson *
tokenize(struct json_tokener *tokener, const char *text, size_t len, size_t slice)
{
	DbaasJson  *value = NULL;

	/* With the final NUL: it ends a number that stands alone. */
	for (size_t done = 0; done <= len; done += slice)
	{
		if (done > 0)
			CHECK_FOR_INTERRUPTS();
		value = json_tokener_parse_ex(tokener, text + done, (int) Min(len + 1 - done, slice));
		if (json_tokener_get_error(tokener) != json_tokener_continue)
			break;
	}
	return value;
}

bool
dbaas_json_parse(MemoryContext cxt, const char *text, size_t len, size_t max_memory,
				 DbaasJson **value, char **problem)
{
	MemoryContext parse_cxt;
	MemoryContext oldcxt;
	MemoryContextCallback *callback;
	size_t		kept_len = len;
	const char *kept;
	const char *fault;
	enum json_tokener_error error = json_tokener_continue;
	struct json_tokener *tokener;

	*value = NULL;
	*problem = NULL;
	if (len >= MaxAllocSize / 2 || estimate_memory(text, len) > (double) max_memory)
	{
		*problem = pstrdup("it would need too much memory, which option max_response_bytes bounds");
		return false;
	}

	parse_cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw JSON", ALLOCSET_SMALL_SIZES);
	oldcxt = MemoryContextSwitchTo(parse_cxt);
	callback = palloc(sizeof(MemoryContextCallback));
	kept = keep_digits(text, &kept_len);
	tokener = json_tokener_new_ex(DBAAS_JSON_MAX_DEPTH);
	if (tokener)
	{
		callback->func = free_tokener;
		callback->arg = tokener;
		MemoryContextRegisterResetCallback(parse_cxt, callback);
		/* What is short is not cut, even where keep_digits() made it longer. */
		*value = tokenize(tokener, kept, kept_len,
						  len <= DBAAS_JSON_SHORT ? kept_len + 1 : SLICE_BYTES);
		error = json_tokener_get_error(tokener);
	}
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(parse_cxt);

	if (tokener == NULL)
	{
		*problem = pstrdup("out of memory");
		return false;
	}
	if (error != json_tokener_success)
	{
		*problem = error == json_tokener_continue ?
			psprintf("it ends too early, after %zu bytes", len) :
			psprintf("%s", json_tokener_error_desc(error));
		return false;
	}
	dbaas_json_own(cxt, *value);
	fault = find_fault(text, len);
	if (fault == NULL)
		return true;
	*value = NULL;
	*problem = psprintf("syntax error near byte %zu", (size_t) (fault - text));
	return false;
}

const char *
dbaas_json_text(DbaasJson *value)
{
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
										  JSON_C_TO_STRING_NOSLASHESCAPE);
}

char *
dbaas_json_exact_text(DbaasJson *value)
{
	const char *text = dbaas_json_text(value);
	const char *end = text + strlen(text);
	char	   *exact = palloc(end - text + 1);
	char	   *to = exact;

	/* Takes the exponent off that keep_digits() gave to long numbers. */
	for (const char *p = text; p < end;)
	{
		const char *start = p;

		if (*p == '"')
			p = skip_string(p, end);
		else
		{
			while (p < end && isdigit((unsigned char) *p))
				p++;
			if (p == start)
				p++;
		}
		memcpy(to, start, p - start);
		to += p - start;
		if (isdigit((unsigned char) *start) && p - start > MAX_INTEGER_DIGITS &&
			strncmp(p, "e0", 2) == 0)
			p += 2;
	}
	*to = '\0';
	return exact;
}

const char *
dbaas_json_integer(DbaasJson *value)
{
	const char *text = dbaas_json_text(value);
	size_t		len = strlen(text);

	if (json_object_is_type(value, json_type_int))
		return text;
	/* See keep_digits(). */
	if (json_object_is_type(value, json_type_double) && len > MAX_INTEGER_DIGITS + 2 &&
		strcmp(text + len - 2, "e0") == 0 && strspn(text, "-0123456789") == len - 2)
		return pnstrdup(text, len - 2);
	return NULL;
}

const char *
dbaas_json_type_name(DbaasJson *value)
{
	switch (json_object_get_type(value))
	{
		case json_type_null:
			return "null";
		case json_type_boolean:
			return "boolean";
		case json_type_double:
			return "number";
		case json_type_int:
			return "integer";
		case json_type_object:
			return "object";
		case json_type_array:
			return "array";
		case json_type_string:
			return "string";
	}
	return "unknown";
}

DbaasJson *
dbaas_json_member(DbaasJson *value, const char *name)
{
	DbaasJson *member;

	if (json_object_is_type(value, json_type_object) &&
		json_object_object_get_ex(value, name, &member))
		return member;
	return NULL;
}

const char *
dbaas_json_member_string(DbaasJson *value, const char *name)
{
	DbaasJson *member = dbaas_json_member(value, name);

	return json_object_is_type(member, json_type_string) &&
		strlen(json_object_get_string(member)) == (size_t) json_object_get_string_len(member) ?
		json_object_get_string(member) : NULL;
}

const char *
dbaas_json_version(void)
{
	return json_c_version();
}
