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
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fetch.h"
#include "lib/ilist.h"
#include "path.h"
#include "utils/memutils.h"

/* One combination of values. */
typedef struct Target
{
	const DbaasZone *zone;		/* NULL: the server as a whole */
	const char **args;			/* by catalogue column; NULL: not sent */
} Target;

typedef struct Chain
{
	dlist_node	node;			/* in fetch->chains */
	MemoryContext cxt;
	Target	   *target;
	DbaasCall  *asked;			/* page that has been asked for, or NULL */
	DbaasCall  *page;			/* page that is being read, or NULL */
	DbaasRows  *rows;			/* of that page */
	DbaasOrigin origin;
	const char *cursor;			/* of the page to ask for */
	int64		wanted;			/* entries still to ask for; -1: all */
	int64		cap;			/* rows still to show; -1: all */
	bool		last;			/* no page follows the one asked for */
	DbaasJson  *cursors;		/* those that were sent */
	DbaasJson  *shown;			/* values of the unique column */
} Chain;

struct DbaasFetch
{
	MemoryContext cxt;
	DbaasApi   *api;
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
dbaas_fetch_begin(DbaasApi *api, DbaasStatement *statement, const DbaasFetchSpec *spec,
				  DbaasCounters *counters, DbaasFetch **result)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw fetch",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasFetch *fetch = palloc0(sizeof(DbaasFetch));
	const DbaasResource *resource = spec->resource;
	DbaasError *error;

	fetch->cxt = cxt;
	fetch->api = api;
	fetch->statement = statement;
	fetch->counters = counters;
	fetch->spec = *spec;
	fetch->window = spec->eager ? 2 * dbaas_api_max_concurrency(api) : 1;
	dlist_init(&fetch->chains);
	if (resource->unique_column)
		fetch->unique_field = dbaas_field_parse(resource->columns[dbaas_catalogue_column(resource, resource->unique_column)].field);
	if (resource->global)
		fetch->zone_field = dbaas_field_parse(resource->columns[DBAAS_ZONE_COLUMN].field);

