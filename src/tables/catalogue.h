/*-------------------------------------------------------------------------
 *
 * catalogue.h
 *		The description of every table: columns, keys, endpoints, writes.
 *
 * Planning, import, validation, requests, decoding, EXPLAIN and the documentation
 * follow from these structs: to add a table, add an entry to catalogue.c, which holds
 * data only.  The functions are in catalogue_lookup.c, catalogue_write.c and
 * catalogue_check.c.  They know neither the planner nor HTTP.
 *
 * Entries name columns and other resources by strings, which are easy to read.  When
 * the library is loaded, dbaas_catalogue_init() looks each name up and stores what it
 * finds in the members that are marked "resolved".  All other code uses these.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CATALOGUE_H
#define DBAAS_CATALOGUE_H

#include "nodes/bitmapset.h"

#include "tables/path.h"

/* SQL types that a catalogue column can have. */
typedef enum DbaasType
{
	DBAAS_TEXT,
	DBAAS_BIGINT,
	DBAAS_DOUBLE,
	DBAAS_BOOLEAN,
	DBAAS_UUID,
	DBAAS_TIMESTAMPTZ,
	DBAAS_JSONB,
	DBAAS_TEXT_ARRAY,
} DbaasType;

/*
 * How to tell whether two values of a column are the same.  The API may return a value
 * in another form than it was sent: networks sorted and with the host bits cleared, a
 * version with more or fewer digits.
 */
typedef enum DbaasComparison
{
	DBAAS_COMPARE_JSON,			/* as JSON: 1 is 1.0 */
	DBAAS_COMPARE_NETWORKS,
	DBAAS_COMPARE_VERSIONS,
	DBAAS_COMPARE_TIMES_OF_DAY
} DbaasComparison;

/*
 * What the API accepts for a parameter: one of "values" if that is set, a whole number
 * from min to max if max is set, a text of min_length to max_length characters if
 * max_length is set.  Only the first of these counts.  Of the text's characters, each
 * must be among "characters", if that is set: the inside of brackets of a regular
 * expression, such as "a-z_".
 */
typedef struct DbaasDomain
{
	const char *const *values;	/* ends with NULL */
	int64		min;
	int64		max;
	int			min_length;
	int			max_length;
	const char *characters;
} DbaasDomain;

/* What the API accepts for services of one type. */
typedef struct DbaasTypedDomain
{
	const char *type;
	const DbaasDomain *domain;
} DbaasTypedDomain;

/* What the answer to a write fills a column with, for RETURNING. */
typedef enum DbaasReturned
{
	DBAAS_RETURNS_NOTHING,
	DBAAS_RETURNS_OPERATION_ID, /* id of the operation, if there is one */
	DBAAS_RETURNS_STATE,		/* its state; success if there is none */
	DBAAS_RETURNS_ANSWER		/* the last answer, without secrets */
} DbaasReturned;

/*
 * How an INSERT takes a column in rows with a value of the resource's choice column: where
 * the body's member, or what that accepts, depends on what the row is.  A member that is
 * NULL is as in the column.
 */
typedef struct DbaasChoice
{
	const char *value;			/* of the choice column */
	const char *insert;
	const DbaasDomain *write_domain;
} DbaasChoice;

/*
 * A member of an object that the API demands with every UPDATE of the object, though it does
 * not show it: of the rows in which another column has that value.
 */
typedef struct DbaasDemand
{
	const char *column;
	const char *value;
	const char *member;
} DbaasDemand;

/*
 * A column.
 *
 * "field" says where a response holds the value, starting from the row's own
 * JSON object: "node-count" is a member of it, "hints/title" a member of a
 * member, "../name" a member of the object around it.  "#key" is the name
 * under which the row's object stands in the object around it; "#label",
 * "#first" and "#value" belong to a cell of a table (see DbaasEndpoint.rows);
 * "*" is the row as a whole.  In "{a}-x", the value of member a stands for {a}.
 * Of "a|b", the first that is present counts.  NULL when responses do not hold the value.
 *
 * "param" is the API's name of the request parameter that the column fills when a
 * query gives its value.  A column with a param is a key.  A key without a "field"
 * shows the value that was requested.  So does a key that is "unsent".  A key that
 * "chooses" is no parameter either: its values choose among the rows of a list.
 *
 * "insert", "update" and "delete" name a member of a write's body: "a", or "a/b" for
 * member b of the object a, of which the API wants all members.  A leading "{type}"
 * stands for the type of the service.  "*" says that the value is an object whose
 * members become members of the body.
 */
