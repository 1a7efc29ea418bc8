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

/* The definition of a column: its quoted name and its type.  palloc'd. */
extern char *dbaas_import_column(const DbaasColumn *column);

/*
 * The CREATE FOREIGN TABLE command for a resource.  The name is already quoted, the
 * server's is not.  palloc'd.
 */
extern char *dbaas_import_table(const DbaasResource *resource, const char *name,
								const char *server);

/*
 * The Oids of this wrapper's tables in a schema, in ascending order.  Takes the lock
 * on each that COMMENT takes, until the transaction ends.
 */
extern List *dbaas_import_tables(Oid schema);

/* The definition of a table; if it is invalid, gives a WARNING and returns NULL. */
extern DbaasTable *dbaas_import_read(Oid relid);

/* Runs a utility command through SPI, to which the caller has connected. */
extern void dbaas_import_run(const char *sql);

/*
 * Makes comments on a table and its columns from the catalogue's descriptions; with
 * "missing", only where there is no comment yet.  The caller has connected to SPI.
 * Returns the number of comments made.
 */
extern int	dbaas_import_comment(const DbaasTable *table, bool missing);

#endif							/* DBAAS_IMPORT_H */
