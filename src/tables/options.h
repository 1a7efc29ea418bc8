/*-------------------------------------------------------------------------
 *
 * options.h
 *		The options of servers, user mappings, tables and columns, as data.
 *
 * One table drives the validator, the readers, the hints and
 * doc/options.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_OPTIONS_H
#define DBAAS_OPTIONS_H

#include "nodes/pg_list.h"

/* Where an option is allowed: a bit for each. */
typedef enum DbaasOptionPlace
{
	DBAAS_ON_SERVER = 1,
	DBAAS_ON_USER_MAPPING = 2,
	DBAAS_ON_TABLE = 4,
	DBAAS_ON_COLUMN = 8,
} DbaasOptionPlace;

typedef enum DbaasOptionKind
{
	DBAAS_OPTION_STRING,
	DBAAS_OPTION_PROXY,			/* without user and password */
	DBAAS_OPTION_URL,			/* may hold {zone} */
	DBAAS_OPTION_ZONES,			/* names separated by commas */
	DBAAS_OPTION_RESOURCE,		/* name of a resource of the catalogue */
	DBAAS_OPTION_LIST,			/* name of a resource for "for_each" */
	DBAAS_OPTION_FILTER,		/* column=value */
	DBAAS_OPTION_PATH,			/* template of a path */
	DBAAS_OPTION_PARAM,			/* name of a parameter of requests */
	DBAAS_OPTION_ROWS,			/* "rows" expression of the catalogue */
	DBAAS_OPTION_FIELD,			/* "field" expression of the catalogue */
	DBAAS_OPTION_TOKEN,			/* visible ASCII characters, no comma */
	DBAAS_OPTION_FILE,			/* absolute path */
	DBAAS_OPTION_ENUM,
	DBAAS_OPTION_BOOLEAN,
	DBAAS_OPTION_INTEGER,
	DBAAS_OPTION_REAL,
	DBAAS_OPTION_SECONDS,		/* with an optional unit, as in 500ms */
	DBAAS_OPTION_BYTES,			/* with an optional unit, as in 64MB */
} DbaasOptionKind;

typedef struct DbaasOption
{
	const char *name;
	int			places;			/* bits of DbaasOptionPlace */
	DbaasOptionKind kind;
	const char *default_text;	/* or NULL */
	double		min;
	double		max;
	const char *const *values;	/* of an enum; ends with NULL */
	bool		sensitive;		/* a secret: its value is never shown */
	bool		superuser;		/* only a superuser may set it */
	const char *needs;			/* option of the same object without which it
								 * cannot be set, or NULL */
	const char *excludes;		/* option of the same object beside which it
								 * cannot be set, or NULL */
	const char *help;			/* a phrase for the documentation */
} DbaasOption;

/* All options; the count is stored in *n.  Constant data. */
extern const DbaasOption *dbaas_options_all(int *n);

/* The name of a place, such as "server"; "foreign data wrapper" for 0. */
extern const char *dbaas_options_place_name(DbaasOptionPlace place);

/*
 * Checks a whole option list of one place.  Raises ERROR: unknown or misplaced
 * option (HV00D), malformed value (22023), options that do not go together
 * (42601), not a superuser (42501).
 */
extern void dbaas_options_validate(List *options, DbaasOptionPlace place);

/* The name of the first option that this version does not know, or NULL. */
extern const char *dbaas_options_unknown(List *options);

/*
 * The value of an option in a list of DefElem that has passed dbaas_options_validate().
 * The first DefElem with the name counts; without any, it is the option's default,
 * which is NULL for some texts.  Texts belong to the list or are constant.
 */
extern const char *dbaas_options_string(List *options, const char *name);
extern bool dbaas_options_boolean(List *options, const char *name);
extern double dbaas_options_number(List *options, const char *name);

/*
 * Is a boolean option, with default true, true wherever it occurs in a list?  For the
 * options of a table followed by those of its server.
 */
extern bool dbaas_options_allows(List *options, const char *name);

/* Can a text be an API key or its secret: visible ASCII, no comma? */
extern bool dbaas_options_is_token(const char *text);

/* Can a text be the name of a zone, such as ch-gva-2? */
extern bool dbaas_options_is_zone(const char *name);

/*
 * A hint, palloc'd, for the name of a zone that is not among those known, and so may
 * be new or misspelt; NULL for a known zone.
 */
extern char *dbaas_options_zone_hint(const char *name);

/* The zones in option "zones", each once: a list of palloc'd char *; NIL means all. */
extern List *dbaas_options_zones(List *options);

/* Is option "unavailable_zones" skip? */
extern bool dbaas_options_skips_zones(List *options);

#endif							/* DBAAS_OPTIONS_H */
