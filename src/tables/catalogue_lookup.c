/*-------------------------------------------------------------------------
 *
 * catalogue_lookup.c
 *		What the catalogue's entries mean: names resolved, look-ups, checks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "tables/catalogue.h"
#include "tables/rows.h"

const DbaasResource *
dbaas_catalogue_resources(int *n)
{
	*n = dbaas_catalogue_nentries;
	return dbaas_catalogue_entries;
}

const DbaasResource *
dbaas_catalogue_find(const char *name)
{
	for (int i = 0; i < dbaas_catalogue_nentries; i++)
	{
		if (strcmp(dbaas_catalogue_entries[i].name, name) == 0)
			return &dbaas_catalogue_entries[i];
	}
	return NULL;
}

int
dbaas_catalogue_column(const DbaasResource *resource, const char *name)
{
	for (int i = 0; i < resource->ncolumns; i++)
	{
		if (strcmp(resource->columns[i].name, name) == 0)
			return i;
	}
	return -1;
}

/* Is "name" the SQL name "column" with hyphens for underscores? */
static bool
hyphenated_equal(const char *column, const char *name)
{
	for (; *column && *name; column++, name++)
	{
		if (*name != (*column == '_' ? '-' : *column))
			return false;
	}
	return *column == *name;
}

int
dbaas_catalogue_column_by_field(const DbaasResource *resource, const char *field)
{
	for (int i = 0; i < resource->ncolumns; i++)
	{
		const char *own = resource->columns[i].field;

		if (own && strcmp(own, field) == 0)
			return i;
	}
	for (int i = 0; i < resource->ncolumns; i++)
	{
		const DbaasColumn *column = &resource->columns[i];

		if (hyphenated_equal(column->name, field) || strcmp(column->name, field) == 0 ||
			(column->param && strcmp(column->param, field) == 0))
			return i;
	}
	return -1;
}

/* Index of the column whose param, or else field, or else name is that; or -1. */
static int
column_by_param(const DbaasResource *resource, const char *param)
{
	for (int i = 0; i < resource->ncolumns; i++)
	{
		const char *own = resource->columns[i].param;

		if (own && strcmp(own, param) == 0)
			return i;
	}
	for (int i = 0; i < resource->ncolumns; i++)
	{
		const char *own = resource->columns[i].field;

		if (own && strcmp(own, param) == 0)
			return i;
	}
	for (int i = 0; i < resource->ncolumns; i++)
	{
		if (hyphenated_equal(resource->columns[i].name, param))
			return i;
	}
	return -1;
}

/* ------------------------------------------------------------------------
 * Resolving names
 * ------------------------------------------------------------------------ */

/* dbaas_catalogue_column() of a name that may be NULL. */
static int
named_column(const DbaasResource *resource, const char *name)
{
	return resource && name ? dbaas_catalogue_column(resource, name) : -1;
}

DbaasPath
dbaas_catalogue_path(const DbaasResource *resource, const char *template)
{
	DbaasPath	path = dbaas_path_parse(template);

	for (int i = 0; i < path.nparams; i++)
	{
		DbaasParam *param = &path.params[i];

		param->column = column_by_param(resource, param->name);
		if (param->column >= 0)
			param->segments = resource->columns[param->column].segments;
	}
	return path;
}

static int
compare_params(const void *a, const void *b)
{
	return strcmp(((const DbaasParam *) a)->name, ((const DbaasParam *) b)->name);
}

/* Parses the path of a read, and adds the query arguments beside it. */
static void
resolve_endpoint(const DbaasResource *resource, DbaasEndpoint *endpoint)
{
	DbaasPath	path = dbaas_catalogue_path(resource, endpoint->path);

	path.query = palloc0(resource->ncolumns * sizeof(DbaasParam));
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!resource->columns[c].query || dbaas_path_has(&path, c))
			continue;
		path.query[path.nquery].name = resource->columns[c].param;
		path.query[path.nquery++].column = c;
	}
	qsort(path.query, path.nquery, sizeof(DbaasParam), compare_params);
	endpoint->parsed = path;
}

