/*-------------------------------------------------------------------------
 *
 * overlay.h
 *		A row as the writes that are queued for it will leave it.
 *
 * Knows the bodies of writes; knows neither SQL nor transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_OVERLAY_H
#define DBAAS_OVERLAY_H

#include "nodes/pg_list.h"

#include "api/operation.h"
#include "base/json.h"

/*
 * Parses JSON of a queued write, which this wrapper made, in the current memory context.
 * Raises an internal ERROR if it cannot.
 */
extern const DbaasJson *dbaas_overlay_parse(const char *text);

typedef struct DbaasOverlay
{
	bool		deleted;		/* the last of the writes deletes it */
	const DbaasWrite *created;	/* the write that creates it, if no later one
								 * deletes it: the value of a member that no
								 * body has is not known.  Or NULL */
	List	   *bodies;			/* of const DbaasJson *: of that write and
								 * those after it, in their order */
} DbaasOverlay;

/*
 * What these writes do to their row.  They are a list of const DbaasWrite * of one row, in
 * their order.  palloc'd.
 */
extern DbaasOverlay *dbaas_overlay_new(const List *writes);

/*
 * The last value that a body gives to member "a", or to "a/b".  If no body has "a", returns
 * false and does not set *value.  If bodies have "a" without "b", *value becomes NULL.
 */
extern bool dbaas_overlay_find(const DbaasOverlay *overlay, const char *member,
							   const DbaasJson **value);

/*
 * The object "base", which may be NULL, after the bodies have merged their objects of that
 * name into it.
 */
extern const DbaasJson *dbaas_overlay_merge(const DbaasOverlay *overlay, const char *member,
											const DbaasJson *base);

#endif							/* DBAAS_OVERLAY_H */
