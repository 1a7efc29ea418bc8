/*
 * replicas.h
 *		Integrations of type read_replica: they may join services of two zones.
 *
 * They are of no zone, so they have a lock of their own, which is taken last.
 */
#ifndef SIM_REPLICAS_H
#define SIM_REPLICAS_H

#include "answer.h"
#include "data.h"

/* One end: a service of a zone. */
typedef struct ReplicaEnd
{
	int			zone;			/* its index */
	int			service;		/* and the service's there */
	char		name[64];
} ReplicaEnd;

/* Join a new service to the one that it follows. */
extern void replicas_add(const char *id, const ReplicaEnd *source, const ReplicaEnd *dest);

/* Is there one of that id with an end in the zone?  Its JSON, or NULL. */
extern json_object *replicas_json(int zone, const char *id);

/* Add those of a service to an array. */
extern void replicas_list(int zone, int service, json_object *array);

/* Remove one: the replica is on its own then.  Or those of a service that is gone. */
extern void replicas_promote(const char *id);
extern void replicas_drop(int zone, int service);
extern void replicas_reset(void);

/* A number that changes with them. */
extern unsigned replicas_version(void);

#endif							/* SIM_REPLICAS_H */
