/*-------------------------------------------------------------------------
 *
 * write.c
 *		Makes the writes of a row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "write/change.h"
#include "write/choice.h"
#include "write/compose.h"
#include "write/locate.h"
#include "write/overlay.h"
#include "write/queue.h"
#include "write/route.h"
#include "write/uses.h"
#include "write/whole.h"
#include "write/writable.h"
#include "write/write.h"

/* ------------------------------------------------------------------------
 * The identity of a row, and what the transaction does to it
 * ------------------------------------------------------------------------ */

/* The identity of a row (see DbaasResource); NULL if a column of it is missing or null. */
static const char *
row_identity(DbaasWriter *writer, const DbaasRowValues *row)
{
	const DbaasResource *resource = writer->resource;
	const DbaasPath *path = writer->command == DBAAS_INSERT ?
		&resource->insert_identity_path : &resource->identity_path;
	const char **args = palloc0(resource->ncolumns * sizeof(char *));

	if (path->template == NULL)
		return NULL;
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!dbaas_path_has(path, c))
			continue;
		args[c] = dbaas_writer_text(writer, row, c);
		if (args[c] == NULL)
			return NULL;
	}
	return dbaas_path_expand(path, args);
}

/* What to look for in the queue: the writes of an identity, in any zone. */
static DbaasQueueSpec
queue_spec(const DbaasWriter *writer, const char *identity)
{
	return (DbaasQueueSpec)
	{
		.conn = writer->lookup.conn,
			.identity = identity,
			.read_after = writer->read_after,
			.dry_run = dbaas_dry_run
	};
}

/*
 * The queued writes of an identity in the zone of the row, or in any zone.  The zone may
 * have to be requested, so it is located only if there are such writes in any zone; then it
 * is stored in *service.
 */
static List *
queued_writes(DbaasWriter *writer, const DbaasRowValues *row, const char *identity,
			  bool any_zone, DbaasListedService *service)
{
	DbaasQueueSpec spec = queue_spec(writer, identity);

	if (identity == NULL || dbaas_queue_find(&spec) == NIL)
		return NIL;
	*service = dbaas_locate_row(writer, row, false);
	if (!any_zone)
	{
		spec.zone = service->zone->name;
		spec.base = service->zone->base;
	}
	return dbaas_queue_find(&spec);
}

pg_noreturn static void
refuse_deleted(const DbaasWriter *writer, const char *name, const char *zone)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 dbaas_writer_about(writer, writer->resource->index.services[0]),
			 errmsg("this transaction deletes service \"%s\" in zone %s",
					dbaas_error_name(name), zone),
			 errdetail("What is made inside it afterwards would fail, "
					   "when the service is gone already."),
			 errhint("Leave out the DELETE or this INSERT.")));
}

/*
 * Does the transaction delete a service that contains the row of that identity?  Then the
 * row that was read is gone, even if another service of that name is created afterwards.
 * Refuses an INSERT into a deleted service.  *creator becomes the queued write that creates
 * the first service of the row, or NULL.
 */
static bool
is_service_gone(DbaasWriter *writer, const DbaasRowValues *row, const char *identity,
				const DbaasWrite **creator)
{
	*creator = NULL;
	for (size_t i = 0; i < lengthof(writer->resource->services); i++)
	{
		const char *name = dbaas_writer_text(writer, row, writer->resource->index.services[i]);
		const char *of_service = name ? dbaas_catalogue_service_identity(name) : NULL;
		DbaasListedService service;
		List	   *writes = queued_writes(writer, row, of_service, false, &service);
		DbaasOverlay *overlay;

		if (writes == NIL)
			continue;
		overlay = dbaas_overlay_new(writes);
		if (i == 0)
			*creator = overlay->created;
		if (identity && strcmp(identity, of_service) == 0)
			continue;			/* the row is the service itself */
		if (writer->command != DBAAS_INSERT && (overlay->deleted || overlay->created))
			return true;
		if (overlay->deleted)
			refuse_deleted(writer, name, service.zone->name);
	}
	return false;
}

/*
 * Has the transaction deleted the row, or has the statement updated it already?  If not,
 * sets change->overlay; if the queue has writes of the row, *service, which says where it
 * is; and *creator as is_service_gone() does.
 */
