/*
 * document.c
 *		What the API's OpenAPI document says: operations, bodies, settings.
 *
 * The data are in documented.h, which the script sim/document writes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "response.h"

typedef struct DocumentedSchema
{
	const char *name;
	const char *text;			/* JSON; {"$ref": NAME} refers to another
								 * schema */
} DocumentedSchema;

typedef struct DocumentedSettings
{
	const char *path;
	const char *members;		/* JSON: a schema by the name of each member */
} DocumentedSettings;

#include "documented.h"

static json_object *resolved[lengthof(schemas)];
static char *settings_responses[lengthof(settings)];

static json_object *resolve(json_object *schema);

static json_object *
parse(const char *text)
{
	bool		valid;
	json_object *json = json_parse(text, strlen(text), &valid);

	if (!valid)
	{
		fprintf(stderr, "dbaas-sim: documented.h is damaged: %s\n", text);
		abort();
	}
	return json;
}

static json_object *
schema_named(const char *name)
{
	for (size_t i = 0; i < lengthof(schemas); i++)
	{
		if (strcmp(schemas[i].name, name) != 0)
			continue;
		if (resolved[i] == NULL)
			resolved[i] = resolve(parse(schemas[i].text));
		return json_object_get(resolved[i]);
	}
	fprintf(stderr, "dbaas-sim: documented.h lacks the schema %s\n", name);
	abort();
}

/* Takes over a reference, and returns one. */
static json_object *
resolve(json_object *schema)
{
	const char *name = json_member_text(schema, "$ref");
	json_object *target;

	if (name)
	{
		target = schema_named(name);
		json_object_put(schema);
		return target;
	}
	if (json_object_is_type(schema, json_type_object))
	{
		json_object_object_foreach(schema, member, value)
			json_object_object_add(schema, member, resolve(json_object_get(value)));
	}
	else if (json_object_is_type(schema, json_type_array))
	{
		for (size_t i = 0; i < json_object_array_length(schema); i++)
		{
			json_object *item = json_object_get(json_object_array_get_idx(schema, i));

			json_object_array_put_idx(schema, i, resolve(item));
		}
	}
	return schema;
}

json_object *
document_resolve(const char *text)
{
	return resolve(parse(text));
}

/*
 * A schema as the API returns it: with a title, and without additional
 * properties unless it says otherwise.
 */
static json_object *
handed_out(const char *member, json_object *schema)
{
	json_object *json = json_object_new_object();
	char	   *title = xasprintf("%s settings", member);

	json_add_text(json, "title", title);
	json_add_text(json, "type", "object");
	json_add_bool(json, "additionalProperties",
				  json_member_bool(schema, "additionalProperties", false));
	json_add(json, "properties", json_object_get(json_object_object_get(schema, "properties")));
	free(title);
	return json;
}

static char *
settings_response(const DocumentedSettings *entry)
{
	json_object *members = document_resolve(entry->members);
	json_object *json = json_object_new_object();
	json_object *answered = json_object_new_object();
	char	   *text;

	json_object_object_foreach(members, member, schema)
		json_add(answered, member, handed_out(member, schema));
	json_add(json, "settings", answered);
	text = xstrdup(json_text(json));
	json_object_put(json);
	json_object_put(members);
	return text;
}

void
document_init(void)
{
	for (size_t i = 0; i < lengthof(settings); i++)
		settings_responses[i] = settings_response(&settings[i]);
}

const DocumentedOperation *
document_operations(size_t *count)
{
	*count = lengthof(operations);
	return operations;
}

const char *
document_settings(const char *path)
{
	for (size_t i = 0; i < lengthof(settings); i++)
		if (strcmp(settings[i].path, path) == 0)
			return settings_responses[i];
	return NULL;
}
