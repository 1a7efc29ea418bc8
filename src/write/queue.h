/*-------------------------------------------------------------------------
 *
 * queue.h
 *		The writes of a transaction: queued, and sent when it commits.
 *
 * Knows transactions and the order of writes; knows no tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_QUEUE_H
#define DBAAS_QUEUE_H

#include "api/operation.h"

/* GUC dbaas_fdw.dry_run: nothing is sent while it is on. */
extern bool dbaas_dry_run;

/* Follows transactions from now on; called once, from _PG_init(). */
extern void dbaas_queue_init(void);

/*
 * How many times the transaction has sent its queue.  A row that is read from now on shows
 * the writes that were sent before, once their operations are over.
 */
extern int	dbaas_queue_send_count(void);

/*
 * Which writes to look for: those of one row, or of several.  They may have been queued
 * through another server or user mapping, if its key is the same.
 */
typedef struct DbaasQueueSpec
{
	DbaasConnection *conn;
	const char *zone;			/* NULL: in any zone */
	const char *base;			/* URL of the zone */
	const char *identity;		/* of the row */
	bool		below;			/* the identities of rows begin with it: find
								 * the writes of them all */
	int			read_after;		/* dbaas_queue_send_count() before the row was
								 * read */
	bool		dry_run;		/* also find writes of a dry run */
} DbaasQueueSpec;

/*
 * Finds the writes whose effect a row may not have shown when it was read: those that are
 * queued, those that were sent after it was read, and those whose operations the wrapper
 * did not wait for.  Returns a list of const DbaasWrite * in their order.  The writes
 * belong to the queue, the list to the current memory context.
 */
extern List *dbaas_queue_find(const DbaasQueueSpec *spec);

/*
 * Is what one of these writes changes still to be sent, or that of a dry run?  False if it
 * was sent, whether it has ended or not.
 */
extern bool dbaas_queue_waits(const DbaasWrite *write);

/*
 * Is one of these writes, as dbaas_queue_find() returns them, an UPDATE of the table by the
 * statement with that batch number?
 */
extern bool dbaas_queue_updates(const List *writes, int batch, Oid relid);

/*
 * Queues copies of the writes of a row, a list of DbaasWrite *, to be sent in that order
 * before the transaction commits.  Writes of a dry_run count for the limits, and are never
 * sent.  "read_after" is as in DbaasQueueSpec.  Returns false, and queues nothing, if the
 * transaction deletes the row, or if the statement has updated it.
 * Raises ERROR when an INSERT creates what the transaction creates or changes already
 * (23505), when the transaction would delete or update more services than its limit
 * allows (53400), or when there is no user mapping (28000).
 */
extern bool dbaas_queue_add(const List *writes, int read_after, bool dry_run);

/*
 * Sends all that is queued, and waits as the server's option "wait" says.  Raises the
 * ERROR of a write that failed, with the outcome of every write of the transaction as
 * its detail.
 */
extern void dbaas_queue_send(void);

/* A write that the end of the transaction would send, were it now. */
typedef struct DbaasPlanned
{
	const DbaasOperation *operation;
	int			level;			/* transaction nesting level */
	int			after;			/* the last of the plan's writes, from 1, that
								 * has to be over before it is sent; or 0 */
} DbaasPlanned;

/*
 * What the end of the transaction would send, and what it would but for dry_run, in the
 * order of sending: a list of DbaasPlanned * in the current memory context, which is valid
 * until the queue changes.  It is empty if the transaction will fail because a write has.
 */
extern List *dbaas_queue_plan(void);

/*
 * Adds the outcome of every write to an error that was raised after they were sent.  An
 * error about a value is one about what the API created for the last write: its message
 * says so, and its SQLSTATE becomes HV000.
 */
extern void dbaas_queue_add_outcomes(ErrorData *edata);

/* The write that was queued last, in the transaction's memory; NULL if there is none. */
extern const DbaasOperation *dbaas_queue_last(void);

#endif							/* DBAAS_QUEUE_H */
