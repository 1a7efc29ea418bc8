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
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "write/source_plan.h"

typedef struct Search
{
	PlannerInfo *root;
	bool		(*counts) (Oid relid);
	List	   *queries;		/* below that of root, the innermost first */
	bool		hidden;			/* does no row of the plan tell the row that
								 * is read? */
	List	   *found;			/* of DbaasSource * */
} Search;

static bool search_node(Node *node, void *context);

static void
add_source(Search *search, Oid relid, Oid userid, const Var *var, AttrNumber attnum)
{
	DbaasSource *source = NULL;
	ListCell   *lc;

	/* All rows of a foreign table have the same system columns. */
	if (attnum < 0 || !search->counts(relid))
		return;
	foreach(lc, search->found)
	{
		DbaasSource *other = lfirst(lc);

		if (other->relid == relid && other->userid == userid &&
			(var && other->var ? var->varno == other->var->varno : var == other->var))
			source = other;
	}
	if (source == NULL)
	{
		source = palloc0(sizeof(DbaasSource));
		source->relid = relid;
		source->userid = userid;
		source->var = var;
		search->found = lappend(search->found, source);
	}
	source->attributes = bms_add_member(source->attributes, attnum);
}

/* Adds a table of the query, or those that inherit from it. */
static void
add_table(Search *search, const Query *query, RangeTblEntry *rte, const Var *var)
{
	Oid			userid = dbaas_rte_check_as_user(query, rte);
	const char *name;
	ListCell   *lc;

	if (rte->relkind == RELKIND_FOREIGN_TABLE)
		add_source(search, rte->relid, userid, search->hidden ? NULL : var, var->varattno);
	if (!rte->inh)
		return;
	name = var->varattno > 0 ? get_attname(rte->relid, var->varattno, false) : NULL;
	foreach(lc, find_all_inheritors(rte->relid, AccessShareLock, NULL))
	{
		Oid			child = lfirst_oid(lc);

		if (child != rte->relid && get_rel_relkind(child) == RELKIND_FOREIGN_TABLE)
			add_source(search, child, userid, NULL,
					   name ? get_attnum(child, name) : var->varattno);
	}
}

/* Searches the column of that number, or all with 0.  Returns whether there is any. */
static bool
search_columns(Search *search, List *columns, AttrNumber attnum)
{
	bool		any = false;
	ListCell   *lc;

	foreach(lc, columns)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);

		if (entry->resjunk || (attnum != 0 && entry->resno != attnum))
			continue;
		search_node((Node *) entry->expr, search);
		any = true;
	}
	return any;
}

/*
 * Searches what a statement in WITH returns of the row that it writes: what it sets, and else
 * the row as it was read.  A row that it makes is its own.
 */
static void
search_returned(Search *search, Query *query, RangeTblEntry *rte, const Var *var)
{
	bool		any = !dbaas_is_old_row(var) &&
		search_columns(search, query->targetList, var->varattno);

	if (query->commandType != CMD_INSERT && (!any || var->varattno == 0))
		add_table(search, query, rte, var);
}

/* Searches an output column of a query, or all with 0.  "around" are the queries around it. */
static void
search_query(Search *search, Query *query, List *around, AttrNumber attnum)
{
	List	   *queries = search->queries;
	bool		hidden = search->hidden;
	ListCell   *lc;

	search->queries = lcons(query, list_copy(around));
	search->hidden = true;
	foreach(lc, query->setOperations ? query->rtable : NIL)
	{
		RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (rte->rtekind == RTE_SUBQUERY)
			search_query(search, rte->subquery, search->queries, attnum);
	}
	if (query->commandType != CMD_SELECT)
		search_columns(search, query->returningList, attnum);
	else if (query->setOperations == NULL)
		search_columns(search, query->targetList, attnum);
	search->queries = queries;
	search->hidden = hidden;
}

/* The same for a query of WITH, which is "levels" above the innermost one. */
static void
search_with(Search *search, const RangeTblEntry *rte, int levels, AttrNumber attnum)
{
	PlannerInfo *root = search->root;
	int			depth = list_length(search->queries);
	List	   *around = levels < depth ? list_copy_tail(search->queries, levels) : NIL;
	const Query *query;
	ListCell   *lc;

	if (rte->self_reference)
		return;
	for (int i = depth; i < levels; i++)
		search->root = search->root->parent_root;
	query = around ? linitial(around) : search->root->parse;
	foreach(lc, query->cteList)
	{
		const CommonTableExpr *with = lfirst_node(CommonTableExpr, lc);

		if (strcmp(with->ctename, rte->ctename) == 0)
			search_query(search, (Query *) with->ctequery, around,
						 with->cterecursive ? 0 : attnum);
	}
	search->root = root;
}

/* Searches what a Var reads. */
static void
search_var(Search *search, const Var *var)
{
	int			levels = var->varlevelsup;
	List	   *queries = search->queries;
	bool		hidden = search->hidden;
	bool		below = levels < list_length(queries);
	Query	   *query = below ? list_nth(queries, levels) : search->root->parse;
	RangeTblEntry *rte = rt_fetch(var->varno, query->rtable);
	List	   *grouped = dbaas_group_exprs(rte);

	if (!below && var->varno == query->resultRelation)
		return;
	search->queries = below ? list_copy_tail(queries, levels) : NIL;
	if (var->varno == query->resultRelation)
		search_returned(search, query, rte, var);
	else if (rte->rtekind == RTE_RELATION)
		add_table(search, query, rte, var);
	else if (grouped)
		search_node(list_nth(grouped, var->varattno - 1), search);
	else if (rte->rtekind == RTE_SUBQUERY)
		search_query(search, rte->subquery, search->queries, var->varattno);
	else if (rte->rtekind == RTE_JOIN && var->varattno > 0)
		search_node(list_nth(rte->joinaliasvars, var->varattno - 1), search);
	else if (rte->rtekind != RTE_CTE)
	{
		search->hidden = true;
		range_table_entry_walker(rte, search_node, search, 0);
	}
	search->queries = queries;
	search->hidden = hidden;
	if (rte->rtekind == RTE_CTE)
		search_with(search, rte, levels + rte->ctelevelsup, var->varattno);
}

/*
 * Searches what a subquery that is a value takes from the rows around it.  What it reads itself
 * is what the API says.
 */
static void
search_sublink(Search *search, const SubLink * sublink)
{
	search_node(sublink->testexpr, search);
	for (int level = 1; level <= list_length(search->queries) + 1; level++)
	{
		ListCell   *lc;

		foreach(lc, pull_vars_of_level(sublink->subselect, level))
		{
			Node	   *taken = copyObject(lfirst(lc));

			IncrementVarSublevelsUp(taken, -1, level);
			search_node(taken, search);
		}
	}
}

static bool
search_node(Node *node, void *context)
{
	Search	   *search = context;
	bool		hidden = search->hidden;

	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
	{
		search_sublink(search, (const SubLink *) node);
		return false;
	}
	if (IsA(node, Var))
	{
		/* Those of queries around root's are not of its rows. */
		if ((int) ((Var *) node)->varlevelsup <= list_length(search->queries))
			search_var(search, (const Var *) node);
		return false;
	}
	/* A Var in it lacks the outer joins that are around it. */
	search->hidden = hidden || IsA(node, PlaceHolderVar);
	expression_tree_walker(node, search_node, context);
	search->hidden = hidden;
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
