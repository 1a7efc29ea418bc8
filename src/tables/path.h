/*-------------------------------------------------------------------------
 *
 * path.h
 *		Paths of requests, from the catalogue's templates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PATH_H
#define DBAAS_PATH_H

#include "tables/catalogue.h"

/*
 * Can the value be a segment of a path?  An empty one, "." and ".." cannot:
 * they would lead to another path.
 */
extern bool dbaas_path_can_hold(const char *value);

/*
 * The path template with each "{x}" replaced by the value, percent-encoded, of
 * the column whose param, or else whose field, is x; palloc'd.  "args" has a
 * UTF-8 text for each such catalogue column.  Raises ERROR when memory runs
 * out.
 */
extern char *dbaas_path_expand(const DbaasResource *resource, const char *path,
							   const char *const *args);

/*
 * What is wrong with a path template, such as "It must begin with /"; or NULL
 * when nothing is.
 */
extern char *dbaas_path_check(const char *path);

/* The same of the name of a parameter, of a path or a query. */
extern char *dbaas_path_check_param(const char *name);

/* The query arguments of a request. */
typedef struct DbaasQuery
{
	char	   *text;			/* percent-encoded, with its "?"; "" for none */
	char	   *names;			/* sorted, "a;b"; or NULL for none */
	char	   *values;			/* decoded, in that order */
} DbaasQuery;

/*
 * The query arguments that args, as above, make: those of the columns that are
 * such, are not in the path, and have a value; palloc'd.
 */
extern DbaasQuery dbaas_path_query(const DbaasResource *resource, const char *path,
								   const char *const *args);

#endif							/* DBAAS_PATH_H */
