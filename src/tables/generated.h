/*-------------------------------------------------------------------------
 *
 * generated.h
 *		Stored generated columns, which are computed when a row is read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_GENERATED_H
#define DBAAS_GENERATED_H

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "utils/relcache.h"

/* The computation of a table's stored generated columns, or of some. */
typedef struct DbaasGenerated DbaasGenerated;

/*
 * Adds the attributes to "used" (numbers from 1) that those among them which are
 * generated are computed of; may change the set in place.
 */
extern Bitmapset *dbaas_generated_inputs(Relation relation, Bitmapset *used);

/* The attribute numbers, from 1, of all of them; palloc'd. */
extern Bitmapset *dbaas_generated_all(Relation relation);

/*
 * Prepares to compute those of "used", or all when that is NULL; in the current
 * memory context.  NULL when there are none.
 */
extern DbaasGenerated *dbaas_generated_new(Relation relation, const Bitmapset *used);

/*
 * Computes them for the row in the slot, which is a virtual tuple, in the current
 * memory context.  NULL computes nothing.  Raises what the expressions raise.
 */
extern void dbaas_generated_compute(DbaasGenerated *generated, TupleTableSlot *slot);

#endif							/* DBAAS_GENERATED_H */
