/*-------------------------------------------------------------------------
 *
 * discard.c
 *		DISCARD ALL, which drops the responses that the session keeps.
 *
 * A connection pooler sends it before it gives the session to somebody else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "tcop/utility.h"

#include "read/cache.h"
#include "surface/discard.h"

static ProcessUtility_hook_type previous_hook;

static void
process_utility(PlannedStmt *stmt, const char *query, bool read_only_tree,
				ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	/* The hook may free the tree. */
	bool		discards_all = IsA(stmt->utilityStmt, DiscardStmt) &&
		((const DiscardStmt *) stmt->utilityStmt)->target == DISCARD_ALL;

	if (previous_hook)
		previous_hook(stmt, query, read_only_tree, context, params, environment, dest,
					  completion);
	else
		standard_ProcessUtility(stmt, query, read_only_tree, context, params, environment, dest,
								completion);
	if (discards_all)
		dbaas_cache_forget(InvalidOid);
}

void
dbaas_discard_init(void)
{
	previous_hook = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
