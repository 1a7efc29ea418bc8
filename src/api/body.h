/*-------------------------------------------------------------------------
 *
 * body.h
 *		JSON values to write: the bodies of requests.
 *
 * Made with json-c, which nothing else includes.  JSON is read by json.h.  Every
 * function raises an ERROR when memory runs out (53200), as palloc() does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_BODY_H
#define DBAAS_BODY_H

/* A JSON value; json-c counts its references. */
typedef struct json_c_object DbaasBody;

/* A new object without members, freed with the current memory context. */
extern DbaasBody *dbaas_body_new(void);

/*
 * New values.  The caller has to add them to an object or array at once, which owns
 * them then.  The text of dbaas_body_verbatim() is JSON, which is written as it is.
 */
extern DbaasBody *dbaas_body_object(void);
extern DbaasBody *dbaas_body_array(void);
extern DbaasBody *dbaas_body_string(const char *text);
extern DbaasBody *dbaas_body_integer(int64 number);
extern DbaasBody *dbaas_body_verbatim(const char *text);

/* Sets a member of an object.  The name is copied. */
extern void dbaas_body_add(DbaasBody *object, const char *name, DbaasBody *value);

/* Adds an element to an array. */
extern void dbaas_body_append(DbaasBody *array, DbaasBody *value);

/* Does the object have that member?  If so, *value becomes its value, which the object owns. */
extern bool dbaas_body_get(const DbaasBody *object, const char *name, DbaasBody **value);

/* Is the object without members? */
extern bool dbaas_body_is_empty(const DbaasBody *object);

/*
 * The value as compact JSON text without escaped slashes.  Belongs to the value, and
 * is valid until that changes.
 */
extern const char *dbaas_body_text(DbaasBody *value);

/* Version of json-c, as it is linked. */
extern const char *dbaas_body_version(void);

#endif							/* DBAAS_BODY_H */
