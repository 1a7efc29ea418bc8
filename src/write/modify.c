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
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "write/modify.h"
#include "write/modify_plan.h"
#include "write/queue.h"
#include "write/readback.h"
#include "write/writable.h"
#include "write/write.h"

/*
 * What ri_FdwState holds.  An UPDATE may change rows of a partition, and also move rows of
 * other partitions into it.  Then this is the state for the partition's own rows, and
 * "routed" is the one for inserting the moved rows.
 */
typedef struct ModifyState
{
	struct ModifyState *routed; /* or NULL */
	DbaasTable *table;
	DbaasWriter *writer;
	TupleDesc	desc;
	bool		send_now;		/* write_mode is immediate */
	bool		hides_statement;	/* no log may show the statement */
	/* Where plan_slot has the old row: */
	AttrNumber	old_row_attno;	/* the junk column with the whole row; or 0 */
	AttrNumber *old_attnos;		/* or the junk column of each attribute, or 0
								 * for an attribute that is not there */
	MemoryContext row_cxt;		/* reset for each row */
	Datum	   *old_values;		/* the row as it was read */
	bool	   *old_isnull;
	DbaasReadback *readback;	/* NULL: not made yet */
	List	   *gives;			/* dbaasPlanForeignModify()'s, of an UPDATE */
	ExprContext *econtext;		/* for its expressions */
	List	   *sources;		/* of Source * */
} ModifyState;

/* A table with rows, beside those that an UPDATE writes, that it computes values from. */
typedef struct Source
{
	DbaasWriter *writer;
	AttrNumber *attnos;			/* where plan_slot has each attribute, or 0;
								 * NULL: not which row it is */
	Datum	   *values;
	bool	   *isnull;
	bool		checked;		/* without attnos, once is enough */
} Source;

int			dbaas_write_mode = DBAAS_WRITE_AT_COMMIT;

/*
 * Refuses a COPY whose errors could show a secret.  COPY checks that a row fits a
 * partition, unless it chose the partition for the row and no trigger has changed the
 * row since; the error shows the row.
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
			 errmsg("cannot COPY into foreign partition \"%s\"%s",
					RelationGetRelationName(relation),
					triggered ? " that has a BEFORE trigger" : ""),
			 errdetail("A row outside its bound would be shown, with its secret, in the error."),
			 errhint("%s", triggered ? "Use INSERT." :
					 "COPY into the partitioned table, or use INSERT.")));
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
	modify->hides_statement = dbaas_writable_hides_statement(modify->table, command);
	dbaas_error_hide_statement(&hiding, modify->hides_statement);
	modify->desc = RelationGetDescr(relation);
	modify->writer = dbaas_writer_new(modify->table, modify->desc, command, userid,
									  estate->es_query_cxt);
	modify->send_now = dbaas_write_mode == DBAAS_WRITE_IMMEDIATE;
	modify->row_cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw write",
											ALLOCSET_DEFAULT_SIZES);
	modify->old_values = palloc0(Max(modify->desc->natts, 1) * sizeof(Datum));
	modify->old_isnull = palloc(Max(modify->desc->natts, 1) * sizeof(bool));
	memset(modify->old_isnull, true, modify->desc->natts);

	/*
	 * The planner has checked this, except for a partition that rows are
	 * routed to.
	 */
	if (command == DBAAS_INSERT && dbaas_modify_plan_checks_view(rinfo->ri_WithCheckOptions) &&
		dbaas_writable_has_secret(modify->table, command))
		dbaas_modify_plan_refuse_check_option(RelationGetRelid(relation));
	dbaas_error_unhide_statement(&hiding);
	return modify;
}

