/*-------------------------------------------------------------------------
 *
 * parents.h
 *		Lists of parents, such as the services that a statement reads one by one.
 *
 * The catalogue's DbaasParent says which list of which resource gives the keys
 * that a query does not.  A statement reads each list once in each zone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PARENTS_H
#define DBAAS_PARENTS_H

#include "read/read.h"

/* The list of parents in one zone. */
typedef struct DbaasParents DbaasParents;

/* The values of a parent's keys, in UTF-8; NULL for an optional key without a value. */
typedef struct DbaasParentRow
{
	const char *values[DBAAS_PARENT_KEYS];
} DbaasParentRow;

/* Announces, as dbaas_share_expect() does, that the list will be requested. */
extern void dbaas_parents_expect(DbaasStatement *statement, Oid serverid,
								 const DbaasParent *parent);

/*
 * The list of the parents in a zone.  Requests it if the statement has not done so; does
 * not wait.  The zone must live as long as the statement.
 */
extern DbaasParents *dbaas_parents_get(const DbaasRead *read, const DbaasZone *zone,
									   const DbaasParent *parent);

/*
 * Reads the list if it has come; *pending says whether it has not.  Returns NULL, or an
 * error; *unavailable says whether that means that the zone is not available.
 */
extern DbaasError *dbaas_parents_read(DbaasParents *parents, bool *pending, bool *unavailable);

/* Waits for a list, and reads it.  Returns NULL or an error. */
extern DbaasError *dbaas_parents_wait(const DbaasRead *read, DbaasParents *parents);

/* The rows of a list that was read without error; their number in *n. */
extern const DbaasParentRow *dbaas_parents_rows(const DbaasParents *parents, int *n);

/* A service that a list has. */
typedef struct DbaasListedService
{
	const DbaasZone *zone;		/* lives as long as the connection */
	const char *type;			/* or NULL: the list does not say */
	const char *state;			/* the same */
} DbaasListedService;

/*
 * Finds the services of that name among the parents in a zone, or in all zones when
 * zone is NULL.  Waits for the lists.  *found is a list of DbaasListedService *, at
 * most one for each zone, in the current memory context.  Type and state are
 * set if parent is dbaas_catalogue_service_facts.  Returns NULL or an error.
 */
extern DbaasError *dbaas_parents_locate(const DbaasRead *read, const DbaasZone *zone,
										const char *service, const DbaasParent *parent,
										List **found);

/* The names of the zones of such a list, with commas between them; palloc'd. */
extern char *dbaas_parents_zones(const List *found);

/*
 * Looks for a value among the first keys of the parents in a zone.  Waits for the
 * list.  Returns NULL or an error.
 */
extern DbaasError *dbaas_parents_contain(const DbaasRead *read, const DbaasZone *zone,
										 const DbaasParent *parent, const char *value,
										 bool *found);

#endif							/* DBAAS_PARENTS_H */
