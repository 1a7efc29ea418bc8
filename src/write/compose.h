/*-------------------------------------------------------------------------
 *
 * compose.h
 *		The body of a write.
 *
 * Knows where a body has each column, what the API accepts there, and what no error
 * may show; knows neither what changes nor where the write goes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_COMPOSE_H
#define DBAAS_COMPOSE_H

#include "api/operation.h"
#include "write/change.h"

/*
 * Sets the body, the body as it is shown, and the secrets of a write whose path and
 * services are set, in the current memory context.  The body stays NULL when it would
 * have no member.  Where the API wants a member in every PUT that the table does not
 * show, asks the zone for it and waits.  Raises ERROR: a column that is not for the
 * type of the service (0A000), a missing value (23502), a value that the API does not
 * accept (22023), or the error of that read.
 */
extern void dbaas_compose_body(DbaasWriter *writer, const DbaasChange *change,
							   const DbaasZone *zone, DbaasWrite *write);

#endif							/* DBAAS_COMPOSE_H */
