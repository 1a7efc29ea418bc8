/*-------------------------------------------------------------------------
 *
 * replace.h
 *		Writes that replace an object as a whole, before they are sent.
 *
 * Knows the writes of a queue and the objects that they replace (see DbaasWhole); knows
 * neither rows nor when the queue is sent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_REPLACE_H
#define DBAAS_REPLACE_H

#include "nodes/pg_list.h"

#include "write/report.h"

/*
 * Of the queued writes of each such object, and of those of a dry run, leaves the last to
 * be sent: the others are superseded by it, which has what they change.  The queue is a
 * list of DbaasQueued *, of which those before "first" are over.
 */
extern void dbaas_replace_supersede(List *queue, int first);

/*
 * If a queued write replaces an object, frees what the write of the same object before it
 * holds, unless a ROLLBACK TO may leave that one without it, or it was sent.  Without this, a
 * statement would hold the object as often as it changes rows of it.  "is_alone" says that no
 * other write shares what it replaces.
 */
extern void dbaas_replace_take_over(DbaasQueued *queued, bool is_alone);

/*
 * Reads each object that a queued write replaces, and waits for it.  Raises ERROR, with the
 * outcome of every write of the queue as its detail, if one is no longer what the write was
 * made from (40001), or the error of the request.
 */
extern void dbaas_replace_check(List *queue, int first);

/*
 * Does the API show what such a write has made of its object?  It does if it no longer
 * shows what was there before: the API may show a value in another form than it was sent.
 */
extern bool dbaas_replace_shows(const DbaasWrite *write, const DbaasJson *object);

#endif							/* DBAAS_REPLACE_H */
