/*-------------------------------------------------------------------------
 *
 * whole.h
 *		The body of a write that replaces an object as a whole.
 *
 * Makes it of the object as the queue will leave it, or else of what the API has, with
 * the part that a row is added, changed or taken out.  Knows the queued writes of the
 * object, and nothing of when they are sent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_WHOLE_H
#define DBAAS_WHOLE_H

#include "read/read.h"
#include "write/change.h"

/*
 * Completes the write of a row that is part of an object (see DbaasWhole): its body, the
 * object that it replaces, and the part.  The write has its path, zone and services.
 * "queued" are the writes of the object that dbaas_queue_find() has found.  If there are
 * none, requests the object, and waits for it.  Returns whether there is something to
 * write.  Raises ERROR: a part that the object has already (23505), a missing value
 * (23502), one that the API does not accept (22023), a value that is computed from what a
 * queued write changes, or parts that cannot be told apart (0A000), an object in which a
 * secret is hidden (0A000), or the error of the request.
 */
extern DbaasWriteNeed dbaas_whole_compose(DbaasWriter *writer, const DbaasChange *change,
										  const DbaasZone *zone, const List *queued,
										  DbaasWrite *write);

#endif							/* DBAAS_WHOLE_H */
