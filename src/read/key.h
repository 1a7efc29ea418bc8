/*-------------------------------------------------------------------------
 *
 * key.h
 *		The values that a query gives for a column that is a key.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_KEY_H
#define DBAAS_KEY_H

#include "nodes/pg_list.h"

typedef struct DbaasKey
{
	bool		given;			/* does the query give values? */
	int			n;
	const char **values;		/* in UTF-8, sorted, without duplicates; those
								 * that count if given */
	List	   *excluded;		/* char *: zones that do not count */
} DbaasKey;

/*
 * Restricts the key to those of n values that it allows so far.  Sorts the array, which
 * the key then owns.  Serves interrupts.
 */
extern void dbaas_key_restrict(DbaasKey *key, const char **values, int n);

/* Excludes n values from the key of the zone. */
extern void dbaas_key_exclude(DbaasKey *key, const char **values, int n);

/* Is the value among the key's values?  Only for a key that is given. */
extern bool dbaas_key_has(const DbaasKey *key, const char *value);

/* Does the key allow the value?  It must not be excluded, and be given if any value is. */
extern bool dbaas_key_allows(const DbaasKey *key, const char *value);

#endif							/* DBAAS_KEY_H */
