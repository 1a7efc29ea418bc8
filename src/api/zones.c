/*-------------------------------------------------------------------------
 *
 * zones.c
 *		The zones of a server and where each is reached.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "api/progress.h"
#include "api/zones.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/url.h"
#include "tables/catalogue.h"
#include "tables/options.h"

/* The zone for requests that are not of a zone. */
#define DEFAULT_ZONE "ch-gva-2"

int			dbaas_zones_ttl = DBAAS_ZONES_TTL;

static char *
without_final_slashes(char *url)
{
	size_t		len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		url[--len] = '\0';
	return url;
}

static char *
endpoint_of(const DbaasConnection *conn, const char *zone)
{
	const char *endpoint = dbaas_connection_settings(conn)->endpoint;

	return without_final_slashes(dbaas_url_expand_zone(endpoint, zone));
}

char *
dbaas_zones_global_base(const DbaasConnection *conn)
{
	return endpoint_of(conn, DEFAULT_ZONE);
}

bool
dbaas_zones_selected(const DbaasConnection *conn, const char *name)
{
	List	   *selected = dbaas_connection_settings(conn)->zones;
	ListCell   *lc;

	foreach(lc, selected)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return selected == NIL;
}

/* The zones of option "zones", with addresses that are made from their names. */
static DbaasZones *
zones_from_options(const DbaasConnection *conn, List *names)
{
	DbaasZones *zones = palloc0(sizeof(DbaasZones));
	ListCell   *lc;

	zones->zones = palloc(list_length(names) * sizeof(DbaasZone));
	foreach(lc, names)
	{
		DbaasZone  *zone = &zones->zones[zones->n++];

		zone->name = lfirst(lc);
		zone->base = endpoint_of(conn, zone->name);
	}
	return zones;
}

static DbaasError *
bad_list(DbaasCall *call, const char *detail)
{
	DbaasError *error = dbaas_error_new(ERRCODE_FDW_ERROR,
										"%s answered with an unusable list of zones",
										dbaas_call_label(call));

	error->detail = detail;
	return error;
}

/* If the list came over https, an address in it must be https too. */
static bool
is_as_secure(DbaasConnection *conn, const char *base, char **problem)
{
	char	   *endpoint = dbaas_zones_global_base(conn);

	if (pg_strncasecmp(endpoint, "https:", 6) == 0 && pg_strncasecmp(base, "https:", 6) != 0)
	{
		*problem = "It is not https, as the server's endpoint is.";
		return false;
	}
	return true;
}

/* Adds a zone of the list, if the option selects it. */
static DbaasError *
add_zone(DbaasConnection *conn, DbaasCall *call, const DbaasJson *element, DbaasZones *zones)
{
	const char *name = dbaas_json_member_string(element, "name");
	const char *base = dbaas_json_member_string(element, "api-endpoint");
	DbaasZone  *zone;
	char	   *problem;

	if (name == NULL || !dbaas_options_is_zone(name))
		return bad_list(call, "A zone has no name that looks like ch-gva-2.");
	for (int i = 0; i < zones->n; i++)
	{
		if (strcmp(zones->zones[i].name, name) == 0)
			return bad_list(call, psprintf("It names zone \"%s\" twice.", name));
	}
	if (!dbaas_zones_selected(conn, name))
		return NULL;
	if (base == NULL && dbaas_connection_settings(conn)->endpoint_has_zone)
		base = endpoint_of(conn, name);
	if (base == NULL)
		return bad_list(call, psprintf("Zone \"%s\" has no api-endpoint.",
									   dbaas_error_excerpt(name, strlen(name), NAMEDATALEN)));
	if (!dbaas_url_check(base, &problem) || !is_as_secure(conn, base, &problem))
		return bad_list(call, psprintf("The api-endpoint of zone \"%s\" may not be used: %s",
									   dbaas_error_excerpt(name, strlen(name), NAMEDATALEN),
									   problem));
	zone = &zones->zones[zones->n++];
	zone->name = pstrdup(name);
	zone->base = without_final_slashes(pstrdup(base));
	return NULL;
}

/* Checks that the list has each zone that the option selects. */
static DbaasError *
check_selected(DbaasConnection *conn, DbaasCall *call, const DbaasJson *list)
{
	int64		n = dbaas_json_count(list);
	int64		i = 0;
	const char **names = palloc0((n + 1) * sizeof(char *));
	StringInfoData all;
	ListCell   *lc;

	if (n == 0)
		return bad_list(call, "It names no zone.");
	initStringInfo(&all);
	for (const DbaasJson *element = dbaas_json_first(list); element;
		 element = dbaas_json_next(list, element), i++)
	{
		names[i] = dbaas_json_member_string(element, "name");
		appendStringInfo(&all, "%s%s", i ? ", " : "", names[i]);
	}
	foreach(lc, dbaas_connection_settings(conn)->zones)
	{
		const char *nearest = dbaas_error_nearest(lfirst(lc), names);
		DbaasError *error;

		if (nearest && strcmp(nearest, lfirst(lc)) == 0)
			continue;
		error = dbaas_error_new(ERRCODE_INVALID_PARAMETER_VALUE,
								"zone \"%s\" in server option \"zones\" does not exist",
								(char *) lfirst(lc));
		error->detail = psprintf("The zones are: %s.", all.data);
		error->hint = nearest ? psprintf("Perhaps you meant \"%s\".", nearest) : NULL;
		return error;
	}
	return NULL;
}

