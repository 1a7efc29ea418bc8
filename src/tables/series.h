/*-------------------------------------------------------------------------
 *
 * series.h
 *		How far back the measurements of a series go.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SERIES_H
#define DBAAS_SERIES_H

#include "datatype/timestamp.h"

#include "tables/catalogue.h"

/*
 * How far back a value of the parameter goes, in seconds; 0 if the series does not accept
 * it, or it is NULL.
 */
extern double dbaas_series_seconds(const DbaasResource *resource, const char *span);

/*
 * Of the values of the parameter that reach back to a time, the one that reaches least
 * beyond it; if none does, the one that reaches furthest.  It belongs to the catalogue.
 */
extern const char *dbaas_series_span(const DbaasResource *resource, TimestampTz since,
									 TimestampTz now);

#endif							/* DBAAS_SERIES_H */
