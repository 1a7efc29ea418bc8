/*-------------------------------------------------------------------------
 *
 * api.c
 *		Signed calls of the API, with retries; the session's connections.
 *
 * A call is a request that is sent again when that is safe and may help.
 * Calls of one connection share its max_concurrency: those beyond it wait for
 * their turn, in the order in which they were made.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>
#include <unistd.h>

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "api.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "common/pg_prng.h"
#include "compat.h"
#include "foreign/foreign.h"
#include "http.h"
#include "lib/ilist.h"
#include "lib/stringinfo.h"
#include "mask.h"
#include "miscadmin.h"
#include "options.h"
#include "sign.h"
#include "stats.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "version.h"

/* A signature holds for this long, as the vendor's clients have it. */
#define SIGNATURE_SECONDS 600

/* Pauses between tries: they start here, double, and stop growing here. */
#define FIRST_PAUSE_MS 200.0
#define LONGEST_PAUSE_MS 10000.0

/* A server that asks for a longer pause gets an error instead. */
#define LONGEST_RETRY_AFTER 60

/* Bytes of the API's own words that an error shows. */
#define EXCERPT_BYTES 500

/* Memory of an answer's values, in terms of what its text may have. */
#define JSON_MEMORY_FACTOR 32

/* A secret file is one line. */
#define MAX_SECRET_BYTES 1024

struct DbaasApi
{
	dlist_node	node;			/* in "apis" */
	MemoryContext cxt;
	int			references;		/* contexts that use it */
	bool		stale;			/* options have changed, or disconnected */
	Oid			serverid;
	Oid			umid;
	uint32		server_hash;	/* for invalidation */
	uint32		mapping_hash;
	char	   *server_name;
	DbaasServerFacts *facts;
	List	   *options;
	char	   *api_key;
	char	   *api_secret;
	int			max_concurrency;
	int			max_retries;
	size_t		max_response_bytes;
	int			in_flight;
	dlist_head	calls;			/* all that have not ended */
	DbaasHttpPool *pool;
	void	   *zones;
};

typedef enum CallState
{
	CALL_QUEUED,				/* waits for its turn */
	CALL_RUNNING,				/* request in flight */
	CALL_PAUSED,				/* waits for retry_at */
	CALL_DONE
} CallState;

struct DbaasCall
{
	dlist_node	node;			/* in api->calls, unless done */
	DbaasApi   *api;
	MemoryContext cxt;
	MemoryContextCallback callback;
	DbaasCallSpec spec;
	DbaasStats *stats;
	char	   *url;
	char	   *label;
	CallState	state;
	int			tries;
	TimestampTz retry_at;
	MemoryContext request_cxt;	/* of the request in flight */
	DbaasHttpRequest *request;
	DbaasJson *answer;
	DbaasError *error;
	bool		unreachable;
	bool		unknown;
	int			status;
};

/* Holds an api while a memory context lives. */
typedef struct Reference
{
	MemoryContextCallback callback;
	DbaasApi   *api;
} Reference;

bool		dbaas_log_requests = false;

static dlist_head apis = DLIST_STATIC_INIT(apis);

/* connections */
static DbaasError *open_api(Oid serverid, Oid userid, Oid umid, List *mapping_options, DbaasApi **api);
static DbaasError *read_credentials(DbaasApi *api, List *options);
static DbaasError *read_secret_file(DbaasApi *api, const char *path);
static DbaasError *no_credentials(const char *server, Oid userid, const char *what);
static void close_api(DbaasApi *api);
static void release_reference(void *arg);
static void invalidate(Datum arg, int cacheid, uint32 hashvalue);

/* calls */
static void start_request(DbaasCall *call);
static void end_attempt(DbaasCall *call, const DbaasHttpAnswer *answer);
static void use_answer(DbaasCall *call, const DbaasHttpAnswer *answer);
static void end_call(DbaasCall *call, DbaasError *error);
static void unlink_call(void *arg);
static void perform_api(DbaasApi *api);

