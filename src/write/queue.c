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
#include "access/xlog.h"
#include "common/hashfn.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "write/known.h"
#include "write/limit.h"
#include "write/queue.h"
#include "write/replace.h"
#include "write/report.h"
#include "write/send.h"

bool		dbaas_dry_run = false;

static MemoryContext queue_cxt = NULL;	/* child of TopTransactionContext */
static List *queue = NIL;		/* of DbaasQueued *, in order */
static HTAB *by_identity = NULL;	/* of IdentityEntry; NULL: not built */
static int	settled = 0;		/* at least so many of its first writes are:
								 * see is_settled() */
static int	secrets = 0;		/* writes of the queue that hold a secret */
static int	send_count = 0;		/* see dbaas_queue_send_count() */

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

int
dbaas_queue_send_count(void)
{
	return send_count;
}

/* The write that is sent with what this one changes: it, or the one that supersedes it. */
static const DbaasQueued *
sent_as(const DbaasQueued *queued)
{
	return queued->sent_as ? queued->sent_as : queued;
}

static bool
matches(const DbaasQueued *queued, const DbaasQueueSpec *spec)
{
	const DbaasQueued *sent = sent_as(queued);
	const DbaasOperation *operation = sent->operation;
	const DbaasWrite *write = &queued->operation->write;
	bool		read_shows_it = dbaas_operation_may_be_applied(operation) &&
		!operation->unfinished && sent->send_number <= spec->read_after;

	if (operation->state == DBAAS_WRITE_FAILED || read_shows_it ||
		(operation->state == DBAAS_WRITE_DRY && !spec->dry_run))
		return false;
	if (write->identity == NULL ||
		(spec->below ? strncmp(write->identity, spec->identity, strlen(spec->identity)) :
		 strcmp(write->identity, spec->identity)) != 0)
		return false;
	if (spec->zone &&
		(strcmp(write->zone, spec->zone) != 0 || strcmp(write->base, spec->base) != 0))
		return false;
	return dbaas_connection_same_key(operation->conn, spec->conn);
}

/* The writes whose identities have the same hash. */
typedef struct IdentityEntry
{
	uint32		hash;
	DbaasQueued *last;			/* leads to the others by "previous" */
} IdentityEntry;

/* The entry of an identity in the index; a new one has no writes. */
static IdentityEntry *
identity_entry(HTAB *index, const char *identity)
{
	uint32		hash = string_hash(identity, strlen(identity) + 1);
	bool		found;
	IdentityEntry *entry = hash_search(index, &hash, HASH_ENTER, &found);

	if (!found)
		entry->last = NULL;
	return entry;
}

static void
index_write(HTAB *index, DbaasQueued *queued)
{
	IdentityEntry *entry;

	if (queued->operation->write.identity == NULL)
		return;
	entry = identity_entry(index, queued->operation->write.identity);
	queued->previous = entry->last;
	entry->last = queued;
}

