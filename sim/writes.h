/*
 * writes.h
 *		What the handlers of writes share: checks that answer, and the start of operations.
 *
 * A check returns false when "answer" has the refusal.
 */
#ifndef SIM_WRITES_H
#define SIM_WRITES_H

#include "state.h"

/* A service by name, which must be there; otherwise "answer" says 404. */
extern bool find_service(Request *request, const char *name, ServiceFacts *facts, Answer *answer);

/* Only a running service can be changed; otherwise "answer" says 409. */
extern bool check_running(Request *request, const ServiceFacts *facts, Answer *answer);

/* Is no operation under way that does this to the thing of this id?  Otherwise 409. */
extern bool check_not_pending(Request *request, EffectKind kind, const char *id, Answer *answer);

/* The id that operations refer to a service by. */
extern void service_id(const ServiceFacts *facts, char id[UUID_SIZE]);

/* Start the operation of this request; takes over "link" and the effect. */
extern void answer_operation(Request *request, Answer *answer, char *link, Effect *effect);

/* The same, for a write that a service's own read shows. */
extern void answer_service_operation(Request *request, Answer *answer, const ServiceFacts *facts,
									 Effect *effect);

/* Delete a service that was found. */
extern void start_deletion(Request *request, const ServiceFacts *facts, Answer *answer);

#endif							/* SIM_WRITES_H */