/* Resolves what a parent says of its own resource; entries share parents. */
static void
resolve_parent(const DbaasParent *entry)
{
	DbaasParent *parent = unconstify(DbaasParent *, entry);

	if (parent == NULL)
		return;
	parent->list = dbaas_catalogue_find(parent->resource);
	parent->read = parent->list ? &parent->list->reads[dbaas_catalogue_nreads(parent->list) - 1] : NULL;
	parent->nkeys = 0;
	while (parent->nkeys < DBAAS_PARENT_KEYS && parent->keys[parent->nkeys].column)
	{
		parent->columns[parent->nkeys] =
			named_column(parent->list, parent->keys[parent->nkeys].parent_column);
		parent->nkeys++;
	}
	parent->filter = named_column(parent->list, parent->filter_column);
}

void
dbaas_catalogue_resolve(DbaasResource *resource)
{
	const DbaasPaging *paging = resource->paging;
	const DbaasParent *parent = resource->parent;

	for (int i = 0; i < dbaas_catalogue_nreads(resource); i++)
		resolve_endpoint(resource, &resource->reads[i]);
	resolve_parent(resource->parent);
	resolve_parent(resource->protected);
	resolve_parent(resource->notable);
	for (int i = 0; i < DBAAS_MAX_WRITES && resource->writes[i].method; i++)
		resource->writes[i].parsed = dbaas_catalogue_path(resource, resource->writes[i].path);
	for (int i = 0; i < DBAAS_PARENT_KEYS; i++)
		resource->index.parent_keys[i] = named_column(resource, parent ? parent->keys[i].column : NULL);
	resource->index.unique = named_column(resource, resource->unique_column);
	resource->index.created = named_column(resource, resource->created_column);
	resource->index.limit = named_column(resource, paging ? paging->limit_column : NULL);
	resource->index.offset = named_column(resource, paging ? paging->offset_column : NULL);
	resource->index.order = named_column(resource, paging ? paging->order_column : NULL);
	resource->index.time = named_column(resource, paging ? paging->time_column : NULL);
	for (size_t i = 0; i < lengthof(resource->services); i++)
		resource->index.services[i] = named_column(resource, resource->services[i]);
	resource->index.type = named_column(resource, resource->type_column);
	resource->index.state = named_column(resource, resource->state_column);
	if (resource->identity)
		resource->identity_path = dbaas_catalogue_path(resource, resource->identity);
}

void
dbaas_catalogue_init(void)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(TopMemoryContext);

	for (int i = 0; i < dbaas_catalogue_nentries; i++)
		dbaas_catalogue_resolve(&dbaas_catalogue_entries[i]);
	resolve_parent(&dbaas_catalogue_each_service);
	resolve_parent(&dbaas_catalogue_service_facts);
	resolve_parent(&dbaas_catalogue_each_type);
	MemoryContextSwitchTo(oldcxt);
#ifdef USE_ASSERT_CHECKING
	if (dbaas_catalogue_problem())
		elog(ERROR, "%s", dbaas_catalogue_problem());
#endif
}

/* ------------------------------------------------------------------------
 * Checking entries
 * ------------------------------------------------------------------------ */

/* An entry that is being checked, and the first that is wrong with it. */
typedef struct Check
{
	const DbaasResource *resource;
	char	   *problem;		/* or NULL */
} Check;

static void check_that(Check *check, bool holds, const char *format,...) pg_attribute_printf(3, 4);

/* Notes a problem, unless it "holds" or there is one already. */
static void
check_that(Check *check, bool holds, const char *format,...)
{
	char		problem[512];
	va_list		args;

	if (holds || check->problem)
		return;
	va_start(args, format);
	vsnprintf(problem, sizeof(problem), format, args);
	va_end(args);
	check->problem = psprintf("resource \"%s\" of the catalogue: %s", check->resource->name, problem);
}

/* Does a name of a column mean one?  NULL does not have to. */
static void
check_name(Check *check, const char *member, const char *name)
{
	check_that(check, name == NULL || dbaas_catalogue_column(check->resource, name) >= 0,
			   "%s is \"%s\", which is no column", member, name);
}

static void
check_path(Check *check, const char *member, const DbaasPath *path)
{
	char	   *problem = path->template ? dbaas_path_check(path->template) : NULL;

	check_that(check, problem == NULL, "%s \"%s\": %s", member, path->template, problem);
	for (int i = 0; i < path->nparams; i++)
		check_that(check, path->params[i].column >= 0, "%s \"%s\": no column is {%s}", member,
				   path->template, path->params[i].name);
}

