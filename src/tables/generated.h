/*-------------------------------------------------------------------------
 *
 * generated.h
 *		Stored generated columns, computed when a row is read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_GENERATED_H
#define DBAAS_GENERATED_H

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "utils/relcache.h"

/* How some of a table's stored generated columns are computed. */
typedef struct DbaasGenerated DbaasGenerated;

/*
 * Adds, to a set of attribute numbers from 1, the attributes from which the stored
 * generated ones of the set are computed.  Returns the set; changes it in place.
 */
extern Bitmapset *dbaas_generated_inputs(Relation relation, Bitmapset *used);

/* The set of the attribute numbers, from 1, of all stored generated columns; palloc'd. */
extern Bitmapset *dbaas_generated_all(Relation relation);

/*
 * Prepares to compute the stored generated columns in the set "used", or all if that
 * is NULL.  The result is in the current memory context; NULL when the relation has
 * no such columns.
 */
extern DbaasGenerated *dbaas_generated_new(Relation relation, const Bitmapset *used);

/*
 * Computes them for the row in the slot, which is a virtual tuple, in the current
 * memory context.  Does nothing for NULL.  Raises the errors of the expressions.
 */
extern void dbaas_generated_compute(DbaasGenerated *generated, TupleTableSlot *slot);

#endif							/* DBAAS_GENERATED_H */
