/*-------------------------------------------------------------------------
 *
 * stats.h
 *		Counts of this session's requests, by server and operation, and what they
 *		have taught.
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
	int64		cache_hits;		/* responses that needed no request */
	int64		bytes;			/* received on the wire */
	double		seconds;		/* from sending to the end of the response */
} DbaasStats;

/*
 * What the session has seen of the rows of an endpoint's responses, for the planner.  These
 * are moving averages; -1 when none was read.
 */
typedef struct DbaasRowFacts
{
	struct
	{
		char		server[NAMEDATALEN];
		char		endpoint[DBAAS_STATS_OPERATION_LEN + NAMEDATALEN];
	}			key;
	double		rows;			/* of a response, all its pages */
	double		entry_rate;		/* entries of pages in a second */
	double		newest_age;		/* seconds since the newest entry */
} DbaasRowFacts;

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
 * The facts of the rows, as the catalogue's endpoint says, of responses to an operation;
 * makes them at first.  Never freed.
 */
extern DbaasRowFacts *dbaas_stats_get_rows(const char *server, const char *method,
										   const char *path, const char *rows);

/* All counts, sorted by server and operation: a palloc'd array of pointers. */
extern DbaasStats **dbaas_stats_all(int *n);

#endif							/* DBAAS_STATS_H */
