/*-------------------------------------------------------------------------
 *
 * send.h
 *		Sends the writes of a queue, and waits for their ends.
 *
 * Knows the order in which writes are sent, and what a failure or a cancel does to the
 * others; knows no transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SEND_H
#define DBAAS_SEND_H

#include "nodes/pg_list.h"

/*
 * Sends those writes of a list of DbaasQueued * that are queued, in their order: those of
 * one statement concurrently, unless they are of one row, or of one service and several
 * tables.  None before the place "first" is queued.  Stores send_number in each that it
 * sends.  Waits until they are over, in the sense of the server's option "wait".  Once a
 * write has failed, sends no more.  The current memory context has to live as long as the
 * list.  Raises the ERROR of a write that failed, or of a cancel, with the outcome of every
 * write as its detail; or an ERROR when a server or a user mapping has changed (55000).
 */
extern void dbaas_send_writes(List *writes, int first, int send_number);

/*
 * The place behind the last write of the batch that begins at a place of such a list.  The
 * writes of a batch are sent concurrently, once those of the batch before it are over.
 */
extern int	dbaas_send_batch_end(const List *writes, int first);

#endif							/* DBAAS_SEND_H */
