/*-------------------------------------------------------------------------
 *
 * whole.c
 *		The body of a write that replaces an object as a whole.
 *
 * The object goes back to the API as it was read, member by member, but for the part that
 * the row is.  So what this wrapper does not know of it is kept.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "api/progress.h"
#include "read/share.h"
#include "tables/secret.h"
#include "write/queue.h"
#include "write/same.h"
#include "write/whole.h"

/* A change of an object. */
typedef struct Edit
{
	DbaasWriter *writer;
	const DbaasWhole *whole;
	const DbaasChange *change;

	/*
	 * The part, with the elements around it from the outermost on.  Of one
	 * that is to be added, only those that are there already.
	 */
	const DbaasJson *path[DBAAS_WHOLE_DEPTH];
	int			level;			/* of the element that is added or taken out */
} Edit;

/* ------------------------------------------------------------------------
 * Columns in an object
 * ------------------------------------------------------------------------ */

/*
 * The nested array, from 0, in whose elements a column is, and *member, its name there; -1
 * if it is in the object itself.
 */
static int
column_level(const DbaasWhole *whole, const DbaasColumn *column, const char **member)
{
	int			level = whole->depth - 1;
	const char *field = column->field;

	for (; strncmp(field, "../", 3) == 0; field += 3)
		level--;
	*member = field;
	return level;
}

static bool
is_key(const DbaasWhole *whole, int column)
{
	for (int i = 0; i < whole->nkeys; i++)
	{
		if (whole->columns[i] == column)
			return true;
	}
	return false;
}

/* Does the column hold what a row may write? */
static bool
is_written(const DbaasWriter *writer, int column)
{
	return writer->resource->columns[column].insert != NULL;
}

static const DbaasJson *
row_value(DbaasWriter *writer, const DbaasRowValues *row, int column)
{
	AttrNumber	attnum = dbaas_table_find_attribute(writer->table, column);

	return attnum ? dbaas_writer_json(writer, row, attnum - 1) : NULL;
}

/* Does an element have the row's values of the columns that are in it?  Of keys alone, or all. */
static bool
has_values(DbaasWriter *writer, const DbaasRowValues *row, int level, const DbaasJson *element,
		   bool keys)
{
	const DbaasResource *resource = writer->resource;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const char *member;

		if (!is_written(writer, c) || (keys && !is_key(resource->whole, c)) ||
			column_level(resource->whole, &resource->columns[c], &member) != level ||
			dbaas_table_find_attribute(writer->table, c) == 0)
			continue;
		if (!dbaas_same_values(resource->columns[c].comparison, row_value(writer, row, c),
							   dbaas_json_member(element, member)))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------------------
 * Finding the part
 * ------------------------------------------------------------------------ */

/* A search for the parts that a row may be. */
typedef struct Search
{
	const DbaasRowValues *row;
	int			alike;			/* parts with the keys of the row */
	bool		exact;			/* has "path" all values of the row? */
	int			deepest;		/* levels of "path" */
	const DbaasJson *path[DBAAS_WHOLE_DEPTH];	/* to the first such part, or
												 * the elements that one would
												 * be in */
} Search;

/* Keeps the way to an element if it leads further, or to a part that is like the row. */
static void
keep_path(Search *search, const DbaasJson *const *path, int levels, bool exact)
{
	if (levels < search->deepest || (levels == search->deepest && (search->exact || !exact)))
		return;
	memcpy(search->path, path, levels * sizeof(DbaasJson *));
	search->deepest = levels;
	search->exact = exact;
}

/* Searches the array at that level of an object or element.  "path" leads to it. */
static void
search_level(DbaasWriter *writer, Search *search, const DbaasJson **path, int level,
			 const DbaasJson *around)
{
	const DbaasWhole *whole = writer->resource->whole;
	const DbaasJson *array = dbaas_json_member(around, whole->arrays[level]);

	if (!dbaas_json_is(array, DBAAS_JSON_ARRAY))
		return;
	for (const DbaasJson *element = dbaas_json_first(array); element;
		 element = dbaas_json_next(array, element))
	{
		bool		last = level == whole->depth - 1;

		if (!dbaas_json_is(element, DBAAS_JSON_OBJECT) ||
			!has_values(writer, search->row, level, element, true))
			continue;
		path[level] = element;
		search->alike += last;
		keep_path(search, path, level + 1,
				  last && has_values(writer, search->row, level, element, false));
		if (!last)
			search_level(writer, search, path, level + 1, element);
	}
}

static Search
search_part(DbaasWriter *writer, const DbaasRowValues *row, const DbaasJson *object)
{
	Search		search = {.row = row};
	const DbaasJson *path[DBAAS_WHOLE_DEPTH];

	search_level(writer, &search, path, 0, object);
	return search;
}

/* The keys of a row, as a JSON array. */
static char *
part_keys(DbaasWriter *writer, const DbaasRowValues *row)
{
	const DbaasWhole *whole = writer->resource->whole;
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < whole->nkeys; i++)
	{
		const DbaasJson *value = row_value(writer, row, whole->columns[i]);

		appendStringInfo(&out, "%c%s", i ? ',' : '[', value ? dbaas_json_compact(value) : "null");
	}
	appendStringInfoChar(&out, ']');
	return out.data;
}

