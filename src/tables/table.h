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
 * Reads the definition of a foreign table, and makes the resource that a table with
 * option "path" declares, in the current memory context.  The relation must be locked.
 * Returns NULL, or an error: no resource, or one that this version does not know
 * (HV00J), an unknown option (HV00D), a column that the resource does not have (HV005),
 * a generated column that would hide a field (0A000), or an error of
 * dbaas_declared_make_resource().
 */
extern DbaasError *dbaas_table_read(Oid relid, DbaasTable **result);

/* dbaas_table_read() that raises its error. */
extern DbaasTable *dbaas_table_get(Oid relid);

/*
 * Raises an error value about the table, with dbaas_error_raise(): sets its relid, and
 * its attnum if it has a column.
 */
pg_noreturn extern void dbaas_table_raise(const DbaasTable *table, const DbaasError *error);

/*
 * The resource of the catalogue in a foreign table's option "resource", or NULL.
 * *options becomes a list of the table's options followed by its server's.
 */
extern const DbaasResource *dbaas_table_resource(Oid relid, List **options);

/* Does the attribute show a field or a parameter?  A dropped or generated one does not. */
extern bool dbaas_table_shows(const DbaasTable *table, AttrNumber attnum);

/*
 * The catalogue's column that an attribute which does shows.  Of a field that the catalogue
 * does not know, one of type jsonb that no request takes.
 */
extern const DbaasColumn *dbaas_table_column(const DbaasTable *table, AttrNumber attnum);

/* The set of the numbers, from 1, of the attributes that do; palloc'd. */
extern Bitmapset *dbaas_table_shown_attributes(const DbaasTable *table);

/* The set of the catalogue columns that these show; palloc'd. */
extern Bitmapset *dbaas_table_shown_columns(const DbaasTable *table);

/* The number of the attribute that shows a column of the resource, or 0.  0 for column -1. */
extern AttrNumber dbaas_table_find_attribute(const DbaasTable *table, int column);

#endif							/* DBAAS_TABLE_H */