typedef struct DbaasColumn
{
	const char *name;
	DbaasType	type;
	const char *field;
	const char *param;
	bool		unsent;			/* a parameter of the reading itself, which no
								 * request has: a key without "param" */
	bool		chooses;		/* if parents are listed, those with the value
								 * that a query gives are read alone: a key
								 * without "param", with a "field" */
	const DbaasDomain *domain;	/* what the parameter accepts, or NULL */
	const char *const *known;	/* the types of service that the catalogue
								 * knows, ending with NULL; or NULL.  The
								 * API's lists may have others, to which
								 * "domain" does not apply */
	const DbaasSegment *segments;	/* segments of paths for its values; or
									 * NULL */
	bool		query;			/* is it a query argument of paths that do not
								 * hold it? */
	bool		unlisted;		/* not in the tables that an import makes */
	bool		untyped;		/* the API does not define its JSON type */
	const char *default_value;	/* of the parameter, or NULL */
	bool		required;		/* mandatory key: no endpoint lists its values */
	bool		unique;			/* it tells the rows of a response apart; if
								 * it is a uuid, all rows of the table */
	int			typical_values; /* different values that rows have, roughly;
								 * 0: as many as it accepts, or not known */
	const char *insert;			/* member of the INSERT's body, or NULL */
	bool		insert_required;
	const char *update;			/* member of the UPDATE's body, or NULL */
	const char *delete;			/* member of the DELETE's body, or NULL */
	bool		nullable;		/* an UPDATE can set it to null */
	bool		needs_running;	/* the API cannot change it while the service
								 * does not run */
	DbaasComparison comparison; /* how an UPDATE compares its values */
	bool		merges;			/* an object of which an UPDATE sends the
								 * changed members: the API keeps the others */
	const char *const *write_types; /* types of service whose writes take it,
									 * ending with NULL; or NULL for all */
	const DbaasDomain *write_domain;	/* what writes accept, or NULL */
	const DbaasTypedDomain *typed_domains;	/* what they accept instead for
											 * some types, ending with a NULL
											 * type; or NULL */
	const char *update_with;	/* column without which an UPDATE cannot set
								 * it, as the API changes both; or NULL */
	const char *null_hint;		/* what to do instead of setting it to null,
								 * for the hint; or NULL */
	const DbaasChoice *choices; /* ending with a NULL value; or NULL */
	const char *networks;		/* member of the body with the networks that
								 * may connect to the service, or NULL: a
								 * write that lets all connect gets a WARNING */
	bool		secret;			/* never shown, in errors and EXPLAIN too */
	bool		holds_secrets;	/* an object with members that may be secret */
	const char *const *secret_members;	/* of these, those whose names do not
										 * say so, ending with NULL; or NULL */
	const DbaasDemand *demand;	/* what its UPDATE has to give; or NULL */
	DbaasReturned returned;		/* what INSERT ... RETURNING shows in it, if
								 * no read does */
	const char *description;	/* a phrase for the documentation and COMMENT */
} DbaasColumn;

/*
 * A read of the API.  "{x}" in the path is the value of the column whose param is x;
 * the other parameters go into the body of a POST.
 *
 * "rows" says which parts of the response are rows.  It consists of steps separated by
 * points.  A step is the name of a member of the current object, which may be empty for
 * the current value itself, and how to go on from there:
 *
 *	[]	to every element of that array
 *	{}	to every member of that object
 *	{a|b}	to its members a and b, if it has them, in this order; after "x=a", the
 *			#key of member a is x
 *	<>	to every cell of that {"cols", "rows"} table, in which column 0 heads each line
 *
 * or nothing, for the member itself.  "" as a whole is the response.  A row is an
 * object, unless "values" says that it may be any JSON value.
 */
typedef struct DbaasEndpoint
{
	const char *method;
	const char *path;
	const char *rows;
	bool		values;
	const char *lacks;			/* column that its rows do not show; or NULL */

	/* resolved */
	DbaasPath	parsed;			/* path, and the query arguments beside it */
	int			lacked;			/* that column; or -1 */
} DbaasEndpoint;

/*
 * Responses that come in pages.  How many entries to read and at which cursor to start
 * are parameters; the response has the cursor of the next page.
 */
