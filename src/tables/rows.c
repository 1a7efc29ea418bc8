/*-------------------------------------------------------------------------
 *
 * rows.c
 *		The rows in a response, and the fields of a row.
 *
 * A "rows" expression is evaluated as nested loops: each step is a loop over the
 * current value of the step before it, and the last step gives the rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/json.h"

#include "tables/rows.h"

#define MAX_STEPS 4
#define MAX_MEMBERS 3

typedef enum StepKind
{
	STEP_ELEMENTS,				/* x[] */
	STEP_MEMBERS,				/* x{}, x{a|b} */
	STEP_CELLS,					/* x<> */
	STEP_VALUE					/* x */
} StepKind;

/* A member that a step names. */
typedef struct NamedMember
{
	const char *name;
	const DbaasJson *label;		/* its #key, a string */
} NamedMember;

/* A step of the expression, and where the iteration stands in it. */
typedef struct Step
{
	StepKind	kind;
	char	   *member;			/* "": the value of the level above */
	const DbaasJson *container; /* array, object or table; NULL: absent */
	const DbaasJson *item;		/* element, name of a member, or line of a
								 * table */
	const DbaasJson *current;	/* the value that the next step goes into */
	bool		open;

	/* of x{a|b} */
	List	   *names;			/* of NamedMember * */
	int			next_name;		/* of them */

	/* of a table */
	const DbaasJson *cols;
	const DbaasJson *lines;
	int64		ncols;
	int64		line_number;	/* from 1 */
	bool		line_fits;		/* has the line a value for each column? */
	const DbaasJson *col;		/* the column of the current cell; NULL: none
								 * yet */
	const DbaasJson *cell;		/* its value; NULL if the line does not fit */
} Step;

struct DbaasRows
{
	const DbaasJson *response;
	bool		values;			/* may rows be other values than objects? */
	int			nsteps;
	Step		steps[MAX_STEPS];
	int64		number;
	bool		started;
};

typedef enum FieldKind
{
	FIELD_MEMBER,
	FIELD_WHOLE,				/* * */
	FIELD_KEY,					/* #key */
	FIELD_LABEL,				/* #label */
	FIELD_FIRST,				/* #first */
	FIELD_VALUE					/* #value */
} FieldKind;

struct DbaasField
{
	FieldKind	kind;
	int			up;				/* number of "../" */
	int			nmembers;
	char	   *members[MAX_MEMBERS];
	DbaasField *alternative;	/* to use when this is absent; or NULL */
};

/* Text as a JSON string. */
static const DbaasJson *
json_string(const char *text)
{
	StringInfoData quoted;
	const DbaasJson *value;
	char	   *problem;

	initStringInfo(&quoted);
	escape_json(&quoted, text);
	return dbaas_json_parse(CurrentMemoryContext, quoted.data, quoted.len,
							DBAAS_JSON_ALL_NODES(quoted.len), &value, &problem) ? value : NULL;
}

/* Reads the name at *p, and moves *p behind it; NULL when it is empty. */
static char *
parse_name(const char **p)
{
	size_t		len = strcspn(*p, "[]{}<>.|=");
	char	   *name = len ? pnstrdup(*p, len) : NULL;

	*p += len;
	return name;
}

/* Reads "{a|x=b}" at *p, and moves *p behind it; false when that is not there. */
static bool
parse_names(const char **p, Step *step)
{
	do
	{
		NamedMember *member = palloc(sizeof(NamedMember));
		const char *label;

		(*p)++;
		label = member->name = parse_name(p);
		if (**p == '=')
		{
			(*p)++;
			member->name = parse_name(p);
		}
		if (label == NULL || member->name == NULL || (member->label = json_string(label)) == NULL)
			return false;
		step->names = lappend(step->names, member);
	} while (**p == '|');
	return *(*p)++ == '}';
}

/* Reads the step at *p, and moves *p behind it; false when there is none. */
static bool
parse_step(const char **p, Step *step)
{
	static const char *const brackets[] = {
		[STEP_ELEMENTS] = "[]",
		[STEP_MEMBERS] = "{}",
		[STEP_CELLS] = "<>"
	};
	size_t		len = strcspn(*p, "[]{}<>.");

	step->member = pnstrdup(*p, len);
	step->kind = STEP_VALUE;
	step->names = NIL;
	*p += len;
	for (size_t i = 0; i < lengthof(brackets); i++)
	{
		if (strncmp(*p, brackets[i], 2) == 0)
			step->kind = i;
	}
	if (step->kind != STEP_VALUE)
		*p += 2;
	else if (**p == '{')
	{
		step->kind = STEP_MEMBERS;
		if (!parse_names(p, step))
			return false;
	}
	else if (len == 0)
		return false;
	if (**p == '.' && (*p)[1])
		(*p)++;
	else if (**p)
		return false;
	return true;
}

