/*-------------------------------------------------------------------------
 *
 * declared.h
 *		Resources that a foreign table declares itself, with option "path".
 *
 * The options of a table and its columns make an entry like the catalogue's: the
 * code that reads tables makes no difference.
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
 * Can values of the type be parameters of a request?  They can if two of them are
 * equal exactly when their output function gives the same text.
 */
extern bool dbaas_declared_may_send(Oid type);

/* Can values of the type have a fraction?  Only whole numbers can be parameters. */
extern bool dbaas_declared_may_fraction(Oid type);

/*
 * Makes the resource that a table with option "path" declares, palloc'd, with its
 * names resolved; columns[i] becomes the index of the column that attribute i + 1
 * shows, or -1.  Returns NULL, or an error: a parameter of the path without a
 * column (HV005), options of columns that exclude each other or do not fit the path
 * (HV00D), a parameter of a type that cannot be sent (HV004).
 */
extern DbaasError *dbaas_declared_resource(Oid relid, const char *name, TupleDesc desc,
										   List *options, DbaasResource **result, int *columns);

#endif							/* DBAAS_DECLARED_H */
