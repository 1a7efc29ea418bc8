/*
 * schema.c
 *		Is a JSON value what a schema of the API's document allows?
 *
 * Knows the words of JSON schema that the document uses.  An object whose
 * members the schema lists has no others, unless the schema says that it may.
 */
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "response.h"
#include "schema.h"

/* ---------- patterns ---------- */

/* A set of bytes, for bracket expressions. */
typedef struct ByteSet
{
	bool		has[256];
} ByteSet;

static void
add_class(ByteSet *set, char class)
{
	for (int c = 1; c < 256; c++)
	{
		bool		digit = c < 128 && isdigit(c);
		bool		word = c < 128 && (isalnum(c) || c == '_');
		bool		space = c == ' ' || (c >= '\t' && c <= '\r');

		if (class == 'd' ? digit : class == 'w' ? word : class == 's' ? space :
			class == 'D' ? !digit : class == 'W' ? !word : !space)
			set->has[c] = true;
	}
}

/*
 * Returns the byte that an escape stands for.  "*text" is after the backslash,
 * and is moved after the escape.
 */
static int
escaped_byte(const char **text)
{
	static const char letters[] = "tnvfr";
	char		c = *(*text)++;
	char		hex[3] = {0};

	if (c == 'x' && isxdigit((unsigned char) (*text)[0]) && isxdigit((unsigned char) (*text)[1]))
	{
		memcpy(hex, *text, 2);
		*text += 2;
		return (int) strtol(hex, NULL, 16);
	}
	return c && strchr(letters, c) ? '\t' + (int) (strchr(letters, c) - letters) :
		(unsigned char) c;
}

/* "text" is after the [; the result is after the ]. */
static const char *
read_bracket(const char *text, ByteSet *set)
{
	bool		negated = *text == '^';
	int			last = -1;		/* the byte that a range may start with, or -1 */

	memset(set, 0, sizeof(*set));
	text += negated;
	while (*text && *text != ']')
	{
		int			c = (unsigned char) *text++;
		int			first = c;

		if (c == '\\' && *text && strchr("dwsDWS", *text))
		{
			add_class(set, *text++);
			last = -1;
			continue;
		}
		if (c == '\\' && *text)
			c = first = escaped_byte(&text);
		else if (c == '-' && last >= 0 && *text && *text != ']' &&
				 (unsigned char) *text >= last)
		{
			first = last;
			c = (unsigned char) *text++;
			if (c == '\\' && *text)
				c = escaped_byte(&text);
		}
		for (int byte = first; byte <= c; byte++)
			set->has[byte] = true;
		last = first == c ? c : -1;
	}
	for (int byte = 1; negated && byte < 256; byte++)
		set->has[byte] = !set->has[byte];
	return text + (*text == ']');
}

/*
 * Writes the set as POSIX has it, where ] comes first, [ and - last, and ^ not
 * first.
 */
static char *
write_bracket(char *to, const ByteSet *set)
{
	bool		other = false;

	*to++ = '[';
	if (set->has[']'])
		*to++ = ']';
	for (int byte = 1; byte < 256; byte++)
		if (set->has[byte] && !strchr("]^[-", byte))
		{
			*to++ = (char) byte;
			other = true;
		}
	if (set->has['^'] && !other && !set->has[']'])
	{
		to[-1] = '\\';			/* alone */
		*to++ = '^';
		return to;
	}
	for (const char *special = "^[-"; *special; special++)
		if (set->has[(unsigned char) *special])
			*to++ = *special;
	*to++ = ']';
	return to;
}

/*
 * Returns the pattern as POSIX has it, malloc'd.  It leaves lookahead
 * assertions out, so a pattern that has one matches more.
 */