/* errors */
static DbaasError *failure_error(DbaasCall *call, const DbaasHttpAnswer *answer);
static DbaasError *status_error(DbaasCall *call, const DbaasHttpAnswer *answer);
static char *describe_body(const DbaasCall *call, const DbaasHttpAnswer *answer);

void
dbaas_api_init(void)
{
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, invalidate, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, invalidate, (Datum) 0);
}

/* ------------------------------------------------------------------------
 * Connections
 * ------------------------------------------------------------------------ */

static void
invalidate(Datum arg, int cacheid, uint32 hashvalue)
{
	dlist_iter	iter;

	(void) arg;
	dlist_foreach(iter, &apis)
	{
		DbaasApi   *api = dlist_container(DbaasApi, node, iter.cur);

		/* hashvalue 0 means all */
		if (hashvalue == 0 ||
			(cacheid == FOREIGNSERVEROID && api->server_hash == hashvalue) ||
			(cacheid == USERMAPPINGOID && api->mapping_hash == hashvalue))
			api->stale = true;
	}
}

/*
 * The user's mapping, or else the public one.  Returns InvalidOid when there
 * is neither.
 */
static Oid
find_user_mapping(Oid userid, Oid serverid, List **options)
{
	HeapTuple	tuple;
	Datum		datum;
	bool		isnull;
	Oid			umid;

	tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(userid),
							ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
		tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid),
								ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;

	umid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->oid;
	datum = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple,
							Anum_pg_user_mapping_umoptions, &isnull);
	*options = isnull ? NIL : untransformRelOptions(datum);
	ReleaseSysCache(tuple);
	return umid;
}

DbaasError *
dbaas_api_connect(Oid serverid, Oid userid, MemoryContext cxt, DbaasApi **api)
{
	List	   *mapping_options = NIL;
	Oid			umid = find_user_mapping(userid, serverid, &mapping_options);
	Reference  *reference;
	dlist_mutable_iter iter;

	*api = NULL;
	if (!OidIsValid(umid))
		return no_credentials(GetForeignServer(serverid)->servername, userid,
							  "has no user mapping");

	dlist_foreach_modify(iter, &apis)
	{
		DbaasApi   *open = dlist_container(DbaasApi, node, iter.cur);

		if (open->stale && open->references == 0)
			close_api(open);
		else if (open->umid == umid && !open->stale)
			*api = open;
	}
	if (*api == NULL)
	{
		DbaasError *error = open_api(serverid, userid, umid, mapping_options, api);

		if (error)
			return error;
	}

	reference = MemoryContextAlloc(cxt, sizeof(Reference));
	reference->api = *api;
	reference->callback.func = release_reference;
	reference->callback.arg = reference;
	(*api)->references++;
	MemoryContextRegisterResetCallback(cxt, &reference->callback);
	return NULL;
}

static DbaasError *
open_api(Oid serverid, Oid userid, Oid umid, List *mapping_options, DbaasApi **result)
{
	ForeignServer *server = GetForeignServer(serverid);
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw connection",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasApi   *api = palloc0(sizeof(DbaasApi));
	DbaasHttpSettings settings;
	DbaasError *error;

	api->cxt = cxt;
	api->serverid = serverid;
	api->umid = umid;
	api->server_hash = GetSysCacheHashValue1(FOREIGNSERVEROID, ObjectIdGetDatum(serverid));
	api->mapping_hash = GetSysCacheHashValue1(USERMAPPINGOID, ObjectIdGetDatum(umid));
	api->server_name = pstrdup(server->servername);
	api->facts = dbaas_stats_server(server->servername);
	api->options = copyObject(server->options);
	api->max_concurrency = (int) dbaas_option_number(api->options, "max_concurrency");
	api->max_retries = (int) dbaas_option_number(api->options, "max_retries");
	dlist_init(&api->calls);

	error = read_credentials(api, mapping_options);
	if (error == NULL && api->api_secret == NULL)
		error = no_credentials(api->server_name, userid,
							   api->api_key ? "has no secret of the API key" : "has no API key");
	if (error)
	{
		MemoryContextSwitchTo(oldcxt);
		return error;			/* cxt goes with its parent, as the error does */
	}

	settings.connect_timeout_ms = (long) (dbaas_option_number(api->options, "connect_timeout") * 1000);
	settings.request_timeout_ms = (long) (dbaas_option_number(api->options, "request_timeout") * 1000);
	settings.max_response_bytes = api->max_response_bytes =
		(size_t) dbaas_option_number(api->options, "max_response_bytes");
	settings.ca_file = dbaas_option_string(api->options, "ca_file");
	settings.proxy = dbaas_option_string(api->options, "proxy");
	settings.user_agent = "dbaas_fdw/" DBAAS_FDW_VERSION;
	api->pool = dbaas_http_pool_open(&settings);
	MemoryContextSwitchTo(oldcxt);
	if (api->pool == NULL)
		return dbaas_error_new(ERRCODE_FDW_OUT_OF_MEMORY,
							   "could not initialize libcurl for server \"%s\"", server->servername);

	MemoryContextSetParent(cxt, CacheMemoryContext);
	dlist_push_tail(&apis, &api->node);
	*result = api;
	return NULL;
}

