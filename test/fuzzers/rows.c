/*-------------------------------------------------------------------------
 *
 * rows.c
 *		"rows" and "field" expressions, over a response.
 *
 * A text has the two expressions, a line each, and JSON.  Holds that an expression is
 * read as it is written, and that the rows are those of a plain recursion.
 *
 *-------------------------------------------------------------------------
 */
/* For what is static in it */
#include "tables/rows.c"		/* NOLINT(bugprone-suspicious-include) */

#include "backend.h"
#include "fuzzer.h"

#define MAX_ROWS 10000

/* ------------------------------------------------------------------------
 * An expression, written again
 * ------------------------------------------------------------------------ */

static void
write_step(StringInfo out, const Step *step)
{
	static const char *const brackets[] = {"[]", "{}", "<>", ""};
	ListCell   *lc;

	appendStringInfo(out, "%s%s", out->len ? "." : "", step->member);
	if (step->names == NIL)
		appendStringInfoString(out, brackets[step->kind]);
	foreach(lc, step->names)
	{
		const NamedMember *member = lfirst(lc);
		const char *label = dbaas_json_string(member->label, NULL);

		expect(strpbrk(label, "[]{}<>.|=") == NULL && strpbrk(member->name, "[]{}<>.|=") == NULL,
			   "\"%s=%s\" is a name", label, member->name);
		appendStringInfoChar(out, lc == list_head(step->names) ? '{' : '|');
		if (strcmp(label, member->name) != 0)
			appendStringInfo(out, "%s=", label);
		appendStringInfoString(out, member->name);
	}
	if (step->names)
		appendStringInfoChar(out, '}');
}

static char *
write_rows(const DbaasRows *rows)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < rows->nsteps; i++)
		write_step(&out, &rows->steps[i]);
	return out.data;
}

static void
check_expression(const char *expression, const DbaasRows *rows)
{
	char	   *written = write_rows(rows);

	/* x=x is written x, and a point behind ... is refused */
	if (strchr(expression, '=') == NULL)
		expect(strcmp(written, expression) == 0, "the expression is read as \"%s\"", written);
	expect(dbaas_rows_check(written) == NULL, "what it is read as, \"%s\", is refused", written);
	expect(strcmp(write_rows(dbaas_rows_begin(written, true, NULL)), written) == 0,
		   "what it is read as, \"%s\", is read as something else", written);
}

/* ------------------------------------------------------------------------
 * The rows, by recursion
 * ------------------------------------------------------------------------ */

typedef struct Walk
{
	const DbaasRows *rows;		/* its expression alone is used */
	const DbaasJson *found[MAX_ROWS];
	int			nfound;
	bool		problem;
} Walk;

static void walk(Walk *w, const DbaasJson *value, int n);

static void
walk_table(Walk *w, const DbaasJson *table, int n)
{
	const DbaasJson *cols = dbaas_json_member(table, "cols");
	const DbaasJson *lines = dbaas_json_member(table, "rows");
	int64		ncols;

	if (!dbaas_json_is(cols, DBAAS_JSON_ARRAY) || !dbaas_json_is(lines, DBAAS_JSON_ARRAY))
	{
		w->problem = true;
		return;
	}
	ncols = dbaas_json_count(cols);
	for (const DbaasJson *line = dbaas_json_first(lines); line && !w->problem;
		 line = dbaas_json_next(lines, line))
	{
		for (int64 i = 1; i < ncols && !w->problem; i++)
		{
			if (n + 1 < w->rows->nsteps)
				walk(w, line, n + 1);
			else if (!dbaas_json_is(line, DBAAS_JSON_ARRAY) || dbaas_json_count(line) != ncols)
				w->problem = true;
			else if (w->nfound < MAX_ROWS)
				w->found[w->nfound++] = line;
		}
	}
}

static void
walk_members(Walk *w, const DbaasJson *object, const Step *step, int n)
{
	ListCell   *lc;

	if (step->names == NIL)
	{
		for (const DbaasJson *name = dbaas_json_first(object); name && !w->problem;
			 name = dbaas_json_next(object, name))
			walk(w, name + 1, n + 1);
	}
	foreach(lc, step->names)
	{
		const NamedMember *member = lfirst(lc);
		const DbaasJson *value = dbaas_json_member(object, member->name);

		if (value && !w->problem)
			walk(w, value, n + 1);
	}
}

