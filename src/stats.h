/*-------------------------------------------------------------------------
 *
 * stats.h
 *		Counts of what this session asked of each server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_STATS_H
#define DBAAS_STATS_H

#define DBAAS_STATS_OPERATION_LEN 128

typedef struct DbaasStats
{
	struct
	{
		char		server[NAMEDATALEN];
		char		operation[DBAAS_STATS_OPERATION_LEN];	/* method and path
															 * template */
	}			key;
	int64		requests;		/* sent, retries included */
	int64		errors;			/* ended without an answer that could be used */
	int64		retries;
	int64		bytes;			/* received on the wire */
	double		seconds;		/* from sending to the end of the answer */
} DbaasStats;

/*
 * The counts of an operation of a server, made when they are not there yet.
 * Never freed.
 */
extern DbaasStats *dbaas_stats_get(const char *server, const char *operation);

/* All counts, sorted by server and operation: a palloc'd array of pointers. */
extern DbaasStats **dbaas_stats_all(int *n);

#endif							/* DBAAS_STATS_H */
