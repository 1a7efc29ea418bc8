/*-------------------------------------------------------------------------
 *
 * settle.c
 *		Waits until the API's lists show what writes have made.
 *
 * The API says that a write was applied some seconds before its lists show that.  What
 * is written next may depend on it, and so may what is read after the COMMIT.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/progress.h"
#include "write/replace.h"
#include "write/report.h"
#include "write/settle.h"

/*
 * The vendor's own tests wait for a list up to a minute.  What does not show in two will
 * hardly show at all, and a transaction should not be held up for that.
 */
#define LONGEST_WAIT_S 120

/* A list, and the writes that are looked for in it. */
typedef struct ListWait
{
	DbaasOperation **writes;
	int			nwrites;
	int			awaited;		/* of them, those that it does not show */
	List	   *secrets;		/* of the writes */
	DbaasMoment last_moment;	/* by LONGEST_WAIT_S */
	DbaasMoment deadline;		/* by operation_timeout, but no later */
	DbaasPolls	polls;
	DbaasCall  *call;			/* poll that has not ended, or NULL */
} ListWait;

static int
compare_writes(const void *a, const void *b)
{
	const DbaasOperation *x = *(DbaasOperation *const *) a;
	const DbaasOperation *y = *(DbaasOperation *const *) b;
	int			result = (x->conn > y->conn) - (x->conn < y->conn);

	if (result == 0)
		result = strcmp(x->write.base, y->write.base);
	if (result == 0)
		result = strcmp(x->write.zone, y->write.zone);
	if (result == 0)
		result = strcmp(x->write.listed.path, y->write.listed.path);
	if (result == 0)
		result = strcmp(x->write.listed.list->rows, y->write.listed.list->rows);
	if (result == 0)
		result = x->write.listed.vanishes - y->write.listed.vanishes;
	return result;
}

/* Do the writes show in the response to one request? */
static bool
is_same_list(const DbaasOperation *x, const DbaasOperation *y)
{
	return x->conn == y->conn && strcmp(x->write.base, y->write.base) == 0 &&
		strcmp(x->write.zone, y->write.zone) == 0 &&
		strcmp(x->write.listed.path, y->write.listed.path) == 0;
}

static ListWait *
new_wait(DbaasOperation **writes)
{
	ListWait   *wait = palloc0(sizeof(ListWait));

	wait->writes = writes;
	wait->last_moment = dbaas_clock_now() + LONGEST_WAIT_S * (DbaasMoment) 1000000;
	dbaas_polls_begin(&wait->polls, dbaas_clock_now());
	return wait;
}

/* The lists to wait for, as a list of ListWait *. */
static List *
find_lists(List *queue, int first, int last)
{
	DbaasOperation **writes = palloc((last - first + 1) * sizeof(DbaasOperation *));
	List	   *waits = NIL;
	ListWait   *wait = NULL;
	int			n = 0;

	for (int i = first; i <= last; i++)
	{
		DbaasOperation *operation = ((DbaasQueued *) list_nth(queue, i))->operation;

		if (dbaas_operation_is_to_be_listed(operation))
			writes[n++] = operation;
	}
	qsort(writes, n, sizeof(DbaasOperation *), compare_writes);
	for (int i = 0; i < n; i++)
	{
		if (wait == NULL || !is_same_list(wait->writes[0], writes[i]))
			waits = lappend(waits, wait = new_wait(&writes[i]));
		wait->nwrites++;
		wait->awaited++;
		wait->secrets = list_concat(wait->secrets, writes[i]->write.secrets);
		wait->deadline = Min(Max(wait->deadline, dbaas_operation_deadline(writes[i])),
							 wait->last_moment);
		dbaas_operation_set_listing(writes[i], DBAAS_LISTING_AWAITED);
	}
	return waits;
}