static bool
is_row_gone(DbaasWriter *writer, const DbaasRowValues *row, const char *identity,
			DbaasChange *change, DbaasListedService *service, const DbaasWrite **creator)
{
	List	   *writes = NIL;
	bool		is_created;

	/*
	 * The writes of an object that the row is part of do not tell of the row.
	 * A row that several zones list is the same in each.
	 */
	if (writer->command != DBAAS_INSERT && writer->resource->whole == NULL)
		writes = queued_writes(writer, row, identity, writer->resource->unique_column != NULL,
							   service);
	if (writer->command == DBAAS_UPDATE &&
		dbaas_queue_updates(writes, writer->batch, writer->table->relid))
		return true;
	change->overlay = writes ? dbaas_overlay_new(writes) : NULL;
	if (change->overlay && change->overlay->deleted)
		return true;
	is_created = change->overlay && change->overlay->created != NULL;
	return is_service_gone(writer, row, identity, creator) && !is_created;
}

/* Is the path the other one, or below it? */
static bool
is_path_below(const char *path, const char *other)
{
	size_t		len = strlen(other);

	return strncmp(path, other, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/*
 * Refuses a write to a service that the transaction deletes and creates again as one of
 * another type: the path of the write is for the type that the API's lists still have.
 */
static void
check_creator(const DbaasWriter *writer, const DbaasWrite *write, const DbaasWrite *creator)
{
	if (creator == NULL || !writer->needs_type || writer->makes_service ||
		is_path_below(write->path, creator->path))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_writer_about(writer, writer->resource->index.services[0]),
			 errmsg("this transaction deletes service \"%s\" and creates one of another type",
					dbaas_error_name(write->services[0])),
			 errdetail("The new one is created by %s %s, and this statement would write to %s.",
					   creator->method, creator->path, write->path),
			 errhint("COMMIT in between.")));
}

/*
 * Refuses a write to a row that the transaction creates, if the path has what the API gives
 * to each row, such as an id: the row that was read is the one that was deleted before.
 */
static void
check_created(const DbaasWriter *writer, const DbaasWrite *write, const DbaasChange *change)
{
	const DbaasResource *resource = writer->resource;
	const DbaasWrite *created = change->overlay ? change->overlay->created : NULL;

	for (int c = 0; created && c < resource->ncolumns; c++)
	{
		/* The type is that of the service: see check_creator(). */
		if (c == resource->index.type || !dbaas_path_has(&change->endpoint->parsed, c) ||
			dbaas_path_has(&resource->identity_path, c))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 dbaas_writer_about(writer, c),
				 errmsg("this transaction creates \"%s\", whose %s is not known yet",
						dbaas_error_name(created->created_name), dbaas_writer_name(writer, c)),
				 errdetail("It is created by %s %s, and this statement would send %s %s.",
						   created->method, created->path, write->method, write->path),
				 errhint("COMMIT in between.")));
	}
}

/*
 * Sets what an action does.  It changes its service, unless it is of a row that the
 * arguments find: then that is the row of its path, as for a write through the row's own
 * table.
 */
static void
set_action(const DbaasWriter *writer, const DbaasWriteEndpoint *endpoint, DbaasWrite *write)
{
	write->acts = true;
	write->command = DBAAS_UPDATE;
	write->counts = writer->resource->counts;
	for (int i = 0; i < dbaas_catalogue_narguments(endpoint); i++)
	{
		if (endpoint->arguments[i].found == NULL)
			continue;
		write->identity = write->path;
		write->command = strcmp(endpoint->method, "DELETE") == 0 ? DBAAS_DELETE : DBAAS_UPDATE;
	}
}

/* Refuses an action that deletes what the transaction deletes already, in any zone. */
static void
check_deleted(const DbaasWriter *writer, const DbaasWriteEndpoint *endpoint,
			  const DbaasWrite *write)
{
	DbaasQueueSpec spec = queue_spec(writer, write->identity);
	List	   *writes = write->command == DBAAS_DELETE ? dbaas_queue_find(&spec) : NIL;

	if (writes == NIL || !dbaas_overlay_new(writes)->deleted)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 dbaas_writer_about(writer, writer->resource->index.services[0]),
			 errmsg("this transaction sends %s already",
					dbaas_operation_label((const DbaasWrite *) llast(writes))),
			 errdetail("It would be sent once more by %s \"%s\" of service \"%s\".",
					   writer->resource->choice_column, endpoint->choice,
					   dbaas_error_name(write->services[0])),
			 errhint("Leave out one of them.")));
}

