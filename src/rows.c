/*-------------------------------------------------------------------------
 *
 * rows.c
 *		The rows in an answer, and the fields of a row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rows.h"

#define MAX_STEPS 3
#define MAX_MEMBERS 3

typedef enum StepKind
{
	STEP_ELEMENTS,				/* x[] */
	STEP_MEMBERS,				/* x{} */
	STEP_CELLS					/* x<> */
} StepKind;

/*
 * A step of the expression, and where the iteration stands in it.
 */
typedef struct Step
{
	StepKind	kind;
	char	   *member;
	DbaasJson *container;	/* array, object or table */
	size_t		index;			/* element, or row of the table */
	size_t		column;			/* of the table */
	struct json_object_iterator member_now;
	struct json_object_iterator member_end;
	DbaasJson *current;	/* what the step stands on */
	const char *key;			/* its name, for STEP_MEMBERS */
	DbaasJson *key_value;
	bool		open;
} Step;

struct DbaasRows
{
	MemoryContext cxt;
	DbaasJson *answer;
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
	int			up;				/* how many objects out */
	int			nmembers;
	char	   *members[MAX_MEMBERS];
};

DbaasRows *
dbaas_rows_begin(const char *expression, DbaasJson *answer)
{
	DbaasRows  *rows = palloc0(sizeof(DbaasRows));
	const char *p = expression;

	rows->cxt = CurrentMemoryContext;
	rows->answer = answer;
	while (*p)
	{
		Step	   *step = &rows->steps[rows->nsteps++];
		size_t		len = strcspn(p, "[{<");

		Assert(rows->nsteps <= MAX_STEPS);
		step->member = pnstrdup(p, len);
		step->kind = p[len] == '[' ? STEP_ELEMENTS :
			p[len] == '{' ? STEP_MEMBERS : STEP_CELLS;
		p += len + 2;
		if (*p == '.')
			p++;
	}
	return rows;
}

/* The value that a level stands on: the answer, or a step's. */
static DbaasJson *
level_value(DbaasRows *rows, int level)
{
	return level == 0 ? rows->answer : rows->steps[level - 1].current;
}

static char *
wrong_shape(const Step *step, DbaasJson *found, const char *wanted)
{
	return psprintf("field \"%s\" is of type %s, not %s", step->member,
					dbaas_json_type_name(found), wanted);
}

/* Checks that a table has arrays of columns and rows. */
static char *
check_table(const Step *step)
{
	DbaasJson *cols = dbaas_json_member(step->container, "cols");
	DbaasJson *rows = dbaas_json_member(step->container, "rows");

	if (!json_object_is_type(cols, json_type_array) || !json_object_is_type(rows, json_type_array))
		return psprintf("field \"%s\" has no arrays \"cols\" and \"rows\"", step->member);
	return NULL;
}

/*
 * Opens a step below what the level above stands on.  An absent container has
 * nothing in it.  Returns what is wrong, or NULL.
 */
static char *
open_step(DbaasRows *rows, int level)
{
	Step	   *step = &rows->steps[level - 1];
	DbaasJson *above = level_value(rows, level - 1);
	static const struct
	{
		enum json_type type;
		const char *name;
	}			wanted[] = {
		[STEP_ELEMENTS] = {json_type_array, "array"},
		[STEP_MEMBERS] = {json_type_object, "object"},
		[STEP_CELLS] = {json_type_object, "object"}
	};

	if (!json_object_is_type(above, json_type_object))
		return psprintf("an element around field \"%s\" is of type %s, not object",
						step->member, dbaas_json_type_name(above));
	step->container = dbaas_json_member(above, step->member);
	step->open = true;
	step->index = 0;
	step->column = 0;
	if (step->container == NULL)
		return NULL;
	if (!json_object_is_type(step->container, wanted[step->kind].type))
		return wrong_shape(step, step->container, wanted[step->kind].name);
	if (step->kind == STEP_MEMBERS)
	{
		step->member_now = json_object_iter_begin(step->container);
		step->member_end = json_object_iter_end(step->container);
	}
	return step->kind == STEP_CELLS ? check_table(step) : NULL;
}

/* Goes to the next cell; column 0 heads each row of the table. */
static bool
next_cell(Step *step)
{
	DbaasJson *cols = dbaas_json_member(step->container, "cols");
	DbaasJson *lines = dbaas_json_member(step->container, "rows");

	if (json_object_array_length(cols) < 2)
		return false;
	if (++step->column >= json_object_array_length(cols))
	{
		step->column = 1;
		step->index++;
	}
	if (step->index >= json_object_array_length(lines))
		return false;
	step->current = json_object_array_get_idx(lines, step->index);
	return true;
}

