/*-------------------------------------------------------------------------
 *
 * queue.c
 *		The writes of a transaction: queued, sent, waited for, reported.
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
#include "call.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "mask.h"
#include "miscadmin.h"
#include "options.h"
#include "queue.h"
#include "rows.h"
#include "text.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/*
 * Pauses between polls of an operation: short at first, then those of the
 * vendor's client, which are 3 s up to 30 s and grow to 60 s at 15 min.
 */
#define FIRST_POLL_MS 200.0
#define POLL_GROWTH 1.5
#define STEADY_POLL_MS 3000.0
#define STEADY_UNTIL_S 30.0
#define SLOWEST_POLL_MS 60000.0
#define SLOWEST_AT_S 900.0

/* Polls that may fail one after the other, as with the vendor's client. */
#define MAX_POLL_ERRORS 5

typedef enum WriteState
{
	WRITE_QUEUED,
	WRITE_DRY,					/* reported only, never sent */
	WRITE_SENT,					/* the answer is awaited */
	WRITE_PENDING,				/* the operation's end is awaited */
	WRITE_STARTING,				/* the services' running is awaited */
	WRITE_APPLIED,
	WRITE_FAILED,
	WRITE_UNKNOWN
} WriteState;

typedef struct QueuedWrite
{
	DbaasWrite	write;
	DbaasConnection *conn;
	int			batch;
	int			level;			/* transaction nesting level */
	WriteState	state;
	bool		reported;		/* that it stands */
	bool		undone;			/* stands, though its savepoint was rolled back */
	int			poll_errors;	/* polls that failed, one after the other */
	DbaasCall  *call;			/* write or poll in flight, or NULL */
	TimestampTz sent_at;
	TimestampTz poll_at;
	double		pause_ms;		/* before the next poll */
	char	   *operation_id;
	char	   *reference_id;
	const char *outcome;		/* words for the report, or NULL */
	DbaasError *error;
} QueuedWrite;

int			dbaas_delete_limit = 10;

static MemoryContext queue_cxt = NULL;	/* child of TopTransactionContext */
static List *queue = NIL;		/* of QueuedWrite *, in order */
static int	last_batch = 0;

static bool stands(const QueuedWrite *queued);

/* transactions */
static void on_transaction(XactEvent event, void *arg);
static void on_subtransaction(SubXactEvent event, SubTransactionId subid,
							  SubTransactionId parent, void *arg);

/* the life of a write */
static void send_write(QueuedWrite *queued);
static void step_write(QueuedWrite *queued);
static void take_answer(QueuedWrite *queued);
static void take_poll(QueuedWrite *queued);
static void take_services(QueuedWrite *queued);
static TimestampTz deadline(const QueuedWrite *queued);
static bool is_under_way(const QueuedWrite *queued);
static bool take_back(QueuedWrite *queued);
static void schedule_poll(QueuedWrite *queued);
static void fail_write(QueuedWrite *queued, WriteState state, DbaasError *error,
					   const char *outcome);

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

char *
dbaas_write_label(const DbaasWrite *write)
{
	return psprintf("%s %s in zone %s", write->method, write->path, write->zone);
}

static void
check_delete_limit(bool dry_run)
{
	int			n = 1;
	bool		any_sent = false;
	ListCell   *lc;

	foreach(lc, queue)
	{
		QueuedWrite *queued = lfirst(lc);

		if (queued->write.counts && (queued->state == WRITE_DRY) == dry_run &&
			queued->state != WRITE_FAILED)
			n++;
		any_sent = any_sent || stands(queued);
	}
	if (dbaas_delete_limit >= 0 && n > dbaas_delete_limit)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("this transaction would delete more than %d services", dbaas_delete_limit),
				 any_sent ? errdetail("What is queued has not been sent, but other writes have.") :
				 errdetail("Nothing has been sent."),
				 errhint("Check the WHERE clause, or set dbaas_fdw.delete_limit higher for this transaction: "
						 "SET LOCAL dbaas_fdw.delete_limit = 100; -1 is no limit.")));
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/*
 * Is the transaction to write this row already, or did the statement?  What was
 * sent before is not looked at: a row that was read since is there again.
 */
