/*-------------------------------------------------------------------------
 *
 * drain.h
 *		The drain node: it reads its source to the end before it returns a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_DRAIN_H
#define DBAAS_DRAIN_H

#include "executor/execdesc.h"

/*
 * Puts a drain node below each ModifyTable of the plan that sends rows at once.  To
 * be called once, after ExecutorStart() and dbaas_lookahead_add().
 */
extern void dbaas_drain_add(QueryDesc *query);

#endif							/* DBAAS_DRAIN_H */
