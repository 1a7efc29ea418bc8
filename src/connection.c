/*-------------------------------------------------------------------------
 *
 * connection.c
 *		The session's connections to servers, with their credentials.
 *
 * A connection is a server as one user mapping reaches it.  It is opened when
 * it is first wanted, shared by all who want it, and stale once the server or
 * the mapping has changed: those who use it keep it, the next get another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>
#include <unistd.h>

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "connection.h"
#include "foreign/foreign.h"
#include "lib/ilist.h"
#include "mask.h"
#include "miscadmin.h"
#include "options.h"
#include "sign.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "version.h"

/* A signature holds for this long, as the vendor's clients have it. */
#define SIGNATURE_SECONDS 600

/* A secret file is one line. */
#define MAX_SECRET_BYTES 1024

struct DbaasConnection
{
	dlist_node	node;			/* in "connections" */
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
	DbaasLimits limits;
	int			turns;			/* taken: requests in flight */
	DbaasHttpPool *pool;
	void	   *zones;
};

/* Holds a connection while a memory context lives. */
typedef struct Reference
{
	MemoryContextCallback callback;
	DbaasConnection *conn;
} Reference;

static dlist_head connections = DLIST_STATIC_INIT(connections);

static DbaasError *open_connection(Oid serverid, Oid userid, Oid umid, List *mapping_options,
								   DbaasConnection **result);
static DbaasError *read_credentials(DbaasConnection *conn, List *options);
static DbaasError *read_secret_file(DbaasConnection *conn, const char *path);
static DbaasError *no_credentials(const char *server, Oid userid, const char *what);
static void close_connection(DbaasConnection *conn);
static void release_reference(void *arg);
static void invalidate(Datum arg, int cacheid, uint32 hashvalue);

void
dbaas_connection_init(void)
{
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, invalidate, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, invalidate, (Datum) 0);
}

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
dbaas_connection_get(Oid serverid, Oid userid, MemoryContext cxt, DbaasConnection **conn)
{
	List	   *mapping_options = NIL;
	Oid			umid = find_user_mapping(userid, serverid, &mapping_options);
	Reference  *reference;
	dlist_mutable_iter iter;

	*conn = NULL;
	if (!OidIsValid(umid))
		return no_credentials(GetForeignServer(serverid)->servername, userid,
							  "has no user mapping");

	dlist_foreach_modify(iter, &connections)
	{
		DbaasConnection *open = dlist_container(DbaasConnection, node, iter.cur);

		if (open->stale && open->references == 0)
			close_connection(open);
		else if (open->umid == umid && !open->stale)
			*conn = open;
	}
	if (*conn == NULL)
	{
		DbaasError *error = open_connection(serverid, userid, umid, mapping_options, conn);

		if (error)
			return error;
	}

	reference = MemoryContextAlloc(cxt, sizeof(Reference));
	reference->conn = *conn;
	reference->callback.func = release_reference;
	reference->callback.arg = reference;
	(*conn)->references++;
	MemoryContextRegisterResetCallback(cxt, &reference->callback);
	return NULL;
}

static DbaasError *
open_connection(Oid serverid, Oid userid, Oid umid, List *mapping_options, DbaasConnection **result)
{
	ForeignServer *server = GetForeignServer(serverid);
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw connection",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	DbaasConnection *conn = palloc0(sizeof(DbaasConnection));
	DbaasHttpSettings settings;
	DbaasError *error;

	conn->cxt = cxt;
	conn->serverid = serverid;
	conn->umid = umid;
	conn->server_hash = GetSysCacheHashValue1(FOREIGNSERVEROID, ObjectIdGetDatum(serverid));
	conn->mapping_hash = GetSysCacheHashValue1(USERMAPPINGOID, ObjectIdGetDatum(umid));
	conn->server_name = pstrdup(server->servername);
	conn->facts = dbaas_stats_server(server->servername);
	conn->options = copyObject(server->options);
	conn->limits.concurrency = (int) dbaas_option_number(conn->options, "max_concurrency");
	conn->limits.retries = (int) dbaas_option_number(conn->options, "max_retries");
	conn->limits.response_bytes = (size_t) dbaas_option_number(conn->options, "max_response_bytes");

	error = read_credentials(conn, mapping_options);
	if (error == NULL && conn->api_secret == NULL)
		error = no_credentials(conn->server_name, userid,
							   conn->api_key ? "has no secret of the API key" : "has no API key");
	if (error)
	{
		MemoryContextSwitchTo(oldcxt);
		return error;			/* cxt goes with its parent, as the error does */
	}

	settings.connect_timeout_ms = (long) (dbaas_option_number(conn->options, "connect_timeout") * 1000);
	settings.request_timeout_ms = (long) (dbaas_option_number(conn->options, "request_timeout") * 1000);
	settings.max_response_bytes = conn->limits.response_bytes;
	settings.ca_file = dbaas_option_string(conn->options, "ca_file");
	settings.proxy = dbaas_option_string(conn->options, "proxy");
	settings.user_agent = "dbaas_fdw/" DBAAS_FDW_VERSION;
	conn->pool = dbaas_http_pool_open(&settings);
	MemoryContextSwitchTo(oldcxt);
	if (conn->pool == NULL)
		return dbaas_error_new(ERRCODE_FDW_OUT_OF_MEMORY,
							   "could not initialize libcurl for server \"%s\"", server->servername);

	MemoryContextSetParent(cxt, CacheMemoryContext);
	dlist_push_tail(&connections, &conn->node);
	*result = conn;
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
read_credentials(DbaasConnection *conn, List *options)
{
	const char *key = dbaas_option_string(options, "api_key");
	const char *secret = dbaas_option_string(options, "api_secret");
	const char *file = dbaas_option_string(options, "api_secret_file");

	if (key == NULL)
		return NULL;
	conn->api_key = pstrdup(key);
	if (secret)
		conn->api_secret = pstrdup(secret);
	else if (file)
		return read_secret_file(conn, file);
	return NULL;
}

/* The secret is the first line of the file. */
static DbaasError *
read_secret_file(DbaasConnection *conn, const char *path)
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
		conn->api_secret = pstrdup(line);
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
close_connection(DbaasConnection *conn)
{
	dlist_delete(&conn->node);
	dbaas_http_pool_close(conn->pool);
	explicit_bzero(conn->api_secret, strlen(conn->api_secret));
	MemoryContextDelete(conn->cxt);
}

static void
release_reference(void *arg)
{
	Reference  *reference = arg;

	if (--reference->conn->references == 0 && reference->conn->stale)
		close_connection(reference->conn);
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

List *
dbaas_connection_options(const DbaasConnection *conn)
{
	return conn->options;
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

void **
dbaas_connection_zones_slot(DbaasConnection *conn)
{
	return &conn->zones;
}

const DbaasLimits *
dbaas_connection_limits(const DbaasConnection *conn)
{
	return &conn->limits;
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
						const char *body, char **authorization)
{
	char	   *path = dbaas_http_url_path(url);

	return dbaas_sign_request(conn->api_key, conn->api_secret, method,
							  path ? path : "", body ? body : "",
							  (int64) time(NULL) + SIGNATURE_SECONDS, authorization);
}

char *
dbaas_connection_mask(const DbaasConnection *conn, char *text)
{
	return dbaas_mask(text, conn->api_secret);
}

bool
dbaas_connection_take_turn(DbaasConnection *conn)
{
	if (conn->turns >= conn->limits.concurrency)
		return false;
	conn->turns++;
	return true;
}

void
dbaas_connection_end_turn(DbaasConnection *conn)
{
	conn->turns--;
}
