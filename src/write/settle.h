/*-------------------------------------------------------------------------
 *
 * settle.h
 *		Waits until the API's lists show what writes have made.
 *
 * Knows which lists are read, and how often; knows no transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SETTLE_H
#define DBAAS_SETTLE_H

#include "nodes/pg_list.h"

/*
 * Takes those writes of the queue, a list of DbaasQueued *, that are from the place "first"
 * to the place "last".  Waits until the lists show what these have made, and lack what
 * they have deleted, if the server's option "wait" demands that; at most two minutes, and as
 * long as operation_timeout allows each.  Reads a list once for all of them.  Serves interrupts.
 * The writes were applied, so a list that does not show it in time, or that cannot be
 * read, is no error: a WARNING tells of it, unless the key may not read the list.
 */
extern void dbaas_settle(List *queue, int first, int last);

#endif							/* DBAAS_SETTLE_H */
