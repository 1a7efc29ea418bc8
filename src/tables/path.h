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
 * What stands in a path for a value of a parameter, where that is not the value
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
	size_t		start;			/* where "{name}" begins in the template, */
	size_t		end;			/* and the first byte behind it */
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
 * Can the value be a segment of a path?  An empty one, "." and ".." cannot:
 * they would lead to another path.
 */
extern bool dbaas_path_can_hold(const char *value);

/*
 * The path with each {x} replaced by the percent-encoded value of its column;
 * palloc'd.  "args" has a UTF-8 text for each column that the path holds.
 * Raises ERROR when memory runs out.
 */
extern char *dbaas_path_expand(const DbaasPath *path, const char *const *args);

/* The query arguments of a request. */
typedef struct DbaasQuery
{
	char	   *text;			/* percent-encoded, with its "?"; "" for none */
	char	   *names;			/* sorted, "a;b"; or NULL for none */
	char	   *values;			/* decoded, in that order */
} DbaasQuery;

/*
 * The query arguments for which args, as above, has a value that is not NULL;
 * palloc'd.  Raises ERROR when memory runs out.
 */
extern DbaasQuery dbaas_path_query(const DbaasPath *path, const char *const *args);

/*
 * What is wrong with a template, such as "It must begin with /"; or NULL when
 * nothing is.
 */
extern char *dbaas_path_check(const char *template);

/* The same of the name of a parameter, of a path or a query. */
extern char *dbaas_path_check_param(const char *name);

#endif							/* DBAAS_PATH_H */
