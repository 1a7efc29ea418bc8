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

/* Callback of FdwRoutine. */
extern List *dbaasImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverid);

#endif							/* DBAAS_IMPORT_H */
