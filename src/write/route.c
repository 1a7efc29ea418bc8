/*-------------------------------------------------------------------------
 *
 * route.c
 *		Which requests a write makes, and which columns each of them sends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "write/route.h"

/* Refuses a column that writes to services of the type do not take. */
static void
check_type(const DbaasWriter *writer, int column, const char *type)
{
	const DbaasResource *resource = writer->resource;
	bool		later;

	if (resource->type_column == NULL || type == NULL || !dbaas_writer_knows_type(writer, type) ||
		dbaas_catalogue_sets_for(resource, writer->command, column, type))
		return;
	later = writer->command == DBAAS_INSERT &&
		dbaas_catalogue_sets_for(resource, DBAAS_UPDATE, column, type);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_writer_about(writer, column),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot be set "
					"for a service of type \"%s\"",
					dbaas_writer_name(writer, column), get_rel_name(writer->table->relid),
					dbaas_error_name(type)),
			 errhint("It can for services of these types: %s.%s",
					 dbaas_catalogue_column_types(resource, writer->command, column),
					 later ? " An UPDATE sets it once the INSERT was sent: "
					 "at COMMIT, or at once with RETURNING." : "")));
}

/* Refuses an UPDATE of a column that would change another one, which it does not set. */
static void
check_companion(const DbaasWriter *writer, const bool *sent, int column)
{
	const char *name = writer->resource->columns[column].update_with;
	int			other = name ? dbaas_catalogue_find_column(writer->resource, name) : -1;

	if (writer->command != DBAAS_UPDATE || other < 0 || sent[other])
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_writer_about(writer, column),
			 errmsg("column \"%s\" of foreign table \"%s\" cannot be set without column \"%s\"",
					dbaas_writer_name(writer, column), get_rel_name(writer->table->relid),
					dbaas_writer_name(writer, other)),
			 errdetail("The API changes both, and would choose the other one itself."),
			 errhint("Set both in one UPDATE.")));
}

/*
 * Adds the request to an endpoint of an UPDATE, with the columns of "left" that it sends,
 * which are no longer left; unless there are none.
 */
static List *
add_route(List *routes, const DbaasWriter *writer, const DbaasWriteEndpoint *endpoint, bool *left)
{
	DbaasRoute *route = palloc(sizeof(DbaasRoute));
	bool		any = false;

	route->endpoint = endpoint;
	route->sent = palloc0(writer->resource->ncolumns * sizeof(bool));
	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		if (!left[c] || !dbaas_catalogue_sends(endpoint, c))
			continue;
		route->sent[c] = any = true;
		left[c] = false;
	}
	return any ? lappend(routes, route) : routes;
}

List *
dbaas_route_find(const DbaasWriter *writer, const bool *sent, const char *type,
				 const char *choice)
{
	const DbaasResource *resource = writer->resource;
	const DbaasWriteEndpoint *endpoint =
		dbaas_catalogue_find_write(resource, writer->command, type, choice);
	Size		size = resource->ncolumns * sizeof(bool);
	bool	   *left = memcpy(palloc(size), sent, size);
	List	   *routes = NIL;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!sent[c])
			continue;
		check_type(writer, c, type);
		check_companion(writer, sent, c);
	}
	if (writer->command != DBAAS_UPDATE)
	{
		DbaasRoute *route = palloc(sizeof(DbaasRoute));

		route->endpoint = endpoint;
		route->sent = left;
		return list_make1(route);
	}
	for (; endpoint;
		 endpoint = dbaas_catalogue_next_for(resource, writer->command, type, endpoint))
		routes = add_route(routes, writer, endpoint, left);
	return routes;
}
