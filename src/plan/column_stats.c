/*-------------------------------------------------------------------------
 *
 * column_stats.c
 *		Statistics of columns that need no ANALYZE.
 *
 * The catalogue knows which columns identify a row, and which have few values.  This session
 * has seen how close the entries of logs are to each other.  The planner gets that in the
 * form of a row of pg_statistic, so that conditions, joins and groups are all estimated by
 * it.  What ANALYZE has found comes first, with two exceptions:
 *
 * - Times of logs and measurements move on, and ANALYZE reads only the newest of them.
 *
 * - A service is in one zone.  Where the name of a service says which row it is, the zone
 *	 says nothing more.  The planner multiplies the selectivities of conditions on both, so it
 *	 is told of one zone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/pathnodes.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "api/stats.h"
#include "plan/column_stats.h"
#include "plan/plan.h"
#include "plan/relation.h"
#include "plan/request_count.h"
#include "tables/series.h"

/* Bounds of a histogram of times. */
#define HISTOGRAM_BOUNDS 101

/* As long as nothing is known of the ages of entries, they are between these. */
#define LEAST_AGE ((double) SECS_PER_MINUTE)
#define GREATEST_AGE ((double) SECS_PER_YEAR)

static get_relation_stats_hook_type previous_hook;

/* Where the times of a column are, evenly spread. */
typedef struct Times
{
	double		newest_age;		/* seconds from the newest to now */
	double		span;			/* seconds from the oldest to the newest; -1:
								 * not known */
} Times;

/* ------------------------------------------------------------------------
 * Numbers of different values
 * ------------------------------------------------------------------------ */

/* Is it the column that gets its values from the names of the parents? */
static bool
names_parent(const DbaasResource *resource, int column)
{
	return resource->parent && resource->index.parent_keys[0] == column;
}

/* Does the name of a service, which is in one zone, say which zone a row is in? */
static bool
zone_follows(const DbaasResource *resource)
{
	return resource->is_service || (resource->parent && resource->parent->locates);
}

/* How many different values the column has, as pg_statistic has it; 0 if that is not known. */
static double
distinct_values(const DbaasRelationInfo *info, int column)
{
	const DbaasResource *resource = info->table->resource;
	const DbaasColumn *c = &resource->columns[column];

	if (column == DBAAS_ZONE_COLUMN && !resource->global)
		return resource->any_zone || zone_follows(resource) ? 1 :
			dbaas_request_count_zones(info);
	if (column == resource->index.time)
		return -1;
	if (column == resource->index.series_time)
		return Min(resource->series->typical_times, info->read_rows);
	if (c->unique && (c->type == DBAAS_UUID || resource->global ||resource->is_service))
		return -1;
	if (c->unique)
		return info->read_rows;
	if (names_parent(resource, column))
		return dbaas_request_count_parents(info) *
			(resource->parent->locates ? dbaas_request_count_zones(info) : 1);
	if (dbaas_catalogue_only_shows_request(resource, column))
		return 1;
	return dbaas_catalogue_typical_values(c);
}

/* ------------------------------------------------------------------------
 * Times
 * ------------------------------------------------------------------------ */

/* When the table was last analyzed; 0 if that is not known. */
static TimestampTz
last_analyzed(Oid relid)
{
	LOCAL_FCINFO(fcinfo, 1);
	Datum		time;

	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = ObjectIdGetDatum(relid);
	fcinfo->args[0].isnull = false;
	time = pg_stat_get_last_analyze_time(fcinfo);
	return fcinfo->isnull ? 0 : DatumGetTimestampTz(time);
}

/*
 * The times that ANALYZE has found in the newest page of each target.  Returns false if it
 * has not found any.
 */
