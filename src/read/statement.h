/*-------------------------------------------------------------------------
 *
 * statement.h
 *		What the scans of one statement share: lists, and whom they name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_STATEMENT_H
#define DBAAS_STATEMENT_H

#include "nodes/pg_list.h"

#include "api/call.h"
#include "api/zones.h"
#include "tables/catalogue.h"

typedef struct DbaasStatement DbaasStatement;

/* What skip_zones.h finds out about a statement. */
typedef struct DbaasMissing DbaasMissing;

/*
 * What the absence of rows does where they are read.  Only the last lets
 * unavailable_zones 'skip' leave a zone out.
 */
typedef enum DbaasOutage
{
	DBAAS_OUTAGE_FAILS,			/* never asked whether it may */
	DBAAS_OUTAGE_WRITES,		/* it could make the statement write another thing */
	DBAAS_OUTAGE_ADDS,			/* it could add rows to the result */
	DBAAS_OUTAGE_TAKES			/* it takes rows, and nothing else */
} DbaasOutage;

/* The parents in one zone: what fan-out goes over. */
typedef struct DbaasParents DbaasParents;

/* Most keys that a parent gives. */

/* A parent: the values of its keys, in UTF-8. */
typedef struct DbaasParentRow
{
	const char *values[DBAAS_PARENT_KEYS];
} DbaasParentRow;

/*
 * The statement whose executor uses that memory context; made when it is not
 * there yet, gone when the context is.
 */
extern DbaasStatement *dbaas_statement_get(MemoryContext query_cxt);

/*
 * A number that the writes of the statement have in common; 0 until it is set.
 * The result points into the statement.
 */
extern int *dbaas_statement_batch(DbaasStatement *statement);

/*
 * Scans that are to start with the first one; NIL until it is set.  The result
 * points into the statement.
 */
extern List **dbaas_statement_together(DbaasStatement *statement);

/*
 * What skip_zones.h found out; NULL until it is set.  The result points into the
 * statement.
 */
extern DbaasMissing **dbaas_statement_missing(DbaasStatement *statement);

/*
 * The zones of a server, see dbaas_zones_get(); for the first that asks, not older
 * than the setting zones_ttl says.  Those that are named and not known are looked
 * up, once in a statement.
 */
extern DbaasError *dbaas_statement_zones(DbaasStatement *statement, DbaasConnection *conn,
										 const char *const *named, int n,
										 DbaasCounters *counters, const DbaasZones **zones);

/*
 * Says that a scan of the statement will ask a server for a path, which may
 * have parameters, or for a list of parents.  When several do, they share the
 * answers to what is asked without a body.
 */
extern void dbaas_statement_expect(DbaasStatement *statement, Oid serverid, const char *path);
extern void dbaas_statement_expect_parents(DbaasStatement *statement, Oid serverid,
										   const DbaasParent *parent);

/*
 * Makes a call, under cxt; or takes the one that the statement's scans share:
 * *shared is then set, and the call must not be released.
 */
extern DbaasCall *dbaas_statement_call(DbaasStatement *statement, DbaasConnection *conn,
									   MemoryContext cxt, const DbaasCallSpec *spec,
									   bool *shared);

/*
 * The list of the parents in a zone; asked for by the first scan that wants
 * it, and shared by all.  Does not wait.  The zone must live as long as the
 * statement.
 */
extern DbaasParents *dbaas_statement_parents(DbaasStatement *statement, DbaasConnection *conn,
											 const DbaasZone *zone,
											 const DbaasParent *parent,
											 DbaasCounters *counters);

/*
 * Has the list come?  If so, *error is its error or NULL.
 */
extern bool dbaas_parents_done(DbaasParents *parents, DbaasError **error,
							   bool *unavailable);

/* The rows of a list that has come without error; their number in *n. */
extern const DbaasParentRow *dbaas_parents_rows(DbaasParents *parents, int *n);

/* What the lists say of a service. */
typedef struct DbaasListedService
{
	const DbaasZone *zone;		/* lives as long as the connection */
	const char *type;			/* or NULL: the list does not say */
	const char *state;			/* the same */
} DbaasListedService;

/*
 * Finds the services of a name in a zone, or in all when zone is NULL, among the
 * parents, which it waits for.  *found is a list of DbaasListedService *, one for
 * each zone at most, in the current memory context; but for those of
 * dbaas_catalogue_service_facts() they have the zone alone.  For writes: no zone
 * is left out.  Returns NULL or an error.
 */
extern DbaasError *dbaas_statement_locate(DbaasStatement *statement, DbaasConnection *conn,
										  const DbaasZone *zone, const char *service,
										  const DbaasParent *parent, List **found);

/*
 * Is the value among the first keys that the list of parents in a zone has?  Waits
 * for it.  Returns NULL or an error.
 */
extern DbaasError *dbaas_statement_has_parent(DbaasStatement *statement, DbaasConnection *conn,
											  const DbaasZone *zone, const DbaasParent *parent,
											  const char *value, bool *found);

/*
 * A request, told by its label, is for what the API lists, and was answered 404.
 * Returns NULL where that is to be left out, and notes it for a WARNING, which
 * names each once.  Returns an error otherwise.
 */
extern DbaasError *dbaas_statement_miss(DbaasStatement *statement, const char *label,
										DbaasOutage outage);

/* Gives that WARNING, if there is something to name. */
extern void dbaas_statement_tell_missed(DbaasStatement *statement);

/*
 * A zone is not available, as the error says.  Returns whether it is to be left out.
 * Then it is left out from now on, and a WARNING says so once in the statement.  Else
 * *error becomes one that also says why unavailable_zones 'skip', if it is set, does
 * not count.
 */
extern bool dbaas_statement_leave_out(DbaasStatement *statement, DbaasConnection *conn,
									  const char *zone, DbaasOutage outage,
									  DbaasError **error);

/* Was it left out, where that may be? */
extern bool dbaas_statement_is_left_out(const DbaasStatement *statement,
										const DbaasConnection *conn, const char *zone,
										DbaasOutage outage);

/* Rows of the zone have been shown: leaving it out means leaving out the rest. */
extern void dbaas_statement_shows_zone(DbaasStatement *statement, DbaasConnection *conn,
									   const char *zone);

#endif							/* DBAAS_STATEMENT_H */