/* Finds the junk columns with what identifies the row to delete. */
static void
find_old_attributes(ModifyState *modify, Plan *subplan)
{
	modify->old_attnos = palloc0(Max(modify->desc->natts, 1) * sizeof(AttrNumber));
	for (int i = 0; i < modify->desc->natts; i++)
	{
		char	   *name;

		if (!dbaas_writable_identifies(modify->table->resource,
									   modify->table->attributes[i].column))
			continue;
		name = dbaas_modify_plan_junk_name(TupleDescAttr(modify->desc, i));
		modify->old_attnos[i] = ExecFindJunkAttributeInTlist(subplan->targetlist, name);
		if (!AttributeNumberIsValid(modify->old_attnos[i]))
			elog(ERROR, "could not find junk column \"%s\"", name);
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

static char *
member_name(char *name)
{
	return pg_server_to_any(name, strlen(name), PG_UTF8);
}

/* Appends the names in one of the values that the plan has noted; false: not known. */
static bool
add_given(List **names, Oid type, Datum value)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	member;
	Datum	   *path;
	int			n;

	if (type == BOOLOID)
		return DatumGetBool(value);
	if (type == TEXTOID)
	{
		*names = lappend(*names, member_name(TextDatumGetCString(value)));
		return true;
	}
	if (type != JSONBOID)
	{
		deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &path, NULL,
						  &n);

		/*
		 * Of a deeper path, the member is computed from the one that is
		 * there.
		 */
		if (n == 1)
			*names = lappend(*names, member_name(TextDatumGetCString(path[0])));
		return n == 1;
	}
	if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(value)))
		return false;
	iterator = JsonbIteratorInit(&DatumGetJsonbP(value)->root);
	while ((token = JsonbIteratorNext(&iterator, &member, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			*names = lappend(*names, member_name(pnstrdup(member.val.string.val,
														  member.val.string.len)));
	}
	return true;
}

/*
 * A DbaasGivenMembers of a ModifyState.  It evaluates what the row's own value was made of, so
 * only where that was made: when the row is written.
 */
static DbaasGiven
given_members(void *arg, AttrNumber attnum, List **names)
{
	const ModifyState *modify = arg;
	ListCell   *lc;

	*names = NIL;
	foreach(lc, modify->gives)
	{
		const List *attribute = lfirst(lc);
		ListCell   *value;

		if (intVal(linitial(attribute)) != attnum)
			continue;
		for_each_from(value, attribute, 1)
		{
			Expr	   *expr = lfirst(value);
			bool		isnull;
			Datum		datum = ExecEvalExpr(ExecInitExpr(expr, NULL), modify->econtext, &isnull);

			if (isnull || !add_given(names, exprType((Node *) expr), datum))
				return DBAAS_GIVES_UNKNOWN;
		}
		return DBAAS_GIVES_MEMBERS;
	}
	return DBAAS_GIVES_OBJECT;
}

/* Does PostgreSQL fire the trigger as the session is? */
static bool
is_enabled(const Trigger *trigger)
{
	return trigger->tgenabled == TRIGGER_FIRES_ALWAYS ||
		trigger->tgenabled == (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA ?
							   TRIGGER_FIRES_ON_REPLICA : TRIGGER_FIRES_ON_ORIGIN);
}

/* Is the attribute updated?  A generated column may be, with any other. */
static bool
may_be_updated(const ResultRelInfo *rinfo, const Bitmapset *updated, AttrNumber attnum)
{
	return bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, updated) ||
		TupleDescAttr(RelationGetDescr(rinfo->ri_RelationDesc), attnum - 1)->attgenerated;
}

/* May a trigger replace what an UPDATE gives?  It looks at no WHEN. */
static bool
may_be_replaced(ResultRelInfo *rinfo, EState *estate)
{
	const TriggerDesc *triggers = rinfo->ri_TrigDesc;
	const Bitmapset *updated = ExecGetUpdatedCols(rinfo, estate);

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];
		bool		fires = trigger->tgnattr == 0;

		if (!TRIGGER_TYPE_MATCHES(trigger->tgtype, TRIGGER_TYPE_ROW, TRIGGER_TYPE_BEFORE,
								  TRIGGER_TYPE_UPDATE) ||
			!is_enabled(trigger))
			continue;
		for (int a = 0; a < trigger->tgnattr && !fires; a++)
			fires = may_be_updated(rinfo, updated, trigger->tgattr[a]);
		if (fires)
			return true;
	}
	return false;
}

/* Finds the junk columns of a source whose names have that number. */
static void
find_source_attributes(Source *source, int number, const Plan *subplan)
{
	int			natts = source->writer->desc->natts;
	bool		any = false;

	source->attnos = palloc0(Max(natts, 1) * sizeof(AttrNumber));
	source->values = palloc0(Max(natts, 1) * sizeof(Datum));
	source->isnull = palloc(Max(natts, 1) * sizeof(bool));
	memset(source->isnull, true, natts);
	for (int i = 0; number && i < natts; i++)
	{
		source->attnos[i] =
			ExecFindJunkAttributeInTlist(subplan->targetlist,
										 dbaas_modify_plan_source_name(number, i + 1));
		any = any || source->attnos[i];
	}
	if (!any)
		source->attnos = NULL;
}

