/*-------------------------------------------------------------------------
 *
 * write.c
 *		From a row to the write that it stands for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "tables/path.h"
#include "write/change.h"
#include "write/compose.h"
#include "write/locate.h"
#include "write/overlay.h"
#include "write/queue.h"
#include "write/writable.h"
#include "write/write.h"

/* ------------------------------------------------------------------------
 * What the row stands for, and what the transaction does to it
 * ------------------------------------------------------------------------ */

/* The name that an INSERT gives to what it makes, or NULL. */
static const char *
made_name(DbaasWriter *writer, const DbaasRowValues *row)
{
	int			column;

	if (writer->command != DBAAS_INSERT)
		return NULL;
	column = writer->resource->index.created;
	return dbaas_writable_takes(writer->resource, DBAAS_INSERT, column) ?
		dbaas_writer_value(writer, row, column) : NULL;
}

/* A service, as row_thing() has it. */
static const char *
service_thing(const char *name)
{
	const DbaasResource *services = dbaas_catalogue_find(DBAAS_SERVICES_RESOURCE);
	const char **args = palloc0(services->ncolumns * sizeof(char *));

	args[services->thing_path.params[0].column] = name;
	return dbaas_path_expand(&services->thing_path, args);
}

/* What the row stands for, whatever writes it; NULL when the row does not tell. */
static const char *
row_thing(DbaasWriter *writer, const DbaasRowValues *row)
{
	const DbaasResource *resource = writer->resource;
	const char **args = palloc0(resource->ncolumns * sizeof(char *));

	if (resource->thing == NULL)
		return NULL;
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!dbaas_path_has(&resource->thing_path, c))
			continue;
		args[c] = dbaas_writer_value(writer, row, c);
		if (args[c] == NULL)
			return NULL;
	}
	return dbaas_path_expand(&resource->thing_path, args);
}

/*
 * What the transaction does to the row that was read, unless that is nothing; then
 * also where the row is.  An UPDATE that meets a row again, in a join say, leaves
 * it as it is, as in any table.
 */
static const DbaasOverlay *
find_overlay(DbaasWriter *writer, const DbaasChange * change, const char *thing,
			 DbaasListedService *service, bool *again)
{
	DbaasQueueSpec spec = {writer->lookup.conn, NULL, NULL, thing, writer->read_after, dbaas_dry_run};
	List	   *writes;

	if (writer->command == DBAAS_INSERT || thing == NULL || dbaas_queue_find(&spec) == NIL)
		return NULL;
	*service = dbaas_locate_row(writer, change->old_row, false);
	spec.zone = service->zone->name;
	spec.base = service->zone->base;
	writes = dbaas_queue_find(&spec);
	*again = writer->command == DBAAS_UPDATE &&
		dbaas_queue_updates(writes, writer->batch, writer->table->relid);
	return writes ? dbaas_overlay_new(writes) : NULL;
}

pg_noreturn static void
refuse_deleted(const DbaasWriter *writer, const char *name, const char *zone)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 dbaas_error_about(writer->table->relid, dbaas_locate_attribute(writer)),
			 errmsg("this transaction deletes service \"%s\" in zone %s",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN), zone),
			 errdetail("What is made inside it afterwards would fail, when the service is gone already."),
			 errhint("Leave out the DELETE or this INSERT.")));
}

/*
 * What an earlier statement does to one of the services that the row's write is
 * of.  Returns whether that leaves nothing of the row: it was read inside a service
 * that is deleted, be another made under its name or not.  *made becomes the path
 * that makes the first service, if one does.
 */
