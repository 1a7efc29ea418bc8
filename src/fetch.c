/*-------------------------------------------------------------------------
 *
 * fetch.c
 *		From a set of keys to rows of answers: which requests, in what order.
 *
 * The keys and the zones make targets: one for each combination of values.
 * Keys that are not given are found in the lists of parents.  Each target is
 * read by a chain of one request, or of one for each page.  Rows come in the
 * order of the targets, while the chains behind the first are already asked
 * for; a chain that is not the first holds no more than one page.
 *
 * Pages hold entries in the order of their times.  That is taken to hold up to
 * DISORDER: an entry may stand that much too early or too late.  So a scan with
 * a lower bound goes on until an entry is older than the bound by more than
 * that; and rows that have to be in order are sorted within each page, and
 * those near its end wait for the next page.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "body.h"
#include "fetch.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "path.h"
#include "utils/memutils.h"

/* How much entries may be out of order. */
#define DISORDER ((TimestampTz) USECS_PER_SEC)

/* One combination of values. */
typedef struct Target
{
	const DbaasZone *zone;		/* NULL: the server as a whole */
	const char **args;			/* by catalogue column; NULL: not sent */
} Target;

/* A page that has come. */
typedef struct AnswerPage
{
	DbaasCall  *call;
	bool		shared;			/* with other scans of the statement */
	DbaasRows  *rows;
	DbaasOrigin origin;
	int64		unread;			/* of a merge: entries not yet shown */
} AnswerPage;

/* An entry of a merge. */
typedef struct Entry
{
	TimestampTz time;
	int64		number;			/* in the order of the pages */
	int64		row;			/* in its page, from 1 */
	const DbaasJson *position;	/* there */
	AnswerPage *page;
} Entry;

typedef struct Chain
{
	dlist_node	node;			/* in fetch->chains */
	MemoryContext cxt;
	Target	   *target;
	DbaasCall  *asked;			/* page that has been asked for, or NULL */
	bool		shared;			/* is that call shared with other scans? */
	AnswerPage *page;			/* page that is being read, or NULL */
	const char *cursor;			/* of the page to ask for */
	bool		descending;
	int64		wanted;			/* entries still to ask for; -1: all */
	int64		cap;			/* entries still to show; -1: all */
	Entry	   *entries;		/* of a merge, in order */
	int64		nentries;
	int64		next_entry;
	int64		safe;			/* entries that no later page comes before */
	int64		numbered;
	int64		nshown;			/* rows, for the statistics */
	bool		last;			/* no page follows the one asked for */
	DbaasBody  *cursors;		/* those that were sent */
	DbaasBody  *shown;			/* values of the unique column */
} Chain;

struct DbaasFetch
{
	MemoryContext cxt;
	DbaasConnection *conn;
	DbaasStatement *statement;
	DbaasCounters *counters;
	DbaasFetchSpec spec;
	int			nzones;
	const DbaasZone **zones;
	DbaasKey   *keys;			/* those that can name something */
	List	   *parents;		/* lists not yet read, by zone; or NIL */
	int			parents_zone;	/* zone of the first of them */
	List	   *targets;
	int			next_target;
	dlist_head	chains;			/* started, in the order of targets */
	int			nchains;
	int			window;			/* chains to have started at once */
	DbaasField *unique_field;
	DbaasField *zone_field;		/* of a resource that is asked once */
	DbaasField *time_field;		/* of the entries of pages */
	AnswerPage *shown;			/* page of the row that was given last */
};

static DbaasError *take_keys(DbaasFetch *fetch);
static DbaasError *take_zones(DbaasFetch *fetch);
static bool needs_parents(const DbaasFetch *fetch);
static void add_targets(DbaasFetch *fetch, const DbaasZone *zone, const char **args, int column);
static DbaasError *read_parents(DbaasFetch *fetch, bool *pending);
static void start_chains(DbaasFetch *fetch);
static void ask_page(DbaasFetch *fetch, Chain *chain);
static DbaasError *open_page(DbaasFetch *fetch, Chain *chain);
static DbaasError *plan_next_page(DbaasFetch *fetch, Chain *chain);
static void end_chain(DbaasFetch *fetch, Chain *chain);
static bool accept_row(DbaasFetch *fetch, Chain *chain);
static DbaasFetchStatus next_of_chain(DbaasFetch *fetch, Chain *chain, DbaasError **error);
static DbaasFetchStatus next_of_merge(DbaasFetch *fetch, DbaasError **error);

