/*-------------------------------------------------------------------------
 *
 * table.h
 *		What a foreign table shows: its resource, and the field of each column.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_TABLE_H
#define DBAAS_TABLE_H

#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

#include "base/error.h"
#include "tables/catalogue.h"

typedef struct DbaasAttribute
{
	int			column;			/* index in the resource, or -1 */
	const char *field;			/* where responses hold it, or NULL */
} DbaasAttribute;

typedef struct DbaasTable
{
	Oid			relid;
	Oid			serverid;
	const DbaasResource *resource;
	List	   *options;		/* the table's, then its server's */
	int			natts;
	DbaasAttribute *attributes; /* by attribute number - 1 */
} DbaasTable;

/*
 * Reads the definition of a foreign table, into the current memory context; so
 * goes a resource that the table declares.  Returns NULL, or an error: no resource
 * that this version knows (HV00J), an unknown option (HV00D), a column that is none
 * of the resource (HV005), a generated column that would hide a field (0A000), or
 * an error of dbaas_declared_resource().
 */
extern DbaasError *dbaas_table_read(Oid relid, DbaasTable **result);

/* The same, but raises the error. */
extern DbaasTable *dbaas_table_get(Oid relid);

/* Raises an error that occurred while the table was read or written. */
pg_noreturn extern void dbaas_table_raise(const DbaasTable *table, const DbaasError *error);

/*
 * The resource of the catalogue that a foreign table shows, or NULL when there is
 * none; in *options, the table's options, followed by its server's.
 */
extern const DbaasResource *dbaas_table_resource(Oid relid, List **options);

/* Does the attribute show a field or a parameter?  A dropped or generated one does not. */
extern bool dbaas_table_shows(const DbaasTable *table, AttrNumber attnum);

/* The numbers, from 1, of the attributes that do; palloc'd. */
extern Bitmapset *dbaas_table_shown(const DbaasTable *table);

/* Attribute number that shows a column of the catalogue, or 0; -1 is no column. */
extern AttrNumber dbaas_table_attribute(const DbaasTable *table, int column);

#endif							/* DBAAS_TABLE_H */
