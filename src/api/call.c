/*-------------------------------------------------------------------------
 *
 * call.c
 *		Calls of the API: a signed request, its retries and its response.
 *
 * A call is a request that is sent again when that is safe and may help.
 * Each connection has max_concurrency slots for requests in flight, and each server has
 * a pace.  Further calls wait for both, in the order in which they were made.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

#include "api/call.h"
#include "api/status.h"
#include "base/compat.h"
#include "base/text.h"
#include "tables/secret.h"

/* Pauses between tries: the first, which doubles each time, and the longest. */
#define FIRST_PAUSE_MS 200.0
#define LONGEST_PAUSE_MS 10000.0

/* The pause after a request found no free file descriptor. */
#define ROOM_USECS 50000

/* If a server asks for a longer pause, in seconds, the call fails instead. */
#define LONGEST_RETRY_AFTER 60

/*
 * dbaas_call_perform_between_rows() looks at the clock after this many rows, and calls
 * dbaas_call_perform() after this much time.
 */
#define ROWS_PER_CLOCK_CHECK 16
#define PERFORM_USECS 1000

/*
 * A response may have one JSON node for this many bytes of max_response_bytes.  With 16
 * bytes each, nodes take at most four times max_response_bytes of memory.
 */
#define BYTES_PER_NODE 4

typedef enum CallState
{
	CALL_QUEUED,				/* waits for a slot */
	CALL_RUNNING,				/* request in flight */
	CALL_PAUSED,				/* waits for retry_at */
	CALL_DONE
} CallState;

struct DbaasCall
{
	dlist_node	node;			/* in "calls", unless done */
	DbaasConnection *conn;
	MemoryContext cxt;
	MemoryContextCallback callback;
	DbaasCallSpec spec;
	DbaasStats *stats;
	char	   *url;
	char	   *label;
	CallState	state;
	int			tries;
	DbaasMoment sent_at;		/* the last of them */
	DbaasMoment retry_at;
	bool		holds_others;	/* paused: the API said when to come again,
								 * which goes for others too */
	MemoryContext request_cxt;	/* of the request in flight */
	DbaasHttpRequest *request;
	DbaasBuffer body;			/* of the response */
	Size		body_len;
	DbaasBuffer nodes;
	const DbaasJson *response;	/* in nodes, which point into body */
	DbaasError *error;
	bool		unavailable;
	bool		may_be_applied;
	int			status;
	DbaasCallKeeper keeper;		/* or NULL */
	void	   *keeper_arg;
};

bool		dbaas_log_requests = false;
int			dbaas_request_limit = -1;

/* Calls that have not ended, in the order in which they were made. */
static dlist_head calls = DLIST_STATIC_INIT(calls);

/* How many calls of this session have ended. */
static int64 ended = 0;

/* How many calls there are, ended or not. */
static int64 existing = 0;

static void perform_calls(void);
static void start_request(DbaasCall *call);
static void end_attempt(DbaasCall *call, const DbaasHttpResponse *response);
static void end_with_response(DbaasCall *call, const DbaasHttpResponse *response);
static void end_call(DbaasCall *call, DbaasError *error);
static DbaasError *parse_body(DbaasCall *call, bool hide_secrets);
static void unlink_call(void *arg);

/* The path for messages: query arguments may be secrets. */
static const char *
shown_path(const DbaasCallSpec *spec)
{
	size_t		len = strlen(spec->path);

	return spec->query_names ? dbaas_secret_hide_text(spec->path, &len) : spec->path;
}

