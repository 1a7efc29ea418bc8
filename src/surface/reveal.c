/*-------------------------------------------------------------------------
 *
 * reveal.c
 *		dbaas_fdw_reveal(): the one place where a secret of a service comes out.
 *
 * The paths and what their responses hold are in the catalogue.  Responses are neither kept
 * nor shared, and no error shows any of them.  Each call leaves a line in the server's log,
 * which says who asked for what.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_foreign_server.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/progress.h"
#include "base/compat.h"
#include "write/known.h"
#include "write/queue.h"
#include "write/report.h"

PG_FUNCTION_INFO_V1(dbaas_fdw_reveal);

/* One call.  Texts are in UTF-8. */
typedef struct Reveal
{
	ForeignServer *server;
	const char *zone;			/* or NULL: the one that has the service */
	const char *service;
	const char *user;			/* or NULL: of the service itself */
	const char *secret;			/* member of the response */
	const char *sender;			/* of the call, as the log says */
	DbaasRead	lookup;			/* of the service */
	DbaasListedService found;	/* the service */
} Reveal;

/* The call that runs, which has no line in the log yet; or NULL */
static const Reveal *revealing;

/* ------------------------------------------------------------------------
 * Arguments
 * ------------------------------------------------------------------------ */

/* An argument that is a text, in UTF-8; NULL if it is null, which "name" must not be. */
static const char *
text_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (!PG_ARGISNULL(number))
	{
		char	   *value = text_to_cstring(PG_GETARG_TEXT_PP(number));

		return pg_server_to_any(value, strlen(value), PG_UTF8);
	}
	if (name)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" of dbaas_fdw_reveal() cannot be null", name)));
	return NULL;
}

static Reveal
take_arguments(FunctionCallInfo fcinfo)
{
	Reveal		reveal = {0};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" of dbaas_fdw_reveal() cannot be null", "server")));
	reveal.server = GetForeignServerByName(NameStr(*PG_GETARG_NAME(0)), false);
	reveal.zone = text_argument(fcinfo, 1, NULL);
	reveal.service = text_argument(fcinfo, 2, "service_name");
	reveal.user = text_argument(fcinfo, 3, NULL);
	reveal.secret = text_argument(fcinfo, 4, "secret");
	return reveal;
}

/* May the caller use the server, and is this no dry run? */
static void
check_allowed(const Reveal *reveal)
{
	if (!dbaas_has_server_usage(reveal->server->serverid, GetUserId()))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_SERVER, reveal->server->servername);
	if (dbaas_dry_run)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("dbaas_fdw.dry_run is on, and a secret would be revealed"),
				 errhint("Set it off to reveal secrets.")));
}

/* ------------------------------------------------------------------------
 * The service
 * ------------------------------------------------------------------------ */

static const DbaasZone *
find_zone(const Reveal *reveal, const DbaasZones *zones)
{
	const DbaasZone *zone = reveal->zone ? dbaas_zones_find(zones, reveal->zone) : NULL;

	if (reveal->zone && zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("zone \"%s\" is not one of the server's zones",
						dbaas_error_name(reveal->zone)),
				 errhint("The zones are: %s.", dbaas_zones_names(zones))));
	return zone;
}

/*
 * Finds the service in the lists of the zones: in those that the transaction keeps, and
 * else in new ones, which it then keeps.  A query may reveal a secret of each of its rows.
 */
static void
find_service(Reveal *reveal)
{
	const DbaasZones *zones;
	const DbaasZone *zone;
	List	   *found;
	DbaasError *error = dbaas_read_zones(&reveal->lookup, &reveal->zone, reveal->zone != NULL,
										 &zones);

	if (error)
		dbaas_error_raise(error);
	zone = find_zone(reveal, zones);
	if (dbaas_known_locate(reveal->lookup.conn, zones, zone, reveal->service, &reveal->found) == 1)
		return;
	error = dbaas_parents_locate(&reveal->lookup, zone, reveal->service,
								 &dbaas_catalogue_service_facts, &found);
	if (error)
		dbaas_error_raise(error);
	if (list_length(found) != 1)
		ereport(ERROR,
				(errcode(found == NIL ? ERRCODE_UNDEFINED_OBJECT : ERRCODE_AMBIGUOUS_ALIAS),
				 found == NIL ?
				 errmsg("there is no service \"%s\" in %s%s", dbaas_error_name(reveal->service),
						zone ? "zone " : "any zone", zone ? zone->name : "") :
				 errmsg("there is a service \"%s\" in several zones: %s",
						dbaas_error_name(reveal->service), dbaas_parents_zones(found)),
				 found == NIL ? 0 : errhint("Name the zone.")));
	for (int i = 0; i < zones->n; i++)
	{
		if (zone == NULL || strcmp(zones->zones[i].name, zone->name) == 0)
			dbaas_known_keep(&reveal->lookup, &dbaas_catalogue_service_facts, &zones->zones[i]);
	}
	reveal->found = *(DbaasListedService *) linitial(found);
}

