/*-------------------------------------------------------------------------
 *
 * secret_mask.c
 *		Masks known secrets in texts from outside that may repeat them.
 *
 * The text may have the secret as it was sent, or encoded, or only the password in
 * it.  So it is searched for all of these, at each level of its own encodings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"

#include "tables/secret.h"

/* Stores a code point in UTF-8, or a space if it is not valid. */
static void
encode_utf8(unsigned int code, unsigned char *bytes)
{
	bool		valid = code != 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);

	unicode_to_utf8(valid ? code : ' ', bytes);
}

/* Reads n hexadecimal digits at p into *code; false when they are not there. */
static bool
read_hex(const char *p, const char *end, int n, unsigned int *code)
{
	*code = 0;
	if (end - p < n)
		return false;
	for (int i = 0; i < n; i++)
	{
		const char *digits = "0123456789abcdef";
		const char *digit = p[i] ? strchr(digits, pg_ascii_tolower((unsigned char) p[i])) : NULL;

		if (digit == NULL)
			return false;
		*code = *code * 16 + (unsigned int) (digit - digits);
	}
	return true;
}

/*
 * Decodes an escape at p as decode_at() does: \", \n and the like, \x2f, \u002f,
 * and two of these that are a surrogate pair.
 */
static int
decode_escape(const char *p, const char *end, unsigned char *bytes)
{
	static const char escapes[] = "\"'\\/bfnrt";
	static const char meanings[] = "\"'\\/     ";
	const char *escape;
	unsigned int code;
	unsigned int second;

	if (end - p < 2)
		return 0;
	if (p[1] == 'x' && read_hex(p + 2, end, 2, &code) && code != 0)
	{
		bytes[0] = (unsigned char) code;
		return 4;
	}
	if (p[1] == 'u' && read_hex(p + 2, end, 4, &code))
	{
		if (code >= 0xD800 && code < 0xDC00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u' &&
			read_hex(p + 8, end, 4, &second) && second >= 0xDC00 && second < 0xE000)
		{
			encode_utf8(0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00), bytes);
			return 12;
		}
		encode_utf8(code, bytes);
		return 6;
	}
	escape = p[1] ? strchr(escapes, p[1]) : NULL;
	if (escape == NULL)
		return 0;
	bytes[0] = meanings[escape - escapes];
	return 2;
}

/* Decodes an entity of HTML at p as decode_at() does: &amp;, &#38;, &#x26;. */
static int
decode_entity(const char *p, const char *end, unsigned char *bytes)
{
	static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
	static const char meanings[] = "&<>\"'";
	bool		hex = end - p > 3 && p[1] == '#' && (p[2] == 'x' || p[2] == 'X');
	const char *digits = p + (hex ? 3 : 2);
	char	   *stop;
	unsigned long code;

	for (size_t i = 0; i < lengthof(names); i++)
	{
		if ((size_t) (end - p) >= strlen(names[i]) && strncmp(p, names[i], strlen(names[i])) == 0)
		{
			bytes[0] = meanings[i];
			return (int) strlen(names[i]);
		}
	}
	if (end - p < 4 || p[1] != '#' || !isxdigit((unsigned char) *digits))
		return 0;
	code = strtoul(digits, &stop, hex ? 16 : 10);
	if (stop >= end || *stop != ';')
		return 0;
	encode_utf8(code > 0x10FFFF ? 0 : (unsigned int) code, bytes);
	return (int) (stop + 1 - p);
}

/*
 * Decodes the character at p into bytes, with a NUL behind them.  Returns the
 * length of its encoded form; 0 when it is not encoded.
 */
static int
decode_at(const char *p, const char *end, unsigned char *bytes)
{
	unsigned int code;

	memset(bytes, 0, 5);
	switch (*p)
	{
		case '%':
			if (!read_hex(p + 1, end, 2, &code) || code == 0)
				return 0;
			bytes[0] = (unsigned char) code;
			return 3;
		case '\\':
			return decode_escape(p, end, bytes);
		case '&':
			return decode_entity(p, end, bytes);
		default:
			return 0;
	}
}

/*
 * dbaas_secret_decode() of a text with a mark for each of its bytes, unless
 * "marks" is NULL.  Where a byte of an encoded character is marked, the decoded
 * character is.
 */
static bool
decode(char **text, size_t *len, bool **marks)
{
	const char *end = *text + *len;
	bool	   *decoded_marks;
	StringInfoData out;

	if (memchr(*text, '%', *len) == NULL && memchr(*text, '\\', *len) == NULL &&
		memchr(*text, '&', *len) == NULL)
		return false;
	initStringInfo(&out);
	decoded_marks = marks ? palloc0(*len * sizeof(bool)) : NULL;
	for (const char *p = *text; p < end;)
	{
		unsigned char bytes[5];
		int			encoded = decode_at(p, end, bytes);
		int			start = out.len;

		if (encoded > 0)
			appendStringInfoString(&out, (char *) bytes);
		else
			appendStringInfoChar(&out, *p);
		encoded = Max(encoded, 1);
		if (marks && memchr(*marks + (p - *text), 1, encoded))
			memset(decoded_marks + start, true, out.len - start);
		p += encoded;
	}
	if ((size_t) out.len == *len)
		return false;
	*text = out.data;
	*len = out.len;
	if (marks)
		*marks = decoded_marks;
	return true;
}

