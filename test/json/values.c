/*-------------------------------------------------------------------------
 *
 * values.c
 *		What json-c reads in texts: the judge of what a backend reads in them.
 *
 * Takes texts from its standard input, each behind a line with its number of bytes,
 * and writes a line for each: "-" and why json-c refuses it, or "+", how deep it is
 * nested, "twice" if an object has a name twice, of which json-c knows the last, and
 * its values in the order of the text, with tabs between them:
 *
 * n, t, f			null, true, false
 * i7				an integer; I if it is one that json-c also makes of those
 *					which do not fit in 64 bits
 * d0.5 0.50		a number, and how it was written
 * s6869			a string, in hexadecimal; k6869 the name of a member
 * [2, {2			an array, an object, of so many values
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

/* Deeper than this, json-c refuses a text; the bound of the backend is far below */
#define MAX_DEPTH 2000

static int
depth_of(struct json_object *value)
{
	int			deepest = 0;
	int			depth;

	if (json_object_is_type(value, json_type_array))
	{
		for (size_t i = 0; i < json_object_array_length(value); i++)
		{
			depth = depth_of(json_object_array_get_idx(value, i));
			deepest = depth > deepest ? depth : deepest;
		}
		return deepest + 1;
	}
	if (json_object_is_type(value, json_type_object))
	{
		json_object_object_foreach(value, name, member)
		{
			(void) name;
			depth = depth_of(member);
			deepest = depth > deepest ? depth : deepest;
		}
		return deepest + 1;
	}
	return 0;
}

/* The members of all objects that json-c knows. */
static size_t
known_members(struct json_object *value)
{
	size_t		n = 0;

	if (json_object_is_type(value, json_type_array))
	{
		for (size_t i = 0; i < json_object_array_length(value); i++)
			n += known_members(json_object_array_get_idx(value, i));
	}
	else if (json_object_is_type(value, json_type_object))
	{
		json_object_object_foreach(value, name, member)
		{
			(void) name;
			n += 1 + known_members(member);
		}
	}
	return n;
}

/* The members that were written in a text that is JSON. */
static size_t
written_members(const char *text)
{
	size_t		n = 0;
	int			in_string = 0;

	for (; *text; text++)
	{
		if (in_string && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			in_string = !in_string;
		else if (!in_string && *text == ':')
			n++;
	}
	return n;
}

static void
write_hex(char kind, const char *text, size_t len)
{
	printf("\t%c", kind);
	for (size_t i = 0; i < len; i++)
		printf("%02x", (unsigned char) text[i]);
}

static void
write_integer(struct json_object *value)
{
	int64_t		number = json_object_get_int64(value);

	if (number < INT64_MAX)
		printf("\t%c%" PRId64, number == INT64_MIN ? 'I' : 'i', number);
	else
		printf("\t%c%" PRIu64, json_object_get_uint64(value) == UINT64_MAX ? 'I' : 'i',
			   json_object_get_uint64(value));
}

static void
write_value(struct json_object *value)
{
	switch (json_object_get_type(value))
	{
		case json_type_null:
			printf("\tn");
			break;
		case json_type_boolean:
			printf("\t%c", json_object_get_boolean(value) ? 't' : 'f');
			break;
		case json_type_int:
			write_integer(value);
			break;
		case json_type_double:
			printf("\td%.17g %s", json_object_get_double(value), json_object_to_json_string(value));
			break;
		case json_type_string:
			write_hex('s', json_object_get_string(value), json_object_get_string_len(value));
			break;
		case json_type_array:
			printf("\t[%zu", json_object_array_length(value));
			for (size_t i = 0; i < json_object_array_length(value); i++)
				write_value(json_object_array_get_idx(value, i));
			break;
		case json_type_object:
			printf("\t{%d", json_object_object_length(value));
			{
				json_object_object_foreach(value, name, member)
				{
					write_hex('k', name, strlen(name));
					write_value(member);
				}
			}
			break;
	}
}

static void
judge(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *value;

	/*
	 * The NUL behind it ends a number; json-c takes one inside for the end of
	 * all
	 */
	value = json_tokener_parse_ex(tokener, text, (int) len + 1);
	if (memchr(text, '\0', len))
		printf("-a NUL");
	else if (json_tokener_get_error(tokener) != json_tokener_success)
		printf("-%s", json_tokener_error_desc(json_tokener_get_error(tokener)));
	else
	{
		printf("+%d%s", depth_of(value),
			   written_members(text) == known_members(value) ? "" : "twice");
		write_value(value);
	}
	printf("\n");
	fflush(stdout);
	json_object_put(value);
	json_tokener_free(tokener);
}

int
main(void)
{
	char		line[32];

	while (fgets(line, sizeof(line), stdin))
	{
		size_t		len = strtoul(line, NULL, 10);
		char	   *text = malloc(len + 1);

		if (text == NULL || fread(text, 1, len, stdin) != len)
			return 1;
		text[len] = '\0';
		judge(text, len);
		free(text);
	}
	return 0;
}
