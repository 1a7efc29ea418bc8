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
	int			column;			/* index in the catalogue, or -1 */
	const char *field;			/* where answers hold it, or NULL */
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
 * Reads the definition of a foreign table, into the current memory context.
 * Returns NULL, or an error when it has no resource that is known (HV00J), an
 * option that is not known (HV00D), a column that means nothing (HV005), or a
 * generated one that seems to show a field (0A000); or one of
 * dbaas_declared_resource().  A resource that the table declares belongs to
 * that context too.
 */
extern DbaasError *dbaas_table_read(Oid relid, DbaasTable **table);

/* The same, and raises that error. */
extern DbaasTable *dbaas_table_get(Oid relid);

/* The same of an error that came up while the table was read or written. */
pg_noreturn extern void dbaas_table_raise(const DbaasTable *table, const DbaasError *error);

/*
 * The resource that a foreign table names, or NULL when it names none; and its
 * options, followed by its server's.
 */
extern const DbaasResource *dbaas_table_resource(Oid relid, List **options);

/* Does the attribute show anything?  A dropped or generated one does not. */
extern bool dbaas_table_shows(const DbaasTable *table, AttrNumber attnum);

/* The attribute numbers, from 1, that show something; palloc'd. */
extern Bitmapset *dbaas_table_shown(const DbaasTable *table);

/* Attribute number that shows a column of the catalogue, or 0; -1 is no column. */
extern AttrNumber dbaas_table_attribute(const DbaasTable *table, int column);

#endif							/* DBAAS_TABLE_H */
