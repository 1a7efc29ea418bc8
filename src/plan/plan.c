/*-------------------------------------------------------------------------
 *
 * plan.c
 *		From a query to a plan: paths, what they cost, and what they hand on.
 *
 * Every condition is also checked locally, so what is pushed only has to be
 * implied.  Nothing is asked of the API here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "api/stats.h"
#include "base/compat.h"
#include "plan/plan.h"
#include "plan/pushdown.h"
#include "read/fetch.h"
#include "tables/generated.h"
#include "tables/options.h"

/* Requests that fan-out in a zone is taken to need, before its list was seen. */
#define TYPICAL_PARENTS 20
/* Zones that a server is taken to have before it was asked. */
#define TYPICAL_ZONES 3
/* What a request costs beside its share of a round trip, in round trips. */
#define REQUEST_SHARE 0.2
/* Makes the planner prefer any plan that gives the keys which it must give. */
#define MISSING_KEY_COST 1.0e12

/* Sets of outer relations that parameterised paths are made for. */
#define MAX_OUTERS 16

bool		dbaas_enable_lookahead = true;

/* What the callbacks hand on, in baserel->fdw_private. */
typedef struct RelationPlan
{
	Index		relid;
	DbaasTable *table;
	const char *server;
	double		request_cost;
	double		concurrency;	/* requests that may be in flight at once */
	double		tuple_cost;
	bool		async_capable;
	double		rows_per_answer;	/* by ANALYZE's count; -1: not analyzed */
	Bitmapset  *joined_params;	/* columns that are parameters of requests, and
								 * that joins give values */
} RelationPlan;

/* ------------------------------------------------------------------------
 * Size and paths
 * ------------------------------------------------------------------------ */

/* Zones that the server has, or is taken to have. */
static double
expected_zones(const RelationPlan *plan)
{
	int			zones = dbaas_stats_server(plan->server)->zones;

	return zones > 0 ? zones : TYPICAL_ZONES;
}

/*
 * Rows of a whole answer of an endpoint: as seen in this session, or else as
 * ANALYZE counted, or else as is typical.
 */
static double
expected_rows(const RelationPlan *plan, const DbaasEndpoint *endpoint)
{
	double		rows = dbaas_stats_rows(plan->server,
										psprintf("%s %s", endpoint->method, endpoint->path));

	if (*endpoint->rows == '\0')
		return 1;
	if (rows < 0)
		rows = plan->rows_per_answer;
	return rows >= 0 ? Max(rows, 1) : Max(plan->table->resource->typical_rows, 1);
}

/* Parents in a zone. */
static double
expected_parents(const RelationPlan *plan, const DbaasParent *parent)
{
	double		rows = dbaas_stats_rows(plan->server,
										psprintf("%s %s", parent->read->method, parent->read->path));

	return rows >= 0 ? rows : TYPICAL_PARENTS;
}

/* Does the path of the endpoint have a parameter that the keys do not give? */
static bool
needs_parents(const DbaasEndpoint *endpoint, List *keys)
{
	for (int i = 0; i < endpoint->parsed.nparams; i++)
	{
		if (!dbaas_pushdown_has(keys, endpoint->parsed.params[i].column))
			return true;
	}
	return false;
}

/* Do the keys name the parents, of which the lists tell but the rest? */
static bool
names_parents(const DbaasResource *resource, List *keys)
{
	return resource->parent->locates && dbaas_pushdown_has(keys, resource->index.parent_keys[0]);
}

/*
 * Pages of a target.  The last one that has entries is followed by one that is
 * empty; with a bound, the last one is that of the newest entry before it.
 */
