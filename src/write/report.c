/*-------------------------------------------------------------------------
 *
 * report.c
 *		What became of each write of a transaction, in words.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"

#include "write/report.h"

/* Bytes of a request that a line of the server's log shows. */
#define MAX_LOGGED_LABEL 1000

/* Bytes of an outcome, which may have an excerpt of the response, in such a line. */
#define MAX_LOGGED_OUTCOME (2 * DBAAS_EXCERPT_BYTES)

bool		dbaas_log_writes = true;

/* How far a write has come, in words. */
static const char *
outcome_text(const DbaasOperation *operation)
{
	switch (operation->state)
	{
		case DBAAS_WRITE_QUEUED:
		case DBAAS_WRITE_DRY:
		case DBAAS_WRITE_SUPERSEDED:
			return "not sent";
		case DBAAS_WRITE_SENT:
			return "unknown: sent, not answered";
		case DBAAS_WRITE_PENDING:
			return psprintf("unknown: operation %s was still pending", operation->operation_id);
		case DBAAS_WRITE_STARTING:
			return "applied, not yet running";
		case DBAAS_WRITE_APPLIED:
			if (operation->outcome)
				return psprintf("applied, %s", operation->outcome);
			return operation->listing == DBAAS_LISTING_AWAITED ||
				operation->listing == DBAAS_LISTING_MISSED ? "applied, not yet listed" : "applied";
		case DBAAS_WRITE_FAILED:
			return psprintf("failed: %s", operation->outcome);
		case DBAAS_WRITE_UNKNOWN:
			return psprintf("unknown: %s", operation->outcome);
	}
	pg_unreachable();
}

const char *
dbaas_report_name(const char *name)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@";
	const char *shown = dbaas_error_name(name);
	StringInfoData out;

	if (*shown && shown[strspn(shown, plain)] == '\0')
		return shown;
	initStringInfo(&out);
	appendStringInfoChar(&out, '"');
	for (const char *p = shown; *p; p++)
	{
		if (*p == '"')
			appendStringInfoChar(&out, '"');
		appendStringInfoChar(&out, *p);
	}
	appendStringInfoChar(&out, '"');
	return out.data;
}

/* Is the name one of those that were filled into the path, as it is? */
static bool
is_in_path(const DbaasWrite *write, const char *name)
{
	const char *path = strchr(write->path, '/');
	const char *template = strchr(write->path_template, '/');
	size_t		len = strlen(name);

	while (path && template)
	{
		path++;
		template++;
		if (*template == '{' && strncmp(path, name, len) == 0 &&
			(path[len] == '/' || path[len] == '\0'))
			return true;
		path = strchr(path, '/');
		template = strchr(template, '/');
	}
	return false;
}

/* Appends a name, unless it is NULL or in the path. */
static void
add_name(StringInfo out, const DbaasWrite *write, const char *name)
{
	if (name && !is_in_path(write, name))
		appendStringInfo(out, "%s%s", out->len ? ", " : " (", dbaas_error_name(name));
}

/* Names that belong to the write and are not in its path: " (pg-1, thanos-1)"; or "". */
static char *
names_text(const DbaasWrite *write)
{
	StringInfoData out;

	initStringInfo(&out);
	for (size_t i = 0; i < lengthof(write->services); i++)
		add_name(&out, write, write->services[i]);
	if (write->created_name &&
		!(write->services[0] && strcmp(write->created_name, write->services[0]) == 0))
		add_name(&out, write, write->created_name);
	if (out.len)
		appendStringInfoChar(&out, ')');
	return out.data;
}

char *
dbaas_report_sender(Oid serverid, Oid userid)
{
	ForeignServer *server = GetForeignServerExtended(serverid, FSV_MISSING_OK);
	Oid			session = GetSessionUserId();
	char	   *user = GetUserNameFromId(userid, true);
	char	   *session_user = session == userid ? NULL : GetUserNameFromId(session, true);
	TransactionId xid = GetTopTransactionIdIfAny();
	int			proc_number;
	LocalTransactionId local_id;
	StringInfoData out;

	dbaas_virtual_transaction(&proc_number, &local_id);
	initStringInfo(&out);
	appendStringInfoString(&out, user ? dbaas_report_name(user) : "?");
	if (session_user)
		appendStringInfo(&out, " (session user %s)", dbaas_report_name(session_user));
	appendStringInfo(&out, " on server %s in transaction %d/%u",
					 server ? dbaas_report_name(server->servername) : "?", proc_number, local_id);
	if (TransactionIdIsValid(xid))
		appendStringInfo(&out, " (xid %u)", xid);
	return out.data;
}

