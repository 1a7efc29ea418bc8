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

/* What an error says of the request. */
typedef struct DbaasRequestFacts
{
	const DbaasConnection *conn;
	const char *label;			/* "GET /dbaas-service in zone ch-gva-2" */
	const char *zone;			/* or NULL */
	List	   *secrets;		/* char *: parts of its body that no error may
								 * show */
	bool		write;
	bool		anonymous;
} DbaasRequestFacts;

/*
 * The error of a request that failed, or whose status is no success; in the
 * current memory context.
 */
extern DbaasError *dbaas_status_error(const DbaasRequestFacts *request,
									  const DbaasHttpResponse *response);

/* May the request be sent again after this response, and would that help? */
extern bool dbaas_status_may_retry(bool write, const DbaasHttpResponse *response);

/* May the API have carried out a write whose response this is, which is no success? */
extern bool dbaas_status_may_be_applied(const DbaasHttpResponse *response);

/*
 * Does it mean that the server is not available, when there is no further try?  It
 * was not reached, did not respond in time or to the end, or a load balancer
 * says that it is down.
 */
extern bool dbaas_status_unavailable(const DbaasHttpResponse *response);

/* Did the API refuse the key, or TLS the server's certificate? */
extern bool dbaas_status_refuses_credentials(const DbaasHttpResponse *response);

#endif							/* DBAAS_STATUS_H */
