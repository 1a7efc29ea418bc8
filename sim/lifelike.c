/*
 * lifelike.c
 *		What services have, for data to look at (--lifelike): measurements, and few faults.
 *
 * A load that swings with the hour of the day and trembles; memory that hardly moves; a disk
 * that fills steadily, in some services fast.  As in data.c, everything follows from the seed
 * and the epoch.
 */
#include <math.h>
#include <string.h>

#include "lifelike.h"
#include "options.h"

#define DAY INT64_C(86400)

#define service_rnd(facts, modulo, key) \
	rnd(modulo, "%s/%s/services/%d/lifelike/" key, config.seed, (facts)->zone, (facts)->index)

static double
clamp(double value, double low, double high)
{
	return fmin(fmax(value, low), high);
}

/* From 0 to 1, another value every "step" seconds and a line between them. */
static double
tremble(const ServiceFacts *facts, const char *what, int node, int64_t time, int64_t step)
{
	double		ends[2];
	double		along = (double) (time % step) / step;

	for (int i = 0; i < 2; i++)
		ends[i] = rnd(1000, "%s/%s/services/%d/lifelike/%s/%d/%lld/%lld", config.seed,
					  facts->zone, facts->index, what, node, (long long) step,
					  (long long) (time / step + i)) / 999.0;
	return ends[0] + (ends[1] - ends[0]) * along;
}

/* Percent.  Busiest in the afternoon, and on the first node. */
static double
cpu(const ServiceFacts *facts, int node, int64_t time)
{
	double		peak = 36000 + service_rnd(facts, 21600, "cpu/peak");	/* 10:00 to 16:00 */
	double		day = 0.5 + 0.5 * cos(2 * M_PI * (double) ((time - (int64_t) peak) % DAY) / DAY);
	double		base = 2 + service_rnd(facts, 20, "cpu/base");
	double		swing = 4 + service_rnd(facts, 1000, "cpu/swing") / 1000.0 *
		service_rnd(facts, 95, "cpu/swing/most");
	double		load = base +
		swing * day * day * (0.6 + 0.4 * tremble(facts, "cpu", node, time, 5400)) +
		8 * tremble(facts, "cpu", node, time, 600) * (0.3 + day);

	return clamp(node == 1 ? load : 0.4 * load, 0.2, 100);
}

static double
memory(const ServiceFacts *facts, int node, int64_t time)
{
	return clamp(30 + service_rnd(facts, 50, "memory") +
				 8 * tremble(facts, "memory", node, time, 14400) +
				 tremble(facts, "memory", node, time, 900), 0, 98);
}

/* Three in four grow by at most a third of a percent a day, the others by up to two. */
static double
disk(const ServiceFacts *facts, int node, int64_t time)
{
	double		growth = service_rnd(facts, 1000, "disk/growth") / 1000.0 *
		(service_rnd(facts, 4, "disk/fast") == 0 ? 2 : 0.33);

	return clamp(12 + service_rnd(facts, 78, "disk") +
				 growth * (double) (time - config.epoch) / DAY +
				 0.3 * tremble(facts, "disk", node, time, 7200), 1, 99.9);
}

double
lifelike_value(const ServiceFacts *facts, const char *metric, int node, int64_t time)
{
	double		load;

	if (strcmp(metric, "mem_usage") == 0)
		return memory(facts, node, time);
	if (strcmp(metric, "mem_available") == 0)
		return 100 - memory(facts, node, time);
	if (strcmp(metric, "disk_usage") == 0)
		return disk(facts, node, time);
	load = cpu(facts, node, time);
	if (strcmp(metric, "cpu_usage") == 0)
		return load;
	if (strcmp(metric, "load_average") == 0)
		return load * (double) facts->plan->node_cpu_count / 100;
	/* Operations and bytes a second go with the load */
	return load * (strncmp(metric, "net_", 4) == 0 ? 20000 : 8) *
		(0.8 + 0.4 * tremble(facts, metric, node, time, 900));
}

unsigned
lifelike_choice(const ServiceFacts *facts, unsigned modulo, unsigned usual, const char *key)
{
	unsigned	random = rnd(config.lifelike ? 4 * modulo : modulo, "%s/%s/services/%d/%s",
							 config.seed, facts->zone, facts->index, key);

	return random < modulo ? random : usual;
}
