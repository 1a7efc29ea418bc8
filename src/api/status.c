/*-------------------------------------------------------------------------
 *
 * status.c
 *		What a response without success means: an error, a retry or more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "api/status.h"
#include "base/json.h"
#include "tables/options.h"
#include "tables/secret.h"

static DbaasError *failure_error(const DbaasRequestFacts *request,
								 const DbaasHttpResponse *response);
static DbaasError *status_error(const DbaasRequestFacts *request,
								const DbaasHttpResponse *response);
static char *describe_body(const DbaasRequestFacts *request, const DbaasHttpResponse *response);

DbaasError *
dbaas_status_error(const DbaasRequestFacts *request, const DbaasHttpResponse *response)
{
	if (response->failure != DBAAS_HTTP_NO_FAILURE)
		return failure_error(request, response);
	return status_error(request, response);
}

/* Is it a status with which a load balancer says that its server is down or busy? */
static bool
is_server_down(int status)
{
	return status == 502 || status == 503 || status == 504;
}

bool
dbaas_status_may_retry(bool write, const DbaasHttpResponse *response)
{
	switch (response->failure)
	{
		case DBAAS_HTTP_UNREACHABLE:
			return true;
		case DBAAS_HTTP_BROKEN:
			return !write;
		case DBAAS_HTTP_NO_FAILURE:
			return dbaas_status_too_many(response) || (!write && is_server_down(response->status));
		default:
			return false;
	}
}

bool
dbaas_status_too_many(const DbaasHttpResponse *response)
{
	return response->failure == DBAAS_HTTP_NO_FAILURE && response->status == 429;
}

bool
dbaas_status_may_be_applied(const DbaasHttpResponse *response)
{
	switch (response->failure)
	{
		case DBAAS_HTTP_UNREACHABLE:
		case DBAAS_HTTP_TLS:
		case DBAAS_HTTP_NO_ROOM:
			return false;
		case DBAAS_HTTP_NO_FAILURE:
			return response->status < 300 || response->status >= 500;
		default:
			return true;
	}
}

/*
 * A server whose response cannot be used, or whose certificate is refused, is
 * available.
 */
bool
dbaas_status_unavailable(const DbaasHttpResponse *response)
{
	switch (response->failure)
	{
		case DBAAS_HTTP_UNREACHABLE:
		case DBAAS_HTTP_TIMEOUT:
		case DBAAS_HTTP_BROKEN:
			return true;
		case DBAAS_HTTP_NO_FAILURE:
			return is_server_down(response->status);
		default:
			return false;
	}
}

bool
dbaas_status_refuses_credentials(const DbaasHttpResponse *response)
{
	return response->failure == DBAAS_HTTP_TLS ||
		(response->failure == DBAAS_HTTP_NO_FAILURE &&
		 (response->status == 401 || response->status == 403));
}

/* Adds a hint that the zone's name may be wrong, since addresses follow from it. */
static const char *
with_zone_hint(const DbaasRequestFacts *request, const char *hint)
{
	const char *zone_hint = request->zone ? dbaas_options_zone_hint(request->zone) : NULL;

	return zone_hint ? psprintf("%s %s", hint, zone_hint) : hint;
}

/* The error of a request without a complete response. */
static DbaasError *
failure_error(const DbaasRequestFacts *request, const DbaasHttpResponse *response)
{
	static const struct
	{
		int			sqlerrcode;
		const char *what;
		const char *hint;
	}			kinds[] =
	{
		/* INDENT OFF */
		[DBAAS_HTTP_UNREACHABLE] = {
			ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, "could not be sent",
			"Check the server's options endpoint, zones and proxy, and the network."
		},
		[DBAAS_HTTP_TLS] = {
			ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, "could not be sent",
			"Check the server's options endpoint and ca_file."
		},
		[DBAAS_HTTP_SILENT] = {
			ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, "was not answered", NULL
		},
		[DBAAS_HTTP_TIMEOUT] = {
			ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, "was not answered in time",
			"Option request_timeout of the server sets the time."
		},
		[DBAAS_HTTP_BROKEN] = {ERRCODE_FDW_ERROR, "lost its connection", NULL},
		[DBAAS_HTTP_TOO_LARGE] = {
			ERRCODE_FDW_ERROR, "got too large an answer",
			"Option max_response_bytes of the server sets the limit."
		},
		[DBAAS_HTTP_BAD_RESPONSE] = {ERRCODE_FDW_ERROR, "got a broken answer", NULL},
		[DBAAS_HTTP_NO_ROOM] = {
			ERRCODE_INSUFFICIENT_RESOURCES, "could not be sent", DBAAS_HTTP_ROOM_HINT
		},
		[DBAAS_HTTP_INTERNAL] = {ERRCODE_FDW_ERROR, "failed", NULL},
		/* INDENT ON */
	};
	DbaasError *error;

	error = dbaas_error_new(kinds[response->failure].sqlerrcode, "%s %s",
							request->label, kinds[response->failure].what);
	error->detail = dbaas_error_excerpt(response->failure_text, strlen(response->failure_text),
										DBAAS_EXCERPT_BYTES);
	error->hint = response->failure == DBAAS_HTTP_UNREACHABLE ?
		with_zone_hint(request, kinds[response->failure].hint) : kinds[response->failure].hint;
	return error;
}

