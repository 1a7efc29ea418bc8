/*
 * response.h
 *		A request as it was received, the response to it, and the API's error shapes.
 */
#ifndef SIM_RESPONSE_H
#define SIM_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "util.h"

#define MAX_PARAMS 3

struct SimZone;
struct ApiOperation;

typedef struct Request
{
	const char *method;
	char	   *url;			/* as sent, query included */
	char	   *path;			/* as sent, without the query; this is signed */
	const char *api_path;		/* the part of "path" after /v2 */
	const char *query;			/* after the '?', or NULL */
	struct SimZone *zone;		/* NULL when the URL names none */
	const struct ApiOperation *operation;
	char	   *params[MAX_PARAMS]; /* decoded path parameters */
	char	   *authorization;	/* or NULL */
	char	   *content_type;	/* or NULL */
	bool		accepts_gzip;
	int			socket;
	char	   *body;			/* NUL-terminated besides its length */
	size_t		body_length;
	json_object *json;			/* the body parsed, or NULL */
	json_object *fault;			/* the fault that applies to it, or NULL */
} Request;

/*
 * Bodies are shared between responses and threads.  Their references are
 * counted, and they are never changed.
 */
typedef struct Body
{
	_Atomic int references;
	size_t		length;
	char	   *bytes;
	struct Body *compressed;	/* made on first demand, see body_compressed() */
} Body;

typedef struct Response
{
	int			status;
	const char *content_type;
	const char *allow;			/* methods to name in an Allow header, or NULL */
	Body	   *body;
} Response;

extern Body *body_new(char *bytes, size_t length);	/* takes over malloc'd
													 * bytes */
extern Body *body_ref(Body *body);
extern void body_unref(Body *body);
extern Body *body_compressed(Body *body);	/* gzip; the caller gets no
											 * reference */

/* These fill in a response, and take over a JSON object. */
extern void respond_body(Response *response, int status, const char *content_type, Body *body);
extern void respond_json(Response *response, int status, json_object *json);
extern void respond_text(Response *response, int status, const char *text);

/* The four error shapes: {"message"}, {"error"}, and RFC 9457 with plain or located errors. */
extern void respond_message(Response *response, int status, const char *fmt,...) SIM_PRINTF(3, 4);
extern void respond_error(Response *response, int status, const char *fmt,...) SIM_PRINTF(3, 4);
extern void respond_problem(Response *response, int status, const char *detail,
							json_object *errors);
extern void respond_problem_text(Response *response, int status, const char *fmt,...)
			SIM_PRINTF(3, 4);

/* JSON text as the API writes it: compact, with slashes not escaped. */
extern const char *json_text(json_object *json);

/* A JSON value from text that must reach the client digit for digit. */
extern json_object *json_verbatim(const char *text);
extern void json_add(json_object *object, const char *name, json_object *value);
extern void json_add_text(json_object *object, const char *name, const char *value);
extern void json_add_number(json_object *object, const char *name, int64_t value);
extern void json_add_bool(json_object *object, const char *name, bool value);

/* A string member's text, or NULL. */
extern const char *json_member_text(json_object *object, const char *name);
extern int64_t json_member_number(json_object *object, const char *name, int64_t otherwise);
extern bool json_member_bool(json_object *object, const char *name, bool otherwise);

/*
 * Parses strictly: one JSON value with nothing after it, in valid UTF-8, of
 * bounded depth.  NULL is an error, except for a plain null.
 */
extern json_object *json_parse(const char *text, size_t length, bool *valid);

/*
 * Returns the text of a top-level member of an object as it was sent,
 * malloc'd, or NULL when there is no such member. (json-c would round large
 * numbers.) "text" must be valid JSON.
 */
extern char *json_member_verbatim(const char *text, const char *name);

#endif							/* SIM_RESPONSE_H */
