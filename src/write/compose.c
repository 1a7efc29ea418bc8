/*-------------------------------------------------------------------------
 *
 * compose.c
 *		The body of a write.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "api/progress.h"
#include "base/network.h"
#include "read/share.h"
#include "tables/secret.h"
#include "write/compose.h"
#include "write/members.h"
#include "write/writable.h"

/* A secret as shown_body has it, in JSON. */
#define HIDDEN "\"***\""

/* A body while it is made. */
typedef struct Body
{
	const char *service;		/* name of the service that is written, or
								 * NULL */
	const char *type;			/* of the service, or NULL */
	const char *choice;			/* the row's value of the choice column, or
								 * NULL */
	DbaasMembers *members;
	List	   *secrets;		/* of char *: what no error may show */
} Body;

/* Adds a value at a place that the catalogue names, such as "{type}-settings" or "a/b". */
static void
add_at(Body *body, const char *place, const char *value, const char *shown)
{
	dbaas_members_add_at(body->members, dbaas_writable_typed_member(body->type, place), value,
						 shown);
}

/* ------------------------------------------------------------------------
 * Values
 * ------------------------------------------------------------------------ */

/* Warns of networks that let everybody connect to the service, which is rarely intended. */
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
									   dbaas_error_name(service)),
								errdetail("Its %s has \"%s\".", member,
										  dbaas_error_name(network))));
	}
}

static const DbaasJson *
parse_array(DbaasWriter *writer, const DbaasRowValues *row, int column)
{
	static const char allowed[] = "an array of texts";
	int			index = dbaas_table_find_attribute(writer->table, column) - 1;
	const char *text = dbaas_writer_array(writer, row, index);
	const DbaasJson *array = dbaas_writer_parse(writer, column, text, DBAAS_JSON_ARRAY, allowed);

	for (const DbaasJson *item = dbaas_json_first(array); item; item = dbaas_json_next(array, item))
	{
		if (!dbaas_json_is(item, DBAAS_JSON_STRING))
			dbaas_writer_refuse_unless(writer, column, text, allowed);
	}
	return array;
}

/* The value of a column that is not an object, as JSON.  "text" is its text. */
static const char *
json_value(DbaasWriter *writer, const DbaasRowValues *row, int column, const char *text)
{
	StringInfoData quoted;
	char	   *end;
	long long	number;
	bool		boolean;

	switch (writer->resource->columns[column].type)
	{
		case DBAAS_BIGINT:
			number = strtoll(text, &end, 10);
			if (*text == '\0' || *end)
				dbaas_writer_refuse_unless(writer, column, text, "whole numbers");
			return psprintf("%lld", number);
		case DBAAS_BOOLEAN:
			if (!parse_bool(text, &boolean))
				dbaas_writer_refuse_unless(writer, column, text, "true and false");
			return boolean ? "true" : "false";
		case DBAAS_TEXT_ARRAY:
			return dbaas_json_compact(parse_array(writer, row, column));
		default:
			initStringInfo(&quoted);
			escape_json(&quoted, text);
			return quoted.data;
	}
}

/* The value of a column that is an object.  Refuses one in which a secret is hidden. */
static const DbaasJson *
parse_object(const DbaasWriter *writer, int column, const char *text)
{
	const DbaasJson *object = dbaas_writer_parse(writer, column, text, DBAAS_JSON_OBJECT,
												 "a JSON object");

	if (dbaas_secret_any_hidden(object))
		dbaas_writer_refuse(writer, column, NULL,
							"\"***\" in it stands for a secret that is not shown. "
							"Give the secret itself, or leave it out.");
	return object;
}

/* The same, with "***" for each secret.  Hiding changes the text, so it parses a copy. */
static const DbaasJson *
parse_shown(const DbaasWriter *writer, int column, const char *text)
{
	const DbaasJson *shown = parse_object(writer, column, pstrdup(text));

	dbaas_secret_hide(shown);
	return shown;
}

/* ------------------------------------------------------------------------
 * Columns
 * ------------------------------------------------------------------------ */

/* How the command takes the column in rows of the body's choice, or NULL. */
static const DbaasChoice *
column_choice(const DbaasWriter *writer, int column, const Body *body)
{
	return writer->command == DBAAS_INSERT ?
		dbaas_catalogue_find_choice(&writer->resource->columns[column], body->choice) : NULL;
}

