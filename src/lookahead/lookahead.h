/*-------------------------------------------------------------------------
 *
 * lookahead.h
 *		Adds lookahead to a plan that has been started.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_LOOKAHEAD_H
#define DBAAS_LOOKAHEAD_H

#include "executor/execdesc.h"

/*
 * Puts lookahead nodes into the plan where there are scans to prefetch for, and has scans
 * make their first requests together.  To be called once, after ExecutorStart().
 */
extern void dbaas_lookahead_add(QueryDesc *query);

#endif							/* DBAAS_LOOKAHEAD_H */