/*
 * Writes a line to the server's log, but not to the client; without the statement, which
 * may hold a secret.
 */
static void
log_line(const DbaasWrite *write, const char *outcome, const char *sender)
{
	char	   *label = dbaas_operation_label(write);

	ereport(LOG_SERVER_ONLY,
			(errmsg_internal("dbaas_fdw write: %s%s: %s, by %s",
							 dbaas_error_excerpt(label, strlen(label), MAX_LOGGED_LABEL),
							 names_text(write),
							 dbaas_error_excerpt(outcome, strlen(outcome), MAX_LOGGED_OUTCOME),
							 sender),
			 errhidestmt(true), errhidecontext(true)));
}

void
dbaas_report_sending(DbaasQueued *queued)
{
	const DbaasWrite *write = &queued->operation->write;

	if (!dbaas_log_writes)
		return;
	queued->sender = dbaas_report_sender(write->serverid, write->userid);
	log_line(write, "sending", queued->sender);
}

void
dbaas_report_outcome(DbaasQueued *queued, bool given_up)
{
	char	   *sender = queued->sender;

	if (sender == NULL || (!given_up && dbaas_operation_under_way(queued->operation)))
		return;

	/*
	 * First of all, because an interrupt may end ereport() after it has
	 * written the line.
	 */
	queued->sender = NULL;
	log_line(&queued->operation->write, outcome_text(queued->operation), sender);
}

/* Appends a line about a write. */
static void
append_write(StringInfo out, DbaasQueued *queued)
{
	const DbaasOperation *operation = queued->operation;

	queued->reported = true;
	appendStringInfo(out, "%s%s%s: %s%s", out->len ? "\n" : "",
					 dbaas_operation_label(&operation->write), names_text(&operation->write),
					 outcome_text(operation),
					 queued->undone ? ", in a savepoint that was rolled back" : "");
}

char *
dbaas_report_list(List *queue)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, queue)
	{
		DbaasQueued *queued = lfirst(lc);

		if (queued->operation->state != DBAAS_WRITE_DRY &&
			queued->operation->state != DBAAS_WRITE_SUPERSEDED)
			append_write(&out, queued);
	}
	return out.len ? out.data : NULL;
}

/* Does the WARNING at the rollback of that nesting level have to name the write? */
static bool
must_report(const DbaasQueued *queued, int min_level)
{
	if (queued->level < min_level || queued->operation->state == DBAAS_WRITE_DRY ||
		!dbaas_operation_may_be_applied(queued->operation))
		return false;
	if (!queued->reported)
		return true;
	return min_level > 0 && !queued->undone;
}

void
dbaas_report_rollback(List *queue, int min_level)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, queue)
	{
		if (must_report(lfirst(lc), min_level))
			append_write(&out, lfirst(lc));
	}
	if (out.len == 0)
		return;
	dbaas_error_notice(WARNING,
					   (errcode(ERRCODE_WARNING),
						errmsg("writes that were sent to the API are not undone by the rollback"),
						errdetail_internal("%s", dbaas_error_text_for_client(out.data))));
}

void
dbaas_report_failure(List *queue, const DbaasOperation *failed)
{
	DbaasError	report = *failed->error;

	report.relid = failed->write.relid;
	report.detail = psprintf("%s%sWrites of this transaction:\n%s",
							 report.detail ? report.detail : "", report.detail ? "\n" : "",
							 dbaas_report_list(queue));
	dbaas_error_raise_always(&report);
}

void
dbaas_report_add_outcomes(List *queue, ErrorData *edata)
{
	edata->detail = psprintf("%s%sWrites of this transaction:\n%s",
							 edata->detail ? edata->detail : "",
							 edata->detail ? "\n" : "", dbaas_report_list(queue));
	dbaas_error_data_for_client(edata);
}
