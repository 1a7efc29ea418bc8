/*-------------------------------------------------------------------------
 *
 * plan.c
 *		Planning a foreign scan: size, paths and the plan.
 *
 * The executor checks every condition again, so it is enough that a pushed key is implied
 * by the conditions.  Planning makes no requests.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "plan/analyzed.h"
#include "plan/attributes.h"
#include "plan/cost.h"
#include "plan/plan.h"
#include "plan/pushdown.h"
#include "plan/request_count.h"
#include "plan/row_estimate.h"

/* Added to a path that lacks a key, so that any plan that gives the key is cheaper. */
#define MISSING_KEY_COST 1.0e12

/* Sets of outer relations for which parameterised paths are made, at most. */
#define MAX_OUTERS 16

/* ------------------------------------------------------------------------
 * Size and paths
 * ------------------------------------------------------------------------ */

/*
 * The API knows nothing of partitions, so this adds the bound of a partition to the
 * conditions of the query, except for what they imply already.  *all becomes what a scan
 * of the table pushes without the conditions of the query: the bound, if there is one.
 */
static void
add_partition_conditions(PlannerInfo *root, RelOptInfo *baserel, DbaasPushed *all)
{
	const DbaasRelationInfo *info = baserel->fdw_private;
	Relation	relation = table_open(info->table->relid, NoLock);
	List	   *bound = dbaas_pushdown_partition(info->table, relation, baserel->relid,
												 info->needed, all);
	ListCell   *lc;

	table_close(relation, NoLock);
	foreach(lc, bound)
	{
		List	   *conditions = extract_actual_clauses(baserel->baserestrictinfo, false);

		if (predicate_implied_by(list_make1(lfirst(lc)), conditions, false))
			continue;
		baserel->baserestrictinfo = lappend(baserel->baserestrictinfo,
											make_simple_restrictinfo(root, lfirst(lc)));
		baserel->baserestrict_min_security = 0;
	}
}

/* Is the resource a series, and do the keys not say how far it goes back? */
static bool
gives_no_span(const DbaasResource *resource, List *keys)
{
	return resource->series && !dbaas_pushdown_has(keys, resource->index.series_span);
}

void
dbaasGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	DbaasRelationInfo *info = dbaas_cost_new_info(relid, baserel->relid);
	const bool *no_keys = palloc0(info->table->resource->ncolumns * sizeof(bool));
	bool		analyzed = baserel->tuples > 0;
	DbaasPushed all;
	DbaasPushed pushed;

	if (dbaas_catalogue_nreads(info->table->resource) == 0)
	{
		mark_dummy_rel(baserel);	/* it has no rows */
		return;
	}
	baserel->fdw_private = info;
	info->needed = dbaas_attributes_needed(root, baserel, info->table);
	info->unkeyed = dbaas_catalogue_find_read(info->table->resource, no_keys, info->needed);
	info->analyzed_parents = dbaas_analyzed_parents(root, info);
	add_partition_conditions(root, baserel, &all);
	info->row_margin = dbaas_request_count_row_margin(root, info, &all, analyzed);
	dbaas_row_estimate_set_size(root, baserel, &all);
	dbaas_pushdown_clauses(info->table, baserel->relid, info->needed, baserel->baserestrictinfo,
						   &pushed);
	info->bounds_choose_span = gives_no_span(info->table->resource, pushed.keys);
	baserel->rows = dbaas_row_estimate_scan(root, baserel, &pushed, false, baserel->rows);
}

/*
 * Would a join miss rows if a scan did not push the key, to which it gives values?  It would
 * if the key only shows what was requested.  With outcomes, there is a row for what a key
 * names and the API does not list.
 */
static bool
is_needed_by_join(const DbaasRelationInfo *info, const DbaasPushed *pushed, int column)
{
	return bms_is_member(column, info->joined_keys) &&
		(dbaas_catalogue_only_shows_request(info->table->resource, column) ||
		 dbaas_pushdown_has_outcomes(info->table->resource, pushed));
}

/*
 * Does a scan that pushes these keys, with values from the relations "outer", lack one that it
 * needs: a required key, whose values the API does not list, or one without which a join would
 * miss rows?  Does it lack a bound that chooses the span of a series, so that the result of the
 * join would depend on its plan?
 */
