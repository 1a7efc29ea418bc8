/*-------------------------------------------------------------------------
 *
 * limit.c
 *		How much a transaction may delete or update.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/set.h"
#include "write/limit.h"
#include "write/report.h"

int			dbaas_delete_limit = 10;
int			dbaas_update_limit = 10;

/* Does the limit of deletions count it?  An action counts as a change, whatever it does. */
static bool
is_deletion(const DbaasWrite *write)
{
	return write->command == DBAAS_DELETE && !write->acts;
}

/* Does a write of the queue count towards the same limit as another write? */
static bool
counts_with(const DbaasOperation *queued, const DbaasWrite *write, bool dry_run)
{
	return queued->write.counts && strcmp(queued->write.counts, write->counts) == 0 &&
		is_deletion(&queued->write) == is_deletion(write) &&
		(queued->state == DBAAS_WRITE_DRY) == dry_run &&
		queued->state != DBAAS_WRITE_FAILED;
}

/* Adds the row that a write writes, whichever table shows it.  Returns whether it is new. */
static bool
add_row(DbaasSet *rows, const DbaasWrite *write)
{
	return write->identity == NULL ||
		dbaas_set_add(rows,
					  psprintf("%u %s %s", write->serverid, write->zone, write->identity));
}

/* The number of rows that the queue and this write delete or update. */
static int
count_rows(List *queue, const DbaasWrite *write, bool dry_run)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw limit",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasSet   *rows = dbaas_set_new();
	int			n = add_row(rows, write);
	ListCell   *lc;

	foreach(lc, queue)
	{
		const DbaasOperation *operation = ((DbaasQueued *) lfirst(lc))->operation;

		if (counts_with(operation, write, dry_run) && add_row(rows, &operation->write))
			n++;
	}
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(cxt);
	return n;
}

void
dbaas_limit_check(List *queue, const DbaasWrite *write, bool dry_run)
{
	bool		deletes = is_deletion(write);
	int			limit = deletes ? dbaas_delete_limit : dbaas_update_limit;
	const char *name = deletes ? "dbaas_fdw.delete_limit" : "dbaas_fdw.update_limit";
	bool		any_sent = false;
	ListCell   *lc;

	/*
	 * Counting is slow, and a queue that is shorter than the limit is within
	 * it.
	 */
	if (limit < 0 || list_length(queue) < limit || count_rows(queue, write, dry_run) <= limit)
		return;
	foreach(lc, queue)
		any_sent = any_sent ||
		dbaas_operation_may_be_applied(((DbaasQueued *) lfirst(lc))->operation);
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 write->acts ?
			 errmsg("this transaction would take %s on more than %d services", write->counts,
					limit) :
			 errmsg("this transaction would %s more than %d %s", deletes ? "delete" : "update",
					limit, write->counts),
			 any_sent ? errdetail("What is queued has not been sent, but other writes have.") :
			 errdetail("Nothing has been sent."),
			 errhint("Check the WHERE clause, or set %s higher for this transaction: "
					 "SET LOCAL %s = 100; -1 is no limit.", name, name)));
}