char *
dbaas_rows_check(const char *expression)
{
	const char *p = expression;
	Step		step;

	for (int n = 0; *p; n++)
	{
		if (n == MAX_STEPS)
			return psprintf("It has more than %d steps", MAX_STEPS);
		if (!parse_step(&p, &step))
			return pstrdup("It must be names with points between them, each alone or followed by "
						   "[], {}, {a|b} or <>");
	}
	return NULL;
}

bool
dbaas_rows_allow_any_json(const char *expression, bool values)
{
	return *expression ? strchr("[{<", *expression) != NULL : values;
}

DbaasRows *
dbaas_rows_begin(const char *expression, bool values, const DbaasJson *response)
{
	DbaasRows  *rows = palloc0(sizeof(DbaasRows));
	const char *p = expression;

	rows->response = response;
	rows->values = values;
	while (*p && rows->nsteps < MAX_STEPS && parse_step(&p, &rows->steps[rows->nsteps]))
		rows->nsteps++;
	Assert(*p == '\0');
	return rows;
}

/* The current value of a level: the response at level 0, or that of a step. */
static const DbaasJson *
level_value(const DbaasRows *rows, int level)
{
	return level == 0 ? rows->response : rows->steps[level - 1].current;
}

static char *
wrong_shape(const Step *step, const DbaasJson *found, const char *wanted)
{
	if (*step->member == '\0')
		return psprintf("rows are in a value of type %s, not %s", dbaas_json_type_name(found),
						wanted);
	return psprintf("field \"%s\" is of type %s, not %s", step->member,
					dbaas_json_type_name(found), wanted);
}

/*
 * Starts a step in the current value of the level above.  An absent container counts
 * as empty.  Returns the problem, or NULL.
 */
static char *
open_step(DbaasRows *rows, int level)
{
	Step	   *step = &rows->steps[level - 1];
	const DbaasJson *above = level_value(rows, level - 1);
	static const struct
	{
		DbaasJsonType type;
		const char *name;
	}			wanted[] = {
		/* STEP_VALUE takes anything */
		[STEP_ELEMENTS] = {DBAAS_JSON_ARRAY, "array"},
		[STEP_MEMBERS] = {DBAAS_JSON_OBJECT, "object"},
		[STEP_CELLS] = {DBAAS_JSON_OBJECT, "object"}
	};

	if (*step->member && !dbaas_json_is(above, DBAAS_JSON_OBJECT))
		return psprintf("element around field \"%s\" is of type %s, not object",
						step->member, dbaas_json_type_name(above));
	step->container = *step->member ? dbaas_json_member(above, step->member) : above;
	step->open = true;
	step->item = NULL;
	step->next_name = 0;
	if (step->container == NULL || step->kind == STEP_VALUE)
		return NULL;
	if (!dbaas_json_is(step->container, wanted[step->kind].type))
		return wrong_shape(step, step->container, wanted[step->kind].name);
	if (step->kind != STEP_CELLS)
		return NULL;

	step->cols = dbaas_json_member(step->container, "cols");
	step->lines = dbaas_json_member(step->container, "rows");
	if (!dbaas_json_is(step->cols, DBAAS_JSON_ARRAY) ||
		!dbaas_json_is(step->lines, DBAAS_JSON_ARRAY))
		return psprintf("field \"%s\" has no arrays \"cols\" and \"rows\"", step->member);
	step->ncols = dbaas_json_count(step->cols);
	step->line_number = 0;
	step->col = NULL;
	return NULL;
}

/* The item of a container behind "item"; the first when that is NULL. */
static const DbaasJson *
next_item(const DbaasJson *container, const DbaasJson *item)
{
	return item ? dbaas_json_next(container, item) : dbaas_json_first(container);
}

/*
 * Goes to the next cell of a table, line by line.  Each line begins with column 1,
 * since column 0 is the line's head.
 */
static bool
next_cell(Step *step)
{
	if (step->ncols < 2)
		return false;
	if (step->col)
		step->col = dbaas_json_next(step->cols, step->col);
	if (step->col)
	{
		if (step->cell)
			step->cell = dbaas_json_next(step->item, step->cell);
		return true;
	}

	step->item = next_item(step->lines, step->item);
	if (step->item == NULL)
		return false;
	step->current = step->item;
	step->line_number++;
	step->line_fits = dbaas_json_is(step->item, DBAAS_JSON_ARRAY) &&
		dbaas_json_count(step->item) == step->ncols;
	step->col = dbaas_json_next(step->cols, dbaas_json_first(step->cols));
	step->cell = step->line_fits ?
		dbaas_json_next(step->item, dbaas_json_first(step->item)) : NULL;
	return true;
}

