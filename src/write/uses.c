/*-------------------------------------------------------------------------
 *
 * uses.c
 *		Refuses to delete a row that others use, as the queue will leave them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "api/progress.h"
#include "base/set.h"
#include "read/share.h"
#include "tables/rows.h"
#include "write/overlay.h"
#include "write/queue.h"
#include "write/uses.h"

/* A row that may use the one to delete. */
typedef struct User
{
	const char *identity;
	const char *uses;			/* what the API says that it uses; NULL: it
								 * does not say */
	const char *shown;			/* who it is */
} User;

/* What is asked about the row to delete. */
typedef struct Question
{
	DbaasWriter *writer;
	const DbaasUse *use;
	const DbaasWrite *write;
	const char *name;			/* its value of the used column */
	const DbaasListedService *service;
} Question;

/* ------------------------------------------------------------------------
 * What the API says
 * ------------------------------------------------------------------------ */

/* Starts the request for the rows in a zone, or takes part in that of a scan. */
static DbaasCall *
start_call(const Question *question, const DbaasZone *zone)
{
	const DbaasUse *use = question->use;
	const char **args = palloc0(use->list->ncolumns * sizeof(char *));
	DbaasCallSpec spec = {
		.kind = DBAAS_CALL_LIST,
		.zone = zone->name,
		.base = zone->base,
		.method = use->read->method,
		.path_template = use->read->path,
		.hide_secrets = true,
		.counters = question->writer->lookup.counters,
		.budget = question->writer->lookup.budget
	};
	DbaasShare *share;

	if (use->list->index.services[0] >= 0)
		args[use->list->index.services[0]] = question->write->services[0];
	if (use->list->index.type >= 0)
		args[use->list->index.type] = question->service->type;
	spec.path = dbaas_path_expand(&use->read->parsed, args);
	return dbaas_share_call(&question->writer->lookup, CurrentMemoryContext, &spec, false,
							&share);
}

/* The fields of the columns, by catalogue column; NULL for a column without one. */
static DbaasField **
parse_fields(const DbaasResource *resource)
{
	DbaasField **fields = palloc0(resource->ncolumns * sizeof(DbaasField *));

	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (resource->columns[c].field)
			fields[c] = dbaas_rows_parse_field(resource->columns[c].field);
	}
	return fields;
}

/* The text of the field in the current row, or NULL. */
static char *
field_text(const DbaasRows *rows, const DbaasField *field)
{
	return field ? dbaas_json_plain_string(dbaas_rows_field(rows, field)) : NULL;
}

static bool
is_text(const char *text, const char *wanted)
{
	return text && strcmp(text, wanted) == 0;
}

/* The user that the current row is; NULL if it is none. */
static User *
read_user(const DbaasUse *use, const DbaasRows *rows, DbaasField *const *fields)
{
	const DbaasResource *list = use->list;
	const char **args = palloc0(list->ncolumns * sizeof(char *));
	User	   *user;

	if (use->filter >= 0 && !is_text(field_text(rows, fields[use->filter]), use->filter_value))
		return NULL;
	for (int c = 0; c < list->ncolumns; c++)
	{
		if (!dbaas_path_has(&list->identity_path, c))
			continue;
		args[c] = field_text(rows, fields[c]);
		if (args[c] == NULL)
			return NULL;
	}
	user = palloc(sizeof(User));
	*user = (User)
	{
		.identity = dbaas_path_expand(&list->identity_path, args),
			.uses = field_text(rows, fields[use->by]),
			.shown = field_text(rows, fields[use->shown])
	};
	return user->shown ? user : NULL;
}

/*
 * Stores in *users the rows that the response shows with the service of that name, as a
 * list of User *.  Waits.  Returns NULL or an error.
 */
static DbaasError *
read_users(const DbaasUse *use, DbaasCall *call, const char *service, List **users)
{
	DbaasField *service_field = use->service_field ?
		dbaas_rows_parse_field(use->service_field) : NULL;
	DbaasField **fields = parse_fields(use->list);
	DbaasRows  *rows;
	char	   *problem;
	DbaasError *error;

	*users = NIL;
	while (!dbaas_call_done(call))
		dbaas_progress_wait(NULL, 0);
	if (dbaas_call_error(call))
		return dbaas_call_error(call);
	rows = dbaas_rows_begin(use->read->rows, use->read->values, dbaas_call_response(call));
	while (dbaas_rows_next(rows, &problem))
	{
		User	   *user = service_field && !is_text(field_text(rows, service_field), service) ?
			NULL : read_user(use, rows, fields);

		if (user)
			*users = lappend(*users, user);
	}
	if (problem == NULL)
		return NULL;
	error = dbaas_error_new(ERRCODE_FDW_ERROR, "%s answered with an unexpected shape",
							dbaas_call_label(call));
	error->detail = psprintf("The answer's %s.", problem);
	return error;
}