typedef struct DbaasPaging
{
	const char *limit_column;	/* the most rows to read of one target */
	const char *offset_column;	/* the cursor to start at */
	const char *order_column;	/* direction: asc or desc */
	const char *time_column;	/* the entries are ordered by this */
	const char *next_field;		/* member of the response: the next cursor */
	const char *next_column;	/* shows it */
	int			max_limit;		/* the most entries that one request can read */
} DbaasPaging;

/*
 * Rows that are measurements, of which the newest is of now.  How far they go back is a
 * parameter, whose values are units of time such as "hour".  If a query does not give it, but a
 * lower bound on the time, the least of them that goes back to the bound is used.
 */
typedef struct DbaasSeries
{
	const char *time_column;	/* when a row was measured */
	const char *span_column;	/* the parameter */
	double		typical_times;	/* different times in a response */
} DbaasSeries;

/*
 * Rows that tell outcomes.  Where the parameter is true, the rows of each target end with
 * one that says how the reading of the target ended, and an error of that ends no more than
 * the target.
 */
typedef struct DbaasOutcomes
{
	const char *parameter_column;	/* an unsent boolean */
	const char *outcome_column; /* shows the outcome, and NULL in other rows */
} DbaasOutcomes;

#define DBAAS_PARENT_KEYS 3

typedef struct DbaasResource DbaasResource;

/*
 * Where to find the values of keys that a query does not give: in the rows of another
 * resource, or of the resource itself, the parents, which the list of that resource has; see
 * dbaas_catalogue_list().  Each of "keys" says which
 * column of the parents fills which column of this table; an array fills it with each
 * of its elements.
 */
typedef struct DbaasParent
{
	const char *resource;
	bool		locates;		/* what a key names is in one zone, which the
								 * lists of the zones tell */
	struct
	{
		const char *column;
		const char *parent_column;
		bool		optional;	/* parents without a value count too */
	}			keys[DBAAS_PARENT_KEYS];	/* after the last, column is NULL */
	const char *filter_column;	/* column of the parents, of which only those */
	const char *filter_value;	/* with this value count; or NULL */

	/* resolved */
	const DbaasResource *list;	/* the resource of the parents */
	const DbaasEndpoint *read;	/* its list */
	int			nkeys;
	int			columns[DBAAS_PARENT_KEYS]; /* each parent_column */
	int			filter;			/* filter_column, or -1 */
} DbaasParent;

/*
 * A member of a service that the API resets when a PUT leaves it out.  So every
 * PUT carries it, with the value that the service has.
 */
typedef struct DbaasKept
{
	const char *member;
	const DbaasDomain *types;	/* types of service that have the member */
	const char *resource;		/* its first read shows the member, and has
								 * the path of the PUT */

	/* resolved */
	const DbaasResource *shown_by;	/* that resource */
	const DbaasEndpoint *read;	/* and its first read */
} DbaasKept;

/*
 * Rows of another resource that use a row: while there are any, it must not be deleted.
 * For example, connection pools use the database that they connect to.
 */
typedef struct DbaasUse
{
	const char *resource;		/* of the rows that use it; its last read has
								 * them */
	const char *used_column;	/* the column of the used row that they name, */
	const char *by_column;		/* in this column of theirs */
	const char *service_field;	/* where that read has the rows of several
								 * services, the field with the service's
								 * name; or NULL */
	const char *filter_column;	/* column of theirs: only rows */
	const char *filter_value;	/* with this value count; or NULL */
	const char *shown_column;	/* column of theirs that tells who they are */
	bool		shows_service;	/* that is a service, which may be in any
								 * zone, and the use ends with it */
	const char *what;			/* the used row, such as "database" */
	const char *users;			/* the others, such as "connection pools" */
	const char *hint;			/* how to end the use */

	/* resolved */
	const DbaasResource *list;	/* the resource of those rows */
	const DbaasEndpoint *read;	/* its last read */
	int			used;
	int			by;
	int			filter;			/* -1 if there is no filter_column */
	int			shown;
} DbaasUse;

#define DBAAS_WHOLE_KEYS 3
#define DBAAS_WHOLE_DEPTH 3

/*
 * Rows that are parts of one object, which the API replaces only as a whole: the elements
 * of an array in it, or of arrays in the elements of another one, as "rows" of the last
 * read says.  An INSERT, UPDATE or DELETE of rows becomes one request with the path of that
 * read, whose body is the object with these parts added, changed or taken out.  "insert"
 * and "update" of a column say where the part has it, as "field" does.  An element whose
 * last part is taken out goes too, and one that a new part needs is made.
 */
