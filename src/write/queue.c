/*-------------------------------------------------------------------------
 *
 * queue.c
 *		The writes of a transaction: queued, and sent when it commits.
 *
 * The API cannot undo what it did, so a write is sent when the transaction is
 * about to commit and nothing else can make it fail but the writes
 * themselves.  They are sent in the order of the statements, those of one
 * statement concurrently; after one that fails, no other is sent.  Whatever
 * stands when the transaction does not commit is reported.
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

#include "api/progress.h"
#include "base/set.h"
#include "write/queue.h"
#include "write/report.h"

int			dbaas_delete_limit = 10;
int			dbaas_update_limit = 10;
bool		dbaas_dry_run = false;

static MemoryContext queue_cxt = NULL;	/* child of TopTransactionContext */
static List *queue = NIL;		/* of DbaasQueued *, in order */
static HTAB *things = NULL;		/* HashedThing: what the queue writes, or NULL */
static int	last_batch = 0;
static int	sendings = 0;

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
dbaas_queue_new_batch(void)
{
	return ++last_batch;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Do both write the same thing? */
static bool
same_thing(const DbaasWrite *a, const DbaasWrite *b)
{
	return a->serverid == b->serverid && strcmp(a->zone, b->zone) == 0 &&
		a->thing && same_text(a->thing, b->thing);
}

/* The services, say, that the transaction deletes, or those that it updates, with this write. */
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

		if (!same_text(operation->write.counts, write->counts) ||
			operation->write.command != write->command ||
			(operation->state == DBAAS_WRITE_DRY) != dry_run || operation->state == DBAAS_WRITE_FAILED)
			continue;
		foreach(other, found)
			known = known || same_thing(lfirst(other), &operation->write);
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

	/* No more of them than writes: spares counting them */
	if (limit < 0 || list_length(queue) < limit || count_written(write, dry_run) <= limit)
		return;
	foreach(lc, queue)
		any_sent = any_sent || dbaas_operation_stands(((DbaasQueued *) lfirst(lc))->operation);
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

	if (operation->state == DBAAS_WRITE_FAILED ||
		(operation->state == DBAAS_WRITE_DRY && !spec->dry_run) ||
		(dbaas_operation_stands(operation) && !operation->unfinished &&
		 queued->sending <= spec->read_after))
		return false;
	return write->thing && strcmp(write->thing, spec->thing) == 0 &&
		(spec->zone == NULL ||
		 (strcmp(write->zone, spec->zone) == 0 && strcmp(write->base, spec->base) == 0)) &&
		dbaas_connection_same_key(operation->conn, spec->conn);
}

/* The last write whose thing has a hash. */
typedef struct HashedThing
{
	uint32		hash;
	DbaasQueued *last;
} HashedThing;

/* The entry of a thing, which is made when it is not there; "things" is. */
static HashedThing *
hashed_thing(const char *thing)
{
	uint32		hash = string_hash(thing, strlen(thing) + 1);
	bool		found;
	HashedThing *hashed = hash_search(things, &hash, HASH_ENTER, &found);

	if (!found)
		hashed->last = NULL;
	return hashed;
}

static void
add_thing(DbaasQueued *queued)
{
	HashedThing *hashed;

	if (queued->operation->write.thing == NULL)
		return;
	hashed = hashed_thing(queued->operation->write.thing);
	queued->before = hashed->last;
	hashed->last = queued;
}