/* The first write that the list does not show; NULL if it shows all. */
static const DbaasOperation *
first_awaited(const ListWait *wait)
{
	for (int i = 0; i < wait->nwrites; i++)
	{
		if (wait->writes[i]->listing == DBAAS_LISTING_AWAITED)
			return wait->writes[i];
	}
	return NULL;
}

/* Stops to wait for a write. */
static void
end_write(ListWait *wait, DbaasOperation *operation, DbaasListing listing)
{
	dbaas_operation_set_listing(operation, listing);
	wait->awaited--;
}

/* Stops to wait for those that are still waited for. */
static void
end_awaited(ListWait *wait, DbaasListing listing)
{
	for (int i = 0; i < wait->nwrites; i++)
	{
		if (wait->writes[i]->listing == DBAAS_LISTING_AWAITED)
			end_write(wait, wait->writes[i], listing);
	}
}

/* Stops to wait, and says why. */
static void
give_up(ListWait *wait, const char *reason, bool in_time)
{
	const DbaasOperation *first = first_awaited(wait);
	const char *label = dbaas_operation_label(&first->write);
	int			others = wait->awaited - 1;

	end_awaited(wait, DBAAS_LISTING_MISSED);
	if (others > 0)
		label = psprintf("%s, like %d other%s,", label, others, others == 1 ? "" : "s");
	dbaas_error_notice(WARNING,
					   (errcode(ERRCODE_WARNING),
						errmsg("%s was applied, and the API does not list that yet", label),
						errdetail_internal("%s", dbaas_error_text_for_client(reason)),
						in_time ?
						errhint("Do not write it again. Read the table before you write "
								"what depends on it.") :
						errhint("Do not write it again. Read the table before you write "
								"what depends on it. Option operation_timeout of the server "
								"sets the time.")));
}

/* Looks the writes up in the list.  Those of one table and kind are beside each other. */
static void
look_up(ListWait *wait, const DbaasJson *response, char **problem)
{
	const DbaasListed *last = NULL;
	DbaasSet   *rows = NULL;

	*problem = NULL;
	for (int i = 0; i < wait->nwrites && *problem == NULL; i++)
	{
		DbaasOperation *operation = wait->writes[i];
		const DbaasListed *listed = &operation->write.listed;

		if (operation->write.read)
		{
			if (operation->listing == DBAAS_LISTING_AWAITED &&
				dbaas_replace_shows(&operation->write, response))
				end_write(wait, operation, DBAAS_LISTING_OVER);
			continue;
		}
		if (last == NULL || !dbaas_listed_share(listed, last))
			rows = dbaas_listed_rows(listed, response, problem);
		last = listed;
		if (*problem == NULL && operation->listing == DBAAS_LISTING_AWAITED &&
			dbaas_listed_agrees(listed, rows, operation->reference_id))
			end_write(wait, operation, DBAAS_LISTING_OVER);
	}
}

/* What was inside of something that is gone is gone, too. */
static void
end_vanished(ListWait *wait)
{
	for (int i = 0; i < wait->nwrites; i++)
	{
		if (wait->writes[i]->listing == DBAAS_LISTING_AWAITED &&
			wait->writes[i]->write.listed.vanishes)
			end_write(wait, wait->writes[i], DBAAS_LISTING_OVER);
	}
}

/* The poll has ended with an error that is not temporary. */
static void
take_error(ListWait *wait, const DbaasError *error)
{
	/* A key may write, and not read. */
	if (dbaas_call_status(wait->call) == 403)
		end_awaited(wait, DBAAS_LISTING_OVER);
	else if (dbaas_call_status(wait->call) == 404)
		end_vanished(wait);
	if (wait->awaited)
		give_up(wait, error->detail ? psprintf("%s. %s", error->message, error->detail) :
				error->message, true);
}