/* The place in the body of a column that the command sends. */
static const char *
column_place(const DbaasWriter *writer, int column, const Body *body)
{
	const DbaasChoice *choice = column_choice(writer, column, body);

	return choice && choice->insert ? choice->insert : dbaas_writer_member(writer, column);
}

/* Refuses a value that the API does not accept in the column, in such a row. */
static void
check_value(const DbaasWriter *writer, int column, const char *value, const Body *body)
{
	const DbaasChoice *choice = column_choice(writer, column, body);
	const char *allowed = choice ?
		dbaas_catalogue_check_value(choice->write_domain, value) : NULL;

	dbaas_writer_check_domain(writer, column, body->type, value);
	if (allowed)
		dbaas_writer_refuse(writer, column, value,
							psprintf("Allowed for %s where %s is %s: %s.",
									 dbaas_writer_name(writer, column),
									 dbaas_writer_name(writer, writer->resource->index.choice),
									 body->choice, allowed));
}

/* The column that the command sends as that member of the body, or -1. */
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
 * May another column's object have the member of the column?  The object and the column are
 * both for writes alone, and the row gives the column no value.
 */
static bool
may_be_elsewhere(DbaasWriter *writer, const DbaasRowValues *row, int column)
{
	return writer->resource->columns[column].secret &&
		dbaas_writer_text(writer, row, column) == NULL;
}

/*
 * Adds the members of an object, the value of a column, to the body itself.  If the
 * column is secret, only their names are shown.
 */
static void
add_members(DbaasWriter *writer, const DbaasRowValues *row, int column, const char *text,
			Body *body)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasJson *object = parse_object(writer, column, text);
	const DbaasJson *shown = parse_shown(writer, column, text);
	const DbaasJson *shown_name = dbaas_json_first(shown);

	for (const DbaasJson *name = dbaas_json_first(object); name;
		 name = dbaas_json_next(object, name))
	{
		const char *member = dbaas_json_string(name, NULL);
		int			other = member_column(writer, member);

		if (other >= 0 && !may_be_elsewhere(writer, row, other))
			dbaas_writer_refuse(writer, column, NULL,
								psprintf("Leave out \"%s\", which column \"%s\" is for.", member,
										 dbaas_writer_name(writer, other)));
		dbaas_members_add(body->members, member, dbaas_json_compact(name + 1),
						  c->secret ? HIDDEN : dbaas_json_compact(shown_name + 1));
		if (c->networks && strcmp(member, c->networks) == 0)
			warn_if_open(body->service, c->networks, name + 1);
		shown_name = dbaas_json_next(shown, shown_name);
	}
	body->secrets = dbaas_secret_collect(body->secrets, object, c->secret);
}

/*
 * Hides the members of the column's object whose names do not say that they are secrets, in
 * what is shown, and adds them to the secrets of the body.
 */
static void
hide_members(const DbaasColumn *column, const DbaasJson *object, const DbaasJson *shown, Body *body)
{
	body->secrets = dbaas_secret_collect_members(body->secrets, object, column->secret_members);
	dbaas_secret_hide_members(shown, column->secret_members);
}

/* Refuses an UPDATE whose object lacks what the API demands: see DbaasDemand. */
static void
check_demand(DbaasWriter *writer, const DbaasChange *change, int column, const DbaasJson *object)
{
	const DbaasResource *resource = writer->resource;
	const DbaasDemand *demand = resource->columns[column].demand;
	const DbaasJson *member;
	const char *value;

	if (demand == NULL || writer->command != DBAAS_UPDATE)
		return;
	value = dbaas_writer_text(writer, change->old_row,
							  dbaas_catalogue_find_column(resource, demand->column));
	if (value == NULL || strcmp(value, demand->value) != 0 ||
		dbaas_json_find(object, demand->member, &member))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 dbaas_writer_about(writer, column),
			 errmsg("column \"%s\" of foreign table \"%s\" has to be given with member \"%s\"",
					dbaas_writer_name(writer, column), get_rel_name(writer->table->relid),
					demand->member),
			 errdetail("The API needs it in each UPDATE of a row whose %s is %s, and does not "
					   "show it.", demand->column, demand->value)));
}