/* Those who ask for the writes of a thing ask for each row. */
static void
index_things(void)
{
	HASHCTL		control = {
		.keysize = sizeof(uint32), .entrysize = sizeof(HashedThing), .hcxt = queue_cxt
	};
	ListCell   *lc;

	things = hash_create("dbaas_fdw written things", 64, &control,
						 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foreach(lc, queue)
		add_thing(lfirst(lc));
}

static void
forget_things(void)
{
	if (things)
		hash_destroy(things);
	things = NULL;
}

List *
dbaas_queue_find(const DbaasQueueSpec *spec)
{
	List	   *found = NIL;

	if (queue == NIL)
		return NIL;
	if (things == NULL)
		index_things();
	for (DbaasQueued *queued = hashed_thing(spec->thing)->last; queued; queued = queued->before)
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
			 errmsg("%s makes what this transaction makes or changes already", dbaas_write_label(write)),
			 errdetail("Before it, this transaction sends %s.", dbaas_write_label(earlier)),
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
 * Is there no such row to write, by what the transaction does to it last?  An UPDATE
 * that meets a row again, in a join say, leaves it as it is, as in any table.
 * dbaas_write_make() asks that earlier, but only where the row shows all that tells
 * it from others.
 */
static bool
is_gone(const DbaasWrite *write, DbaasConnection *conn, int read_after, bool dry_run)
{
	DbaasQueueSpec spec = {conn, write->zone, write->base, write->thing, read_after, dry_run};
	List	   *found = write->thing ? dbaas_queue_find(&spec) : NIL;
	const DbaasWrite *last = found ? llast(found) : NULL;

	if (last == NULL)
		return false;
	if (write->command != DBAAS_INSERT)
		return last->command == DBAAS_DELETE ||
			(write->command == DBAAS_UPDATE && dbaas_queue_updates(found, write->batch, write->relid));
	if (last->command != DBAAS_DELETE)
		refuse_duplicate(write, last);
	return false;
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
	if (is_gone(write, conn, read_after, dry_run))
		return false;
	if (write->counts)
		check_limit(write, dry_run);
	oldcxt = MemoryContextSwitchTo(queue_cxt);
	queued = palloc0(sizeof(DbaasQueued));
	queued->operation = dbaas_operation_new(queue_cxt, write, conn, dry_run);
	queued->level = GetCurrentTransactionNestLevel();
	queue = lappend(queue, queued);
	if (things)
		add_thing(queued);
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

/* Has the transaction written, or is it to write, beside dry runs? */
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
	/* queue_cxt goes with the transaction's own context. */
	queue_cxt = NULL;
	queue = NIL;
	things = NULL;
	sendings = 0;
}

/*
 * Sends the queue of a transaction that is about to commit.  PostgreSQL looks
 * for what makes a serializable one fail only after this, which would be too
 * late: so this looks first, and from then on others give way to this one.
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
				 errmsg("cannot PREPARE a transaction that has written to foreign tables of dbaas_fdw"),
				 errdetail("The API has no two-phase commit.")));
}

/* Does what is about writes, over a statement that may hold the secrets of one. */
static void
do_hidden(void (*act) (void))
{
	DbaasHiding hiding;

	dbaas_error_hide(&hiding, dbaas_report_any_secret(queue));
	act();
	dbaas_error_unhide(&hiding);
}

static void
on_transaction(XactEvent event, void *arg)
{
	ListCell   *lc;

	(void) arg;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			do_hidden(send_at_commit);
			break;
		case XACT_EVENT_PRE_PREPARE:
			do_hidden(refuse_prepare);
			break;
		case XACT_EVENT_ABORT:
			/* A session that is terminated comes here from its wait. */
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

static void
on_subtransaction(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	ListCell   *lc;

	(void) subid;
	(void) parent;
	(void) arg;
	if (queue == NIL || (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB))
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		dbaas_report_standing(queue, level);
	foreach(lc, queue)
	{
		DbaasQueued *queued = lfirst(lc);

		if (queued->level < level)
		{
			if (event == SUBXACT_EVENT_ABORT_SUB && !queued->undone)
				queued->reported = false;
			continue;
		}
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			queued->level = level - 1;
		else if (dbaas_operation_stands(queued->operation))
		{
			queued->undone = true;
			queued->level = level - 1;
		}
		else
			queue = foreach_delete_current(queue, lc);
	}
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget_things();
}

/* ------------------------------------------------------------------------
 * Sending
 * ------------------------------------------------------------------------ */

/*
 * One turn for the writes from first to last: goes on with those under way and
 * starts others, unless one has failed.  Returns whether any is under way;
 * *until is when there is something to do for them at the latest, or 0.
 */
static bool
step_batch(int first, int last, DbaasOperation **failed, DbaasMoment *until)
{
	int			under_way = 0;

	*until = 0;
	for (int i = first; i <= last; i++)
	{
		DbaasQueued *queued = list_nth(queue, i);

		if (dbaas_operation_under_way(queued->operation))
			dbaas_operation_step(queued->operation);
		dbaas_report_outcome(queued, false);
		if (dbaas_operation_under_way(queued->operation))
			under_way++;
		if (queued->operation->error && !queued->undone && *failed == NULL)
			*failed = queued->operation;
	}
	for (int i = first; i <= last; i++)
	{
		DbaasQueued *queued = list_nth(queue, i);
		DbaasOperation *operation = queued->operation;
		DbaasMoment due;

		if (*failed && dbaas_operation_take_back(operation))
		{
			dbaas_report_outcome(queued, false);
			under_way--;
		}
		else if (*failed == NULL && operation->state == DBAAS_WRITE_QUEUED &&
				 under_way < dbaas_connection_limits(operation->conn)->concurrency)
		{
			dbaas_report_sending(queued);
			dbaas_operation_send(operation);
			queued->sending = sendings;
			under_way++;
		}
		due = dbaas_operation_due(operation);
		if (due != 0 && (*until == 0 || due < *until))
			*until = due;
	}
	return under_way > 0;
}

/* The last of the writes, from "first" on, that may go out with it: each of another thing. */
static int
end_of_batch(int first)
{
	const DbaasQueued *begin = list_nth(queue, first);
	DbaasSet   *things = dbaas_set_new();
	int			last;

	for (last = first; last < list_length(queue); last++)
	{
		const DbaasQueued *queued = list_nth(queue, last);
		const DbaasWrite *write = &queued->operation->write;

		if (write->batch != begin->operation->write.batch ||
			(write->thing && !dbaas_set_add(things, psprintf("%s %s %s", write->base, write->zone,
															 write->thing))))
			break;
	}
	return last - 1;
}

/* Sends the queue batch after batch, until the end or the first failure. */
static DbaasOperation *
send_batches(void)
{
	DbaasOperation *failed = NULL;
	int			first = 0;

	sendings++;
	while (first < list_length(queue) && failed == NULL)
	{
		int			last = end_of_batch(first);
		DbaasMoment until;

		while (step_batch(first, last, &failed, &until))
			dbaas_progress_wait(NULL, until);
		first = last + 1;
	}
	return failed;
}

/*
 * A write goes out by the mapping and with the key that it was queued with, to
 * the server that it was checked against, or not at all: all of them may have
 * been changed or dropped since, by this transaction or another.
 */
static void
check_connections(void)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		DbaasOperation *operation = ((DbaasQueued *) lfirst(lc))->operation;
		const DbaasWrite *write = &operation->write;
		DbaasConnection *conn = NULL;
		DbaasError *error = NULL;

		if (operation->state != DBAAS_WRITE_QUEUED || dbaas_connection_is_current(operation->conn))
			continue;
		if (GetForeignServerExtended(write->serverid, FSV_MISSING_OK))
			error = dbaas_connection_get(write->serverid, write->userid, queue_cxt, &conn);
		if (conn == NULL || !dbaas_connection_equal(conn, operation->conn))
		{
			DbaasError *changed =
				dbaas_error_new(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
								"a server or user mapping was changed or dropped after writes were queued for it");

			changed->detail = psprintf("%s%sWrites of this transaction:\n%s",
									   error ? error->message : "", error ? ".\n" : "",
									   dbaas_report_list(queue));
			changed->hint = "Run the transaction again, once its servers and user mappings are as they shall be.";
			dbaas_error_raise_always(changed);
		}
		operation->conn = conn;
	}
}

/* Who turns it on before the COMMIT may well mean what was queued before. */
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
 * A write that has failed, while what it was sent for goes on: that was in a
 * savepoint, since rolled back, and the write was queued before it.
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

/* Says what was made that nothing else would tell, once. */
static void
announce_made(void)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		DbaasOperation *operation = ((DbaasQueued *) lfirst(lc))->operation;

		if (!operation->write.announces || operation->state != DBAAS_WRITE_APPLIED ||
			operation->reference_id == NULL)
			continue;
		operation->write.announces = false;
		dbaas_error_notice(NOTICE,
						   (errmsg("%s: the id is %s", dbaas_write_label(&operation->write),
								   dbaas_error_excerpt(operation->reference_id, strlen(operation->reference_id),
													   NAMEDATALEN)),
							errhint("No list has it: the row is found by that id. INSERT ... RETURNING gives it as a value.")));
	}
}