	error = take_keys(fetch);
	if (error == NULL)
		error = take_zones(fetch);
	if (error == NULL)
	{
		if (needs_parents(fetch))
		{
			for (int i = 0; i < fetch->nzones; i++)
				fetch->parents = lappend(fetch->parents,
										 dbaas_statement_parents(statement, api, fetch->zones[i],
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

static bool
key_has_value(const DbaasKey *key, const char *value)
{
	for (int i = 0; i < key->n; i++)
	{
		if (strcmp(key->values[i], value) == 0)
			return true;
	}
	return false;
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

		server->base = dbaas_zones_global_base(fetch->api);
		fetch->zones = palloc(sizeof(DbaasZone *));
		fetch->zones[fetch->nzones++] = server;
		return NULL;
	}
	error = dbaas_zones_get(fetch->api, fetch->counters, &zones);
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
		bool		unreachable;

		if (!dbaas_parents_done(parents, &error, &unreachable))
		{
			*pending = true;
			return NULL;
		}
		if (error && !(unreachable && fetch->spec.skip_unavailable))
			return error;
		if (error)
			dbaas_statement_skip_zone(fetch->statement, fetch->api, zone->name, error);
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
	DbaasJson  *body = json_object_new_object();

	dbaas_json_own(CurrentMemoryContext, body);
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		const char *value = chain->target->args[c];

		if (column->param == NULL ||
			dbaas_catalogue_in_path(fetch->spec.endpoint->path, column->param))
			continue;
		if (paging && strcmp(column->name, paging->limit_column) == 0)
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
	return dbaas_json_text(body);
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
		limit = chain->wanted < 0 ? paging->max_limit : Min(chain->wanted, paging->max_limit);
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
	chain->asked = dbaas_api_call(fetch->api, chain->cxt, &spec);
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
	chain->wanted = fetch->spec.limit;
	chain->cap = -1;
	if (resource->paging)
	{
		const char *cap = target->args[dbaas_catalogue_column(resource, resource->paging->limit_column)];

		chain->cursor = target->args[dbaas_catalogue_column(resource, resource->paging->offset_column)];
		if (cap)
			chain->cap = strtoll(cap, NULL, 10);
		if (cap && (chain->wanted < 0 || chain->wanted > chain->cap))
			chain->wanted = chain->cap;
		chain->cursors = json_object_new_object();
		dbaas_json_own(cxt, chain->cursors);
	}
	if (fetch->unique_field)
	{
		chain->shown = json_object_new_object();
		dbaas_json_own(cxt, chain->shown);
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
	fetch->window = Min(fetch->window * 2, 2 * dbaas_api_max_concurrency(fetch->api));
}

/*
 * Looks at the page that has come: is there a next one, and where?
 */
static DbaasError *
plan_next_page(DbaasFetch *fetch, Chain *chain)
{
	const DbaasPaging *paging = fetch->spec.resource->paging;
	DbaasJson  *next;
	int64		n = dbaas_rows_first_count(chain->rows);

	chain->last = true;
	if (paging == NULL || n == 0)
		return NULL;
	if (chain->wanted >= 0)
	{
		chain->wanted -= n;
		if (chain->wanted <= 0)
			return NULL;
	}
	next = dbaas_json_member(dbaas_call_answer(chain->page), paging->next_field);
	if (next == NULL)
		return NULL;
	if (!json_object_is_type(next, json_type_string))
		return dbaas_error_new(ERRCODE_FDW_ERROR, "%s: field \"%s\" is of type %s, not string",
							   dbaas_call_label(chain->page), paging->next_field,
							   dbaas_json_type_name(next));

	/* A cursor that was sent before leads nowhere new. */
	chain->cursor = MemoryContextStrdup(chain->cxt, json_object_get_string(next));
	chain->last = json_object_object_get_ex(chain->cursors, chain->cursor, NULL);
	return NULL;
}

/* The page that was asked for has come: it is the one to be read now. */
static DbaasError *
open_page(DbaasFetch *fetch, Chain *chain)
{
	MemoryContext oldcxt;
	DbaasJson  *answer;
	DbaasError *error = dbaas_call_error(chain->asked);

	chain->page = chain->asked;
	chain->asked = NULL;
	chain->last = true;
	answer = dbaas_call_answer(chain->page);
	if (error || answer == NULL)
		return error;

	oldcxt = MemoryContextSwitchTo(chain->cxt);
	chain->rows = dbaas_rows_begin(fetch->spec.endpoint->rows, answer);
	chain->origin.zone = chain->target->zone ? chain->target->zone->name : NULL;
	chain->origin.args = chain->target->args;
	chain->origin.label = dbaas_call_label(chain->page);
	error = plan_next_page(fetch, chain);
	MemoryContextSwitchTo(oldcxt);
	if (error == NULL && !chain->last && fetch->spec.eager)
		ask_page(fetch, chain);
	return error;
}

static void
close_page(Chain *chain)
{
	dbaas_call_release(chain->page);
	chain->page = NULL;
	if (chain->rows)
		pfree(chain->rows);
	chain->rows = NULL;
}

/* Is the current row to be shown? */
static bool
accept_row(DbaasFetch *fetch, Chain *chain)
{
	if (fetch->zone_field)
	{
		DbaasJson  *zone = dbaas_rows_field(chain->rows, fetch->zone_field);

		if (json_object_is_type(zone, json_type_string) &&
			!dbaas_zones_selected(fetch->api, json_object_get_string(zone)))
			return false;
	}
	if (fetch->unique_field)
	{
		DbaasJson  *unique = dbaas_rows_field(chain->rows, fetch->unique_field);

		if (json_object_is_type(unique, json_type_string))
		{
			const char *value = json_object_get_string(unique);

			if (json_object_object_get_ex(chain->shown, value, NULL))
				return false;
			json_object_object_add(chain->shown, value, NULL);
		}
	}
	return true;
}

static DbaasError *
shape_error(const Chain *chain, const char *problem)
{
	DbaasError *error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with an unexpected shape",
										chain->origin.label);

	error->detail = psprintf("The answer's %s.", problem);
	return error;
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
		char	   *problem = NULL;

		while (chain->rows && chain->cap != 0 && dbaas_rows_next(chain->rows, &problem))
		{
			if (!accept_row(fetch, chain))
				continue;
			if (chain->cap > 0)
				chain->cap--;
			return DBAAS_FETCH_ROW;
		}
		if (problem)
		{
			*error = shape_error(chain, problem);
			return DBAAS_FETCH_FAILED;
		}

		if (chain->page)
			close_page(chain);
		if (chain->asked == NULL && (chain->last || chain->cap == 0))
			return DBAAS_FETCH_END;
		if (chain->asked == NULL)
			ask_page(fetch, chain);
		if (!dbaas_call_done(chain->asked))
			return DBAAS_FETCH_PENDING;
		if (dbaas_call_unreachable(chain->asked) && fetch->spec.skip_unavailable &&
			chain->target->zone)
		{
			dbaas_statement_skip_zone(fetch->statement, fetch->api, chain->target->zone->name,
									  dbaas_call_error(chain->asked));
			return DBAAS_FETCH_END;
		}
		*error = open_page(fetch, chain);
		if (*error)
			return DBAAS_FETCH_FAILED;
	}
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
	while (status == DBAAS_FETCH_END)
	{
		Chain	   *chain;

		start_chains(fetch);
		if (dlist_is_empty(&fetch->chains))
		{
			status = pending ? DBAAS_FETCH_PENDING : DBAAS_FETCH_END;
			break;
		}
		chain = dlist_head_element(Chain, node, &fetch->chains);
		status = next_of_chain(fetch, chain, error);
		if (status == DBAAS_FETCH_ROW)
		{
			*rows = chain->rows;
			*origin = &chain->origin;
		}
		else if (status == DBAAS_FETCH_END)
			end_chain(fetch, chain);
	}
	MemoryContextSwitchTo(oldcxt);
	return status;
}
