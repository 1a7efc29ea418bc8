/*-------------------------------------------------------------------------
 *
 * row_estimate.c
 *		How many rows a scan is expected to return.
 *
 * That is the number of its targets times the rows of a target, which this session has
 * seen in earlier responses, or ANALYZE has counted, times the share of them that the
 * conditions let pass.  Nothing is requested here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"

#include "plan/request_count.h"
#include "plan/row_estimate.h"
#include "tables/series.h"

/* ANALYZE reads one page of each target.  A page this full means that more follow. */
#define FULL_PAGE 0.8

/* Which part of the rows of the list is in a response of another endpoint. */
static double
part_of_list(const DbaasResource *resource, const DbaasEndpoint *endpoint)
{
	double		part = 1;

	if (endpoint == &resource->reads[dbaas_catalogue_nreads(resource) - 1])
		return 1;
	for (int i = 0; i < endpoint->parsed.nparams; i++)
	{
		const DbaasColumn *column = &resource->columns[endpoint->parsed.params[i].column];

		part /= Max(dbaas_catalogue_typical_values(column), 1);
	}
	return part;
}

double
dbaas_row_estimate_target(const DbaasRelationInfo *info, const DbaasEndpoint *endpoint)
{
	const DbaasResource *resource = info->table->resource;
	double		rows = dbaas_request_count_seen_rows(info, endpoint);

	if (*endpoint->rows == '\0')
		return 1;
	if (rows < 0)
		rows = part_of_list(resource, endpoint) *
			(info->response_rows >= 0 ? info->response_rows : resource->typical_rows);
	return Max(rows, 1);
}

double
dbaas_row_estimate_beyond_cursor(const DbaasRelationInfo *info, const DbaasPushed *pushed)
{
	const DbaasResource *resource = info->table->resource;
	double		rows = dbaas_row_estimate_target(info, pushed->endpoint) / 2;

	if (dbaas_pushdown_reads_ascending(resource, pushed))
		rows = Min(rows, resource->paging->max_limit / 2.0);
	return Max(rows, 1);
}

/* ------------------------------------------------------------------------
 * What keys do to the rows of a target
 * ------------------------------------------------------------------------ */

/* The value, a number of some type, or "most" if it is not a number below that. */
static double
limit_value(Datum value, bool isnull, Oid type, double most)
{
	Oid			output;
	bool		varlena;
	double		limit;

	if (isnull)
		return 1;
	getTypeOutputInfo(type, &output, &varlena);
	limit = strtod(OidOutputFunctionCall(output, value), NULL);
	return limit >= 1 && limit <= most ? limit : most;
}

/* The average of the values in an array. */
static double
average_limit(Datum array, Oid type, double most)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;
	int16		len;
	bool		byval;
	char		align;
	double		sum = 0;

	get_typlenbyvalalign(type, &len, &byval, &align);
	deconstruct_array(DatumGetArrayTypeP(array), type, len, byval, align, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
		sum += limit_value(values[i], nulls[i], type, most);
	return n > 0 ? sum / n : 1;
}

/*
 * The most rows of a target that a key allows, which limits their number, on average over
 * its values; "most" if its value is not known when the query is planned.
 */
static double
key_limit(PlannerInfo *root, const DbaasPushedKey *key, double most)
{
	Const	   *value = (Const *) estimate_expression_value(root, (Node *) key->value);
	Oid			element;

	if (!IsA(value, Const))
		return most;
	if (!dbaas_pushdown_is_array(key->form))
		return limit_value(value->constvalue, value->constisnull, value->consttype, most);
	element = get_element_type(value->consttype);
	if (value->constisnull || !OidIsValid(element))
		return 1;
	return average_limit(value->constvalue, element, most);
}

/* The rows of a target that a scan reads if it pushes these conditions. */
static double
read_rows(PlannerInfo *root, const DbaasRelationInfo *info, const DbaasPushed *pushed)
{
	const DbaasResource *resource = info->table->resource;
	double		rows = dbaas_row_estimate_target(info, pushed->endpoint);
	ListCell   *lc;

	if (resource->paging == NULL)
		return rows;

	if (dbaas_pushdown_has(pushed->keys, resource->index.offset))
		rows = dbaas_row_estimate_beyond_cursor(info, pushed);
	foreach(lc, pushed->keys)
	{
		const DbaasPushedKey *key = lfirst(lc);

		if (key->column == resource->index.limit)
			rows = Min(rows, key_limit(root, key, resource->paging->max_limit));
	}
	return rows;
}

/*
 * The span that lower bounds choose for a series, as far as their values are known when the
 * query is planned; the default if none is.
 */
static const char *
span_by_bounds(PlannerInfo *root, const DbaasResource *resource, List *bounds)
{
	TimestampTz since = DT_NOBEGIN;
	ListCell   *lc;

	foreach(lc, bounds)
	{
		const DbaasPushedKey *bound = lfirst(lc);
		Const	   *value = (Const *) estimate_expression_value(root, (Node *) bound->value);

		if (dbaas_pushdown_is_lower(bound->bound) && IsA(value, Const) && !value->constisnull)
			since = Max(since, dbaas_pushdown_bound_time(value->constvalue, value->consttype));
	}
	return since == DT_NOBEGIN ? resource->columns[resource->index.series_span].default_value :
		dbaas_series_span(resource, since, GetCurrentTimestamp());
}

