/*-------------------------------------------------------------------------
 *
 * inner_scans.h
 *		The scans that are run again for each row of another plan node.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_INNER_SCANS_H
#define DBAAS_INNER_SCANS_H

#include "nodes/execnodes.h"

typedef struct DbaasInnerScans
{
	List	   *scans;			/* of ForeignScanState *: scans of ours whose
								 * keys depend on the row */
	List	   *row_params;		/* of NestLoopParam: parameters that the row
								 * sets */
	List	   *other_params;	/* paramids: other parameters that the keys
								 * need, which are the same for all rows */
	bool		may_fail;		/* evaluating the keys might fail */
} DbaasInnerScans;

/* Fills in *inner for the scans on the inner side of a nested loop. */
extern void dbaas_inner_scans_of_loop(NestLoopState *join, DbaasInnerScans *inner);

/* Fills in *inner for the scans in subqueries of a node's target list. */
extern void dbaas_inner_scans_of_targetlist(PlanState *node, DbaasInnerScans *inner);

/*
 * Fills in *inner for the scans in subqueries of an Agg's aggregates that are run for each
 * row of its outer node.
 */
extern void dbaas_inner_scans_of_aggregates(AggState *node, DbaasInnerScans *inner);

/* The paramids of the executor's parameters in an expression: an integer List. */
extern List *dbaas_inner_scans_params(Node *expr);

#endif							/* DBAAS_INNER_SCANS_H */
