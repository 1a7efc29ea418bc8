/*-------------------------------------------------------------------------
 *
 * views.h
 *		The views over the tables of a schema.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_VIEWS_H
#define DBAAS_VIEWS_H

#include "nodes/pg_list.h"

/*
 * Makes the views that read none but the named tables (Strings) of a schema,
 * where it has none of that name; one that it has gets the query of this
 * version, and keeps its options.  In the SPI connection that there is.
 * Returns the names of those that it made or whose query it changed (Strings).
 */
extern List *dbaas_views_complete(const char *schema, List *tables);

#endif							/* DBAAS_VIEWS_H */