/* ------------------------------------------------------------------------
 * Writing the object anew
 * ------------------------------------------------------------------------ */

static void put_array(StringInfo out, const Edit *edit, int level, const DbaasJson *array);

/* Begins a member; "first" says whether it is the first of its object, and becomes false. */
static void
put_name(StringInfo out, bool *first, const char *name)
{
	if (!*first)
		appendStringInfoChar(out, ',');
	*first = false;
	escape_json(out, name);
	appendStringInfoChar(out, ':');
}

/* Puts the new row's values of the columns of a level that "sent" says, as members. */
static void
put_columns(StringInfo out, const Edit *edit, int level, bool *first)
{
	const DbaasResource *resource = edit->writer->resource;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const char *member;

		if (!edit->change->sent[c] ||
			column_level(edit->whole, &resource->columns[c], &member) != level)
			continue;
		put_name(out, first, member);
		appendStringInfoString(out, dbaas_json_compact(row_value(edit->writer,
																 edit->change->new_row, c)));
	}
}

/* Is it a member of the part that an UPDATE gives another value? */
static bool
is_replaced(const Edit *edit, int level, const char *name)
{
	const DbaasResource *resource = edit->writer->resource;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const char *member;

		if (edit->change->sent[c] &&
			column_level(edit->whole, &resource->columns[c], &member) == level &&
			strcmp(member, name) == 0)
			return true;
	}
	return false;
}

/* Puts an object that is on the way to the part: the whole at level -1, or an element. */
static void
put_object(StringInfo out, const Edit *edit, int level, const DbaasJson *object)
{
	bool		first = true;
	bool		updated = edit->writer->command == DBAAS_UPDATE && level == edit->whole->depth - 1;
	const char *array = level < edit->whole->depth - 1 ? edit->whole->arrays[level + 1] : NULL;
	bool		has_array = array == NULL;

	appendStringInfoChar(out, '{');
	for (const DbaasJson *name = dbaas_json_first(object); name;
		 name = dbaas_json_next(object, name))
	{
		const char *text = dbaas_json_string(name, NULL);

		if (updated && is_replaced(edit, level, text))
			continue;
		put_name(out, &first, text);
		if (array && !has_array && strcmp(text, array) == 0)
		{
			put_array(out, edit, level + 1, name + 1);
			has_array = true;
		}
		else
			appendStringInfoString(out, dbaas_json_compact(name + 1));
	}
	if (updated)
		put_columns(out, edit, level, &first);
	if (!has_array)
	{
		put_name(out, &first, array);
		put_array(out, edit, level + 1, NULL);
	}
	appendStringInfoChar(out, '}');
}

/* Puts a new element of the array at that level, with new arrays down to the part. */
static void
put_new(StringInfo out, const Edit *edit, int level)
{
	bool		first = true;

	appendStringInfoChar(out, '{');
	put_columns(out, edit, level, &first);
	if (level < edit->whole->depth - 1)
	{
		put_name(out, &first, edit->whole->arrays[level + 1]);
		appendStringInfoChar(out, '[');
		put_new(out, edit, level + 1);
		appendStringInfoChar(out, ']');
	}
	appendStringInfoChar(out, '}');
}

/* Puts an array that is on the way to the part; it may be missing. */
static void
put_array(StringInfo out, const Edit *edit, int level, const DbaasJson *array)
{
	DbaasCommand command = edit->writer->command;
	const DbaasJson *element = dbaas_json_is(array, DBAAS_JSON_ARRAY) ?
		dbaas_json_first(array) : NULL;
	const char *separator = "";

	appendStringInfoChar(out, '[');
	for (; element; element = dbaas_json_next(array, element))
	{
		bool		on_way = element == edit->path[level];

		if (on_way && command == DBAAS_DELETE && level == edit->level)
			continue;
		appendStringInfoString(out, separator);
		separator = ",";
		if (on_way)
			put_object(out, edit, level, element);
		else
			appendStringInfoString(out, dbaas_json_compact(element));
	}
	if (command == DBAAS_INSERT && level == edit->level)
	{
		appendStringInfoString(out, separator);
		put_new(out, edit, level);
	}
	appendStringInfoChar(out, ']');
}

