/*-------------------------------------------------------------------------
 *
 * quiet.h
 *		What may be evaluated for rows that the query might never come to.
 *
 * Nobody notices when that has no effect, depends on nothing that changes
 * meanwhile, and cannot fail.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_QUIET_H
#define DBAAS_QUIET_H

#include "nodes/plannodes.h"

/*
 * Is it certain that the expression, or each of a List, cannot fail and holds
 * no volatile function?  Errs on the side of no.
 */
extern bool dbaas_quiet_expr(Node *expr);

/*
 * May rows of the plan be read before they are wanted?  With "all_wanted" they
 * are all read in the end, so that an error only comes earlier.  With
 * "limited" few may be, so that rows which cost requests are not read early.
 */
extern bool dbaas_quiet_plan(Plan *plan, const PlannedStmt *stmt, bool all_wanted,
							 bool limited);

/* The same of the rows that it makes its target list from. */
extern bool dbaas_quiet_source(Plan *plan, const PlannedStmt *stmt, bool all_wanted,
							   bool limited);

/* Does the node read all that is below it before it gives its first row? */
extern bool dbaas_reads_all_first(const Agg *plan);

/* Can any text of the database be turned into UTF-8? */
extern bool dbaas_quiet_encoding(void);

#endif							/* DBAAS_QUIET_H */
