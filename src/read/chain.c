/*-------------------------------------------------------------------------
 *
 * chain.c
 *		The responses to one target: one, or a chain of pages.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "api/body.h"
#include "api/connection.h"
#include "api/stats.h"
#include "read/chain.h"
#include "read/outcome.h"
#include "read/skip.h"
#include "tables/path.h"

/* When to request the page that follows one that has come. */
typedef enum Prefetch
{
	PREFETCH_NEVER,				/* when it is needed */
	PREFETCH_AFTER_FIRST_ROW,	/* once the first row of that page was
								 * returned */
	PREFETCH_AT_ONCE
} Prefetch;

struct DbaasChains
{
	const DbaasRead *read;
	Prefetch	prefetch;
	int64		first_limit;	/* entries to request with the first page;
								 * each page then doubles that, up to what the
								 * API allows */
	DbaasField *unique_field;	/* only the first row with a value is
								 * returned; or NULL */
	DbaasSet   *returned;		/* values of that, in all chains */
	DbaasField *zone_field;		/* names the row's zone; or NULL */
	DbaasField *time_field;		/* of the entries of pages; or NULL */
};

/* ------------------------------------------------------------------------
 * Beginning and end
 * ------------------------------------------------------------------------ */

static DbaasField *
column_field(const DbaasResource *resource, int column)
{
	return dbaas_rows_parse_field(resource->columns[column].field);
}

DbaasChains *
dbaas_chains_new(const DbaasRead *read)
{
	DbaasChains *chains = palloc0(sizeof(DbaasChains));
	const DbaasResource *resource = read->resource;
	const DbaasPaging *paging = resource->paging;

	chains->read = read;
	chains->prefetch = !read->eager ? PREFETCH_NEVER :
		read->merge ? PREFETCH_AFTER_FIRST_ROW : PREFETCH_AT_ONCE;
	if (resource->unique_column)
	{
		chains->returned = dbaas_set_new();
		chains->unique_field = column_field(resource, resource->index.unique);
	}
	if (resource->global)
		chains->zone_field = column_field(resource, DBAAS_ZONE_COLUMN);
	if (paging)
	{
		chains->time_field = column_field(resource, resource->index.time);
		chains->first_limit = paging->max_limit;
	}
	return chains;
}

void
dbaas_chains_limit_first_pages(DbaasChains *chains, int64 first_limit)
{
	chains->first_limit = Min(chains->first_limit, first_limit);
}

/* Is the target's zone skipped, and is there no other to read it in? */
static bool
is_skipped(const DbaasChain *chain)
{
	return chain->target->zone && chain->target->fallback == NULL && !chain->tells_outcome &&
		dbaas_skip_is_skipped(chain->chains->read, chain->target->zone);
}

/* The error to tell without a request, if there is one. */
static DbaasError *
known_failure(const DbaasChain *chain)
{
	if (!chain->tells_outcome)
		return NULL;
	if (chain->target->error)
		return chain->target->error;
	return chain->target->zone && chain->target->fallback == NULL ?
		dbaas_skip_zone_error(chain->chains->read, chain->target->zone) : NULL;
}

static void request_page(DbaasChain *chain);

DbaasChain *
dbaas_chain_begin(DbaasChains *chains, const DbaasTarget *target)
{
	const DbaasRead *read = chains->read;
	const DbaasResource *resource = read->resource;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw chain",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasChain *chain = palloc0(sizeof(DbaasChain));

	chain->cxt = cxt;
	chain->chains = chains;
	chain->target = target;
	chain->unrequested = read->limit == 0 ? 1 : read->limit;
	chain->unreturned = -1;
	chain->tells_outcome = dbaas_outcome_is_wanted(resource, target->args);
	if (resource->paging)
	{
		const char *limit = target->args[resource->index.limit];
		const char *order = read->order ? read->order : target->args[resource->index.order];

		chain->cursor = target->args[resource->index.offset];
		dbaas_window_begin(&chain->window, read, order && strcmp(order, "desc") == 0);
		chain->page_limit = chains->first_limit;
		if (limit)
			chain->unreturned = strtoll(limit, NULL, 10);
		chain->cursors = dbaas_set_new();
	}
	chain->error = known_failure(chain);
	if (is_skipped(chain) || chain->error)
		chain->last = true;
	else
		request_page(chain);
	MemoryContextSwitchTo(oldcxt);
	return chain;
}

