/*-------------------------------------------------------------------------
 *
 * options.c
 *		The options of servers, user mappings, tables and columns, as data.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "base/error.h"
#include "base/url.h"
#include "base/version.h"
#include "tables/catalogue.h"
#include "tables/options.h"
#include "tables/path.h"
#include "tables/rows.h"

static const char *const wait_values[] = {"none", "operation", "running", NULL};
static const char *const unavailable_zones_values[] = {"error", "skip", NULL};
static const char *const scope_values[] = {"zone", "organisation", NULL};

/* For hints alone: the API may have others by now. */
static const char *const known_zones[] = {
	"at-vie-1", "at-vie-2", "bg-sof-1", "ch-dk-2", "ch-gva-2", "de-fra-1", "de-muc-1",
	"hr-zag-1", NULL
};
/* INDENT OFF */
static const DbaasOption options_table[] = {
	{"endpoint", DBAAS_ON_SERVER, DBAAS_OPTION_URL,
		.default_text = "https://api-{zone}.exoscale.com/v2",
	.help = "where the API is; {zone} stands for a zone's name"},
	{"zones", DBAAS_ON_SERVER, DBAAS_OPTION_ZONES,
	.help = "the zones to use, separated by commas; all when not set"},
	{"connect_timeout", DBAAS_ON_SERVER, DBAAS_OPTION_SECONDS,
		.default_text = "10", .min = 0.001, .max = 3600,
	.help = "how long a connection may take to be made, in seconds"},
	{"request_timeout", DBAAS_ON_SERVER, DBAAS_OPTION_SECONDS,
		.default_text = "60", .min = 0.001, .max = 3600,
	.help = "how long a request may take as a whole, in seconds"},
	{"wait", DBAAS_ON_SERVER, DBAAS_OPTION_ENUM,
		.default_text = "operation", .values = wait_values,
	.help = "what a write waits for: none, operation (it ended in success, and the list of what "
		"it made or deleted shows that) or running (and its service runs again)"},
	{"operation_timeout", DBAAS_ON_SERVER, DBAAS_OPTION_SECONDS,
		.default_text = "600", .min = 0.001, .max = 86400,
	.help = "how long a write waits for that, in seconds"},
	{"max_concurrency", DBAAS_ON_SERVER, DBAAS_OPTION_INTEGER,
		.default_text = "8", .min = 1, .max = 64,
	.help = "requests in flight at once"},
	{"max_retries", DBAAS_ON_SERVER, DBAAS_OPTION_INTEGER,
		.default_text = "4", .min = 0, .max = 20,
	.help = "how often a request that may be repeated safely is repeated"},
	{"requests_per_second", DBAAS_ON_SERVER, DBAAS_OPTION_REAL,
		.min = 0.001, .max = 10000,
	.help = "how many requests each session sends in a second, such as 10 or 0.5; as many as there "
		"are when not set"},
	{"max_response_bytes", DBAAS_ON_SERVER, DBAAS_OPTION_BYTES,
		.default_text = "64MB", .min = 1024, .max = 512.0 * 1024 * 1024,
	.help = "a larger response, decompressed, is an error"},
	{"unavailable_zones", DBAAS_ON_SERVER, DBAAS_OPTION_ENUM,
		.default_text = "error", .values = unavailable_zones_values,
	.help = "error, or skip: a zone that cannot be reached, breaks off, or stays down (502, 503, "
		"504), becomes a WARNING"},
	{"updatable", DBAAS_ON_SERVER | DBAAS_ON_TABLE, DBAAS_OPTION_BOOLEAN,
		.default_text = "true",
	.help = "false refuses every write; where the server says so, no table can allow it"},
	{"ca_file", DBAAS_ON_SERVER, DBAAS_OPTION_FILE,
	.help = "file with the CA certificates to trust; the system's when not set"},
	{"proxy", DBAAS_ON_SERVER, DBAAS_OPTION_PROXY,
	.help = "proxy to use for https, as curl takes it; none when not set"},
	{"fdw_startup_cost", DBAAS_ON_SERVER | DBAAS_ON_TABLE, DBAAS_OPTION_REAL,
		.default_text = "100", .min = 0, .max = 1e12,
	.help = "planner's cost of waiting for one request"},
	{"fdw_tuple_cost", DBAAS_ON_SERVER | DBAAS_ON_TABLE, DBAAS_OPTION_REAL,
		.default_text = "0.2", .min = 0, .max = 1e12,
	.help = "planner's cost of one row"},
	{"async_capable", DBAAS_ON_SERVER | DBAAS_ON_TABLE, DBAAS_OPTION_BOOLEAN,
		.default_text = "true",
	.help = "whether scans under one Append overlap"},
	{"api_key", DBAAS_ON_USER_MAPPING, DBAAS_OPTION_TOKEN, .sensitive = true,
	.help = "API key"},
	{"api_secret", DBAAS_ON_USER_MAPPING, DBAAS_OPTION_TOKEN, .sensitive = true,
	.help = "secret of the API key"},
	{"api_secret_file", DBAAS_ON_USER_MAPPING, DBAAS_OPTION_FILE, .superuser = true,
		.excludes = "api_secret",
	.help = "file that holds the secret instead, readable by the server's operating-system user; "
		"only a superuser may set it"},
	{"resource", DBAAS_ON_TABLE, DBAAS_OPTION_RESOURCE,
	.help = "what the table shows: a resource of the catalogue, such as services"},
	{"path", DBAAS_ON_TABLE, DBAAS_OPTION_PATH, .excludes = "resource",
	.help = "instead of resource: path of a GET to read, such as /instance; {x} stands for the "
		"column with param x"},
	{"rows", DBAAS_ON_TABLE, DBAAS_OPTION_ROWS, .default_text = "", .needs = "path",
	.help = "where the rows are in the response, such as instances[]; empty for the response "
		"itself"},
	{"scope", DBAAS_ON_TABLE, DBAAS_OPTION_ENUM,
		.default_text = "zone", .values = scope_values, .needs = "path", .excludes = "for_each",
	.help = "zone, or organisation: every zone returns the same, so one is read"},
	{"for_each", DBAAS_ON_TABLE, DBAAS_OPTION_LIST, .needs = "path",
	.help = "resource whose rows give the parameters that a query does not, such as services"},
	{"for_each_filter", DBAAS_ON_TABLE, DBAAS_OPTION_FILTER, .needs = "for_each",
	.help = "column=value: only those of its rows count, such as type=clickhouse"},
	{"param", DBAAS_ON_COLUMN, DBAAS_OPTION_PARAM,
	.help = "parameter of the path that the column fills; one that is not in it is a query "
		"argument"},
	{"from", DBAAS_ON_COLUMN, DBAAS_OPTION_STRING, .needs = "param",
	.help = "column of the for_each resource that fills it where a query does not"},
	{"field", DBAAS_ON_COLUMN, DBAAS_OPTION_FIELD,
	.help = "what the column shows: a field of the API, such as node-count, or * for the whole "
		"object"},
};
/* INDENT ON */

