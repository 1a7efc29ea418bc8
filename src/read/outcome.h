/*-------------------------------------------------------------------------
 *
 * outcome.h
 *		Outcomes: how the reading of a target ended, as a row.
 *
 * Where the parameter of the catalogue's DbaasOutcomes is true, the rows of a target end
 * with one that has its keys and its outcome.  An error then ends the target, and becomes
 * the outcome.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_OUTCOME_H
#define DBAAS_OUTCOME_H

#include "read/read.h"

/* How the reading of a target ended. */
typedef struct DbaasOutcome
{
	const DbaasError *error;	/* NULL: all rows were read */
	const char *request;		/* what failed, such as "GET /x"; or NULL */
	const char *zone;			/* or NULL */
	bool		has_next;		/* does the target have pages? */
	const char *next;			/* the cursor to go on from, in UTF-8; or NULL */
} DbaasOutcome;

/* Do these arguments of a target, by catalogue column, ask for the outcome? */
extern bool dbaas_outcome_is_wanted(const DbaasResource *resource, const char *const *args);

/* Do all targets with values of these keys ask for it? */
extern bool dbaas_outcome_is_wanted_of_all(const DbaasResource *resource, const DbaasKey *keys);

/*
 * Can the error be an outcome?  One that is about the statement, such as that memory ran
 * out, cannot: it ends the statement.
 */
extern bool dbaas_outcome_can_be(const DbaasError *error);

/* The part of a call's label that names the request, without the zone; palloc'd. */
extern char *dbaas_outcome_request(const char *label, const char *zone);

/* The outcome as a JSON object, in UTF-8; palloc'd. */
extern char *dbaas_outcome_text(const DbaasOutcome *outcome);

#endif							/* DBAAS_OUTCOME_H */