static double
expected_pages(PlannerInfo *root, const RelationPlan *plan, const DbaasPushed *pushed)
{
	const DbaasResource *resource = plan->table->resource;
	double		pages;
	List	   *bounds = NIL;
	ListCell   *lc;

	if (resource->paging == NULL ||
		dbaas_pushdown_has(pushed->keys, resource->index.limit))
		return 1;
	pages = expected_rows(plan, pushed->endpoint) / resource->paging->max_limit;
	if (pushed->bounds == NIL)
		return ceil(pages) + 1;
	foreach(lc, pushed->bounds)
		bounds = lappend(bounds, ((DbaasPushedKey *) lfirst(lc))->condition);
	return floor(pages * clauselist_selectivity(root, bounds, plan->relid, JOIN_INNER, NULL)) + 1;
}

/*
 * Targets that a scan with those keys reads, and requests that this needs.  A
 * scan that is repeated asks for lists but once.
 */
static void
expected_requests(PlannerInfo *root, const RelationPlan *plan, const DbaasPushed *pushed,
				  bool repeated, double *targets, double *requests)
{
	const DbaasResource *resource = plan->table->resource;
	double		zones = resource->global || resource->any_zone ? 1 : expected_zones(plan);
	double		values = 1;
	double		excluded = 0;
	bool		fan_out = resource->parent &&
		needs_parents(pushed->endpoint, pushed->keys);
	ListCell   *lc;

	foreach(lc, pushed->keys)
	{
		DbaasPushedKey *key = lfirst(lc);
		double		n = dbaas_key_is_array(key->form) ?
			dbaas_estimate_array_length(root, (Node *) key->value) : 1;

		if (dbaas_key_is_negated(key->form))
			excluded += n;
		else if (key->column == DBAAS_ZONE_COLUMN)
			zones = Min(zones, n);
		else
			values *= n;
	}
	zones = Max(zones - excluded, Min(zones, 1));
	if (fan_out && !names_parents(resource, pushed->keys))
		*targets = zones * expected_parents(plan, resource->parent) * values;
	else if (resource->parent && resource->parent->locates)
		*targets = values;
	else
		*targets = zones * values;
	*requests = *targets * expected_pages(root, plan, pushed);
	if (fan_out || (resource->parent && resource->parent->locates && zones > 1 && !repeated))
		*requests += zones;
}

/*
 * Rows of a scan with those keys: those of its targets, as far as the other
 * conditions let them through.  Without keys, "rows" as it is.
 */
static double
expected_scan_rows(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed,
				   double targets, double rows)
{
	RelationPlan *plan = baserel->fdw_private;

	if (pushed->keys == NIL)
		return rows;
	return clamp_row_est(targets * expected_rows(plan, pushed->endpoint) *
						 clauselist_selectivity(root, pushed->checked, baserel->relid,
												JOIN_INNER, NULL));
}

/*
 * A partition shows the rows within its bound, as any other partition does: the
 * API knows nothing of it.  What the query's own conditions say is not repeated.
 * *all becomes what a scan of the whole partition pushes.
 */
static void
add_partition_conditions(PlannerInfo *root, RelOptInfo *baserel, Oid relid, DbaasPushed *all)
{
	Relation	relation = table_open(relid, NoLock);
	List	   *bound = dbaas_pushdown_partition(((RelationPlan *) baserel->fdw_private)->table, relation,
											 baserel->relid, all);
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

void
dbaasGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	RelationPlan *plan = palloc0(sizeof(RelationPlan));
	DbaasTable *table = dbaas_table_get(relid);
	DbaasServerFacts *facts;
	DbaasPushed	all;
	DbaasPushed	pushed;
	double		targets;
	double		requests;

	plan->relid = baserel->relid;
	plan->table = table;
	plan->server = GetForeignServer(table->serverid)->servername;
	facts = dbaas_stats_server(plan->server);
	plan->request_cost = dbaas_option_number(table->options, "fdw_startup_cost") *
		Max(facts->latency / DBAAS_TYPICAL_LATENCY, 0.01);
	plan->concurrency = Max(dbaas_option_number(table->options, "max_concurrency"), 1);
	plan->tuple_cost = dbaas_option_number(table->options, "fdw_tuple_cost");
	plan->async_capable = dbaas_option_boolean(table->options, "async_capable");
	baserel->fdw_private = plan;
	add_partition_conditions(root, baserel, relid, &all);

	/* The table as a whole, and then what the conditions leave of it. */
	plan->rows_per_answer = -1;
	expected_requests(root, plan, &all, false, &targets, &requests);
	if (baserel->tuples > 0)
		plan->rows_per_answer = baserel->tuples / Max(targets, 1);
	else
		baserel->tuples = clamp_row_est(targets * expected_rows(plan, all.endpoint));
	set_baserel_size_estimates(root, baserel);

	dbaas_pushdown_clauses(table, baserel->relid, baserel->baserestrictinfo, &pushed);
	expected_requests(root, plan, &pushed, false, &targets, &requests);
	baserel->rows = expected_scan_rows(root, baserel, &pushed, targets, baserel->rows);
}