static DbaasError *
no_credentials(const char *server, Oid userid, const char *what)
{
	char	   *user = GetUserNameFromId(userid, true);
	DbaasError *error = dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
										"user \"%s\" %s for server \"%s\"",
										user ? user : "?", what, server);

	error->hint = psprintf("CREATE USER MAPPING FOR CURRENT_USER SERVER %s "
						   "OPTIONS (api_key '...', api_secret '...').",
						   quote_identifier(server));
	return error;
}

/* Sets api_key and api_secret from a user mapping; leaves out what is not there. */
static DbaasError *
read_credentials(DbaasApi *api, List *options)
{
	const char *key = dbaas_option_string(options, "api_key");
	const char *secret = dbaas_option_string(options, "api_secret");
	const char *file = dbaas_option_string(options, "api_secret_file");

	if (key == NULL)
		return NULL;
	api->api_key = pstrdup(key);
	if (secret)
		api->api_secret = pstrdup(secret);
	else if (file)
		return read_secret_file(api, file);
	return NULL;
}

/* The secret is the first line of the file. */
static DbaasError *
read_secret_file(DbaasApi *api, const char *path)
{
	char		line[MAX_SECRET_BYTES];
	FILE	   *file = AllocateFile(path, "r");
	int			open_errno = errno;
	bool		ok = file && fgets(line, sizeof(line), file) != NULL;
	bool		whole = ok && (strchr(line, '\n') || strlen(line) < sizeof(line) - 1);

	if (file)
		FreeFile(file);
	if (ok && !whole)
	{
		explicit_bzero(line, sizeof(line));
		return dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
							   "the first line of the file of option \"api_secret_file\" is longer than %d bytes",
							   MAX_SECRET_BYTES - 2);
	}
	if (ok)
	{
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0')
			return dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
								   "the file of option \"api_secret_file\" has no secret in its first line");
		api->api_secret = pstrdup(line);
		explicit_bzero(line, sizeof(line));
		return NULL;
	}
	if (file)
		return dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
							   "the file of option \"api_secret_file\" is empty");
	errno = open_errno;
	return dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
						   "could not open the file of option \"api_secret_file\": %m");
}

static void
close_api(DbaasApi *api)
{
	dlist_delete(&api->node);
	dbaas_http_pool_close(api->pool);
	explicit_bzero(api->api_secret, strlen(api->api_secret));
	MemoryContextDelete(api->cxt);
}

static void
release_reference(void *arg)
{
	Reference  *reference = arg;

	if (--reference->api->references == 0 && reference->api->stale)
		close_api(reference->api);
}

