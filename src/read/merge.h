/*-------------------------------------------------------------------------
 *
 * merge.h
 *		Merges the rows of several chains in the order of their times.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_MERGE_H
#define DBAAS_MERGE_H

#include "read/chain.h"

typedef struct DbaasMerge DbaasMerge;

/* Makes a merge without chains, in the current memory context. */
extern DbaasMerge *dbaas_merge_begin(void);

/*
 * Adds a chain that has just begun; the merge ends it.  All chains must have the
 * same direction.  Of rows with the same time, those of the chain that was added
 * first come first.
 */
extern void dbaas_merge_add(DbaasMerge *merge, DbaasChain *chain);

/*
 * Goes to the next row, without waiting.  It is the current row of (*page)->rows until
 * the next call.  Returns NULL or an error.
 */
extern DbaasError *dbaas_merge_next(DbaasMerge *merge, DbaasReadStatus *status, DbaasPage **page);

#endif							/* DBAAS_MERGE_H */
