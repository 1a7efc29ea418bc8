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

#include "lib/stringinfo.h"

#include "tables/catalogue.h"
#include "tables/mask.h"
#include "tables/secret.h"

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

/* Where quotes end that start at p; those of JSON within a text are escaped. */
static const char *
quotes_end(const char *p, const char *end, bool escaped)
{
	char		quote = *p;

	for (p++; p < end && *p != quote; p++)
	{
		if (*p == '\\' && p + 1 < end && !(escaped && p[1] == quote))
			p++;
	}
	return Min(p + 1, end);
}

/* Where the object or array ends that starts at p. */
static const char *
brackets_end(const char *p, const char *end)
{
	int			depth = 0;

	while (p < end)
	{
		if (*p == '"' || *p == '\'')
		{
			p = quotes_end(p, end, p[-1] == '\\');
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
		if (depth == 0)
			break;
	}
	return p;
}

/* A secret that a text shows behind the name of one. */
typedef struct NamedSecret
{
	const char *start;
	const char *end;
} NamedSecret;

/*
 * Where the secret ends that starts at p: in quotes or brackets, or before one of
 * "ends".  A header has all of its line.
 */
static const char *
secret_end(const char *p, const char *end, bool header, const char *ends)
{
	if (*p == '"' || *p == '\'')
		return quotes_end(p, end, p[-1] == '\\');
	if (*p == '{' || *p == '[')
		return brackets_end(p, end);
	return find_any(p, end, header ? "\r\n\"'" : ends);
}

static bool
is_header(const char *name, const char *name_end)
{
	static const char header[] = "authorization";
	const size_t len = strlen(header);

	return (size_t) (name_end - name) >= len && pg_strncasecmp(name_end - len, header, len) == 0;
}

/*
 * Where that which belongs to a name starts: behind a sign, as in password=x,
 * "password": "x" and password => x; else in quotes, or behind an option, as in
 * PASSWORD 'x' and --password x.  NULL where the name is a word among others.
 */
static const char *
value_start(const char *name, const char *name_end, const char *end)
{
	const char *sign = name_end;
	const char *value = name_end;

	while (sign < end && strchr(WHITE_SPACE "\"'\\]", *sign) && *sign)
		sign++;
	if (sign < end && (*sign == '=' || *sign == ':'))
	{
		for (value = sign + 1; value < end && *value && strchr("=:>\\" WHITE_SPACE, *value);)
			value++;
		return value;
	}
	while (value < end && isspace((unsigned char) *value))
		value++;
	if (value == name_end || value == end)
		return NULL;
	return *value == '\'' || *value == '"' || (*name == '-' && *value != '-') ? value : NULL;
}

/* Letters, digits, "-" and "_", without a look at the locale. */
static inline bool
is_name_letter(char c)
{
	return (unsigned char) ((c | 0x20) - 'a') < 26 || (unsigned char) (c - '0') < 10 ||
		c == '-' || c == '_';
}

/* The next secret behind a name from p on. */
static bool
find_secret(const char *p, const char *end, const char *ends, NamedSecret *found)
{
	const char *name = p;

	for (; p < end; p++)
	{
		if (is_name_letter(*p))
			continue;
		if (p > name && dbaas_catalogue_is_secret(name, p - name))
		{
			found->start = value_start(name, p, end);
			if (found->start && found->start < end)
			{
				found->end = secret_end(found->start, end, is_header(name, p), ends);
				if (found->end > found->start)
					return true;
			}
		}
		name = p + 1;
	}
	return false;
}

/* Appends a text without the secrets behind names in it. */
static void
append_named(StringInfo out, const char *p, const char *end)
{
	const char *ends = is_uri(p, end) ? "&" : "&" WHITE_SPACE;
	NamedSecret secret;

	while (find_secret(p, end, ends, &secret))
	{
		appendBinaryStringInfo(out, p, secret.start - p);
		appendStringInfoString(out, MASK);
		p = secret.end;
	}
	appendBinaryStringInfo(out, p, end - p);
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
	append_named(&out, plain.data, plain.data + plain.len);
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

/*
 * Can there be any in a text?  Each that an answer holds is looked at, and nearly
 * all end here.
 */
static bool
may_hold_passwords(const char *text, size_t len)
{
	const char *end = text + len;
	const char *name = text;

	for (const char *p = text; p < end; p++)
	{
		if (is_name_letter(*p))
			continue;
		if (*p == '@' || *p == '%' || *p == '\\' || *p == '&' ||
			(p > name && dbaas_catalogue_is_secret(name, p - name)))
			return true;
		name = p + 1;
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

/* A JSON schema under the name of a secret describes one, and holds none. */
static bool
is_schema(const DbaasJson *object)
{
	static const char *const types[] = {
		"string", "integer", "number", "boolean", "object", "array", "null"
	};
	const DbaasJson *type = dbaas_json_member(object, "type");

	if (dbaas_json_is(type, DBAAS_JSON_ARRAY))
		type = dbaas_json_first(type);
	for (size_t i = 0; type && i < lengthof(types); i++)
	{
		if (dbaas_json_equals(type, types[i]))
			return true;
	}
	return false;
}

/*
 * Hides what a value holds: passwords in its strings, and all strings and numbers
 * when its name, or that of what it is in, is a secret's.
 */
static void
hide(DbaasJson *value, bool secret)
{
	switch (value->type)
	{
		case DBAAS_JSON_STRING:
			if (secret)
				hide_string(value);
			else
				hide_passwords(value);
			break;
		case DBAAS_JSON_INTEGER:
		case DBAAS_JSON_NUMBER:
			if (secret)
				hide_number(value);
			break;
		case DBAAS_JSON_OBJECT:
			secret = secret && !is_schema(value);
			for (const DbaasJson *name = dbaas_json_first(value); name; name = dbaas_json_next(value, name))
			{
				hide(unconstify(DbaasJson *, name + 1), secret || is_secret_name(name));
				hide_passwords(unconstify(DbaasJson *, name));
			}
			break;
		case DBAAS_JSON_ARRAY:
			for (const DbaasJson *item = dbaas_json_first(value); item; item = dbaas_json_next(value, item))
				hide(unconstify(DbaasJson *, item), secret);
			break;
		default:
			break;
	}
}

void
dbaas_secret_hide(const DbaasJson *value)
{
	hide(unconstify(DbaasJson *, value), false);
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
		if (is_object ? any_hidden(item + 1, secret || is_secret_name(item)) : any_hidden(item, secret))
			return true;
	}
	return false;
}

bool
dbaas_secret_any_hidden(const DbaasJson *value)
{
	return any_hidden(value, false);
}
