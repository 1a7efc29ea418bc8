/*-------------------------------------------------------------------------
 *
 * catalogue_check.c
 *		Finds mistakes in the catalogue's entries.
 *
 * The compiler cannot check the names and expressions in an entry.  A mistake that
 * would otherwise show only in use deserves a check here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "tables/catalogue.h"
#include "tables/rows.h"

/* An entry that is being checked, and its first mistake. */
typedef struct Check
{
	const DbaasResource *resource;
	char	   *problem;		/* or NULL */
} Check;

static void check_that(Check *check, bool holds, const char *format,...) pg_attribute_printf(3, 4);

/* Notes a problem if a condition does not hold, unless there is one already. */
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
	check->problem = psprintf("resource \"%s\" of the catalogue: %s", check->resource->name,
							  problem);
}

/* Checks that a name is that of a column; NULL is allowed. */
static void
check_name(Check *check, const char *member, const char *name)
{
	check_that(check, name == NULL || dbaas_catalogue_find_column(check->resource, name) >= 0,
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

/* Does the parent or the query always give the column, a parameter of the last read? */
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

	check_that(check, n > 0 || dbaas_catalogue_chooses(resource), "it has no reads");
	for (int i = 0; i < n; i++)
	{
		const DbaasEndpoint *read = &resource->reads[i];
		char	   *problem = dbaas_rows_check(read->rows);

		check_that(check, problem == NULL, "rows \"%s\": %s", read->rows, problem);
		check_path(check, "path", &read->parsed);
		check_name(check, "lacks", read->lacks);
		check_that(check, i < n - 1 || read->lacks == NULL,
				   "path \"%s\": nothing reads what the last read lacks", read->path);
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

/* Do the lists of parents, of the same resource, show the column? */
static bool
chooses_parents(const DbaasResource *resource, int column)
{
	const DbaasParent *parent = resource->parent;

	for (int i = 0; parent && i < parent->nkeys; i++)
	{
		if (resource->index.parent_keys[i] == column)
			return true;
	}
	return false;
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
		check_that(check, dbaas_catalogue_find_column(resource, column->name) == c,
				   "two columns are \"%s\"", column->name);
		check_that(check, problem == NULL, "field \"%s\": %s", column->field, problem);
		check_that(check, fits, "field \"%s\" is in no row", column->field);
		check_that(check, !column->chooses ||
				   (column->field && column->param == NULL && chooses_parents(resource, c)),
				   "column \"%s\" does not choose among the parents", column->name);
		if (column->demand)
			check_name(check, "column of demand", column->demand->column);
		check_that(check, column->default_value == NULL ||
				   dbaas_catalogue_check_value(column->domain, column->default_value) == NULL,
				   "column \"%s\": its default value is not allowed", column->name);
	}
}

/* Checks that a parent names a resource that can be listed, and columns of both resources. */
static void
check_parent(Check *check, const char *member, const DbaasParent *parent, bool of_itself)
{
	if (parent == NULL)
		return;
	check_that(check, parent->list != NULL, "%s: there is no resource \"%s\"", member,
			   parent->resource);
	if (check->problem)
		return;
	check_that(check, parent->read->parsed.nparams == 0, "%s: resource \"%s\" has no list", member,
			   parent->resource);
	check_that(check, parent->filter_column == NULL || parent->filter >= 0,
			   "%s: resource \"%s\" has no column \"%s\"", member, parent->resource,
			   parent->filter_column);
	for (int i = 0; i < parent->nkeys; i++)
	{
		check_that(check, parent->columns[i] >= 0, "%s: resource \"%s\" has no column \"%s\"",
				   member, parent->resource, parent->keys[i].parent_column);
		if (!of_itself)
			check_name(check, member, parent->keys[i].column);
	}
	check_that(check, !of_itself || parent->list == check->resource,
			   "%s is not of its own resource", member);
}

/* Checks the columns of a series. */
static void
check_series(Check *check, const DbaasSeries *series)
{
	const DbaasResource *resource = check->resource;
	const DbaasColumn *span = &resource->columns[Max(resource->index.series_span, 0)];

	check_name(check, "time_column of series", series->time_column);
	check_name(check, "span_column of series", series->span_column);
	check_that(check, span->param && span->default_value && span->domain && span->domain->values,
			   "span_column of series is \"%s\", which has no param, default or list of values",
			   series->span_column);
}

/* Checks that the choices of a column are values that the choice column accepts. */
static void
check_choices(Check *check, const DbaasColumn *column)
{
	const DbaasResource *resource = check->resource;
	const DbaasDomain *domain;

	if (column->choices == NULL)
		return;
	check_that(check, resource->index.choice >= 0 &&
			   resource->columns[resource->index.choice].write_domain,
			   "column \"%s\" has choices, and no choice_column has values", column->name);
	check_that(check, column->insert != NULL, "column \"%s\" has choices, and no INSERT sends it",
			   column->name);
	if (check->problem)
		return;
	domain = resource->columns[resource->index.choice].write_domain;
	for (const DbaasChoice *choice = column->choices; choice->value; choice++)
		check_that(check, dbaas_catalogue_check_value(domain, choice->value) == NULL,
				   "column \"%s\": no row has the choice \"%s\"", column->name, choice->value);
}

/* Checks that each write replaces what the last read shows, and where columns are in it. */
static void
check_whole(Check *check, const DbaasWhole *whole)
{
	const DbaasResource *resource = check->resource;

	if (whole == NULL)
		return;
	for (const char *step = whole->read->rows; step; step = strchr(step, '.'))
	{
		step += *step == '.';
		check_that(check, strncmp(step + strcspn(step, "[.{<"), "[]", 2) == 0,
				   "whole: rows \"%s\" are not all of arrays", whole->read->rows);
	}
	for (int i = 0; i < DBAAS_MAX_WRITES && resource->writes[i].method; i++)
		check_that(check, strcmp(resource->writes[i].path, whole->read->path) == 0,
				   "whole: path \"%s\" is not that of its read", resource->writes[i].path);
	check_that(check, resource->identity != NULL, "whole: it has no identity");
	for (int i = 0; i < whole->nkeys; i++)
		check_that(check, whole->columns[i] >= 0 && resource->columns[whole->columns[i]].insert,
				   "whole: \"%s\" is no column that an INSERT sets", whole->keys[i]);
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];

		check_that(check, column->insert == NULL ||
				   (column->field && strcmp(column->insert, column->field) == 0),
				   "whole: column \"%s\" is not inserted where its field is", column->name);
		check_that(check, column->update == NULL ||
				   (column->insert && strcmp(column->update, column->insert) == 0),
				   "whole: column \"%s\" is not updated where its field is", column->name);
	}
}

