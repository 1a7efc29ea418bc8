/*-------------------------------------------------------------------------
 *
 * target.h
 *		The targets of a read: which requests, in which zones.
 *
 * A target is one combination of a zone and of values for the parameters of
 * the endpoint.  The values come from the read's keys, and from the lists of
 * parents where the read does not give a key of the path.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_TARGET_H
#define DBAAS_TARGET_H

#include "read/read.h"

typedef struct DbaasTarget
{
	const char *zone;			/* NULL: the server as a whole */
	const char *base;			/* URL that paths are appended to */
	const char **args;			/* by catalogue column; NULL: not sent */
	bool		listed;			/* a list of parents has it */
	const struct DbaasTarget *fallback; /* the same in another zone, which
										 * gives the same response: for when
										 * this zone is not available; or NULL */
} DbaasTarget;

typedef struct DbaasTargets DbaasTargets;

/*
 * Begins to find the targets of a read, which must live as long, in the current
 * memory context; requests the lists of parents that are needed.  Waits when the
 * zones have to be learned.  Returns NULL, or the error of a value that the API
 * does not accept (22023) or of learning the zones.
 */
extern DbaasError *dbaas_targets_begin(const DbaasRead *read, DbaasTargets **result);

/*
 * Makes targets of the lists that have come, without waiting.  *pending says
 * that more are to come.  Returns NULL, or the error of a list.
 */
extern DbaasError *dbaas_targets_read(DbaasTargets *targets, bool *pending);

/* How many there are by now. */
extern int	dbaas_targets_count(const DbaasTargets *targets);

/* The next one; NULL when all that there are by now were given. */
extern const DbaasTarget *dbaas_targets_next(DbaasTargets *targets);

#endif							/* DBAAS_TARGET_H */
