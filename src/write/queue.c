/*-------------------------------------------------------------------------
 *
 * queue.c
 *		The writes of a transaction: queued, and sent when it commits.
 *
 * The API cannot undo a write.  So writes are sent when the transaction is about
 * to commit, and only the writes themselves can still make it fail.  If it does
 * not commit after all, a report names those that were sent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "write/queue.h"
#include "write/report.h"
#include "write/send.h"

int			dbaas_delete_limit = 10;
int			dbaas_update_limit = 10;
bool		dbaas_dry_run = false;

static MemoryContext queue_cxt = NULL;	/* child of TopTransactionContext */
static List *queue = NIL;		/* of DbaasQueued *, in order */
static HTAB *by_identity = NULL;	/* of IdentityEntry; NULL: not built */
static int	sendings = 0;		/* see dbaas_queue_sendings() */

/* transactions */
static void on_transaction(XactEvent event, void *arg);
static void on_subtransaction(SubXactEvent event, SubTransactionId subid,
							  SubTransactionId parent, void *arg);

void
dbaas_queue_init(void)
{
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Do both write the same row, whichever tables show it? */
static bool
same_row(const DbaasWrite *a, const DbaasWrite *b)
{
	return a->serverid == b->serverid && strcmp(a->zone, b->zone) == 0 &&
		a->identity && same_text(a->identity, b->identity);
}

/* Does a write count towards the same limit as another one? */
static bool
counts_with(const DbaasOperation *operation, const DbaasWrite *write, bool dry_run)
{
	return same_text(operation->write.counts, write->counts) &&
		operation->write.command == write->command &&
		(operation->state == DBAAS_WRITE_DRY) == dry_run &&
		operation->state != DBAAS_WRITE_FAILED;
}

/*
 * How many services, for instance, the transaction deletes or updates together with
 * this write: each counts once.
 */
static int
count_written(const DbaasWrite *write, bool dry_run)
{
	List	   *found = list_make1(unconstify(DbaasWrite *, write));
	int			n;
	ListCell   *lc;

	foreach(lc, queue)
	{
		DbaasOperation *operation = ((DbaasQueued *) lfirst(lc))->operation;
		bool		known = false;
		ListCell   *other;

		if (!counts_with(operation, write, dry_run))
			continue;
		foreach(other, found)
			known = known || same_row(lfirst(other), &operation->write);
		if (!known)
			found = lappend(found, &operation->write);
	}
	n = list_length(found);
	list_free(found);
	return n;
}

static void
check_limit(const DbaasWrite *write, bool dry_run)
{
	bool		deletes = write->command == DBAAS_DELETE;
	int			limit = deletes ? dbaas_delete_limit : dbaas_update_limit;
	const char *name = deletes ? "dbaas_fdw.delete_limit" : "dbaas_fdw.update_limit";
	bool		any_sent = false;
	ListCell   *lc;

	/* A queue that is shorter than the limit needs no counting. */
	if (limit < 0 || list_length(queue) < limit || count_written(write, dry_run) <= limit)
		return;
	foreach(lc, queue)
		any_sent = any_sent || dbaas_operation_may_be_applied(((DbaasQueued *) lfirst(lc))->operation);
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("this transaction would %s more than %d %s",
					deletes ? "delete" : "update", limit, write->counts),
			 any_sent ? errdetail("What is queued has not been sent, but other writes have.") :
			 errdetail("Nothing has been sent."),
			 errhint("Check the WHERE clause, or set %s higher for this transaction: "
					 "SET LOCAL %s = 100; -1 is no limit.", name, name)));
}

int
dbaas_queue_sendings(void)
{
	return sendings;
}

/* Is a write one of those that are looked for? */
static bool
is_found(const DbaasQueued *queued, const DbaasQueueSpec *spec)
{
	const DbaasOperation *operation = queued->operation;
	const DbaasWrite *write = &operation->write;
	bool		read_shows_it = dbaas_operation_may_be_applied(operation) && !operation->unfinished &&
		queued->sending <= spec->read_after;

	if (operation->state == DBAAS_WRITE_FAILED || read_shows_it ||
		(operation->state == DBAAS_WRITE_DRY && !spec->dry_run))
		return false;
	if (write->identity == NULL || strcmp(write->identity, spec->identity) != 0)
		return false;
	if (spec->zone &&
		(strcmp(write->zone, spec->zone) != 0 || strcmp(write->base, spec->base) != 0))
		return false;
	return dbaas_connection_same_key(operation->conn, spec->conn);
}

/*
 * The writes whose identities have the same hash: the last of them, which leads to
 * those before.
 */
typedef struct IdentityEntry
{
	uint32		hash;
	DbaasQueued *last;
} IdentityEntry;

/* The entry of an identity, made when there is none. */
static IdentityEntry *
identity_entry(const char *identity)
{
	uint32		hash = string_hash(identity, strlen(identity) + 1);
	bool		found;
	IdentityEntry *entry = hash_search(by_identity, &hash, HASH_ENTER, &found);

	if (!found)
		entry->last = NULL;
	return entry;
}

