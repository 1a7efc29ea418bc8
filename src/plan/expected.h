/*-------------------------------------------------------------------------
 *
 * expected.h
 *		How many requests the scans of a statement are expected to send.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_EXPECTED_H
#define DBAAS_EXPECTED_H

#include "executor/executor.h"
#include "nodes/plannodes.h"

/*
 * The requests that a run of a scan of ours is expected to send, for EXPLAIN.  What several
 * scans of the statement share is counted in the first of them only, so that the sum over the
 * plan is what is sent.
 */
extern double dbaas_expected_requests(EState *estate, const ForeignScan *plan);

#endif							/* DBAAS_EXPECTED_H */
