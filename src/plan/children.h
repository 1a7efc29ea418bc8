/*-------------------------------------------------------------------------
 *
 * children.h
 *		The plan nodes below a plan node.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CHILDREN_H
#define DBAAS_CHILDREN_H

#include "nodes/plannodes.h"

/* Does something with a child; arg is what was given to dbaas_children_visit(). */
typedef void (*DbaasVisitChild) (Plan *child, void *arg);

/*
 * Calls the function for each node that may have scans of ours in or below it, from the outer
 * side to the inner one.  Subplans of expressions and InitPlans are no children.
 */
extern void dbaas_children_visit(Plan *plan, DbaasVisitChild visit, void *arg);

#endif							/* DBAAS_CHILDREN_H */