static void
index_write(DbaasQueued *queued)
{
	IdentityEntry *entry;

	if (queued->operation->write.identity == NULL)
		return;
	entry = identity_entry(queued->operation->write.identity);
	queued->previous = entry->last;
	entry->last = queued;
}

/* Statements look for the writes of each row that they read: a list would be slow. */
static void
build_index(void)
{
	HASHCTL		control = {
		.keysize = sizeof(uint32),
		.entrysize = sizeof(IdentityEntry),
		.hcxt = queue_cxt
	};
	ListCell   *lc;

	by_identity = hash_create("dbaas_fdw writes by identity", 64, &control,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foreach(lc, queue)
		index_write(lfirst(lc));
}

/* Writes have left the queue: the next search builds the index again. */
static void
drop_index(void)
{
	if (by_identity)
		hash_destroy(by_identity);
	by_identity = NULL;
}

List *
dbaas_queue_find(const DbaasQueueSpec *spec)
{
	List	   *found = NIL;

	if (queue == NIL)
		return NIL;
	if (by_identity == NULL)
		build_index();
	for (DbaasQueued *queued = identity_entry(spec->identity)->last; queued;
		 queued = queued->previous)
	{
		if (is_found(queued, spec))
			found = lcons(&queued->operation->write, found);
	}
	return found;
}

pg_noreturn static void
refuse_duplicate(const DbaasWrite *write, const DbaasWrite *earlier)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 dbaas_error_about(write->relid, InvalidAttrNumber),
			 errmsg("%s makes what this transaction makes or changes already",
					dbaas_operation_label(write)),
			 errdetail("Before it, this transaction sends %s.", dbaas_operation_label(earlier)),
			 errhint("DELETE it first, or leave the INSERT out.")));
}

bool
dbaas_queue_updates(const List *writes, int batch, Oid relid)
{
	ListCell   *lc;

	foreach(lc, writes)
	{
		const DbaasWrite *write = lfirst(lc);

		if (write->command == DBAAS_UPDATE && write->batch == batch && write->relid == relid)
			return true;
	}
	return false;
}

/*
 * Does the transaction leave no row for the write?  It may have deleted the row, or the
 * statement may have updated it: an UPDATE that meets a row again, in a join for
 * instance, leaves it as it is, as in any table.  dbaas_write_make() finds both out
 * before, but only if the table shows the whole identity of the row.  Raises ERROR when
 * an INSERT creates a row that the queue has (23505).
 */
static bool
is_row_gone(const DbaasWrite *write, DbaasConnection *conn, int read_after, bool dry_run)
{
	DbaasQueueSpec spec = {
		.conn = conn,
		.zone = write->zone,
		.base = write->base,
		.identity = write->identity,
		.read_after = read_after,
		.dry_run = dry_run
	};
	List	   *found = write->identity ? dbaas_queue_find(&spec) : NIL;
	const DbaasWrite *last = found ? llast(found) : NULL;

	if (last == NULL)
		return false;
	if (write->command == DBAAS_INSERT)
	{
		if (last->command != DBAAS_DELETE)
			refuse_duplicate(write, last);
		return false;
	}
	return last->command == DBAAS_DELETE ||
		(write->command == DBAAS_UPDATE &&
		 dbaas_queue_updates(found, write->batch, write->relid));
}

bool
dbaas_queue_add(const DbaasWrite *write, int read_after, bool dry_run)
{
	MemoryContext oldcxt;
	DbaasQueued *queued;
	DbaasConnection *conn;
	DbaasError *error;

	if (queue_cxt == NULL)
		queue_cxt = AllocSetContextCreate(TopTransactionContext, "dbaas_fdw writes",
										  ALLOCSET_DEFAULT_SIZES);
	error = dbaas_connection_get(write->serverid, write->userid, queue_cxt, &conn);
	if (error)
		dbaas_error_raise(error);
	if (is_row_gone(write, conn, read_after, dry_run))
		return false;
	if (write->counts)
		check_limit(write, dry_run);
	oldcxt = MemoryContextSwitchTo(queue_cxt);
	queued = palloc0(sizeof(DbaasQueued));
	queued->operation = dbaas_operation_new(queue_cxt, write, conn, dry_run);
	queued->level = GetCurrentTransactionNestLevel();
	queue = lappend(queue, queued);
	if (by_identity)
		index_write(queued);
	MemoryContextSwitchTo(oldcxt);
	return true;
}

const char *
dbaas_queue_last_reference(void)
{
	return queue ? ((DbaasQueued *) llast(queue))->operation->reference_id : NULL;
}

const char *
dbaas_queue_last_zone(void)
{
	return queue ? ((DbaasQueued *) llast(queue))->operation->write.zone : NULL;
}

/* ------------------------------------------------------------------------
 * Transactions
 * ------------------------------------------------------------------------ */

static bool
any_queued(void)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		if (((DbaasQueued *) lfirst(lc))->operation->state == DBAAS_WRITE_QUEUED)
			return true;
	}
	return false;
}

