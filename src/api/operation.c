/*-------------------------------------------------------------------------
 *
 * operation.c
 *		One write, from its request to the end of the API's operation.
 *
 * A write is sent once.  Its response is an operation, which is polled until it ends.
 * With option wait set to running, the list of services is polled after that, until
 * the services that the write touched run.  Whether other lists show what was written is
 * looked up for all writes of a batch together, in settle.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "api/operation.h"
#include "base/text.h"
#include "tables/path.h"
#include "tables/rows.h"
#include "tables/secret.h"

static void take_response(DbaasOperation *operation);
static void take_poll(DbaasOperation *operation);
static void take_services(DbaasOperation *operation);

char *
dbaas_operation_label(const DbaasWrite *write)
{
	return psprintf("%s %s in zone %s", write->method, write->path, write->zone);
}

static void
copy_write(DbaasWrite *copy, const DbaasWrite *write)
{
	*copy = *write;
	copy->zone = pstrdup(write->zone);
	copy->base = pstrdup(write->base);
	copy->method = pstrdup(write->method);
	copy->path_template = pstrdup(write->path_template);
	copy->path = pstrdup(write->path);
	copy->body = dbaas_text_copy(write->body);
	copy->shown_body = write->shown_body == write->body ? copy->body :
		dbaas_text_copy(write->shown_body);
	copy->secrets = dbaas_text_copy_list(write->secrets);
	copy->identity = dbaas_text_copy(write->identity);
	copy->created_name = dbaas_text_copy(write->created_name);
	for (size_t i = 0; i < lengthof(write->services); i++)
		copy->services[i] = dbaas_text_copy(write->services[i]);
	copy->service_type = dbaas_text_copy(write->service_type);
	copy->counts = dbaas_text_copy(write->counts);
	copy->listed.path = dbaas_text_copy(write->listed.path);
	copy->listed.columns = list_copy(write->listed.columns);
	copy->listed.values = dbaas_text_copy_list(write->listed.values);
	copy->replaces = dbaas_text_copy(write->replaces);
	copy->part = dbaas_text_copy(write->part);
}

DbaasOperation *
dbaas_operation_new(MemoryContext cxt, const DbaasWrite *write, DbaasConnection *conn, bool dry_run)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasOperation *operation = palloc0(sizeof(DbaasOperation));

	copy_write(&operation->write, write);
	operation->conn = conn;
	operation->cxt = cxt;
	operation->state = dry_run ? DBAAS_WRITE_DRY : DBAAS_WRITE_QUEUED;
	MemoryContextSwitchTo(oldcxt);
	return operation;
}

bool
dbaas_operation_may_be_applied(const DbaasOperation *operation)
{
	return operation->state != DBAAS_WRITE_QUEUED && operation->state != DBAAS_WRITE_DRY &&
		operation->state != DBAAS_WRITE_SUPERSEDED && operation->state != DBAAS_WRITE_FAILED;
}

bool
dbaas_operation_under_way(const DbaasOperation *operation)
{
	return operation->state == DBAAS_WRITE_SENT || operation->state == DBAAS_WRITE_PENDING ||
		operation->state == DBAAS_WRITE_STARTING;
}

void
dbaas_operation_send(DbaasOperation *operation)
{
	const DbaasWrite *write = &operation->write;
	DbaasCallSpec spec = {0};

	spec.kind = DBAAS_CALL_WRITE;
	spec.zone = write->zone;
	spec.base = write->base;
	spec.method = write->method;
	spec.path_template = write->path_template;
	spec.path = write->path;
	spec.body = write->body;
	spec.secrets = write->secrets;
	spec.hide_secrets = write->acts;
	operation->call = dbaas_call_start(operation->conn, operation->cxt, &spec);
	operation->state = DBAAS_WRITE_SENT;
	dbaas_polls_begin(&operation->polls, dbaas_clock_now());
}

DbaasCall *
dbaas_operation_poll(const DbaasOperation *operation, MemoryContext cxt,
					 const DbaasEndpoint *endpoint, const char *path, List *secrets)
{
	DbaasCallSpec spec = {0};

	spec.kind = DBAAS_CALL_LIST;
	spec.not_held = true;
	spec.zone = operation->write.zone;
	spec.base = operation->write.base;
	spec.method = endpoint->method;
	spec.path_template = endpoint->path;
	spec.path = path;
	spec.secrets = secrets;
	spec.hide_secrets = operation->write.acts;
	return dbaas_call_start(operation->conn, cxt, &spec);
}

static void
send_poll(DbaasOperation *operation, const DbaasEndpoint *endpoint, const char *path)
{
	operation->call = dbaas_operation_poll(operation, operation->cxt, endpoint, path,
										   operation->write.secrets);
}

static void
fail_write(DbaasOperation *operation, DbaasWriteState state, DbaasError *error, const char *outcome)
{
	operation->state = state;
	operation->error = error;
	operation->outcome = outcome;
}

/* Polls the write's operation. */
static void
poll_operation(DbaasOperation *operation)
{
	const DbaasEndpoint *endpoint = &dbaas_catalogue_operations->reads[0];
	const char **args = palloc0(dbaas_catalogue_operations->ncolumns * sizeof(char *));

	args[endpoint->parsed.params[0].column] = operation->operation_id;
	send_poll(operation, endpoint, dbaas_path_expand(&endpoint->parsed, args));
	pfree(args);
}

