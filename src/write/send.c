/*-------------------------------------------------------------------------
 *
 * send.c
 *		Sends the writes of a queue, and waits for their ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/inval.h"

#include "api/progress.h"
#include "base/set.h"
#include "read/cache.h"
#include "write/replace.h"
#include "write/report.h"
#include "write/send.h"
#include "write/settle.h"

static List *queue;				/* what dbaas_send_writes() is sending */

/* ------------------------------------------------------------------------
 * A batch: writes of one statement, and those of one service of one table.  Those of
 * different rows are sent concurrently, and those of one row one after the other.
 * ------------------------------------------------------------------------ */

/* Places in the queue.  A batch may be long, so only what may have changed is looked at. */
typedef struct Batch
{
	int			first;			/* those before it are over */
	int			next;			/* those before it have been sent */
	int			end;			/* those from it on have not */
	int			last;			/* of the batch */
	int			most;			/* most writes that can be under way */
} Batch;

/*
 * Lets those writes that are under way make progress.  Stores in *failed the first that
 * has failed, unless it has one.  Returns how many are still under way.
 */
static int
step_batch(Batch *batch, DbaasOperation **failed)
{
	int			under_way = 0;

	for (int i = batch->first; i < batch->end; i++)
	{
		DbaasQueued *queued = list_nth(queue, i);
		DbaasOperation *operation = queued->operation;

		if (dbaas_operation_under_way(operation))
			dbaas_operation_step(operation);
		dbaas_report_outcome(queued, false);
		if (dbaas_operation_under_way(operation))
			under_way++;
		else if (batch->first == i && i < batch->next)
			batch->first++;
		if (operation->error && !queued->undone && *failed == NULL)
			*failed = operation;
	}
	return under_way;
}

/* Is the write of its row that has to come before this one over? */
static bool
is_next_of_row(const DbaasQueued *queued)
{
	const DbaasOperation *before = queued->follows ? queued->follows->operation : NULL;

	return before == NULL ||
		(before->state != DBAAS_WRITE_QUEUED && !dbaas_operation_under_way(before));
}

/*
 * Sends those writes that are still queued, as far as max_concurrency allows.  Takes and
 * returns how many are under way.
 */
static int
start_batch(Batch *batch, int under_way, int send_number)
{
	for (int i = batch->next; i <= batch->last && under_way < batch->most; i++)
	{
		DbaasQueued *queued = list_nth(queue, i);
		DbaasOperation *operation = queued->operation;

		if (operation->state == DBAAS_WRITE_QUEUED && is_next_of_row(queued) &&
			under_way < dbaas_connection_settings(operation->conn)->max_concurrency)
		{
			dbaas_report_sending(queued);
			dbaas_operation_send(operation);
			queued->send_number = send_number;
			under_way++;
			batch->end = Max(batch->end, i + 1);
		}
		if (operation->state != DBAAS_WRITE_QUEUED && batch->next == i)
			batch->next++;
	}
	return under_way;
}

/*
 * After a failure: takes back the writes that are still waiting for their turn to be sent.
 * Takes and returns how many are under way.
 */
static int
unsend_batch(const Batch *batch, int under_way)
{
	for (int i = batch->first; i < batch->end; i++)
	{
		DbaasQueued *queued = list_nth(queue, i);

		if (dbaas_operation_unsend(queued->operation))
		{
			dbaas_report_outcome(queued, false);
			under_way--;
		}
	}
	return under_way;
}

/* When step_batch() has to be called again, even if no response comes; 0: never. */
static DbaasMoment
batch_due(const Batch *batch)
{
	DbaasMoment until = 0;

	for (int i = batch->first; i < batch->end; i++)
	{
		DbaasMoment due =
			dbaas_operation_due(((DbaasQueued *) list_nth(queue, i))->operation);

		if (due != 0 && (until == 0 || due < until))
			until = due;
	}
	return until;
}

/* Sends the writes, and waits until they are over.  Returns one that failed, or NULL. */
static DbaasOperation *
send_batch(Batch *batch, int send_number)
{
	DbaasOperation *failed = NULL;

	for (;;)
	{
		int			under_way = step_batch(batch, &failed);

		under_way = failed ? unsend_batch(batch, under_way) :
			start_batch(batch, under_way, send_number);
		if (under_way == 0)
			return failed;
		dbaas_progress_wait(NULL, batch_due(batch));
	}
}

