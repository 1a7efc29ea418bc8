/*-------------------------------------------------------------------------
 *
 * modify.c
 *		INSERT, UPDATE and DELETE on foreign tables.
 *
 * Makes a write of each row and hands it to the queue of the transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/heap.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/inherit.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "api/progress.h"
#include "base/compat.h"
#include "read/decode.h"
#include "read/fetch.h"
#include "tables/generated.h"
#include "tables/options.h"
#include "write/modify.h"
#include "write/queue.h"
#include "write/writable.h"
#include "write/write.h"

/* Name of the column that brings the row as it was read. */
#define OLD_ROW_COLUMN "wholerow"

/*
 * What ri_FdwState holds.  Rows may be routed into a partition that the same
 * UPDATE changes: then there is a state for each, and this is the UPDATE's.
 */
typedef struct ModifyState
{
	struct ModifyState *routed; /* for rows that are routed here, or NULL */
	DbaasTable *table;
	DbaasWriter *writer;
	TupleDesc	desc;
	bool		send_now;		/* write_mode is immediate */
	bool		hides;			/* no log may show the statement */
	AttrNumber	old_row_attno;	/* in the plan's rows, or 0 */
	AttrNumber *old_attnos;		/* without it: of each attribute, or 0 */
	MemoryContext row_cxt;		/* reset for each row */
	Datum	   *old_values;
	bool	   *old_isnull;
	DbaasDecoder *decoder;		/* of rows that were made; or NULL */
	DbaasGenerated *generated;	/* the same; or NULL */
} ModifyState;

int			dbaas_write_mode = DBAAS_WRITE_AT_COMMIT;

/* The catalogue's own name of a command that writes. */
static DbaasCommand
catalogue_command(CmdType command)
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
		if (dbaas_catalogue_write(resource, catalogue_command(commands[i]), NULL))
			events |= 1 << commands[i];
	}
	return events;
}

/*
 * Name of the junk column that brings an attribute.  Partitions that are alike
 * share it, so it says all that they have to share.
 */
static char *
junk_name(const Var *var)
{
	return psprintf("dbaas_%d_%u_%d_%u", var->varattno, var->vartype, var->vartypmod, var->varcollid);
}

/*
 * PostgreSQL itself brings the whole row of a foreign table whose triggers want
 * the row that a DELETE found.  Of other foreign partitions it then wants theirs.
 */
static bool
triggers_want_rows(PlannerInfo *root)
{
	Oid			parent = planner_rt_fetch(root->parse->resultRelation, root)->relid;
	bool		wanted = false;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(parent, AccessShareLock, NULL))
	{
		Relation	relation = table_open(lfirst_oid(lc), NoLock);
		const TriggerDesc *triggers = relation->trigdesc;

		if (relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE && triggers &&
			(triggers->trig_delete_before_row || triggers->trig_delete_after_row))
			wanted = true;
		table_close(relation, NoLock);
	}
	return wanted;
}

/*
 * An UPDATE needs the row as it was read, and so does RETURNING.  A DELETE needs
 * no more than what identifies the row: what else the API says of it, and of
 * rows that are not meant, may be nothing that this database can hold.
 */
void
dbaasAddForeignUpdateTargets(PlannerInfo *root, Index rtindex, RangeTblEntry *target_rte,
							 Relation target_relation)
{
	TupleDesc	desc = RelationGetDescr(target_relation);
	DbaasTable *table;

	if (root->parse->commandType != CMD_DELETE || root->parse->returningList ||
		triggers_want_rows(root))
	{
		Var		   *var = makeVar(rtindex, InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0);

		add_row_identity_var(root, var, rtindex, OLD_ROW_COLUMN);
		return;
	}
	table = dbaas_table_get(target_rte->relid);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		Var		   *var;

		if (!dbaas_writable_identifies(table->resource, table->attributes[i].column))
			continue;
		var = makeVar(rtindex, attr->attnum, attr->atttypid, attr->atttypmod, attr->attcollation, 0);
		add_row_identity_var(root, var, rtindex, junk_name(var));
	}
}

