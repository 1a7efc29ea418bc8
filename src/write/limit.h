/*-------------------------------------------------------------------------
 *
 * limit.h
 *		How many services a transaction may delete or update.
 *
 * Knows the writes of a queue; knows neither when they are sent nor transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_LIMIT_H
#define DBAAS_LIMIT_H

#include "nodes/pg_list.h"

#include "api/operation.h"

/* GUCs dbaas_fdw.delete_limit and dbaas_fdw.update_limit; -1 means no limit. */
extern int	dbaas_delete_limit;
extern int	dbaas_update_limit;

/*
 * Raises ERROR (53400) if the queue, a list of DbaasQueued *, and this write, whose
 * "counts" is set, would together delete or update more services, or whatever "counts"
 * names, than the limit of the command allows.  Actions count as updates, and their services
 * are counted.  Writes of a dry run are counted by themselves.
 */
extern void dbaas_limit_check(List *queue, const DbaasWrite *write, bool dry_run);

#endif							/* DBAAS_LIMIT_H */
