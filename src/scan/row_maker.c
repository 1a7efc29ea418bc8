/*-------------------------------------------------------------------------
 *
 * row_maker.c
 *		From the rows of responses to rows of a foreign table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/rel.h"

#include "scan/row_maker.h"
#include "tables/generated.h"

struct DbaasRowMaker
{
	DbaasDecoder *decoder;
	DbaasGenerated *generated;	/* NULL if there are no generated columns */
	MemoryContext row_cxt;		/* reset for each row */
};

DbaasRowMaker *
dbaas_row_maker_new(const DbaasTable *table, Relation relation, const Bitmapset *used,
					const Bitmapset *unused)
{
	DbaasRowMaker *maker = palloc0(sizeof(DbaasRowMaker));

	maker->decoder = dbaas_decoder_new(table, RelationGetDescr(relation),
									   bms_intersect(used, dbaas_table_shown_attributes(table)),
									   unused);
	/* To dbaas_generated_new(), NULL means all. */
	if (used)
		maker->generated = dbaas_generated_new(relation, used);
	maker->row_cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw row",
										   ALLOCSET_DEFAULT_SIZES);
	return maker;
}

DbaasDecoder *
dbaas_row_maker_decoder(const DbaasRowMaker *maker)
{
	return maker->decoder;
}

void
dbaas_row_maker_store(DbaasRowMaker *maker, DbaasRows *rows, const DbaasOrigin *origin,
					  TupleTableSlot *slot)
{
	MemoryContext oldcxt;

	MemoryContextReset(maker->row_cxt);
	oldcxt = MemoryContextSwitchTo(maker->row_cxt);
	dbaas_decode_row(maker->decoder, rows, origin, slot->tts_values, slot->tts_isnull);
	ExecStoreVirtualTuple(slot);
	dbaas_generated_compute(maker->generated, slot);
	MemoryContextSwitchTo(oldcxt);
}
