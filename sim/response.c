/*
 * response.c
 *		Bodies and answers, in the shapes of the API.
 *
 * Knows JSON and compression, but neither HTTP connections nor what is asked.
 */
#include <ctype.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "response.h"

static pthread_mutex_t compression_lock = PTHREAD_MUTEX_INITIALIZER;

Body *
body_new(char *bytes, size_t length)
{
	Body	   *body = xcalloc(1, sizeof(Body));

	body->references = 1;
	body->bytes = bytes;
	body->length = length;
	return body;
}

Body *
body_ref(Body *body)
{
	body->references++;
	return body;
}

void
body_unref(Body *body)
{
	if (body == NULL || --body->references > 0)
		return;
	body_unref(body->compressed);
	free(body->bytes);
	free(body);
}

static Body *
gzip_body(const Body *body)
{
	z_stream	stream = {0};
	uLong		bound;
	char	   *bytes;

	/* 15 + 16: the largest window, with gzip's own header */
	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	bound = deflateBound(&stream, body->length);
	bytes = xcalloc(bound, 1);
	stream.next_in = (Bytef *) body->bytes;
	stream.avail_in = (uInt) body->length;
	stream.next_out = (Bytef *) bytes;
	stream.avail_out = (uInt) bound;
	deflate(&stream, Z_FINISH);
	deflateEnd(&stream);
	return body_new(bytes, stream.total_out);
}

/*
 * Compresses a body once, however many responses share it.  The work is done
 * outside the lock, so two threads may both do it; the first result is kept.
 */
Body *
body_compressed(Body *body)
{
	Body	   *compressed;

	pthread_mutex_lock(&compression_lock);
	compressed = body->compressed;
	pthread_mutex_unlock(&compression_lock);
	if (compressed)
		return compressed;

	compressed = gzip_body(body);
	pthread_mutex_lock(&compression_lock);
	if (body->compressed)
		body_unref(compressed);
	else
		body->compressed = compressed;
	compressed = body->compressed;
	pthread_mutex_unlock(&compression_lock);
	return compressed;
}

void
respond_body(Response *response, int status, const char *content_type, Body *body)
{
	body_unref(response->body);
	response->status = status;
	response->content_type = content_type;
	response->body = body;
}

void
respond_text(Response *response, int status, const char *text)
{
	respond_body(response, status, "text/plain; charset=utf-8",
				 body_new(xstrdup(text), strlen(text)));
}

void
respond_json(Response *response, int status, json_object *json)
{
	const char *text = json_text(json);

	respond_body(response, status, "application/json", body_new(xstrdup(text), strlen(text)));
	json_object_put(json);
}

static char *
format_text(const char *fmt, va_list args)
{
	char	   *text = NULL;

	if (vasprintf(&text, fmt, args) < 0)
		abort();
	return text;
}

static void
respond_one_member(Response *response, int status, const char *member, char *text)
{
	json_object *json = json_object_new_object();

	json_add_text(json, member, text);
	free(text);
	respond_json(response, status, json);
}

void
respond_message(Response *response, int status, const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	respond_one_member(response, status, "message", format_text(fmt, args));
	va_end(args);
}

void
respond_error(Response *response, int status, const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	respond_one_member(response, status, "error", format_text(fmt, args));
	va_end(args);
}

void
respond_problem(Response *response, int status, const char *detail, json_object *errors)
{
	json_object *json = json_object_new_object();

	json_add_text(json, "title", status == 422 ? "Unprocessable Content" : "Bad Request");
	json_add_text(json, "detail", detail);
	json_add(json, "errors", errors);
	respond_json(response, status, json);
}

void
respond_problem_text(Response *response, int status, const char *fmt,...)
{
	va_list		args;
	char	   *text;
	json_object *errors = json_object_new_array();

	va_start(args, fmt);
	text = format_text(fmt, args);
	va_end(args);
	json_object_array_add(errors, json_object_new_string(text));
	free(text);
	respond_problem(response, status, "The request is not valid.", errors);
}

const char *
json_text(json_object *json)
{
	return json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
										  JSON_C_TO_STRING_NOSLASHESCAPE);
}

json_object *
json_verbatim(const char *text)
{
	json_object *json = json_object_new_object();

	json_object_set_serializer(json, json_object_userdata_to_json_string, xstrdup(text),
							   json_object_free_userdata);
	return json;
}

void
json_add(json_object *object, const char *name, json_object *value)
{
	json_object_object_add(object, name, value);
}

void
json_add_text(json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, json_object_new_string(value));
}

