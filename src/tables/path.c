/*-------------------------------------------------------------------------
 *
 * path.c
 *		Paths of requests, from the catalogue's templates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"

#include "base/http.h"
#include "tables/path.h"

bool
dbaas_path_can_hold(const char *value)
{
	return *value != '\0' && strcmp(value, ".") != 0 && strcmp(value, "..") != 0;
}

/*
 * Bytes at the start of a text that may be the name of a parameter: nothing
 * that needs to be encoded, or has a meaning in the Authorization header.
 */
static size_t
param_length(const char *text)
{
	size_t		len = 0;

	while (isalnum((unsigned char) text[len]) || (text[len] && strchr("-._~", text[len])))
		len++;
	return len;
}

char *
dbaas_path_check_param(const char *name)
{
	if (*name && name[param_length(name)] == '\0')
		return NULL;
	return pstrdup("It may hold letters, digits and - . _ ~");
}

char *
dbaas_path_check(const char *path)
{
	if (*path != '/')
		return pstrdup("It must begin with /");
	for (const char *p = path; *p; p++)
	{
		size_t		len;

		if (*p == '/' && (p[1] == '/' || p[1] == '\0' ||
						  (strspn(p + 1, ".") > 0 && strspn(p + 1, ".") == strcspn(p + 1, "/"))))
			return pstrdup("No part of it between slashes may be empty, or consist of points");
		if (*p != '{')
		{
			if (*p != '/' && param_length(p) == 0)
				return pstrdup("It may hold letters, digits and - . _ ~, and {x} for a parameter x");
			continue;
		}
		len = param_length(p + 1);
		if (len == 0 || p[1 + len] != '}')
			return pstrdup("A parameter stands in it as {x}, where x may hold letters, digits and - . _ ~");
		p += len + 1;
	}
	return NULL;
}

/* Percent-encodes a text; raises an ERROR when memory runs out. */
static char *
encode(const char *text)
{
	char	   *encoded = dbaas_http_encode_segment(text);

	if (encoded == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return encoded;
}

static int
compare_params(const void *a, const void *b)
{
	return strcmp((*(const DbaasColumn *const *) a)->param, (*(const DbaasColumn *const *) b)->param);
}

DbaasQuery
dbaas_path_query(const DbaasResource *resource, const char *path, const char *const *args)
{
	const DbaasColumn **columns = palloc(resource->ncolumns * sizeof(DbaasColumn *));
	int			n = 0;
	StringInfoData text;
	StringInfoData names;
	StringInfoData values;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];

		if (column->query && args[c] && !dbaas_catalogue_in_path(path, column->param))
			columns[n++] = column;
	}
	qsort(columns, n, sizeof(DbaasColumn *), compare_params);
	initStringInfo(&text);
	initStringInfo(&names);
	initStringInfo(&values);
	for (int i = 0; i < n; i++)
	{
		const char *value = args[columns[i] - resource->columns];

		appendStringInfo(&text, "%c%s=%s", i ? '&' : '?', encode(columns[i]->param), encode(value));
		appendStringInfo(&names, "%s%s", i ? ";" : "", columns[i]->param);
		appendStringInfoString(&values, value);
	}
	return (DbaasQuery) {text.data, n ? names.data : NULL, values.data};
}

char *
dbaas_path_expand(const DbaasResource *resource, const char *path, const char *const *args)
{
	StringInfoData out;

	initStringInfo(&out);
	while (*path)
	{
		size_t		len = strcspn(path, "{");
		int			column;

		appendBinaryStringInfo(&out, path, len);
		path += len;
		if (*path == '\0')
			break;
		len = strcspn(++path, "}");
		column = dbaas_catalogue_column_by_param(resource, pnstrdup(path, len));
		appendStringInfoString(&out, encode(dbaas_catalogue_segment(&resource->columns[column],
																	args[column])));
		path += len + 1;
	}
	return out.data;
}