/* Is the parameter of the last read's path given in every case? */
static bool
is_always_given(const DbaasResource *resource, int column)
{
	bool		from_parent = false;

	for (int i = 0; i < DBAAS_PARENT_KEYS; i++)
		from_parent = from_parent || resource->index.parent_keys[i] == column;
	return from_parent || resource->columns[column].required;
}

static void
check_reads(Check *check)
{
	const DbaasResource *resource = check->resource;
	int			n = dbaas_catalogue_nreads(resource);

	check_that(check, n > 0, "it has no reads");
	for (int i = 0; i < n; i++)
	{
		const DbaasEndpoint *read = &resource->reads[i];
		char	   *problem = dbaas_rows_check(read->rows);

		check_that(check, problem == NULL, "rows \"%s\": %s", read->rows, problem);
		check_path(check, "path", &read->parsed);
		for (int p = 0; p < read->parsed.nparams && check->problem == NULL; p++)
		{
			int			column = read->parsed.params[p].column;

			check_that(check, resource->columns[column].param != NULL,
					   "path \"%s\": column \"%s\" has no param", read->path,
					   resource->columns[column].name);
			check_that(check, i < n - 1 || is_always_given(resource, column),
					   "path \"%s\": nothing gives {%s} where a query does not", read->path,
					   read->parsed.params[p].name);
		}
	}
}

static void
check_columns(Check *check)
{
	const DbaasResource *resource = check->resource;

	check_that(check, strcmp(resource->columns[DBAAS_ZONE_COLUMN].name, "zone") == 0,
			   "its first column is not zone");
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		char	   *problem = column->field ? dbaas_rows_check_field(column->field) : NULL;
		bool		fits = column->field == NULL;

		for (int i = 0; i < dbaas_catalogue_nreads(resource) && !fits; i++)
			fits = dbaas_rows_check_field_in(column->field, resource->reads[i].rows) == NULL;
		check_that(check, column->description && *column->description,
				   "column \"%s\" has no description", column->name);
		check_that(check, dbaas_catalogue_column(resource, column->name) == c,
				   "two columns are \"%s\"", column->name);
		check_that(check, problem == NULL, "field \"%s\": %s", column->field, problem);
		check_that(check, fits, "field \"%s\" is in no row", column->field);
		check_that(check, column->default_value == NULL ||
				   dbaas_catalogue_check(column->domain, column->default_value) == NULL,
				   "column \"%s\": its default value is not allowed", column->name);
	}
}

/* Does a parent mean a resource that can be listed, and columns of both? */
static void
check_parent(Check *check, const char *member, const DbaasParent *parent, bool of_itself)
{
	if (parent == NULL)
		return;
	check_that(check, parent->list != NULL, "%s: there is no resource \"%s\"", member, parent->resource);
	if (check->problem)
		return;
	check_that(check, parent->read->parsed.nparams == 0, "%s: resource \"%s\" has no list", member,
			   parent->resource);
	check_that(check, parent->filter_column == NULL || parent->filter >= 0,
			   "%s: resource \"%s\" has no column \"%s\"", member, parent->resource,
			   parent->filter_column);
	for (int i = 0; i < parent->nkeys; i++)
	{
		check_that(check, parent->columns[i] >= 0, "%s: resource \"%s\" has no column \"%s\"", member,
				   parent->resource, parent->keys[i].parent_column);
		if (!of_itself)
			check_name(check, member, parent->keys[i].column);
	}
	check_that(check, !of_itself || parent->list == check->resource,
			   "%s is not of its own resource", member);
}

static void
check_writes(Check *check)
{
	const DbaasResource *resource = check->resource;

	for (int i = 0; i < DBAAS_MAX_WRITES && resource->writes[i].method; i++)
	{
		check_path(check, "path", &resource->writes[i].parsed);
		check_that(check, resource->writes[i].types == NULL || resource->type_column,
				   "path \"%s\": it has types, and no type_column", resource->writes[i].path);
	}
	check_name(check, "services", resource->services[0]);
	check_name(check, "services", resource->services[1]);
	check_name(check, "type_column", resource->type_column);
	check_name(check, "state_column", resource->state_column);
	check_name(check, "created_column", resource->created_column);
	check_parent(check, "protected", resource->protected, true);
	check_parent(check, "notable", resource->notable, true);
	check_that(check, resource->kept == NULL || dbaas_catalogue_find(resource->kept->resource),
			   "what it keeps is of no resource");
	check_path(check, "identity", &resource->identity_path);
}