typedef struct DbaasWhole
{
	const char *keys[DBAAS_WHOLE_KEYS]; /* columns that tell its parts apart;
										 * after the last, NULL */

	/* resolved */
	int			nkeys;
	int			columns[DBAAS_WHOLE_KEYS];	/* keys */
	const DbaasEndpoint *read;	/* shows the object */
	int			depth;
	const char *arrays[DBAAS_WHOLE_DEPTH];	/* names of its nested arrays,
											 * from the outermost */
} DbaasWhole;

/*
 * What an endpoint needs beside the columns of a row: a member of the object in the
 * arguments column, which is a text.  It is in the path where that has "{name}", and else a
 * member of the body.
 */
typedef struct DbaasArgument
{
	const char *name;
	const DbaasDomain *domain;	/* what it accepts, or NULL */
	const char *refused;		/* it must not be given: a HINT what to do
								 * instead; or NULL */
	const DbaasParent *found;	/* it is not given: it is the second key of
								 * the row whose first key is the name of the
								 * service, and whose third is another name;
								 * and the write is of that row.  Or NULL */
	const char *missing;		/* what a service without such a row is, for
								 * an error */
} DbaasArgument;

#define DBAAS_MAX_ARGUMENTS 2

/* The commands that write. */
typedef enum DbaasCommand
{
	DBAAS_INSERT,
	DBAAS_UPDATE,
	DBAAS_DELETE
} DbaasCommand;

/*
 * A write of the API.  "{x}" in the path is the value of the column whose param, or
 * else whose field, or else whose name is x.  The body of an INSERT has the columns
 * that have an "insert" member, the body of a DELETE those with "delete", and the body
 * of an UPDATE those with "update" that the UPDATE changes.  An UPDATE that changes
 * none of them sends nothing.
 *
 * Of the endpoints of a command, the first that is for the type of the service and for
 * the row's choice is used; see dbaas_catalogue_find_write().  An UPDATE uses as many of
 * those for the type as it needs: each column goes to the first of them that sends it.  For
 * example,
 *
 *		.writes = {{DBAAS_INSERT, "POST", DETAILS_PATH "/database"}},
 *		.services = {"service_name"}, .type_column = "service_type"
 *
 * makes POST /dbaas-postgres/pg-1/database of a row whose service_name is pg-1 and
 * whose service_type is pg.
 */
typedef struct DbaasWriteEndpoint
{
	DbaasCommand command;
	const char *method;
	const char *path;
	const char *const *types;	/* the types of service that it is for, ending
								 * with NULL; or NULL for all in the domain of
								 * the type column */
	const char *const *columns; /* those that it sends, ending with NULL; or
								 * NULL for all of the command */
	const char *choice;			/* the value of the choice column that it is
								 * for: an action, which makes no row; or NULL */
	const char *counts;			/* as what update_limit counts the rows that
								 * it changes, where the resource's do not
								 * count; or NULL */
	const DbaasArgument *arguments; /* ends with a NULL name; or NULL */
	bool		needs_body;		/* sends {} if there is nothing to send */
	bool		announces;		/* no read lists what it makes, so a NOTICE
								 * tells its id */
	bool		direct;			/* the response shows what was made or
								 * changed, and the write is done; without
								 * this, the response is an operation */

	/* resolved */
	DbaasPath	parsed;			/* the column of an argument is its index
								 * behind the columns of the resource */
	bool	   *sends;			/* by column; NULL: see "columns" */
} DbaasWriteEndpoint;

/*
 * A GET whose response has secrets, which dbaas_fdw_reveal() returns one by one.  "{x}" in
 * the path is as in that of a write.  Tables never use it.
 */
typedef struct DbaasReveal
{
	const char *path;
	bool		of_service;		/* are they secrets of the service, and not of
								 * a row? */
	const char *const *types;	/* the types of service that it is for, ending
								 * with NULL */
	const char *const *members; /* of the response, ending with NULL */

	/* resolved */
	DbaasPath	parsed;
} DbaasReveal;

#define DBAAS_MAX_READS 3
#define DBAAS_MAX_WRITES 16

