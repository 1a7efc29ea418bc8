/*-------------------------------------------------------------------------
 *
 * modify_plan.c
 *		Planning of INSERT, UPDATE and DELETE on foreign tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/heap.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/clauses.h"
#include "optimizer/inherit.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "tables/options.h"
#include "write/modify_plan.h"
#include "write/source_plan.h"
#include "write/writable.h"

DbaasCommand
dbaas_modify_plan_command(CmdType command)
{
	Assert(command == CMD_INSERT || command == CMD_UPDATE || command == CMD_DELETE);
	return command == CMD_INSERT ? DBAAS_INSERT :
		command == CMD_UPDATE ? DBAAS_UPDATE : DBAAS_DELETE;
}

int
dbaasIsForeignRelUpdatable(Relation rel)
{
	static const CmdType commands[] = {CMD_INSERT, CMD_UPDATE, CMD_DELETE};
	List	   *options;
	const DbaasResource *resource = dbaas_table_resource(RelationGetRelid(rel), &options);
	int			events = 0;

	/* The information schema asks this of every table, usable or not. */
	if (resource == NULL || !dbaas_options_allows(options, "updatable"))
		return 0;
	for (size_t i = 0; i < lengthof(commands); i++)
	{
		if (dbaas_catalogue_next_write(resource, dbaas_modify_plan_command(commands[i]), NULL))
			events |= 1 << commands[i];
	}
	return events;
}

/* A Var for an attribute of the relation with that index in the range table. */
static Var *
attribute_var(Index rtindex, const FormData_pg_attribute *attr)
{
	return makeVar(rtindex, attr->attnum, attr->atttypid, attr->atttypmod, attr->attcollation, 0);
}

char *
dbaas_modify_plan_junk_name(const FormData_pg_attribute *attr)
{
	return psprintf("dbaas_%d_%u_%d_%u", attr->attnum, attr->atttypid, attr->atttypmod,
					attr->attcollation);
}

/*
 * Does the foreign table to delete from, or a partition that is one, have a trigger that
 * gets the deleted row?  For such a table PostgreSQL adds a junk column with the whole row,
 * and then all partitions must have it.
 */
static bool
triggers_need_rows(PlannerInfo *root)
{
	Oid			parent = planner_rt_fetch(root->parse->resultRelation, root)->relid;
	bool		found = false;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(parent, AccessShareLock, NULL))
	{
		Relation	relation = table_open(lfirst_oid(lc), NoLock);
		const TriggerDesc *triggers = relation->trigdesc;

		if (relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE && triggers &&
			(triggers->trig_delete_before_row || triggers->trig_delete_after_row))
			found = true;
		table_close(relation, NoLock);
	}
	return found;
}

char *
dbaas_modify_plan_source_name(int varno, AttrNumber attnum)
{
	return psprintf("dbaas_source_%d_%d", varno, attnum);
}

/* Is it a foreign table of this wrapper?  Another one's may have the same options. */
static bool
is_own_table(Oid relid)
{
	return GetFdwRoutineByRelId(relid)->PlanForeignModify == dbaasPlanForeignModify;
}

/*
 * Of a set of attributes, in which 0 is the whole row, those that show something.  A generated
 * column may be made of any.
 */
static Bitmapset *
shown_attributes(const DbaasTable *table, const Bitmapset *attributes)
{
	Bitmapset  *shown = NULL;
	int			attnum = -1;
	bool		all = false;

	while ((attnum = bms_next_member(attributes, attnum)) >= 0)
		all = all || attnum == 0 || !dbaas_table_shows(table, attnum);
	for (attnum = 1; attnum <= table->natts; attnum++)
	{
		if (dbaas_table_shows(table, attnum) && (all || bms_is_member(attnum, attributes)))
			shown = bms_add_member(shown, attnum);
	}
	return shown;
}

/* The attributes that tell rows of a table apart; NULL if it does not show all. */
static Bitmapset *
naming_attributes(const DbaasTable *table)
{
	Bitmapset  *names = NULL;

	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		AttrNumber	attnum = dbaas_table_find_attribute(table, c);
		bool		names_row = dbaas_path_has(&table->resource->identity_path, c);

		if (names_row && attnum == 0)
			return NULL;
		if (attnum && (names_row || c == DBAAS_ZONE_COLUMN))
			names = bms_add_member(names, attnum);
	}
	return names;
}