/* What the writes of a batch are of. */
typedef struct Things
{
	DbaasSet   *rows;			/* their identities */
	DbaasSet   *services;		/* those that they change, inside too */
	DbaasSet   *tables;			/* of each service */
} Things;

/* The name of something in the zone of the write, among all zones. */
static char *
name_in_zone(const DbaasWrite *write, const char *name)
{
	return psprintf("%s %s %s", write->base, write->zone, name);
}

/*
 * Adds the services of a write.  Returns whether all writes of these are of one table: it
 * matters which comes first of a pool and its user, or of a service and what is inside it.
 */
static bool
add_services(Things *things, const DbaasWrite *write)
{
	for (size_t i = 0; i < lengthof(write->services); i++)
	{
		char	   *name;
		bool		is_new_service;
		bool		is_new_table;

		if (write->services[i] == NULL)
			continue;
		name = name_in_zone(write, write->services[i]);
		is_new_service = dbaas_set_add(things->services, name);
		is_new_table = dbaas_set_add(things->tables, psprintf("%u %s", write->relid, name));
		if (is_new_table && !is_new_service)
			return false;
	}
	return true;
}

/* Does the batch that begins with that write have the next one too? */
static bool
is_of_batch(const DbaasWrite *begin, const DbaasQueued *queued, Things *things)
{
	const DbaasWrite *write = &queued->operation->write;

	return write->batch == begin->batch &&
		(write->identity == NULL || queued->follows ||
		 dbaas_set_add(things->rows, name_in_zone(write, write->identity))) &&
		add_services(things, write);
}

/* The batch that begins with the write at that place. */
static Batch
find_batch(const List *writes, int first)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw batch",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	const DbaasWrite *begin = NULL;
	Things		things = {dbaas_set_new(), dbaas_set_new(), dbaas_set_new()};
	Batch		batch = {.first = first,.next = first,.end = first};

	for (batch.last = first; batch.last < list_length(writes); batch.last++)
	{
		const DbaasQueued *queued = list_nth(writes, batch.last);
		const DbaasConnection *conn = queued->operation->conn;

		if (queued->operation->state == DBAAS_WRITE_SUPERSEDED)
			continue;
		if (begin == NULL)
			begin = &queued->operation->write;
		if (!is_of_batch(begin, queued, &things))
			break;
		batch.most = Max(batch.most, dbaas_connection_settings(conn)->max_concurrency);
	}
	batch.last--;
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(cxt);
	return batch;
}

int
dbaas_send_batch_end(const List *writes, int first)
{
	return find_batch(writes, first).last + 1;
}

/*
 * Sends batch after batch, until one fails.  Each may depend on what the one before it has
 * made.  Returns the write that failed, or NULL.
 */
static DbaasOperation *
send_batches(int first, int send_number)
{
	DbaasOperation *failed = NULL;

	while (first < list_length(queue) && failed == NULL)
	{
		Batch		batch = find_batch(queue, first);

		failed = send_batch(&batch, send_number);
		if (failed == NULL)
			dbaas_settle(queue, first, batch.last);
		first = batch.last + 1;
	}
	return failed;
}

/* ------------------------------------------------------------------------
 * The queue
 * ------------------------------------------------------------------------ */

pg_noreturn static void
refuse_connection(const DbaasError *reason)
{
	DbaasError *error =
		dbaas_error_new(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
						"a server or user mapping was changed or dropped "
						"after writes were queued for it");

	error->detail = psprintf("%s%sWrites of this transaction:\n%s", reason ? reason->message : "",
							 reason ? ".\n" : "", dbaas_report_list(queue));
	error->hint = "Check its servers and user mappings, and run the transaction again.";
	dbaas_error_raise_always(error);
}

/*
 * Refuses to send when a server, user mapping or key is not the one that a write was queued
 * with: it may have been changed or dropped since.
 */
static void
check_connections(int first)
{
	ListCell   *lc;

	/* What other sessions have changed since the last statement. */
	AcceptInvalidationMessages();
	for_each_from(lc, queue, first)
	{
		DbaasOperation *operation = ((DbaasQueued *) lfirst(lc))->operation;
		const DbaasWrite *write = &operation->write;
		DbaasConnection *conn = NULL;
		DbaasError *error = NULL;

		if (operation->state != DBAAS_WRITE_QUEUED ||
			dbaas_connection_is_current(operation->conn))
			continue;
		if (GetForeignServerExtended(write->serverid, FSV_MISSING_OK))
			error = dbaas_connection_get(write->serverid, write->userid, CurrentMemoryContext,
										 &conn);
		if (conn == NULL || !dbaas_connection_equal(conn, operation->conn))
			refuse_connection(error);
		operation->conn = conn;
	}
}

