/*-------------------------------------------------------------------------
 *
 * progress.c
 *		What a session waits for, told to its client while it waits.
 *
 * A NOTICE can be sent at any time, even between rows or COPY data.  Only a session of
 * a client gets one: other backends have nobody to read it.  Nothing is sent to a
 * client that is gone, since PostgreSQL would then end the session, and with it the
 * transaction whose writes are under way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/timestamp.h"

#include "api/progress.h"
#include "base/error.h"

int			dbaas_progress_interval = 10000;

static TimestampTz statement_start = 0; /* of the statement that waits */
static DbaasMoment wait_start;	/* when it first waited */
static DbaasMoment tell_at;
static int64 ended_before;		/* calls of the session, when it first waited */
static DbaasProgressText describe = NULL;

static bool
has_client(void)
{
	return dbaas_progress_interval > 0 && whereToSendOutput == DestRemote &&
		MyBackendType == B_BACKEND;
}

static bool
client_is_gone(void)
{
	return WaitEventSetCanReportClosed() && !pq_check_connection();
}

static void
start_clock(void)
{
	const char *label;
	int			in_flight;

	statement_start = GetCurrentStatementStartTimestamp();
	wait_start = dbaas_clock_now();
	tell_at = wait_start + (DbaasMoment) dbaas_progress_interval * 500;
	ended_before = dbaas_call_count(&in_flight, &label);
}

/* How far the reads are, or NULL when none is under way. */
static char *
reads_text(int seconds)
{
	const char *label;
	int			in_flight;
	int64		ended = dbaas_call_count(&in_flight, &label) - ended_before;

	if (label == NULL)
		return NULL;
	return psprintf("still reading, %d s: " INT64_FORMAT " %s done, %d in flight: %s%s",
					seconds, ended, ended == 1 ? "request" : "requests", in_flight,
					dbaas_error_excerpt(label, strlen(label), DBAAS_EXCERPT_BYTES),
					in_flight > 1 ? ", ..." : "");
}

DbaasMoment
dbaas_progress_tell(void)
{
	DbaasMoment now = dbaas_clock_now();
	int			seconds;
	char	   *text;

	if (!has_client())
		return 0;
	if (statement_start != GetCurrentStatementStartTimestamp())
		start_clock();
	if (now < tell_at)
		return tell_at;
	tell_at = now + (DbaasMoment) dbaas_progress_interval * 1000;
	seconds = (int) ((now - wait_start) / 1000000);
	text = describe ? describe(seconds) : reads_text(seconds);
	if (text && !client_is_gone())
		dbaas_error_notice(NOTICE,
						   (errmsg_internal("%s", dbaas_error_text_for_client(text)),
							errhidestmt(true), errhidecontext(true)));
	return tell_at;
}

void
dbaas_progress_wait(DbaasCounters *counters, DbaasMoment until)
{
	DbaasMoment told = dbaas_progress_tell();

	dbaas_call_wait(counters, until == 0 || (told != 0 && told < until) ? told : until);
}

void
dbaas_progress_describe(DbaasProgressText text)
{
	describe = text;
	start_clock();
}
