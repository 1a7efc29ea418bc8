/*
 * validate.c
 *		Requests as the API's document has them, or a refusal.
 *
 * The rules are in the API's document; this file only applies them.  A body
 * that is wrong in several ways is told all of them, each with its location.
 */
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "validate.h"

void
answer_bad_member(Answer *answer, const char *member, const char *detail)
{
	json_object *errors = json_object_new_array();
	char	   *location = xasprintf("$['%s']", member);

	schema_add_error(errors, location, detail);
	free(location);
	answer_problem(answer, 422, "The request body is not valid.", errors);
}

/* True when there are no errors; they are taken over. */
static bool
check_errors(json_object *errors, const char *detail, Answer *answer)
{
	if (json_object_array_length(errors) > 0)
	{
		answer_problem(answer, 422, detail, errors);
		return false;
	}
	json_object_put(errors);
	return true;
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
	errors = json_object_new_array();
	schema_check(request->operation->body, request->json, "$", errors);
	return check_errors(errors, "The request body is not valid.", answer);
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
	json_object *params = request->operation->params;

	for (size_t i = 0; i < json_object_array_length(params); i++)
	{
		json_object *param = json_object_array_get_idx(params, i);

		if (schema_check_text(json_object_object_get(param, "schema"), request->params[i]))
		{
			answer_problem_text(answer, 400, "The path parameter %s is not valid.",
								json_member_text(param, "name"));
			return false;
		}
	}
	return true;
}

/* Does the query have nothing but arguments that the operation takes? */
static bool
takes_query(const ApiOperation *operation, const char *query)
{
	while (query && *query)
	{
		char	   *name = xasprintf("%.*s;", (int) strcspn(query, "=&"), query);
		bool		taken = operation->query && strstr(operation->query, name);

		free(name);
		if (!taken)
			return false;
		query += strcspn(query, "&");
		query += *query == '&';
	}
	return true;
}

bool
validate_request(Request *request, Answer *answer)
{
	const char *complaint = NULL;

	if (!takes_query(request->operation, request->query))
		complaint = request->operation->query ? "The request takes no such query argument." :
			"The request takes no query arguments.";
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

bool
validate_settings(const IntegrationType *type, json_object *settings, Answer *answer)
{
	json_object *schema = integration_schema_json(type);
	json_object *errors = json_object_new_array();

	if (settings)
		schema_check(schema, settings, "$['settings']", errors);
	json_object_put(schema);
	return check_errors(errors, "The settings are not valid.", answer);
}