bool
dbaas_fetch_is_param(const DbaasEndpoint *endpoint, const DbaasColumn *column)
{
	if (column->param == NULL)
		return false;
	return strcmp(endpoint->method, "POST") == 0 ||
		dbaas_catalogue_in_path(endpoint->path, column->param);
}

const DbaasEndpoint *
dbaas_fetch_endpoint(const DbaasResource *resource, const bool *given)
{
	int			n = dbaas_catalogue_nreads(resource);

	for (int i = 0; i < n - 1; i++)
	{
		bool		all = true;

		for (int c = 0; c < resource->ncolumns; c++)
		{
			if (resource->columns[c].param && !given[c] &&
				dbaas_catalogue_in_path(resource->reads[i].path, resource->columns[c].param))
				all = false;
		}
		if (all)
			return &resource->reads[i];
	}
	return &resource->reads[n - 1];
}

DbaasError *
dbaas_fetch_begin(DbaasConnection *conn, DbaasStatement *statement, const DbaasFetchSpec *spec,
				  DbaasCounters *counters, DbaasFetch **result)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw fetch",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasFetch *fetch = palloc0(sizeof(DbaasFetch));
	const DbaasResource *resource = spec->resource;
	DbaasError *error;

	fetch->cxt = cxt;
	fetch->conn = conn;
	fetch->statement = statement;
	fetch->counters = counters;
	fetch->spec = *spec;
	fetch->window = spec->merge ? INT_MAX :
		spec->eager ? 2 * dbaas_connection_limits(conn)->concurrency : 1;
	dlist_init(&fetch->chains);
	if (resource->unique_column)
		fetch->unique_field = dbaas_field_parse(resource->columns[dbaas_catalogue_column(resource, resource->unique_column)].field);
	if (resource->global)
		fetch->zone_field = dbaas_field_parse(resource->columns[DBAAS_ZONE_COLUMN].field);

	if (resource->paging)
		fetch->time_field = dbaas_field_parse(resource->columns[dbaas_catalogue_column(resource, resource->paging->time_column)].field);

	error = take_keys(fetch);
	if (error == NULL)
		error = take_zones(fetch);
	if (error == NULL)
	{
		if (needs_parents(fetch))
		{
			for (int i = 0; i < fetch->nzones; i++)
				fetch->parents = lappend(fetch->parents,
										 dbaas_statement_parents(statement, conn, fetch->zones[i],
																 resource->parent, counters));
		}
		else
		{
			for (int i = 0; i < fetch->nzones; i++)
				add_targets(fetch, fetch->zones[i],
							palloc0(resource->ncolumns * sizeof(char *)), 0);
		}
	}
	MemoryContextSwitchTo(oldcxt);
	*result = fetch;
	return error;
}

void
dbaas_fetch_end(DbaasFetch *fetch)
{
	MemoryContextDelete(fetch->cxt);
}

/* ------------------------------------------------------------------------
 * Keys and zones
 * ------------------------------------------------------------------------ */

/* The error of a parameter's value that the API does not accept. */
static DbaasError *
domain_error(const DbaasColumn *column, const char *value, const char *allowed)
{
	DbaasError *error;

	error = dbaas_error_new(ERRCODE_INVALID_PARAMETER_VALUE,
							"the API does not accept \"%s\" for column \"%s\"",
							dbaas_error_excerpt(value, strlen(value), NAMEDATALEN), column->name);
	error->hint = psprintf("Allowed for %s: %s.", column->name, allowed);
	return error;
}

/*
 * A value that cannot be a segment of a path, or is longer than any name, names
 * nothing.
 */
static bool
can_name_something(const DbaasColumn *column, const char *value)
{
	return dbaas_path_can_hold(value) && dbaas_catalogue_check(column->domain, value) == NULL;
}

/*
 * Copies the keys: without the values that name nothing, with the defaults of
 * those that are not given.
 */
