/*-------------------------------------------------------------------------
 *
 * known.h
 *		The lists in which a transaction has looked up services.
 *
 * A transaction keeps those that its INSERTs and dbaas_fdw_reveal() have read, so that not
 * each of its statements, or each row, has to request them.  They say what the API said.
 * What the transaction has queued since, the queue tells.
 *
 * Knows the lists; knows neither rows nor writes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_KNOWN_H
#define DBAAS_KNOWN_H

#include "read/parents.h"

/* A list of parents in one zone. */
typedef struct DbaasKnownList DbaasKnownList;

/*
 * The list that the transaction keeps for a connection; NULL if it keeps none, or if the
 * server or the user mapping has changed since.  It is valid until the next call of
 * dbaas_known_keep() or dbaas_known_forget().
 */
extern const DbaasKnownList *dbaas_known_list(const DbaasConnection *conn,
											  const DbaasParent *parent, const char *zone);

/* The first row of the list whose first key has that value, or NULL. */
extern const DbaasParentRow *dbaas_known_find(const DbaasKnownList *list, const char *value);

/*
 * Finds a service in the list of the zone; if that is NULL, in those of all zones.  Stores its
 * zone and type in *found.  Returns in how many zones it is; -1 if a list is not kept.
 */
extern int	dbaas_known_locate(const DbaasConnection *conn, const DbaasZones *zones,
							   const DbaasZone *zone, const char *service,
							   DbaasListedService *found);

/*
 * Keeps a copy of a list that the statement of the read has read without error, until the
 * transaction ends.  Does not keep it if dbaas_known_forget() was called since the statement
 * began, or if it takes more than work_mem.
 */
extern void dbaas_known_keep(const DbaasRead *read, const DbaasParent *parent,
							 const DbaasZone *zone);

/*
 * Forgets all lists.  To be called before the transaction sends a write that creates or
 * deletes a service.
 */
extern void dbaas_known_forget(void);

#endif							/* DBAAS_KNOWN_H */