/* Polls the list of services. */
static void
poll_services(DbaasOperation *operation)
{
	const DbaasEndpoint *endpoint = &dbaas_catalogue_services->reads[0];

	send_poll(operation, endpoint, endpoint->path);
}

DbaasMoment
dbaas_operation_deadline(const DbaasOperation *operation)
{
	double		timeout = dbaas_connection_settings(operation->conn)->operation_timeout;

	return operation->polls.since + (DbaasMoment) (timeout * 1e6);
}

/* Stops waiting, since operation_timeout has passed. */
static void
time_out(DbaasOperation *operation)
{
	const char *what = operation->state == DBAAS_WRITE_PENDING ?
		psprintf("operation %s was still pending", operation->operation_id) :
		"its service was not yet running";
	DbaasError *error = dbaas_error_new(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
										"%s did not end in time",
										dbaas_operation_label(&operation->write));

	error->detail = psprintf("After %g s %s.",
							 dbaas_connection_settings(operation->conn)->operation_timeout, what);
	error->hint = "Option operation_timeout of the server sets the time. Table dbaas_operations "
		"shows operations.";
	if (operation->state == DBAAS_WRITE_PENDING)
		fail_write(operation, DBAAS_WRITE_UNKNOWN, error, what);
	else
		fail_write(operation, DBAAS_WRITE_APPLIED, error, what);
	dbaas_call_release(operation->call);
	operation->call = NULL;
}

void
dbaas_operation_step(DbaasOperation *operation)
{
	if (operation->call && dbaas_call_done(operation->call))
	{
		DbaasCall  *call = operation->call;

		if (operation->state == DBAAS_WRITE_SENT)
			take_response(operation);
		else if (operation->state == DBAAS_WRITE_PENDING)
			take_poll(operation);
		else
			take_services(operation);
		operation->call = NULL;

		/* An error may be in the memory of its call, which then stays. */
		if (operation->error == NULL)
			dbaas_call_release(call);
	}
	if (operation->state != DBAAS_WRITE_PENDING && operation->state != DBAAS_WRITE_STARTING)
		return;
	if (dbaas_operation_deadline(operation) <= dbaas_clock_now())
		time_out(operation);
	else if (operation->call == NULL && operation->polls.next_at <= dbaas_clock_now())
	{
		if (operation->state == DBAAS_WRITE_PENDING)
			poll_operation(operation);
		else
			poll_services(operation);
	}
}

bool
dbaas_operation_unsend(DbaasOperation *operation)
{
	if (operation->state != DBAAS_WRITE_SENT || dbaas_call_in_flight(operation->call) ||
		dbaas_call_done(operation->call))
		return false;
	dbaas_call_release(operation->call);
	operation->call = NULL;
	operation->state = DBAAS_WRITE_QUEUED;
	return true;
}

void
dbaas_operation_supersede(DbaasOperation *operation, bool superseded)
{
	if (superseded && operation->state == DBAAS_WRITE_QUEUED)
		operation->state = DBAAS_WRITE_SUPERSEDED;
	else if (!superseded && operation->state == DBAAS_WRITE_SUPERSEDED)
		operation->state = DBAAS_WRITE_QUEUED;
}

static void
free_text(const char *text)
{
	if (text)
		pfree(unconstify(char *, text));
}

void
dbaas_operation_take_over(DbaasOperation *later, DbaasOperation *earlier, bool is_alone)
{
	DbaasWrite *write = &earlier->write;

	if (write->shown_body != write->body)
		free_text(write->shown_body);
	free_text(write->body);
	write->body = write->shown_body = NULL;
	if (is_alone && later->write.replaces != write->replaces &&
		strcmp(later->write.replaces, write->replaces) == 0)
	{
		free_text(later->write.replaces);
		later->write.replaces = write->replaces;
	}
}