static bool
is_repeated(const DbaasWrite *write, int batch, bool dry_run)
{
	ListCell   *lc;

	if (write->command == CMD_INSERT)
		return false;
	foreach(lc, queue)
	{
		const QueuedWrite *queued = lfirst(lc);
		const DbaasWrite *other = &queued->write;

		if (queued->state != WRITE_QUEUED && queued->state != WRITE_DRY &&
			queued->batch != batch)
			continue;
		if (other->userid == write->userid && other->command == write->command && other->serverid == write->serverid &&
			(queued->state == WRITE_DRY) == dry_run && queued->state != WRITE_FAILED &&
			strcmp(other->path, write->path) == 0 && strcmp(other->zone, write->zone) == 0 &&
			(write->command == CMD_UPDATE ? queued->batch == batch :
			 same_text(other->body, write->body)))
			return true;
	}
	return false;
}

bool
dbaas_queue_add(const DbaasWrite *write, int batch, bool dry_run)
{
	MemoryContext oldcxt;
	QueuedWrite *queued;
	DbaasError *error;

	if (is_repeated(write, batch, dry_run))
		return false;
	if (write->counts)
		check_delete_limit(dry_run);
	if (queue_cxt == NULL)
		queue_cxt = AllocSetContextCreate(TopTransactionContext, "dbaas_fdw writes",
										  ALLOCSET_DEFAULT_SIZES);
	oldcxt = MemoryContextSwitchTo(queue_cxt);
	queued = palloc0(sizeof(QueuedWrite));
	queued->write = *write;
	queued->write.zone = pstrdup(write->zone);
	queued->write.base = pstrdup(write->base);
	queued->write.path = pstrdup(write->path);
	queued->write.body = dbaas_text_copy(write->body);
	queued->write.secret = dbaas_text_copy(write->secret);
	for (size_t i = 0; i < lengthof(write->services); i++)
		queued->write.services[i] = dbaas_text_copy(write->services[i]);
	queued->batch = batch;
	queued->level = GetCurrentTransactionNestLevel();
	queued->pause_ms = FIRST_POLL_MS;
	queued->state = dry_run ? WRITE_DRY : WRITE_QUEUED;
	error = dbaas_connection_get(write->serverid, write->userid, queue_cxt, &queued->conn);
	if (error)
		dbaas_error_raise(error);
	queue = lappend(queue, queued);
	MemoryContextSwitchTo(oldcxt);
	return true;
}

const char *
dbaas_queue_last_reference(void)
{
	return queue ? ((QueuedWrite *) llast(queue))->reference_id : NULL;
}

const char *
dbaas_queue_last_zone(void)
{
	return queue ? ((QueuedWrite *) llast(queue))->write.zone : NULL;
}

/* ------------------------------------------------------------------------
 * Reports
 * ------------------------------------------------------------------------ */

/* May what the write does be done, now or later? */
static bool
stands(const QueuedWrite *queued)
{
	return queued->state != WRITE_QUEUED && queued->state != WRITE_DRY &&
		queued->state != WRITE_FAILED;
}

/* A word, or a few, for where a write stands. */
static const char *
outcome_text(const QueuedWrite *queued)
{
	switch (queued->state)
	{
		case WRITE_QUEUED:
		case WRITE_DRY:
			return "not sent";
		case WRITE_SENT:
			return "unknown: sent, not answered";
		case WRITE_PENDING:
			return psprintf("unknown: operation %s was still pending", queued->operation_id);
		case WRITE_STARTING:
			return "applied, not yet running";
		case WRITE_APPLIED:
			return queued->outcome ? psprintf("applied, %s", queued->outcome) : "applied";
		case WRITE_FAILED:
			return psprintf("failed: %s", queued->outcome);
		case WRITE_UNKNOWN:
			return psprintf("unknown: %s", queued->outcome);
	}
	return "?";
}

