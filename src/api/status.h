/*-------------------------------------------------------------------------
 *
 * status.h
 *		What an answer without success means: an error, a retry, a doubt.
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
	bool		unsigned_;
} DbaasRequestFacts;

/*
 * The error of a request that failed, or whose status is no success; in the
 * current memory context.
 */
extern DbaasError *dbaas_status_error(const DbaasRequestFacts *request,
									  const DbaasHttpResponse *answer);

/* May the request be sent again after this answer, and would that help? */
extern bool dbaas_status_may_retry(bool write, const DbaasHttpResponse *answer);

/*
 * May the API have carried out a write of which this is the answer, when that
 * is no success?
 */
extern bool dbaas_status_may_be_applied(const DbaasHttpResponse *answer);

/*
 * Does the answer, once it is the last, say that the server is not available:
 * not reached, silent, breaking off, or down behind what was reached?
 */
extern bool dbaas_status_unavailable(const DbaasHttpResponse *answer);

/* Does the answer refuse who asks, or is who answers refused? */
extern bool dbaas_status_doubts_credentials(const DbaasHttpResponse *answer);

#endif							/* DBAAS_STATUS_H */
