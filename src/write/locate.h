/*-------------------------------------------------------------------------
 *
 * locate.h
 *		The zone, the service and the path of a write.
 *
 * Knows the lists of services, their types and states; knows nothing of bodies or
 * of what the transaction has queued.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_LOCATE_H
#define DBAAS_LOCATE_H

#include "read/parents.h"
#include "write/writer.h"

/*
 * Locates the service of a row.  The result has the zone: the one that the row names,
 * else the server's only one, else the one that has the service; the type, if the
 * command depends on it; and, with needs_running, the state if it is known.  Takes the
 * type and the state from the row, or else from the lists of services.  Waits for the
 * lists.  Raises ERROR: an unknown zone (22023), no such service (42704), one in several
 * zones (42P09), no zone given (23502), a type that the command does not write to
 * (0A000), or the error of the lists.
 */
extern DbaasListedService dbaas_locate_row(DbaasWriter *writer, const DbaasRowValues *row,
										   bool needs_running);

/*
 * The same for a row whose path depends on the type of its service.  "sent" says, by
 * catalogue column, what the write sends.  Also raises ERROR if services of the type do
 * not take the write (0A000), or if a column that is sent needs a service that runs, and
 * it does not (55006).
 */
extern DbaasListedService dbaas_locate_typed(DbaasWriter *writer, const DbaasRowValues *row,
											 const bool *sent);

/*
 * The endpoint's path with the row's values, and those of its arguments; palloc'd.  Raises
 * ERROR: a missing value (23502), or one that the API does not accept (22023).
 */
extern char *dbaas_locate_path(DbaasWriter *writer, const DbaasRowValues *row,
							   const DbaasWriteEndpoint *endpoint,
							   const DbaasListedService *service,
							   const char *const *arguments);

/*
 * The path of a read of the row's table with the row's values; palloc'd.  NULL if a value
 * is missing, or if the catalogue does not know the type of the service, of which nobody
 * knows what it lists.
 */
extern char *dbaas_locate_list(DbaasWriter *writer, const DbaasRowValues *row,
							   const DbaasEndpoint *list, const DbaasListedService *service);

#endif							/* DBAAS_LOCATE_H */