/* Adds an object, the value of a column, as a member. */
static void
add_object(DbaasWriter *writer, const DbaasChange *change, int column, const char *text,
		   Body *body)
{
	const DbaasJson *object = parse_object(writer, column, text);
	const DbaasJson *shown = parse_shown(writer, column, text);

	check_demand(writer, change, column, object);
	hide_members(&writer->resource->columns[column], object, shown, body);
	add_at(body, column_place(writer, column, body), dbaas_json_compact(object),
		   dbaas_json_compact(shown));
	body->secrets = dbaas_secret_collect(body->secrets, object, false);
}

/* Adds a value that is not an object. */
static void
add_value(DbaasWriter *writer, const DbaasRowValues *row, int column, const char *text, Body *body)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const char *json;

	check_value(writer, column, text, body);
	if (writer->command == DBAAS_INSERT && !dbaas_path_can_hold(text) &&
		dbaas_catalogue_write_path_has(writer->resource, DBAAS_DELETE, column))
		dbaas_writer_refuse(writer, column, text, "What has this name could not be deleted.");
	json = json_value(writer, row, column, text);
	add_at(body, column_place(writer, column, body), json, c->secret ? HIDDEN : json);
	if (c->secret)
		body->secrets = lappend(body->secrets, unconstify(char *, text));
	if (c->networks)
		warn_if_open(body->service, c->networks, parse_array(writer, row, column));
}

/* Adds a value that comes from a queued write or from the API, and so needs no check. */
static void
add_known(const char *place, const DbaasJson *value, Body *body)
{
	const char *text = dbaas_json_compact(value);

	add_at(body, place, text, text);
}

static void
add_column(DbaasWriter *writer, const DbaasChange *change, int column, Body *body)
{
	const DbaasColumn *c = &writer->resource->columns[column];
	const DbaasRowValues *row = writer->command == DBAAS_DELETE ? change->old_row : change->new_row;
	const DbaasJson *value = change->values[column];
	const char *member = dbaas_writer_member(writer, column);
	const char *text = dbaas_writer_text(writer, row, column);

	if (value && !c->merges)
	{
		add_known(member, value, body);
		return;
	}
	if (value)
		text = dbaas_json_text(value);
	if (text == NULL && !c->nullable)
		dbaas_writer_refuse_missing(writer, column);
	if (text == NULL)
		add_at(body, member, "null", "null");
	else if (strcmp(member, "*") == 0)
		add_members(writer, row, column, text, body);
	else if (c->type == DBAAS_JSONB)
		add_object(writer, change, column, text, body);
	else
		add_value(writer, row, column, text, body);
}

/* ------------------------------------------------------------------------
 * The member that every PUT carries: see DbaasKept
 * ------------------------------------------------------------------------ */

/* Requests the member from the API, and waits for it; NULL if the service lacks it. */
static const DbaasJson *
read_kept(DbaasWriter *writer, const DbaasWrite *write, const DbaasZone *zone)
{
	const DbaasKept *kept = writer->resource->kept;
	const DbaasEndpoint *read = kept->read;
	DbaasCallSpec spec = {
		.kind = DBAAS_CALL_LIST,
		.zone = zone->name,
		.base = zone->base,
		.method = read->method,
		.path_template = read->path,
		.path = write->path,
		.hide_secrets = true,
		.counters = writer->lookup.counters,
		.budget = writer->lookup.budget
	};
	DbaasShare *share;
	DbaasCall  *call = dbaas_share_call(&writer->lookup, CurrentMemoryContext, &spec, false,
										&share);

	while (!dbaas_call_done(call))
		dbaas_progress_wait(NULL, 0);
	if (dbaas_call_error(call))
		dbaas_table_raise(writer->table, dbaas_call_error(call));
	return dbaas_json_member(dbaas_call_response(call), kept->member);
}

/* The place in a body of the column's part of that member; NULL if it is not part of it. */
static const char *
kept_part(const DbaasColumn *column, const DbaasKept *kept)
{
	return column->update && dbaas_writable_is_part(column->update, kept->member) ?
		column->update : NULL;
}