pg_noreturn static void
refuse_on_conflict(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(relid, 0),
			 errmsg("INSERT with ON CONFLICT is not supported on foreign table \"%s\"",
					get_rel_name(relid))));
}

/*
 * Every row of a foreign table has the same ctid, xmin and so on, so a condition
 * on one says nothing: whoever means to find a row by it would reach them all.
 */
static void
refuse_system_columns(RelOptInfo *rel, Oid relid)
{
	static const AttrNumber same[] = {
		SelfItemPointerAttributeNumber, MinTransactionIdAttributeNumber, MinCommandIdAttributeNumber,
		MaxTransactionIdAttributeNumber, MaxCommandIdAttributeNumber
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
				 errdetail("All its rows have the same %s, so the write would reach all of them.", name),
				 errhint("Name the rows by the table's own columns. A write through postgres_fdw "
						 "has to be one that postgres_fdw sends as a whole.")));
	}
}

/* A row that fails a view's check is shown in the error, its secret too. */
pg_noreturn static void
refuse_check_option(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(relid, 0),
			 errmsg("cannot write to foreign table \"%s\" through a view WITH CHECK OPTION",
					get_rel_name(relid)),
			 errdetail("A row that fails the check would be shown, with its secret, in the error.")));
}

/*
 * COPY checks a partition's bound itself, unless the row was routed to it and no
 * trigger has changed it since.  A row that fails is shown in the error.
 */
static void
check_copy(const ResultRelInfo *rinfo, const DbaasTable *table)
{
	Relation	relation = rinfo->ri_RelationDesc;
	bool		triggered = relation->trigdesc && relation->trigdesc->trig_insert_before_row;

	if (!relation->rd_rel->relispartition || (rinfo->ri_RootResultRelInfo && !triggered) ||
		!dbaas_writable_has_secret(table, DBAAS_INSERT))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot COPY into foreign partition \"%s\"%s", RelationGetRelationName(relation),
					triggered ? " that has a BEFORE trigger" : ""),
			 errdetail("A row outside its bound would be shown, with its secret, in the error."),
			 errhint("%s", triggered ? "Use INSERT." : "COPY into the partitioned table, or use INSERT.")));
}

static void
check_plan(PlannerInfo *root, const ModifyTable *plan, Index result_relation, const DbaasTable *table)
{
	Oid			relid = planner_rt_fetch(result_relation, root)->relid;
	Bitmapset  *updated = NULL;

	if (plan->onConflictAction != ONCONFLICT_NONE)
		refuse_on_conflict(relid);
	if (plan->operation == CMD_UPDATE)
		updated = get_rel_all_updated_cols(root, find_base_rel(root, result_relation));
	if (plan->withCheckOptionLists &&
		(plan->operation == CMD_INSERT ? dbaas_writable_has_secret(table, DBAAS_INSERT) :
		 dbaas_writable_sets_secret(table, updated)))
		refuse_check_option(relid);
	if (plan->operation != CMD_INSERT)
		refuse_system_columns(find_base_rel(root, result_relation), relid);
}

/* The attribute that a partition has for one of the table that an UPDATE names. */
static AttrNumber
own_attribute(Oid named, Oid relid, AttrNumber attnum)
{
	return named == relid ? attnum : get_attnum(relid, get_attname(named, attnum, false));
}

/* The attributes that an expression reads of the table that an UPDATE names. */
static List *
read_attributes(Expr *expr, Index varno, Oid named, Oid relid)
{
	Bitmapset  *used = NULL;
	List	   *attnums = NIL;
	bool		whole_row;

	pull_varattnos((Node *) expr, varno, &used);
	whole_row = bms_is_member(-FirstLowInvalidHeapAttributeNumber, used);
	for (AttrNumber attnum = 1; get_attname(named, attnum, true); attnum++)
	{
		AttrNumber	own = own_attribute(named, relid, attnum);

		if (own && (whole_row || bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, used)))
			attnums = lappend_int(attnums, own);
	}
	return attnums;
}

/*
 * The attributes that an UPDATE sets, and those that it computes values from: two
 * lists of integers.  What is set to itself is not set.
 */