/* What is behind the first name of a path: a request's tells the type there, an identity not. */
static const char *
behind_type(const char *path)
{
	const char *slash = strchr(path + 1, '/');

	return slash ? slash : "";
}

/*
 * Refuses an action on something in a service that the transaction deletes: it would fail
 * when that is gone already.
 */
static void
check_subject(const DbaasWriter *writer, const DbaasWrite *write)
{
	const char *service = dbaas_catalogue_service_identity(write->services[0]);
	DbaasQueueSpec spec = queue_spec(writer, psprintf("%s/", service));
	ListCell   *lc;

	spec.zone = write->zone;
	spec.base = write->base;
	spec.below = true;
	foreach(lc, dbaas_queue_find(&spec))
	{
		const DbaasWrite *deletes = lfirst(lc);

		if (deletes->command != DBAAS_DELETE ||
			!is_path_below(behind_type(write->path), behind_type(deletes->identity)))
			continue;
		spec.identity = deletes->identity;
		spec.below = false;
		if (!dbaas_overlay_new(dbaas_queue_find(&spec))->deleted)
			return;				/* it is made again */
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 dbaas_writer_about(writer, writer->resource->index.services[0]),
				 errmsg("this transaction deletes what %s would act on",
						dbaas_operation_label(write)),
				 errdetail("Before it, this transaction sends %s.",
						   dbaas_operation_label(deletes)),
				 errhint("Leave out one of them.")));
	}
}

/* ------------------------------------------------------------------------
 * Protection and side effects of a DELETE
 * ------------------------------------------------------------------------ */

/* Do the API's lists have the row of that key among those of the parent? */
static bool
is_listed_in(DbaasWriter *writer, const char *key, const DbaasZone *zone,
			 const DbaasParent *parent)
{
	List	   *found;
	DbaasError *error = dbaas_parents_locate(&writer->lookup, zone, key, parent, &found);

	if (error)
		dbaas_table_raise(writer->table, error);
	return found != NIL;
}

/*
 * Does the row to delete, whose key is given, pass the filter of the parent?  The value of
 * the filter's column is that of the queued writes, if they set it or create the row; else
 * that of the row, or of the list of its zone if the table does not show the column.
 */
static bool
passes_filter(DbaasWriter *writer, const DbaasRowValues *row, const char *key,
			  const DbaasOverlay *overlay, const DbaasZone *zone, const DbaasParent *parent)
{
	const DbaasColumn *column = &parent->list->columns[parent->filter];
	const DbaasJson *queued = NULL;
	const char *value;
	bool		truth;

	if (overlay && column->update &&
		(dbaas_overlay_find(overlay, column->update, &queued) || overlay->created))
		return dbaas_json_is(queued, DBAAS_JSON_BOOLEAN) && *queued->text == 't';
	if (dbaas_writable_needs_lists(writer->table, parent))
		return is_listed_in(writer, key, zone, parent);
	value = dbaas_writer_text(writer, row, parent->filter);
	if (value == NULL || column->type != DBAAS_BOOLEAN)
		return value && strcmp(value, parent->filter_value) == 0;
	return parse_bool(value, &truth) && truth;
}

/* Refuses to delete a service that is protected, as the API would. */
static void
check_protection(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasOverlay *overlay,
				 const DbaasZone *zone, const char *name)
{
	const DbaasParent *protected = writer->resource->protected;
	bool		needs_lists = dbaas_writable_needs_lists(writer->table, protected);
	const char *column;

	if (protected == NULL || !passes_filter(writer, old_row, name, overlay, zone, protected))
		return;
	column = needs_lists ? protected->filter_column :
		dbaas_writer_name(writer, protected->filter);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 needs_lists ? dbaas_error_about(writer->table->relid, InvalidAttrNumber) :
			 dbaas_writer_about(writer, protected->filter),
			 errmsg("service \"%s\" is protected against termination", dbaas_error_name(name)),
			 needs_lists ?
			 errhint("Take the termination protection off first, "
					 "through a table that has column \"%s\".",
					 column) :
			 errhint("Take the termination protection off first: UPDATE ... SET %s = false; "
					 "or leave the service out: ... AND %s IS NOT TRUE.", column, column)));
}

