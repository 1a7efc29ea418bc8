/*
 * record.h
 *		What requests arrived, for tests to look at.
 */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H

#include "response.h"

/* What the server knows of a request besides the request itself. */
typedef struct RequestMeta
{
	json_object *headers;		/* names in lower case; nothing secret; taken
								 * over */
	unsigned	connection;
	const char *http_version;
	double		started_ms;
} RequestMeta;

/* Records a request's arrival, and returns its number. */
extern unsigned long record_begin(const Request *request, const RequestMeta *meta);

/* To be called before its response is sent; status 0: there is no response. */
extern void record_end(unsigned long seq, int status);

extern json_object *record_json(unsigned long since);	/* those after this
														 * number */
extern size_t record_count(void);
extern void record_clear(unsigned long until);	/* those up to this number */

#endif							/* SIM_RECORD_H */