/* An UPDATE or DELETE looks for the writes of each of its rows: the list would be slow. */
static void
build_index(void)
{
	HASHCTL		control = {
		.keysize = sizeof(uint32),
		.entrysize = sizeof(IdentityEntry),
		.hcxt = queue_cxt
	};
	HTAB	   *index = hash_create("dbaas_fdw writes by identity", 64, &control,
									HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	ListCell   *lc;

	foreach(lc, queue)
		index_write(index, lfirst(lc));
	by_identity = index;		/* all of it, or nothing if memory ran out */
}

static void
unindex_write(const DbaasQueued *queued)
{
	DbaasQueued **place;

	if (by_identity == NULL || queued->operation->write.identity == NULL)
		return;
	place = &identity_entry(by_identity, queued->operation->write.identity)->last;
	while (*place != queued)
		place = &(*place)->previous;
	*place = queued->previous;
}

/* The same for a spec of several rows, which the index does not help to find. */
static List *
find_below(const DbaasQueueSpec *spec)
{
	List	   *found = NIL;
	ListCell   *lc;

	foreach(lc, queue)
	{
		DbaasQueued *queued = lfirst(lc);

		if (matches(queued, spec))
			found = lappend(found, &queued->operation->write);
	}
	return found;
}

List *
dbaas_queue_find(const DbaasQueueSpec *spec)
{
	List	   *found = NIL;

	if (queue == NIL)
		return NIL;
	if (spec->below)
		return find_below(spec);
	if (by_identity == NULL)
		build_index();
	for (DbaasQueued *queued = identity_entry(by_identity, spec->identity)->last; queued;
		 queued = queued->previous)
	{
		if (matches(queued, spec))
			found = lcons(&queued->operation->write, found);
	}
	return found;
}

bool
dbaas_queue_waits(const DbaasWrite *write)
{
	for (int i = list_length(queue) - 1; i >= 0; i--)
	{
		const DbaasQueued *queued = list_nth(queue, i);

		if (&queued->operation->write == write)
			return !dbaas_operation_may_be_applied(sent_as(queued)->operation);
	}
	return false;
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
			 earlier->command == DBAAS_INSERT ?
			 errhint("Leave one of them out, or COMMIT in between.") :
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
 * Has the transaction deleted the row, or has the statement updated it already?  An UPDATE
 * that meets a row twice, in a join for instance, changes it only once, as in any table.
 * dbaas_write_make() has checked both, but only if the table shows the whole identity of
 * the row.  Of a part of an object, whose identity is the object's, it knows.  Raises ERROR
 * when an INSERT creates a row that the queue has (23505).  An action can be taken
 * any number of times.
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
	bool		looks = write->identity && write->read == NULL && !write->acts;
	List	   *found = looks ? dbaas_queue_find(&spec) : NIL;
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

/* Queues a copy of a write; "follows" as in DbaasQueued.  Returns what it has queued. */
static DbaasQueued *
append_write(const DbaasWrite *write, DbaasConnection *conn, bool dry_run, DbaasQueued *follows)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(queue_cxt);
	DbaasQueued *queued = palloc0(sizeof(DbaasQueued));

	queued->operation = dbaas_operation_new(queue_cxt, write, conn, dry_run);
	queued->level = GetCurrentTransactionNestLevel();
	queued->follows = follows;

	/*
	 * What may run out of memory comes first: the index has no more and no
	 * less.
	 */
	if (by_identity && write->identity)
		identity_entry(by_identity, write->identity);
	queue = lappend(queue, queued);
	secrets += write->secrets != NIL;
	if (by_identity)
		index_write(by_identity, queued);
	dbaas_replace_take_over(queued, true);
	MemoryContextSwitchTo(oldcxt);
	return queued;
}

bool
dbaas_queue_add(const List *writes, int read_after, bool dry_run)
{
	const DbaasWrite *first = linitial(writes);
	DbaasQueued *queued = NULL;
	DbaasConnection *conn;
	DbaasError *error;
	ListCell   *lc;

	if (queue_cxt == NULL)
		queue_cxt = AllocSetContextCreate(TopTransactionContext, "dbaas_fdw writes",
										  ALLOCSET_DEFAULT_SIZES);
	error = dbaas_connection_get(first->serverid, first->userid, queue_cxt, &conn);
	if (error)
		dbaas_error_raise(error);
	if (is_row_gone(first, conn, read_after, dry_run))
		return false;
	foreach(lc, writes)
	{
		if (((const DbaasWrite *) lfirst(lc))->counts)
			dbaas_limit_check(queue, lfirst(lc), dry_run);
	}
	foreach(lc, writes)
		queued = append_write(lfirst(lc), conn, dry_run, queued);
	return true;
}

const DbaasOperation *
dbaas_queue_last(void)
{
	return queue ? ((DbaasQueued *) llast(queue))->operation : NULL;
}

/* ------------------------------------------------------------------------
 * Transactions
 * ------------------------------------------------------------------------ */

/* Is there nothing left to do or to say about the write, unless the transaction aborts? */
static bool
is_settled(const DbaasQueued *queued)
{
	const DbaasOperation *operation = sent_as(queued)->operation;

	if (operation->state == DBAAS_WRITE_QUEUED)
		return false;
	if (operation->error)
		return queued->undone;
	return !operation->write.announces || operation->state != DBAAS_WRITE_APPLIED;
}

/* The place of the first write that is not settled: in a long queue, most may be. */
static int
first_unsettled(void)
{
	while (settled < list_length(queue) && is_settled(list_nth(queue, settled)))
		settled++;
	return settled;
}

static bool
any_queued(void)
{
	ListCell   *lc;

	for_each_from(lc, queue, first_unsettled())
	{
		if (((DbaasQueued *) lfirst(lc))->operation->state == DBAAS_WRITE_QUEUED)
			return true;
	}
	return false;
}

/* Does the queue have writes that are not of a dry run? */
static bool
any_not_dry(void)
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
	settled = 0;
	secrets = 0;
	send_count = 0;
}

