/*-------------------------------------------------------------------------
 *
 * locate.c
 *		Where a write goes: its zone, its service and its path.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/lsyscache.h"

#include "tables/path.h"
#include "write/locate.h"
#include "write/writable.h"

/* The attribute that names the service which the write is of, or 0. */
AttrNumber
dbaas_locate_attribute(const DbaasWriter *writer)
{
	return dbaas_table_attribute(writer->table, writer->resource->index.services[0]);
}

/* ------------------------------------------------------------------------
 * Zone and service
 * ------------------------------------------------------------------------ */

static char *
zone_names(const DbaasZones *zones)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < zones->n; i++)
		appendStringInfo(&out, "%s%s", i ? ", " : "", zones->zones[i].name);
	return out.data;
}

/* The zone of that name. */
static const DbaasZone *
named_zone(const DbaasWriter *writer, const char *name, const DbaasZones *zones)
{
	const DbaasZone *zone = dbaas_zones_find(zones, name);

	if (zone)
		return zone;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, DBAAS_ZONE_COLUMN)),
			 errmsg("zone \"%s\" is none of the server's zones",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN)),
			 errhint("The zones are: %s.", zone_names(zones))));
}

/* What the lists say of the service in that zone, or in the one zone that has it. */
static DbaasListedService
listed_service(DbaasWriter *writer, const DbaasZone *zone, const char *service, bool facts)
{
	List	   *found;
	StringInfoData names;
	ListCell   *lc;
	DbaasError *error = dbaas_parents_locate(&writer->lookup, zone, service,
											 facts ? &dbaas_catalogue_service_facts :
											 &dbaas_catalogue_each_service, &found);

	if (error)
		dbaas_table_raise(writer->table, error);
	if (found == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 dbaas_error_about(writer->table->relid, dbaas_locate_attribute(writer)),
				 errmsg("there is no service \"%s\" in %s%s",
						dbaas_error_excerpt(service, strlen(service), NAMEDATALEN),
						zone ? "zone " : "any zone", zone ? zone->name : ""),
				 errhint("The lists of services tell. What a transaction inserts is there once it has committed.")));
	if (list_length(found) == 1)
		return *(DbaasListedService *) linitial(found);

	initStringInfo(&names);
	foreach(lc, found)
		appendStringInfo(&names, "%s%s", names.len ? ", " : "",
						 ((const DbaasListedService *) lfirst(lc))->zone->name);
	ereport(ERROR,
			(errcode(ERRCODE_AMBIGUOUS_ALIAS),
			 dbaas_error_about(writer->table->relid, dbaas_locate_attribute(writer)),
			 errmsg("there is a service \"%s\" in several zones: %s",
					dbaas_error_excerpt(service, strlen(service), NAMEDATALEN), names.data),
			 errhint("Give the column zone a value.")));
}

/* Refuses a type of service that does not take the command. */
pg_noreturn static void
refuse_type(const DbaasWriter *writer, const char *name, const char *type)
{
	int			column = writer->resource->index.type;

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
			 errmsg("service \"%s\" of type \"%s\" does not take this write to foreign table \"%s\"",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN),
					dbaas_error_excerpt(type, strlen(type), NAMEDATALEN),
					get_rel_name(writer->table->relid)),
			 errhint("Services of these types do: %s.",
					 dbaas_catalogue_write_types(writer->resource, writer->command))));
}

/*
 * Where a row's write goes, and what it has to know of the service: its state
 * when it "needs_running".  The zone is the one that the row names, the server's
 * only one, or else the one that has the service.
 */