/* The value of the parameter that says how far back a series goes; or NULL. */
static const char *
series_span(PlannerInfo *root, const DbaasResource *resource, const DbaasPushed *pushed)
{
	int			column = resource->index.series_span;
	ListCell   *lc;

	if (column < 0)
		return NULL;
	foreach(lc, pushed->keys)
	{
		const DbaasPushedKey *key = lfirst(lc);
		Const	   *value = (Const *) estimate_expression_value(root, (Node *) key->value);
		Oid			output;
		bool		varlena;

		if (key->column != column)
			continue;
		if (key->form != DBAAS_KEY_IS || !IsA(value, Const) || value->constisnull)
			return NULL;
		getTypeOutputInfo(value->consttype, &output, &varlena);
		return OidOutputFunctionCall(output, value->constvalue);
	}
	return span_by_bounds(root, resource, pushed->bounds);
}

/*
 * The most rows that responses can have, before other conditions are checked: of the whole
 * table, if their number is known, for each value of parameters that only say how to read it;
 * and one for each id, which no two rows of the table have.
 */
static double
most_rows(PlannerInfo *root, const RelOptInfo *baserel, List *keys)
{
	const DbaasRelationInfo *info = baserel->fdw_private;
	const DbaasResource *resource = info->table->resource;
	double		rows = info->tuples_known ? baserel->tuples : get_float8_infinity();
	ListCell   *lc;

	foreach(lc, keys)
	{
		const DbaasPushedKey *key = lfirst(lc);

		if (dbaas_catalogue_only_shows_request(resource, key->column))
			rows *= Max(dbaas_request_count_values(root, key), 1);
	}
	foreach(lc, keys)
	{
		const DbaasPushedKey *key = lfirst(lc);
		const DbaasColumn *column = &resource->columns[key->column];

		if (column->unique && column->type == DBAAS_UUID)
			rows = Min(rows, dbaas_request_count_values(root, key));
	}
	return rows;
}

/* ------------------------------------------------------------------------
 * Scans
 * ------------------------------------------------------------------------ */

double
dbaas_row_estimate_scan(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed,
						bool repeated, double rows)
{
	const DbaasRelationInfo *info = baserel->fdw_private;
	double		targets;

	if (pushed->keys == NIL)
		return rows;
	targets = dbaas_request_count_scan(root, info, pushed, repeated).targets;
	rows = Min(targets * read_rows(root, info, pushed), most_rows(root, baserel, pushed->keys));
	if (dbaas_pushdown_has_outcomes(info->table->resource, pushed))
		rows += targets;
	return clamp_row_est(rows *
						 clauselist_selectivity(root, pushed->checked, baserel->relid,
												JOIN_INNER, NULL));
}

/* Has this session seen how many rows the endpoint lists, and of how many parents? */
static bool
has_seen_tuples(const DbaasRelationInfo *info, const DbaasEndpoint *endpoint)
{
	const DbaasParent *parent = info->table->resource->parent;

	return dbaas_request_count_seen_rows(info, endpoint) >= 0 &&
		(parent == NULL || dbaas_request_count_seen_rows(info, parent->read) >= 0);
}

/*
 * Sets baserel->tuples, and info->response_rows, by what ANALYZE has counted.  Of a table with
 * pages that is not all rows.
 */
static void
use_analyzed_tuples(RelOptInfo *baserel, double targets, const DbaasEndpoint *endpoint)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	const DbaasPaging *paging = info->table->resource->paging;

	info->response_rows = baserel->tuples / Max(targets, 1);
	if (paging)
	{
		if (info->response_rows > FULL_PAGE * paging->max_limit)
			info->response_rows = -1;
		targets = Max(targets, baserel->tuples / paging->max_limit);
		baserel->tuples = clamp_row_est(targets * dbaas_row_estimate_target(info, endpoint));
	}
}

void
dbaas_row_estimate_set_size(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	double		targets = dbaas_request_count_scan(root, info, pushed, false).targets;
	double		rows;
	DbaasPushed conditions;

	info->tuples_known = has_seen_tuples(info, pushed->endpoint) ||
		(baserel->tuples > 0 && info->table->resource->paging == NULL);
	if (baserel->tuples > 0)
		use_analyzed_tuples(baserel, targets, pushed->endpoint);
	else
		baserel->tuples = clamp_row_est(targets *
										dbaas_row_estimate_target(info, pushed->endpoint));
	dbaas_pushdown_clauses(info->table, baserel->relid, info->needed, baserel->baserestrictinfo,
						   &conditions);
	rows = dbaas_row_estimate_target(info, conditions.endpoint);
	info->read_rows = read_rows(root, info, &conditions);
	info->read_share = info->read_rows / rows;
	info->span = series_span(root, info->table->resource, &conditions);
	set_baserel_size_estimates(root, baserel);
}
