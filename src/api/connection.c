/*-------------------------------------------------------------------------
 *
 * connection.c
 *		The session's connections to servers, with their credentials.
 *
 * A connection is for one server and one user mapping.  It is opened when it is first
 * needed, and shared within the session.  When the server or the mapping changes, it
 * becomes stale: statements that use it keep it, and later ones get another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "foreign/foreign.h"
#include "lib/ilist.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "api/connection.h"
#include "api/credentials.h"
#include "base/url.h"
#include "base/version.h"
#include "tables/secret.h"

struct DbaasConnection
{
	dlist_node	node;			/* in "connections" */
	MemoryContext cxt;
	int			references;		/* memory contexts that use it */
	bool		stale;			/* options have changed, or disconnected */
	bool		recheck_files;	/* credentials were refused: a file may have
								 * changed */
	Oid			serverid;
	Oid			umid;
	uint32		server_hash;	/* for invalidation */
	uint32		mapping_hash;
	char	   *server_name;
	DbaasServerFacts *facts;
	List	   *options;		/* of the server */
	DbaasServerSettings settings;	/* parsed from them */
	DbaasCredentials credentials;
	uint64		fingerprint;
	int			in_flight;		/* requests that hold a slot */
	DbaasPace  *pace;			/* of the server */
	DbaasHttpPool *pool;
	DbaasZones *zones;			/* or NULL: see zones.c */
};

/* Keeps a connection open while a memory context lives. */
typedef struct Reference
{
	MemoryContextCallback callback;
	DbaasConnection *conn;
} Reference;

static dlist_head connections = DLIST_STATIC_INIT(connections);

static void
invalidate(Datum arg, int cacheid, uint32 hashvalue)
{
	dlist_iter	iter;

	(void) arg;
	dlist_foreach(iter, &connections)
	{
		DbaasConnection *conn = dlist_container(DbaasConnection, node, iter.cur);

		/* hashvalue 0 means all */
		if (hashvalue == 0 ||
			(cacheid == FOREIGNSERVEROID && conn->server_hash == hashvalue) ||
			(cacheid == USERMAPPINGOID && conn->mapping_hash == hashvalue))
			conn->stale = true;
	}
}

void
dbaas_connection_init(void)
{
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, invalidate, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, invalidate, (Datum) 0);
}

/* ------------------------------------------------------------------------
 * Opening and closing
 * ------------------------------------------------------------------------ */

static uint64
hash_text(const char *text, uint64 seed)
{
	return text == NULL ? seed :
		DatumGetUInt64(hash_any_extended((const unsigned char *) text, (int) strlen(text), seed));
}

/* What dbaas_connection_equal() compares, as a number. */
static uint64
make_fingerprint(const DbaasConnection *conn)
{
	uint64		hash = ((uint64) conn->serverid << 32) | conn->umid;

	hash = hash_text(nodeToString(conn->options), hash);
	hash = hash_text(conn->credentials.api_key, hash);
	hash = hash_text(conn->credentials.api_secret, hash);
	return hash_text(conn->credentials.ca_pem, hash);
}