/* The services that the write names beside its path: " (pg-1, thanos-1)". */
static char *
services_text(const DbaasWrite *write)
{
	StringInfoData out;

	initStringInfo(&out);
	for (size_t i = 0; i < lengthof(write->services); i++)
	{
		const char *service = write->services[i];

		if (service && strstr(write->path, service) == NULL)
			appendStringInfo(&out, "%s%s", out.len ? ", " : " (",
							 dbaas_error_excerpt(service, strlen(service), NAMEDATALEN));
	}
	if (out.len)
		appendStringInfoChar(&out, ')');
	return out.data;
}

/*
 * A line for each write from a nesting level on; all, or those that stand and
 * that, unless "again" is set, are not reported yet.
 */
static char *
list_writes(bool all, bool again, int min_level)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, queue)
	{
		QueuedWrite *queued = lfirst(lc);

		if (queued->state == WRITE_DRY)
			continue;
		if (!all && (!stands(queued) ||
					 (queued->reported && (!again || queued->undone)) ||
					 queued->level < min_level))
			continue;
		queued->reported = true;
		appendStringInfo(&out, "%s%s%s: %s%s", out.len ? "\n" : "",
						 dbaas_write_label(&queued->write), services_text(&queued->write),
						 outcome_text(queued),
						 queued->undone ? ", in a savepoint that was rolled back" : "");
	}
	return out.len ? out.data : NULL;
}

/*
 * Says which writes stand although what asked for them is rolled back.  The
 * error that ends a transaction has said so; that which ends a subtransaction
 * may have been caught, and is said again.
 */
static void
warn_of_standing_writes(int min_level)
{
	char	   *list = list_writes(false, min_level > 0, min_level);

	if (list)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("writes that were sent to the API are not undone by the rollback"),
				 errdetail_internal("%s", list)));
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
		if (((QueuedWrite *) lfirst(lc))->state == WRITE_QUEUED)
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
		if (((QueuedWrite *) lfirst(lc))->state != WRITE_DRY)
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
}

static void
on_transaction(XactEvent event, void *arg)
{
	(void) arg;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			dbaas_queue_send();
			break;
		case XACT_EVENT_PRE_PREPARE:
			if (any_real())
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot PREPARE a transaction that has written to foreign tables of dbaas_fdw"),
						 errdetail("The API has no two-phase commit.")));
			break;
		case XACT_EVENT_ABORT:
			warn_of_standing_writes(0);
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
		warn_of_standing_writes(level);
	foreach(lc, queue)
	{
		QueuedWrite *queued = lfirst(lc);

		if (queued->level < level)
		{
			if (event == SUBXACT_EVENT_ABORT_SUB && !queued->undone)
				queued->reported = false;
			continue;
		}
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			queued->level = level - 1;
		else if (stands(queued))
		{
			queued->undone = true;
			queued->level = level - 1;
		}
		else
			queue = foreach_delete_current(queue, lc);
	}
}

/* ------------------------------------------------------------------------
 * Sending
 * ------------------------------------------------------------------------ */

static bool
is_under_way(const QueuedWrite *queued)
{
	return queued->state == WRITE_SENT || queued->state == WRITE_PENDING ||
		queued->state == WRITE_STARTING;
}

/*
 * One turn for the writes from first to last: goes on with those under way and
 * starts others, unless one has failed.  Returns whether any is under way;
 * *until is when there is something to do for them at the latest, or 0.
 */
