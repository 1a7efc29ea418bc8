/*-------------------------------------------------------------------------
 *
 * secret.c
 *		Answers without the secrets that they hold.
 *
 * Secrets are hidden once, in the text of the answer, before anything else
 * looks at it: so no column, error or expression can show one.  The room that
 * "***" leaves becomes white space behind the string.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue.h"
#include "lib/stringinfo.h"
#include "secret.h"

#define MASK "***"

/* Makes n bytes the string's text; they are no more than it has. */
static void
replace_string(DbaasJson *string, const char *bytes, size_t n)
{
	char	   *text = unconstify(char *, string->text);

	memmove(text, bytes, n);
	text[n] = '"';
	memset(text + n + 1, ' ', string->len - n);
	string->len = n;
	string->escaped = false;
}

static void
hide_string(DbaasJson *string)
{
	replace_string(string, MASK, Min(string->len, strlen(MASK)));
}

/* The first of some characters from p on, or "end". */
static const char *
find_any(const char *p, const char *end, const char *any)
{
	while (p < end && strchr(any, *p) == NULL)
		p++;
	return p;
}

static bool
starts_with(const char *p, const char *end, const char *prefix)
{
	size_t		n = strlen(prefix);

	return (size_t) (end - p) >= n && pg_strncasecmp(p, prefix, n) == 0;
}

/*
 * Appends the authority and path of a URI, which starts at p behind its "://",
 * without the password.  The last @ ends it, as a password may hold characters
 * that ought to be encoded.
 */
static void
append_authority(StringInfo out, const char *p, const char *end)
{
	const char *at = NULL;
	const char *colon = memchr(p, ':', end - p);

	for (const char *q = p; q < end; q++)
		at = *q == '@' ? q : at;
	if (at && colon && colon < at)
	{
		appendBinaryStringInfo(out, p, colon + 1 - p);
		appendStringInfoString(out, MASK);
		p = at;
	}
	appendBinaryStringInfo(out, p, end - p);
}

/* Appends the arguments of a URI, from the "?" at p on, without a password. */
static void
append_arguments(StringInfo out, const char *p, const char *end)
{
	while (p < end)
	{
		const char *next = p + 1 < end ? find_any(p + 1, end, "&") : end;
		const char *equals = memchr(p, '=', next - p);

		if (equals && dbaas_catalogue_is_secret(p + 1, equals - p - 1))
		{
			appendBinaryStringInfo(out, p, equals + 1 - p);
			appendStringInfoString(out, MASK);
		}
		else
			appendBinaryStringInfo(out, p, next - p);
		p = next;
	}
}

/* A text without the passwords of the URIs in it; palloc'd. */
static void
append_without_passwords(StringInfo out, const char *p, const char *end)
{
	while (p < end)
	{
		const char *uri = p;
		const char *uri_end;
		const char *query;

		while (uri < end && !starts_with(uri, end, "://"))
			uri++;
		uri = Min(uri + strlen("://"), end);
		appendBinaryStringInfo(out, p, uri - p);
		uri_end = find_any(uri, end, " \t\r\n\"'<>");
		query = find_any(uri, uri_end, "?");
		if (memchr(query, '@', uri_end - query))
			query = uri_end;
		append_authority(out, uri, query);
		append_arguments(out, query, uri_end);
		p = uri_end;
	}
}

/* Hides the passwords of the URIs in a string. */
static void
hide_passwords(DbaasJson *string)
{
	StringInfoData out;
	size_t		len = string->len;
	char	   *text;

	if (!string->escaped &&
		(memchr(string->text, ':', len) == NULL || memchr(string->text, '/', len) == NULL))
		return;
	text = dbaas_json_string(string, &len);
	initStringInfo(&out);
	append_without_passwords(&out, text, text + len);
	if ((size_t) out.len != len || memcmp(out.data, text, len) != 0)
	{
		/* What would need escapes, or more room, is hidden as a whole. */
		bool		fits = (size_t) out.len <= string->len;

		for (int i = 0; i < out.len; i++)
			fits = fits && (unsigned char) out.data[i] >= ' ' && strchr("\"\\", out.data[i]) == NULL;
		if (fits)
			replace_string(string, out.data, out.len);
		else
			hide_string(string);
	}
	pfree(out.data);
	pfree(text);
}

static bool
is_secret_name(const DbaasJson *name)
{
	size_t		len;
	char	   *text;
	bool		secret;

	if (!name->escaped)
		return dbaas_catalogue_is_secret(name->text, name->len);
	text = dbaas_json_string(name, &len);
	secret = dbaas_catalogue_is_secret(text, len);
	pfree(text);
	return secret;
}

/* Hides what a value holds; all strings of it when its name says so. */
static void
hide(DbaasJson *value, bool secret)
{
	if (value->type == DBAAS_JSON_STRING)
	{
		if (secret)
			hide_string(value);
		else
			hide_passwords(value);
		return;
	}
	if (value->type != DBAAS_JSON_OBJECT && value->type != DBAAS_JSON_ARRAY)
		return;
	for (const DbaasJson *item = dbaas_json_first(value); item; item = dbaas_json_next(value, item))
	{
		if (value->type == DBAAS_JSON_OBJECT)
			hide(unconstify(DbaasJson *, item + 1), is_secret_name(item));
		else
			hide(unconstify(DbaasJson *, item), secret);
	}
}

void
dbaas_secret_hide(const DbaasJson *value)
{
	hide(unconstify(DbaasJson *, value), false);
}