/* Opens a connection, and keeps it for the session. */
static DbaasError *
open_connection(const ForeignServer *server, const UserMapping *mapping, DbaasConnection **result)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw connection",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasConnection *conn = palloc0(sizeof(DbaasConnection));
	DbaasHttpSettings settings;
	DbaasError *error;
	bool		no_room;

	conn->cxt = cxt;
	conn->serverid = server->serverid;
	conn->umid = mapping->umid;
	conn->server_hash = GetSysCacheHashValue1(FOREIGNSERVEROID, ObjectIdGetDatum(conn->serverid));
	conn->mapping_hash = GetSysCacheHashValue1(USERMAPPINGOID, ObjectIdGetDatum(conn->umid));
	conn->server_name = pstrdup(server->servername);
	conn->facts = dbaas_stats_get_server(server->servername);
	conn->options = copyObject(server->options);
	dbaas_server_parse(conn->options, &conn->settings);
	conn->pace = dbaas_pace_get(conn->serverid);
	dbaas_pace_set_rate(conn->pace, conn->settings.requests_per_second);

	error = dbaas_credentials_read(server, mapping, &conn->credentials);
	if (error)
	{
		MemoryContextSwitchTo(oldcxt);
		return error;			/* in cxt, which goes with its parent */
	}

	conn->fingerprint = make_fingerprint(conn);
	settings.connect_timeout_ms = conn->settings.connect_timeout_ms;
	settings.request_timeout_ms = conn->settings.request_timeout_ms;
	settings.max_response_bytes = conn->settings.max_response_bytes;
	settings.ca_pem = conn->credentials.ca_pem;
	settings.proxy = conn->settings.proxy;
	settings.user_agent = "dbaas_fdw/" DBAAS_FDW_VERSION;
	conn->pool = dbaas_http_pool_open(&settings, &no_room);
	MemoryContextSwitchTo(oldcxt);
	if (no_room)
	{
		error = dbaas_error_new(ERRCODE_INSUFFICIENT_RESOURCES,
								"too many files are open in this process to connect to server "
								"\"%s\"",
								server->servername);
		error->hint = DBAAS_HTTP_ROOM_HINT;
		return error;
	}
	if (conn->pool == NULL)
		return dbaas_error_new(ERRCODE_FDW_OUT_OF_MEMORY,
							   "could not initialize libcurl for server \"%s\"",
							   server->servername);

	MemoryContextSetParent(cxt, CacheMemoryContext);
	dlist_push_tail(&connections, &conn->node);
	*result = conn;
	if (conn->credentials.exposed)
		dbaas_error_notice(WARNING,
						   (errcode(ERRCODE_WARNING),
							errmsg("others may read or change the file of option "
								   "\"api_secret_file\" for server \"%s\"",
								   dbaas_error_text_for_client(server->servername)),
							errhint("It should belong to the server's operating-system user with "
									"permissions 0600, "
									"or to root with 0640.")));
	return NULL;
}

/*
 * Reads the credentials of a connection again, the options of which have not changed.
 * If they differ, a file has changed: the connection becomes stale.
 */
static DbaasError *
recheck_files(DbaasConnection *conn, const UserMapping *mapping)
{
	DbaasCredentials current;
	DbaasError *error = dbaas_credentials_read(GetForeignServer(conn->serverid), mapping,
											   &current);

	if (error)
		return error;
	conn->recheck_files = false;
	conn->stale = !dbaas_credentials_equal(&current, &conn->credentials);
	dbaas_credentials_erase(&current);
	return NULL;
}

static void
close_connection(DbaasConnection *conn)
{
	dlist_delete(&conn->node);
	dbaas_http_pool_close(conn->pool);
	dbaas_credentials_erase(&conn->credentials);
	MemoryContextDelete(conn->cxt);
}

static void
release_reference(void *arg)
{
	Reference  *reference = arg;

	if (--reference->conn->references == 0 && reference->conn->stale)
		close_connection(reference->conn);
}

void
dbaas_connection_hold(DbaasConnection *conn, MemoryContext cxt)
{
	Reference  *reference = MemoryContextAlloc(cxt, sizeof(Reference));

	reference->conn = conn;
	reference->callback.func = release_reference;
	reference->callback.arg = reference;
	/* NOLINTNEXTLINE: open_connection() sets *conn, unless it fails */
	conn->references++;
	MemoryContextRegisterResetCallback(cxt, &reference->callback);
}

DbaasError *
dbaas_connection_get(Oid serverid, Oid userid, MemoryContext cxt, DbaasConnection **conn)
{
	UserMapping mapping;
	dlist_mutable_iter iter;
	DbaasError *error = dbaas_credentials_mapping(userid, serverid, &mapping);

	*conn = NULL;
	if (error)
		return error;

	dlist_foreach_modify(iter, &connections)
	{
		DbaasConnection *open = dlist_container(DbaasConnection, node, iter.cur);

		if (open->umid == mapping.umid && !open->stale && open->recheck_files)
			error = recheck_files(open, &mapping);
		if (error)
			return error;
		if (open->stale && open->references == 0)
			close_connection(open);
		else if (open->umid == mapping.umid && !open->stale)
			*conn = open;
	}
	if (*conn == NULL)
		error = open_connection(GetForeignServer(serverid), &mapping, conn);
	if (error)
		return error;

	dbaas_connection_hold(*conn, cxt);
	return NULL;
}