/* Checks what a row chooses an endpoint by, and the arguments of that. */
static void
check_choice(Check *check, const DbaasWriteEndpoint *endpoint)
{
	const DbaasResource *resource = check->resource;
	int			n = dbaas_catalogue_narguments(endpoint);

	check_that(check, endpoint->choice == NULL ||
			   (resource->choice_column && resource->arguments_column),
			   "path \"%s\": it has a choice, and there is no choice_column or arguments_column",
			   endpoint->path);
	check_that(check, (endpoint->choice != NULL) == dbaas_catalogue_chooses(resource) ||
			   endpoint->command != DBAAS_INSERT,
			   "path \"%s\": some endpoints have a choice, and others have none", endpoint->path);
	check_that(check, n <= DBAAS_MAX_ARGUMENTS, "path \"%s\": it has too many arguments",
			   endpoint->path);
	for (int i = 0; i < n; i++)
	{
		const DbaasArgument *argument = &endpoint->arguments[i];
		const DbaasParent *found = argument->found;

		check_that(check, found == NULL || (found->list && found->read && found->nkeys == 3 &&
											found->columns[0] >= 0 && found->columns[1] >= 0 &&
											found->columns[2] >= 0 && argument->missing),
				   "path \"%s\": argument \"%s\" is not found by three keys", endpoint->path,
				   argument->name);
	}
}

