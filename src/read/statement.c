/*-------------------------------------------------------------------------
 *
 * statement.c
 *		State that lives as long as one SQL statement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/ilist.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "read/statement.h"

struct DbaasStatement
{
	dlist_node	node;			/* in "statements" */
	MemoryContext query_cxt;
	MemoryContext cxt;
	MemoryContextCallback callback;
	DbaasMoment began;
	TimestampTz time;			/* the same moment, by the time of day */
	DbaasBudget budget;
	slist_head	states;			/* of ModuleState */
};

/* What one module keeps. */
typedef struct ModuleState
{
	slist_node	node;
	const void *owner;
	void	   *state;
} ModuleState;

static dlist_head statements = DLIST_STATIC_INIT(statements);

static void
forget_statement(void *arg)
{
	DbaasStatement *statement = arg;

	dlist_delete(&statement->node);
}

DbaasStatement *
dbaas_statement_get(MemoryContext query_cxt)
{
	dlist_iter	iter;
	MemoryContext cxt;
	DbaasStatement *statement;

	dlist_foreach(iter, &statements)
	{
		statement = dlist_container(DbaasStatement, node, iter.cur);
		if (statement->query_cxt == query_cxt)
			return statement;
	}

	cxt = AllocSetContextCreate(query_cxt, "dbaas_fdw statement", ALLOCSET_DEFAULT_SIZES);
	statement = MemoryContextAllocZero(cxt, sizeof(DbaasStatement));
	statement->query_cxt = query_cxt;
	statement->began = dbaas_clock_now();
	statement->time = GetCurrentTimestamp();
	statement->cxt = cxt;
	statement->callback.func = forget_statement;
	statement->callback.arg = statement;
	dlist_push_head(&statements, &statement->node);
	MemoryContextRegisterResetCallback(cxt, &statement->callback);
	return statement;
}

DbaasMoment
dbaas_statement_began(const DbaasStatement *statement)
{
	return statement->began;
}

TimestampTz
dbaas_statement_time(const DbaasStatement *statement)
{
	return statement->time;
}

DbaasBudget *
dbaas_statement_budget(DbaasStatement *statement)
{
	return &statement->budget;
}

MemoryContext
dbaas_statement_context(const DbaasStatement *statement)
{
	return statement->cxt;
}

void *
dbaas_statement_state(DbaasStatement *statement, const void *owner, Size size)
{
	slist_iter	iter;
	ModuleState *entry;

	slist_foreach(iter, &statement->states)
	{
		entry = slist_container(ModuleState, node, iter.cur);
		if (entry->owner == owner)
			return entry->state;
	}
	entry = MemoryContextAlloc(statement->cxt, sizeof(ModuleState));
	entry->owner = owner;
	entry->state = MemoryContextAllocZero(statement->cxt, size);
	slist_push_head(&statement->states, &entry->node);
	return entry->state;
}