/* Warns of a DELETE that has a side effect. */
static void
warn_of_effect(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasZone *zone,
			   const DbaasWrite *write)
{
	const DbaasParent *notable = writer->resource->notable;
	const char *first = write->services[0];
	const char *second = write->services[1];
	const char *key;

	if (notable == NULL)
		return;
	key = dbaas_writer_text(writer, old_row, notable->columns[0]);
	if (!passes_filter(writer, old_row, key, NULL, zone, notable))
		return;
	dbaas_error_notice(WARNING,
					   (errmsg("%s %s", dbaas_operation_label(write),
							   writer->resource->notable_effect),
						first && second ?
						errdetail("Its services are \"%s\" and \"%s\".",
								  dbaas_error_name(first), dbaas_error_name(second)) :
						0));
}

/* ------------------------------------------------------------------------
 * The write
 * ------------------------------------------------------------------------ */

/* The name that an INSERT gives to what it creates, or NULL. */
static const char *
created_name(DbaasWriter *writer, const DbaasRowValues *row)
{
	int			column = writer->resource->index.created;

	return dbaas_writable_takes(writer->resource, DBAAS_INSERT, column) ?
		dbaas_writer_text(writer, row, column) : NULL;
}

/* Sets what does not depend on the zone, path or body. */
static void
set_origin(DbaasWriter *writer, const DbaasRowValues *row, const DbaasWriteEndpoint *endpoint,
		   DbaasWrite *write)
{
	const DbaasResource *resource = writer->resource;

	write->serverid = writer->table->serverid;
	write->userid = writer->userid;
	write->relid = writer->table->relid;
	write->command = writer->command;
	write->batch = writer->batch;
	write->creates_service = writer->makes_service;
	write->ends_service = writer->command == DBAAS_DELETE && resource->is_service;
	write->announces = endpoint->announces;
	if (endpoint->choice)
		set_action(writer, endpoint, write);
	else if (writer->command == DBAAS_INSERT)
		write->created_name = created_name(writer, row);
	else
	{
		write->counts = endpoint->counts ? endpoint->counts : resource->counts;
		if (write->identity == NULL)
			write->identity = write->path;
	}
}

/* Sets the path of a request, and the services' names. */
static void
set_path(DbaasWriter *writer, const DbaasRowValues *row, const DbaasListedService *service,
		 const DbaasChange *change, DbaasWrite *write)
{
	const DbaasResource *resource = writer->resource;
	const DbaasWriteEndpoint *endpoint = change->endpoint;

	write->method = endpoint->method;
	write->path_template = endpoint->path;
	write->direct = endpoint->direct;
	write->path = dbaas_locate_path(writer, row, endpoint, service, change->arguments);
	for (size_t i = 0; i < lengthof(write->services); i++)
		write->services[i] = dbaas_writer_text(writer, row, resource->index.services[i]);
}

/*
 * Does the value of a column tell which row of the list the write makes or deletes?  A
 * DELETE has the identity of the row, of which the path of the list may have a part.
 */
static bool
tells_listed(const DbaasWriter *writer, const DbaasEndpoint *list, int column)
{
	const DbaasResource *resource = writer->resource;

	if (writer->command == DBAAS_INSERT)
		return dbaas_writable_tells_created(resource, column);
	return dbaas_path_has(&resource->identity_path, column) &&
		!dbaas_path_has(&list->parsed, column);
}

/*
 * Says where it shows that the write has made or deleted the row, if the table has a list
 * for that.
 */
