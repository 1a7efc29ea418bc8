/*-------------------------------------------------------------------------
 *
 * target.c
 *		The targets of a read: which requests, in which zones.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/set.h"
#include "read/outcome.h"
#include "read/parents.h"
#include "read/skip.h"
#include "read/target.h"
#include "tables/path.h"

/* The list of parents in a zone. */
typedef struct ZoneList
{
	const DbaasZone *zone;
	DbaasParents *parents;
} ZoneList;

struct DbaasTargets
{
	const DbaasRead *read;
	DbaasKey   *keys;			/* the read's, see copy_keys() */
	int			nzones;
	const DbaasZone **zones;
	List	   *lists;			/* of ZoneList *: those that are not read yet,
								 * in the order of the zones */
	bool		outcomes;		/* do all targets want their outcome? */
	DbaasSet   *listed;			/* names that lists have; only with outcomes */
	List	   *list;			/* of DbaasTarget * */
	int			next;			/* of them, to be given */
};

/* ------------------------------------------------------------------------
 * Keys and zones
 * ------------------------------------------------------------------------ */

/* The error of a parameter's value that the API does not accept. */
static DbaasError *
domain_error(const DbaasResource *resource, const DbaasColumn *column, const char *value,
			 const char *allowed)
{
	DbaasError *error;

	error = dbaas_error_new(ERRCODE_INVALID_PARAMETER_VALUE,
							"the API does not accept \"%s\" for column \"%s\"",
							dbaas_error_excerpt(value, strlen(value), NAMEDATALEN), column->name);
	error->hint = psprintf("Allowed for %s: %s.", column->name, allowed);
	error->column = (int) (column - resource->columns) + 1;
	return error;
}

/*
 * Can there be something with this value in its path?  Not when it cannot be a
 * segment of a path, or is longer than any name.
 */
static bool
can_name_something(const DbaasColumn *column, const char *value)
{
	return dbaas_path_can_hold(value) &&
		(!dbaas_catalogue_knows(column, value) ||
		 dbaas_catalogue_check_value(column->domain, value) == NULL);
}

/*
 * Copies the read's keys, without values of the path that can name nothing, and
 * with the default of a parameter that the read does not give.
 */
static DbaasError *
copy_keys(DbaasTargets *targets)
{
	const DbaasResource *resource = targets->read->resource;

	targets->keys = palloc0(resource->ncolumns * sizeof(DbaasKey));
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		const DbaasKey *given = &targets->read->keys[c];
		DbaasKey   *key = &targets->keys[c];
		bool		in_path = dbaas_path_has(&targets->read->endpoint->parsed, c);

		key->given = given->given || column->default_value != NULL;
		key->excluded = given->excluded;
		key->values = palloc(Max(given->n, 1) * sizeof(char *));
		if (!given->given && column->default_value)
			key->values[key->n++] = column->default_value;
		for (int i = 0; i < given->n; i++)
		{
			if (!in_path)
			{
				const char *allowed = dbaas_catalogue_check_value(column->domain, given->values[i]);

				if (allowed)
					return domain_error(resource, column, given->values[i], allowed);
			}
			else if (!can_name_something(column, given->values[i]))
				continue;
			key->values[key->n++] = given->values[i];
		}
	}
	return NULL;
}

/* Is a key given that no value is left of?  Then there is no row to find. */
static bool
has_empty_key(const DbaasTargets *targets)
{
	for (int c = 0; c < targets->read->resource->ncolumns; c++)
	{
		if (targets->keys[c].given && targets->keys[c].n == 0)
			return true;
	}
	return false;
}

