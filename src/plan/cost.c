/*-------------------------------------------------------------------------
 *
 * cost.c
 *		What a scan is expected to cost.
 *
 * The cost is that of waiting for responses.  It is estimated from what this
 * session has seen of the server's latency, and from the requests and rows that are
 * expected.  Nothing is requested here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "foreign/foreign.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "api/stats.h"
#include "plan/cost.h"
#include "plan/request_count.h"
#include "plan/row_estimate.h"
#include "tables/options.h"

/*
 * Part of a round trip that a request costs even if others are in flight at the same time.
 */
#define REQUEST_SHARE 0.2

bool		dbaas_enable_lookahead = true;

DbaasRelationInfo *
dbaas_cost_new_info(Oid relid, Index varno)
{
	DbaasRelationInfo *info = palloc0(sizeof(DbaasRelationInfo));
	List	   *options;

	info->relid = varno;
	info->table = dbaas_table_get(relid);
	info->server = GetForeignServer(info->table->serverid)->servername;
	options = info->table->options;
	info->request_cost = dbaas_options_number(options, "fdw_startup_cost") *
		Max(dbaas_stats_get_server(info->server)->latency / DBAAS_TYPICAL_LATENCY, 0.01);
	info->concurrency = Max(dbaas_options_number(options, "max_concurrency"), 1);
	info->tuple_cost = dbaas_options_number(options, "fdw_tuple_cost");
	info->async_capable = dbaas_options_boolean(options, "async_capable");
	info->response_rows = -1;
	return info;
}

/*
 * The number of pages of a target.  Without a lower bound, the last page that has entries is
 * followed by an empty one.  With one, the last page has the newest entry before it.
 */
static double
target_pages(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed)
{
	const DbaasResource *resource = info->table->resource;
	double		pages;
	List	   *bounds = NIL;
	ListCell   *lc;

	if (resource->paging == NULL ||
		dbaas_pushdown_has(pushed->keys, resource->index.limit))
		return 1;
	pages = dbaas_row_estimate_target(info, pushed->endpoint) / resource->paging->max_limit;
	foreach(lc, pushed->bounds)
	{
		const DbaasPushedKey *bound = lfirst(lc);

		if (bound->bound > BTEqualStrategyNumber)
			bounds = lappend(bounds, bound->condition);
	}
	if (bounds == NIL)
		return ceil(pages) + 1;
	return floor(pages * clauselist_selectivity(root, bounds, info->relid, JOIN_INNER, NULL)) + 1;
}

double
dbaas_cost_requests(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed,
					bool repeated, bool one_page)
{
	DbaasRequestCounts counts = dbaas_request_count_scan(root, info, pushed, repeated);

	return counts.targets * (one_page ? 1 : target_pages(root, info, pushed)) + counts.lists;
}

/*
 * The time that requests take, in round trips.  A repeated scan has the requests of
 * several runs in flight at once, if there is lookahead, so that each run takes a
 * fraction of a round trip.
 */
static double
round_trips(const DbaasRelationInfo *info, double requests, double pages, bool repeated)
{
	double		trips;

	if (repeated)
		trips = requests / (dbaas_enable_lookahead ? info->concurrency : 1);
	else
		trips = Max(ceil(requests / info->concurrency), pages);
	return trips + REQUEST_SHARE * requests;
}

void
dbaas_cost_scan(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed,
				bool repeated, double rows, DbaasScanCost *cost)
{
	DbaasRequestCounts counts = dbaas_request_count_scan(root, info, pushed, repeated);
	double		pages = target_pages(root, info, pushed);
	double		requests = counts.targets * pages + counts.lists;

	cost->startup = info->request_cost * round_trips(info, 1, 1, repeated);
	cost->total = info->request_cost * round_trips(info, Max(requests, 1), pages, repeated) +
		(info->tuple_cost + cpu_tuple_cost) * rows;

	/* The first row comes once the first page of every target is there. */
	cost->ordered_startup = cost->startup +
		info->request_cost * Max(round_trips(info, counts.targets, 1, repeated) - 1, 0) / 2;
}
