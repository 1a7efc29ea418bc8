/*
 * replicas.h
 *		Integrations of type read_replica, whose two services may be in different
 *		zones.
 *
 * They belong to no zone and have a lock of their own, which is taken last.
 */
#ifndef SIM_REPLICAS_H
#define SIM_REPLICAS_H

#include "data.h"
#include "response.h"

/* One end: a service of a zone. */
typedef struct ReplicaEnd
{
	int			zone;			/* its index */
	int			service;		/* and the service's there */
	char		name[64];
} ReplicaEnd;

/* Makes a new service the replica of another one. */
extern void replicas_add(const char *id, const ReplicaEnd *source, const ReplicaEnd *dest);

/*
 * Returns the JSON of the one of that id, if one of its ends is in the zone,
 * or NULL.
 */
extern json_object *replicas_json(int zone, const char *id);

/* Adds the integrations of a service to an array. */
extern void replicas_list(int zone, int service, json_object *array);

/*
 * Removes one, so that the replica becomes independent, or those of a service
 * that is gone.
 */
extern void replicas_promote(const char *id);
extern void replicas_drop(int zone, int service);
extern void replicas_reset(void);

/* Returns a number that is different after each change. */
extern unsigned replicas_version(void);

#endif							/* SIM_REPLICAS_H */
