/*-------------------------------------------------------------------------
 *
 * locate.h
 *		Where a write goes: its zone, its service and its path.
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
 * The zone that a row's write goes to: the one that the row names, else the server's
 * only one, else the one that has the service.  Also the service's type, where the
 * path needs it, and its state when needs_running is set, where the row or the lists
 * have it.  Waits for the lists.  Raises ERROR: an unknown zone (22023), no such
 * service (42704), one in several zones (42P09), no zone given (23502), a type that
 * the command does not write to (0A000), or the error of the lists.
 */
extern DbaasListedService dbaas_locate_row(DbaasWriter *writer, const DbaasRowValues *row,
										   bool needs_running);

/*
 * The same of a row whose path depends on the type of its service, checked: the type
 * takes the write (0A000), and the service runs where a column that is sent, by
 * catalogue column, needs that (55006).
 */
extern DbaasListedService dbaas_locate_typed(DbaasWriter *writer, const DbaasRowValues *row,
											 const bool *sent);

/*
 * The endpoint's path with the row's values; palloc'd.  Raises ERROR: a missing value
 * (23502), or one that the API does not accept (22023).
 */
extern char *dbaas_locate_path(DbaasWriter *writer, const DbaasRowValues *row,
							   const DbaasWriteEndpoint *endpoint,
							   const DbaasListedService *service);

#endif							/* DBAAS_LOCATE_H */
