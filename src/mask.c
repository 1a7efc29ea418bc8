/*-------------------------------------------------------------------------
 *
 * mask.c
 *		Texts from outside without a secret that they may repeat.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue.h"
#include "lib/stringinfo.h"
#include "mask.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"

#define WHITE_SPACE " \t\r\n"

/* The text with "***" for each occurrence of a part. */
static char *
mask_part(char *text, const char *part)
{
	StringInfoData out;
	char	   *at;

	if (strstr(text, part) == NULL)
		return text;
	initStringInfo(&out);
	for (; (at = strstr(text, part)) != NULL; text = at + strlen(part))
	{
		appendBinaryStringInfo(&out, text, at - text);
		appendStringInfoString(&out, "***");
	}
	appendStringInfoString(&out, text);
	return out.data;
}

/*
 * The byte or bytes that the encoded character at p stands for, with a NUL behind
 * them, and how long it is encoded; 0 when it is not.
 */
static int
decode_at(const char *p, const char *end, unsigned char *bytes)
{
	static const char escapes[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/     ";
	const char *escape;
	unsigned int code;
	int			len = 0;

	memset(bytes, 0, 5);
	if (*p == '%' && end - p >= 3 && sscanf(p + 1, "%2x%n", &code, &len) == 1 && len == 2 && code != 0)
	{
		bytes[0] = (unsigned char) code;
		return 3;
	}
	if (*p != '\\' || end - p < 2)
		return 0;
	if (p[1] == 'u' && end - p >= 6 && sscanf(p + 2, "%4x%n", &code, &len) == 1 && len == 4)
	{
		unicode_to_utf8(code ? code : ' ', bytes);
		return 6;
	}
	escape = p[1] ? strchr(escapes, p[1]) : NULL;
	if (escape == NULL)
		return 0;
	bytes[0] = meanings[escape - escapes];
	return 2;
}

bool
dbaas_mask_decode(char **text, size_t *len)
{
	const char *end = *text + *len;
	StringInfoData out;

	if (memchr(*text, '%', *len) == NULL && memchr(*text, '\\', *len) == NULL)
		return false;
	initStringInfo(&out);
	for (const char *p = *text; p < end;)
	{
		unsigned char bytes[5];
		int			encoded = decode_at(p, end, bytes);

		if (encoded > 0)
			appendStringInfoString(&out, (char *) bytes);
		else
			appendStringInfoChar(&out, *p);
		p += Max(encoded, 1);
	}
	if ((size_t) out.len == *len)
		return false;
	*text = out.data;
	*len = out.len;
	return true;
}

/* Adds a part of a secret. */
static List *
add_part(List *parts, const char *start, const char *end)
{
	return end > start ? lappend(parts, pnstrdup(start, end - start)) : parts;
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

/* What a text must not repeat of a secret that is written so. */
static List *
add_parts(List *parts, const char *secret)
{
	parts = add_part(parts, secret, secret + strlen(secret));
	return add_arguments(add_userinfo(parts, secret), secret);
}

static int
longer_first(const ListCell *a, const ListCell *b)
{
	size_t		x = strlen(lfirst(a));
	size_t		y = strlen(lfirst(b));

	return x < y ? 1 : x > y ? -1 : 0;
}

char *
dbaas_mask(char *text, const char *secret)
{
	List	   *parts;
	char	   *decoded = unconstify(char *, secret);
	char	   *plain = text;
	size_t		len;
	bool		more = true;
	bool		masked = false;

	if (secret == NULL || *secret == '\0')
		return text;
	parts = add_parts(NIL, secret);
	len = strlen(decoded);
	if (dbaas_mask_decode(&decoded, &len))
		parts = add_parts(parts, decoded);
	list_sort(parts, longer_first);
	for (int level = 0; more && level <= DBAAS_ENCODINGS; level++)
	{
		char	   *before = plain;
		ListCell   *lc;

		foreach(lc, parts)
			plain = mask_part(plain, lfirst(lc));
		masked = masked || plain != before;
		len = strlen(plain);
		more = dbaas_mask_decode(&plain, &len);
	}

	/* A text that holds no secret stays as it was written. */
	return masked ? plain : text;
}

char *
dbaas_mask_all(char *text, const List *secrets)
{
	ListCell   *lc;

	foreach(lc, secrets)
		text = dbaas_mask(text, lfirst(lc));
	return text;
}
