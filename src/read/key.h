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
	bool		given;			/* only the values below count */
	int			n;
	const char **values;		/* in UTF-8, sorted, without duplicates */
	List	   *excluded;		/* char *: zones that do not count */
} DbaasKey;

/*
 * Restricts the key to those of n values that it allowed before.  Sorts the array,
 * which becomes the key's.  Serves interrupts.
 */
extern void dbaas_key_restrict(DbaasKey *key, const char **values, int n);

/* Excludes n values from a key, which is the zone. */
extern void dbaas_key_exclude(DbaasKey *key, const char **values, int n);

/* Is the value among the key's values?  Only for a key that is given. */
extern bool dbaas_key_has(const DbaasKey *key, const char *value);

/* Does the key allow the value: given, if any is, and not excluded? */
extern bool dbaas_key_allows(const DbaasKey *key, const char *value);

#endif							/* DBAAS_KEY_H */