char *
dbaas_catalogue_problem(void)
{
	for (int i = 0; i < dbaas_catalogue_nentries; i++)
	{
		const DbaasResource *resource = &dbaas_catalogue_entries[i];
		Check		check = {.resource = resource};

		check_that(&check, dbaas_catalogue_find(resource->name) == resource, "there are two");
		check_that(&check, resource->description && *resource->description, "it has no description");
		check_columns(&check);
		check_reads(&check);
		check_parent(&check, "parent", resource->parent, false);
		check_name(&check, "unique_column", resource->unique_column);
		if (resource->paging)
		{
			check_name(&check, "limit_column", resource->paging->limit_column);
			check_name(&check, "offset_column", resource->paging->offset_column);
			check_name(&check, "order_column", resource->paging->order_column);
			check_name(&check, "time_column", resource->paging->time_column);
		}
		check_writes(&check);
		if (check.problem)
			return check.problem;
	}
	return NULL;
}

/* ------------------------------------------------------------------------
 * Look-ups
 * ------------------------------------------------------------------------ */

static const char *
check_values(const DbaasDomain *domain, const char *value)
{
	StringInfoData allowed;

	initStringInfo(&allowed);
	for (int i = 0; domain->values[i]; i++)
	{
		if (strcmp(domain->values[i], value) == 0)
			return NULL;
		appendStringInfo(&allowed, "%s%s", i ? ", " : "", domain->values[i]);
	}
	return allowed.data;
}

/* Number of characters of a UTF-8 text. */
static int
utf8_length(const char *text)
{
	int			n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

const char *
dbaas_catalogue_check(const DbaasDomain *domain, const char *value)
{
	if (domain == NULL)
		return NULL;
	if (domain->values)
		return check_values(domain, value);
	if (domain->max)
	{
		char	   *end;
		long long	number = strtoll(value, &end, 10);

		if (*value && *end == '\0' && number >= domain->min && number <= domain->max)
			return NULL;
		return psprintf("whole numbers from " INT64_FORMAT " to " INT64_FORMAT,
						domain->min, domain->max);
	}
	if (domain->max_length &&
		(utf8_length(value) < domain->min_length || utf8_length(value) > domain->max_length))
		return psprintf("texts of %d to %d characters", domain->min_length, domain->max_length);
	return NULL;
}

bool
dbaas_catalogue_knows(const DbaasColumn *column, const char *value)
{
	if (column->known == NULL)
		return true;
	for (int i = 0; column->known[i]; i++)
	{
		if (strcmp(column->known[i], value) == 0)
			return true;
	}
	return false;
}

const char *
dbaas_catalogue_type_name(DbaasType type)
{
	static const char *const names[] = {
		[DBAAS_TEXT] = "text",
		[DBAAS_BIGINT] = "bigint",
		[DBAAS_DOUBLE] = "double precision",
		[DBAAS_BOOLEAN] = "boolean",
		[DBAAS_UUID] = "uuid",
		[DBAAS_TIMESTAMPTZ] = "timestamp with time zone",
		[DBAAS_JSONB] = "jsonb",
		[DBAAS_TEXT_ARRAY] = "text[]"
	};

	return names[type];
}

int
dbaas_catalogue_nreads(const DbaasResource *resource)
{
	int			n = 0;

	while (n < DBAAS_MAX_READS && resource->reads[n].method)
		n++;
	return n;
}

bool
dbaas_catalogue_is_param(const DbaasResource *resource, const DbaasEndpoint *endpoint, int column)
{
	const DbaasColumn *c = &resource->columns[column];

	return c->param != NULL &&
		(strcmp(endpoint->method, "POST") == 0 || c->query ||
		 dbaas_path_has(&endpoint->parsed, column));
}

/* Are all parameters of the path given? */
static bool
is_path_given(const DbaasPath *path, const bool *given)
{
	for (int i = 0; i < path->nparams; i++)
	{
		if (!given[path->params[i].column])
			return false;
	}
	return true;
}

const DbaasEndpoint *
dbaas_catalogue_endpoint(const DbaasResource *resource, const bool *given)
{
	int			last = dbaas_catalogue_nreads(resource) - 1;

	for (int i = 0; i < last; i++)
	{
		if (is_path_given(&resource->reads[i].parsed, given))
			return &resource->reads[i];
	}
	return &resource->reads[last];
}