static bool
analyzed_times(const DbaasRelationInfo *info, HeapTuple analyzed, TimestampTz now, Times *times)
{
	double		entries = info->response_rows >= 0 ? info->response_rows :
		info->table->resource->paging->max_limit;
	AttStatsSlot slot;
	TimestampTz oldest;
	TimestampTz newest;
	TimestampTz seen = last_analyzed(info->table->relid);

	if (!HeapTupleIsValid(analyzed) ||
		!get_attstatsslot(&slot, analyzed, STATISTIC_KIND_HISTOGRAM, InvalidOid,
						  ATTSTATSSLOT_VALUES))
		return false;
	oldest = DatumGetTimestampTz(slot.values[0]);
	newest = DatumGetTimestampTz(slot.values[slot.nvalues - 1]);
	free_attstatsslot(&slot);
	times->newest_age = (double) ((seen ? seen : now) - newest) / USECS_PER_SEC;
	times->span = (double) (newest - oldest) / USECS_PER_SEC * info->read_rows / Max(entries, 1);
	return true;
}

/* Finds where the times are that a scan reads. */
static Times
find_times(const DbaasRelationInfo *info, HeapTuple analyzed, TimestampTz now)
{
	const DbaasResource *resource = info->table->resource;
	const DbaasEndpoint *read = &resource->reads[dbaas_catalogue_nreads(resource) - 1];
	const DbaasRowFacts *facts = dbaas_stats_get_rows(info->server, read->method, read->path,
													  read->rows);
	Times		times = {0, -1};

	if (resource->series)
	{
		double		span = dbaas_series_seconds(resource, info->span);

		times.span = span > 0 ? span : -1;
	}
	else if (facts->entry_rate > 0)
	{
		times.newest_age = facts->newest_age;
		times.span = info->read_rows / facts->entry_rate;
	}
	else
		(void) analyzed_times(info, analyzed, now, &times);
	times.newest_age = Max(times.newest_age, 0);
	return times;
}

/* The age in seconds of the entry before which there is this part of the entries. */
static double
age_of(const DbaasRelationInfo *info, const Times *times, double part)
{
	if (times->span >= 0)
		return times->newest_age + part * times->span;
	if (part <= 0)
		return 0;
	return LEAST_AGE * pow(GREATEST_AGE / LEAST_AGE, part * info->read_share);
}