/* Goes to the next of the members that a step names and the object has. */
static bool
next_named(Step *step)
{
	while (step->next_name < list_length(step->names))
	{
		const NamedMember *member = list_nth(step->names, step->next_name++);

		step->current = dbaas_json_member(step->container, member->name);
		if (step->current)
		{
			step->item = member->label;
			return true;
		}
	}
	return false;
}

/* Goes to the next value of an open step; false at its end. */
static bool
advance_step(Step *step)
{
	if (step->container == NULL)
		return false;
	if (step->kind == STEP_CELLS)
		return next_cell(step);
	if (step->names)
		return next_named(step);
	if (step->kind == STEP_VALUE)
	{
		if (step->item)
			return false;
		step->item = step->current = step->container;
		return true;
	}
	step->item = next_item(step->container, step->item);
	if (step->item)
		step->current = step->kind == STEP_MEMBERS ? step->item + 1 : step->item;
	return step->item != NULL;
}

/* The reason why the current value of the last step cannot be a row, or NULL. */
static char *
row_problem(DbaasRows *rows)
{
	Step	   *last = rows->nsteps ? &rows->steps[rows->nsteps - 1] : NULL;
	const DbaasJson *row = level_value(rows, rows->nsteps);

	if (last && last->kind == STEP_CELLS)
	{
		if (last->line_fits)
			return NULL;
		return psprintf("line " INT64_FORMAT " of field \"%s\" is not an array of as many values "
						"as there are columns",
						last->line_number, last->member);
	}
	if (!rows->values && !dbaas_json_is(row, DBAAS_JSON_OBJECT))
		return psprintf("row " INT64_FORMAT " is of type %s, not object",
						rows->number, dbaas_json_type_name(row));
	return NULL;
}

bool
dbaas_rows_next(DbaasRows *rows, char **problem)
{
	int			level = rows->nsteps;

	*problem = NULL;
	if (rows->nsteps == 0)
	{
		if (rows->started)
			return false;
		rows->started = true;
		rows->number = 1;
		*problem = row_problem(rows);
		return *problem == NULL;
	}

	/*
	 * Advances the last step.  At its end, advances the step before it, and
	 * starts the last step in that one's new value.
	 */
	if (!rows->started)
		level = 1;
	rows->started = true;
	while (level >= 1)
	{
		Step	   *step = &rows->steps[level - 1];

		if (!step->open && (*problem = open_step(rows, level)) != NULL)
			return false;
		if (!advance_step(step))
		{
			step->open = false;
			level--;
		}
		else if (level < rows->nsteps)
			level++;
		else
		{
			rows->number++;
			*problem = row_problem(rows);
			return *problem == NULL;
		}
	}
	return false;
}

int64
dbaas_rows_number(const DbaasRows *rows)
{
	return rows->number;
}

int64
dbaas_rows_first_count(const DbaasRows *rows)
{
	const DbaasJson *array = rows->nsteps ?
		dbaas_json_member(rows->response, rows->steps[0].member) : NULL;

	return dbaas_json_is(array, DBAAS_JSON_ARRAY) ? dbaas_json_count(array) : 0;
}

void
dbaas_rows_rewind(DbaasRows *rows)
{
	rows->started = false;
	rows->number = 0;
	for (int i = 0; i < rows->nsteps; i++)
		rows->steps[i].open = false;
}

const DbaasJson *
dbaas_rows_get_position(const DbaasRows *rows)
{
	Assert(rows->nsteps == 1 && rows->steps[0].kind == STEP_ELEMENTS);
	return rows->steps[0].item;
}

void
dbaas_rows_set_position(DbaasRows *rows, const DbaasJson *position, int64 number)
{
	Assert(rows->nsteps == 1 && rows->steps[0].kind == STEP_ELEMENTS);
	rows->started = true;
	rows->steps[0].open = true;
	rows->steps[0].item = rows->steps[0].current = position;
	rows->number = number;
}

/* Parses one alternative of a "field" expression, of len bytes. */
static DbaasField *
parse_field(const char *expression, size_t len)
{
	static const struct
	{
		const char *text;
		FieldKind	kind;
	}			special[] = {
		{"*", FIELD_WHOLE}, {"#key", FIELD_KEY}, {"#label", FIELD_LABEL},
		{"#first", FIELD_FIRST}, {"#value", FIELD_VALUE}
	};
	DbaasField *field = palloc0(sizeof(DbaasField));
	const char *p = pnstrdup(expression, len);

	for (; strncmp(p, "../", 3) == 0; p += 3)
		field->up++;
	for (size_t i = 0; i < lengthof(special); i++)
	{
		if (strcmp(p, special[i].text) == 0)
		{
			field->kind = special[i].kind;
			return field;
		}
	}
	field->kind = FIELD_MEMBER;
	while (field->nmembers < MAX_MEMBERS)
	{
		/* Names beyond the last that is allowed are part of that one. */
		size_t		n = field->nmembers == MAX_MEMBERS - 1 ? strlen(p) : strcspn(p, "/");

		field->members[field->nmembers++] = pnstrdup(p, n);
		p += n;
		if (*p++ == '\0')
			break;
	}
	return field;
}

