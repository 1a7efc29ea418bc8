/*-------------------------------------------------------------------------
 *
 * statement.c
 *		What the scans of one statement share: lists, and whom they name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/ilist.h"
#include "lib/stringinfo.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "api/progress.h"
#include "read/statement.h"
#include "tables/options.h"
#include "tables/rows.h"

struct DbaasParents
{
	MemoryContext cxt;
	DbaasConnection *conn;
	const DbaasZone *zone;
	const DbaasParent *parent;
	const DbaasResource *resource;
	DbaasCall  *call;			/* NULL once the list is read */
	bool		shared;			/* is the call shared with others? */
	DbaasError *error;
	bool		unavailable;
	int			n;
	int			size;
	DbaasParentRow *rows;
};

struct DbaasStatement
{
	dlist_node	node;			/* in "statements" */
	MemoryContext query_cxt;
	MemoryContext cxt;
	MemoryContextCallback callback;
	List	   *parents;		/* of DbaasParents * */
	List	   *zones;			/* of ZoneState * */
	List	   *missed;			/* of char *: labels of requests */
	int			nmissed_told;	/* of them, the first */
	DbaasMoment began;
	List	   *expected;		/* of Expected * */
	HTAB	   *calls;			/* of SharedCalls, or NULL */
	int			batch;			/* of writes */
	List	   *together;		/* scans that start with the first */
	DbaasMissing *missing;
};

/* Requests that a WARNING names. */
#define MAX_MISSED_SHOWN 20

/* How many scans will ask a server for a path. */
typedef struct Expected
{
	Oid			serverid;
	const char *path;
	int			scans;
} Expected;

typedef struct SharedCall
{
	DbaasConnection *conn;
	char	   *path;
	char	   *zone;
	bool		hide_secrets;
	DbaasCall  *call;
} SharedCall;

/* The calls whose connection, path and zone have the same hash. */
typedef struct SharedCalls
{
	uint32		hash;
	List	   *calls;			/* of SharedCall * */
} SharedCalls;

/* What became of a zone in the statement. */
typedef struct ZoneState
{
	DbaasConnection *conn;
	char	   *zone;
	bool		shown;			/* it has given rows */
	bool		left_out;
} ZoneState;

static void add_name(DbaasParents *parents, DbaasRows *rows, DbaasField **fields,
					 DbaasParentRow *row, int key, const DbaasJson *value);

static dlist_head statements = DLIST_STATIC_INIT(statements);

static void
forget_statement(void *arg)
{
	DbaasStatement *statement = arg;

	dlist_delete(&statement->node);
}

DbaasStatement *
dbaas_statement_get(MemoryContext query_cxt)
{
	dlist_iter	iter;
	MemoryContext cxt;
	DbaasStatement *statement;

	dlist_foreach(iter, &statements)
	{
		statement = dlist_container(DbaasStatement, node, iter.cur);
		if (statement->query_cxt == query_cxt)
			return statement;
	}

	cxt = AllocSetContextCreate(query_cxt, "dbaas_fdw statement", ALLOCSET_DEFAULT_SIZES);
	statement = MemoryContextAllocZero(cxt, sizeof(DbaasStatement));
	statement->query_cxt = query_cxt;
	statement->began = dbaas_clock_now();
	statement->cxt = cxt;
	statement->callback.func = forget_statement;
	statement->callback.arg = statement;
	dlist_push_head(&statements, &statement->node);
	MemoryContextRegisterResetCallback(cxt, &statement->callback);
	return statement;
}

int *
dbaas_statement_batch(DbaasStatement *statement)
{
	return &statement->batch;
}

List **
dbaas_statement_together(DbaasStatement *statement)
{
	return &statement->together;
}

/* Is a zone named that is not known, and might be by now? */
static bool
names_unknown(DbaasConnection *conn, const DbaasZones *zones, const char *const *named, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (dbaas_zones_find(zones, named[i]) == NULL && dbaas_zones_may_appear(conn, named[i]))
			return true;
	}
	return false;
}

