/*-------------------------------------------------------------------------
 *
 * catalogue_write.c
 *		Looks up the write endpoints of the catalogue's entries.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "tables/catalogue.h"

const DbaasWriteEndpoint *
dbaas_catalogue_next_write(const DbaasResource *resource, DbaasCommand command,
						   const DbaasWriteEndpoint *previous)
{
	const DbaasWriteEndpoint *end = resource->writes + DBAAS_MAX_WRITES;

	for (const DbaasWriteEndpoint *e = previous ? previous + 1 : resource->writes;
		 e < end && e->method; e++)
	{
		if (e->command == command)
			return e;
	}
	return NULL;
}

static bool
has_text(const char *const *texts, const char *text)
{
	for (int i = 0; texts[i]; i++)
	{
		if (strcmp(texts[i], text) == 0)
			return true;
	}
	return false;
}

/* The types of service in the domain of the type column, ending with NULL. */
static const char *const *
types_of(const DbaasResource *resource)
{
	const DbaasColumn *column = &resource->columns[resource->index.type];

	return (column->write_domain ? column->write_domain : column->domain)->values;
}

const char *const *
dbaas_catalogue_endpoint_types(const DbaasResource *resource, const DbaasWriteEndpoint *endpoint)
{
	if (endpoint->types || !dbaas_path_has(&endpoint->parsed, resource->index.type))
		return endpoint->types;
	return types_of(resource);
}

const DbaasWriteEndpoint *
dbaas_catalogue_next_for(const DbaasResource *resource, DbaasCommand command, const char *type,
						 const DbaasWriteEndpoint *previous)
{
	const DbaasWriteEndpoint *next = dbaas_catalogue_next_write(resource, command, previous);

	if (next == NULL || type == NULL || resource->type_column == NULL ||
		!dbaas_catalogue_knows(&resource->columns[resource->index.type], type))
		return next;
	while (next && !has_text(next->types ? next->types : types_of(resource), type))
		next = dbaas_catalogue_next_write(resource, command, next);
	return next;
}

const DbaasWriteEndpoint *
dbaas_catalogue_find_write(const DbaasResource *resource, DbaasCommand command, const char *type,
						   const char *choice)
{
	const DbaasWriteEndpoint *e = dbaas_catalogue_next_for(resource, command, type, NULL);

	while (e && choice && e->choice && strcmp(e->choice, choice) != 0)
		e = dbaas_catalogue_next_for(resource, command, type, e);
	return e;
}

bool
dbaas_catalogue_sends(const DbaasWriteEndpoint *endpoint, int column)
{
	return endpoint->sends == NULL || endpoint->sends[column];
}

bool
dbaas_catalogue_share_type(const DbaasResource *resource, const DbaasWriteEndpoint *a,
						   const DbaasWriteEndpoint *b)
{
	const char *const *types = dbaas_catalogue_endpoint_types(resource, a);
	const char *const *others = dbaas_catalogue_endpoint_types(resource, b);

	if (types == NULL || others == NULL)
		return true;
	for (int i = 0; types[i]; i++)
	{
		if (has_text(others, types[i]))
			return true;
	}
	return false;
}

bool
dbaas_catalogue_chooses(const DbaasResource *resource)
{
	const DbaasWriteEndpoint *first = dbaas_catalogue_next_write(resource, DBAAS_INSERT, NULL);

	return first && first->choice;
}

DbaasDomain
dbaas_catalogue_choices(const DbaasResource *resource, DbaasCommand command, const char *type)
{
	const char **choices = palloc0((DBAAS_MAX_WRITES + 1) * sizeof(char *));
	int			n = 0;

	for (const DbaasWriteEndpoint *e = dbaas_catalogue_next_write(resource, command, NULL); e;
		 e = dbaas_catalogue_next_write(resource, command, e))
	{
		if (e->choice && dbaas_catalogue_find_write(resource, command, type, e->choice) == e)
			choices[n++] = e->choice;
	}
	return (DbaasDomain)
	{
		.values = choices
	};
}