/* Has the queue writes that are not of a dry run? */
static bool
any_real(void)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		if (((DbaasQueued *) lfirst(lc))->operation->state != DBAAS_WRITE_DRY)
			return true;
	}
	return false;
}

static void
forget_all(void)
{
	/* The transaction's own context has freed queue_cxt, or will. */
	queue_cxt = NULL;
	queue = NIL;
	by_identity = NULL;
	sendings = 0;
}

/*
 * Sends the queue of a transaction that is about to commit.  PostgreSQL checks
 * later whether a serializable transaction must fail, which would be too late.  So
 * this checks it first; after that, other transactions fail instead of this one.
 */
static void
send_at_commit(void)
{
	if (any_queued())
		PreCommit_CheckForSerializationFailure();
	dbaas_queue_send();
}

static void
refuse_prepare(void)
{
	if (any_real())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot PREPARE a transaction "
						"that has written to foreign tables of dbaas_fdw"),
				 errdetail("The API has no two-phase commit.")));
}

/* Calls a function while no error shows the statement, if it may hold a write's secret. */
static void
call_hidden(void (*function) (void))
{
	DbaasHiding hiding;

	dbaas_error_hide_statement(&hiding, dbaas_report_any_secret(queue));
	function();
	dbaas_error_unhide_statement(&hiding);
}

static void
on_transaction(XactEvent event, void *arg)
{
	ListCell   *lc;

	(void) arg;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			call_hidden(send_at_commit);
			break;
		case XACT_EVENT_PRE_PREPARE:
			call_hidden(refuse_prepare);
			break;
		case XACT_EVENT_ABORT:
			/* Writes may still be under way if the session is terminated. */
			foreach(lc, queue)
				dbaas_report_outcome(lfirst(lc), true);
			dbaas_report_standing(queue, 0);
			forget_all();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			forget_all();
			break;
		default:
			break;
	}
}

/* Hands the writes of a subtransaction that commits to the one around it. */
static void
commit_level(int level)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		DbaasQueued *queued = lfirst(lc);

		if (queued->level >= level)
			queued->level = level - 1;
	}
}

/*
 * Removes the writes of a subtransaction that aborts from the queue.  Those that were
 * sent stay, for the reports.  An error that reported writes of outer levels may have
 * been caught, so they are reported again when their own level aborts.
 */
static void
abort_level(int level)
{
	ListCell   *lc;

	dbaas_report_standing(queue, level);
	foreach(lc, queue)
	{
		DbaasQueued *queued = lfirst(lc);

		if (queued->level < level)
			queued->reported = queued->reported && queued->undone;
		else if (dbaas_operation_may_be_applied(queued->operation))
		{
			queued->undone = true;
			queued->level = level - 1;
		}
		else
			queue = foreach_delete_current(queue, lc);
	}
	drop_index();
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	(void) subid;
	(void) parent;
	(void) arg;
	if (queue == NIL)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		commit_level(GetCurrentTransactionNestLevel());
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		abort_level(GetCurrentTransactionNestLevel());
}

/* ------------------------------------------------------------------------
 * Sending
 * ------------------------------------------------------------------------ */

/*
 * Refuses to send in a dry run: who turns it on before the COMMIT may well mean the writes
 * that are queued already.
 */
static void
check_dry_run(void)
{
	DbaasError *error;

	if (!dbaas_dry_run)
		return;
	error = dbaas_error_new(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
							"dbaas_fdw.dry_run is on, and writes were queued before it was");
	error->detail = psprintf("Writes of this transaction:\n%s", dbaas_report_list(queue));
	error->hint = "Nothing is sent while it is on. To send them, set it off before the COMMIT.";
	dbaas_error_raise_always(error);
}

/*
 * A write that failed, though the transaction goes on: it was queued before a savepoint
 * and sent inside it, and the error was rolled back with the savepoint.
 */
static DbaasOperation *
find_failed(void)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		DbaasQueued *queued = lfirst(lc);

		if (queued->operation->error && !queued->undone)
			return queued->operation;
	}
	return NULL;
}

static void
send_queue(void)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	DbaasOperation *failed = find_failed();

	if (failed)
		dbaas_report_failure(queue, failed);
	if (!any_queued())
		return;
	check_dry_run();
	MemoryContextSwitchTo(queue_cxt);
	dbaas_send_writes(queue, ++sendings);
	MemoryContextSwitchTo(oldcxt);
}

void
dbaas_queue_send(void)
{
	call_hidden(send_queue);
}

void
dbaas_queue_explain(ErrorData *edata)
{
	if (queue && ERRCODE_TO_CATEGORY(edata->sqlerrcode) == ERRCODE_DATA_EXCEPTION)
	{
		const DbaasWrite *last = &((DbaasQueued *) llast(queue))->operation->write;

		edata->message = psprintf("what %s made cannot be shown: %s",
								  dbaas_operation_label(last), edata->message);
		edata->sqlerrcode = ERRCODE_FDW_ERROR;
	}
	dbaas_report_interruption(queue, edata);
}
