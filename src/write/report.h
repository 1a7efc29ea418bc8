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
	struct DbaasQueued *follows;	/* of the same row and statement, and to
									 * be over before this one is sent; or
									 * NULL */
	struct DbaasQueued *sent_as;	/* of a write that is superseded: the
									 * later one that is sent in its place; or
									 * NULL */
	int			send_number;	/* of the dbaas_send_writes() that sent it; 0:
								 * not sent */
	bool		reported;		/* has a report said that it was sent? */
	bool		undone;			/* was sent in a savepoint that was rolled
								 * back */
	char	   *sender;			/* who sent it, as the log says; NULL before
								 * the first line of dbaas_report_sending()
								 * and after that of dbaas_report_outcome() */
} DbaasQueued;

/* GUC dbaas_fdw.log_writes */
extern bool dbaas_log_writes;

/*
 * A name, as a line of the log has it: dbaas_error_name(), in double quotes if it has more
 * than letters, digits and some marks, so that it cannot be taken for other parts of the
 * line.  In the current memory context.
 */
extern const char *dbaas_report_name(const char *name);

/*
 * Who asks the API for something, as the log says: "alice on server exoscale in transaction
 * 3/17 (xid 745)"; palloc'd.  Reads catalogs.
 */
extern char *dbaas_report_sender(Oid serverid, Oid userid);

/*
 * Writes a line to the server's log, but not to the client, before a write is sent.  The
 * line shows no body.  Reads catalogs.  Stores the sender in the current memory context,
 * which has to live as long as the queue.
 */
extern void dbaas_report_sending(DbaasQueued *queued);

/*
 * Writes such a line with the outcome, if dbaas_report_sending() has written one and the
 * write is over or "given_up".
 */
extern void dbaas_report_outcome(DbaasQueued *queued, bool given_up);

/*
 * Raises the ERROR of the write that failed, with the outcome of all writes of the queue,
 * a list of DbaasQueued *, as its detail.
 */
pg_noreturn extern void dbaas_report_failure(List *queue, const DbaasOperation *failed);

/* Adds the outcome of all writes to the detail of an error; it shows no secret. */
extern void dbaas_report_add_outcomes(List *queue, ErrorData *edata);

/*
 * A line for each write of the queue, except those of a dry run and those that later ones
 * are sent in the place of, with its outcome;
 * palloc'd, or NULL.  Marks these writes as reported.
 */
extern char *dbaas_report_list(List *queue);

/*
 * At the rollback of a nesting level: gives a WARNING about the writes of that level and
 * those inside it that were sent, because the rollback does not undo them.  Leaves out, at
 * the end of the transaction (min_level 0), those that the error which ended it has
 * reported.  At the end of a subtransaction that error may have been caught, so they are
 * reported again.
 */
extern void dbaas_report_rollback(List *queue, int min_level);

#endif							/* DBAAS_REPORT_H */