/* What is waited for: the writes that are not over, and the first of them. */
static char *
progress_text(int seconds)
{
	const DbaasOperation *first = NULL;
	int			n = 0;
	int			waiting = 0;
	char	   *label;
	ListCell   *lc;

	foreach(lc, queue)
	{
		const DbaasOperation *operation = ((DbaasQueued *) lfirst(lc))->operation;
		bool		under_way = dbaas_operation_under_way(operation);

		if (operation->state == DBAAS_WRITE_DRY)
			continue;
		n++;
		if (under_way || operation->state == DBAAS_WRITE_QUEUED)
			waiting++;
		if (under_way && first == NULL)
			first = operation;
	}
	if (first == NULL)
		return NULL;
	label = dbaas_write_label(&first->write);
	return psprintf("waiting for %d of %d %s, %d s: %s%s", waiting, n,
					n == 1 ? "operation" : "operations", seconds,
					dbaas_error_excerpt(label, strlen(label), DBAAS_EXCERPT_BYTES),
					first->state == DBAAS_WRITE_STARTING ? ", until its service runs" : "");
}

static void
send_queue(void)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	DbaasOperation *volatile failed = find_failed();

	if (failed)
		dbaas_report_failure(queue, failed);
	if (!any_queued())
		return;
	check_dry_run();
	check_connections();
	MemoryContextSwitchTo(queue_cxt);
	dbaas_progress_describe(progress_text);
	PG_TRY();
	{
		failed = send_batches();
		dbaas_progress_describe(NULL);
	}
	PG_CATCH();
	{
		ErrorData  *edata;
		ListCell   *lc;

		dbaas_progress_describe(NULL);
		/*
		 * A cancel while writes are under way: says how far they came, of all
		 * of them, though another interrupt may have come.
		 */
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(queue_cxt);
		edata = CopyErrorData();
		FlushErrorState();
		foreach(lc, queue)
		{
			dbaas_operation_stop(((DbaasQueued *) lfirst(lc))->operation);
			dbaas_report_outcome(lfirst(lc), true);
		}
		dbaas_report_interruption(queue, edata);
		RESUME_INTERRUPTS();
		ReThrowError(edata);
	}
	PG_END_TRY();
	if (failed)
		dbaas_report_failure(queue, failed);
	announce_made();
	MemoryContextSwitchTo(oldcxt);
}

void
dbaas_queue_send(void)
{
	do_hidden(send_queue);
}

void
dbaas_queue_explain(ErrorData *edata)
{
	if (queue && ERRCODE_TO_CATEGORY(edata->sqlerrcode) == ERRCODE_DATA_EXCEPTION)
	{
		const DbaasWrite *last = &((DbaasQueued *) llast(queue))->operation->write;

		edata->message = psprintf("what %s made cannot be shown: %s",
								  dbaas_write_label(last), edata->message);
		edata->sqlerrcode = ERRCODE_FDW_ERROR;
	}
	dbaas_report_interruption(queue, edata);
}
