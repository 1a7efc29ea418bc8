/*-------------------------------------------------------------------------
 *
 * explain.c
 *		What EXPLAIN says of a foreign scan.
 *
 * Shows what plan.h has in fdw_private, and after a run what the scan counted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "utils/builtins.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "plan/expected.h"
#include "plan/plan.h"
#include "plan/pushdown.h"
#include "plan/skip_zones.h"
#include "read/skip.h"
#include "scan/explain.h"
#include "scan/scan.h"
#include "tables/options.h"

/* An element of the plan's fdw_private. */
static Node *
plan_private(const ForeignScanState *node, DbaasScanPrivate which)
{
	return list_nth(((ForeignScan *) node->ss.ps.plan)->fdw_private, which);
}

static const DbaasResource *
scan_resource(const ForeignScanState *node)
{
	return dbaas_scan_table(node)->resource;
}

static const DbaasEndpoint *
scan_endpoint(const ForeignScanState *node)
{
	return &scan_resource(node)->reads[intVal(plan_private(node, DBAAS_SCAN_ENDPOINT))];
}

/*
 * An expression of fdw_exprs, as SQL.  Deparsing a parameter needs the nodes above the scan,
 * which only EXPLAIN knows.  It has just shown the scan's filter, so its deparse context is
 * set up for the scan.  If there is no filter, the only expressions are those of a LIMIT,
 * whose InitPlans belong to the top node of the statement.
 */
static char *
expr_text(ForeignScanState *node, ExplainState *es, int index)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *context = es->deparse_cxt;

	if (plan->scan.plan.qual == NIL)
		context = set_deparse_context_plan(context, (Plan *) plan,
										   list_make1(es->pstmt->planTree));
	return deparse_expression(list_nth(plan->fdw_exprs, index), context,
							  list_length(es->rtable) > 1, false);
}

/* Shows the keys that are pushed.  Zones are a property of their own. */
static void
explain_keys(ForeignScanState *node, ExplainState *es)
{
	const DbaasResource *resource = scan_resource(node);
	List	   *columns = (List *) plan_private(node, DBAAS_SCAN_KEYS);
	List	   *forms = (List *) plan_private(node, DBAAS_SCAN_KEY_FORMS);
	List	   *keys = NIL;
	List	   *zones = NIL;
	List	   *not_zones = NIL;

	for (int i = 0; i < list_length(columns); i++)
	{
		int			column = list_nth_int(columns, i);
		DbaasKeyForm form = list_nth_int(forms, i);
		bool		is_array = dbaas_pushdown_is_array(form);
		char	   *value;

		if (column == resource->index.with_outcome)
			continue;
		value = expr_text(node, es, i);
		if (dbaas_pushdown_is_negated(form))
			not_zones = lappend(not_zones, psprintf(is_array ? "not ANY (%s)" : "not %s", value));
		else if (column == DBAAS_ZONE_COLUMN)
			zones = lappend(zones, psprintf(is_array ? "ANY (%s)" : "%s", value));
		else
			keys = lappend(keys, psprintf(is_array ? "%s = ANY (%s)" : "%s = %s",
										  resource->columns[column].name, value));
	}
	if (keys)
		ExplainPropertyList("Keys", keys, es);
	if (resource->any_zone)
		ExplainPropertyText("Scope", "organisation", es);
	if (not_zones)
		zones = list_concat(zones ? zones : list_make1(resource->any_zone ? "any one" : "all"),
							not_zones);
	if (zones)
		ExplainPropertyList("Zones", zones, es);
	else if (resource->any_zone)
		ExplainPropertyText("Zones", "any one", es);
	else if (!resource->global)
		ExplainPropertyText("Zones", "all", es);
}

/* Shows the list of parents that is read if the keys do not give all of the path. */
static void
explain_parent(ForeignScanState *node, ExplainState *es)
{
	const DbaasResource *resource = scan_resource(node);
	const DbaasParent *parent = resource->parent;

	for (int i = 0; parent && i < parent->nkeys; i++)
	{
		int			column = resource->index.parent_keys[i];

		if (dbaas_path_has(&scan_endpoint(node)->parsed, column) &&
			!list_member_int((List *) plan_private(node, DBAAS_SCAN_KEYS), column))
		{
			ExplainPropertyText("For Each Of", psprintf("%s %s", parent->read->method,
														parent->read->path), es);
			return;
		}
	}
}

/*
 * The order of the scan's requests.  DBAAS_ORDER_EITHER: it depends on values that are not
 * known yet.
 */
