/*-------------------------------------------------------------------------
 *
 * advice.h
 *		What a query could say so that a scan needs fewer requests.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ADVICE_H
#define DBAAS_ADVICE_H

#include "base/error.h"
#include "plan/arguments.h"

/*
 * If the error is that the statement may make no more requests, a copy with a hint which
 * columns of the table a condition would have to name; else the error itself.
 */
extern const DbaasError *dbaas_advice_add(const DbaasError *error, const DbaasTable *table,
										  const DbaasEndpoint *endpoint,
										  const DbaasArguments *arguments);

#endif							/* DBAAS_ADVICE_H */
