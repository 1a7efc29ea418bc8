/*-------------------------------------------------------------------------
 *
 * lookahead_node.h
 *		The lookahead node: it reads rows ahead, and prefetches for them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_LOOKAHEAD_NODE_H
#define DBAAS_LOOKAHEAD_NODE_H

#include "nodes/execnodes.h"

#include "lookahead/inner_scans.h"

/* What a lookahead node prefetches, and when. */
typedef struct DbaasLookaheadSpec
{
	DbaasInnerScans inner;		/* scans that are run for each row */
	bool		at_once;		/* every row will be used, and no key
								 * expression can fail: prefetch from the
								 * first row on */
	LimitState *limit;			/* takes the node's rows; or NULL */
} DbaasLookaheadSpec;

/*
 * A lookahead node over a node that has been started; it returns the same rows.
 * The caller puts it in the outer node's place.
 */
extern PlanState *dbaas_lookahead_node_new(PlanState *outer, const DbaasLookaheadSpec *spec);

/*
 * The same over a node that projects.  Moves the projection to the lookahead node, which
 * evaluates the target list; the outer node returns the columns that this needs.  The Vars
 * of spec->inner.row_params are those of the target list, and are moved as well.
 */
extern PlanState *dbaas_lookahead_node_new_projecting(PlanState *outer,
													  const DbaasLookaheadSpec *spec);

#endif							/* DBAAS_LOOKAHEAD_NODE_H */