/* Gives a NOTICE, once, of the id of each row that was created and that no list shows. */
static void
announce_created(int first)
{
	ListCell   *lc;

	for_each_from(lc, queue, first)
	{
		DbaasOperation *operation = ((DbaasQueued *) lfirst(lc))->operation;

		if (!operation->write.announces || operation->state != DBAAS_WRITE_APPLIED ||
			operation->reference_id == NULL)
			continue;
		operation->write.announces = false;
		dbaas_error_notice(NOTICE,
						   (errmsg("%s: the id is %s", dbaas_operation_label(&operation->write),
								   dbaas_error_name(operation->reference_id)),
							errhint("No list has it: the row is found by that id. "
									"INSERT ... RETURNING gives it as a value.")));
	}
}

/*
 * What dbaas_progress_wait() tells the client: how many writes it waits for, and the first
 * of them; NULL if no write is under way.
 */
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
		bool		under_way = dbaas_operation_under_way(operation) ||
			operation->listing == DBAAS_LISTING_AWAITED;

		if (operation->state == DBAAS_WRITE_DRY || operation->state == DBAAS_WRITE_SUPERSEDED)
			continue;
		n++;
		if (under_way || operation->state == DBAAS_WRITE_QUEUED)
			waiting++;
		if (under_way && first == NULL)
			first = operation;
	}
	if (first == NULL)
		return NULL;
	label = dbaas_operation_label(&first->write);
	return psprintf("waiting for %d of %d %s, %d s: %s%s", waiting, n,
					n == 1 ? "operation" : "operations", seconds,
					dbaas_error_excerpt(label, strlen(label), DBAAS_EXCERPT_BYTES),
					first->state == DBAAS_WRITE_STARTING ? ", until its service runs" :
					first->listing == DBAAS_LISTING_AWAITED ? ", until its list shows it" : "");
}

/*
 * Drops the responses that were kept while the writes were under way.  One whose end is not
 * known, or that no list shows yet, may change what the API shows for as long as an
 * operation may take.
 */
static void
drop_responses(int first)
{
	DbaasMoment until = 0;
	ListCell   *lc;

	for_each_from(lc, queue, first)
	{
		const DbaasOperation *operation = ((DbaasQueued *) lfirst(lc))->operation;
		double		timeout = dbaas_connection_settings(operation->conn)->operation_timeout;

		if (operation->unfinished || operation->state == DBAAS_WRITE_UNKNOWN ||
			operation->listing == DBAAS_LISTING_MISSED)
			until = Max(until, dbaas_clock_now() + (DbaasMoment) (timeout * 1e6));
	}
	dbaas_cache_drop(until);
}

/*
 * Rethrows an error, such as that of a cancel, with the outcome of each write.  Another
 * interrupt must not end this before all of them are in the log and in the error.
 */
pg_noreturn static void
rethrow_interruption(MemoryContext cxt, int first)
{
	ErrorData  *edata;
	ListCell   *lc;

	HOLD_INTERRUPTS();
	MemoryContextSwitchTo(cxt);
	edata = CopyErrorData();
	FlushErrorState();
	foreach(lc, queue)
	{
		dbaas_operation_stop(((DbaasQueued *) lfirst(lc))->operation);
		dbaas_report_outcome(lfirst(lc), true);
	}
	drop_responses(first);
	dbaas_report_add_outcomes(queue, edata);
	RESUME_INTERRUPTS();
	ReThrowError(edata);
}

void
dbaas_send_writes(List *writes, int first, int send_number)
{
	MemoryContext cxt = CurrentMemoryContext;
	DbaasOperation *volatile failed = NULL;

	queue = writes;
	check_connections(first);
	dbaas_replace_supersede(writes, first);
	dbaas_replace_check(writes, first);
	dbaas_progress_describe(progress_text);
	PG_TRY();
	{
		failed = send_batches(first, send_number);
		dbaas_progress_describe(NULL);
	}
	PG_CATCH();
	{
		dbaas_progress_describe(NULL);
		rethrow_interruption(cxt, first);
	}
	PG_END_TRY();
	drop_responses(first);
	if (failed)
		dbaas_report_failure(queue, failed);
	announce_created(first);
}