const DbaasOption *
dbaas_options_all(int *n)
{
	*n = lengthof(options_table);
	return options_table;
}

const char *
dbaas_options_place_name(DbaasOptionPlace place)
{
	switch (place)
	{
		case DBAAS_ON_SERVER:
			return "server";
		case DBAAS_ON_USER_MAPPING:
			return "user mapping";
		case DBAAS_ON_TABLE:
			return "table";
		case DBAAS_ON_COLUMN:
			return "column";
	}
	return "foreign data wrapper";
}

static const DbaasOption *
find_option(const char *name)
{
	for (size_t i = 0; i < lengthof(options_table); i++)
	{
		if (strcmp(options_table[i].name, name) == 0)
			return &options_table[i];
	}
	return NULL;
}

/* The option of a name that there is. */
static const DbaasOption *
known_option(const char *name)
{
	const DbaasOption *option = find_option(name);

	if (option == NULL)
		elog(ERROR, "unknown option \"%s\"", name);
	return option;
}

/* Raises the error of an option that is not allowed here, with the most useful hint. */
pg_noreturn static void
refuse_option(const char *name, const DbaasOption *option, DbaasOptionPlace place)
{
	const char *candidates[lengthof(options_table) + 1];
	const char *nearest;
	const char *newer = dbaas_version_hint();
	int			n = 0;
	const char *hint;

	for (size_t i = 0; i < lengthof(options_table); i++)
	{
		if (options_table[i].places & place)
			candidates[n++] = options_table[i].name;
	}
	candidates[n] = NULL;
	nearest = dbaas_error_nearest(name, candidates);

	if (newer)
		hint = newer;
	else if (option)
		hint = psprintf("\"%s\" is an option of a %s.", name,
						dbaas_options_place_name(option->places & -option->places));
	else if (nearest)
		hint = psprintf("Perhaps you meant the option \"%s\".", nearest);
	else if (n == 0)
		hint = "There are no valid options here.";
	else
	{
		StringInfoData list;

		initStringInfo(&list);
		for (int i = 0; i < n; i++)
			appendStringInfo(&list, "%s%s", i ? ", " : "", candidates[i]);
		hint = psprintf("Valid options are: %s.", list.data);
	}
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\" for a %s", name,
					dbaas_options_place_name(place)),
			 errhint("%s", hint)));
}

