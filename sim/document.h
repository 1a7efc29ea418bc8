/*
 * document.h
 *		What the API's OpenAPI document says: operations, bodies, settings.
 */
#ifndef SIM_DOCUMENT_H
#define SIM_DOCUMENT_H

#include <stddef.h>

#include <json-c/json.h>

typedef struct DocumentedOperation
{
	const char *method;
	const char *path;			/* with {parameters} */
	const char *id;				/* operationId */
	const char *params;			/* JSON: [{"name", "schema"}], in the path's
								 * order; or NULL */
	const char *body;			/* JSON: the body's schema; or NULL */
} DocumentedOperation;

/* Call before the other functions, and before there are threads. */
extern void document_init(void);

extern const DocumentedOperation *document_operations(size_t *count);

/*
 * Returns the JSON of an operation with each reference replaced by the schema,
 * as a new reference.  Parts are shared, so the caller must not change it.
 */
extern json_object *document_resolve(const char *text);

/*
 * Returns the response to GET /dbaas-settings-..., the schemas of a type's
 * settings, or NULL when there is no such path.  The text stays valid.
 */
extern const char *document_settings(const char *path);

#endif							/* SIM_DOCUMENT_H */
