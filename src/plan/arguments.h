/*-------------------------------------------------------------------------
 *
 * arguments.h
 *		What a run of a scan asks for: the values of a plan's expressions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ARGUMENTS_H
#define DBAAS_ARGUMENTS_H

#include "nodes/execnodes.h"

#include "plan/pushdown.h"
#include "read/target.h"
#include "tables/table.h"

/* The expressions of a ForeignScan, ready to be evaluated. */
typedef struct DbaasExprs DbaasExprs;

/* Their values. */
typedef struct DbaasArguments
{
	DbaasKey   *keys;			/* by catalogue column */
	bool		nothing;		/* no row can be wanted */
	bool		bounded;
	TimestampTz since;			/* if bounded: no rows before it are wanted */
	int64		limit;			/* rows wanted of each target; -1: all */
	char	   *text;			/* all of it, to compare */
} DbaasArguments;

/*
 * Makes the expressions of the node's plan, whose fdw_private is as plan.h says,
 * ready, in the current memory context.
 */
extern DbaasExprs *dbaas_exprs_init(ForeignScanState *node);

/*
 * The same for what conditions push without a plan, such as those of a partition's
 * bound.
 */
extern DbaasExprs *dbaas_exprs_of_conditions(const DbaasPushed *pushed);

/*
 * Evaluates them, in the current memory context.  Raises what they raise; serves
 * interrupts.
 */
extern void dbaas_arguments_take(DbaasExprs *exprs, const DbaasTable *table,
								 ExprContext *econtext, DbaasArguments *arguments);

/* Can they yield a row, and be asked for? */
extern bool dbaas_arguments_can_yield(const DbaasTable *table, const DbaasArguments *arguments);

/* Raises HV00L where a key is not given that has to be, since nothing lists it. */
extern void dbaas_arguments_check(const DbaasTable *table, const DbaasArguments *arguments);

#endif							/* DBAAS_ARGUMENTS_H */
