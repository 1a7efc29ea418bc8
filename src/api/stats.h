/*-------------------------------------------------------------------------
 *
 * stats.h
 *		Counts of this session's requests, by server and operation.
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
	int64		errors;			/* calls that ended with an error */
	int64		retries;
	int64		bytes;			/* received on the wire */
	double		seconds;		/* from sending to the end of the response */
	double		rows;			/* of a response, all its pages: a moving
								 * average; -1 when none was read */
} DbaasStats;

/* What the session has learned about a server, for the planner. */
typedef struct DbaasServerFacts
{
	char		server[NAMEDATALEN];
	int			zones;			/* 0 when they are not known yet */
} DbaasServerFacts;

/* The counts of an operation of a server; makes them at first.  Never freed. */
extern DbaasStats *dbaas_stats_get(const char *server, const char *operation);

/* The facts of a server; makes them at first.  Never freed. */
extern DbaasServerFacts *dbaas_stats_get_server(const char *server);

/* Adds a value to a moving average; a negative average has no value yet. */
extern void dbaas_stats_add_to_average(double *average, double value);

/*
 * Average rows of a response, all its pages, to that operation in this session; -1
 * when there was none.
 */
extern double dbaas_stats_rows(const char *server, const char *operation);

/* All counts, sorted by server and operation: a palloc'd array of pointers. */
extern DbaasStats **dbaas_stats_all(int *n);

#endif							/* DBAAS_STATS_H */