void
json_add_number(json_object *object, const char *name, int64_t value)
{
	json_object_object_add(object, name, json_object_new_int64(value));
}

void
json_add_bool(json_object *object, const char *name, bool value)
{
	json_object_object_add(object, name, json_object_new_boolean(value));
}

static json_object *
member_of_type(json_object *object, const char *name, json_type type)
{
	json_object *value;

	if (json_object_is_type(object, json_type_object) &&
		json_object_object_get_ex(object, name, &value) && json_object_is_type(value, type))
		return value;
	return NULL;
}

const char *
json_member_text(json_object *object, const char *name)
{
	return json_object_get_string(member_of_type(object, name, json_type_string));
}

int64_t
json_member_number(json_object *object, const char *name, int64_t otherwise)
{
	json_object *value = member_of_type(object, name, json_type_int);

	return value ? json_object_get_int64(value) : otherwise;
}

bool
json_member_bool(json_object *object, const char *name, bool otherwise)
{
	json_object *value = member_of_type(object, name, json_type_boolean);

	return value ? json_object_get_boolean(value) : otherwise;
}

/*
 * Versions of json-c differ in strict mode: 0.16 accepts control characters in
 * strings, later ones refuse whole numbers beyond 64 bits, and 0.18 refuses
 * characters beyond ASCII.  They validate this copy instead, which has none of
 * these.  Returns NULL when a string has a control character.
 */
static char *
plain_copy(const char *text, size_t *length)
{
	const char *end = text + *length;
	char	   *copy = xcalloc(*length + 1, 1);
	char	   *to = copy;
	bool		in_string = false;
	int			digits = 0;

	for (; text < end; text++)
	{
		digits = isdigit((unsigned char) *text) ? digits + 1 : 0;
		if (digits > 18)
			continue;
		if (*text == '"')
			in_string = !in_string;
		else if (in_string && (unsigned char) *text < 0x20)
		{
			free(copy);
			return NULL;
		}
		else if (in_string && *text == '\\' && text + 1 < end)
			*to++ = *text++;
		*to++ = (unsigned char) *text < 0x80 ? *text : 'x';
	}
	*length = (size_t) (to - copy);
	return copy;
}

static json_object *
parse_with(int flags, const char *text, size_t length, bool *valid)
{
	json_tokener *tokener = json_tokener_new_ex(64);
	json_object *json;

	json_tokener_set_flags(tokener, flags);
	/* with the terminating NUL, which ends a number at the top level */
	json = json_tokener_parse_ex(tokener, text, (int) length + 1);
	*valid = json_tokener_get_error(tokener) == json_tokener_success &&
		json_tokener_get_parse_end(tokener) >= length;
	if (!*valid)
	{
		json_object_put(json);
		json = NULL;
	}
	json_tokener_free(tokener);
	return json;
}

json_object *
json_parse(const char *text, size_t length, bool *valid)
{
	size_t		plain_length = length;
	char	   *plain = plain_copy(text, &plain_length);

	*valid = false;
	if (plain)
		json_object_put(parse_with(JSON_TOKENER_STRICT, plain, plain_length, valid));
	free(plain);
	return *valid ? parse_with(JSON_TOKENER_VALIDATE_UTF8, text, length, valid) : NULL;
}

/* Returns the first character after the JSON value at "text". */
static const char *
skip_value(const char *text)
{
	int			depth = 0;

	do
	{
		if (*text == '"')
		{
			for (text++; *text != '"'; text++)
				if (*text == '\\')
					text++;
		}
		else if (*text == '{' || *text == '[')
			depth++;
		else if (*text == '}' || *text == ']')
			depth--;
		text++;
	} while (*text && (depth > 0 || !strchr(",}] \t\r\n:", *text)));
	return text;
}

char *
json_member_verbatim(const char *text, const char *name)
{
	const char *blanks = " \t\r\n";
	size_t		name_length = strlen(name);
	char	   *found = NULL;

	text += strspn(text, blanks);
	if (*text++ != '{')
		return NULL;
	for (text += strspn(text, blanks); *text == '"'; text += strspn(text, ", \t\r\n"))
	{
		const char *member = text + 1;
		const char *member_end = skip_value(text) - 1;
		const char *value = member_end + 1;
		const char *value_end;

		value += strspn(value, ": \t\r\n");
		value_end = skip_value(value);
		if ((size_t) (member_end - member) == name_length && !strncmp(member, name, name_length))
		{
			free(found);		/* the last of duplicate members counts */
			found = xstrndup(value, (size_t) (value_end - value));
		}
		text = value_end + strspn(value_end, blanks);
	}
	return found;
}
