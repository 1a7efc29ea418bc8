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
	bool		writes_ours;	/* does it write to a table of ours? */
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

/* Is the plan an UPDATE, DELETE or MERGE? */
static bool
plan_writes(const Plan *plan)
{
	return plan && IsA(plan, ModifyTable) &&
		((const ModifyTable *) plan)->operation != CMD_INSERT;
}

static bool
writes_our_table(const PlannedStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->resultRelations)
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

	if (plan_writes(stmt->planTree))
		return true;
	foreach(lc, stmt->subplans)
	{
		if (plan_writes(lfirst(lc)))
			return true;
	}
	return false;
}

static Skipping *
analyze_statement(const PlannedStmt *stmt)
{
	Skipping   *skipping = palloc0(sizeof(Skipping));

	skipping->writes_ours = writes_our_table(stmt);
	skipping->writes = skipping->writes_ours || statement_writes(stmt);
	if (!skipping->writes)
		skipping->may_skip = dbaas_incomplete_allowed(stmt);
	return skipping;
}

static const Skipping *
get_analysis(EState *estate)
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
	return *skipping;
}

DbaasSkip
dbaas_skip_zones_check(EState *estate, const ForeignScan *plan)
{
	const Skipping *skipping = get_analysis(estate);

	if (skipping->writes)
		return DBAAS_SKIP_CHANGES_WRITES;
	return bms_is_member(plan->scan.plan.plan_node_id, skipping->may_skip) ?
		DBAAS_SKIP_ALLOWED : DBAAS_SKIP_ADDS_ROWS;
}

bool
dbaas_skip_zones_writes_ours(EState *estate)
{
	return get_analysis(estate)->writes_ours;
}
