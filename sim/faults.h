/*
 * faults.h
 *		Faults that tests ask for: which request gets which, and what it does to the response.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "response.h"

/* How a response is sent. */
typedef enum DeliveryKind
{
	DELIVER_WHOLE,
	DELIVER_CUT,				/* half of the body; then the connection is
								 * closed */
	DELIVER_TRICKLE,			/* a few bytes at a time */
	DELIVER_NOTHING				/* the connection closes */
} DeliveryKind;

typedef struct Delivery
{
	DeliveryKind kind;
	long		pause_ms;		/* before each chunk of DELIVER_TRICKLE */
	long		chunk;			/* its bytes */
	bool		as_is;			/* the body must not be compressed */
	json_object *headers;		/* more headers, or NULL; the fault owns them */
} Delivery;

/*
 * Add the fault, or the array of faults.  Returns NULL, or what is wrong with it
 * (malloc'd); then nothing was added.
 */
extern char *faults_add(json_object *json);
extern json_object *faults_json(void);
extern size_t faults_count(void);
extern void faults_clear(void);

/* Returns a copy of the first fault that applies to a request, or NULL. */
extern json_object *faults_take(const Request *request);

/*
 * Applies request->fault before the request is processed.  Returns true when
 * "response" and "delivery" are set and the request is not to be processed.
 */
extern bool faults_before(Request *request, Response *response, Delivery *delivery);

/* Play it on the response. */
extern void faults_after(Request *request, Response *response, Delivery *delivery);

#endif							/* SIM_FAULTS_H */
