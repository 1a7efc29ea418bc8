/*-------------------------------------------------------------------------
 *
 * locate.c
 *		The zone, the service and the path of a write.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "write/choice.h"
#include "write/known.h"
#include "write/locate.h"

/* ------------------------------------------------------------------------
 * Zone and service
 * ------------------------------------------------------------------------ */

/* A row's value of the column that names the service, or NULL. */
static const char *
service_name(DbaasWriter *writer, const DbaasRowValues *row)
{
	return dbaas_writer_text(writer, row, writer->resource->index.services[0]);
}

static const DbaasZone *
named_zone(const DbaasWriter *writer, const char *name, const DbaasZones *zones)
{
	const DbaasZone *zone = dbaas_zones_find(zones, name);

	if (zone)
		return zone;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 dbaas_writer_about(writer, DBAAS_ZONE_COLUMN),
			 errmsg("zone \"%s\" is not one of the server's zones", dbaas_error_name(name)),
			 errhint("The zones are: %s.", dbaas_zones_names(zones))));
}

pg_noreturn static void
refuse_unlisted(const DbaasWriter *writer, const DbaasZone *zone, const char *service)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 dbaas_writer_about(writer, writer->resource->index.services[0]),
			 errmsg("there is no service \"%s\" in %s%s", dbaas_error_name(service),
					zone ? "zone " : "any zone", zone ? zone->name : ""),
			 errhint("The API's lists of services are searched. "
					 "A service that a transaction inserts is there once it has committed.")));
}

/* "found" is a list of DbaasListedService *. */
pg_noreturn static void
refuse_ambiguous(const DbaasWriter *writer, const char *service, const List *found)
{
	ereport(ERROR,
			(errcode(ERRCODE_AMBIGUOUS_ALIAS),
			 dbaas_writer_about(writer, writer->resource->index.services[0]),
			 errmsg("there is a service \"%s\" in several zones: %s", dbaas_error_name(service),
					dbaas_parents_zones(found)),
			 errhint("Give the column zone a value.")));
}

/* The row's value of the choice column; NULL if the table has none. */
static const char *
row_choice(DbaasWriter *writer, const DbaasRowValues *row)
{
	return dbaas_writer_text(writer, row, writer->resource->index.choice);
}

/* Is there a type, and do services of it take the write? */
static bool
takes_type(const DbaasWriter *writer, const char *type, const char *choice)
{
	return type && dbaas_catalogue_find_write(writer->resource, writer->command, type, choice);
}

/* A service to look for. */
typedef struct Wanted
{
	const char *name;
	bool		with_type;		/* the type is asked for */
	const char *given_type;		/* which the row gives; or NULL */
	const char *choice;			/* row_choice() */
} Wanted;

/*
 * Finds a service in the lists that the transaction keeps: in that of the zone; if that is
 * NULL, in the list of the only zone that has the service.  Returns whether it did, and with
 * a type that the command writes to and that the row gives, unless that is NULL, if the type
 * is asked for: an error needs a new look-up.
 */
static bool
known_service(const DbaasWriter *writer, const DbaasZones *zones, const DbaasZone *zone,
			  const Wanted *wanted, DbaasListedService *service)
{
	int			n = dbaas_known_locate(writer->lookup.conn, zones, zone, wanted->name, service);

	if (n != 1 || !wanted->with_type)
		return n == 1;
	return takes_type(writer, service->type, wanted->choice) &&
		(wanted->given_type == NULL || strcmp(wanted->given_type, service->type) == 0);
}

/* Keeps the lists that were read to find a service: see known_service(). */
static void
keep_lists(const DbaasWriter *writer, const DbaasZones *zones, const DbaasZone *zone)
{
	for (int i = 0; i < zones->n; i++)
	{
		if (zone == NULL || strcmp(zones->zones[i].name, zone->name) == 0)
			dbaas_known_keep(&writer->lookup, &dbaas_catalogue_service_facts, &zones->zones[i]);
	}
}

/* dbaas_read_zones(), or its ERROR. */
static const DbaasZones *
read_zones(const DbaasWriter *writer, const char *name)
{
	const DbaasZones *zones;
	DbaasError *error = dbaas_read_zones(&writer->lookup, &name, name != NULL, &zones);

	if (error)
		dbaas_table_raise(writer->table, error);
	return zones;
}

