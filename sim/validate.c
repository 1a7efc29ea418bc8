/*
 * validate.c
 *		Validates requests against the API's document.
 *
 * The rules are in the document; this file only applies them.  The response to
 * a body that is wrong in several ways lists all of them, each with its
 * location.
 */
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "validate.h"

void
respond_bad_member(Response *response, const char *member, const char *detail)
{
	json_object *errors = json_object_new_array();
	char	   *location = xasprintf("$['%s']", member);

	schema_add_error(errors, location, detail);
	free(location);
	respond_problem(response, 422, "The request body is not valid.", errors);
}

/* Returns true when there are no errors.  Takes them over. */
static bool
check_errors(json_object *errors, const char *detail, Response *response)
{
	if (json_object_array_length(errors) > 0)
	{
		respond_problem(response, 422, detail, errors);
		return false;
	}
	json_object_put(errors);
	return true;
}

static bool
check_body(Request *request, Response *response)
{
	bool		valid;
	json_object *errors;

	request->json = json_parse(request->body, request->body_length, &valid);
	if (!valid)
	{
		respond_problem_text(response, 400, "The body is not valid JSON.");
		return false;
	}
	errors = json_object_new_array();
	schema_check(request->operation->body, request->json, "$", errors);
	return check_errors(errors, "The request body is not valid.", response);
}

static bool
is_json_content(const char *content_type)
{
	size_t		length = strlen("application/json");

	return content_type && strncasecmp(content_type, "application/json", length) == 0 &&
		(content_type[length] == '\0' || strchr("; ", content_type[length]));
}

static bool
check_params(Request *request, Response *response)
{
	json_object *params = request->operation->params;

	for (size_t i = 0; i < json_object_array_length(params); i++)
	{
		json_object *param = json_object_array_get_idx(params, i);

		if (schema_check_text(json_object_object_get(param, "schema"), request->params[i]))
		{
			respond_problem_text(response, 400, "The path parameter %s is not valid.",
								 json_member_text(param, "name"));
			return false;
		}
	}
	return true;
}

/* The query may have only arguments that the operation takes. */
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
validate_request(Request *request, Response *response)
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
		respond_problem_text(response, 400, "%s", complaint);
		return false;
	}
	return check_params(request, response) &&
		(request->operation->body == NULL || check_body(request, response));
}

bool
validate_settings(const IntegrationType *type, json_object *settings, Response *response)
{
	json_object *schema = integration_schema_json(type);
	json_object *errors = json_object_new_array();

	if (settings)
		schema_check(schema, settings, "$['settings']", errors);
	json_object_put(schema);
	return check_errors(errors, "The settings are not valid.", response);
}