static void
set_listed(DbaasWriter *writer, const DbaasRowValues *row, const DbaasListedService *service,
		   DbaasWrite *write)
{
	const DbaasResource *resource = writer->resource;
	DbaasListed listed = {.vanishes = writer->command == DBAAS_DELETE};

	if (writer->command == DBAAS_UPDATE || write->announces ||
		dbaas_catalogue_nreads(resource) == 0)
		return;
	listed.list = dbaas_catalogue_list(resource);
	listed.path = dbaas_locate_list(writer, row, listed.list, service);
	for (int c = 0; c < resource->ncolumns && listed.path; c++)
	{
		const char *value;

		if (!tells_listed(writer, listed.list, c))
			continue;
		value = dbaas_writer_text(writer, row, c);
		if (resource->columns[c].field == NULL || (value == NULL && listed.vanishes))
			return;
		if (value == NULL && resource->found_by_values)
			continue;
		listed.columns = lappend(listed.columns,
								 unconstify(DbaasColumn *, &resource->columns[c]));
		if (value)
			listed.values = lappend(listed.values, unconstify(char *, value));
	}
	if (listed.columns &&
		(listed.values == NIL || list_length(listed.values) == list_length(listed.columns)))
		write->listed = listed;
}

/* A row while its writes are made. */
typedef struct Row
{
	const DbaasRowValues *values;	/* which name it */
	const char *identity;		/* or NULL */
	const char *choice;			/* the endpoint that it chooses; or NULL */
	DbaasListedService service; /* where it is, as far as it is known */
	const DbaasWrite *creator;	/* the queued write that creates its service;
								 * or NULL */
} Row;

/*
 * Makes the write of one request.  Returns NULL if it changes nothing.  May locate the
 * service.
 */
static DbaasWrite *
make_write(DbaasWriter *writer, Row *row, const DbaasChange *change, const DbaasRoute *route)
{
	DbaasWrite *write = palloc0(sizeof(DbaasWrite));
	DbaasChange part = *change;

	part.sent = route->sent;
	write->identity = row->identity;
	part.endpoint = route->endpoint;
	part.arguments = dbaas_choice_arguments(writer, row->values, route->endpoint,
											row->service.zone);
	set_path(writer, row->values, &row->service, &part, write);
	check_creator(writer, write, row->creator);
	check_created(writer, write, &part);
	dbaas_compose_body(writer, &part, row->service.zone, write);
	if (write->body == NULL && writer->command == DBAAS_UPDATE)
		return NULL;
	if (row->service.zone == NULL)
		row->service = dbaas_locate_row(writer, row->values, false);
	write->zone = row->service.zone->name;
	write->base = row->service.zone->base;
	write->service_type = row->service.type;
	set_origin(writer, row->values, route->endpoint, write);
	if (write->acts)
	{
		check_deleted(writer, route->endpoint, write);
		check_subject(writer, write);
	}
	set_listed(writer, row->values, &row->service, write);
	if (row->identity == NULL)
		row->identity = write->identity;	/* of its other writes too */
	return write;
}

/* Makes the write of a row that is part of an object: see DbaasWhole. */
static DbaasWriteNeed
make_part(DbaasWriter *writer, Row *row, DbaasChange *change, List **writes)
{
	DbaasWrite *write = palloc0(sizeof(DbaasWrite));
	DbaasQueueSpec spec = queue_spec(writer, row->identity);
	DbaasWriteNeed need;

	row->service = writer->needs_type ? dbaas_locate_typed(writer, row->values, change->sent) :
		dbaas_locate_row(writer, row->values, false);
	change->type = row->service.type;
	write->identity = row->identity;
	spec.zone = write->zone = row->service.zone->name;
	spec.base = write->base = row->service.zone->base;
	change->endpoint = dbaas_catalogue_find_write(writer->resource, writer->command,
												  change->type, row->choice);
	set_path(writer, row->values, &row->service, change, write);
	check_creator(writer, write, row->creator);
	need = dbaas_whole_compose(writer, change, row->service.zone, dbaas_queue_find(&spec), write);
	if (need != DBAAS_WRITE_NEEDED)
		return need;
	set_origin(writer, row->values, change->endpoint, write);
	/* It shows in the object as a whole. */
	write->listed.list = write->read;
	write->listed.path = write->path;
	*writes = list_make1(write);
	return need;
}

/* Has the identity the form of the template, whatever it names? */
static bool
has_form(const char *identity, const char *template)
{
	while (*identity && *template)
	{
		size_t		len = strcspn(template, "/");
		size_t		identity_len = strcspn(identity, "/");

		if (*template != '{' && (len != identity_len || strncmp(identity, template, len) != 0))
			return false;
		identity += identity_len + (identity[identity_len] == '/');
		template += len + (template[len] == '/');
	}
	return *identity == *template;
}

