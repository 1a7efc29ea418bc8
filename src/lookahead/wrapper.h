/*-------------------------------------------------------------------------
 *
 * wrapper.h
 *		A plan node over another one, added to a plan that has been started.
 *
 * PostgreSQL has no way to plan such a node above another one's.  So it is made
 * after the executor has made its own nodes: a CustomScanState whose outer node
 * is the one that it wraps.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_WRAPPER_H
#define DBAAS_WRAPPER_H

#include "nodes/execnodes.h"
#include "nodes/extensible.h"

/*
 * Makes a wrapper around a node, in the current memory context, which has to be
 * that of the query.  "size" is that of a struct that begins with CustomScanState;
 * the rest of it is zero.  Of the methods, BeginCustomScan is not called.  The
 * caller puts the wrapper in the place of the outer node, after
 * dbaas_wrapper_return_outer_rows() or setting up a projection.
 */
extern void *dbaas_wrapper_new(Size size, PlanState *outer, const CustomExecMethods *methods);

/*
 * The wrapper returns the rows of the outer node as they are.  Returns a slot that
 * fits these rows.
 */
extern TupleTableSlot *dbaas_wrapper_return_outer_rows(CustomScanState *wrapper);

/* The node that a wrapper wraps; NULL if the node is no wrapper. */
extern PlanState *dbaas_wrapper_outer(PlanState *node);

#endif							/* DBAAS_WRAPPER_H */
