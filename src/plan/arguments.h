/*-------------------------------------------------------------------------
 *
 * arguments.h
 *		The arguments of a run of a scan: the values of its expressions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ARGUMENTS_H
#define DBAAS_ARGUMENTS_H

#include "nodes/execnodes.h"

#include "plan/pushdown.h"
#include "read/read.h"
#include "tables/table.h"

/* The expressions that give a scan its keys, bounds and LIMIT, initialized. */
typedef struct DbaasArgumentExprs DbaasArgumentExprs;

/* Their values. */
typedef struct DbaasArguments
{
	DbaasKey   *keys;			/* by catalogue column */
	bool		nothing;		/* no row is within the bounds, since one is
								 * NULL or none are left between them */
	bool		has_since;
	bool		has_until;
	TimestampTz since;			/* rows before this are not wanted */
	TimestampTz until;			/* rows after this are not wanted */
	const char *span;			/* of a series, as the lower bound chooses it:
								 * one of the catalogue's values; or NULL */
	int64		limit;			/* rows wanted of each target; -1: all */
	char	   *text;			/* all of these; the same for equal arguments */
} DbaasArguments;

/*
 * Initializes the expressions of the node's plan, whose fdw_private is as plan.h
 * says, in the current memory context.
 */
extern DbaasArgumentExprs *dbaas_arguments_init(ForeignScanState *node);

/*
 * Initializes the expressions of conditions that belong to no plan, such as the
 * bound of a partition.
 */
extern DbaasArgumentExprs *dbaas_arguments_init_pushed(const DbaasPushed *pushed);

/*
 * Evaluates the expressions, and fills in *arguments, in the current memory context.
 * Raises what the expressions raise; serves interrupts.
 */
extern void dbaas_arguments_evaluate(DbaasArgumentExprs *exprs, const DbaasTable *table,
									 ExprContext *econtext, DbaasArguments *arguments);

/*
 * The span that the lower bounds choose for the series that the node scans, if they can be
 * evaluated without running the plan; else, and if there are none, NULL.  Raises what the
 * expressions raise.
 */
extern const char *dbaas_arguments_planned_span(DbaasArgumentExprs *exprs,
												const DbaasTable *table,
												const ForeignScanState *node);

/* Sets the keys, bounds and limit of a read, which must not outlive the arguments. */
extern void dbaas_arguments_set_read(const DbaasArguments *arguments, DbaasRead *read);

/* Can a scan with these arguments return a row, and are all required keys given? */
extern bool dbaas_arguments_can_yield(const DbaasTable *table, const DbaasArguments *arguments);

/* Raises ERROR (HV00L) if a key is missing that the API has no list of. */
extern void dbaas_arguments_check(const DbaasTable *table, const DbaasArguments *arguments);

#endif							/* DBAAS_ARGUMENTS_H */
