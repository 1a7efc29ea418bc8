/*-------------------------------------------------------------------------
 *
 * write.h
 *		From a row to the write that it stands for.
 *
 * Checks what can be checked before anything is sent, by the row, the catalogue,
 * the API's lists and what the transaction has queued.  Knows neither the executor
 * nor when writes are sent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_WRITE_H
#define DBAAS_WRITE_H

#include "api/operation.h"
#include "write/writer.h"

typedef enum DbaasWriteNeed
{
	DBAAS_WRITE_NEEDED,
	DBAAS_WRITE_NOTHING,		/* the row is as it is to be */
	DBAAS_WRITE_GONE			/* the transaction deletes the row, or the
								 * statement has updated it */
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

#endif							/* DBAAS_WRITE_H */