bool
dbaas_api_disconnect(Oid serverid)
{
	dlist_mutable_iter iter;
	bool		any = false;

	dlist_foreach_modify(iter, &apis)
	{
		DbaasApi   *api = dlist_container(DbaasApi, node, iter.cur);

		if (OidIsValid(serverid) && api->serverid != serverid)
			continue;
		any = any || !api->stale;
		api->stale = true;
		if (api->references == 0)
			close_api(api);
	}
	return any;
}

bool
dbaas_api_is_current(const DbaasApi *api)
{
	return !api->stale;
}

Oid
dbaas_api_server(DbaasApi *api)
{
	return api->serverid;
}

List *
dbaas_api_options(DbaasApi *api)
{
	return api->options;
}

MemoryContext
dbaas_api_context(DbaasApi *api)
{
	return api->cxt;
}

DbaasServerFacts *
dbaas_api_facts(DbaasApi *api)
{
	return api->facts;
}

void **
dbaas_api_zones_slot(DbaasApi *api)
{
	return &api->zones;
}

int
dbaas_api_max_concurrency(DbaasApi *api)
{
	return api->max_concurrency;
}

/* ------------------------------------------------------------------------
 * Calls
 * ------------------------------------------------------------------------ */

static char *
copy_or_null(const char *s)
{
	return s ? pstrdup(s) : NULL;
}

