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

void
dbaasForeignAsyncRequest(AsyncRequest *areq)
{
	complete_request(areq);
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
