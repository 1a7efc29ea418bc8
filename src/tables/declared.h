/*-------------------------------------------------------------------------
 *
 * declared.h
 *		Resources that a foreign table declares itself, with option "path".
 *
 * The options of the table and its columns become an entry like those of the
 * catalogue, so that the code that reads tables need not distinguish them.
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
 * Can values of the type be parameters of a request?  Only those of types in which
 * values are equal exactly if their output function gives the same text.
 */
extern bool dbaas_declared_may_send(Oid type);

/* Can values of the type have a fraction?  Only whole numbers can be parameters. */
extern bool dbaas_declared_may_have_fraction(Oid type);

/*
 * Makes the resource that a table with option "path" declares, palloc'd, with its
 * names resolved; columns[i] becomes the index of the column that attribute i + 1
 * shows, or -1.  Returns NULL, or an error: a parameter of the path without a
 * column (HV005), options of columns that exclude each other or do not fit the path
 * (HV00D), a parameter of a type that cannot be sent (HV004).
 */
extern DbaasError *dbaas_declared_make_resource(Oid relid, const char *name, TupleDesc desc,
												List *options, DbaasResource **result,
												int *columns);

#endif							/* DBAAS_DECLARED_H */
