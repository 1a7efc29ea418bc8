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

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "foreign/foreign.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "api/connection.h"
#include "api/sign.h"
#include "base/file.h"
#include "base/url.h"
#include "base/version.h"
#include "tables/options.h"
#include "tables/secret.h"

/* A signature holds for this long, as the vendor's clients have it. */
#define SIGNATURE_SECONDS 600

/* A secret is the first line of its file. */
#define MAX_SECRET_BYTES 1024

/* Bundles of all public CAs have some hundred kilobytes. */
#define MAX_CA_BYTES (2 * 1024 * 1024)

/* What a connection proves itself with, and by what it knows the server. */
typedef struct Credentials
{
	char	   *api_key;
	char	   *api_secret;
	bool		exposed;		/* by the file that the secret is in */
	char	   *ca_pem;			/* certificates, or NULL: the system's */
} Credentials;

struct DbaasConnection
{
	dlist_node	node;			/* in "connections" */
	MemoryContext cxt;
	int			references;		/* contexts that use it */
	bool		stale;			/* options have changed, or disconnected */
	bool		doubted;		/* refused: a file may have changed */
	Oid			serverid;
	Oid			umid;
	uint32		server_hash;	/* for invalidation */
	uint32		mapping_hash;
	char	   *server_name;
	DbaasServerFacts *facts;
	List	   *options;
	Credentials credentials;
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

static DbaasError *open_connection(const ForeignServer *server, const UserMapping *mapping,
								   DbaasConnection **result);
static DbaasError *check_doubted(DbaasConnection *conn, const UserMapping *mapping);
static DbaasError *read_credentials(const ForeignServer *server, const UserMapping *mapping,
									Credentials *credentials);
static DbaasError *no_credentials(const ForeignServer *server, const UserMapping *mapping,
								  const char *what, const char *missing);
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
 * The user's mapping, or else the public one: mapping->umid is InvalidOid when
 * there is neither, which is no error yet, unlike in GetUserMapping().
 */
static void
find_user_mapping(Oid userid, Oid serverid, UserMapping *mapping)
{
	HeapTuple	tuple;
	Datum		datum;
	bool		isnull;

	memset(mapping, 0, sizeof(UserMapping));
	mapping->serverid = serverid;
	mapping->userid = userid;
	tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(userid),
							ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
		tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid),
								ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
		return;

	mapping->umid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->oid;
	datum = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple,
							Anum_pg_user_mapping_umoptions, &isnull);
	mapping->options = isnull ? NIL : untransformRelOptions(datum);
	ReleaseSysCache(tuple);
}

DbaasError *
dbaas_connection_get(Oid serverid, Oid userid, MemoryContext cxt, DbaasConnection **conn)
{
	UserMapping mapping;
	Reference  *reference;
	dlist_mutable_iter iter;
	DbaasError *error = NULL;

	*conn = NULL;
	find_user_mapping(userid, serverid, &mapping);
	if (!OidIsValid(mapping.umid))
		return no_credentials(GetForeignServer(serverid), &mapping, "has no user mapping", NULL);

	dlist_foreach_modify(iter, &connections)
	{
		DbaasConnection *open = dlist_container(DbaasConnection, node, iter.cur);

		if (open->umid == mapping.umid && !open->stale && open->doubted)
			error = check_doubted(open, &mapping);
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

	reference = MemoryContextAlloc(cxt, sizeof(Reference));
	reference->conn = *conn;
	reference->callback.func = release_reference;
	reference->callback.arg = reference;
	(*conn)->references++;
	MemoryContextRegisterResetCallback(cxt, &reference->callback);
	return NULL;
}

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
	conn->facts = dbaas_stats_server(server->servername);
	conn->options = copyObject(server->options);
	conn->limits.concurrency = (int) dbaas_options_number(conn->options, "max_concurrency");
	conn->limits.retries = (int) dbaas_options_number(conn->options, "max_retries");
	conn->limits.response_bytes = (size_t) dbaas_options_number(conn->options, "max_response_bytes");

	error = read_credentials(server, mapping, &conn->credentials);
	if (error)
	{
		MemoryContextSwitchTo(oldcxt);
		return error;			/* cxt goes with its parent, as the error does */
	}

	settings.connect_timeout_ms = (long) (dbaas_options_number(conn->options, "connect_timeout") * 1000);
	settings.request_timeout_ms = (long) (dbaas_options_number(conn->options, "request_timeout") * 1000);
	settings.max_response_bytes = conn->limits.response_bytes;
	settings.ca_pem = conn->credentials.ca_pem;
	settings.proxy = dbaas_options_string(conn->options, "proxy");
	settings.user_agent = "dbaas_fdw/" DBAAS_FDW_VERSION;
	conn->pool = dbaas_http_pool_open(&settings, &no_room);
	MemoryContextSwitchTo(oldcxt);
	if (no_room)
	{
		error = dbaas_error_new(ERRCODE_INSUFFICIENT_RESOURCES,
								"too many files are open in this process to connect to server \"%s\"",
								server->servername);
		error->hint = DBAAS_HTTP_ROOM_HINT;
		return error;
	}
	if (conn->pool == NULL)
		return dbaas_error_new(ERRCODE_FDW_OUT_OF_MEMORY,
							   "could not initialize libcurl for server \"%s\"", server->servername);

	MemoryContextSetParent(cxt, CacheMemoryContext);
	dlist_push_tail(&connections, &conn->node);
	*result = conn;
	if (conn->credentials.exposed)
		dbaas_error_notice(WARNING,
						   (errcode(ERRCODE_WARNING),
							errmsg("others may read or change the file of option \"api_secret_file\" for server \"%s\"",
								   dbaas_error_shown(server->servername)),
							errhint("It should belong to the server's operating-system user with permissions 0600, "
									"or to root with 0640.")));
	return NULL;
}

