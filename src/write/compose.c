/*-------------------------------------------------------------------------
 *
 * compose.c
 *		The body of a write.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "api/body.h"
#include "api/progress.h"
#include "base/network.h"
#include "read/share.h"
#include "tables/path.h"
#include "tables/secret.h"
#include "write/compose.h"
#include "write/writable.h"

/* A body while it is made, and what of it is shown. */
typedef struct Body
{
	DbaasBody  *sent;
	DbaasBody  *shown;
	List	   *secrets;		/* of char * */
	const char *type;			/* of the service, or NULL */
} Body;

/* Warns of a member that lets everybody connect to the service, which is seldom meant. */
static void
warn_if_open(const char *service, const char *member, const DbaasJson *networks)
{
	if (!dbaas_json_is(networks, DBAAS_JSON_ARRAY))
		return;
	for (const DbaasJson *item = dbaas_json_first(networks); item;
		 item = dbaas_json_next(networks, item))
	{
		const char *network = dbaas_json_plain_string(item);

		if (network && dbaas_network_is_open(network))
			dbaas_error_notice(WARNING,
							   (errmsg("service \"%s\" will be open to the whole world",
									   dbaas_error_excerpt(service, strlen(service), NAMEDATALEN)),
								errdetail("Its %s has \"%s\".", member,
										  dbaas_error_excerpt(network, strlen(network), NAMEDATALEN))));
	}
}

static const DbaasJson *
parse_array(const DbaasWriter *writer, int column, const char *text)
{
	static const char allowed[] = "an array of texts";
	const DbaasJson *array = dbaas_writer_parse(writer, column, text, DBAAS_JSON_ARRAY, allowed);

	for (const DbaasJson *item = dbaas_json_first(array); item; item = dbaas_json_next(array, item))
	{
		if (!dbaas_json_is(item, DBAAS_JSON_STRING))
			dbaas_writer_refuse_value(writer, column, text,
									  psprintf("Allowed for %s: %s.", dbaas_writable_name(writer->table, column), allowed));
	}
	return array;
}

/* A column's value as JSON. */
static DbaasBody *
json_value(DbaasWriter *writer, const DbaasRowValues *row, int column, const char *text)
{
	const char *name = dbaas_writable_name(writer->table, column);
	char	   *end;
	long long	number;
	bool		boolean;

	switch (writer->resource->columns[column].type)
	{
		case DBAAS_BIGINT:
			number = strtoll(text, &end, 10);
			if (*text == '\0' || *end)
				dbaas_writer_refuse_value(writer, column, text, psprintf("Allowed for %s: whole numbers.", name));
			return dbaas_body_integer(number);
		case DBAAS_BOOLEAN:
			if (!parse_bool(text, &boolean))
				dbaas_writer_refuse_value(writer, column, text, psprintf("Allowed for %s: true and false.", name));
			return dbaas_body_boolean(boolean);
		case DBAAS_TEXT_ARRAY:
			return dbaas_body_verbatim(dbaas_json_compact(parse_array(writer, column,
																	  dbaas_writer_array(writer, row,
																						 dbaas_table_attribute(writer->table, column) - 1))));
		default:
			return dbaas_body_string(text);
	}
}

/* A column's value that is an object, which has no secret that was hidden in it. */
static const DbaasJson *
parse_object(const DbaasWriter *writer, int column, const char *text)
{
	const DbaasJson *object = dbaas_writer_parse(writer, column, text, DBAAS_JSON_OBJECT, "a JSON object");

	if (dbaas_secret_any_hidden(object))
		dbaas_writer_refuse_value(writer, column, NULL,
								  "\"***\" in it stands for a secret that is not shown. Give the secret itself, or leave it out.");
	return object;
}

/* Puts a value where the member says. */
static void
add_at(DbaasBody *object, const char *type, const char *member, DbaasBody *value)
{
	size_t		len;
	DbaasBody  *inner;

	member = dbaas_writable_typed_member(type, member);
	len = strcspn(member, "/");
	if (member[len])
	{
		const char *outer = pnstrdup(member, len);

		if (!dbaas_body_get(object, outer, &inner))
		{
			inner = dbaas_body_object();
			dbaas_body_add(object, outer, inner);
		}
		object = inner;
		member += len + 1;
	}
	dbaas_body_add(object, member, value);
}