static User *
find_user(const List *users, const char *identity)
{
	ListCell   *lc;

	foreach(lc, users)
	{
		User	   *user = lfirst(lc);

		if (strcmp(user->identity, identity) == 0)
			return user;
	}
	return NULL;
}

/*
 * The zone of a user that is a service: the one whose list shows the use with the service
 * of that name.  NULL if none does, among those that answer.  Waits.
 */
static const DbaasZone *
find_zone(const Question *question, const User *user)
{
	const DbaasZones *zones;
	DbaasCall **calls;

	if (dbaas_read_zones(&question->writer->lookup, NULL, 0, &zones))
		return NULL;
	calls = palloc(Max(zones->n, 1) * sizeof(DbaasCall *));
	/* All are requested before the first is waited for. */
	for (int i = 0; i < zones->n; i++)
		calls[i] = start_call(question, &zones->zones[i]);
	for (int i = 0; i < zones->n; i++)
	{
		List	   *users;

		if (read_users(question->use, calls[i], user->shown, &users) == NULL &&
			find_user(users, user->identity))
			return &zones->zones[i];
	}
	return NULL;
}

/* ------------------------------------------------------------------------
 * What the queue does to it
 * ------------------------------------------------------------------------ */

/* The queued writes of an identity, or of all that begin with it; in any zone if that is NULL. */
static List *
queued_writes(DbaasWriter *writer, const char *zone, const char *base, const char *identity,
			  bool below)
{
	DbaasQueueSpec spec = {
		.conn = writer->lookup.conn,
		.zone = zone,
		.base = base,
		.identity = identity,
		.below = below,
		.read_after = writer->read_after,
		.dry_run = dbaas_dry_run
	};

	return dbaas_queue_find(&spec);
}

/* The queued writes of the user. */
static List *
user_writes(const Question *question, const User *user)
{
	bool		any_zone = question->use->shows_service;

	return queued_writes(question->writer, any_zone ? NULL : question->write->zone,
						 any_zone ? NULL : question->write->base, user->identity, false);
}

/* Those of the writes that are sent before those of this statement. */
static List *
earlier_writes(const Question *question, List *writes)
{
	List	   *earlier = NIL;
	ListCell   *lc;

	foreach(lc, writes)
	{
		DbaasWrite *write = lfirst(lc);

		if (write->batch != question->writer->batch)
			earlier = lappend(earlier, write);
	}
	return earlier;
}

/* Does the user use the row after these writes? */
static bool
uses_after(const Question *question, const User *user, List *writes)
{
	const DbaasColumn *by = &question->use->list->columns[question->use->by];
	const char *member = by->update ? by->update : by->insert;
	DbaasOverlay *overlay = writes ? dbaas_overlay_new(writes) : NULL;
	const DbaasJson *value;

	if (overlay && overlay->deleted)
		return false;
	if (overlay && member && dbaas_overlay_find(overlay, member, &value))
		return dbaas_json_equals(value, question->name);
	return !(overlay && overlay->created) && is_text(user->uses, question->name);
}

/*
 * Does an earlier statement delete the user, which is a service?  If not, *zone becomes its
 * zone, or NULL.
 */
static bool
is_service_deleted(const Question *question, const User *user, const DbaasZone **zone)
{
	List	   *writes;

	*zone = find_zone(question, user);
	if (*zone == NULL)
		return false;
	writes = queued_writes(question->writer, (*zone)->name, (*zone)->base,
						   dbaas_catalogue_service_identity(user->shown), false);
	writes = earlier_writes(question, writes);
	if (writes)
	{
		DbaasOverlay *overlay = dbaas_overlay_new(writes);

		return overlay->deleted || overlay->created;
	}
	return false;
}

/*
 * Appends the user, unless it does not use the row.  What the statement itself does may
 * begin a use, and does not end one.
 */