static bool
service_is_gone(DbaasWriter *writer, const DbaasRowValues *row, const char *thing, const char **made)
{
	*made = NULL;
	for (size_t i = 0; i < lengthof(writer->resource->services); i++)
	{
		const char *name = dbaas_writer_value(writer, row, writer->resource->index.services[i]);
		DbaasQueueSpec spec = {
			writer->lookup.conn, NULL, NULL, name ? service_thing(name) : NULL, writer->read_after, dbaas_dry_run
		};
		const DbaasZone *zone;
		List	   *writes;
		DbaasOverlay *overlay;

		if (name == NULL || dbaas_queue_find(&spec) == NIL)
			continue;
		zone = dbaas_locate_row(writer, row, false).zone;
		spec.zone = zone->name;
		spec.base = zone->base;
		writes = dbaas_queue_find(&spec);
		overlay = writes ? dbaas_overlay_new(writes) : NULL;
		if (overlay && i == 0)
			*made = overlay->made_path;
		if (overlay == NULL || (thing && strcmp(thing, spec.thing) == 0))
			continue;
		if (overlay->gone && writer->command == DBAAS_INSERT)
			refuse_deleted(writer, name, spec.zone);
		if ((overlay->gone || overlay->made) && writer->command != DBAAS_INSERT)
			return true;
	}
	return false;
}

/*
 * The path of a write follows from the type that the API's lists say.  That is not
 * the type of a service which the transaction makes anew as another.
 */
static void
check_made(const DbaasWriter *writer, const DbaasWrite *write, const char *made)
{
	size_t		len = made ? strlen(made) : 0;

	if (made == NULL || !writer->needs_type || writer->makes_service ||
		(strncmp(write->path, made, len) == 0 && strchr("/", write->path[len])))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(writer->table->relid, dbaas_locate_attribute(writer)),
			 errmsg("this transaction makes service \"%s\" anew, as one of another type",
					dbaas_error_excerpt(write->services[0], strlen(write->services[0]), NAMEDATALEN)),
			 errdetail("It is made by POST %s, and this statement would write to %s.", made, write->path),
			 errhint("COMMIT in between.")));
}

/* ------------------------------------------------------------------------
 * Protection and side effects
 * ------------------------------------------------------------------------ */

/*
 * Is the row to delete among those of the parent?  Where the table does not show
 * it, the list of its zone tells.
 */
static bool
is_among(DbaasWriter *writer, const DbaasRowValues *row, const DbaasOverlay *overlay,
		 const DbaasZone *zone, const DbaasParent *parent)
{
	const DbaasResource *resource = writer->resource;
	int			column;
	const char *value;
	const DbaasJson *queued = NULL;
	List	   *found;
	DbaasError *error;
	bool		truth;

	if (writer->command != DBAAS_DELETE || parent == NULL)
		return false;
	column = parent->filter;
	if (overlay && resource->columns[column].update &&
		(dbaas_overlay_find(overlay, resource->columns[column].update, &queued) || overlay->made))
		return dbaas_json_is(queued, DBAAS_JSON_BOOLEAN) && *queued->text == 't';
	if (dbaas_writable_needs_lists(writer->table, parent))
	{
		int			name = parent->columns[0];

		error = dbaas_parents_locate(&writer->lookup, zone, dbaas_writer_value(writer, row, name),
									 parent, &found);
		if (error)
			dbaas_table_raise(writer->table, error);
		return found != NIL;
	}
	value = dbaas_writer_value(writer, row, column);
	if (value == NULL || resource->columns[column].type != DBAAS_BOOLEAN)
		return value && strcmp(value, parent->filter_value) == 0;
	return parse_bool(value, &truth) && truth;
}

/* The API refuses to delete what is protected: so does this, at once. */
static void
check_protection(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasOverlay *overlay,
				 const DbaasZone *zone, const char *name)
{
	const DbaasParent *protected = writer->resource->protected;
	int			column;
	const char *shown;

	if (!is_among(writer, old_row, overlay, zone, protected))
		return;
	column = protected->filter;
	shown = dbaas_writable_name(writer->table, column);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 dbaas_error_about(writer->table->relid, dbaas_table_attribute(writer->table, column)),
			 errmsg("service \"%s\" is protected against termination",
					dbaas_error_excerpt(name, strlen(name), NAMEDATALEN)),
			 dbaas_writable_needs_lists(writer->table, protected) ?
			 errhint("Take the termination protection off first, through a table that has column \"%s\".",
					 shown) :
			 errhint("Take the termination protection off first: UPDATE ... SET %s = false; "
					 "or leave the service out: ... AND %s IS NOT TRUE.", shown, shown)));
}