/* Makes a call that is not in "calls", in a memory context of its own under cxt. */
static DbaasCall *
make_call(DbaasConnection *conn, MemoryContext cxt, const DbaasCallSpec *spec)
{
	MemoryContext call_cxt = AllocSetContextCreate(cxt, "dbaas_fdw call",
												   ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(call_cxt);
	DbaasCall  *call = palloc0(sizeof(DbaasCall));

	call->conn = conn;
	call->cxt = call_cxt;
	call->spec = *spec;
	call->spec.zone = dbaas_text_copy(spec->zone);
	call->spec.method = pstrdup(spec->method);
	call->spec.body = dbaas_text_copy(spec->body);
	call->spec.secrets = dbaas_text_copy_list(spec->secrets);
	call->spec.query_names = dbaas_text_copy(spec->query_names);
	call->spec.query_values = dbaas_text_copy(spec->query_values);
	call->url = psprintf("%s%s", spec->base, spec->path);
	call->label = spec->zone ?
		psprintf("%s %s in zone %s", spec->method, shown_path(spec), spec->zone) :
		psprintf("%s %s", spec->method, shown_path(spec));
	call->stats = dbaas_stats_get(dbaas_connection_server_name(conn),
								  psprintf("%s %s", spec->method, spec->path_template));
	call->state = CALL_DONE;
	existing++;
	call->callback.func = unlink_call;
	call->callback.arg = call;
	MemoryContextRegisterResetCallback(call_cxt, &call->callback);
	MemoryContextSwitchTo(oldcxt);
	return call;
}

DbaasCall *
dbaas_call_start(DbaasConnection *conn, MemoryContext cxt, const DbaasCallSpec *spec)
{
	DbaasCall  *call = make_call(conn, cxt, spec);

	call->state = CALL_QUEUED;
	dlist_push_tail(&calls, &call->node);
	perform_calls();
	return call;
}

/* Makes the text the body of the response.  Returns false if there is no memory for it. */
static bool
copy_body(DbaasCall *call, const char *text, Size len)
{
	if (!dbaas_buffer_reserve(&call->body, len + 1))
		return false;
	memcpy(call->body.data, text, len);
	call->body.data[len] = '\0';
	call->body_len = len;
	return true;
}

DbaasCall *
dbaas_call_again(DbaasConnection *conn, MemoryContext cxt, const DbaasCallSpec *spec,
				 const char *text, Size len)
{
	DbaasCall  *call = make_call(conn, cxt, spec);
	MemoryContext oldcxt;

	if (!copy_body(call, text, len))
	{
		dbaas_call_release(call);
		return NULL;
	}
	oldcxt = MemoryContextSwitchTo(call->cxt);
	call->status = 200;
	call->error = parse_body(call, false);
	MemoryContextSwitchTo(oldcxt);
	return call;
}

DbaasCall *
dbaas_call_fail(DbaasConnection *conn, MemoryContext cxt, const DbaasCallSpec *spec,
				const DbaasError *error, bool unavailable)
{
	DbaasCall  *call = make_call(conn, cxt, spec);

	call->error = unconstify(DbaasError *, error);
	call->unavailable = unavailable;
	return call;
}

void
dbaas_call_set_keeper(DbaasCall *call, DbaasCallKeeper keeper, void *arg)
{
	call->keeper = keeper;
	call->keeper_arg = arg;
}

DbaasError *
dbaas_call_replace_response(DbaasCall *call, const char *text, Size len)
{
	if (!copy_body(call, text, len))
		return dbaas_error_new(ERRCODE_OUT_OF_MEMORY, "out of memory");
	return parse_body(call, false);
}

MemoryContext
dbaas_call_context(const DbaasCall *call)
{
	return call->cxt;
}

/* To be called when the request of a call is no longer in flight. */
static void
leave_flight(DbaasCall *call)
{
	dbaas_connection_free_slot(call->conn);
	if (call->spec.counters)
		call->spec.counters->in_flight--;
}

/* To be called when a call ends. */
static void
leave_calls(DbaasCall *call)
{
	if (call->state == CALL_RUNNING)
		leave_flight(call);
	dlist_delete(&call->node);
	call->state = CALL_DONE;
}

/* The request of a call has ended; from retry_at on the next one may be sent. */
static void
pause_call(DbaasCall *call, DbaasMoment retry_at)
{
	leave_flight(call);
	call->state = CALL_PAUSED;
	call->retry_at = retry_at;
}

/* Reset callback: a call that is freed leaves the list and releases its buffers. */
static void
unlink_call(void *arg)
{
	DbaasCall  *call = arg;

	if (call->state != CALL_DONE)
		leave_calls(call);
	dbaas_buffer_release(&call->nodes);
	dbaas_buffer_release(&call->body);
	if (--existing == 0)
		dbaas_buffer_rest();
}

void
dbaas_call_release(DbaasCall *call)
{
	if (call)
		MemoryContextDelete(call->cxt);
}

bool
dbaas_call_done(const DbaasCall *call)
{
	return call->state == CALL_DONE;
}

bool
dbaas_call_in_flight(const DbaasCall *call)
{
	return call->state == CALL_RUNNING;
}

DbaasError *
dbaas_call_error(const DbaasCall *call)
{
	return call->error;
}

bool
dbaas_call_unavailable(const DbaasCall *call)
{
	return call->unavailable;
}

int
dbaas_call_status(const DbaasCall *call)
{
	return call->status;
}

bool
dbaas_call_may_be_applied(const DbaasCall *call)
{
	return call->may_be_applied;
}

const DbaasJson *
dbaas_call_response(const DbaasCall *call)
{
	return call->response;
}

Size
dbaas_call_response_bytes(const DbaasCall *call)
{
	return call->body.size + call->nodes.size;
}

const char *
dbaas_call_response_text(const DbaasCall *call, Size *len)
{
	*len = call->body_len;
	return call->body.data;
}

Size
dbaas_call_bytes(const DbaasCall *call)
{
	return MemoryContextMemAllocated(call->cxt, true) + dbaas_call_response_bytes(call);
}

const char *
dbaas_call_label(const DbaasCall *call)
{
	return call->label;
}

static void
end_call(DbaasCall *call, DbaasError *error)
{
	leave_calls(call);
	ended++;
	call->error = error;
	if (error)
		call->stats->errors++;
}

/* Sends the call's request, with a new signature.  The caller has taken a slot for it. */
static void
start_request(DbaasCall *call)
{
	DbaasConnection *conn = call->conn;
	const DbaasCallSpec *spec = &call->spec;
	char	   *authorization = NULL;
	DbaasError *error = NULL;

	call->request_cxt = AllocSetContextCreate(call->cxt, "dbaas_fdw request",
											  ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(call->request_cxt);
	if (!spec->anonymous)
		error = dbaas_connection_sign(conn, spec->method, call->url, spec->body,
									  spec->query_names, spec->query_values, &authorization);
	if (error)
	{
		dbaas_connection_free_slot(conn);
		end_call(call, error);
		return;
	}
	call->request = dbaas_http_start(dbaas_connection_pool(conn), call->request_cxt, spec->method,
									 call->url, spec->body, authorization,
									 spec->kind == DBAAS_CALL_WRITE);
	call->state = CALL_RUNNING;
	call->sent_at = dbaas_clock_now();
	call->tries++;
	call->stats->requests++;
	if (spec->budget)
	{
		spec->budget->requests++;
		spec->budget->retries += call->tries > 1;
	}
	if (spec->counters)
	{
		spec->counters->requests++;
		spec->counters->in_flight++;
		spec->counters->peak = Max(spec->counters->peak, spec->counters->in_flight);
	}
}

/* Ends the call if another request would be beyond its budget.  Returns whether it did. */
static bool
refuse_request(DbaasCall *call)
{
	const DbaasBudget *budget = call->spec.budget;
	DbaasError *error;

	if (budget == NULL || dbaas_request_limit < 0 || budget->requests < dbaas_request_limit)
		return false;
	MemoryContextSwitchTo(call->cxt);
	error = dbaas_error_new(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
							"the statement needs more requests than dbaas_fdw.request_limit "
							"allows");
	error->detail = psprintf("The limit is %d. Requests that were made: " INT64_FORMAT
							 ", of which " INT64_FORMAT " were retries. The next would be %s.",
							 dbaas_request_limit, budget->requests, budget->retries, call->label);
	error->hint = "Give conditions with which the statement needs fewer requests, or raise the "
		"limit.";
	error->of_statement = error->of_request_limit = true;
	end_call(call, error);
	return true;
}

/* Milliseconds until the next try: doubles with each try; half of it is random. */
static double
pause_ms(const DbaasCall *call, const DbaasHttpResponse *response)
{
	double		pause = FIRST_PAUSE_MS * (double) (1 << Min(call->tries - 1, 10));

	pause = Min(pause, LONGEST_PAUSE_MS);
	pause *= 0.5 + 0.5 * pg_prng_double(&pg_global_prng_state);
	return Max(pause, response->retry_after * 1000.0);
}

static void
log_attempt(const DbaasCall *call, const DbaasHttpResponse *response)
{
	if (response->failure == DBAAS_HTTP_NO_FAILURE)
		dbaas_error_notice(LOG, (errhidestmt(true),
								 errmsg("dbaas_fdw: %s: status %d in %.1f ms",
										call->label, response->status, response->seconds * 1000)));
	else
		dbaas_error_notice(LOG,
						   (errhidestmt(true),
							errmsg("dbaas_fdw: %s: failed in %.1f ms: %s", call->label,
								   response->seconds * 1000, response->failure_text)));
}

/*
 * If no file descriptor was free for the request, nothing was sent.  If others may free
 * theirs, pauses the call; that does not count as a try.  Returns whether it did.
 */
static bool
pause_for_descriptor(DbaasCall *call, const DbaasHttpResponse *response)
{
	if (response->failure != DBAAS_HTTP_NO_ROOM || !response->room_may_come)
		return false;
	pause_call(call, dbaas_clock_now() + ROOM_USECS);
	dbaas_pace_uncount(dbaas_connection_pace(call->conn), dbaas_clock_now());
	call->tries--;
	call->stats->requests--;
	if (call->spec.budget)
	{
		call->spec.budget->requests--;
		call->spec.budget->retries -= call->tries > 0;
	}
	if (call->spec.counters)
		call->spec.counters->requests--;
	return true;
}

/*
 * A request has ended: the call ends, or pauses before the next try.  Until that is decided it
 * counts as in flight, lest an error in between have a write told as not sent.
 */
static void
end_attempt(DbaasCall *call, const DbaasHttpResponse *response)
{
	bool		write = call->spec.kind == DBAAS_CALL_WRITE;

	/*
	 * An old connection failed: the request is sent at once over another,
	 * which does not count as a try.
	 */
	bool		reconnects = response->failure == DBAAS_HTTP_SILENT && !write;

	call->stats->bytes += response->bytes_received;
	call->stats->seconds += response->seconds;
	if (call->spec.counters)
		call->spec.counters->bytes += response->bytes_received;
	if (dbaas_log_requests)
		log_attempt(call, response);

	if (dbaas_status_too_many(response))
		dbaas_pace_slow_down(dbaas_connection_pace(call->conn), call->sent_at, dbaas_clock_now());
	if (reconnects ||
		(!call->spec.no_retry &&
		 call->tries <= dbaas_connection_settings(call->conn)->max_retries &&
		 dbaas_status_may_retry(write, response) && response->retry_after <= LONGEST_RETRY_AFTER))
	{
		pause_call(call, dbaas_clock_now() +
				   (reconnects ? 0 : (DbaasMoment) (pause_ms(call, response) * 1000)));
		call->tries -= reconnects ? 1 : 0;
		call->holds_others = dbaas_status_too_many(response) && response->retry_after > 0;
		call->stats->retries++;
		if (call->spec.counters)
			call->spec.counters->retries++;
	}
	else
		end_with_response(call, response);
}

/* Frees the request's memory.  Parsed responses and errors stay. */
static void
drop_request(DbaasCall *call)
{
	MemoryContextSwitchTo(call->cxt);
	MemoryContextDelete(call->request_cxt);
	call->request_cxt = NULL;
	call->request = NULL;
}

/* Parses the body.  The call keeps it, since the values point into it. */
static DbaasError *
parse_body(DbaasCall *call, bool hide_secrets)
{
	size_t		len = call->body_len;
	size_t		max_bytes = dbaas_connection_settings(call->conn)->max_response_bytes;
	char	   *problem;
	DbaasError *error;

	if (!dbaas_json_parse_into(&call->nodes, call->body.data ? call->body.data : "", len,
							   max_bytes / BYTES_PER_NODE, &call->response, &problem))
	{
		if (problem == NULL)
			return dbaas_error_new(ERRCODE_OUT_OF_MEMORY, "out of memory");
		error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with unusable JSON", call->label);
		error->detail = len == 0 ? "The answer is empty." :
			psprintf("The answer of %zu bytes cannot be used: %s.", len, problem);
		return error;
	}
	if (hide_secrets)
		dbaas_secret_hide(call->response);
	if (call->spec.any_json || dbaas_json_is(call->response, DBAAS_JSON_OBJECT))
		return NULL;
	error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with JSON that is not an object",
							call->label);
	error->detail = psprintf("The answer is of type %s.", dbaas_json_type_name(call->response));
	call->response = NULL;
	return error;
}

/* The error of a response without success, or of a request without response. */
static DbaasError *
failure_error(DbaasCall *call, const DbaasHttpResponse *response)
{
	DbaasRequestFacts facts = {
		.conn = call->conn,
		.label = call->label,
		.zone = call->spec.zone,
		.secrets = call->spec.secrets,
		.write = call->spec.kind == DBAAS_CALL_WRITE,
		.confidential = call->spec.confidential,
		.anonymous = call->spec.anonymous
	};

	if (dbaas_status_refuses_credentials(response) && !call->spec.anonymous)
		dbaas_connection_recheck_files(call->conn);
	return dbaas_status_error(&facts, response);
}

/* Ends the call with its last response, which is a success, an error or a 404. */
static void
end_with_response(DbaasCall *call, const DbaasHttpResponse *response)
{
	DbaasError *error = NULL;

	MemoryContextSwitchTo(call->cxt);
	call->status = response->failure == DBAAS_HTTP_NO_FAILURE ? response->status : 0;
	if (call->status == 404 && call->spec.kind == DBAAS_CALL_READ)
		;						/* no error, and call->response stays NULL */
	else if (call->status < 200 || call->status > 299)
	{
		error = failure_error(call, response);
		call->unavailable = dbaas_status_unavailable(response);
	}
	else if (call->spec.kind == DBAAS_CALL_WRITE && response->body_len > DBAAS_JSON_SHORT)
	{
		/*
		 * To parse a longer text serves interrupts, which must not come
		 * between a write and the record of its outcome.
		 */
		error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered at a length that no operation has",
								call->label);
		error->detail = psprintf("The answer has %zu bytes.", response->body_len);
	}
	else
	{
		call->body_len = response->body_len;
		call->body = dbaas_http_take_body(call->request);
		error = parse_body(call, call->spec.hide_secrets);
		if (error == NULL && call->keeper)
			error = call->keeper(call, call->keeper_arg);
		if (error)
			call->response = NULL;
	}
	call->may_be_applied = error && dbaas_status_may_be_applied(response);
	end_call(call, error);
}

