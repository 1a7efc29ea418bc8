/*
 * validate.h
 *		Validates requests against the API's document.
 */
#ifndef SIM_VALIDATE_H
#define SIM_VALIDATE_H

#include "catalogue.h"
#include "operations.h"

/*
 * Checks query, path parameters and body against request->operation, and
 * parses the body into request->json.  Returns false with an error in
 * "response".
 */
extern bool validate_request(Request *request, Response *response);

/* The 422 response about one member of the body. */
extern void respond_bad_member(Response *response, const char *member, const char *detail);

/*
 * Are the settings valid by the integration type's own schema? Otherwise
 * "response" is a 422.  NULL is valid.
 */
extern bool validate_settings(const IntegrationType *type, json_object *settings,
							  Response *response);

#endif							/* SIM_VALIDATE_H */
