/*-------------------------------------------------------------------------
 *
 * cost.c
 *		What a scan is expected to cost.
 *
 * The cost has two parts: waiting for responses, and the work on their rows.  The rules are
 * these.
 *
 * 1. Waiting is fdw_startup_cost for a round trip.  It does not depend on how long requests
 *	  took so far, so a session plans alike when it begins and later.
 *
 * 2. Nearly all waiting is startup cost.  The planner takes the path with the lower startup
 *	  cost if the total costs of two differ by less than 1 %.  Waiting is most of the cost of
 *	  both, so a nested loop over thousands of rows would win against a hash join.  As it is,
 *	  their startup costs are the same too, and what the executor does decides.
 *
 * 3. A number of services that nobody has counted is a guess, and may be far too low.  So a
 *	  scan that reads all of them costs what it would at worst.  A scan that is run for each
 *	  row of other relations costs as many requests as these have distinct values.  Where the
 *	  relations are tables of ours whose rows are a guess as well, it costs as many as they
 *	  have at worst, but never more than there are services.  The planner then compares the
 *	  worst cases, and reads all services only if no other plan needs fewer requests for sure.
 *	  Estimates of rows are not changed by this.
 *
 * What EXPLAIN shows as expected requests is the best guess, not the worst case.  Nothing is
 * requested here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/selfuncs.h"

#include "plan/cost.h"
#include "plan/request_count.h"
#include "plan/row_estimate.h"
#include "tables/options.h"

/* Part of a round trip that a request costs even if others are in flight at the same time. */
#define REQUEST_SHARE 0.2

/* The same for a run of a repeated scan, which has to wait for its outer row. */
#define REPEATED_SHARE 0.25

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
	info->request_cost = dbaas_options_number(options, "fdw_startup_cost");
	info->concurrency = Max(dbaas_options_number(options, "max_concurrency"), 1);
	info->tuple_cost = dbaas_options_number(options, "fdw_tuple_cost");
	info->async_capable = dbaas_options_boolean(options, "async_capable");
	info->response_rows = -1;
	info->analyzed_parents = -1;
	info->row_margin = 1;
	return info;
}

/*
 * The number of pages of a target.  Without a bound that ends the reading, the last page that has
 * entries is followed by an empty one, unless the read follows the log from a cursor on, or tells
 * outcomes.  With one, the last page has the first entry beyond it.
 */
static double
target_pages(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed,
			 const DbaasScanRun *run)
{
	const DbaasResource *resource = info->table->resource;
	bool		ascending = dbaas_pushdown_reads_ascending(resource, pushed);
	bool		follows = dbaas_pushdown_has(pushed->keys, resource->index.offset) ||
		dbaas_pushdown_has_outcomes(resource, pushed);
	double		pages;
	List	   *bounds = NIL;
	ListCell   *lc;

	if (resource->paging == NULL || run->one_page ||
		dbaas_pushdown_has(pushed->keys, resource->index.limit))
		return 1;
	pages = dbaas_row_estimate_target(info, pushed->endpoint) / resource->paging->max_limit;
	if (dbaas_pushdown_has(pushed->keys, resource->index.offset))
		pages = dbaas_row_estimate_beyond_cursor(info, pushed) / resource->paging->max_limit;
	foreach(lc, pushed->bounds)
	{
		const DbaasPushedKey *bound = lfirst(lc);

		if (ascending ? bound->bound < BTEqualStrategyNumber :
			bound->bound > BTEqualStrategyNumber)
			bounds = lappend(bounds, bound->condition);
	}
	if (bounds == NIL)
		return ascending && follows ? floor(pages) + 1 : ceil(pages) + 1;
	return floor(pages * clauselist_selectivity(root, bounds, info->relid, JOIN_INNER, NULL)) + 1;
}

double
dbaas_cost_requests(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed,
					const DbaasScanRun *run, double *lists)
{
	DbaasRequestCounts counts = dbaas_request_count_scan(root, info, pushed,
														 !bms_is_empty(run->outer));

	*lists = counts.lists;
	return counts.targets * target_pages(root, info, pushed, run) + counts.lists;
}

/* The time that requests of a scan that is run once take, in round trips. */
static double
round_trips(const DbaasRelationInfo *info, double requests, double pages)
{
	return Max(ceil(requests / info->concurrency), pages) + REQUEST_SHARE * requests;
}

/*
 * The same for a run of a repeated scan, all of whose runs make so many requests.  If there is
 * lookahead, the requests of several runs are in flight at once, so that each run takes a
 * fraction of a round trip; all together they take one at least.
 */
static double
repeated_round_trips(const DbaasRelationInfo *info, double requests, double runs)
{
	double		trips = requests / (dbaas_enable_lookahead ? info->concurrency : 1);

	return (Max(trips, 1) + REPEATED_SHARE * requests) / runs;
}

/* Is the relation a table of ours, as "ours" is one? */
static bool
is_ours(const RelOptInfo *rel, const RelOptInfo *ours)
{
	return rel->fdwroutine && rel->fdw_private &&
		rel->fdwroutine->GetForeignPlan == ours->fdwroutine->GetForeignPlan;
}

/*
 * The expressions over other relations that give the keys their values.  *zone says whether
 * one of them is a zone.
 */
static List *
outer_values(PlannerInfo *root, const DbaasPushed *pushed, bool *zone)
{
	List	   *values = NIL;
	ListCell   *lc;

	*zone = false;
	foreach(lc, pushed->keys)
	{
		const DbaasPushedKey *key = lfirst(lc);

		if (bms_is_empty(pull_varnos(root, (Node *) key->value)))
			continue;
		values = lappend(values, key->value);
		*zone |= key->column == DBAAS_ZONE_COLUMN;
	}
	return values;
}