DbaasCall *
dbaas_api_call(DbaasApi *api, MemoryContext cxt, const DbaasCallSpec *spec)
{
	MemoryContext call_cxt = AllocSetContextCreate(cxt, "dbaas_fdw call",
												   ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(call_cxt);
	DbaasCall  *call = palloc0(sizeof(DbaasCall));

	call->api = api;
	call->cxt = call_cxt;
	call->spec = *spec;
	call->spec.zone = copy_or_null(spec->zone);
	call->spec.method = pstrdup(spec->method);
	call->spec.body = copy_or_null(spec->body);
	call->spec.secret = copy_or_null(spec->secret);
	call->url = psprintf("%s%s", spec->base, spec->path);
	call->label = spec->zone ?
		psprintf("%s %s in zone %s", spec->method, spec->path, spec->zone) :
		psprintf("%s %s", spec->method, spec->path);
	call->stats = dbaas_stats_get(api->server_name,
								  psprintf("%s %s", spec->method, spec->operation));
	call->state = CALL_QUEUED;
	dlist_push_tail(&api->calls, &call->node);
	call->callback.func = unlink_call;
	call->callback.arg = call;
	MemoryContextRegisterResetCallback(call_cxt, &call->callback);
	MemoryContextSwitchTo(oldcxt);

	perform_api(api);
	return call;
}

/* The request of a call is no longer in flight. */
static void
leave_flight(DbaasCall *call)
{
	call->api->in_flight--;
	if (call->spec.counters)
		call->spec.counters->in_flight--;
}

/* Reset callback: a call that is freed leaves its connection's list. */
static void
unlink_call(void *arg)
{
	DbaasCall  *call = arg;

	if (call->state == CALL_RUNNING)
		leave_flight(call);
	if (call->state != CALL_DONE)
		dlist_delete(&call->node);
	call->state = CALL_DONE;
}

void
dbaas_call_release(DbaasCall *call)
{
	if (call)
		MemoryContextDelete(call->cxt);
}

bool
dbaas_call_done(const DbaasCall *call)
{
	return call->state == CALL_DONE;
}

bool
dbaas_call_in_flight(const DbaasCall *call)
{
	return call->state == CALL_RUNNING;
}

DbaasError *
dbaas_call_error(const DbaasCall *call)
{
	return call->error;
}

bool
dbaas_call_unreachable(const DbaasCall *call)
{
	return call->unreachable;
}

int
dbaas_call_status(const DbaasCall *call)
{
	return call->status;
}

bool
dbaas_call_unknown(const DbaasCall *call)
{
	return call->unknown;
}

DbaasJson *
dbaas_call_answer(const DbaasCall *call)
{
	return call->answer;
}

void
dbaas_call_learn_rows(const DbaasCall *call, int64 rows)
{
	dbaas_stats_average(&call->stats->rows, (double) rows);
}

const char *
dbaas_call_label(const DbaasCall *call)
{
	return call->label;
}

static void
end_call(DbaasCall *call, DbaasError *error)
{
	dlist_delete(&call->node);
	call->state = CALL_DONE;
	call->error = error;
	if (error)
		call->stats->errors++;
}

/* Sends the call's request; each time with a new signature. */
static void
start_request(DbaasCall *call)
{
	DbaasApi   *api = call->api;
	const DbaasCallSpec *spec = &call->spec;
	char	   *authorization = NULL;
	char	   *path;

	call->request_cxt = AllocSetContextCreate(call->cxt, "dbaas_fdw request",
											  ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(call->request_cxt);
	if (!spec->unsigned_)
	{
		DbaasError *error;

		path = dbaas_http_url_path(call->url);
		error = dbaas_sign_request(api->api_key, api->api_secret, spec->method,
								   path ? path : "", spec->body ? spec->body : "",
								   (int64) time(NULL) + SIGNATURE_SECONDS,
								   &authorization);
		if (error)
		{
			end_call(call, error);
			return;
		}
	}
	call->request = dbaas_http_start(api->pool, call->request_cxt, spec->method,
									 call->url, spec->body, authorization,
									 spec->kind == DBAAS_CALL_WRITE);
	call->state = CALL_RUNNING;
	call->tries++;
	call->stats->requests++;
	api->in_flight++;
	if (spec->counters)
	{
		spec->counters->requests++;
		spec->counters->in_flight++;
		spec->counters->peak = Max(spec->counters->peak, spec->counters->in_flight);
	}
}

/*
 * May the call be sent again after this answer, and would that help?
 */
static bool
may_retry(const DbaasCall *call, const DbaasHttpAnswer *answer)
{
	bool		write = call->spec.kind == DBAAS_CALL_WRITE;

	switch (answer->failure)
	{
		case DBAAS_HTTP_UNREACHABLE:
			return true;
		case DBAAS_HTTP_BROKEN:
			return !write;
		case DBAAS_HTTP_ANSWERED:
			return answer->status == 429 ||
				(!write && (answer->status == 502 || answer->status == 503 ||
							answer->status == 504));
		default:
			return false;
	}
}

/* Milliseconds until the next try: exponential, half of it by chance. */
static double
pause_ms(const DbaasCall *call, const DbaasHttpAnswer *answer)
{
	double		pause = FIRST_PAUSE_MS * (double) (1 << Min(call->tries - 1, 10));

	pause = Min(pause, LONGEST_PAUSE_MS);
	pause *= 0.5 + 0.5 * pg_prng_double(&pg_global_prng_state);
	return Max(pause, answer->retry_after * 1000.0);
}

static void
log_attempt(const DbaasCall *call, const DbaasHttpAnswer *answer)
{
	if (answer->failure == DBAAS_HTTP_ANSWERED)
		ereport(LOG, (errhidestmt(true),
					  errmsg("dbaas_fdw: %s: status %d in %.1f ms",
							 call->label, answer->status, answer->seconds * 1000)));
	else
		ereport(LOG, (errhidestmt(true),
					  errmsg("dbaas_fdw: %s: failed in %.1f ms: %s",
							 call->label, answer->seconds * 1000, answer->failure_text)));
}

/*
 * May the API have carried out a write of which this is the answer, when that
 * is no success?
 */
static bool
may_be_applied(const DbaasHttpAnswer *answer)
{
	switch (answer->failure)
	{
		case DBAAS_HTTP_UNREACHABLE:
		case DBAAS_HTTP_TLS:
			return false;
		case DBAAS_HTTP_ANSWERED:
			return answer->status < 300 || answer->status >= 500;
		default:
			return true;
	}
}

/* A request has ended: the call ends, or pauses before the next try. */
static void
end_attempt(DbaasCall *call, const DbaasHttpAnswer *answer)
{
	leave_flight(call);
	call->state = CALL_PAUSED;
	call->stats->bytes += answer->bytes_received;
	call->stats->seconds += answer->seconds;
	if (answer->failure == DBAAS_HTTP_ANSWERED)
		dbaas_stats_average(&call->api->facts->latency, answer->seconds);
	if (call->spec.counters)
		call->spec.counters->bytes += answer->bytes_received;
	if (dbaas_log_requests)
		log_attempt(call, answer);

	if (call->tries <= call->api->max_retries && may_retry(call, answer) &&
		answer->retry_after <= LONGEST_RETRY_AFTER)
	{
		call->retry_at = GetCurrentTimestamp() +
			(TimestampTz) (pause_ms(call, answer) * 1000);
		call->stats->retries++;
		if (call->spec.counters)
			call->spec.counters->retries++;
	}
	else
		use_answer(call, answer);

	/* The request's memory goes, the answer's tree and errors stay. */
	MemoryContextSwitchTo(call->cxt);
	MemoryContextDelete(call->request_cxt);
	call->request_cxt = NULL;
	call->request = NULL;
}

static void
use_answer(DbaasCall *call, const DbaasHttpAnswer *answer)
{
	DbaasError *error = NULL;
	char	   *problem;

	MemoryContextSwitchTo(call->cxt);
	call->status = answer->failure == DBAAS_HTTP_ANSWERED ? answer->status : 0;
	if (answer->failure != DBAAS_HTTP_ANSWERED)
		error = failure_error(call, answer);
	else if (answer->status == 404 && call->spec.kind == DBAAS_CALL_READ)
		;						/* nothing there: no answer, no error */
	else if (answer->status < 200 || answer->status > 299)
		error = status_error(call, answer);
	else if (call->spec.kind == DBAAS_CALL_WRITE && answer->body_len > DBAAS_JSON_SHORT)
	{
		/* What becomes of a write has to be noted before an interrupt. */
		error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered at a length that no operation has",
								call->label);
		error->detail = psprintf("The answer has %zu bytes.", answer->body_len);
	}
	else if (!dbaas_json_parse(call->cxt, answer->body, answer->body_len,
							   Max(DBAAS_JSON_MEMORY,
								   JSON_MEMORY_FACTOR * call->api->max_response_bytes),
							   &call->answer, &problem))
	{
		error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with unusable JSON", call->label);
		error->detail = psprintf("The answer of %zu bytes cannot be used: %s.",
								 answer->body_len, problem);
	}
	else if (!json_object_is_type(call->answer, json_type_object))
	{
		error = dbaas_error_new(ERRCODE_FDW_ERROR,
								"%s answered with something else than a JSON object", call->label);
		error->detail = psprintf("The answer is of type %s.", dbaas_json_type_name(call->answer));
	}
	if (error && answer->failure == DBAAS_HTTP_ANSWERED && call->answer == NULL &&
		answer->status >= 200 && answer->status <= 299 && answer->body_len == 0)
		error->detail = "The answer is empty.";
	call->unknown = error && may_be_applied(answer);
	end_call(call, error);
}

static void
perform_api(DbaasApi *api)
{
	MemoryContext oldcxt = CurrentMemoryContext;
	TimestampTz now = GetCurrentTimestamp();
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &api->calls)
	{
		DbaasCall  *call = dlist_container(DbaasCall, node, iter.cur);

		if (call->state == CALL_RUNNING)
		{
			const DbaasHttpAnswer *answer = dbaas_http_answer(call->request);

			if (answer)
				end_attempt(call, answer);
		}
		if (call->state == CALL_PAUSED && call->retry_at <= now)
			call->state = CALL_QUEUED;
	}
	dlist_foreach_modify(iter, &api->calls)
	{
		DbaasCall  *call = dlist_container(DbaasCall, node, iter.cur);

		if (api->in_flight >= api->max_concurrency)
			break;
		if (call->state == CALL_QUEUED)
			start_request(call);
	}
	MemoryContextSwitchTo(oldcxt);
}

