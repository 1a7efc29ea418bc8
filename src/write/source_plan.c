/*-------------------------------------------------------------------------
 *
 * source_plan.c
 *		The rows, beside the one that it writes, that an UPDATE computes values from.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "write/source_plan.h"

typedef struct Search
{
	PlannerInfo *root;
	bool		(*counts) (Oid relid);
	List	   *queries;		/* below that of root, the innermost first */
	bool		in_with;		/* is it in a query of WITH? */
	Bitmapset  *searched;		/* entries of root's range table */
	List	   *found;			/* of DbaasSource * */
} Search;

static bool search_node(Node *node, void *context);

static void
add_source(Search *search, Oid relid, const Var *var, AttrNumber attnum)
{
	DbaasSource *source = NULL;
	ListCell   *lc;

	if (!search->counts(relid))
		return;
	foreach(lc, search->found)
	{
		DbaasSource *other = lfirst(lc);

		if (other->relid == relid &&
			(var && other->var ? var->varno == other->var->varno : var == other->var))
			source = other;
	}
	if (source == NULL)
	{
		source = palloc0(sizeof(DbaasSource));
		source->relid = relid;
		source->var = var;
		search->found = lappend(search->found, source);
	}
	source->attributes = bms_add_member(source->attributes, Max(attnum, 0));
}

/* Adds a table, or those that inherit from it.  "is_row" as for DbaasSource.var. */
static void
add_table(Search *search, const RangeTblEntry *rte, const Var *var, bool is_row)
{
	const char *name;
	ListCell   *lc;

	if (rte->relkind == RELKIND_FOREIGN_TABLE)
		add_source(search, rte->relid, is_row ? var : NULL, var->varattno);
	if (!rte->inh)
		return;
	name = var->varattno > 0 ? get_attname(rte->relid, var->varattno, false) : NULL;
	foreach(lc, find_all_inheritors(rte->relid, AccessShareLock, NULL))
	{
		Oid			child = lfirst_oid(lc);

		if (child != rte->relid && get_rel_relkind(child) == RELKIND_FOREIGN_TABLE)
			add_source(search, child, NULL, name ? get_attnum(child, name) : 0);
	}
}

/* Searches the queries of WITH, of this level and those around it. */
static void
search_with(Search *search)
{
	Search		within = *search;
	ListCell   *lc;

	if (search->in_with)
		return;
	within.in_with = true;
	within.queries = NIL;
	for (PlannerInfo *root = search->root; root; root = root->parent_root)
	{
		within.root = root;
		within.searched = NULL;
		foreach(lc, root->parse->cteList)
			search_node(lfirst_node(CommonTableExpr, lc)->ctequery, &within);
	}
	search->found = within.found;
}

/* Searches what a Var of root's query reads. */
static void
search_entry(Search *search, const Var *var)
{
	PlannerInfo *root = search->root;
	const RangeTblEntry *rte = planner_rt_fetch(var->varno, root);
	List	   *queries = search->queries;

	if (var->varno == root->parse->resultRelation)
		return;
	if (rte->rtekind == RTE_RELATION)
	{
		add_table(search, rte, var, queries == NIL && !search->in_with);
		return;
	}
	if (bms_is_member(var->varno, search->searched))
		return;
	search->searched = bms_add_member(search->searched, var->varno);
	search->queries = NIL;
	if (rte->rtekind == RTE_CTE)
		search_with(search);
	search_node((Node *) rte->subquery, search);
	search_node((Node *) rte->functions, search);
	search_node((Node *) rte->tablefunc, search);
	search_node((Node *) rte->values_lists, search);
	search->queries = queries;
}

/* Searches what a Var of one of search->queries reads.  A subquery is searched as a whole. */
static void
search_below(Search *search, const Var *var)
{
	List	   *queries = search->queries;
	const Query *query = list_nth(queries, var->varlevelsup);
	const RangeTblEntry *rte = rt_fetch(var->varno, query->rtable);

	if (rte->rtekind == RTE_RELATION)
		add_table(search, rte, var, false);
	else if (rte->rtekind == RTE_CTE)
		search_with(search);
	else if (rte->rtekind == RTE_JOIN)
	{
		search->queries = list_copy_tail(queries, var->varlevelsup);
		search_node(var->varattno > 0 ? list_nth(rte->joinaliasvars, var->varattno - 1) :
					(Node *) rte->joinaliasvars, search);
		search->queries = queries;
	}
}

static bool
search_node(Node *node, void *context)
{
	Search	   *search = context;
	int			depth = list_length(search->queries);

	/* The last two have the conditions. */
	if (node == NULL || IsA(node, FromExpr) || IsA(node, JoinExpr))
		return false;
	if (IsA(node, Var))
	{
		const Var  *var = (const Var *) node;

		if ((int) var->varlevelsup == depth)
			search_entry(search, var);
		else if ((int) var->varlevelsup < depth)
			search_below(search, var);
		return false;
	}
	if (!IsA(node, Query))
		return expression_tree_walker(node, search_node, context);
	search->queries = lcons(node, search->queries);
	query_tree_walker((Query *) node, search_node, context, QTW_IGNORE_JOINALIASES);
	search->queries = list_delete_first(search->queries);
	return false;
}

List *
dbaas_source_plan(PlannerInfo *root, bool (*counts) (Oid relid))
{
	Search		search = {.root = root,.counts = counts};
	ListCell   *lc;

	foreach(lc, root->processed_tlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);

		/* SET (a, b) = (SELECT ...) has its subquery behind the columns. */
		if (!entry->resjunk || IsA(entry->expr, SubPlan))
			search_node((Node *) entry->expr, &search);
	}
	return search.found;
}
