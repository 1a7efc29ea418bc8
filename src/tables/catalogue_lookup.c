/*-------------------------------------------------------------------------
 *
 * catalogue_lookup.c
 *		Resolves the names in the catalogue's entries, and looks entries up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "tables/catalogue.h"

const DbaasResource *dbaas_catalogue_services;
const DbaasResource *dbaas_catalogue_operations;
const DbaasResource *dbaas_catalogue_users;
const DbaasResource *dbaas_catalogue_zones;

const DbaasResource *
dbaas_catalogue_resources(int *n)
{
	*n = dbaas_catalogue_nentries;
	return dbaas_catalogue_entries;
}

const DbaasResource *
dbaas_catalogue_find_resource(const char *name)
{
	for (int i = 0; i < dbaas_catalogue_nentries; i++)
	{
		if (strcmp(dbaas_catalogue_entries[i].name, name) == 0)
			return &dbaas_catalogue_entries[i];
	}
	return NULL;
}

int
dbaas_catalogue_find_column(const DbaasResource *resource, const char *name)
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
dbaas_catalogue_find_column_by_field(const DbaasResource *resource, const char *field)
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

/* dbaas_catalogue_find_column() of a name that may be NULL. */
static int
named_column(const DbaasResource *resource, const char *name)
{
	return resource && name ? dbaas_catalogue_find_column(resource, name) : -1;
}

/*
 * Parses a path template of the resource, in the current memory context.  "{x}" is
 * the column whose param, or else whose field, or else whose name is x.
 */
static DbaasPath
parse_path(const DbaasResource *resource, const char *template)
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

/* Parses the path of a read, adds the query arguments that it takes, finds what it lacks. */
static void
resolve_endpoint(const DbaasResource *resource, DbaasEndpoint *endpoint)
{
	DbaasPath	path = parse_path(resource, endpoint->path);

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
	endpoint->lacked = named_column(resource, endpoint->lacks);
}

/* The columns of those names, which end with NULL, as an array by column. */
static bool *
named_columns(const DbaasResource *resource, const char *const *names)
{
	bool	   *columns = palloc0(resource->ncolumns * sizeof(bool));

	for (int i = 0; names[i]; i++)
	{
		int			column = dbaas_catalogue_find_column(resource, names[i]);

		if (column >= 0)
			columns[column] = true;
	}
	return columns;
}

/* Resolves the members of a parent, which several entries may share. */
static void
resolve_parent(const DbaasParent *entry)
{
	DbaasParent *parent = unconstify(DbaasParent *, entry);

	if (parent == NULL)
		return;
	parent->list = dbaas_catalogue_find_resource(parent->resource);
	parent->read = parent->list ? dbaas_catalogue_list(parent->list) : NULL;
	parent->nkeys = 0;
	while (parent->nkeys < DBAAS_PARENT_KEYS && parent->keys[parent->nkeys].column)
	{
		parent->columns[parent->nkeys] =
			named_column(parent->list, parent->keys[parent->nkeys].parent_column);
		parent->nkeys++;
	}
	parent->filter = named_column(parent->list, parent->filter_column);
}

/* Resolves the members of a DbaasKept, which several entries may share. */
static void
resolve_kept(const DbaasKept *entry)
{
	DbaasKept  *kept = unconstify(DbaasKept *, entry);

	if (kept == NULL)
		return;
	kept->shown_by = dbaas_catalogue_find_resource(kept->resource);
	kept->read = kept->shown_by ? &kept->shown_by->reads[0] : NULL;
}

/* Resolves the members of a DbaasUse of the resource. */
static void
resolve_use(const DbaasResource *resource)
{
	DbaasUse   *use = unconstify(DbaasUse *, resource->used_by);

	if (use == NULL)
		return;
	use->list = dbaas_catalogue_find_resource(use->resource);
	use->read = use->list ? &use->list->reads[dbaas_catalogue_nreads(use->list) - 1] : NULL;
	use->used = named_column(resource, use->used_column);
	use->by = named_column(use->list, use->by_column);
	use->filter = named_column(use->list, use->filter_column);
	use->shown = named_column(use->list, use->shown_column);
}

/* Resolves the members of a DbaasWhole.  Its arrays are the steps "x[]" of the rows. */
static void
resolve_whole(const DbaasResource *resource)
{
	DbaasWhole *whole = unconstify(DbaasWhole *, resource->whole);
	const char *step;

	if (whole == NULL)
		return;
	whole->read = &resource->reads[dbaas_catalogue_nreads(resource) - 1];
	step = whole->read->rows;
	for (whole->depth = 0; whole->depth < DBAAS_WHOLE_DEPTH && step; whole->depth++)
	{
		whole->arrays[whole->depth] = pnstrdup(step, strcspn(step, "[.{<"));
		step = strchr(step, '.');
		step = step ? step + 1 : NULL;
	}
	for (whole->nkeys = 0; whole->nkeys < DBAAS_WHOLE_KEYS && whole->keys[whole->nkeys];
		 whole->nkeys++)
		whole->columns[whole->nkeys] = named_column(resource, whole->keys[whole->nkeys]);
}

