/*-------------------------------------------------------------------------
 *
 * plan.c
 *		From a query's conditions to a plan: which keys go to the API.
 *
 * A condition is pushed when it says that a key equals a value, or one of the
 * values of an array, that is known when the scan starts.  Every condition is
 * also checked locally, so what is pushed only has to be implied.  Nothing is
 * asked of the API here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "fetch.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "options.h"
#include "plan.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

/* Rows that a table is taken to have as long as nothing is known of it. */
#define DEFAULT_ROWS 1000
/* Requests that fan-out over an unknown number of parents is taken to need. */
#define DEFAULT_PARENTS 20
/* Requests that asking every zone is taken to need. */
#define DEFAULT_ZONES 3
/* Makes the planner prefer any plan that gives a key which is required. */
#define MISSING_KEY_COST 1.0e10

/* What the callbacks hand on, in baserel->fdw_private. */
typedef struct RelationPlan
{
	DbaasTable *table;
	double		startup_cost;
	double		tuple_cost;
} RelationPlan;

/* A condition that can be pushed. */
typedef struct PushedKey
{
	int			column;			/* of the catalogue */
	bool		is_array;
	Expr	   *value;
} PushedKey;

/* ------------------------------------------------------------------------
 * Conditions
 * ------------------------------------------------------------------------ */

