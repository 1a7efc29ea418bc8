/*-------------------------------------------------------------------------
 *
 * functions.c
 *		SQL functions about the session's connections, the options and the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "api/body.h"
#include "api/connection.h"
#include "api/stats.h"
#include "base/compat.h"
#include "base/http.h"
#include "base/version.h"
#include "read/cache.h"
#include "tables/catalogue.h"
#include "tables/options.h"
#include "write/queue.h"

PG_FUNCTION_INFO_V1(dbaas_fdw_version);
PG_FUNCTION_INFO_V1(dbaas_fdw_stats);
PG_FUNCTION_INFO_V1(dbaas_fdw_disconnect);
PG_FUNCTION_INFO_V1(dbaas_fdw_forget);
PG_FUNCTION_INFO_V1(dbaas_fdw_queued);
PG_FUNCTION_INFO_V1(dbaas_fdw_may_commit);
PG_FUNCTION_INFO_V1(dbaas_fdw_options);
PG_FUNCTION_INFO_V1(dbaas_fdw_catalogue);

/* dbaas_fdw_version() returns text */
PGDLLEXPORT Datum
dbaas_fdw_version(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("dbaas_fdw %s, libcurl %s, json-c %s",
											  DBAAS_FDW_VERSION, dbaas_http_version(),
											  dbaas_body_version())));
}

/*
 * dbaas_fdw_stats() returns setof (server, operation, requests, errors,
 * retries, bytes, seconds, cache_hits)
 */