DbaasField *
dbaas_rows_parse_field(const char *expression)
{
	DbaasField *first = NULL;
	DbaasField **last = &first;

	for (;;)
	{
		size_t		len = strcspn(expression, "|");

		*last = parse_field(expression, len);
		last = &(*last)->alternative;
		if (expression[len] == '\0')
			return first;
		expression += len + 1;
	}
}

char *
dbaas_rows_check_field(const char *expression)
{
	for (DbaasField *field = dbaas_rows_parse_field(expression); field; field = field->alternative)
	{
		for (int i = 0; i < field->nmembers; i++)
		{
			if (*field->members[i] == '\0')
				return pstrdup("It has an empty name");
			if (*field->members[i] == '#')
				return pstrdup("Only #key, #label, #first and #value begin with #");
			if (strcmp(field->members[i], "..") == 0)
				return pstrdup("\"../\" may stand only at its beginning");
		}
	}
	return NULL;
}

/* The kind of the step of a level. */
static StepKind
level_kind(const DbaasRows *rows, int level)
{
	return level > 0 ? rows->steps[level - 1].kind : STEP_VALUE;
}

char *
dbaas_rows_check_field_in(const char *expression, const char *rows_expression)
{
	DbaasRows  *rows = dbaas_rows_begin(rows_expression, true, NULL);

	for (DbaasField *field = dbaas_rows_parse_field(expression); field; field = field->alternative)
	{
		int			level = rows->nsteps - field->up;

		if (level < 0)
			return psprintf("it has more \"../\" than \"%s\" has steps", rows_expression);
		if (field->kind == FIELD_KEY && level_kind(rows, level) != STEP_MEMBERS)
			return pstrdup("only a step with {} has a #key");
		if ((field->kind == FIELD_LABEL || field->kind == FIELD_FIRST ||
			 field->kind == FIELD_VALUE) &&
			level_kind(rows, level) != STEP_CELLS)
			return pstrdup("only a step with <> has a #label, #first and #value");
	}
	return NULL;
}

bool
dbaas_rows_field_is_member(const char *expression)
{
	for (DbaasField *field = dbaas_rows_parse_field(expression); field; field = field->alternative)
	{
		if (field->kind == FIELD_MEMBER && field->up == 0)
			return true;
	}
	return false;
}

/*
 * The member of that name.  A leading "{a}" in the name is replaced by the value
 * of member a of the same object.
 */
static const DbaasJson *
named_member(const DbaasJson *object, const char *name)
{
	const char *end = *name == '{' ? strchr(name, '}') : NULL;
	const DbaasJson *member;
	char	   *other;
	char	   *value;
	char	   *full_name;

	if (end == NULL)
		return dbaas_json_member(object, name);
	other = pnstrdup(name + 1, end - name - 1);
	value = dbaas_json_member_string(object, other);
	pfree(other);
	if (value == NULL)
		return NULL;
	full_name = psprintf("%s%s", value, end + 1);
	member = dbaas_json_member(object, full_name);
	pfree(value);
	pfree(full_name);
	return member;
}

/* The value of one alternative in the current row. */
static const DbaasJson *
find_value(const DbaasRows *rows, const DbaasField *field)
{
	int			level = rows->nsteps - field->up;
	const Step *step;
	const DbaasJson *value;

	if (level < 0)
		return NULL;
	step = level > 0 ? &rows->steps[level - 1] : NULL;
	value = level_value(rows, level);
	switch (field->kind)
	{
		case FIELD_WHOLE:
			return dbaas_json_unless_null(value);
		case FIELD_KEY:
			return step && step->kind == STEP_MEMBERS ? step->item : NULL;
		case FIELD_LABEL:
			return step && step->kind == STEP_CELLS ? dbaas_json_member(step->col, "label") : NULL;
		case FIELD_FIRST:
			return step && step->kind == STEP_CELLS ?
				dbaas_json_unless_null(dbaas_json_first(value)) : NULL;
		case FIELD_VALUE:
			return step && step->kind == STEP_CELLS ? dbaas_json_unless_null(step->cell) : NULL;
		case FIELD_MEMBER:
			for (int i = 0; i < field->nmembers && value; i++)
				value = named_member(value, field->members[i]);
			return value;
	}
	return NULL;
}

const DbaasJson *
dbaas_rows_field(const DbaasRows *rows, const DbaasField *field)
{
	const DbaasJson *value = NULL;

	for (; field && value == NULL; field = field->alternative)
		value = find_value(rows, field);
	return value;
}
