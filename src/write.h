/*-------------------------------------------------------------------------
 *
 * write.h
 *		From a row to a request that writes it.
 *
 * Checks what can be checked before anything is sent.  Knows the catalogue and
 * SQL values; knows neither the executor nor when requests are sent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_WRITE_H
#define DBAAS_WRITE_H

#include "access/tupdesc.h"
#include "nodes/nodes.h"
#include "queue.h"
#include "statement.h"
#include "table.h"

typedef struct DbaasWriter DbaasWriter;

/* A row: as many values and flags as the table has attributes. */
typedef struct DbaasRowValues
{
	const Datum *values;
	const bool *isnull;
} DbaasRowValues;

/* The endpoint that writes a resource, or NULL when none does. */
extern const DbaasWriteEndpoint *dbaas_write_endpoint(const DbaasResource *resource,
													  CmdType operation);

/* Do rows that the operation writes have a column that is never shown? */
extern bool dbaas_write_has_secret(const DbaasTable *table, CmdType operation);

/*
 * May the operation's values hold a secret, be it inside an object?  Then no log
 * may show the statement.
 */
extern bool dbaas_write_hides_statement(const DbaasTable *table, CmdType operation);

/* May one of the attributes hold one?  Their numbers are as for the next function. */
extern bool dbaas_write_sets_secret(const DbaasTable *table, const Bitmapset *updated);

/*
 * Raises ERROR (0A000) when an UPDATE sets a column that the API cannot change;
 * "updated" has attribute numbers offset by FirstLowInvalidHeapAttributeNumber.
 */
extern void dbaas_write_check_columns(const DbaasTable *table, const Bitmapset *updated);

/* Does a DELETE need the value that the row has in that column? */
extern bool dbaas_write_identifies(const DbaasResource *resource, int column);

/*
 * A writer of rows of a table, for an INSERT, UPDATE or DELETE by a user; in
 * the current memory context.  The statement serves to find the zones of
 * services.  Raises ERROR when there is no user mapping (28000), or when two
 * columns of the table show a field that the operation may set (0A000).
 */
extern DbaasWriter *dbaas_writer_new(const DbaasTable *table, TupleDesc desc,
									 CmdType operation, Oid userid,
									 DbaasStatement *statement, MemoryContext query_cxt);

/*
 * Checks a row and makes the write that it stands for, in the current memory
 * context.  old_row is that of an UPDATE or DELETE as it was read, new_row that
 * of an INSERT or UPDATE as it is to be; the other is ignored.  Returns false
 * when there is nothing to write.  Raises ERROR: a column that cannot be set, or
 * not for the type of the service (0A000), a missing value (23502), a value that
 * the API does not accept (22023), a service that is protected, or that does not
 * run where the change needs it (55006), an unknown or ambiguous service (42704, 42P09).
 */
extern bool dbaas_write_make(DbaasWriter *writer, const DbaasRowValues *old_row,
							 const DbaasRowValues *new_row, DbaasWrite *write);

/* The connection that the writer uses. */
extern DbaasConnection *dbaas_writer_api(DbaasWriter *writer);

/* A row's value of a catalogue column, in UTF-8; NULL when it has none. */
extern const char *dbaas_writer_value(DbaasWriter *writer, const DbaasRowValues *row,
									  int column);

#endif							/* DBAAS_WRITE_H */
