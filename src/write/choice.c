/*-------------------------------------------------------------------------
 *
 * choice.c
 *		The endpoint that a row chooses, such as an action, and what it is given.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "read/parents.h"
#include "write/choice.h"

/* The choices that services of a type have, or all if that is NULL: "a, b". */
static const char *
choices_text(const DbaasResource *resource, const char *type)
{
	DbaasDomain choices = dbaas_catalogue_choices(resource, DBAAS_INSERT, type);

	return dbaas_catalogue_describe_domain(&choices);
}

const char *
dbaas_choice_get(DbaasWriter *writer, const DbaasRowValues *row)
{
	int			column = writer->resource->index.choice;
	const char *choice;

	if (writer->command != DBAAS_INSERT || !dbaas_catalogue_chooses(writer->resource))
		return NULL;
	choice = dbaas_writer_text(writer, row, column);
	if (choice == NULL)
		dbaas_writer_refuse_missing(writer, column);
	if (dbaas_catalogue_find_write(writer->resource, DBAAS_INSERT, NULL, choice) == NULL)
		dbaas_writer_refuse_unless(writer, column, choice, choices_text(writer->resource, NULL));
	return choice;
}

void
dbaas_choice_refuse_type(DbaasWriter *writer, const DbaasRowValues *row, const char *service,
						 const char *type)
{
	int			column = writer->resource->index.choice;

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 dbaas_writer_about(writer, column),
			 errmsg("service \"%s\" of type \"%s\" does not have %s \"%s\"",
					dbaas_error_name(service), dbaas_error_name(type),
					writer->resource->choice_column,
					dbaas_error_name(dbaas_writer_text(writer, row, column))),
			 errhint("Services of this type have: %s.", choices_text(writer->resource, type))));
}

/* ------------------------------------------------------------------------
 * Arguments
 * ------------------------------------------------------------------------ */

/* What the row has to give: "target-version: 13, 14, 15; x: texts of 1 to 9 characters". */
static char *
taken_text(const DbaasWriteEndpoint *endpoint)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < dbaas_catalogue_narguments(endpoint); i++)
	{
		const DbaasArgument *argument = &endpoint->arguments[i];

		if (argument->found || argument->refused)
			continue;
		appendStringInfo(&out, "%s%s: %s", out.len ? "; " : "", argument->name,
						 dbaas_catalogue_describe_domain(argument->domain));
	}
	return out.len ? out.data : "none";
}

/* The HINT that says what the row has to give. */
static int
hint_taken(const DbaasWriteEndpoint *endpoint)
{
	return errhint("Arguments of %s: %s.", endpoint->choice, taken_text(endpoint));
}

/* The index of the argument that a row may give under that name; -1 if there is none. */
static int
find_argument(const DbaasWriteEndpoint *endpoint, const char *name)
{
	for (int i = 0; i < dbaas_catalogue_narguments(endpoint); i++)
	{
		if (strcmp(endpoint->arguments[i].name, name) == 0 && !endpoint->arguments[i].found)
			return i;
	}
	return -1;
}

/* Refuses a member that the endpoint does not take, without its value. */
pg_noreturn static void
refuse_unknown(const DbaasWriter *writer, const DbaasWriteEndpoint *endpoint, const char *name,
			   const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 dbaas_writer_about(writer, writer->resource->index.arguments),
			 errmsg("%s \"%s\" takes no argument \"%s\"", writer->resource->choice_column,
					endpoint->choice, dbaas_error_name(name)),
			 hint ? errhint("%s", hint) : hint_taken(endpoint)));
}

/* The value of an argument, whose text it has to be. */
static const char *
argument_value(const DbaasWriter *writer, const DbaasWriteEndpoint *endpoint,
			   const DbaasArgument *argument, const DbaasJson *value)
{
	const char *text = dbaas_json_plain_string(value);

	if (text == NULL || dbaas_catalogue_check_value(argument->domain, text))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 dbaas_writer_about(writer, writer->resource->index.arguments),
				 errmsg("%s \"%s\" does not accept this value of argument \"%s\"",
						writer->resource->choice_column, endpoint->choice, argument->name),
				 text ? errdetail("It is \"%s\".", dbaas_error_name(text)) :
				 errdetail("It has to be a text."),
				 hint_taken(endpoint)));
	return text;
}

/* Takes what the row gives. */
static void
take_given(DbaasWriter *writer, const DbaasRowValues *row, const DbaasWriteEndpoint *endpoint,
		   const char **values)
{
	int			column = writer->resource->index.arguments;
	const char *text = dbaas_writer_text(writer, row, column);
	const DbaasJson *object;

	if (text == NULL)
		return;
	object = dbaas_writer_parse(writer, column, text, DBAAS_JSON_OBJECT, "a JSON object");
	for (const DbaasJson *name = dbaas_json_first(object); name;
		 name = dbaas_json_next(object, name))
	{
		const char *given = dbaas_json_string(name, NULL);
		int			i = find_argument(endpoint, given);

		if (i < 0 || endpoint->arguments[i].refused)
			refuse_unknown(writer, endpoint, given, i < 0 ? NULL : endpoint->arguments[i].refused);
		values[i] = argument_value(writer, endpoint, &endpoint->arguments[i], name + 1);
	}
}

pg_noreturn static void
refuse_missing(const DbaasWriter *writer, const DbaasWriteEndpoint *endpoint,
			   const DbaasArgument *argument)
{
	int			column = writer->resource->index.arguments;

	if (dbaas_table_find_attribute(writer->table, column) == InvalidAttrNumber)
		dbaas_writer_refuse_missing(writer, column);
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 dbaas_writer_about(writer, column),
			 errmsg("%s \"%s\" needs argument \"%s\"", writer->resource->choice_column,
					endpoint->choice, argument->name),
			 hint_taken(endpoint)));
}

/* The value that the list of the zone has for the service. */
static const char *
find_value(DbaasWriter *writer, const DbaasRowValues *row, const DbaasArgument *argument,
		   const DbaasZone *zone)
{
	int			column = writer->resource->index.services[0];
	const char *service = dbaas_writer_text(writer, row, column);
	DbaasParents *list = dbaas_parents_get(&writer->lookup, zone, argument->found);
	DbaasError *error = dbaas_parents_wait(&writer->lookup, list);
	const DbaasParentRow *rows;
	int			n;

	if (error)
		dbaas_table_raise(writer->table, error);
	rows = dbaas_parents_rows(list, &n);
	for (int i = 0; i < n; i++)
	{
		const char *const *values = rows[i].values;

		if (strcmp(values[0], service) == 0 && strcmp(values[2], service) != 0)
			return values[1];
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 dbaas_writer_about(writer, column),
			 errmsg("service \"%s\" in zone %s %s", dbaas_error_name(service), zone->name,
					argument->missing)));
	return NULL;				/* keep compiler quiet */
}

const char **
dbaas_choice_arguments(DbaasWriter *writer, const DbaasRowValues *row,
					   const DbaasWriteEndpoint *endpoint, const DbaasZone *zone)
{
	const char **values = palloc0(DBAAS_MAX_ARGUMENTS * sizeof(char *));

	if (endpoint->choice == NULL)
		return values;
	take_given(writer, row, endpoint, values);
	for (int i = 0; i < dbaas_catalogue_narguments(endpoint); i++)
	{
		const DbaasArgument *argument = &endpoint->arguments[i];

		if (argument->found)
			values[i] = find_value(writer, row, argument, zone);
		else if (values[i] == NULL && argument->refused == NULL)
			refuse_missing(writer, endpoint, argument);
	}
	return values;
}