static void
check_use(Check *check)
{
	const DbaasResource *resource = check->resource;
	const DbaasUse *use = resource->used_by;

	if (use == NULL)
		return;
	check_that(check, use->list != NULL, "used_by: there is no resource \"%s\"", use->resource);
	check_name(check, "used_by", use->used_column);
	check_that(check, resource->identity && dbaas_path_has(&resource->identity_path, use->used),
			   "used_by: \"%s\" is not in its identity", use->used_column);
	check_that(check, use->list == NULL || use->list->identity,
			   "used_by: resource \"%s\" has no identity", use->resource);
	check_that(check, use->by >= 0 && use->shown >= 0 &&
			   (use->filter >= 0 || use->filter_column == NULL),
			   "used_by: resource \"%s\" lacks a column that it names", use->resource);
	check_that(check, use->what && use->users && use->hint, "used_by: it lacks words");
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
		for (int c = 0; resource->writes[i].columns && resource->writes[i].columns[c]; c++)
			check_name(check, "columns of a write", resource->writes[i].columns[c]);
		check_choice(check, &resource->writes[i]);
	}
	for (const DbaasReveal *reveal = resource->reveals; reveal && reveal->path; reveal++)
		check_path(check, "path", &reveal->parsed);
	for (int c = 0; c < resource->ncolumns; c++)
		check_name(check, "update_with", resource->columns[c].update_with);
	check_name(check, "arguments_column", resource->arguments_column);
	check_name(check, "services", resource->services[0]);
	check_name(check, "services", resource->services[1]);
	check_name(check, "type_column", resource->type_column);
	check_name(check, "state_column", resource->state_column);
	check_name(check, "choice_column", resource->choice_column);
	for (int c = 0; c < resource->ncolumns; c++)
		check_choices(check, &resource->columns[c]);
	check_name(check, "created_column", resource->created_column);
	check_that(check, !resource->found_by_values || resource->created_column ||
			   resource->whole,
			   "rows are found_by_values, and no created_column tells them apart");
	check_parent(check, "protected", resource->protected,
				 resource->protected && resource->protected->list == resource);
	check_parent(check, "notable", resource->notable, true);
	check_use(check);
	check_that(check, resource->kept == NULL || resource->kept->shown_by,
			   "kept: there is no resource \"%s\"", resource->kept ? resource->kept->resource : "");
	check_path(check, "identity", &resource->identity_path);
	check_path(check, "insert_identity", &resource->insert_identity_path);
	check_whole(check, resource->whole);
}

static void
check_outcomes(Check *check)
{
	const DbaasResource *resource = check->resource;
	const DbaasOutcomes *outcomes = resource->outcomes;

	if (outcomes == NULL)
		return;
	check_name(check, "parameter_column of outcomes", outcomes->parameter_column);
	check_name(check, "outcome_column", outcomes->outcome_column);
	if (check->problem)
		return;
	check_that(check, resource->columns[resource->index.with_outcome].unsent &&
			   resource->columns[resource->index.with_outcome].type == DBAAS_BOOLEAN,
			   "column \"%s\" is no unsent boolean", outcomes->parameter_column);
	check_that(check, resource->columns[resource->index.outcome].field == NULL,
			   "column \"%s\" has a field", outcomes->outcome_column);
}

char *
dbaas_catalogue_problem(void)
{
	if (!dbaas_catalogue_services || !dbaas_catalogue_operations || !dbaas_catalogue_zones)
		return pstrdup("the catalogue lacks resource services, operations or zones");
	for (int i = 0; i < dbaas_catalogue_nentries; i++)
	{
		const DbaasResource *resource = &dbaas_catalogue_entries[i];
		Check		check = {.resource = resource};

		check_that(&check, dbaas_catalogue_find_resource(resource->name) == resource,
				   "there are two");
		check_that(&check, resource->description && *resource->description,
				   "it has no description");
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
			check_name(&check, "next_column", resource->paging->next_column);
		}
		if (resource->series)
			check_series(&check, resource->series);
		check_outcomes(&check);
		check_writes(&check);
		if (check.problem)
			return check.problem;
	}
	return NULL;
}
