/*-------------------------------------------------------------------------
 *
 * declared.c
 *		Resources that a foreign table declares itself, with option "path".
 *
 * The validator has checked each option by itself.  Here those of the table and
 * its columns are checked against each other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/lsyscache.h"

#include "tables/declared.h"
#include "tables/options.h"
#include "tables/rows.h"

/* Rows of a response, as long as none was seen. */
#define TYPICAL_ROWS 20

/* A resource that is being made. */
typedef struct Making
{
	Oid			relid;
	const char *table;
	DbaasResource *resource;
	DbaasColumn *columns;		/* the resource's */
	DbaasPath	path;			/* its parameters have no columns yet */
	DbaasParent *parent;		/* or NULL */
	int			nkeys;			/* of the parent */
} Making;

static DbaasError *
wrong_option(const Making *making, const char *column, const char *option, const char *problem)
{
	return dbaas_error_new(ERRCODE_FDW_INVALID_OPTION_NAME,
						   "option \"%s\" of column \"%s\" of foreign table \"%s\" cannot be used: %s",
						   option, column, making->table, problem);
}

/* PostgreSQL computes a generated column: it shows nothing of a response. */
static DbaasError *
generated_option(const Making *making, const char *column, AttrNumber attnum)
{
	const DefElem *option = linitial(GetForeignColumnOptions(making->relid, attnum));

	return wrong_option(making, column, option->defname, "the column is generated");
}

bool
dbaas_declared_may_send(Oid type)
{
	switch (getBaseType(type))
	{
		case TEXTOID:
		case VARCHAROID:
		case NAMEOID:
		case UUIDOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return true;
		default:
			return false;
	}
}

bool
dbaas_declared_may_fraction(Oid type)
{
	switch (getBaseType(type))
	{
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
			return true;
		default:
			return false;
	}
}

/* The field of a column without options: its name, with hyphens, as the API has them. */
static const char *
field_of_name(const char *name)
{
	char	   *field = pstrdup(name);

	for (char *p = field; *p; p++)
		*p = *p == '_' ? '-' : *p;
	return field;
}

/* Is the parameter one of the path? */
static bool
is_in_path(const Making *making, const char *param)
{
	for (int i = 0; i < making->path.nparams; i++)
	{
		if (strcmp(making->path.params[i].name, param) == 0)
			return true;
	}
	return false;
}

/* Adds a column's parameter, and its column of the parent, "from", if it has that. */
static DbaasError *
add_parameter(Making *making, DbaasColumn *column, Oid type, const char *from)
{
	const DbaasResource *parents;
	int			parent_column;

	for (const DbaasColumn *other = making->columns; other < column; other++)
	{
		if (other->param && strcmp(other->param, column->param) == 0)
			return wrong_option(making, column->name, "param",
								psprintf("column \"%s\" has the same", other->name));
	}
	if (!dbaas_declared_may_send(type))
		return dbaas_error_new(ERRCODE_FDW_INVALID_DATA_TYPE,
							   "column \"%s\" of foreign table \"%s\" has option \"param\" and must be a text, a uuid or an integer",
							   column->name, making->table);
	column->query = !is_in_path(making, column->param);
	column->required = !column->query && from == NULL;
	if (from == NULL)
		return NULL;
	if (making->parent == NULL)
		return wrong_option(making, column->name, "from", "the table has no option \"for_each\"");
	if (column->query)
		return wrong_option(making, column->name, "from",
							psprintf("the path \"%s\" has no {%s}", making->path.template, column->param));
	parents = dbaas_catalogue_find(making->parent->resource);
	parent_column = dbaas_catalogue_column(parents, from);
	if (parent_column < 0 || parents->columns[parent_column].field == NULL)
		return wrong_option(making, column->name, "from",
							psprintf("the list of resource \"%s\" has no column \"%s\"", parents->name, from));
	if (making->nkeys == lengthof(making->parent->keys))
		return wrong_option(making, column->name, "from", "too many columns have it");
	making->parent->keys[making->nkeys].column = column->name;
	making->parent->keys[making->nkeys++].parent_column = from;
	return NULL;
}