static List *
plan_update(PlannerInfo *root, Oid relid)
{
	Index		varno = root->parse->resultRelation;
	Oid			named = planner_rt_fetch(varno, root)->relid;
	List	   *set = NIL;
	List	   *read = NIL;
	ListCell   *lc;
	ListCell   *attnum;

	forboth(lc, root->processed_tlist, attnum, root->update_colnos)
	{
		Expr	   *expr = lfirst_node(TargetEntry, lc)->expr;
		const Var  *var = IsA(expr, Var) ? (const Var *) expr : NULL;

		if (var && var->varno == (int) varno && var->varattno == lfirst_int(attnum))
			continue;
		set = lappend_int(set, own_attribute(named, relid, lfirst_int(attnum)));
		read = list_concat_unique_int(read, read_attributes(expr, varno, named, relid));
	}
	/* SET (a, b) = (SELECT ...) has its subquery behind the columns. */
	foreach(lc, root->processed_tlist)
	{
		Expr	   *expr = lfirst_node(TargetEntry, lc)->expr;

		if (IsA(expr, SubPlan))
			read = list_concat_unique_int(read, read_attributes(expr, varno, named, relid));
	}
	return list_make2(set, read);
}

List *
dbaasPlanForeignModify(PlannerInfo *root, ModifyTable *plan, Index result_relation,
					   int subplan_index)
{
	DbaasTable *table = dbaas_table_get(planner_rt_fetch(result_relation, root)->relid);
	bool		hides = dbaas_writable_hides_statement(table, catalogue_command(plan->operation));
	DbaasHiding hiding;

	(void) subplan_index;
	dbaas_error_hide(&hiding, hides);
	check_plan(root, plan, result_relation, table);
	dbaas_error_unhide(&hiding);
	return plan->operation == CMD_UPDATE ? plan_update(root, table->relid) : NIL;
}

/* ------------------------------------------------------------------------
 * Beginning and end
 * ------------------------------------------------------------------------ */

static ModifyState *
begin_modify(EState *estate, ResultRelInfo *rinfo, DbaasCommand command, Oid userid)
{
	ModifyState *modify = palloc0(sizeof(ModifyState));
	Relation	relation = rinfo->ri_RelationDesc;
	DbaasHiding hiding;

	modify->table = dbaas_table_get(RelationGetRelid(relation));
	modify->hides = dbaas_writable_hides_statement(modify->table, command);
	dbaas_error_hide(&hiding, modify->hides);
	modify->desc = RelationGetDescr(relation);
	modify->writer = dbaas_writer_new(modify->table, modify->desc, command, userid,
									  estate->es_query_cxt);
	modify->send_now = dbaas_write_mode == DBAAS_WRITE_IMMEDIATE;
	modify->row_cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw write",
											ALLOCSET_DEFAULT_SIZES);
	modify->old_values = palloc0(Max(modify->desc->natts, 1) * sizeof(Datum));
	modify->old_isnull = palloc(Max(modify->desc->natts, 1) * sizeof(bool));
	memset(modify->old_isnull, true, modify->desc->natts);
	/* Of a partition; what is the plan's was looked at with the plan. */
	if (rinfo->ri_WithCheckOptions && command == DBAAS_INSERT &&
		dbaas_writable_has_secret(modify->table, command))
		refuse_check_option(RelationGetRelid(relation));
	dbaas_error_unhide(&hiding);
	return modify;
}

/* Where the plan's rows have what identifies the row to delete. */
static void
find_old_attributes(ModifyState *modify, Plan *subplan)
{
	modify->old_attnos = palloc0(Max(modify->desc->natts, 1) * sizeof(AttrNumber));
	for (int i = 0; i < modify->desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(modify->desc, i);
		Var		   *var;

		if (!dbaas_writable_identifies(modify->table->resource, modify->table->attributes[i].column))
			continue;
		var = makeVar(1, attr->attnum, attr->atttypid, attr->atttypmod, attr->attcollation, 0);
		modify->old_attnos[i] = ExecFindJunkAttributeInTlist(subplan->targetlist, junk_name(var));
		if (!AttributeNumberIsValid(modify->old_attnos[i]))
			elog(ERROR, "could not find junk column \"%s\"", junk_name(var));
	}
}

