/*-------------------------------------------------------------------------
 *
 * zones.c
 *		The zones of a server and where each is reached.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "http.h"
#include "lib/stringinfo.h"
#include "options.h"
#include "progress.h"
#include "utils/memutils.h"
#include "zones.h"

/* Zone whose address is asked when it does not matter which. */
#define DEFAULT_ZONE "ch-gva-2"

static char *
without_final_slashes(char *url)
{
	size_t		len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		url[--len] = '\0';
	return url;
}

static char *
endpoint_of(DbaasConnection *conn, const char *zone)
{
	const char *endpoint = dbaas_option_string(dbaas_connection_options(conn), "endpoint");

	return without_final_slashes(dbaas_http_expand_zone(endpoint, zone));
}

static bool
endpoint_has_zone(DbaasConnection *conn)
{
	return strstr(dbaas_option_string(dbaas_connection_options(conn), "endpoint"), "{zone}") != NULL;
}

char *
dbaas_zones_global_base(DbaasConnection *conn)
{
	return endpoint_of(conn, DEFAULT_ZONE);
}

bool
dbaas_zones_selected(DbaasConnection *conn, const char *name)
{
	List	   *selected = dbaas_option_zones(dbaas_connection_options(conn));
	ListCell   *lc;

	foreach(lc, selected)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return selected == NIL;
}

/* Zones whose addresses follow from the options. */
static DbaasZones *
zones_from_options(DbaasConnection *conn, List *names)
{
	DbaasZones *zones = palloc(sizeof(DbaasZones));
	ListCell   *lc;

	zones->n = 0;
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

/* Where the list was got safely, what it names must be as safe. */
static bool
keeps_security(DbaasConnection *conn, const char *base, char **problem)
{
	char	   *endpoint = dbaas_zones_global_base(conn);

	if (pg_strncasecmp(endpoint, "https:", 6) == 0 && pg_strncasecmp(base, "https:", 6) != 0)
	{
		*problem = "It is not https, as the server's endpoint is.";
		return false;
	}
	return true;
}

/* Takes one element of the list of zones. */
static DbaasError *
add_zone(DbaasConnection *conn, DbaasCall *call, const DbaasJson *element, DbaasZones *zones)
{
	const char *name = dbaas_json_member_string(element, "name");
	const char *base = dbaas_json_member_string(element, "api-endpoint");
	DbaasZone  *zone;
	char	   *problem;

	if (name == NULL || !dbaas_option_is_zone(name))
		return bad_list(call, "A zone has no name that looks like ch-gva-2.");
	for (int i = 0; i < zones->n; i++)
	{
		if (strcmp(zones->zones[i].name, name) == 0)
			return bad_list(call, psprintf("It names zone \"%s\" twice.", name));
	}
	if (!dbaas_zones_selected(conn, name))
		return NULL;
	if (base == NULL && endpoint_has_zone(conn))
		base = endpoint_of(conn, name);
	if (base == NULL)
		return bad_list(call, psprintf("Zone \"%s\" has no api-endpoint.",
									   dbaas_error_excerpt(name, strlen(name), NAMEDATALEN)));
	if (!dbaas_http_check_url(base, &problem) || !keeps_security(conn, base, &problem))
		return bad_list(call, psprintf("The api-endpoint of zone \"%s\" may not be used: %s",
									   dbaas_error_excerpt(name, strlen(name), NAMEDATALEN),
									   problem));
	zone = &zones->zones[zones->n++];
	zone->name = pstrdup(name);
	zone->base = without_final_slashes(pstrdup(base));
	return NULL;
}

/* Each zone that the option selects has to be in the list. */
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
	foreach(lc, dbaas_option_zones(dbaas_connection_options(conn)))
	{
		const char *nearest = dbaas_error_nearest(lfirst(lc), names);
		DbaasError *error;

		if (nearest && strcmp(nearest, lfirst(lc)) == 0)
			continue;
		error = dbaas_error_new(ERRCODE_INVALID_PARAMETER_VALUE,
								"zone \"%s\" of the server's option \"zones\" is none that the API names",
								(char *) lfirst(lc));
		error->detail = psprintf("The API names: %s.", all.data);
		error->hint = nearest ? psprintf("Perhaps you meant \"%s\".", nearest) : NULL;
		return error;
	}
	return NULL;
}

static DbaasError *
read_list(DbaasConnection *conn, DbaasCall *call, DbaasZones *zones)
{
	const DbaasJson *list = dbaas_json_member(dbaas_call_answer(call), "zones");

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

static DbaasError *
learn_zones(DbaasConnection *conn, DbaasCounters *counters, DbaasZones *zones)
{
	/* Signed, a key with database rights alone would be refused. */
	DbaasCallSpec spec = {
		.kind = DBAAS_CALL_LIST,
		.unsigned_ = true,
		.base = dbaas_zones_global_base(conn),
		.method = "GET",
		.operation = "/zone",
		.path = "/zone",
		.counters = counters
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
	return error;
}

DbaasError *
dbaas_zones_get(DbaasConnection *conn, DbaasCounters *counters, const DbaasZones **result)
{
	void	  **slot = dbaas_connection_zones_slot(conn);
	DbaasError *error = NULL;

	if (*slot == NULL)
	{
		MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw zones",
												  ALLOCSET_SMALL_SIZES);
		MemoryContext oldcxt = MemoryContextSwitchTo(cxt);
		List	   *names = dbaas_option_zones(dbaas_connection_options(conn));
		DbaasZones *zones;

		if (names && endpoint_has_zone(conn))
			zones = zones_from_options(conn, names);
		else
		{
			zones = palloc0(sizeof(DbaasZones));
			error = learn_zones(conn, counters, zones);
		}
		MemoryContextSwitchTo(oldcxt);
		if (error)
			return error;		/* cxt goes with its parent, as the error does */
		MemoryContextSetParent(cxt, dbaas_connection_context(conn));
		dbaas_connection_facts(conn)->zones = zones->n;
		*slot = zones;
	}
	*result = *slot;
	return NULL;
}
