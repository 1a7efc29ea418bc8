/*
 * state.h
 *		What writes changed: services, integrations, tasks, operations of each zone.
 */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "data.h"
#include "response.h"

typedef struct SimZone SimZone;

typedef enum EffectKind
{
	EFFECT_NONE,
	EFFECT_DELETE_SERVICE,
	EFFECT_CREATE_INTEGRATION,
	EFFECT_UPDATE_INTEGRATION,
	EFFECT_DELETE_INTEGRATION,
	EFFECT_PROMOTE_REPLICA,
	EFFECT_ATTACH,
	EFFECT_DETACH,
	EFFECT_CREATE_ENDPOINT,
	EFFECT_UPDATE_ENDPOINT,
	EFFECT_DELETE_ENDPOINT,
	EFFECT_CHANGE_EXTERNAL,
	EFFECT_CREATE_TASK,
	EFFECT_CREATE_SERVICE,
	EFFECT_CHANGE_SERVICE,
	EFFECT_EDIT_LIST,
	EFFECT_REPLACE_RULES
} EffectKind;

/*
 * What an operation does when it succeeds.  The members that are used depend on
 * the kind.  The effect owns its strings until it is applied.
 */
typedef struct Effect
{
	EffectKind	kind;
	char		id[UUID_SIZE];	/* of the thing made, changed or removed */
	int			service;
	char	   *settings;
	Integration integration;
	ExternalIntegration external;
	Task		task;
	const EndpointType *endpoint_type;	/* of an external endpoint to make */
	json_object *members;		/* of the type's own read, or of settings:
								 * their new values */
	const Plan *plan;			/* NULL: as it is */
	bool		sets_protection;
	bool		protection;
	bool		stops_migration;
	bool		rebuilds;		/* the service is not running for a while */
	const char *list;			/* a list as details_list() knows it */
	char	   *key;			/* which item of the list; or the name of what
								 * is made */
	json_object *item;			/* replaces it, or is added; NULL: it is
								 * removed.  Or all rules of a service */
} Effect;

/* How an operation is to end; all zero: it succeeds after the usual time. */
typedef struct OperationFate
{
	const char *state;			/* NULL: success; "pending": never ends */
	const char *reason;
	const char *message;
	bool		immediate;		/* it has ended in the first response already */
} OperationFate;

extern void state_init(void);
extern void state_reset(void);

extern SimZone *state_zone(int index);
extern SimZone *state_zone_find(const char *name, size_t length);
extern const char *state_zone_name(const SimZone *zone);
extern int	state_zone_index(const SimZone *zone);

/*
 * A zone must be locked while its state is used.  Locking it also applies the
 * operations that ended meanwhile.  All functions below need the zone locked.
 */
extern void state_lock(SimZone *zone);
extern void state_unlock(SimZone *zone);

/* Finds a service and fills in its facts.  Returns false when there is none. */
extern bool state_service(SimZone *zone, const char *name, ServiceFacts *facts);
extern bool state_service_at(SimZone *zone, int index, ServiceFacts *facts);

/* The same, for a path below the service's own type: "/dbaas-postgres/..." */
extern bool state_service_below(SimZone *zone, const char *path, const char *name,
								ServiceFacts *facts);
extern const char *state_service_state(SimZone *zone, const ServiceFacts *facts);

/*
 * Returns the members of the type's own read that writes changed, or NULL.  The
 * zone owns them.
 */
extern json_object *state_service_changes(SimZone *zone, const ServiceFacts *facts);
extern json_object *state_details_json(SimZone *zone, const ServiceFacts *facts);
extern json_object *state_details_list(SimZone *zone, const ServiceFacts *facts,
									   const char *name);	/* see details_list() */
extern json_object *state_migration_json(SimZone *zone, const ServiceFacts *facts); /* NULL: none */

/* Who may do what with which indexes: a new reference. */
extern json_object *state_index_rules(SimZone *zone, const ServiceFacts *facts);
extern int64_t state_log_count(SimZone *zone, int index);
extern void state_append_logs(SimZone *zone, int index, int64_t count);
extern Body *state_service_list(SimZone *zone); /* a new reference */

extern Integration *state_integration(SimZone *zone, const char *id);
extern Integration *state_integration_between(SimZone *zone, const IntegrationType *type,
											  int source, int dest);
extern json_object *state_integration_json(SimZone *zone, const Integration *integration);

/*
 * The external endpoint of that id, name or number, from 1; or NULL.  That of a number may be
 * deleted.
 */
extern ExternalEndpoint *state_endpoint(SimZone *zone, const char *id);
extern ExternalEndpoint *state_endpoint_named(SimZone *zone, const char *name);
extern ExternalEndpoint *state_endpoint_at(SimZone *zone, int number);
extern int	state_endpoint_number(SimZone *zone, const ExternalEndpoint *endpoint);

/* Is there an external integration with the endpoint, or an operation that makes one? */
extern bool state_endpoint_used(SimZone *zone, const ExternalEndpoint *endpoint);

extern ExternalIntegration *state_external(SimZone *zone, const char *id);
extern ExternalIntegration *state_external_between(SimZone *zone, int service, int endpoint);
extern json_object *state_external_json(SimZone *zone, const ExternalIntegration *integration);
extern json_object *state_externals_json(SimZone *zone, int service);

extern bool state_task(SimZone *zone, const ServiceFacts *facts, const char *id, Task *task);

/* Is an operation pending that would do this? */
extern bool state_effect_pending(SimZone *zone, EffectKind kind, const char *id);
extern bool state_effect_pending_key(SimZone *zone, EffectKind kind, const char *key);
extern bool state_attach_pending(SimZone *zone, int endpoint);
extern bool state_integration_pending(SimZone *zone, const Integration *integration);
extern bool state_external_pending(SimZone *zone, const ExternalIntegration *integration);

/* Is an operation pending that edits this item of a list? */
extern bool state_edit_pending(SimZone *zone, int service, const char *list, const char *key);

/*
 * Adds a service, and returns its number.  It is rebuilding until an operation
 * with an effect of EFFECT_CREATE_SERVICE ends.  If that fails, the service is
 * gone.
 */
extern int	state_service_add(SimZone *zone, const char *name, const ServiceType *type);

/* Applies an effect at once, without an operation, and takes it over. */
extern void state_apply(SimZone *zone, Effect *effect);

/*
 * The same as after an operation that has just ended: what the effect makes appears
 * after --settle.
 */
extern void state_apply_settling(SimZone *zone, Effect *effect);

/* Makes the id for the next thing of a kind that a write creates. */
extern void state_new_id(SimZone *zone, const char *kind, char id[UUID_SIZE]);

/*
 * Starts an operation, and returns its JSON for the first response.  Takes over
 * the effect and "link", which is malloc'd.
 */
extern json_object *state_operation_start(SimZone *zone, const char *command, char *link,
										  Effect *effect, const OperationFate *fate);
extern json_object *state_operation_json(SimZone *zone, const char *id);	/* NULL: none */

/* Numbers for GET /_sim/state. */
extern json_object *state_summary_json(SimZone *zone);

#endif							/* SIM_STATE_H */
