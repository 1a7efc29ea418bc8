/*-------------------------------------------------------------------------
 *
 * speculative.h
 *		Decides what may be evaluated speculatively.
 *
 * An expression that the query might never evaluate may be evaluated all the same
 * if it has no side effects, is stable, and cannot fail.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SPECULATIVE_H
#define DBAAS_SPECULATIVE_H

#include "nodes/plannodes.h"

/*
 * May the expression, or each of a List, be evaluated speculatively?  False if it is not
 * certain.
 */
extern bool dbaas_speculative_expr(Node *expr);

/* How a statement reads the rows of a plan, apart from speculation. */
typedef struct DbaasReading
{
	const PlannedStmt *stmt;
	bool		completely;		/* to the end, before the statement returns a
								 * row: if reading ahead fails, the statement
								 * would have failed anyway */
	bool		may_stop;		/* perhaps not to the end: rows that cost
								 * requests must not be read ahead */
} DbaasReading;

/* May rows of the plan be read before they are needed? */
extern bool dbaas_speculative_plan(Plan *plan, const DbaasReading *reading);

/* The same without the plan's target list. */
extern bool dbaas_speculative_source(Plan *plan, const DbaasReading *reading);

/* Does the node read all rows below it before it returns its first row? */
extern bool dbaas_speculative_agg_reads_all(const Agg *plan);

/* Can any text of the database be converted to UTF-8, as requests need it? */
extern bool dbaas_speculative_encoding(void);

#endif							/* DBAAS_SPECULATIVE_H */