static Node *
strip_relabel(Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/*
 * Is the type one whose equality compares what its output function writes?
 */
static bool
is_plain_type(Oid type)
{
	switch (getBaseType(type))
	{
		case TEXTOID:
		case VARCHAROID:
		case NAMEOID:
		case UUIDOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return true;
		default:
			return false;
	}
}

/*
 * Is the operator the equality of the column's type, or of it with a type like
 * it, under a collation in which only equal texts are equal?
 */
static bool
is_equality(Oid opno, Oid collation, Oid column_type, Oid value_type)
{
	TypeCacheEntry *type = lookup_type_cache(column_type, TYPECACHE_BTREE_OPFAMILY);

	return is_plain_type(column_type) && is_plain_type(value_type) &&
		OidIsValid(type->btree_opf) &&
		get_op_opfamily_strategy(opno, type->btree_opf) == BTEqualStrategyNumber &&
		(!OidIsValid(collation) || get_collation_isdeterministic(collation));
}

/*
 * The key that a Var of the relation shows, or -1.
 */
static int
key_of_var(const DbaasTable *table, Index relid, Node *node)
{
	Var		   *var = (Var *) node;
	int			column;

	if (node == NULL || !IsA(node, Var) || (Index) var->varno != relid ||
		var->varlevelsup != 0 || var->varattno <= 0 || var->varattno > table->natts)
		return -1;
	column = table->attributes[var->varattno - 1].column;
	if (column == DBAAS_ZONE_COLUMN ||
		(column > 0 && table->resource->columns[column].param))
		return column;
	return -1;
}

/* Is the expression's value the same for a whole scan, and known at its start? */
static bool
is_scan_constant(Index relid, Node *node)
{
	return !bms_is_member(relid, pull_varnos(NULL, node)) &&
		!contain_volatile_functions(node) && !contain_subplans(node);
}

/* Matches "key = value", with the sides in this order. */
static bool
match_equality(const DbaasTable *table, Index relid, Oid opno, Oid collation,
			   Node *left, Node *right, PushedKey *key)
{
	left = strip_relabel(left);
	key->column = key_of_var(table, relid, left);
	if (key->column < 0 || !is_scan_constant(relid, right) ||
		!is_equality(opno, collation, exprType(left), exprType(strip_relabel(right))))
		return false;
	key->is_array = false;
	key->value = (Expr *) right;
	return true;
}

/* Matches "key = ANY (array)", which IN lists become too. */
static bool
match_any(const DbaasTable *table, Index relid, ScalarArrayOpExpr *any, PushedKey *key)
{
	Node	   *left = strip_relabel(linitial(any->args));
	Node	   *right = lsecond(any->args);

	key->column = key_of_var(table, relid, left);
	if (!any->useOr || key->column < 0 || !is_scan_constant(relid, right) ||
		!is_equality(any->opno, any->inputcollid, exprType(left),
					 get_element_type(exprType(right))))
		return false;
	key->is_array = true;
	key->value = (Expr *) right;
	return true;
}

/* Matches a condition that can be pushed. */
static bool
match_clause(const DbaasTable *table, Index relid, Expr *clause, PushedKey *key)
{
	if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
	{
		OpExpr	   *op = (OpExpr *) clause;
		Oid			commutator = get_commutator(op->opno);
		Node	   *left = linitial(op->args);
		Node	   *right = lsecond(op->args);

		return match_equality(table, relid, op->opno, op->inputcollid, left, right, key) ||
			(OidIsValid(commutator) &&
			 match_equality(table, relid, commutator, op->inputcollid, right, left, key));
	}
	if (IsA(clause, ScalarArrayOpExpr))
		return match_any(table, relid, (ScalarArrayOpExpr *) clause, key);
	return false;
}

/*
 * The conditions of RestrictInfos that can be pushed: a list of PushedKey *.
 * *rest is set when others remain.
 */
static List *
match_clauses(const DbaasTable *table, Index relid, List *restrictinfos, bool *rest)
{
	List	   *keys = NIL;
	ListCell   *lc;

	*rest = false;
	foreach(lc, restrictinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		PushedKey	key;

		if (!rinfo->pseudoconstant && match_clause(table, relid, rinfo->clause, &key))
		{
			PushedKey  *copy = palloc(sizeof(PushedKey));

			*copy = key;
			keys = lappend(keys, copy);
		}
		else
			*rest = true;
	}
	return keys;
}

/*
 * Which endpoint those keys choose.  Drops the keys that are no parameters of
 * its requests; *dropped is set when there are such.
 */
static const DbaasEndpoint *
choose_endpoint(const DbaasResource *resource, List **keys, bool *dropped)
{
	bool	   *given = palloc0(resource->ncolumns * sizeof(bool));
	const DbaasEndpoint *endpoint;
	ListCell   *lc;

	foreach(lc, *keys)
		given[((PushedKey *) lfirst(lc))->column] = true;
	endpoint = dbaas_fetch_endpoint(resource, given);

	*dropped = false;
	foreach(lc, *keys)
	{
		PushedKey  *key = lfirst(lc);

		if (key->column == DBAAS_ZONE_COLUMN && !resource->global)
			continue;
		if (!dbaas_fetch_is_param(endpoint, &resource->columns[key->column]))
		{
			*keys = foreach_delete_current(*keys, lc);
			*dropped = true;
		}
	}
	return endpoint;
}

/* ------------------------------------------------------------------------
 * Size and paths
 * ------------------------------------------------------------------------ */

void
dbaasGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	RelationPlan *plan = palloc0(sizeof(RelationPlan));

	plan->table = dbaas_table_get(relid);
	plan->startup_cost = dbaas_option_number(plan->table->options, "fdw_startup_cost");
	plan->tuple_cost = dbaas_option_number(plan->table->options, "fdw_tuple_cost");
	baserel->fdw_private = plan;

	if (baserel->tuples <= 0)
		baserel->tuples = DEFAULT_ROWS;
	set_baserel_size_estimates(root, baserel);
}

/* Does the scan lack a key that nothing lists? */
static bool
lacks_required_key(const DbaasResource *resource, List *keys)
{
	for (int c = 0; c < resource->ncolumns; c++)
	{
		ListCell   *lc;
		bool		given = false;

		if (!resource->columns[c].required)
			continue;
		foreach(lc, keys)
			given = given || ((PushedKey *) lfirst(lc))->column == c;
		if (!given)
			return true;
	}
	return false;
}

