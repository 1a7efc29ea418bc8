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
#include "utils/memutils.h"

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
		if (p - start <= MAX_INTEGER_DIGITS ||
			(p < end && strchr(".eE", *p) != NULL) ||
			(start > text && strchr(".eE+", start[-1]) != NULL))
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
 * Half a surrogate pair, which json-c replaces and PostgreSQL does not take.
 * Returns where one is escaped, or NULL.
 */
static const char *
find_lone_surrogate(const char *text, const char *end)
{
	for (const char *p = text; (p = memchr(p, '\\', end - p)) != NULL;)
	{
		int			unit = escaped_unit(p, end);

		if (unit >= 0xd800 && unit <= 0xdbff)
		{
			unit = escaped_unit(p + 6, end);
			if (unit < 0xdc00 || unit > 0xdfff)
				return p;
			p += 12;
		}
		else if (unit >= 0xdc00 && unit <= 0xdfff)
			return p;
		else
			p += unit >= 0 ? 6 : Min(2, end - p);
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
		fault = find_lone_surrogate(text, text + len);
	pfree(lex);
	return fault;
}

bool
dbaas_json_parse(MemoryContext cxt, const char *text, size_t len,
				 DbaasJson **value, char **problem)
{
	const char *fault;
	const char *kept;
	size_t		kept_len = len;
	enum json_tokener_error error;
	size_t		parsed;
	struct json_tokener *tokener;

	*value = NULL;
	if (len >= MaxAllocSize / 2)
	{
		*problem = pstrdup("it is too long");
		return false;
	}
	kept = keep_digits(text, &kept_len);
	tokener = json_tokener_new_ex(DBAAS_JSON_MAX_DEPTH);
	if (tokener == NULL)
	{
		*problem = pstrdup("out of memory");
		return false;
	}

	/* With the final NUL: it ends a number that stands alone. */
	*value = json_tokener_parse_ex(tokener, kept, (int) kept_len + 1);
	error = json_tokener_get_error(tokener);
	parsed = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (kept != text)
		pfree(unconstify(char *, kept));

	if (error != json_tokener_success)
	{
		*problem = error == json_tokener_continue ?
			psprintf("it ends too early, after %zu bytes", len) :
			psprintf("%s near byte %zu", json_tokener_error_desc(error), parsed);
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

	return json_object_is_type(member, json_type_string) ?
		json_object_get_string(member) : NULL;
}

const char *
dbaas_json_version(void)
{
	return json_c_version();
}
