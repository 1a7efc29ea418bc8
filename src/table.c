/*-------------------------------------------------------------------------
 *
 * table.c
 *		What a foreign table shows: its resource, and the field of each column.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "error.h"
#include "foreign/foreign.h"
#include "options.h"
#include "table.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

static void
no_such_column(const DbaasTable *table, const char *name)
{
	const DbaasResource *resource = table->resource;
	const char **names = palloc0((resource->ncolumns + 1) * sizeof(char *));
	const char *nearest;

	for (int i = 0; i < resource->ncolumns; i++)
		names[i] = resource->columns[i].name;
	nearest = dbaas_error_nearest(name, names);
	ereport(ERROR,
			(errcode(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND),
			 errmsg("column \"%s\" of foreign table \"%s\" is no column of resource \"%s\"",
					name, get_rel_name(table->relid), resource->name),
			 nearest ?
			 errhint("Perhaps you meant \"%s\". Column option \"field\" names a field of the API.",
					 nearest) :
			 errhint("Column option \"field\" names a field of the API.")));
}

/*
 * What one column shows: what its option "field" says, or else the column of
 * the catalogue that has its name.
 */
static DbaasAttribute
find_attribute(const DbaasTable *table, AttrNumber attnum, const char *name)
{
	const DbaasResource *resource = table->resource;
	DbaasAttribute attribute;
	const char *field = dbaas_option_string(GetForeignColumnOptions(table->relid, attnum),
											"field");

	attribute.column = field ? dbaas_catalogue_column_by_field(resource, field) :
		dbaas_catalogue_column(resource, name);
	if (attribute.column < 0 && field == NULL)
		no_such_column(table, name);
	attribute.field = attribute.column < 0 ? field :
		resource->columns[attribute.column].field;
	return attribute;
}

const DbaasResource *
dbaas_table_resource(Oid relid, List **options)
{
	ForeignTable *foreign = GetForeignTable(relid);
	const char *resource = dbaas_option_string(foreign->options, "resource");

	*options = list_concat_copy(foreign->options,
								GetForeignServer(foreign->serverid)->options);
	return resource ? dbaas_catalogue_find(resource) : NULL;
}

DbaasTable *
dbaas_table_get(Oid relid)
{
	DbaasTable *table = palloc0(sizeof(DbaasTable));
	Relation	relation;
	TupleDesc	desc;

	table->relid = relid;
	table->serverid = GetForeignTable(relid)->serverid;
	table->resource = dbaas_table_resource(relid, &table->options);
	if (table->resource == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("foreign table \"%s\" has no option \"resource\"", get_rel_name(relid)),
				 errhint("It says what the table shows, as in OPTIONS (resource 'services').")));

	relation = table_open(relid, NoLock);
	desc = RelationGetDescr(relation);
	table->natts = desc->natts;
	table->attributes = palloc(Max(desc->natts, 1) * sizeof(DbaasAttribute));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		if (attr->attisdropped)
			table->attributes[i] = (DbaasAttribute) {.column = -1};
		else
			table->attributes[i] = find_attribute(table, attr->attnum, NameStr(attr->attname));
	}
	table_close(relation, NoLock);
	return table;
}

bool
dbaas_table_shows(const DbaasTable *table, AttrNumber attnum)
{
	const DbaasAttribute *attribute = &table->attributes[attnum - 1];

	return attribute->column >= 0 || attribute->field != NULL;
}

Bitmapset *
dbaas_table_shown(const DbaasTable *table)
{
	Bitmapset  *shown = NULL;

	for (AttrNumber attnum = 1; attnum <= table->natts; attnum++)
	{
		if (dbaas_table_shows(table, attnum))
			shown = bms_add_member(shown, attnum);
	}
	return shown;
}

AttrNumber
dbaas_table_attribute(const DbaasTable *table, int column)
{
	for (int i = 0; i < table->natts; i++)
	{
		if (table->attributes[i].column == column)
			return i + 1;
	}
	return 0;
}