PGDLLEXPORT Datum
dbaas_fdw_stats(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DbaasStats **all;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	all = dbaas_stats_all(&n);
	for (int i = 0; i < n; i++)
	{
		Datum		values[8];
		bool		nulls[8] = {0};

		values[0] = CStringGetTextDatum(all[i]->key.server);
		values[1] = CStringGetTextDatum(all[i]->key.operation);
		values[2] = Int64GetDatum(all[i]->requests);
		values[3] = Int64GetDatum(all[i]->errors);
		values[4] = Int64GetDatum(all[i]->retries);
		values[5] = Int64GetDatum(all[i]->bytes);
		values[6] = Float8GetDatum(all[i]->seconds);

		/* Comes last: before version 0.3, the function had no such column. */
		values[7] = Int64GetDatum(all[i]->cache_hits);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * dbaas_fdw_disconnect(server name) returns boolean
 *
 * Closes this session's connections to a server; those in use are closed at the end of
 * the statement or cursor that uses them.  Returns whether there were any.
 */
PGDLLEXPORT Datum
dbaas_fdw_disconnect(PG_FUNCTION_ARGS)
{
	ForeignServer *server = GetForeignServerByName(NameStr(*PG_GETARG_NAME(0)), false);

	PG_RETURN_BOOL(dbaas_connection_disconnect(server->serverid));
}

/*
 * dbaas_fdw_forget(server name DEFAULT NULL) returns bigint
 *
 * Drops the answers of a server, or of all servers, that this session keeps; returns how
 * many there were.  It needs no privilege: they are the session's own memory.
 */
PGDLLEXPORT Datum
dbaas_fdw_forget(PG_FUNCTION_ARGS)
{
	Oid			serverid = PG_ARGISNULL(0) ? InvalidOid :
		GetForeignServerByName(NameStr(*PG_GETARG_NAME(0)), false)->serverid;

	PG_RETURN_INT64(dbaas_cache_forget(serverid));
}

/*
 * _dbaas_fdw_may_commit() returns boolean: may the procedure that calls it COMMIT?  Not
 * in a transaction block, nor below a function or an exception block.
 */
PGDLLEXPORT Datum
dbaas_fdw_may_commit(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_BOOL(SPI_inside_nonatomic_context());
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

/*
 * dbaas_fdw_options() returns setof (place, name, default_value, description)
 *
 * A row for each option and each place where it may be set.
 */
PGDLLEXPORT Datum
dbaas_fdw_options(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			n;
	const DbaasOption *options = dbaas_options_all(&n);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		for (int place = DBAAS_ON_SERVER; place <= DBAAS_ON_COLUMN; place <<= 1)
		{
			Datum		values[4];
			bool		nulls[4] = {0};

			if (!(options[i].places & place))
				continue;
			values[0] = CStringGetTextDatum(dbaas_options_place_name(place));
			values[1] = CStringGetTextDatum(options[i].name);
			values[2] = text_or_null(options[i].default_text, &nulls[2]);
			values[3] = CStringGetTextDatum(options[i].help);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

/* The name of a write's server, which may have been renamed or dropped since. */
static Datum
server_datum(const DbaasOperation *operation)
{
	ForeignServer *server = GetForeignServerExtended(operation->write.serverid, FSV_MISSING_OK);
	const char *name = server ? server->servername :
		dbaas_connection_server_name(operation->conn);

	return DirectFunctionCall1(namein, CStringGetDatum(name));
}

/* A body as it may be shown, as jsonb; NULL if there is none. */
static Datum
body_datum(const char *shown_body, bool *isnull)
{
	*isnull = shown_body == NULL;
	return *isnull ? (Datum) 0 :
		DirectFunctionCall1(jsonb_in,
							CStringGetDatum(pg_any_to_server(shown_body, strlen(shown_body),
															 PG_UTF8)));
}

/*
 * dbaas_fdw_queued() returns setof (number, server, zone, method, path, body, after, wait,
 * level, dry_run)
 *
 * What the transaction would send if it committed now.  It needs no privilege: the writes
 * are the session's own, as its cursors and prepared statements are.
 */
PGDLLEXPORT Datum
dbaas_fdw_queued(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		number = 0;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, dbaas_queue_plan())
	{
		const DbaasPlanned *planned = lfirst(lc);
		const DbaasOperation *operation = planned->operation;
		const DbaasWrite *write = &operation->write;
		DbaasWait	wait = dbaas_connection_settings(operation->conn)->wait;
		Datum		values[10];
		bool		nulls[10] = {0};

		values[0] = Int64GetDatum(++number);
		values[1] = server_datum(operation);
		values[2] = CStringGetTextDatum(write->zone);
		values[3] = CStringGetTextDatum(write->method);
		values[4] = CStringGetTextDatum(write->path);
		values[5] = body_datum(write->shown_body, &nulls[5]);
		values[6] = Int64GetDatum(planned->after);
		nulls[6] = planned->after == 0;
		values[7] = CStringGetTextDatum(dbaas_server_wait_name(wait));
		values[8] = Int32GetDatum(planned->level);
		values[9] = BoolGetDatum(operation->state == DBAAS_WRITE_DRY);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

static Datum
jsonb_datum(DbaasBody *json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(dbaas_body_text(json)));
}

/* Adds an array of texts, unless it is NULL. */
static void
add_texts(DbaasBody *json, const char *name, const char *const *texts)
{
	DbaasBody  *array;

	if (texts == NULL)
		return;
	array = dbaas_body_array();
	for (int i = 0; texts[i]; i++)
		dbaas_body_append(array, dbaas_body_string(texts[i]));
	dbaas_body_add(json, name, array);
}

/* Adds what a parameter or a member of a request body accepts, with OpenAPI's keywords. */
static void
add_domain(DbaasBody *json, const DbaasDomain *domain)
{
	add_texts(json, "enum", domain ? domain->values : NULL);
	if (domain && domain->max)
	{
		dbaas_body_add(json, "minimum", dbaas_body_integer(domain->min));
		dbaas_body_add(json, "maximum", dbaas_body_integer(domain->max));
	}
	if (domain && domain->max_length)
	{
		dbaas_body_add(json, "minLength", dbaas_body_integer(domain->min_length));
		dbaas_body_add(json, "maxLength", dbaas_body_integer(domain->max_length));
	}
	if (domain && domain->characters)
		dbaas_body_add(json, "pattern",
					   dbaas_body_string(psprintf("^[%s]+$", domain->characters)));
}

/* What a parameter accepts, as jsonb; NULL if there is no restriction. */
static Datum
domain_datum(const DbaasDomain *domain, bool *isnull)
{
	DbaasBody  *json;

	*isnull = domain == NULL;
	if (*isnull)
		return (Datum) 0;
	json = dbaas_body_new();
	add_domain(json, domain);
	return jsonb_datum(json);
}

/* Adds the choices of a column: for each, the member of the body and what that accepts. */
static void
add_choices(DbaasBody *json, const DbaasResource *resource, const DbaasChoice *choices)
{
	DbaasBody  *object = dbaas_body_object();

	dbaas_body_add(json, "choices", object);
	for (const DbaasChoice *choice = choices; choice->value; choice++)
	{
		DbaasBody  *how = dbaas_body_object();

		dbaas_body_add(object, choice->value, how);
		if (choice->insert)
			dbaas_body_add(how, "member", dbaas_body_string(choice->insert));
		add_domain(how, choice->write_domain);
	}
	dbaas_body_add(json, "choiceColumn",
				   dbaas_body_string(resource->columns[resource->index.choice].name));
}

/* Adds what is accepted for some types of service instead. */
static void
add_typed_domains(DbaasBody *json, const DbaasTypedDomain *domains)
{
	DbaasBody  *by_type = dbaas_body_object();

	dbaas_body_add(json, "byType", by_type);
	for (const DbaasTypedDomain *d = domains; d->type; d++)
	{
		DbaasBody  *domain = dbaas_body_object();

		dbaas_body_add(by_type, d->type, domain);
		add_domain(domain, d->domain);
	}
}

/*
 * What the member of a write accepts, the types of service that have it, and what depends
 * on the type or on the choice column; NULL if there is no restriction.
 */
static Datum
write_domain_datum(const DbaasResource *resource, const DbaasColumn *column, bool *isnull)
{
	const DbaasDomain *domain = column->write_domain;
	DbaasDomain choices;
	DbaasBody  *json;

	if (column - resource->columns == resource->index.choice &&
		dbaas_catalogue_chooses(resource))
	{
		choices = dbaas_catalogue_choices(resource, DBAAS_INSERT, NULL);
		domain = &choices;
	}
	*isnull = domain == NULL && column->write_types == NULL && column->typed_domains == NULL &&
		column->choices == NULL;
	if (*isnull)
		return (Datum) 0;
	json = dbaas_body_new();
	add_domain(json, domain);
	add_texts(json, "serviceTypes", column->write_types);
	if (column->choices)
		add_choices(json, resource, column->choices);
	if (column->typed_domains)
		add_typed_domains(json, column->typed_domains);
	return jsonb_datum(json);
}

/* "METHOD path" of the first endpoint of a command; NULL if the table does not take it. */
static Datum
write_datum(const DbaasResource *resource, DbaasCommand command, bool *isnull)
{
	const DbaasWriteEndpoint *write = dbaas_catalogue_next_write(resource, command, NULL);

	return text_or_null(write ? psprintf("%s %s", write->method, write->path) : NULL,
						isnull);
}

/* "METHOD path rows" of each read. */
static Datum
reads_datum(const DbaasResource *resource)
{
	Datum		elements[DBAAS_MAX_READS];
	int			n = dbaas_catalogue_nreads(resource);

	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(psprintf("%s %s %s", resource->reads[i].method,
												   resource->reads[i].path,
												   resource->reads[i].rows));
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Adds the choice of an endpoint, and its arguments: those that a row gives, with what each
 * accepts, and those that are found.
 */
static void
add_choice(DbaasBody *json, const DbaasResource *resource, const DbaasWriteEndpoint *endpoint)
{
	DbaasBody  *arguments = dbaas_body_object();
	DbaasBody  *found = dbaas_body_array();

	dbaas_body_add(json, "arguments", arguments);
	dbaas_body_add(json, "found", found);
	dbaas_body_add(json, "argumentsColumn", dbaas_body_string(resource->arguments_column));
	dbaas_body_add(json, "choice", dbaas_body_string(endpoint->choice));
	dbaas_body_add(json, "choiceColumn", dbaas_body_string(resource->choice_column));
	for (int i = 0; i < dbaas_catalogue_narguments(endpoint); i++)
	{
		const DbaasArgument *argument = &endpoint->arguments[i];
		DbaasBody  *domain;

		if (argument->found)
			dbaas_body_append(found, dbaas_body_string(argument->name));
		if (argument->found || argument->refused)
			continue;
		domain = dbaas_body_object();
		dbaas_body_add(arguments, argument->name, domain);
		add_domain(domain, argument->domain);
	}
}

/* A JSON array with an object for each endpoint of a command. */
static DbaasBody *
write_endpoints(const DbaasResource *resource, DbaasCommand command)
{
	DbaasBody  *array = dbaas_body_array();

	for (const DbaasWriteEndpoint *e = dbaas_catalogue_next_write(resource, command, NULL); e;
		 e = dbaas_catalogue_next_write(resource, command, e))
	{
		DbaasBody  *json = dbaas_body_object();

		dbaas_body_append(array, json);
		dbaas_body_add(json, "method", dbaas_body_string(e->method));
		dbaas_body_add(json, "path", dbaas_body_string(e->path));
		add_texts(json, "serviceTypes", dbaas_catalogue_endpoint_types(resource, e));
		add_texts(json, "columns", e->columns);
		if (e->choice)
			add_choice(json, resource, e);
		dbaas_body_add(json, "startsOperation",
					   dbaas_body_verbatim(e->direct ? "false" : "true"));
		if (resource->whole)
			dbaas_body_add(json, "replacesWhole", dbaas_body_verbatim("true"));
	}
	return array;
}

/* All endpoints of the writes, by command, as jsonb; NULL if the table takes no write. */
static Datum
writes_datum(const DbaasResource *resource, bool *isnull)
{
	static const char *const names[] = {
		[DBAAS_INSERT] = "insert",
		[DBAAS_UPDATE] = "update",
		[DBAAS_DELETE] = "delete"
	};
	DbaasBody  *json = dbaas_body_new();

	for (int command = 0; command < (int) lengthof(names); command++)
	{
		if (dbaas_catalogue_next_write(resource, command, NULL))
			dbaas_body_add(json, names[command], write_endpoints(resource, command));
	}
	*isnull = dbaas_body_is_empty(json);
	return *isnull ? (Datum) 0 : jsonb_datum(json);
}

/* What dbaas_fdw_reveal() reads, as jsonb; NULL if it reads nothing. */
static Datum
reveals_datum(const DbaasResource *resource, bool *isnull)
{
	DbaasBody  *json = dbaas_body_new();
	DbaasBody  *array = dbaas_body_array();

	*isnull = resource->reveals == NULL;
	if (*isnull)
		return (Datum) 0;
	dbaas_body_add(json, "reveals", array);
	for (const DbaasReveal *r = resource->reveals; r->path; r++)
	{
		DbaasBody  *one = dbaas_body_object();

		dbaas_body_append(array, one);
		dbaas_body_add(one, "path", dbaas_body_string(r->path));
		dbaas_body_add(one, "ofService", dbaas_body_verbatim(r->of_service ? "true" : "false"));
		add_texts(one, "serviceTypes", r->types);
		add_texts(one, "members", r->members);
	}
	return jsonb_datum(json);
}

/*
 * dbaas_fdw_catalogue() returns a row for each column of each table
 *
 * Shows the catalogue, for the documentation and the tests.
 */
PGDLLEXPORT Datum
dbaas_fdw_catalogue(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			n;
	const DbaasResource *resources = dbaas_catalogue_resources(&n);

	if (dbaas_catalogue_problem())
		elog(ERROR, "%s", dbaas_catalogue_problem());
	InitMaterializedSRF(fcinfo, 0);
	for (int r = 0; r < n; r++)
	{
		const DbaasResource *resource = &resources[r];

		for (int c = 0; c < resource->ncolumns; c++)
		{
			const DbaasColumn *column = &resource->columns[c];
			Datum		values[21];
			bool		nulls[21] = {0};
			int			i = 0;

			if (column->unlisted)
				continue;
			values[i++] = CStringGetTextDatum(resource->name);
			values[i++] = CStringGetTextDatum(resource->table);
			values[i++] = CStringGetTextDatum(resource->description);
			values[i++] = reads_datum(resource);
			values[i] = write_datum(resource, DBAAS_INSERT, &nulls[i]);
			i++;
			values[i] = write_datum(resource, DBAAS_UPDATE, &nulls[i]);
			i++;
			values[i] = write_datum(resource, DBAAS_DELETE, &nulls[i]);
			i++;
			values[i++] = Int32GetDatum(c + 1);
			values[i++] = CStringGetTextDatum(column->name);
			values[i++] = CStringGetTextDatum(dbaas_catalogue_type_name(column->type));
			values[i] = text_or_null(column->field, &nulls[i]);
			i++;
			values[i] = text_or_null(column->param, &nulls[i]);
			i++;
			values[i++] = BoolGetDatum(column->required);
			values[i] = text_or_null(column->default_value, &nulls[i]);
			i++;
			values[i] = domain_datum(column->domain, &nulls[i]);
			i++;
			values[i] = text_or_null(column->insert, &nulls[i]);
			i++;
			values[i] = text_or_null(column->update, &nulls[i]);
			i++;
			values[i] = write_domain_datum(resource, column, &nulls[i]);
			i++;
			values[i++] = CStringGetTextDatum(column->description);

			/*
			 * Come last: as version 0.2 declared the function, it has no such
			 * columns.
			 */
			values[i] = writes_datum(resource, &nulls[i]);
			i++;
			values[i] = reveals_datum(resource, &nulls[i]);
			i++;
			Assert(i == lengthof(values));
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}
