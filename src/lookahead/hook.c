/*-------------------------------------------------------------------------
 *
 * hook.c
 *		The hook of the executor: JIT for a plan that starts, and nodes of ours for one that
 *		has been started.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"

#include "lookahead/drain.h"
#include "lookahead/hook.h"
#include "lookahead/lookahead.h"
#include "plan/cost.h"
#include "plan/jit.h"
#include "scan/scan.h"

static ExecutorStart_hook_type previous_hook;

static void
executor_start(QueryDesc *query, int eflags)
{
	uint64		begun = dbaas_scan_count_begun();

	dbaas_jit_decide(query);
	if (previous_hook)
		previous_hook(query, eflags);
	else
		standard_ExecutorStart(query, eflags);

	/* A plan without scans of ours is left alone. */
	if (dbaas_scan_count_begun() == begun)
		return;
	if (dbaas_enable_lookahead)
		dbaas_lookahead_add(query);
	dbaas_drain_add(query);
}

void
dbaas_hook_init(void)
{
	previous_hook = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
}
