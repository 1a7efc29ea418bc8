/*-------------------------------------------------------------------------
 *
 * cursor.c
 *		The position of a cursor, for WHERE CURRENT OF.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relscan.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "lookahead/cursor.h"

/* Follows search_plan_tree() of the executor. */
List *
dbaas_cursor_find_scans(PlanState *node)
{
	List	   *scans = NIL;

	if (node == NULL)
		return NIL;
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_SeqScanState:
		case T_SampleScanState:
		case T_IndexScanState:
		case T_IndexOnlyScanState:
		case T_BitmapHeapScanState:
		case T_TidScanState:
		case T_TidRangeScanState:
		case T_CustomScanState:
			return ((ScanState *) node)->ss_currentRelation ? list_make1(node) : NIL;
		case T_AppendState:
			for (int i = 0; i < ((AppendState *) node)->as_nplans; i++)
				scans =
					list_concat(scans,
								dbaas_cursor_find_scans(((AppendState *) node)->appendplans[i]));
			return scans;
		case T_ResultState:
		case T_LimitState:
			return dbaas_cursor_find_scans(outerPlanState(node));
		case T_SubqueryScanState:
			return dbaas_cursor_find_scans(((SubqueryScanState *) node)->subplan);
		default:
			return NIL;
	}
}

ItemPointerData
dbaas_cursor_position(const ScanState *scan)
{
	ItemPointerData position;

	ItemPointerSetInvalid(&position);
	if (TupIsNull(scan->ss_ScanTupleSlot) || scan->ps.chgParam)
		return position;
	if (IsA(scan, IndexOnlyScanState))
		return ((const IndexOnlyScanState *) scan)->ioss_ScanDesc->xs_heaptid;
	return scan->ss_ScanTupleSlot->tts_tid;
}

void
dbaas_cursor_replace_scan(ScanState *node, const ScanState *scan)
{
	node->ss_currentRelation = scan->ss_currentRelation;
	node->ss_ScanTupleSlot = ExecInitExtraTupleSlot(node->ps.state,
													RelationGetDescr(node->ss_currentRelation),
													&TTSOpsVirtual);
}

void
dbaas_cursor_show(ScanState *node, ItemPointerData position)
{
	TupleTableSlot *slot = node->ss_ScanTupleSlot;

	ExecClearTuple(slot);
	if (!ItemPointerIsValid(&position))
		return;
	ExecStoreAllNullTuple(slot);
	slot->tts_tid = position;
	slot->tts_tableOid = RelationGetRelid(node->ss_currentRelation);
}