/* Does the scan lack a key that nothing lists, or a parameter that a join has? */
static bool
lacks_key(const RelationPlan *plan, List *keys)
{
	const DbaasResource *resource = plan->table->resource;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if ((resource->columns[c].required || bms_is_member(c, plan->joined_params)) &&
			!dbaas_pushdown_has(keys, c))
			return true;
	}
	return false;
}

/*
 * Which way do pages have to be read for rows to come in the order of a
 * pathkey?  DBAAS_ORDER_AS_GIVEN when they cannot.
 */
static DbaasScanOrder
order_of_pathkey(const RelationPlan *plan, RelOptInfo *baserel, const DbaasPushed *pushed,
				 const PathKey *pathkey)
{
	const DbaasResource *resource = plan->table->resource;
	const DbaasPaging *paging = resource->paging;
	bool		descending = pathkey->pk_nulls_first;
	ListCell   *lc;

	if (pathkey->pk_opfamily !=
		lookup_type_cache(TIMESTAMPTZOID, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return DBAAS_ORDER_AS_GIVEN;

	/* Times are never null, but what says otherwise is left to a sort. */
	if (paging == NULL || pathkey->pk_nulls_first != dbaas_pathkey_descending(pathkey) ||
		dbaas_pushdown_has(pushed->keys, resource->index.order))
		return DBAAS_ORDER_AS_GIVEN;

	/* The oldest entries first: not where newest first decides which they are. */
	if (!descending &&
		(pushed->bounds ||
		 dbaas_pushdown_has(pushed->keys, resource->index.limit) ||
		 dbaas_pushdown_has(pushed->keys, resource->index.offset)))
		return DBAAS_ORDER_AS_GIVEN;
	foreach(lc, pathkey->pk_eclass->ec_members)
	{
		EquivalenceMember *member = lfirst(lc);

		if (dbaas_pushdown_is_time(plan->table, baserel->relid, (Node *) member->em_expr))
			return descending ? DBAAS_ORDER_DESC : DBAAS_ORDER_ASC;
	}
	return DBAAS_ORDER_AS_GIVEN;
}

/*
 * Round trips that so many requests are worth.  A scan that is run for each row of
 * another has its requests in flight beside those of the rows to come, so that
 * each run has its share of a trip.
 */
static double
round_trips(const RelationPlan *plan, double requests, double pages, bool for_each_row)
{
	double		trips = ceil(requests / plan->concurrency);

	if (for_each_row)
		trips = requests / (dbaas_enable_lookahead ? plan->concurrency : 1);
	else
		trips = Max(trips, pages);
	return trips + REQUEST_SHARE * requests;
}

/*
 * Adds the paths that push those conditions, for outer relations or none: one
 * without order, and one in the order that the query wants, where the API's
 * pages can be merged into it.
 */
static void
add_scan_paths(PlannerInfo *root, RelOptInfo *baserel, List *restrictinfos,
			   double rows, Relids outer)
{
	RelationPlan *plan = baserel->fdw_private;
	PathKey    *pathkey = root->query_pathkeys ? linitial(root->query_pathkeys) : NULL;
	DbaasPushed	pushed;
	double		targets;
	double		requests;
	double		pages;
	bool		for_each_row = !bms_is_empty(outer);
	Cost		startup_cost;
	Cost		total_cost;
	bool		lacking;

	dbaas_pushdown_clauses(plan->table, baserel->relid, restrictinfos, &pushed);
	expected_requests(root, plan, &pushed, for_each_row, &targets, &requests);
	pages = expected_pages(root, plan, &pushed);
	startup_cost = plan->request_cost * round_trips(plan, 1, 1, for_each_row);
	total_cost = plan->request_cost * round_trips(plan, Max(requests, 1), pages, for_each_row) +
		(plan->tuple_cost + cpu_tuple_cost) * rows;
	lacking = lacks_key(plan, pushed.keys);
	if (lacking)
	{
		startup_cost += MISSING_KEY_COST;
		total_cost += MISSING_KEY_COST;
	}
	add_path(baserel, (Path *)
			 dbaas_create_foreignscan_path(root, baserel, rows, startup_cost, total_cost,
										   NIL, outer, NIL, lacking));

	if (pathkey && order_of_pathkey(plan, baserel, &pushed, pathkey) != DBAAS_ORDER_AS_GIVEN &&
		!needs_parents(pushed.endpoint, pushed.keys))
		add_path(baserel, (Path *)
				 dbaas_create_foreignscan_path(root, baserel, rows,
											   startup_cost + plan->request_cost *
											   Max(round_trips(plan, targets, 1, for_each_row) - 1, 0) / 2,
											   total_cost, list_make1(pathkey), outer, NIL,
											   lacking));
}

/* What collect_outer_relids() looks for in equivalence classes. */
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

/*
 * Is the column nothing but a parameter of requests, other than a name that
 * lists tell?  A join that does not push it would miss rows.
 */
static bool
is_shown_as_asked(const DbaasResource *resource, int column)
{
	const DbaasColumn *c = &resource->columns[column];

	return c->param && c->field == NULL &&
		!dbaas_path_has(&resource->reads[0].parsed, column);
}

/* Adds the relations that a join condition needs, when it gives a key. */
static List *
add_outer_relids(PlannerInfo *root, RelOptInfo *baserel, List *clauses, List *outers)
{
	RelationPlan *plan = baserel->fdw_private;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		DbaasPushedKey	key;
		Relids		outer;

		if (!join_clause_is_movable_to(rinfo, baserel) ||
			!dbaas_pushdown_clause(plan->table, baserel->relid, rinfo->clause, &key) || key.is_bound ||
			dbaas_key_is_negated(key.form))
			continue;
		if (is_shown_as_asked(plan->table->resource, key.column))
			plan->joined_params = bms_add_member(plan->joined_params, key.column);
		outer = bms_union(rinfo->clause_relids, baserel->lateral_relids);
		outer = bms_del_member(outer, baserel->relid);
		if (!bms_is_empty(outer))
		{
			ListCell   *seen;
			bool		known = false;

			foreach(seen, outers)
				known = known || bms_equal(lfirst(seen), outer);
			if (!known)
				outers = lappend(outers, outer);
		}
	}
	(void) root;
	return outers;
}

/*
 * Adds the unions of those sets: each gives a subset of the keys.  There are
 * few keys, and so few sets; past MAX_OUTERS the rest is left out.
 */
static List *
add_unions(List *outers)
{
	for (int i = 1; i < list_length(outers); i++)
	{
		for (int j = 0; j < i && list_length(outers) < MAX_OUTERS; j++)
		{
			Relids		both = bms_union(list_nth(outers, i), list_nth(outers, j));
			ListCell   *lc;
			bool		known = false;

			foreach(lc, outers)
				known = known || bms_equal(lfirst(lc), both);
			if (!known)
				outers = lappend(outers, both);
		}
	}
	return outers;
}

/* Sets of relations whose rows can give this one's keys in a nested loop. */
static List *
collect_outer_relids(PlannerInfo *root, RelOptInfo *baserel)
{
	RelationPlan *plan = baserel->fdw_private;
	List	   *outers = add_outer_relids(root, baserel, baserel->joininfo, NIL);

	for (int c = 0; c < plan->table->resource->ncolumns && baserel->has_eclass_joins; c++)
	{
		KeyMatch	match = {plan->table, baserel->relid, c};

		/* One column at a time: it stops at the first that has clauses. */
		outers = add_outer_relids(root, baserel,
								  generate_implied_equalities_for_column(root, baserel,
																		 member_is_key, &match,
																		 baserel->lateral_referencers),
								  outers);
	}
	return add_unions(outers);
}

void
dbaasGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	RelationPlan *plan = baserel->fdw_private;
	List	   *outers = collect_outer_relids(root, baserel);
	ListCell   *lc;

	(void) relid;
	add_scan_paths(root, baserel, baserel->baserestrictinfo, baserel->rows,
				   baserel->lateral_relids);
	foreach(lc, outers)
	{
		Relids		outer = lfirst(lc);
		ParamPathInfo *info = get_baserel_parampathinfo(root, baserel, outer);
		List	   *conditions = list_concat_copy(baserel->baserestrictinfo, info->ppi_clauses);
		DbaasPushed	pushed;
		double		targets;
		double		requests;

		dbaas_pushdown_clauses(plan->table, baserel->relid, conditions, &pushed);
		expected_requests(root, plan, &pushed, true, &targets, &requests);
		info->ppi_rows = Min(baserel->rows,
							 expected_scan_rows(root, baserel, &pushed, targets, info->ppi_rows));
		add_scan_paths(root, baserel, conditions, info->ppi_rows, outer);
	}
}