/* The other column that a member of the body is for, or -1. */
static int
member_column(const DbaasWriter *writer, const char *name)
{
	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		const char *member = dbaas_writer_member(writer, c);

		if (member && strcmp(member, name) == 0)
			return c;
	}
	return -1;
}

/*
 * The members of a column that is an object of such.  Of a secret column nothing
 * but their names is shown.
 */
static void
add_members(DbaasWriter *writer, int column, const char *text, const char *service, Body *body)
{
	bool		secret = writer->resource->columns[column].secret;
	const char *networks = writer->resource->columns[column].networks;
	const DbaasJson *object = parse_object(writer, column, text);
	const DbaasJson *shown = parse_object(writer, column, pstrdup(text));
	const DbaasJson *shown_member = dbaas_json_first(shown);

	dbaas_secret_hide(shown);
	for (const DbaasJson *name = dbaas_json_first(object); name; name = dbaas_json_next(object, name))
	{
		const char *member = dbaas_json_string(name, NULL);
		int			other = member_column(writer, member);

		if (other >= 0)
			dbaas_writer_refuse_value(writer, column, NULL,
									  psprintf("Leave out \"%s\", which column \"%s\" is for.", member,
											   dbaas_writable_name(writer->table, other)));
		dbaas_body_add(body->sent, member, dbaas_body_verbatim(dbaas_json_compact(name + 1)));
		dbaas_body_add(body->shown, member, secret ? dbaas_body_string("***") :
					   dbaas_body_verbatim(dbaas_json_compact(shown_member + 1)));
		if (networks && strcmp(member, networks) == 0)
			warn_if_open(service, networks, name + 1);
		shown_member = dbaas_json_next(shown, shown_member);
	}
	body->secrets = dbaas_secret_collect(body->secrets, object, secret);
}

/* A column that is an object: what has a secret's name in it is not shown. */
static void
add_object(DbaasWriter *writer, int column, const char *text, Body *body)
{
	const char *member = dbaas_writer_member(writer, column);
	const DbaasJson *object = parse_object(writer, column, text);
	const DbaasJson *shown = parse_object(writer, column, pstrdup(text));

	dbaas_secret_hide(shown);
	add_at(body->sent, body->type, member, dbaas_body_verbatim(dbaas_json_compact(object)));
	add_at(body->shown, body->type, member, dbaas_body_verbatim(dbaas_json_compact(shown)));
	body->secrets = dbaas_secret_collect(body->secrets, object, false);
}

/* Refuses a column that the type of the service does not have. */
static void
check_column_type(const DbaasWriter *writer, int column, const char *type)
{
	DbaasDomain types = {.values = writer->resource->columns[column].write_types};
	const char *allowed = types.values && type && dbaas_writer_knows_type(writer, type) ?
		dbaas_catalogue_check(&types, type) : NULL;

	if (allowed)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
				 errmsg("column \"%s\" of foreign table \"%s\" cannot be set for a service of type \"%s\"",
						dbaas_writable_name(writer->table, column), get_rel_name(writer->table->relid),
						dbaas_error_excerpt(type, strlen(type), NAMEDATALEN)),
				 errhint("It can for services of these types: %s.", allowed)));
}

/* A value that an earlier write of the transaction sends, or the API has. */
static void
add_known(const char *member, const DbaasJson *value, Body *body)
{
	add_at(body->sent, body->type, member, dbaas_body_verbatim(dbaas_json_compact(value)));
	add_at(body->shown, body->type, member, dbaas_body_verbatim(dbaas_json_compact(value)));
}

