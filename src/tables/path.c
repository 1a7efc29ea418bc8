/*-------------------------------------------------------------------------
 *
 * path.c
 *		Templates of request paths, such as /dbaas-service/{name}.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"

#include "base/error.h"
#include "base/url.h"
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
dbaas_path_check(const char *template)
{
	if (*template != '/')
		return pstrdup("It must begin with /");
	for (const char *p = template; *p; p++)
	{
		size_t		len;

		if (*p == '/' && (p[1] == '/' || p[1] == '\0' ||
						  (strspn(p + 1, ".") > 0 && strspn(p + 1, ".") == strcspn(p + 1, "/"))))
			return pstrdup("No part of it between slashes may be empty, or consist of points");
		if (*p != '{')
		{
			if (*p != '/' && param_length(p) == 0)
				return pstrdup("It may hold letters, digits and - . _ ~, and {x} for a parameter "
							   "x");
			continue;
		}
		len = param_length(p + 1);
		if (len == 0 || p[1 + len] != '}')
			return pstrdup("A parameter stands in it as {x}, where x may hold letters, digits and "
						   "- . _ ~");
		p += len + 1;
	}
	return NULL;
}

DbaasPath
dbaas_path_parse(const char *template)
{
	DbaasPath	path = {.template = template};
	int			nbraces = 0;

	for (const char *p = template; *p; p++)
		nbraces += *p == '{';
	path.params = palloc0(Max(nbraces, 1) * sizeof(DbaasParam));
	for (const char *p = strchr(template, '{'); p; p = strchr(p, '{'))
	{
		DbaasParam *param = &path.params[path.nparams++];
		size_t		len = strcspn(p + 1, "}");

		param->name = pnstrdup(p + 1, len);
		param->column = -1;
		param->start = p - template;
		p += 1 + len;
		p += *p == '}';
		param->end = p - template;
	}
	return path;
}

bool
dbaas_path_has(const DbaasPath *path, int column)
{
	for (int i = 0; i < path->nparams; i++)
	{
		if (path->params[i].column == column)
			return true;
	}
	return false;
}

/* Percent-encodes a text.  Raises an error when memory runs out. */
static char *
encode(const char *text)
{
	char	   *encoded = dbaas_url_encode_segment(text);

	if (encoded == NULL)
		dbaas_error_out_of_memory();
	return encoded;
}

/* The segment of a path for a value of the parameter. */
static const char *
segment_of(const DbaasParam *param, const char *value)
{
	for (const DbaasSegment *s = param->segments; s && s->value; s++)
	{
		if (strcmp(s->value, value) == 0)
			return s->segment;
	}
	return value;
}

char *
dbaas_path_expand(const DbaasPath *path, const char *const *args)
{
	StringInfoData out;
	size_t		copied = 0;

	initStringInfo(&out);
	for (int i = 0; i < path->nparams; i++)
	{
		const DbaasParam *param = &path->params[i];

		appendBinaryStringInfo(&out, path->template + copied, param->start - copied);
		appendStringInfoString(&out, encode(segment_of(param, args[param->column])));
		copied = param->end;
	}
	appendStringInfoString(&out, path->template + copied);
	return out.data;
}

DbaasQuery
dbaas_path_query(const DbaasPath *path, const char *const *args)
{
	StringInfoData text;
	StringInfoData names;
	StringInfoData values;
	DbaasQuery	query;

	initStringInfo(&text);
	initStringInfo(&names);
	initStringInfo(&values);
	for (int i = 0; i < path->nquery; i++)
	{
		const DbaasParam *param = &path->query[i];
		const char *value = args[param->column];

		if (value == NULL)
			continue;
		appendStringInfo(&text, "%c%s=%s", text.len ? '&' : '?', encode(param->name),
						 encode(value));
		appendStringInfo(&names, "%s%s", names.len ? ";" : "", param->name);
		appendStringInfoString(&values, value);
	}
	query.text = text.data;
	query.names = names.len ? names.data : NULL;
	query.values = values.data;
	return query;
}
