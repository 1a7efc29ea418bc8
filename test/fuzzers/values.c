/*-------------------------------------------------------------------------
 *
 * values.c
 *		Values: times, and whether two are the same or one is later.
 *
 * A text has two lines.  Holds that times are read as the C library has them, that numbers
 * are the same if strtod() has it so, that networks are in no order, that what is the same
 * is so both ways, and that of two versions one is later.
 *
 *-------------------------------------------------------------------------
 */
/* For what is static in them */
#include "base/version.c"		/* NOLINT(bugprone-suspicious-include) */
#include "read/decode.c"		/* NOLINT(bugprone-suspicious-include) */
#include "write/same.c"			/* NOLINT(bugprone-suspicious-include) */

#include <arpa/inet.h>
#include <math.h>
#include <time.h>

#include "backend.h"
#include "fuzzer.h"

/* ------------------------------------------------------------------------
 * What these files need of a backend
 * ------------------------------------------------------------------------ */

const int	day_tab[2][13] =
{
	{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
	{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}
};

int
date2j(int year, int month, int day)
{
	struct tm	tm = {
		.tm_year = year - 1900,
		.tm_mon = month - 1,
		.tm_mday = day
	};

	return (int) (timegm(&tm) / SECS_PER_DAY) + UNIX_EPOCH_JDATE;
}

/* Not what the API writes: PostgreSQL's own function would read it. */
int
ParseDateTime(const char *timestr, char *workbuf, size_t buflen, char **field, int *ftype,
			  int maxfields, int *numfields)
{
	expect(strlen(timestr) < buflen, "the time has no room");
	return DTERR_BAD_FORMAT;
}

int
pg_inet_net_pton(int af, const char *src, void *dst, size_t size)
{
	int			family = af == PGSQL_AF_INET6 ? AF_INET6 : AF_INET;
	char	   *address = pnstrdup(src, strcspn(src, "/"));
	const char *length = strchr(src, '/');
	int			most = family == AF_INET6 ? 128 : 32;
	int			bits = length ? atoi(length + 1) : most;

	if (inet_pton(family, address, dst) != 1 || bits < 0 || bits > most)
		return -1;
	return bits;
}

/* ------------------------------------------------------------------------
 * The checks
 * ------------------------------------------------------------------------ */

static void
check_time(const DbaasJson *value)
{
	TimestampTz time;
	TimestampTz other;
	struct tm	tm = {0};
	const char *text = dbaas_json_string(value, NULL);
	const char *rest;

	(void) dbaas_decode_time(value, &other);
	if (!read_utc(value, &time))
		return;
	expect(looks_like_time(value), "a time does not look like one");
	expect(dbaas_decode_time(value, &other) && time == other, "a time is read as another one");
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	expect(rest != NULL, "it is no time");
	expect(time / USECS_PER_SEC - (time % USECS_PER_SEC < 0) +
		   (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY == timegm(&tm),
		   "it is read as " INT64_FORMAT, time);
	if (*rest == '.')
		expect(fabs((time % USECS_PER_SEC + (time % USECS_PER_SEC < 0 ? USECS_PER_SEC : 0)) / 1e6 -
					strtod(rest, NULL)) < 1e-7, "its fraction is that of " INT64_FORMAT, time);
}

static int
digits_of(const DbaasJson *value)
{
	return (int) strspn(dbaas_json_text(value), "-.0123456789");
}

static void
check_numbers(const DbaasJson *a, const DbaasJson *b)
{
	double		x = strtod(dbaas_json_text(a), NULL);
	double		y = strtod(dbaas_json_text(b), NULL);

	if (same_number(a, b))
		expect(x == y, "the numbers are not the same");
	else if (digits_of(a) <= 15 && digits_of(b) <= 15 && fabs(x) < 1e300 && fabs(y) < 1e300 &&
			 fabs(x) > 1e-300 && fabs(y) > 1e-300)
		expect(x != y, "the numbers are the same");
}

/* The networks in the reverse order, and the first twice. */
static const DbaasJson *
turn_around(const DbaasJson *array)
{
	StringInfoData out;
	StringInfoData items;
	const DbaasJson *turned;
	char	   *problem;

	initStringInfo(&items);
	for (const DbaasJson *item = dbaas_json_first(array); item; item = dbaas_json_next(array, item))
	{
		initStringInfo(&out);
		appendStringInfo(&out, "%s%s%s", dbaas_json_compact(item), items.len ? "," : "",
						 items.data);
		items = out;
	}
	initStringInfo(&out);
	if (items.len == 0)
		return array;
	appendStringInfo(&out, "[%s,%s]", dbaas_json_compact(dbaas_json_first(array)), items.data);
	expect(dbaas_json_parse(NULL, out.data, out.len, DBAAS_JSON_ALL_NODES(out.len), &turned,
							&problem), "%s: %s", out.data, problem);
	return turned;
}

static bool
all_texts(const DbaasJson *array)
{
	for (const DbaasJson *item = dbaas_json_first(array); item; item = dbaas_json_next(array, item))
	{
		if (!dbaas_json_plain_string(item))
			return false;
	}
	return true;
}

static void
check_same(const DbaasJson *a, const DbaasJson *b)
{
	static const DbaasComparison meanings[] = {
		DBAAS_COMPARE_JSON, DBAAS_COMPARE_NETWORKS, DBAAS_COMPARE_VERSIONS,
		DBAAS_COMPARE_TIMES_OF_DAY
	};

	for (size_t i = 0; i < lengthof(meanings); i++)
	{
		expect(dbaas_same_values(meanings[i], a, a), "a value is not the same as itself");
		expect(dbaas_same_values(meanings[i], a, b) == dbaas_same_values(meanings[i], b, a),
			   "they are the same in one direction");
		if (dbaas_same_values(DBAAS_COMPARE_JSON, a, b))
			expect(dbaas_same_values(meanings[i], a, b), "they are the same as JSON alone");
	}
	if (is_number(a) && is_number(b))
		check_numbers(a, b);
	if (dbaas_json_is(a, DBAAS_JSON_ARRAY) && all_texts(a))
		expect(dbaas_same_values(DBAAS_COMPARE_NETWORKS, a, turn_around(a)),
			   "networks are in an order");
}

static void
check_versions(const char *a, const char *b)
{
	expect(!is_later(a, a), "a version is later than itself");
	expect(!is_later(a, b) || !is_later(b, a), "each version is later");
}

/* Each domain of the catalogue takes a text, or says what it takes. */
static void
check_domains(const char *text)
{
	int			n;
	const DbaasResource *resources = dbaas_catalogue_resources(&n);

	for (int i = 0; i < n; i++)
	{
		for (int c = 0; c < resources[i].ncolumns; c++)
		{
			const DbaasColumn *column = &resources[i].columns[c];
			const char *refusal = column->domain ?
				dbaas_catalogue_check_value(column->domain, text) : NULL;

			expect(refusal == NULL || *refusal, "a refusal says nothing");
			if (column->domain && column->domain->max && refusal == NULL)
				expect(atoll(text) >= column->domain->min && atoll(text) <= column->domain->max,
					   "it is out of bounds");
		}
	}
}

static const DbaasJson *
parse(const char *text)
{
	const DbaasJson *value;
	char	   *problem;

	return dbaas_json_parse(NULL, text, strlen(text), DBAAS_JSON_ALL_NODES(strlen(text)), &value,
							&problem) ? value : NULL;
}

void
fuzzer_start(void)
{
	int			n;

	/* Resolves what it finds, in memory that is never freed */
	(void) dbaas_catalogue_resources(&n);
}

bool
fuzzer_check(const char *text, size_t len)
{
	char	   *rest = pstrdup(text);
	const char *first = strsep(&rest, "\n");
	const char *second = rest ? rest : "";
	const DbaasJson *a = parse(first);
	const DbaasJson *b = parse(second);

	check_versions(first, second);
	check_domains(first);
	if (a && dbaas_json_is(a, DBAAS_JSON_STRING))
		check_time(a);
	if (a && b)
		check_same(a, b);
	backend_free();
	return a && b;
}
