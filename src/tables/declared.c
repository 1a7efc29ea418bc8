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

/* Rows of a response, until one was seen. */
#define TYPICAL_ROWS 20

/* A table with option "path", and the resource that is made from its options. */
typedef struct Declaration
{
	Oid			relid;
	const char *table;
	DbaasResource *resource;
	DbaasColumn *columns;		/* the resource's */
	DbaasPath	path;			/* its parameters are not resolved */
	DbaasParent *parent;		/* or NULL */
	int			nkeys;			/* of the parent, so far */
} Declaration;

static DbaasError *
wrong_option(const Declaration *declaration, const char *column, const char *option,
			 const char *problem)
{
	return dbaas_error_new(ERRCODE_FDW_INVALID_OPTION_NAME,
						   "option \"%s\" of column \"%s\" of foreign table \"%s\" cannot be "
						   "used: %s",
						   option, column, declaration->table, problem);
}

/* The error of a generated column with options: PostgreSQL computes it, so it shows no field. */
static DbaasError *
generated_option(const Declaration *declaration, const char *column, AttrNumber attnum)
{
	const DefElem *option = linitial(GetForeignColumnOptions(declaration->relid, attnum));

	return wrong_option(declaration, column, option->defname, "the column is generated");
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
dbaas_declared_may_have_fraction(Oid type)
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

/* The field of a column without options: its name, with hyphens for underscores. */
static const char *
field_of_name(const char *name)
{
	char	   *field = pstrdup(name);

	for (char *p = field; *p; p++)
		*p = *p == '_' ? '-' : *p;
	return field;
}

/* Does the path have that parameter? */
static bool
is_in_path(const Declaration *declaration, const char *param)
{
	for (int i = 0; i < declaration->path.nparams; i++)
	{
		if (strcmp(declaration->path.params[i].name, param) == 0)
			return true;
	}
	return false;
}

/* Makes the column's parameter a key of the parent, filled by the parent's column "from". */
static DbaasError *
add_parent_key(Declaration *declaration, DbaasColumn *column, const char *from)
{
	const DbaasResource *parents;
	int			parent_column;

	if (declaration->parent == NULL)
		return wrong_option(declaration, column->name, "from",
							"the table has no option \"for_each\"");
	if (column->query)
		return wrong_option(declaration, column->name, "from",
							psprintf("the path \"%s\" has no {%s}", declaration->path.template,
									 column->param));
	parents = dbaas_catalogue_find_resource(declaration->parent->resource);
	parent_column = dbaas_catalogue_find_column(parents, from);
	if (parent_column < 0 || parents->columns[parent_column].field == NULL)
		return wrong_option(declaration, column->name, "from",
							psprintf("the list of resource \"%s\" has no column \"%s\"",
									 parents->name, from));
	if (declaration->nkeys == lengthof(declaration->parent->keys))
		return wrong_option(declaration, column->name, "from", "too many columns have it");
	declaration->parent->keys[declaration->nkeys].column = column->name;
	declaration->parent->keys[declaration->nkeys++].parent_column = from;
	return NULL;
}

/* Checks the column's parameter.  "from" is the column's option, or NULL. */
static DbaasError *
add_parameter(Declaration *declaration, DbaasColumn *column, Oid type, const char *from)
{
	for (const DbaasColumn *other = declaration->columns; other < column; other++)
	{
		if (other->param && strcmp(other->param, column->param) == 0)
			return wrong_option(declaration, column->name, "param",
								psprintf("column \"%s\" has the same", other->name));
	}
	if (!dbaas_declared_may_send(type))
		return dbaas_error_new(ERRCODE_FDW_INVALID_DATA_TYPE,
							   "column \"%s\" of foreign table \"%s\" has option \"param\" and "
							   "must be a text, a uuid or an integer",
							   column->name, declaration->table);
	column->query = !is_in_path(declaration, column->param);
	column->required = !column->query && from == NULL;
	return from ? add_parent_key(declaration, column, from) : NULL;
}

static DbaasError *
add_column(Declaration *declaration, AttrNumber attnum, const char *name, Oid type)
{
	DbaasResource *resource = declaration->resource;
	DbaasColumn *column = &declaration->columns[resource->ncolumns++];
	List	   *options = GetForeignColumnOptions(declaration->relid, attnum);
	const char *from = dbaas_options_string(options, "from");
	char	   *problem;

	column->name = name;
	column->untyped = true;
	column->field = dbaas_options_string(options, "field");
	column->param = dbaas_options_string(options, "param");
	if (column->field &&
		(problem = dbaas_rows_check_field_in(column->field, resource->reads[0].rows)))
		return wrong_option(declaration, name, "field", problem);
	if (column->field == NULL && column->param == NULL)
		column->field = field_of_name(name);
	if (column->field && dbaas_rows_field_is_member(column->field))
		resource->reads[0].values = false;
	if (column->param)
		return add_parameter(declaration, column, type, from);
	if (from)
		return wrong_option(declaration, name, "from", "it has no option \"param\"");
	return NULL;
}

/* Does a column have that param? */
static bool
has_param(const Declaration *declaration, const char *param)
{
	for (int c = 0; c < declaration->resource->ncolumns; c++)
	{
		if (declaration->columns[c].param && strcmp(declaration->columns[c].param, param) == 0)
			return true;
	}
	return false;
}

/* Checks that a column fills each {x} of the path, and that one is "from" for_each. */
static DbaasError *
check_path(const Declaration *declaration)
{
	for (int i = 0; i < declaration->path.nparams; i++)
	{
		const char *param = declaration->path.params[i].name;
		DbaasError *error;

		if (has_param(declaration, param))
			continue;
		error = dbaas_error_new(ERRCODE_FDW_COLUMN_NAME_NOT_FOUND,
								"no column of foreign table \"%s\" fills {%s} of its path \"%s\"",
								declaration->table, param, declaration->path.template);
		error->hint = psprintf("Give a column OPTIONS (param '%s').", param);
		return error;
	}
	if (declaration->parent && declaration->nkeys == 0)
	{
		DbaasError *error = dbaas_error_new(ERRCODE_FDW_OPTION_NAME_NOT_FOUND,
											"foreign table \"%s\" has option \"for_each\", but "
											"none of its columns has option \"from\"",
											declaration->table);

		error->hint = "Give the column of a parameter the option \"from\" too, as in OPTIONS "
			"(param 'service-name', from 'name').";
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

/* Adds a column for each attribute, and stores the indexes of these in columns[]. */
static DbaasError *
add_columns(Declaration *declaration, TupleDesc desc, int *columns)
{
	DbaasError *error = NULL;

	for (int i = 0; i < desc->natts && error == NULL; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);
		char	   *attname = pstrdup(NameStr(attr->attname));

		columns[i] = -1;
		if (attr->attisdropped)
			continue;
		if (attr->attgenerated)
		{
			if (GetForeignColumnOptions(declaration->relid, i + 1) != NIL)
			{
				error = generated_option(declaration, attname, i + 1);
				error->attnum = attr->attnum;
			}
			continue;
		}
		if (strcmp(attname, "zone") == 0 &&
			GetForeignColumnOptions(declaration->relid, i + 1) == NIL)
		{
			columns[i] = DBAAS_ZONE_COLUMN;
			continue;
		}
		columns[i] = declaration->resource->ncolumns;
		error = add_column(declaration, i + 1, attname, attr->atttypid);
		if (error)
			error->attnum = attr->attnum;
	}
	return error;
}

DbaasError *
dbaas_declared_make_resource(Oid relid, const char *name, TupleDesc desc, List *options,
							 DbaasResource **result, int *columns)
{
	Declaration declaration = {
		.relid = relid,
		.table = name
	};
	DbaasResource *resource = palloc0(sizeof(DbaasResource));
	const char *rows = dbaas_options_string(options, "rows");
	DbaasError *error;

	declaration.resource = resource;
	declaration.columns = palloc0((desc->natts + 2) * sizeof(DbaasColumn));
	declaration.columns[DBAAS_ZONE_COLUMN].name = "zone";
	declaration.parent = make_parent(options);
	resource->name = name;
	resource->columns = declaration.columns;
	resource->ncolumns = 1;
	resource->reads[0].method = "GET";
	resource->reads[0].path = dbaas_options_string(options, "path");
	declaration.path = dbaas_path_parse(resource->reads[0].path);
	resource->reads[0].rows = rows ? rows : "";
	resource->reads[0].values = true;
	resource->typical_rows = TYPICAL_ROWS;
	resource->parent = declaration.parent;
	resource->any_zone = strcmp(dbaas_options_string(options, "scope"), "organisation") == 0;

	*result = resource;
	error = add_columns(&declaration, desc, columns);
	if (error == NULL)
		error = check_path(&declaration);
	if (error == NULL)
		dbaas_catalogue_resolve(resource);
	return error;
}
