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
	bool		listed;			/* is it from a list of parents? */
	DbaasError *error;			/* if not NULL, nothing is to be requested: it
								 * is the outcome */
	const char *request;		/* which request had that error; or NULL */
	const struct DbaasTarget *fallback; /* the same in another zone, to use
										 * when this zone is not available,
										 * since both return the same; or NULL */
} DbaasTarget;

typedef struct DbaasTargets DbaasTargets;

/*
 * Begins to find the targets of a read, in the current memory context.  The read must
 * outlive the targets.  Requests the lists of parents that are needed.  Waits if the
 * zones have to be learned.  Returns NULL, or the error of a value that the API does not
 * accept (22023), or of learning the zones.
 */
extern DbaasError *dbaas_targets_begin(const DbaasRead *read, DbaasTargets **result);

/*
 * Makes targets of the lists that have come, without waiting.  *pending says
 * that more are to come.  Returns NULL, or the error of a list.  If outcomes are wanted,
 * that error becomes a target.
 */
extern DbaasError *dbaas_targets_read(DbaasTargets *targets, bool *pending);

/* The number of targets that have been made so far. */
extern int	dbaas_targets_count(const DbaasTargets *targets);

/* The next target; NULL when all that have been made so far were returned. */
extern const DbaasTarget *dbaas_targets_next(DbaasTargets *targets);

#endif							/* DBAAS_TARGET_H */
