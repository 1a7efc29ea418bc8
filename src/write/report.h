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
	struct DbaasQueued *previous;	/* the last before it whose identity has
									 * the same hash, or NULL */
	int			sending;		/* number of the dbaas_send_writes() that sent
								 * it; 0: not sent */
	bool		reported;		/* has a report said that it was sent? */
	bool		undone;			/* was sent in a savepoint that was rolled
								 * back */
	char	   *sender;			/* who sent it, for the line of the server's
								 * log that is still to come; or NULL */
} DbaasQueued;

/* GUC dbaas_fdw.log_writes */
extern bool dbaas_log_writes;

/*
 * Write a line to the server's log before a write is sent, and one when it is over.  The
 * first reads catalogs, and keeps the sender in the current memory context, which has to
 * live as long as the queue.  The second does nothing while the write is under way,
 * unless it is given up, and nothing if the first was not written.  Clients do not get
 * these lines, and they show no body.
 */
extern void dbaas_report_sending(DbaasQueued *queued);
extern void dbaas_report_outcome(DbaasQueued *queued, bool given_up);

/*
 * Raises the ERROR of the write that failed, with the outcome of all writes of the queue,
 * a list of DbaasQueued *, as its detail.
 */
pg_noreturn extern void dbaas_report_failure(List *queue, const DbaasOperation *failed);

/* Adds the outcome of all writes to an error that came while they were under way. */
extern void dbaas_report_interruption(List *queue, ErrorData *edata);

/* Has a write of the queue a secret, so that no log may show the statement? */
extern bool dbaas_report_any_secret(List *queue);

/* A line for each write of the queue, with its outcome; NULL for none.  Marks them reported. */
extern char *dbaas_report_list(List *queue);

/*
 * Gives a WARNING about writes, of a nesting level and those inside it, that were sent and
 * that the rollback does not undo.  At the end of a transaction (min_level 0), the error
 * that ended it may have reported some: these are left out.  At the end of a
 * subtransaction that error may have been caught, so they are reported again.
 */
extern void dbaas_report_standing(List *queue, int min_level);

#endif							/* DBAAS_REPORT_H */
