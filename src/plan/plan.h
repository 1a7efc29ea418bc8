/*-------------------------------------------------------------------------
 *
 * plan.h
 *		Planning a foreign scan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PLAN_H
#define DBAAS_PLAN_H

#include "foreign/fdwapi.h"
#include "nodes/pathnodes.h"

#include "tables/table.h"

/* What fdw_private of a ForeignScan holds, by index. */
typedef enum DbaasScanPrivate
{
	/* Integer: index of the endpoint in the resource's reads */
	DBAAS_SCAN_ENDPOINT,
	/* Integer List: numbers of the attributes to decode or compute */
	DBAAS_SCAN_ATTRIBUTES,
	/* Integer List: those of them that no expression of the query uses */
	DBAAS_SCAN_UNUSED_ATTRIBUTES,

	/*
	 * Integer List: the catalogue column of each key; fdw_exprs begins with
	 * their values
	 */
	DBAAS_SCAN_KEYS,
	/* Integer List of DbaasKeyForm: how the condition compares each key */
	DBAAS_SCAN_KEY_FORMS,

	/*
	 * Integer List: how each bound compares the time, as a strategy number;
	 * the bounds follow in fdw_exprs
	 */
	DBAAS_SCAN_BOUNDS,
	/* Integer: number of LIMIT expressions that follow: count, then offset */
	DBAAS_SCAN_LIMITS,
	/* Integer: a DbaasScanOrder */
	DBAAS_SCAN_ORDER,

	/*
	 * Integer: 1 if rows are to be returned in that order, merged over all
	 * targets
	 */
	DBAAS_SCAN_MERGE,
	/* Integer: 1 if the query reads the scan to its end: pages are prefetched */
	DBAAS_SCAN_READS_ALL,
	/* Integer: 1 if the statement is read to its end: no LIMIT, no cursor */
	DBAAS_SCAN_STATEMENT_READS_ALL,

	/*
	 * Integer: 1 if the scan is in a subquery that takes values from outside,
	 * and so may be run again
	 */
	DBAAS_SCAN_MAY_RESCAN,
	/* Float: number of requests that the planner expects, but for lists */
	DBAAS_SCAN_REQUESTS,
	/* Float: the same for the lists of parents */
	DBAAS_SCAN_LISTS,

	/*
	 * List of two Strings: what these two sorts of requests are, but for the
	 * values of their keys
	 */
	DBAAS_SCAN_REQUEST_NAMES,
	/* Float: the part of the total cost of a run that stands for waiting */
	DBAAS_SCAN_WAITING,
} DbaasScanPrivate;

/* The order in which the API returns the entries of pages. */
typedef enum DbaasScanOrder
{
	DBAAS_ORDER_AS_GIVEN,		/* as a key says, or else the API's default */
	DBAAS_ORDER_ASC,
	DBAAS_ORDER_DESC,
	DBAAS_ORDER_EITHER			/* of each target as its bounds suggest */
} DbaasScanOrder;

/* Is it a scan of a foreign table of this wrapper? */
extern bool dbaas_plan_is_ours(const ForeignScan *plan);

/* Is the foreign table one of this wrapper? */
extern bool dbaas_plan_is_our_table(Oid relid);

/*
 * Is it a scan of ours in a statement that, as far as the planner knows, is read to its
 * end?  Nodes above the scan may still stop reading it.
 */
extern bool dbaas_plan_statement_reads_all(const ForeignScan *plan);

/* The part of the total cost of a scan of ours that stands for waiting. */
extern Cost dbaas_plan_waiting(const ForeignScan *plan);

/* Callbacks of FdwRoutine. */
extern void dbaasGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel, Oid relid);
extern void dbaasGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid relid);
extern ForeignScan *dbaasGetForeignPlan(PlannerInfo *root, RelOptInfo *baserel, Oid relid,
										ForeignPath *best_path, List *tlist,
										List *scan_clauses, Plan *outer_plan);
extern bool dbaasIsForeignPathAsyncCapable(ForeignPath *path);

#endif							/* DBAAS_PLAN_H */
