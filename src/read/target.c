/*-------------------------------------------------------------------------
 *
 * target.c
 *		From a set of keys to targets: what is to be asked, and where.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "read/target.h"
#include "tables/path.h"

struct DbaasTargets
{
	MemoryContext cxt;
	DbaasTargetsSpec spec;
	int			nzones;
	const DbaasZone **zones;
	DbaasKey   *keys;			/* those that can name something */
	List	   *parents;		/* lists not yet read, by zone; or NIL */
	int			parents_zone;	/* zone of the first of them */
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
 * A value that cannot be a segment of a path, or is longer than any name, names
 * nothing.
 */
static bool
can_name_something(const DbaasColumn *column, const char *value)
{
	return dbaas_path_can_hold(value) &&
		(!dbaas_catalogue_knows(column, value) ||
		 dbaas_catalogue_check(column->domain, value) == NULL);
}

/*
 * Copies the keys: without the values that name nothing, with the defaults of
 * those that are not given.
 */
static DbaasError *
take_keys(DbaasTargets *targets)
{
	const DbaasResource *resource = targets->spec.resource;

	targets->keys = palloc0(resource->ncolumns * sizeof(DbaasKey));
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		const DbaasKey *given = &targets->spec.keys[c];
		DbaasKey   *key = &targets->keys[c];
		bool		in_path = dbaas_path_has(&targets->spec.endpoint->parsed, c);

		key->given = given->given || column->default_value != NULL;
		key->excluded = given->excluded;
		key->values = palloc(Max(given->n, 1) * sizeof(char *));
		if (!given->given && column->default_value)
			key->values[key->n++] = column->default_value;
		for (int i = 0; i < given->n; i++)
		{
			if (!in_path)
			{
				const char *allowed = dbaas_catalogue_check(column->domain, given->values[i]);

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

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static bool
key_has_value(const DbaasKey *key, const char *value)
{
	return bsearch(&value, key->values, key->n, sizeof(char *), compare_texts) != NULL;
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
			(!key->given || key_has_value(key, values[i])))
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

static bool
key_excludes(const DbaasKey *key, const char *value)
{
	ListCell   *lc;

	foreach(lc, key->excluded)
	{
		if (strcmp(lfirst(lc), value) == 0)
			return true;
	}
	return false;
}

/* No request can yield a row when a key has no value. */
static bool
is_contradiction(const DbaasTargets *targets)
{
	for (int c = 0; c < targets->spec.resource->ncolumns; c++)
	{
		if (targets->keys[c].given && targets->keys[c].n == 0)
			return true;
	}
	return false;
}

static bool
is_left_out(const DbaasTargets *targets, const DbaasZone *zone)
{
	return dbaas_statement_is_left_out(targets->spec.statement, targets->spec.conn, zone->name,
									   targets->spec.outage);
}

/* The zones to ask. */
static DbaasError *
take_zones(DbaasTargets *targets)
{
	const DbaasKey *key = &targets->keys[DBAAS_ZONE_COLUMN];
	const DbaasZones *zones;
	DbaasError *error;

	if (is_contradiction(targets))
		return NULL;
	if (targets->spec.resource->global)
	{
		DbaasZone  *server = palloc0(sizeof(DbaasZone));

		server->base = dbaas_zones_global_base(targets->spec.conn);
		targets->zones = palloc(sizeof(DbaasZone *));
		targets->zones[targets->nzones++] = server;
		return NULL;
	}
	error = dbaas_statement_zones(targets->spec.statement, targets->spec.conn, key->values,
								  key->given ? key->n : 0, targets->spec.counters, &zones);
	if (error)
		return error;
	targets->zones = palloc(Max(zones->n, 1) * sizeof(DbaasZone *));
	for (int i = 0; i < zones->n; i++)
	{
		if ((!key->given || key_has_value(key, zones->zones[i].name)) &&
			!key_excludes(key, zones->zones[i].name) &&
			!is_left_out(targets, &zones->zones[i]))
			targets->zones[targets->nzones++] = &zones->zones[i];
	}
	return NULL;
}

/* ------------------------------------------------------------------------
 * Parents and targets
 * ------------------------------------------------------------------------ */

/* Are all values of the key ones that the catalogue knows? */
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
 * Are the lists of parents needed?  They are when a parameter of the path is
 * not given, when they tell which of several zones has what is given, and when
 * not all of them count.  A type that is not known might lead to any path, so
 * there has to be something of it.
 */
static bool
needs_parents(const DbaasTargets *targets)
{
	const DbaasResource *resource = targets->spec.resource;
	const DbaasParent *parent = resource->parent;
	bool		uses = false;

	if (parent == NULL)
		return false;
	for (int i = 0; i < parent->nkeys; i++)
	{
		int			c = resource->index.parent_keys[i];

		if (!dbaas_path_has(&targets->spec.endpoint->parsed, c))
			continue;
		uses = true;
		if (!targets->keys[c].given ||
			!knows_values(&resource->columns[c], &targets->keys[c]))
			return true;
	}
	return uses && ((parent->locates && targets->nzones > 1) || parent->filter_column);
}

static DbaasTarget *
make_target(const DbaasTargets *targets, const DbaasZone *zone, const char **args)
{
	int			n = targets->spec.resource->ncolumns;
	DbaasTarget *target = palloc0(sizeof(DbaasTarget));

	target->zone = zone->name;
	target->base = zone->base;
	target->args = palloc(n * sizeof(char *));
	memcpy(target->args, args, n * sizeof(char *));
	return target;
}

/*
 * Adds a target for each combination of the values of those parameters, from
 * the given column on, that args does not hold yet.
 */
static void
add_targets(DbaasTargets *targets, const DbaasZone *zone, const char **args, bool listed,
			int column)
{
	const DbaasResource *resource = targets->spec.resource;
	DbaasTarget *target;

	for (; column < resource->ncolumns; column++)
	{
		const DbaasKey *key = &targets->keys[column];

		if (args[column] || !key->given ||
			!dbaas_catalogue_is_param(resource, targets->spec.endpoint, column))
			continue;
		for (int i = 0; i < key->n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			args[column] = key->values[i];
			add_targets(targets, zone, args, listed, column + 1);
		}
		args[column] = NULL;
		return;
	}
	target = make_target(targets, zone, args);
	target->listed = listed;
	targets->list = lappend(targets->list, target);
	for (int i = 1; resource->any_zone && i < targets->nzones; i++)
	{
		DbaasTarget *instead = make_target(targets, targets->zones[i], args);

		target->instead = instead;
		target = instead;
	}
}

/* Adds the targets of the parents in one zone. */
static void
add_parents(DbaasTargets *targets, const DbaasZone *zone, DbaasParents *parents)
{
	const DbaasResource *resource = targets->spec.resource;
	int			n;
	const DbaasParentRow *rows = dbaas_parents_rows(parents, &n);

	for (int r = 0; r < n; r++)
	{
		const char **args = palloc0(resource->ncolumns * sizeof(char *));
		bool		wanted = true;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < resource->parent->nkeys; i++)
		{
			int			c = resource->index.parent_keys[i];
			const char *value = rows[r].values[i];

			args[c] = value;
			wanted = wanted && can_name_something(&resource->columns[c], value) &&
				(!targets->keys[c].given || key_has_value(&targets->keys[c], value));
		}
		if (wanted)
			add_targets(targets, zone, args, true, 0);
		pfree(args);
	}
}

/* In the order of the zones. */
DbaasError *
dbaas_targets_read(DbaasTargets *targets, bool *pending)
{
	*pending = false;
	while (targets->parents)
	{
		DbaasParents *parents = linitial(targets->parents);
		const DbaasZone *zone = targets->zones[targets->parents_zone];
		DbaasError *error;
		bool		unavailable;

		if (!dbaas_parents_done(parents, &error, &unavailable))
		{
			if (!is_left_out(targets, zone))
			{
				*pending = true;
				return NULL;
			}
		}
		else if (error == NULL)
			add_parents(targets, zone, parents);
		else if (!unavailable ||
				 !dbaas_statement_leave_out(targets->spec.statement, targets->spec.conn,
											zone->name, targets->spec.outage, &error))
			return error;
		targets->parents = list_delete_first(targets->parents);
		targets->parents_zone++;
	}
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
dbaas_targets_begin(const DbaasTargetsSpec *spec, DbaasTargets **result)
{
	DbaasTargets *targets = palloc0(sizeof(DbaasTargets));
	DbaasError *error;

	targets->cxt = CurrentMemoryContext;
	targets->spec = *spec;
	*result = targets;
	error = take_keys(targets);
	if (error == NULL)
		error = take_zones(targets);
	if (error)
		return error;
	for (int i = 0; i < (spec->resource->any_zone ? Min(targets->nzones, 1) : targets->nzones); i++)
	{
		const DbaasZone *zone = targets->zones[i];

		if (needs_parents(targets))
			targets->parents = lappend(targets->parents,
									   dbaas_statement_parents(spec->statement, spec->conn, zone,
															   spec->resource->parent,
															   spec->counters));
		else
			add_targets(targets, zone, palloc0(spec->resource->ncolumns * sizeof(char *)), false, 0);
	}
	return NULL;
}
