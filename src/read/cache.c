/*-------------------------------------------------------------------------
 *
 * cache.c
 *		Responses that the session keeps from one statement to the next.
 *
 * They are kept as text, of which each use makes a call.  So a use costs the parsing of
 * the text, and neither a request nor a connection.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "lib/ilist.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "api/progress.h"
#include "base/text.h"
#include "read/cache.h"

/* A response, and the request that it answers. */
typedef struct Entry
{
	uint64		hash;
	dlist_node	node;			/* in "entries" */
	Oid			serverid;
	uint64		fingerprint;	/* of the connection */
	char	   *request;		/* its text; behind it, the response */
	Size		request_len;
	Size		len;			/* of the response */
	DbaasMoment asked_at;
	DbaasMoment until;			/* when it is too old for the cache_ttl that
								 * it was kept under; 0: kept for the
								 * transaction alone */
	uint64		transaction;	/* that needs it to its end; or 0 */
} Entry;

/* What a call needs to keep its response. */
typedef struct Keeper
{
	dlist_node	node;			/* in "keepers" */
	MemoryContextCallback callback;
	DbaasCall  *call;
	Oid			serverid;
	uint64		fingerprint;
	uint64		hash;
	char	   *request;
	bool		checks;			/* DBAAS_CACHE_CHECKS */
	bool		comparable;		/* is its response expected to be the same? */
	bool		outdated;		/* responses were dropped since it began */
	DbaasMoment asked_at;
	DbaasMoment until;			/* as in Entry */
	uint64		transaction;	/* as in Entry */
} Keeper;

/* A zone that a transaction has left out. */
typedef struct LeftOut
{
	Oid			serverid;
	uint64		fingerprint;
	const char *zone;
	DbaasError	error;
} LeftOut;

/* The zones that a transaction reads. */
typedef struct KnownZones
{
	Oid			serverid;
	uint64		fingerprint;
	DbaasZones *zones;
} KnownZones;

int			dbaas_cache_size = DBAAS_CACHE_SIZE;
int			dbaas_cache_ttl = 0;

static MemoryContext cache_cxt = NULL;	/* of entries; NULL if there are none */
static HTAB *by_hash = NULL;	/* of Entry */
static dlist_head entries = DLIST_STATIC_INIT(entries); /* the oldest first */
static Size kept_bytes = 0;		/* of requests and responses */

static dlist_head keepers = DLIST_STATIC_INIT(keepers);
static DbaasMoment changes_end = 0; /* see dbaas_cache_drop() */

static uint64 transaction = 1;	/* number of the current one */
static MemoryContext transaction_cxt = NULL;	/* in TopTransactionContext */
static List *left_out_zones = NIL;	/* of LeftOut *, in transaction_cxt */
static List *known_zones = NIL; /* of KnownZones *, in transaction_cxt */

/* ------------------------------------------------------------------------
 * Entries
 * ------------------------------------------------------------------------ */

/* The current transaction, if all of it has to see the same answers; else 0. */
static uint64
one_snapshot(void)
{
	return IsolationUsesXactSnapshot() && dbaas_cache_size > 0 ? transaction : 0;
}

static Size
entry_bytes(const Entry *entry)
{
	return entry->request_len + 1 + entry->len;
}

static const char *
entry_text(const Entry *entry)
{
	return entry->request + entry->request_len + 1;
}

static void
drop_entry(Entry *entry)
{
	kept_bytes -= entry_bytes(entry);
	dlist_delete(&entry->node);
	pfree(entry->request);
	hash_search(by_hash, &entry->hash, HASH_REMOVE, NULL);
	if (dlist_is_empty(&entries))
	{
		MemoryContextDelete(cache_cxt);
		cache_cxt = NULL;
		by_hash = NULL;
	}
}

/* The entry of a request; NULL if there is none.  *taken: another request has its place. */
static Entry *
find_entry(uint64 fingerprint, uint64 hash, const char *request, bool *taken)
{
	Entry	   *entry = by_hash ? hash_search(by_hash, &hash, HASH_FIND, NULL) : NULL;

	*taken = entry && (entry->fingerprint != fingerprint || strcmp(entry->request, request) != 0);
	return *taken ? NULL : entry;
}