/* Adds junk columns with what names a row of the source, and what is read of it. */
static void
add_source_columns(PlannerInfo *root, const DbaasSource *source)
{
	const DbaasTable *table = dbaas_table_get(source->relid);
	Bitmapset  *names = naming_attributes(table);
	Bitmapset  *attributes = bms_union(names, shown_attributes(table, source->attributes));
	int			attnum = -1;

	while (names && (attnum = bms_next_member(attributes, attnum)) >= 0)
	{
		Var		   *var = copyObjectImpl(source->var);	/* may be of an outer
														 * join */

		var->varattno = var->varattnosyn = attnum;
		get_atttypetypmodcoll(source->relid, attnum, &var->vartype, &var->vartypmod,
							  &var->varcollid);
		root->processed_tlist =
			lappend(root->processed_tlist,
					makeTargetEntry((Expr *) var, list_length(root->processed_tlist) + 1,
									dbaas_modify_plan_source_name(var->varno, attnum), true));
	}
}

static void
add_sources(PlannerInfo *root)
{
	ListCell   *lc;

	foreach(lc, dbaas_source_plan(root, is_own_table))
	{
		const DbaasSource *source = lfirst(lc);

		if (source->var)
			add_source_columns(root, source);
	}
}

/*
 * An UPDATE needs the whole row as it was read, and so does RETURNING.  Any other DELETE
 * gets only the attributes that identify the row: a value that this database cannot hold,
 * in another column, must not prevent the DELETE.
 */
void
dbaasAddForeignUpdateTargets(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte,
							 Relation target_relation)
{
	TupleDesc	desc = RelationGetDescr(target_relation);
	DbaasTable *table;

	if (root->parse->commandType != CMD_DELETE || root->parse->returningList ||
		triggers_need_rows(root))
	{
		Var		   *var = makeVar(rtindex, InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0);

		add_row_identity_var(root, var, rtindex, DBAAS_OLD_ROW_COLUMN);
		/* That of a partition comes when its rows are planned already. */
		if (root->parse->commandType == CMD_UPDATE && (int) rtindex == root->parse->resultRelation)
			add_sources(root);
		return;
	}
	table = dbaas_table_get(target_rte->relid);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (dbaas_writable_identifies(table->resource, table->attributes[i].column))
			add_row_identity_var(root, attribute_var(rtindex, attr), rtindex,
								 dbaas_modify_plan_junk_name(attr));
	}
}

void
dbaas_modify_plan_refuse_on_conflict(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(relid, 0),
			 errmsg("INSERT with ON CONFLICT is not supported on foreign table \"%s\"",
					get_rel_name(relid))));
}

/*
 * All rows of a foreign table have the same ctid, xmin and so on, so a statement that looks
 * for one row by them would write all rows.
 */
static void
refuse_system_columns(RelOptInfo *rel, Oid relid)
{
	static const AttrNumber same[] = {
		SelfItemPointerAttributeNumber, MinTransactionIdAttributeNumber,
		MinCommandIdAttributeNumber, MaxTransactionIdAttributeNumber,
		MaxCommandIdAttributeNumber
	};
	Bitmapset  *used = NULL;
	ListCell   *lc;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &used);
	foreach(lc, rel->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause, rel->relid, &used);
	for (size_t i = 0; i < lengthof(same); i++)
	{
		const char *name;

		if (!bms_is_member(same[i] - FirstLowInvalidHeapAttributeNumber, used))
			continue;
		name = NameStr(SystemAttributeDefinition(same[i])->attname);
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 dbaas_error_about(relid, 0),
				 errmsg("cannot find rows of foreign table \"%s\" by %s to write them",
						get_rel_name(relid), name),
				 errdetail("All its rows have the same %s, so the write would reach all of them.",
						   name),
				 errhint("Name the rows by the table's own columns. A write through postgres_fdw "
						 "has to be one that postgres_fdw sends as a whole.")));
	}
}

void
dbaas_modify_plan_refuse_check_option(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(relid, 0),
			 errmsg("cannot write to foreign table \"%s\" through a view WITH CHECK OPTION",
					get_rel_name(relid)),
			 errdetail("A row that fails the check would be shown, with its secret, "
					   "in the error.")));
}

bool
dbaas_modify_plan_checks_view(const List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		if (lfirst_node(WithCheckOption, lc)->kind == WCO_VIEW_CHECK)
			return true;
	}
	return false;
}

/* Refuses statements that this wrapper cannot carry out. */
static void
check_plan(PlannerInfo *root, const ModifyTable *plan, Index result_relation,
		   const DbaasTable *table)
{
	Oid			relid = planner_rt_fetch(result_relation, root)->relid;
	Bitmapset  *updated = NULL;

	if (plan->onConflictAction != ONCONFLICT_NONE)
		dbaas_modify_plan_refuse_on_conflict(relid);
	if (plan->operation == CMD_UPDATE)
		updated = get_rel_all_updated_cols(root, find_base_rel(root, result_relation));
	if (plan->withCheckOptionLists &&
		dbaas_modify_plan_checks_view(linitial(plan->withCheckOptionLists)) &&
		(plan->operation == CMD_INSERT ? dbaas_writable_has_secret(table, DBAAS_INSERT) :
		 dbaas_writable_sets_secret(table, updated)))
		dbaas_modify_plan_refuse_check_option(relid);
	if (plan->operation != CMD_INSERT)
		refuse_system_columns(find_base_rel(root, result_relation), relid);
}

