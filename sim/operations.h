/*
 * operations.h
 *		The API's operations: those of its document, and which of them are served how.
 */
#ifndef SIM_OPERATIONS_H
#define SIM_OPERATIONS_H

#include "response.h"

typedef void (*Handler) (Request *request, Response *response);

typedef struct ApiOperation
{
	const char *method;
	const char *path;			/* with {parameters} */
	const char *id;				/* operationId */
	json_object *params;		/* array of {"name", "schema"}, in the path's
								 * order */
	json_object *body;			/* the body's schema; NULL: the request has no
								 * body */
	const char *query;			/* names of the arguments that the query may
								 * have, each followed by a semicolon; or NULL */
	Handler		handler;		/* NULL: it is not served */
	bool		may_be_unsigned;
	bool		locks;			/* the handler locks the zone itself, for a
								 * short time */
	const char *shown_by;		/* of a write: operationId of the read that
								 * shows what it makes or changes; NULL: the
								 * handler knows */
} ApiOperation;

/* Call first, and before there are threads. */
extern void operations_init(void);

/*
 * Finds the operation for request->method and request->api_path, and sets
 * request->operation and request->params.  Otherwise it returns false, and
 * "response" is a 404, 405 or 501.
 */
extern bool operations_route(Request *request, Response *response);

/*
 * Returns the documented operations as JSON, with whether each is served, for
 * --describe.
 */
extern json_object *operations_describe(void);

#endif							/* SIM_OPERATIONS_H */
