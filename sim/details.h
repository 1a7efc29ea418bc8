/*
 * details.h
 *		What a type's own read tells of a service: how to connect, what is inside, its settings.
 */
#ifndef SIM_DETAILS_H
#define SIM_DETAILS_H

#include "data.h"

/*
 * The answer of GET /dbaas-TYPE/{name}, but for the integrations.  "changes" has
 * the members that writes changed, or is NULL.
 */
extern json_object *details_json(const ServiceFacts *facts, const char *state,
								 json_object *changes);

/*
 * One of the lists that writes change ("users", "databases", "connection-pools") as it
 * is with the changes; the caller's own.  NULL where the type has no such list.
 */
extern json_object *details_list(const ServiceFacts *facts, json_object *changes,
								 const char *name);

/* An item of these lists as a write makes it. */
extern json_object *details_user(const ServiceFacts *facts, const char *username);
extern json_object *details_pool(const ServiceFacts *facts, const char *name,
								 const char *database, const char *mode, int64_t size,
								 const char *username);

/* What is made up as password of a user, malloc'd.  Every one contains "S3CRET". */
extern char *details_password(const ServiceFacts *facts, const char *username);

#endif							/* SIM_DETAILS_H */
