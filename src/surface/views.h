/*-------------------------------------------------------------------------
 *
 * views.h
 *		The views over the imported tables of a schema.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_VIEWS_H
#define DBAAS_VIEWS_H

#include "nodes/pg_list.h"

/*
 * Makes in a schema those views that read only the named tables (Strings).  A view that
 * exists gets the query of this version, and keeps its options.  The caller has connected
 * to SPI.  Returns the names (Strings) of the views that are new or whose query changed.
 */
extern List *dbaas_views_complete(const char *schema, List *tables);

#endif							/* DBAAS_VIEWS_H */