/* Finds the rows in a value, from step n on. */
static void
walk(Walk *w, const DbaasJson *value, int n)
{
	const Step *step = &w->rows->steps[n];

	if (n == w->rows->nsteps)
	{
		if (!w->rows->values && !dbaas_json_is(value, DBAAS_JSON_OBJECT))
			w->problem = true;
		else if (w->nfound < MAX_ROWS)
			w->found[w->nfound++] = value;
		return;
	}
	if (*step->member && !dbaas_json_is(value, DBAAS_JSON_OBJECT))
	{
		w->problem = true;
		return;
	}
	if (*step->member)
		value = dbaas_json_member(value, step->member);
	if (value == NULL)
		return;
	if (step->kind != STEP_VALUE &&
		!dbaas_json_is(value, step->kind == STEP_ELEMENTS ? DBAAS_JSON_ARRAY : DBAAS_JSON_OBJECT))
		w->problem = true;
	else if (step->kind == STEP_VALUE)
		walk(w, value, n + 1);
	else if (step->kind == STEP_CELLS)
		walk_table(w, value, n);
	else if (step->kind == STEP_MEMBERS)
		walk_members(w, value, step, n);
	else
	{
		for (const DbaasJson *item = dbaas_json_first(value); item && !w->problem;
			 item = dbaas_json_next(value, item))
			walk(w, item, n + 1);
	}
}

static void
check_field(const DbaasRows *rows, const DbaasField *field)
{
	const DbaasJson *value = dbaas_rows_field(rows, field);

	if (value)
		expect(!dbaas_json_is(value, DBAAS_JSON_NULL) && *dbaas_json_compact(value),
			   "a field has no value");
}

/* Goes over the rows, which have to be those that were found. */
static void
check_rows(DbaasRows *rows, const DbaasField *field, const Walk *w)
{
	char	   *problem;
	int			n = 0;

	while (n < MAX_ROWS && dbaas_rows_next(rows, &problem))
	{
		expect(n < w->nfound && level_value(rows, rows->nsteps) == w->found[n],
			   "row %d is another one", n + 1);
		expect(dbaas_rows_number(rows) == n + 1, "the number of row %d", n + 1);
		check_field(rows, field);
		if (rows->nsteps == 1 && rows->steps[0].kind == STEP_ELEMENTS)
			dbaas_rows_set_position(rows, dbaas_rows_get_position(rows), n + 1);
		n++;
	}
	if (n == MAX_ROWS)
		return;
	expect(n == w->nfound, "there are %d rows, not %d", n, w->nfound);
	expect((problem != NULL) == w->problem, "%s",
		   problem ? problem : "a problem is not noticed");
}

static bool
check(char *expression, char *field_text, char *json)
{
	static Walk w;
	const DbaasJson *response;
	DbaasRows  *rows;
	DbaasField *field;
	char	   *problem;
	bool		values = strlen(json) % 2;

	if (dbaas_rows_check(expression))
		return false;
	rows = dbaas_rows_begin(expression, values, NULL);
	check_expression(expression, rows);

	field = dbaas_rows_parse_field(field_text);
	if (dbaas_rows_check_field(field_text) == NULL)
		(void) dbaas_rows_check_field_in(field_text, expression);
	if (!dbaas_json_parse(NULL, json, strlen(json), DBAAS_JSON_ALL_NODES(strlen(json)), &response,
						  &problem))
		return false;
	rows->response = response;
	w.rows = rows;
	w.nfound = 0;
	w.problem = false;
	walk(&w, response, 0);
	check_rows(rows, field, &w);
	dbaas_rows_rewind(rows);
	check_rows(rows, field, &w);
	return true;
}

void
fuzzer_start(void)
{
}

bool
fuzzer_check(const char *text, size_t len)
{
	char	   *copy = pstrdup(text);
	char	   *expression = strsep(&copy, "\n");
	char	   *field = strsep(&copy, "\n");
	bool		accepted = copy && check(expression, field, copy);

	backend_free();
	return accepted;
}
