/*-------------------------------------------------------------------------
 *
 * modify.h
 *		INSERT, UPDATE and DELETE on foreign tables, as the executor calls them.
 *
 * Knows the executor and its slots.  write.h makes the write of a row, and queue.h sends
 * it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_MODIFY_H
#define DBAAS_MODIFY_H

#include "foreign/fdwapi.h"

/* GUC dbaas_fdw.write_mode: when writes are sent. */
typedef enum DbaasWriteMode
{
	DBAAS_WRITE_AT_COMMIT,
	DBAAS_WRITE_IMMEDIATE
} DbaasWriteMode;

extern int	dbaas_write_mode;

/* Callbacks of FdwRoutine; those of the planner are in modify_plan.h. */
extern void dbaasBeginForeignModify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
									List *fdw_private, int subplan_index, int eflags);
extern TupleTableSlot *dbaasExecForeignInsert(EState *estate, ResultRelInfo *rinfo,
											  TupleTableSlot *slot, TupleTableSlot *plan_slot);
extern TupleTableSlot *dbaasExecForeignUpdate(EState *estate, ResultRelInfo *rinfo,
											  TupleTableSlot *slot, TupleTableSlot *plan_slot);
extern TupleTableSlot *dbaasExecForeignDelete(EState *estate, ResultRelInfo *rinfo,
											  TupleTableSlot *slot, TupleTableSlot *plan_slot);
extern void dbaasEndForeignModify(EState *estate, ResultRelInfo *rinfo);
extern void dbaasBeginForeignInsert(ModifyTableState *mtstate, ResultRelInfo *rinfo);
extern void dbaasEndForeignInsert(EState *estate, ResultRelInfo *rinfo);
extern void dbaasExplainForeignModify(ModifyTableState *mtstate, ResultRelInfo *rinfo,
									  List *fdw_private, int subplan_index,
									  struct ExplainState *es);

#endif							/* DBAAS_MODIFY_H */
