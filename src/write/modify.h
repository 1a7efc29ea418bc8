/*-------------------------------------------------------------------------
 *
 * modify.h
 *		INSERT, UPDATE and DELETE on foreign tables.
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

/* Callbacks of FdwRoutine. */
extern int	dbaasIsForeignRelUpdatable(Relation rel);
extern void dbaasAddForeignUpdateTargets(PlannerInfo *root, Index rtindex,
										 RangeTblEntry *target_rte, Relation target_relation);
extern List *dbaasPlanForeignModify(PlannerInfo *root, ModifyTable *plan,
									Index result_relation, int subplan_index);
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
