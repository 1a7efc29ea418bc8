/*
 * options.c
 *		The command line, and the settings that can be changed while it runs.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "options.h"

SimConfig	config = {
	.zones = 3,
	.services = 20,
	.logs = 5000,
	.operation_time = 100,
	.epoch = INT64_C(1767225600),	/* 2026-01-01T00:00:00Z */
	.gzip = true,
	.seed = "1",
	.api_key = "EXOsimulator",
	.api_secret = "simulator-secret",
};

typedef struct NumberOption
{
	const char *name;
	long	   *value;
	_Atomic long *changeable;	/* the one of the two that is not NULL */
	long		min;
	long		max;
	const char *help;
} NumberOption;

static const NumberOption number_options[] = {
	{"port", &config.port, NULL, 0, 65535, "port on 127.0.0.1; 0 picks a free one (default)"},
	{"zones", &config.zones, NULL, 1, 100, "number of zones (default 3)"},
	{"services", &config.services, NULL, 0, 100000, "services in each zone (default 20)"},
	{"logs", NULL, &config.logs, 0, 1000000000, "log entries of each service (default 5000)"},
	{"log-growth", NULL, &config.log_growth, 0, 1000000,
	"entries that a log gains each time a page of it is read (default 0)"},
	{"latency", NULL, &config.latency, 0, 600000, "milliseconds before every response (default 0)"},
	{"operation-time", NULL, &config.operation_time, 0, INT_MAX,
	"milliseconds that an operation is pending (default 100)"},
	{"running-time", NULL, &config.running_time, 0, INT_MAX,
	"milliseconds that a changed service is rebuilding (default 0)"},
	{"settle", NULL, &config.settle, 0, INT_MAX,
	"milliseconds after its operation that a thing appears or vanishes (default 0)"},
};

typedef struct TextOption
{
	const char *name;
	const char **value;
	const char *help;
} TextOption;

static const TextOption text_options[] = {
	{"seed", &config.seed, "number that all data follows from (default 1)"},
	{"api-key", &config.api_key, "key that requests are signed for (default EXOsimulator)"},
	{"api-secret", &config.api_secret, "its secret (default simulator-secret)"},
};

typedef struct FlagOption
{
	const char *name;
	OptionsOutcome outcome;		/* OPTIONS_SERVE: go on reading options */
	long	   *value;
	_Atomic long *changeable;
	long		set_to;
	const char *help;
} FlagOption;

static const FlagOption flag_options[] = {
	{"gzip", OPTIONS_SERVE, NULL, &config.gzip, true,
	"compress bodies of more than 1 KiB for clients that accept it (default)"},
	{"no-gzip", OPTIONS_SERVE, NULL, &config.gzip, false, "compress nothing"},
	{"strict-nulls", OPTIONS_SERVE, &config.strict_nulls, NULL, true,
	"leave out what is null elsewhere, and may not be by the API's document"},
	{"lifelike", OPTIONS_SERVE, &config.lifelike, NULL, true,
	"data to look at: times lead up to the start, and metrics are plausible"},
	{"exit-with-stdin", OPTIONS_SERVE, &config.exit_with_stdin, NULL, true,
	"end when standard input is closed"},
	{"describe", OPTIONS_DESCRIBE, NULL, NULL, 0, "print the operations served as JSON, and end"},
	{"sign", OPTIONS_SIGN, NULL, NULL, 0,
	"METHOD PATH EXPIRES [BODY]: print the signature, and end (give the secret before)"},
	{"help", OPTIONS_HELP, NULL, NULL, 0, "print this, and end"},
};

static void
print_help(void)
{
	puts("dbaas-sim simulates the Exoscale DBaaS management API on a loopback port.\n\n"
		 "Usage: dbaas-sim [OPTION]...\n");
	for (size_t i = 0; i < lengthof(number_options); i++)
		printf("  --%-16s %s\n", number_options[i].name, number_options[i].help);
	for (size_t i = 0; i < lengthof(text_options); i++)
		printf("  --%-16s %s\n", text_options[i].name, text_options[i].help);
	for (size_t i = 0; i < lengthof(flag_options); i++)
		printf("  --%-16s %s\n", flag_options[i].name, flag_options[i].help);
	puts("\nIt prints \"listening on http://127.0.0.1:PORT/v2\" "
		 "and serves until SIGTERM or SIGINT.");
}

