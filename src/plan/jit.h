/*-------------------------------------------------------------------------
 *
 * jit.h
 *		Whether JIT pays for a plan that waits for the API.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_JIT_H
#define DBAAS_JIT_H

#include "executor/execdesc.h"

/*
 * Leaves JIT out of a query that is about to start, as far as only waiting made its plan
 * expensive.  The plan itself, which may be a cached one, is not changed: the query gets a
 * copy of its top.
 */
extern void dbaas_jit_decide(QueryDesc *query);

#endif							/* DBAAS_JIT_H */
