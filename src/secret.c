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

#include <ctype.h>

#include "catalogue.h"
#include "lib/stringinfo.h"
#include "mask.h"
#include "secret.h"

#define MASK "***"
#define WHITE_SPACE " \t\r\n"

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

/* One or two digits are no secret, and have no room for the quotes. */
static void
hide_number(DbaasJson *number)
{
	char	   *text = unconstify(char *, number->text);
	size_t		len = number->len;

	if (len < strlen("\"*\""))
		return;
	memset(text, ' ', len);
	number->text++;
	number->len = Min(len - 2, strlen(MASK));
	number->type = DBAAS_JSON_STRING;
	text[0] = text[1 + number->len] = '"';
	memcpy(text + 1, MASK, number->len);
}

/* The first of some characters from p on, or "end". */
static const char *
find_any(const char *p, const char *end, const char *any)
{
	while (p < end && (*p == '\0' || strchr(any, *p) == NULL))
		p++;
	return p;
}

/* Does the text begin with "scheme://"? */
static bool
is_uri(const char *p, const char *end)
{
	while (p < end && (isalnum((unsigned char) *p) || strchr("+-.", *p)))
		p++;
	return end - p >= 3 && strncmp(p, "://", 3) == 0;
}

/*
 * Appends user:password@host, and all behind it, without the password.  The last
 * @ ends it, as a password may hold characters that ought to be encoded.
 */
static void
append_authority(StringInfo out, const char *p, const char *end)
{
	const char *at = NULL;
	const char *colon = memchr(p, ':', end - p);

	for (const char *q = p; q < end; q++)
		at = *q == '@' ? q : at;
	if (at && colon && colon + 1 < at)
	{
		appendBinaryStringInfo(out, p, colon + 1 - p);
		appendStringInfoString(out, MASK);
		p = at;
	}
	appendBinaryStringInfo(out, p, end - p);
}

/*
 * Appends a word without its password.  What is before a scheme may hold an
 * authority too, which needs none: in JSON or code, each text in quotes.
 */
static void
append_word(StringInfo out, const char *p, const char *end)
{
	const char *scheme_end = memmem(p, end - p, "://", 3);
	const char *stop = scheme_end ? scheme_end + strlen("://") : end;

	while (p < stop)
	{
		const char *part_end = find_any(p, stop, "\"'");

		append_authority(out, p, part_end);
		p = Min(part_end + 1, stop);
		appendBinaryStringInfo(out, part_end, p - part_end);
	}
	append_authority(out, stop, end);
}

/*
 * Appends a text without the passwords between users and hosts in it.  One that
 * is a URI may have white space in its password; among words that ends it.
 */
static void
append_authorities(StringInfo out, const char *p, const char *end)
{
	const char *ends = is_uri(p, end) ? "" : WHITE_SPACE;

	while (p < end)
	{
		const char *word_end = find_any(p, end, ends);

		append_word(out, p, word_end);
		p = Min(word_end + 1, end);
		appendBinaryStringInfo(out, word_end, p - word_end);
	}
}

/* Where the value ends that starts at p: in quotes, or before one of "ends". */
static const char *
value_end(const char *p, const char *end, const char *ends)
{
	char		quote = *p;

	if (p == end || (quote != '"' && quote != '\''))
		return find_any(p, end, ends);
	for (p++; p < end && *p != quote; p++)
		p += *p == '\\' && p + 1 < end;
	return Min(p + 1, end);
}

/*
 * Appends a text without the values that follow names of secrets in it, as in a
 * query (?password=x&...), in a connection string, or in JSON ("password": "x").
 */
static void
append_arguments(StringInfo out, const char *p, const char *end)
{
	const char *ends = is_uri(p, end) ? "&" : "&" WHITE_SPACE;

	while (p < end)
	{
		const char *sign = find_any(p, end, "=:");
		const char *name_end = sign;
		const char *name;
		const char *value = Min(sign + 1, end);

		while (name_end > p && strchr(WHITE_SPACE "\"\\", name_end[-1]))
			name_end--;
		for (name = name_end; name > p && (isalnum((unsigned char) name[-1]) || strchr("-_", name[-1]));)
			name--;
		while (value < end && strchr(WHITE_SPACE "\\", *value))
			value++;
		appendBinaryStringInfo(out, p, value - p);
		p = value;
		if (sign < end && (*sign == '=' || *name_end == '"' || *name_end == '\\') &&
			dbaas_catalogue_is_secret(name, name_end - name))
		{
			appendStringInfoString(out, MASK);
			p = value_end(value, end, ends);
		}
	}
}

