/*-------------------------------------------------------------------------
 *
 * chain.c
 *		The answers to one target: a request, or one for each page.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "api/body.h"
#include "read/chain.h"
#include "tables/path.h"

/*
 * The body of a read that takes parameters there.  What the pages need takes
 * the place of the columns that say the same.
 */
static const char *
make_body(const DbaasChain *chain, int64 limit)
{
	const DbaasResource *resource = chain->spec->resource;
	const DbaasPaging *paging = resource->paging;
	DbaasBody  *body = dbaas_body_new();

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		const char *value = chain->target->args[c];

		if (column->param == NULL || dbaas_path_has(&chain->spec->endpoint->parsed, c))
			continue;
		if (paging && chain->spec->order && c == resource->index.order)
			json_object_object_add(body, column->param, json_object_new_string(chain->spec->order));
		else if (paging && c == resource->index.limit)
			json_object_object_add(body, column->param, json_object_new_int64(limit));
		else if (paging && c == resource->index.offset)
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
ask_page(DbaasChain *chain)
{
	const DbaasEndpoint *endpoint = chain->spec->endpoint;
	const DbaasPaging *paging = chain->spec->resource->paging;
	MemoryContext oldcxt = CurrentMemoryContext;
	MemoryContext cxt;
	DbaasCallSpec spec = {0};
	DbaasQuery	query;
	int64		limit = 0;

	if (paging)
	{
		limit = chain->page_limit;
		chain->page_limit = Min(chain->page_limit * 2, paging->max_limit);
		if (chain->wanted >= 0)
			limit = Min(limit, chain->wanted);
		if (chain->cap >= 0)
			limit = Min(limit, chain->cap);
		if (chain->cursor)
			dbaas_set_add(chain->cursors, chain->cursor);
	}

	cxt = AllocSetContextCreate(chain->cxt, "dbaas_fdw request text", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(cxt);
	spec.kind = endpoint->parsed.nparams > 0 ? DBAAS_CALL_READ : DBAAS_CALL_LIST;
	spec.unsigned_ = chain->spec->resource->global;
	spec.hide_secrets = !chain->spec->resource->verbatim;
	spec.any_json = dbaas_rows_are_any(endpoint->rows, endpoint->values);
	spec.zone = chain->target->zone;
	spec.base = chain->target->base;
	spec.method = endpoint->method;
	spec.operation = endpoint->path;
	query = dbaas_path_query(&endpoint->parsed, chain->target->args);
	spec.path = psprintf("%s%s", dbaas_path_expand(&endpoint->parsed, chain->target->args), query.text);
	spec.query_names = query.names;
	spec.query_values = query.values;
	spec.body = strcmp(endpoint->method, "POST") == 0 ? make_body(chain, limit) : NULL;
	spec.counters = chain->spec->counters;
	chain->shared = false;
	chain->asked = chain->spec->anew ? dbaas_call_start(chain->spec->conn, chain->cxt, &spec) :
		dbaas_statement_call(chain->spec->statement, chain->spec->conn, chain->cxt,
							 &spec, &chain->shared);
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(cxt);
}

/* Was the zone left out by now, by another chain perhaps, and no other will do? */
static bool
is_left_out(const DbaasChain *chain)
{
	return chain->target->zone && chain->target->instead == NULL &&
		dbaas_statement_is_left_out(chain->spec->statement, chain->spec->conn,
									chain->target->zone, chain->spec->outage);
}

DbaasChain *
dbaas_chain_begin(const DbaasChainSpec *spec, const DbaasTarget *target)
{
	const DbaasResource *resource = spec->resource;
	const DbaasPaging *paging = resource->paging;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw chain",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasChain *chain = palloc0(sizeof(DbaasChain));

	chain->cxt = cxt;
	chain->spec = spec;
	chain->target = target;
	chain->wanted = spec->limit == 0 ? 1 : spec->limit;
	chain->cap = -1;
	if (paging)
	{
		const char *cap = target->args[resource->index.limit];
		const char *order = spec->order ? spec->order :
			target->args[resource->index.order];

		chain->cursor = target->args[resource->index.offset];
		chain->descending = order && strcmp(order, "desc") == 0;
		chain->page_limit = spec->first_limit;
		if (cap)
			chain->cap = strtoll(cap, NULL, 10);
		chain->cursors = dbaas_set_new();
	}
	if (is_left_out(chain))
		chain->last = true;
	else
		ask_page(chain);
	MemoryContextSwitchTo(oldcxt);
	return chain;
}

void
dbaas_chain_end(DbaasChain *chain)
{
	MemoryContextDelete(chain->cxt);
}

Size
dbaas_chain_answer_bytes(const DbaasChain *chain)
{
	return (chain->asked ? dbaas_call_answer_bytes(chain->asked) : 0) +
		(chain->page ? dbaas_call_answer_bytes(chain->page->call) : 0);
}

void
dbaas_chain_reading(DbaasChain *chain)
{
	if (chain->asked == NULL && !chain->last && chain->spec->ahead != DBAAS_AHEAD_NEVER)
		ask_page(chain);
}

/*
 * Looks at the times of a page.  *needed becomes the number of entries that are
 * not before the lower bound; *past_bound is set when one is that much older
 * that none behind it can be needed.
 */
static void
measure_page(DbaasChain *chain, int64 n, int64 *needed, bool *past_bound)
{
	DbaasRows  *rows = chain->page->rows;
	char	   *problem;

	*needed = n;
	*past_bound = false;
	if (!chain->spec->bounded)
		return;
	for (int64 i = 0; i < n; i++)
	{
		TimestampTz time;

		if (!dbaas_rows_next(rows, &problem) ||
			!dbaas_decode_time(dbaas_rows_field(rows, chain->spec->time_field), &time) ||
			time >= chain->spec->since)
			continue;
		(*needed)--;
		if (chain->descending && time < chain->spec->since - DBAAS_DISORDER)
			*past_bound = true;
	}
	dbaas_rows_rewind(rows);
}

/*
 * Looks at the page that has come: is there a next one, and where?
 */
static DbaasError *
plan_next_page(DbaasChain *chain)
{
	const DbaasPaging *paging = chain->spec->resource->paging;
	DbaasCall  *call = chain->page->call;
	const DbaasJson *next;
	int64		n = dbaas_rows_first_count(chain->page->rows);
	int64		needed;
	bool		past_bound;

	chain->last = true;
	if (paging == NULL || n == 0)
		return NULL;
	measure_page(chain, n, &needed, &past_bound);
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
	chain->last = dbaas_set_has(chain->cursors, chain->cursor);
	return NULL;
}

/*
 * The API answers 404.  Of what it lists under a type that the catalogue does not
 * know, the path may be another than was thought.
 */
static DbaasError *
note_missing(const DbaasChain *chain, const char *label)
{
	const DbaasResource *resource = chain->spec->resource;

	for (int c = 0; c < resource->ncolumns && chain->target->listed; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		const char *value = chain->target->args[c];

		if (value && !dbaas_catalogue_knows(column, value) &&
			dbaas_path_has(&chain->spec->endpoint->parsed, c))
			return dbaas_statement_miss(chain->spec->statement, label, chain->spec->outage);
	}
	return NULL;
}

/*
 * The page that was asked for has come: it is the one to be read now.  It stays
 * NULL when the API answered that there is nothing.
 */
static DbaasError *
open_page(DbaasChain *chain)
{
	DbaasCall  *call = chain->asked;
	const DbaasJson *answer = dbaas_call_answer(call);
	DbaasError *error = dbaas_call_error(call);
	MemoryContext oldcxt;
	DbaasPage  *page;
	int64		cap = chain->cap;

	chain->asked = NULL;
	chain->last = true;
	if (error == NULL && answer == NULL)
		return note_missing(chain, dbaas_call_label(call));
	if (error)
		return error;

	oldcxt = MemoryContextSwitchTo(chain->cxt);
	page = chain->page = palloc0(sizeof(DbaasPage));
	page->call = call;
	page->shared = chain->shared;
	page->rows = dbaas_rows_begin(chain->spec->endpoint->rows, chain->spec->endpoint->values,
								  answer);
	page->origin.zone = chain->target->zone;
	page->origin.args = chain->target->args;
	page->origin.label = dbaas_call_label(call);
	error = plan_next_page(chain);
	page->unread = cap;
	MemoryContextSwitchTo(oldcxt);
	if (error == NULL && !chain->last && chain->spec->ahead == DBAAS_AHEAD_ALWAYS)
		ask_page(chain);
	return error;
}

void
dbaas_page_release(DbaasPage *page)
{
	if (!page->shared)
		dbaas_call_release(page->call);
	pfree(page->rows);
	pfree(page);
}

/* Is the current row to be shown? */
static bool
accept_row(DbaasChain *chain)
{
	DbaasRows  *rows = chain->page->rows;

	if (chain->spec->zone_field)
	{
		char	   *zone = dbaas_json_plain_string(dbaas_rows_field(rows, chain->spec->zone_field));
		bool		selected = zone == NULL || dbaas_zones_selected(chain->spec->conn, zone);

		if (zone)
			pfree(zone);
		if (!selected)
			return false;
	}
	if (chain->spec->unique_field)
	{
		char	   *value = dbaas_json_plain_string(dbaas_rows_field(rows, chain->spec->unique_field));
		bool		is_new = value == NULL || dbaas_set_add(chain->spec->shown, value);

		if (value)
			pfree(value);
		return is_new;
	}
	return true;
}

DbaasError *
dbaas_page_shape_error(const DbaasPage *page, const char *problem)
{
	DbaasError *error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with an unexpected shape",
										page->origin.label);

	error->detail = psprintf("The answer's %s.", problem);
	return error;
}

/* The rest of the chain is left out, with the page that was asked for. */
static DbaasReadStatus
leave_out(DbaasChain *chain)
{
	if (chain->asked && !chain->shared)
		dbaas_call_release(chain->asked);
	chain->asked = NULL;
	chain->last = true;
	return DBAAS_READ_END;
}

DbaasReadStatus
dbaas_chain_next_page(DbaasChain *chain, DbaasError **error)
{
	DbaasError *missing;

	if (chain->asked == NULL && chain->last)
		return DBAAS_READ_END;
	if (is_left_out(chain) && (chain->asked == NULL || !dbaas_call_done(chain->asked)))
		return leave_out(chain);
	if (chain->asked == NULL)
		ask_page(chain);
	while (dbaas_call_done(chain->asked) && dbaas_call_unavailable(chain->asked) &&
		   chain->target->instead)
	{
		chain->target = chain->target->instead;
		ask_page(chain);
	}
	if (!dbaas_call_done(chain->asked))
		return DBAAS_READ_PENDING;
	if (chain->target->zone && dbaas_call_unavailable(chain->asked))
	{
		missing = dbaas_call_error(chain->asked);
		if (dbaas_statement_leave_out(chain->spec->statement, chain->spec->conn,
									  chain->target->zone, chain->spec->outage, &missing))
			return leave_out(chain);
		*error = missing;
		return DBAAS_READ_FAILED;
	}
	*error = open_page(chain);
	if (*error)
		return DBAAS_READ_FAILED;
	if (chain->page && chain->target->zone && chain->spec->outage == DBAAS_OUTAGE_TAKES)
		dbaas_statement_shows_zone(chain->spec->statement, chain->spec->conn, chain->target->zone);
	return chain->page ? DBAAS_READ_NEXT : DBAAS_READ_END;
}

/* A chain that was read whole tells the planner what to expect of the next. */
static void
learn_rows(DbaasChain *chain)
{
	if (chain->spec->limit < 0 && !chain->spec->bounded && chain->cap < 0)
		dbaas_call_learn_rows(chain->page->call, chain->nshown);
}

void
dbaas_chain_start(DbaasChain *chain)
{
	if (chain->spec->ahead == DBAAS_AHEAD_ALWAYS && chain->page == NULL && chain->asked &&
		dbaas_call_done(chain->asked) && dbaas_call_error(chain->asked) == NULL)
		chain->error = open_page(chain);
}

DbaasReadStatus
dbaas_chain_next_row(DbaasChain *chain, DbaasError **error)
{
	if (chain->error)
	{
		*error = chain->error;
		return DBAAS_READ_FAILED;
	}
	for (;;)
	{
		DbaasPage  *page = chain->page;
		char	   *problem = NULL;
		DbaasReadStatus status;

		while (page && page->unread != 0 && dbaas_rows_next(page->rows, &problem))
		{
			if (!accept_row(chain))
				continue;
			if (page->unread > 0)
				page->unread--;
			chain->nshown++;
			return DBAAS_READ_NEXT;
		}
		if (problem)
		{
			*error = dbaas_page_shape_error(page, problem);
			return DBAAS_READ_FAILED;
		}
		if (page && chain->last && chain->asked == NULL)
			learn_rows(chain);
		if (page)
			dbaas_page_release(page);
		chain->page = NULL;
		status = dbaas_chain_next_page(chain, error);
		if (status != DBAAS_READ_NEXT)
			return status;
	}
}