bool
dbaas_plan_is_ours(const ForeignScan *plan)
{
	return OidIsValid(plan->fs_server) &&
		GetFdwRoutineByServerId(plan->fs_server)->GetForeignPlan == dbaasGetForeignPlan;
}

bool
dbaas_plan_is_table(Oid relid)
{
	return GetFdwRoutineByRelId(relid)->GetForeignPlan == dbaasGetForeignPlan;
}

bool
dbaas_plan_to_the_end(const ForeignScan *plan)
{
	return dbaas_plan_is_ours(plan) &&
		intVal(list_nth(plan->fdw_private, DBAAS_SCAN_TO_THE_END)) != 0;
}

bool
dbaasIsForeignPathAsyncCapable(ForeignPath *path)
{
	return ((RelationPlan *) path->path.parent->fdw_private)->async_capable;
}

/* ------------------------------------------------------------------------
 * The plan
 * ------------------------------------------------------------------------ */

/* The attribute numbers, from 1, among those that pull_varattnos() found. */
static Bitmapset *
plain_attnums(const Bitmapset *found)
{
	Bitmapset  *attnums = NULL;
	int			member = -1;

	while ((member = bms_next_member(found, member)) >= 0)
	{
		if (member + FirstLowInvalidHeapAttributeNumber > 0)
			attnums = bms_add_member(attnums, member + FirstLowInvalidHeapAttributeNumber);
	}
	return attnums;
}