static bool
step_batch(int first, int last, QueuedWrite **failed, TimestampTz *until)
{
	int			under_way = 0;

	*until = 0;
	for (int i = first; i <= last; i++)
	{
		QueuedWrite *queued = list_nth(queue, i);

		if (is_under_way(queued))
			step_write(queued);
		if (is_under_way(queued))
			under_way++;
		if (queued->error && !queued->undone && *failed == NULL)
			*failed = queued;
	}
	for (int i = first; i <= last && *failed; i++)
	{
		QueuedWrite *queued = list_nth(queue, i);

		if (take_back(queued))
			under_way--;
	}
	for (int i = first; i <= last && *failed == NULL; i++)
	{
		QueuedWrite *queued = list_nth(queue, i);

		if (queued->state == WRITE_QUEUED &&
			under_way < dbaas_connection_limits(queued->conn)->concurrency)
		{
			send_write(queued);
			under_way++;
		}
	}
	for (int i = first; i <= last; i++)
	{
		QueuedWrite *queued = list_nth(queue, i);
		TimestampTz due;

		if (queued->state != WRITE_PENDING && queued->state != WRITE_STARTING)
			continue;
		due = deadline(queued);
		if (queued->call == NULL)
			due = Min(due, queued->poll_at);
		if (*until == 0 || due < *until)
			*until = due;
	}
	return under_way > 0;
}

/*
 * Takes a write back that no request was made for yet, or none but such that
 * the API refused for the time being.  Returns whether it was such a write.
 */
static bool
take_back(QueuedWrite *queued)
{
	if (queued->state != WRITE_SENT || dbaas_call_in_flight(queued->call) ||
		dbaas_call_done(queued->call))
		return false;
	dbaas_call_release(queued->call);
	queued->call = NULL;
	queued->state = WRITE_QUEUED;
	return true;
}

/* Stops following all writes; nothing is sent for them any more. */
static void
stop_all(void)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		QueuedWrite *queued = lfirst(lc);

		if (!is_under_way(queued))
			continue;
		if (queued->call && dbaas_call_done(queued->call))
			step_write(queued);
		take_back(queued);
		if (is_under_way(queued))
			fail_write(queued, queued->state == WRITE_STARTING ? WRITE_APPLIED : WRITE_UNKNOWN,
					   dbaas_error_new(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
									   "%s was not waited for",
									   dbaas_write_label(&queued->write)),
					   queued->state == WRITE_SENT ? "sent, not answered" :
					   queued->state == WRITE_PENDING ?
					   psprintf("operation %s was still pending", queued->operation_id) :
					   "not yet running");
		if (queued->error == NULL || queued->call == NULL ||
			dbaas_call_error(queued->call) != queued->error)
			dbaas_call_release(queued->call);
		queued->call = NULL;
	}
}

/* Sends the queue batch after batch, until the end or the first failure. */
static QueuedWrite *
send_batches(void)
{
	QueuedWrite *failed = NULL;
	int			first = 0;

	while (first < list_length(queue) && failed == NULL)
	{
		int			last = first;
		TimestampTz until;

		while (last + 1 < list_length(queue) &&
			   ((QueuedWrite *) list_nth(queue, last + 1))->batch ==
			   ((QueuedWrite *) list_nth(queue, first))->batch)
			last++;
		while (step_batch(first, last, &failed, &until))
			dbaas_call_wait(NULL, until);
		first = last + 1;
	}
	return failed;
}

/* Does the statement that failed, perhaps, hold a secret? */
static bool
any_secret(void)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		if (((QueuedWrite *) lfirst(lc))->write.secret)
			return true;
	}
	return false;
}

/* The error of the write that failed, with the outcome of all as its detail. */
pg_noreturn static void
raise_failure(QueuedWrite *failed)
{
	DbaasError	report = *failed->error;

	report.detail = psprintf("%s%sWrites of this transaction:\n%s",
							 report.detail ? report.detail : "", report.detail ? "\n" : "",
							 list_writes(true, false, 0));
	report.hide_statement = any_secret();
	dbaas_error_raise(&report);
}

/*
 * What the writes were checked against has to be there still: servers may have
 * been changed or dropped since, by this transaction or another.
 */
