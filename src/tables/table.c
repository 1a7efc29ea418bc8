/*-------------------------------------------------------------------------
 *
 * table.c
 *		What a foreign table shows: its resource, and the field of each column.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "foreign/foreign.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/error.h"
#include "base/version.h"
#include "tables/declared.h"
#include "tables/options.h"
#include "tables/table.h"

static DbaasError *
no_such_column(const DbaasTable *table, const char *name)
{
	DbaasError *error = dbaas_error_new(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND,
										"column \"%s\" of foreign table \"%s\" is no column of "
										"resource \"%s\"",
										name, get_rel_name(table->relid), table->resource->name);
	const DbaasResource *resource = table->resource;
	const char **names = palloc0((resource->ncolumns + 1) * sizeof(char *));
	const char *nearest;

	for (int i = 0; i < resource->ncolumns; i++)
		names[i] = resource->columns[i].name;
	nearest = dbaas_error_nearest(name, names);
	error->hint = dbaas_version_hint();
	if (error->hint == NULL)
		error->hint = nearest ?
			psprintf("Perhaps you meant \"%s\". Column option \"field\" names a field of the API.",
					 nearest) :
			"Column option \"field\" names a field of the API.";
	return error;
}

static DbaasError *
no_resource(Oid relid)
{
	DbaasError *error = dbaas_error_new(ERRCODE_FDW_OPTION_NAME_NOT_FOUND,
										"foreign table \"%s\" has no option \"resource\"",
										get_rel_name(relid));

	error->hint = "It says what the table shows, as in OPTIONS (resource 'services'); option "
		"\"path\" may stand in its place.";
	return error;
}

/* The error of an option or a resource that a later version has accepted. */
static DbaasError *
unknown_to_version(int sqlerrcode, const char *what)
{
	DbaasError *error = dbaas_error_new(sqlerrcode, "%s is not known to dbaas_fdw %s", what,
										DBAAS_FDW_VERSION);

	error->hint = dbaas_version_hint();
	if (error->hint == NULL)
		error->hint = "A later version made it. If that is installed, reconnect: a session keeps "
			"the library that it has loaded.";
	return error;
}

/* Checks that this version knows all options, "options" and those of columns, and resources. */
static DbaasError *
check_known(Oid relid, List *options, TupleDesc desc)
{
	static const char *const names[] = {"resource", "for_each"};
	const char *unknown = dbaas_options_unknown(options);

	for (int i = 0; i < desc->natts && unknown == NULL; i++)
		unknown = dbaas_options_unknown(GetForeignColumnOptions(relid, i + 1));
	if (unknown)
		return unknown_to_version(ERRCODE_FDW_INVALID_OPTION_NAME,
								  psprintf("option \"%s\" of foreign table \"%s\", its columns or "
										   "its server",
										   unknown, get_rel_name(relid)));
	for (size_t i = 0; i < lengthof(names); i++)
	{
		const char *resource = dbaas_options_string(options, names[i]);

		if (resource && dbaas_catalogue_find_resource(resource) == NULL)
			return unknown_to_version(ERRCODE_FDW_OPTION_NAME_NOT_FOUND,
									  psprintf("resource \"%s\" of foreign table \"%s\"", resource,
											   get_rel_name(relid)));
	}
	return NULL;
}

/*
 * Refuses a generated column with option "field" or the name of a column of the
 * resource: PostgreSQL computes it, so it would not show what users expect.
 */
static DbaasError *
check_generated(const DbaasTable *table, AttrNumber attnum, const char *name)
{
	DbaasError *error;

	if (dbaas_catalogue_find_column(table->resource, name) < 0 &&
		dbaas_options_string(GetForeignColumnOptions(table->relid, attnum), "field") == NULL)
		return NULL;
	error = dbaas_error_new(ERRCODE_FEATURE_NOT_SUPPORTED,
							"column \"%s\" of foreign table \"%s\" shows a field of the API and "
							"cannot be generated",
							name, get_rel_name(table->relid));
	error->hint = psprintf("Give a generated column a name that resource \"%s\" does not have, "
						   "and no option \"field\".",
						   table->resource->name);
	return error;
}

/* Refuses options of columns that would have no effect without option "path". */
static DbaasError *
refuse_parameter(const DbaasTable *table, List *options, const char *name)
{
	static const char *const names[] = {"param", "from"};

	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (dbaas_options_string(options, names[i]))
			return dbaas_error_new(ERRCODE_FDW_INVALID_OPTION_NAME,
								   "option \"%s\" of column \"%s\" of foreign table \"%s\" cannot "
								   "be used: the table has no option \"path\"",
								   names[i], name, get_rel_name(table->relid));
	}
	return NULL;
}

/*
 * Finds what a column shows: what its option "field" says, or else the resource's
 * column of its name.
 */
