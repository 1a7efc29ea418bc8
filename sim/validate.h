/*
 * validate.h
 *		Requests as the API's document has them, or a refusal.
 */
#ifndef SIM_VALIDATE_H
#define SIM_VALIDATE_H

#include "catalogue.h"
#include "operations.h"

/*
 * Check query, path parameters and body against request->operation, and parse
 * the body into request->json.  Returns false with the refusal in "answer".
 */
extern bool validate_request(Request *request, Answer *answer);

/* The 422 answer about one member of the body. */
extern void answer_bad_member(Answer *answer, const char *member, const char *detail);

/*
 * Are settings what the integration type's own schema allows?  Otherwise "answer" is 422.
 * NULL settings are.
 */
extern bool validate_settings(const IntegrationType *type, json_object *settings, Answer *answer);

#endif							/* SIM_VALIDATE_H */
