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
	double		most_targets;	/* at worst: more than targets where the
								 * number of parents is a guess */
	double		lists;			/* of parents; a repeated scan requests them
								 * once, for all its runs */
} DbaasRequestCounts;

/*
 * How many times more services there may be than is expected, as long as nobody has
 * counted them.
 */
#define DBAAS_GUESS_MARGIN 50

/* Rows of an endpoint's responses, as this session has seen them; or -1. */
extern double dbaas_request_count_seen_rows(const DbaasRelationInfo *info,
											const DbaasEndpoint *endpoint);

/* The number of zones of the table's server. */
extern double dbaas_request_count_zones(const DbaasRelationInfo *info);

/* The number of the table's parents in a zone; 0 if that would be a guess. */
extern double dbaas_request_count_parents(const DbaasRelationInfo *info);

/* The number of values that a key is compared with. */
extern double dbaas_request_count_values(PlannerInfo *root, const DbaasPushedKey *key);

/*
 * What a run of a scan that pushes these conditions requests.  "repeated" says that the scan
 * is run for each row of other relations.
 */
extern DbaasRequestCounts dbaas_request_count_scan(PlannerInfo *root, const DbaasRelationInfo *info,
												   const DbaasPushed *pushed, bool repeated);

/* Does a scan look the values of its keys up in lists of parents, and request what is there? */
extern bool dbaas_request_count_locates(const DbaasRelationInfo *info, const DbaasPushed *pushed);

/*
 * The number of the table's parents in all zones together, at most; infinite if there is no
 * such number.
 */
extern double dbaas_request_count_most_parents(const DbaasRelationInfo *info);

/*
 * How many times more rows the table may have than a scan without conditions is expected to
 * return.  "analyzed" says that ANALYZE has counted them.
 */
extern double dbaas_request_count_row_margin(PlannerInfo *root, const DbaasRelationInfo *info,
											 const DbaasPushed *pushed, bool analyzed);

#endif							/* DBAAS_REQUEST_COUNT_H */
