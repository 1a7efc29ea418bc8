/*-------------------------------------------------------------------------
 *
 * request_count.c
 *		How many targets and lists a scan is expected to request.
 *
 * A target is what one request, or a chain of pages, reads.  Their number follows from the
 * keys that the scan pushes, and from what is known of the server: its zones, and the
 * services in them.  This session has seen them, or ANALYZE has counted them.  If neither has,
 * their number is a guess, which may be far too low.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/float.h"
#include "utils/selfuncs.h"

#include "api/stats.h"
#include "base/compat.h"
#include "plan/request_count.h"
#include "tables/options.h"

/* Zones of a server, as long as its list has not been read. */
#define TYPICAL_ZONES 3

double
dbaas_request_count_seen_rows(const DbaasRelationInfo *info, const DbaasEndpoint *endpoint)
{
	return dbaas_stats_get_rows(info->server, endpoint->method, endpoint->path,
								endpoint->rows)->rows;
}

double
dbaas_request_count_zones(const DbaasRelationInfo *info)
{
	int			zones = dbaas_stats_get_server(info->server)->zones;

	if (zones == 0)
		zones = list_length(dbaas_options_zones(info->table->options));
	return zones > 0 ? zones : TYPICAL_ZONES;
}

/*
 * The number of parents in a zone: as this session has seen it, or ANALYZE has counted it,
 * or a guess.  *margin is how many times more there may be.
 */
static double
zone_parents(const DbaasRelationInfo *info, double *margin)
{
	const DbaasParent *parent = info->table->resource->parent;
	double		rows = dbaas_request_count_seen_rows(info, parent->read);

	*margin = 1;
	if (rows >= 0)
		return rows;
	if (info->analyzed_parents > 0)
		return info->analyzed_parents / dbaas_request_count_zones(info);
	if (parent->locates)
		*margin = DBAAS_GUESS_MARGIN;
	return parent->list->typical_rows;
}

double
dbaas_request_count_parents(const DbaasRelationInfo *info)
{
	double		margin;
	double		parents = zone_parents(info, &margin);

	return margin > 1 ? 0 : Max(parents, 1);
}

double
dbaas_request_count_values(PlannerInfo *root, const DbaasPushedKey *key)
{
	return dbaas_pushdown_is_array(key->form) ?
		dbaas_estimate_array_length(root, (Node *) key->value) : 1;
}

/* Does the column, which is not the parents' name, get its values from their list? */
static bool
describes_parents(const DbaasResource *resource, int column)
{
	for (int i = 1; i < DBAAS_PARENT_KEYS; i++)
	{
		if (resource->index.parent_keys[i] == column)
			return true;
	}
	return false;
}

/* How many different values the parents in a zone have for such a column. */
static double
parent_values(const DbaasRelationInfo *info, int column)
{
	const DbaasColumn *c = &info->table->resource->columns[column];
	double		margin;

	return Max(c->unique ? zone_parents(info, &margin) : dbaas_catalogue_typical_values(c), 1);
}

DbaasRequestCounts
dbaas_request_count_scan(PlannerInfo *root, const DbaasRelationInfo *info,
						 const DbaasPushed *pushed, bool repeated)
{
	DbaasRequestCounts counts;
	const DbaasResource *resource = info->table->resource;
	const DbaasParent *parent = resource->parent;
	bool		locates = parent && parent->locates &&
		dbaas_catalogue_reads_each(resource, pushed->endpoint);
	bool		fans_out = parent && dbaas_pushdown_fans_out(pushed);
	bool		names_parents = locates &&
		dbaas_pushdown_has(pushed->keys, resource->index.parent_keys[0]);
	double		zones = dbaas_request_count_zones(info);
	double		values = 1;
	double		share = 1;
	double		excluded = 0;
	double		margin = 1;
	ListCell   *lc;

	if (resource->global ||resource->any_zone)
		zones = 1;
	foreach(lc, pushed->keys)
	{
		DbaasPushedKey *key = lfirst(lc);
		double		n = dbaas_request_count_values(root, key);

		if (dbaas_pushdown_is_negated(key->form))
			excluded += n;
		else if (key->column == DBAAS_ZONE_COLUMN)
			zones = Min(zones, n);
		else if (fans_out && !names_parents && describes_parents(resource, key->column))
			share *= Min(n / parent_values(info, key->column), 1);
		else
			values *= n;
	}
	zones = Max(zones - excluded, Min(zones, 1));
	counts.lists = fans_out || (locates && zones > 1 && !repeated) ? zones : 0;
	if (fans_out && !names_parents)
		counts.targets = zones * zone_parents(info, &margin) * share * values;
	else
		counts.targets = locates ? values : zones * values;
	counts.most_targets = counts.targets * margin;
	return counts;
}

bool
dbaas_request_count_locates(const DbaasRelationInfo *info, const DbaasPushed *pushed)
{
	const DbaasResource *resource = info->table->resource;

	return resource->parent && resource->parent->locates &&
		dbaas_pushdown_has(pushed->keys, resource->index.parent_keys[0]) &&
		(dbaas_pushdown_fans_out(pushed) ||
		 (dbaas_request_count_zones(info) > 1 &&
		  !dbaas_pushdown_has(pushed->keys, DBAAS_ZONE_COLUMN)));
}

double
dbaas_request_count_most_parents(const DbaasRelationInfo *info)
{
	double		margin;

	if (info->table->resource->parent == NULL)
		return get_float8_infinity();
	return dbaas_request_count_zones(info) * zone_parents(info, &margin) * margin;
}

double
dbaas_request_count_row_margin(PlannerInfo *root, const DbaasRelationInfo *info,
							   const DbaasPushed *pushed, bool analyzed)
{
	const DbaasEndpoint *services = &dbaas_catalogue_services->reads[0];
	DbaasRequestCounts counts;

	if (analyzed)
		return 1;
	if (strcmp(pushed->endpoint->path, services->path) == 0)
		return info->analyzed_parents <= 0 &&
			dbaas_request_count_seen_rows(info, pushed->endpoint) < 0 &&
			dbaas_request_count_seen_rows(info, services) < 0 ? DBAAS_GUESS_MARGIN : 1;
	counts = dbaas_request_count_scan(root, info, pushed, false);
	return counts.most_targets / Max(counts.targets, 1);
}