static DbaasScanOrder
request_order(const ForeignScanState *node)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *columns = (List *) plan_private(node, DBAAS_SCAN_KEYS);
	List	   *forms = (List *) plan_private(node, DBAAS_SCAN_KEY_FORMS);
	DbaasScanOrder order = intVal(plan_private(node, DBAAS_SCAN_ORDER));

	if (order != DBAAS_ORDER_AS_GIVEN)
		return order;
	for (int i = 0; i < list_length(columns); i++)
	{
		const Const *value = list_nth(plan->fdw_exprs, i);

		if (list_nth_int(columns, i) != scan_resource(node)->index.order)
			continue;
		if (list_nth_int(forms, i) != DBAAS_KEY_IS || !IsA(value, Const) ||
			value->constisnull || value->consttype != TEXTOID)
			return DBAAS_ORDER_EITHER;
		return strcmp(TextDatumGetCString(value->constvalue), "desc") == 0 ? DBAAS_ORDER_DESC :
			DBAAS_ORDER_ASC;
	}
	return DBAAS_ORDER_DESC;
}

/*
 * Shows where the scan stops: at a lower bound where the newest entries come first, at an upper
 * one where the oldest do.  nkeys expressions precede those of the bounds.
 */
static void
explain_bounds(ForeignScanState *node, ExplainState *es, const char *time_name, int nkeys)
{
	List	   *bounds = (List *) plan_private(node, DBAAS_SCAN_BOUNDS);
	DbaasScanOrder order = request_order(node);
	List	   *stops = NIL;

	for (int i = 0; i < list_length(bounds); i++)
	{
		StrategyNumber bound = list_nth_int(bounds, i);
		char	   *value = expr_text(node, es, nkeys + i);

		if (dbaas_pushdown_is_lower(bound) && order != DBAAS_ORDER_ASC)
			stops = lappend(stops, psprintf("%s < %s", time_name, value));
		if (dbaas_pushdown_is_upper(bound) && order != DBAAS_ORDER_DESC)
			stops = lappend(stops, psprintf("%s > %s", time_name, value));
	}
	if (stops)
		ExplainPropertyList("Stop At", stops, es);
}

/* The names in a list of texts, with commas. */
static char *
names_text(List *names)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, names)
		appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : "", (char *) lfirst(lc));
	return out.data;
}

/*
 * Shows how far back a series is read, if no key says that: as the lower bounds choose, or the
 * default.  nkeys expressions precede those of the bounds.
 */
static void
explain_span(ForeignScanState *node, ExplainState *es, int nkeys)
{
	const DbaasResource *resource = scan_resource(node);
	List	   *strategies = (List *) plan_private(node, DBAAS_SCAN_BOUNDS);
	int			span = resource->index.series_span;
	List	   *bounds = NIL;
	List	   *spans;

	if (resource->series == NULL ||
		list_member_int((List *) plan_private(node, DBAAS_SCAN_KEYS), span))
		return;
	for (int i = 0; i < list_length(strategies); i++)
	{
		StrategyNumber bound = list_nth_int(strategies, i);

		if (dbaas_pushdown_is_lower(bound))
			bounds = lappend(bounds, psprintf("%s %s %s", resource->series->time_column,
											  bound == BTEqualStrategyNumber ? "=" :
											  bound == BTGreaterStrategyNumber ? ">" : ">=",
											  expr_text(node, es, nkeys + i)));
	}
	spans = bounds ? dbaas_scan_spans(node) :
		list_make1(unconstify(char *, resource->columns[span].default_value));
	ExplainPropertyText("Span", psprintf("%s%s%s%s%s", resource->columns[span].name,
										 spans ? " = " : "", names_text(spans),
										 bounds ? " by " : "", names_text(bounds)), es);
}

/* Shows how much the scan reads, and in which order. */
static void
explain_extent(ForeignScanState *node, ExplainState *es)
{
	int			nkeys = list_length((List *) plan_private(node, DBAAS_SCAN_KEYS));
	int			nbounds = list_length((List *) plan_private(node, DBAAS_SCAN_BOUNDS));
	int			nlimits = intVal(plan_private(node, DBAAS_SCAN_LIMITS));
	DbaasScanOrder order = intVal(plan_private(node, DBAAS_SCAN_ORDER));
	int			time = scan_resource(node)->index.time;
	const char *time_name = time >= 0 ? scan_resource(node)->columns[time].name : NULL;

	if (time_name)
		explain_bounds(node, es, time_name, nkeys);
	explain_span(node, es, nkeys);
	if (order == DBAAS_ORDER_EITHER)
		ExplainPropertyText("Order", psprintf("%s ASC or DESC", time_name), es);
	else if (order != DBAAS_ORDER_AS_GIVEN)
		ExplainPropertyText("Order", psprintf("%s %s", time_name,
											  order == DBAAS_ORDER_ASC ? "ASC" : "DESC"), es);
	if (nlimits > 1)
		ExplainPropertyText("Limit", psprintf("%s + %s", expr_text(node, es, nkeys + nbounds),
											  expr_text(node, es, nkeys + nbounds + 1)), es);
	else if (nlimits > 0)
		ExplainPropertyText("Limit", expr_text(node, es, nkeys + nbounds), es);
	if (es->costs)
		ExplainPropertyFloat("Expected Requests", NULL,
							 dbaas_expected_requests(node->ss.ps.state,
													 (ForeignScan *) node->ss.ps.plan), 0, es);
}

