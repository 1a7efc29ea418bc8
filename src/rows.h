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

#include "error.h"
#include "json.h"

/* A "rows" expression of the catalogue, over one answer. */
typedef struct DbaasRows DbaasRows;

/* A "field" expression of the catalogue; "*" is the row's whole object. */
typedef struct DbaasField DbaasField;

/*
 * Starts before the first row.  The expression must outlive the result, which
 * is palloc'd; the answer too.
 */
extern DbaasRows *dbaas_rows_begin(const char *expression, DbaasJson *answer);

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
 * Goes to the element with that index, from 0, of an expression that is one
 * "x[]".  Fails as dbaas_rows_next() does.
 */
extern bool dbaas_rows_seek(DbaasRows *rows, int64 index, char **problem);

/* Parses a "field" expression, in the current memory context. */
extern DbaasField *dbaas_field_parse(const char *expression);

/*
 * The field's value in the current row; NULL when it is absent or null.
 * Belongs to the answer, or to the rows until they go on.
 */
extern DbaasJson *dbaas_rows_field(DbaasRows *rows, const DbaasField *field);

#endif							/* DBAAS_ROWS_H */