/*
 * The entry of a service in the list of the zone; if that is NULL, in the list of the only
 * zone that has the service.  It has the zone and, if the list says them, the type and the
 * state; an INSERT, which may take it from the lists that the transaction keeps, lacks the
 * state.
 *
 * An UPDATE or DELETE does not take it from there: its scan has just read the lists, and
 * what it found must not be written to another service of that name.
 */
static DbaasListedService
listed_service(DbaasWriter *writer, const DbaasZone *zone, const Wanted *wanted)
{
	const DbaasZones *zones = read_zones(writer, NULL);
	bool		keeps = writer->command == DBAAS_INSERT;
	const DbaasParent *lists = keeps || wanted->with_type ? &dbaas_catalogue_service_facts :
		&dbaas_catalogue_each_service;
	DbaasListedService service;
	List	   *found;
	DbaasError *error;

	if (keeps && known_service(writer, zones, zone, wanted, &service))
		return service;
	error = dbaas_parents_locate(&writer->lookup, zone, wanted->name, lists, &found);
	if (error)
		dbaas_table_raise(writer->table, error);
	if (found == NIL)
		refuse_unlisted(writer, zone, wanted->name);
	if (list_length(found) > 1)
		refuse_ambiguous(writer, wanted->name, found);
	if (keeps)
		keep_lists(writer, zones, zone);
	return *(DbaasListedService *) linitial(found);
}

/* Refuses a type of service that does not take the command. */
pg_noreturn static void
refuse_type(const DbaasWriter *writer, const char *name, const char *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_writer_about(writer, writer->resource->index.type),
			 errmsg("service \"%s\" of type \"%s\" does not take this write "
					"to foreign table \"%s\"",
					dbaas_error_name(name), dbaas_error_name(type),
					get_rel_name(writer->table->relid)),
			 errhint("Services of these types do: %s.",
					 dbaas_catalogue_write_types(writer->resource, writer->command))));
}

/* The zone that the row names, or else the server's only zone; NULL if it has several. */
static const DbaasZone *
row_zone(DbaasWriter *writer, const DbaasRowValues *row)
{
	const char *name = dbaas_writer_text(writer, row, DBAAS_ZONE_COLUMN);
	const DbaasZones *zones = read_zones(writer, name);

	if (name)
		return named_zone(writer, name, zones);
	return zones->n == 1 ? &zones->zones[0] : NULL;
}

DbaasListedService
dbaas_locate_row(DbaasWriter *writer, const DbaasRowValues *row, bool needs_running)
{
	const DbaasResource *resource = writer->resource;
	bool		lists_type = writer->needs_type && !writer->makes_service;
	const char *given_type = writer->needs_type ?
		dbaas_writer_text(writer, row, resource->index.type) : NULL;
	const char *name = service_name(writer, row);
	DbaasListedService service = {
		.zone = row_zone(writer, row),
		.type = given_type,
		.state = dbaas_writer_text(writer, row, resource->index.state)
	};
	Wanted		wanted = {.name = name,.choice = row_choice(writer, row)};
	bool		needs_lists;
	const char *type;

	/*
	 * A value that is not a known type may be any text: the lists have the
	 * type.
	 */
	if (service.type && lists_type && !dbaas_writer_knows_type(writer, service.type))
		service.type = NULL;
	type = service.type;
	needs_lists = lists_type && (type == NULL || (needs_running && service.state == NULL));
	if (service.zone && !needs_lists)
		return service;
	if (writer->makes_service || name == NULL)
		dbaas_writer_refuse_missing(writer, DBAAS_ZONE_COLUMN);
	wanted.with_type = needs_lists;
	wanted.given_type = type ? NULL : given_type;
	service = listed_service(writer, service.zone, &wanted);
	if (type)
		service.type = type;
	else if (given_type && service.type && strcmp(given_type, service.type) != 0)
		refuse_type(writer, name, given_type);
	return service;
}

/* The first column that an UPDATE sends and that needs a service that runs; or -1. */
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
 * Refuses to change the column, unless it is -1, if the service does not run, as far as its
 * state is known: the API would refuse it too, but without that reason.
 */
static void
check_running(const DbaasWriter *writer, const char *name, const DbaasListedService *service,
			  int column)
{
	if (column < 0 || service->state == NULL || strcmp(service->state, DBAAS_STATE_RUNNING) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 dbaas_writer_about(writer, column),
			 errmsg("service \"%s\" in zone %s is not running", dbaas_error_name(name),
					service->zone->name),
			 errdetail("Its state is %s.", dbaas_error_name(service->state)),
			 errhint("Column \"%s\" can be changed once it runs. With option wait \"running\" "
					 "of the server, a write ends when its service runs again.",
					 dbaas_writer_name(writer, column))));
}