/* Adds the parts as the old row has them, unless all are null.  Returns whether it did. */
static bool
add_kept_parts(DbaasWriter *writer, const DbaasChange *change, Body *body)
{
	const DbaasResource *resource = writer->resource;
	bool		any = false;

	for (int c = 0; c < resource->ncolumns; c++)
		any = any || (kept_part(&resource->columns[c], resource->kept) &&
					  dbaas_change_old_value(writer, change, c));
	for (int c = 0; any && c < resource->ncolumns; c++)
	{
		const char *place = kept_part(&resource->columns[c], resource->kept);
		const DbaasJson *value = place ? dbaas_change_old_value(writer, change, c) : NULL;

		if (value)
			add_known(place, value, body);
		else if (place)
			add_at(body, place, "null", "null");
	}
	return any;
}

/* Adds that member as the API returned it; a part that the response lacks is null. */
static void
add_kept_object(const DbaasKept *kept, const DbaasJson *object, Body *body)
{
	for (int c = 0; c < kept->shown_by->ncolumns; c++)
	{
		const char *place = kept_part(&kept->shown_by->columns[c], kept);

		if (place)
			add_at(body, place, "null", "null");
	}
	for (const DbaasJson *name = dbaas_json_first(object); name;
		 name = dbaas_json_next(object, name))
		add_known(psprintf("%s/%s", kept->member, dbaas_json_string(name, NULL)), name + 1, body);
}

/*
 * Adds that member to the body of a PUT that would otherwise change it, with the value that
 * the queue will give it, or else the one that it has.  If a queued write creates the
 * service and leaves the member out, so does the PUT: the API chooses the value.
 */
static void
add_kept(DbaasWriter *writer, const DbaasChange *change, const DbaasWrite *write,
		 const DbaasZone *zone, Body *body)
{
	const DbaasKept *kept = writer->command == DBAAS_UPDATE ? writer->resource->kept : NULL;
	const DbaasOverlay *overlay = change->overlay;
	const DbaasJson *value = NULL;

	if (kept == NULL || body->type == NULL ||
		dbaas_catalogue_check_value(kept->types, body->type) ||
		dbaas_members_has(body->members, kept->member))
		return;
	if (overlay && (dbaas_overlay_find(overlay, kept->member, &value) || overlay->created))
	{
		if (value)
			add_known(kept->member, value, body);
		return;
	}

	/*
	 * If all parts are null, the row does not tell whether the service has
	 * the member.
	 */
	if (!writer->reads_kept && add_kept_parts(writer, change, body))
		return;
	value = read_kept(writer, write, zone);
	if (dbaas_json_is(value, DBAAS_JSON_OBJECT))
		add_kept_object(kept, value, body);
	else if (value)
		add_known(kept->member, value, body);
}

/* Adds the arguments that the path does not hold. */
static void
add_arguments(const DbaasWriter *writer, const DbaasChange *change, Body *body)
{
	const DbaasWriteEndpoint *endpoint = change->endpoint;

	for (int i = 0; i < dbaas_catalogue_narguments(endpoint); i++)
	{
		StringInfoData quoted;

		if (change->arguments[i] == NULL ||
			dbaas_path_has(&endpoint->parsed, writer->resource->ncolumns + i))
			continue;
		initStringInfo(&quoted);
		escape_json(&quoted, change->arguments[i]);
		add_at(body, endpoint->arguments[i].name, quoted.data, quoted.data);
	}
}

void
dbaas_compose_body(DbaasWriter *writer, const DbaasChange *change, const DbaasZone *zone,
				   DbaasWrite *write)
{
	Body		body = {
		.service = write->services[0],
		.type = change->type,
		.members = dbaas_members_new()
	};

	if (writer->command == DBAAS_INSERT)
		body.choice = dbaas_writer_text(writer, change->new_row, writer->resource->index.choice);
	for (int c = 0; c < writer->resource->ncolumns; c++)
	{
		if (change->sent[c])
			add_column(writer, change, c, &body);
	}
	add_arguments(writer, change, &body);
	write->secrets = body.secrets;
	write->body = dbaas_members_text(body.members);
	if (write->body == NULL && change->endpoint->needs_body)
		write->body = write->shown_body = "{}";
	if (dbaas_members_text(body.members) == NULL)
		return;
	add_kept(writer, change, write, zone, &body);
	write->body = dbaas_members_text(body.members);
	write->shown_body = dbaas_members_shown(body.members);
}
