/*
 * validate.c
 *		Requests as the API's document has them, or a refusal.
 *
 * The rules are in the operations' table; this file only applies them.  A body
 * that is wrong in several ways is told all of them, each with its location.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "validate.h"

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

/* Characters, not bytes; "text" is valid UTF-8. */
static int
character_count(const char *text)
{
	int			count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

static bool
length_within(const char *text, int min_length, int max_length)
{
	int			length = character_count(text);

	return (min_length == NO_LIMIT || length >= min_length) &&
		(max_length == NO_LIMIT || length <= max_length);
}

static void
add_located(json_object *errors, const char *member, const char *detail)
{
	json_object *error = json_object_new_object();
	char	   *location = member ? xasprintf("$['%s']", member) : xstrdup("$");

	json_add_text(error, "detail", detail);
	json_add_text(error, "location", location);
	json_object_array_add(errors, error);
	free(location);
}

void
answer_bad_member(Answer *answer, const char *member, const char *detail)
{
	json_object *errors = json_object_new_array();

	add_located(errors, member, detail);
	answer_problem(answer, 422, "The request body is not valid.", errors);
}

static bool
is_one_of(const char *text, const char *const *values)
{
	for (; *values; values++)
		if (strcmp(*values, text) == 0)
			return true;
	return false;
}

/* What is wrong with a member's value, or NULL. */
static const char *
check_value(const BodyField *field, json_object *value)
{
	static const struct
	{
		json_type	type;
		const char *complaint;
	}			types[] = {
		[FIELD_STRING] = {json_type_string, "must be a string"},
		[FIELD_INTEGER] = {json_type_int, "must be an integer"},
		[FIELD_OBJECT] = {json_type_object, "must be an object"},
	};
	const char *text;

	if (!json_object_is_type(value, types[field->type].type))
		return types[field->type].complaint;
	if (field->type == FIELD_INTEGER)
	{
		int64_t		number = json_object_get_int64(value);

		if ((field->minimum != NO_LIMIT && number < field->minimum) ||
			(field->maximum != NO_LIMIT && number > field->maximum))
			return "is out of bounds";
	}
	if (field->type != FIELD_STRING)
		return NULL;
	text = json_object_get_string(value);
	if (strlen(text) != (size_t) json_object_get_string_len(value))
		return "must not contain NUL";
	if (field->values && !is_one_of(text, field->values))
		return "is not one of the allowed values";
	if (field->format && !is_uuid(text))
		return "must be a UUID";
	if (!length_within(text, field->min_length, field->max_length))
		return "has an invalid length";
	return NULL;
}

static const BodyField *
find_field(const BodyField *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

static json_object *
check_members(const BodyField *fields, json_object *body)
{
	json_object *errors = json_object_new_array();

	json_object_object_foreach(body, name, value)
	{
		const BodyField *field = find_field(fields, name);
		const char *complaint = field ? check_value(field, value) : "is not a known member";

		if (complaint)
			add_located(errors, name, complaint);
	}
	for (const BodyField *field = fields; field->name; field++)
		if (field->required && !json_object_object_get_ex(body, field->name, NULL))
			add_located(errors, field->name, "is required");
	return errors;
}

static bool
check_body(Request *request, Answer *answer)
{
	bool		valid;
	json_object *errors;

	request->json = json_parse(request->body, request->body_length, &valid);
	if (!valid)
	{
		answer_problem_text(answer, 400, "The body is not valid JSON.");
		return false;
	}
	if (!json_object_is_type(request->json, json_type_object))
	{
		answer_bad_member(answer, NULL, "must be an object");
		return false;
	}
	errors = check_members(request->operation->body, request->json);
	if (json_object_array_length(errors) == 0)
	{
		json_object_put(errors);
		return true;
	}
	answer_problem(answer, 422, "The request body is not valid.", errors);
	return false;
}

static bool
is_json_content(const char *content_type)
{
	size_t		length = strlen("application/json");

	return content_type && strncasecmp(content_type, "application/json", length) == 0 &&
		(content_type[length] == '\0' || strchr("; ", content_type[length]));
}

static bool
check_params(Request *request, Answer *answer)
{
	const PathParam *params = request->operation->params;

	for (int i = 0; i < MAX_PARAMS && params[i].name; i++)
		if ((params[i].format && !is_uuid(request->params[i])) ||
			!length_within(request->params[i], params[i].min_length, params[i].max_length))
		{
			answer_problem_text(answer, 400, "The path parameter %s is not valid.",
								params[i].name);
			return false;
		}
	return true;
}

bool
validate_request(Request *request, Answer *answer)
{
	const char *complaint = NULL;

	if (request->query && *request->query)
		complaint = "The request takes no query arguments.";
	else if (request->operation->body == NULL && request->body_length > 0)
		complaint = "The request takes no body.";
	else if (request->operation->body && request->body_length == 0)
		complaint = "The request needs a body.";
	else if (request->operation->body && !is_json_content(request->content_type))
		complaint = "The content type must be application/json.";
	if (complaint)
	{
		answer_problem_text(answer, 400, "%s", complaint);
		return false;
	}
	return check_params(request, answer) &&
		(request->operation->body == NULL || check_body(request, answer));
}

/* What is wrong with a setting of that schema, or NULL. */
static const char *
check_setting(json_object *schema, json_object *value)
{
	const char *type = json_member_text(schema, "type");
	json_object *limit;

	if (strcmp(type, "integer") == 0)
	{
		if (!json_object_is_type(value, json_type_int))
			return "must be an integer";
		if ((json_object_object_get_ex(schema, "minimum", &limit) &&
			 json_object_get_int64(value) < json_object_get_int64(limit)) ||
			(json_object_object_get_ex(schema, "maximum", &limit) &&
			 json_object_get_int64(value) > json_object_get_int64(limit)))
			return "is out of bounds";
		return NULL;
	}
	if (!json_object_is_type(value, json_type_string))
		return "must be a string";
	if (!length_within(json_object_get_string(value),
					   json_object_object_get_ex(schema, "minLength", &limit) ?
					   json_object_get_int(limit) : NO_LIMIT,
					   json_object_object_get_ex(schema, "maxLength", &limit) ?
					   json_object_get_int(limit) : NO_LIMIT))
		return "has an invalid length";
	return NULL;
}

bool
validate_settings(const IntegrationType *type, json_object *settings, Answer *answer)
{
	bool		valid;
	json_object *properties = json_parse(type->settings, strlen(type->settings), &valid);
	json_object *errors = json_object_new_array();

	if (settings)
	{
		json_object_object_foreach(settings, name, value)
		{
			json_object *property;
			const char *complaint = json_object_object_get_ex(properties, name, &property) ?
				check_setting(property, value) :
				type->open_settings ? NULL : "is not a known setting";

			if (complaint)
				add_located(errors, name, complaint);
		}
	}
	json_object_put(properties);
	valid = json_object_array_length(errors) == 0;
	if (valid)
		json_object_put(errors);
	else
		answer_problem(answer, 422, "The settings are not valid.", errors);
	return valid;
}
