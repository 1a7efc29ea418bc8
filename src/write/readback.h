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

/* Has the resource anything to read back? */
extern bool dbaas_readback_fills(const DbaasResource *resource);

/*
 * For INSERTs of a writer into the relation, whose resource has something to read back; in
 * the current memory context.
 */
extern DbaasReadback *dbaas_readback_new(DbaasWriter *writer, Relation relation);

/*
 * Takes a materialized slot with the row of the INSERT that was sent last, and fills it
 * with the row that the API created.  Finds that row by the value of its created_column:
 * the one that the INSERT gave, or the id in the API's operation; where that does not tell
 * it, by all values that the INSERT gave: see found_by_values in DbaasResource.  If the API
 * does not list the row, the slot keeps its values, and gets this one and the zone.  If no
 * row is created, it gets the zone, and what the answer to the write says.  Waits.
 * Values go into the current memory context.  Raises the ERROR of the read, or of a
 * value that does not fit its column.
 */
extern void dbaas_readback_fill(DbaasReadback *readback, TupleTableSlot *slot);

#endif							/* DBAAS_READBACK_H */
