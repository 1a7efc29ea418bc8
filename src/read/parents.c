/*-------------------------------------------------------------------------
 *
 * parents.c
 *		Lists of parents: the services, say, that a statement reads one by one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "api/progress.h"
#include "read/skip.h"
#include "read/parents.h"
#include "read/share.h"
#include "tables/rows.h"

struct DbaasParents
{
	MemoryContext cxt;			/* the statement's */
	DbaasConnection *conn;
	const DbaasZone *zone;
	const DbaasParent *parent;
	DbaasCall  *call;			/* NULL once the list is read */
	DbaasShare *share;			/* of the call; or NULL */
	DbaasError *error;
	bool		unavailable;
	int			n;
	int			size;
	DbaasParentRow *rows;
};

/* A list while its rows are read. */
typedef struct ListReader
{
	DbaasParents *parents;
	DbaasRows  *rows;
	DbaasField *keys[DBAAS_PARENT_KEYS];
	DbaasField *filter;			/* or NULL */
} ListReader;

/* What this module keeps for a statement. */
typedef struct Lists
{
	List	   *lists;			/* of DbaasParents * */
} Lists;

static void add_value(ListReader *reader, DbaasParentRow *row, int key, const DbaasJson *value);

void
dbaas_parents_expect(DbaasStatement *statement, Oid serverid, const DbaasParent *parent)
{
	dbaas_share_expect(statement, serverid, parent->read->path);
}

DbaasParents *
dbaas_parents_get(const DbaasRead *read, const DbaasZone *zone, const DbaasParent *parent)
{
	static char owner;
	Lists	   *lists = dbaas_statement_state(read->statement, &owner, sizeof(Lists));
	MemoryContext oldcxt;
	DbaasParents *parents;
	DbaasCallSpec spec = {.kind = DBAAS_CALL_LIST};
	ListCell   *lc;

	foreach(lc, lists->lists)
	{
		parents = lfirst(lc);
		if (parents->conn == read->conn && parents->parent == parent &&
			strcmp(parents->zone->name, zone->name) == 0)
			return parents;
	}

	oldcxt = MemoryContextSwitchTo(dbaas_statement_context(read->statement));
	parents = palloc0(sizeof(DbaasParents));
	parents->cxt = CurrentMemoryContext;
	parents->conn = read->conn;
	parents->zone = zone;
	parents->parent = parent;
	spec.hide_secrets = !parent->list->verbatim;
	spec.zone = zone->name;
	spec.base = zone->base;
	spec.method = parent->read->method;
	spec.path_template = parent->read->path;
	spec.path = parent->read->path;
	spec.counters = read->counters;
	spec.budget = read->budget;
	parents->call = dbaas_share_call(read, parents->cxt, &spec, false, &parents->share);
	lists->lists = lappend(lists->lists, parents);
	MemoryContextSwitchTo(oldcxt);
	return parents;
}

static void
add_row(DbaasParents *parents, const DbaasParentRow *row)
{
	if (parents->n == parents->size)
	{
		parents->size = Max(parents->size * 2, 64);
		parents->rows = parents->rows ?
			repalloc_huge(parents->rows, parents->size * sizeof(DbaasParentRow)) :
			palloc(parents->size * sizeof(DbaasParentRow));
	}
	parents->rows[parents->n++] = *row;
}

/*
 * Adds a row for each combination of the values that the list's current row has
 * for the keys from the given one on.  An array stands for each of its elements.
 * A row without a value for a key that is not optional counts for nothing.
 */
static void
add_combinations(ListReader *reader, DbaasParentRow *row, int key)
{
	const DbaasParent *parent = reader->parents->parent;
	const DbaasJson *value;

	if (key == parent->nkeys)
	{
		add_row(reader->parents, row);
		return;
	}
	value = dbaas_rows_field(reader->rows, reader->keys[key]);
	if (dbaas_json_is(value, DBAAS_JSON_STRING))
		add_value(reader, row, key, value);
	else if (dbaas_json_is(value, DBAAS_JSON_ARRAY))
	{
		for (const DbaasJson *element = dbaas_json_first(value); element;
			 element = dbaas_json_next(value, element))
			add_value(reader, row, key, element);
	}
	else if (parent->keys[key].optional)
	{
		row->values[key] = NULL;
		add_combinations(reader, row, key + 1);
	}
}

/* Adds the combinations with that value of the key.  One with a NUL is no name. */
static void
add_value(ListReader *reader, DbaasParentRow *row, int key, const DbaasJson *value)
{
	row->values[key] = dbaas_json_plain_string(value);
	if (row->values[key])
		add_combinations(reader, row, key + 1);
}

/* Does the list's current row have the value that the filter wants? */
static bool
passes_filter(const ListReader *reader)
{
	const char *wanted = reader->parents->parent->filter_value;
	const DbaasJson *value;

	if (reader->filter == NULL)
		return true;
	value = dbaas_rows_field(reader->rows, reader->filter);
	if (value == NULL)
		return false;
	return value->type == DBAAS_JSON_STRING ? dbaas_json_equals(value, wanted) :
		strcmp(dbaas_json_text(value), wanted) == 0;
}

