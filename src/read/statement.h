/*-------------------------------------------------------------------------
 *
 * statement.h
 *		State that lives as long as one SQL statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_STATEMENT_H
#define DBAAS_STATEMENT_H

#include "datatype/timestamp.h"

#include "api/call.h"

typedef struct DbaasStatement DbaasStatement;

/*
 * The statement to which a memory context belongs: that of the executor state, or the
 * one in which ANALYZE samples a table.  Makes it in the first call; it is freed with
 * the context.
 */
extern DbaasStatement *dbaas_statement_get(MemoryContext query_cxt);

/* When dbaas_statement_get() made it, by the clock of waits and by the time of day. */
extern DbaasMoment dbaas_statement_began(const DbaasStatement *statement);
extern TimestampTz dbaas_statement_time(const DbaasStatement *statement);

/* What the statement has sent. */
extern DbaasBudget *dbaas_statement_budget(DbaasStatement *statement);

/* Memory that lives as long as the statement. */
extern MemoryContext dbaas_statement_context(const DbaasStatement *statement);

/*
 * A module's own state for the statement: size bytes, zero at first, which live as long
 * as the statement.  "owner" identifies the module: it is the address of a static
 * variable of the module.
 */
extern void *dbaas_statement_state(DbaasStatement *statement, const void *owner, Size size);

#endif							/* DBAAS_STATEMENT_H */