/* Takes the result of a poll, in a memory context for that. */
static void
take_result(ListWait *wait)
{
	DbaasError *error = dbaas_call_error(wait->call);
	char	   *problem;

	if (dbaas_polls_repeat(&wait->polls, wait->call))
		return;
	if (error)
	{
		take_error(wait, error);
		return;
	}
	look_up(wait, dbaas_call_response(wait->call), &problem);
	if (problem)
		give_up(wait, psprintf("%s answered with an unexpected shape: %s",
							   dbaas_call_label(wait->call), problem), true);
	else
		dbaas_polls_schedule(&wait->polls);
}

static void
time_out(ListWait *wait)
{
	const DbaasOperation *first = wait->writes[0];
	bool		is_longest = wait->deadline == wait->last_moment;
	double		timeout = dbaas_connection_settings(first->conn)->operation_timeout;
	const char *how_long = is_longest ? psprintf("for %d s", LONGEST_WAIT_S) :
		psprintf("until %g s after the write", timeout);

	give_up(wait, psprintf("%s %s was read %s.", first->write.listed.list->method,
						   first->write.listed.path, how_long),
			is_longest);
}

/* Takes the poll that has ended, if it has. */
static void
step_list(ListWait *wait)
{
	MemoryContext cxt;
	MemoryContext oldcxt;

	if (wait->call == NULL || !dbaas_call_done(wait->call))
		return;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw list", ALLOCSET_DEFAULT_SIZES);
	oldcxt = MemoryContextSwitchTo(cxt);
	take_result(wait);
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(cxt);
	dbaas_call_release(wait->call);
	wait->call = NULL;
}

/*
 * Takes the polls that have ended, and stops to wait for what took too long.  Returns how
 * many polls are in flight; *until becomes when to call this again, even if none ends.
 */
static int
step_lists(List *waits, DbaasMoment *until)
{
	int			in_flight = 0;
	ListCell   *lc;

	*until = 0;
	foreach(lc, waits)
	{
		ListWait   *wait = lfirst(lc);

		step_list(wait);
		if (wait->awaited && wait->deadline <= dbaas_clock_now())
		{
			dbaas_call_release(wait->call);
			wait->call = NULL;
			time_out(wait);
		}
		if (wait->awaited && (*until == 0 || wait->deadline < *until))
			*until = wait->deadline;
		in_flight += wait->call != NULL;
	}
	return in_flight;
}

/*
 * Starts the polls that are due, as far as max_concurrency allows.  Lowers *until to when
 * the next is due.  Returns whether anything is still waited for.
 */
static bool
start_polls(List *waits, int in_flight, MemoryContext cxt, DbaasMoment *until)
{
	bool		any = false;
	ListCell   *lc;

	foreach(lc, waits)
	{
		ListWait   *wait = lfirst(lc);
		const DbaasOperation *first = wait->writes[0];
		const DbaasListed *listed = &first->write.listed;

		if (wait->awaited == 0)
			continue;
		any = true;
		if (wait->call)
			continue;
		if (wait->polls.next_at > dbaas_clock_now())
			*until = Min(*until, wait->polls.next_at);
		else if (in_flight < dbaas_connection_settings(first->conn)->max_concurrency)
		{
			wait->call = dbaas_operation_poll(first, cxt, listed->list, listed->path,
											  wait->secrets);
			in_flight++;
		}
	}
	return any;
}

static void
wait_for_lists(List *waits, MemoryContext cxt)
{
	DbaasMoment until;
	int			in_flight;

	for (;;)
	{
		in_flight = step_lists(waits, &until);
		if (!start_polls(waits, in_flight, cxt, &until))
			return;
		dbaas_progress_wait(NULL, until);
	}
}

void
dbaas_settle(List *queue, int first, int last)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw lists",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);

	PG_TRY();
	{
		wait_for_lists(find_lists(queue, first, last), cxt);
	}
	PG_FINALLY();
	{
		MemoryContextSwitchTo(oldcxt);
		MemoryContextDelete(cxt);	/* ends the polls, too */
	}
	PG_END_TRY();
}
