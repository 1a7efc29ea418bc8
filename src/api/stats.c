/*-------------------------------------------------------------------------
 *
 * stats.c
 *		Counts of this session's requests, by server and operation, and what they
 *		have taught.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/hsearch.h"

#include "api/stats.h"

/* Share of a new value in a moving average. */
#define NEW_SHARE 0.2

static HTAB *stats_hash = NULL;
static HTAB *facts_hash = NULL;
static HTAB *rows_hash = NULL;

DbaasServerFacts *
dbaas_stats_get_server(const char *server)
{
	char		name[NAMEDATALEN];
	DbaasServerFacts *facts;
	bool		found;

	if (facts_hash == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = NAMEDATALEN;
		ctl.entrysize = sizeof(DbaasServerFacts);
		facts_hash = hash_create("dbaas_fdw servers", 8, &ctl, HASH_ELEM | HASH_STRINGS);
	}
	strlcpy(name, server, sizeof(name));
	facts = hash_search(facts_hash, name, HASH_ENTER, &found);
	if (!found)
		facts->zones = 0;
	return facts;
}

void
dbaas_stats_add_to_average(double *average, double value)
{
	*average = *average < 0 ? value : *average + NEW_SHARE * (value - *average);
}

DbaasStats *
dbaas_stats_get(const char *server, const char *operation)
{
	DbaasStats	wanted = {0};
	DbaasStats *stats;
	bool		found;

	if (stats_hash == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(wanted.key);
		ctl.entrysize = sizeof(DbaasStats);
		stats_hash = hash_create("dbaas_fdw statistics", 32, &ctl,
								 HASH_ELEM | HASH_BLOBS);
	}
	strlcpy(wanted.key.server, server, sizeof(wanted.key.server));
	strlcpy(wanted.key.operation, operation, sizeof(wanted.key.operation));
	stats = hash_search(stats_hash, &wanted.key, HASH_ENTER, &found);
	if (!found)
		*stats = wanted;
	return stats;
}

DbaasRowFacts *
dbaas_stats_get_rows(const char *server, const char *method, const char *path, const char *rows)
{
	DbaasRowFacts wanted = {.rows = -1,.entry_rate = -1,.newest_age = -1};
	DbaasRowFacts *facts;
	bool		found;

	if (rows_hash == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(wanted.key);
		ctl.entrysize = sizeof(DbaasRowFacts);
		rows_hash = hash_create("dbaas_fdw rows", 32, &ctl, HASH_ELEM | HASH_BLOBS);
	}
	strlcpy(wanted.key.server, server, sizeof(wanted.key.server));
	snprintf(wanted.key.endpoint, sizeof(wanted.key.endpoint), "%s %s %s", method, path, rows);
	facts = hash_search(rows_hash, &wanted.key, HASH_ENTER, &found);
	if (!found)
		*facts = wanted;
	return facts;
}

static int
compare_stats(const void *a, const void *b)
{
	const DbaasStats *x = *(DbaasStats *const *) a;
	const DbaasStats *y = *(DbaasStats *const *) b;
	int			order = strcmp(x->key.server, y->key.server);

	return order ? order : strcmp(x->key.operation, y->key.operation);
}

DbaasStats **
dbaas_stats_all(int *n)
{
	HASH_SEQ_STATUS status;
	DbaasStats **all;
	DbaasStats *stats;

	*n = 0;
	if (stats_hash == NULL)
		return NULL;
	all = palloc(hash_get_num_entries(stats_hash) * sizeof(DbaasStats *));
	hash_seq_init(&status, stats_hash);
	while ((stats = hash_seq_search(&status)) != NULL)
		all[(*n)++] = stats;
	qsort(all, *n, sizeof(DbaasStats *), compare_stats);
	return all;
}
