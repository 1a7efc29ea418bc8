/*-------------------------------------------------------------------------
 *
 * version.c
 *		Whether the installed extension is later than this library.
 *
 * A session keeps the library that it has loaded.  After an upgrade, it may see
 * options and tables that only the later version knows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "base/version.h"

/* The extension's version in this database, or NULL where it has none. */
static const char *
extension_version(void)
{
	Relation	relation = table_open(ExtensionRelationId, AccessShareLock);
	const char *version = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("dbaas_fdw"));
	scan = systable_beginscan(relation, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, Anum_pg_extension_extversion,
										 RelationGetDescr(relation), &isnull);

		version = isnull ? NULL : TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return version;
}

/* Is version "a" after "b", number by number?  0.10 is after 0.9. */
static bool
is_later(const char *a, const char *b)
{
	while (*a)
	{
		unsigned long x = strtoul(a, (char **) &a, 10);
		unsigned long y = strtoul(b, (char **) &b, 10);

		if (x != y)
			return x > y;
		if (*a != '.')
			break;
		a++;
		b += *b == '.';
	}
	return false;
}

const char *
dbaas_version_hint(void)
{
	const char *version = extension_version();

	return version && is_later(version, DBAAS_FDW_VERSION) ?
		psprintf("This session loaded dbaas_fdw " DBAAS_FDW_VERSION
				 ", and the extension is of version %s: reconnect.", version) :
		NULL;
}