/* A histogram of the times that a scan reads. */
static ArrayType *
make_histogram(const DbaasRelationInfo *info, HeapTuple analyzed)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	Times		times = find_times(info, analyzed, now);
	Datum		bounds[HISTOGRAM_BOUNDS];

	for (int i = 0; i < HISTOGRAM_BOUNDS; i++)
	{
		double		part = 1 - (double) i / (HISTOGRAM_BOUNDS - 1);
		double		age = Min(age_of(info, &times, part), GREATEST_AGE * 1000);

		bounds[i] = TimestampTzGetDatum(now - (int64) (age * USECS_PER_SEC));
	}
	return construct_array(bounds, HISTOGRAM_BOUNDS, TIMESTAMPTZOID, sizeof(TimestampTz),
						   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* ------------------------------------------------------------------------
 * Rows of pg_statistic
 * ------------------------------------------------------------------------ */

/* Makes a row with so many different values, and a histogram if that is not NULL. */
static HeapTuple
make_tuple(Oid relid, AttrNumber attnum, double distinct, ArrayType *histogram)
{
	Relation	pg_statistic = table_open(StatisticRelationId, AccessShareLock);
	Datum		values[Natts_pg_statistic] = {0};
	bool		nulls[Natts_pg_statistic] = {false};
	HeapTuple	tuple;

	values[Anum_pg_statistic_starelid - 1] = ObjectIdGetDatum(relid);
	values[Anum_pg_statistic_staattnum - 1] = Int16GetDatum(attnum);
	values[Anum_pg_statistic_stadistinct - 1] = Float4GetDatum((float4) distinct);
	for (int i = 0; i < STATISTIC_NUM_SLOTS; i++)
	{
		nulls[Anum_pg_statistic_stanumbers1 - 1 + i] = true;
		nulls[Anum_pg_statistic_stavalues1 - 1 + i] = true;
	}
	if (histogram)
	{
		Oid			less = lookup_type_cache(TIMESTAMPTZOID, TYPECACHE_LT_OPR)->lt_opr;

		values[Anum_pg_statistic_stakind1 - 1] = Int16GetDatum(STATISTIC_KIND_HISTOGRAM);
		values[Anum_pg_statistic_staop1 - 1] = ObjectIdGetDatum(less);
		values[Anum_pg_statistic_stavalues1 - 1] = PointerGetDatum(histogram);
		nulls[Anum_pg_statistic_stavalues1 - 1] = false;
	}
	tuple = heap_form_tuple(RelationGetDescr(pg_statistic), values, nulls);
	table_close(pg_statistic, AccessShareLock);
	return tuple;
}

/* The row for a column of the relation; NULL if that is for the planner to find. */
static HeapTuple
find_tuple(const DbaasRelationInfo *info, AttrNumber attnum)
{
	const DbaasTable *table = info->table;
	const DbaasResource *resource = table->resource;
	int			column = attnum > 0 && attnum <= table->natts ?
		table->attributes[attnum - 1].column : -1;
	HeapTuple	analyzed;
	double		distinct;

	if (column < 0)
		return NULL;
	analyzed = SearchSysCacheCopy3(STATRELATTINH, ObjectIdGetDatum(table->relid),
								   Int16GetDatum(attnum), BoolGetDatum(false));
	distinct = distinct_values(info, column);
	if ((column == resource->index.time || column == resource->index.series_time) &&
		get_atttype(table->relid, attnum) == TIMESTAMPTZOID)
		return make_tuple(table->relid, attnum, distinct, make_histogram(info, analyzed));
	if ((HeapTupleIsValid(analyzed) &&
		 (column != DBAAS_ZONE_COLUMN || !zone_follows(resource))) || distinct == 0)
		return NULL;
	return make_tuple(table->relid, attnum, distinct, NULL);
}

/*
 * The relation of a range table entry, if it is a table of ours and what is read of it is
 * known; or NULL.
 */
static RelOptInfo *
find_relation(const PlannerInfo *root, const RangeTblEntry *rte)
{
	if (rte->rtekind != RTE_RELATION || rte->relkind != RELKIND_FOREIGN_TABLE ||
		root->simple_rel_array == NULL)
		return NULL;
	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		RelOptInfo *rel = root->simple_rel_array[i];

		if (root->simple_rte_array[i] == rte)
			return rel && rel->fdw_private && rel->fdwroutine &&
				rel->fdwroutine->GetForeignPlan == dbaasGetForeignPlan &&
				((DbaasRelationInfo *) rel->fdw_private)->read_rows > 0 ? rel : NULL;
	}
	return NULL;
}

/* May the user see what ANALYZE has found, as the planner asks? */
static bool
may_see(const RelOptInfo *rel, const RangeTblEntry *rte)
{
	Oid			user = OidIsValid(rel->userid) ? rel->userid : GetUserId();

	return rte->securityQuals == NIL &&
		pg_class_aclcheck(rte->relid, user, ACL_SELECT) == ACLCHECK_OK;
}

static bool
relation_stats(PlannerInfo *root, RangeTblEntry *rte, AttrNumber attnum,
			   VariableStatData *vardata)
{
	RelOptInfo *rel;
	HeapTuple	tuple;

	if (previous_hook && previous_hook(root, rte, attnum, vardata))
		return true;
	rel = find_relation(root, rte);
	tuple = rel ? find_tuple(rel->fdw_private, attnum) : NULL;
	if (!HeapTupleIsValid(tuple))
		return false;
	vardata->statsTuple = tuple;
	vardata->freefunc = heap_freetuple;
	vardata->acl_ok = may_see(rel, rte);
	return true;
}

void
dbaas_column_stats_init(void)
{
	previous_hook = get_relation_stats_hook;
	get_relation_stats_hook = relation_stats;
}
