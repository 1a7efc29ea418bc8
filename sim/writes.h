/*
 * writes.h
 *		What the handlers of writes share: checks, and the start of operations.
 *
 * A check that fails returns false, with the error in "response".
 */
#ifndef SIM_WRITES_H
#define SIM_WRITES_H

#include "state.h"

/* Finds a service by name.  Otherwise "response" is a 404. */
extern bool find_service(Request *request, const char *name, ServiceFacts *facts,
						 Response *response);

/*
 * Finds the service that the path names, which must be of the path's type.  Otherwise
 * "response" is a 404.
 */
extern bool find_typed(Request *request, ServiceFacts *facts, Response *response);

/*
 * The same; the service must be running and not about to be deleted, so that it can be
 * changed.  Otherwise "response" is a 409.
 */
extern bool find_changeable(Request *request, ServiceFacts *facts, Response *response);

/*
 * Finds the item of a list whose "member" is the second path parameter; see
 * state_details_list().  Returns a new reference.  Otherwise "response" is a 404.
 */
extern json_object *find_named(Request *request, const ServiceFacts *facts, const char *list,
							   const char *member, const char *what, Response *response);

/*
 * Starts the operation of an edit of a list: takes over "item", which replaces the one of
 * that key or is added; NULL removes it.  "response" is a 409 while another edit of it is
 * pending.
 */
extern void respond_edit(Request *request, Response *response, const ServiceFacts *facts,
						 const char *list, const char *key, json_object *item);

/* Only a running service can be changed.  Otherwise "response" is a 409. */
extern bool check_running(Request *request, const ServiceFacts *facts,
						  Response *response);

/*
 * No operation may be pending that does this to the thing of this id.
 * Otherwise "response" is a 409.
 */
extern bool check_not_pending(Request *request, EffectKind kind, const char *id,
							  Response *response);

/* Returns the id by which operations refer to a service. */
extern void service_id(const ServiceFacts *facts, char id[UUID_SIZE]);

/* Starts the operation of this request.  Takes over "link" and the effect. */
extern void respond_operation(Request *request, Response *response, char *link, Effect *effect);

/* The same, for a write whose result the read of that operationId shows. */
extern void respond_operation_of(Request *request, Response *response, char *link,
								 const char *shown_by, Effect *effect);

/* The same, for a write whose result the service's own read shows. */
extern void respond_service_operation(Request *request, Response *response,
									  const ServiceFacts *facts, Effect *effect);

/* Deletes a service that was found. */
extern void start_deletion(Request *request, const ServiceFacts *facts,
						   Response *response);

#endif							/* SIM_WRITES_H */
