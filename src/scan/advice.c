/*-------------------------------------------------------------------------
 *
 * advice.c
 *		What a query could say so that a scan needs fewer requests.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/lsyscache.h"

#include "scan/advice.h"

/* Would a condition on the column, which the arguments do not have, save requests? */
static bool
would_save_requests(const DbaasResource *resource, const DbaasEndpoint *endpoint,
					const DbaasArguments *arguments, int column)
{
	int			limit = resource->index.limit;

	if (column == resource->index.time)
		return !arguments->has_since && !arguments->has_until &&
			!(limit >= 0 && arguments->keys[limit].given);
	if (arguments->keys[column].given)
		return false;
	if (column == DBAAS_ZONE_COLUMN)
		return !resource->global &&!resource->any_zone;
	return column == limit || dbaas_path_has(&endpoint->parsed, column);
}

/* The names of such columns, as "a, b or c"; NULL if there are none. */
static char *
saving_columns(const DbaasTable *table, const DbaasEndpoint *endpoint,
			   const DbaasArguments *arguments)
{
	const DbaasResource *resource = table->resource;
	List	   *names = NIL;
	StringInfoData out;
	ListCell   *lc;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		AttrNumber	attnum = dbaas_table_find_attribute(table, c);

		if (attnum > 0 && would_save_requests(resource, endpoint, arguments, c))
			names = lappend(names, get_attname(table->relid, attnum, false));
	}
	initStringInfo(&out);
	foreach(lc, names)
		appendStringInfo(&out, "%s\"%s\"", lc == list_head(names) ? "" :
						 lnext(names, lc) ? ", " : " or ", (char *) lfirst(lc));
	return names ? out.data : NULL;
}

const DbaasError *
dbaas_advice_add(const DbaasError *error, const DbaasTable *table, const DbaasEndpoint *endpoint,
				 const DbaasArguments *arguments)
{
	DbaasError *advised;
	char	   *columns;

	if (!error->of_request_limit ||
		(columns = saving_columns(table, endpoint, arguments)) == NULL)
		return error;
	advised = palloc(sizeof(DbaasError));
	*advised = *error;
	advised->hint = psprintf("A condition on %s would need fewer requests. Or raise the limit.",
							 columns);
	return advised;
}