/* When a queued call may send its request; 0: when another one has ended. */
static DbaasMoment
next_turn(const DbaasCall *call, DbaasMoment now)
{
	DbaasMoment slot = dbaas_connection_next_slot(call->conn, now);

	if (slot == 0 || call->spec.not_held)
		return slot;
	return Max(slot, dbaas_pace_held_until(dbaas_connection_pace(call->conn)));
}

static void
perform_calls(void)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	DbaasMoment now = dbaas_clock_now();
	dlist_mutable_iter iter;

	dbaas_pace_end_holds();
	dlist_foreach_modify(iter, &calls)
	{
		DbaasCall  *call = dlist_container(DbaasCall, node, iter.cur);

		if (call->state == CALL_RUNNING)
		{
			const DbaasHttpResponse *response = dbaas_http_response(call->request);

			if (response == NULL)
				continue;
			if (!pause_for_descriptor(call, response))
				end_attempt(call, response);
			drop_request(call);
		}
		if (call->state == CALL_PAUSED && call->retry_at <= now)
			call->state = CALL_QUEUED;
		if (call->state == CALL_PAUSED && call->holds_others)
			dbaas_pace_hold(dbaas_connection_pace(call->conn), call->retry_at);
	}
	dlist_foreach_modify(iter, &calls)
	{
		DbaasCall  *call = dlist_container(DbaasCall, node, iter.cur);

		if (call->state == CALL_QUEUED && !refuse_request(call) && next_turn(call, now) <= now &&
			dbaas_connection_take_slot(call->conn, now))
			start_request(call);
	}
	MemoryContextSwitchTo(oldcxt);
}