static Bitmapset *
attribute_set(const List *attnums)
{
	Bitmapset  *set = NULL;
	ListCell   *lc;

	foreach(lc, attnums)
		set = bms_add_member(set, lfirst_int(lc));
	return set;
}

void
dbaasBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *rinfo, List *fdw_private,
						int subplan_index, int eflags)
{
	ModifyState *modify;

	(void) subplan_index;
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	modify = begin_modify(mtstate->ps.state, rinfo, catalogue_command(mtstate->operation),
						  dbaas_result_user(rinfo, mtstate->ps.state));
	rinfo->ri_FdwState = modify;
	if (mtstate->operation == CMD_UPDATE)
		dbaas_writer_updates(modify->writer, attribute_set(linitial(fdw_private)),
							 attribute_set(lsecond(fdw_private)));
	if (mtstate->operation != CMD_INSERT)
	{
		Plan	   *subplan = outerPlanState(mtstate)->plan;

		modify->old_row_attno = ExecFindJunkAttributeInTlist(subplan->targetlist, OLD_ROW_COLUMN);
		if (!AttributeNumberIsValid(modify->old_row_attno))
			find_old_attributes(modify, subplan);
	}
}

/* COPY FROM, and rows that are routed to a partition. */
void
dbaasBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *rinfo)
{
	EState	   *estate = mtstate->ps.state;
	ModifyTable *plan = (ModifyTable *) mtstate->ps.plan;	/* NULL for COPY */
	DbaasTable *table = dbaas_table_get(RelationGetRelid(rinfo->ri_RelationDesc));
	DbaasHiding hiding;
	ModifyState *modify;

	dbaas_error_hide(&hiding, dbaas_writable_hides_statement(table, DBAAS_INSERT));
	if (plan && plan->onConflictAction != ONCONFLICT_NONE)
		refuse_on_conflict(RelationGetRelid(rinfo->ri_RelationDesc));
	if (!(dbaasIsForeignRelUpdatable(rinfo->ri_RelationDesc) & (1 << CMD_INSERT)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("foreign table \"%s\" does not allow inserts",
						RelationGetRelationName(rinfo->ri_RelationDesc))));
	if (plan == NULL)
		check_copy(rinfo, table);
	modify = begin_modify(estate, rinfo, DBAAS_INSERT, dbaas_result_user(rinfo, estate));
	dbaas_error_unhide(&hiding);
	if (rinfo->ri_FdwState)
		((ModifyState *) rinfo->ri_FdwState)->routed = modify;
	else
		rinfo->ri_FdwState = modify;
}

/* The first to end ends both states of a partition: there is one queue. */
static void
end_modify(ResultRelInfo *rinfo)
{
	ModifyState *modify = rinfo->ri_FdwState;

	if (modify && modify->send_now)
		dbaas_queue_send();
	rinfo->ri_FdwState = NULL;
}

void
dbaasEndForeignModify(EState *estate, ResultRelInfo *rinfo)
{
	(void) estate;
	end_modify(rinfo);
}

void
dbaasEndForeignInsert(EState *estate, ResultRelInfo *rinfo)
{
	(void) estate;
	end_modify(rinfo);
}

/* ------------------------------------------------------------------------
 * Rows
 * ------------------------------------------------------------------------ */

/* Takes apart the row as it was read. */
static void
take_old_row(ModifyState *modify, TupleTableSlot *plan_slot)
{
	bool		isnull;
	Datum		datum;
	HeapTupleHeader header;
	HeapTupleData tuple;

	for (int i = 0; modify->old_attnos && i < modify->desc->natts; i++)
	{
		if (modify->old_attnos[i])
			modify->old_values[i] = ExecGetJunkAttribute(plan_slot, modify->old_attnos[i],
														 &modify->old_isnull[i]);
	}
	if (modify->old_attnos)
		return;
	datum = ExecGetJunkAttribute(plan_slot, modify->old_row_attno, &isnull);
	if (isnull)
		elog(ERROR, "junk column \"%s\" is null", OLD_ROW_COLUMN);
	header = DatumGetHeapTupleHeader(datum);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, modify->desc, modify->old_values, modify->old_isnull);
}