DbaasListedService
dbaas_locate_row(DbaasWriter *writer, const DbaasRowValues *row, bool needs_running)
{
	const DbaasResource *resource = writer->resource;
	const char *zone_name = dbaas_writer_value(writer, row, DBAAS_ZONE_COLUMN);
	const char *name = dbaas_writer_value(writer, row, resource->index.services[0]);
	const char *given = dbaas_writer_value(writer, row, writer->needs_type ?
										   resource->index.type : -1);
	const char *type = given;
	const char *state = dbaas_writer_value(writer, row, resource->index.state);
	DbaasListedService service = {.state = state};
	bool		facts;
	const DbaasZones *zones;
	DbaasError *error = dbaas_read_zones(&writer->lookup, &zone_name, zone_name != NULL, &zones);

	if (error)
		dbaas_table_raise(writer->table, error);

	/*
	 * A type that is not known might lead to any path: the lists have to name
	 * it.
	 */
	if (type && !writer->makes_service && !dbaas_writer_knows_type(writer, type))
		type = NULL;
	service.type = type;
	facts = writer->needs_type && !writer->makes_service &&
		(type == NULL || (needs_running && state == NULL));
	if (zone_name)
		service.zone = named_zone(writer, zone_name, zones);
	else if (zones->n == 1)
		service.zone = &zones->zones[0];
	if (service.zone && !facts)
		return service;
	if (writer->makes_service)
		dbaas_writer_refuse_missing(writer, DBAAS_ZONE_COLUMN);
	if (name == NULL)
		dbaas_writer_refuse_missing(writer, DBAAS_ZONE_COLUMN);
	service = listed_service(writer, service.zone, name, facts);
	if (type)
		service.type = type;
	else if (given && service.type && strcmp(given, service.type) != 0)
		refuse_type(writer, name, given);
	return service;
}

/* The first column that is sent and needs a service that runs, or -1. */
static int
running_column(const DbaasWriter *writer, const bool *sent)
{
	for (int c = 0; writer->command == DBAAS_UPDATE && c < writer->resource->ncolumns; c++)
	{
		if (sent[c] && writer->resource->columns[c].needs_running)
			return c;
	}
	return -1;
}

/*
 * What is known to need a service that runs the API answers with an obscure
 * error.  What is not is sent, and the API has the say.
 */
static void
check_running(const DbaasWriter *writer, const char *name, const DbaasListedService *service,
			  int column)
{
	if (column < 0 || service->state == NULL || strcmp(service->state, "running") == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
			 errmsg("service \"%s\" in zone %s is not running",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN), service->zone->name),
			 errdetail("Its state is %s.",
					   dbaas_error_excerpt(service->state, strlen(service->state), NAMEDATALEN)),
			 errhint("Column \"%s\" can be changed once it runs. With option wait \"running\" of the server, a write ends when its service runs again.",
					 dbaas_writable_name(writer->table, column))));
}

/* The service of a row whose path depends on its type, when it takes the write. */
DbaasListedService
dbaas_locate_typed(DbaasWriter *writer, const DbaasRowValues *row, const bool *sent)
{
	int			needing = running_column(writer, sent);
	const char *name = dbaas_writer_value(writer, row, writer->resource->index.services[0]);
	DbaasListedService service;

	if (name == NULL)
		dbaas_writer_refuse_missing(writer, writer->resource->index.services[0]);
	service = dbaas_locate_row(writer, row, needing >= 0);
	if (service.type && !writer->makes_service &&
		dbaas_catalogue_write(writer->resource, writer->command, service.type) == NULL)
		refuse_type(writer, name, service.type);
	check_running(writer, name, &service, needing);
	return service;
}

/* ------------------------------------------------------------------------
 * Path
 * ------------------------------------------------------------------------ */

/* Is it the type of a service to make that the API's own list has, and no other does? */
static bool
is_new_type(const DbaasWriter *writer, int column, const char *value, const DbaasZone *zone)
{
	bool		found;
	DbaasError *error;

	if (!writer->makes_service || dbaas_catalogue_knows(&writer->resource->columns[column], value))
		return false;
	error = dbaas_parents_contain(&writer->lookup, zone,
								  &dbaas_catalogue_each_type, value, &found);
	if (error)
		dbaas_table_raise(writer->table, error);
	return found;
}

/* That path with the row's values. */
char *
dbaas_locate_path(DbaasWriter *writer, const DbaasRowValues *row,
				  const DbaasWriteEndpoint *endpoint, const DbaasListedService *service)
{
	const char *type = service->type;
	const DbaasResource *resource = writer->resource;
	const char **args = palloc0(resource->ncolumns * sizeof(char *));

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!dbaas_path_has(&endpoint->parsed, c))
			continue;
		args[c] = writer->needs_type && c == resource->index.type ? type :
			dbaas_writer_value(writer, row, c);
		if (args[c] == NULL)
			dbaas_writer_refuse_missing(writer, c);
		if (!dbaas_path_can_hold(args[c]))
			dbaas_writer_refuse_value(writer, c, args[c], "It cannot be a segment of a path.");
		if (writer->command == DBAAS_INSERT && !is_new_type(writer, c, args[c], service->zone))
			dbaas_writer_check_domain(writer, c, args[c]);
	}
	return dbaas_path_expand(&endpoint->parsed, args);
}