/*
 * Sends the queue of a transaction that is about to commit.  A serializable transaction
 * that has to fail must fail before that, so this makes PostgreSQL's check first.  From
 * then on, conflicts with this transaction make other transactions fail.
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
	if (any_not_dry())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot PREPARE a transaction "
						"that has written to foreign tables of dbaas_fdw"),
				 errdetail("The API has no two-phase commit.")));
}

/*
 * Calls a function.  If the queue has secrets, no error that the function raises shows the
 * statement.
 */
static void
call_hidden(void (*function) (void))
{
	DbaasHiding hiding;

	dbaas_error_hide_statement(&hiding, secrets > 0);
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
			dbaas_report_rollback(queue, 0);
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

/*
 * Does a write behind that place share what the one there replaces?  Those before it, which
 * are of outer levels, do not.
 */
static bool
is_shared_after(int place)
{
	const char *replaces = ((DbaasQueued *) list_nth(queue, place))->operation->write.replaces;

	for (int i = place + 1; replaces && i < list_length(queue); i++)
	{
		if (((DbaasQueued *) list_nth(queue, i))->operation->write.replaces == replaces)
			return true;
	}
	return false;
}

/*
 * Hands the writes of a subtransaction that commits to the one around it.  They are the
 * last of the queue.
 */
static void
commit_level(int level)
{
	for (int i = list_length(queue) - 1; i >= 0; i--)
	{
		DbaasQueued *queued = list_nth(queue, i);

		if (queued->level < level)
			break;
		queued->level = level - 1;
		dbaas_replace_take_over(queued, !is_shared_after(i));
	}
}

/* Queues the writes again that were to be sent as that one, which will not be sent. */
static void
release_superseded(const DbaasQueued *queued, int place)
{
	for (int i = 0; i < place; i++)
	{
		DbaasQueued *earlier = list_nth(queue, i);

		if (earlier->sent_as != queued)
			continue;
		earlier->sent_as = NULL;
		dbaas_operation_supersede(earlier->operation, false);
		settled = Min(settled, i);
	}
}

/* Removes the write at that place, which was not sent. */
static void
remove_write(int place)
{
	DbaasQueued *queued = list_nth(queue, place);

	if (queued->operation->write.read)
		release_superseded(queued, place);
	unindex_write(queued);
	secrets -= queued->operation->write.secrets != NIL;
	settled = Min(settled, place);
	queue = list_delete_nth_cell(queue, place);
}

/*
 * Removes the writes of a subtransaction that aborts from the queue.  Those that were
 * sent stay, for the reports.  An error that reported writes of outer levels may have
 * been caught, so they are reported again when their own level aborts.
 */
static void
abort_level(int level)
{
	dbaas_report_rollback(queue, level);
	for (int i = list_length(queue) - 1; i >= 0; i--)
	{
		DbaasQueued *queued = list_nth(queue, i);

		if (queued->level < level)
			queued->reported = queued->reported && queued->undone;
		else if (dbaas_operation_may_be_applied(queued->operation))
		{
			queued->undone = true;
			queued->level = level - 1;
		}
		else
			remove_write(i);
	}
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
 * Refuses to send while dry_run is on: it may have been turned on before the COMMIT to
 * stop the writes that are queued already.
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
 * Finds a write that failed in a transaction that goes on.  It was queued before a
 * savepoint and sent inside it, and the error was rolled back with the savepoint.
 */
static DbaasOperation *
find_failed(void)
{
	ListCell   *lc;

	for_each_from(lc, queue, first_unsettled())
	{
		DbaasQueued *queued = lfirst(lc);
		DbaasOperation *operation = sent_as(queued)->operation;

		if (operation->error && !queued->undone)
			return operation;
	}
	return NULL;
}

/* Does a write that is to be sent create or delete a service? */
static bool
any_service_comes_or_goes(void)
{
	ListCell   *lc;

	for_each_from(lc, queue, first_unsettled())
	{
		const DbaasOperation *operation = ((DbaasQueued *) lfirst(lc))->operation;

		if (operation->state == DBAAS_WRITE_QUEUED &&
			(operation->write.creates_service || operation->write.ends_service))
			return true;
	}
	return false;
}

/*
 * Writes to disk what the transaction has changed here.  After a crash the id of a
 * transaction of which nothing is on disk is given to another one, and nobody could tell
 * from the log which of the two has committed.  A disk that is full is noticed, too, before
 * anything is sent.
 */
static void
flush_local_changes(void)
{
	if (!XLogRecPtrIsInvalid(XactLastRecEnd))
		XLogFlush(XactLastRecEnd);
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
	if (any_service_comes_or_goes())
		dbaas_known_forget();
	flush_local_changes();
	MemoryContextSwitchTo(queue_cxt);
	dbaas_send_writes(queue, first_unsettled(), ++send_count);
	MemoryContextSwitchTo(oldcxt);
}

/* Does the plan show the write? */
static bool
is_planned(const DbaasQueued *queued)
{
	return queued->operation->state == DBAAS_WRITE_QUEUED ||
		(queued->operation->state == DBAAS_WRITE_DRY && queued->sent_as == NULL);
}

/*
 * See DbaasPlanned.after: the last write before the batch of the one at that place, or the
 * one of its batch that it follows.
 */
static int
planned_after(const List *writes, int place, int batch)
{
	const DbaasQueued *follows = ((DbaasQueued *) list_nth(writes, place))->follows;

	if (follows == NULL)
		return batch;
	while (place > batch && list_nth(writes, place - 1) != follows)
		place--;
	return place;
}

List *
dbaas_queue_plan(void)
{
	List	   *writes = NIL;
	List	   *plan = NIL;
	int			batch = 0;
	int			end = 0;
	ListCell   *lc;

	if (find_failed())
		return NIL;
	dbaas_replace_supersede(queue, 0);
	foreach(lc, queue)
	{
		if (is_planned(lfirst(lc)))
			writes = lappend(writes, lfirst(lc));
	}
	for (int i = 0; i < list_length(writes); i++)
	{
		const DbaasQueued *queued = list_nth(writes, i);
		DbaasPlanned *planned = palloc(sizeof(DbaasPlanned));

		if (i == end)
		{
			batch = i;
			end = dbaas_send_batch_end(writes, i);
		}
		*planned = (DbaasPlanned)
		{
			.operation = queued->operation,.level = queued->level,
				.after = planned_after(writes, i, batch)
		};
		plan = lappend(plan, planned);
	}
	return plan;
}

void
dbaas_queue_send(void)
{
	call_hidden(send_queue);
}

void
dbaas_queue_add_outcomes(ErrorData *edata)
{
	if (queue && ERRCODE_TO_CATEGORY(edata->sqlerrcode) == ERRCODE_DATA_EXCEPTION)
	{
		const DbaasWrite *last = &((DbaasQueued *) llast(queue))->operation->write;

		edata->message = psprintf("what %s made cannot be shown: %s",
								  dbaas_operation_label(last), edata->message);
		edata->sqlerrcode = ERRCODE_FDW_ERROR;
	}
	dbaas_report_add_outcomes(queue, edata);
}