static bool
lacks_key(const DbaasRelationInfo *info, const DbaasPushed *pushed, Relids outer)
{
	const DbaasResource *resource = info->table->resource;
	ListCell   *lc;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if ((resource->columns[c].required || is_needed_by_join(info, pushed, c)) &&
			!dbaas_pushdown_has(pushed->keys, c))
			return true;
	}
	foreach(lc, info->span_outers)
	{
		if (gives_no_span(resource, pushed->keys) && !bms_is_subset(lfirst(lc), outer))
			return true;
	}
	return false;
}

/* Does the pathkey sort by the time of the entries of pages? */
static bool
is_time_pathkey(const DbaasRelationInfo *info, RelOptInfo *baserel, const PathKey *pathkey)
{
	ListCell   *lc;

	if (pathkey->pk_opfamily !=
		lookup_type_cache(TIMESTAMPTZOID, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return false;
	foreach(lc, pathkey->pk_eclass->ec_members)
	{
		EquivalenceMember *member = lfirst(lc);

		if (dbaas_pushdown_is_time(info->table, baserel->relid, (Node *) member->em_expr))
			return true;
	}
	return false;
}

/*
 * The order to read pages in, so that rows come in the order of a pathkey;
 * DBAAS_ORDER_AS_GIVEN if that is not possible.
 */
static DbaasScanOrder
order_for_pathkey(const DbaasRelationInfo *info, RelOptInfo *baserel, const DbaasPushed *pushed,
				  const PathKey *pathkey)
{
	const DbaasResource *resource = info->table->resource;
	const DbaasPaging *paging = resource->paging;
	bool		descending = dbaas_pathkey_descending(pathkey);

	/*
	 * Times are never null but in rows that tell outcomes, which are at the
	 * end of each service.  So without these, NULLS FIRST and LAST do not
	 * matter; but only the default of each direction is handled.
	 */
	if (paging == NULL || !is_time_pathkey(info, baserel, pathkey) ||
		dbaas_pushdown_has_outcomes(resource, pushed) ||
		pathkey->pk_nulls_first != descending ||
		dbaas_pushdown_has(pushed->keys, resource->index.order))
		return DBAAS_ORDER_AS_GIVEN;

	/*
	 * A limit and an offset choose entries counting from the newest, so with
	 * one of these the oldest cannot be read first.  With a lower bound they
	 * should not be, since all that came before it would be read.
	 */
	if (!descending &&
		(dbaas_pushdown_has_lower(pushed) ||
		 dbaas_pushdown_has(pushed->keys, resource->index.limit) ||
		 dbaas_pushdown_has(pushed->keys, resource->index.offset)))
		return DBAAS_ORDER_AS_GIVEN;
	return descending ? DBAAS_ORDER_DESC : DBAAS_ORDER_ASC;
}

/*
 * The order to read pages in for a scan whose rows are sorted by a pathkey above it.  If
 * there are no keys to say it, and there is an upper bound, that is the order in which
 * fewer pages are read.
 */
static DbaasScanOrder
order_below_sort(const DbaasRelationInfo *info, RelOptInfo *baserel, const DbaasPushed *pushed,
				 const PathKey *pathkey)
{
	const DbaasResource *resource = info->table->resource;

	if (resource->paging == NULL || !dbaas_pushdown_has_upper(pushed) ||
		dbaas_pushdown_has_outcomes(resource, pushed) || !is_time_pathkey(info, baserel, pathkey) ||
		dbaas_pushdown_has(pushed->keys, resource->index.order) ||
		dbaas_pushdown_has(pushed->keys, resource->index.limit) ||
		dbaas_pushdown_has(pushed->keys, resource->index.offset))
		return DBAAS_ORDER_AS_GIVEN;
	return dbaas_pushdown_has_lower(pushed) ? DBAAS_ORDER_EITHER : DBAAS_ORDER_ASC;
}

/*
 * Does the query's LIMIT apply to the rows of this scan: is it the only relation, and
 * are its rows not grouped or otherwise changed in number?
 */
static bool
limit_applies_to_scan(PlannerInfo *root, RelOptInfo *baserel)
{
	Query	   *parse = root->parse;

	return parse->limitCount && parse->limitOption == LIMIT_OPTION_COUNT &&
		bms_membership(root->all_baserels) == BMS_SINGLETON &&
		bms_is_member(baserel->relid, root->all_baserels) &&
		parse->commandType == CMD_SELECT && !parse->setOperations &&
		!parse->groupClause && !parse->groupingSets && !parse->hasAggs &&
		!parse->distinctClause && !parse->havingQual && !root->hasHavingQual &&
		!parse->hasWindowFuncs && !parse->hasTargetSRFs && !parse->rowMarks &&
		!contain_volatile_functions(parse->limitCount) &&
		!contain_volatile_functions(parse->limitOffset) &&
		!contain_subplans(parse->limitCount) && !contain_subplans(parse->limitOffset);
}

/* Are the rows of the query's relations sorted before anything else depends on their order? */
static bool
query_sorts_rows(const PlannerInfo *root)
{
	const Query *parse = root->parse;

	return parse->sortClause && root->sort_pathkeys && !parse->groupClause &&
		!parse->groupingSets && !parse->hasAggs && !parse->hasWindowFuncs;
}

/*
 * Do bounds on the time leave out entries that come first in this order?  Then a number of
 * entries that is requested would count them.
 */
static bool
bounds_skip_first(const DbaasRelationInfo *info, const DbaasPushed *pushed, DbaasScanOrder order)
{
	if (order == DBAAS_ORDER_AS_GIVEN &&
		dbaas_pushdown_has(pushed->keys, info->table->resource->index.order))
		return pushed->bounds != NIL;
	return order == DBAAS_ORDER_ASC ? dbaas_pushdown_has_lower(pushed) :
		dbaas_pushdown_has_upper(pushed);
}

/*
 * The LIMIT's count and offset, if their sum limits the entries that are needed of each
 * target; else NIL.  That is so if every condition is pushed, and rows are wanted in the
 * order of the pages or in no order.  Sets *order if rows are sorted after the scan in an
 * order in which pages can be read.  With outcomes each service is read to its end, so that
 * the row of its outcome tells of all of it.
 */
static List *
limit_expressions(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed,
				  bool ordered, DbaasScanOrder *order)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	DbaasScanOrder read_order = *order;
	Query	   *parse = root->parse;

	if (pushed->has_other_conditions ||
		dbaas_pushdown_has_outcomes(info->table->resource, pushed) ||
		!limit_applies_to_scan(root, baserel))
		return NIL;
	if (parse->sortClause && !ordered)
	{
		if (list_length(root->sort_pathkeys) != 1)
			return NIL;
		read_order = order_for_pathkey(info, baserel, pushed, linitial(root->sort_pathkeys));
		if (read_order == DBAAS_ORDER_AS_GIVEN)
			return NIL;
	}
	else if (parse->sortClause && list_length(root->sort_pathkeys) != 1)
		return NIL;

	if (bounds_skip_first(info, pushed, read_order))
		return NIL;
	*order = read_order;
	if (parse->limitOffset)
		return list_make2(parse->limitCount, parse->limitOffset);
	return list_make1(parse->limitCount);
}

/* Adds a path, with its waiting as fdw_private. */
static void
add_scan_path(PlannerInfo *root, RelOptInfo *baserel, double rows, const DbaasScanCost *cost,
			  List *pathkeys, Relids outer, bool lacking)
{
	List	   *private = list_make1(makeFloat(psprintf("%.2f", cost->waiting)));

	add_path(baserel, (Path *)
			 dbaas_create_foreignscan_path(root, baserel, rows, cost->startup, cost->total,
										   pathkeys, outer, private, lacking));
}

/*
 * Adds the paths that push the keys in these conditions, which may depend on the relations
 * "outer": one without an order, and, if the API's pages can be merged into the order that
 * the query wants, one with it.
 */
static void
add_scan_paths(PlannerInfo *root, RelOptInfo *baserel, List *restrictinfos,
			   double rows, Relids outer)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	PathKey    *pathkey = root->query_pathkeys ? linitial(root->query_pathkeys) : NULL;
	DbaasScanRun run = {.outer = outer};
	DbaasScanOrder order = DBAAS_ORDER_AS_GIVEN;
	DbaasPushed pushed;
	DbaasScanCost cost;
	bool		lacking;

	dbaas_pushdown_clauses(info->table, baserel->relid, info->needed, restrictinfos, &pushed);
	run.one_page = limit_expressions(root, baserel, &pushed, false, &order) != NIL;
	dbaas_cost_scan(root, info, &pushed, &run, rows, &cost);
	lacking = lacks_key(info, &pushed, outer);
	if (lacking)
	{
		cost.startup += MISSING_KEY_COST;
		cost.total += MISSING_KEY_COST;
		cost.waiting += MISSING_KEY_COST;
	}
	add_scan_path(root, baserel, rows, &cost, NIL, outer, lacking);
	if (pathkey && order_for_pathkey(info, baserel, &pushed, pathkey) != DBAAS_ORDER_AS_GIVEN &&
		!dbaas_pushdown_fans_out(&pushed))
		add_scan_path(root, baserel, rows, &cost, list_make1(pathkey), outer, lacking);
}