struct DbaasResource
{
	const char *name;			/* table option "resource" */
	const char *table;			/* name that IMPORT FOREIGN SCHEMA gives */
	const char *description;	/* a phrase for the documentation and COMMENT */
	const DbaasColumn *columns; /* ends with a NULL name; zone comes first */
	int			ncolumns;

	/*
	 * A query uses the first read that lacks no column which it needs, and
	 * for whose path it gives all parameters; and else the last, with
	 * parameters from the rows of the parent.  A table without reads has no
	 * rows.
	 */
	DbaasEndpoint reads[DBAAS_MAX_READS];	/* after the last, method is NULL */
	double		typical_rows;	/* of a response, until one was seen */
	const DbaasParent *parent;	/* or NULL */
	const DbaasPaging *paging;	/* or NULL */
	const DbaasSeries *series;	/* or NULL */
	const DbaasOutcomes *outcomes;	/* or NULL */
	const char *unique_column;	/* responses of a zone, and of several zones,
								 * may repeat a row; a scan returns one row
								 * for each value of this column; or NULL */
	bool global;				/* requested once, not in each zone, and
								 * unsigned */
	bool		any_zone;		/* every zone returns the same response, so
								 * one is read */
	bool		verbatim;		/* texts are what services wrote, and are not
								 * searched for secrets */

	/*
	 * Writes.  A command has to know the type of the service if its paths
	 * hold that, or if its endpoints are for some types only.  If a row does
	 * not show the type, or the state where that matters, the lists of
	 * services are read: one request for each zone and statement.
	 */
	DbaasWriteEndpoint writes[DBAAS_MAX_WRITES];	/* after the last, method
													 * is NULL */
	const char *services[2];	/* columns that name the services which a
								 * write changes, or NULL; the first service
								 * is in the write's zone */
	const char *type_column;	/* has the type of the first; or NULL */
	const char *state_column;	/* has its state; or NULL */
	bool		is_service;		/* a row is a service: an INSERT creates one,
								 * in the zone of the row, and a DELETE
								 * deletes it */
	const char *identity;		/* identifies a row, as a template of a path.
								 * Writes with the same identity, of several
								 * tables too, are of the same row, and are
								 * sent in order.  NULL: no two writes can be
								 * of the same row */
	const char *choice_column;	/* what each row is: see DbaasChoice, and the
								 * choice of DbaasWriteEndpoint; or NULL */
	const char *arguments_column;	/* has the arguments of the endpoint; or
									 * NULL */
	const char *insert_identity;	/* the same of a row that an INSERT makes,
									 * which has no id yet; NULL: as
									 * "identity" */
	const char *created_column; /* identifies the row that an INSERT made, in
								 * its zone; if the INSERT gives no value, the
								 * id that its operation refers to */
	bool		found_by_values;	/* the operation does not refer to that
									 * id: the row is found by all values that
									 * the INSERT gave */
	const char *counts;			/* as what update_limit and delete_limit count
								 * its rows, such as "services"; or NULL */
	const DbaasKept *kept;		/* what every UPDATE carries; or NULL */
	const DbaasWhole *whole;	/* what its rows are parts of; or NULL */
	const DbaasParent *protected;	/* services, by their names, with
									 * filter_value, that the API refuses to
									 * delete; or NULL */
	const DbaasParent *notable; /* rows of this resource, with filter_value,
								 * whose DELETE has another effect besides; or
								 * NULL */
	const char *notable_effect; /* of such a DELETE, for a WARNING */
	const DbaasUse *used_by;	/* what has to be gone before a row is
								 * deleted; or NULL */
	DbaasReveal *reveals;		/* the last has a NULL path; or NULL */

	/* resolved: indexes of columns; -1 where there is none */
	struct
	{
		int			unique;
		int			choice;
		int			created;
		int			parent_keys[DBAAS_PARENT_KEYS]; /* of parent->keys */
		int			limit;		/* of paging */
		int			offset;
		int			order;
		int			time;
		int			next;
		int			series_time;	/* of series */
		int			series_span;
		int			with_outcome;	/* of outcomes */
		int			outcome;
		int			services[2];
		int			type;
		int			state;
		int			arguments;
	}			index;
	DbaasPath	identity_path;
	DbaasPath	insert_identity_path;
};

/*
 * The type of integrations that join a service and its read replica, which may be
 * in another zone.
 */
#define DBAAS_READ_REPLICA "read_replica"

/* The state of a service that runs. */
#define DBAAS_STATE_RUNNING "running"

