/*-------------------------------------------------------------------------
 *
 * lookahead.h
 *		A plan node that takes rows ahead, and asks for what they will need.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_LOOKAHEAD_H
#define DBAAS_LOOKAHEAD_H

#include "nodes/execnodes.h"

/* What is asked for ahead of each row. */
typedef struct DbaasWanted
{
	List	   *scans;			/* of ForeignScanState: scans of ours, run for each row */
	List	   *row_params;		/* of NestLoopParam: what they take from the row */
	List	   *other_params;	/* ids of the parameters that they need beside */
	bool		at_once;		/* every row is certain to come to its turn, and
								 * no key can fail */
	LimitState *limit;			/* what takes the rows, or NULL */
} DbaasWanted;

/*
 * A node over one that was started: it hands its rows on as they are.  Whoever
 * has the outer node now has to have this one in its place.
 */
extern PlanState *dbaas_lookahead_over(PlanState *outer, const DbaasWanted *wanted);

/*
 * The same over a node that projects, from which it takes the projection: the
 * outer node gives the columns that its target list is made of, and this one
 * the list itself.  row_params stand for columns as the list does.
 */
extern PlanState *dbaas_lookahead_project(PlanState *outer, const DbaasWanted *wanted);

/*
 * Would WHERE CURRENT OF a cursor no longer find its row below such a node?  It
 * can show the position of one scan, so not where rows of several tables pass.
 */
extern bool dbaas_lookahead_hides(PlanState *outer);

/* The node that it is over; NULL when the node is none of these. */
extern PlanState *dbaas_lookahead_outer(PlanState *node);

#endif							/* DBAAS_LOOKAHEAD_H */