static void
check_connections(void)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		QueuedWrite *queued = lfirst(lc);
		DbaasConnection *conn = NULL;
		DbaasError *error = NULL;

		if (queued->state != WRITE_QUEUED || dbaas_connection_is_current(queued->conn))
			continue;
		if (GetForeignServerExtended(queued->write.serverid, FSV_MISSING_OK))
			error = dbaas_connection_get(queued->write.serverid, queued->write.userid, queue_cxt, &conn);
		if (error)
			dbaas_error_raise(error);
		if (conn == NULL || !equal(dbaas_connection_options(conn), dbaas_connection_options(queued->conn)))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("a server was changed or dropped after writes to it were queued"),
					 errdetail_internal("Writes of this transaction:\n%s",
										list_writes(true, false, 0))));
		queued->conn = conn;
	}
}

/*
 * A write that has failed, while what it was sent for goes on: that was in a
 * savepoint, since rolled back, and the write was queued before it.
 */
static QueuedWrite *
find_failed(void)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		QueuedWrite *queued = lfirst(lc);

		if (queued->error && !queued->undone)
			return queued;
	}
	return NULL;
}

void
dbaas_queue_send(void)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	QueuedWrite *volatile failed = find_failed();

	if (failed)
		raise_failure(failed);
	if (!any_queued())
		return;
	check_connections();
	MemoryContextSwitchTo(queue_cxt);
	PG_TRY();
	{
		failed = send_batches();
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		/* A cancel while writes are under way: says how far they came. */
		MemoryContextSwitchTo(queue_cxt);
		edata = CopyErrorData();
		FlushErrorState();
		stop_all();
		edata->detail = psprintf("%s%sWrites of this transaction:\n%s",
								 edata->detail ? edata->detail : "",
								 edata->detail ? "\n" : "", list_writes(true, false, 0));
		edata->hide_stmt = edata->hide_stmt || any_secret();
		edata->hide_ctx = edata->hide_ctx || any_secret();
		ReThrowError(edata);
	}
	PG_END_TRY();
	if (failed)
		raise_failure(failed);
	MemoryContextSwitchTo(oldcxt);
}

/* ------------------------------------------------------------------------
 * The life of a write
 * ------------------------------------------------------------------------ */

static void
send_write(QueuedWrite *queued)
{
	const DbaasWrite *write = &queued->write;
	DbaasCallSpec spec = {0};

	spec.kind = DBAAS_CALL_WRITE;
	spec.zone = write->zone;
	spec.base = write->base;
	spec.method = write->method;
	spec.operation = write->operation;
	spec.path = write->path;
	spec.body = write->body;
	spec.secret = write->secret;
	queued->call = dbaas_call_start(queued->conn, queue_cxt, &spec);
	queued->state = WRITE_SENT;
	queued->sent_at = GetCurrentTimestamp();
}

/* Asks for something in the write's own zone. */
static void
ask(QueuedWrite *queued, const char *operation, const char *path)
{
	DbaasCallSpec spec = {0};

	spec.kind = DBAAS_CALL_LIST;
	spec.zone = queued->write.zone;
	spec.base = queued->write.base;
	spec.method = "GET";
	spec.operation = operation;
	spec.path = path;
	spec.secret = queued->write.secret;
	queued->call = dbaas_call_start(queued->conn, queue_cxt, &spec);
}

static void
fail_write(QueuedWrite *queued, WriteState state, DbaasError *error, const char *outcome)
{
	queued->state = state;
	queued->error = error;
	queued->outcome = outcome;
}

static const char *
wait_option(const QueuedWrite *queued)
{
	return dbaas_option_string(dbaas_connection_options(queued->conn), "wait");
}

/* Sets when to poll next, further off each time. */
static void
schedule_poll(QueuedWrite *queued)
{
	TimestampTz now = GetCurrentTimestamp();
	double		elapsed = (now - queued->sent_at) / 1e6;

	queued->poll_at = now + (TimestampTz) (queued->pause_ms * 1000);
	if (elapsed < STEADY_UNTIL_S)
		queued->pause_ms = Min(queued->pause_ms * POLL_GROWTH, STEADY_POLL_MS);
	else
		queued->pause_ms = STEADY_POLL_MS + (SLOWEST_POLL_MS - STEADY_POLL_MS) *
			Min((elapsed - STEADY_UNTIL_S) / (SLOWEST_AT_S - STEADY_UNTIL_S), 1.0);
}