/* Says what would be sent. */
static void
report_dry_run(const DbaasWrite *write)
{
	const char *body = write->shown_body;

	if (body)
		body = dbaas_error_shown(pg_any_to_server(body, strlen(body), PG_UTF8));
	dbaas_error_notice(NOTICE,
					   (errmsg("dry run: %s", dbaas_operation_label(write)),
						body ? errdetail_internal("Body: %s", body) : 0,
						errhint("Nothing is sent while dbaas_fdw.dry_run is on.")));
}

/*
 * Makes a write of a row, which is "returning" when it is wanted back, and hands
 * it to the queue.  Returns false when there is no such row any more, or the
 * statement has updated it.
 */
static bool
write_row(ModifyState *modify, TupleTableSlot *new_slot, bool returning)
{
	DbaasRowValues old_row = {modify->old_values, modify->old_isnull};
	DbaasRowValues new_row = {0};
	DbaasWrite	write;
	DbaasWriteNeed need;
	MemoryContext oldcxt;
	bool		added = true;

	if (new_slot)
	{
		slot_getallattrs(new_slot);
		new_row.values = new_slot->tts_values;
		new_row.isnull = new_slot->tts_isnull;
	}
	oldcxt = MemoryContextSwitchTo(modify->row_cxt);
	need = dbaas_write_make(modify->writer, &old_row, &new_row, &write);
	if (need == DBAAS_WRITE_NEEDED)
	{
		write.announces = write.announces && !returning;
		added = dbaas_queue_add(&write, modify->writer->read_after, dbaas_dry_run);
		if (added && dbaas_dry_run)
			report_dry_run(&write);
	}
	MemoryContextSwitchTo(oldcxt);
	return added && need != DBAAS_WRITE_GONE;
}

/* Is it the row with that value of a column, as far as the table shows that? */
static bool
is_row(ModifyState *modify, const DbaasRowValues *row, int column, const char *value)
{
	const char *found = dbaas_writer_text(modify->writer, row, column);

	return dbaas_table_attribute(modify->table, column) == 0 || (found && strcmp(found, value) == 0);
}

/* The next row that comes, in the current memory context; NULL at the end. */
static DbaasRowValues *
next_row(ModifyState *modify, DbaasFetch *fetch)
{
	Datum	   *values = palloc0(Max(modify->desc->natts, 1) * sizeof(Datum));
	bool	   *isnull = palloc0(Max(modify->desc->natts, 1) * sizeof(bool));
	DbaasRowValues *row = palloc(sizeof(DbaasRowValues));
	DbaasReadStatus status;
	DbaasRows  *rows;
	const DbaasOrigin *origin;
	DbaasError *error;

	while ((error = dbaas_fetch_next(fetch, &status, &rows, &origin)) == NULL &&
		   status == DBAAS_READ_PENDING)
		dbaas_progress_wait(NULL, 0);
	if (error)
		dbaas_table_raise(modify->table, error);
	if (status != DBAAS_READ_NEXT)
		return NULL;
	dbaas_decode_row(modify->decoder, rows, origin, values, isnull);
	*row = (DbaasRowValues) {values, isnull};
	return row;
}

/*
 * Reads back what an INSERT made, by the value that tells it from others, and
 * puts it into the slot.  When the API does not show it, the row stays as it
 * was given, with that value.
 */