/* The runs of a repeated scan. */
typedef struct Runs
{
	double		number;
	double		requesting;		/* those that make requests of their own, at
								 * worst: more, if their number is a guess */
	double		margin;			/* how many times more there may be */
} Runs;

/*
 * Estimates the runs of a repeated scan.  Those with the same values share their requests, and
 * what the lists of parents do not have is not requested.  Where nothing is known, there is one.
 */
static Runs
estimate_runs(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed,
			  Relids outer)
{
	const double zones = dbaas_request_count_zones(info);
	bool		zone;
	List	   *values = outer_values(root, pushed, &zone);
	EstimationInfo estimate = {0};
	Runs		runs = {-1, 1, 1};
	bool		with_ours = false;
	int			relid = -1;

	/* As get_loop_count() of the planner does it for index scans. */
	while ((relid = bms_next_member(outer, relid)) >= 0)
	{
		const RelOptInfo *rel = root->simple_rel_array[relid];

		if (rel == NULL || rel->rows <= 0)
			continue;
		if (runs.number < 0 || rel->rows < runs.number)
			runs.number = rel->rows;
		if (is_ours(rel, root->simple_rel_array[info->relid]))
		{
			runs.margin = Max(runs.margin, ((DbaasRelationInfo *) rel->fdw_private)->row_margin);
			with_ours = true;
		}
	}
	if (runs.number < 0 || values == NIL)
	{
		runs.number = 1;
		return runs;
	}
	runs.requesting = estimate_num_groups(root, values, runs.number, NULL, &estimate);
	if (estimate.flags & SELFLAG_USED_DEFAULT)
		runs.requesting = runs.number;
	runs.requesting *= runs.margin;
	if (with_ours || dbaas_request_count_locates(info, pushed))
		runs.requesting = Min(runs.requesting, Max(dbaas_request_count_most_parents(info), 1));

	/* A name of ours says which zone a row is in, so statistics speak of one. */
	if (zone && with_ours && info->table->resource->parent == NULL)
		runs.requesting *= zones;
	if (zone && list_length(values) == 1)
		runs.requesting = Min(runs.requesting, zones);
	return runs;
}

/* The targets of a scan without keys, at worst. */
static double
all_targets(const DbaasRelationInfo *info)
{
	const DbaasResource *resource = info->table->resource;

	if (dbaas_catalogue_reads_each(resource, info->unkeyed))
		return dbaas_request_count_most_parents(info);
	return resource->global ||resource->any_zone ? 1 : dbaas_request_count_zones(info);
}

/*
 * The work of a run of a repeated scan that goes over rows which an earlier run with the same
 * keys has kept, for those that it does not return; at worst, where their number is a guess.
 */
static Cost
kept_rows_work(const DbaasRelationInfo *info, const DbaasPushed *pushed, double targets,
			   double pages, double rows, double share)
{
	const DbaasPaging *paging = info->table->resource->paging;
	double		read = targets * dbaas_row_estimate_target(info, pushed->endpoint);

	/*
	 * The margin of a table with parents is that of their number, thus in the
	 * targets.
	 */
	if (info->table->resource->parent == NULL)
		read *= info->row_margin;
	if (paging && dbaas_pushdown_has(pushed->keys, info->table->resource->index.limit))
		return 0;
	if (paging)
		read = Min(read, targets * pages * paging->max_limit);
	return Max(read - rows, 0) * cpu_tuple_cost * Max(1 - share, 0);
}

void
dbaas_cost_scan(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed,
				const DbaasScanRun *run, double rows, DbaasScanCost *cost)
{
	bool		repeated = !bms_is_empty(run->outer);
	DbaasRequestCounts counts = dbaas_request_count_scan(root, info, pushed, repeated);
	double		pages = target_pages(root, info, pushed, run);
	Cost		work = (info->tuple_cost + cpu_tuple_cost) * rows;
	double		requests = Max(counts.most_targets * pages, 1);
	double		share;
	double		trips;
	double		first_trips;
	Runs		runs = {1, 1, 1};
	Cost		kept = 0;

	if (repeated)
	{
		/* The lists of parents are requested once for all runs. */
		runs = estimate_runs(root, info, pushed, run->outer);
		share = runs.requesting / runs.number;
		trips = repeated_round_trips(info, runs.requesting * requests, runs.number);

		/*
		 * Runs that together request as much as one scan of all are no
		 * better, however many of them there are.  Memoize may come on top,
		 * and believes to save the requests that runs share anyway.
		 */
		if (runs.requesting >= all_targets(info))
			trips = Max(trips, dbaas_catalogue_reads_each(info->table->resource, info->unkeyed) ?
						repeated_round_trips(info, info->concurrency * requests,
											 info->concurrency) :
						round_trips(info, all_targets(info), 1));
		first_trips = Min(trips, repeated_round_trips(info, 1, 1));
		if (!run->one_page)
			kept = kept_rows_work(info, pushed, counts.most_targets, pages, rows, share);
		work += kept;
	}
	else
	{
		share = counts.most_targets / Max(counts.targets, 1);
		trips = round_trips(info, Max(counts.most_targets * pages + counts.lists, 1), pages);
		first_trips = round_trips(info, Max(counts.most_targets + counts.lists, 1), 1);
	}

	/* The rows that there are at worst cost work too. */
	cost->waiting = info->request_cost * trips + work * (Max(share, 1) - 1) +
		kept * (runs.margin - 1);
	cost->total = cost->waiting + work;

	/* The first row comes once the first page of every target is there. */
	cost->startup = cost->waiting - info->request_cost * (trips - first_trips);
}
