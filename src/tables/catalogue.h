/*-------------------------------------------------------------------------
 *
 * catalogue.h
 *		The one description of every table: columns, keys, endpoints, writes.
 *
 * Planning, import, validation, requests, decoding, EXPLAIN and the
 * documentation all follow from these structs.  Adding a table is adding an
 * entry to catalogue.c, which holds data alone; the functions are in
 * catalogue_lookup.c, catalogue_write.c and catalogue_check.c.  None of them knows
 * anything of the planner or of HTTP.
 *
 * Entries name columns and other resources by strings, as they read best.  When
 * the library is loaded, dbaas_catalogue_init() looks each name up, once, and
 * stores what it finds in the members that are marked "resolved".  Whoever uses
 * an entry uses these.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CATALOGUE_H
#define DBAAS_CATALOGUE_H

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
 * When are two values the same?  The API may return a value in another form than
 * it was sent: networks sorted and with the host bits cleared, a version with
 * more or fewer digits.
 */
typedef enum DbaasMeaning
{
	DBAAS_AS_JSON,				/* as JSON: 1 is 1.0 */
	DBAAS_AS_NETWORKS,
	DBAAS_AS_VERSION,
	DBAAS_AS_TIME_OF_DAY
} DbaasMeaning;

/*
 * What the API accepts for a parameter: one of "values" when that is set,
 * else a whole number from min to max when max is set, else a text of
 * min_length to max_length characters when max_length is set.
 */
typedef struct DbaasDomain
{
	const char *const *values;	/* ends with NULL */
	int64		min;
	int64		max;
	int			min_length;
	int			max_length;
} DbaasDomain;

/*
 * A column.
 *
 * "field" says where a response holds the value, starting from the row's own
 * JSON object: "node-count" is a member of it, "hints/title" a member of a
 * member, "../name" a member of the object around it.  "#key" is the name
 * under which the row's object stands in the object around it; "#label",
 * "#first" and "#value" belong to a cell of a table (see DbaasEndpoint.rows);
 * "*" is the row as a whole.  In "{a}-x", the value of member a stands for {a}.
 * Of "a|b", the first that is there counts.  NULL when responses do not hold it.
 *
 * "param" is the API's name of the request parameter that the column fills
 * when a query gives its value: such a column is a key.  Where a response does
 * not hold a key, the column shows the value that was requested.
 *
 * "insert", "update" and "delete" name a member of a write's body: "a", or "a/b" for
 * member b of its member a, which the API wants whole.  A leading "{type}"
 * stands for the type of the service.  "*" is an object whose members are
 * members of the body themselves.
 */
typedef struct DbaasColumn
{
	const char *name;
	DbaasType	type;
	const char *field;
	const char *param;
	const DbaasDomain *domain;	/* what the parameter accepts, or NULL */
	const char *const *known;	/* of types of service: those that the
								 * catalogue knows; the API's lists may name
								 * more, and "domain" says nothing of those.
								 * Ends with NULL; or NULL */
	const DbaasSegment *segments;	/* of paths; or NULL */
	bool		query;			/* a query argument where it is not in the
								 * path */
	bool		unlisted;		/* not in the tables that an import makes */
	bool		untyped;		/* the API leaves the JSON type of it open */
	const char *default_value;	/* of the parameter, or NULL */
	bool		required;		/* mandatory key: no endpoint lists its values */
	const char *insert;			/* where the INSERT body has it, or NULL */
	bool		insert_required;
	const char *update;			/* where the UPDATE body has it, or NULL */
	const char *delete;			/* where the DELETE body has it, or NULL */
	bool		nullable;		/* an UPDATE can set it to null */
	bool		needs_running;	/* the API cannot change it while the service
								 * does not run */
	DbaasMeaning meaning;		/* how an UPDATE compares its values */
	bool		merges;			/* an object of which an UPDATE sends some
								 * members: the API keeps the others */
	const char *const *write_types; /* types of service whose writes take it,
									 * ending with NULL; or NULL for all */
	const DbaasDomain *write_domain;	/* what writes accept, or NULL */
	const char *networks;		/* member of the body whose networks may
								 * connect to the service: a write that opens
								 * it to all is warned of; or NULL */
	bool		secret;			/* never shown: not in errors, not in EXPLAIN */
	bool		holds_secrets;	/* an object some of whose members may be
								 * secret */
	const char *description;	/* a phrase for the documentation and COMMENT */
} DbaasColumn;

