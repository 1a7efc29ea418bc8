/*
 * schema.h
 *		Is a JSON value what a schema of the API's document allows?
 */
#ifndef SIM_SCHEMA_H
#define SIM_SCHEMA_H

#include <stdbool.h>

#include <json-c/json.h>

/*
 * Adds to "errors" an object {"detail", "location"} for everything that is wrong
 * with the value.  "location" is where the value is, as "$['settings']".
 */
extern void schema_check(json_object *schema, json_object *value, const char *location,
						 json_object *errors);

/*
 * Returns what is wrong with a text that is not part of a body, or NULL.  The
 * result is static.
 */
extern const char *schema_check_text(json_object *schema, const char *text);

extern void schema_add_error(json_object *errors, const char *location, const char *detail);

/* Does a pattern as JSON schemas have it (ECMA 262) match somewhere in the text? */
extern bool schema_pattern_matches(const char *pattern, const char *text);

#endif							/* SIM_SCHEMA_H */