/* The column that member_is_key() looks for in equivalence classes. */
typedef struct KeyMatch
{
	const DbaasTable *table;
	Index		relid;
	int			column;			/* of the catalogue */
} KeyMatch;

static bool
member_is_key(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
			  EquivalenceMember *em, void *arg)
{
	KeyMatch   *match = arg;

	(void) root;
	(void) rel;
	(void) ec;
	return dbaas_pushdown_column(match->table, match->relid, em->em_expr) == match->column;
}

static bool
contains_relids(List *sets, Relids relids)
{
	ListCell   *lc;

	foreach(lc, sets)
	{
		if (bms_equal(lfirst(lc), relids))
			return true;
	}
	return false;
}

/*
 * Adds to "outers", for each join condition that gives a key its value, or chooses the span of
 * a series, the set of relations that the value depends on.
 */
static List *
add_outer_relids(RelOptInfo *baserel, List *clauses, List *outers)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		DbaasPushedKey key;
		bool		chooses_span;
		Relids		outer;

		if (!join_clause_is_movable_to(rinfo, baserel) ||
			!dbaas_pushdown_clause(info->table, baserel->relid, rinfo->clause, &key))
			continue;
		chooses_span = info->bounds_choose_span && dbaas_pushdown_is_lower(key.bound);
		if ((key.bound != InvalidStrategy && !chooses_span) ||
			dbaas_pushdown_is_negated(key.form))
			continue;
		if (!chooses_span)
			info->joined_keys = bms_add_member(info->joined_keys, key.column);
		outer = bms_union(rinfo->clause_relids, baserel->lateral_relids);
		outer = bms_del_member(outer, baserel->relid);
		if (chooses_span)
			info->span_outers = lappend(info->span_outers, outer);
		if (!bms_is_empty(outer) && !contains_relids(outers, outer))
			outers = lappend(outers, outer);
	}
	return outers;
}

