/*-------------------------------------------------------------------------
 *
 * settings.c
 *		The settings dbaas_fdw.*, as data.
 *
 * A setting that is set before the library is loaded is a placeholder.  PostgreSQL
 * only warns when it drops a placeholder that the library does not define, so these
 * are checked here first.
 *
 * A preloaded library must not keep the server from starting, or anybody from logging
 * in.  So while it is preloaded a mistyped setting is a warning, and all stay
 * placeholders, which each session checks when it first uses the wrapper.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"

#include "api/call.h"
#include "api/progress.h"
#include "api/zones.h"
#include "base/compat.h"
#include "base/error.h"
#include "plan/cost.h"
#include "read/cache.h"
#include "read/skip.h"
#include "surface/settings.h"
#include "write/limit.h"
#include "write/modify.h"
#include "write/queue.h"
#include "write/report.h"

#define PREFIX "dbaas_fdw"

/* What a warning says of sessions. */
#define REFUSAL "Statements that use dbaas_fdw fail until it is corrected."

typedef enum SettingKind
{
	SETTING_BOOLEAN,			/* variable is a bool */
	SETTING_INTEGER,			/* an int */
	SETTING_TIME,				/* an int, in milliseconds */
	SETTING_SIZE,				/* an int, in kB */
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
static const struct config_enum_entry unavailable_zones[] = {
	{"", DBAAS_UNAVAILABLE_BY_OPTION, true},
	{"error", DBAAS_UNAVAILABLE_ERROR, false},
	{"skip", DBAAS_UNAVAILABLE_SKIP, false},
	{NULL, 0, false}
};
/* INDENT OFF */

static const Setting settings[] = {
	{PREFIX ".log_requests", SETTING_BOOLEAN, PGC_SUSET, &dbaas_log_requests,
		.help = "Logs each request's method, path, status and duration."},
	{PREFIX ".log_writes", SETTING_BOOLEAN, PGC_SUSET, &dbaas_log_writes,
		.default_value = true,
		.help = "Logs each write before it is sent, and its outcome."},
	{PREFIX ".write_mode", SETTING_ENUM, PGC_USERSET, &dbaas_write_mode,
		.default_value = DBAAS_WRITE_AT_COMMIT, .values = write_modes,
		.help = "When writes are sent: at commit, or with their statement."},
	{PREFIX ".request_limit", SETTING_INTEGER, PGC_USERSET, &dbaas_request_limit,
		.default_value = -1, .min = -1, .max = INT_MAX,
		.help = "Requests that one statement may make to read; -1 means no limit."},
	{PREFIX ".delete_limit", SETTING_INTEGER, PGC_USERSET, &dbaas_delete_limit,
		.default_value = 10, .min = -1, .max = INT_MAX,
		.help = "Services, and databases in services, that one transaction may delete; -1 means "
			"no limit."},
	{PREFIX ".update_limit", SETTING_INTEGER, PGC_USERSET, &dbaas_update_limit,
		.default_value = 10, .min = -1, .max = INT_MAX,
		.help = "Services, and users whose password is set, that one transaction may update; -1 "
			"means no limit."},
	{PREFIX ".dry_run", SETTING_BOOLEAN, PGC_USERSET, &dbaas_dry_run,
		.help = "Checks and reports writes, and does not send them."},
	{PREFIX ".progress", SETTING_TIME, PGC_USERSET, &dbaas_progress_interval,
		.default_value = 10000, .max = INT_MAX,
		.help = "Time between notices about what the session waits for, the first after half of "
			"it; 0 disables them."},
	{PREFIX ".zones_ttl", SETTING_TIME, PGC_USERSET, &dbaas_zones_ttl,
		.default_value = DBAAS_ZONES_TTL, .min = -1, .max = INT_MAX,
		.help = "How long a session uses a list of zones that it has read; -1 means until it "
			"ends."},
	{PREFIX ".unavailable_zones", SETTING_ENUM, PGC_USERSET, &dbaas_unavailable_zones,
		.default_value = DBAAS_UNAVAILABLE_BY_OPTION, .values = unavailable_zones,
		.help = "Whether a zone that is not available is an error, or is skipped; empty means "
			"what the server's option says."},
	{PREFIX ".cache_ttl", SETTING_TIME, PGC_USERSET, &dbaas_cache_ttl,
		.max = INT_MAX,
		.help = "How long an answer serves later statements of the session under READ COMMITTED; "
			"0 keeps none."},
	{PREFIX ".cache_size", SETTING_SIZE, PGC_USERSET, &dbaas_cache_size,
		.default_value = DBAAS_CACHE_SIZE, .max = MAX_KILOBYTES,
		.help = "How much memory the session may use for answers that it keeps, as text; 0 keeps "
			"none, so that each statement asks anew in any transaction."},
	{PREFIX ".enable_lookahead", SETTING_BOOLEAN, PGC_USERSET, &dbaas_enable_lookahead,
		.default_value = true,
		.help = "Sends requests in advance for the next rows of a join, and for other scans."},
};

/* INDENT ON */

/* A hint how to undo a setting that came from this source. */
static const char *
undo_hint(const char *name, GucSource source)
{
	switch (source)
	{
		case PGC_S_DATABASE:
		case PGC_S_USER:
		case PGC_S_DATABASE_USER:
		case PGC_S_GLOBAL:
			return psprintf("Undo it for new sessions with ALTER ROLE or ALTER DATABASE ... RESET "
							"%s.",
							name);
		case PGC_S_CLIENT:
			return "It was set in the options of the connection.";
		case PGC_S_SESSION:
			return psprintf("Undo it with RESET %s.", name);
		default:
			return "It was set in the configuration of the server.";
	}
}

/* Reports a setting that does not exist. */
static void
report_unknown(const char *name, GucSource source, int elevel)
{
	const char *names[lengthof(settings) + 1] = {NULL};
	const char *nearest;

	for (size_t i = 0; i < lengthof(settings); i++)
		names[i] = settings[i].name;
	nearest = dbaas_error_nearest(name, names);
	ereport(elevel,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("unrecognized configuration parameter \"%s\"", name),
			 elevel < ERROR ? errdetail("dbaas_fdw has no such setting.  %s", REFUSAL) :
			 errdetail("The session has set it, and dbaas_fdw has no such setting."),
			 nearest ?
			 errhint("Perhaps you meant \"%s\". %s", nearest, undo_hint(name, source)) :
			 errhint("%s", undo_hint(name, source))));
}