/* ------------------------------------------------------------------------
 * The secret
 * ------------------------------------------------------------------------ */

pg_noreturn static void
refuse_secret(const Reveal *reveal, const DbaasReveal *endpoint)
{
	StringInfoData members;

	initStringInfo(&members);
	for (int i = 0; endpoint->members[i]; i++)
		appendStringInfo(&members, "%s%s", i ? ", " : "", endpoint->members[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no secret \"%s\" of a %s of type \"%s\"",
					dbaas_error_name(reveal->secret),
					endpoint->of_service ? "service" : "user of a service", reveal->found.type),
			 errhint("There is: %s.", members.data)));
}

/* What of the catalogue reveals the secret. */
static const DbaasReveal *
find_endpoint(const Reveal *reveal)
{
	bool		of_service = reveal->user == NULL;
	const char *type = reveal->found.type ? reveal->found.type : "";
	const DbaasReveal *endpoint = dbaas_catalogue_find_reveal(dbaas_catalogue_users, type,
															  of_service);

	if (endpoint == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("service \"%s\" of type \"%s\" has no secret that can be revealed%s",
						dbaas_error_name(reveal->service), dbaas_error_name(type),
						of_service ? " without a user" : ""),
				 of_service ? errhint("Name the user.") : 0));
	for (int i = 0; endpoint->members[i]; i++)
	{
		if (strcmp(endpoint->members[i], reveal->secret) == 0)
			return endpoint;
	}
	refuse_secret(reveal, endpoint);
}

static char *
make_path(const Reveal *reveal, const DbaasReveal *endpoint)
{
	const DbaasResource *users = dbaas_catalogue_users;
	const char **args = palloc0(users->ncolumns * sizeof(char *));

	args[users->index.services[0]] = reveal->service;
	args[users->index.type] = reveal->found.type;
	args[users->index.created] = reveal->user;
	if (reveal->user && !dbaas_path_can_hold(reveal->user))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the API has no user \"%s\"", dbaas_error_name(reveal->user)),
				 errdetail("It cannot be a segment of a path.")));
	return dbaas_path_expand(&endpoint->parsed, args);
}

pg_noreturn static void
refuse_response(const DbaasCall *call, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_ERROR),
			 errmsg("%s answered with an unexpected shape", dbaas_call_label(call)),
			 errdetail("%s", detail)));
}

/* The secret in the server's encoding.  The error of a conversion would show a part of it. */
static text *
make_result(const DbaasCall *call, const char *secret, size_t len)
{
	text	   *volatile result = NULL;
	MemoryContext cxt = CurrentMemoryContext;

	if (memchr(secret, '\0', len))
		refuse_response(call, "The secret has a NUL character.");
	PG_TRY();
	{
		result = cstring_to_text(pg_any_to_server(secret, len, PG_UTF8));
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		FlushErrorState();
	}
	PG_END_TRY();
	if (result == NULL)
		refuse_response(call, "The secret has a character that the server's encoding lacks.");
	return result;
}