static void
add_column(DbaasWriter *writer, const DbaasChange * change, int column, const char *service, Body *body)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasRowValues *row = writer->command == DBAAS_DELETE ? change->old_row : change->new_row;
	const char *member = dbaas_writer_member(writer, column);
	const char *text = dbaas_writer_value(writer, row, column);

	if (change->values[column] && c->merges)
		text = dbaas_json_text(change->values[column]);
	else if (change->values[column])
	{
		add_known(member, change->values[column], body);
		return;
	}
	if (text == NULL && !c->nullable)
		dbaas_writer_refuse_missing(writer, column);
	check_column_type(writer, column, body->type);
	if (text == NULL)
	{
		add_at(body->sent, body->type, member, NULL);
		add_at(body->shown, body->type, member, NULL);
		return;
	}
	if (strcmp(member, "*") == 0)
	{
		add_members(writer, column, text, service, body);
		return;
	}
	if (c->type == DBAAS_JSONB)
	{
		add_object(writer, column, text, body);
		return;
	}
	dbaas_writer_check_domain(writer, column, text);
	if (writer->command == DBAAS_INSERT && !dbaas_path_can_hold(text) &&
		dbaas_catalogue_write_has(writer->resource, DBAAS_DELETE, column))
		dbaas_writer_refuse_value(writer, column, text, "What has this name could not be deleted.");
	add_at(body->sent, body->type, member, json_value(writer, row, column, text));
	add_at(body->shown, body->type, member,
		   c->secret ? dbaas_body_string("***") : json_value(writer, row, column, text));
	if (c->secret)
		body->secrets = lappend(body->secrets, unconstify(char *, text));
	if (c->networks)
		warn_if_open(service, c->networks, parse_array(writer, column,
													   dbaas_writer_array(writer, row, dbaas_table_attribute(writer->table, column) - 1)));
}

/* The answer to a read that every write of this kind needs. */
static const DbaasJson *
ask_kept(DbaasWriter *writer, const DbaasWrite *write, const DbaasZone *zone, const char *member)
{
	const DbaasEndpoint *read = dbaas_writable_kept_read(writer->resource->kept);
	DbaasCallSpec spec = {
		.kind = DBAAS_CALL_LIST,.zone = zone->name,.base = zone->base,.method = read->method,
		.operation = read->path,.path = write->path,.hide_secrets = true
	};
	bool		shared;
	DbaasCall  *call = dbaas_share_call(&writer->lookup, CurrentMemoryContext, &spec, &shared);

	while (!dbaas_call_done(call))
		dbaas_progress_wait(NULL, 0);
	if (dbaas_call_error(call))
		dbaas_table_raise(writer->table, dbaas_call_error(call));
	return dbaas_json_member(dbaas_call_response(call), member);
}

/*
 * Adds what the API would change if a PUT left it out, as it is or as the queue
 * will leave it; nothing where the service has none.
 */
static void
add_kept(DbaasWriter *writer, const DbaasChange * change, const DbaasWrite *write, const DbaasZone *zone,
		 Body *body)
{
	const DbaasKept *kept = writer->command == DBAAS_UPDATE ? writer->resource->kept : NULL;
	const DbaasJson *value = NULL;

	if (kept == NULL || body->type == NULL || dbaas_catalogue_check(kept->types, body->type) ||
		dbaas_body_get(body->sent, kept->member, NULL))
		return;
	if (change->overlay && (dbaas_overlay_find(change->overlay, kept->member, &value) ||
							change->overlay->made))
		;
	else if (writer->asks_kept)
		value = ask_kept(writer, write, zone, kept->member);
	else
	{
		for (int c = 0; c < writer->resource->ncolumns; c++)
		{
			const char *member = writer->resource->columns[c].update;
			const DbaasJson *part = member && dbaas_writable_lies_in(member, kept->member) ?
				dbaas_change_read_value(writer, change, c) : NULL;

			if (part)
				add_known(member, part, body);
		}
	}
	if (value)
		add_known(kept->member, value, body);
}

/* The body: the columns that are sent, each where it has its place. */
void
dbaas_compose_body(DbaasWriter *writer, const DbaasChange * change, const DbaasZone *zone, DbaasWrite *write)
{
	Body		body = {dbaas_body_new(), dbaas_body_new(),.type = change->type};

	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		if (change->sent[c])
			add_column(writer, change, c, write->services[0], &body);
	}
	write->secrets = body.secrets;
	if (dbaas_body_is_empty(body.sent))
		return;
	add_kept(writer, change, write, zone, &body);
	write->body = dbaas_body_text(body.sent);
	write->shown_body = dbaas_body_text(body.shown);
}
