/*-------------------------------------------------------------------------
 *
 * key.c
 *		The values that a query gives for a column that is a key.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "read/key.h"

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

bool
dbaas_key_has(const DbaasKey *key, const char *value)
{
	/* Without values there is no array, and bsearch() needs one. */
	return key->n > 0 &&
		bsearch(&value, key->values, key->n, sizeof(char *), compare_texts) != NULL;
}

bool
dbaas_key_allows(const DbaasKey *key, const char *value)
{
	ListCell   *lc;

	foreach(lc, key->excluded)
	{
		if (strcmp(lfirst(lc), value) == 0)
			return false;
	}
	return !key->given || dbaas_key_has(key, value);
}

void
dbaas_key_restrict(DbaasKey *key, const char **values, int n)
{
	int			kept = 0;

	qsort(values, n, sizeof(char *), compare_texts);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if ((kept == 0 || strcmp(values[kept - 1], values[i]) != 0) &&
			(!key->given || dbaas_key_has(key, values[i])))
			values[kept++] = values[i];
	}
	key->given = true;
	key->n = kept;
	key->values = values;
}

void
dbaas_key_exclude(DbaasKey *key, const char **values, int n)
{
	for (int i = 0; i < n; i++)
		key->excluded = lappend(key->excluded, (char *) values[i]);
}