/* Requests the secret, and waits for it. */
static text *
request_secret(const Reveal *reveal, DbaasBudget *budget)
{
	const DbaasReveal *endpoint = find_endpoint(reveal);
	DbaasCallSpec spec = {
		.kind = DBAAS_CALL_READ,
		.confidential = true,
		.zone = reveal->found.zone->name,
		.base = reveal->found.zone->base,
		.method = "GET",
		.path_template = endpoint->path,
		.path = make_path(reveal, endpoint),
		.budget = budget
	};
	DbaasCall  *call = dbaas_call_start(reveal->lookup.conn, CurrentMemoryContext, &spec);
	const DbaasJson *response;
	const DbaasJson *member;
	const char *secret;
	size_t		len;

	while (!dbaas_call_done(call))
		dbaas_progress_wait(NULL, 0);
	if (dbaas_call_error(call))
		dbaas_error_raise(dbaas_call_error(call));
	response = dbaas_call_response(call);
	if (response == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s failed with HTTP status %d", dbaas_call_label(call),
						dbaas_call_status(call)),
				 errhint("Table dbaas_users lists the users of services.")));
	member = dbaas_json_member(response, reveal->secret);
	if (!dbaas_json_is(member, DBAAS_JSON_STRING))
		refuse_response(call, psprintf("It has no text \"%s\".", reveal->secret));
	secret = dbaas_json_string(member, &len);
	return make_result(call, secret, len);
}

/* Finds the service, and requests the secret; in the current memory context. */
static text *
reveal_secret(Reveal *reveal, DbaasBudget *budget)
{
	DbaasError *error;

	check_allowed(reveal);
	reveal->lookup.statement = dbaas_statement_get(CurrentMemoryContext);
	reveal->lookup.budget = budget;
	reveal->lookup.skip = DBAAS_SKIP_CHANGES_WRITES;
	reveal->lookup.caching = DBAAS_CACHE_NOTHING;
	error = dbaas_connection_get(reveal->server->serverid, GetUserId(), CurrentMemoryContext,
								 &reveal->lookup.conn);
	if (error)
		dbaas_error_raise(error);
	find_service(reveal);
	return request_secret(reveal, budget);
}

/* ------------------------------------------------------------------------
 * The log
 * ------------------------------------------------------------------------ */

/*
 * Writes the line of the call that runs to the server's log, but not to the client.  There
 * is one for each call.
 */
static void
log_line(const char *outcome)
{
	const Reveal *reveal = revealing;
	const char *zone = reveal->found.zone ? reveal->found.zone->name : reveal->zone;

	revealing = NULL;
	ereport(LOG_SERVER_ONLY,
			(errmsg_internal("dbaas_fdw reveal: %s of %s%s%sservice %s in zone %s: %s, by %s",
							 dbaas_report_name(reveal->secret), reveal->user ? "user " : "",
							 reveal->user ? dbaas_report_name(reveal->user) : "",
							 reveal->user ? " of " : "", dbaas_report_name(reveal->service),
							 zone ? dbaas_report_name(zone) : "?", outcome, reveal->sender),
			 errhidestmt(true), errhidecontext(true)));
}

/* The session ends; perhaps within a call, which then gets no error that could be caught. */
static void
log_exit(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	if (revealing)
		log_line("failed, as the session ended");
}

static void
begin_call(const Reveal *reveal)
{
	static bool registered = false;

	if (!registered)
		before_shmem_exit(log_exit, (Datum) 0);
	registered = true;
	revealing = reveal;
}

/*
 * dbaas_fdw_reveal(server name, zone text, service_name text, username text,
 * secret text DEFAULT 'password') returns text
 */
PGDLLEXPORT Datum
dbaas_fdw_reveal(PG_FUNCTION_ARGS)
{
	MemoryContext caller_cxt = CurrentMemoryContext;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw reveal",
											  ALLOCSET_SMALL_SIZES);
	DbaasBudget *budget = dbaas_statement_budget(dbaas_statement_get(fcinfo->flinfo->fn_mcxt));
	text	   *volatile result = NULL;
	text	   *copy;
	Reveal		reveal;

	MemoryContextSwitchTo(cxt);
	reveal = take_arguments(fcinfo);
	reveal.sender = dbaas_report_sender(reveal.server->serverid, GetUserId());
	begin_call(&reveal);
	PG_TRY();
	{
		result = reveal_secret(&reveal, budget);
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		/* Another interrupt must not come before the line. */
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(cxt);
		edata = CopyErrorData();
		FlushErrorState();
		log_line(psprintf("failed with SQLSTATE %s", unpack_sql_state(edata->sqlerrcode)));
		RESUME_INTERRUPTS();
		ReThrowError(edata);
	}
	PG_END_TRY();
	log_line("revealed");
	MemoryContextSwitchTo(caller_cxt);
	copy = (text *) PG_DETOAST_DATUM_COPY(PointerGetDatum(result));
	MemoryContextDelete(cxt);
	PG_RETURN_TEXT_P(copy);
}