/*
 * Adds the unions of these sets, because several outer relations together may give
 * more keys.  A table has few keys, so there are few sets, and never more than
 * MAX_OUTERS.
 */
static List *
add_unions(List *outers)
{
	for (int i = 1; i < list_length(outers); i++)
	{
		for (int j = 0; j < i && list_length(outers) < MAX_OUTERS; j++)
		{
			Relids		both = bms_union(list_nth(outers, i), list_nth(outers, j));

			if (!contains_relids(outers, both))
				outers = lappend(outers, both);
		}
	}
	return outers;
}

/* The sets of outer relations whose rows can give the scan its keys in a nested loop. */
static List *
collect_outer_relids(PlannerInfo *root, RelOptInfo *baserel)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	List	   *outers = add_outer_relids(baserel, baserel->joininfo, NIL);

	for (int c = 0; c < info->table->resource->ncolumns && baserel->has_eclass_joins; c++)
	{
		KeyMatch	match = {info->table, baserel->relid, c};

		/*
		 * One column at a time, because the function stops at the first that
		 * it finds.
		 */
		outers =
			add_outer_relids(baserel,
							 generate_implied_equalities_for_column(root, baserel, member_is_key,
																	&match,
																	baserel->lateral_referencers),
							 outers);
	}
	return add_unions(outers);
}

