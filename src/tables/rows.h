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

/*
 * What is wrong with an expression, such as "It has more than 4 steps"; or NULL
 * when nothing is.
 */
extern char *dbaas_rows_check(const char *expression);
extern char *dbaas_rows_check_field(const char *expression);

/*
 * What is wrong with a "field" expression when it is used with a "rows"
 * expression: it goes out by more objects than that goes in, or asks for what
 * only other steps have.  Each is right by itself.  NULL when nothing is wrong.
 */
extern char *dbaas_rows_check_field_in(const char *expression, const char *rows);

/* Does a "field" expression ask for a member of the row itself? */
extern bool dbaas_rows_field_is_member(const char *expression);

/* May the response with these rows be something else than an object? */
extern bool dbaas_rows_are_any(const char *expression, bool values);

/*
 * Starts before the first row.  Rows are objects, or with "values" anything.
 * The result is palloc'd; the response must outlive it.
 */
extern DbaasRows *dbaas_rows_begin(const char *expression, bool values, const DbaasJson *response);

/*
 * Goes to the next row.  Returns false when there is none, or when the response
 * has another shape than the expression says: then *problem says how.
 */
extern bool dbaas_rows_next(DbaasRows *rows, char **problem);

/* Number of the current row in the response, from 1. */
extern int64 dbaas_rows_number(const DbaasRows *rows);

/* Goes back before the first row. */
extern void dbaas_rows_rewind(DbaasRows *rows);

/* How many elements the array of the first step has; 0 when it is no array. */
extern int64 dbaas_rows_first_count(const DbaasRows *rows);

/*
 * The current row of an expression that is one "x[]", as a position, and the way
 * back to that position, which is of the row with that number.
 */
extern const DbaasJson *dbaas_rows_position(const DbaasRows *rows);
extern void dbaas_rows_return(DbaasRows *rows, const DbaasJson *position, int64 number);

/* Parses a "field" expression, in the current memory context. */
extern DbaasField *dbaas_rows_parse_field(const char *expression);

/*
 * The field's value in the current row; NULL when it is absent or null.
 * Belongs to the response.
 */
extern const DbaasJson *dbaas_rows_field(const DbaasRows *rows, const DbaasField *field);

#endif							/* DBAAS_ROWS_H */
