/*
 * answer.h
 *		A request as it was received, the answer to it, and the API's error shapes.
 */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

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
	const char *api_path;		/* the part of "path" after the /v2 prefix */
	const char *query;			/* after the '?', or NULL */
	struct SimZone *zone;		/* NULL when the prefix names none */
	const struct ApiOperation *operation;
	char	   *params[MAX_PARAMS]; /* decoded path parameters */
	char	   *authorization;	/* or NULL */
	char	   *content_type;	/* or NULL */
	bool		accepts_gzip;
	int			socket;
	char	   *body;			/* NUL-terminated besides its length */
	size_t		body_length;
	json_object *json;			/* the body parsed, or NULL */
	json_object *fault;			/* the fault played on it, or NULL */
} Request;

/*
 * Bodies are shared between answers and threads: counted, never changed.
 */
typedef struct Body
{
	_Atomic int references;
	size_t		length;
	char	   *bytes;
	struct Body *compressed;	/* made on first demand, see body_compressed() */
} Body;

typedef struct Answer
{
	int			status;
	const char *content_type;
	const char *allow;			/* methods to name in an Allow header, or NULL */
	Body	   *body;
} Answer;

extern Body *body_new(char *bytes, size_t length);	/* takes malloc'd bytes
													 * over */
extern Body *body_ref(Body *body);
extern void body_unref(Body *body);
extern Body *body_compressed(Body *body);	/* gzip; the reference stays the
											 * body's */

/* These fill in an answer; a JSON object given is used up. */
extern void answer_body(Answer *answer, int status, const char *content_type, Body *body);
extern void answer_json(Answer *answer, int status, json_object *json);
extern void answer_text(Answer *answer, int status, const char *text);

/* The four error shapes: {"message"}, {"error"}, and RFC 9457 with plain or located errors. */
extern void answer_message(Answer *answer, int status, const char *fmt,...) SIM_PRINTF(3, 4);
extern void answer_error(Answer *answer, int status, const char *fmt,...) SIM_PRINTF(3, 4);
extern void answer_problem(Answer *answer, int status, const char *detail, json_object *errors);
extern void answer_problem_text(Answer *answer, int status, const char *fmt,...) SIM_PRINTF(3, 4);

/* JSON text as the API writes it: compact, slashes not escaped. */
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
 * Parse strictly: one JSON value, nothing after it, valid UTF-8, bounded depth.
 * NULL is an error, except for a plain null.
 */
extern json_object *json_parse(const char *text, size_t length, bool *valid);

/*
 * The text of a top-level member of an object, as sent (json-c would round large numbers).
 * "text" must have been parsed before.  Malloc'd; NULL when there is none.
 */
extern char *json_member_verbatim(const char *text, const char *name);

#endif							/* SIM_ANSWER_H */