void
dbaas_operation_stop(DbaasOperation *operation)
{
	if (operation->listing == DBAAS_LISTING_AWAITED)
		operation->listing = DBAAS_LISTING_MISSED;
	if (!dbaas_operation_under_way(operation))
		return;
	if (operation->call && dbaas_call_done(operation->call))
		dbaas_operation_step(operation);
	dbaas_operation_unsend(operation);
	if (dbaas_operation_under_way(operation))
		fail_write(operation,
				   operation->state == DBAAS_WRITE_STARTING ? DBAAS_WRITE_APPLIED :
				   DBAAS_WRITE_UNKNOWN,
				   dbaas_error_new(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION, "%s was not waited for",
								   dbaas_operation_label(&operation->write)),
				   operation->state == DBAAS_WRITE_SENT ?
				   "sent, not answered" :
				   operation->state == DBAAS_WRITE_PENDING ?
				   psprintf("operation %s was still pending", operation->operation_id) :
				   "not yet running");
	if (operation->error == NULL || operation->call == NULL ||
		dbaas_call_error(operation->call) != operation->error)
		dbaas_call_release(operation->call);
	operation->call = NULL;
}

DbaasMoment
dbaas_operation_due(const DbaasOperation *operation)
{
	DbaasMoment due;

	if (operation->state != DBAAS_WRITE_PENDING && operation->state != DBAAS_WRITE_STARTING)
		return 0;
	due = dbaas_operation_deadline(operation);
	return operation->call ? due : Min(due, operation->polls.next_at);
}

/* The operation has ended in success. */
static void
take_success(DbaasOperation *operation)
{
	if (dbaas_connection_settings(operation->conn)->wait == DBAAS_WAIT_RUNNING &&
		operation->write.services[0] && !operation->write.ends_service)
	{
		operation->state = DBAAS_WRITE_STARTING;
		dbaas_polls_begin(&operation->polls, operation->polls.since);
	}
	else
		operation->state = DBAAS_WRITE_APPLIED;
}

/* The operation ended in failure or timeout. */
static void
take_failure(DbaasOperation *operation, const char *state, const DbaasJson *response)
{
	const char *reason = dbaas_json_member_string(response, "reason");
	const char *message = dbaas_json_member_string(response, "message");
	StringInfoData said;
	size_t		len;
	char	   *excerpt;
	DbaasError *error;

	initStringInfo(&said);
	appendStringInfo(&said, "%s%s%s", reason ? reason : "no reason given",
					 message ? ": " : "", message ? message : "");
	excerpt = dbaas_secret_mask(said.data, operation->write.secrets);
	len = strlen(excerpt);
	excerpt = dbaas_secret_hide_text(excerpt, &len);
	excerpt = dbaas_error_excerpt(excerpt, strlen(excerpt), DBAAS_EXCERPT_BYTES);
	error = dbaas_error_new(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION, "%s: its operation ended in %s",
							dbaas_operation_label(&operation->write), state);
	error->detail = psprintf("The API says: %s", excerpt);
	fail_write(operation, DBAAS_WRITE_FAILED, error, excerpt);
}

/* Keeps the answer to an action, in place of the one before. */
static void
keep_answer(DbaasOperation *operation, const DbaasJson *response)
{
	if (operation->write.acts && response)
		operation->answer = dbaas_json_compact(response);
}

/* Takes the operation's state from the response to the write or to a poll. */
static void
take_state(DbaasOperation *operation, const DbaasJson *response)
{
	const char *state = dbaas_json_member_string(response, "state");
	const char *id = dbaas_json_member_string(response, "id");
	const char *reference = dbaas_json_member_string(dbaas_json_member(response, "reference"),
													 "id");

	keep_answer(operation, response);
	if (reference && operation->reference_id == NULL)
		operation->reference_id = pstrdup(reference);
	if (id && operation->operation_id == NULL)
		operation->operation_id = dbaas_error_excerpt(id, strlen(id), NAMEDATALEN);

	if (state && (strcmp(state, "failure") == 0 || strcmp(state, "timeout") == 0))
		take_failure(operation, state, response);
	else if (state && strcmp(state, "success") == 0)
		take_success(operation);
	else if (state && strcmp(state, "pending") == 0 && operation->operation_id &&
			 strspn(operation->operation_id, "0123456789abcdefABCDEF-") ==
			 strlen(operation->operation_id))
	{
		if (dbaas_connection_settings(operation->conn)->wait == DBAAS_WAIT_NONE)
		{
			operation->outcome = psprintf("operation %s pending", operation->operation_id);
			operation->state = DBAAS_WRITE_APPLIED;
			operation->unfinished = true;
		}
		else
		{
			operation->state = DBAAS_WRITE_PENDING;
			dbaas_polls_schedule(&operation->polls);
		}
	}
	else
	{
		DbaasError *error = dbaas_error_new(ERRCODE_FDW_ERROR,
											"%s answered with an unexpected shape",
											dbaas_call_label(operation->call));

		error->detail = "The answer is no operation with an id and a known state.";
		fail_write(operation, DBAAS_WRITE_UNKNOWN, error, error->detail);
	}
}

