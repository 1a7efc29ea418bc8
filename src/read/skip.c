/*-------------------------------------------------------------------------
 *
 * skip.c
 *		Rows that a statement skips with a WARNING instead of failing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/text.h"
#include "read/skip.h"
#include "tables/options.h"

/* Requests that a WARNING names. */
#define MAX_UNKNOWN_SHOWN 20

/* So many calls in a row that find a zone not available are enough. */
#define ENOUGH_FAILURES 3

/* What became of a zone in the statement. */
typedef struct ZoneState
{
	DbaasConnection *conn;
	char	   *zone;
	bool		has_rows;		/* rows of it were returned */
	bool		skipped;
	int			nfailures;		/* calls in a row that found it not available */
	DbaasError *error;			/* of the last of them, if they are enough */
} ZoneState;

/* What this module keeps for a statement. */
typedef struct Skips
{
	List	   *zones;			/* of ZoneState * */
	List	   *unknown;		/* of char *: labels of requests */
	int			nwarned;		/* of them, the first n have been in a WARNING */
} Skips;

int			dbaas_unavailable_zones = DBAAS_UNAVAILABLE_BY_OPTION;

static Skips *
statement_skips(DbaasStatement *statement)
{
	static char owner;

	return dbaas_statement_state(statement, &owner, sizeof(Skips));
}

/* ------------------------------------------------------------------------
 * Zones that are not available
 * ------------------------------------------------------------------------ */

/* The state of a zone, or NULL. */
static ZoneState *
find_zone(const DbaasRead *read, const char *zone)
{
	ListCell   *lc;

	foreach(lc, statement_skips(read->statement)->zones)
	{
		ZoneState  *state = lfirst(lc);

		if (state->conn == read->conn && strcmp(state->zone, zone) == 0)
			return state;
	}
	return NULL;
}

/* The state of a zone, made when there is none yet. */
static ZoneState *
get_zone(const DbaasRead *read, const char *zone)
{
	ZoneState  *state = find_zone(read, zone);
	Skips	   *skips = statement_skips(read->statement);
	MemoryContext oldcxt;

	if (state)
		return state;
	oldcxt = MemoryContextSwitchTo(dbaas_statement_context(read->statement));
	state = palloc0(sizeof(ZoneState));
	state->conn = read->conn;
	state->zone = pstrdup(zone);
	skips->zones = lappend(skips->zones, state);
	MemoryContextSwitchTo(oldcxt);
	return state;
}

void
dbaas_skip_note_rows(const DbaasRead *read, const char *zone)
{
	if (read->skip == DBAAS_SKIP_ALLOWED)
		get_zone(read, zone)->has_rows = true;
}

bool
dbaas_skip_is_skipped(const DbaasRead *read, const char *zone)
{
	const ZoneState *state;

	if (read->skip != DBAAS_SKIP_ALLOWED)
		return false;
	state = find_zone(read, zone);
	return state && state->skipped;
}

void
dbaas_skip_note_end(const DbaasRead *read, const char *zone, const DbaasCall *call)
{
	ZoneState  *state = get_zone(read, zone);
	const DbaasError *error = dbaas_call_error(call);
	MemoryContext oldcxt;

	if (!dbaas_call_unavailable(call))
		state->nfailures = 0;
	else if (++state->nfailures == ENOUGH_FAILURES)
	{
		oldcxt = MemoryContextSwitchTo(dbaas_statement_context(read->statement));
		state->error = dbaas_error_new(error->sqlerrcode, "zone \"%s\" is not available: %s",
									   zone, error->message);
		state->error->detail = dbaas_text_copy(error->detail);
		MemoryContextSwitchTo(oldcxt);
	}
}

DbaasError *
dbaas_skip_zone_error(const DbaasRead *read, const char *zone)
{
	const ZoneState *state = find_zone(read, zone);

	return state ? state->error : NULL;
}

bool
dbaas_skip_is_set(bool option)
{
	return dbaas_unavailable_zones == DBAAS_UNAVAILABLE_BY_OPTION ? option :
		dbaas_unavailable_zones == DBAAS_UNAVAILABLE_SKIP;
}

/* What says that zones are skipped. */
static const char *
skipping_name(void)
{
	return dbaas_unavailable_zones == DBAAS_UNAVAILABLE_BY_OPTION ? "Option unavailable_zones" :
		"Setting dbaas_fdw.unavailable_zones";
}

