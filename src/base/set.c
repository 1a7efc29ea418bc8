/*-------------------------------------------------------------------------
 *
 * set.c
 *		A set of strings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "base/set.h"

typedef struct Member
{
	const char *string;
	char		status;			/* simplehash's own */
} Member;

#define SH_PREFIX members
#define SH_ELEMENT_TYPE Member
#define SH_KEY_TYPE const char *
#define SH_KEY string
#define SH_HASH_KEY(table, key) string_hash(key, strlen(key) + 1)
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct DbaasSet
{
	MemoryContext cxt;
	members_hash *members;
};

DbaasSet *
dbaas_set_new(void)
{
	DbaasSet   *set = palloc(sizeof(DbaasSet));

	set->cxt = CurrentMemoryContext;
	set->members = members_create(set->cxt, 8, NULL);
	return set;
}

bool
dbaas_set_add(DbaasSet *set, const char *string)
{
	bool		found;
	Member	   *member = members_insert(set->members, string, &found);

	if (!found)
		member->string = MemoryContextStrdup(set->cxt, string);
	return !found;
}

bool
dbaas_set_has(const DbaasSet *set, const char *string)
{
	return members_lookup(set->members, string) != NULL;
}