/* Drops the oldest entries until so many more bytes have room.  Returns whether they have. */
static bool
make_room(Size bytes, uint64 needed_by)
{
	Size		most = (Size) dbaas_cache_size * 1024;

	if (bytes > most)
		return false;
	while (kept_bytes + bytes > most && !dlist_is_empty(&entries))
	{
		Entry	   *oldest = dlist_head_element(Entry, node, &entries);

		if (needed_by && oldest->transaction == needed_by)
			return false;
		drop_entry(oldest);
	}
	return kept_bytes + bytes <= most;
}

/* PostgreSQL's own allocator raises an error if there is no memory. */
static void *
allocate_for_index(Size size)
{
	return MemoryContextAllocExtended(cache_cxt, size, MCXT_ALLOC_NO_OOM);
}

static void
make_cache(void)
{
	HASHCTL		control = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(Entry),
		.alloc = allocate_for_index,
		/* For buckets by the 100,000: a directory grows with palloc alone. */
		.dsize = 1024,
		.max_dsize = 1024
	};

	if (by_hash)
		return;
	if (cache_cxt == NULL)
		cache_cxt = AllocSetContextCreate(TopMemoryContext, "dbaas_fdw cache",
										  ALLOCSET_DEFAULT_SIZES);
	control.hcxt = cache_cxt;
	by_hash = hash_create("dbaas_fdw cache index", 64, &control,
						  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT | HASH_ALLOC | HASH_DIRSIZE);
}

/* Until when a response may serve later transactions; 0: not at all. */
static DbaasMoment
serves_until(const Keeper *keeper)
{
	return keeper->asked_at < changes_end ? 0 : keeper->until;
}