/* Do triggers look at the rows that the statement writes to the relation? */
static bool
has_row_triggers(Relation relation)
{
	const TriggerDesc *triggers = relation->trigdesc;

	return triggers &&
		(triggers->trig_update_before_row || triggers->trig_update_after_row ||
		 triggers->trig_delete_before_row || triggers->trig_delete_after_row);
}

/*
 * The attributes that the query's own expressions use, where the row as a whole is
 * there for the executor alone: to make a new row of, or to lock one.  All, where
 * an expression uses the row, or where it cannot be told.
 */
static Bitmapset *
named_attributes(PlannerInfo *root, const RelOptInfo *baserel, Relation relation, Bitmapset *all)
{
	Query		query = *root->parse;
	Bitmapset  *named = NULL;
	ListCell   *lc;

	if (baserel->reloptkind != RELOPT_BASEREL || has_row_triggers(relation))
		return all;
	query.targetList = NIL;
	foreach(lc, root->parse->targetList)
	{
		TargetEntry *entry = lfirst(lc);

		if (!entry->resjunk || entry->resname == NULL ||
			strncmp(entry->resname, "wholerow", strlen("wholerow")) != 0)
			query.targetList = lappend(query.targetList, entry);
	}
	foreach(lc, pull_vars_of_level((Node *) &query, 0))
	{
		const Var  *var = lfirst(lc);

		/* What is in a place-holder was not looked into. */
		if (IsA(var, PlaceHolderVar) &&
			bms_is_member(baserel->relid, ((const PlaceHolderVar *) var)->phrels))
			return all;
		if (!IsA(var, Var) || (Index) var->varno != baserel->relid)
			continue;
		if (var->varattno == 0)
			return all;
		if (var->varattno > 0)
			named = bms_add_member(named, var->varattno);
	}
	return named;
}

