/*-------------------------------------------------------------------------
 *
 * rows.h
 *		The rows in a response, and the fields of a row.
 *
 * Follows the catalogue's "rows" and "field" expressions through a JSON value.
 * Knows nothing of SQL types.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ROWS_H
#define DBAAS_ROWS_H

#include "base/error.h"
#include "base/json.h"

/* A "rows" expression of the catalogue, over one response. */
typedef struct DbaasRows DbaasRows;

/* A "field" expression of the catalogue. */
typedef struct DbaasField DbaasField;

/* The problem of an expression, such as "It has more than 4 steps"; NULL when it has none. */
extern char *dbaas_rows_check(const char *expression);
extern char *dbaas_rows_check_field(const char *expression);

/*
 * The problem of using a valid "field" expression with a valid "rows" expression: the
 * field has more "../" than there are steps, or a "#" name that its step does not have.
 * NULL when there is none.
 */
extern char *dbaas_rows_check_field_in(const char *expression, const char *rows);

/* Is a "field" expression, or one of its alternatives, a member of the row itself? */
extern bool dbaas_rows_field_is_member(const char *expression);

/* May a response with these rows be another JSON value than an object? */
extern bool dbaas_rows_allow_any_json(const char *expression, bool values);

/*
 * Begins an iteration over the rows of a response, before the first row.  Rows have to
 * be objects, unless "values" is true.  The result is palloc'd; the response must
 * outlive it.
 */
extern DbaasRows *dbaas_rows_begin(const char *expression, bool values, const DbaasJson *response);

/*
 * Goes to the next row.  Returns false at the end; *problem is then NULL, or says how
 * the response differs from what the expression expects, palloc'd.
 */
extern bool dbaas_rows_next(DbaasRows *rows, char **problem);

/* Number of the current row in the response, from 1. */
extern int64 dbaas_rows_number(const DbaasRows *rows);

/* Goes back before the first row. */
extern void dbaas_rows_rewind(DbaasRows *rows);

/* The number of elements of the first step's array; 0 when it is not an array. */
extern int64 dbaas_rows_first_count(const DbaasRows *rows);

/*
 * For an expression that is a single step "x[]": the position of the current row, and
 * a way to make the row at such a position current again.  "number" is that of the row.
 */
extern const DbaasJson *dbaas_rows_get_position(const DbaasRows *rows);
extern void dbaas_rows_set_position(DbaasRows *rows, const DbaasJson *position, int64 number);

/* Parses a "field" expression, in the current memory context. */
extern DbaasField *dbaas_rows_parse_field(const char *expression);

/*
 * The field's value in the current row; NULL when it is absent or null.
 * Belongs to the response.
 */
extern const DbaasJson *dbaas_rows_field(const DbaasRows *rows, const DbaasField *field);

#endif							/* DBAAS_ROWS_H */