/* Adds a source that dbaasPlanForeignModify() has noted. */
static void
add_source(ModifyState *modify, const List *noted, EState *estate, const Plan *subplan)
{
	Source	   *source = palloc0(sizeof(Source));
	Oid			relid = linitial_oid(linitial(noted));
	Oid			userid = lsecond_oid(linitial(noted));
	Relation	relation = table_open(relid, AccessShareLock);

	source->writer = dbaas_writer_new_source(dbaas_table_get(relid),
											 CreateTupleDescCopy(RelationGetDescr(relation)),
											 OidIsValid(userid) ? userid : GetUserId(),
											 attribute_set(lthird(noted)), estate->es_query_cxt);
	table_close(relation, NoLock);
	/* Where it cannot be read, no row of it comes. */
	if (source->writer == NULL)
		return;
	find_source_attributes(source, intVal(lsecond(noted)), subplan);
	modify->sources = lappend(modify->sources, source);
}

/* Refuses the row if its values are computed from what an earlier statement changes. */
static void
check_sources(ModifyState *modify, TupleTableSlot *plan_slot)
{
	ListCell   *lc;

	foreach(lc, modify->sources)
	{
		Source	   *source = lfirst(lc);
		DbaasRowValues row = {source->values, source->isnull};

		if (source->checked)
			continue;
		source->checked = source->attnos == NULL;
		for (int i = 0; source->attnos && i < source->writer->desc->natts; i++)
		{
			if (source->attnos[i])
				source->values[i] = ExecGetJunkAttribute(plan_slot, source->attnos[i],
														 &source->isnull[i]);
		}
		dbaas_write_check_source(source->writer, source->attnos ? &row : NULL);
	}
}

/* Tells the writer of an UPDATE what dbaasPlanForeignModify() has noted. */
static void
set_updated(ModifyState *modify, EState *estate, ResultRelInfo *rinfo, const List *fdw_private,
			const Plan *subplan)
{
	ListCell   *lc;

	modify->gives = lthird(fdw_private);
	modify->econtext = CreateExprContext(estate);
	dbaas_writer_set_updated(modify->writer, attribute_set(linitial(fdw_private)),
							 attribute_set(lsecond(fdw_private)), may_be_replaced(rinfo, estate),
							 given_members, modify);
	foreach(lc, lfourth(fdw_private))
		add_source(modify, lfirst(lc), estate, subplan);
}

void
dbaasBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *rinfo, List *fdw_private,
						int subplan_index, int eflags)
{
	ModifyState *modify;

	(void) subplan_index;
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;
	modify = begin_modify(mtstate->ps.state, rinfo, dbaas_modify_plan_command(mtstate->operation),
						  dbaas_result_user(rinfo, mtstate->ps.state));
	rinfo->ri_FdwState = modify;
	if (mtstate->operation != CMD_INSERT)
	{
		Plan	   *subplan = outerPlanState(mtstate)->plan;

		if (mtstate->operation == CMD_UPDATE)
			set_updated(modify, mtstate->ps.state, rinfo, fdw_private, subplan);
		modify->old_row_attno = ExecFindJunkAttributeInTlist(subplan->targetlist,
															 DBAAS_OLD_ROW_COLUMN);
		if (!AttributeNumberIsValid(modify->old_row_attno))
			find_old_attributes(modify, subplan);
	}
}

/* For COPY FROM, and for a partition that rows are routed to. */
void
dbaasBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *rinfo)
{
	EState	   *estate = mtstate->ps.state;
	ModifyTable *plan = (ModifyTable *) mtstate->ps.plan;	/* NULL for COPY */
	DbaasTable *table = dbaas_table_get(RelationGetRelid(rinfo->ri_RelationDesc));
	DbaasHiding hiding;
	ModifyState *modify;

	dbaas_error_hide_statement(&hiding, dbaas_writable_hides_statement(table, DBAAS_INSERT));
	if (plan && plan->onConflictAction != ONCONFLICT_NONE)
		dbaas_modify_plan_refuse_on_conflict(RelationGetRelid(rinfo->ri_RelationDesc));
	if (!(dbaasIsForeignRelUpdatable(rinfo->ri_RelationDesc) & (1 << CMD_INSERT)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("foreign table \"%s\" does not allow inserts",
						RelationGetRelationName(rinfo->ri_RelationDesc))));
	if (plan == NULL)
		check_copy(rinfo, table);
	modify = begin_modify(estate, rinfo, DBAAS_INSERT, dbaas_result_user(rinfo, estate));
	dbaas_error_unhide_statement(&hiding);
	if (rinfo->ri_FdwState)
		((ModifyState *) rinfo->ri_FdwState)->routed = modify;
	else
		rinfo->ri_FdwState = modify;
}