/* How many requests a scan with those keys is taken to need. */
static double
estimate_requests(PlannerInfo *root, const DbaasResource *resource,
				  const DbaasEndpoint *endpoint, List *keys)
{
	double		requests = resource->global ? 1 : DEFAULT_ZONES;
	bool		fan_out = resource->parent != NULL;
	ListCell   *lc;

	foreach(lc, keys)
	{
		PushedKey  *key = lfirst(lc);
		double		values = 1;

		if (key->is_array)
			values = dbaas_estimate_array_length(root, (Node *) key->value);
		if (key->column == DBAAS_ZONE_COLUMN)
			requests = Min(requests, values);
		else
		{
			fan_out = false;
			requests *= values;
		}
	}
	if (fan_out && strchr(endpoint->path, '{'))
		requests *= DEFAULT_PARENTS;
	return requests;
}

/* Adds the path that pushes those conditions, for outer relations or none. */
static void
add_scan_path(PlannerInfo *root, RelOptInfo *baserel, List *restrictinfos,
			  double rows, Relids outer)
{
	RelationPlan *plan = baserel->fdw_private;
	const DbaasResource *resource = plan->table->resource;
	bool		rest;
	bool		dropped;
	List	   *keys = match_clauses(plan->table, baserel->relid, restrictinfos, &rest);
	const DbaasEndpoint *endpoint = choose_endpoint(resource, &keys, &dropped);
	Cost		startup_cost = plan->startup_cost;
	Cost		total_cost;

	total_cost = plan->startup_cost * estimate_requests(root, resource, endpoint, keys) +
		(plan->tuple_cost + cpu_tuple_cost) * rows;
	if (lacks_required_key(resource, keys))
		total_cost += MISSING_KEY_COST;
	add_path(baserel, (Path *)
			 dbaas_create_foreignscan_path(root, baserel, rows, startup_cost,
										   Max(total_cost, startup_cost), NIL, outer, NIL));
}

/* What collect_outer_relids() looks for in equivalence classes. */
typedef struct KeyMatch
{
	const DbaasTable *table;
	Index		relid;
} KeyMatch;

static bool
member_is_key(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
			  EquivalenceMember *em, void *arg)
{
	KeyMatch   *match = arg;

	(void) root;
	(void) rel;
	(void) ec;
	return key_of_var(match->table, match->relid,
					  strip_relabel((Node *) em->em_expr)) >= 0;
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
		PushedKey	key;
		Relids		outer;

		if (!join_clause_is_movable_to(rinfo, baserel) ||
			!match_clause(plan->table, baserel->relid, rinfo->clause, &key))
			continue;
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

/* Sets of relations whose rows can give this one's keys in a nested loop. */
static List *
collect_outer_relids(PlannerInfo *root, RelOptInfo *baserel)
{
	RelationPlan *plan = baserel->fdw_private;
	KeyMatch	match = {plan->table, baserel->relid};
	List	   *outers = add_outer_relids(root, baserel, baserel->joininfo, NIL);

	if (baserel->has_eclass_joins)
		outers = add_outer_relids(root, baserel,
								  generate_implied_equalities_for_column(root, baserel,
																		 member_is_key, &match,
																		 baserel->lateral_referencers),
								  outers);
	return outers;
}

void
dbaasGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid relid)
{
	ListCell   *lc;

	(void) relid;
	add_scan_path(root, baserel, baserel->baserestrictinfo, baserel->rows,
				  baserel->lateral_relids);

	foreach(lc, collect_outer_relids(root, baserel))
	{
		Relids		outer = lfirst(lc);
		ParamPathInfo *info = get_baserel_parampathinfo(root, baserel, outer);

		add_scan_path(root, baserel,
					  list_concat_copy(baserel->baserestrictinfo, info->ppi_clauses),
					  info->ppi_rows, outer);
	}
}

/* ------------------------------------------------------------------------
 * The plan
 * ------------------------------------------------------------------------ */

