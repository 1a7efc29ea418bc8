/*-------------------------------------------------------------------------
 *
 * read.c
 *		A read: what is asked of the API, how far, and for whom.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "read/read.h"

/* Is one of the named zones not in the list, and might it be in a newer one? */
static bool
names_new_zone(DbaasConnection *conn, const DbaasZones *zones, const char *const *named, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (dbaas_zones_find(zones, named[i]) == NULL && dbaas_zones_may_appear(conn, named[i]))
			return true;
	}
	return false;
}

static DbaasError *
current_zones(const DbaasRead *read, const char *const *named, int n, const DbaasZones **zones)
{
	DbaasMoment began = dbaas_statement_began(read->statement);
	DbaasError *error;

	dbaas_zones_refresh(read->conn, read->counters, read->budget, began);
	error = dbaas_zones_get(read->conn, read->counters, read->budget, zones);
	if (error || !names_new_zone(read->conn, *zones, named, n))
		return error;
	error = dbaas_zones_renew(read->conn, read->counters, read->budget, began);
	return error ? error : dbaas_zones_get(read->conn, read->counters, read->budget, zones);
}

DbaasError *
dbaas_read_zones(const DbaasRead *read, const char *const *named, int n, const DbaasZones **zones)
{
	DbaasError *error;

	*zones = read->caching == DBAAS_CACHE_NOTHING ? NULL : dbaas_cache_zones(read->conn);
	if (*zones)
		return NULL;
	error = current_zones(read, named, n, zones);
	if (error == NULL && read->caching != DBAAS_CACHE_NOTHING)
		dbaas_cache_set_zones(read->conn, *zones);
	return error;
}
