/*-------------------------------------------------------------------------
 *
 * error.h
 *		Errors as values.
 *
 * The layers that speak to the API return a DbaasError; the layer that knows
 * the statement raises it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ERROR_H
#define DBAAS_ERROR_H

#include "access/attnum.h"

#include "base/compat.h"

/* Bytes of the API's own words that an error shows. */
#define DBAAS_EXCERPT_BYTES 500

typedef struct DbaasError
{
	int			sqlerrcode;
	const char *message;
	const char *detail;			/* or NULL */
	const char *hint;			/* or NULL */
	Oid			relid;			/* table that it is of, or InvalidOid */
	AttrNumber	attnum;			/* column of that, or 0 */
	int			column;			/* the same of the catalogue, from 1; or 0 */
	const char *file;			/* where it was made: constant texts */
	int			line;
	const char *function;
} DbaasError;

/*
 * An error in the current memory context, with a formatted message.  Detail
 * and hint start as NULL; who made the error may set them.
 */
#define dbaas_error_new(...) \
	dbaas_error_make(__FILE__, __LINE__, __func__, __VA_ARGS__)

extern DbaasError *dbaas_error_make(const char *file, int line, const char *function,
									int sqlerrcode, const char *format,...)
			pg_attribute_printf(5, 6);

/*
 * Text that came from outside, fit for a message: at most max_bytes of it,
 * whole characters, in the server's encoding, without control characters.
 * Bytes that are not UTF-8 become question marks.  In the current memory
 * context.
 */
extern char *dbaas_error_excerpt(const char *text, size_t len, size_t max_bytes);

/*
 * A text in the server's encoding as this session's client can be shown it:
 * characters that its encoding lacks become question marks.  Otherwise the
 * report that holds them would not be sent, but an error about its encoding.
 * The text itself, or a copy in the current memory context; NULL stays NULL.
 */
extern const char *dbaas_error_shown(const char *text);

/* The same for all that a caught error says, its context too. */
extern void dbaas_error_show(ErrorData *edata);

/*
 * ereport() of what is no error.  Where it came up is left out of a hidden
 * statement's.  It may also hold what the client's encoding lacks, and then
 * PostgreSQL makes an error of it: so it is left out there, too.
 */
#define dbaas_error_notice(...) \
	do { \
		ErrorContextCallback *context_ = error_context_stack; \
		error_context_stack = dbaas_error_shown_context(); \
		ereport(__VA_ARGS__); \
		error_context_stack = context_; \
	} while (0)

extern ErrorContextCallback *dbaas_error_shown_context(void);

/*
 * In an ereport(), what errtable() and errtablecol() are: names the table, if that
 * is there, and the column unless attnum is 0.
 */
extern int	dbaas_error_about(Oid relid, AttrNumber attnum);

/*
 * ereport(ERROR) of an error value, whose location is where it was made.  A
 * cancel that has come meanwhile goes first, as it would have in a wait.
 */
pg_noreturn extern void dbaas_error_raise(const DbaasError *error);

/* The same for what must be said in any case, as of writes that were sent. */
pg_noreturn extern void dbaas_error_raise_always(const DbaasError *error);

/*
 * Statements that may hold a secret.  With "hides", what the client is running
 * is hidden from now on until its end, be it a string of several statements or
 * a function.  Until dbaas_error_unhide(), whoever reports something over a
 * hidden one, PostgreSQL's functions that are called here too, leaves the
 * statement out of the server's log, and where it came up out of that and of
 * what the client is told: the text of a line of COPY, the statement of an
 * EXECUTE, parameters.  Errors by value and dbaas_error_notice() do so in any case.
 */
typedef struct DbaasHiding
{
	ErrorContextCallback callback;
	ErrorContextCallback *outer;
} DbaasHiding;

extern void dbaas_error_hide(DbaasHiding *hiding, bool hides);
extern void dbaas_error_unhide(const DbaasHiding *hiding);

/*
 * The candidate that "name" most likely means, or NULL when none is near.
 * Candidates end with NULL; the result is one of them.
 */
extern const char *dbaas_error_nearest(const char *name,
									   const char *const *candidates);

#endif							/* DBAAS_ERROR_H */