void
dbaas_chain_end(DbaasChain *chain)
{
	MemoryContextDelete(chain->cxt);
}

/* ------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------ */

/* The order to request pages in; NULL: as the key says. */
static const char *
page_order(const DbaasChain *chain)
{
	const DbaasRead *read = chain->chains->read;

	if (read->either_order)
		return chain->window.descending ? "desc" : "asc";
	return read->order;
}

/*
 * The body of a request that takes its parameters there.  The values that paging needs
 * replace those of its columns.
 */
static const char *
make_body(const DbaasChain *chain, int64 limit)
{
	const DbaasRead *read = chain->chains->read;
	const DbaasResource *resource = read->resource;
	DbaasBody  *body = dbaas_body_new();

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		const char *value = chain->target->args[c];

		if (column->param == NULL || dbaas_path_has(&read->endpoint->parsed, c))
			continue;
		if (c == resource->index.order && page_order(chain))
			dbaas_body_add(body, column->param, dbaas_body_string(page_order(chain)));
		else if (c == resource->index.limit)
			dbaas_body_add(body, column->param, dbaas_body_integer(limit));
		else if (c == resource->index.offset)
		{
			if (chain->cursor)
				dbaas_body_add(body, column->param, dbaas_body_string(chain->cursor));
		}
		else if (value && column->type == DBAAS_BIGINT)
			dbaas_body_add(body, column->param, dbaas_body_integer(strtoll(value, NULL, 10)));
		else if (value)
			dbaas_body_add(body, column->param, dbaas_body_string(value));
	}
	return dbaas_body_text(body);
}

/* How many entries to request with the next page. */
static int64
next_limit(DbaasChain *chain)
{
	int64		limit = chain->page_limit;

	chain->page_limit = Min(chain->page_limit * 2,
							chain->chains->read->resource->paging->max_limit);
	if (chain->unrequested >= 0)
		limit = Min(limit, chain->unrequested);
	if (chain->unreturned >= 0)
		limit = Min(limit, chain->unreturned);
	return limit;
}

/* Is there a page before the one to request? */
static bool
is_later_page(const DbaasChain *chain)
{
	const DbaasResource *resource = chain->chains->read->resource;

	return resource->paging && chain->cursor != chain->target->args[resource->index.offset];
}

/* Keeps what an outcome says of the requests of the chain, which differ in their bodies. */
static void
note_request(DbaasChain *chain)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(chain->cxt);

	chain->request = dbaas_outcome_request(dbaas_call_label(chain->requested),
										   chain->target->zone);
	MemoryContextSwitchTo(oldcxt);
}