void
dbaas_api_perform(void)
{
	dlist_iter	iter;

	dbaas_http_perform();
	dlist_foreach(iter, &apis)
		perform_api(dlist_container(DbaasApi, node, iter.cur));
}

void
dbaas_api_keep_going(void)
{
	static TimestampTz last = 0;
	TimestampTz now = GetCurrentTimestamp();

	if (now - last < 1000 && now >= last)
		return;
	last = now;
	dbaas_api_perform();
}

/* Milliseconds until the first paused call is due; -1 when none is paused. */
static long
next_due(void)
{
	TimestampTz now = GetCurrentTimestamp();
	long		due = -1;
	dlist_iter	api_iter;

	dlist_foreach(api_iter, &apis)
	{
		DbaasApi   *api = dlist_container(DbaasApi, node, api_iter.cur);
		dlist_iter	iter;

		dlist_foreach(iter, &api->calls)
		{
			DbaasCall  *call = dlist_container(DbaasCall, node, iter.cur);
			long		ms;

			if (call->state != CALL_PAUSED)
				continue;
			ms = call->retry_at <= now ? 0 : (long) ((call->retry_at - now + 999) / 1000);
			if (due < 0 || ms < due)
				due = ms;
		}
	}
	return due;
}

void
dbaas_api_wake(void)
{
	dbaas_http_wake();
}