/*
 * A read of the API.  "{x}" in the path is the value of the column whose param
 * is x; the other parameters go into the body of a POST.
 *
 * "rows" says which parts of the response are rows: steps with a point between
 * them, each going from an object to a member of it, and then, with "[]", to
 * every element of the array there, with "{}", to every member of the object
 * there, or, with "<>", to every cell of the {"cols", "rows"} table there,
 * where column 0 heads each line.  A step without a name goes into what is
 * there already.  "" is the response itself.  A row is an object, unless
 * "values" says that it may be anything.
 */
typedef struct DbaasEndpoint
{
	const char *method;
	const char *path;
	const char *rows;
	bool		values;

	/* resolved */
	DbaasPath	parsed;			/* path, and the query arguments beside it */
} DbaasEndpoint;

/*
 * Responses that come in pages.  The entries to read and the cursor to start
 * from are parameters; the response names the cursor of the page to follow.
 */
typedef struct DbaasPaging
{
	const char *limit_column;	/* the most rows to read of one target */
	const char *offset_column;	/* where to start */
	const char *order_column;	/* direction: asc or desc */
	const char *time_column;	/* what the entries are in the order of */
	const char *next_field;		/* member of the response: the next cursor */
	int			max_limit;		/* the most entries that one request can read */
} DbaasPaging;

#define DBAAS_PARENT_KEYS 3

typedef struct DbaasResource DbaasResource;

/*
 * Where keys that a query does not give are found: rows of another resource, as
 * its last read lists them.  Each pair says which column of this table takes
 * which column of that one; an array there stands for each of its elements.
 */
typedef struct DbaasParent
{
	const char *resource;
	bool		locates;		/* what a given key names is in one zone: the
								 * lists tell which */
	struct
	{
		const char *column;
		const char *parent_column;
		bool		optional;	/* a row without a value counts too */
	}			keys[DBAAS_PARENT_KEYS];	/* the rest has no column */
	const char *filter_column;	/* of that resource: only rows with
								 * filter_value */
	const char *filter_value;	/* in it count; or NULL */

	/* resolved, all of that resource */
	const DbaasResource *list;
	const DbaasEndpoint *read;	/* that lists the rows */
	int			nkeys;
	int			columns[DBAAS_PARENT_KEYS]; /* each parent_column */
	int			filter;			/* or -1 */
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
 * with an "insert" member; that of an UPDATE those with an "update" member which it
 * changes, and nothing is sent when it changes none; that of a DELETE those with a
 * "delete" member.
 *
 * Of the endpoints of a command, the first that is for the type of the service is
 * used; see dbaas_catalogue_write().  So
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
	const char *const *types;	/* of service that it is for, ending with
								 * NULL; or NULL: all that the type column's
								 * domain has */
	bool		direct;			/* the response is what it made or changed,
								 * and it is done; other responses are an
								 * operation */

	/* resolved */
	DbaasPath	parsed;
} DbaasWriteEndpoint;

#define DBAAS_MAX_READS 3
#define DBAAS_MAX_WRITES 8

struct DbaasResource
{
	const char *name;			/* table option "resource" */
	const char *table;			/* name that IMPORT FOREIGN SCHEMA gives */
	const char *description;	/* a phrase for the documentation and COMMENT */
	const DbaasColumn *columns; /* ends with a NULL name; zone comes first */
	int			ncolumns;