/* Those of the writes that other statements than this one have queued. */
static List *
of_other_statements(const List *writes, int batch)
{
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, writes)
	{
		if (((const DbaasWrite *) lfirst(lc))->batch != batch)
			others = lappend(others, lfirst(lc));
	}
	return others;
}

/*
 * Refuses what one of the writes changes, whichever row it is of.  Of an object whose parts the
 * rows are, it is not looked at which of them a write changes: each may be new.
 */
static void
check_writes(DbaasWriter *source, const List *writes)
{
	ListCell   *lc;

	foreach(lc, writes)
	{
		const DbaasWrite *write = lfirst(lc);
		DbaasOverlay whole = {.created = write};
		DbaasChange change = {.type = write->service_type,.overlay = &whole};

		if (!has_form(write->identity, source->resource->identity))
			continue;
		if (source->resource->whole == NULL)
			change.overlay = dbaas_overlay_new(list_make1(lfirst(lc)));
		dbaas_change_check_any(source, &change);
	}
}

/* For rows that are not told apart. */
static void
check_any_row(DbaasWriter *source)
{
	DbaasQueueSpec spec = queue_spec(source, "");

	spec.below = true;
	check_writes(source, of_other_statements(dbaas_queue_find(&spec), source->batch));
}

void
dbaas_write_check_source(DbaasWriter *source, const DbaasRowValues *row)
{
	DbaasChange change = {.old_row = row};
	DbaasListedService service;
	List	   *writes;

	if (source->resource->identity == NULL)
		return;
	if (row == NULL)
	{
		check_any_row(source);
		return;
	}
	writes = queued_writes(source, row, row_identity(source, row),
						   source->resource->unique_column != NULL, &service);
	writes = of_other_statements(writes, source->batch);
	if (writes == NIL || source->resource->whole)
	{
		check_writes(source, writes);
		return;
	}
	change.overlay = dbaas_overlay_new(writes);
	change.type = service.type;
	if (!change.overlay->deleted)
		dbaas_change_check_computed(source, &change);
}

DbaasWriteNeed
dbaas_write_make(DbaasWriter *writer, const DbaasRowValues *old_row,
				 const DbaasRowValues *new_row, List **writes)
{
	Row			row = {.values = writer->command == DBAAS_INSERT ? new_row : old_row};
	DbaasChange change = {
		.old_row = old_row,
		.new_row = new_row,
		.sent = palloc0(writer->resource->ncolumns * sizeof(bool)),
		.values = palloc0(writer->resource->ncolumns * sizeof(DbaasJson *))
	};
	ListCell   *lc;

	*writes = NIL;
	if (writer->command != DBAAS_DELETE)
		dbaas_writer_check_settable(writer, old_row, new_row);
	row.choice = dbaas_choice_get(writer, row.values);
	row.identity = row_identity(writer, row.values);
	if (is_row_gone(writer, row.values, row.identity, &change, &row.service, &row.creator))
		return DBAAS_WRITE_GONE;

	if (writer->resource->whole)
		return make_part(writer, &row, &change, writes);

	change.type = row.service.type;
	dbaas_change_check_computed(writer, &change);
	if (!dbaas_change_find_sent(writer, &change) && writer->command == DBAAS_UPDATE)
		return DBAAS_WRITE_NOTHING;

	if (writer->needs_type)
		row.service = dbaas_locate_typed(writer, row.values, change.sent);
	change.type = row.service.type;
	foreach(lc, dbaas_route_find(writer, change.sent, change.type, row.choice))
	{
		DbaasWrite *write = make_write(writer, &row, &change, lfirst(lc));

		if (write)
			*writes = lappend(*writes, write);
	}
	if (*writes == NIL)
		return DBAAS_WRITE_NOTHING;
	if (writer->command == DBAAS_DELETE)
	{
		const DbaasWrite *write = linitial(*writes);

		check_protection(writer, old_row, change.overlay, row.service.zone, write->services[0]);
		dbaas_uses_check_deleted(writer, old_row, &row.service, write);
		warn_of_effect(writer, old_row, row.service.zone, write);
	}
	else
		dbaas_uses_check_used(writer, new_row, change.sent, linitial(*writes));
	return DBAAS_WRITE_NEEDED;
}
