/*-------------------------------------------------------------------------
 *
 * outcome.c
 *		Outcomes: how the reading of a target ended, as a row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/elog.h"
#include "utils/json.h"

#include "read/outcome.h"

/* Is it the text of true, as SQL shows it or as the catalogue has it? */
static bool
is_true(const char *value)
{
	return value && *value == 't';
}

bool
dbaas_outcome_is_wanted(const DbaasResource *resource, const char *const *args)
{
	return resource->index.with_outcome >= 0 && is_true(args[resource->index.with_outcome]);
}

bool
dbaas_outcome_is_wanted_of_all(const DbaasResource *resource, const DbaasKey *keys)
{
	const DbaasKey *key;

	if (resource->index.with_outcome < 0)
		return false;
	key = &keys[resource->index.with_outcome];
	return key->given && key->n == 1 && is_true(key->values[0]);
}

bool
dbaas_outcome_can_be(const DbaasError *error)
{
	return !error->of_statement && error->sqlerrcode != ERRCODE_OUT_OF_MEMORY &&
		error->sqlerrcode != ERRCODE_QUERY_CANCELED;
}

char *
dbaas_outcome_request(const char *label, const char *zone)
{
	const char *suffix = zone ? psprintf(" in zone %s", zone) : "";
	size_t		len = strlen(label);
	size_t		suffix_len = strlen(suffix);

	if (len > suffix_len && strcmp(label + len - suffix_len, suffix) == 0)
		len -= suffix_len;
	return pnstrdup(label, len);
}

/* Adds a member.  The text is in UTF-8; NULL becomes null. */
static void
add_member(StringInfo out, const char *name, const char *text)
{
	appendStringInfo(out, ", \"%s\": ", name);
	if (text)
		escape_json(out, text);
	else
		appendStringInfoString(out, "null");
}

/* A text of an error, in UTF-8. */
static const char *
utf8_text(const char *text)
{
	return text ? pg_server_to_any(text, (int) strlen(text), PG_UTF8) : NULL;
}

char *
dbaas_outcome_text(const DbaasOutcome *outcome)
{
	const DbaasError *error = outcome->error;
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"ok\": %s", error ? "false" : "true");
	if (error)
	{
		add_member(&out, "sqlstate", unpack_sql_state(error->sqlerrcode));
		add_member(&out, "message", utf8_text(error->message));
		if (error->detail)
			add_member(&out, "detail", utf8_text(error->detail));
		add_member(&out, "request", utf8_text(outcome->request));
		add_member(&out, "zone", outcome->zone);
	}
	if (outcome->has_next)
		add_member(&out, "next_offset", outcome->next);
	appendStringInfoChar(&out, '}');
	return out.data;
}