static char *
posix_pattern(const char *pattern)
{
	char	   *posix = xcalloc(strlen(pattern) * 260 + 1, 1);
	char	   *to = posix;
	ByteSet		set;

	while (*pattern)
	{
		if (*pattern == '[')
		{
			pattern = read_bracket(pattern + 1, &set);
			to = write_bracket(to, &set);
		}
		else if (*pattern == '\\' && pattern[1] && strchr("dwsDWS", pattern[1]))
		{
			memset(&set, 0, sizeof(set));
			add_class(&set, pattern[1]);
			to = write_bracket(to, &set);
			pattern += 2;
		}
		else if (*pattern == '\\' && pattern[1])
		{
			pattern++;
			*to = (char) escaped_byte(&pattern);
			if (strchr(".[]()*+?{}|^$\\", *to))
			{
				to[1] = *to;
				*to++ = '\\';
			}
			to++;
		}
		else if (strncmp(pattern, "(?!", 3) == 0)
			pattern += strcspn(pattern, ")") + 1;
		else if (strncmp(pattern, "(?:", 3) == 0)
		{
			*to++ = '(';
			pattern += 3;
		}
		else
			*to++ = *pattern++;
	}
	return posix;
}

bool
schema_pattern_matches(const char *pattern, const char *text)
{
	char	   *posix = posix_pattern(pattern);
	regex_t		regex;
	int			error = regcomp(&regex, posix, REG_EXTENDED | REG_NOSUB);
	bool		matches;

	if (error)
	{
		fprintf(stderr, "dbaas-sim: cannot compile the pattern %s\n", pattern);
		abort();
	}
	matches = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	free(posix);
	return matches;
}

/* ---------- values ---------- */

static bool
is_uuid(const char *text)
{
	static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t		i;

	for (i = 0; text[i] && pattern[i]; i++)
		if (pattern[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char) text[i]))
			return false;
	return text[i] == '\0' && pattern[i] == '\0';
}