/* When to give up waiting. */
static TimestampTz
deadline(const QueuedWrite *queued)
{
	double		timeout = dbaas_option_number(dbaas_connection_options(queued->conn),
											  "operation_timeout");

	return queued->sent_at + (TimestampTz) (timeout * 1e6);
}

/* Gives up waiting. */
static void
time_out(QueuedWrite *queued)
{
	const char *what = queued->state == WRITE_PENDING ?
		psprintf("operation %s was still pending", queued->operation_id) :
		"its service was not yet running";
	DbaasError *error = dbaas_error_new(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
										"%s did not end in time",
										dbaas_write_label(&queued->write));

	error->detail = psprintf("After %s s %s.",
							 dbaas_option_string(dbaas_connection_options(queued->conn), "operation_timeout"),
							 what);
	error->hint = "Option operation_timeout of the server sets the time. Table dbaas_operations shows operations.";
	if (queued->state == WRITE_PENDING)
		fail_write(queued, WRITE_UNKNOWN, error, what);
	else
		fail_write(queued, WRITE_APPLIED, error, what);
	dbaas_call_release(queued->call);
	queued->call = NULL;
}

static void
step_write(QueuedWrite *queued)
{
	if (queued->call && dbaas_call_done(queued->call))
	{
		DbaasCall  *call = queued->call;

		if (queued->state == WRITE_SENT)
			take_answer(queued);
		else if (queued->state == WRITE_PENDING)
			take_poll(queued);
		else
			take_services(queued);
		queued->call = NULL;

		/* An error belongs to its call, so that stays. */
		if (queued->error == NULL)
			dbaas_call_release(call);
	}
	if (queued->state != WRITE_PENDING && queued->state != WRITE_STARTING)
		return;
	if (deadline(queued) <= GetCurrentTimestamp())
		time_out(queued);
	else if (queued->call == NULL && queued->poll_at <= GetCurrentTimestamp())
	{
		if (queued->state == WRITE_PENDING)
			ask(queued, "/operation/{id}", psprintf("/operation/%s", queued->operation_id));
		else
			ask(queued, "/dbaas-service", "/dbaas-service");
	}
}

/* The operation has ended, or is not waited for. */
static void
operation_done(QueuedWrite *queued)
{
	if (strcmp(wait_option(queued), "running") == 0 && queued->write.services[0] &&
		!queued->write.counts)
	{
		queued->state = WRITE_STARTING;
		queued->pause_ms = FIRST_POLL_MS;
		queued->poll_at = GetCurrentTimestamp();
	}
	else
		queued->state = WRITE_APPLIED;
}

/* The operation ended in failure or timeout. */
static void
operation_failed(QueuedWrite *queued, const char *state, DbaasJson *operation)
{
	const char *reason = dbaas_json_member_string(operation, "reason");
	const char *message = dbaas_json_member_string(operation, "message");
	StringInfoData said;
	char	   *excerpt;
	DbaasError *error;

	initStringInfo(&said);
	appendStringInfo(&said, "%s%s%s", reason ? reason : "no reason given",
					 message ? ": " : "", message ? message : "");
	excerpt = dbaas_mask(said.data, queued->write.secret);
	excerpt = dbaas_error_excerpt(excerpt, strlen(excerpt), DBAAS_EXCERPT_BYTES);
	error = dbaas_error_new(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION, "%s: its operation ended in %s",
							dbaas_write_label(&queued->write), state);
	error->detail = psprintf("The API says: %s", excerpt);
	fail_write(queued, WRITE_FAILED, error, excerpt);
}

/*
 * Takes what the API says of the operation, in the first answer or in a poll.
 */
