/*-------------------------------------------------------------------------
 *
 * attributes.h
 *		Which attributes of its table a scan has to decode or compute.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ATTRIBUTES_H
#define DBAAS_ATTRIBUTES_H

#include "nodes/pathnodes.h"

#include "tables/table.h"

/*
 * The numbers of the attributes that a scan with these conditions has to decode or compute:
 * an integer List, palloc'd.  *unused becomes a List of those of them that no expression of
 * the query uses: the planner needs them only for the whole row that it adds for UPDATE,
 * DELETE and row locks.
 */
extern List *dbaas_attributes_find(PlannerInfo *root, const RelOptInfo *baserel,
								   const DbaasTable *table, List *scan_clauses, List **unused);

/*
 * The catalogue columns whose values the query needs of the rows of a base relation: those that
 * its expressions use, and those that it updates, since an UPDATE compares them with what was
 * there.
 */
extern Bitmapset *dbaas_attributes_needed(PlannerInfo *root, RelOptInfo *baserel,
										  const DbaasTable *table);

#endif							/* DBAAS_ATTRIBUTES_H */