static void
append_user(const Question *question, const User *user, StringInfo names)
{
	List	   *writes = user_writes(question, user);
	const DbaasZone *zone = NULL;

	if (!uses_after(question, user, writes) &&
		!uses_after(question, user, earlier_writes(question, writes)))
		return;
	if (question->use->shows_service)
	{
		/* Of two services of one name, it cannot be told which uses which. */
		if (strcmp(user->shown, question->name) == 0 ||
			is_service_deleted(question, user, &zone))
			return;
	}
	appendStringInfo(names, "%s\"%s\"", names->len ? ", " : "", dbaas_error_name(user->shown));
	if (zone)
		appendStringInfo(names, " in zone %s", zone->name);
}

/* Appends those users that the queue creates, and that are not in the list. */
static void
append_created(const Question *question, const List *users, StringInfo names)
{
	const DbaasResource *list = question->use->list;
	const char **args = palloc0(list->ncolumns * sizeof(char *));
	DbaasSet   *seen = dbaas_set_new();
	ListCell   *lc;

	for (int c = 0; c < list->ncolumns; c++)
		args[c] = c == list->index.services[0] ? question->write->services[0] : "";
	foreach(lc, queued_writes(question->writer, question->write->zone, question->write->base,
							  dbaas_path_expand(&list->identity_path, args), true))
	{
		const DbaasWrite *write = lfirst(lc);
		User		user = {.identity = write->identity,.shown = write->created_name};

		if (user.shown && find_user(users, user.identity) == NULL &&
			dbaas_set_add(seen, user.identity))
			append_user(question, &user, names);
	}
}

/* ------------------------------------------------------------------------
 * Checks
 * ------------------------------------------------------------------------ */

void
dbaas_uses_check_deleted(DbaasWriter *writer, const DbaasRowValues *old_row,
						 const DbaasListedService *service, const DbaasWrite *write)
{
	const DbaasUse *use = writer->resource->used_by;
	Question	question = {writer, use, write, NULL, service};
	StringInfoData names;
	List	   *users;
	DbaasError *error;
	ListCell   *lc;

	if (!dbaas_catalogue_has_users(use, service->type))
		return;
	question.name = dbaas_writer_text(writer, old_row, use->used);
	if (question.name == NULL)
		return;
	error = read_users(use, start_call(&question, service->zone), write->services[0], &users);
	if (error)
		dbaas_table_raise(writer->table, error);
	initStringInfo(&names);
	foreach(lc, users)
		append_user(&question, lfirst(lc), &names);
	append_created(&question, users, &names);
	if (names.len == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 dbaas_writer_about(writer, use->used),
			 errmsg("%s \"%s\" is in use by %s", use->what, dbaas_error_name(question.name),
					use->users),
			 errdetail("Service \"%s\" in zone %s has these %s: %s.",
					   dbaas_error_name(write->services[0]), write->zone, use->users,
					   dbaas_error_excerpt(names.data, names.len, DBAAS_EXCERPT_BYTES)),
			 errhint("%s", use->hint)));
}

/* The identity of the row of that name, in the service of the write. */
static char *
used_identity(const DbaasResource *resource, const char *name, const DbaasWrite *write)
{
	const char **args = palloc0(resource->ncolumns * sizeof(char *));

	args[resource->index.services[0]] = write->services[0];
	args[resource->used_by->used] = name;
	return dbaas_path_expand(&resource->identity_path, args);
}

/* Raises ERROR when the transaction deletes the row of that name. */
static void
check_used(DbaasWriter *writer, const DbaasResource *resource, const char *name,
		   const DbaasWrite *write)
{
	const DbaasUse *use = resource->used_by;
	List	   *writes = queued_writes(writer, write->zone, write->base,
									   used_identity(resource, name, write), false);

	if (writes == NIL || !dbaas_overlay_new(writes)->deleted)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 dbaas_writer_about(writer, use->by),
			 errmsg("this transaction deletes %s \"%s\", which this row would use", use->what,
					dbaas_error_name(name)),
			 errdetail("It is of service \"%s\" in zone %s.",
					   dbaas_error_name(write->services[0]), write->zone),
			 errhint("Leave out the DELETE, or name another %s.", use->what)));
}

void
dbaas_uses_check_used(DbaasWriter *writer, const DbaasRowValues *new_row, const bool *sent,
					  const DbaasWrite *write)
{
	int			n;
	const DbaasResource *resources = dbaas_catalogue_resources(&n);

	for (int i = 0; i < n; i++)
	{
		const DbaasUse *use = resources[i].used_by;
		const char *name;

		if (use == NULL || use->list != writer->resource || !sent[use->by])
			continue;
		name = dbaas_writer_text(writer, new_row, use->by);
		if (name)
			check_used(writer, &resources[i], name, write);
	}
}