	/*
	 * The first whose path parameters the query gives is used; the last when
	 * none is, with the parent telling what the query does not.
	 */
	DbaasEndpoint reads[DBAAS_MAX_READS];	/* the rest has no method */
	double		typical_rows;	/* of a response, as long as none was seen */
	const DbaasParent *parent;	/* or NULL */
	const DbaasPaging *paging;	/* or NULL */
	const char *unique_column;	/* responses may repeat a row, within a zone
								 * and over zones, but a scan shows one for
								 * each value of this column; or NULL */
	bool global;				/* requested once, not in each zone, and
								 * unsigned */
	bool		any_zone;		/* every zone gives the same response: one is
								 * enough */
	bool		verbatim;		/* texts are what services wrote, and are not
								 * searched for secrets to hide */

	/*
	 * Writes: what holds for a row whatever the command and its endpoint. The
	 * type of the service matters to the commands whose paths have it or
	 * whose endpoints are for some types.  If a row does not show it, or not
	 * the state where that matters, one request for each zone and statement
	 * reads the lists of services.
	 */
	DbaasWriteEndpoint writes[DBAAS_MAX_WRITES];	/* the rest has no method */
	const char *services[2];	/* columns that name the services which a
								 * write changes, or NULL; the first is in the
								 * write's zone */
	const char *type_column;	/* has the type of the first; or NULL */
	const char *state_column;	/* has its state; or NULL */
	bool		is_service;		/* a row is a service: an INSERT makes one, in
								 * the zone of the row, and a DELETE ends it */
	const char *identity;		/* tells a row from others, as a path: writes
								 * of one identity, be it of two tables, are
								 * of one row, and are sent in their order.
								 * NULL: no write can be of a row that another
								 * one wrote */
	const char *created_column; /* tells the row that an INSERT made from
								 * others; takes the id that its operation
								 * refers to where the INSERT gives none */
	bool		announces;		/* nothing lists what an INSERT makes: a
								 * NOTICE tells its id */
	const char *counts;			/* what update_limit and delete_limit count
								 * its rows among, such as "services"; or NULL */
	const DbaasKept *kept;		/* what every UPDATE carries; or NULL */
	const DbaasParent *protected;	/* rows of this resource that the API
									 * refuses to delete, by filter_column; or
									 * NULL */
	const DbaasParent *notable; /* rows of this resource whose DELETE does
								 * more than it says, by filter_column; or
								 * NULL */
	const char *effect;			/* and what that is */

	/* resolved: indexes of columns; -1 for a name that is NULL */
	struct
	{
		int			unique;
		int			created;
		int			parent_keys[DBAAS_PARENT_KEYS]; /* of parent->keys */
		int			limit;		/* of paging */
		int			offset;
		int			order;
		int			time;
		int			services[2];
		int			type;
		int			state;
	}			index;
	DbaasPath	identity_path;
};

/*
 * The type of integrations that join a service and its read replica, which may be
 * in another zone.
 */
#define DBAAS_READ_REPLICA "read_replica"

/* The resources that the wrapper reads for its own needs; resolved. */
extern const DbaasResource *dbaas_catalogue_services;
extern const DbaasResource *dbaas_catalogue_operations;
extern const DbaasResource *dbaas_catalogue_zones;

#define DBAAS_ZONE_COLUMN 0

/* Resolves all entries.  Called once, when the library is loaded. */
extern void dbaas_catalogue_init(void);

/*
 * What is wrong with the first wrong entry, such as a name that means nothing,
 * palloc'd; or NULL.  A server with assertions checks it when the library is
 * loaded, others when dbaas_fdw_catalogue() is called, as tests do.
 */
extern char *dbaas_catalogue_problem(void);

/*
 * Resolves the names in a resource, in the current memory context.  For a name
 * that means nothing, it stores -1.
 */
extern void dbaas_catalogue_resolve(DbaasResource *resource);

/*
 * A path template of the resource, parsed, in the current memory context.  "{x}"
 * is the column whose param, or else whose field, or else whose name is x.
 */
extern DbaasPath dbaas_catalogue_path(const DbaasResource *resource, const char *template);