/* Raises the error of a malformed value.  "what" it must be: "a number from 1 to 64". */
static void
refuse_value(const DbaasOption *option, const char *value, const char *what,
			 const char *hint)
{
	const char *newer = dbaas_version_hint();

	if (newer)
		hint = newer;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 option->sensitive ?
			 errmsg("invalid value for option \"%s\"", option->name) :
			 errmsg("invalid value for option \"%s\": \"%s\"", option->name, value),
			 errdetail("It must be %s.", what),
			 hint ? errhint("%s", hint) : 0));
}

/* Reads a number as the option's kind has it. */
static bool
parse_number(const DbaasOption *option, const char *value, double *number)
{
	int			unit = option->kind == DBAAS_OPTION_SECONDS ? GUC_UNIT_S :
		option->kind == DBAAS_OPTION_BYTES ? GUC_UNIT_BYTE : 0;

	if (!parse_real(value, number, unit, NULL))
		return false;
	if (option->kind == DBAAS_OPTION_INTEGER && *number != rint(*number))
		return false;
	return *number >= option->min && *number <= option->max;
}

static void
check_number(const DbaasOption *option, const char *value)
{
	const char *kind = option->kind == DBAAS_OPTION_INTEGER ? "a whole number" :
		option->kind == DBAAS_OPTION_SECONDS ? "a number of seconds" :
		option->kind == DBAAS_OPTION_BYTES ? "a number of bytes" : "a number";
	const char *hint = option->kind == DBAAS_OPTION_SECONDS ?
		"A unit may follow, as in 500ms or 2min." :
		option->kind == DBAAS_OPTION_BYTES ?
		"A unit may follow, as in 64MB." : NULL;
	double		number;

	if (!parse_number(option, value, &number))
		refuse_value(option, value,
					 psprintf("%s from %.15g to %.15g", kind, option->min, option->max),
					 hint);
}

static void
check_enum(const DbaasOption *option, const char *value)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; option->values[i]; i++)
	{
		if (strcmp(option->values[i], value) == 0)
			return;
		appendStringInfo(&list, "%s%s", i ? ", " : "", option->values[i]);
	}
	refuse_value(option, value, psprintf("one of %s", list.data), NULL);
}

static void
check_url(const DbaasOption *option, const char *value)
{
	char	   *problem;

	/* Any name of a zone will do: names are checked to be harmless in a URL. */
	value = dbaas_url_expand_zone(value, "zone");
	if (!dbaas_url_check(value, &problem))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\"", option->name),
				 errdetail("%s", problem),
				 errhint("It looks like https://api-{zone}.exoscale.com/v2; "
						 "http:// is for loopback addresses alone.")));
}

bool
dbaas_options_is_zone(const char *name)
{
	size_t		len = strlen(name);

	return len > 0 && len < NAMEDATALEN &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

char *
dbaas_options_zone_hint(const char *name)
{
	const char *nearest = dbaas_error_nearest(name, known_zones);
	StringInfoData hint;

	if (nearest && strcmp(nearest, name) == 0)
		return NULL;
	initStringInfo(&hint);
	appendStringInfoString(&hint, "Zones that are known: ");
	for (int i = 0; known_zones[i]; i++)
		appendStringInfo(&hint, "%s%s", i ? ", " : "", known_zones[i]);
	if (nearest)
		appendStringInfo(&hint, "; perhaps you meant \"%s\"", nearest);
	appendStringInfoChar(&hint, '.');
	return hint.data;
}

static void
check_zones(const DbaasOption *option, const char *value)
{
	List	   *zones;
	ListCell   *lc;
	const char *what = "names of zones separated by commas";

	if (!SplitGUCList(pstrdup(value), ',', &zones) || zones == NIL)
		refuse_value(option, value, what, NULL);
	foreach(lc, zones)
	{
		const char *zone = lfirst(lc);

		if (!dbaas_options_is_zone(zone))
			refuse_value(option, value, what, "A zone's name looks like ch-gva-2.");
	}
}

/* Any user can read the options of a server: the address must not hold a password. */
static void
check_proxy(const DbaasOption *option, const char *value)
{
	char	   *problem;

	if (*value == '\0' || strchr(value, '@'))
		refuse_value(option, *value ? "***" : value, "a proxy's address without user and password",
					 NULL);
	if (!dbaas_url_check_proxy(value, &problem))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\": \"%s\"", option->name, value),
				 errdetail("%s", problem),
				 errhint("It looks like http://proxy.example.com:3128; the schemes are "
						 "http, https, socks4, socks4a, socks5 and socks5h.")));
}