static List *
attribute_list(Bitmapset *attnums)
{
	List	   *list = NIL;
	int			attnum = -1;

	while ((attnum = bms_next_member(attnums, attnum)) >= 0)
		list = lappend_int(list, attnum);
	return list;
}

/*
 * Attribute numbers that the scan has to decode or compute; and of them, those that
 * it has to bring but no expression of the query uses.
 */
static List *
used_attributes(PlannerInfo *root, const RelOptInfo *baserel, const DbaasTable *table,
				List *scan_clauses, List **carried)
{
	Relation	relation = table_open(table->relid, NoLock);
	Bitmapset  *found = NULL;
	Bitmapset  *used;
	Bitmapset  *named;

	pull_varattnos((Node *) baserel->reltarget->exprs, baserel->relid, &found);
	pull_varattnos((Node *) scan_clauses, baserel->relid, &found);
	used = named = plain_attnums(found);
	if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, found))
	{
		used = bms_copy(used);
		for (int i = 1; i <= table->natts; i++)
			used = bms_add_member(used, i);
		named = bms_union(named, named_attributes(root, baserel, relation, used));
	}
	used = dbaas_generated_inputs(relation, bms_copy(used));
	/* A row that is written has those that are generated computed anew. */
	if (baserel->relid == (Index) root->parse->resultRelation)
		named = bms_union(named, dbaas_generated_all(relation));
	named = dbaas_generated_inputs(relation, bms_copy(named));
	table_close(relation, NoLock);
	*carried = attribute_list(bms_difference(used, named));
	return attribute_list(used);
}

/*
 * Is this the only relation, and does nothing between its scan and the LIMIT
 * drop, join or group rows?
 */
static bool
limit_is_of_scan(PlannerInfo *root, RelOptInfo *baserel)
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

/*
 * The LIMIT's count and offset, when that many entries of each target are
 * certain to suffice: every condition is pushed, and rows are wanted in the
 * order in which pages are read, or in none.  *order is that order, for a scan
 * whose rows are sorted afterwards.
 */
static List *
limit_expressions(PlannerInfo *root, RelOptInfo *baserel, const DbaasPushed *pushed,
				  bool ordered, DbaasScanOrder *order)
{
	RelationPlan *plan = baserel->fdw_private;
	const DbaasPaging *paging = plan->table->resource->paging;
	Query	   *parse = root->parse;

	if (pushed->rest || !limit_is_of_scan(root, baserel))
		return NIL;
	if (parse->sortClause && !ordered)
	{
		if (list_length(root->sort_pathkeys) != 1)
			return NIL;
		*order = order_of_pathkey(plan, baserel, pushed, linitial(root->sort_pathkeys));
		if (*order == DBAAS_ORDER_AS_GIVEN)
			return NIL;
	}
	else if (parse->sortClause && list_length(root->sort_pathkeys) != 1)
		return NIL;

	/* With a bound, the rows within it come first when the newest do. */
	if (pushed->bounds && paging && *order != DBAAS_ORDER_DESC &&
		dbaas_pushdown_has(pushed->keys, plan->table->resource->index.order))
		return NIL;
	if (parse->limitOffset)
		return list_make2(parse->limitCount, parse->limitOffset);
	return list_make1(parse->limitCount);
}