static DbaasError *
read_list(DbaasConnection *conn, DbaasCall *call, DbaasZones *zones)
{
	const DbaasJson *list = dbaas_json_member(dbaas_call_response(call), "zones");

	if (!dbaas_json_is(list, DBAAS_JSON_ARRAY))
		return bad_list(call, "The answer has no array \"zones\".");
	zones->n = 0;
	zones->zones = palloc(Max(dbaas_json_count(list), 1) * sizeof(DbaasZone));
	for (const DbaasJson *element = dbaas_json_first(list); element;
		 element = dbaas_json_next(list, element))
	{
		DbaasError *error = add_zone(conn, call, element, zones);

		if (error)
			return error;
	}
	return check_selected(conn, call, list);
}

/* Requests the list, without retries if no_retry, and waits for it. */
static DbaasError *
learn_zones(DbaasConnection *conn, DbaasCounters *counters, DbaasBudget *budget, bool no_retry,
			DbaasZones *zones)
{
	const DbaasEndpoint *endpoint = &dbaas_catalogue_zones->reads[0];

	/*
	 * Not signed: the API would refuse a key that has rights on databases
	 * only.
	 */
	DbaasCallSpec spec = {
		.kind = DBAAS_CALL_LIST,
		.anonymous = true,
		.no_retry = no_retry,
		.base = dbaas_zones_global_base(conn),
		.method = endpoint->method,
		.path_template = endpoint->path,
		.path = endpoint->path,
		.counters = counters,
		.budget = budget
	};
	DbaasCall  *call = dbaas_call_start(conn, CurrentMemoryContext, &spec);
	DbaasError *error;

	while (!dbaas_call_done(call))
		dbaas_progress_wait(counters, 0);
	error = dbaas_call_error(call);
	if (error == NULL)
		error = read_list(conn, call, zones);
	if (error == NULL)
		dbaas_call_release(call);
	zones->learned = true;
	zones->learned_at = zones->tried_at = dbaas_clock_now();
	return error;
}

/* Do both lists have the same zones, at the same addresses? */
static bool
same_zones(const DbaasZones *a, const DbaasZones *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
	{
		if (strcmp(a->zones[i].name, b->zones[i].name) != 0 ||
			strcmp(a->zones[i].base, b->zones[i].base) != 0)
			return false;
	}
	return true;
}

/*
 * Makes a list of zones, and sets it for the connection unless it equals the current
 * one.  Does not free the current one, since its zones may be in use.
 */
static DbaasError *
make_zones(DbaasConnection *conn, DbaasCounters *counters, DbaasBudget *budget, bool no_retry)
{
	DbaasZones *current = dbaas_connection_zones(conn);
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw zones",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
	List	   *names = dbaas_connection_settings(conn)->zones;
	DbaasZones *zones = palloc0(sizeof(DbaasZones));
	DbaasError *error = NULL;

	if (names && dbaas_connection_settings(conn)->endpoint_has_zone)
		zones = zones_from_options(conn, names);
	else
		error = learn_zones(conn, counters, budget, no_retry, zones);
	MemoryContextSwitchTo(oldcxt);
	if (error)
		return error;			/* in cxt, which goes with its parent */
	if (current && same_zones(current, zones))
	{
		current->learned_at = zones->learned_at;
		current->tried_at = zones->tried_at;
		MemoryContextDelete(cxt);
		return NULL;
	}
	MemoryContextSetParent(cxt, dbaas_connection_context(conn));
	dbaas_connection_set_zones(conn, zones);
	dbaas_connection_facts(conn)->zones = zones->n;
	return NULL;
}

DbaasError *
dbaas_zones_get(DbaasConnection *conn, DbaasCounters *counters, DbaasBudget *budget,
				const DbaasZones **result)
{
	DbaasError *error = NULL;

	if (dbaas_connection_zones(conn) == NULL)
		error = make_zones(conn, counters, budget, false);
	*result = dbaas_connection_zones(conn);
	return error;
}

DbaasError *
dbaas_zones_renew(DbaasConnection *conn, DbaasCounters *counters, DbaasBudget *budget,
				  DbaasMoment since)
{
	const DbaasZones *zones = dbaas_connection_zones(conn);

	if (zones == NULL || !zones->learned || zones->learned_at >= since)
		return NULL;
	return make_zones(conn, counters, budget, false);
}

void
dbaas_zones_refresh(DbaasConnection *conn, DbaasCounters *counters, DbaasBudget *budget,
					DbaasMoment since)
{
	DbaasZones *zones = dbaas_connection_zones(conn);
	DbaasMoment now = dbaas_clock_now();

	if (zones == NULL || !zones->learned || zones->tried_at >= since || dbaas_zones_ttl < 0 ||
		now - zones->tried_at < (DbaasMoment) dbaas_zones_ttl * 1000)
		return;
	zones->tried_at = now;
	(void) make_zones(conn, counters, budget, true);
}

bool
dbaas_zones_may_appear(const DbaasConnection *conn, const char *name)
{
	const DbaasZones *zones = dbaas_connection_zones(conn);

	return zones && zones->learned && dbaas_options_is_zone(name) &&
		dbaas_zones_selected(conn, name);
}

const DbaasZone *
dbaas_zones_find(const DbaasZones *zones, const char *name)
{
	for (int i = 0; i < zones->n; i++)
	{
		if (strcmp(zones->zones[i].name, name) == 0)
			return &zones->zones[i];
	}
	return NULL;
}

char *
dbaas_zones_names(const DbaasZones *zones)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < zones->n; i++)
		appendStringInfo(&out, "%s%s", i ? ", " : "", zones->zones[i].name);
	return out.data;
}
