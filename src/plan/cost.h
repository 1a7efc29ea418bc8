/*-------------------------------------------------------------------------
 *
 * cost.h
 *		What a scan is expected to return, and to cost.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_COST_H
#define DBAAS_COST_H

#include "nodes/pathnodes.h"

#include "plan/pushdown.h"
#include "tables/table.h"

/* GUC dbaas_fdw.enable_lookahead: whether nested loops prefetch. */
extern bool dbaas_enable_lookahead;

/* What the planner knows of a foreign table in a query: baserel->fdw_private. */
typedef struct DbaasRelationInfo
{
	Index		relid;			/* in the query's range table */
	DbaasTable *table;
	bool		async_capable;
	Bitmapset  *joined_params;	/* catalogue columns that only show what was
								 * requested, and that joins give values */

	/* cost.c's own */
	const char *server;
	double		request_cost;	/* of a round trip */
	double		tuple_cost;
	double		concurrency;	/* requests that may be in flight at once */
	double		response_rows;	/* by ANALYZE's count; -1: not analyzed */
} DbaasRelationInfo;

typedef struct DbaasScanCost
{
	Cost		startup;
	Cost		ordered_startup;	/* if rows are merged into an order */
	Cost		total;
} DbaasScanCost;

/* The info of a table, in the current memory context. */
extern DbaasRelationInfo *dbaas_cost_new_info(Oid relid, Index varno);

/*
 * Sets baserel->tuples, unless ANALYZE has, and what set_baserel_size_estimates() sets.
 * "pushed" is what a scan without the conditions of the query pushes.
 */
extern void dbaas_cost_set_size(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed);

/*
 * The number of rows that a scan returns in a run if it pushes these conditions; if it pushes
 * no keys, that is "rows".  "repeated" says, here and below, that the scan is run for each
 * row of other relations.
 */
extern double dbaas_cost_rows(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed,
							  bool repeated, double rows);

/*
 * The number of requests that such a scan makes in a run; with "one_page", if it reads only the
 * first page of each target.
 */
extern double dbaas_cost_requests(PlannerInfo *root, const DbaasRelationInfo *info,
								  const DbaasPushed *pushed, bool repeated, bool one_page);

/* The cost of such a scan that returns so many rows. */
extern void dbaas_cost_scan(PlannerInfo *root, const DbaasRelationInfo *info,
							const DbaasPushed *pushed, bool repeated, double rows,
							DbaasScanCost *cost);

#endif							/* DBAAS_COST_H */