/* Requests a page: the first of the chain, or the one at its cursor. */
static void
request_page(DbaasChain *chain)
{
	const DbaasRead *read = chain->chains->read;
	const DbaasResource *resource = read->resource;
	const DbaasEndpoint *endpoint = read->endpoint;
	int64		limit = resource->paging ? next_limit(chain) : 0;
	MemoryContext cxt = AllocSetContextCreate(chain->cxt, "dbaas_fdw request text",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt;
	DbaasCallSpec spec = {0};
	DbaasQuery	query;

	if (chain->cursors && chain->cursor)
		dbaas_set_add(chain->cursors, chain->cursor);
	chain->asked = limit;

	oldcxt = MemoryContextSwitchTo(cxt);
	spec.kind = endpoint->parsed.nparams > 0 ? DBAAS_CALL_READ : DBAAS_CALL_LIST;
	spec.anonymous = resource->global;
	spec.hide_secrets = !resource->verbatim;
	spec.any_json = dbaas_rows_allow_any_json(endpoint->rows, endpoint->values);
	spec.zone = chain->target->zone;
	spec.base = chain->target->base;
	spec.method = endpoint->method;
	spec.path_template = endpoint->path;
	query = dbaas_path_query(&endpoint->parsed, chain->target->args);
	spec.path = psprintf("%s%s", dbaas_path_expand(&endpoint->parsed, chain->target->args),
						 query.text);
	spec.query_names = query.names;
	spec.query_values = query.values;
	spec.body = strcmp(endpoint->method, "POST") == 0 ? make_body(chain, limit) : NULL;
	spec.counters = read->counters;
	spec.budget = read->budget;
	chain->share = NULL;
	chain->requested = read->bypass_shared ? dbaas_call_start(read->conn, chain->cxt, &spec) :
		dbaas_share_call(read, chain->cxt, &spec, is_later_page(chain), &chain->share);
	chain->joined = chain->share && dbaas_share_joined(chain->share);
	if (chain->tells_outcome && chain->request == NULL)
		note_request(chain);
	MemoryContextSwitchTo(oldcxt);
	MemoryContextDelete(cxt);
}

void
dbaas_chain_prefetch(DbaasChain *chain)
{
	if (chain->requested == NULL && !chain->last && chain->chains->prefetch != PREFETCH_NEVER)
		request_page(chain);
}

Size
dbaas_chain_response_bytes(const DbaasChain *chain)
{
	return (chain->requested ? dbaas_call_response_bytes(chain->requested) : 0) +
		(chain->page && chain->page->call ? dbaas_call_response_bytes(chain->page->call) : 0);
}

bool
dbaas_chain_joined(const DbaasChain *chain)
{
	return chain->joined;
}

/* ------------------------------------------------------------------------
 * Pages
 * ------------------------------------------------------------------------ */

bool
dbaas_chain_row_time(const DbaasChain *chain, TimestampTz *time)
{
	return dbaas_decode_time(dbaas_rows_field(chain->page->rows, chain->chains->time_field), time);
}

/* Measures what the page that has come has within the bounds of the read. */
static void
measure_page(const DbaasChain *chain, DbaasPageExtent *extent)
{
	DbaasRows  *rows = chain->page->rows;
	char	   *problem;

	dbaas_window_begin_page(dbaas_rows_first_count(rows), extent);
	if (!dbaas_window_ends_reading(&chain->window))
		return;
	for (int64 i = 0; i < extent->n; i++)
	{
		TimestampTz time;

		if (dbaas_rows_next(rows, &problem) && dbaas_chain_row_time(chain, &time))
			dbaas_window_add_entry(&chain->window, time, extent);
	}
	dbaas_rows_rewind(rows);
}

/* What the session knows of the rows of such chains. */
static DbaasRowFacts *
row_facts(const DbaasChain *chain)
{
	const DbaasRead *read = chain->chains->read;

	return dbaas_stats_get_rows(dbaas_connection_facts(read->conn)->server,
								read->endpoint->method, read->endpoint->path,
								read->endpoint->rows);
}

/* Notes for the planner how old, and how close to each other, the newest entries are. */
static void
note_times(const DbaasChain *chain, int64 n)
{
	TimestampTz newest = 0;
	TimestampTz oldest = 0;
	char	   *problem;
	bool		known = true;

	for (int64 i = 0; i < n && known; i++)
	{
		known = dbaas_rows_next(chain->page->rows, &problem);
		if (known && i == 0)
			known = dbaas_chain_row_time(chain, &newest);
		if (known && i == n - 1)
			known = dbaas_chain_row_time(chain, &oldest);
	}
	if (known && newest > oldest)
	{
		dbaas_stats_add_to_average(&row_facts(chain)->entry_rate,
								   (double) (n - 1) * USECS_PER_SEC / (newest - oldest));
		dbaas_stats_add_to_average(&row_facts(chain)->newest_age,
								   Max((double) (GetCurrentTimestamp() - newest), 0) /
								   USECS_PER_SEC);
	}
	dbaas_rows_rewind(chain->page->rows);
}

/* Reads where the page after the one that has come begins: page->next. */
static DbaasError *
read_cursor(const DbaasChain *chain)
{
	const char *field = chain->chains->read->resource->paging->next_field;
	DbaasCall  *call = chain->page->call;
	const DbaasJson *next = dbaas_json_member(dbaas_call_response(call), field);

	if (next == NULL)
		return NULL;
	if (!dbaas_json_is(next, DBAAS_JSON_STRING))
		return dbaas_error_new(ERRCODE_FDW_ERROR, "%s: field \"%s\" is of type %s, not string",
							   dbaas_call_label(call), field, dbaas_json_type_name(next));
	chain->page->next = MemoryContextStrdup(chain->cxt, dbaas_json_string(next, NULL));
	return NULL;
}

/*
 * Makes page->next the cursor that an outcome tells.  Behind a page without entries that is
 * the one that it was requested with, unless its response has one.  If not all entries are
 * returned, none is right.
 */
static void
settle_cursor(const DbaasChain *chain, const DbaasPageExtent *extent)
{
	DbaasPage  *page = chain->page;

	if (page->next == NULL && extent->n == 0)
		page->next = chain->cursor;
	if (page->unread >= 0 && page->unread < extent->n)
		page->next = NULL;
}

/*
 * Is the page that has come the last of a log that is followed, since it has fewer entries
 * than were asked for?  If one were only at its end when a page is empty, a log that is
 * written all the time would have none.  What follows is for the next read, which goes on
 * from the cursor.  A log that is not followed is read until a page is empty: why one has
 * few entries is not known.
 */
static bool
ends_following(const DbaasChain *chain, const DbaasPageExtent *extent)
{
	int			offset = chain->chains->read->resource->index.offset;

	return !chain->window.descending && extent->n < chain->asked &&
		(chain->tells_outcome || chain->target->args[offset]);
}

/* Decides by the page that has come whether to request a next one, and at which cursor. */
static DbaasError *
plan_next_page(DbaasChain *chain)
{
	DbaasPageExtent extent;
	DbaasError *error = NULL;
	bool		ends;

	chain->last = true;
	if (chain->cursors == NULL)
		return NULL;
	measure_page(chain, &extent);
	if (chain->cursor == NULL && chain->window.descending)
		note_times(chain, extent.n);
	if (chain->unrequested >= 0)
		chain->unrequested = Max(chain->unrequested - extent.needed, 0);
	if (chain->unreturned >= 0)
		chain->unreturned -= Min(chain->unreturned, extent.n);
	ends = extent.past_bound || chain->unrequested == 0 || chain->unreturned == 0;
	if (chain->tells_outcome || (!ends && extent.n > 0))
		error = read_cursor(chain);
	if (chain->tells_outcome)
		settle_cursor(chain, &extent);
	if (error || ends)
		return error;
	if (extent.n > 0 && chain->page->next && !ends_following(chain, &extent))
	{
		/* A cursor that was sent before would lead to the same pages again. */
		chain->cursor = chain->page->next;
		chain->last = dbaas_set_has(chain->cursors, chain->cursor);
	}
	dbaas_window_choose_end(&chain->window, &extent, &chain->cursor, &chain->last);
	return NULL;
}

/*
 * Handles status 404.  It is no error, unless an outcome is to tell it, or the target is of
 * a service type that a list of parents has and the catalogue does not know: the path for
 * that type may be another.
 */
static DbaasError *
accept_not_found(const DbaasChain *chain, const char *label)
{
	const DbaasRead *read = chain->chains->read;

	if (chain->tells_outcome)
		return dbaas_error_new(ERRCODE_UNDEFINED_OBJECT, "%s failed with HTTP status 404", label);
	for (int c = 0; c < read->resource->ncolumns && chain->target->listed; c++)
	{
		const DbaasColumn *column = &read->resource->columns[c];
		const char *value = chain->target->args[c];

		if (value && !dbaas_catalogue_knows(column, value) &&
			dbaas_path_has(&read->endpoint->parsed, c))
			return dbaas_skip_unknown(read, label);
	}
	return NULL;
}

/*
 * Looks over all rows of the page that has come, of which an outcome tells as a whole.  Returns
 * NULL or an error.
 */
static DbaasError *
check_rows(const DbaasChain *chain)
{
	DbaasPage  *page = chain->page;
	DbaasDecoder *decoder = chain->chains->read->decoder;
	DbaasError *error = NULL;
	char	   *problem = NULL;

	while (error == NULL && dbaas_rows_next(page->rows, &problem))
	{
		if (decoder)
			error = dbaas_decode_check(decoder, page->rows, &page->origin);
	}
	dbaas_rows_rewind(page->rows);
	return problem ? dbaas_page_shape_error(page, problem) : error;
}

/*
 * Makes the requested page, which has come, chain->page.  That stays NULL when the
 * status is 404.
 */
static DbaasError *
open_page(DbaasChain *chain)
{
	const DbaasEndpoint *endpoint = chain->chains->read->endpoint;
	DbaasCall  *call = chain->requested;
	const DbaasJson *response = dbaas_call_response(call);
	DbaasError *error = dbaas_call_error(call);
	MemoryContext oldcxt;
	DbaasPage  *page;
	int64		cap = chain->unreturned;

	chain->requested = NULL;
	chain->last = true;
	if (error == NULL && response == NULL)
		return accept_not_found(chain, dbaas_call_label(call));
	if (error)
		return error;

	oldcxt = MemoryContextSwitchTo(chain->cxt);
	page = chain->page = palloc0(sizeof(DbaasPage));
	page->call = call;
	page->share = chain->share;
	page->rows = dbaas_rows_begin(endpoint->rows, endpoint->values, response);
	page->origin.zone = chain->target->zone;
	page->origin.args = chain->target->args;
	page->origin.label = dbaas_call_label(call);
	page->unread = cap;
	error = chain->tells_outcome ? check_rows(chain) : NULL;
	if (error == NULL)
		error = plan_next_page(chain);
	MemoryContextSwitchTo(oldcxt);
	if (error == NULL && !chain->last && chain->chains->prefetch == PREFETCH_AT_ONCE)
		request_page(chain);
	return error;
}

void
dbaas_page_release(DbaasPage *page)
{
	dbaas_share_release(page->call, page->share);
	pfree(page->rows);
	pfree(page);
}

DbaasError *
dbaas_page_shape_error(const DbaasPage *page, const char *problem)
{
	DbaasError *error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with an unexpected shape",
										page->origin.label);

	error->detail = psprintf("The answer's %s.", problem);
	return error;
}

