/*
 * options.h
 *		The command line, and the settings that can be changed while it runs.
 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/*
 * Only the atomic members change after the start (POST /_sim/config).
 */
typedef struct SimConfig
{
	long		port;			/* as asked for; 0: any */
	_Atomic long listening_port;
	long		zones;
	long		services;		/* in each zone */
	_Atomic long logs;			/* entries of each service */
	_Atomic long log_growth;	/* entries that one gains after each response */
	_Atomic long latency;		/* ms before every response */
	_Atomic long operation_time;	/* ms an operation is pending */
	_Atomic long running_time;	/* ms a changed service is rebuilding */
	_Atomic long settle;		/* ms until what an operation made or deleted
								 * appears or vanishes */
	_Atomic long gzip;			/* boolean: compress when the client may */
	long		exit_with_stdin;	/* boolean */
	long		strict_nulls;	/* boolean: absent rather than null */
	long		lifelike;		/* boolean: data to look at, as of the start */
	int64_t		epoch;			/* Unix time that the data's times follow from */
	const char *seed;
	const char *api_key;
	const char *api_secret;
} SimConfig;

extern SimConfig config;

typedef enum OptionsOutcome
{
	OPTIONS_SERVE,
	OPTIONS_DESCRIBE,
	OPTIONS_SIGN,
	OPTIONS_HELP,
	OPTIONS_BAD
} OptionsOutcome;

/*
 * Reads the command line into "config".  For OPTIONS_SIGN, "*first_argument" is the
 * index of METHOD in argv.  A bad option has been reported on stderr.
 */
extern OptionsOutcome options_parse(int argc, char **argv, int *first_argument);

/*
 * Sets a setting that may change.  Returns false when there is none of this
 * name.
 */
extern bool config_change(const char *name, long value);

#endif							/* SIM_OPTIONS_H */