DbaasError *
dbaas_statement_zones(DbaasStatement *statement, DbaasConnection *conn, const char *const *named,
					  int n, DbaasCounters *counters, const DbaasZones **zones)
{
	DbaasError *error;

	dbaas_zones_refresh(conn, counters, statement->began);
	error = dbaas_zones_get(conn, counters, zones);
	if (error || !names_unknown(conn, *zones, named, n))
		return error;
	error = dbaas_zones_renew(conn, counters, statement->began);
	return error ? error : dbaas_zones_get(conn, counters, zones);
}

DbaasMissing **
dbaas_statement_missing(DbaasStatement *statement)
{
	return &statement->missing;
}

static Expected *
find_expected(DbaasStatement *statement, Oid serverid, const char *path)
{
	ListCell   *lc;

	foreach(lc, statement->expected)
	{
		Expected   *expected = lfirst(lc);

		if (expected->serverid == serverid && strcmp(expected->path, path) == 0)
			return expected;
	}
	return NULL;
}

void
dbaas_statement_expect(DbaasStatement *statement, Oid serverid, const char *path)
{
	Expected   *expected = find_expected(statement, serverid, path);

	if (expected == NULL)
	{
		MemoryContext oldcxt = MemoryContextSwitchTo(statement->cxt);

		expected = palloc0(sizeof(Expected));
		expected->serverid = serverid;
		expected->path = path;
		statement->expected = lappend(statement->expected, expected);
		MemoryContextSwitchTo(oldcxt);
	}
	expected->scans++;
}

void
dbaas_statement_expect_parents(DbaasStatement *statement, Oid serverid,
							   const DbaasParent *parent)
{
	dbaas_statement_expect(statement, serverid, parent->read->path);
}

