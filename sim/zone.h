/*
 * zone.h
 *		The state of a zone, for the files that keep it: zone.c, pending.c,
 *		effects.c, state.c.  Each calls those after it alone.
 *
 * All functions need the zone locked.
 */
#ifndef SIM_ZONE_H
#define SIM_ZONE_H

#include <pthread.h>

#include "state.h"

typedef struct ServiceChanges
{
	bool		deleted;
	bool		building;		/* the operation that makes it has not ended */
	double		changed_at;		/* time on the monotonic clock from which it
								 * is rebuilding; 0 otherwise */
	bool		migration_stopped;
	int64_t		more_logs;
	char	   *name;			/* of a service that a write made; otherwise
								 * NULL */
	const ServiceType *type;	/* the same */
	const Plan *plan;			/* NULL: as the rules make it */
	bool		sets_protection;
	bool		protection;
	json_object *members;		/* of the type's own read, and lists of access
								 * rights: their new values; or NULL */
	json_object *index_rules;	/* NULL: as the rules make them */
} ServiceChanges;

typedef struct Operation
{
	char		id[UUID_SIZE];
	char		state[12];
	char		final_state[12];
	char	   *reason;			/* NULL: absent, here and below */
	char	   *message;
	char		reference_id[UUID_SIZE];
	char	   *link;
	const char *command;
	double		started_at;		/* INFINITY: it never ends */
	double		ended_at;
	bool		settled;		/* it has ended, and its effect has been
								 * applied */
	Effect		effect;
} Operation;

struct SimZone
{
	pthread_mutex_t lock;
	const char *name;
	int			index;
	ServiceChanges *services;
	size_t		service_count;	/* those that writes made come after those of
								 * the rules */
	size_t		service_capacity;
	Integration *integrations;
	size_t		integration_count;
	size_t		integration_capacity;
	ExternalEndpoint *endpoints;	/* also those that are deleted */
	size_t		endpoint_count;
	size_t		endpoint_capacity;
	ExternalIntegration *externals;
	size_t		external_count;
	size_t		external_capacity;
	Task	   *tasks;			/* those that writes made; others come from
								 * the rules */
	size_t		task_count;
	size_t		task_capacity;
	Operation **operations;
	size_t		operation_count;
	size_t		operation_capacity;
	size_t		first_unsettled;	/* all operations before it are settled */
	unsigned	new_ids;
	Body	   *list;			/* the response with the list of services, or
								 * NULL */
	unsigned	list_version;	/* of the replicas in it */
	double		last_changed_at;	/* when the last service was changed: it
									 * may still become running */
};

/* effects.c */
extern void zone_add_integration(SimZone *zone, const Integration *integration);
extern void zone_add_endpoint(SimZone *zone, const ExternalEndpoint *endpoint);
extern void zone_add_external(SimZone *zone, const ExternalIntegration *external);
extern void zone_free_integration(Integration *integration);	/* what it points to */
extern void zone_free_effect(Effect *effect);	/* the same, and empties it */
extern bool zone_effect_lags(SimZone *zone, const Effect *effect);	/* does it make or
																	 * delete what lists
																	 * show? */

/* pending.c */
extern void zone_add_old_operations(SimZone *zone); /* the two operations that
													 * every zone starts with */
extern bool zone_operation_pending(const Operation *operation);
extern void zone_settle(SimZone *zone); /* ends the operations that are due,
										 * and applies the effects that are,
										 * in the order of the writes */

/* state.c */
extern void zone_drop_list(SimZone *zone);	/* the list of services; it is
											 * rebuilt when it is asked for */
extern bool zone_same_integration(const Integration *a, const Integration *b);

#endif							/* SIM_ZONE_H */