/*
 * All resources, in the order of the documentation; the count is stored in
 * *n.  Never freed.
 */
extern const DbaasResource *dbaas_catalogue_resources(int *n);

/* The resource of that name (as in table option "resource"), or NULL. */
extern const DbaasResource *dbaas_catalogue_find(const char *name);

/* How tables with a row for each service, or more, find the services. */
extern DbaasParent dbaas_catalogue_each_service;

/* The same with what writes have to know: keys are the name, type and state. */
extern DbaasParent dbaas_catalogue_service_facts;

/* The list that tells which types of service there are. */
extern DbaasParent dbaas_catalogue_each_type;

/* Index of the column with that SQL name, or -1. */
extern int	dbaas_catalogue_column(const DbaasResource *resource,
								   const char *name);

/*
 * Index of the column that a column option "field" means: by its place in the
 * response, the name of its parameter, or its SQL name, with hyphens or without;
 * or -1.
 */
extern int	dbaas_catalogue_column_by_field(const DbaasResource *resource,
											const char *field);

/*
 * Checks a value, in UTF-8, against a domain; NULL accepts all.  Returns NULL,
 * or what the domain allows ("desc, asc"; "whole numbers from 1 to 500"),
 * palloc'd.
 */
extern const char *dbaas_catalogue_check(const DbaasDomain *domain, const char *value);

/* Does the catalogue know the value?  See DbaasColumn.known. */
extern bool dbaas_catalogue_knows(const DbaasColumn *column, const char *value);

/* Name of the SQL type, as CREATE FOREIGN TABLE takes it. */
extern const char *dbaas_catalogue_type_name(DbaasType type);

/* Number of endpoints in "reads". */
extern int	dbaas_catalogue_nreads(const DbaasResource *resource);

/*
 * Do requests to the endpoint send the value of the column, in their path, query
 * or body?
 */
extern bool dbaas_catalogue_is_param(const DbaasResource *resource,
									 const DbaasEndpoint *endpoint, int column);

/*
 * Does the column only show the value that a request sent, where no list provides its
 * values?  Such a column has the default, or NULL, unless a query gives its value.
 */
extern bool dbaas_catalogue_only_shows_request(const DbaasResource *resource, int column);

/*
 * Which of a resource's endpoints a query reads, when it gives values for the
 * columns of which given[] is true.
 */
extern const DbaasEndpoint *dbaas_catalogue_endpoint(const DbaasResource *resource,
													 const bool *given);

/*
 * The endpoint that a command writes to, of services of a type.  With a type that
 * is NULL, or that the catalogue does not know, it is the command's first.  NULL
 * when the table does not take the command, or services of the type do not.
 */
extern const DbaasWriteEndpoint *dbaas_catalogue_write(const DbaasResource *resource,
													   DbaasCommand command, const char *type);

/* The endpoint of a command after "previous", or the first after NULL; or NULL. */
extern const DbaasWriteEndpoint *dbaas_catalogue_next_write(const DbaasResource *resource,
															DbaasCommand command,
															const DbaasWriteEndpoint *previous);

/*
 * The types of service that an endpoint is for, ending with NULL; NULL if it does not
 * depend on the type.
 */
extern const char *const *dbaas_catalogue_endpoint_types(const DbaasResource *resource,
														 const DbaasWriteEndpoint *endpoint);

/* The types of service that take a command, "mysql, pg"; palloc'd. */
extern char *dbaas_catalogue_write_types(const DbaasResource *resource, DbaasCommand command);

/* Does a command have to know the type of the service? */
extern bool dbaas_catalogue_write_needs_type(const DbaasResource *resource, DbaasCommand command);

/* Is the column in the path of one of a command's endpoints? */
extern bool dbaas_catalogue_write_has(const DbaasResource *resource, DbaasCommand command,
									  int column);

/* The entries of catalogue.c, for the other files of this module. */
extern DbaasResource dbaas_catalogue_entries[];
extern const int dbaas_catalogue_nentries;

#endif							/* DBAAS_CATALOGUE_H */
