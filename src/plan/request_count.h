/*-------------------------------------------------------------------------
 *
 * request_count.h
 *		How many targets and lists a scan is expected to request.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_REQUEST_COUNT_H
#define DBAAS_REQUEST_COUNT_H

#include "plan/pushdown.h"
#include "plan/relation.h"

/* What a scan requests. */
typedef struct DbaasRequestCounts
{
	double		targets;
	double		lists;			/* of parents; a repeated scan requests them
								 * once, for all its runs */
} DbaasRequestCounts;

/* Rows of an endpoint's responses, as this session has seen them; or -1. */
extern double dbaas_request_count_seen_rows(const DbaasRelationInfo *info,
											const DbaasEndpoint *endpoint);

/*
 * What a run of a scan that pushes these conditions requests.  "repeated" says that the scan
 * is run for each row of other relations.
 */
extern DbaasRequestCounts dbaas_request_count_scan(PlannerInfo *root, const DbaasRelationInfo *info,
												   const DbaasPushed *pushed, bool repeated);

#endif							/* DBAAS_REQUEST_COUNT_H */
