/*-------------------------------------------------------------------------
 *
 * projection.h
 *		Moving the projection of a plan node to a node above it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PROJECTION_H
#define DBAAS_PROJECTION_H

#include "nodes/execnodes.h"

/*
 * Splits an expression, or a List of them, into the values that only the node below
 * can provide, such as its columns and aggregates, and an expression over a row of
 * these.  Adds the values to *columns, a List of TargetEntry, and returns the
 * expression, in which an OUTER_VAR stands for each.
 */
extern Node *dbaas_projection_split(Node *expr, List **columns);

/* Makes a node return these columns, and no other target list. */
extern void dbaas_projection_return_columns(PlanState *node, List *columns);

/*
 * Makes a node project the target list over the rows of its outer node, into the
 * result slot that it has.
 */
extern void dbaas_projection_init(PlanState *node, List *targetlist);

#endif							/* DBAAS_PROJECTION_H */
