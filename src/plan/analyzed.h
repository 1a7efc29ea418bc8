/*-------------------------------------------------------------------------
 *
 * analyzed.h
 *		What ANALYZE has counted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ANALYZED_H
#define DBAAS_ANALYZED_H

#include "plan/relation.h"

/*
 * The number of the table's parents in all zones together, by the ANALYZE of a table of the
 * parents on the same server, or else of the table itself; -1 if neither was analyzed, or the
 * table has no parents.  For a table that is read from the list of services, it is the number
 * of these.
 */
extern double dbaas_analyzed_parents(PlannerInfo *root, const DbaasRelationInfo *info);

#endif							/* DBAAS_ANALYZED_H */
