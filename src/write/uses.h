/*-------------------------------------------------------------------------
 *
 * uses.h
 *		Refuses to delete a row that others use, as the queue will leave them.
 *
 * The catalogue's DbaasUse says which rows use which.  Knows what the API shows of them
 * and what the transaction has queued; makes no write.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_USES_H
#define DBAAS_USES_H

#include "api/operation.h"
#include "read/parents.h"
#include "write/writer.h"

/*
 * Raises ERROR when rows use the one that the write deletes (55006).  What an earlier
 * statement of the transaction does to them counts; what the same statement does to them
 * does not end the use, because it may be sent at the same time.  The service has a zone,
 * and the type if the command depends on it.  May wait for the API.  Raises the error of a
 * request, except one about who uses the row from another zone.
 */
extern void dbaas_uses_check_deleted(DbaasWriter *writer, const DbaasRowValues *old_row,
									 const DbaasListedService *service, const DbaasWrite *write);

/*
 * Raises ERROR when a row of an INSERT or UPDATE would use one that the transaction deletes
 * (42704).  "sent" says, by catalogue column, what the write sends.
 */
extern void dbaas_uses_check_used(DbaasWriter *writer, const DbaasRowValues *new_row,
								  const bool *sent, const DbaasWrite *write);

#endif							/* DBAAS_USES_H */