/*
 * Shows whether rows tell outcomes, or what that depends on.  Returns whether it is certain
 * that they do.
 */
static bool
explain_outcomes(ForeignScanState *node, ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *columns = (List *) plan_private(node, DBAAS_SCAN_KEYS);

	for (int i = 0; i < list_length(columns); i++)
	{
		const Const *value = list_nth(plan->fdw_exprs, i);
		bool		certain = IsA(value, Const) && value->consttype == BOOLOID &&
			!value->constisnull;

		if (list_nth_int(columns, i) != scan_resource(node)->index.with_outcome)
			continue;
		if (!certain)
			ExplainPropertyText("Outcomes", expr_text(node, es, i), es);
		else if (DatumGetBool(value->constvalue))
			ExplainPropertyText("Outcomes", "yes", es);
		return certain && DatumGetBool(value->constvalue);
	}
	return false;
}

/* Shows that the scan skips zones that are not available, if it does. */
static void
explain_outage(ForeignScanState *node, ExplainState *es)
{
	if (dbaas_skip_is_set(dbaas_options_skips_zones(dbaas_scan_table(node)->options)) &&
		!scan_resource(node)->global &&
		dbaas_skip_zones_check(node->ss.ps.state, (ForeignScan *) node->ss.ps.plan) ==
		DBAAS_SKIP_ALLOWED)
		ExplainPropertyText("Unavailable Zones", "skip", es);
}

/* Shows how many responses came from the cache, and how old they were. */
static void
explain_cached(const DbaasCounters *counters, ExplainState *es)
{
	if (counters->from_cache == 0)
		return;
	if (es->format == EXPLAIN_FORMAT_TEXT && es->timing)
		ExplainPropertyText("From Cache",
							psprintf(INT64_FORMAT ", oldest %.0f s", counters->from_cache,
									 counters->oldest), es);
	else
		ExplainPropertyInteger("From Cache", NULL, counters->from_cache, es);
	if (es->format != EXPLAIN_FORMAT_TEXT && es->timing)
		ExplainPropertyFloat("Oldest From Cache", "s", counters->oldest, 3, es);
}

/* Shows what the scan counted. */
static void
explain_run(const ForeignScanState *node, ExplainState *es)
{
	const DbaasCounters *counters = dbaas_scan_counters(node);
	int64		prefetched = dbaas_scan_total_prefetched(node);
	int64		unused = dbaas_scan_total_unused(node);

	ExplainPropertyInteger("Requests", NULL, counters->requests, es);
	explain_cached(counters, es);
	ExplainPropertyInteger("Retries", NULL, counters->retries, es);
	ExplainPropertyInteger("Bytes Received", NULL, counters->bytes, es);
	ExplainPropertyInteger("Peak Concurrency", NULL, counters->peak, es);
	if (prefetched > 0)
		ExplainPropertyInteger("Prefetched Results", NULL, prefetched, es);
	if (unused > 0)
		ExplainPropertyInteger("Unused Results", NULL, unused, es);
	if (es->timing)
		ExplainPropertyFloat("Time Waiting", "ms", counters->waited * 1000, 3, es);
	if (es->timing && counters->paced > 0)
		ExplainPropertyFloat("Time Paced", "ms", counters->paced * 1000, 3, es);
}

void
dbaasExplainForeignScan(ForeignScanState *node, ExplainState *es)
{
	const DbaasEndpoint *endpoint = scan_endpoint(node);

	ExplainPropertyText("Request", psprintf("%s %s", endpoint->method, endpoint->path), es);
	explain_parent(node, es);
	explain_keys(node, es);
	explain_extent(node, es);
	if (!explain_outcomes(node, es))
		explain_outage(node, es);
	if (es->analyze)
		explain_run(node, es);
}