/* The resources that the wrapper reads for its own needs; resolved. */
extern const DbaasResource *dbaas_catalogue_services;
extern const DbaasResource *dbaas_catalogue_operations;
extern const DbaasResource *dbaas_catalogue_users;
extern const DbaasResource *dbaas_catalogue_zones;

#define DBAAS_ZONE_COLUMN 0

/* Resolves all entries.  Called once, from _PG_init(). */
extern void dbaas_catalogue_init(void);

/*
 * The first mistake in the entries, such as the name of a column that does not exist;
 * palloc'd.  NULL when there is none.  A server with assertions checks this when the
 * library is loaded, and dbaas_fdw_catalogue(), which tests call, on any server.
 */
extern char *dbaas_catalogue_problem(void);

/*
 * Resolves the names in a resource, in the current memory context.  Stores -1 for the
 * name of a column that does not exist.
 */
extern void dbaas_catalogue_resolve(DbaasResource *resource);

/* All resources, as an array in the order of the documentation; their number in *n. */
extern const DbaasResource *dbaas_catalogue_resources(int *n);

/* The resource of that name (as in table option "resource"), or NULL. */
extern const DbaasResource *dbaas_catalogue_find_resource(const char *name);

/* The services; the key is the name. */
extern DbaasParent dbaas_catalogue_each_service;

/* The same, with the keys that writes need: the name, the type and the state. */
extern DbaasParent dbaas_catalogue_service_facts;

/* The types of service; the key is the name. */
extern DbaasParent dbaas_catalogue_each_type;

/* Index of the column with that SQL name, or -1. */
extern int	dbaas_catalogue_find_column(const DbaasResource *resource,
										const char *name);

/*
 * Index of the column that column option "field" names: the column with that field,
 * or else with that param, or with that SQL name, in which hyphens may stand for
 * underscores; or -1.
 */
extern int	dbaas_catalogue_find_column_by_field(const DbaasResource *resource,
												 const char *field);

/*
 * Checks a value, in UTF-8, against a domain.  Returns NULL if it is allowed, or if
 * the domain is NULL; else what the domain allows, such as "asc, desc" or "whole
 * numbers from 1 to 500", palloc'd.
 */
extern const char *dbaas_catalogue_check_value(const DbaasDomain *domain, const char *value);

/* What a domain allows, as above; palloc'd.  "any text" if it is NULL. */
extern const char *dbaas_catalogue_describe_domain(const DbaasDomain *domain);

/*
 * How many different values rows have in a column, roughly: its typical_values, or the
 * number of values that it accepts; 0 if that is not known.
 */
extern int	dbaas_catalogue_typical_values(const DbaasColumn *column);

/* Is the value in the column's "known", or is that NULL? */
extern bool dbaas_catalogue_knows(const DbaasColumn *column, const char *value);

/* Name of the SQL type, as CREATE FOREIGN TABLE takes it. */
extern const char *dbaas_catalogue_type_name(DbaasType type);

/* Number of endpoints in "reads". */
extern int	dbaas_catalogue_nreads(const DbaasResource *resource);

/*
 * The read that lists the rows: the last whose path has no parameter.  The last read, if all
 * have one; NULL if there is none.
 */
extern const DbaasEndpoint *dbaas_catalogue_list(const DbaasResource *resource);

/* Is the column a key: a parameter, whether requests send it or not? */
extern bool dbaas_catalogue_is_key(const DbaasColumn *column);

/*
 * Is the column a parameter of reading the endpoint: do requests send its value, in their
 * path, query or body, or is it unsent?
 */
extern bool dbaas_catalogue_is_param(const DbaasResource *resource,
									 const DbaasEndpoint *endpoint, int column);

/* Does reading the endpoint need keys of the parents: is one of these in its path? */
extern bool dbaas_catalogue_reads_each(const DbaasResource *resource,
									   const DbaasEndpoint *endpoint);

/*
 * Does the column only show the value that a request sent, where no list provides its
 * values?  Such a column has the default, or NULL, unless a query gives its value.
 */
extern bool dbaas_catalogue_only_shows_request(const DbaasResource *resource, int column);

/*
 * Which of a resource's endpoints a query reads, when it gives values for the columns of which
 * given[] is true, and uses the columns that are in "needed".  NULL if it has no reads.
 */