/* A DELETE that does more than it says is seldom meant so. */
static void
warn_of_effect(DbaasWriter *writer, const DbaasRowValues *old_row, const DbaasZone *zone,
			   const DbaasWrite *write)
{
	const char *first = write->services[0];
	const char *second = write->services[1];

	if (!is_among(writer, old_row, NULL, zone, writer->resource->notable))
		return;
	dbaas_error_notice(WARNING,
					   (errmsg("%s %s", dbaas_write_label(write), writer->resource->effect),
						first && second ?
						errdetail("Its services are \"%s\" and \"%s\".",
								  dbaas_error_excerpt(first, strlen(first), NAMEDATALEN),
								  dbaas_error_excerpt(second, strlen(second), NAMEDATALEN)) : 0));
}

/* ------------------------------------------------------------------------
 * The write
 * ------------------------------------------------------------------------ */

DbaasWriteNeed
dbaas_write_make(DbaasWriter *writer, const DbaasRowValues *old_row,
				 const DbaasRowValues *new_row, DbaasWrite *write)
{
	const DbaasRowValues *row = writer->command == DBAAS_INSERT ? new_row : old_row;
	DbaasChange change = {
		old_row, new_row,
		.sent = palloc0(writer->resource->ncolumns * sizeof(bool)),
		.values = palloc0(writer->resource->ncolumns * sizeof(DbaasJson *))
	};
	DbaasListedService service = {0};
	const DbaasWriteEndpoint *endpoint;
	const char *made;
	bool		again = false;

	memset(write, 0, sizeof(*write));
	if (writer->command != DBAAS_DELETE)
		dbaas_writer_check_settable(writer, old_row, new_row);
	write->thing = row_thing(writer, row);
	change.overlay = find_overlay(writer, &change, write->thing, &service, &again);
	change.type = service.type;
	if (again || (change.overlay && change.overlay->gone))
		return DBAAS_WRITE_GONE;
	if (service_is_gone(writer, row, write->thing, &made) &&
		!(change.overlay && change.overlay->made))
		return DBAAS_WRITE_GONE;
	dbaas_change_check_read(writer, &change);
	if (!dbaas_change_find_sent(writer, &change) && writer->command == DBAAS_UPDATE)
		return DBAAS_WRITE_NOTHING;
	if (writer->needs_type)
		service = dbaas_locate_typed(writer, row, change.sent);
	change.type = service.type;
	endpoint = dbaas_catalogue_write(writer->resource, writer->command, service.type);
	write->method = endpoint->method;
	write->operation = endpoint->path;
	write->path = dbaas_locate_path(writer, row, endpoint, &service);
	for (size_t i = 0; i < lengthof(write->services); i++)
		write->services[i] = dbaas_writer_value(writer, row, writer->resource->index.services[i]);
	check_made(writer, write, made);
	dbaas_compose_body(writer, &change, service.zone, write);
	if (write->body == NULL && writer->command == DBAAS_UPDATE)
		return DBAAS_WRITE_NOTHING;
	if (service.zone == NULL)
		service = dbaas_locate_row(writer, row, false);
	check_protection(writer, old_row, change.overlay, service.zone, write->services[0]);
	write->serverid = writer->table->serverid;
	write->userid = writer->userid;
	write->zone = service.zone->name;
	write->base = service.zone->base;
	write->command = writer->command;
	write->batch = writer->batch;
	write->relid = writer->table->relid;
	write->creates = writer->makes_service;
	write->made = made_name(writer, row);
	write->announces = writer->command == DBAAS_INSERT && writer->resource->announces;
	write->direct = endpoint->direct;
	write->counts = writer->command == DBAAS_INSERT ? NULL : writer->resource->counts;
	write->ends_service = writer->command == DBAAS_DELETE && writer->resource->is_service;
	if (write->thing == NULL && writer->command != DBAAS_INSERT)
		write->thing = write->path;
	warn_of_effect(writer, old_row, service.zone, write);
	return DBAAS_WRITE_NEEDED;
}
