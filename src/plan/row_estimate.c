/*-------------------------------------------------------------------------
 *
 * row_estimate.c
 *		How many rows a scan is expected to return.
 *
 * That is the number of its targets times the rows of a target, which this session has
 * seen in earlier responses, or ANALYZE has counted.  Nothing is requested here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "plan/row_estimate.h"
#include "plan/request_count.h"

double
dbaas_row_estimate_target(const DbaasRelationInfo *info, const DbaasEndpoint *endpoint)
{
	double		rows = dbaas_request_count_seen_rows(info, endpoint);

	if (*endpoint->rows == '\0')
		return 1;
	if (rows < 0)
		rows = info->response_rows;
	return rows >= 0 ? Max(rows, 1) : Max(info->table->resource->typical_rows, 1);
}

double
dbaas_row_estimate_scan(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed,
						bool repeated, double rows)
{
	const DbaasRelationInfo *info = baserel->fdw_private;

	if (pushed->keys == NIL)
		return rows;
	return clamp_row_est(dbaas_request_count_scan(root, info, pushed, repeated).targets *
						 dbaas_row_estimate_target(info, pushed->endpoint) *
						 clauselist_selectivity(root, pushed->checked, baserel->relid,
												JOIN_INNER, NULL));
}

void
dbaas_row_estimate_set_size(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	double		targets = dbaas_request_count_scan(root, info, pushed, false).targets;

	if (baserel->tuples > 0)
		info->response_rows = baserel->tuples / Max(targets, 1);
	else
		baserel->tuples = clamp_row_est(targets *
										dbaas_row_estimate_target(info, pushed->endpoint));
	set_baserel_size_estimates(root, baserel);
}