/* Attribute numbers that the scan has to decode. */
static List *
used_attributes(const RelOptInfo *baserel, const DbaasTable *table, List *scan_clauses)
{
	Bitmapset  *used = NULL;
	List	   *attributes = NIL;
	int			member = -1;

	pull_varattnos((Node *) baserel->reltarget->exprs, baserel->relid, &used);
	pull_varattnos((Node *) scan_clauses, baserel->relid, &used);
	if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, used))
	{
		/* The row as a whole. */
		for (int i = 1; i <= table->natts; i++)
			used = bms_add_member(used, i - FirstLowInvalidHeapAttributeNumber);
	}
	while ((member = bms_next_member(used, member)) >= 0)
	{
		AttrNumber	attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum > 0 && (table->attributes[attnum - 1].column >= 0 ||
						   table->attributes[attnum - 1].field))
			attributes = lappend_int(attributes, attnum);
	}
	return attributes;
}

/*
 * The LIMIT's count and offset, when that many rows of this scan are certain
 * to suffice: it is the only relation, every condition is pushed, and nothing
 * between the scan and the LIMIT drops, joins or orders rows.
 */
static List *
limit_expressions(PlannerInfo *root, RelOptInfo *baserel, bool all_pushed)
{
	Query	   *parse = root->parse;

	if (!all_pushed || parse->limitCount == NULL ||
		parse->limitOption != LIMIT_OPTION_COUNT ||
		bms_membership(root->all_baserels) != BMS_SINGLETON ||
		!bms_is_member(baserel->relid, root->all_baserels) ||
		parse->commandType != CMD_SELECT || parse->setOperations ||
		parse->groupClause || parse->groupingSets || parse->hasAggs ||
		parse->distinctClause || parse->sortClause || parse->havingQual ||
		root->hasHavingQual || parse->hasWindowFuncs || parse->hasTargetSRFs ||
		parse->rowMarks ||
		contain_volatile_functions(parse->limitCount) ||
		contain_volatile_functions(parse->limitOffset) ||
		contain_subplans(parse->limitCount) || contain_subplans(parse->limitOffset))
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
reads_to_the_end(PlannerInfo *root)
{
	Query	   *parse = root->parse;

	if (parse->groupClause || parse->groupingSets || parse->hasAggs ||
		parse->distinctClause || parse->sortClause || parse->hasWindowFuncs)
		return true;
	return parse->limitCount == NULL && root->tuple_fraction <= 0;
}

ForeignScan *
dbaasGetForeignPlan(PlannerInfo *root, RelOptInfo *baserel, Oid relid,
					ForeignPath *best_path, List *tlist, List *scan_clauses,
					Plan *outer_plan)
{
	RelationPlan *plan = baserel->fdw_private;
	const DbaasResource *resource = plan->table->resource;
	bool		rest;
	bool		dropped;
	List	   *keys = match_clauses(plan->table, baserel->relid, scan_clauses, &rest);
	const DbaasEndpoint *endpoint = choose_endpoint(resource, &keys, &dropped);
	List	   *quals = extract_actual_clauses(scan_clauses, false);
	List	   *columns = NIL;
	List	   *arrays = NIL;
	List	   *exprs = NIL;
	List	   *limits;
	List	   *private;
	bool		eager;
	ListCell   *lc;

	(void) relid;
	(void) best_path;
	foreach(lc, keys)
	{
		PushedKey  *key = lfirst(lc);

		columns = lappend_int(columns, key->column);
		arrays = lappend_int(arrays, key->is_array);
		exprs = lappend(exprs, key->value);
	}
	limits = limit_expressions(root, baserel, !rest && !dropped);

	eager = reads_to_the_end(root);

	private = list_make3(makeInteger(endpoint - resource->reads),
						 used_attributes(baserel, plan->table, quals), columns);
	private = lappend(private, arrays);
	private = lappend(private, makeInteger(list_length(limits)));
	private = lappend(private, makeInteger(eager));
	return make_foreignscan(tlist, quals, baserel->relid,
							list_concat(exprs, copyObject(limits)), private,
							NIL, NIL, outer_plan);
}
