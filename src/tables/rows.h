/*-------------------------------------------------------------------------
 *
 * rows.h
 *		The rows in an answer, and the fields of a row.
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

/* A "rows" expression of the catalogue, over one answer. */
typedef struct DbaasRows DbaasRows;

/* A "field" expression of the catalogue. */
typedef struct DbaasField DbaasField;

/*
 * What is wrong with an expression, such as "It has more than 4 steps"; or NULL
 * when nothing is.
 */
extern char *dbaas_rows_check(const char *expression);
extern char *dbaas_field_check(const char *expression);

/*
 * What is wrong with a "field" expression beneath a "rows" expression: it may
 * go out further than that goes in, or name what only other steps have.  Both
 * are right by themselves.  NULL when nothing is wrong.
 */
extern char *dbaas_field_check_rows(const char *expression, const char *rows);

/* Does a "field" expression ask for a member of the row itself? */
extern bool dbaas_field_is_member(const char *expression);

/* May an answer in which rows are found so be something else than an object? */
extern bool dbaas_rows_are_any(const char *expression, bool values);

/*
 * Starts before the first row.  Rows are objects, or with "values" anything.
 * The result is palloc'd; the answer must outlive it.
 */
extern DbaasRows *dbaas_rows_begin(const char *expression, bool values, const DbaasJson *answer);

/*
 * Goes to the next row.  Returns false when there is none, or when the answer
 * has another shape than the expression says: then *problem says how.
 */
extern bool dbaas_rows_next(DbaasRows *rows, char **problem);

/* Number of the current row in the answer, from 1. */
extern int64 dbaas_rows_number(const DbaasRows *rows);

/* Goes back before the first row. */
extern void dbaas_rows_rewind(DbaasRows *rows);

/* How many elements the array of the first step has. */
extern int64 dbaas_rows_first_count(const DbaasRows *rows);

/*
 * Where the current row of an expression that is one "x[]" stands; and back to
 * such a place, that of the row with that number.
 */
extern const DbaasJson *dbaas_rows_position(const DbaasRows *rows);
extern void dbaas_rows_return(DbaasRows *rows, const DbaasJson *position, int64 number);

/* Parses a "field" expression, in the current memory context. */
extern DbaasField *dbaas_field_parse(const char *expression);

/*
 * The field's value in the current row; NULL when it is absent or null.
 * Belongs to the answer.
 */
extern const DbaasJson *dbaas_rows_field(const DbaasRows *rows, const DbaasField *field);

#endif							/* DBAAS_ROWS_H */
