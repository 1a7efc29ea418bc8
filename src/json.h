/*-------------------------------------------------------------------------
 *
 * json.h
 *		JSON texts to json-c values and back, within memory contexts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_JSON_H
#define DBAAS_JSON_H

/* json-c's type has the name of a function of PostgreSQL. */
#define json_object json_c_object
#include <json-c/json.h>
#undef json_object

/* A JSON value: an object, array, string, number or boolean; null is NULL. */
typedef struct json_c_object DbaasJson;

/* Objects and arrays may lie this deep in each other. */
#define DBAAS_JSON_MAX_DEPTH 64

/* A text up to this long is parsed at once. */
#define DBAAS_JSON_SHORT (63 * 1024)

/* Memory that values may need which are no answers. */
#define DBAAS_JSON_MEMORY ((size_t) 256 * 1024 * 1024)

/*
 * Parses the text of len bytes, of which text[len] is NUL.  The value belongs
 * to the memory context cxt: its reset frees it.  Numbers keep all their
 * digits: dbaas_json_text() gives them back.
 *
 * Returns false when the text is not one JSON value in UTF-8, lies deeper than
 * DBAAS_JSON_MAX_DEPTH, would need about more than max_memory bytes, or memory
 * runs out; *problem then says what is wrong, in the current memory context.
 * Serves interrupts, so it can raise an error; with len up to
 * DBAAS_JSON_SHORT it does not.
 */
extern bool dbaas_json_parse(MemoryContext cxt, const char *text, size_t len,
							 size_t max_memory, DbaasJson **value, char **problem);

/*
 * The value belongs to the memory context cxt from now on: its reset drops
 * the reference.
 */
extern void dbaas_json_own(MemoryContext cxt, DbaasJson *value);

/*
 * The value as compact JSON text without escaped slashes; belongs to the
 * value, until it changes.
 */
extern const char *dbaas_json_text(DbaasJson *value);

/*
 * The same, as a palloc'd copy in which each number has the digits that were
 * parsed: what a request sends.
 */
extern char *dbaas_json_exact_text(DbaasJson *value);

/*
 * The digits, and sign, of a number that is written as a whole one, however
 * long; NULL when the value is something else.  Belongs to the value, or is
 * palloc'd.
 */
extern const char *dbaas_json_integer(DbaasJson *value);

/* Name of the value's JSON type: "string", "integer", ... */
extern const char *dbaas_json_type_name(DbaasJson *value);

/*
 * Member of that name of an object; NULL when it is absent or null, or when
 * the value is no object.
 */
extern DbaasJson *dbaas_json_member(DbaasJson *value,
											 const char *name);

/* The same, if it is a string without NUL characters; else NULL. */
extern const char *dbaas_json_member_string(DbaasJson *value,
											const char *name);

/* Version of json-c, as it is linked. */
extern const char *dbaas_json_version(void);

#endif							/* DBAAS_JSON_H */
