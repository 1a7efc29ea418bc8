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
#include "nodes/bitmapset.h"
#include "nodes/nodes.h"

#include "read/statement.h"
#include "tables/table.h"
#include "write/queue.h"

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
 * Says, by attribute number, which attributes an UPDATE sets, and which of them
 * it computes values from; without it, all that change and none.  The sets have to
 * live as long as the writer.
 */
extern void dbaas_writer_updates(DbaasWriter *writer, const Bitmapset *set, const Bitmapset *read);

/* dbaas_queue_sendings() before the rows were read. */
extern int	dbaas_writer_read_after(const DbaasWriter *writer);

/*
 * Does a write ask the API for what every PUT of its endpoint carries, since the
 * table does not show that?  And the read that it asks with.
 */
extern bool dbaas_write_asks_kept(const DbaasTable *table, CmdType operation);
extern const DbaasEndpoint *dbaas_write_kept_read(const DbaasKept *kept);

typedef enum DbaasWriteNeed
{
	DBAAS_WRITE_NEEDED,
	DBAAS_WRITE_NOTHING,		/* the row is as it is to be */
	DBAAS_WRITE_GONE			/* the transaction deletes the row */
} DbaasWriteNeed;

/*
 * Checks a row and makes the write that it stands for, in the current memory
 * context.  old_row is that of an UPDATE or DELETE as it was read, new_row that
 * of an INSERT or UPDATE as it is to be; the other is ignored.  An UPDATE writes
 * what it changes of the row as the queue will leave it, and waits for the API
 * where it has to carry what the row does not show.  Returns whether there is
 * something to write.  Raises ERROR: a column that cannot be set, or
 * not for the type of the service (0A000), a missing value (23502), a value that
 * the API does not accept (22023), a service that is protected, or that does not
 * run where the change needs it (55006), an unknown or ambiguous service (42704, 42P09).
 */
extern DbaasWriteNeed dbaas_write_make(DbaasWriter *writer, const DbaasRowValues *old_row,
									   const DbaasRowValues *new_row, DbaasWrite *write);

/* The connection that the writer uses. */
extern DbaasConnection *dbaas_writer_api(DbaasWriter *writer);

/* A row's value of a catalogue column, in UTF-8; NULL when it has none. */
extern const char *dbaas_writer_value(DbaasWriter *writer, const DbaasRowValues *row,
									  int column);

#endif							/* DBAAS_WRITE_H */
