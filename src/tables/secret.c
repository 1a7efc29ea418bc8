/*-------------------------------------------------------------------------
 *
 * secret.c
 *		Finds secrets by their names, and hides them in JSON and texts.
 *
 * Secrets are hidden once, in the text of the response, before any other code reads
 * it: so no column, error or expression can show one.  The mask is shorter than most
 * secrets; white space behind the string fills the difference.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "tables/secret.h"

#define MASK DBAAS_SECRET_MASK
#define WHITE_SPACE DBAAS_SECRET_WHITE_SPACE

/* Replaces the string's text by n bytes, which are no more than it has. */
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

/* A number becomes a string.  One of one or two digits has no room for quotes. */
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

/* The first of these characters from p on, or "end". */
static const char *
find_any(const char *p, const char *end, const char *characters)
{
	while (p < end && (*p == '\0' || strchr(characters, *p) == NULL))
		p++;
	return p;
}

/* Does the text begin with "scheme://"? */
static bool
is_uri(const char *p, const char *end)
{
	while (p < end && (isalnum((unsigned char) *p) || strchr("+-.", *p)))
		p++;
	/* cppcheck-suppress knownConditionTrueFalse; p may be before end */
	return end - p >= 3 && strncmp(p, "://", 3) == 0;
}

/*
 * Appends user:password@host, and all behind it, without the password.  The
 * password may hold an @ that should have been encoded: the last @ ends it.
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
 * Appends a word without its passwords.  user:password@host may stand without a
 * scheme before it, so it is looked for in front of "://" too; there it is looked
 * for between quotes, as the word may be a line of JSON or of code.
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
 * Appends a text without the passwords between users and hosts in it.  If the
 * whole text is a URI, its password may hold white space; in other texts white
 * space ends a password.
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

/*
 * The end of the quoted string that starts at p.  "escaped": its quotes are
 * written \", as in JSON within a string.
 */
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

/* The end of the object or array that starts at p. */
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

/* A secret in a text, found by the name in front of it. */
typedef struct NamedSecret
{
	const char *start;
	const char *end;
} NamedSecret;

/*
 * The end of the secret that starts at p: behind its quotes or brackets, or else
 * before one of the characters "ends".  The secret in a header is all of its line.
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
 * The start of the value that a name is given: behind a sign, as in password=x,
 * "password": "x" and password => x; without a sign, in quotes, as in PASSWORD 'x';
 * or behind an option, as in --password x.  Forms have "+" in place of a space.  NULL if
 * the name is given no value.
 */
static const char *
value_start(const char *name, const char *name_end, const char *end)
{
	const char *sign = name_end;
	const char *value = name_end;

	while (sign < end && strchr(WHITE_SPACE "+\"'\\]", *sign) && *sign)
		sign++;
	if (sign < end && (*sign == '=' || *sign == ':'))
	{
		for (value = sign + 1; value < end && *value && strchr("=:>\\" WHITE_SPACE, *value);)
			value++;
		return value;
	}
	while (value < end && (isspace((unsigned char) *value) || *value == '+'))
		value++;
	if (value == name_end || value == end)
		return NULL;
	return *value == '\'' || *value == '"' || (*name == '-' && *value != '-') ? value : NULL;
}

/* ASCII letters, digits, "-" and "_", in any locale. */
static inline bool
is_name_letter(char c)
{
	return (unsigned char) ((c | 0x20) - 'a') < 26 || (unsigned char) (c - '0') < 10 ||
		c == '-' || c == '_';
}

