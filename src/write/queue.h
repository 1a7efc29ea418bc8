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
 * A number for the writes of one statement.  Those of different things are sent
 * concurrently, those of one thing in their order.
 */
extern int	dbaas_queue_new_batch(void);

/*
 * How often the transaction has sent writes: what a statement reads from now on
 * shows them.
 */
extern int	dbaas_queue_sendings(void);

/*
 * Which writes to look at: those of a thing that a connection shows, by whichever
 * server and user mapping.
 */
typedef struct DbaasQueueSpec
{
	DbaasConnection *conn;
	const char *zone;			/* and URL of the zone; NULL: of any */
	const char *base;
	const char *thing;
	int			read_after;		/* dbaas_queue_sendings() before the thing was read */
	bool		dry_run;		/* those of a dry run as well */
} DbaasQueueSpec;

/*
 * The writes that what was read does not show for certain: those that are queued,
 * those that were sent since, and those whose end was not waited for.  Returns a
 * list of const DbaasWrite * in their order.  The writes belong to the queue, the
 * list to the current memory context.
 */
extern List *dbaas_queue_find(const DbaasQueueSpec *spec);

/* Is one of those writes an UPDATE of the table by the statement of that batch? */
extern bool dbaas_queue_updates(const List *writes, int batch, Oid relid);

/*
 * Queues a copy of a write, to be sent before the transaction commits; in a
 * dry run it only counts, and is never sent.  "read_after" is as above.  Returns
 * false, and queues nothing, when there is no such row any more, since the
 * transaction is to delete it, or when the statement updates it for the second
 * time.  Raises ERROR when an INSERT makes what the transaction makes or changes
 * already (23505), when the transaction would delete or update more services than
 * its limit allows (53400), or when there is no user mapping (28000).
 */
extern bool dbaas_queue_add(const DbaasWrite *write, int read_after, bool dry_run);

/*
 * Sends all that is queued, and waits as the server's option "wait" says.
 * Raises the ERROR of a write that failed, with the outcome of every write of
 * the transaction as its detail.
 */
extern void dbaas_queue_send(void);

/*
 * Adds to an error that comes after writes were sent what became of all of
 * them; one of a value that the last of them answered says so.
 */
extern void dbaas_queue_explain(ErrorData *edata);

/*
 * Of the write that was queued last, in the transaction's memory: the
 * reference.id of its operation, NULL when the API named none; and its zone.
 */
extern const char *dbaas_queue_last_reference(void);
extern const char *dbaas_queue_last_zone(void);

#endif							/* DBAAS_QUEUE_H */