static void
check_resource(const DbaasOption *option, const char *value)
{
	int			n;
	const DbaasResource *resources = dbaas_catalogue_resources(&n);
	const char **names = palloc0((n + 1) * sizeof(char *));
	const char *nearest;
	StringInfoData list;

	if (dbaas_catalogue_find_resource(value))
		return;
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		names[i] = resources[i].name;
		appendStringInfo(&list, "%s%s", i ? ", " : "", names[i]);
	}
	nearest = dbaas_error_nearest(value, names);
	refuse_value(option, value, psprintf("one of %s", list.data),
				 nearest ? psprintf("Perhaps you meant \"%s\".", nearest) : NULL);
}

/* Can "for_each" name the resource: does a GET without parameters list it? */
static bool
is_list(const DbaasResource *resource)
{
	const DbaasEndpoint *list = dbaas_catalogue_list(resource);

	return list && strcmp(list->method, "GET") == 0 && list->parsed.nparams == 0 && *list->rows &&
		!resource->global;
}

static void
check_list(const DbaasOption *option, const char *value)
{
	int			n;
	const DbaasResource *resources = dbaas_catalogue_resources(&n);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		if (!is_list(&resources[i]))
			continue;
		if (strcmp(resources[i].name, value) == 0)
			return;
		appendStringInfo(&list, "%s%s", list.len ? ", " : "", resources[i].name);
	}
	refuse_value(option, value, psprintf("one of %s", list.data), NULL);
}

/* Option "for_each_filter" names a column of the resource in option "for_each". */
static void
check_filter(const DbaasOption *option, const char *value, List *options)
{
	const char *name = dbaas_options_string(options, "for_each");
	const DbaasResource *resource = dbaas_catalogue_find_resource(name);
	size_t		len = strcspn(value, "=");
	int			column = -1;

	if (resource)
		column = dbaas_catalogue_find_column(resource, pnstrdup(value, len));

	if (value[len] == '\0' || column < 0 || resource->columns[column].field == NULL)
		refuse_value(option, value,
					 psprintf("column=value, with a column of resource \"%s\" that its list shows",
							  dbaas_options_string(options, "for_each")), NULL);
}

/* Raises an error if a check of rows.h or path.h found a problem. */
static void
refuse_if(const DbaasOption *option, const char *value, const char *problem)
{
	if (problem)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\": \"%s\"", option->name, value),
				 errdetail("%s.", problem)));
}

bool
dbaas_options_is_token(const char *text)
{
	for (const char *p = text; *p; p++)
	{
		if (*p <= ' ' || *p >= 0x7f || *p == ',')
			return false;
	}
	return *text != '\0';
}

static void
check_token(const DbaasOption *option, const char *value)
{
	if (!dbaas_options_is_token(value))
		refuse_value(option, value, "visible ASCII characters without commas", NULL);
}

static void
check_value(const DbaasOption *option, const char *value)
{
	bool		boolean;

	switch (option->kind)
	{
		case DBAAS_OPTION_STRING:
			if (*value == '\0')
				refuse_value(option, value, "a text that is not empty", NULL);
			break;
		case DBAAS_OPTION_PROXY:
			check_proxy(option, value);
			break;
		case DBAAS_OPTION_URL:
			check_url(option, value);
			break;
		case DBAAS_OPTION_ZONES:
			check_zones(option, value);
			break;
		case DBAAS_OPTION_RESOURCE:
			check_resource(option, value);
			break;
		case DBAAS_OPTION_LIST:
			check_list(option, value);
			break;
		case DBAAS_OPTION_FILTER:
			break;				/* see check_together() */
		case DBAAS_OPTION_PATH:
			refuse_if(option, value, dbaas_path_check(value));
			break;
		case DBAAS_OPTION_PARAM:
			refuse_if(option, value, dbaas_path_check_param(value));
			break;
		case DBAAS_OPTION_ROWS:
			refuse_if(option, value, dbaas_rows_check(value));
			break;
		case DBAAS_OPTION_FIELD:
			if (*value == '\0')
				refuse_value(option, value, "a text that is not empty", NULL);
			refuse_if(option, value, dbaas_rows_check_field(value));
			break;
		case DBAAS_OPTION_TOKEN:
			check_token(option, value);
			break;
		case DBAAS_OPTION_FILE:
			if (!is_absolute_path(value))
				refuse_value(option, value, "an absolute path", NULL);
			break;
		case DBAAS_OPTION_ENUM:
			check_enum(option, value);
			break;
		case DBAAS_OPTION_BOOLEAN:
			if (!parse_bool(value, &boolean))
				refuse_value(option, value, "true or false", NULL);
			break;
		case DBAAS_OPTION_INTEGER:
		case DBAAS_OPTION_REAL:
		case DBAAS_OPTION_SECONDS:
		case DBAAS_OPTION_BYTES:
			check_number(option, value);
			break;
	}
}