/* Finds the next secret behind a name, from p on; false when there is none. */
static bool
find_named(const char *p, const char *end, const char *ends, NamedSecret *found)
{
	const char *name = p;

	for (; p < end; p++)
	{
		if (is_name_letter(*p))
			continue;
		if (p > name && dbaas_secret_is_name(name, p - name))
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

	while (find_named(p, end, ends, &secret))
	{
		appendBinaryStringInfo(out, p, secret.start - p);
		appendStringInfoString(out, MASK);
		p = secret.end;
	}
	appendBinaryStringInfo(out, p, end - p);
}

/* dbaas_secret_hide_text() without decoding anything. */
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
dbaas_secret_hide_text(const char *text, size_t *len)
{
	char	   *shown = hide_plain(text, len);
	char	   *plain = shown;
	size_t		plain_len = *len;

	/*
	 * Names and marks of passwords may be encoded.  Where decoding reveals
	 * one, the decoded text is what is shown.
	 */
	for (int level = 0;
		 level < DBAAS_SECRET_ENCODINGS && dbaas_secret_decode(&plain, &plain_len); level++)
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
 * A quick check that is false for nearly all strings of a response: can there be
 * a secret in the text?
 */
static bool
may_hold_secrets(const char *text, size_t len)
{
	const char *end = text + len;
	const char *name = text;

	for (const char *p = text; p < end; p++)
	{
		if (is_name_letter(*p))
			continue;
		if (*p == '@' || *p == '%' || *p == '\\' || *p == '&' ||
			(p > name && dbaas_secret_is_name(name, p - name)))
			return true;
		name = p + 1;
	}
	return false;
}

/* Can the text stand in a string of JSON as it is?  What was decoded need not be UTF-8. */
static bool
needs_no_escape(const char *text, size_t len)
{
	const unsigned char *end = (const unsigned char *) text + len;
	int			n;

	for (const unsigned char *p = (const unsigned char *) text; p < end; p += n)
	{
		n = pg_utf_mblen(p);
		if (*p < ' ' || *p == '"' || *p == '\\' || n > end - p || !pg_utf8_islegal(p, n))
			return false;
	}
	return true;
}

/* Hides secrets inside a string that is not the value of a secret's name. */
static void
hide_in_string(DbaasJson *string)
{
	size_t		len = string->len;
	size_t		shown_len;
	char	   *text;
	char	   *shown;

	if (!string->escaped && !may_hold_secrets(string->text, len))
		return;
	text = dbaas_json_string(string, &len);
	shown_len = len;
	shown = dbaas_secret_hide_text(text, &shown_len);
	if (shown_len != len || memcmp(shown, text, len) != 0)
	{
		/*
		 * If the result needs escapes, or more room, "***" replaces all of
		 * it.
		 */
		if (shown_len <= string->len && needs_no_escape(shown, shown_len))
			replace_string(string, shown, shown_len);
		else
			hide_string(string);
	}
	pfree(shown);
	pfree(text);
}

/*
 * Is the object a JSON schema?  Below a secret's name, that describes a secret and
 * holds none.
 */
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
 * Hides the secrets in a value.  "secret": its name, or that of an object or array
 * around it, is a secret's, so all of its strings and numbers are.
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
				hide_in_string(value);
			break;
		case DBAAS_JSON_INTEGER:
		case DBAAS_JSON_NUMBER:
			if (secret)
				hide_number(value);
			break;
		case DBAAS_JSON_OBJECT:
			secret = secret && !is_schema(value);
			for (const DbaasJson *name = dbaas_json_first(value); name;
				 name = dbaas_json_next(value, name))
			{
				hide(unconstify(DbaasJson *, name + 1), secret || dbaas_secret_is_member(name));
				hide_in_string(unconstify(DbaasJson *, name));
			}
			break;
		case DBAAS_JSON_ARRAY:
			for (const DbaasJson *item = dbaas_json_first(value); item;
				 item = dbaas_json_next(value, item))
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

void
dbaas_secret_hide_all(const DbaasJson *value)
{
	hide(unconstify(DbaasJson *, value), true);
}

/* The member itself, or the next behind it, that has one of the names; or NULL. */
static const DbaasJson *
find_named_member(const DbaasJson *object, const DbaasJson *name, const char *const *names)
{
	for (; name; name = dbaas_json_next(object, name))
	{
		for (int i = 0; names[i]; i++)
		{
			if (dbaas_json_equals(name, names[i]))
				return name;
		}
	}
	return NULL;
}

/* The first such member; an object may have several of one name. */
static const DbaasJson *
first_named(const DbaasJson *value, const char *const *names)
{
	return names && dbaas_json_is(value, DBAAS_JSON_OBJECT) ?
		find_named_member(value, dbaas_json_first(value), names) : NULL;
}

static const DbaasJson *
next_named(const DbaasJson *object, const DbaasJson *name, const char *const *names)
{
	return find_named_member(object, dbaas_json_next(object, name), names);
}

void
dbaas_secret_hide_members(const DbaasJson *value, const char *const *names)
{
	for (const DbaasJson *name = first_named(value, names); name;
		 name = next_named(value, name, names))
		dbaas_secret_hide_all(name + 1);
}

/* dbaas_secret_any_hidden() of a value; "secret" as for hide(). */
static bool
any_hidden(const DbaasJson *value, bool secret)
{
	bool		is_object = dbaas_json_is(value, DBAAS_JSON_OBJECT);

	if (dbaas_json_is(value, DBAAS_JSON_STRING))
	{
		const char *text = dbaas_json_string(value, NULL);

		/* A secret of one or two bytes left room for as many stars. */
		return strstr(text, MASK) || (secret && *text && text[strspn(text, "*")] == '\0');
	}
	if (!is_object && !dbaas_json_is(value, DBAAS_JSON_ARRAY))
		return false;
	for (const DbaasJson *item = dbaas_json_first(value); item; item = dbaas_json_next(value, item))
	{
		if (is_object ? any_hidden(item + 1, secret || dbaas_secret_is_member(item)) :
			any_hidden(item, secret))
			return true;
	}
	return false;
}

bool
dbaas_secret_any_hidden(const DbaasJson *value)
{
	return any_hidden(value, false);
}

/* dbaas_secret_collect() of a value; "secret" as for hide(). */
static List *
collect(List *secrets, const DbaasJson *value, bool secret, bool all_strings)
{
	char	   *text;

	switch (value->type)
	{
		case DBAAS_JSON_STRING:
			if (!secret && !all_strings)
				return secrets;
			text = dbaas_json_string(value, NULL);
			return strlen(text) >= (secret ? 1 : 3) ? lappend(secrets, text) : secrets;
		case DBAAS_JSON_INTEGER:
		case DBAAS_JSON_NUMBER:
			if (!secret)
				return secrets;
			text = dbaas_json_text(value);
			return strlen(text) >= 3 ? lappend(secrets, text) : secrets;
		case DBAAS_JSON_OBJECT:
			for (const DbaasJson *name = dbaas_json_first(value); name;
				 name = dbaas_json_next(value, name))
				secrets = collect(secrets, name + 1, secret || dbaas_secret_is_member(name),
								  all_strings);
			return secrets;
		case DBAAS_JSON_ARRAY:
			for (const DbaasJson *item = dbaas_json_first(value); item;
				 item = dbaas_json_next(value, item))
				secrets = collect(secrets, item, secret, all_strings);
			return secrets;
		default:
			return secrets;
	}
}

List *
dbaas_secret_collect(List *secrets, const DbaasJson *value, bool all_strings)
{
	return collect(secrets, value, false, all_strings);
}

List *
dbaas_secret_collect_members(List *secrets, const DbaasJson *value, const char *const *names)
{
	for (const DbaasJson *name = first_named(value, names); name;
		 name = next_named(value, name, names))
		secrets = collect(secrets, name + 1, true, true);
	return secrets;
}