static void
take_operation(QueuedWrite *queued, DbaasJson *operation)
{
	const char *state = dbaas_json_member_string(operation, "state");
	const char *id = dbaas_json_member_string(operation, "id");
	const char *reference = dbaas_json_member_string(dbaas_json_member(operation, "reference"), "id");

	if (reference && queued->reference_id == NULL)
		queued->reference_id = pstrdup(reference);
	if (id && queued->operation_id == NULL)
		queued->operation_id = dbaas_error_excerpt(id, strlen(id), NAMEDATALEN);

	if (state && (strcmp(state, "failure") == 0 || strcmp(state, "timeout") == 0))
		operation_failed(queued, state, operation);
	else if (state && strcmp(state, "success") == 0)
		operation_done(queued);
	else if (state && strcmp(state, "pending") == 0 && queued->operation_id &&
			 strspn(queued->operation_id, "0123456789abcdefABCDEF-") == strlen(queued->operation_id))
	{
		if (strcmp(wait_option(queued), "none") == 0)
		{
			queued->outcome = psprintf("operation %s pending", queued->operation_id);
			queued->state = WRITE_APPLIED;
		}
		else
		{
			queued->state = WRITE_PENDING;
			schedule_poll(queued);
		}
	}
	else
	{
		DbaasError *error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with an unexpected shape",
											dbaas_call_label(queued->call));

		error->detail = "The answer is no operation with an id and a known state.";
		fail_write(queued, WRITE_UNKNOWN, error, error->detail);
	}
}

static void
take_answer(QueuedWrite *queued)
{
	DbaasError *error = dbaas_call_error(queued->call);

	if (error == NULL)
		take_operation(queued, dbaas_call_answer(queued->call));
	else
		fail_write(queued, dbaas_call_unknown(queued->call) ? WRITE_UNKNOWN : WRITE_FAILED,
				   error, error->detail ? error->detail : error->message);
}

/*
 * Is a poll's error one that may pass?  Then the next poll is due after a
 * pause, unless too many have failed one after the other.
 */
static bool
bear_poll_error(QueuedWrite *queued, const DbaasError *error)
{
	if (error == NULL)
	{
		queued->poll_errors = 0;
		return false;
	}
	if (error->sqlerrcode == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION ||
		dbaas_call_status(queued->call) == 404 || ++queued->poll_errors >= MAX_POLL_ERRORS)
		return false;
	schedule_poll(queued);
	return true;
}

static void
take_poll(QueuedWrite *queued)
{
	DbaasError *error = dbaas_call_error(queued->call);

	if (bear_poll_error(queued, error))
		return;
	if (error == NULL)
		take_operation(queued, dbaas_call_answer(queued->call));
	else
		fail_write(queued, WRITE_UNKNOWN, error,
				   psprintf("operation %s could not be followed: %s",
							queued->operation_id, error->message));
}

/* Does the list of services say that the service does not run? */
static bool
is_not_running(DbaasJson *answer, const char *service)
{
	DbaasRows  *rows = dbaas_rows_begin("dbaas-services[]", answer);
	DbaasField *name = dbaas_field_parse("name");
	DbaasField *state = dbaas_field_parse("state");
	char	   *problem;

	while (service && dbaas_rows_next(rows, &problem))
	{
		DbaasJson  *found = dbaas_rows_field(rows, name);

		if (json_object_is_type(found, json_type_string) &&
			strcmp(json_object_get_string(found), service) == 0)
		{
			found = dbaas_rows_field(rows, state);
			return json_object_is_type(found, json_type_string) &&
				strcmp(json_object_get_string(found), "running") != 0;
		}
	}
	return false;
}

static void
take_services(QueuedWrite *queued)
{
	DbaasError *error = dbaas_call_error(queued->call);
	DbaasJson  *answer = error ? NULL : dbaas_call_answer(queued->call);

	if (bear_poll_error(queued, error))
		return;
	if (error)
		fail_write(queued, WRITE_APPLIED, error, "its service could not be followed");
	else if (is_not_running(answer, queued->write.services[0]) ||
			 is_not_running(answer, queued->write.services[1]))
		schedule_poll(queued);
	else
		queued->state = WRITE_APPLIED;
}
