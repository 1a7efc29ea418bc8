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

#include "base/json.h"

typedef struct DbaasOverlay
{
	bool		deleted;		/* by the last of the writes */
	bool		created;		/* by one of the writes, after which none
								 * deletes it: a member that no body has is
								 * not known */
	const char *created_path;	/* path of that write; or NULL */
	List	   *bodies;			/* of const DbaasJson *: those of the writes
								 * since then, in their order */
} DbaasOverlay;

/*
 * What these writes of one row do to it: a list of const DbaasWrite * in their order;
 * palloc'd.
 */
extern DbaasOverlay *dbaas_overlay_new(const List *writes);

/*
 * The last value that the bodies give to member "a", or to "a/b".  Returns false when
 * none does, and leaves *value alone.  For a value that is absent, *value is NULL.
 */
extern bool dbaas_overlay_find(const DbaasOverlay *overlay, const char *member,
							   const DbaasJson **value);

/*
 * The object "base", which may be NULL, with the members that the bodies give to the
 * object of that name.
 */
extern const DbaasJson *dbaas_overlay_merge(const DbaasOverlay *overlay, const char *member,
											const DbaasJson *base);

#endif							/* DBAAS_OVERLAY_H */