/* The error of a response whose status is no success. */
static DbaasError *
status_error(const DbaasRequestFacts *request, const DbaasHttpResponse *response)
{
	int			status = response->status;
	int			code = ERRCODE_FDW_ERROR;
	const char *hint = NULL;
	DbaasError *error;

	if (status == 401 || status == 403)
	{
		code = ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
		hint = request->anonymous ?
			"No key is needed for that: check the server's option endpoint, which looks like "
			"https://api-{zone}.exoscale.com/v2." :
			"Check api_key and api_secret of the user mapping, the role of that key, and this "
			"machine's clock.";
	}
	else if (status == 400 || status == 422)
		code = ERRCODE_INVALID_PARAMETER_VALUE;
	else if (status == 404 && request->write)
		code = ERRCODE_UNDEFINED_OBJECT;
	else if (status == 404)
		hint = with_zone_hint(request, "Check the server's option endpoint, and the table's "
							  "option path if it has one.");
	else if (status == 409 || status == 412 || status == 423)
		code = ERRCODE_OBJECT_IN_USE;
	else if (status == 429)
	{
		code = ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
		hint = response->retry_after > 0 ?
			psprintf("The API asks to wait for %ld seconds.", response->retry_after) :
			"Set the server's option requests_per_second, or try again later.";
	}
	else if (status >= 300 && status <= 399)
		hint = "Redirects are not followed: set the server's option endpoint to where the API is.";

	error = dbaas_error_new(code, "%s failed with HTTP status %d", request->label, status);
	error->detail = describe_body(request, response);
	error->hint = hint;

	/* A 403 may be for the service's termination protection, not for the key. */
	if ((status == 403 || code == ERRCODE_OBJECT_IN_USE) && request->write && error->detail &&
		strstr(error->detail, "protect"))
	{
		error->sqlerrcode = ERRCODE_OBJECT_IN_USE;
		error->hint = "Take the termination protection off first: UPDATE ... SET "
			"termination_protection = false.";
	}
	return error;
}

/* Appends a value that is a string, after "; " if it is not the first. */
static void
append_part(StringInfo out, const DbaasJson *value)
{
	size_t		len;
	char	   *text;

	if (!dbaas_json_is(value, DBAAS_JSON_STRING) || value->len == 0)
		return;
	text = dbaas_json_string(value, &len);
	if (out->len)
		appendStringInfoString(out, "; ");
	appendBinaryStringInfo(out, text, len);
}

/* Appends the texts of an error's body, in any of the forms that the API uses. */
static void
append_texts(StringInfo out, const DbaasJson *body)
{
	const DbaasJson *errors = dbaas_json_member(body, "errors");

	append_part(out, dbaas_json_member(body, "message"));
	append_part(out, dbaas_json_member(body, "error"));
	append_part(out, dbaas_json_member(body, "title"));
	append_part(out, dbaas_json_member(body, "detail"));
	if (!dbaas_json_is(errors, DBAAS_JSON_ARRAY))
		return;
	for (const DbaasJson *one = dbaas_json_first(errors); one; one = dbaas_json_next(errors, one))
	{
		const char *location = dbaas_json_member_string(one, "location");

		append_part(out, one);
		append_part(out, dbaas_json_member(one, "detail"));
		if (location)
			appendStringInfo(out, " (at %s)", location);
	}
}

/* "The API says: ..." with the texts in the body of an error; NULL if there are none. */
static char *
describe_body(const DbaasRequestFacts *request, const DbaasHttpResponse *response)
{
	const char *body = response->body;
	size_t		len = response->body_len;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw error body",
											  ALLOCSET_SMALL_SIZES);
	StringInfoData said;
	const DbaasJson *value;
	char	   *problem;
	char	   *excerpt;
	size_t		excerpt_len;

	initStringInfo(&said);
	if (len <= DBAAS_JSON_SHORT &&
		dbaas_json_parse(cxt, body, len, DBAAS_JSON_ALL_NODES(len), &value, &problem))
		append_texts(&said, value);
	if (said.len == 0 && !request->confidential)
		appendBinaryStringInfo(&said, body, Min(len, DBAAS_JSON_SHORT));
	for (int i = 0; i < said.len; i++)
	{
		if (said.data[i] == '\0')
			said.data[i] = ' ';
	}

	/*
	 * Masks secrets before the text is cut, or a part of one could remain.
	 * Masks known secrets first, since what only looks like a secret may end
	 * in the middle of one.
	 */
	excerpt = dbaas_connection_mask(request->conn, dbaas_secret_mask(said.data, request->secrets));
	excerpt_len = strlen(excerpt);
	excerpt = dbaas_secret_hide_text(excerpt, &excerpt_len);
	excerpt = dbaas_error_excerpt(excerpt, strlen(excerpt), DBAAS_EXCERPT_BYTES);
	MemoryContextDelete(cxt);
	return *excerpt ? psprintf("The API says: %s", excerpt) : NULL;
}
