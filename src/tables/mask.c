/*-------------------------------------------------------------------------
 *
 * mask.c
 *		Texts from outside without a secret that they may repeat.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"

#include "tables/catalogue.h"
#include "tables/mask.h"

#define WHITE_SPACE " \t\r\n"

/* A code point in UTF-8, with a NUL behind it. */
static void
encode_utf8(unsigned int code, unsigned char *bytes)
{
	bool		whole = code != 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);

	unicode_to_utf8(whole ? code : ' ', bytes);
}

/* The hexadecimal number of n digits at p. */
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

/* \", \n and so on, \x2f, and \u002f, of which two may make one character. */
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

/* What HTML escapes: &amp; and its like, &#38; and &#x26;. */
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
 * The byte or bytes that the encoded character at p stands for, with a NUL behind
 * them, and how long it is encoded; 0 when it is not.
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
 * Decodes a text, with a mark for each byte, unless "marks" is NULL: what one that
 * is marked stands for is marked.
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
		if (marks && memchr(*marks + (p - *text), true, encoded))
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
dbaas_mask_decode(char **text, size_t *len)
{
	return decode(text, len, NULL);
}

/* Adds a text with other characters in the place of some. */
static List *
add_variant(List *parts, const char *text, const char *some, char other)
{
	char	   *variant = pstrdup(text);

	if (text[strcspn(text, some)] == '\0')
		return parts;
	for (char *p = variant; *(p += strcspn(p, some));)
		*p = other;
	return lappend(parts, variant);
}

/*
 * Adds a part of a secret, which may be encoded itself.  Forms have "+" for a
 * space; escapes of white space are decoded as spaces.
 */
static List *
add_part(List *parts, const char *start, const char *end)
{
	size_t		len = end - start;
	char	   *plain = pnstrdup(start, len);

	if (len == 0)
		return parts;
	for (int level = 0; level <= DBAAS_ENCODINGS; level++)
	{
		parts = lappend(parts, plain);
		parts = add_variant(parts, plain, " ", '+');
		parts = add_variant(parts, plain, "\b\f\n\r\t", ' ');
		if (!dbaas_mask_decode(&plain, &len))
			break;
	}
	return parts;
}

/*
 * The passwords that scheme://user:password@host may mean, also without a scheme,
 * or where an "@" or a "/" in it is not encoded.
 */
static List *
add_userinfo(List *parts, const char *uri)
{
	const char *start = strstr(uri, "://");
	const char *colon;
	const char *stop;
	const char *in_authority = NULL;

	if ((colon = strchr(start ? start + 3 : uri, ':')) == NULL)
		return parts;
	stop = colon + strcspn(colon, "/?#");
	for (const char *at = strchr(colon, '@'); at; at = strchr(at + 1, '@'))
	{
		if (at < stop)
			in_authority = at;
		else if (in_authority == NULL || strchr(at + 1, '@') == NULL)
			parts = add_part(parts, colon + 1, at);
	}
	return in_authority ? add_part(parts, colon + 1, in_authority) : parts;
}

/*
 * The values that follow names of secrets, as in a query or a connection string:
 * up to the next argument, and up to white space.
 */
static List *
add_arguments(List *parts, const char *uri)
{
	for (const char *sign = strchr(uri, '='); sign; sign = strchr(sign + 1, '='))
	{
		const char *value = sign + 1 + strspn(sign + 1, WHITE_SPACE "'");
		const char *name_end = sign;

		while (name_end > uri && strchr(WHITE_SPACE, name_end[-1]))
			name_end--;
		if (!dbaas_catalogue_is_secret(uri, name_end - uri))
			continue;
		parts = add_part(parts, value, value + strcspn(value, "&#'"));
		parts = add_part(parts, value, value + strcspn(value, "&#'" WHITE_SPACE));
	}
	return parts;
}

/* What a text must not repeat of a secret, which may be encoded itself. */
static List *
add_secret(List *parts, const char *secret)
{
	char	   *plain = pstrdup(secret);
	size_t		len = strlen(secret);

	do
	{
		parts = add_part(parts, plain, plain + len);
		parts = add_arguments(add_userinfo(parts, plain), plain);
	} while (dbaas_mask_decode(&plain, &len));
	return parts;
}

/* Marks the parts in a text.  Returns whether there is any. */
static bool
mark_parts(const char *text, const List *parts, bool *marks)
{
	bool		any = false;
	ListCell   *lc;

	foreach(lc, parts)
	{
		const char *part = lfirst(lc);

		for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		{
			memset(marks + (at - text), true, strlen(part));
			any = true;
		}
	}
	return any;
}

/* The text with "***" in the place of what is marked. */
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
			appendStringInfoString(&out, "***");
	}
	return out.data;
}

char *
dbaas_mask_all(char *text, const List *secrets)
{
	List	   *parts = NIL;
	char	   *plain = text;
	size_t		len = strlen(text);
	bool	   *marks = palloc0(len * sizeof(bool));
	bool		any = false;
	ListCell   *lc;

	foreach(lc, secrets)
		parts = add_secret(parts, lfirst(lc));
	for (int level = 0; parts && level <= 2 * DBAAS_ENCODINGS; level++)
	{
		any = mark_parts(plain, parts, marks) || any;
		if (!decode(&plain, &len, &marks))
			break;
	}

	/* A text that holds no secret stays as it was written. */
	return any ? hide_marked(plain, len, marks) : text;
}

char *
dbaas_mask(char *text, const char *secret)
{
	return secret ? dbaas_mask_all(text, list_make1(unconstify(char *, secret))) : text;
}
