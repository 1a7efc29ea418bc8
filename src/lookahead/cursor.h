/*-------------------------------------------------------------------------
 *
 * cursor.h
 *		The position of a cursor, for WHERE CURRENT OF.
 *
 * WHERE CURRENT OF looks for the scan node of the table below the cursor's plan,
 * and takes the row that its slot is on.  A lookahead node above the scan has read
 * further rows from it, so the lookahead node shows the position in its place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CURSOR_H
#define DBAAS_CURSOR_H

#include "nodes/execnodes.h"

/*
 * The scans of local tables that WHERE CURRENT OF would find at or below the node: a
 * List of ScanState *, palloc'd.
 */
extern List *dbaas_cursor_find_scans(PlanState *node);

/* The position of a scan's current row; invalid if it has no such row. */
extern ItemPointerData dbaas_cursor_position(const ScanState *scan);

/* Lets WHERE CURRENT OF find the node in the place of the scan. */
extern void dbaas_cursor_replace_scan(ScanState *node, const ScanState *scan);

/* Makes a position, which may be invalid, that of a node that replaces a scan. */
extern void dbaas_cursor_show(ScanState *node, ItemPointerData position);

#endif							/* DBAAS_CURSOR_H */
