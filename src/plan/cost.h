/*-------------------------------------------------------------------------
 *
 * cost.h
 *		What a scan is expected to cost.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_COST_H
#define DBAAS_COST_H

#include "nodes/pathnodes.h"

#include "plan/pushdown.h"
#include "plan/relation.h"

/* GUC dbaas_fdw.enable_lookahead: whether nested loops prefetch. */
extern bool dbaas_enable_lookahead;

typedef struct DbaasScanCost
{
	Cost		startup;
	Cost		ordered_startup;	/* if rows are merged into an order */
	Cost		total;
} DbaasScanCost;

/* The info of a table, in the current memory context. */
extern DbaasRelationInfo *dbaas_cost_new_info(Oid relid, Index varno);

/*
 * The number of requests that a scan which pushes these conditions makes in a run; with
 * "one_page", if it reads only the first page of each target.  "repeated" says, here and
 * below, that the scan is run for each row of other relations.
 */
extern double dbaas_cost_requests(PlannerInfo *root, const DbaasRelationInfo *info,
								  const DbaasPushed *pushed, bool repeated, bool one_page);

/* The cost of such a scan that returns so many rows. */
extern void dbaas_cost_scan(PlannerInfo *root, const DbaasRelationInfo *info,
							const DbaasPushed *pushed, bool repeated, double rows,
							DbaasScanCost *cost);

#endif							/* DBAAS_COST_H */