/* Ends the chain, from which no further page is wanted. */
static void
skip_pages(DbaasChain *chain)
{
	if (chain->requested)
		dbaas_share_release(chain->requested, chain->share);
	chain->requested = NULL;
	chain->last = true;
}

/* Handles the error of a requested page whose zone is not available. */
static DbaasError *
accept_unavailable(DbaasChain *chain)
{
	DbaasError *error = dbaas_skip_zone(chain->chains->read, chain->target->zone,
										dbaas_call_error(chain->requested));

	if (error == NULL)
		skip_pages(chain);
	return error;
}

DbaasError *
dbaas_chain_next_page(DbaasChain *chain, DbaasReadStatus *status)
{
	DbaasError *error;

	*status = DBAAS_READ_END;
	if (chain->requested == NULL && chain->last)
		return NULL;
	error = known_failure(chain);
	if ((is_skipped(chain) || error) &&
		(chain->requested == NULL || !dbaas_call_done(chain->requested)))
	{
		skip_pages(chain);
		return error;
	}
	if (chain->requested == NULL)
		request_page(chain);
	while (dbaas_call_done(chain->requested) && dbaas_call_unavailable(chain->requested) &&
		   chain->target->fallback)
	{
		chain->target = chain->target->fallback;
		request_page(chain);
	}
	if (!dbaas_call_done(chain->requested))
	{
		*status = DBAAS_READ_PENDING;
		return NULL;
	}
	if (chain->tells_outcome && chain->target->zone)
		dbaas_skip_note_end(chain->chains->read, chain->target->zone, chain->requested);
	else if (chain->target->zone && dbaas_call_unavailable(chain->requested))
		return accept_unavailable(chain);
	error = open_page(chain);
	if (error || chain->page == NULL)
		return error;
	if (chain->target->zone)
		dbaas_skip_note_rows(chain->chains->read, chain->target->zone);
	*status = DBAAS_READ_NEXT;
	return NULL;
}

