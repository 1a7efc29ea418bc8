/*-------------------------------------------------------------------------
 *
 * path.h
 *		Templates of request paths, such as /dbaas-service/{name}.
 *
 * A template is parsed once, when the resource that it belongs to is made
 * (dbaas_catalogue_resolve).  Knows columns by their index alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_PATH_H
#define DBAAS_PATH_H

/*
 * The segment of a path for a value of a parameter, where that is not the value
 * itself.  Arrays of these end with a NULL value.
 */
typedef struct DbaasSegment
{
	const char *value;
	const char *segment;
} DbaasSegment;

/* A parameter of a request, and the column that gives its value. */
typedef struct DbaasParam
{
	const char *name;
	int			column;			/* index; -1: no column gives it */
	const DbaasSegment *segments;	/* or NULL */
	size_t		start;			/* offset of "{name}" in the template */
	size_t		end;			/* offset of the first byte behind it */
} DbaasParam;

/* A parsed template.  All zeros: no path. */
typedef struct DbaasPath
{
	const char *template;
	int			nparams;
	DbaasParam *params;			/* each {x} of the template, in order */
	int			nquery;
	DbaasParam *query;			/* query arguments, sorted by name */
} DbaasPath;

/*
 * Parses a template that dbaas_path_check() accepts, in the current memory
 * context.  The columns of its parameters are -1; it has no query arguments.
 */
extern DbaasPath dbaas_path_parse(const char *template);

/* Does the path, without its query, hold the value of the column? */
extern bool dbaas_path_has(const DbaasPath *path, int column);

/*
 * Can the value be a segment of a path?  "", "." and ".." cannot, since they would
 * make it another path.
 */
extern bool dbaas_path_can_hold(const char *value);

/*
 * The path with each {x} replaced by the percent-encoded value of its column;
 * palloc'd.  "args" has an element for each column of the resource: a UTF-8 text for
 * those that the path holds.  Raises an error when memory runs out.
 */
extern char *dbaas_path_expand(const DbaasPath *path, const char *const *args);

/* The query arguments of a request. */
typedef struct DbaasQuery
{
	char	   *text;			/* percent-encoded, with "?"; "" if there are
								 * no arguments */
	char	   *names;			/* sorted, "a;b"; NULL if there are none */
	char	   *values;			/* not encoded, concatenated in that order */
} DbaasQuery;

/*
 * The query arguments whose element in args, as above, is not NULL; palloc'd.  Raises
 * an error when memory runs out.
 */
extern DbaasQuery dbaas_path_query(const DbaasPath *path, const char *const *args);

/* The problem of a template, such as "It must begin with /"; NULL when it has none. */
extern char *dbaas_path_check(const char *template);

/* The same of the name of a parameter, of a path or a query. */
extern char *dbaas_path_check_param(const char *name);

#endif							/* DBAAS_PATH_H */
