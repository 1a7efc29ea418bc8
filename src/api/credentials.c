/*-------------------------------------------------------------------------
 *
 * credentials.c
 *		The key and secret of a user mapping, and the certificates to trust.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "api/credentials.h"
#include "api/sign.h"
#include "base/file.h"
#include "tables/options.h"

/* A signature is valid for this long, as with the vendor's clients. */
#define SIGNATURE_SECONDS 600

/* A secret is the first line of its file. */
#define MAX_SECRET_BYTES 1024

/* Bundles of all public CAs have some hundred kilobytes. */
#define MAX_CA_BYTES (2 * 1024 * 1024)

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
 * The error of a user without a mapping (missing is NULL), or of a mapping that lacks
 * options: "missing" says how to add them, as in "ADD api_key '...'".
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

/* Like GetUserMapping(), except that the lack of a mapping is an error by value. */
DbaasError *
dbaas_credentials_mapping(Oid userid, Oid serverid, UserMapping *mapping)
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
		return no_credentials(GetForeignServer(serverid), mapping, "has no user mapping", NULL);

	mapping->umid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->oid;
	datum = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple,
							Anum_pg_user_mapping_umoptions, &isnull);
	mapping->options = isnull ? NIL : untransformRelOptions(datum);
	ReleaseSysCache(tuple);
	return NULL;
}

/* Checks that a text can be a secret.  "source" is where it comes from. */
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

/* Reads the secret, which is the first line of the file. */
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
								"the first line of the file of option \"api_secret_file\" is "
								"longer than %d bytes",
								MAX_SECRET_BYTES);
	else if (text[0] == '\0')
		error = dbaas_error_new(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
								"the file of option \"api_secret_file\" has no secret in its "
								"first line");
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
							   "the file of option \"ca_file\" is larger than %d bytes",
							   MAX_CA_BYTES);
	if (strlen(*pem) < len || strstr(*pem, "CERTIFICATE-----") == NULL)
		return dbaas_error_new(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
							   "the file of option \"ca_file\" holds no PEM certificates");
	return NULL;
}

DbaasError *
dbaas_credentials_read(const ForeignServer *server, const UserMapping *mapping,
					   DbaasCredentials *credentials)
{
	const char *key = dbaas_options_string(mapping->options, "api_key");
	const char *secret = dbaas_options_string(mapping->options, "api_secret");
	const char *secret_file = dbaas_options_string(mapping->options, "api_secret_file");
	const char *ca_file = dbaas_options_string(server->options, "ca_file");
	DbaasError *error;

	memset(credentials, 0, sizeof(DbaasCredentials));
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

bool
dbaas_credentials_equal(const DbaasCredentials *a, const DbaasCredentials *b)
{
	return strcmp(a->api_key, b->api_key) == 0 && strcmp(a->api_secret, b->api_secret) == 0 &&
		strcmp(a->ca_pem ? a->ca_pem : "", b->ca_pem ? b->ca_pem : "") == 0;
}

void
dbaas_credentials_erase(DbaasCredentials *credentials)
{
	explicit_bzero(credentials->api_secret, strlen(credentials->api_secret));
}

DbaasError *
dbaas_credentials_sign(const DbaasCredentials *credentials, const char *method, const char *path,
					   const char *body, const char *names, const char *values,
					   char **authorization)
{
	return dbaas_sign_request(credentials->api_key, credentials->api_secret, method, path, body,
							  names, values, (int64) time(NULL) + SIGNATURE_SECONDS,
							  authorization);
}