static bool
has_option(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		if (strcmp(lfirst_node(DefElem, lc)->defname, name) == 0)
			return true;
	}
	return false;
}

/* Checks an option, which is right by itself, against the others of its list. */
static void
check_together(DefElem *def, List *options)
{
	const DbaasOption *option = known_option(def->defname);

	if (option->excludes && has_option(options, option->excludes))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("options \"%s\" and \"%s\" exclude each other", option->excludes,
						option->name)));
	if (option->needs && !has_option(options, option->needs))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("option \"%s\" needs option \"%s\"", option->name, option->needs)));
	if (option->kind == DBAAS_OPTION_FILTER)
		check_filter(option, defGetString(def), options);
}

/*
 * May a statement with these options hold a secret?  On a server or a user mapping,
 * every one may: a secret may be set as a wrong option, or a URL hold a password.
 */
static bool
may_hold_secret(List *options, DbaasOptionPlace place)
{
	bool		any = place == DBAAS_ON_SERVER || place == DBAAS_ON_USER_MAPPING;
	ListCell   *lc;

	foreach(lc, options)
	{
		const DbaasOption *option = find_option(lfirst_node(DefElem, lc)->defname);

		any = any || (option && option->sensitive);
	}
	return any;
}

void
dbaas_options_validate(List *options, DbaasOptionPlace place)
{
	DbaasHiding hiding;
	ListCell   *lc;

	dbaas_error_hide_statement(&hiding, may_hold_secret(options, place));
	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const DbaasOption *option = find_option(def->defname);

		if (option == NULL || !(option->places & place))
			refuse_option(def->defname, option, place);
		check_value(option, defGetString(def));

		if (option->superuser && !superuser())
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("only a superuser may set option \"%s\"", option->name)));
	}
	foreach(lc, options)
		check_together(lfirst_node(DefElem, lc), options);
	dbaas_error_unhide_statement(&hiding);
}

const char *
dbaas_options_unknown(List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		if (find_option(lfirst_node(DefElem, lc)->defname) == NULL)
			return lfirst_node(DefElem, lc)->defname;
	}
	return NULL;
}

const char *
dbaas_options_string(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return known_option(name)->default_text;
}

bool
dbaas_options_boolean(List *options, const char *name)
{
	bool		value = false;

	(void) parse_bool(dbaas_options_string(options, name), &value);
	return value;
}

bool
dbaas_options_allows(List *options, const char *name)
{
	bool		allows = dbaas_options_boolean(NIL, name);
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		bool		value = false;

		if (strcmp(def->defname, name) != 0)
			continue;
		(void) parse_bool(defGetString(def), &value);
		allows = allows && value;
	}
	return allows;
}

double
dbaas_options_number(List *options, const char *name)
{
	double		number = 0;

	(void) parse_number(known_option(name), dbaas_options_string(options, name), &number);
	return number;
}

bool
dbaas_options_skips_zones(List *options)
{
	return strcmp(dbaas_options_string(options, "unavailable_zones"), "skip") == 0;
}

List *
dbaas_options_zones(List *options)
{
	const char *value = dbaas_options_string(options, "zones");
	List	   *split = NIL;
	List	   *zones = NIL;
	ListCell   *lc;

	if (value == NULL)
		return NIL;
	(void) SplitGUCList(pstrdup(value), ',', &split);
	foreach(lc, split)
	{
		ListCell   *seen;
		bool		repeated = false;

		foreach(seen, zones)
			repeated = repeated || strcmp(lfirst(seen), lfirst(lc)) == 0;
		if (!repeated)
			zones = lappend(zones, lfirst(lc));
	}
	return zones;
}
