/*-------------------------------------------------------------------------
 *
 * body.c
 *		JSON that is made: the bodies of requests, on json-c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "api/body.h"

typedef struct OwnedValue
{
	MemoryContextCallback callback;
	DbaasBody  *value;
} OwnedValue;

static void
release_value(void *arg)
{
	OwnedValue *owned = arg;

	json_object_put(owned->value);
}

void
dbaas_body_own(MemoryContext cxt, DbaasBody *value)
{
	OwnedValue *owned = MemoryContextAlloc(cxt, sizeof(OwnedValue));

	owned->value = value;
	owned->callback.func = release_value;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(cxt, &owned->callback);
}

DbaasBody *
dbaas_body_new(void)
{
	DbaasBody  *body = json_object_new_object();

	dbaas_body_own(CurrentMemoryContext, body);
	return body;
}

/* json-c asks this how to write the value. */
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
	DbaasBody  *value = json_object_new_object();

	json_object_set_serializer(value, write_verbatim, strdup(text), json_object_free_userdata);
	return value;
}

const char *
dbaas_body_text(DbaasBody *value)
{
	return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
										  JSON_C_TO_STRING_NOSLASHESCAPE);
}

const char *
dbaas_body_version(void)
{
	return json_c_version();
}