void
dbaasGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	List	   *outers = collect_outer_relids(root, baserel);
	ListCell   *lc;

	(void) relid;
	add_scan_paths(root, baserel, baserel->baserestrictinfo, baserel->rows,
				   baserel->lateral_relids);
	foreach(lc, outers)
	{
		Relids		outer = lfirst(lc);
		ParamPathInfo *param_info = get_baserel_parampathinfo(root, baserel, outer);
		List	   *conditions = list_concat_copy(baserel->baserestrictinfo,
												  param_info->ppi_clauses);
		DbaasPushed pushed;

		dbaas_pushdown_clauses(info->table, baserel->relid, info->needed, conditions, &pushed);
		param_info->ppi_rows = Min(baserel->rows,
								   dbaas_row_estimate_scan(root, baserel, &pushed, true,
														   param_info->ppi_rows));
		add_scan_paths(root, baserel, conditions, param_info->ppi_rows, outer);
	}
}

bool
dbaasIsForeignPathAsyncCapable(ForeignPath *path)
{
	return ((DbaasRelationInfo *) path->path.parent->fdw_private)->async_capable;
}

/* ------------------------------------------------------------------------
 * The plan
 * ------------------------------------------------------------------------ */

/* Does the query read its relations to their ends before, or without, any LIMIT? */
static bool
query_reads_all(PlannerInfo *root, bool ordered)
{
	Query	   *parse = root->parse;

	if (parse->groupClause || parse->groupingSets || parse->hasAggs ||
		parse->distinctClause || parse->hasWindowFuncs || (parse->sortClause && !ordered))
		return true;
	return parse->limitCount == NULL && root->tuple_fraction <= 0;
}

/* Is the statement read to its end: does it have no LIMIT, and is it no cursor's? */
static bool
statement_reads_all(const PlannerInfo *root)
{
	while (root->parent_root)
		root = root->parent_root;
	return root->parse->limitCount == NULL && root->tuple_fraction <= 0;
}

/* The values in a List of DbaasPushedKey *. */
static List *
pushed_values(List *keys)
{
	List	   *values = NIL;
	ListCell   *lc;

	foreach(lc, keys)
		values = lappend(values, ((DbaasPushedKey *) lfirst(lc))->value);
	return values;
}

/* What a scan requests, but for the values of its keys: DBAAS_SCAN_REQUEST_NAMES. */
static List *
request_names(const DbaasRelationInfo *info, const DbaasPushed *pushed, List *limits,
			  DbaasScanOrder order)
{
	const DbaasResource *resource = info->table->resource;
	const DbaasParent *parent = resource->parent;
	StringInfoData targets;
	ListCell   *lc;

	initStringInfo(&targets);
	appendStringInfo(&targets, "%s %s", pushed->endpoint->method, pushed->endpoint->path);
	foreach(lc, pushed->keys)
	{
		const DbaasPushedKey *key = lfirst(lc);

		if (resource->columns[key->column].unsent)
			continue;
		if (key->column != DBAAS_ZONE_COLUMN)
			appendStringInfo(&targets, " %s", resource->columns[key->column].name);
		else if (dbaas_pushdown_is_negated(key->form))
			appendStringInfoString(&targets, " not in zone");
	}
	foreach(lc, pushed->bounds)
		appendStringInfo(&targets, " bound %d", ((DbaasPushedKey *) lfirst(lc))->bound);
	if (limits || order != DBAAS_ORDER_AS_GIVEN)
		appendStringInfo(&targets, " limits %d order %d", list_length(limits), order);
	return list_make2(makeString(targets.data),
					  makeString(parent ? psprintf("%s %s", parent->read->method,
												   parent->read->path) : ""));
}

/* A row that tells an outcome is no row of the API, so it cannot be written. */
static void
refuse_outcomes(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(relid, 0),
			 errmsg("cannot write rows of foreign table \"%s\" that are read with outcomes",
					get_rel_name(relid)),
			 errhint("Leave the condition on the parameter for outcomes out.")));
}

