/*-------------------------------------------------------------------------
 *
 * listed.h
 *		Whether a list shows what a write has made, and lacks what it has deleted.
 *
 * Knows responses; sends no request.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_LISTED_H
#define DBAAS_LISTED_H

#include "nodes/pg_list.h"

#include "base/json.h"
#include "base/set.h"
#include "tables/catalogue.h"

/* Where a write shows. */
typedef struct DbaasListed
{
	const DbaasEndpoint *list;	/* its rows show what the write makes, or
								 * deletes; NULL: there is none */
	const char *path;			/* of the list, percent-encoded */
	List	   *columns;		/* const DbaasColumn *: they tell the row from
								 * others of the list */
	List	   *values;			/* char *: of these columns; NIL: the id that
								 * the operation refers to */
	bool		vanishes;		/* the write deletes it */
} DbaasListed;

/*
 * The rows of a response of the list, as far as the columns tell them apart, in the
 * current memory context.  *problem becomes NULL, or says how the response differs from a
 * list.
 */
extern DbaasSet *dbaas_listed_rows(const DbaasListed *listed, const DbaasJson *response,
								   char **problem);

/* Are the rows for one of them those for the other, too? */
extern bool dbaas_listed_share(const DbaasListed *one, const DbaasListed *other);

/*
 * Do these rows have the one that was written, or lack it if it vanishes?  "reference" is
 * the id that the operation refers to, or NULL.  True if it is not known which row that
 * is.
 */
extern bool dbaas_listed_agrees(const DbaasListed *listed, const DbaasSet *rows,
								const char *reference);

#endif							/* DBAAS_LISTED_H */