static DbaasError *
take_keys(DbaasFetch *fetch)
{
	const DbaasResource *resource = fetch->spec.resource;

	fetch->keys = palloc0(resource->ncolumns * sizeof(DbaasKey));
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		const DbaasKey *given = &fetch->spec.keys[c];
		DbaasKey   *key = &fetch->keys[c];
		bool		in_path = column->param &&
			dbaas_catalogue_in_path(fetch->spec.endpoint->path, column->param);

		key->given = given->given || column->default_value != NULL;
		key->values = palloc(Max(given->n, 1) * sizeof(char *));
		if (!given->given && column->default_value)
			key->values[key->n++] = column->default_value;
		for (int i = 0; i < given->n; i++)
		{
			if (!in_path)
			{
				const char *allowed = dbaas_catalogue_check(column->domain, given->values[i]);

				if (allowed)
					return domain_error(column, given->values[i], allowed);
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

/* No request can yield a row when a key has no value. */
static bool
is_contradiction(const DbaasFetch *fetch)
{
	for (int c = 0; c < fetch->spec.resource->ncolumns; c++)
	{
		if (fetch->keys[c].given && fetch->keys[c].n == 0)
			return true;
	}
	return false;
}

/* The zones to ask. */
static DbaasError *
take_zones(DbaasFetch *fetch)
{
	const DbaasKey *key = &fetch->keys[DBAAS_ZONE_COLUMN];
	const DbaasZones *zones;
	DbaasError *error;

	if (is_contradiction(fetch))
		return NULL;
	if (fetch->spec.resource->global)
	{
		DbaasZone  *server = palloc0(sizeof(DbaasZone));

		server->base = dbaas_zones_global_base(fetch->conn);
		fetch->zones = palloc(sizeof(DbaasZone *));
		fetch->zones[fetch->nzones++] = server;
		return NULL;
	}
	error = dbaas_zones_get(fetch->conn, fetch->counters, &zones);
	if (error)
		return error;
	fetch->zones = palloc(Max(zones->n, 1) * sizeof(DbaasZone *));
	for (int i = 0; i < zones->n; i++)
	{
		if (!key->given || key_has_value(key, zones->zones[i].name))
			fetch->zones[fetch->nzones++] = &zones->zones[i];
	}
	return NULL;
}

/* ------------------------------------------------------------------------
 * Parents and targets
 * ------------------------------------------------------------------------ */

/*
 * Are the lists of parents needed?  They are when a parameter of the path is
 * not given, and when they tell which of several zones has what is given.
 */
static bool
needs_parents(const DbaasFetch *fetch)
{
	const DbaasResource *resource = fetch->spec.resource;
	const DbaasParent *parent = resource->parent;
	bool		uses = false;

	if (parent == NULL)
		return false;
	for (int i = 0; i < DBAAS_PARENT_KEYS && parent->keys[i].column; i++)
	{
		int			c = dbaas_catalogue_column(resource, parent->keys[i].column);

		if (!dbaas_catalogue_in_path(fetch->spec.endpoint->path, resource->columns[c].param))
			continue;
		uses = true;
		if (!fetch->keys[c].given)
			return true;
	}
	return uses && parent->locates && fetch->nzones > 1;
}

/*
 * Adds a target for each combination of the values of those parameters, from
 * the given column on, that args does not hold yet.
 */
static void
add_targets(DbaasFetch *fetch, const DbaasZone *zone, const char **args, int column)
{
	const DbaasResource *resource = fetch->spec.resource;
	Target	   *target;

	for (; column < resource->ncolumns; column++)
	{
		const DbaasKey *key = &fetch->keys[column];

		if (args[column] || !key->given ||
			!dbaas_fetch_is_param(fetch->spec.endpoint, &resource->columns[column]))
			continue;
		for (int i = 0; i < key->n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			args[column] = key->values[i];
			add_targets(fetch, zone, args, column + 1);
		}
		args[column] = NULL;
		return;
	}
	target = palloc(sizeof(Target));
	target->zone = zone->name ? zone : NULL;
	target->args = palloc(resource->ncolumns * sizeof(char *));
	memcpy(target->args, args, resource->ncolumns * sizeof(char *));
	fetch->targets = lappend(fetch->targets, target);
}

/* Adds the targets of the parents in one zone. */
static void
add_parents(DbaasFetch *fetch, const DbaasZone *zone, DbaasParents *parents)
{
	const DbaasResource *resource = fetch->spec.resource;
	int			n;
	const DbaasParentRow *rows = dbaas_parents_rows(parents, &n);

	for (int r = 0; r < n; r++)
	{
		const char **args = palloc0(resource->ncolumns * sizeof(char *));
		bool		wanted = true;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < DBAAS_PARENT_KEYS && resource->parent->keys[i].column; i++)
		{
			int			c = dbaas_catalogue_column(resource, resource->parent->keys[i].column);
			const char *value = rows[r].values[i];

			args[c] = value;
			wanted = wanted && can_name_something(&resource->columns[c], value) &&
				(!fetch->keys[c].given || key_has_value(&fetch->keys[c], value));
		}
		if (wanted)
			add_targets(fetch, zone, args, 0);
		pfree(args);
	}
}

/*
 * Turns the lists that have come into targets, in the order of the zones.
 * *pending says that the next one is still awaited.
 */
static DbaasError *
read_parents(DbaasFetch *fetch, bool *pending)
{
	*pending = false;
	while (fetch->parents)
	{
		DbaasParents *parents = linitial(fetch->parents);
		const DbaasZone *zone = fetch->zones[fetch->parents_zone];
		DbaasError *error;
		bool		unavailable;

		if (!dbaas_parents_done(parents, &error, &unavailable))
		{
			*pending = true;
			return NULL;
		}
		if (error && !(unavailable && fetch->spec.skip_unavailable))
			return error;
		if (error)
			dbaas_statement_skip_zone(fetch->statement, fetch->conn, zone->name, error);
		else
			add_parents(fetch, zone, parents);
		fetch->parents = list_delete_first(fetch->parents);
		fetch->parents_zone++;
	}
	return NULL;
}

/* ------------------------------------------------------------------------
 * Chains and pages
 * ------------------------------------------------------------------------ */

/*
 * The body of a read that takes parameters there.  What the pages need takes
 * the place of the columns that say the same.
 */
static const char *
make_body(const DbaasFetch *fetch, const Chain *chain, int64 limit)
{
	const DbaasResource *resource = fetch->spec.resource;
	const DbaasPaging *paging = resource->paging;
	DbaasBody  *body = dbaas_body_new();

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		const char *value = chain->target->args[c];

		if (column->param == NULL ||
			dbaas_catalogue_in_path(fetch->spec.endpoint->path, column->param))
			continue;
		if (paging && fetch->spec.order && strcmp(column->name, paging->order_column) == 0)
			json_object_object_add(body, column->param, json_object_new_string(fetch->spec.order));
		else if (paging && strcmp(column->name, paging->limit_column) == 0)
			json_object_object_add(body, column->param, json_object_new_int64(limit));
		else if (paging && strcmp(column->name, paging->offset_column) == 0)
		{
			if (chain->cursor)
				json_object_object_add(body, column->param, json_object_new_string(chain->cursor));
		}
		else if (value && column->type == DBAAS_BIGINT)
			json_object_object_add(body, column->param,
								   json_object_new_int64(strtoll(value, NULL, 10)));
		else if (value)
			json_object_object_add(body, column->param, json_object_new_string(value));
	}
	return dbaas_body_text(body);
}

/* Asks for a page: the first of the chain, or the one at its cursor. */
static void
ask_page(DbaasFetch *fetch, Chain *chain)
{
	const DbaasEndpoint *endpoint = fetch->spec.endpoint;
	const DbaasPaging *paging = fetch->spec.resource->paging;
	const DbaasZone *zone = chain->target->zone;
	MemoryContext oldcxt = CurrentMemoryContext;
	MemoryContext cxt;
	DbaasCallSpec spec = {0};
	int64		limit = 0;

	if (paging)
	{
		limit = paging->max_limit;
		if (chain->wanted >= 0)
			limit = Min(limit, chain->wanted);
		if (chain->cap >= 0)
			limit = Min(limit, chain->cap);
		if (chain->cursor)
			json_object_object_add(chain->cursors, chain->cursor, NULL);
	}

	cxt = AllocSetContextCreate(chain->cxt, "dbaas_fdw request text", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(cxt);
	spec.kind = strchr(endpoint->path, '{') ? DBAAS_CALL_READ : DBAAS_CALL_LIST;
	spec.unsigned_ = fetch->spec.resource->global;
	spec.zone = zone ? zone->name : NULL;
	spec.base = zone ? zone->base : fetch->zones[0]->base;
	spec.method = endpoint->method;
	spec.operation = endpoint->path;
	spec.path = dbaas_path_expand(fetch->spec.resource, endpoint->path, chain->target->args);
	spec.body = strcmp(endpoint->method, "POST") == 0 ? make_body(fetch, chain, limit) : NULL;
	spec.counters = fetch->counters;
	chain->asked = dbaas_statement_call(fetch->statement, fetch->conn, chain->cxt, &spec,
										&chain->shared);
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(cxt);
}

static Chain *
new_chain(DbaasFetch *fetch, Target *target)
{
	const DbaasResource *resource = fetch->spec.resource;
	MemoryContext cxt = AllocSetContextCreate(fetch->cxt, "dbaas_fdw chain",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	Chain	   *chain = palloc0(sizeof(Chain));

	chain->cxt = cxt;
	chain->target = target;
	chain->wanted = fetch->spec.limit == 0 ? 1 : fetch->spec.limit;
	chain->cap = -1;
	if (resource->paging)
	{
		const DbaasPaging *paging = resource->paging;
		const char *cap = target->args[dbaas_catalogue_column(resource, paging->limit_column)];
		const char *order = fetch->spec.order ? fetch->spec.order :
			target->args[dbaas_catalogue_column(resource, paging->order_column)];

		chain->cursor = target->args[dbaas_catalogue_column(resource, paging->offset_column)];
		chain->descending = order && strcmp(order, "desc") == 0;
		if (cap)
			chain->cap = strtoll(cap, NULL, 10);
		chain->cursors = dbaas_body_new();
	}
	if (fetch->unique_field)
	{
		chain->shown = dbaas_body_new();
	}
	MemoryContextSwitchTo(oldcxt);
	return chain;
}

/* Starts chains while the window has room. */
static void
start_chains(DbaasFetch *fetch)
{
	while (fetch->nchains < fetch->window && fetch->next_target < list_length(fetch->targets))
	{
		Chain	   *chain = new_chain(fetch, list_nth(fetch->targets, fetch->next_target++));

		dlist_push_tail(&fetch->chains, &chain->node);
		fetch->nchains++;
		ask_page(fetch, chain);
	}
}

static void
end_chain(DbaasFetch *fetch, Chain *chain)
{
	dlist_delete(&chain->node);
	fetch->nchains--;
	MemoryContextDelete(chain->cxt);

	/* What was read so far did not suffice: ask for more at once. */
	if (!fetch->spec.merge)
		fetch->window = Min(fetch->window * 2, 2 * dbaas_connection_limits(fetch->conn)->concurrency);
}

/*
 * Looks at the times of a page.  *needed becomes the number of entries that are
 * not before the lower bound; *past_bound is set when one is that much older
 * that none behind it can be needed.
 */
static void
measure_page(DbaasFetch *fetch, Chain *chain, int64 n, int64 *needed, bool *past_bound)
{
	DbaasRows  *rows = chain->page->rows;
	char	   *problem;

	*needed = n;
	*past_bound = false;
	if (!fetch->spec.bounded)
		return;
	for (int64 i = 0; i < n; i++)
	{
		TimestampTz time;

		if (!dbaas_rows_next(rows, &problem) ||
			!dbaas_decode_time(dbaas_rows_field(rows, fetch->time_field), &time) ||
			time >= fetch->spec.since)
			continue;
		(*needed)--;
		if (chain->descending && time < fetch->spec.since - DISORDER)
			*past_bound = true;
	}
	dbaas_rows_rewind(rows);
}

/*
 * Looks at the page that has come: is there a next one, and where?
 */
static DbaasError *
plan_next_page(DbaasFetch *fetch, Chain *chain)
{
	const DbaasPaging *paging = fetch->spec.resource->paging;
	DbaasCall  *call = chain->page->call;
	const DbaasJson *next;
	int64		n = dbaas_rows_first_count(chain->page->rows);
	int64		needed;
	bool		past_bound;

	chain->last = true;
	if (paging == NULL || n == 0)
		return NULL;
	measure_page(fetch, chain, n, &needed, &past_bound);
	if (chain->wanted >= 0)
		chain->wanted = Max(chain->wanted - needed, 0);
	if (chain->cap >= 0)
		chain->cap -= Min(chain->cap, n);
	if (past_bound || chain->wanted == 0 || chain->cap == 0)
		return NULL;
	next = dbaas_json_member(dbaas_call_answer(call), paging->next_field);
	if (next == NULL)
		return NULL;
	if (!dbaas_json_is(next, DBAAS_JSON_STRING))
		return dbaas_error_new(ERRCODE_FDW_ERROR, "%s: field \"%s\" is of type %s, not string",
							   dbaas_call_label(call), paging->next_field,
							   dbaas_json_type_name(next));

	/* A cursor that was sent before leads nowhere new. */
	chain->cursor = MemoryContextStrdup(chain->cxt, dbaas_json_string(next, NULL));
	chain->last = json_object_object_get_ex(chain->cursors, chain->cursor, NULL);
	return NULL;
}

/*
 * The page that was asked for has come: it is the one to be read now.  It stays
 * NULL when the API answered that there is nothing.
 */
static DbaasError *
open_page(DbaasFetch *fetch, Chain *chain)
{
	DbaasCall  *call = chain->asked;
	const DbaasJson *answer = dbaas_call_answer(call);
	DbaasError *error = dbaas_call_error(call);
	MemoryContext oldcxt;
	AnswerPage *page;
	int64		cap = chain->cap;

	chain->asked = NULL;
	chain->last = true;
	if (error || answer == NULL)
		return error;

	oldcxt = MemoryContextSwitchTo(chain->cxt);
	page = chain->page = palloc0(sizeof(AnswerPage));
	page->call = call;
	page->shared = chain->shared;
	page->rows = dbaas_rows_begin(fetch->spec.endpoint->rows, answer);
	page->origin.zone = chain->target->zone ? chain->target->zone->name : NULL;
	page->origin.args = chain->target->args;
	page->origin.label = dbaas_call_label(call);
	error = plan_next_page(fetch, chain);
	page->unread = cap;
	MemoryContextSwitchTo(oldcxt);
	if (error == NULL && !chain->last && fetch->spec.eager)
		ask_page(fetch, chain);
	return error;
}

static void
release_page(AnswerPage *page)
{
	if (!page->shared)
		dbaas_call_release(page->call);
	pfree(page->rows);
	pfree(page);
}

/* Is the current row to be shown? */
static bool
accept_row(DbaasFetch *fetch, Chain *chain)
{
	DbaasRows  *rows = chain->page->rows;

	if (fetch->zone_field)
	{
		char	   *zone = dbaas_json_plain_string(dbaas_rows_field(rows, fetch->zone_field));
		bool		selected = zone == NULL || dbaas_zones_selected(fetch->conn, zone);

		if (zone)
			pfree(zone);
		if (!selected)
			return false;
	}
	if (fetch->unique_field)
	{
		char	   *value = dbaas_json_plain_string(dbaas_rows_field(rows, fetch->unique_field));
		bool		seen = value && json_object_object_get_ex(chain->shown, value, NULL);

		if (value && !seen)
			json_object_object_add(chain->shown, value, NULL);
		if (value)
			pfree(value);
		return !seen;
	}
	return true;
}

static DbaasError *
shape_error(const AnswerPage *page, const char *problem)
{
	DbaasError *error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with an unexpected shape",
										page->origin.label);

	error->detail = psprintf("The answer's %s.", problem);
	return error;
}

/*
 * Gets the chain's next page, when there is one and it has come.  Returns
 * DBAAS_FETCH_ROW when it has, DBAAS_FETCH_END when none follows.
 */
static DbaasFetchStatus
next_page(DbaasFetch *fetch, Chain *chain, DbaasError **error)
{
	if (chain->asked == NULL && chain->last)
		return DBAAS_FETCH_END;
	if (chain->asked == NULL)
		ask_page(fetch, chain);
	if (!dbaas_call_done(chain->asked))
		return DBAAS_FETCH_PENDING;
	if (dbaas_call_unavailable(chain->asked) && fetch->spec.skip_unavailable &&
		chain->target->zone)
	{
		dbaas_statement_skip_zone(fetch->statement, fetch->conn, chain->target->zone->name,
								  dbaas_call_error(chain->asked));
		chain->asked = NULL;
		chain->last = true;
		return DBAAS_FETCH_END;
	}
	*error = open_page(fetch, chain);
	if (*error)
		return DBAAS_FETCH_FAILED;
	return chain->page ? DBAAS_FETCH_ROW : DBAAS_FETCH_END;
}

/* A chain that was read whole tells the planner what to expect of the next. */
static void
learn_rows(DbaasFetch *fetch, Chain *chain)
{
	if (fetch->spec.limit < 0 && !fetch->spec.bounded && chain->cap < 0)
		dbaas_call_learn_rows(chain->page->call, chain->nshown);
}

/*
 * Goes on with the first chain.  Returns DBAAS_FETCH_END when that is at its
 * end and another may follow.
 */
static DbaasFetchStatus
next_of_chain(DbaasFetch *fetch, Chain *chain, DbaasError **error)
{
	for (;;)
	{
		AnswerPage *page = chain->page;
		char	   *problem = NULL;
		DbaasFetchStatus status;

		while (page && page->unread != 0 && dbaas_rows_next(page->rows, &problem))
		{
			if (!accept_row(fetch, chain))
				continue;
			if (page->unread > 0)
				page->unread--;
			chain->nshown++;
			fetch->shown = page;
			return DBAAS_FETCH_ROW;
		}
		if (problem)
		{
			*error = shape_error(page, problem);
			return DBAAS_FETCH_FAILED;
		}
		if (page && chain->last && chain->asked == NULL)
			learn_rows(fetch, chain);
		if (page)
			release_page(page);
		chain->page = NULL;
		status = next_page(fetch, chain, error);
		if (status != DBAAS_FETCH_ROW)
			return status;
	}
}

/* ------------------------------------------------------------------------
 * Merging
 * ------------------------------------------------------------------------ */

static int
compare_entries(const void *a, const void *b, void *arg)
{
	const Entry *x = a;
	const Entry *y = b;
	const bool *descending = arg;

	if (x->time != y->time)
		return (x->time < y->time) == *descending ? 1 : -1;
	return x->number < y->number ? -1 : 1;
}

/*
 * Takes the entries of the page that has come among those that wait, in order,
 * and finds how many of them nothing in a later page can come before.
 */
static DbaasError *
take_entries(Chain *chain, const DbaasField *time_field)
{
	AnswerPage *page = chain->page;
	int64		n = dbaas_rows_first_count(page->rows);
	int64		waiting = chain->nentries - chain->next_entry;
	Entry	   *entries = MemoryContextAlloc(chain->cxt, Max(waiting + n, 1) * sizeof(Entry));
	TimestampTz time = chain->descending ? DT_NOEND : DT_NOBEGIN;
	TimestampTz edge = time;
	char	   *problem;

	if (waiting > 0)
		memcpy(entries, chain->entries + chain->next_entry, waiting * sizeof(Entry));
	if (page->unread >= 0)
		n = Min(n, page->unread);
	page->unread = n;
	for (int64 i = 0; i < n; i++)
	{
		if (!dbaas_rows_next(page->rows, &problem))
			return shape_error(page, problem);
		/* An entry without a time stays where it is. */
		(void) dbaas_decode_time(dbaas_rows_field(page->rows, time_field), &time);
		edge = i == 0 ? time : chain->descending ? Min(edge, time) : Max(edge, time);
		entries[waiting + i] = (Entry) {time, chain->numbered++, i + 1,
			dbaas_rows_position(page->rows), page};
	}
	if (chain->entries)
		pfree(chain->entries);
	chain->entries = entries;
	chain->nentries = waiting + n;
	chain->next_entry = 0;
	qsort_arg(entries, chain->nentries, sizeof(Entry), compare_entries, &chain->descending);

	chain->safe = 0;
	while (chain->safe < chain->nentries &&
		   (chain->last ||
			(chain->descending ? entries[chain->safe].time > edge + DISORDER :
			 entries[chain->safe].time < edge - DISORDER)))
		chain->safe++;
	return NULL;
}

/* Makes sure that the chain's first entry is known; DBAAS_FETCH_ROW if so. */
static DbaasFetchStatus
prepare_entry(DbaasFetch *fetch, Chain *chain, DbaasError **error)
{
	while (chain->next_entry >= chain->safe)
	{
		DbaasFetchStatus status = next_page(fetch, chain, error);

		if (status == DBAAS_FETCH_END && chain->next_entry < chain->nentries)
		{
			chain->safe = chain->nentries;
			break;
		}
		if (status != DBAAS_FETCH_ROW)
			return status;
		*error = take_entries(chain, fetch->time_field);
		if (*error)
			return DBAAS_FETCH_FAILED;
	}
	return DBAAS_FETCH_ROW;
}

/* The page of the row that was shown last goes when that was its last. */
static void
drop_shown(DbaasFetch *fetch)
{
	if (fetch->shown && fetch->shown->unread == 0)
		release_page(fetch->shown);
	fetch->shown = NULL;
}

/*
 * Shows the first entry of all chains.  Every chain has been started.
 */
static DbaasFetchStatus
next_of_merge(DbaasFetch *fetch, DbaasError **error)
{
	Chain	   *first = NULL;
	bool		pending = false;
	dlist_mutable_iter iter;
	Entry	   *entry;

	drop_shown(fetch);
	dlist_foreach_modify(iter, &fetch->chains)
	{
		Chain	   *chain = dlist_container(Chain, node, iter.cur);
		DbaasFetchStatus status = prepare_entry(fetch, chain, error);

		if (status == DBAAS_FETCH_FAILED)
			return status;
		pending = pending || status == DBAAS_FETCH_PENDING;
		if (status == DBAAS_FETCH_END)
			end_chain(fetch, chain);
		if (status != DBAAS_FETCH_ROW)
			continue;
		if (first == NULL ||
			(chain->descending ?
			 chain->entries[chain->next_entry].time > first->entries[first->next_entry].time :
			 chain->entries[chain->next_entry].time < first->entries[first->next_entry].time))
			first = chain;
	}
	if (pending)
		return DBAAS_FETCH_PENDING;
	if (first == NULL)
		return DBAAS_FETCH_END;

	entry = &first->entries[first->next_entry++];
	entry->page->unread--;
	fetch->shown = entry->page;
	dbaas_rows_return(entry->page->rows, entry->position, entry->row);
	return DBAAS_FETCH_ROW;
}

DbaasFetchStatus
dbaas_fetch_next(DbaasFetch *fetch, DbaasRows **rows, const DbaasOrigin **origin,
				 DbaasError **error)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(fetch->cxt);
	DbaasFetchStatus status = DBAAS_FETCH_END;
	bool		pending;

	*error = read_parents(fetch, &pending);
	if (*error)
		status = DBAAS_FETCH_FAILED;
	else if (pending && fetch->spec.merge)
		status = DBAAS_FETCH_PENDING;
	while (status == DBAAS_FETCH_END)
	{
		start_chains(fetch);
		if (dlist_is_empty(&fetch->chains))
		{
			status = pending ? DBAAS_FETCH_PENDING : DBAAS_FETCH_END;
			break;
		}
		if (fetch->spec.merge)
			status = next_of_merge(fetch, error);
		else
		{
			Chain	   *chain = dlist_head_element(Chain, node, &fetch->chains);

			status = next_of_chain(fetch, chain, error);
			if (status == DBAAS_FETCH_END)
				end_chain(fetch, chain);
		}
	}
	if (status == DBAAS_FETCH_ROW)
	{
		*rows = fetch->shown->rows;
		*origin = &fetch->shown->origin;
	}
	MemoryContextSwitchTo(oldcxt);
	return status;
}
