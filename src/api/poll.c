/*-------------------------------------------------------------------------
 *
 * poll.c
 *		When to poll next, and whether a failed poll ends the polling.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api/poll.h"

/*
 * Pauses between polls: short at first, then those of the vendor's client for an
 * operation, which are 3 s up to 30 s and grow to 60 s at 15 min.
 */
#define FIRST_POLL_MS 200.0
#define POLL_GROWTH 1.5
#define STEADY_POLL_MS 3000.0
#define STEADY_UNTIL_S 30.0
#define SLOWEST_POLL_MS 60000.0
#define SLOWEST_AT_S 900.0

/* The polling fails after this many failed polls in a row, as in the vendor's client. */
#define MAX_POLL_ERRORS 5

void
dbaas_polls_begin(DbaasPolls *polls, DbaasMoment since)
{
	polls->since = since;
	polls->next_at = dbaas_clock_now();
	polls->pause_ms = FIRST_POLL_MS;
	polls->errors = 0;
}

void
dbaas_polls_schedule(DbaasPolls *polls)
{
	DbaasMoment now = dbaas_clock_now();
	double		elapsed = (now - polls->since) / 1e6;

	polls->next_at = now + (DbaasMoment) (polls->pause_ms * 1000);
	if (elapsed < STEADY_UNTIL_S)
		polls->pause_ms = Min(polls->pause_ms * POLL_GROWTH, STEADY_POLL_MS);
	else
		polls->pause_ms = STEADY_POLL_MS + (SLOWEST_POLL_MS - STEADY_POLL_MS) *
			Min((elapsed - STEADY_UNTIL_S) / (SLOWEST_AT_S - STEADY_UNTIL_S), 1.0);
}

bool
dbaas_polls_repeat(DbaasPolls *polls, const DbaasCall *call)
{
	const DbaasError *error = dbaas_call_error(call);

	if (error == NULL)
	{
		polls->errors = 0;
		return false;
	}
	if (error->sqlerrcode == ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION ||
		error->sqlerrcode == ERRCODE_INSUFFICIENT_RESOURCES)
		;						/* not counted */
	else if (error->sqlerrcode == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION ||
			 dbaas_call_status(call) == 404 ||
			 ++polls->errors >= MAX_POLL_ERRORS)
		return false;
	dbaas_polls_schedule(polls);
	return true;
}