/* The response is that of a write that starts no operation. */
static void
take_direct(DbaasOperation *operation, const DbaasJson *response)
{
	const char *id = dbaas_json_member_string(response, "id");

	keep_answer(operation, response);
	if (id)
		operation->reference_id = pstrdup(id);
	take_success(operation);
}

static void
take_response(DbaasOperation *operation)
{
	DbaasError *error = dbaas_call_error(operation->call);
	const DbaasJson *response = error ? NULL : dbaas_call_response(operation->call);

	if (operation->write.direct && dbaas_json_is(response, DBAAS_JSON_OBJECT) &&
		dbaas_json_member(response, "state") == NULL)
		take_direct(operation, response);
	else if (error == NULL)
		take_state(operation, response);
	else
		fail_write(operation,
				   dbaas_call_may_be_applied(operation->call) ? DBAAS_WRITE_UNKNOWN :
				   DBAAS_WRITE_FAILED,
				   error, error->detail ? error->detail : error->message);
}

static void
take_poll(DbaasOperation *operation)
{
	DbaasError *error = dbaas_call_error(operation->call);

	if (dbaas_polls_repeat(&operation->polls, operation->call))
		return;
	if (error == NULL)
		take_state(operation, dbaas_call_response(operation->call));
	else
		fail_write(operation, DBAAS_WRITE_UNKNOWN, error,
				   psprintf("operation %s could not be followed: %s",
							operation->operation_id, error->message));
}

/*
 * Does the list of a zone's services say that a service does not run yet?  One that
 * is powered off will not.  A service that the list lacks does not run yet if the
 * write creates it; otherwise it is in another zone, or was deleted.
 */
static bool
is_starting(const DbaasJson *list, const char *service, bool creates)
{
	const DbaasResource *services = dbaas_catalogue_services;
	const DbaasEndpoint *endpoint = &services->reads[0];
	DbaasRows  *rows = dbaas_rows_begin(endpoint->rows, endpoint->values, list);
	DbaasField *name = dbaas_rows_parse_field(services->columns[services->index.services[0]].field);
	DbaasField *state = dbaas_rows_parse_field(services->columns[services->index.state].field);
	char	   *problem;

	while (service && dbaas_rows_next(rows, &problem))
	{
		const DbaasJson *value;

		if (!dbaas_json_equals(dbaas_rows_field(rows, name), service))
			continue;
		value = dbaas_rows_field(rows, state);
		return dbaas_json_is(value, DBAAS_JSON_STRING) &&
			!dbaas_json_equals(value, DBAAS_STATE_RUNNING) &&
			!dbaas_json_equals(value, "poweroff");
	}
	return service && creates;
}

/*
 * If the write shows in the list of services, looks whether this one shows it, so that it
 * need not be read again.
 */
static void
look_up_in_services(DbaasOperation *operation, const DbaasJson *response)
{
	const DbaasListed *listed = &operation->write.listed;
	MemoryContext cxt;
	MemoryContext oldcxt;
	char	   *problem;

	if (listed->list == NULL ||
		strcmp(listed->path, dbaas_catalogue_services->reads[0].path) != 0)
		return;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw list", ALLOCSET_DEFAULT_SIZES);
	oldcxt = MemoryContextSwitchTo(cxt);
	if (dbaas_listed_agrees(listed, dbaas_listed_rows(listed, response, &problem),
							operation->reference_id))
		operation->listing = DBAAS_LISTING_OVER;
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(cxt);
}

static void
take_services(DbaasOperation *operation)
{
	DbaasError *error = dbaas_call_error(operation->call);
	const DbaasJson *response = error ? NULL : dbaas_call_response(operation->call);

	if (dbaas_polls_repeat(&operation->polls, operation->call))
		return;
	if (error)
		fail_write(operation, DBAAS_WRITE_APPLIED, error, "its service could not be followed");
	else if (is_starting(response, operation->write.services[0],
						 operation->write.creates_service) ||
			 is_starting(response, operation->write.services[1], false))
		dbaas_polls_schedule(&operation->polls);
	else
	{
		operation->state = DBAAS_WRITE_APPLIED;
		look_up_in_services(operation, response);
	}
}

bool
dbaas_operation_is_to_be_listed(const DbaasOperation *operation)
{
	return operation->state == DBAAS_WRITE_APPLIED && !operation->unfinished &&
		operation->error == NULL && operation->write.listed.list &&
		operation->listing == DBAAS_LISTING_NONE &&
		dbaas_connection_settings(operation->conn)->wait != DBAAS_WAIT_NONE;
}

void
dbaas_operation_set_listing(DbaasOperation *operation, DbaasListing listing)
{
	operation->listing = listing;
}
