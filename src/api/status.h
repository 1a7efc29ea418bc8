/*-------------------------------------------------------------------------
 *
 * status.h
 *		What a response without success means: an error, a retry or more.
 *
 * Knows HTTP's statuses and the shapes of the API's errors; knows no calls.
 * Errors are values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_STATUS_H
#define DBAAS_STATUS_H

#include "api/connection.h"
#include "base/error.h"
#include "base/http.h"

/* What an error says about the request. */
typedef struct DbaasRequestFacts
{
	const DbaasConnection *conn;
	const char *label;			/* "GET /dbaas-service in zone ch-gva-2" */
	const char *zone;			/* or NULL */
	List	   *secrets;		/* char *: parts of its body that no error may
								 * show */
	bool		write;
	bool		confidential;	/* see DbaasCallSpec */
	bool		anonymous;
} DbaasRequestFacts;

/*
 * The error of a request that failed, or whose status is no success; in the
 * current memory context.
 */
extern DbaasError *dbaas_status_error(const DbaasRequestFacts *request,
									  const DbaasHttpResponse *response);

/* Is it safe to send the request again after this response, and could that help? */
extern bool dbaas_status_may_retry(bool write, const DbaasHttpResponse *response);

/* May the API have carried out a write, to which this response is no success? */
extern bool dbaas_status_may_be_applied(const DbaasHttpResponse *response);

/*
 * Does the last response mean that the server is not available?  It was not reached,
 * did not send a complete response in time, or a load balancer says that it is down.
 */
extern bool dbaas_status_unavailable(const DbaasHttpResponse *response);

/* Does the API say that there are too many requests? */
extern bool dbaas_status_too_many(const DbaasHttpResponse *response);

/* Did the API refuse the key, or TLS the server's certificate? */
extern bool dbaas_status_refuses_credentials(const DbaasHttpResponse *response);

#endif							/* DBAAS_STATUS_H */
