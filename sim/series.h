/*
 * series.h
 *		Logs, page by page, and metrics.
 */
#ifndef SIM_SERIES_H
#define SIM_SERIES_H

#include "data.h"

/*
 * A page of the logs of a service that has "count" entries.  "offset" is a cursor
 * from an earlier page, or NULL.  NULL is returned when it is not one of this service.
 */
extern json_object *logs_page_json(const ServiceFacts *facts, int64_t count, int64_t limit,
								   bool ascending, const char *offset);

/* "period" is a name in the catalogue */
extern json_object *metrics_json(const ServiceFacts *facts, const char *period);

#endif							/* SIM_SERIES_H */
