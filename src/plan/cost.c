/*-------------------------------------------------------------------------
 *
 * cost.c
 *		What a scan is expected to return, and to cost.
 *
 * The cost is that of waiting for responses.  It is estimated from what this
 * session has seen of the server: its zones, its latency, and the rows of earlier
 * responses.  Nothing is requested here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "foreign/foreign.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/selfuncs.h"

#include "api/stats.h"
#include "base/compat.h"
#include "plan/cost.h"
#include "tables/options.h"

/* Zones of a server, as long as its list has not been read. */
#define TYPICAL_ZONES 3

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

/* Rows of an endpoint's responses, as this session has seen them; or -1. */
static double
seen_rows(const DbaasRelationInfo *info, const DbaasEndpoint *endpoint)
{
	return dbaas_stats_rows(info->server, psprintf("%s %s", endpoint->method, endpoint->path));
}

/* Rows for one target, in all its pages together. */
static double
target_rows(const DbaasRelationInfo *info, const DbaasEndpoint *endpoint)
{
	double		rows = seen_rows(info, endpoint);

	if (*endpoint->rows == '\0')
		return 1;
	if (rows < 0)
		rows = info->response_rows;
	return rows >= 0 ? Max(rows, 1) : Max(info->table->resource->typical_rows, 1);
}

/* The number of parents in a zone. */
static double
zone_parents(const DbaasRelationInfo *info, const DbaasParent *parent)
{
	double		rows = seen_rows(info, parent->read);

	return rows >= 0 ? rows : parent->list->typical_rows;
}

/*
 * The number of pages of a target.  Without a bound, the last page that has entries is followed
 * by an empty one.  With a bound, the last page has the newest entry before it.
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
	pages = target_rows(info, pushed->endpoint) / resource->paging->max_limit;
	if (pushed->bounds == NIL)
		return ceil(pages) + 1;
	foreach(lc, pushed->bounds)
		bounds = lappend(bounds, ((DbaasPushedKey *) lfirst(lc))->condition);
	return floor(pages * clauselist_selectivity(root, bounds, info->relid, JOIN_INNER, NULL)) + 1;
}

/* What a scan requests. */
typedef struct RequestCounts
{
	double		targets;
	double		lists;			/* of parents; a repeated scan requests them
								 * once, for all its runs */
} RequestCounts;

static RequestCounts
count_requests(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed,
			   bool repeated)
{
	RequestCounts counts;
	const DbaasResource *resource = info->table->resource;
	const DbaasParent *parent = resource->parent;
	bool		locates = parent && parent->locates;
	bool		fans_out = parent && dbaas_pushdown_fans_out(pushed);
	bool		names_parents = locates &&
		dbaas_pushdown_has(pushed->keys, resource->index.parent_keys[0]);
	int			known_zones = dbaas_stats_get_server(info->server)->zones;
	double		zones = known_zones > 0 ? known_zones : TYPICAL_ZONES;
	double		values = 1;
	double		excluded = 0;
	ListCell   *lc;

	if (resource->global ||resource->any_zone)
		zones = 1;
	foreach(lc, pushed->keys)
	{
		DbaasPushedKey *key = lfirst(lc);
		double		n = dbaas_pushdown_is_array(key->form) ?
			dbaas_estimate_array_length(root, (Node *) key->value) : 1;

		if (dbaas_pushdown_is_negated(key->form))
			excluded += n;
		else if (key->column == DBAAS_ZONE_COLUMN)
			zones = Min(zones, n);
		else
			values *= n;
	}
	zones = Max(zones - excluded, Min(zones, 1));
	counts.lists = fans_out || (locates && zones > 1 && !repeated) ? zones : 0;
	if (fans_out && !names_parents)
		counts.targets = zones * zone_parents(info, parent) * values;
	else
		counts.targets = locates ? values : zones * values;
	return counts;
}

double
dbaas_cost_requests(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed,
					bool repeated, bool one_page)
{
	RequestCounts counts = count_requests(root, info, pushed, repeated);

	return counts.targets * (one_page ? 1 : target_pages(root, info, pushed)) + counts.lists;
}

double
dbaas_cost_rows(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed, bool repeated,
				double rows)
{
	const DbaasRelationInfo *info = baserel->fdw_private;

	if (pushed->keys == NIL)
		return rows;
	return clamp_row_est(count_requests(root, info, pushed, repeated).targets *
						 target_rows(info, pushed->endpoint) *
						 clauselist_selectivity(root, pushed->checked, baserel->relid,
												JOIN_INNER, NULL));
}

void
dbaas_cost_set_size(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	double		targets = count_requests(root, info, pushed, false).targets;

	if (baserel->tuples > 0)
		info->response_rows = baserel->tuples / Max(targets, 1);
	else
		baserel->tuples = clamp_row_est(targets * target_rows(info, pushed->endpoint));
	set_baserel_size_estimates(root, baserel);
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
	RequestCounts counts = count_requests(root, info, pushed, repeated);
	double		pages = target_pages(root, info, pushed);
	double		requests = counts.targets * pages + counts.lists;

	cost->startup = info->request_cost * round_trips(info, 1, 1, repeated);
	cost->total = info->request_cost * round_trips(info, Max(requests, 1), pages, repeated) +
		(info->tuple_cost + cpu_tuple_cost) * rows;

	/* The first row comes once the first page of every target is there. */
	cost->ordered_startup = cost->startup +
		info->request_cost * Max(round_trips(info, counts.targets, 1, repeated) - 1, 0) / 2;
}
