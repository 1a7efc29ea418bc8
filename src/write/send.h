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
 * Sends the writes of a list of DbaasQueued * that are queued, in their order: those of
 * one statement concurrently, unless they are of one row.  Waits for their ends, as the
 * server's option "wait" says.  "sending" is stored in those that were sent.  After one
 * that fails, no other is sent.  The current memory context has to live as long as the
 * list.  Raises the ERROR of a write that failed, or of a cancel, with the outcome of
 * every write as its detail; or one when a server or a user mapping has changed (55000).
 */
extern void dbaas_send_writes(List *writes, int sending);

#endif							/* DBAAS_SEND_H */