void
dbaas_chain_start(DbaasChain *chain)
{
	if (chain->chains->prefetch == PREFETCH_AT_ONCE && chain->page == NULL && chain->requested &&
		dbaas_call_done(chain->requested) && dbaas_call_error(chain->requested) == NULL)
		chain->error = open_page(chain);
}

/* ------------------------------------------------------------------------
 * Rows
 * ------------------------------------------------------------------------ */

/* Is the current row of a zone that the server's option "zones" selects? */
static bool
is_in_selected_zone(const DbaasChain *chain)
{
	const DbaasChains *chains = chain->chains;
	char	   *zone;
	bool		selected;

	if (chains->zone_field == NULL)
		return true;
	zone = dbaas_json_plain_string(dbaas_rows_field(chain->page->rows, chains->zone_field));
	if (zone == NULL)
		return true;
	selected = dbaas_zones_selected(chains->read->conn, zone);
	pfree(zone);
	return selected;
}

/* Is the current row the first with its value of the unique column? */
static bool
is_first_of_its_value(const DbaasChain *chain)
{
	const DbaasChains *chains = chain->chains;
	char	   *value;
	bool		first;

	if (chains->unique_field == NULL)
		return true;
	value = dbaas_json_plain_string(dbaas_rows_field(chain->page->rows, chains->unique_field));
	if (value == NULL)
		return true;
	first = dbaas_set_add(chains->returned, value);
	pfree(value);
	return first;
}

