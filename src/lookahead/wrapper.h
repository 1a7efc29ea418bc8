/*-------------------------------------------------------------------------
 *
 * wrapper.h
 *		A plan node over another one, added to a plan that has been started.
 *
 * PostgreSQL lets an extension plan scans and joins, but not a node above any other node.
 * So this node is made after the executor has made its own: a CustomScanState whose outer
 * node is the one that it wraps.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_WRAPPER_H
#define DBAAS_WRAPPER_H

#include "nodes/execnodes.h"
#include "nodes/extensible.h"

/*
 * Makes a wrapper around a node, in the current memory context, which has to be
 * that of the query.  "size" is that of a struct that begins with CustomScanState; its
 * other members become zero.  The method BeginCustomScan is not called.  The caller then
 * calls dbaas_wrapper_return_outer_rows() or sets up a projection, and puts the wrapper in
 * the place of the outer node.
 */
extern void *dbaas_wrapper_new(Size size, PlanState *outer, const CustomExecMethods *methods);

/*
 * Makes the wrapper return the rows of the outer node as they are.  Returns a slot of their
 * kind.
 */
extern TupleTableSlot *dbaas_wrapper_return_outer_rows(CustomScanState *wrapper);

/* The node that a wrapper wraps; NULL if the node is not a wrapper. */
extern PlanState *dbaas_wrapper_outer(PlanState *node);

#endif							/* DBAAS_WRAPPER_H */
