/*
 * lifelike.h
 *		Measurements such as services have, for data to look at.
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

#endif							/* SIM_LIFELIKE_H */