void
dbaas_call_perform(void)
{
	dbaas_http_perform();
	perform_calls();
}

void
dbaas_call_perform_between_rows(void)
{
	static uint32 ncalled = 0;
	static DbaasMoment last = 0;
	DbaasMoment now;

	if (++ncalled % ROWS_PER_CLOCK_CHECK != 0)
		return;
	now = dbaas_clock_now();
	if (now - last < PERFORM_USECS)
		return;
	last = now;
	dbaas_call_perform();
}

/*
 * Milliseconds until the first call is due that is paused, or that the pace holds back; -1 when
 * there is none.  *paced: does the pace hold one back?
 */
static long
next_due(bool *paced)
{
	DbaasMoment now = dbaas_clock_now();
	long		due = -1;
	dlist_iter	iter;

	*paced = false;
	dlist_foreach(iter, &calls)
	{
		DbaasCall  *call = dlist_container(DbaasCall, node, iter.cur);
		DbaasMoment at = call->state == CALL_PAUSED ? call->retry_at :
			call->state == CALL_QUEUED ? next_turn(call, now) : 0;
		long		ms;

		if (at == 0)
			continue;
		*paced |= call->state == CALL_QUEUED && at > now;
		ms = dbaas_clock_ms_between(now, at);
		if (due < 0 || ms < due)
			due = ms;
	}
	return due;
}

