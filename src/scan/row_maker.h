/*-------------------------------------------------------------------------
 *
 * row_maker.h
 *		From the rows of responses to rows of a foreign table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ROW_MAKER_H
#define DBAAS_ROW_MAKER_H

#include "executor/tuptable.h"
#include "utils/relcache.h"

#include "read/decode.h"

typedef struct DbaasRowMaker DbaasRowMaker;

/*
 * A maker of rows, in the current memory context.  It fills the attributes in "used", a set
 * of attribute numbers, and sets the others to NULL.  "unused" has those of them that no
 * expression of the query uses: see "may_lack" of dbaas_decoder_new().
 */
extern DbaasRowMaker *dbaas_row_maker_new(const DbaasTable *table, Relation relation,
										  const Bitmapset *used, const Bitmapset *unused);

/* What it decodes rows with. */
extern DbaasDecoder *dbaas_row_maker_decoder(const DbaasRowMaker *maker);

/*
 * Stores the current row of a response, or an outcome if rows is NULL, in a virtual slot,
 * with its generated columns.
 * The values last until the next call.  Raises the errors of decoding, and what
 * expressions of generated columns raise.
 */
extern void dbaas_row_maker_store(DbaasRowMaker *maker, DbaasRows *rows, const DbaasOrigin *origin,
								  TupleTableSlot *slot);

#endif							/* DBAAS_ROW_MAKER_H */
