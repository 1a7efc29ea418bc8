/*-------------------------------------------------------------------------
 *
 * settings.c
 *		The settings dbaas_fdw.*, as data.
 *
 * Who sets one before the library is loaded makes a placeholder, which
 * PostgreSQL drops with a mere WARNING when it turns out to mean nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "call.h"
#include "compat.h"
#include "error.h"
#include "lib/stringinfo.h"
#include "modify.h"
#include "plan.h"
#include "queue.h"
#include "settings.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"

#define PREFIX "dbaas_fdw"

typedef enum SettingKind
{
	SETTING_BOOLEAN,			/* variable is a bool */
	SETTING_INTEGER,			/* an int */
	SETTING_ENUM				/* an int */
} SettingKind;

typedef struct Setting
{
	const char *name;
	SettingKind kind;
	GucContext	context;
	void	   *variable;
	int			default_value;
	int			min;
	int			max;
	const struct config_enum_entry *values;
	const char *help;
} Setting;

static const struct config_enum_entry write_modes[] = {
	{"commit", DBAAS_WRITE_AT_COMMIT, false},
	{"immediate", DBAAS_WRITE_IMMEDIATE, false},
	{NULL, 0, false}
};

static const Setting settings[] = {
	{PREFIX ".log_requests", SETTING_BOOLEAN, PGC_SUSET, &dbaas_log_requests,
	.help = "Logs each request's method, path, status and duration."},
	{PREFIX ".write_mode", SETTING_ENUM, PGC_USERSET, &dbaas_write_mode,
		.default_value = DBAAS_WRITE_AT_COMMIT, .values = write_modes,
	.help = "When writes are sent: at commit, or with their statement."},
	{PREFIX ".delete_limit", SETTING_INTEGER, PGC_USERSET, &dbaas_delete_limit,
		.default_value = 10, .min = -1, .max = INT_MAX,
	.help = "Services that one transaction may delete; -1 is no limit."},
	{PREFIX ".dry_run", SETTING_BOOLEAN, PGC_USERSET, &dbaas_dry_run,
	.help = "Checks and reports writes, and does not send them."},
	{PREFIX ".enable_lookahead", SETTING_BOOLEAN, PGC_USERSET, &dbaas_enable_lookahead,
		.default_value = true,
	.help = "Asks ahead for what the next rows of a join, and other scans, will need."},
};

/* Raises the error of a setting that does not exist. */
pg_noreturn static void
refuse_unknown(const char *name)
{
	const char *names[lengthof(settings) + 1] = {NULL};
	const char *nearest;

	for (size_t i = 0; i < lengthof(settings); i++)
		names[i] = settings[i].name;
	nearest = dbaas_error_nearest(name, names);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("unrecognized configuration parameter \"%s\"", name),
			 errdetail("The session has set it, and dbaas_fdw has no such setting."),
			 nearest ?
			 errhint("Perhaps you meant \"%s\". RESET %s takes it back.", nearest, name) :
			 errhint("RESET %s takes it back.", name)));
}

/* What the setting accepts when the value is not that; else NULL. */
static const char *
find_problem(const Setting *setting, const char *value)
{
	StringInfoData allowed;
	bool		boolean;
	int			number;

	switch (setting->kind)
	{
		case SETTING_BOOLEAN:
			return parse_bool(value, &boolean) ? NULL : "on, off";
		case SETTING_INTEGER:
			if (parse_int(value, &number, 0, NULL) && number >= setting->min &&
				number <= setting->max)
				return NULL;
			return psprintf("whole numbers from %d to %d", setting->min, setting->max);
		case SETTING_ENUM:
			initStringInfo(&allowed);
			for (const struct config_enum_entry *entry = setting->values; entry->name; entry++)
			{
				if (pg_strcasecmp(entry->name, value) == 0)
					return NULL;
				appendStringInfo(&allowed, "%s%s", allowed.len ? ", " : "", entry->name);
			}
			return allowed.data;
	}
	return NULL;
}

static void
check_placeholder(const char *given_name, const char *value)
{
	const Setting *setting = NULL;
	char	   *name = asc_tolower(given_name, strlen(given_name));
	const char *allowed;

	for (size_t i = 0; i < lengthof(settings) && setting == NULL; i++)
	{
		if (strcmp(settings[i].name, name) == 0)
			setting = &settings[i];
	}
	if (setting == NULL)
		refuse_unknown(name);
	allowed = find_problem(setting, value);
	if (allowed)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for parameter \"%s\": \"%s\"", name, value),
				 errhint("Allowed: %s. SET it right, or RESET %s.", allowed, name)));
}

/* Looks at what the session has set before it knew of the settings. */
static void
check_placeholders(void)
{
	int			n;
	struct config_generic **all = dbaas_guc_variables(&n);

	for (int i = 0; i < n; i++)
	{
		const struct config_generic *guc = all[i];
		const char *value;

		if (!(guc->flags & GUC_CUSTOM_PLACEHOLDER) || guc->source == PGC_S_DEFAULT ||
			pg_strncasecmp(guc->name, PREFIX ".", strlen(PREFIX ".")) != 0)
			continue;
		value = *((const struct config_string *) guc)->variable;
		if (value)
			check_placeholder(guc->name, value);
	}
}

static void
define(const Setting *setting)
{
	switch (setting->kind)
	{
		case SETTING_BOOLEAN:
			DefineCustomBoolVariable(setting->name, setting->help, NULL, setting->variable,
									 setting->default_value != 0, setting->context, 0,
									 NULL, NULL, NULL);
			break;
		case SETTING_INTEGER:
			DefineCustomIntVariable(setting->name, setting->help, NULL, setting->variable,
									setting->default_value, setting->min, setting->max,
									setting->context, 0, NULL, NULL, NULL);
			break;
		case SETTING_ENUM:
			DefineCustomEnumVariable(setting->name, setting->help, NULL, setting->variable,
									 setting->default_value, setting->values,
									 setting->context, 0, NULL, NULL, NULL);
			break;
	}
}

void
dbaas_settings_define(void)
{
	check_placeholders();
	for (size_t i = 0; i < lengthof(settings); i++)
		define(&settings[i]);
	MarkGUCPrefixReserved(PREFIX);
}