static bool
same_credentials(const Credentials *a, const Credentials *b)
{
	return strcmp(a->api_key, b->api_key) == 0 && strcmp(a->api_secret, b->api_secret) == 0 &&
		strcmp(a->ca_pem ? a->ca_pem : "", b->ca_pem ? b->ca_pem : "") == 0;
}

bool
dbaas_connection_equal(const DbaasConnection *a, const DbaasConnection *b)
{
	return a->serverid == b->serverid && a->umid == b->umid && equal(a->options, b->options) &&
		same_credentials(&a->credentials, &b->credentials);
}

bool
dbaas_connection_same_key(const DbaasConnection *a, const DbaasConnection *b)
{
	return strcmp(a->credentials.api_key, b->credentials.api_key) == 0;
}

/*
 * The API, or TLS, has refused a connection whose options are what they were.
 * It is stale if a file that they name is another now.
 */
static DbaasError *
check_doubted(DbaasConnection *conn, const UserMapping *mapping)
{
	Credentials now;
	DbaasError *error = read_credentials(GetForeignServer(conn->serverid), mapping, &now);

	if (error)
		return error;
	conn->doubted = false;
	conn->stale = !same_credentials(&now, &conn->credentials);
	explicit_bzero(now.api_secret, strlen(now.api_secret));
	return NULL;
}

/* Is it the mapping for PUBLIC? */
static bool
is_public(Oid umid)
{
	HeapTuple	tuple = SearchSysCache1(USERMAPPINGOID, ObjectIdGetDatum(umid));
	bool		public = false;

	if (HeapTupleIsValid(tuple))
	{
		public = !OidIsValid(((Form_pg_user_mapping) GETSTRUCT(tuple))->umuser);
		ReleaseSysCache(tuple);
	}
	return public;
}

/*
 * The error of a user without mapping, or whose mapping lacks options; missing
 * is how they are added, as in "ADD api_key '...'".
 */
static DbaasError *
no_credentials(const ForeignServer *server, const UserMapping *mapping,
			   const char *what, const char *missing)
{
	char	   *user = GetUserNameFromId(mapping->userid, true);
	const char *name = quote_identifier(server->servername);
	bool		usage = user == NULL || dbaas_has_server_usage(server->serverid, mapping->userid);
	const char *whom = usage && mapping->userid == GetUserId() ? "CURRENT_USER" :
		quote_identifier(user ? user : "?");
	DbaasError *error = dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
										"user \"%s\" %s for server \"%s\"",
										user ? user : "?", what, server->servername);

	if (missing)
		error->hint = psprintf("ALTER USER MAPPING FOR %s SERVER %s OPTIONS (%s).",
							   is_public(mapping->umid) ? "PUBLIC" : whom, name, missing);
	else
		error->hint = psprintf("CREATE USER MAPPING FOR %s SERVER %s "
							   "OPTIONS (api_key '...', api_secret '...')%s.", whom, name,
							   usage ? "" :
							   psprintf(", as the server's owner, or after "
										"GRANT USAGE ON FOREIGN SERVER %s TO %s", name, whom));
	return error;
}