static DbaasError *
read_rows(DbaasParents *parents)
{
	const DbaasParent *parent = parents->parent;
	const DbaasColumn *columns = parent->list->columns;
	ListReader	reader = {.parents = parents};
	DbaasRowFacts *facts;
	char	   *problem;
	DbaasError *error;

	reader.rows = dbaas_rows_begin(parent->read->rows, parent->read->values,
								   dbaas_call_response(parents->call));
	for (int i = 0; i < parent->nkeys; i++)
		reader.keys[i] = dbaas_rows_parse_field(columns[parent->columns[i]].field);
	if (parent->filter >= 0)
		reader.filter = dbaas_rows_parse_field(columns[parent->filter].field);
	while (dbaas_rows_next(reader.rows, &problem))
	{
		DbaasParentRow row = {0};

		if (passes_filter(&reader))
			add_combinations(&reader, &row, 0);
	}
	facts = dbaas_stats_get_rows(dbaas_connection_facts(parents->conn)->server,
								 parent->read->method, parent->read->path, parent->read->rows);
	dbaas_stats_add_to_average(&facts->rows, (double) dbaas_rows_number(reader.rows));
	if (problem == NULL)
		return NULL;
	error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with an unexpected shape",
							dbaas_call_label(parents->call));
	error->detail = psprintf("The answer's %s.", problem);
	return error;
}

DbaasError *
dbaas_parents_read(DbaasParents *parents, bool *pending, bool *unavailable)
{
	*unavailable = false;
	*pending = parents->call && !dbaas_call_done(parents->call);
	if (*pending)
		return NULL;
	if (parents->call)
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(parents->cxt);

		parents->error = dbaas_call_error(parents->call);
		parents->unavailable = dbaas_call_unavailable(parents->call);
		if (parents->error == NULL)
			parents->error = read_rows(parents);
		/* An error may be in the memory of its call, which then stays. */
		if (parents->error == NULL)
			dbaas_share_release(parents->call, parents->share);
		parents->call = NULL;
		MemoryContextSwitchTo(oldcxt);
	}
	*unavailable = parents->unavailable;
	return parents->error;
}

const DbaasParentRow *
dbaas_parents_rows(const DbaasParents *parents, int *n)
{
	*n = parents->n;
	return parents->rows;
}

DbaasError *
dbaas_parents_wait(const DbaasRead *read, DbaasParents *parents)
{
	DbaasError *error;
	bool		pending;
	bool		unavailable;

	while ((error = dbaas_parents_read(parents, &pending, &unavailable)) == NULL && pending)
		dbaas_progress_wait(read->counters, 0);
	return error && unavailable ? dbaas_skip_zone(read, parents->zone->name, error) : error;
}

/* The service of that name in a list that was read, or NULL. */
static DbaasListedService *
find_service(const DbaasParents *parents, const char *service)
{
	for (int i = 0; i < parents->n; i++)
	{
		const char *const *values = parents->rows[i].values;
		DbaasListedService *found;

		if (strcmp(values[0], service) != 0)
			continue;
		found = palloc(sizeof(DbaasListedService));
		*found = (DbaasListedService)
		{
			parents->zone, values[1], values[2]
		};
		return found;
	}
	return NULL;
}

DbaasError *
dbaas_parents_locate(const DbaasRead *read, const DbaasZone *zone, const char *service,
					 const DbaasParent *parent, List **found)
{
	const DbaasZones *zones;
	DbaasError *error = dbaas_read_zones(read, NULL, 0, &zones);
	List	   *lists = NIL;
	ListCell   *lc;

	*found = NIL;
	if (error)
		return error;
	/* All are requested before the first is waited for. */
	for (int i = 0; i < zones->n; i++)
	{
		if (zone == NULL || strcmp(zones->zones[i].name, zone->name) == 0)
			lists = lappend(lists, dbaas_parents_get(read, &zones->zones[i], parent));
	}
	foreach(lc, lists)
	{
		DbaasParents *parents = lfirst(lc);
		DbaasListedService *listed;

		error = dbaas_parents_wait(read, parents);
		if (error)
			return error;
		listed = find_service(parents, service);
		if (listed)
			*found = lappend(*found, listed);
	}
	return NULL;
}

char *
dbaas_parents_zones(const List *found)
{
	StringInfoData names;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, found)
		appendStringInfo(&names, "%s%s", names.len ? ", " : "",
						 ((const DbaasListedService *) lfirst(lc))->zone->name);
	return names.data;
}

DbaasError *
dbaas_parents_contain(const DbaasRead *read, const DbaasZone *zone, const DbaasParent *parent,
					  const char *value, bool *found)
{
	DbaasParents *parents = dbaas_parents_get(read, zone, parent);
	DbaasError *error = dbaas_parents_wait(read, parents);

	*found = false;
	for (int i = 0; i < parents->n && error == NULL; i++)
		*found = *found || strcmp(parents->rows[i].values[0], value) == 0;
	return error;
}
