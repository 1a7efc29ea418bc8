/*-------------------------------------------------------------------------
 *
 * compose.h
 *		The body of a write.
 *
 * Knows the place of each column in a body, what the API accepts there, and what no error
 * may show; knows neither what an UPDATE changes nor the zone and path of a write.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_COMPOSE_H
#define DBAAS_COMPOSE_H

#include "api/operation.h"
#include "write/change.h"

/*
 * Sets body, shown_body and secrets of a write whose path and services are set, in the
 * current memory context.  The body is NULL if it has no member.  A member that every
 * PUT has to carry (see DbaasKept) may have to be read from the zone; this waits for it.
 * Raises ERROR: a missing value (23502), a value that the API does not accept (22023),
 * or the error of that read.
 */
extern void dbaas_compose_body(DbaasWriter *writer, const DbaasChange *change,
							   const DbaasZone *zone, DbaasWrite *write);

#endif							/* DBAAS_COMPOSE_H */