static bool
parse_number(const char *text, long min, long max, long *number)
{
	char	   *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 && *number >= min && *number <= max;
}

/*
 * Returns false when there is no such option.  Ends the program on a bad value.
 */
static bool
set_number(const char *name, const char *text)
{
	for (size_t i = 0; i < lengthof(number_options); i++)
	{
		const NumberOption *option = &number_options[i];
		long		number;

		if (strcmp(option->name, name) != 0)
			continue;
		if (!parse_number(text, option->min, option->max, &number))
		{
			fprintf(stderr, "dbaas-sim: --%s needs a number from %ld to %ld\n",
					name, option->min, option->max);
			exit(2);
		}
		if (option->value)
			*option->value = number;
		else
			*option->changeable = number;
		return true;
	}
	return false;
}

static bool
set_text(const char *name, const char *text)
{
	long		number;

	for (size_t i = 0; i < lengthof(text_options); i++)
	{
		if (strcmp(text_options[i].name, name) != 0)
			continue;
		if (*text == '\0' ||
			(text_options[i].value == &config.seed &&
			 !parse_number(text, 0, LONG_MAX, &number)))
		{
			fprintf(stderr, "dbaas-sim: invalid value for --%s\n", name);
			exit(2);
		}
		*text_options[i].value = text;
		return true;
	}
	return false;
}

static bool
set_flag(const char *name, OptionsOutcome *outcome)
{
	for (size_t i = 0; i < lengthof(flag_options); i++)
	{
		if (strcmp(flag_options[i].name, name) != 0)
			continue;
		*outcome = flag_options[i].outcome;
		if (flag_options[i].value)
			*flag_options[i].value = flag_options[i].set_to;
		else if (flag_options[i].changeable)
			*flag_options[i].changeable = flag_options[i].set_to;
		return true;
	}
	return false;
}

OptionsOutcome
options_parse(int argc, char **argv, int *first_argument)
{
	for (int i = 1; i < argc; i++)
	{
		OptionsOutcome outcome;
		const char *name = argv[i] + 2;

		if (strncmp(argv[i], "--", 2) != 0)
		{
			fprintf(stderr, "dbaas-sim: unexpected argument \"%s\"; try --help\n", argv[i]);
			return OPTIONS_BAD;
		}
		if (set_flag(name, &outcome))
		{
			if (outcome == OPTIONS_HELP)
				print_help();
			*first_argument = i + 1;
			if (outcome != OPTIONS_SERVE)
				return outcome;
			continue;
		}
		if (i + 1 < argc && (set_number(name, argv[i + 1]) || set_text(name, argv[i + 1])))
		{
			i++;
			continue;
		}
		fprintf(stderr, "dbaas-sim: unknown option \"%s\", or its value is missing; try --help\n",
				argv[i]);
		return OPTIONS_BAD;
	}
	/* The samples of a day are five minutes apart */
	if (config.lifelike)
		config.epoch = time(NULL) / 300 * 300;
	return OPTIONS_SERVE;
}

bool
config_change(const char *name, long value)
{
	if (strcmp(name, "gzip") == 0 && (value == 0 || value == 1))
	{
		config.gzip = value;
		return true;
	}
	for (size_t i = 0; i < lengthof(number_options); i++)
	{
		const NumberOption *option = &number_options[i];
		char		spelled[32];

		/* The member of operation-time is operation_time. */
		snprintf(spelled, sizeof(spelled), "%s", name);
		for (char *c = spelled; *c; c++)
			if (*c == '_')
				*c = '-';
		if (option->changeable && strcmp(option->name, spelled) == 0 &&
			value >= option->min && value <= option->max)
		{
			*option->changeable = value;
			return true;
		}
	}
	return false;
}