static void
read_back(ModifyState *modify, TupleTableSlot *slot, const char *made)
{
	const DbaasResource *resource = modify->table->resource;
	int			made_column = resource->index.created;
	DbaasKey   *keys = palloc0(resource->ncolumns * sizeof(DbaasKey));
	bool	   *given = palloc0(resource->ncolumns * sizeof(bool));
	DbaasRowValues row = {slot->tts_values, slot->tts_isnull};
	DbaasRead	read = modify->writer->lookup;
	DbaasRowValues *found;
	DbaasFetch *fetch;
	DbaasError *error;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const char *value = c == made_column ? made : dbaas_writer_text(modify->writer, &row, c);

		if (value == NULL || (c != DBAAS_ZONE_COLUMN && resource->columns[c].param == NULL))
			continue;
		keys[c].given = given[c] = true;
		keys[c].values = palloc(sizeof(char *));
		keys[c].values[keys[c].n++] = value;
	}
	read.bypass_shared = true;
	read.resource = resource;
	read.endpoint = dbaas_catalogue_endpoint(resource, given);
	read.keys = keys;
	read.limit = -1;
	error = dbaas_fetch_begin(&read, &fetch);
	if (error)
		dbaas_table_raise(modify->table, error);
	while ((found = next_row(modify, fetch)) && !is_row(modify, found, made_column, made))
		CHECK_FOR_INTERRUPTS();
	if (found == NULL)
		return;
	ExecClearTuple(slot);
	memcpy(slot->tts_values, found->values, modify->desc->natts * sizeof(Datum));
	memcpy(slot->tts_isnull, found->isnull, modify->desc->natts * sizeof(bool));
	ExecStoreVirtualTuple(slot);
	dbaas_generated_compute(modify->generated, slot);
}

/* Puts a text into the attribute that shows a column, if there is one. */
static void
set_column(ModifyState *modify, TupleTableSlot *slot, int column, const char *text)
{
	AttrNumber	attnum = dbaas_table_attribute(modify->table, column);
	Form_pg_attribute attr;
	Oid			input;
	Oid			ioparam;

	if (attnum == 0 || text == NULL)
		return;
	attr = TupleDescAttr(modify->desc, attnum - 1);
	getTypeInputInfo(attr->atttypid, &input, &ioparam);
	slot->tts_values[attnum - 1] = OidInputFunctionCall(input, unconstify(char *, text),
														ioparam, attr->atttypmod);
	slot->tts_isnull[attnum - 1] = false;
}

/* What tells the row that was made from others: what it was given, or its id. */
static const char *
made_value(ModifyState *modify, TupleTableSlot *slot)
{
	const DbaasResource *resource = modify->table->resource;
	DbaasRowValues row = {slot->tts_values, slot->tts_isnull};
	const char *given = dbaas_writer_text(modify->writer, &row,
										   resource->index.created);

	return given ? given : dbaas_queue_last_reference();
}

/* Puts what the API made of an INSERT that was sent into the slot. */
static void
show_made(ModifyState *modify, TupleTableSlot *slot)
{
	const DbaasResource *resource = modify->table->resource;
	const char *made = made_value(modify, slot);

	if (made == NULL)
		return;
	set_column(modify, slot, resource->index.created, made);
	set_column(modify, slot, DBAAS_ZONE_COLUMN, dbaas_queue_last_zone());
	read_back(modify, slot, made);
}

/*
 * Sends an INSERT whose row is wanted back, after what was queued before it,
 * and puts what the API made of it into the slot.  An error from then on says
 * what was sent.
 */
static void
send_for_row(ModifyState *modify, Relation relation, TupleTableSlot *slot)
{
	MemoryContext oldcxt = CurrentMemoryContext;

	MemoryContextSwitchTo(modify->row_cxt);
	dbaas_queue_send();
	MemoryContextSwitchTo(oldcxt);
	if (modify->table->resource->created_column == NULL)
		return;
	if (modify->decoder == NULL)
	{
		modify->decoder = dbaas_decoder_new(modify->table, modify->desc,
											dbaas_table_shown(modify->table), NULL);
		modify->generated = dbaas_generated_new(relation, NULL);
	}
	MemoryContextSwitchTo(modify->row_cxt);
	PG_TRY();
	{
		show_made(modify, slot);
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(modify->row_cxt);
		edata = CopyErrorData();
		FlushErrorState();
		dbaas_queue_explain(edata);
		ReThrowError(edata);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(oldcxt);
}

/* The write has the row's secrets: neither RETURNING nor a trigger shows them. */
static void
forget_secrets(ModifyState *modify, TupleTableSlot *slot)
{
	int			natts = modify->desc->natts;
	MemoryContext oldcxt = MemoryContextSwitchTo(modify->row_cxt);
	Datum	   *values = palloc(Max(natts, 1) * sizeof(Datum));
	bool	   *isnull = palloc(Max(natts, 1) * sizeof(bool));
	bool		any = false;

	if (modify->hides)
		heap_deform_tuple(ExecCopySlotHeapTuple(slot), modify->desc, values, isnull);
	for (int i = 0; modify->hides && i < natts; i++)
	{
		if (isnull[i] || !dbaas_table_shows(modify->table, i + 1) ||
			!modify->table->resource->columns[modify->table->attributes[i].column].secret)
			continue;
		isnull[i] = any = true;
	}
	MemoryContextSwitchTo(oldcxt);
	if (!any)
		return;
	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, natts * sizeof(Datum));
	memcpy(slot->tts_isnull, isnull, natts * sizeof(bool));
	ExecStoreVirtualTuple(slot);
}