/* Notes for the planner how many rows a chain had, if all of it was read. */
static void
note_rows(DbaasChain *chain)
{
	const DbaasRead *read = chain->chains->read;
	int			offset = read->resource->index.offset;

	if (read->limit < 0 && !read->has_since && !read->has_until && chain->unreturned < 0 &&
		(offset < 0 || chain->target->args[offset] == NULL))
		dbaas_stats_add_to_average(&row_facts(chain)->rows, (double) chain->nreturned);
}

/* dbaas_chain_next_row() without the outcome. */
static DbaasError *
next_entry(DbaasChain *chain, DbaasReadStatus *status)
{
	DbaasError *error = chain->error;

	*status = DBAAS_READ_NEXT;
	while (error == NULL && *status == DBAAS_READ_NEXT)
	{
		DbaasPage  *page = chain->page;
		char	   *problem = NULL;

		while (page && page->unread != 0 && dbaas_rows_next(page->rows, &problem))
		{
			if (!is_in_selected_zone(chain) || !is_first_of_its_value(chain))
				continue;
			if (page->unread > 0)
				page->unread--;
			chain->nreturned++;
			return NULL;
		}
		if (problem)
			return dbaas_page_shape_error(page, problem);
		if (page && chain->last && chain->requested == NULL)
			note_rows(chain);
		if (page)
		{
			chain->next = page->next;
			dbaas_page_release(page);
		}
		chain->page = NULL;
		error = dbaas_chain_next_page(chain, status);
	}
	return error;
}

/* Ends the chain, and makes its outcome the current page. */
static void
tell_outcome(DbaasChain *chain, const DbaasError *error)
{
	const DbaasTarget *target = chain->target;
	MemoryContext oldcxt = MemoryContextSwitchTo(chain->cxt);
	DbaasPage  *page = palloc0(sizeof(DbaasPage));
	DbaasOutcome outcome = {
		.error = error,
		.request = target->error ? target->request : chain->request,
		.zone = target->zone,
		.has_next = chain->cursors != NULL,
		.next = chain->next
	};

	page->next = chain->next;
	page->origin.zone = target->zone;
	page->origin.args = target->args;
	page->origin.label = chain->request ? chain->request : "";
	page->origin.outcome = dbaas_outcome_text(&outcome);
	page->origin.next = chain->next;
	MemoryContextSwitchTo(oldcxt);
	if (chain->page)
		dbaas_page_release(chain->page);
	skip_pages(chain);
	chain->page = page;
}

DbaasError *
dbaas_chain_next_row(DbaasChain *chain, DbaasReadStatus *status)
{
	DbaasError *error;

	if (chain->page && chain->page->rows == NULL)
	{
		*status = DBAAS_READ_END;
		return NULL;
	}
	error = next_entry(chain, status);
	if (!chain->tells_outcome || (error == NULL && *status != DBAAS_READ_END) ||
		(error && !dbaas_outcome_can_be(error)))
		return error;
	tell_outcome(chain, error);
	*status = DBAAS_READ_NEXT;
	return NULL;
}