/* Parses the path of a write.  "{x}" is the argument x, if the endpoint has that. */
static void
resolve_write(const DbaasResource *resource, DbaasWriteEndpoint *endpoint)
{
	DbaasPath	path = parse_path(resource, endpoint->path);

	for (int a = 0; a < dbaas_catalogue_narguments(endpoint); a++)
	{
		resolve_parent(endpoint->arguments[a].found);
		for (int i = 0; i < path.nparams; i++)
		{
			if (strcmp(path.params[i].name, endpoint->arguments[a].name) == 0)
				path.params[i].column = resource->ncolumns + a;
		}
	}
	endpoint->parsed = path;
	if (endpoint->columns)
		endpoint->sends = named_columns(resource, endpoint->columns);
}

void
dbaas_catalogue_resolve(DbaasResource *resource)
{
	const DbaasPaging *paging = resource->paging;
	const DbaasSeries *series = resource->series;
	const DbaasOutcomes *outcomes = resource->outcomes;
	const DbaasParent *parent = resource->parent;

	for (int i = 0; i < dbaas_catalogue_nreads(resource); i++)
		resolve_endpoint(resource, &resource->reads[i]);
	resolve_parent(resource->parent);
	resolve_parent(resource->protected);
	resolve_parent(resource->notable);
	resolve_kept(resource->kept);
	resolve_use(resource);
	resolve_whole(resource);
	for (int i = 0; i < DBAAS_MAX_WRITES && resource->writes[i].method; i++)
		resolve_write(resource, &resource->writes[i]);
	for (DbaasReveal *reveal = resource->reveals; reveal && reveal->path; reveal++)
		reveal->parsed = parse_path(resource, reveal->path);
	for (int i = 0; i < DBAAS_PARENT_KEYS; i++)
		resource->index.parent_keys[i] = named_column(resource,
													  parent ? parent->keys[i].column : NULL);
	resource->index.unique = named_column(resource, resource->unique_column);
	resource->index.created = named_column(resource, resource->created_column);
	resource->index.limit = named_column(resource, paging ? paging->limit_column : NULL);
	resource->index.offset = named_column(resource, paging ? paging->offset_column : NULL);
	resource->index.order = named_column(resource, paging ? paging->order_column : NULL);
	resource->index.time = named_column(resource, paging ? paging->time_column : NULL);
	resource->index.next = named_column(resource, paging ? paging->next_column : NULL);
	resource->index.series_time = named_column(resource, series ? series->time_column : NULL);
	resource->index.series_span = named_column(resource, series ? series->span_column : NULL);
	resource->index.with_outcome = named_column(resource,
												outcomes ? outcomes->parameter_column : NULL);
	resource->index.outcome = named_column(resource, outcomes ? outcomes->outcome_column : NULL);
	for (size_t i = 0; i < lengthof(resource->services); i++)
		resource->index.services[i] = named_column(resource, resource->services[i]);
	resource->index.type = named_column(resource, resource->type_column);
	resource->index.state = named_column(resource, resource->state_column);
	resource->index.choice = named_column(resource, resource->choice_column);
	resource->index.arguments = named_column(resource, resource->arguments_column);
	if (resource->identity)
		resource->identity_path = parse_path(resource, resource->identity);
	resource->insert_identity_path = resource->insert_identity ?
		parse_path(resource, resource->insert_identity) : resource->identity_path;
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
	dbaas_catalogue_services = dbaas_catalogue_find_resource("services");
	dbaas_catalogue_operations = dbaas_catalogue_find_resource("operations");
	dbaas_catalogue_users = dbaas_catalogue_find_resource("users");
	dbaas_catalogue_zones = dbaas_catalogue_find_resource("zones");
	MemoryContextSwitchTo(oldcxt);
}

/* ------------------------------------------------------------------------
 * Look-ups
 * ------------------------------------------------------------------------ */

