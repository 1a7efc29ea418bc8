/*-------------------------------------------------------------------------
 *
 * server.h
 *		The settings of a server, from its options.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SERVER_H
#define DBAAS_SERVER_H

#include "nodes/pg_list.h"

/* Option "wait": when a write counts as done. */
typedef enum DbaasWait
{
	DBAAS_WAIT_NONE,			/* its operation has started */
	DBAAS_WAIT_OPERATION,		/* its operation has ended in success */
	DBAAS_WAIT_RUNNING			/* besides, its services run again */
} DbaasWait;

/* Its value, such as "operation". */
extern const char *dbaas_server_wait_name(DbaasWait wait);

typedef struct DbaasServerSettings
{
	const char *endpoint;		/* URL that may hold {zone} */
	bool		endpoint_has_zone;
	List	   *zones;			/* char *: names of those to use; NIL: all */
	int			max_concurrency;	/* requests in flight at once */
	int			max_retries;	/* of a request */
	double		requests_per_second;	/* 0: as many as there are */
	size_t		max_response_bytes; /* decompressed */
	long		connect_timeout_ms;
	long		request_timeout_ms; /* of a request as a whole */
	double		operation_timeout;	/* seconds that a write is waited for */
	DbaasWait	wait;
	bool		skip_zones;		/* option "unavailable_zones" is skip */
	const char *proxy;			/* or NULL */
} DbaasServerSettings;

/*
 * Parses the options of a server, a list of DefElem, in the current memory context.
 * Options that are not set have their defaults.
 */
extern void dbaas_server_parse(List *options, DbaasServerSettings *settings);

#endif							/* DBAAS_SERVER_H */