/* ------------------------------------------------------------------------
 * The object
 * ------------------------------------------------------------------------ */

/* Requests the object from the API, and waits for it. */
static const DbaasJson *
read_object(DbaasWriter *writer, const DbaasWrite *write, const DbaasZone *zone)
{
	const DbaasEndpoint *read = writer->resource->whole->read;
	DbaasCallSpec spec = {
		.kind = DBAAS_CALL_READ,
		.zone = zone->name,
		.base = zone->base,
		.method = read->method,
		.path_template = read->path,
		.path = write->path,
		.hide_secrets = !writer->resource->verbatim,
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
	if (dbaas_call_response(call) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 dbaas_error_about(writer->table->relid, InvalidAttrNumber),
				 errmsg("what %s replaces is gone", dbaas_operation_label(write))));
	return dbaas_call_response(call);
}

/* What a write would send back as "***" would take the place of the secret. */
static void
check_hidden(const DbaasWriter *writer, const DbaasWrite *write, const DbaasJson *object)
{
	if (!dbaas_secret_any_hidden(object))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(writer->table->relid, InvalidAttrNumber),
			 errmsg("%s would replace a secret that is not shown", dbaas_operation_label(write)),
			 errdetail("The API replaces the object as a whole, and the wrapper reads it "
					   "without its secrets.")));
}

/*
 * The object that the row is a part of: as the last queued write will leave it, or else as
 * the API has it.  Sets write->replaces: what the API has, if no write is under way.
 */
static const DbaasJson *
find_object(DbaasWriter *writer, const DbaasZone *zone, const List *queued, DbaasWrite *write)
{
	const DbaasWrite *last = queued ? llast(queued) : NULL;
	const DbaasJson *object;

	if (last)
	{
		/* A write that was sent has made of the object what it is now. */
		write->replaces = dbaas_queue_waits(last) ? last->replaces : last->body;
		return dbaas_overlay_parse(last->body);
	}
	object = read_object(writer, write, zone);
	check_hidden(writer, write, object);
	write->replaces = dbaas_json_compact(object);
	return object;
}

/* ------------------------------------------------------------------------
 * INSERT, UPDATE, DELETE
 * ------------------------------------------------------------------------ */

/* Checks the values of the columns that an INSERT or UPDATE sends. */
static void
check_values(DbaasWriter *writer, const DbaasChange *change)
{
	const DbaasResource *resource = writer->resource;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const char *text = dbaas_writer_text(writer, change->new_row, c);
		bool		needed = writer->command == DBAAS_INSERT ?
			resource->columns[c].insert_required : change->sent[c];

		if (text == NULL && needed)
			dbaas_writer_refuse_missing(writer, c);
		if (change->sent[c])
			dbaas_writer_check_domain(writer, c, change->type, text);
	}
}

pg_noreturn static void
refuse_present(const DbaasWriter *writer, const char *part)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 dbaas_error_about(writer->table->relid, InvalidAttrNumber),
			 errmsg("foreign table \"%s\" has such a row already",
					get_rel_name(writer->table->relid)),
			 errdetail("Its keys are %s.", dbaas_error_excerpt(part, strlen(part),
															   DBAAS_EXCERPT_BYTES)),
			 errhint("Use UPDATE, or DELETE it first.")));
}

pg_noreturn static void
refuse_alike(const DbaasWriter *writer, const char *part)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_error_about(writer->table->relid, InvalidAttrNumber),
			 errmsg("foreign table \"%s\" has several rows of the same keys, and an earlier "
					"statement of the transaction changes one of them",
					get_rel_name(writer->table->relid)),
			 errdetail("Their keys are %s.", dbaas_error_excerpt(part, strlen(part),
																 DBAAS_EXCERPT_BYTES)),
			 errhint("COMMIT in between.")));
}

/* Has the statement updated the part already?  An UPDATE may meet a row twice, in a join. */
static bool
is_updated(const DbaasWriter *writer, const List *queued, const char *part)
{
	ListCell   *lc;

	foreach(lc, queued)
	{
		const DbaasWrite *write = lfirst(lc);

		if (write->command == DBAAS_UPDATE && write->batch == writer->batch &&
			write->relid == writer->table->relid && strcmp(write->part, part) == 0)
			return true;
	}
	return false;
}