ForeignScan *
dbaasGetForeignPlan(PlannerInfo *root, RelOptInfo *baserel, Oid relid,
					ForeignPath *best_path, List *tlist, List *scan_clauses,
					Plan *outer_plan)
{
	DbaasRelationInfo *info = baserel->fdw_private;
	const DbaasResource *resource = info->table->resource;
	List	   *quals = extract_actual_clauses(scan_clauses, false);
	bool		ordered = best_path->path.pathkeys != NIL;
	DbaasScanOrder order = DBAAS_ORDER_AS_GIVEN;
	List	   *columns = NIL;
	List	   *forms = NIL;
	List	   *bounds = NIL;
	List	   *attributes;
	List	   *unused;
	List	   *exprs;
	List	   *limits;
	List	   *private;
	DbaasPushed pushed;
	DbaasScanRun run = {.outer = PATH_REQ_OUTER(&best_path->path)};
	double		requests;
	double		lists;
	ListCell   *lc;

	dbaas_pushdown_clauses(info->table, baserel->relid, info->needed, scan_clauses, &pushed);
	if (bms_is_member(baserel->relid, root->all_result_relids) &&
		dbaas_pushdown_has_outcomes(resource, &pushed))
		refuse_outcomes(relid);
	foreach(lc, pushed.keys)
	{
		columns = lappend_int(columns, ((DbaasPushedKey *) lfirst(lc))->column);
		forms = lappend_int(forms, ((DbaasPushedKey *) lfirst(lc))->form);
	}
	foreach(lc, pushed.bounds)
		bounds = lappend_int(bounds, ((DbaasPushedKey *) lfirst(lc))->bound);
	if (ordered)
		order = order_for_pathkey(info, baserel, &pushed, linitial(best_path->path.pathkeys));
	limits = limit_expressions(root, baserel, &pushed, ordered, &order);
	if (order == DBAAS_ORDER_AS_GIVEN && query_sorts_rows(root))
		order = order_below_sort(info, baserel, &pushed, linitial(root->sort_pathkeys));
	pushed.ascending = order == DBAAS_ORDER_ASC;
	run.one_page = limits != NIL;
	requests = dbaas_cost_requests(root, info, &pushed, &run, &lists);
	exprs = list_concat(pushed_values(pushed.keys), pushed_values(pushed.bounds));
	exprs = list_concat(exprs, copyObject(limits));

	attributes = dbaas_attributes_find(root, baserel, info->table, quals, &unused);
	private = list_make5(makeInteger(pushed.endpoint - resource->reads), attributes, unused,
						 columns, forms);
	private = lappend(private, bounds);
	private = lappend(private, makeInteger(list_length(limits)));
	private = lappend(private, makeInteger(order));
	private = lappend(private, makeInteger(ordered));
	private = lappend(private, makeInteger(query_reads_all(root, ordered)));
	private = lappend(private, makeInteger(statement_reads_all(root)));
	private = lappend(private, makeInteger(!bms_is_empty(root->outer_params)));
	private = lappend(private, makeFloat(psprintf("%.0f", requests - lists)));
	private = lappend(private, makeFloat(psprintf("%.0f", lists)));
	private = lappend(private, request_names(info, &pushed, limits, order));
	private = lappend(private, copyObject(linitial(best_path->fdw_private)));
	return make_foreignscan(tlist, quals, baserel->relid, exprs, private, NIL, NIL, outer_plan);
}

/* ------------------------------------------------------------------------
 * What a plan says
 * ------------------------------------------------------------------------ */

bool
dbaas_plan_is_ours(const ForeignScan *plan)
{
	return OidIsValid(plan->fs_server) &&
		GetFdwRoutineByServerId(plan->fs_server)->GetForeignPlan == dbaasGetForeignPlan;
}

bool
dbaas_plan_is_our_table(Oid relid)
{
	return GetFdwRoutineByRelId(relid)->GetForeignPlan == dbaasGetForeignPlan;
}

bool
dbaas_plan_statement_reads_all(const ForeignScan *plan)
{
	return dbaas_plan_is_ours(plan) &&
		intVal(list_nth(plan->fdw_private, DBAAS_SCAN_STATEMENT_READS_ALL)) != 0;
}

Cost
dbaas_plan_waiting(const ForeignScan *plan)
{
	return floatVal(list_nth(plan->fdw_private, DBAAS_SCAN_WAITING));
}
