/*-------------------------------------------------------------------------
 *
 * skip_zones.c
 *		Which scans of a statement may skip a zone that is not available.
 *
 * In a statement that writes a table of ours, or that updates, deletes or merges in any
 * table, no scan may skip a zone.  In other statements, those that may be incomplete may.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "foreign/fdwapi.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "plan/incomplete.h"
#include "plan/plan.h"
#include "plan/skip_zones.h"

/* The analysis of a statement. */
typedef struct Skipping
{
	bool		writes;			/* statement_writes() */
	Bitmapset  *may_skip;		/* plan_node_ids of the scans that may */
} Skipping;

/* Is the relation a table of ours, or does it have a partition that is one? */
static bool
contains_our_table(Oid relid)
{
	ListCell   *lc;

	if (get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE)
		return dbaas_plan_is_our_table(relid);
	if (get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE)
		return false;
	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_FOREIGN_TABLE &&
			dbaas_plan_is_our_table(lfirst_oid(lc)))
			return true;
	}
	return false;
}

/* Is the plan a write, other than an INSERT into a table that is not ours? */
static bool
plan_writes(const PlannedStmt *stmt, const Plan *plan)
{
	ListCell   *lc;

	if (plan == NULL || !IsA(plan, ModifyTable))
		return false;
	if (((const ModifyTable *) plan)->operation != CMD_INSERT)
		return true;
	foreach(lc, ((const ModifyTable *) plan)->resultRelations)
	{
		if (contains_our_table(rt_fetch(lfirst_int(lc), stmt->rtable)->relid))
			return true;
	}
	return false;
}

static bool
statement_writes(const PlannedStmt *stmt)
{
	ListCell   *lc;

	if (plan_writes(stmt, stmt->planTree))
		return true;
	foreach(lc, stmt->subplans)
	{
		if (plan_writes(stmt, lfirst(lc)))
			return true;
	}
	return false;
}

static Skipping *
analyze_statement(const PlannedStmt *stmt)
{
	Skipping   *skipping = palloc0(sizeof(Skipping));

	skipping->writes = statement_writes(stmt);
	if (!skipping->writes)
		skipping->may_skip = dbaas_incomplete_allowed(stmt);
	return skipping;
}

DbaasSkip
dbaas_skip_zones_check(EState *estate, const ForeignScan *plan)
{
	static char owner;
	Skipping  **skipping = dbaas_statement_state(dbaas_statement_get(estate->es_query_cxt),
												 &owner, sizeof(Skipping *));

	if (*skipping == NULL)
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);

		*skipping = analyze_statement(estate->es_plannedstmt);
		MemoryContextSwitchTo(oldcxt);
	}
	if ((*skipping)->writes)
		return DBAAS_SKIP_CHANGES_WRITES;
	return bms_is_member(plan->scan.plan.plan_node_id, (*skipping)->may_skip) ?
		DBAAS_SKIP_ALLOWED : DBAAS_SKIP_ADDS_ROWS;
}