bool
dbaas_secret_decode(char **text, size_t *len)
{
	return decode(text, len, NULL);
}

/*
 * Makes one space of what may stand for another: a form has "+" in place of a space, and
 * decode_escape() a space in place of other white space.
 */
static char *
fold(char *text)
{
	for (char *p = text; *(p += strcspn(p, "+\b\f\n\r\t"));)
		*p = ' ';
	return text;
}

/* Adds a part of a secret, from start to end, at each level of its own encodings. */
static List *
add_part(List *parts, const char *start, const char *end)
{
	size_t		len = end - start;
	char	   *plain = pnstrdup(start, len);

	if (len == 0)
		return parts;
	for (int level = 0; level <= DBAAS_SECRET_ENCODINGS; level++)
	{
		parts = lappend(parts, fold(pstrdup(plain)));
		if (!dbaas_secret_decode(&plain, &len))
			break;
	}
	return parts;
}

/*
 * Adds the password of scheme://user:password@host, in which the scheme may be
 * missing.  The password begins behind the first colon.  If it holds characters that
 * should have been encoded, it is not clear which "@" ends it.  So this adds a password
 * for the last "@" before a "/", "?" or "#", and for the last "@" of all; if there is
 * none before these characters, for each "@" behind them.
 */
static List *
add_userinfo(List *parts, const char *uri)
{
	const char *scheme_end = strstr(uri, "://");
	const char *colon = strchr(scheme_end ? scheme_end + strlen("://") : uri, ':');
	const char *last_in_authority = NULL;
	const char *authority_end;

	if (colon == NULL)
		return parts;
	authority_end = colon + strcspn(colon, "/?#");
	for (const char *at = strchr(colon, '@'); at; at = strchr(at + 1, '@'))
	{
		bool		is_last = strchr(at + 1, '@') == NULL;

		if (at < authority_end)
			last_in_authority = at;
		else if (last_in_authority == NULL || is_last)
			parts = add_part(parts, colon + 1, at);
	}
	return last_in_authority ? add_part(parts, colon + 1, last_in_authority) : parts;
}

/*
 * Adds the values behind names of secrets, as in a query or a connection string:
 * up to the next argument, and up to white space.
 */
static List *
add_arguments(List *parts, const char *uri)
{
	for (const char *sign = strchr(uri, '='); sign; sign = strchr(sign + 1, '='))
	{
		const char *value = sign + 1 + strspn(sign + 1, DBAAS_SECRET_WHITE_SPACE "'");
		const char *name_end = sign;

		while (name_end > uri && strchr(DBAAS_SECRET_WHITE_SPACE, name_end[-1]))
			name_end--;
		if (!dbaas_secret_is_name(uri, name_end - uri))
			continue;
		parts = add_part(parts, value, value + strcspn(value, "&#'"));
		parts = add_part(parts, value, value + strcspn(value, "&#'" DBAAS_SECRET_WHITE_SPACE));
	}
	return parts;
}

/* Adds what a text must not repeat of a secret, at each level of its encodings. */
static List *
add_secret(List *parts, const char *secret)
{
	char	   *plain = pstrdup(secret);
	size_t		len = strlen(secret);

	do
	{
		parts = add_part(parts, plain, plain + len);
		parts = add_arguments(add_userinfo(parts, plain), plain);
	} while (dbaas_secret_decode(&plain, &len));
	return parts;
}

/* Marks the parts in a text.  Returns whether there is any. */
static bool
mark_parts(const char *text, const List *parts, bool *marks)
{
	const char *folded = fold(pstrdup(text));
	bool		any = false;
	ListCell   *lc;

	foreach(lc, parts)
	{
		const char *part = lfirst(lc);

		for (const char *at = strstr(folded, part); at; at = strstr(at + 1, part))
		{
			memset(marks + (at - folded), true, strlen(part));
			any = true;
		}
	}
	return any;
}

/* The text with "***" in the place of each run of marked bytes. */
static char *
hide_marked(const char *text, size_t len, const bool *marks)
{
	StringInfoData out;

	initStringInfo(&out);
	for (size_t i = 0; i < len; i++)
	{
		if (!marks[i])
			appendStringInfoChar(&out, text[i]);
		else if (i == 0 || !marks[i - 1])
			appendStringInfoString(&out, DBAAS_SECRET_MASK);
	}
	return out.data;
}

char *
dbaas_secret_mask(char *text, const List *secrets)
{
	List	   *parts = NIL;
	char	   *plain = text;
	size_t		len = strlen(text);
	bool	   *marks = palloc0(len * sizeof(bool));
	bool		any = false;
	ListCell   *lc;

	foreach(lc, secrets)
		parts = add_secret(parts, lfirst(lc));
	for (int level = 0; parts && level <= 2 * DBAAS_SECRET_ENCODINGS; level++)
	{
		any = mark_parts(plain, parts, marks) || any;
		if (!decode(&plain, &len, &marks))
			break;
	}

	/* If it repeats no secret, the text stays as it was written, not decoded. */
	return any ? hide_marked(plain, len, marks) : text;
}