/* How many parts with the keys of the row had the object before the queued writes? */
static int
count_alike(DbaasWriter *writer, const DbaasRowValues *row, const List *queued)
{
	const DbaasWrite *first = linitial(queued);

	return search_part(writer, row, dbaas_overlay_parse(first->replaces)).alike;
}

/*
 * Finds the part that the old row of an UPDATE or DELETE is.  Of several with the same keys,
 * it is the first with the values of the row.  Returns false if there is none any more.
 */
static bool
find_old(DbaasWriter *writer, Edit *edit, const DbaasJson *object, const List *queued,
		 const char *part)
{
	const DbaasWhole *whole = edit->whole;
	const DbaasRowValues *row = edit->change->old_row;
	Search		search;
	bool		alike = queued != NIL && count_alike(writer, row, queued) > 1;

	for (int i = 0; i < whole->nkeys; i++)
	{
		if (dbaas_table_find_attribute(writer->table, whole->columns[i]) == 0)
			dbaas_writer_refuse_missing(writer, whole->columns[i]);
	}
	search = search_part(writer, row, object);
	if (search.alike == 0 || (!alike && is_updated(writer, queued, part)))
		return false;
	if (alike && !search.exact)
		refuse_alike(writer, part);
	memcpy(edit->path, search.path, sizeof(edit->path));
	return true;
}

/* Sets "sent" for the columns that an UPDATE changes in the part.  Returns whether any is. */
static bool
find_changed(DbaasWriter *writer, const Edit *edit)
{
	const DbaasResource *resource = writer->resource;
	const DbaasChange *change = edit->change;
	bool		any = false;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		AttrNumber	attnum = dbaas_table_find_attribute(writer->table, c);
		DbaasComparison comparison = resource->columns[c].comparison;
		const DbaasJson *now;
		const char *member;
		int			level;

		if (attnum == 0 || resource->columns[c].update == NULL)
			continue;
		level = column_level(edit->whole, &resource->columns[c], &member);
		now = dbaas_json_member(edit->path[level], member);
		if (dbaas_writer_computes_from(writer, attnum) &&
			!dbaas_same_values(comparison, row_value(writer, change->old_row, c), now))
			dbaas_change_refuse_stale(writer, c);
		change->sent[c] = dbaas_change_sets(writer, change, c) &&
			!dbaas_same_values(comparison, row_value(writer, change->new_row, c), now);
		any = any || change->sent[c];
	}
	return any;
}

/* The element that goes with the part: the outermost in whose array there is no other. */
static int
emptied_level(const Edit *edit)
{
	int			level = edit->whole->depth - 1;

	while (level > 0 &&
		   dbaas_json_count(dbaas_json_member(edit->path[level - 1],
											  edit->whole->arrays[level])) == 1)
		level--;
	return level;
}

/* Finds where an INSERT adds a part, and sets "sent". */
static void
find_place(DbaasWriter *writer, Edit *edit, const DbaasJson *object, const char *part)
{
	Search		search = search_part(writer, edit->change->new_row, object);

	if (search.alike > 0)
		refuse_present(writer, part);
	memcpy(edit->path, search.path, sizeof(edit->path));
	edit->level = search.deepest;
}

DbaasWriteNeed
dbaas_whole_compose(DbaasWriter *writer, const DbaasChange *change, const DbaasZone *zone,
					const List *queued, DbaasWrite *write)
{
	const DbaasRowValues *row = writer->command == DBAAS_INSERT ? change->new_row :
		change->old_row;
	Edit		edit = {
		.writer = writer,
		.whole = writer->resource->whole,
		.change = change
	};
	const DbaasJson *object;
	StringInfoData body;

	for (int c = 0; c < writer->resource->ncolumns; c++)
		change->sent[c] = writer->command == DBAAS_INSERT && is_written(writer, c) &&
			dbaas_writer_text(writer, row, c);
	if (writer->command == DBAAS_INSERT)
		check_values(writer, change);
	write->read = edit.whole->read;
	write->part = part_keys(writer, row);
	object = find_object(writer, zone, queued, write);
	if (writer->command == DBAAS_INSERT)
		find_place(writer, &edit, object, write->part);
	else if (!find_old(writer, &edit, object, queued, write->part))
		return DBAAS_WRITE_GONE;
	if (writer->command == DBAAS_DELETE)
		edit.level = emptied_level(&edit);
	if (writer->command == DBAAS_UPDATE)
	{
		if (!find_changed(writer, &edit))
			return DBAAS_WRITE_NOTHING;
		check_values(writer, change);
	}
	initStringInfo(&body);
	put_object(&body, &edit, -1, object);
	write->body = write->shown_body = body.data;
	return DBAAS_WRITE_NEEDED;
}
