/*-------------------------------------------------------------------------
 *
 * target.h
 *		From a set of keys to targets: what is to be asked, and where.
 *
 * The keys and the zones make targets: one for each combination of values.
 * Keys that are not given are found in the lists of parents.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_TARGET_H
#define DBAAS_TARGET_H

#include "read/statement.h"
#include "tables/catalogue.h"

/* What a query says of a column that is a key. */
typedef struct DbaasKey
{
	bool		given;			/* the values below, and no others */
	int			n;
	const char **values;		/* in UTF-8, each once, sorted */
	List	   *excluded;		/* char *: not these, of zones */
} DbaasKey;

/*
 * The key also has to be one of n values, which are sorted in place: those that
 * it may have had before, and that are among them, remain.  Serves interrupts.
 */
extern void dbaas_key_restrict(DbaasKey *key, const char **values, int n);

/* The key, which is the zone, also has to be none of n values. */
extern void dbaas_key_exclude(DbaasKey *key, const char **values, int n);

/* One combination of values. */
typedef struct DbaasTarget
{
	const char *zone;			/* NULL: the server as a whole */
	const char *base;			/* URL that paths are appended to */
	const char **args;			/* by catalogue column; NULL: not sent */
	bool		listed;			/* a list names it, and not the query alone */
	const struct DbaasTarget *instead;	/* where the zone is out of reach: the same
										 * in another, which answers alike; or NULL */
} DbaasTarget;

typedef struct DbaasTargetsSpec
{
	DbaasConnection *conn;
	DbaasStatement *statement;
	const DbaasResource *resource;
	const DbaasEndpoint *endpoint;
	const DbaasKey *keys;		/* by catalogue column */
	DbaasOutage outage;			/* where a zone is not available */
	DbaasCounters *counters;
} DbaasTargetsSpec;

typedef struct DbaasTargets DbaasTargets;

/*
 * Begins with them, in the current memory context, and asks for the lists of
 * parents that are needed.  Waits when the zones have to be learned.  Returns
 * NULL, or the error of a value that the API does not accept (22023) or of
 * learning the zones.
 */
extern DbaasError *dbaas_targets_begin(const DbaasTargetsSpec *spec, DbaasTargets **targets);

/*
 * Makes targets of the lists that have come, without waiting.  *pending says
 * that one is still awaited.  Returns NULL, or the error of a list.
 */
extern DbaasError *dbaas_targets_read(DbaasTargets *targets, bool *pending);

/* How many there are by now. */
extern int	dbaas_targets_count(const DbaasTargets *targets);

/* The next one; NULL when all that there are by now were given. */
extern const DbaasTarget *dbaas_targets_next(DbaasTargets *targets);

#endif							/* DBAAS_TARGET_H */
