/*
 * data.h
 *		The rules that a zone's data follow from: what there is before any write.
 */
#ifndef SIM_DATA_H
#define SIM_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "catalogue.h"
#include "digest.h"

#define SERVICE_NAME_SIZE 64
#define SHARED_NAME_INDEX 20	/* has the same name in every zone */
#define BRAND_NEW_INDEX 16		/* has neither logs nor metrics yet */
#define GROUP_INTEGRATIONS 4	/* integrations among eight neighbours */

/* "zone" is the zone's name, "index" the service's number from 1, here and below. */
typedef struct ServiceFacts
{
	const char *zone;
	int			index;
	char		name[SERVICE_NAME_SIZE];
	const ServiceType *type;
	const Plan *plan;
	const char *state;
	bool		termination_protection;
	bool		tells_protection;	/* the field is there */
	bool		made;			/* by a write; then all its fields are present */
	int64_t		created_at;		/* Unix time */
} ServiceFacts;

typedef struct Integration
{
	char		id[UUID_SIZE];
	const IntegrationType *type;
	int			source;			/* indexes of services */
	int			dest;
	char	   *description;
	const char *status;
	bool		is_enabled;
	int			is_active;		/* -1: the field is absent */
	char	   *settings;		/* JSON text; NULL: absent */
} Integration;

typedef struct ExternalEndpoint
{
	char		id[UUID_SIZE];
	char	   *name;
	const EndpointType *type;
	json_object *settings;		/* with secrets */
	bool		deleted;
} ExternalEndpoint;

typedef struct ExternalIntegration
{
	char		id[UUID_SIZE];
	int			service;
	int			endpoint;		/* from 1 */
	const char *status;			/* NULL: absent */
	bool		dbm_enabled;	/* its settings, if the endpoint's type is
								 * datadog */
	bool		pgbouncer_enabled;
} ExternalIntegration;

typedef struct Task
{
	char		id[UUID_SIZE];
	int			service;
	int64_t		create_time;
	bool		success;
	bool		of_upgrade;		/* a check of an upgrade, not of a migration */
} Task;

extern void data_service(ServiceFacts *facts, const char *zone, int zone_index, int index);

/*
 * Returns the index that a service of this name would have, or 0 when no rule
 * makes such a name.
 */
extern int	data_service_index(const char *name, int zone_index);

extern json_object *data_service_json(const ServiceFacts *facts, const char *state);

/*
 * The number-th integration of a zone, from 1.  Returns false when the zone has
 * not the services for it.  The caller frees description and settings.
 */
extern bool data_integration(Integration *integration, const char *zone, int zone_index,
							 int number);

/* The number-th endpoint of a zone, from 1.  The caller frees name and settings. */
extern int	data_external_endpoint_count(int zone_index);
extern void data_external_endpoint(ExternalEndpoint *endpoint, const char *zone, int zone_index,
								   int number);

/* Returns how many external integrations a service has, and the number-th of them. */
extern int	data_external_integration_count(int index);
extern void data_external_integration(ExternalIntegration *integration, const char *zone,
									  int zone_index, int index, int number);

extern int	data_task_count(const ServiceFacts *facts);
extern void data_task(Task *task, const ServiceFacts *facts, int number);
extern json_object *data_task_json(const Task *task, const ServiceType *type);

/* NULL: there is none.  One that was stopped is done, unless it had failed before. */
extern json_object *data_migration_json(const ServiceFacts *facts, bool stopped);
extern char *data_ca_certificate(void); /* malloc'd */

#endif							/* SIM_DATA_H */