char *
dbaas_catalogue_service_identity(const char *name)
{
	const DbaasResource *services = dbaas_catalogue_services;
	const char **args = palloc0(services->ncolumns * sizeof(char *));

	args[services->identity_path.params[0].column] = name;
	return dbaas_path_expand(&services->identity_path, args);
}

bool
dbaas_catalogue_has_users(const DbaasUse *use, const char *type)
{
	if (use == NULL || use->list->type_column == NULL)
		return use != NULL;
	return type && has_text(types_of(use->list), type);
}

char *
dbaas_catalogue_write_types(const DbaasResource *resource, DbaasCommand command)
{
	const char *const *types = types_of(resource);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; types[i]; i++)
	{
		if (dbaas_catalogue_find_write(resource, command, types[i], NULL))
			appendStringInfo(&list, "%s%s", list.len ? ", " : "", types[i]);
	}
	return list.data;
}

const DbaasChoice *
dbaas_catalogue_find_choice(const DbaasColumn *column, const char *value)
{
	for (const DbaasChoice *choice = column->choices; choice && choice->value; choice++)
	{
		if (value && strcmp(choice->value, value) == 0)
			return choice;
	}
	return NULL;
}

bool
dbaas_catalogue_sets_for(const DbaasResource *resource, DbaasCommand command, int column,
						 const char *type)
{
	const DbaasColumn *c = &resource->columns[column];
	const char *member = command == DBAAS_INSERT ? c->insert :
		command == DBAAS_UPDATE ? c->update : c->delete;

	if (member == NULL || (c->write_types && !has_text(c->write_types, type)))
		return false;
	for (const DbaasWriteEndpoint *e = dbaas_catalogue_find_write(resource, command, type, NULL); e;
		 e = dbaas_catalogue_next_for(resource, command, type, e))
	{
		if (dbaas_catalogue_sends(e, column))
			return true;
	}
	return false;
}

char *
dbaas_catalogue_column_types(const DbaasResource *resource, DbaasCommand command, int column)
{
	const char *const *types = types_of(resource);
	bool		all = true;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; types[i]; i++)
	{
		if (dbaas_catalogue_sets_for(resource, command, column, types[i]))
			appendStringInfo(&list, "%s%s", list.len ? ", " : "", types[i]);
		else if (dbaas_catalogue_find_write(resource, command, types[i], NULL))
			all = false;
	}
	return all ? NULL : list.data;
}

const DbaasDomain *
dbaas_catalogue_write_domain(const DbaasColumn *column, const char *type)
{
	for (const DbaasTypedDomain *d = column->typed_domains; type && d && d->type; d++)
	{
		if (strcmp(d->type, type) == 0)
			return d->domain;
	}
	return column->write_domain;
}

const DbaasReveal *
dbaas_catalogue_find_reveal(const DbaasResource *resource, const char *type, bool of_service)
{
	for (const DbaasReveal *r = resource->reveals; r && r->path; r++)
	{
		if (r->of_service == of_service && has_text(r->types, type))
			return r;
	}
	return NULL;
}

bool
dbaas_catalogue_write_needs_type(const DbaasResource *resource, DbaasCommand command)
{
	for (const DbaasWriteEndpoint *e = dbaas_catalogue_next_write(resource, command, NULL); e;
		 e = dbaas_catalogue_next_write(resource, command, e))
	{
		if (dbaas_catalogue_endpoint_types(resource, e))
			return true;
	}
	return false;
}

bool
dbaas_catalogue_write_path_has(const DbaasResource *resource, DbaasCommand command, int column)
{
	for (const DbaasWriteEndpoint *e = dbaas_catalogue_next_write(resource, command, NULL); e;
		 e = dbaas_catalogue_next_write(resource, command, e))
	{
		if (dbaas_path_has(&e->parsed, column))
			return true;
	}
	return false;
}
