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
 * The scans of ours that may lack rows: then the statement may return fewer rows, but no
 * row that it would not return otherwise.  A set of plan_node_ids, in the current memory
 * context.  The statement must not write, except for writes that may lack rows as well.
 */
extern Bitmapset *dbaas_incomplete_allowed(const PlannedStmt *stmt);

#endif							/* DBAAS_INCOMPLETE_H */