/*
 * Does the query read its relations to their ends?  Where few rows may do,
 * what is asked ahead of need may be asked in vain.
 */
static bool
reads_to_the_end(PlannerInfo *root, bool ordered)
{
	Query	   *parse = root->parse;

	if (parse->groupClause || parse->groupingSets || parse->hasAggs ||
		parse->distinctClause || parse->hasWindowFuncs || (parse->sortClause && !ordered))
		return true;
	return parse->limitCount == NULL && root->tuple_fraction <= 0;
}

/* Is the statement one that is read to its end, and no cursor? */
static bool
statement_to_the_end(const PlannerInfo *root)
{
	while (root->parent_root)
		root = root->parent_root;
	return root->parse->limitCount == NULL && root->tuple_fraction <= 0;
}

/* The values of pushed conditions. */
static List *
pushed_values(List *keys)
{
	List	   *values = NIL;
	ListCell   *lc;

	foreach(lc, keys)
		values = lappend(values, ((DbaasPushedKey *) lfirst(lc))->value);
	return values;
}

ForeignScan *
dbaasGetForeignPlan(PlannerInfo *root, RelOptInfo *baserel, Oid relid,
					ForeignPath *best_path, List *tlist, List *scan_clauses,
					Plan *outer_plan)
{
	RelationPlan *plan = baserel->fdw_private;
	const DbaasResource *resource = plan->table->resource;
	List	   *quals = extract_actual_clauses(scan_clauses, false);
	bool		ordered = best_path->path.pathkeys != NIL;
	DbaasScanOrder order = DBAAS_ORDER_AS_GIVEN;
	List	   *columns = NIL;
	List	   *forms = NIL;
	List	   *attributes;
	List	   *carried;
	List	   *exprs;
	List	   *limits;
	List	   *private;
	DbaasPushed	pushed;
	double		targets;
	double		requests;
	ListCell   *lc;

	(void) relid;
	dbaas_pushdown_clauses(plan->table, baserel->relid, scan_clauses, &pushed);
	expected_requests(root, plan, &pushed, best_path->path.param_info != NULL,
					  &targets, &requests);
	foreach(lc, pushed.keys)
	{
		columns = lappend_int(columns, ((DbaasPushedKey *) lfirst(lc))->column);
		forms = lappend_int(forms, ((DbaasPushedKey *) lfirst(lc))->form);
	}
	if (ordered)
		order = order_of_pathkey(plan, baserel, &pushed, linitial(best_path->path.pathkeys));
	limits = limit_expressions(root, baserel, &pushed, ordered, &order);
	if (limits && resource->paging)
		requests -= targets * (expected_pages(root, plan, &pushed) - 1);
	exprs = list_concat(pushed_values(pushed.keys), pushed_values(pushed.bounds));
	exprs = list_concat(exprs, copyObject(limits));

	attributes = used_attributes(root, baserel, plan->table, quals, &carried);
	private = list_make5(makeInteger(pushed.endpoint - resource->reads), attributes, carried,
						 columns, forms);
	private = lappend(private, makeInteger(list_length(pushed.bounds)));
	private = lappend(private, makeInteger(list_length(limits)));
	private = lappend(private, makeInteger(order));
	private = lappend(private, makeInteger(ordered));
	private = lappend(private, makeInteger(reads_to_the_end(root, ordered)));
	private = lappend(private, makeInteger(statement_to_the_end(root)));
	private = lappend(private, makeInteger(root->query_level > 1));
	private = lappend(private, makeFloat(psprintf("%.0f", requests)));
	return make_foreignscan(tlist, quals, baserel->relid, exprs, private, NIL, NIL, outer_plan);
}