/* What the setting accepts, if it does not accept the value; else NULL. */
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
		case SETTING_TIME:
			if (parse_int(value, &number, GUC_UNIT_MS, NULL) && number >= setting->min &&
				number <= setting->max)
				return NULL;
			return "a time, such as 10s";
		case SETTING_SIZE:
			if (parse_int(value, &number, GUC_UNIT_KB, NULL) && number >= setting->min &&
				number <= setting->max)
				return NULL;
			return "a size, such as 64MB";
		case SETTING_ENUM:
			initStringInfo(&allowed);
			for (const struct config_enum_entry *entry = setting->values; entry->name; entry++)
			{
				if (pg_strcasecmp(entry->name, value) == 0)
					return NULL;
				if (entry->hidden)
					continue;
				appendStringInfo(&allowed, "%s%s", allowed.len ? ", " : "", entry->name);
			}
			return allowed.data;
	}
	return NULL;
}

/* Reports a value that is wrong, or of no setting.  Returns whether it is neither. */
static bool
check_value(const char *given_name, const char *value, GucSource source, int elevel)
{
	const Setting *setting = NULL;
	char	   *name = asc_tolower(given_name, strlen(given_name));
	const char *allowed;

	if (value == NULL)
		return true;
	for (size_t i = 0; i < lengthof(settings) && setting == NULL; i++)
	{
		if (strcmp(settings[i].name, name) == 0)
			setting = &settings[i];
	}
	if (setting == NULL)
	{
		report_unknown(name, source, elevel);
		return false;
	}
	allowed = find_problem(setting, value);
	if (allowed == NULL)
		return true;
	ereport(elevel,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for parameter \"%s\": \"%s\"", name, value),
			 elevel < ERROR ? errdetail("%s", REFUSAL) : 0,
			 errhint("Allowed: %s. %s", allowed, undo_hint(name, source))));
	return false;
}

/*
 * Checks the value of a placeholder, the value that RESET gives it, and those that the
 * end of a transaction, a savepoint or a function may restore.
 */
static bool
check_placeholder(const struct config_string *held, int elevel)
{
	const char *name = held->gen.name;
	bool		ok = check_value(name, *held->variable, held->gen.source, elevel);

	/* One warning for each is enough. */
	ok = ok && check_value(name, held->reset_val, held->gen.reset_source, elevel);
	for (const GucStack *stack = held->gen.stack; ok && stack; stack = stack->prev)
	{
		ok = check_value(name, stack->prior.val.stringval, stack->source, elevel);
		if (ok && stack->state == GUC_SET_LOCAL)
			ok = check_value(name, stack->masked.val.stringval, PGC_S_SESSION, elevel);
	}
	return ok;
}

/* Checks what was set before the library was loaded.  Returns whether all is right. */
static bool
check_placeholders(int elevel)
{
	int			n;
	struct config_generic **all = dbaas_guc_variables(&n);
	bool		ok = true;

	for (int i = 0; i < n; i++)
	{
		if ((all[i]->flags & GUC_CUSTOM_PLACEHOLDER) &&
			pg_strncasecmp(all[i]->name, PREFIX ".", strlen(PREFIX ".")) == 0 &&
			!check_placeholder((const struct config_string *) all[i], elevel))
			ok = false;
	}
	return ok;
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
		case SETTING_TIME:
		case SETTING_SIZE:
			DefineCustomIntVariable(setting->name, setting->help, NULL, setting->variable,
									setting->default_value, setting->min, setting->max,
									setting->context,
									setting->kind == SETTING_TIME ? GUC_UNIT_MS :
									setting->kind == SETTING_SIZE ? GUC_UNIT_KB : 0,
									NULL, NULL, NULL);
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
	static bool defined = false;
	int			elevel = IsNormalProcessingMode() ? ERROR : WARNING;

	if (defined || !check_placeholders(elevel))
		return;
	for (size_t i = 0; i < lengthof(settings); i++)
		define(&settings[i]);
	MarkGUCPrefixReserved(PREFIX);
	defined = true;
}
