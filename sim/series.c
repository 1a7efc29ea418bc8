/*
 * series.c
 *		Logs, page by page, and metrics.
 *
 * Entries and samples are computed when a page of them is asked for, so a
 * service may have any number of them.  A cursor is a position between two log
 * entries: position p lies before entry p, counted from 0, oldest first.  An
 * ascending page goes on after it, a descending one before it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lifelike.h"
#include "options.h"
#include "response.h"
#include "series.h"

#define CURSOR_LENGTH 20		/* 8 digits of a checksum, 12 of the position */
#define CURSOR_SIZE 32

static char *
write_cursor(char cursor[CURSOR_SIZE], const ServiceFacts *facts, int64_t position)
{
	char		check[33];

	md5_from(check, "%s/%s/services/%d/cursor/%lld", config.seed, facts->zone, facts->index,
			 (long long) position);
	snprintf(cursor, CURSOR_SIZE, "%.8s%012llx", check, (unsigned long long) position);
	return cursor;
}

/*
 * Returns the position, or -1 when the service never returned such a cursor.
 */
static int64_t
read_cursor(const char *cursor, const ServiceFacts *facts, int64_t count)
{
	char		expected[CURSOR_SIZE];
	int64_t		position;

	if (strlen(cursor) != CURSOR_LENGTH)
		return -1;
	position = strtoll(cursor + 8, NULL, 16);
	if (position < 0 || position > count)
		return -1;
	return strcmp(write_cursor(expected, facts, position), cursor) == 0 ? position : -1;
}

static json_object *
log_entry_json(const ServiceFacts *facts, int64_t step, int64_t entry)
{
	static const char *const texts[] = {
		"connection authorized: user=avnadmin",
		"checkpoint complete",
		"dur\303\251e \303\251lev\303\251e: \xe6\x97\xa5\xe6\x9c\xac",
		"path \"C:\\temp\"\tquoted",
		"slow query / 1 s",
	};
	static const char *const units[] = {NULL, "systemd", "cron", "sshd"};
	unsigned	random = rnd(1000000, "%s/%s/services/%d/logs/%lld", config.seed, facts->zone,
							 facts->index, (long long) entry);
	int64_t		micros = entry * step;
	int64_t		start = config.epoch + facts->index;
	json_object *json = json_object_new_object();
	char		text[160];

	/* The newest of those that there are at the start is a minute old */
	if (config.lifelike)
		start = config.epoch - 60 - config.logs * step / 1000000;
	format_time(text, sizeof(text), start + micros / 1000000,
				(int) (micros % 1000000));
	json_add_text(json, "time", text);
	snprintf(text, sizeof(text), "%s-%lld", facts->name,
			 (long long) entry % facts->plan->node_count + 1);
	json_add_text(json, "node", text);
	snprintf(text, sizeof(text), "%s.service", facts->type->name);
	json_add_text(json, "unit", units[random % 4] ? units[random % 4] : text);
	snprintf(text, sizeof(text), "entry %lld of %s: %s", (long long) entry, facts->name,
			 texts[random % lengthof(texts)]);
	json_add_text(json, "message", text);
	return json;
}

/* A service that is new has neither logs nor metrics. */
static bool
is_brand_new(const ServiceFacts *facts, int64_t count)
{
	return facts->made ? count == 0 : facts->index == BRAND_NEW_INDEX;
}

json_object *
logs_page_json(const ServiceFacts *facts, int64_t count, int64_t limit, bool ascending,
			   const char *offset)
{
	int64_t		step = 250000 + rnd(750000, "%s/%s/services/%d/logs/step", config.seed,
									facts->zone, facts->index);
	int64_t		start = offset ? read_cursor(offset, facts, count) : ascending ? 0 : count;
	int64_t		position = start;
	char		cursor[CURSOR_SIZE];
	json_object *json;
	json_object *entries;

	if (start < 0)
		return NULL;
	json = json_object_new_object();
	if (is_brand_new(facts, count))
		return json;

	entries = json_object_new_array();
	while (limit-- > 0 && (ascending ? position < count : position > 0))
	{
		int64_t		entry = ascending ? position++ : --position;

		json_object_array_add(entries, log_entry_json(facts, step, entry));
	}
	json_add(json, "logs", entries);
	json_add_text(json, "offset", write_cursor(cursor, facts, position));
	json_add_text(json, "first-log-offset", write_cursor(cursor, facts, start));
	return json;
}

static json_object *
column_json(const char *label, const char *type)
{
	json_object *json = json_object_new_object();

	json_add_text(json, "label", label);
	json_add_text(json, "type", type);
	return json;
}

/* When the first sample was.  The rule starts at the epoch, and what is lifelike ends there. */
static int64_t
series_start(const Period *period)
{
	if (!config.lifelike)
		return config.epoch;
	return config.epoch / period->seconds * period->seconds -
		(int64_t) (period->rows - 1) * period->seconds;
}

/* A number with two decimal places; one in fifty is null. */
static json_object *
sample_json(const ServiceFacts *facts, const char *metric, const Period *period, int node, int row)
{
	unsigned	random = rnd(100000, "%s/%s/services/%d/metrics/%s/%s/%d/%d", config.seed,
							 facts->zone, facts->index, period->name, metric, node, row);
	double		value = random / 100.0;
	char		text[32];

	if (random % 50 == 0)
		return NULL;
	if (config.lifelike)
		value = lifelike_value(facts, metric, node,
							   series_start(period) + (int64_t) row * period->seconds);
	snprintf(text, sizeof(text), "%.2f", value);
	return json_object_new_double_s(value, text);
}

static json_object *
metric_json(const ServiceFacts *facts, const Metric *metric, const Period *period)
{
	json_object *columns = json_object_new_array();
	json_object *rows = json_object_new_array();
	json_object *data = json_object_new_object();
	json_object *hints = json_object_new_object();
	json_object *json = json_object_new_object();
	char		text[100];

	json_object_array_add(columns, column_json("time", "date"));
	for (int node = 1; node <= facts->plan->node_count; node++)
	{
		snprintf(text, sizeof(text), "%s-%d (%s)", facts->name, node,
				 node == 1 ? "primary" : "standby");
		json_object_array_add(columns, column_json(text, "number"));
	}
	for (int row = 0; row < period->rows; row++)
	{
		json_object *cells = json_object_new_array();

		format_time(text, sizeof(text), series_start(period) + (int64_t) row * period->seconds, -1);
		json_object_array_add(cells, json_object_new_string(text));
		for (int node = 1; node <= facts->plan->node_count; node++)
			json_object_array_add(cells, sample_json(facts, metric->name, period, node, row));
		json_object_array_add(rows, cells);
	}
	json_add(data, "cols", columns);
	json_add(data, "rows", rows);
	json_add_text(hints, "title", metric->title);
	json_add(json, "data", data);
	json_add(json, "hints", hints);
	return json;
}

json_object *
metrics_json(const ServiceFacts *facts, const char *period)
{
	json_object *all = json_object_new_object();
	json_object *json = json_object_new_object();

	for (size_t p = 0; p < PERIODS; p++)
	{
		if (strcmp(periods[p].name, period) != 0 || is_brand_new(facts, 0))
			continue;
		for (size_t m = 0; m < METRICS; m++)
			json_add(all, metrics[m].name, metric_json(facts, &metrics[m], &periods[p]));
	}
	json_add(json, "metrics", all);
	return json;
}
