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

/* GUCs dbaas_fdw.delete_limit and dbaas_fdw.update_limit; -1 is none. */
extern int	dbaas_delete_limit;
extern int	dbaas_update_limit;

/* GUC dbaas_fdw.dry_run: nothing is sent while it is on. */
extern bool dbaas_dry_run;

/* Follows transactions from now on; called once, from _PG_init(). */
extern void dbaas_queue_init(void);

/*
 * How often the transaction has sent writes so far: what is read from now on shows those,
 * once their operations are over.
 */
extern int	dbaas_queue_sendings(void);

/*
 * Which writes to look for: those of one row, by whichever server and user mapping with
 * the same key.
 */
typedef struct DbaasQueueSpec
{
	DbaasConnection *conn;
	const char *zone;			/* NULL: in any zone */
	const char *base;			/* URL of the zone */
	const char *identity;		/* of the row */
	int			read_after;		/* dbaas_queue_sendings() before the row was
								 * read */
	bool		dry_run;		/* find those of a dry run too */
} DbaasQueueSpec;

/*
 * The writes that the row that was read may not show: those that are queued, those that
 * were sent since, and those whose end was not waited for.  Returns a list of const
 * DbaasWrite * in their order.  The writes belong to the queue, the list to the current
 * memory context.
 */
extern List *dbaas_queue_find(const DbaasQueueSpec *spec);

/* Is one of those writes an UPDATE of the table by the statement of that batch? */
extern bool dbaas_queue_updates(const List *writes, int batch, Oid relid);

/*
 * Queues a copy of a write, to be sent before the transaction commits; with dry_run it
 * only counts, and is never sent.  "read_after" is as above.  Returns false, and queues
 * nothing, if the transaction deletes the row, or if the statement has updated it.
 * Raises ERROR when an INSERT creates what the transaction creates or changes already
 * (23505), when the transaction would delete or update more services than its limit
 * allows (53400), or when there is no user mapping (28000).
 */
extern bool dbaas_queue_add(const DbaasWrite *write, int read_after, bool dry_run);

/*
 * Sends all that is queued, and waits as the server's option "wait" says.  Raises the
 * ERROR of a write that failed, with the outcome of every write of the transaction as
 * its detail.
 */
extern void dbaas_queue_send(void);

/*
 * Adds the outcome of every write to an error that comes after they were sent.  If the
 * error is about a value, that value came back from the last write, and the message says
 * so.
 */
extern void dbaas_queue_explain(ErrorData *edata);

/*
 * The reference.id of the operation of the write that was queued last, or NULL; and the
 * zone of that write.  In the transaction's memory.
 */
extern const char *dbaas_queue_last_reference(void);
extern const char *dbaas_queue_last_zone(void);

#endif							/* DBAAS_QUEUE_H */
