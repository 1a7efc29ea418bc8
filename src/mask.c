/*-------------------------------------------------------------------------
 *
 * mask.c
 *		Texts from outside without a secret that they may repeat.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mask.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"

/* JSON in a string in JSON in a string: no API goes further. */
#define MAX_ESCAPE_LEVELS 3

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

static char *
percent_decode(const char *text)
{
	StringInfoData out;

	initStringInfo(&out);
	while (*text)
	{
		unsigned int byte;

		if (text[0] == '%' && text[1] && text[2] && sscanf(text + 1, "%2x", &byte) == 1 && byte != 0)
		{
			appendStringInfoChar(&out, (char) byte);
			text += 3;
		}
		else
			appendStringInfoChar(&out, *text++);
	}
	return out.data;
}

/* Adds a part of the secret, as it is and percent-decoded. */
static List *
add_part(List *parts, const char *start, const char *end)
{
	char	   *part;

	if (end <= start)
		return parts;
	part = pnstrdup(start, end - start);
	return lappend(lappend(parts, part), percent_decode(part));
}

/*
 * The passwords that scheme://user:password@host may mean, also where an "@" or
 * a "/" in it is not encoded.
 */
static List *
add_userinfo(List *parts, const char *uri)
{
	const char *start = strstr(uri, "://");
	const char *colon;
	const char *stop;
	const char *in_authority = NULL;

	if (start == NULL || (colon = strchr(start + 3, ':')) == NULL)
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

/* The values of query arguments whose names end in "password". */
static List *
add_arguments(List *parts, const char *uri)
{
	static const char name[] = "password=";

	for (const char *at = strstr(uri, name); at; at = strstr(at, name))
	{
		at += strlen(name);
		parts = add_part(parts, at, at + strcspn(at, "&#"));
	}
	return parts;
}

static int
longer_first(const ListCell *a, const ListCell *b)
{
	size_t		x = strlen(lfirst(a));
	size_t		y = strlen(lfirst(b));

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Resolves one level of JSON's escapes; *any is set when there were some. */
static char *
unescape(const char *text, bool *any)
{
	static const char escapes[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/     ";
	StringInfoData out;

	initStringInfo(&out);
	*any = false;
	while (*text)
	{
		unsigned int code;
		const char *escape = text[0] == '\\' && text[1] ? strchr(escapes, text[1]) : NULL;

		if (escape)
		{
			appendStringInfoChar(&out, meanings[escape - escapes]);
			text += 2;
			*any = true;
		}
		else if (text[0] == '\\' && text[1] == 'u' && strlen(text) >= 6 &&
				 sscanf(text + 2, "%4x", &code) == 1)
		{
			unsigned char utf8[5] = {0};

			unicode_to_utf8(code ? code : ' ', utf8);
			appendStringInfoString(&out, (char *) utf8);
			text += 6;
			*any = true;
		}
		else
			appendStringInfoChar(&out, *text++);
	}
	return out.data;
}

char *
dbaas_mask(char *text, const char *secret)
{
	List	   *parts;
	char	   *plain = text;
	bool		any = true;
	bool		masked = false;

	if (secret == NULL || *secret == '\0')
		return text;
	parts = add_part(NIL, secret, secret + strlen(secret));
	parts = add_arguments(add_userinfo(parts, secret), secret);
	list_sort(parts, longer_first);
	for (int level = 0; any && level <= MAX_ESCAPE_LEVELS; level++)
	{
		char	   *before = plain;
		ListCell   *lc;

		foreach(lc, parts)
			plain = mask_part(plain, lfirst(lc));
		masked = masked || plain != before;
		plain = unescape(plain, &any);
	}

	/* A text that holds no secret stays as it was written. */
	return masked ? plain : text;
}