/* Finds the zones to send requests to. */
static DbaasError *
find_zones(DbaasTargets *targets)
{
	const DbaasRead *read = targets->read;
	const DbaasKey *key = &targets->keys[DBAAS_ZONE_COLUMN];
	const DbaasZones *zones;
	DbaasError *error;

	if (has_empty_key(targets))
		return NULL;
	if (read->resource->global)
	{
		DbaasZone  *server = palloc0(sizeof(DbaasZone));

		server->base = dbaas_zones_global_base(read->conn);
		targets->zones = palloc(sizeof(DbaasZone *));
		targets->zones[targets->nzones++] = server;
		return NULL;
	}
	error = dbaas_read_zones(read, key->values, key->given ? key->n : 0, &zones);
	if (error)
		return error;
	targets->zones = palloc(Max(zones->n, 1) * sizeof(DbaasZone *));
	for (int i = 0; i < zones->n; i++)
	{
		const DbaasZone *zone = &zones->zones[i];

		if (dbaas_key_allows(key, zone->name) &&
			(targets->outcomes || !dbaas_skip_is_skipped(read, zone->name)))
			targets->zones[targets->nzones++] = zone;
	}
	return NULL;
}

/* ------------------------------------------------------------------------
 * Parents and targets
 * ------------------------------------------------------------------------ */

/* Does the catalogue know all values of the key? */
static bool
knows_values(const DbaasColumn *column, const DbaasKey *key)
{
	for (int i = 0; i < key->n; i++)
	{
		if (!dbaas_catalogue_knows(column, key->values[i]))
			return false;
	}
	return true;
}

/*
 * Must the lists of parents be read?  They must
 * - when a parameter of the path that they give is not given by the read,
 * - when it is given as a service type that the catalogue does not know: a request
 *   for it is only sent if a list has a service of the type,
 * - when they tell which of several zones has what the read names,
 * - when a filter says that not all parents count.
 */
static bool
must_list_parents(const DbaasTargets *targets)
{
	const DbaasResource *resource = targets->read->resource;
	const DbaasParent *parent = resource->parent;
	bool		in_path = false;

	if (parent == NULL)
		return false;
	for (int i = 0; i < parent->nkeys; i++)
	{
		int			c = resource->index.parent_keys[i];

		if (!dbaas_path_has(&targets->read->endpoint->parsed, c))
			continue;
		in_path = true;
		if (!targets->keys[c].given ||
			!knows_values(&resource->columns[c], &targets->keys[c]))
			return true;
	}
	return in_path && ((parent->locates && targets->nzones > 1) || parent->filter_column);
}

static DbaasTarget *
make_target(const DbaasTargets *targets, const DbaasZone *zone, const char **args)
{
	int			n = targets->read->resource->ncolumns;
	DbaasTarget *target = palloc0(sizeof(DbaasTarget));

	target->zone = zone->name;
	target->base = zone->base;
	target->args = palloc(n * sizeof(char *));
	memcpy(target->args, args, n * sizeof(char *));
	return target;
}

/* Adds the target with these arguments.  Other zones that would do follow as fallbacks. */
static void
add_target(DbaasTargets *targets, const DbaasZone *zone, const char **args, bool listed)
{
	DbaasTarget *target = make_target(targets, zone, args);

	target->listed = listed;
	targets->list = lappend(targets->list, target);
	for (int i = 1; targets->read->resource->any_zone && i < targets->nzones; i++)
	{
		DbaasTarget *fallback = make_target(targets, targets->zones[i], args);

		target->fallback = fallback;
		target = fallback;
	}
}

/*
 * Adds a target for each combination of values of the parameters that args does
 * not have yet, from the given column on.
 */
static void
add_combinations(DbaasTargets *targets, const DbaasZone *zone, const char **args, bool listed,
				 int column)
{
	const DbaasResource *resource = targets->read->resource;

	for (; column < resource->ncolumns; column++)
	{
		const DbaasKey *key = &targets->keys[column];

		if (args[column] || !key->given ||
			!dbaas_catalogue_is_param(resource, targets->read->endpoint, column))
			continue;
		for (int i = 0; i < key->n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			args[column] = key->values[i];
			add_combinations(targets, zone, args, listed, column + 1);
		}
		args[column] = NULL;
		return;
	}
	add_target(targets, zone, args, listed);
}

/*
 * Takes a parent's values as arguments.  Returns whether they may name something,
 * and the read's keys allow them.
 */
