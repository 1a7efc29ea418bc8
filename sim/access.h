/*
 * access.h
 *		The lists of who may do what in a service, which its own read does not show.
 */
#ifndef SIM_ACCESS_H
#define SIM_ACCESS_H

#include "data.h"

/*
 * Returns the member that tells the items of a list apart: "topic-acl" and
 * "schema-registry-acl" of kafka, "roles" of clickhouse.  NULL for other names.
 */
extern const char *access_key(const char *list);

/* Returns such a list as the rules make it. */
extern json_object *access_list(const ServiceFacts *facts, const char *list);

#endif							/* SIM_ACCESS_H */
