/*
 * details.h
 *		What a type's own read tells of a service: how to connect, what is inside, its settings.
 */
#ifndef SIM_DETAILS_H
#define SIM_DETAILS_H

#include "data.h"

/*
 * Returns the response to GET /dbaas-TYPE/{name} without the integrations.
 * "changes" has the members that writes changed, or is NULL.
 */
extern json_object *details_json(const ServiceFacts *facts, const char *state,
								 json_object *changes);

/*
 * Returns one of the lists that writes change ("users", "databases",
 * "connection-pools", and those of access.h), with "changes" applied, as a new
 * reference.  NULL when the type has no such list.
 */
extern json_object *details_list(const ServiceFacts *facts, json_object *changes,
								 const char *name);

/* An item of these lists as a write creates it. */
extern json_object *details_user(const ServiceFacts *facts, const char *username);
extern json_object *details_pool(const ServiceFacts *facts, const char *name,
								 const char *database, const char *mode, int64_t size,
								 const char *username);

/* Makes up a user's password, malloc'd.  Every password contains "S3CRET". */
extern char *details_password(const ServiceFacts *facts, const char *username);

#endif							/* SIM_DETAILS_H */
