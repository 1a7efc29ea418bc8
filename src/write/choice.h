/*-------------------------------------------------------------------------
 *
 * choice.h
 *		The endpoint that a row chooses, such as an action, and what it is given.
 *
 * Knows the choice column and the arguments of endpoints; knows neither bodies nor what
 * the transaction has queued.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CHOICE_H
#define DBAAS_CHOICE_H

#include "api/zones.h"
#include "write/writer.h"

/*
 * The choice of a row to insert, in UTF-8; NULL if it does not choose an endpoint.  Raises
 * ERROR: no choice (23502), or one that no service has (22023).
 */
extern const char *dbaas_choice_get(DbaasWriter *writer, const DbaasRowValues *row);

/*
 * Raises the ERROR that services of the type do not have the row's choice (0A000).
 */
pg_noreturn extern void dbaas_choice_refuse_type(DbaasWriter *writer, const DbaasRowValues *row,
												 const char *service, const char *type);

/*
 * The values of an endpoint's arguments, in UTF-8: those that the row gives, and those that
 * are found in the lists of the zone, which this waits for.  An array of
 * DBAAS_MAX_ARGUMENTS, palloc'd; NULL for what is not given.  Raises ERROR: a missing one
 * (23502), one that is unknown or that the API does not accept (22023), one that is not
 * found (55000), or the error of the lists.
 */
extern const char **dbaas_choice_arguments(DbaasWriter *writer, const DbaasRowValues *row,
										   const DbaasWriteEndpoint *endpoint,
										   const DbaasZone *zone);

#endif							/* DBAAS_CHOICE_H */