/* Number of characters of a UTF-8 text. */
static int
utf8_length(const char *text)
{
	int			n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/*
 * Are all characters of the text among those, which are as DbaasDomain has them?  They are
 * of ASCII.
 */
static bool
has_only(const char *text, const char *characters)
{
	for (; *text; text++)
	{
		bool		found = false;

		for (const char *c = characters; *c && !found; c++)
		{
			bool		range = c[1] == '-' && c[2];

			found = *text >= *c && *text <= (range ? c[2] : *c);
			c += range ? 2 : 0;
		}
		if (!found)
			return false;
	}
	return true;
}

static bool
is_text_allowed(const DbaasDomain *domain, const char *value)
{
	int			length = utf8_length(value);

	return length >= domain->min_length && length <= domain->max_length &&
		(domain->characters == NULL || has_only(value, domain->characters));
}

static bool
is_value(const DbaasDomain *domain, const char *value)
{
	for (int i = 0; domain->values[i]; i++)
	{
		if (strcmp(domain->values[i], value) == 0)
			return true;
	}
	return false;
}

static bool
is_allowed(const DbaasDomain *domain, const char *value)
{
	char	   *end;
	long long	number;

	if (domain->values)
		return is_value(domain, value);
	if (domain->max)
	{
		number = strtoll(value, &end, 10);
		return *value && *end == '\0' && number >= domain->min && number <= domain->max;
	}
	return domain->max_length == 0 || is_text_allowed(domain, value);
}

const char *
dbaas_catalogue_describe_domain(const DbaasDomain *domain)
{
	StringInfoData allowed;

	initStringInfo(&allowed);
	if (domain && domain->values)
	{
		for (int i = 0; domain->values[i]; i++)
			appendStringInfo(&allowed, "%s%s", i ? ", " : "", domain->values[i]);
	}
	else if (domain && domain->max)
		appendStringInfo(&allowed, "whole numbers from " INT64_FORMAT " to " INT64_FORMAT,
						 domain->min, domain->max);
	else if (domain && domain->max_length)
		appendStringInfo(&allowed, "texts of %d to %d %s%s", domain->min_length,
						 domain->max_length,
						 domain->characters ? "of the characters " : "characters",
						 domain->characters ? domain->characters : "");
	else
		appendStringInfoString(&allowed, "any text");
	return allowed.data;
}

const char *
dbaas_catalogue_check_value(const DbaasDomain *domain, const char *value)
{
	return domain == NULL || is_allowed(domain, value) ? NULL :
		dbaas_catalogue_describe_domain(domain);
}

int
dbaas_catalogue_typical_values(const DbaasColumn *column)
{
	const char *const *values = column->known;
	int			n = 0;

	if (column->typical_values)
		return column->typical_values;
	if (column->domain && column->domain->values)
		values = column->domain->values;
	else if (column->write_domain && column->write_domain->values)
		values = column->write_domain->values;
	while (values && values[n])
		n++;
	return n;
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

/* Looks at the template of the path, as parents are resolved before their list may be. */
const DbaasEndpoint *
dbaas_catalogue_list(const DbaasResource *resource)
{
	int			last = dbaas_catalogue_nreads(resource) - 1;

	for (int i = last; i >= 0; i--)
	{
		if (strchr(resource->reads[i].path, '{') == NULL)
			return &resource->reads[i];
	}
	return last < 0 ? NULL : &resource->reads[last];
}

int
dbaas_catalogue_narguments(const DbaasWriteEndpoint *endpoint)
{
	int			n = 0;

	while (endpoint->arguments && endpoint->arguments[n].name)
		n++;
	return n;
}

bool
dbaas_catalogue_is_key(const DbaasColumn *column)
{
	return column->param != NULL || column->unsent || column->chooses;
}

bool
dbaas_catalogue_is_param(const DbaasResource *resource, const DbaasEndpoint *endpoint, int column)
{
	const DbaasColumn *c = &resource->columns[column];

	return c->unsent ||
		(c->param != NULL &&
		 (strcmp(endpoint->method, "POST") == 0 || c->query ||
		  dbaas_path_has(&endpoint->parsed, column)));
}

bool
dbaas_catalogue_reads_each(const DbaasResource *resource, const DbaasEndpoint *endpoint)
{
	for (int i = 0; resource->parent && i < resource->parent->nkeys; i++)
	{
		if (dbaas_path_has(&endpoint->parsed, resource->index.parent_keys[i]))
			return true;
	}
	return false;
}

bool
dbaas_catalogue_only_shows_request(const DbaasResource *resource, int column)
{
	const DbaasColumn *c = &resource->columns[column];

	return dbaas_catalogue_is_key(c) && c->field == NULL &&
		!dbaas_path_has(&resource->reads[0].parsed, column);
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
dbaas_catalogue_find_read(const DbaasResource *resource, const bool *given,
						  const Bitmapset *needed)
{
	int			last = dbaas_catalogue_nreads(resource) - 1;

	for (int i = 0; i < last; i++)
	{
		const DbaasEndpoint *read = &resource->reads[i];

		if (is_path_given(&read->parsed, given) &&
			(read->lacked < 0 || !bms_is_member(read->lacked, needed)))
			return read;
	}
	return last < 0 ? NULL : &resource->reads[last];
}