int
dbaas_api_descriptor(void)
{
	return dbaas_http_descriptor(next_due());
}

void
dbaas_api_wait(DbaasCounters *counters, TimestampTz until)
{
	static uint32 wait_event = 0;
	TimestampTz start = GetCurrentTimestamp();
	long		due = next_due();

	if (until != 0)
	{
		long		ms = until <= start ? 0 : (long) ((until - start + 999) / 1000);

		due = due < 0 ? ms : Min(due, ms);
	}
	if (wait_event == 0)
		wait_event = dbaas_wait_event_new("DbaasApi");
	dbaas_http_wait(due, wait_event);
	dbaas_api_perform();
	if (counters)
		counters->waited += (GetCurrentTimestamp() - start) / 1e6;
}

/* ------------------------------------------------------------------------
 * Errors
 * ------------------------------------------------------------------------ */

/* There was no whole answer. */
static DbaasError *
failure_error(DbaasCall *call, const DbaasHttpAnswer *answer)
{
	static const struct
	{
		int			sqlerrcode;
		const char *what;
		const char *hint;
	}			kinds[] =
	{
		[DBAAS_HTTP_UNREACHABLE] = {ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
		"could not be sent", "Check the server's options endpoint, zones and proxy, and the network."},
		[DBAAS_HTTP_TLS] = {ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
		"could not be sent", "Check the server's options endpoint and ca_file."},
		[DBAAS_HTTP_TIMEOUT] = {ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
		"was not answered in time", "Option request_timeout of the server sets the time."},
		[DBAAS_HTTP_BROKEN] = {ERRCODE_FDW_ERROR, "lost its connection", NULL},
		[DBAAS_HTTP_TOO_LARGE] = {ERRCODE_FDW_ERROR, "got too large an answer",
		"Option max_response_bytes of the server sets the limit."},
		[DBAAS_HTTP_BAD_ANSWER] = {ERRCODE_FDW_ERROR, "got a broken answer", NULL},
		[DBAAS_HTTP_INTERNAL] = {ERRCODE_FDW_ERROR, "failed", NULL},
	};
	DbaasError *error;

	error = dbaas_error_new(kinds[answer->failure].sqlerrcode, "%s %s",
							call->label, kinds[answer->failure].what);
	error->detail = dbaas_error_excerpt(answer->failure_text, strlen(answer->failure_text),
										EXCERPT_BYTES);
	error->hint = kinds[answer->failure].hint;
	call->unreachable = error->sqlerrcode == ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
	return error;
}

