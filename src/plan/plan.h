/*-------------------------------------------------------------------------
 *
 * plan.h
 *		From a query's conditions to a plan: which keys go to the API.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PLAN_H
#define DBAAS_PLAN_H

#include "foreign/fdwapi.h"
#include "nodes/pathnodes.h"

#include "tables/table.h"

/*
 * What fdw_private of a ForeignScan holds, by index.
 */
typedef enum DbaasScanPrivate
{
	/* Integer: index of the endpoint in the resource's reads */
	DBAAS_SCAN_ENDPOINT,
	/* List of attribute numbers to decode or compute, from 1 */
	DBAAS_SCAN_ATTRIBUTES,
	/* List of those of them that no expression of the query uses */
	DBAAS_SCAN_CARRIED,
	/* List of catalogue columns: that of each key in fdw_exprs */
	DBAAS_SCAN_KEYS,
	/* List of DbaasKeyForm: how the condition compares that key */
	DBAAS_SCAN_KEY_FORMS,
	/* Integer: how many expressions behind those are lower bounds on time */
	DBAAS_SCAN_BOUNDS,
	/* Integer: how many behind those are the LIMIT (count, then offset) */
	DBAAS_SCAN_LIMITS,
	/* Integer: a DbaasScanOrder */
	DBAAS_SCAN_ORDER,
	/* Integer: 1 when rows come in that order, so that none need be sorted */
	DBAAS_SCAN_MERGE,
	/* Integer: 1 when it pays to ask ahead of need */
	DBAAS_SCAN_EAGER,
	/* Integer: 1 when the statement is one that is read to its end */
	DBAAS_SCAN_TO_THE_END,
	/* Integer: 1 when the scan may well be run again */
	DBAAS_SCAN_KEEPS,
	/* Float: requests that the planner expects */
	DBAAS_SCAN_REQUESTS,
} DbaasScanPrivate;

/* Direction in which pages are read. */
typedef enum DbaasScanOrder
{
	DBAAS_ORDER_AS_GIVEN,		/* as the keys say */
	DBAAS_ORDER_ASC,
	DBAAS_ORDER_DESC
} DbaasScanOrder;

/* Is it a scan by this wrapper? */
extern bool dbaas_plan_is_ours(const ForeignScan *plan);

/* Is it a foreign table of this wrapper? */
extern bool dbaas_plan_is_table(Oid relid);

/*
 * Is that a scan of ours, in a statement that is read to its end, as far as the
 * planner knows?  What the plan itself does not read is another matter.
 */
extern bool dbaas_plan_to_the_end(const ForeignScan *plan);

/* Callbacks of FdwRoutine. */
extern void dbaasGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel, Oid relid);
extern void dbaasGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid relid);
extern ForeignScan *dbaasGetForeignPlan(PlannerInfo *root, RelOptInfo *baserel, Oid relid,
										ForeignPath *best_path, List *tlist,
										List *scan_clauses, Plan *outer_plan);
extern bool dbaasIsForeignPathAsyncCapable(ForeignPath *path);

#endif							/* DBAAS_PLAN_H */
