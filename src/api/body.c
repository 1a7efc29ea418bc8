/*-------------------------------------------------------------------------
 *
 * body.c
 *		JSON values to write: the bodies of requests.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

/* json-c's type has the name of a function of PostgreSQL. */
#define json_object json_c_object
#include <json-c/json.h>
#undef json_object

#include "utils/memutils.h"

#include "api/body.h"
#include "base/error.h"

typedef struct OwnedValue
{
	MemoryContextCallback callback;
	DbaasBody  *value;
} OwnedValue;

/* The value, unless json-c had no memory for it. */
static DbaasBody *
made(DbaasBody *value)
{
	if (value == NULL)
		dbaas_error_out_of_memory();
	return value;
}

static void
release_value(void *arg)
{
	OwnedValue *owned = arg;

	json_object_put(owned->value);
}

DbaasBody *
dbaas_body_new(void)
{
	OwnedValue *owned = palloc(sizeof(OwnedValue));

	owned->value = dbaas_body_object();
	owned->callback.func = release_value;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &owned->callback);
	return owned->value;
}

DbaasBody *
dbaas_body_object(void)
{
	return made(json_object_new_object());
}

DbaasBody *
dbaas_body_array(void)
{
	return made(json_object_new_array());
}

DbaasBody *
dbaas_body_string(const char *text)
{
	return made(json_object_new_string(text));
}

DbaasBody *
dbaas_body_integer(int64 number)
{
	return made(json_object_new_int64(number));
}

/* json-c calls this to write the value. */
static int
write_verbatim(DbaasBody *value, struct printbuf *out, int level, int flags)
{
	const char *text = json_object_get_userdata(value);

	(void) level;
	(void) flags;
	return printbuf_memappend(out, text, (int) strlen(text));
}

DbaasBody *
dbaas_body_verbatim(const char *text)
{
	DbaasBody  *value = dbaas_body_object();
	char	   *copy = strdup(text);

	if (copy == NULL)
	{
		json_object_put(value);
		dbaas_error_out_of_memory();
	}
	json_object_set_serializer(value, write_verbatim, copy, json_object_free_userdata);
	return value;
}

void
dbaas_body_add(DbaasBody *object, const char *name, DbaasBody *value)
{
	if (json_object_object_add(object, name, value) == 0)
		return;
	json_object_put(value);
	dbaas_error_out_of_memory();
}

void
dbaas_body_append(DbaasBody *array, DbaasBody *value)
{
	if (json_object_array_add(array, value) == 0)
		return;
	json_object_put(value);
	dbaas_error_out_of_memory();
}

bool
dbaas_body_get(const DbaasBody *object, const char *name, DbaasBody **value)
{
	return json_object_object_get_ex(object, name, value);
}

bool
dbaas_body_is_empty(const DbaasBody *object)
{
	return json_object_object_length(object) == 0;
}

const char *
dbaas_body_text(DbaasBody *value)
{
	const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
													  JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text == NULL)
		dbaas_error_out_of_memory();
	return text;
}

const char *
dbaas_body_version(void)
{
	return json_c_version();
}