static DbaasError *
find_attribute(const DbaasTable *table, AttrNumber attnum, const char *name,
			   DbaasAttribute *attribute)
{
	const DbaasResource *resource = table->resource;
	List	   *options = GetForeignColumnOptions(table->relid, attnum);
	const char *field = dbaas_options_string(options, "field");
	DbaasError *error = refuse_parameter(table, options, name);

	if (error)
		return error;
	attribute->column = field ? dbaas_catalogue_find_column_by_field(resource, field) :
		dbaas_catalogue_find_column(resource, name);
	if (attribute->column < 0 && field == NULL)
		return no_such_column(table, name);
	attribute->field = attribute->column < 0 ? field :
		resource->columns[attribute->column].field;
	return NULL;
}

const DbaasResource *
dbaas_table_resource(Oid relid, List **options)
{
	ForeignTable *foreign = GetForeignTable(relid);
	const char *resource = dbaas_options_string(foreign->options, "resource");

	*options = list_concat_copy(foreign->options,
								GetForeignServer(foreign->serverid)->options);
	return resource ? dbaas_catalogue_find_resource(resource) : NULL;
}

/* Finds what the columns of a table with option "path" show. */
static DbaasError *
read_declared(DbaasTable *table, TupleDesc desc)
{
	int		   *columns = palloc(Max(desc->natts, 1) * sizeof(int));
	DbaasResource *resource;
	DbaasError *error = dbaas_declared_make_resource(table->relid, get_rel_name(table->relid), desc,
													 table->options, &resource, columns);

	table->resource = resource;
	for (int i = 0; i < desc->natts && error == NULL; i++)
	{
		table->attributes[i].column = columns[i];
		table->attributes[i].field = columns[i] < 0 ? NULL : resource->columns[columns[i]].field;
	}
	return error;
}

/* Finds what the columns of a table with option "resource" show. */
static DbaasError *
read_attributes(DbaasTable *table, TupleDesc desc)
{
	DbaasError *error = NULL;

	for (int i = 0; i < desc->natts && error == NULL; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		table->attributes[i].column = -1;
		table->attributes[i].field = NULL;
		if (attr->attgenerated)
			error = check_generated(table, attr->attnum, NameStr(attr->attname));
		else if (!attr->attisdropped)
			error = find_attribute(table, attr->attnum, NameStr(attr->attname),
								   &table->attributes[i]);
		if (error)
			error->attnum = attr->attnum;
	}
	return error;
}

DbaasError *
dbaas_table_read(Oid relid, DbaasTable **result)
{
	DbaasTable *table = palloc0(sizeof(DbaasTable));
	DbaasError *error;
	Relation	relation;
	TupleDesc	desc;
	bool		declared;

	table->relid = relid;
	table->serverid = GetForeignTable(relid)->serverid;
	table->resource = dbaas_table_resource(relid, &table->options);
	declared = dbaas_options_string(table->options, "path") != NULL;
	relation = table_open(relid, NoLock);
	desc = RelationGetDescr(relation);
	table->natts = desc->natts;
	table->attributes = palloc(Max(desc->natts, 1) * sizeof(DbaasAttribute));
	error = check_known(relid, table->options, desc);
	if (error == NULL)
		error = declared ? read_declared(table, desc) :
			table->resource ? read_attributes(table, desc) : no_resource(relid);
	table_close(relation, NoLock);
	*result = table;
	return error;
}

DbaasTable *
dbaas_table_get(Oid relid)
{
	DbaasTable *table;
	DbaasError *error = dbaas_table_read(relid, &table);

	if (error == NULL)
		return table;
	error->relid = relid;
	dbaas_error_raise(error);
}

void
dbaas_table_raise(const DbaasTable *table, const DbaasError *error)
{
	DbaasError	of_table = *error;

	of_table.relid = table->relid;
	if (error->column > 0)
		of_table.attnum = dbaas_table_find_attribute(table, error->column - 1);
	dbaas_error_raise(&of_table);
}

bool
dbaas_table_shows(const DbaasTable *table, AttrNumber attnum)
{
	const DbaasAttribute *attribute = &table->attributes[attnum - 1];

	return attribute->column >= 0 || attribute->field != NULL;
}

const DbaasColumn *
dbaas_table_column(const DbaasTable *table, AttrNumber attnum)
{
	static const DbaasColumn unknown = {.type = DBAAS_JSONB};
	int			column = table->attributes[attnum - 1].column;

	return column < 0 ? &unknown : &table->resource->columns[column];
}

Bitmapset *
dbaas_table_shown_attributes(const DbaasTable *table)
{
	Bitmapset  *shown = NULL;

	for (AttrNumber attnum = 1; attnum <= table->natts; attnum++)
	{
		if (dbaas_table_shows(table, attnum))
			shown = bms_add_member(shown, attnum);
	}
	return shown;
}

Bitmapset *
dbaas_table_shown_columns(const DbaasTable *table)
{
	Bitmapset  *shown = NULL;

	for (int i = 0; i < table->natts; i++)
	{
		if (table->attributes[i].column >= 0)
			shown = bms_add_member(shown, table->attributes[i].column);
	}
	return shown;
}

AttrNumber
dbaas_table_find_attribute(const DbaasTable *table, int column)
{
	for (int i = 0; column >= 0 && i < table->natts; i++)
	{
		if (table->attributes[i].column == column)
			return i + 1;
	}
	return 0;
}
