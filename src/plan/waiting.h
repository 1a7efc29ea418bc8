/*-------------------------------------------------------------------------
 *
 * waiting.h
 *		Which part of a plan's cost stands for waiting for the API.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_WAITING_H
#define DBAAS_WAITING_H

#include "nodes/plannodes.h"

/* Of the total cost of a statement's plan, the part that is waiting; the rest is work. */
extern Cost dbaas_waiting_of_statement(const PlannedStmt *stmt);

#endif							/* DBAAS_WAITING_H */
