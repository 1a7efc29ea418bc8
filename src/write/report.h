/*-------------------------------------------------------------------------
 *
 * report.h
 *		What became of each write of a transaction, in words.
 *
 * Knows which writes have been reported; sends nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_REPORT_H
#define DBAAS_REPORT_H

#include "nodes/pg_list.h"

#include "api/operation.h"

/* A write in the queue of its transaction. */
typedef struct DbaasQueued
{
	DbaasOperation *operation;
	int			level;			/* transaction nesting level */
	struct DbaasQueued *before; /* the last before it whose thing has the same
								 * hash, or NULL */
	int			sending;		/* the number of the dbaas_queue_send() that sent
								 * it, or 0 */
	bool		reported;		/* that it stands */
	bool		undone;			/* stands, though its savepoint was rolled back */
	char	   *sender;			/* for the server's log, while it owes a line on
								 * what became of the write; or NULL */
} DbaasQueued;

/* GUC dbaas_fdw.log_writes */
extern bool dbaas_log_writes;

/*
 * The server's log has a line for each write before it is sent, and one when it
 * is over.  The first needs a transaction that may look at the catalogs, and
 * leaves who sends it in the current memory context, which has to live as long
 * as the queue.  The second writes nothing without the first, or while the
 * write is under way; with given_up it is not followed any further.  No client
 * is told, and neither holds a body.
 */
extern void dbaas_report_sending(DbaasQueued *queued);
extern void dbaas_report_outcome(DbaasQueued *queued, bool given_up);

/*
 * Raises the ERROR of the write that failed, with the outcome of all, a list
 * of DbaasQueued, as its detail.
 */
pg_noreturn extern void dbaas_report_failure(List *queue, const DbaasOperation *failed);

/*
 * Adds the outcome of all writes to an error that came while they were under
 * way.
 */
extern void dbaas_report_interruption(List *queue, ErrorData *edata);

/* May what asked for the writes hold a secret, so that no log may show it? */
extern bool dbaas_report_any_secret(List *queue);

/* A line for each write that was queued, with its outcome. */
extern char *dbaas_report_list(List *queue);

/*
 * A WARNING that says which writes of a nesting level and those below it stand
 * although what asked for them is rolled back.  The error that ends a
 * transaction has said so; that which ends a subtransaction (min_level is not
 * 0) may have been caught, and is said again.
 */
extern void dbaas_report_standing(List *queue, int min_level);

#endif							/* DBAAS_REPORT_H */