/* Goes on within an open step.  Returns false at its end. */
static bool
advance_step(Step *step)
{
	if (step->container == NULL)
		return false;
	switch (step->kind)
	{
		case STEP_ELEMENTS:
			if (step->index >= json_object_array_length(step->container))
				return false;
			step->current = json_object_array_get_idx(step->container, step->index++);
			return true;
		case STEP_MEMBERS:
			if (json_object_iter_equal(&step->member_now, &step->member_end))
				return false;
			step->key = json_object_iter_peek_name(&step->member_now);
			step->current = json_object_iter_peek_value(&step->member_now);
			json_object_iter_next(&step->member_now);
			return true;
		case STEP_CELLS:
			return next_cell(step);
	}
	return false;
}

/* Is what the last step stands on fit to be a row? */
static char *
check_row(DbaasRows *rows)
{
	Step	   *last = rows->nsteps ? &rows->steps[rows->nsteps - 1] : NULL;
	DbaasJson *row = level_value(rows, rows->nsteps);

	if (last && last->kind == STEP_CELLS)
	{
		DbaasJson *cols = dbaas_json_member(last->container, "cols");

		if (json_object_is_type(row, json_type_array) &&
			json_object_array_length(row) == json_object_array_length(cols))
			return NULL;
		return psprintf("line %zu of field \"%s\" is not an array of as many values as there are columns",
						last->index + 1, last->member);
	}
	if (!json_object_is_type(row, json_type_object))
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
		return true;
	}

	/* Down to the innermost step, and out again where one is at its end. */
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
			*problem = check_row(rows);
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
	DbaasJson *array = rows->nsteps ?
		dbaas_json_member(rows->answer, rows->steps[0].member) : NULL;

	return json_object_is_type(array, json_type_array) ?
		(int64) json_object_array_length(array) : 0;
}

void
dbaas_rows_rewind(DbaasRows *rows)
{
	rows->started = false;
	rows->number = 0;
	for (int i = 0; i < rows->nsteps; i++)
		rows->steps[i].open = false;
}

bool
dbaas_rows_seek(DbaasRows *rows, int64 index, char **problem)
{
	Assert(rows->nsteps == 1 && rows->steps[0].kind == STEP_ELEMENTS);
	rows->started = true;
	*problem = rows->steps[0].open ? NULL : open_step(rows, 1);
	if (*problem)
		return false;
	rows->steps[0].index = index;
	rows->number = index;
	return dbaas_rows_next(rows, problem);
}

DbaasField *
dbaas_field_parse(const char *expression)
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
	const char *p = expression;

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
		/* The last takes the rest, slashes and all. */
		size_t		len = field->nmembers == MAX_MEMBERS - 1 ? strlen(p) : strcspn(p, "/");

		field->members[field->nmembers++] = pnstrdup(p, len);
		p += len;
		if (*p++ == '\0')
			break;
	}
	return field;
}

/* The name of a member, as a value that belongs to the rows. */
static DbaasJson *
key_value(DbaasRows *rows, Step *step)
{
	if (step->key_value == NULL || strcmp(json_object_get_string(step->key_value), step->key) != 0)
	{
		step->key_value = json_object_new_string(step->key);
		dbaas_json_own(rows->cxt, step->key_value);
	}
	return step->key_value;
}

DbaasJson *
dbaas_rows_field(DbaasRows *rows, const DbaasField *field)
{
	int			level = rows->nsteps - field->up;
	Step	   *step;
	DbaasJson *value;

	if (level < 0)
		return NULL;
	step = level > 0 ? &rows->steps[level - 1] : NULL;
	value = level_value(rows, level);
	switch (field->kind)
	{
		case FIELD_WHOLE:
			return value;
		case FIELD_KEY:
			return step && step->kind == STEP_MEMBERS ? key_value(rows, step) : NULL;
		case FIELD_LABEL:
			if (step && step->kind == STEP_CELLS)
				return dbaas_json_member(json_object_array_get_idx(dbaas_json_member(step->container, "cols"),
																   step->column), "label");
			return NULL;
		case FIELD_FIRST:
			return step && step->kind == STEP_CELLS ? json_object_array_get_idx(value, 0) : NULL;
		case FIELD_VALUE:
			return step && step->kind == STEP_CELLS ?
				json_object_array_get_idx(value, step->column) : NULL;
		case FIELD_MEMBER:
			for (int i = 0; i < field->nmembers && value; i++)
				value = dbaas_json_member(value, field->members[i]);
			return value;
	}
	return NULL;
}
