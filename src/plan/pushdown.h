/*-------------------------------------------------------------------------
 *
 * pushdown.h
 *		From a query's conditions to keys and bounds that go to the API.
 *
 * A table's columns are those of the relation with number "relid" in the query.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PUSHDOWN_H
#define DBAAS_PUSHDOWN_H

#include "nodes/pathnodes.h"
#include "utils/relcache.h"

#include "tables/table.h"

/* How a condition compares a key: the last two are pushed for zones alone. */
typedef enum DbaasKeyForm
{
	DBAAS_KEY_IS,				/* with the value */
	DBAAS_KEY_IS_ANY,			/* with the elements of the array */
	DBAAS_KEY_IS_NOT,
	DBAAS_KEY_IS_NONE
} DbaasKeyForm;

/* A condition that can be pushed: on a key, or a lower bound on the time. */
typedef struct DbaasPushedKey
{
	int			column;			/* of the catalogue */
	DbaasKeyForm form;
	bool		is_bound;
	Expr	   *value;
	RestrictInfo *condition;
} DbaasPushedKey;

/* What the conditions of a scan push. */
typedef struct DbaasPushed
{
	const DbaasEndpoint *endpoint;
	List	   *keys;			/* of DbaasPushedKey *: parameters of its requests */
	List	   *bounds;			/* of DbaasPushedKey *: lower bounds on the time */
	bool		rest;			/* are there conditions beside those? */
	List	   *checked;		/* RestrictInfos that are no such keys */
} DbaasPushed;

/*
 * Sorts out the conditions, in RestrictInfos, and chooses the endpoint that the
 * keys among them lead to.
 */
extern void dbaas_pushdown_clauses(const DbaasTable *table, Index relid, List *restrictinfos,
								   DbaasPushed *pushed);

/*
 * The conditions of a partition's bound, of all levels, on the relation with that
 * number; NIL for what is no partition.  Sorts them out, as above.
 */
extern List *dbaas_pushdown_partition(const DbaasTable *table, Relation relation, Index relid,
									  DbaasPushed *pushed);

/* Can the condition be pushed?  Then fills the key, but for its "condition". */
extern bool dbaas_pushdown_clause(const DbaasTable *table, Index relid, Expr *clause,
								  DbaasPushedKey *key);

/* Is the value an array? */
static inline bool
dbaas_key_is_array(DbaasKeyForm form)
{
	return form == DBAAS_KEY_IS_ANY || form == DBAAS_KEY_IS_NONE;
}

/* Does the value say what the key is not? */
static inline bool
dbaas_key_is_negated(DbaasKeyForm form)
{
	return form == DBAAS_KEY_IS_NOT || form == DBAAS_KEY_IS_NONE;
}

/* Do the keys, a List of DbaasPushedKey *, give values to a column of the catalogue? */
extern bool dbaas_pushdown_has(List *keys, int column);

/*
 * Do the keys leave a parameter of the endpoint's path open, so that the lists of
 * parents have to be read for it?
 */
extern bool dbaas_pushdown_fans_out(const DbaasPushed *pushed);

/* The column of the catalogue that the expression shows and that is a key; or -1. */
extern int	dbaas_pushdown_column(const DbaasTable *table, Index relid, Expr *expr);

/* Is the expression the column of the time by which pages are read? */
extern bool dbaas_pushdown_is_time(const DbaasTable *table, Index relid, Node *node);

#endif							/* DBAAS_PUSHDOWN_H */
