/*-------------------------------------------------------------------------
 *
 * path.c
 *		Paths of requests, from the catalogue's templates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "http.h"
#include "lib/stringinfo.h"
#include "path.h"

bool
dbaas_path_can_hold(const char *value)
{
	return *value != '\0' && strcmp(value, ".") != 0 && strcmp(value, "..") != 0;
}

char *
dbaas_path_expand(const DbaasResource *resource, const char *path, const char *const *args)
{
	StringInfoData out;

	initStringInfo(&out);
	while (*path)
	{
		size_t		len = strcspn(path, "{");
		char	   *segment;
		int			column;

		appendBinaryStringInfo(&out, path, len);
		path += len;
		if (*path == '\0')
			break;
		len = strcspn(++path, "}");
		column = dbaas_catalogue_column_by_param(resource, pnstrdup(path, len));
		segment = dbaas_http_encode_segment(dbaas_catalogue_segment(&resource->columns[column],
																	args[column]));
		if (segment == NULL)
			ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
		appendStringInfoString(&out, segment);
		path += len + 1;
	}
	return out.data;
}
