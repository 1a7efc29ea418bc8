/*-------------------------------------------------------------------------
 *
 * expected.c
 *		How many requests the scans of a statement are expected to send.
 *
 * Scans share the requests whose path and values are the same, see src/read/share.h, and the
 * lists of parents.  The planner makes each scan by itself, so this looks for what is the
 * same in the finished plan.  Expressions are compared as they are: scans with other
 * expressions of the same value are counted both.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "plan/children.h"
#include "plan/expected.h"
#include "plan/plan.h"
#include "tables/catalogue.h"

/* Requests that a scan makes. */
typedef struct Requests
{
	Oid			serverid;
	const char *what;			/* method, path and names of the keys */
	List	   *values;			/* of the keys */
	double		number;
} Requests;

typedef struct Walk
{
	List	   *scans;			/* of ForeignScan *: ours */
	List	   *made;			/* of Requests *: what the scans so far
								 * request */
} Walk;

static void
collect_scans(Plan *plan, void *arg)
{
	Walk	   *walk = arg;

	if (IsA(plan, ForeignScan) && dbaas_plan_is_ours((ForeignScan *) plan))
		walk->scans = lappend(walk->scans, plan);
	dbaas_children_visit(plan, collect_scans, arg);
}

/*
 * The requests among these that none of the scans so far makes, as a number.  A scan that
 * gives no values makes all requests of its path.
 */
static double
count_new(Walk *walk, const Requests *requests)
{
	double		number = requests->number;
	ListCell   *lc;

	foreach(lc, walk->made)
	{
		const Requests *made = lfirst(lc);

		if (made->serverid != requests->serverid || strcmp(made->what, requests->what) != 0)
			continue;
		if (made->values == NIL || equal(made->values, requests->values))
			return 0;
		if (requests->values == NIL)
			number -= made->number;
	}
	return Max(number, 0);
}

/* Adds one sort of requests of a scan, and returns how many of them are new. */
static double
count_requests(Walk *walk, const ForeignScan *scan, const char *what, List *values, double number)
{
	Requests   *requests = palloc(sizeof(Requests));

	requests->serverid = scan->fs_server;
	requests->what = what;
	requests->values = values;
	requests->number = number;
	requests->number = count_new(walk, requests);
	walk->made = lappend(walk->made, requests);
	return requests->number;
}

/* The values of the keys that name zones. */
static List *
zone_values(const ForeignScan *scan)
{
	List	   *columns = list_nth(scan->fdw_private, DBAAS_SCAN_KEYS);
	List	   *values = NIL;

	for (int i = 0; i < list_length(columns); i++)
	{
		if (list_nth_int(columns, i) == DBAAS_ZONE_COLUMN)
			values = lappend(values, list_nth(scan->fdw_exprs, i));
	}
	return values;
}

static double
count_scan(Walk *walk, const ForeignScan *scan)
{
	List	   *names = list_nth(scan->fdw_private, DBAAS_SCAN_REQUEST_NAMES);
	double		lists = floatVal(list_nth(scan->fdw_private, DBAAS_SCAN_LISTS));
	double		number = count_requests(walk, scan, strVal(linitial(names)), scan->fdw_exprs,
										floatVal(list_nth(scan->fdw_private,
														  DBAAS_SCAN_REQUESTS)));

	if (lists > 0)
		number += count_requests(walk, scan, strVal(lsecond(names)), zone_values(scan), lists);
	return number;
}

double
dbaas_expected_requests(EState *estate, const ForeignScan *plan)
{
	const PlannedStmt *stmt = estate->es_plannedstmt;
	Walk		walk = {0};
	ListCell   *lc;

	collect_scans(stmt->planTree, &walk);
	foreach(lc, stmt->subplans)
	{
		if (lfirst(lc))
			collect_scans(lfirst(lc), &walk);
	}
	foreach(lc, walk.scans)
	{
		const ForeignScan *scan = lfirst(lc);
		double		number = count_scan(&walk, scan);

		if (scan->scan.plan.plan_node_id == plan->scan.plan.plan_node_id)
			return number;
	}
	return 0;
}
