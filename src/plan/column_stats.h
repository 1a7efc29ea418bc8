/*-------------------------------------------------------------------------
 *
 * column_stats.h
 *		Statistics of columns that need no ANALYZE.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_COLUMN_STATS_H
#define DBAAS_COLUMN_STATS_H

/* Lets the planner use them.  Called once, from _PG_init(). */
extern void dbaas_column_stats_init(void);

#endif							/* DBAAS_COLUMN_STATS_H */
