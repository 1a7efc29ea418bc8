/*-------------------------------------------------------------------------
 *
 * body.h
 *		JSON that is made: the bodies of requests, on json-c.
 *
 * What is read is json.h's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_BODY_H
#define DBAAS_BODY_H

/* json-c's type has the name of a function of PostgreSQL. */
#define json_object json_c_object
#include <json-c/json.h>
#undef json_object

typedef struct json_c_object DbaasBody;

/*
 * The value belongs to the memory context cxt from now on: its reset drops the
 * reference.
 */
extern void dbaas_body_own(MemoryContext cxt, DbaasBody *value);

/* A new object without members, which belongs to the current memory context. */
extern DbaasBody *dbaas_body_new(void);

/*
 * A value that is written as the JSON text says, digit for digit.  The text is
 * copied; who adds the value to an object hands it over.
 */
extern DbaasBody *dbaas_body_verbatim(const char *text);

/*
 * The value as compact JSON text without escaped slashes; belongs to the
 * value, until it changes.
 */
extern const char *dbaas_body_text(DbaasBody *value);

/* Version of json-c, as it is linked. */
extern const char *dbaas_body_version(void);

#endif							/* DBAAS_BODY_H */