bool
dbaas_connection_disconnect(Oid serverid)
{
	dlist_mutable_iter iter;
	bool		any = false;

	dlist_foreach_modify(iter, &connections)
	{
		DbaasConnection *conn = dlist_container(DbaasConnection, node, iter.cur);

		if (OidIsValid(serverid) && conn->serverid != serverid)
			continue;
		any = any || !conn->stale;
		conn->stale = true;
		if (conn->references == 0)
			close_connection(conn);
	}
	return any;
}

/* ------------------------------------------------------------------------
 * What a connection has
 * ------------------------------------------------------------------------ */

bool
dbaas_connection_equal(const DbaasConnection *a, const DbaasConnection *b)
{
	return a->serverid == b->serverid && a->umid == b->umid && equal(a->options, b->options) &&
		dbaas_credentials_equal(&a->credentials, &b->credentials);
}

uint64
dbaas_connection_fingerprint(const DbaasConnection *conn)
{
	return conn->fingerprint;
}

bool
dbaas_connection_same_key(const DbaasConnection *a, const DbaasConnection *b)
{
	return strcmp(a->credentials.api_key, b->credentials.api_key) == 0;
}

void
dbaas_connection_recheck_files(DbaasConnection *conn)
{
	conn->recheck_files = true;
}

bool
dbaas_connection_is_current(const DbaasConnection *conn)
{
	return !conn->stale;
}

Oid
dbaas_connection_server(const DbaasConnection *conn)
{
	return conn->serverid;
}

const DbaasServerSettings *
dbaas_connection_settings(const DbaasConnection *conn)
{
	return &conn->settings;
}

MemoryContext
dbaas_connection_context(DbaasConnection *conn)
{
	return conn->cxt;
}

DbaasServerFacts *
dbaas_connection_facts(DbaasConnection *conn)
{
	return conn->facts;
}

DbaasZones *
dbaas_connection_zones(const DbaasConnection *conn)
{
	return conn->zones;
}

void
dbaas_connection_set_zones(DbaasConnection *conn, DbaasZones *zones)
{
	conn->zones = zones;
}

DbaasHttpPool *
dbaas_connection_pool(DbaasConnection *conn)
{
	return conn->pool;
}

const char *
dbaas_connection_server_name(const DbaasConnection *conn)
{
	return conn->server_name;
}

DbaasError *
dbaas_connection_sign(const DbaasConnection *conn, const char *method, const char *url,
					  const char *body, const char *names, const char *values,
					  char **authorization)
{
	char	   *path = dbaas_url_path(url);

	if (path == NULL)
		return dbaas_error_new(ERRCODE_OUT_OF_MEMORY, "out of memory");
	return dbaas_credentials_sign(&conn->credentials, method, path, body ? body : "",
								  names, values, authorization);
}

char *
dbaas_connection_mask(const DbaasConnection *conn, char *text)
{
	return dbaas_secret_mask(text, list_make1(conn->credentials.api_secret));
}

DbaasPace *
dbaas_connection_pace(const DbaasConnection *conn)
{
	return conn->pace;
}

DbaasMoment
dbaas_connection_next_slot(const DbaasConnection *conn, DbaasMoment now)
{
	if (conn->in_flight >= conn->settings.max_concurrency)
		return 0;
	return Max(dbaas_pace_due(conn->pace, now), 1);
}

bool
dbaas_connection_take_slot(DbaasConnection *conn, DbaasMoment now)
{
	DbaasMoment next = dbaas_connection_next_slot(conn, now);

	if (next == 0 || next > now)
		return false;
	dbaas_pace_count(conn->pace, now);
	conn->in_flight++;
	return true;
}

void
dbaas_connection_free_slot(DbaasConnection *conn)
{
	conn->in_flight--;
}
