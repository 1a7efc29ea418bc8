/*
 * lifelike.h
 *		What services have, for data to look at: measurements, and few faults.
 */
#ifndef SIM_LIFELIKE_H
#define SIM_LIFELIKE_H

#include "data.h"

/*
 * What a metric of the catalogue is at a Unix time, on a node (from 1).  It depends on the
 * time alone and not on the period that asks, so periods agree.
 */
extern double lifelike_value(const ServiceFacts *facts, const char *metric, int node,
							 int64_t time);

/*
 * A number below "modulo" that follows from the key, all as often; with --lifelike three in
 * four are "usual", and what is left is as it was.
 */
extern unsigned lifelike_choice(const ServiceFacts *facts, unsigned modulo, unsigned usual,
								const char *key);

#endif							/* SIM_LIFELIKE_H */
