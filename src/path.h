/*-------------------------------------------------------------------------
 *
 * path.h
 *		Paths of requests, from the catalogue's templates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PATH_H
#define DBAAS_PATH_H

#include "catalogue.h"

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

#endif							/* DBAAS_PATH_H */