/* A text without its passwords, as it is written; *len becomes its length. */
static char *
hide_plain(const char *text, size_t *len)
{
	StringInfoData plain;
	StringInfoData out;

	initStringInfo(&plain);
	initStringInfo(&out);
	append_authorities(&plain, text, text + *len);
	append_arguments(&out, plain.data, plain.data + plain.len);
	pfree(plain.data);
	*len = out.len;
	return out.data;
}

char *
dbaas_secret_text(const char *text, size_t *len)
{
	char	   *shown = hide_plain(text, len);
	char	   *plain = shown;
	size_t		plain_len = *len;

	/* What hides a name or a mark of a password by its encoding is shown decoded. */
	for (int level = 0; level < DBAAS_ENCODINGS && dbaas_mask_decode(&plain, &plain_len); level++)
	{
		size_t		hidden_len = plain_len;
		char	   *hidden = hide_plain(plain, &hidden_len);

		if (hidden_len != plain_len || memcmp(hidden, plain, plain_len) != 0)
		{
			shown = plain = hidden;
			*len = plain_len = hidden_len;
		}
	}
	return shown;
}

/* Can there be any in a text?  A quick look that spares most the long one. */
static bool
may_hold_passwords(const char *text, size_t len)
{
	static const char marks[] = "=@%\\";

	for (const char *p = marks; *p; p++)
	{
		if (memchr(text, *p, len))
			return true;
	}
	return false;
}

/* Hides the passwords in a string. */
static void
hide_passwords(DbaasJson *string)
{
	size_t		len = string->len;
	size_t		shown_len;
	char	   *text;
	char	   *shown;

	if (!string->escaped && !may_hold_passwords(string->text, len))
		return;
	text = dbaas_json_string(string, &len);
	shown_len = len;
	shown = dbaas_secret_text(text, &shown_len);
	if (shown_len != len || memcmp(shown, text, len) != 0)
	{
		/* What would need escapes, or more room, is hidden as a whole. */
		bool		fits = shown_len <= string->len;

		for (size_t i = 0; i < shown_len; i++)
			fits = fits && (unsigned char) shown[i] >= ' ' && strchr("\"\\", shown[i]) == NULL;
		if (fits)
			replace_string(string, shown, shown_len);
		else
			hide_string(string);
	}
	pfree(shown);
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

/*
 * Hides what a value holds: its own strings and numbers when its name says so
 * ("secret"), and passwords in all strings unless there are none ("search").
 */
static void
hide(DbaasJson *value, bool secret, bool search)
{
	if (value->type == DBAAS_JSON_STRING)
	{
		if (secret)
			hide_string(value);
		else if (search)
			hide_passwords(value);
		return;
	}
	if (secret && (value->type == DBAAS_JSON_INTEGER || value->type == DBAAS_JSON_NUMBER))
		hide_number(value);
	if (value->type != DBAAS_JSON_OBJECT && value->type != DBAAS_JSON_ARRAY)
		return;
	for (const DbaasJson *item = dbaas_json_first(value); item; item = dbaas_json_next(value, item))
	{
		if (value->type == DBAAS_JSON_OBJECT)
		{
			hide(unconstify(DbaasJson *, item + 1), is_secret_name(item), search);
			if (search)
				hide_passwords(unconstify(DbaasJson *, item));
		}
		else
			hide(unconstify(DbaasJson *, item), secret, search);
	}
}

void
dbaas_secret_hide(const DbaasJson *value)
{
	hide(unconstify(DbaasJson *, value), false, may_hold_passwords(value->text, value->len));
}

/* The same, of a value that has a secret's name or not. */
static bool
any_hidden(const DbaasJson *value, bool secret)
{
	bool		is_object = dbaas_json_is(value, DBAAS_JSON_OBJECT);

	if (dbaas_json_is(value, DBAAS_JSON_STRING))
	{
		const char *text = dbaas_json_string(value, NULL);

		/* Short ones leave room for fewer. */
		return strstr(text, MASK) || (secret && *text && text[strspn(text, "*")] == '\0');
	}
	if (!is_object && !dbaas_json_is(value, DBAAS_JSON_ARRAY))
		return false;
	for (const DbaasJson *item = dbaas_json_first(value); item; item = dbaas_json_next(value, item))
	{
		if (is_object ? any_hidden(item + 1, is_secret_name(item)) : any_hidden(item, secret))
			return true;
	}
	return false;
}

bool
dbaas_secret_any_hidden(const DbaasJson *value)
{
	return any_hidden(value, false);
}
