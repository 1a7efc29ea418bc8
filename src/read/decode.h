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

#include "read/read.h"
#include "tables/rows.h"
#include "tables/table.h"

/* Reads a time of the API.  Returns whether the value is one; raises no error. */
extern bool dbaas_decode_time(const DbaasJson *value, TimestampTz *time);

/*
 * The request that a row came from: its values, which columns without a field show, and
 * its label for errors.
 */
typedef struct DbaasOrigin
{
	const char *zone;			/* or NULL */
	const char *const *args;	/* by catalogue column, in UTF-8; or NULL */
	const char *label;			/* of the call */
	const char *outcome;		/* of a row that is no row of a response: its
								 * outcome, in UTF-8; else NULL */
	const char *next;			/* the cursor that such a row shows; or NULL */
} DbaasOrigin;

/*
 * Makes a decoder of the attributes in "used" (numbers from 1), palloc'd.  If the
 * database's encoding lacks a character of a value, an attribute that is also in
 * "may_lack" becomes NULL; for others that is an error.
 */
extern DbaasDecoder *dbaas_decoder_new(const DbaasTable *table, TupleDesc desc,
									   const Bitmapset *used, const Bitmapset *may_lack);

/*
 * Decodes the current row into values and isnull, of desc->natts elements, in the
 * current memory context.  Attributes that are not used become NULL, and without a response,
 * where rows is NULL, all that are no keys and do not show the outcome.  If a value is not
 * of the documented type, raises an error (HV000) that names the field and the row.
 */
extern void dbaas_decode_row(DbaasDecoder *decoder, DbaasRows *rows,
							 const DbaasOrigin *origin, Datum *values, bool *isnull);

/*
 * Decodes the current row, and drops its values.  Returns NULL, or as a value the error
 * (HV000) that dbaas_decode_row() would raise; raises any other.
 */
extern DbaasError *dbaas_decode_check(DbaasDecoder *decoder, DbaasRows *rows,
									  const DbaasOrigin *origin);

#endif							/* DBAAS_DECODE_H */