/* The API answered with an error. */
static DbaasError *
status_error(DbaasCall *call, const DbaasHttpAnswer *answer)
{
	int			status = answer->status;
	int			code = ERRCODE_FDW_ERROR;
	const char *hint = NULL;
	DbaasError *error;

	if (status == 401 || status == 403)
	{
		code = ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
		hint = call->spec.unsigned_ ? NULL :
			"Check api_key and api_secret of the user mapping, the role of that key, and this machine's clock.";
	}
	else if (status == 400 || status == 422)
		code = ERRCODE_INVALID_PARAMETER_VALUE;
	else if (status == 404 && call->spec.kind == DBAAS_CALL_WRITE)
		code = ERRCODE_UNDEFINED_OBJECT;
	else if (status == 404)
		hint = "Check the server's option endpoint.";
	else if (status == 409 || status == 412 || status == 423)
		code = ERRCODE_OBJECT_IN_USE;
	else if (status == 429)
	{
		code = ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
		hint = answer->retry_after > 0 ?
			psprintf("The API asks to wait for %ld seconds.", answer->retry_after) :
			"Lower the server's option max_concurrency, or try again later.";
	}
	else if (status >= 300 && status <= 399)
		hint = "Redirects are not followed: set the server's option endpoint to where the API is.";

	error = dbaas_error_new(code, "%s failed with HTTP status %d", call->label, status);
	error->detail = describe_body(call, answer);
	error->hint = hint;

	/* Refused for what it is, not for who asks. */
	if (status == 403 && call->spec.kind == DBAAS_CALL_WRITE && error->detail &&
		strstr(error->detail, "protect"))
	{
		error->sqlerrcode = ERRCODE_OBJECT_IN_USE;
		error->hint = "Take the termination protection off first, where the service is managed.";
	}
	return error;
}

/* Appends "; text", without "; " at the start; other values say nothing. */
static void
append_part(StringInfo out, DbaasJson *value)
{
	if (!json_object_is_type(value, json_type_string) || json_object_get_string_len(value) == 0)
		return;
	if (out->len)
		appendStringInfoString(out, "; ");
	appendBinaryStringInfo(out, json_object_get_string(value), json_object_get_string_len(value));
}

/*
 * What an error's body says, in whichever of the API's shapes it is; NULL when
 * it says nothing.
 */
static char *
describe_body(const DbaasCall *call, const DbaasHttpAnswer *answer)
{
	const char *body = answer->body;
	size_t		len = answer->body_len;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw error body",
											  ALLOCSET_SMALL_SIZES);
	StringInfoData said;
	DbaasJson *value;
	DbaasJson *errors;
	char	   *problem;
	char	   *excerpt;

	initStringInfo(&said);
	if (len <= DBAAS_JSON_SHORT &&
		dbaas_json_parse(cxt, body, len, DBAAS_JSON_MEMORY, &value, &problem))
	{
		append_part(&said, dbaas_json_member(value, "message"));
		append_part(&said, dbaas_json_member(value, "error"));
		append_part(&said, dbaas_json_member(value, "title"));
		append_part(&said, dbaas_json_member(value, "detail"));
		errors = dbaas_json_member(value, "errors");
		if (json_object_is_type(errors, json_type_array))
		{
			for (size_t i = 0; i < json_object_array_length(errors); i++)
			{
				DbaasJson *one = json_object_array_get_idx(errors, i);
				const char *location = dbaas_json_member_string(one, "location");

				append_part(&said, one);
				append_part(&said, dbaas_json_member(one, "detail"));
				if (location)
					appendStringInfo(&said, " (at %s)", location);
			}
		}
	}
	if (said.len == 0)
		appendBinaryStringInfo(&said, body, Min(len, DBAAS_JSON_SHORT));
	for (int i = 0; i < said.len; i++)
	{
		if (said.data[i] == '\0')
			said.data[i] = ' ';
	}
	/* Masked before it is cut, or a part of the secret could be left. */
	excerpt = dbaas_mask(dbaas_mask(said.data, call->spec.secret), call->api->api_secret);
	excerpt = dbaas_error_excerpt(excerpt, strlen(excerpt), EXCERPT_BYTES);
	MemoryContextDelete(cxt);
	return *excerpt ? psprintf("The API says: %s", excerpt) : NULL;
}
