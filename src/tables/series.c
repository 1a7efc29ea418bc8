/*-------------------------------------------------------------------------
 *
 * series.c
 *		How far back the measurements of a series go.
 *
 * The values of a series' parameter are units of time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "tables/series.h"

/*
 * A bound may be so much older than a span.  "The last hour" was computed by another clock, or
 * when the transaction began, and is not to take a day for that.
 */
#define SPAN_MARGIN ((TimestampTz) USECS_PER_MINUTE)

static const DbaasColumn *
span_column(const DbaasResource *resource)
{
	return &resource->columns[resource->index.series_span];
}

static Interval *
one_unit(const char *unit)
{
	return DatumGetIntervalP(DirectFunctionCall3(interval_in,
												 CStringGetDatum(psprintf("1 %s", unit)),
												 ObjectIdGetDatum(InvalidOid),
												 Int32GetDatum(-1)));
}

/* A month has 30 days, as the API's has at least. */
static TimestampTz
interval_usecs(const Interval *interval)
{
	return interval->time + interval->day * USECS_PER_DAY +
		(int64) interval->month * DAYS_PER_MONTH * USECS_PER_DAY;
}

double
dbaas_series_seconds(const DbaasResource *resource, const char *span)
{
	if (span == NULL || dbaas_catalogue_check_value(span_column(resource)->domain, span) != NULL)
		return 0;
	return (double) interval_usecs(one_unit(span)) / USECS_PER_SEC;
}

/*
 * Where a unit before now begins, by the calendar or by its length: whichever is earlier.  A
 * query may mean either, by "1 month" and "30 days".
 */
static TimestampTz
span_begin(const char *unit, TimestampTz now)
{
	Interval   *interval = one_unit(unit);
	TimestampTz by_calendar = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
																	  TimestampTzGetDatum(now),
																	  IntervalPGetDatum(interval)));

	return Min(by_calendar, now - interval_usecs(interval)) - SPAN_MARGIN;
}

const char *
dbaas_series_span(const DbaasResource *resource, TimestampTz since, TimestampTz now)
{
	const char *const *values = span_column(resource)->domain->values;
	const char *nearest = NULL;
	const char *furthest = NULL;
	TimestampTz nearest_begin = 0;
	TimestampTz furthest_begin = 0;

	for (int i = 0; values[i]; i++)
	{
		TimestampTz begin = span_begin(values[i], now);

		if (furthest == NULL || begin < furthest_begin)
		{
			furthest = values[i];
			furthest_begin = begin;
		}
		if (begin <= since && (nearest == NULL || begin > nearest_begin))
		{
			nearest = values[i];
			nearest_begin = begin;
		}
	}
	return nearest ? nearest : furthest;
}
