/*-------------------------------------------------------------------------
 *
 * async.c
 *		Asynchronous execution of a foreign scan under an Append.
 *
 * All requests of a backend share one descriptor, which is readable when any of
 * their sockets is.  So only one scan of an Append has to add it to the Append's
 * wait event set.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/execAsync.h"
#include "executor/instrument.h"

#include "api/call.h"
#include "api/progress.h"
#include "base/compat.h"
#include "scan/async.h"
#include "scan/scan.h"

/* Gives the Append a row or the end of the scan, or tells it to wait. */
static void
complete_request(AsyncRequest *areq)
{
	bool		pending;
	TupleTableSlot *slot = dbaas_scan_poll((ForeignScanState *) areq->requestee, &pending);

	if (pending)
		ExecAsyncRequestPending(areq);
	else
		ExecAsyncRequestDone(areq, TupIsNull(slot) ? NULL : slot);
}

/*
 * Can the Append only wait, and for scans of ours alone?  If a scan that it will ask
 * next cannot be told from one that has ended, it may be started later than it could.
 */
static bool
waits_for_ours(AppendState *append, const AsyncRequest *areq)
{
	int			i = -1;

	if (!append->as_syncdone)
		return false;
	while ((i = bms_next_member(append->as_valid_asyncplans, i)) >= 0)
	{
		AsyncRequest *other = append->as_asyncrequests[i];
		bool		ended = other->request_complete && TupIsNull(other->result);

		if (other != areq && !ended &&
			!(other->callback_pending && dbaas_scan_is_ours(other->requestee)))
			return false;
	}
	return true;
}

/* Tries a pending scan again.  Gives the Append what it has. */
static bool
try_again(AsyncRequest *areq)
{
	Instrumentation *instrument = areq->requestee->instrument;

	if (instrument)
		InstrStartNode(instrument);
	areq->callback_pending = false;
	complete_request(areq);
	if (instrument)
		InstrStopNode(instrument, TupIsNull(areq->result) ? 0.0 : 1.0);
	if (areq->callback_pending)
		return false;
	ExecAsyncResponse(areq);
	return true;
}

/* Tries all pending scans of the Append again.  Has any of them got on? */
static bool
try_all_again(AppendState *append, AsyncRequest *areq)
{
	bool		any = false;
	int			i = -1;

	while ((i = bms_next_member(append->as_valid_asyncplans, i)) >= 0)
	{
		AsyncRequest *other = append->as_asyncrequests[i];

		if (other != areq && other->callback_pending && try_again(other))
			any = true;
	}
	areq->callback_pending = false;
	complete_request(areq);
	return any || !areq->callback_pending;
}

/*
 * Where the Append has only scans of ours to wait for, this waits itself, until one has
 * a row or has ended: the Append would make a wait event set, and close it, each time.
 */
void
dbaasForeignAsyncRequest(AsyncRequest *areq)
{
	AppendState *append = (AppendState *) areq->requestor;

	complete_request(areq);
	if (!areq->callback_pending || !waits_for_ours(append, areq))
		return;
	while (!try_all_again(append, areq))
		dbaas_progress_wait(NULL, 0);
}

/* Has an earlier scan of ours added the descriptor to the Append's set this time? */
static bool
is_in_wait_set(AppendState *append, const AsyncRequest *areq)
{
	int			i = -1;

	while ((i = bms_next_member(append->as_asyncplans, i)) >= 0 && i < areq->request_index)
	{
		AsyncRequest *other = append->as_asyncrequests[i];

		if (other->callback_pending && dbaas_scan_is_ours(other->requestee))
			return true;
	}
	return false;
}

/*
 * The Append calls this for each pending scan before it waits.  A response may
 * have been read from its socket while another scan was served, and would not
 * wake the Append, so the scan is first tried again.
 */
void
dbaasForeignAsyncConfigureWait(AsyncRequest *areq)
{
	AppendState *append = (AppendState *) areq->requestor;
	int			descriptor;

	areq->callback_pending = false;
	complete_request(areq);
	if (!areq->callback_pending)
	{
		dbaas_call_wake();
		ExecAsyncResponse(areq);
		return;
	}

	/*
	 * Needed even if the descriptor is not added: it sets the timer of this
	 * scan too.
	 */
	descriptor = dbaas_call_descriptor(dbaas_progress_tell());
	if (!is_in_wait_set(append, areq))
		AddWaitEventToSet(append->as_eventset, WL_SOCKET_READABLE, descriptor, NULL, areq);
}

void
dbaasForeignAsyncNotify(AsyncRequest *areq)
{
	dbaas_call_perform();
	complete_request(areq);
}