/* Counts characters, not bytes; "text" is valid UTF-8. */
static int
character_count(const char *text)
{
	int			count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

void
schema_add_error(json_object *errors, const char *location, const char *detail)
{
	json_object *error = json_object_new_object();

	json_add_text(error, "detail", detail);
	json_add_text(error, "location", location);
	json_object_array_add(errors, error);
}

/*
 * Returns a number below, equal to or above 0.  Whole numbers are compared
 * exactly.
 */
static int
compare_numbers(json_object *a, json_object *b)
{
	double		difference;

	if (json_object_is_type(a, json_type_int) && json_object_is_type(b, json_type_int))
	{
		int64_t		x = json_object_get_int64(a);
		int64_t		y = json_object_get_int64(b);

		if (x < 0 || y < 0)
			return x < y ? -1 : x > y;
		return json_object_get_uint64(a) < json_object_get_uint64(b) ? -1 :
			json_object_get_uint64(a) > json_object_get_uint64(b);
	}
	difference = json_object_get_double(a) - json_object_get_double(b);
	return difference < 0 ? -1 : difference > 0;
}

/* Is a length, or a number of items, outside of a limit that the schema has? */
static bool
length_outside(json_object *schema, const char *least, const char *most, int64_t length)
{
	return length < json_member_number(schema, least, 0) ||
		length > json_member_number(schema, most, INT64_MAX);
}

static bool
number_outside(json_object *schema, json_object *value)
{
	json_object *limit;

	if (json_object_object_get_ex(schema, "minimum", &limit) &&
		compare_numbers(value, limit) <
		(json_member_bool(schema, "exclusiveMinimum", false) ? 1 : 0))
		return true;
	return json_object_object_get_ex(schema, "maximum", &limit) &&
		compare_numbers(value, limit) >
		(json_member_bool(schema, "exclusiveMaximum", false) ? -1 : 0);
}

static bool
is_utf8(const char *text)
{
	json_object *string = json_object_new_string(text);
	const char *quoted = json_text(string);
	bool		valid;

	json_object_put(json_parse(quoted, strlen(quoted), &valid));
	json_object_put(string);
	return valid;
}

const char *
schema_check_text(json_object *schema, const char *text)
{
	const char *format = json_member_text(schema, "format");
	const char *pattern = json_member_text(schema, "pattern");

	if (!is_utf8(text))
		return "must be UTF-8";
	if (format && strcmp(format, "uuid") == 0 && !is_uuid(text))
		return "must be a UUID";
	if (length_outside(schema, "minLength", "maxLength", character_count(text)))
		return "has an invalid length";
	if (pattern && !schema_pattern_matches(pattern, text))
		return "does not match the pattern";
	return NULL;
}

static bool
is_one_of(json_object *value, json_object *values)
{
	for (size_t i = 0; i < json_object_array_length(values); i++)
		if (json_object_equal(value, json_object_array_get_idx(values, i)))
			return true;
	return false;
}

/* Returns what is wrong with a value's type, or NULL. */
static const char *
check_type(json_object *schema, json_object *value)
{
	static const struct
	{
		const char *name;
		json_type	type;
		json_type	also;
		const char *complaint;
	}			types[] = {
		{"string", json_type_string, json_type_string, "must be a string"},
		{"integer", json_type_int, json_type_int, "must be an integer"},
		{"number", json_type_int, json_type_double, "must be a number"},
		{"boolean", json_type_boolean, json_type_boolean, "must be true or false"},
		{"object", json_type_object, json_type_object, "must be an object"},
		{"array", json_type_array, json_type_array, "must be an array"},
	};
	const char *name = json_member_text(schema, "type");

	for (size_t i = 0; name && i < lengthof(types); i++)
		if (strcmp(types[i].name, name) == 0 && !json_object_is_type(value, types[i].type) &&
			!json_object_is_type(value, types[i].also))
			return types[i].complaint;
	return NULL;
}

/* Returns what is wrong with a value apart from what it contains, or NULL. */
static const char *
check_value(json_object *schema, json_object *value)
{
	const char *complaint = check_type(schema, value);
	json_object *values;

	if (complaint)
		return complaint;
	if (json_object_is_type(value, json_type_string) &&
		strlen(json_object_get_string(value)) != (size_t) json_object_get_string_len(value))
		return "must not contain NUL";
	if (json_object_object_get_ex(schema, "enum", &values) && !is_one_of(value, values))
		return "is not one of the allowed values";
	switch (json_object_get_type(value))
	{
		case json_type_string:
			return schema_check_text(schema, json_object_get_string(value));
		case json_type_int:
		case json_type_double:
			return number_outside(schema, value) ? "is out of bounds" : NULL;
		case json_type_array:
			return length_outside(schema, "minItems", "maxItems",
								  (int64_t) json_object_array_length(value)) ?
				"has an invalid number of items" : NULL;
		default:
			return NULL;
	}
}

static void
check_members(json_object *schema, json_object *value, const char *location, json_object *errors)
{
	json_object *properties = json_object_object_get(schema, "properties");
	json_object *required = json_object_object_get(schema, "required");
	json_object *others = json_object_object_get(schema, "additionalProperties");
	bool		open = others ? !json_object_is_type(others, json_type_boolean) ||
		json_object_get_boolean(others) : properties == NULL;

	json_object_object_foreach(value, name, member)
	{
		json_object *member_schema = json_object_object_get(properties, name);
		char	   *where = xasprintf("%s['%s']", location, name);

		if (member_schema == NULL && json_object_is_type(others, json_type_object))
			member_schema = others;
		if (member_schema)
			schema_check(member_schema, member, where, errors);
		else if (!open)
			schema_add_error(errors, where, "is not a known member");
		free(where);
	}
	for (size_t i = 0; required && i < json_object_array_length(required); i++)
	{
		const char *needed = json_object_get_string(json_object_array_get_idx(required, i));
		char	   *where = xasprintf("%s['%s']", location, needed);

		if (!json_object_object_get_ex(value, needed, NULL))
			schema_add_error(errors, where, "is required");
		free(where);
	}
}

static void
check_items(json_object *schema, json_object *value, const char *location, json_object *errors)
{
	json_object *items = json_object_object_get(schema, "items");

	for (size_t i = 0; items && i < json_object_array_length(value); i++)
	{
		char	   *where = xasprintf("%s[%zu]", location, i);

		schema_check(items, json_object_array_get_idx(value, i), where, errors);
		free(where);
	}
}

void
schema_check(json_object *schema, json_object *value, const char *location, json_object *errors)
{
	const char *complaint;

	if (value == NULL && json_member_bool(schema, "nullable", false))
		return;
	complaint = check_value(schema, value);
	if (complaint)
		schema_add_error(errors, location, complaint);
	else if (json_object_is_type(value, json_type_object))
		check_members(schema, value, location, errors);
	else if (json_object_is_type(value, json_type_array))
		check_items(schema, value, location, errors);
}