/* The error, with a hint why its zone is not skipped although zones are to be. */
static DbaasError *
explain_refusal(const DbaasRead *read, const DbaasError *error)
{
	DbaasError *result = palloc(sizeof(DbaasError));
	const char *why = psprintf("%s does not skip a zone %s", skipping_name(),
							   read->skip == DBAAS_SKIP_CHANGES_WRITES ?
							   "in a statement that writes." :
							   "here: without its rows, the result could have others.");

	*result = *error;
	result->hint = error->hint ? psprintf("%s %s", error->hint, why) : why;
	return result;
}

DbaasError *
dbaas_skip_zone(const DbaasRead *read, const char *zone, DbaasError *error)
{
	ZoneState  *state;

	if (read->skip == DBAAS_SKIP_NEVER ||
		!dbaas_skip_is_set(dbaas_connection_settings(read->conn)->skip_zones))
		return error;
	if (read->skip != DBAAS_SKIP_ALLOWED)
		return explain_refusal(read, error);
	state = get_zone(read, zone);
	if (state->skipped)
		return NULL;
	state->skipped = true;
	if (read->caching == DBAAS_CACHE_RESPONSES)
		dbaas_cache_leave_out(read->conn, zone, error);
	dbaas_error_notice(WARNING,
					   (errcode(error->sqlerrcode),
						state->has_rows ?
						errmsg("the rest of zone \"%s\" is left out: it is no longer available",
							   zone) :
						errmsg("zone \"%s\" is left out: it is not available", zone),
						errdetail_internal("%s", dbaas_error_text_for_client(error->message)),
						dbaas_unavailable_zones == DBAAS_UNAVAILABLE_SKIP ?
						errhint("Setting dbaas_fdw.unavailable_zones is skip.") :
						errhint("The server's option unavailable_zones is set to skip.")));
	return NULL;
}

const DbaasError *
dbaas_skip_left_out(const DbaasRead *read, const char *zone)
{
	if (read->skip != DBAAS_SKIP_ALLOWED || read->caching != DBAAS_CACHE_RESPONSES ||
		!dbaas_skip_is_set(dbaas_connection_settings(read->conn)->skip_zones))
		return NULL;
	return dbaas_cache_left_out(read->conn, zone);
}

/* ------------------------------------------------------------------------
 * Service types that are not known
 * ------------------------------------------------------------------------ */

DbaasError *
dbaas_skip_unknown(const DbaasRead *read, const char *label)
{
	Skips	   *skips = statement_skips(read->statement);
	MemoryContext oldcxt;
	ListCell   *lc;
	DbaasError *error;

	if (read->skip == DBAAS_SKIP_CHANGES_WRITES ||
		read->skip == DBAAS_SKIP_ADDS_ROWS)
	{
		error = dbaas_error_new(ERRCODE_UNDEFINED_OBJECT,
								"%s: the API lists this under a type that is not known here, and "
								"answers 404", label);
		error->hint = psprintf("It is not left out %s Name the services or types that are meant.",
							   read->skip == DBAAS_SKIP_CHANGES_WRITES ?
							   "of a statement that writes." :
							   "here: without its rows, the result could have others.");
		return error;
	}
	foreach(lc, skips->unknown)
	{
		if (strcmp(lfirst(lc), label) == 0)
			return NULL;
	}
	oldcxt = MemoryContextSwitchTo(dbaas_statement_context(read->statement));
	skips->unknown = lappend(skips->unknown, pstrdup(label));
	MemoryContextSwitchTo(oldcxt);
	return NULL;
}

static int
compare_labels(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

void
dbaas_skip_warn(DbaasStatement *statement)
{
	Skips	   *skips = statement_skips(statement);
	List	   *labels = list_copy_tail(skips->unknown, skips->nwarned);
	StringInfoData out;

	if (labels == NIL)
		return;
	skips->nwarned = list_length(skips->unknown);
	list_sort(labels, compare_labels);
	initStringInfo(&out);
	for (int i = 0; i < Min(list_length(labels), MAX_UNKNOWN_SHOWN); i++)
		appendStringInfo(&out, "\n%s", (const char *) list_nth(labels, i));
	if (list_length(labels) > MAX_UNKNOWN_SHOWN)
		appendStringInfo(&out, "\nand %d more", list_length(labels) - MAX_UNKNOWN_SHOWN);
	dbaas_error_notice(WARNING,
					   (errcode(ERRCODE_WARNING),
						errmsg("rows of types that this version does not know are left out"),
						errdetail_internal("The API answers 404:%s",
										   dbaas_error_text_for_client(out.data)),
						errhint("A newer version of dbaas_fdw may know the type.")));
}