static bool
take_parent(const DbaasTargets *targets, const DbaasParentRow *row, const char **args)
{
	const DbaasResource *resource = targets->read->resource;
	bool		wanted = true;

	for (int i = 0; i < resource->parent->nkeys; i++)
	{
		int			c = resource->index.parent_keys[i];
		const char *value = row->values[i];

		args[c] = value;
		wanted = wanted &&
			(resource->columns[c].chooses ||
			 (value && can_name_something(&resource->columns[c], value))) &&
			(!targets->keys[c].given || (value && dbaas_key_has(&targets->keys[c], value)));
	}
	return wanted;
}

/* ------------------------------------------------------------------------
 * Outcomes without a request
 * ------------------------------------------------------------------------ */

/*
 * Adds the targets in a zone whose outcome is this error: one for each combination of the
 * values that the read gives.  What is in args already does not change.
 */
static void
add_failed(DbaasTargets *targets, const DbaasZone *zone, const char **args,
		   DbaasError *error, const char *request)
{
	int			n = list_length(targets->list);

	add_combinations(targets, zone, args, false, 0);
	for (; n < list_length(targets->list); n++)
	{
		DbaasTarget *target = list_nth(targets->list, n);

		target->error = error;
		target->request = request;
		target->fallback = NULL;
	}
}

static const char **
no_args(const DbaasTargets *targets)
{
	return palloc0(targets->read->resource->ncolumns * sizeof(char *));
}

/* The request for the lists of parents. */
static const char *
list_request(const DbaasTargets *targets)
{
	const DbaasEndpoint *read = targets->read->resource->parent->read;

	return psprintf("%s %s", read->method, read->path);
}

/* Adds outcomes for the zones that the read names and the server does not have. */
static void
add_missing_zones(DbaasTargets *targets)
{
	const DbaasKey *key = &targets->keys[DBAAS_ZONE_COLUMN];

	for (int i = 0; key->given && i < key->n; i++)
	{
		DbaasZone  *zone = palloc0(sizeof(DbaasZone));
		bool		found = false;

		for (int z = 0; z < targets->nzones; z++)
			found = found || strcmp(targets->zones[z]->name, key->values[i]) == 0;
		if (found || !dbaas_key_allows(key, key->values[i]))
			continue;
		zone->name = key->values[i];
		zone->base = "";
		add_failed(targets, zone, no_args(targets),
				   dbaas_error_new(ERRCODE_UNDEFINED_OBJECT, "the server has no zone \"%s\"",
								   dbaas_error_name(zone->name)), NULL);
	}
}

/* Adds outcomes for what the read names and no list of parents has. */
static void
add_missing_parents(DbaasTargets *targets)
{
	const DbaasResource *resource = targets->read->resource;
	int			column = resource->index.parent_keys[0];
	const DbaasKey *key = &targets->keys[column];

	for (int i = 0; key->given && i < key->n; i++)
	{
		if (dbaas_set_has(targets->listed, key->values[i]))
			continue;
		for (int z = 0; z < targets->nzones; z++)
		{
			const DbaasZone *zone = targets->zones[z];
			const char **args = no_args(targets);

			args[column] = key->values[i];
			add_failed(targets, zone, args,
					   dbaas_error_new(ERRCODE_UNDEFINED_OBJECT,
									   "%s in zone %s does not list %s \"%s\"",
									   list_request(targets), zone->name,
									   resource->columns[column].name,
									   dbaas_error_name(key->values[i])),
					   list_request(targets));
		}
	}
}

/*
 * Makes the error of a zone's list the outcome of what the read names there, or of the zone
 * if it names nothing.
 */
static void
add_failed_list(DbaasTargets *targets, const DbaasZone *zone, DbaasError *error)
{
	const DbaasKey *key = &targets->keys[targets->read->resource->index.parent_keys[0]];

	/* What it has may be what the other lists lack. */
	for (int i = 0; key->given && i < key->n; i++)
		(void) dbaas_set_add(targets->listed, key->values[i]);
	add_failed(targets, zone, no_args(targets), error, list_request(targets));
}

