/*-------------------------------------------------------------------------
 *
 * statement.h
 *		State that lives as long as one SQL statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_STATEMENT_H
#define DBAAS_STATEMENT_H

#include "base/clock.h"

typedef struct DbaasStatement DbaasStatement;

/*
 * The statement whose executor uses that memory context: made when it is first
 * asked for, freed with the context.
 */
extern DbaasStatement *dbaas_statement_get(MemoryContext query_cxt);

/* When it was made. */
extern DbaasMoment dbaas_statement_began(const DbaasStatement *statement);

/* Memory that lives as long as the statement. */
extern MemoryContext dbaas_statement_context(const DbaasStatement *statement);

/*
 * A module's own state for the statement: size bytes, zero at first, which live as
 * long as the statement.  "owner" tells one module's state from another's: the
 * address of a static variable of the module.
 */
extern void *dbaas_statement_state(DbaasStatement *statement, const void *owner, Size size);

#endif							/* DBAAS_STATEMENT_H */
