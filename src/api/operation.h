/*-------------------------------------------------------------------------
 *
 * operation.h
 *		One write, from its request to the end of the API's operation.
 *
 * Knows the life of the API's operations; knows neither transactions nor
 * tables.  Errors are values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_OPERATION_H
#define DBAAS_OPERATION_H

#include "api/call.h"
#include "tables/catalogue.h"

/* One write, ready to be sent. */
typedef struct DbaasWrite
{
	Oid			serverid;
	Oid			userid;
	Oid			relid;			/* the foreign table, or InvalidOid */
	DbaasCommand command;
	int			batch;			/* number that the writes of its statement
								 * share */
	const char *zone;
	const char *base;			/* URL of the zone */
	const char *method;
	const char *operation;		/* path template */
	const char *path;			/* percent-encoded */
	const char *identity;		/* of the row that it writes, see
								 * DbaasResource; or NULL: no other write can
								 * be of that row */
	const char *body;			/* JSON, or NULL */
	const char *shown_body;		/* the same with "***" for secrets */
	List	   *secrets;		/* of char *: these secrets */
	const char *services[2];	/* names of those that option wait "running"
								 * waits for; or NULL */
	const char *created_name;	/* name of what an INSERT creates; or NULL */
	bool		creates_service;	/* does it create the first service? */
	bool		ends_service;	/* does it delete the first service? */
	bool		direct;			/* see DbaasWriteEndpoint */
	bool		announces;		/* see DbaasResource */
	const char *counts;			/* see DbaasResource; or NULL */
} DbaasWrite;

typedef enum DbaasWriteState
{
	DBAAS_WRITE_QUEUED,
	DBAAS_WRITE_DRY,			/* reported only, never sent */
	DBAAS_WRITE_SENT,			/* the answer is awaited */
	DBAAS_WRITE_PENDING,		/* the operation's end is awaited */
	DBAAS_WRITE_STARTING,		/* the services' running is awaited */
	DBAAS_WRITE_APPLIED,
	DBAAS_WRITE_FAILED,
	DBAAS_WRITE_UNKNOWN
} DbaasWriteState;

/* A write and how far it has come; others only read it. */
typedef struct DbaasOperation
{
	DbaasWrite	write;
	DbaasConnection *conn;
	MemoryContext cxt;
	DbaasWriteState state;
	bool		unfinished;		/* applied, as far as option wait asks: the
								 * API may still go on with it */
	const char *outcome;		/* words for the report, or NULL */
	DbaasError *error;			/* or NULL */
	char	   *operation_id;
	char	   *reference_id;	/* what the operation is about, or NULL */

	/* operation.c's own */
	DbaasCall  *call;			/* write or poll in flight, or NULL */
	DbaasMoment sent_at;
	DbaasMoment poll_at;
	double		pause_ms;		/* before the next poll */
	int			poll_errors;	/* polls that failed, one after the other */
} DbaasOperation;

/*
 * A copy of a write, in cxt, that goes out by a connection that has to stay as
 * long; with dry_run it is never sent.
 */
extern DbaasOperation *dbaas_operation_new(MemoryContext cxt, const DbaasWrite *write,
										   DbaasConnection *conn, bool dry_run);

/* Starts the request of a queued write. */
extern void dbaas_operation_send(DbaasOperation *operation);

/*
 * Does what can be done without waiting for a write that is under way.  What
 * it learns goes into the current memory context, which has to live as long.
 */
extern void dbaas_operation_step(DbaasOperation *operation);

/* Is its answer, its operation's end or its service's running awaited? */
extern bool dbaas_operation_under_way(const DbaasOperation *operation);

/* When to step it at the latest though no call of it ends; 0 for never. */
extern DbaasMoment dbaas_operation_due(const DbaasOperation *operation);

/*
 * Takes a write back that no request was made for yet, or none but such that
 * the API refused for the time being.  Returns whether it was such a write.
 */
extern bool dbaas_operation_take_back(DbaasOperation *operation);

/*
 * Stops following a write, if it is under way; nothing is sent for it any
 * more.  Memory as for a step.
 */
extern void dbaas_operation_stop(DbaasOperation *operation);

/* May what the write does be done, now or later? */
extern bool dbaas_operation_stands(const DbaasOperation *operation);

/* "DELETE /dbaas-service/pg-1 in zone ch-gva-2"; palloc'd. */
extern char *dbaas_operation_label(const DbaasWrite *write);

#endif							/* DBAAS_OPERATION_H */
