/*-------------------------------------------------------------------------
 *
 * import.h
 *		IMPORT FOREIGN SCHEMA, and the comments that go with it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_IMPORT_H
#define DBAAS_IMPORT_H

#include "foreign/fdwapi.h"

#include "tables/catalogue.h"
#include "tables/table.h"

/* Callback of FdwRoutine. */
extern List *dbaasImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverid);

/* A column as an import makes it: its name and its type.  palloc'd. */
extern char *dbaas_import_column(const DbaasColumn *column);

/*
 * The command that makes the table of a resource, under a name that is quoted
 * already, on a server.  palloc'd.
 */
extern char *dbaas_import_table(const DbaasResource *resource, const char *name,
								const char *server);

/*
 * This wrapper's tables in a schema, by Oid.  Each is locked, until the
 * transaction ends, as COMMENT locks it.
 */
extern List *dbaas_import_tables(Oid schema);

/* The definition of a table; where it is wrong, NULL and a WARNING that says so. */
extern DbaasTable *dbaas_import_read(Oid relid);

/* Runs a command that returns no rows, in the SPI connection that there is. */
extern void dbaas_import_run(const char *sql);

/*
 * Puts the catalogue's descriptions on a table and its columns, or, with
 * "missing", on those of them that have none, in the SPI connection that there
 * is.  Returns how many comments it made.
 */
extern int	dbaas_import_comment(const DbaasTable *table, bool missing);

#endif							/* DBAAS_IMPORT_H */
