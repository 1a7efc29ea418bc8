/*-------------------------------------------------------------------------
 *
 * request_count.c
 *		How many targets and lists a scan is expected to request.
 *
 * A target is what one request, or a chain of pages, reads.  Their number follows from the
 * keys that the scan pushes, and from what this session has seen of the server: its zones,
 * and the services in them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/selfuncs.h"

#include "api/stats.h"
#include "base/compat.h"
#include "plan/request_count.h"

/* Zones of a server, as long as its list has not been read. */
#define TYPICAL_ZONES 3

double
dbaas_request_count_seen_rows(const DbaasRelationInfo *info, const DbaasEndpoint *endpoint)
{
	return dbaas_stats_rows(info->server, psprintf("%s %s", endpoint->method, endpoint->path));
}

/* The number of parents in a zone. */
static double
zone_parents(const DbaasRelationInfo *info, const DbaasParent *parent)
{
	double		rows = dbaas_request_count_seen_rows(info, parent->read);

	return rows >= 0 ? rows : parent->list->typical_rows;
}

DbaasRequestCounts
dbaas_request_count_scan(PlannerInfo *root, const DbaasRelationInfo *info,
						 const DbaasPushed *pushed, bool repeated)
{
	DbaasRequestCounts counts;
	const DbaasResource *resource = info->table->resource;
	const DbaasParent *parent = resource->parent;
	bool		locates = parent && parent->locates;
	bool		fans_out = parent && dbaas_pushdown_fans_out(pushed);
	bool		names_parents = locates &&
		dbaas_pushdown_has(pushed->keys, resource->index.parent_keys[0]);
	int			known_zones = dbaas_stats_get_server(info->server)->zones;
	double		zones = known_zones > 0 ? known_zones : TYPICAL_ZONES;
	double		values = 1;
	double		excluded = 0;
	ListCell   *lc;

	if (resource->global ||resource->any_zone)
		zones = 1;
	foreach(lc, pushed->keys)
	{
		DbaasPushedKey *key = lfirst(lc);
		double		n = dbaas_pushdown_is_array(key->form) ?
			dbaas_estimate_array_length(root, (Node *) key->value) : 1;

		if (dbaas_pushdown_is_negated(key->form))
			excluded += n;
		else if (key->column == DBAAS_ZONE_COLUMN)
			zones = Min(zones, n);
		else
			values *= n;
	}
	zones = Max(zones - excluded, Min(zones, 1));
	counts.lists = fans_out || (locates && zones > 1 && !repeated) ? zones : 0;
	if (fans_out && !names_parents)
		counts.targets = zones * zone_parents(info, parent) * values;
	else
		counts.targets = locates ? values : zones * values;
	return counts;
}
