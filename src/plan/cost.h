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

/*
 * GUC dbaas_fdw.enable_lookahead: whether requests are made for rows to come, which a
 * nested loop then costs less for, and by several scans together.
 */
extern bool dbaas_enable_lookahead;

typedef struct DbaasScanCost
{
	Cost		startup;
	Cost		total;
	Cost		waiting;		/* the part of it that stands for requests,
								 * not for work of this backend */
} DbaasScanCost;

/* How a scan is run. */
typedef struct DbaasScanRun
{
	Relids		outer;			/* once for each row of these relations; or
								 * once, if that is empty */
	bool		one_page;		/* reads only the first page of each target */
} DbaasScanRun;

/* The info of a table, in the current memory context. */
extern DbaasRelationInfo *dbaas_cost_new_info(Oid relid, Index varno);

/*
 * The number of requests that a scan which pushes these conditions is expected to make in a
 * run.  *lists is how many of them are for lists of parents.
 */
extern double dbaas_cost_requests(PlannerInfo *root, const DbaasRelationInfo *info,
								  const DbaasPushed *pushed, const DbaasScanRun *run,
								  double *lists);

/* The cost of a run of such a scan that returns so many rows. */
extern void dbaas_cost_scan(PlannerInfo *root, const DbaasRelationInfo *info,
							const DbaasPushed *pushed, const DbaasScanRun *run, double rows,
							DbaasScanCost *cost);

#endif							/* DBAAS_COST_H */
