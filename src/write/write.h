/*-------------------------------------------------------------------------
 *
 * write.h
 *		Makes the writes of a row.
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

/*
 * Checks a row and makes its writes, in the current memory context.  old_row is the row of
 * an UPDATE or DELETE as it was read, new_row that of an INSERT or UPDATE with its new
 * values; the other is ignored.  An UPDATE writes only what differs from the row as the
 * queued writes will leave it.  *writes becomes a list of DbaasWrite *, to be sent in that
 * order: several only for an UPDATE, see DbaasWriteEndpoint.  May wait for the API, for the
 * lists of services and for what the requests need and the row does not show.  Returns
 * whether there is something to write; *writes has elements only then.  Raises ERROR: a
 * column that cannot be set, or not for the type of the service (0A000), a missing value
 * (23502), a value that the API does not accept (22023), a service that is protected, or
 * that does not run although the change needs it (55006), an unknown or ambiguous service
 * (42704, 42P09), or the error of a request.
 */
extern DbaasWriteNeed dbaas_write_make(DbaasWriter *writer, const DbaasRowValues *old_row,
									   const DbaasRowValues *new_row, List **writes);

/*
 * Raises ERROR when an earlier statement of the transaction changes what an UPDATE has read of
 * the row of the source, see dbaas_writer_new_source(), or of any of its rows if the row is
 * NULL (0A000).  May wait for the API if the row does not tell its zone.
 */
extern void dbaas_write_check_source(DbaasWriter *source, const DbaasRowValues *row);

#endif							/* DBAAS_WRITE_H */
