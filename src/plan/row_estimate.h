/*-------------------------------------------------------------------------
 *
 * row_estimate.h
 *		How many rows a scan is expected to return.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ROW_ESTIMATE_H
#define DBAAS_ROW_ESTIMATE_H

#include "plan/pushdown.h"
#include "plan/relation.h"

/*
 * Sets baserel->tuples, unless ANALYZE has, and what set_baserel_size_estimates() sets.
 * "pushed" is what a scan without the conditions of the query pushes.
 */
extern void dbaas_row_estimate_set_size(PlannerInfo *root, RelOptInfo *baserel,
										const DbaasPushed *pushed);

/*
 * The number of rows that a scan returns in a run if it pushes these conditions; if it pushes
 * no keys, that is "rows".  "repeated" says that the scan is run for each row of other
 * relations.
 */
extern double dbaas_row_estimate_scan(PlannerInfo *root, RelOptInfo *baserel,
									  const DbaasPushed *pushed, bool repeated, double rows);

/* The number of rows of one target of the endpoint, in all its pages together. */
extern double dbaas_row_estimate_target(const DbaasRelationInfo *info,
										const DbaasEndpoint *endpoint);

/*
 * The same from a cursor on.  Nothing is known of where that is; but who reads newer entries
 * follows the log, and what is new since the last time fits into a page.
 */
extern double dbaas_row_estimate_beyond_cursor(const DbaasRelationInfo *info,
											   const DbaasPushed *pushed);

#endif							/* DBAAS_ROW_ESTIMATE_H */
