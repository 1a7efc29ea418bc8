/*-------------------------------------------------------------------------
 *
 * source_plan.h
 *		The rows, beside the one that it writes, that an UPDATE computes values from.
 *
 * They are those of its FROM, such as UPDATE t SET a = s.a FROM s, also inside of subqueries
 * and WITH.  Conditions are left out, and so are subqueries that are values, and what functions
 * read: these see what the API says.
 *
 * Knows the planner's trees; knows neither the catalogue nor what is queued.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SOURCE_PLAN_H
#define DBAAS_SOURCE_PLAN_H

#include "nodes/pathnodes.h"

/* A foreign table whose rows are read. */
typedef struct DbaasSource
{
	Oid			relid;
	Oid			userid;			/* as whom they are read, or InvalidOid for
								 * the one who runs the statement */
	const Var  *var;			/* one that reads it, where each row of the
								 * plan has a row of it; or NULL */
	Bitmapset  *attributes;		/* that are read; 0 is the row as a whole */
} DbaasSource;

/*
 * The sources of the values that the UPDATE sets, in root->processed_tlist: a list of
 * DbaasSource * in the current memory context.  "counts" says which foreign tables count.
 */
extern List *dbaas_source_plan(PlannerInfo *root, bool (*counts) (Oid relid));

#endif							/* DBAAS_SOURCE_PLAN_H */
