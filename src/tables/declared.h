/*-------------------------------------------------------------------------
 *
 * declared.h
 *		Resources that a foreign table declares itself, with option "path".
 *
 * The options of a table and its columns make an entry like the catalogue's.
 * What reads it cannot tell the difference.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_DECLARED_H
#define DBAAS_DECLARED_H

#include "access/tupdesc.h"
#include "nodes/pg_list.h"

#include "base/error.h"
#include "tables/catalogue.h"

/*
 * Can values of the type be parameters of a request?  Those can that are equal
 * when, and only when, their output function writes the same.
 */
extern bool dbaas_declared_may_send(Oid type);

/* Is it a type of numbers that may have a fraction?  Whole ones can be sent. */
extern bool dbaas_declared_may_fraction(Oid type);

/*
 * The resource that a table with option "path" declares, palloc'd; columns[i]
 * becomes the index of its column that attribute i + 1 shows, or -1.  Returns
 * NULL, or an error: a parameter of the path without a column (HV005), columns
 * whose options do not go together or do not fit the path (HV00D), a
 * parameter of a type that cannot be sent (HV004).
 */
extern DbaasError *dbaas_declared_resource(Oid relid, const char *name, TupleDesc desc,
										   List *options, DbaasResource **resource, int *columns);

#endif							/* DBAAS_DECLARED_H */
