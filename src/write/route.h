/*-------------------------------------------------------------------------
 *
 * route.h
 *		Which requests a write makes, and which columns each of them sends.
 *
 * Knows the endpoints of a command and the types of service that they are for; knows
 * neither values nor paths.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ROUTE_H
#define DBAAS_ROUTE_H

#include "nodes/pg_list.h"

#include "write/writer.h"

/* One of the requests. */
typedef struct DbaasRoute
{
	const DbaasWriteEndpoint *endpoint;
	bool	   *sent;			/* by catalogue column: is it in the body? */
} DbaasRoute;

/*
 * The requests for a row of a service of that type, which may be NULL or unknown, and of
 * that choice, which may be NULL, of which the columns "sent" are to be written: a list of
 * DbaasRoute * in the order in which they are to be sent, in the current memory context.  An
 * INSERT or DELETE has one.  Raises ERROR when a column is not for the type of the service,
 * or cannot be set without another (0A000).
 */
extern List *dbaas_route_find(const DbaasWriter *writer, const bool *sent, const char *type,
							  const char *choice);

#endif							/* DBAAS_ROUTE_H */
