/*-------------------------------------------------------------------------
 *
 * pushdown.h
 *		From a query's conditions to the keys and bounds of requests.
 *
 * "relid" is the table's number in the range table: its Vars have it as varno.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PUSHDOWN_H
#define DBAAS_PUSHDOWN_H

#include "access/stratnum.h"
#include "datatype/timestamp.h"
#include "nodes/pathnodes.h"
#include "utils/relcache.h"

#include "tables/table.h"

/* How a condition compares a key.  The last two are only for the zone. */
typedef enum DbaasKeyForm
{
	DBAAS_KEY_IS,				/* key = value */
	DBAAS_KEY_IS_ANY,			/* key = ANY (value) */
	DBAAS_KEY_IS_NOT,			/* key <> value */
	DBAAS_KEY_IS_NONE			/* key <> ALL (value) */
} DbaasKeyForm;

/* A condition that can be pushed: a comparison of a key, or a bound on the time. */
typedef struct DbaasPushedKey
{
	int			column;			/* of the catalogue */
	DbaasKeyForm form;
	StrategyNumber bound;		/* how a bound compares the time, such as
								 * BTLessStrategyNumber; "form" has no meaning
								 * then.  InvalidStrategy: it is no bound */
	Expr	   *value;			/* what the column is compared with */
	RestrictInfo *condition;
} DbaasPushedKey;

/* What the conditions of a scan push. */
typedef struct DbaasPushed
{
	const DbaasEndpoint *endpoint;
	List	   *keys;			/* of DbaasPushedKey *: parameters of the
								 * endpoint */
	List	   *bounds;			/* of DbaasPushedKey *: bounds on the time; of
								 * a series only where no key gives its span,
								 * which they choose then */
	bool		ascending;		/* pages will be read from the oldest entry
								 * on, though no key says so; set by plan.c */
	bool		has_other_conditions;	/* are there any that are not pushed? */
	List	   *checked;		/* RestrictInfos that may drop rows of the
								 * responses: all but those of keys */
} DbaasPushed;

/*
 * Finds what a List of RestrictInfos pushes, and chooses the endpoint by these keys, and by the
 * catalogue columns that the query needs.
 */
extern void dbaas_pushdown_clauses(const DbaasTable *table, Index relid, const Bitmapset *needed,
								   List *restrictinfos, DbaasPushed *pushed);

/*
 * The conditions of a partition's bound, and of the bounds of its parents, as a List of
 * expressions over relid; NIL for a table that is not a partition.  Stores what they push
 * in *pushed, for a query that needs these columns.
 */
extern List *dbaas_pushdown_partition(const DbaasTable *table, Relation relation, Index relid,
									  const Bitmapset *needed, DbaasPushed *pushed);

/* Can the condition be pushed?  If so, fills in *key, except for key->condition. */
extern bool dbaas_pushdown_clause(const DbaasTable *table, Index relid, Expr *clause,
								  DbaasPushedKey *key);

/* Does this form compare the key with an array? */
static inline bool
dbaas_pushdown_is_array(DbaasKeyForm form)
{
	return form == DBAAS_KEY_IS_ANY || form == DBAAS_KEY_IS_NONE;
}

/* Does this form exclude values of the key? */
static inline bool
dbaas_pushdown_is_negated(DbaasKeyForm form)
{
	return form == DBAAS_KEY_IS_NOT || form == DBAAS_KEY_IS_NONE;
}

/* Does a bound exclude the times before its value?  An equality does, too. */
static inline bool
dbaas_pushdown_is_lower(StrategyNumber bound)
{
	return bound >= BTEqualStrategyNumber;
}

/* Does a bound exclude the times after its value?  An equality does, too. */
static inline bool
dbaas_pushdown_is_upper(StrategyNumber bound)
{
	return bound != InvalidStrategy && bound <= BTEqualStrategyNumber;
}

/*
 * The value of a bound on the time as a timestamptz: the type is that, timestamp or date, or a
 * domain over one of them.
 */
extern TimestampTz dbaas_pushdown_bound_time(Datum value, Oid type);

/* Is there a lower, or an upper, bound on the time? */
extern bool dbaas_pushdown_has_lower(const DbaasPushed *pushed);
extern bool dbaas_pushdown_has_upper(const DbaasPushed *pushed);

/* Does one of the keys, a List of DbaasPushedKey *, give a catalogue column its values? */
extern bool dbaas_pushdown_has(List *keys, int column);

/* Are pages read from the oldest entry on, as far as is known when the query is planned? */
extern bool dbaas_pushdown_reads_ascending(const DbaasResource *resource,
										   const DbaasPushed *pushed);

/* May rows of the scan tell outcomes?  Then their order and number are not the API's. */
extern bool dbaas_pushdown_has_outcomes(const DbaasResource *resource, const DbaasPushed *pushed);

/*
 * Do the keys give no value for a parameter in the endpoint's path, so that the lists of
 * parents have to be read for it?
 */
extern bool dbaas_pushdown_fans_out(const DbaasPushed *pushed);

/* If the expression is a column that is a key, its catalogue column; else -1. */
extern int	dbaas_pushdown_column(const DbaasTable *table, Index relid, Expr *expr);

/* Is the expression the column with the time that orders the entries of pages? */
extern bool dbaas_pushdown_is_time(const DbaasTable *table, Index relid, Node *node);

#endif							/* DBAAS_PUSHDOWN_H */
