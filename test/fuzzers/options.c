/*-------------------------------------------------------------------------
 *
 * options.c
 *		The validator of options.
 *
 * A text has the place, s for a server, u for a user mapping, t for a table or c for a
 * column, and then NAME=VALUE, a line each.  Holds that what is accepted can be used as it
 * is, and that no error shows a secret.
 *
 * Numbers and lists are read by functions that are simpler than PostgreSQL's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <curl/curl.h>
#include <math.h>

#include "access/xact.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/varlena.h"

#include "base/url.h"
#include "base/version.h"
#include "tables/catalogue.h"
#include "tables/options.h"
#include "tables/path.h"
#include "tables/rows.h"

#include "backend.h"
#include "fuzzer.h"

#define PLANTED "planted-secret"

/* ------------------------------------------------------------------------
 * What it needs of a backend
 * ------------------------------------------------------------------------ */

char *
defGetString(DefElem *def)
{
	return (char *) def->arg;
}

bool
superuser(void)
{
	return true;
}

const char *
dbaas_version_hint(void)
{
	return NULL;
}

TimestampTz
GetCurrentStatementStartTimestamp(void)
{
	return 1;
}

bool
parse_bool(const char *value, bool *result)
{
	*result = strcmp(value, "true") == 0 || strcmp(value, "on") == 0;
	return *result || strcmp(value, "false") == 0 || strcmp(value, "off") == 0;
}

bool
parse_real(const char *value, double *result, int flags, const char **hintmsg)
{
	static const struct
	{
		const char *unit;
		int			flags;
		double		factor;
	}			units[] = {
		{"ms", GUC_UNIT_S, 0.001}, {"s", GUC_UNIT_S, 1}, {"min", GUC_UNIT_S, 60},
		{"h", GUC_UNIT_S, 3600}, {"B", GUC_UNIT_BYTE, 1}, {"kB", GUC_UNIT_BYTE, 1024},
		{"MB", GUC_UNIT_BYTE, 1024 * 1024}
	};
	char	   *end;

	errno = 0;
	*result = strtod(value, &end);
	if (end == value || errno == ERANGE || isnan(*result))
		return false;
	end += strspn(end, " ");
	if (*end == '\0')
		return true;
	for (size_t i = 0; i < lengthof(units); i++)
	{
		if (strcmp(units[i].unit, end) == 0 && units[i].flags == flags)
		{
			*result *= units[i].factor;
			return true;
		}
	}
	return false;
}

/* Of the names, those in quotes are left out. */
bool
SplitGUCList(char *rawstring, char separator, List **namelist)
{
	*namelist = NIL;
	for (char *name = rawstring; name;)
	{
		char	   *next = strchr(name, separator);

		name += strspn(name, " \t\r\n");
		if (next)
			*next = '\0';
		name[strcspn(name, " \t\r\n")] = '\0';
		if (*name == '\0')
			return false;
		*namelist = lappend(*namelist, name);
		name = next ? next + 1 : NULL;
	}
	return true;
}

/* ------------------------------------------------------------------------
 * The checks
 * ------------------------------------------------------------------------ */

typedef struct Validation
{
	List	   *options;
	DbaasOptionPlace place;
} Validation;

static void
validate(void *arg)
{
	Validation *validation = arg;

	dbaas_options_validate(validation->options, validation->place);
}

static const DbaasOption *
find_option(const char *name)
{
	int			n;
	const DbaasOption *all = dbaas_options_all(&n);

	for (int i = 0; i < n; i++)
	{
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	}
	return NULL;
}

/* Is it planted in the user, or the password, of a URL? */
static bool
is_in_user(const char *url)
{
	const char *authority = strstr(url, "://");
	const char *planted;
	const char *end;

	authority = authority ? authority + strlen("://") : url;
	planted = strstr(authority, PLANTED);
	if (planted == NULL)
		return false;
	end = planted + strcspn(planted, "@/?#");
	return *end == '@' && planted < authority + strcspn(authority, "/?#");
}

/* May the value be shown?  Only that of a known option, unless it is a password. */
static bool
is_shown(const DefElem *def)
{
	const DbaasOption *option = find_option(def->defname);

	if (option == NULL || option->sensitive)
		return false;
	return !(option->kind == DBAAS_OPTION_URL || option->kind == DBAAS_OPTION_PROXY) ||
		!is_in_user((const char *) def->arg);
}

/* The texts of the error do not have what is planted where it is secret alone. */
static void
check_refusal(const Validation *validation)
{
	bool		may_show = false;
	ListCell   *lc;

	expect(*backend_error != '\0', "an error says nothing");
	foreach(lc, validation->options)
	{
		const DefElem *def = lfirst(lc);

		may_show = may_show || strstr(def->defname, PLANTED) ||
			(is_shown(def) && strstr((const char *) def->arg, PLANTED));
	}
	expect(may_show || strstr(backend_error, PLANTED) == NULL, "the error shows the secret: %s",
		   backend_error);
}