/*
 * Ends the states of a table, "routed" included.  The executor may call both of the
 * callbacks below for one partition.
 */
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

/* Stores the old row, or only the attributes that identify it, in old_values. */
static void
take_old_row(ModifyState *modify, TupleTableSlot *plan_slot)
{
	bool		isnull;
	Datum		datum;
	HeapTupleHeader header;
	HeapTupleData tuple;

	if (modify->old_attnos)
	{
		for (int i = 0; i < modify->desc->natts; i++)
		{
			if (modify->old_attnos[i])
				modify->old_values[i] = ExecGetJunkAttribute(plan_slot, modify->old_attnos[i],
															 &modify->old_isnull[i]);
		}
		return;
	}
	datum = ExecGetJunkAttribute(plan_slot, modify->old_row_attno, &isnull);
	if (isnull)
		elog(ERROR, "junk column \"%s\" is null", DBAAS_OLD_ROW_COLUMN);
	header = DatumGetHeapTupleHeader(datum);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, modify->desc, modify->old_values, modify->old_isnull);
}

/* Gives a NOTICE of what would be sent. */
static void
report_dry_run(const DbaasWrite *write)
{
	const char *body = write->shown_body;

	if (body)
		body = dbaas_error_text_for_client(pg_any_to_server(body, strlen(body), PG_UTF8));
	dbaas_error_notice(NOTICE,
					   (errmsg("dry run: %s", dbaas_operation_label(write)),
						body ? errdetail_internal("Body: %s", body) : 0,
						write->read ?
						errhint("Nothing is sent while dbaas_fdw.dry_run is on. Of the writes of "
								"one such object, COMMIT would send the last.") :
						errhint("Nothing is sent while dbaas_fdw.dry_run is on.")));
}

/*
 * Checks a new row against the policies of the partitioned table that the statement names.
 * PostgreSQL does so for rows of its own tables alone.
 */
static void
check_policies(ResultRelInfo *rinfo, TupleTableSlot *slot, EState *estate)
{
	if (rinfo->ri_WithCheckOptions == NIL)
		return;
	ExecWithCheckOptions(WCO_RLS_INSERT_CHECK, rinfo, slot, estate);
	ExecWithCheckOptions(WCO_RLS_UPDATE_CHECK, rinfo, slot, estate);
}

/*
 * Makes the writes of a row, and queues them.  With "returning", RETURNING shows the id of a
 * new row, so a NOTICE of it is not needed.  Returns false if there is no such row any
 * more: the transaction has deleted it, or the statement has updated it already.
 */
static bool
write_row(ModifyState *modify, TupleTableSlot *new_slot, bool returning)
{
	DbaasRowValues old_row = {modify->old_values, modify->old_isnull};
	DbaasRowValues new_row = {0};
	List	   *writes;
	ListCell   *lc;
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
	need = dbaas_write_make(modify->writer, &old_row, &new_row, &writes);
	if (need == DBAAS_WRITE_NEEDED)
	{
		DbaasWrite *last = llast(writes);

		last->announces = last->announces && !returning;
		added = dbaas_queue_add(writes, modify->writer->read_after, dbaas_dry_run);
	}
	if (need == DBAAS_WRITE_NEEDED && added && dbaas_dry_run)
	{
		foreach(lc, writes)
			report_dry_run(lfirst(lc));
	}
	MemoryContextSwitchTo(oldcxt);
	return added && need != DBAAS_WRITE_GONE;
}

/*
 * Sends the queue, whose last write is an INSERT with RETURNING, and puts what the API
 * created into the slot.  If that fails, the detail of the error has every write and its
 * outcome.
 */