TupleTableSlot *
dbaasExecForeignInsert(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					   TupleTableSlot *plan_slot)
{
	ModifyState *modify = rinfo->ri_FdwState;
	DbaasHiding hiding;

	(void) plan_slot;
	if (modify->routed)
		modify = modify->routed;
	dbaas_error_hide(&hiding, modify->hides);
	MemoryContextReset(modify->row_cxt);
	write_row(modify, slot, rinfo->ri_projectReturning != NULL);
	if (rinfo->ri_projectReturning && !dbaas_dry_run)
	{
		/* Once it is sent, a view's condition that fails would come too late. */
		if (rinfo->ri_WithCheckOptions)
			ExecWithCheckOptions(WCO_VIEW_CHECK, rinfo, slot, estate);
		ExecMaterializeSlot(slot);
		send_for_row(modify, rinfo->ri_RelationDesc, slot);
	}
	forget_secrets(modify, slot);
	dbaas_error_unhide(&hiding);
	return slot;
}

TupleTableSlot *
dbaasExecForeignUpdate(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					   TupleTableSlot *plan_slot)
{
	ModifyState *modify = rinfo->ri_FdwState;
	DbaasHiding hiding;
	bool		added;

	(void) estate;
	dbaas_error_hide(&hiding, modify->hides);
	MemoryContextReset(modify->row_cxt);
	take_old_row(modify, plan_slot);
	added = write_row(modify, slot, false);
	forget_secrets(modify, slot);
	dbaas_error_unhide(&hiding);
	return added ? slot : NULL;
}

/* RETURNING shows the row as it was read. */
TupleTableSlot *
dbaasExecForeignDelete(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					   TupleTableSlot *plan_slot)
{
	ModifyState *modify = rinfo->ri_FdwState;
	DbaasHiding hiding;
	bool		added;

	(void) estate;
	dbaas_error_hide(&hiding, false);
	MemoryContextReset(modify->row_cxt);
	take_old_row(modify, plan_slot);
	added = write_row(modify, NULL, false);
	dbaas_error_unhide(&hiding);
	if (!added)
		return NULL;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, modify->old_values, modify->desc->natts * sizeof(Datum));
	memcpy(slot->tts_isnull, modify->old_isnull, modify->desc->natts * sizeof(bool));
	return ExecStoreVirtualTuple(slot);
}

void
dbaasExplainForeignModify(ModifyTableState *mtstate, ResultRelInfo *rinfo, List *fdw_private,
						  int subplan_index, struct ExplainState *es)
{
	DbaasTable *table = dbaas_table_get(RelationGetRelid(rinfo->ri_RelationDesc));
	const DbaasResource *resource = table->resource;
	DbaasCommand command = catalogue_command(mtstate->operation);
	const DbaasWriteEndpoint *first = dbaas_catalogue_write(resource, command, NULL);

	(void) fdw_private;
	(void) subplan_index;
	if (first == NULL)
		return;
	ExplainPropertyText("Request", psprintf("%s %s", first->method, first->path), es);
	if (dbaas_writable_asks_kept(table, command))
	{
		const DbaasEndpoint *read = dbaas_writable_kept_read(resource->kept);

		ExplainPropertyText("Reads", psprintf("%s %s", read->method, read->path), es);
	}
	for (const DbaasWriteEndpoint *e = first; (e = dbaas_catalogue_next_write(resource, command, e));)
	{
		if (strcmp(e->path, first->path) != 0)
			ExplainPropertyText("Or", psprintf("%s %s", e->method, e->path), es);
	}
}
