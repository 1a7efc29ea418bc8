/*-------------------------------------------------------------------------
 *
 * jit.c
 *		Whether JIT pays for a plan that waits for the API.
 *
 * The planner turns JIT on where a plan's total cost is above the jit_xxx_cost settings.
 * Compiling shortens work, not waiting, so this compares the work alone.  It does so when a
 * query starts: a hook of the planner would miss the first statement of a session, whose
 * planning loads the library.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jit/jit.h"

#include "plan/jit.h"
#include "plan/waiting.h"

void
dbaas_jit_decide(QueryDesc *query)
{
	const PlannedStmt *stmt = query->plannedstmt;
	int			flags = stmt->jitFlags;
	Cost		waiting;
	Cost		work;

	if (flags == PGJIT_NONE)
		return;
	waiting = dbaas_waiting_of_statement(stmt);
	if (waiting <= 0)
		return;
	work = stmt->planTree->total_cost - waiting;
	if (work <= jit_above_cost)
		flags = PGJIT_NONE;
	if (work <= jit_optimize_above_cost)
		flags &= ~PGJIT_OPT3;
	if (work <= jit_inline_above_cost)
		flags &= ~PGJIT_INLINE;
	if (flags == stmt->jitFlags)
		return;
	query->plannedstmt = palloc(sizeof(PlannedStmt));
	*query->plannedstmt = *stmt;
	query->plannedstmt->jitFlags = flags;
}