/* libcurl must be able to use what was accepted as it was meant. */
static void
check_endpoint(const char *value)
{
	const char *url = psprintf("%s/dbaas-service", dbaas_url_expand_zone(value, "ch-gva-2"));
	CURLU	   *parsed = curl_url();
	char	   *part = NULL;
	size_t		len;

	expect(curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK, "\"%s\" is not a URL", url);
	expect(curl_url_get(parsed, CURLUPART_USER, &part, 0) == CURLUE_NO_USER, "it has a user");
	expect(curl_url_get(parsed, CURLUPART_QUERY, &part, 0) == CURLUE_NO_QUERY, "it has a query");
	expect(curl_url_get(parsed, CURLUPART_PATH, &part, 0) == CURLUE_OK, "it has no path");
	len = strlen(part);
	expect(len >= 14 && strcmp(part + len - 14, "/dbaas-service") == 0,
		   "\"%s\" does not end in the path of a request", url);
	curl_free(part);
	expect(curl_url_get(parsed, CURLUPART_SCHEME, &part, 0) == CURLUE_OK, "it has no scheme");
	expect(strcmp(part, "http") == 0 || strcmp(part, "https") == 0, "its scheme is %s", part);
	curl_free(part);
	curl_url_cleanup(parsed);
}

static void
check_zones(List *options)
{
	ListCell   *lc;

	expect(dbaas_options_zones(options) != NIL, "there are no zones");
	foreach(lc, dbaas_options_zones(options))
		expect(dbaas_options_is_zone(lfirst(lc)), "\"%s\" is a zone", (char *) lfirst(lc));
}

static void
check_accepted(const Validation *validation, const DefElem *def)
{
	const DbaasOption *option = find_option(def->defname);
	const char *value = dbaas_options_string(validation->options, def->defname);
	double		number;

	expect(option != NULL && (option->places & validation->place), "\"%s\" is no option here",
		   def->defname);
	switch (option->kind)
	{
		case DBAAS_OPTION_URL:
			check_endpoint(value);
			break;
		case DBAAS_OPTION_PROXY:
			expect(strchr(value, '@') == NULL, "the proxy \"%s\" may have a password", value);
			break;
		case DBAAS_OPTION_ZONES:
			check_zones(validation->options);
			break;
		case DBAAS_OPTION_RESOURCE:
		case DBAAS_OPTION_LIST:
			expect(dbaas_catalogue_find_resource(value) != NULL, "there is no \"%s\"", value);
			break;
		case DBAAS_OPTION_FILTER:
			expect(strchr(value, '=') != NULL, "\"%s\" is no filter", value);
			break;
		case DBAAS_OPTION_PATH:
			(void) dbaas_path_parse(value);
			break;
		case DBAAS_OPTION_ROWS:
			(void) dbaas_rows_begin(value, true, NULL);
			break;
		case DBAAS_OPTION_FIELD:
			(void) dbaas_rows_field_is_member(value);
			break;
		case DBAAS_OPTION_TOKEN:
			expect(dbaas_options_is_token(value), "it is no token");
			break;
		case DBAAS_OPTION_INTEGER:
		case DBAAS_OPTION_REAL:
		case DBAAS_OPTION_SECONDS:
		case DBAAS_OPTION_BYTES:
			number = dbaas_options_number(validation->options, def->defname);
			expect(number >= option->min && number <= option->max, "%s is %g", def->defname,
				   number);
			break;
		case DBAAS_OPTION_BOOLEAN:
			(void) dbaas_options_boolean(validation->options, def->defname);
			(void) dbaas_options_allows(validation->options, def->defname);
			break;
		default:
			break;
	}
}

void
fuzzer_start(void)
{
	int			n;

	/* Resolves what it finds, in memory that is never freed */
	(void) dbaas_catalogue_resources(&n);
}

/* Checks the options one by one, and together. */
static bool
check(Validation *validation)
{
	bool		accepted = backend_call(validate, validation);
	ListCell   *lc;

	if (!accepted)
		check_refusal(validation);
	foreach(lc, validation->options)
	{
		Validation	alone = {lappend(NIL, lfirst(lc)), validation->place};

		if (accepted)
			check_accepted(validation, lfirst(lc));
		if (backend_call(validate, &alone))
			check_accepted(&alone, lfirst(lc));
		else
			check_refusal(&alone);
	}
	return accepted;
}

bool
fuzzer_check(const char *text, size_t len)
{
	static const struct
	{
		char		letter;
		DbaasOptionPlace place;
	}			places[] = {
		{'s', DBAAS_ON_SERVER}, {'u', DBAAS_ON_USER_MAPPING}, {'t', DBAAS_ON_TABLE},
		{'c', DBAAS_ON_COLUMN}
	};
	char	   *lines = pstrdup(text);
	const char *place = strsep(&lines, "\n");
	Validation	validation = {NIL};
	bool		accepted;

	for (size_t i = 0; i < lengthof(places); i++)
	{
		if (places[i].letter == *place)
			validation.place = places[i].place;
	}
	while (lines)
	{
		char	   *value = strsep(&lines, "\n");
		char	   *name = strsep(&value, "=");
		DefElem    *def = palloc0(sizeof(DefElem));

		if (value == NULL)
			continue;
		def->type = T_DefElem;
		def->defname = name;
		def->arg = (Node *) value;
		validation.options = lappend(validation.options, def);
	}
	accepted = check(&validation);
	backend_free();
	return accepted;
}