DbaasListedService
dbaas_locate_typed(DbaasWriter *writer, const DbaasRowValues *row, const bool *sent)
{
	int			running = running_column(writer, sent);
	const char *name = service_name(writer, row);
	DbaasListedService service;

	if (name == NULL)
		dbaas_writer_refuse_missing(writer, writer->resource->index.services[0]);
	service = dbaas_locate_row(writer, row, running >= 0);
	if (service.type && !writer->makes_service &&
		!takes_type(writer, service.type, row_choice(writer, row)))
	{
		if (dbaas_catalogue_chooses(writer->resource))
			dbaas_choice_refuse_type(writer, row, name, service.type);
		refuse_type(writer, name, service.type);
	}
	check_running(writer, name, &service, running);
	return service;
}

/* ------------------------------------------------------------------------
 * Path
 * ------------------------------------------------------------------------ */

/*
 * Is the value a type that the catalogue does not know, of a service to create, and in the
 * zone's list of types?
 */
static bool
is_new_type(const DbaasWriter *writer, int column, const char *value, const DbaasZone *zone)
{
	const DbaasKnownList *list;
	bool		found;
	DbaasError *error;

	if (!writer->makes_service ||
		dbaas_catalogue_knows(&writer->resource->columns[column], value))
		return false;
	list = dbaas_known_list(writer->lookup.conn, &dbaas_catalogue_each_type, zone->name);
	if (list && dbaas_known_find(list, value))
		return true;
	error = dbaas_parents_contain(&writer->lookup, zone, &dbaas_catalogue_each_type, value, &found);
	if (error)
		dbaas_table_raise(writer->table, error);
	if (found)
		dbaas_known_keep(&writer->lookup, &dbaas_catalogue_each_type, zone);
	return found;
}

/* Puts the arguments that the path holds behind the columns. */
static void
take_arguments(const DbaasWriter *writer, const DbaasWriteEndpoint *endpoint,
			   const char *const *arguments, const char **args)
{
	const DbaasResource *resource = writer->resource;

	for (int i = 0; i < dbaas_catalogue_narguments(endpoint); i++)
	{
		if (!dbaas_path_has(&endpoint->parsed, resource->ncolumns + i))
			continue;
		if (!dbaas_path_can_hold(arguments[i]))
			dbaas_writer_refuse(writer, resource->index.arguments, arguments[i],
								"It cannot be a segment of a path.");
		args[resource->ncolumns + i] = arguments[i];
	}
}

char *
dbaas_locate_path(DbaasWriter *writer, const DbaasRowValues *row,
				  const DbaasWriteEndpoint *endpoint, const DbaasListedService *service,
				  const char *const *arguments)
{
	const DbaasResource *resource = writer->resource;
	const char **args = palloc0((resource->ncolumns + DBAAS_MAX_ARGUMENTS) * sizeof(char *));

	take_arguments(writer, endpoint, arguments, args);
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!dbaas_path_has(&endpoint->parsed, c))
			continue;
		args[c] = writer->needs_type && c == resource->index.type ? service->type :
			dbaas_writer_text(writer, row, c);
		if (args[c] == NULL)
			dbaas_writer_refuse_missing(writer, c);
		if (!dbaas_path_can_hold(args[c]))
			dbaas_writer_refuse(writer, c, args[c], "It cannot be a segment of a path.");
		if (writer->command == DBAAS_INSERT && !is_new_type(writer, c, args[c], service->zone))
			dbaas_writer_check_domain(writer, c, service->type, args[c]);
	}
	return dbaas_path_expand(&endpoint->parsed, args);
}

char *
dbaas_locate_list(DbaasWriter *writer, const DbaasRowValues *row, const DbaasEndpoint *list,
				  const DbaasListedService *service)
{
	const DbaasResource *resource = writer->resource;
	const char **args = palloc0(resource->ncolumns * sizeof(char *));

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!dbaas_path_has(&list->parsed, c))
			continue;
		args[c] = writer->needs_type && c == resource->index.type ? service->type :
			dbaas_writer_text(writer, row, c);
		if (args[c] == NULL || !dbaas_path_can_hold(args[c]) ||
			(c == resource->index.type && !dbaas_writer_knows_type(writer, args[c])))
			return NULL;
	}
	return dbaas_path_expand(&list->parsed, args);
}