extern const DbaasEndpoint *dbaas_catalogue_find_read(const DbaasResource *resource,
													  const bool *given, const Bitmapset *needed);

/*
 * The endpoint of a command for a type of service and a choice: the first, if several are.
 * One without a choice is for any.
 * Those of any type are, if the type is NULL or not known to the catalogue, and those of any
 * choice, if that is NULL.  NULL when the table does not take the command, or not for
 * services of the type.
 */
extern const DbaasWriteEndpoint *dbaas_catalogue_find_write(const DbaasResource *resource,
															DbaasCommand command, const char *type,
															const char *choice);

/* Does the choice of a row choose the endpoint of its INSERT? */
extern bool dbaas_catalogue_chooses(const DbaasResource *resource);

/* The choices that a command has for a type of service, as above: values, palloc'd. */
extern DbaasDomain dbaas_catalogue_choices(const DbaasResource *resource, DbaasCommand command,
										   const char *type);

/* The endpoint of a command after "previous", or the first after NULL; or NULL. */
extern const DbaasWriteEndpoint *dbaas_catalogue_next_write(const DbaasResource *resource,
															DbaasCommand command,
															const DbaasWriteEndpoint *previous);

/* The endpoint of a command for a type of service after "previous", in the same sense. */
extern const DbaasWriteEndpoint *dbaas_catalogue_next_for(const DbaasResource *resource,
														  DbaasCommand command, const char *type,
														  const DbaasWriteEndpoint *previous);

/* Does a request to the endpoint send the column, if the row gives or changes it? */
extern bool dbaas_catalogue_sends(const DbaasWriteEndpoint *endpoint, int column);

/* Is there a type of service that both endpoints are for? */
extern bool dbaas_catalogue_share_type(const DbaasResource *resource, const DbaasWriteEndpoint *a,
									   const DbaasWriteEndpoint *b);

/*
 * The types of service for which a command can set a column, "mysql, pg"; palloc'd.  NULL
 * if that is so for all types that it takes.
 */
extern char *dbaas_catalogue_column_types(const DbaasResource *resource, DbaasCommand command,
										  int column);

/* Can a command set the column for services of the type? */
extern bool dbaas_catalogue_sets_for(const DbaasResource *resource, DbaasCommand command,
									 int column, const char *type);

/*
 * What writes accept for a column of a service of that type, which may be NULL or unknown;
 * NULL if that is not restricted.
 */
extern const DbaasDomain *dbaas_catalogue_write_domain(const DbaasColumn *column,
													   const char *type);

/*
 * What reveals secrets of a row of a service of that type, or with of_service those of the
 * service itself; NULL if nothing does.
 */
extern const DbaasReveal *dbaas_catalogue_find_reveal(const DbaasResource *resource,
													  const char *type, bool of_service);

/*
 * The types of service that an endpoint is for, ending with NULL; NULL if it does not
 * depend on the type.
 */
extern const char *const *dbaas_catalogue_endpoint_types(const DbaasResource *resource,
														 const DbaasWriteEndpoint *endpoint);

/* The types of service that take a command, "mysql, pg"; palloc'd. */
extern char *dbaas_catalogue_write_types(const DbaasResource *resource, DbaasCommand command);

/* How an INSERT takes a column in rows whose choice column has that value; or NULL. */
extern const DbaasChoice *dbaas_catalogue_find_choice(const DbaasColumn *column,
													  const char *value);

/* The identity of the service of that name (see DbaasResource); palloc'd. */
extern char *dbaas_catalogue_service_identity(const char *name);

/*
 * May a row in a service of that type be used?  The type may be NULL if that does not
 * depend on it.  False if "use" is NULL.
 */
extern bool dbaas_catalogue_has_users(const DbaasUse *use, const char *type);

/* Does a command have to know the type of the service? */
extern bool dbaas_catalogue_write_needs_type(const DbaasResource *resource, DbaasCommand command);

/* Number of arguments of an endpoint. */
extern int	dbaas_catalogue_narguments(const DbaasWriteEndpoint *endpoint);

/* Is the column in the path of one of a command's endpoints? */
extern bool dbaas_catalogue_write_path_has(const DbaasResource *resource, DbaasCommand command,
										   int column);

/* The entries of catalogue.c, for the other catalogue_*.c. */
extern DbaasResource dbaas_catalogue_entries[];
extern const int dbaas_catalogue_nentries;

#endif							/* DBAAS_CATALOGUE_H */