static DbaasError *
add_column(Making *making, AttrNumber attnum, const char *name, Oid type)
{
	DbaasResource *resource = making->resource;
	DbaasColumn *column = &making->columns[resource->ncolumns++];
	List	   *options = GetForeignColumnOptions(making->relid, attnum);
	const char *from = dbaas_options_string(options, "from");
	char	   *problem;

	column->name = name;
	column->untyped = true;
	column->field = dbaas_options_string(options, "field");
	column->param = dbaas_options_string(options, "param");
	if (column->field && (problem = dbaas_rows_check_field_in(column->field, resource->reads[0].rows)))
		return wrong_option(making, name, "field", problem);
	if (column->field == NULL && column->param == NULL)
		column->field = field_of_name(name);
	if (column->field && dbaas_rows_field_is_member(column->field))
		resource->reads[0].values = false;
	if (column->param)
		return add_parameter(making, column, type, from);
	if (from)
		return wrong_option(making, name, "from", "it has no option \"param\"");
	return NULL;
}

/* Does a column have that param? */
static bool
has_param(const Making *making, const char *param)
{
	for (int c = 0; c < making->resource->ncolumns; c++)
	{
		if (making->columns[c].param && strcmp(making->columns[c].param, param) == 0)
			return true;
	}
	return false;
}

/* Checks that a column fills each {x} of the path, and that one is "from" for_each. */
static DbaasError *
check_path(const Making *making)
{
	for (int i = 0; i < making->path.nparams; i++)
	{
		const char *param = making->path.params[i].name;
		DbaasError *error;

		if (has_param(making, param))
			continue;
		error = dbaas_error_new(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND,
								"no column of foreign table \"%s\" fills {%s} of its path \"%s\"",
								making->table, param, making->path.template);
		error->hint = psprintf("Give a column OPTIONS (param '%s').", param);
		return error;
	}
	if (making->parent && making->nkeys == 0)
	{
		DbaasError *error = dbaas_error_new(ERRCODE_FDW_OPTION_NAME_NOT_FOUND,
											"foreign table \"%s\" has option \"for_each\", but none of its columns has option \"from\"",
											making->table);

		error->hint = "Give the column of a parameter the option \"from\" too, as in OPTIONS (param 'service-name', from 'name').";
		return error;
	}
	return NULL;
}

static DbaasParent *
make_parent(List *options)
{
	const char *for_each = dbaas_options_string(options, "for_each");
	const char *filter = dbaas_options_string(options, "for_each_filter");
	DbaasParent *parent;

	if (for_each == NULL)
		return NULL;
	parent = palloc0(sizeof(DbaasParent));
	parent->resource = for_each;
	parent->locates = true;
	if (filter)
	{
		size_t		len = strcspn(filter, "=");

		parent->filter_column = pnstrdup(filter, len);
		parent->filter_value = filter + len + 1;
	}
	return parent;
}

DbaasError *
dbaas_declared_resource(Oid relid, const char *name, TupleDesc desc, List *options,
						DbaasResource **result, int *columns)
{
	Making		making = {
		.relid = relid,
		.table = name
	};
	DbaasResource *resource = palloc0(sizeof(DbaasResource));
	const char *rows = dbaas_options_string(options, "rows");
	DbaasError *error = NULL;

	making.resource = resource;
	making.columns = palloc0((desc->natts + 2) * sizeof(DbaasColumn));
	making.columns[DBAAS_ZONE_COLUMN].name = "zone";
	making.parent = make_parent(options);
	resource->name = name;
	resource->columns = making.columns;
	resource->ncolumns = 1;
	resource->reads[0].method = "GET";
	resource->reads[0].path = dbaas_options_string(options, "path");
	making.path = dbaas_path_parse(resource->reads[0].path);
	resource->reads[0].rows = rows ? rows : "";
	resource->reads[0].values = true;
	resource->typical_rows = TYPICAL_ROWS;
	resource->parent = making.parent;
	resource->any_zone = strcmp(dbaas_options_string(options, "scope"), "organisation") == 0;

	for (int i = 0; i < desc->natts && error == NULL; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		char	   *attname = pstrdup(NameStr(attr->attname));

		columns[i] = -1;
		if (attr->attisdropped)
			continue;
		if (attr->attgenerated)
		{
			if (GetForeignColumnOptions(relid, i + 1) != NIL)
			{
				error = generated_option(&making, attname, i + 1);
				error->attnum = attr->attnum;
			}
			continue;
		}
		if (strcmp(attname, "zone") == 0 && GetForeignColumnOptions(relid, i + 1) == NIL)
		{
			columns[i] = DBAAS_ZONE_COLUMN;
			continue;
		}
		columns[i] = resource->ncolumns;
		error = add_column(&making, i + 1, attname, attr->atttypid);
		if (error)
			error->attnum = attr->attnum;
	}
	*result = resource;
	if (error == NULL)
		error = check_path(&making);
	if (error == NULL)
		dbaas_catalogue_resolve(resource);
	return error;
}