/* Is the text fit to be a secret?  If not, it is refused where it comes from. */
static DbaasError *
check_secret(const char *secret, const char *source)
{
	DbaasError *error;

	if (dbaas_options_is_token(secret))
		return NULL;
	error = dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
							"%s is not a secret of an API key", source);
	error->detail = "It must be visible ASCII characters without commas; spaces at its end count.";
	return error;
}

/* The secret is the first line of the file. */
static DbaasError *
read_secret_file(const char *path, char **secret, bool *exposed)
{
	char	   *text;
	size_t		len;
	DbaasError *error = dbaas_file_read("api_secret_file", path,
										ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
										MAX_SECRET_BYTES + 1, &text, &len, exposed);

	if (error)
		return error;
	text[strcspn(text, "\r\n")] = '\0';
	if (len == 0)
		error = dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
								"the file of option \"api_secret_file\" is empty");
	else if (strlen(text) > MAX_SECRET_BYTES)
		error = dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
								"the first line of the file of option \"api_secret_file\" is longer than %d bytes",
								MAX_SECRET_BYTES);
	else if (text[0] == '\0')
		error = dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
								"the file of option \"api_secret_file\" has no secret in its first line");
	else
		error = check_secret(text, "the first line of the file of option \"api_secret_file\"");
	if (error == NULL)
		*secret = pstrdup(text);
	explicit_bzero(text, len);
	pfree(text);
	return error;
}

static DbaasError *
read_ca_file(const char *path, char **pem)
{
	size_t		len;
	DbaasError *error = dbaas_file_read("ca_file", path,
										ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
										MAX_CA_BYTES + 1, pem, &len, NULL);

	if (error)
		return error;
	if (len > MAX_CA_BYTES)
		return dbaas_error_new(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
							   "the file of option \"ca_file\" is larger than %d bytes", MAX_CA_BYTES);
	if (strlen(*pem) < len || strstr(*pem, "CERTIFICATE-----") == NULL)
		return dbaas_error_new(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
							   "the file of option \"ca_file\" holds no PEM certificates");
	return NULL;
}

/* In the current memory context. */
static DbaasError *
read_credentials(const ForeignServer *server, const UserMapping *mapping,
				 Credentials *credentials)
{
	const char *key = dbaas_options_string(mapping->options, "api_key");
	const char *secret = dbaas_options_string(mapping->options, "api_secret");
	const char *secret_file = dbaas_options_string(mapping->options, "api_secret_file");
	const char *ca_file = dbaas_options_string(server->options, "ca_file");
	DbaasError *error;

	memset(credentials, 0, sizeof(Credentials));
	if (key == NULL)
		return no_credentials(server, mapping, "has no API key",
							  secret || secret_file ? "ADD api_key '...'" :
							  "ADD api_key '...', ADD api_secret '...'");
	if (secret == NULL && secret_file == NULL)
		return no_credentials(server, mapping, "has no secret of the API key",
							  "ADD api_secret '...'");

	credentials->api_key = pstrdup(key);
	if (secret)
	{
		error = check_secret(secret, "option \"api_secret\"");
		credentials->api_secret = pstrdup(secret);
	}
	else
		error = read_secret_file(secret_file, &credentials->api_secret, &credentials->exposed);
	if (error == NULL && ca_file)
		error = read_ca_file(ca_file, &credentials->ca_pem);
	return error;
}

static void
close_connection(DbaasConnection *conn)
{
	dlist_delete(&conn->node);
	dbaas_http_pool_close(conn->pool);
	explicit_bzero(conn->credentials.api_secret, strlen(conn->credentials.api_secret));
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

void
dbaas_connection_doubt(DbaasConnection *conn)
{
	conn->doubted = true;
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
						const char *body, const char *names, const char *values,
						char **authorization)
{
	char	   *path = dbaas_url_path(url);

	return dbaas_sign_request(conn->credentials.api_key, conn->credentials.api_secret, method,
							  path ? path : "", body ? body : "", names, values,
							  (int64) time(NULL) + SIGNATURE_SECONDS, authorization);
}

char *
dbaas_connection_mask(const DbaasConnection *conn, char *text)
{
	char	   *secret = conn->credentials.api_secret;

	return secret ? dbaas_secret_mask(text, list_make1(secret)) : text;
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
