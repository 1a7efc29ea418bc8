/*-------------------------------------------------------------------------
 *
 * listed.c
 *		Whether a list shows what a write has made, and lacks what it has deleted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/formatting.h"

#include "api/listed.h"
#include "tables/rows.h"

/* May a row have that value in the column? */
static bool
is_possible(const DbaasColumn *column, const char *value)
{
	return column->type != DBAAS_UUID ||
		(strlen(value) == 36 && strspn(value, "0123456789abcdefABCDEF-") == 36);
}

/* Appends the value of a column to the text that stands for a row. */
static void
append_value(StringInfo row, const DbaasColumn *column, const char *value)
{
	if (column->type == DBAAS_UUID)
		value = asc_tolower(value, strlen(value));
	appendStringInfo(row, "%zu:%s", strlen(value), value);
}

/* The current row as a text; NULL if it has no value in one of the columns. */
static const char *
row_text(const DbaasRows *rows, List *columns, List *fields)
{
	StringInfoData row;
	ListCell   *column;
	ListCell   *field;

	initStringInfo(&row);
	forboth(column, columns, field, fields)
	{
		char	   *value = dbaas_json_plain_string(dbaas_rows_field(rows, lfirst(field)));

		if (value == NULL)
			return NULL;
		append_value(&row, lfirst(column), value);
	}
	return row.data;
}

DbaasSet *
dbaas_listed_rows(const DbaasListed *listed, const DbaasJson *response, char **problem)
{
	DbaasSet   *found = dbaas_set_new();
	DbaasRows  *rows = dbaas_rows_begin(listed->list->rows, listed->list->values, response);
	List	   *fields = NIL;
	ListCell   *lc;

	foreach(lc, listed->columns)
		fields = lappend(fields,
						 dbaas_rows_parse_field(((const DbaasColumn *) lfirst(lc))->field));
	while (dbaas_rows_next(rows, problem))
	{
		const char *row = row_text(rows, listed->columns, fields);

		if (row)
			dbaas_set_add(found, row);
	}
	return found;
}

bool
dbaas_listed_share(const DbaasListed *one, const DbaasListed *other)
{
	ListCell   *a;
	ListCell   *b;

	if (one->list != other->list || list_length(one->columns) != list_length(other->columns))
		return false;
	forboth(a, one->columns, b, other->columns)
	{
		if (lfirst(a) != lfirst(b))
			return false;
	}
	return true;
}

bool
dbaas_listed_agrees(const DbaasListed *listed, const DbaasSet *rows, const char *reference)
{
	List	   *values = listed->values;
	StringInfoData row;
	ListCell   *column;
	ListCell   *value;

	if (values == NIL && reference)
		values = list_make1(unconstify(char *, reference));
	if (values == NIL)
		return true;
	initStringInfo(&row);
	forboth(column, listed->columns, value, values)
	{
		if (!is_possible(lfirst(column), lfirst(value)))
			return true;
		append_value(&row, lfirst(column), lfirst(value));
	}
	return dbaas_set_has(rows, row.data) != listed->vanishes;
}