/*
 * An UPDATE may name a partitioned table, "named", whose attributes have other numbers than
 * those of its partition "relid".  The number in the partition of an attribute; or 0.
 */
static AttrNumber
own_attribute(Oid named, Oid relid, AttrNumber attnum)
{
	return named == relid ? attnum : get_attnum(relid, get_attname(named, attnum, false));
}

/* The attributes of the table that an expression reads of the row that is written. */
static List *
read_attributes(PlannerInfo *root, Expr *expr, Oid named, const DbaasTable *table)
{
	Bitmapset  *used = NULL;
	Bitmapset  *own = NULL;
	List	   *attnums = NIL;
	int			attnum = -1;

	pull_varattnos((Node *) expr, root->parse->resultRelation, &used);
	while ((attnum = bms_next_member(used, attnum)) >= 0)
	{
		int			read = attnum + FirstLowInvalidHeapAttributeNumber;

		if (read == 0)
			own = bms_add_member(own, 0);
		else if (read > 0 && own_attribute(named, table->relid, read))
			own = bms_add_member(own, own_attribute(named, table->relid, read));
	}
	own = shown_attributes(table, own);
	attnum = -1;
	while ((attnum = bms_next_member(own, attnum)) >= 0)
		attnums = lappend_int(attnums, attnum);
	return attnums;
}

/* Is it computed while the plan runs, such as by a subquery? */
static bool
has_exec_param(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind != PARAM_EXTERN)
		return true;
	return expression_tree_walker(node, has_exec_param, context);
}

/* Can it be evaluated again without a row of the plan, and has it the same value then? */
static bool
is_fixed(Expr *expr)
{
	Node	   *node = (Node *) expr;

	return !contain_var_clause(node) && !contain_volatile_functions(node) &&
		!contain_subplans(node) && !has_exec_param(node, NULL);
}

static bool
is_empty_object(Expr *expr)
{
	const Const *value = (const Const *) expr;

	return IsA(expr, Const) && value->consttype == JSONBOID && !value->constisnull &&
		JB_ROOT_IS_OBJECT(DatumGetJsonbP(value->constvalue)) &&
		JB_ROOT_COUNT(DatumGetJsonbP(value->constvalue)) == 0;
}

static bool
reads_attribute(PlannerInfo *root, Expr *expr, AttrNumber attnum)
{
	Bitmapset  *used = NULL;

	pull_varattnos((Node *) expr, root->parse->resultRelation, &used);
	return bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, used) ||
		bms_is_member(-FirstLowInvalidHeapAttributeNumber, used);
}

static bool gives_members(PlannerInfo *root, Expr *expr, AttrNumber attnum, List **given);

/* The same for settings['name'] = '...'. */
static bool
gives_subscript(PlannerInfo *root, const SubscriptingRef *ref, AttrNumber attnum, List **given)
{
	if (ref->refcontainertype != JSONBOID || ref->refassgnexpr == NULL ||
		ref->reflowerindexpr != NIL || list_length(ref->refupperindexpr) != 1 ||
		exprType(linitial(ref->refupperindexpr)) != TEXTOID ||
		!is_fixed(linitial(ref->refupperindexpr)) ||
		reads_attribute(root, ref->refassgnexpr, attnum) ||
		!gives_members(root, ref->refexpr, attnum, given))
		return false;
	*given = lappend(*given, copyObject(linitial(ref->refupperindexpr)));
	return true;
}

/*
 * Does the expression only give members to the object in the attribute, as in
 * settings || '{...}' and jsonb_set(settings, '{name}', '...')?  Then appends to *given what
 * the names of these members follow from: objects, paths and names; and booleans, which have
 * to be true.
 */
static bool
gives_members(PlannerInfo *root, Expr *expr, AttrNumber attnum, List **given)
{
	const Var  *var = (const Var *) expr;
	List	   *args;

	if (IsA(expr, Var))
		return var->varno == root->parse->resultRelation && var->varattno == attnum;
	if (IsA(expr, CoalesceExpr))
	{
		args = ((CoalesceExpr *) expr)->args;
		return list_length(args) == 2 && is_empty_object(lsecond(args)) &&
			gives_members(root, linitial(args), attnum, given);
	}
	if (IsA(expr, SubscriptingRef))
		return gives_subscript(root, (SubscriptingRef *) expr, attnum, given);
	if (IsA(expr, OpExpr) && get_opcode(((OpExpr *) expr)->opno) == F_JSONB_CONCAT)
		args = ((OpExpr *) expr)->args;
	else if (IsA(expr, FuncExpr) && ((FuncExpr *) expr)->funcid == F_JSONB_SET)
		args = ((FuncExpr *) expr)->args;
	else
		return false;
	if (!is_fixed(lsecond(args)) || !gives_members(root, linitial(args), attnum, given))
		return false;

	*given = lappend(*given, copyObject(lsecond(args)));

	/*
	 * Of jsonb_set(), the value must not be made of the object, and a member
	 * that is missing has to be made: the queue may have it.
	 */
	if (list_length(args) > 2)
	{
		if (reads_attribute(root, lthird(args), attnum) || !is_fixed(lfourth(args)))
			return false;
		*given = lappend(*given, copyObject(lfourth(args)));
	}
	return true;
}

