/*-------------------------------------------------------------------------
 *
 * readback.h
 *		Reads back what an INSERT created, for RETURNING.
 *
 * Knows how a row is read; knows neither the executor nor how writes are sent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_READBACK_H
#define DBAAS_READBACK_H

#include "executor/tuptable.h"
#include "utils/rel.h"

#include "write/writer.h"

typedef struct DbaasReadback DbaasReadback;

/*
 * Of rows of a writer, whose relation is given and whose resource has a created_column;
 * in the current memory context.
 */
extern DbaasReadback *dbaas_readback_new(DbaasWriter *writer, Relation relation);

/*
 * Fills a materialized slot, which has the row of the INSERT that was sent last, with what
 * the API created.  The row is found by the value of its created_column: the one that was
 * given, or the id in the API's operation.  If the API does not list it, the slot keeps
 * what was given, with that value and the zone.  Values go into the current memory
 * context.  Raises the ERROR of the read, or of a value that does not fit its column.
 */
extern void dbaas_readback_fill(DbaasReadback *readback, TupleTableSlot *slot);

#endif							/* DBAAS_READBACK_H */
