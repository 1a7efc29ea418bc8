/*-------------------------------------------------------------------------
 *
 * attributes.c
 *		Which attributes of its table a scan has to decode or compute.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "optimizer/inherit.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "utils/rel.h"

#include "plan/attributes.h"
#include "tables/generated.h"

/* The numbers of the user attributes in a set that pull_varattnos() made. */
static Bitmapset *
user_attnums(const Bitmapset *found)
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

/* Do row triggers see rows that the statement updates or deletes? */
static bool
has_row_triggers(Relation relation)
{
	const TriggerDesc *triggers = relation->trigdesc;

	return triggers &&
		(triggers->trig_update_before_row || triggers->trig_update_after_row ||
		 triggers->trig_delete_before_row || triggers->trig_delete_after_row);
}

/*
 * The attributes that expressions of the query use.  The planner adds the whole row for
 * UPDATE, DELETE and row locks; that does not count.  Returns "all" if an expression
 * or a trigger uses the whole row, or if that cannot be ruled out.
 */
static Bitmapset *
attributes_in_query(PlannerInfo *root, const RelOptInfo *baserel, Relation relation, Bitmapset *all)
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

		/* pull_vars_of_level() does not look into placeholders. */
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

/* The attributes that the statement sets, if it updates the relation. */
static Bitmapset *
updated_attributes(PlannerInfo *root, RelOptInfo *baserel)
{
	if (root->parse->commandType != CMD_UPDATE ||
		!bms_is_member(baserel->relid, root->all_result_relids))
		return NULL;
	return user_attnums(get_rel_all_updated_cols(root, baserel));
}

Bitmapset *
dbaas_attributes_needed(PlannerInfo *root, RelOptInfo *baserel, const DbaasTable *table)
{
	List	   *conditions = extract_actual_clauses(baserel->baserestrictinfo, false);
	List	   *unused;
	List	   *used = dbaas_attributes_find(root, baserel, table, conditions, &unused);
	Bitmapset  *updated = updated_attributes(root, baserel);
	Bitmapset  *columns = NULL;

	for (int attnum = 1; attnum <= table->natts; attnum++)
	{
		if (table->attributes[attnum - 1].column >= 0 &&
			((list_member_int(used, attnum) && !list_member_int(unused, attnum)) ||
			 bms_is_member(attnum, updated)))
			columns = bms_add_member(columns, table->attributes[attnum - 1].column);
	}
	return columns;
}

List *
dbaas_attributes_find(PlannerInfo *root, const RelOptInfo *baserel, const DbaasTable *table,
					  List *scan_clauses, List **unused)
{
	Relation	relation = table_open(table->relid, NoLock);
	Bitmapset  *found = NULL;
	Bitmapset  *needed;
	Bitmapset  *in_query;

	pull_varattnos((Node *) baserel->reltarget->exprs, baserel->relid, &found);
	pull_varattnos((Node *) scan_clauses, baserel->relid, &found);
	needed = in_query = user_attnums(found);
	if (bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, found))
	{
		needed = bms_copy(needed);
		for (int i = 1; i <= table->natts; i++)
			needed = bms_add_member(needed, i);
		in_query = bms_union(in_query, attributes_in_query(root, baserel, relation, needed));
	}
	needed = dbaas_generated_inputs(relation, bms_copy(needed));

	/* A write computes the generated columns of the new row. */
	if (baserel->relid == (Index) root->parse->resultRelation)
		in_query = bms_union(in_query, dbaas_generated_all(relation));
	in_query = dbaas_generated_inputs(relation, bms_copy(in_query));
	table_close(relation, NoLock);
	*unused = attribute_list(bms_difference(needed, in_query));
	return attribute_list(needed);
}