/* Is the attribute, or 0, an object that the API merges? */
static bool
is_merged(const DbaasTable *table, AttrNumber attnum)
{
	return attnum && dbaas_table_shows(table, attnum) &&
		dbaas_table_column(table, attnum)->merges;
}

/* Is the attribute set to itself?  COALESCE(NULL, a) has become COALESCE(a). */
static bool
is_set_to_itself(PlannerInfo *root, const Expr *expr, AttrNumber attnum)
{
	const Var  *var = (const Var *) expr;

	if (IsA(expr, CoalesceExpr) && list_length(((const CoalesceExpr *) expr)->args) == 1)
		return is_set_to_itself(root, linitial(((const CoalesceExpr *) expr)->args), attnum);
	return IsA(expr, Var) && var->varno == root->parse->resultRelation && var->varattno == attnum;
}

/* The rows that values are computed from, beside the one that is written: see modify_plan.h. */
static List *
plan_sources(PlannerInfo *root)
{
	List	   *sources = NIL;
	ListCell   *lc;

	foreach(lc, dbaas_source_plan(root, is_own_table))
	{
		const DbaasSource *source = lfirst(lc);
		Bitmapset  *shown = shown_attributes(dbaas_table_get(source->relid), source->attributes);
		List	   *attnums = NIL;
		int			attnum = -1;

		while ((attnum = bms_next_member(shown, attnum)) >= 0)
			attnums = lappend_int(attnums, attnum);
		sources = lappend(sources, list_make3(list_make2_oid(source->relid, source->userid),
											  makeInteger(source->var ? source->var->varno : 0),
											  attnums));
	}
	return sources;
}

/*
 * The attributes that an UPDATE sets, and those that it computes values from: two lists
 * of attribute numbers.  An attribute that is set to itself does not count as set, and one that
 * is merged and only given members is not computed from itself.  Then a list for each of the
 * latter: its number, as a node, and what gives_members() found.  Then plan_sources().
 */
static List *
plan_update(PlannerInfo *root, const DbaasTable *table)
{
	Oid			named = planner_rt_fetch(root->parse->resultRelation, root)->relid;
	List	   *set = NIL;
	List	   *read = NIL;
	List	   *gives = NIL;
	ListCell   *lc;
	ListCell   *attnum;

	forboth(lc, root->processed_tlist, attnum, root->update_colnos)
	{
		Expr	   *expr = lfirst_node(TargetEntry, lc)->expr;
		AttrNumber	own = own_attribute(named, table->relid, lfirst_int(attnum));
		List	   *given = NIL;
		List	   *of_it;

		if (is_set_to_itself(root, expr, lfirst_int(attnum)))
			continue;
		set = lappend_int(set, own);
		of_it = read_attributes(root, expr, named, table);
		if (is_merged(table, own) && gives_members(root, expr, lfirst_int(attnum), &given))
		{
			gives = lappend(gives, lcons(makeInteger(own), given));
			of_it = list_delete_int(of_it, own);
		}
		read = list_concat_unique_int(read, of_it);
	}
	/* SET (a, b) = (SELECT ...) has its subquery behind the columns. */
	foreach(lc, root->processed_tlist)
	{
		Expr	   *expr = lfirst_node(TargetEntry, lc)->expr;

		if (IsA(expr, SubPlan))
			read = list_concat_unique_int(read, read_attributes(root, expr, named, table));
	}
	return list_make4(set, read, gives, plan_sources(root));
}

List *
dbaasPlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
					   int subplan_index)
{
	DbaasTable *table = dbaas_table_get(planner_rt_fetch(result_relation, root)->relid);
	DbaasCommand command = dbaas_modify_plan_command(plan->operation);
	bool		hides = dbaas_writable_hides_statement(table, command);
	DbaasHiding hiding;

	(void) subplan_index;
	dbaas_error_hide_statement(&hiding, hides);
	check_plan(root, plan, result_relation, table);
	dbaas_error_unhide_statement(&hiding);
	return plan->operation == CMD_UPDATE ? plan_update(root, table) : NIL;
}