/* Milliseconds until that time (0: never), or until a call is due; -1: never. */
static long
milliseconds_until(DbaasMoment until, bool *paced)
{
	long		due = next_due(paced);
	long		ms;

	if (until == 0)
		return due;
	ms = dbaas_clock_ms_between(dbaas_clock_now(), until);
	return due < 0 ? ms : Min(due, ms);
}

void
dbaas_call_wake(void)
{
	dbaas_http_wake();
}

int
dbaas_call_descriptor(DbaasMoment until)
{
	bool		paced;

	return dbaas_http_descriptor(milliseconds_until(until, &paced));
}

int64
dbaas_call_count(int *in_flight, const char **label)
{
	dlist_iter	iter;

	*in_flight = 0;
	*label = NULL;
	dlist_foreach(iter, &calls)
	{
		DbaasCall  *call = dlist_container(DbaasCall, node, iter.cur);

		if (*label == NULL || (*in_flight == 0 && call->state == CALL_RUNNING))
			*label = call->label;
		if (call->state == CALL_RUNNING)
			(*in_flight)++;
	}
	return ended;
}

void
dbaas_call_wait(DbaasCounters *counters, DbaasMoment until)
{
	static uint32 wait_event = 0;
	DbaasMoment start = dbaas_clock_now();
	bool		paced;
	double		waited;

	if (wait_event == 0)
		wait_event = dbaas_wait_event_new("DbaasConnection");
	dbaas_http_wait(milliseconds_until(until, &paced), wait_event);
	perform_calls();
	if (counters == NULL)
		return;
	waited = (dbaas_clock_now() - start) / 1e6;
	counters->waited += waited;
	counters->paced += paced ? waited : 0;
}