/* The shared calls among which that call is, if it was made. */
static SharedCalls *
find_calls(DbaasStatement *statement, DbaasConnection *conn, const DbaasCallSpec *spec)
{
	uint32		hash = hash_combine(string_hash(spec->path, strlen(spec->path) + 1),
									hash_combine(string_hash(spec->zone, strlen(spec->zone) + 1),
												 (uint32) dbaas_connection_server(conn)));
	SharedCalls *calls;
	bool		found;

	if (statement->calls == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(uint32), .entrysize = sizeof(SharedCalls), .hcxt = statement->cxt
		};

		statement->calls = hash_create("dbaas_fdw shared calls", 64, &control,
									   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	calls = hash_search(statement->calls, &hash, HASH_ENTER, &found);
	if (!found)
		calls->calls = NIL;
	return calls;
}

DbaasCall *
dbaas_statement_call(DbaasStatement *statement, DbaasConnection *conn, MemoryContext cxt,
					 const DbaasCallSpec *spec, bool *shared)
{
	Expected   *expected = find_expected(statement, dbaas_connection_server(conn), spec->operation);
	MemoryContext oldcxt;
	SharedCalls *calls;
	SharedCall *entry;
	ListCell   *lc;

	*shared = expected && expected->scans > 1 && spec->body == NULL && spec->zone != NULL;
	if (!*shared)
		return dbaas_call_start(conn, cxt, spec);
	calls = find_calls(statement, conn, spec);
	foreach(lc, calls->calls)
	{
		entry = lfirst(lc);
		if (entry->conn == conn && strcmp(entry->path, spec->path) == 0 &&
			strcmp(entry->zone, spec->zone) == 0 && entry->hide_secrets == spec->hide_secrets)
			return entry->call;
	}
	oldcxt = MemoryContextSwitchTo(statement->cxt);
	entry = palloc(sizeof(SharedCall));
	entry->conn = conn;
	entry->path = pstrdup(spec->path);
	entry->zone = pstrdup(spec->zone);
	entry->hide_secrets = spec->hide_secrets;
	entry->call = dbaas_call_start(conn, statement->cxt, spec);
	calls->calls = lappend(calls->calls, entry);
	MemoryContextSwitchTo(oldcxt);
	return entry->call;
}

DbaasParents *
dbaas_statement_parents(DbaasStatement *statement, DbaasConnection *conn, const DbaasZone *zone,
						const DbaasParent *parent, DbaasCounters *counters)
{
	MemoryContext oldcxt;
	DbaasParents *parents;
	const DbaasEndpoint *list;
	DbaasCallSpec spec = {.kind = DBAAS_CALL_LIST};
	ListCell   *lc;

	foreach(lc, statement->parents)
	{
		parents = lfirst(lc);
		if (parents->conn == conn && parents->parent == parent &&
			strcmp(parents->zone->name, zone->name) == 0)
			return parents;
	}

	oldcxt = MemoryContextSwitchTo(statement->cxt);
	parents = palloc0(sizeof(DbaasParents));
	parents->cxt = statement->cxt;
	parents->conn = conn;
	parents->zone = zone;
	parents->parent = parent;
	parents->resource = parent->list;
	list = parent->read;
	spec.hide_secrets = !parents->resource->verbatim;
	spec.zone = zone->name;
	spec.base = zone->base;
	spec.method = list->method;
	spec.operation = list->path;
	spec.path = list->path;
	spec.counters = counters;
	parents->call = dbaas_statement_call(statement, conn, statement->cxt, &spec, &parents->shared);
	statement->parents = lappend(statement->parents, parents);
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
 * Adds the combinations of the current row's values, from the given key on.
 * Values that are no names, which have no NUL characters, stand for nothing.
 */
static void
add_combinations(DbaasParents *parents, DbaasRows *rows, DbaasField **fields,
				 DbaasParentRow *row, int key)
{
	const DbaasJson *value;

	if (key == parents->parent->nkeys)
	{
		add_row(parents, row);
		return;
	}
	value = dbaas_rows_field(rows, fields[key]);
	if (dbaas_json_is(value, DBAAS_JSON_STRING))
		add_name(parents, rows, fields, row, key, value);
	else if (dbaas_json_is(value, DBAAS_JSON_ARRAY))
	{
		for (const DbaasJson *element = dbaas_json_first(value); element;
			 element = dbaas_json_next(value, element))
			add_name(parents, rows, fields, row, key, element);
	}
	else if (parents->parent->keys[key].optional)
	{
		row->values[key] = NULL;
		add_combinations(parents, rows, fields, row, key + 1);
	}
}

/* The same, with that value of the key. */
static void
add_name(DbaasParents *parents, DbaasRows *rows, DbaasField **fields, DbaasParentRow *row,
		 int key, const DbaasJson *value)
{
	row->values[key] = dbaas_json_plain_string(value);
	if (row->values[key])
		add_combinations(parents, rows, fields, row, key + 1);
}

/* Is the value of a filter's column the one that it wants? */
static bool
passes(const DbaasJson *value, const char *wanted)
{
	if (value == NULL)
		return false;
	return value->type == DBAAS_JSON_STRING ? dbaas_json_equals(value, wanted) :
		strcmp(dbaas_json_text(value), wanted) == 0;
}

static void
read_list(DbaasParents *parents)
{
	const DbaasResource *resource = parents->resource;
	const DbaasEndpoint *list = parents->parent->read;
	DbaasField *fields[DBAAS_PARENT_KEYS] = {0};
	DbaasField *filter = NULL;
	DbaasRows  *rows = dbaas_rows_begin(list->rows, list->values, dbaas_call_answer(parents->call));
	char	   *problem;

	for (int i = 0; i < parents->parent->nkeys; i++)
		fields[i] = dbaas_field_parse(resource->columns[parents->parent->columns[i]].field);
	if (parents->parent->filter >= 0)
		filter = dbaas_field_parse(resource->columns[parents->parent->filter].field);
	while (dbaas_rows_next(rows, &problem))
	{
		DbaasParentRow row = {0};

		if (filter == NULL || passes(dbaas_rows_field(rows, filter), parents->parent->filter_value))
			add_combinations(parents, rows, fields, &row, 0);
	}
	dbaas_call_learn_rows(parents->call, dbaas_rows_number(rows));
	if (problem)
	{
		parents->error = dbaas_error_new(ERRCODE_FDW_ERROR,
										 "%s answered with an unexpected shape",
										 dbaas_call_label(parents->call));
		parents->error->detail = psprintf("The answer's %s.", problem);
	}
}

bool
dbaas_parents_done(DbaasParents *parents, DbaasError **error, bool *unavailable)
{
	if (parents->call)
	{
		MemoryContext oldcxt;

		if (!dbaas_call_done(parents->call))
			return false;
		oldcxt = MemoryContextSwitchTo(parents->cxt);
		parents->error = dbaas_call_error(parents->call);
		parents->unavailable = dbaas_call_unavailable(parents->call);
		if (parents->error == NULL)
			read_list(parents);
		/* An error belongs to its call, so that stays. */
		if (parents->error == NULL && !parents->shared)
			dbaas_call_release(parents->call);
		parents->call = NULL;
		MemoryContextSwitchTo(oldcxt);
	}
	*error = parents->error;
	*unavailable = parents->unavailable;
	return true;
}

const DbaasParentRow *
dbaas_parents_rows(DbaasParents *parents, int *n)
{
	*n = parents->n;
	return parents->rows;
}

/* The service of that name in a list that has come; or NULL. */
static DbaasListedService *
find_listed(const DbaasParents *parents, const char *service)
{
	DbaasListedService *listed;

	for (int i = 0; i < parents->n; i++)
	{
		const char *const *values = parents->rows[i].values;

		if (strcmp(values[0], service) != 0)
			continue;
		listed = palloc(sizeof(DbaasListedService));
		*listed = (DbaasListedService) {parents->zone, values[1], values[2]};
		return listed;
	}
	return NULL;
}

DbaasError *
dbaas_statement_locate(DbaasStatement *statement, DbaasConnection *conn, const DbaasZone *zone,
					   const char *service, const DbaasParent *parent, List **found)
{
	const DbaasZones *zones;
	DbaasError *error = dbaas_statement_zones(statement, conn, NULL, 0, NULL, &zones);
	List	   *lists = NIL;
	ListCell   *lc;

	*found = NIL;
	if (error)
		return error;
	for (int i = 0; i < zones->n; i++)
	{
		if (zone == NULL || strcmp(zones->zones[i].name, zone->name) == 0)
			lists = lappend(lists, dbaas_statement_parents(statement, conn, &zones->zones[i],
														   parent, NULL));
	}
	foreach(lc, lists)
	{
		DbaasParents *parents = lfirst(lc);
		DbaasListedService *listed;
		bool		unavailable;

		while (!dbaas_parents_done(parents, &error, &unavailable))
			dbaas_progress_wait(NULL, 0);
		if (error && unavailable)
			dbaas_statement_leave_out(statement, conn, parents->zone->name,
									  DBAAS_OUTAGE_WRITES, &error);
		if (error)
			break;
		listed = find_listed(parents, service);
		if (listed)
			*found = lappend(*found, listed);
	}
	return error;
}

DbaasError *
dbaas_statement_has_parent(DbaasStatement *statement, DbaasConnection *conn, const DbaasZone *zone,
						   const DbaasParent *parent, const char *value, bool *found)
{
	DbaasParents *parents = dbaas_statement_parents(statement, conn, zone, parent, NULL);
	DbaasError *error;
	bool		unavailable;

	*found = false;
	while (!dbaas_parents_done(parents, &error, &unavailable))
		dbaas_progress_wait(NULL, 0);
	if (error && unavailable)
		dbaas_statement_leave_out(statement, conn, zone->name, DBAAS_OUTAGE_WRITES, &error);
	for (int i = 0; i < parents->n && error == NULL; i++)
		*found = *found || strcmp(parents->rows[i].values[0], value) == 0;
	return error;
}

/* The error of what would be left out elsewhere. */
static DbaasError *
missed_error(const char *label, DbaasOutage outage)
{
	DbaasError *error = dbaas_error_new(ERRCODE_UNDEFINED_OBJECT,
										"%s: the API lists this under a type that is not known here, and answers 404", label);

	error->hint = psprintf("It is not left out %s Name the services or types that are meant.",
						   outage == DBAAS_OUTAGE_WRITES ? "of a statement that writes." :
						   "here: without its rows, the result could have others.");
	return error;
}

DbaasError *
dbaas_statement_miss(DbaasStatement *statement, const char *label, DbaasOutage outage)
{
	MemoryContext oldcxt;
	ListCell   *lc;
	bool		known = false;

	if (outage == DBAAS_OUTAGE_WRITES || outage == DBAAS_OUTAGE_ADDS)
		return missed_error(label, outage);
	oldcxt = MemoryContextSwitchTo(statement->cxt);
	foreach(lc, statement->missed)
		known = known || strcmp(lfirst(lc), label) == 0;
	if (!known)
		statement->missed = lappend(statement->missed, pstrdup(label));
	MemoryContextSwitchTo(oldcxt);
	return NULL;
}

static int
compare_labels(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

void
dbaas_statement_tell_missed(DbaasStatement *statement)
{
	List	   *labels = list_copy_tail(statement->missed, statement->nmissed_told);
	StringInfoData out;

	if (labels == NIL)
		return;
	statement->nmissed_told = list_length(statement->missed);
	list_sort(labels, compare_labels);
	initStringInfo(&out);
	for (int i = 0; i < Min(list_length(labels), MAX_MISSED_SHOWN); i++)
		appendStringInfo(&out, "\n%s", (const char *) list_nth(labels, i));
	if (list_length(labels) > MAX_MISSED_SHOWN)
		appendStringInfo(&out, "\nand %d more", list_length(labels) - MAX_MISSED_SHOWN);
	dbaas_error_notice(WARNING,
					   (errcode(ERRCODE_WARNING),
						errmsg("rows of service types that this version does not know are left out"),
						errdetail_internal("The API answers 404:%s", dbaas_error_shown(out.data)),
						errhint("A newer version of dbaas_fdw may know the type.")));
}

/* What the statement knows of a zone; NULL when that is nothing. */
static ZoneState *
find_zone(const DbaasStatement *statement, const DbaasConnection *conn, const char *zone)
{
	ListCell   *lc;

	foreach(lc, statement->zones)
	{
		ZoneState  *state = lfirst(lc);

		if (state->conn == conn && strcmp(state->zone, zone) == 0)
			return state;
	}
	return NULL;
}

static ZoneState *
get_zone(DbaasStatement *statement, DbaasConnection *conn, const char *zone)
{
	ZoneState  *state = find_zone(statement, conn, zone);
	MemoryContext oldcxt;

	if (state)
		return state;
	oldcxt = MemoryContextSwitchTo(statement->cxt);
	state = palloc0(sizeof(ZoneState));
	state->conn = conn;
	state->zone = pstrdup(zone);
	statement->zones = lappend(statement->zones, state);
	MemoryContextSwitchTo(oldcxt);
	return state;
}

void
dbaas_statement_shows_zone(DbaasStatement *statement, DbaasConnection *conn, const char *zone)
{
	get_zone(statement, conn, zone)->shown = true;
}

bool
dbaas_statement_is_left_out(const DbaasStatement *statement, const DbaasConnection *conn,
							const char *zone, DbaasOutage outage)
{
	const ZoneState *state;

	if (outage != DBAAS_OUTAGE_TAKES || statement->zones == NIL)
		return false;
	state = find_zone(statement, conn, zone);
	return state && state->left_out;
}

/* The error of a zone that would be left out elsewhere. */
static DbaasError *
strict_error(const DbaasError *error, DbaasOutage outage)
{
	DbaasError *result = palloc(sizeof(DbaasError));
	const char *why = outage == DBAAS_OUTAGE_WRITES ?
		"Option unavailable_zones does not skip a zone in a statement that writes." :
		"Option unavailable_zones does not skip a zone here: without its rows, the result could have others.";

	*result = *error;
	result->hint = error->hint ? psprintf("%s %s", error->hint, why) : why;
	return result;
}

bool
dbaas_statement_leave_out(DbaasStatement *statement, DbaasConnection *conn, const char *zone,
						  DbaasOutage outage, DbaasError **error)
{
	ZoneState  *state;

	if (outage == DBAAS_OUTAGE_FAILS || !dbaas_option_skips_zones(dbaas_connection_options(conn)))
		return false;
	if (outage != DBAAS_OUTAGE_TAKES)
	{
		*error = strict_error(*error, outage);
		return false;
	}
	state = get_zone(statement, conn, zone);
	if (state->left_out)
		return true;
	state->left_out = true;
	dbaas_error_notice(WARNING,
					   (errcode((*error)->sqlerrcode),
						state->shown ?
						errmsg("the rest of zone \"%s\" is left out: it is no longer available", zone) :
						errmsg("zone \"%s\" is left out: it is not available", zone),
						errdetail_internal("%s", dbaas_error_shown((*error)->message)),
						errhint("The server's option unavailable_zones is set to skip.")));
	return true;
}