/* Adds an entry, for which there is room.  Returns false if there is no memory. */
static bool
add_entry(const Keeper *keeper, const char *text, Size len)
{
	Size		request_len = strlen(keeper->request);
	char	   *copy;
	Entry	   *entry = NULL;

	make_cache();
	copy = MemoryContextAllocExtended(cache_cxt, request_len + 1 + len,
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (copy)
		entry = hash_search(by_hash, &keeper->hash, HASH_ENTER_NULL, NULL);
	if (entry == NULL)
	{
		if (copy)
			pfree(copy);
		return false;
	}
	memcpy(copy, keeper->request, request_len + 1);
	memcpy(copy + request_len + 1, text, len);
	*entry = (Entry)
	{
		.hash = keeper->hash,
			.serverid = keeper->serverid,
			.fingerprint = keeper->fingerprint,
			.request = copy,
			.request_len = request_len,
			.len = len,
			.asked_at = keeper->asked_at,
			.until = serves_until(keeper),
			.transaction = keeper->transaction
	};
	dlist_push_tail(&entries, &entry->node);
	kept_bytes += entry_bytes(entry);
	return true;
}

/* ------------------------------------------------------------------------
 * Responses that come
 * ------------------------------------------------------------------------ */

/* A hash of what a JSON value says.  The order of members and elements does not count. */
static uint64
content_hash(const DbaasJson *value)
{
	bool		is_object = dbaas_json_is(value, DBAAS_JSON_OBJECT);
	uint64		sum = value->type;

	if (!is_object && !dbaas_json_is(value, DBAAS_JSON_ARRAY))
		return DatumGetUInt64(hash_any_extended((const unsigned char *) value->text,
												(int) value->len, value->type));
	for (const DbaasJson *item = dbaas_json_first(value); item; item = dbaas_json_next(value, item))
	{
		uint64		hash = content_hash(is_object ? item + 1 : item);

		sum += is_object ?
			DatumGetUInt64(hash_any_extended((const unsigned char *) item->text, (int) item->len,
											 hash)) :
			DatumGetUInt64(hash_any_extended((const unsigned char *) &hash, sizeof(hash), 0));
	}
	return sum;
}

/* Does the response of a call say what a kept one says? */
static bool
same_content(DbaasCall *call, const Entry *entry)
{
	Size		len;
	const char *text = dbaas_call_response_text(call, &len);
	const DbaasJson *kept;
	char	   *problem;

	if (len == entry->len && memcmp(text, entry_text(entry), len) == 0)
		return true;
	return dbaas_json_parse(dbaas_call_context(call), entry_text(entry), entry->len,
							DBAAS_JSON_ALL_NODES(entry->len), &kept, &problem) &&
		content_hash(kept) == content_hash(dbaas_call_response(call));
}

/*
 * A response has come to a request to which the transaction has one already: the
 * statement checks it, or another one has sent the request at the same time.
 */
static DbaasError *
settle_difference(DbaasCall *call, const Keeper *keeper, const Entry *entry)
{
	DbaasError *error;

	if (!keeper->checks)
		return dbaas_call_replace_response(call, entry_text(entry), entry->len);
	if (!keeper->comparable || same_content(call, entry))
		return NULL;
	error = dbaas_error_new(ERRCODE_T_R_SERIALIZATION_FAILURE,
							"could not serialize access due to a change at the API");
	error->detail = psprintf("%s is not answered as it was earlier in this transaction.",
							 dbaas_call_label(call));
	error->hint = "Run the transaction again.";
	error->of_statement = true;
	return error;
}

static DbaasError *
no_room(const DbaasCall *call, Size len)
{
	DbaasError *error = dbaas_error_new(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
										"the answers of this transaction do not fit into "
										"dbaas_fdw.cache_size");

	error->detail = psprintf("%zu kB of answers are kept, %s has %zu kB more, and %d kB are "
							 "allowed.",
							 kept_bytes / 1024, dbaas_call_label(call), (len + 1023) / 1024,
							 dbaas_cache_size);
	error->hint = "Raise dbaas_fdw.cache_size, or read less. READ COMMITTED, and a size of 0, "
		"keep no answers.";
	error->of_statement = true;
	return error;
}

/* A DbaasCallKeeper. */
static DbaasError *
keep_response(DbaasCall *call, void *arg)
{
	const Keeper *keeper = arg;
	Size		len;
	const char *text = dbaas_call_response_text(call, &len);
	bool		taken;
	Entry	   *entry = find_entry(keeper->fingerprint, keeper->hash, keeper->request, &taken);

	if (keeper->outdated || taken)
		return NULL;
	if (keeper->transaction && entry && entry->transaction == keeper->transaction)
		return settle_difference(call, keeper, entry);
	if (keeper->transaction == 0 && serves_until(keeper) == 0)
		return NULL;
	if (entry)
		drop_entry(entry);
	if (!make_room(strlen(keeper->request) + 1 + len, keeper->transaction))
		return keeper->transaction ? no_room(call, len) : NULL;
	if (!add_entry(keeper, text, len) && keeper->transaction)
		return dbaas_error_new(ERRCODE_OUT_OF_MEMORY, "out of memory");
	return NULL;
}

/* Reset callback */
static void
end_keeper(void *arg)
{
	dlist_delete(&((Keeper *) arg)->node);
}

/* Has the response of a call that was just started kept. */
static void
keep_when_done(DbaasCall *call, const Keeper *begun)
{
	Keeper	   *keeper = MemoryContextAlloc(dbaas_call_context(call), sizeof(Keeper));

	*keeper = *begun;
	keeper->call = call;
	keeper->request = MemoryContextStrdup(dbaas_call_context(call), begun->request);
	dlist_push_tail(&keepers, &keeper->node);
	keeper->callback.func = end_keeper;
	keeper->callback.arg = keeper;
	MemoryContextRegisterResetCallback(dbaas_call_context(call), &keeper->callback);
	dbaas_call_set_keeper(call, keep_response, keeper);
}

/* ------------------------------------------------------------------------
 * Calls
 * ------------------------------------------------------------------------ */

char *
dbaas_cache_request_text(const DbaasCallSpec *spec)
{
	return psprintf("%s %s%s %s %s %s", spec->zone ? spec->zone : "", spec->method,
					spec->hide_secrets ? "" : "*", spec->base, spec->path,
					spec->body ? spec->body : "");
}

/* May a read use the entry now? */
static bool
is_usable(const Entry *entry, DbaasMoment now)
{
	if (one_snapshot())
		return entry->transaction == transaction;
	return now - entry->asked_at < (DbaasMoment) dbaas_cache_ttl * 1000;
}

/* Counts the use of a response of that age. */
static void
count_hit(DbaasConnection *conn, const DbaasCallSpec *spec, DbaasMoment age)
{
	char	   *operation = psprintf("%s %s", spec->method, spec->path_template);

	dbaas_stats_get(dbaas_connection_server_name(conn), operation)->cache_hits++;
	pfree(operation);
	if (spec->counters == NULL)
		return;
	spec->counters->from_cache++;
	spec->counters->oldest = Max(spec->counters->oldest, age / 1e6);
}

/* Makes a call of a kept response. */
static DbaasCall *
use_entry(DbaasConnection *conn, MemoryContext cxt, const DbaasCallSpec *spec, const Entry *entry)
{
	DbaasCall  *call = dbaas_call_again(conn, cxt, spec, entry_text(entry), entry->len);
	MemoryContext oldcxt;

	if (call)
	{
		count_hit(conn, spec, dbaas_clock_now() - entry->asked_at);
		return call;
	}
	/* A new request might be answered otherwise. */
	oldcxt = MemoryContextSwitchTo(cxt);
	call = dbaas_call_fail(conn, cxt, spec,
						   dbaas_error_new(ERRCODE_OUT_OF_MEMORY, "out of memory"), false);
	MemoryContextSwitchTo(oldcxt);
	return call;
}

/* Has another statement requested the same, and not yet got the response? */
static bool
is_under_way(const Keeper *wanted)
{
	dlist_iter	iter;

	dlist_foreach(iter, &keepers)
	{
		const Keeper *keeper = dlist_container(Keeper, node, iter.cur);

		if (keeper->hash == wanted->hash && keeper->fingerprint == wanted->fingerprint &&
			!keeper->outdated && !dbaas_call_done(keeper->call) &&
			strcmp(keeper->request, wanted->request) == 0)
			return true;
	}
	return false;
}

/* The entry that a read may use, or NULL. */
static const Entry *
usable_entry(const Keeper *wanted)
{
	bool		taken;
	const Entry *entry = find_entry(wanted->fingerprint, wanted->hash, wanted->request, &taken);

	return entry && is_usable(entry, wanted->asked_at) ? entry : NULL;
}

/*
 * The same, but waits for a response that is under way.  In a loop over a query, for
 * instance, requests of the query overlap with those of its body.
 */
static const Entry *
await_entry(const Keeper *wanted, DbaasCounters *counters)
{
	const Entry *entry = usable_entry(wanted);

	if (entry || !is_under_way(wanted))
		return entry;
	while (is_under_way(wanted))
		dbaas_progress_wait(counters, 0);

	/* Scans under an Append may wait for what has come meanwhile. */
	dbaas_call_wake();
	return usable_entry(wanted);
}

DbaasCall *
dbaas_cache_call(DbaasConnection *conn, DbaasCaching caching, MemoryContext cxt,
				 const DbaasCallSpec *spec, const DbaasError *left_out)
{
	DbaasMoment now = dbaas_clock_now();
	bool		active = caching != DBAAS_CACHE_NOTHING && (one_snapshot() || dbaas_cache_ttl > 0);
	Keeper		keeper = {
		.serverid = dbaas_connection_server(conn),
		.fingerprint = dbaas_connection_fingerprint(conn),
		.checks = caching == DBAAS_CACHE_CHECKS,
		.comparable = spec->body == NULL,
		.asked_at = now,
		.until = dbaas_cache_ttl > 0 ? now + (DbaasMoment) dbaas_cache_ttl * 1000 : 0,
		.transaction = one_snapshot()
	};
	const Entry *entry = NULL;
	DbaasCall  *call;

	if (active)
	{
		keeper.request = dbaas_cache_request_text(spec);
		keeper.hash = DatumGetUInt64(hash_any_extended((unsigned char *) keeper.request,
													   strlen(keeper.request),
													   keeper.fingerprint));
		if (!keeper.checks)
			entry = await_entry(&keeper, spec->counters);
	}
	if (entry)
		call = use_entry(conn, cxt, spec, entry);
	else if (left_out)
		call = dbaas_call_fail(conn, cxt, spec, left_out, true);
	else
	{
		call = dbaas_call_start(conn, cxt, spec);
		if (active)
			keep_when_done(call, &keeper);
	}
	if (active)
		pfree(keeper.request);
	return call;
}

/* ------------------------------------------------------------------------
 * Zones in a transaction
 * ------------------------------------------------------------------------ */

static MemoryContext
get_transaction_context(void)
{
	if (transaction_cxt == NULL)
		transaction_cxt = AllocSetContextCreate(TopTransactionContext, "dbaas_fdw snapshot",
												ALLOCSET_SMALL_SIZES);
	return transaction_cxt;
}

const DbaasError *
dbaas_cache_left_out(const DbaasConnection *conn, const char *zone)
{
	uint64		fingerprint = dbaas_connection_fingerprint(conn);
	ListCell   *lc;

	foreach(lc, left_out_zones)
	{
		const LeftOut *left_out = lfirst(lc);

		if (left_out->fingerprint == fingerprint && strcmp(left_out->zone, zone) == 0)
			return &left_out->error;
	}
	return NULL;
}

void
dbaas_cache_leave_out(DbaasConnection *conn, const char *zone, const DbaasError *error)
{
	MemoryContext oldcxt;
	LeftOut    *left_out;

	if (one_snapshot() == 0 || dbaas_cache_left_out(conn, zone))
		return;
	oldcxt = MemoryContextSwitchTo(get_transaction_context());
	left_out = palloc(sizeof(LeftOut));
	left_out->serverid = dbaas_connection_server(conn);
	left_out->fingerprint = dbaas_connection_fingerprint(conn);
	left_out->zone = pstrdup(zone);
	left_out->error = *error;
	left_out->error.message = pstrdup(error->message);
	left_out->error.detail = dbaas_text_copy(error->detail);
	left_out->error.hint = dbaas_text_copy(error->hint);
	left_out_zones = lappend(left_out_zones, left_out);
	MemoryContextSwitchTo(oldcxt);
}

const DbaasZones *
dbaas_cache_zones(const DbaasConnection *conn)
{
	uint64		fingerprint = dbaas_connection_fingerprint(conn);
	ListCell   *lc;

	foreach(lc, known_zones)
	{
		const KnownZones *known = lfirst(lc);

		if (known->fingerprint == fingerprint)
			return known->zones;
	}
	return NULL;
}

void
dbaas_cache_set_zones(DbaasConnection *conn, const DbaasZones *zones)
{
	MemoryContext oldcxt;
	KnownZones *known;

	if (one_snapshot() == 0)
		return;
	oldcxt = MemoryContextSwitchTo(get_transaction_context());
	known = palloc(sizeof(KnownZones));
	known->serverid = dbaas_connection_server(conn);
	known->fingerprint = dbaas_connection_fingerprint(conn);
	known->zones = palloc(sizeof(DbaasZones));
	*known->zones = *zones;
	known->zones->zones = palloc(Max(zones->n, 1) * sizeof(DbaasZone));
	for (int i = 0; i < zones->n; i++)
		known->zones->zones[i] = (DbaasZone)
	{
		pstrdup(zones->zones[i].name), pstrdup(zones->zones[i].base)
	};
	known_zones = lappend(known_zones, known);
	MemoryContextSwitchTo(oldcxt);
}

/* ------------------------------------------------------------------------
 * The end
 * ------------------------------------------------------------------------ */

/* Drops the responses of a server, or all with InvalidOid. */
static int64
drop_responses(Oid serverid)
{
	int64		n = 0;
	dlist_iter	iter;
	dlist_mutable_iter mutable_iter;

	dlist_foreach(iter, &keepers)
	{
		Keeper	   *keeper = dlist_container(Keeper, node, iter.cur);

		if (!OidIsValid(serverid) || keeper->serverid == serverid)
			keeper->outdated = true;
	}
	dlist_foreach_modify(mutable_iter, &entries)
	{
		Entry	   *entry = dlist_container(Entry, node, mutable_iter.cur);

		if (OidIsValid(serverid) && entry->serverid != serverid)
			continue;
		drop_entry(entry);
		n++;
	}
	return n;
}

int64
dbaas_cache_forget(Oid serverid)
{
	ListCell   *lc;

	/* Statements may still use them, so they are not freed. */
	foreach(lc, left_out_zones)
	{
		if (!OidIsValid(serverid) || ((LeftOut *) lfirst(lc))->serverid == serverid)
			left_out_zones = foreach_delete_current(left_out_zones, lc);
	}
	foreach(lc, known_zones)
	{
		if (!OidIsValid(serverid) || ((KnownZones *) lfirst(lc))->serverid == serverid)
			known_zones = foreach_delete_current(known_zones, lc);
	}
	return drop_responses(serverid);
}

void
dbaas_cache_drop(DbaasMoment changes_until)
{
	changes_end = Max(changes_end, changes_until);
	drop_responses(InvalidOid);
}

/*
 * Drops what was kept for the transaction that ends alone, and what has become too old
 * while it ran.
 */
static void
end_transaction(XactEvent event, void *arg)
{
	dlist_mutable_iter iter;
	DbaasMoment now;

	(void) arg;
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	transaction++;
	transaction_cxt = NULL;		/* goes with its parent */
	left_out_zones = NIL;
	known_zones = NIL;
	if (dlist_is_empty(&entries))
		return;
	now = dbaas_clock_now();
	dlist_foreach_modify(iter, &entries)
	{
		Entry	   *entry = dlist_container(Entry, node, iter.cur);

		if (entry->until <= now)
			drop_entry(entry);
	}
}

void
dbaas_cache_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
}
