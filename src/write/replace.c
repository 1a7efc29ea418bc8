/*-------------------------------------------------------------------------
 *
 * replace.c
 *		Writes that replace an object as a whole, before they are sent.
 *
 * Each has the whole object with what the writes before it change of it, so only the last
 * of a queue is sent.  And what somebody else has changed since the object was read would
 * be undone by it, so the object is read anew.  Between that and the write remains a
 * moment which the API gives no means to close.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "api/progress.h"
#include "write/overlay.h"
#include "write/replace.h"
#include "write/same.h"

/* Do both writes replace the same object? */
static bool
replace_same(const DbaasOperation *a, const DbaasOperation *b)
{
	return a->write.read && b->write.read && strcmp(a->write.identity, b->write.identity) == 0 &&
		strcmp(a->write.zone, b->write.zone) == 0 && strcmp(a->write.base, b->write.base) == 0 &&
		dbaas_connection_same_key(a->conn, b->conn);
}

static bool
is_queued(const DbaasQueued *queued)
{
	return queued->operation->write.read && queued->operation->state == DBAAS_WRITE_QUEUED;
}

/* The same, or is it of a dry run? */
static bool
is_waiting(const DbaasQueued *queued)
{
	return is_queued(queued) ||
		(queued->operation->write.read && queued->operation->state == DBAAS_WRITE_DRY);
}

/* ------------------------------------------------------------------------
 * Which are sent
 * ------------------------------------------------------------------------ */

/* Queues the writes again whose place another one has taken that was not sent after all. */
static void
release(List *queue, int first)
{
	ListCell   *lc;

	for_each_from(lc, queue, first)
	{
		DbaasQueued *queued = lfirst(lc);

		if (queued->sent_as == NULL || !is_waiting(queued->sent_as))
			continue;
		queued->sent_as = NULL;
		dbaas_operation_supersede(queued->operation, false);
	}
}

void
dbaas_replace_supersede(List *queue, int first)
{
	List	   *last = NIL;		/* of DbaasQueued *: the last of each object */

	release(queue, first);
	for (int i = list_length(queue) - 1; i >= first; i--)
	{
		DbaasQueued *queued = list_nth(queue, i);
		ListCell   *lc;

		if (!is_waiting(queued))
			continue;
		foreach(lc, last)
		{
			DbaasQueued *later = lfirst(lc);

			if (queued->operation->state != later->operation->state ||
				!replace_same(queued->operation, later->operation))
				continue;
			queued->sent_as = later;
			dbaas_operation_supersede(queued->operation, true);
			break;
		}
		if (queued->sent_as == NULL)
			last = lappend(last, queued);
	}
	list_free(last);
}

/* Is the write still to be sent, by itself or as a later one? */
static bool
is_to_be_sent(const DbaasQueued *queued)
{
	return is_queued(queued->sent_as ? queued->sent_as : queued);
}

void
dbaas_replace_take_over(DbaasQueued *queued, bool is_alone)
{
	DbaasQueued *earlier = queued->previous;

	if (!is_queued(queued))
		return;
	while (earlier && !replace_same(earlier->operation, queued->operation))
		earlier = earlier->previous;
	if (earlier && earlier->level == queued->level && is_to_be_sent(earlier))
		dbaas_operation_take_over(queued->operation, earlier->operation, is_alone);
}

/* ------------------------------------------------------------------------
 * What has changed
 * ------------------------------------------------------------------------ */

static bool same_content(const DbaasJson *a, const DbaasJson *b);

/* How many elements of an array have that content? */
static int
count_elements(const DbaasJson *array, const DbaasJson *wanted)
{
	int			n = 0;

	for (const DbaasJson *element = dbaas_json_first(array); element;
		 element = dbaas_json_next(array, element))
		n += same_content(element, wanted);
	return n;
}

static bool
same_elements(const DbaasJson *a, const DbaasJson *b)
{
	if (dbaas_json_count(a) != dbaas_json_count(b))
		return false;
	for (const DbaasJson *element = dbaas_json_first(a); element;
		 element = dbaas_json_next(a, element))
	{
		if (count_elements(a, element) != count_elements(b, element))
			return false;
	}
	return true;
}

/* Has an object all members of another one, with the same content? */
static bool
has_members(const DbaasJson *object, const DbaasJson *wanted)
{
	for (const DbaasJson *name = dbaas_json_first(wanted); name;
		 name = dbaas_json_next(wanted, name))
	{
		if (!same_content(dbaas_json_member(object, dbaas_json_string(name, NULL)),
						  dbaas_json_unless_null(name + 1)))
			return false;
	}
	return true;
}

/* Do two values say the same, whatever the order of members and elements is? */
static bool
same_content(const DbaasJson *a, const DbaasJson *b)
{
	if (dbaas_same_values(DBAAS_COMPARE_JSON, a, b))
		return true;
	if (dbaas_json_is(a, DBAAS_JSON_ARRAY) && dbaas_json_is(b, DBAAS_JSON_ARRAY))
		return same_elements(a, b);
	return dbaas_json_is(a, DBAAS_JSON_OBJECT) && dbaas_json_is(b, DBAAS_JSON_OBJECT) &&
		has_members(a, b) && has_members(b, a);
}

static void
list_change(StringInfo out, const char *path, const char *what, const DbaasJson *value)
{
	appendStringInfo(out, "%s%s %s %s", out->len ? "; " : "", path, what,
					 value ? dbaas_json_compact(value) : "null");
}

