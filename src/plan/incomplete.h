/*-------------------------------------------------------------------------
 *
 * incomplete.h
 *		Which scans of a plan may be incomplete.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_INCOMPLETE_H
#define DBAAS_INCOMPLETE_H

#include "nodes/bitmapset.h"
#include "nodes/plannodes.h"

/*
 * The scans of ours that may lack rows: the statement then returns fewer rows,
 * but none that it would not return otherwise.  A set of plan_node_ids, in the
 * current memory context.  For a statement that only reads, or whose writes may
 * lack rows too.
 */
extern Bitmapset *dbaas_incomplete_allowed(const PlannedStmt *stmt);

#endif							/* DBAAS_INCOMPLETE_H */
