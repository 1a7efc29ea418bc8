/*-------------------------------------------------------------------------
 *
 * decode.h
 *		From the rows of responses to SQL values.
 *
 * Knows JSON and SQL types; knows nothing of HTTP.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_DECODE_H
#define DBAAS_DECODE_H

#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "nodes/bitmapset.h"

#include "tables/rows.h"
#include "tables/table.h"

typedef struct DbaasDecoder DbaasDecoder;

/* Reads a time of the API.  Returns whether the value is one; never throws. */
extern bool dbaas_decode_time(const DbaasJson *value, TimestampTz *time);

/*
 * Where a row came from: the values that its request had, which are shown where the
 * response does not hold them, and its label for errors.
 */
typedef struct DbaasOrigin
{
	const char *zone;			/* or NULL */
	const char *const *args;	/* by catalogue column, in UTF-8; or NULL */
	const char *label;			/* of the call */
} DbaasOrigin;

/*
 * A decoder of the attributes in "used" (numbers from 1), palloc'd.  Those that are
 * also in "may_lack" become NULL where the database's encoding lacks a character
 * of their value.
 */
extern DbaasDecoder *dbaas_decoder_new(const DbaasTable *table, TupleDesc desc,
									   const Bitmapset *used, const Bitmapset *may_lack);

/*
 * Decodes the current row into values and isnull, of desc->natts elements,
 * with memory of the current context.  Attributes that are not used become
 * NULL.  Raises ERROR (HV000) that names the field and the row when a value
 * has not the documented type.
 */
extern void dbaas_decode_row(DbaasDecoder *decoder, DbaasRows *rows,
							 const DbaasOrigin *origin, Datum *values, bool *isnull);

#endif							/* DBAAS_DECODE_H */