/* ------------------------------------------------------------------------
 * Lists of parents
 * ------------------------------------------------------------------------ */

/* Adds the targets of the parents in one zone. */
static void
add_parents(DbaasTargets *targets, const DbaasZone *zone, const DbaasParents *parents)
{
	int			n;
	const DbaasParentRow *rows = dbaas_parents_rows(parents, &n);

	for (int i = 0; i < n; i++)
	{
		const char **args = palloc0(targets->read->resource->ncolumns * sizeof(char *));

		CHECK_FOR_INTERRUPTS();
		if (targets->listed && rows[i].values[0])
			(void) dbaas_set_add(targets->listed, rows[i].values[0]);
		if (take_parent(targets, &rows[i], args))
			add_combinations(targets, zone, args, true, 0);
		pfree(args);
	}
}

/* Makes targets of a list if it has come; *pending says whether it has not. */
static DbaasError *
read_list(DbaasTargets *targets, const ZoneList *list, bool *pending)
{
	bool		unavailable;
	DbaasError *error = dbaas_parents_read(list->parents, pending, &unavailable);

	if (error && targets->outcomes && dbaas_outcome_can_be(error))
	{
		add_failed_list(targets, list->zone, error);
		return NULL;
	}
	if (error)
		return unavailable ? dbaas_skip_zone(targets->read, list->zone->name, error) : error;
	if (!*pending)
		add_parents(targets, list->zone, list->parents);
	else if (!targets->outcomes)
		*pending = !dbaas_skip_is_skipped(targets->read, list->zone->name);
	return NULL;
}

/*
 * The zones come in their order.  With outcomes, they come as their lists do: the list of a
 * zone that is away may be tried for long.
 */
DbaasError *
dbaas_targets_read(DbaasTargets *targets, bool *pending)
{
	bool		had_lists = targets->lists != NIL;
	ListCell   *lc;

	*pending = false;
	foreach(lc, targets->lists)
	{
		bool		waits;
		DbaasError *error = read_list(targets, lfirst(lc), &waits);

		if (error)
			return error;
		if (!waits)
			targets->lists = foreach_delete_current(targets->lists, lc);
		*pending |= waits;
		if (waits && !targets->outcomes)
			break;
	}
	if (had_lists && targets->lists == NIL && targets->outcomes)
		add_missing_parents(targets);
	return NULL;
}

int
dbaas_targets_count(const DbaasTargets *targets)
{
	return list_length(targets->list);
}

const DbaasTarget *
dbaas_targets_next(DbaasTargets *targets)
{
	if (targets->next == list_length(targets->list))
		return NULL;
	return list_nth(targets->list, targets->next++);
}

DbaasError *
dbaas_targets_begin(const DbaasRead *read, DbaasTargets **result)
{
	DbaasTargets *targets = palloc0(sizeof(DbaasTargets));
	DbaasError *error;
	int			nzones;

	targets->read = read;
	*result = targets;
	error = copy_keys(targets);
	if (error)
		return error;
	targets->outcomes = dbaas_outcome_is_wanted_of_all(read->resource, targets->keys);
	if (targets->outcomes)
		targets->listed = dbaas_set_new();
	error = find_zones(targets);
	if (error)
		return error;
	if (targets->outcomes && !has_empty_key(targets))
		add_missing_zones(targets);
	nzones = read->resource->any_zone ? Min(targets->nzones, 1) : targets->nzones;
	for (int i = 0; i < nzones; i++)
	{
		const DbaasZone *zone = targets->zones[i];

		if (must_list_parents(targets))
		{
			ZoneList   *list = palloc(sizeof(ZoneList));

			list->zone = zone;
			list->parents = dbaas_parents_get(read, zone, read->resource->parent);
			targets->lists = lappend(targets->lists, list);
		}
		else
			add_combinations(targets, zone, palloc0(read->resource->ncolumns * sizeof(char *)),
							 false, 0);
	}
	return NULL;
}
