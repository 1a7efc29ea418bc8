/*-------------------------------------------------------------------------
 *
 * relation.h
 *		What the planner knows of a foreign table in a query.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_RELATION_H
#define DBAAS_RELATION_H

#include "nodes/pathnodes.h"

#include "tables/table.h"

/* baserel->fdw_private. */
typedef struct DbaasRelationInfo
{
	Index		relid;			/* in the query's range table */
	DbaasTable *table;
	Bitmapset  *needed;			/* catalogue columns that the query needs of
								 * its rows */
	const DbaasEndpoint *unkeyed;	/* what a scan without keys reads */
	bool		async_capable;
	Bitmapset  *joined_keys;	/* catalogue columns that joins give values */
	bool		bounds_choose_span; /* it is a series, and the conditions on
									 * it alone give no span */
	List	   *span_outers;	/* Relids: of each bound that joins give the
								 * time of such a series, the relations that
								 * it depends on */

	/* for estimates */
	const char *server;
	double		request_cost;	/* of a round trip */
	double		tuple_cost;
	double		concurrency;	/* requests that may be in flight at once */
	double		response_rows;	/* by ANALYZE's count; -1: not analyzed */
	double		analyzed_parents;	/* by ANALYZE's count, in all zones; -1:
									 * not analyzed */
	double		row_margin;		/* how many times more rows it may have than
								 * is expected; 1: their number is known */

	bool		tuples_known;	/* is baserel->tuples more than a guess? */

	/* What a scan reads of one target, all its pages, as the query limits it */
	double		read_rows;
	double		read_share;		/* the part that these are of all its rows */
	const char *span;			/* how far back a series of measurements goes,
								 * as its parameter says; or NULL */
} DbaasRelationInfo;

#endif							/* DBAAS_RELATION_H */
