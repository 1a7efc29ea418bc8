/*
 * catalogue.h
 *		What does not depend on the seed: zones, service types, plans, integration types, metrics.
 */
#ifndef SIM_CATALOGUE_H
#define SIM_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#define SERVICE_TYPES 8
#define PLANS 6
#define INTEGRATION_TYPES 3
#define EXTERNAL_TYPES 5
#define METRICS 9
#define PERIODS 5
#define GIB ((int64_t) 1 << 30)

typedef struct ServiceType
{
	const char *name;
	const char *path_segment;	/* of the type's own resource in the API */
	const char *shown_by;		/* operationId of its read */
	const char *description;
	const char *default_version;	/* NULL when the type has no versions */
	const char *versions;		/* comma-separated */
	bool		migrates;		/* may have a migration status */
	bool		has_tasks;
} ServiceType;

typedef struct Plan
{
	const char *name;
	const char *family;
	int			node_count;
	int			node_cpu_count;
	int			memory_gib;
	int			disk_gib;
	int			max_memory_percent; /* 0: the field is absent */
	bool		authorized;
	const char *backup_config;	/* JSON, or NULL */
} Plan;

typedef struct IntegrationType
{
	const char *name;
	const char *source_description;
	const char *sources;		/* comma-separated service types */
	const char *dest_description;
	const char *dests;
	const char *settings_title;
	const char *settings;		/* JSON schema of the members */
	bool		open_settings;	/* may there be others? */
} IntegrationType;

typedef struct EndpointType
{
	const char *name;
	const char *title;
	const char *shown_by;		/* operationId of its read */
	const char *settings;		/* JSON: of the endpoints that the rules make */
	const char *defaults;		/* JSON: what the API adds to those of a new
								 * one */
	bool		needs_settings; /* are there settings without which none is
								 * made? */
	bool		needs_key;		/* does each change have to give the key? */
} EndpointType;

typedef struct Metric
{
	const char *name;
	const char *title;
} Metric;

typedef struct Period
{
	const char *name;
	int			rows;
	int			seconds;		/* from row to row */
} Period;

extern const ServiceType service_types[SERVICE_TYPES];
extern const Plan plans[PLANS];
extern const IntegrationType integration_types[INTEGRATION_TYPES];
extern const EndpointType endpoint_types[EXTERNAL_TYPES];
extern const Metric metrics[METRICS];
extern const Period periods[PERIODS];

/* The name of a zone by its index from 0; valid for ever. */
extern const char *zone_name(int index);

extern const ServiceType *service_type_find(const char *name);
extern const ServiceType *service_type_below(const char *path); /* "/dbaas-postgres/..." */
extern const Plan *plan_find(const char *name);
extern bool plan_in_zone(const Plan *plan, int zone_index);
extern bool service_type_has_version(const ServiceType *type, const char *version);
extern const IntegrationType *integration_type_find(const char *name);
extern bool integration_type_allows(const IntegrationType *type, const char *source_type,
									const char *dest_type);

/* The JSON objects by which the API describes these. */
extern json_object *service_type_json(const ServiceType *type);
extern json_object *integration_type_json(const IntegrationType *type);
extern json_object *integration_schema_json(const IntegrationType *type);

#endif							/* SIM_CATALOGUE_H */