/* Lists the elements of an array that another one lacks. */
static void
list_elements(StringInfo out, const char *path, const char *what, const DbaasJson *array,
			  const DbaasJson *other)
{
	for (const DbaasJson *element = dbaas_json_first(array); element;
		 element = dbaas_json_next(array, element))
	{
		if (count_elements(array, element) > count_elements(other, element))
			list_change(out, path, what, element);
	}
}

/* Lists how a member of an object has changed; "now" and "then" may be NULL. */
static void
member_change(StringInfo out, const char *name, const DbaasJson *then, const DbaasJson *now)
{
	if (same_content(then, now))
		return;
	if (dbaas_json_is(then, DBAAS_JSON_ARRAY) && dbaas_json_is(now, DBAAS_JSON_ARRAY))
	{
		list_elements(out, name, "has lost", then, now);
		list_elements(out, name, "has gained", now, then);
	}
	else
		list_change(out, name, "has become", now);
}

/* How an object has changed, in words. */
static char *
changes_text(const DbaasJson *then, const DbaasJson *now)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const DbaasJson *name = dbaas_json_first(then); name; name = dbaas_json_next(then, name))
	{
		const char *text = dbaas_json_string(name, NULL);

		if (dbaas_json_unless_null(name + 1))
			member_change(&out, text, name + 1, dbaas_json_member(now, text));
	}
	for (const DbaasJson *name = dbaas_json_first(now); name; name = dbaas_json_next(now, name))
	{
		const char *text = dbaas_json_string(name, NULL);

		if (dbaas_json_member(then, text) == NULL)
			member_change(&out, text, NULL, name + 1);
	}
	return dbaas_error_excerpt(out.data, out.len, DBAAS_EXCERPT_BYTES);
}

/* ------------------------------------------------------------------------
 * Reading anew
 * ------------------------------------------------------------------------ */

/* A write that is about to be sent, and the request of what it replaces. */
typedef struct Check
{
	const DbaasOperation *operation;
	DbaasCall  *call;
} Check;

/* Raises an error with the outcome of each write. */
pg_noreturn static void
refuse(List *queue, const DbaasWrite *write, const DbaasError *error)
{
	DbaasError	report = *error;

	report.relid = write->relid;
	report.detail = psprintf("%s%sWrites of this transaction:\n%s",
							 report.detail ? report.detail : "", report.detail ? "\n" : "",
							 dbaas_report_list(queue));
	dbaas_error_raise_always(&report);
}

/*
 * Is the object what an earlier write of the transaction has replaced?  The API may not show
 * yet what that has made of it.
 */
static bool
is_from_before(List *queue, const DbaasOperation *operation, const DbaasJson *object)
{
	ListCell   *lc;

	foreach(lc, queue)
	{
		const DbaasOperation *earlier = ((DbaasQueued *) lfirst(lc))->operation;

		if (earlier == operation)
			break;
		if (replace_same(earlier, operation) && dbaas_operation_may_be_applied(earlier) &&
			same_content(dbaas_overlay_parse(earlier->write.replaces), object))
			return true;
	}
	return false;
}

static Check *
begin_check(const DbaasOperation *operation)
{
	const DbaasWrite *write = &operation->write;
	DbaasCallSpec spec = {
		.kind = DBAAS_CALL_READ,
		.zone = write->zone,
		.base = write->base,
		.method = write->read->method,
		.path_template = write->read->path,
		.path = write->path,
		.hide_secrets = true
	};
	Check	   *check = palloc(sizeof(Check));

	check->operation = operation;
	check->call = dbaas_call_start(operation->conn, CurrentMemoryContext, &spec);
	return check;
}

static void
end_check(List *queue, const Check *check)
{
	const DbaasWrite *write = &check->operation->write;
	const DbaasJson *then;
	const DbaasJson *now;
	DbaasError *error;

	while (!dbaas_call_done(check->call))
		dbaas_progress_wait(NULL, 0);
	error = dbaas_call_error(check->call);
	if (error)
		refuse(queue, write, error);
	now = dbaas_call_response(check->call);
	if (now == NULL)
		refuse(queue, write,
			   dbaas_error_new(ERRCODE_UNDEFINED_OBJECT, "what %s replaces is gone",
							   dbaas_operation_label(write)));
	then = dbaas_overlay_parse(write->replaces);
	if (same_content(then, now) ||
		is_from_before(queue, check->operation, now))
		return;
	error = dbaas_error_new(ERRCODE_T_R_SERIALIZATION_FAILURE,
							"%s would undo what was changed meanwhile",
							dbaas_operation_label(write));
	error->detail = psprintf("Since the transaction has read the object: %s.",
							 changes_text(then, now));
	error->hint = "Run the transaction again.";
	refuse(queue, write, error);
}

void
dbaas_replace_check(List *queue, int first)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw check",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	List	   *checks = NIL;
	ListCell   *lc;

	PG_TRY();
	{
		/* All are requested before the first is waited for. */
		for_each_from(lc, queue, first)
		{
			if (is_queued(lfirst(lc)))
				checks = lappend(checks, begin_check(((DbaasQueued *) lfirst(lc))->operation));
		}
		foreach(lc, checks)
			end_check(queue, lfirst(lc));
	}
	PG_FINALLY();
	{
		/* Ends the requests that nobody waits for any more. */
		MemoryContextSwitchTo(oldcxt);
		MemoryContextDelete(cxt);
	}
	PG_END_TRY();
}

bool
dbaas_replace_shows(const DbaasWrite *write, const DbaasJson *object)
{
	return object == NULL || !same_content(object, dbaas_overlay_parse(write->replaces)) ||
		same_content(object, dbaas_overlay_parse(write->body));
}
