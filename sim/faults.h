/*
 * faults.h
 *		Faults that tests ask for: which request gets which, and what it does to the answer.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "answer.h"

/* How an answer is sent. */
typedef enum DeliveryKind
{
	DELIVER_WHOLE,
	DELIVER_CUT,				/* half of the body, then the connection
								 * closes */
	DELIVER_TRICKLE,			/* a few bytes at a time */
	DELIVER_NOTHING				/* the connection closes */
} DeliveryKind;

typedef struct Delivery
{
	DeliveryKind kind;
	long		pause_ms;		/* of a trickle, before every chunk */
	long		chunk;			/* its bytes */
	bool		as_is;			/* the body must not be compressed */
	json_object *headers;		/* further headers, or NULL; the fault's */
} Delivery;

/*
 * Add the fault, or the array of faults.  Returns NULL, or what is wrong with it
 * (malloc'd); then nothing was added.
 */
extern char *faults_add(json_object *json);
extern json_object *faults_json(void);
extern size_t faults_count(void);
extern void faults_clear(void);

/* The first fault that is due for a request, as the caller's own copy; or NULL. */
extern json_object *faults_take(const Request *request);

/*
 * Play request->fault before the request is processed.  True: "answer" and
 * "delivery" are what it leads to, and the request is not processed.
 */
extern bool faults_before(Request *request, Answer *answer, Delivery *delivery);

/* Play it on the answer. */
extern void faults_after(Request *request, Answer *answer, Delivery *delivery);

#endif							/* SIM_FAULTS_H */