static void
send_and_read_back(ModifyState *modify, Relation relation, TupleTableSlot *slot)
{
	MemoryContext oldcxt = CurrentMemoryContext;

	MemoryContextSwitchTo(modify->row_cxt);
	dbaas_queue_send();
	MemoryContextSwitchTo(oldcxt);
	if (!dbaas_readback_fills(modify->table->resource))
		return;
	if (modify->readback == NULL)
		modify->readback = dbaas_readback_new(modify->writer, relation);
	MemoryContextSwitchTo(modify->row_cxt);
	PG_TRY();
	{
		dbaas_readback_fill(modify->readback, slot);
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(modify->row_cxt);
		edata = CopyErrorData();
		FlushErrorState();
		dbaas_queue_add_outcomes(edata);
		ReThrowError(edata);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(oldcxt);
}

/*
 * Removes the secret from a value that is not null: the whole value, or what an object has of
 * it.  Returns false if there is none.
 */
static bool
clear_secret(ModifyState *modify, Datum *values, bool *isnull, int index)
{
	DbaasRowValues row = {values, isnull};
	const DbaasColumn *column = dbaas_table_column(modify->table, index + 1);
	Form_pg_attribute attr = TupleDescAttr(modify->desc, index);
	char	   *shown;
	Oid			input;
	Oid			ioparam;

	if (column->secret)
	{
		isnull[index] = true;
		return true;
	}
	shown = column->type == DBAAS_JSONB ?
		dbaas_writer_without_secrets(modify->writer, &row, index) : NULL;
	if (shown == NULL)
		return false;
	getTypeInputInfo(attr->atttypid, &input, &ioparam);
	values[index] = OidInputFunctionCall(input, shown, ioparam, attr->atttypmod);
	return true;
}

/*
 * Removes secrets from the slot, so that neither RETURNING nor a trigger shows them.  The
 * write has its own copy.
 */
static void
clear_secrets(ModifyState *modify, TupleTableSlot *slot)
{
	int			natts = modify->desc->natts;
	MemoryContext oldcxt;
	Datum	   *values;
	bool	   *isnull;
	bool		any = false;

	if (!modify->hides_statement)
		return;
	oldcxt = MemoryContextSwitchTo(modify->row_cxt);
	values = palloc(Max(natts, 1) * sizeof(Datum));
	isnull = palloc(Max(natts, 1) * sizeof(bool));
	heap_deform_tuple(ExecCopySlotHeapTuple(slot), modify->desc, values, isnull);
	for (int i = 0; i < natts; i++)
	{
		if (!isnull[i] && dbaas_table_shows(modify->table, i + 1))
			any = clear_secret(modify, values, isnull, i) || any;
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
	dbaas_error_hide_statement(&hiding, modify->hides_statement);
	MemoryContextReset(modify->row_cxt);
	check_policies(rinfo, slot, estate);
	write_row(modify, slot, rinfo->ri_projectReturning != NULL);
	if (rinfo->ri_projectReturning && !dbaas_dry_run)
	{
		/*
		 * PostgreSQL checks a view's condition after this, when the row is
		 * sent.
		 */
		if (rinfo->ri_WithCheckOptions)
			ExecWithCheckOptions(WCO_VIEW_CHECK, rinfo, slot, estate);
		ExecMaterializeSlot(slot);
		send_and_read_back(modify, rinfo->ri_RelationDesc, slot);
	}
	clear_secrets(modify, slot);
	dbaas_error_unhide_statement(&hiding);
	return slot;
}

TupleTableSlot *
dbaasExecForeignUpdate(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					   TupleTableSlot *plan_slot)
{
	ModifyState *modify = rinfo->ri_FdwState;
	MemoryContext oldcxt;
	DbaasHiding hiding;
	bool		exists;

	dbaas_error_hide_statement(&hiding, modify->hides_statement);
	MemoryContextReset(modify->row_cxt);
	check_policies(rinfo, slot, estate);
	take_old_row(modify, plan_slot);
	oldcxt = MemoryContextSwitchTo(modify->row_cxt);
	check_sources(modify, plan_slot);
	MemoryContextSwitchTo(oldcxt);
	exists = write_row(modify, slot, false);
	clear_secrets(modify, slot);
	dbaas_error_unhide_statement(&hiding);
	return exists ? slot : NULL;
}

/* The slot that this fills is what RETURNING shows: the row as it was read. */
TupleTableSlot *
dbaasExecForeignDelete(EState *estate, ResultRelInfo *rinfo, TupleTableSlot *slot,
					   TupleTableSlot *plan_slot)
{
	ModifyState *modify = rinfo->ri_FdwState;
	DbaasHiding hiding;
	bool		exists;

	(void) estate;
	dbaas_error_hide_statement(&hiding, false);
	MemoryContextReset(modify->row_cxt);
	take_old_row(modify, plan_slot);
	exists = write_row(modify, NULL, false);
	dbaas_error_unhide_statement(&hiding);
	if (!exists)
		return NULL;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, modify->old_values, modify->desc->natts * sizeof(Datum));
	memcpy(slot->tts_isnull, modify->old_isnull, modify->desc->natts * sizeof(bool));
	return ExecStoreVirtualTuple(slot);
}

static void
explain_reads(const DbaasEndpoint *read, struct ExplainState *es)
{
	ExplainPropertyText("Reads", psprintf("%s %s", read->method, read->path), es);
}

/*
 * Can the statement send a request to the endpoint?  That of an UPDATE sends the columns
 * that it sets, of which "set" has the attributes, and those that a trigger changes.
 */
static bool
may_send(const DbaasTable *table, const ResultRelInfo *rinfo, const DbaasWriteEndpoint *endpoint,
		 const List *set)
{
	const TriggerDesc *triggers = rinfo->ri_RelationDesc->trigdesc;
	ListCell   *lc;

	if (endpoint->columns == NULL || endpoint->command != DBAAS_UPDATE ||
		(triggers && triggers->trig_update_before_row))
		return true;
	foreach(lc, set)
	{
		int			column = table->attributes[lfirst_int(lc) - 1].column;

		if (column >= 0 && dbaas_catalogue_sends(endpoint, column))
			return true;
	}
	return false;
}

/* Is one of those endpoints, const DbaasWriteEndpoint *, the same request? */
static bool
has_request(const List *endpoints, const DbaasWriteEndpoint *endpoint)
{
	ListCell   *lc;

	foreach(lc, endpoints)
	{
		const DbaasWriteEndpoint *other = lfirst(lc);

		if (strcmp(other->path, endpoint->path) == 0 &&
			strcmp(other->method, endpoint->method) == 0)
			return true;
	}
	return false;
}

/* Is an endpoint for a type of service for which one of those is too? */
static bool
shares_type(const DbaasResource *resource, const List *endpoints,
			const DbaasWriteEndpoint *endpoint)
{
	ListCell   *lc;

	foreach(lc, endpoints)
	{
		if (dbaas_catalogue_share_type(resource, lfirst(lc), endpoint))
			return true;
	}
	return false;
}

/*
 * Shows the requests that the statement can send for a row.  Of an UPDATE, one service may
 * need several: an additional request is one for a type of service that has another already.
 * EXPLAIN ANALYZE shows how many the statement made to read what the rows did not show.
 */
void
dbaasExplainForeignModify(ModifyTableState *mtstate, ResultRelInfo *rinfo, List *fdw_private,
						  int subplan_index, struct ExplainState *es)
{
	DbaasTable *table = dbaas_table_get(RelationGetRelid(rinfo->ri_RelationDesc));
	const DbaasResource *resource = table->resource;
	DbaasCommand command = dbaas_modify_plan_command(mtstate->operation);
	const List *set = command == DBAAS_UPDATE ? linitial(fdw_private) : NIL;
	const ModifyState *modify = rinfo->ri_FdwState; /* NULL: it does not run */
	List	   *shown = NIL;

	(void) subplan_index;
	for (const DbaasWriteEndpoint *e = dbaas_catalogue_next_write(resource, command, NULL); e;
		 e = dbaas_catalogue_next_write(resource, command, e))
	{
		if (has_request(shown, e) || !may_send(table, rinfo, e, set))
			continue;
		ExplainPropertyText(shown == NIL ? "Request" :
							command == DBAAS_UPDATE && shares_type(resource, shown, e) ?
							"Additional Request" : "Alternative Request",
							psprintf("%s %s", e->method, e->path), es);
		if (shown == NIL && dbaas_writable_reads_kept(table, command))
			explain_reads(resource->kept->read, es);
		if (shown == NIL && resource->used_by && command == DBAAS_DELETE)
			explain_reads(resource->used_by->read, es);
		if (shown == NIL && resource->whole)
			explain_reads(resource->whole->read, es);
		shown = lappend(shown, unconstify(DbaasWriteEndpoint *, e));
	}
	if (es->analyze && modify && modify->writer->lookup.counters->requests > 0)
		ExplainPropertyInteger("Requests", NULL, modify->writer->lookup.counters->requests, es);
}
