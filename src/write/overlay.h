/*-------------------------------------------------------------------------
 *
 * overlay.h
 *		A thing of the API as the writes that were queued for it will leave it.
 *
 * Knows the bodies of writes; knows neither SQL nor transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_OVERLAY_H
#define DBAAS_OVERLAY_H

#include "nodes/pg_list.h"

#include "base/json.h"

typedef struct DbaasOverlay
{
	List	   *bodies;			/* of const DbaasJson *, in the order of the writes */
	bool		gone;			/* deleted */
	bool		made;			/* made, maybe after it was deleted: what no body
								 * has is not known */
	const char *made_path;		/* of the write that makes it; or NULL */
} DbaasOverlay;

/* Of writes of one thing, a list of const DbaasWrite * in their order; palloc'd. */
extern DbaasOverlay *dbaas_overlay_new(const List *writes);

/*
 * The last value that the bodies give to member "a", or to "a/b".  Returns false
 * when none does.  A value that is null is NULL.
 */
extern bool dbaas_overlay_find(const DbaasOverlay *overlay, const char *member,
							   const DbaasJson **value);

/*
 * The object "base", which may be NULL, with the members that the bodies give to
 * the object "member".
 */
extern const DbaasJson *dbaas_overlay_merge(const DbaasOverlay *overlay, const char *member,
											const DbaasJson *base);

#endif							/* DBAAS_OVERLAY_H */
