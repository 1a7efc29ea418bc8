/*
 * operations.h
 *		The API's operations as one table: paths, parameters, bodies, handlers.
 */
#ifndef SIM_OPERATIONS_H
#define SIM_OPERATIONS_H

#include <limits.h>

#include "answer.h"

#define NO_LIMIT (-1)

typedef enum FieldType
{
	FIELD_STRING,
	FIELD_INTEGER,
	FIELD_OBJECT
} FieldType;

/* A member of a request body.  Limits are NO_LIMIT where there are none. */
typedef struct BodyField
{
	const char *name;			/* NULL ends an array of fields */
	FieldType	type;
	bool		required;
	const char *format;
	const char *const *values;	/* the enum, ended by NULL; or NULL */
	int64_t		minimum;
	int64_t		maximum;
	int			min_length;
	int			max_length;
} BodyField;

/* A path parameter; the order is that of the template. */
typedef struct PathParam
{
	const char *name;			/* NULL where there is none */
	const char *format;
	int			min_length;
	int			max_length;
} PathParam;

typedef void (*Handler) (Request *request, Answer *answer);

typedef struct ApiOperation
{
	const char *method;
	const char *path;			/* with {parameters} */
	const char *id;				/* operationId */
	Handler		handler;
	PathParam	params[MAX_PARAMS];
	const BodyField *body;		/* NULL: the request has no body */
	bool		may_be_unsigned;
	bool		locks;			/* the handler locks the zone itself, and shortly */
	const char *shown_by;		/* of a write: operationId of the read that shows
								 * what it makes or changes; NULL: the handler knows */
} ApiOperation;

/*
 * Find the operation for request->method and request->api_path, and fill in
 * request->operation and request->params.  Otherwise "answer" says 404, 405 or 501.
 */
extern bool operations_route(Request *request, Answer *answer);

/* What is served, and what is documented and not, as JSON, for --describe. */
extern json_object *operations_describe(void);

#endif							/* SIM_OPERATIONS_H */
