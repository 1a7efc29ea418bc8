/*-------------------------------------------------------------------------
 *
 * operation.h
 *		One write, from its request to the end of the API's operation.
 *
 * Knows the life of the API's operations; knows neither transactions nor foreign
 * tables.  Errors are values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_OPERATION_H
#define DBAAS_OPERATION_H

#include "api/listed.h"
#include "api/poll.h"

/* One write, ready to be sent. */
typedef struct DbaasWrite
{
	Oid			serverid;
	Oid			userid;
	DbaasCommand command;		/* of the statement; if it acts, what it does
								 * to the row of its identity */
	Oid			relid;			/* foreign table of the command, or InvalidOid */
	int			batch;			/* number of the statement's batch of writes */

	/* The request */
	const char *zone;
	const char *base;			/* URL of the zone */
	const char *method;
	const char *path_template;
	const char *path;			/* percent-encoded */
	const char *body;			/* or NULL; freed when another write has taken
								 * over, see dbaas_operation_take_over() */
	const char *shown_body;		/* with "***" for what is secret; or NULL */
	List	   *secrets;		/* char *: texts in the body that are secret */

	/* What it does */
	const char *identity;		/* of the row that it writes, see
								 * DbaasResource; NULL: no other write can be
								 * of that row */
	const char *created_name;	/* name of what an INSERT creates; or NULL */
	const char *services[2];	/* names of those that option wait "running"
								 * waits for; or NULL */
	const char *service_type;	/* type of the first service; NULL: unknown */
	bool		creates_service;	/* does it create the first service? */
	bool		ends_service;	/* does it delete the first service? */
	bool		acts;			/* is it an action, which makes no row? */
	bool		direct;			/* see DbaasWriteEndpoint */
	bool		announces;		/* the same */
	const char *counts;			/* see DbaasResource; or NULL */
	DbaasListed listed;			/* where it shows */

	/* Of a write that replaces an object as a whole, see DbaasWhole */
	const DbaasEndpoint *read;	/* shows the object, with that path; NULL: it
								 * is no such write */
	const char *replaces;		/* the object that body was made from, which
								 * must still be there: JSON */
	const char *part;			/* the keys of the row: JSON */
} DbaasWrite;

typedef enum DbaasWriteState
{
	DBAAS_WRITE_QUEUED,
	DBAAS_WRITE_DRY,			/* of a dry run: never sent */
	DBAAS_WRITE_SUPERSEDED,		/* a later write replaces the same object, and
								 * has what this one changes of it */
	DBAAS_WRITE_SENT,			/* waits for the response */
	DBAAS_WRITE_PENDING,		/* waits for the end of its operation */
	DBAAS_WRITE_STARTING,		/* waits for its services to run */
	DBAAS_WRITE_APPLIED,
	DBAAS_WRITE_FAILED,
	DBAAS_WRITE_UNKNOWN			/* it is not known whether it was applied */
} DbaasWriteState;

/* Does the list of a write that was applied show it? */
typedef enum DbaasListing
{
	DBAAS_LISTING_NONE,			/* it has not been read, or there is none */
	DBAAS_LISTING_AWAITED,		/* not yet */
	DBAAS_LISTING_OVER,			/* it does, or that cannot be told */
	DBAAS_LISTING_MISSED		/* it did not when the wait ended */
} DbaasListing;

/* A write and its state.  Other modules only read it. */
typedef struct DbaasOperation
{
	DbaasWrite	write;
	DbaasConnection *conn;
	MemoryContext cxt;
	DbaasWriteState state;
	bool		unfinished;		/* done as far as option "wait" demands, but
								 * its operation may still be pending */
	const char *outcome;		/* words for the report, or NULL */
	DbaasError *error;			/* or NULL */
	char	   *operation_id;
	char	   *reference_id;	/* of what the operation is about, or NULL */
	char	   *answer;			/* of an action: the last answer, as JSON in
								 * UTF-8 without secrets; or NULL */
	DbaasListing listing;
	DbaasPolls	polls;			/* since it was sent */

	/* operation.c's own */
	DbaasCall  *call;			/* write or poll that has not ended, or NULL */
} DbaasOperation;

/*
 * Makes an operation with a copy of a write, in cxt.  The connection must live as long
 * as the operation.  With dry_run, the write is never sent.
 */
extern DbaasOperation *dbaas_operation_new(MemoryContext cxt, const DbaasWrite *write,
										   DbaasConnection *conn, bool dry_run);

/* Starts the request of a queued write. */
extern void dbaas_operation_send(DbaasOperation *operation);

/*
 * Does what can be done for a write without waiting.  Allocates results in the current
 * memory context, which must live as long as the operation.
 */
extern void dbaas_operation_step(DbaasOperation *operation);

/* Does the write wait for its response, its operation's end or its services? */
extern bool dbaas_operation_under_way(const DbaasOperation *operation);

/* When to call dbaas_operation_step() even if no call has ended; 0: never. */
extern DbaasMoment dbaas_operation_due(const DbaasOperation *operation);

/* When operation_timeout ends for a write that was sent. */
extern DbaasMoment dbaas_operation_deadline(const DbaasOperation *operation);

/*
 * Starts a call, in a memory context of its own under cxt, that reads in the zone of the
 * write what became of it.  No error shows the secrets.
 */
extern DbaasCall *dbaas_operation_poll(const DbaasOperation *operation, MemoryContext cxt,
									   const DbaasEndpoint *endpoint, const char *path,
									   List *secrets);

/*
 * Was the write applied, and is it to be waited for until its list shows it?  False once
 * that was waited for.
 */
extern bool dbaas_operation_is_to_be_listed(const DbaasOperation *operation);

/* Says what the list of the write shows. */
extern void dbaas_operation_set_listing(DbaasOperation *operation, DbaasListing listing);

/*
 * Puts a write in the state DBAAS_WRITE_SENT back into the state DBAAS_WRITE_QUEUED, if
 * no request of it is in flight: it still waits for the first, or for another try.
 * Returns whether it did.
 */
extern bool dbaas_operation_unsend(DbaasOperation *operation);

/*
 * Puts a queued write into the state DBAAS_WRITE_SUPERSEDED, in which it is not sent, or
 * back.  One of a dry run, which is not sent in any case, keeps its state.
 */
extern void dbaas_operation_supersede(DbaasOperation *operation, bool superseded);

/*
 * Of two writes that replace the same object, the earlier one will never be sent without
 * the later one, which has what it changes: frees its body.  If no other write shares what
 * the later one replaces, "is_alone", that is kept once for both.
 */
extern void dbaas_operation_take_over(DbaasOperation *later, DbaasOperation *earlier,
									  bool is_alone);

/*
 * Stops waiting for a write that is under way, or for its list, and sends no more requests
 * for it.
 * Allocates as dbaas_operation_step() does.
 */
extern void dbaas_operation_stop(DbaasOperation *operation);

/* May the API have carried out the write, or still do so? */
extern bool dbaas_operation_may_be_applied(const DbaasOperation *operation);

/* "DELETE /dbaas-service/pg-1 in zone ch-gva-2"; palloc'd. */
extern char *dbaas_operation_label(const DbaasWrite *write);

#endif							/* DBAAS_OPERATION_H */
