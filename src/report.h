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
#include "operation.h"

/* A write in the queue of its transaction. */
typedef struct DbaasQueued
{
	DbaasOperation *operation;
	int			batch;
	int			level;			/* transaction nesting level */
	bool		reported;		/* that it stands */
	bool		undone;			/* stands, though its savepoint was rolled back */
} DbaasQueued;

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
