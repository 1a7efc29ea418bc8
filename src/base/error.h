/*-------------------------------------------------------------------------
 *
 * error.h
 *		Errors as values, and how they are raised.
 *
 * The convention, which holds everywhere: below the executor an error is a value.
 * A function that can fail returns a DbaasError *, or NULL for success, and stores
 * its result through a pointer.  What surrounds it cleans up and passes the error
 * on.  Only the folders plan, write, scan, lookahead and surface raise errors:
 *
 *	- a value, with dbaas_table_raise(), which names the table and the column, or
 *	  with dbaas_error_raise() where there is no table;
 *	- their own, with ereport().
 *
 * Below them, these alone raise: functions that run out of memory, waits that serve
 * interrupts, the validator of options, and dbaas_table_get().  test/check-layers
 * has a list of the modules that do not call ereport() and the like at all.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ERROR_H
#define DBAAS_ERROR_H

#include "access/attnum.h"

#include "base/compat.h"

/* The most bytes of a text of the API's that an error shows. */
#define DBAAS_EXCERPT_BYTES 500

typedef struct DbaasError
{
	int			sqlerrcode;
	const char *message;
	const char *detail;			/* or NULL */
	const char *hint;			/* or NULL */
	Oid			relid;			/* table that it is about, or InvalidOid */
	AttrNumber	attnum;			/* column of that table, or 0 */
	int			column;			/* column of the catalogue plus 1, or 0: from
								 * it dbaas_table_raise() finds attnum */
	const char *file;			/* where it was made: constant texts */
	int			line;
	const char *function;
} DbaasError;

/*
 * dbaas_error_new(sqlerrcode, format, ...): an error with that message, in the
 * current memory context.  The other members are 0 or NULL; the caller may set
 * them.
 */
#define dbaas_error_new(...) \
	dbaas_error_make(__FILE__, __LINE__, __func__, __VA_ARGS__)

extern DbaasError *dbaas_error_make(const char *file, int line, const char *function,
									int sqlerrcode, const char *format,...)
			pg_attribute_printf(5, 6) __attribute__((returns_nonnull));

/*
 * A text from outside as a message can quote it: at most max_bytes of it, whole
 * characters, in the server's encoding, with spaces for control characters and
 * question marks for bytes that are not UTF-8.  In the current memory context.
 */
extern char *dbaas_error_excerpt(const char *text, size_t len, size_t max_bytes);

/* The same of a name that somebody gave: at most NAMEDATALEN bytes of it. */
extern char *dbaas_error_name(const char *name);

/*
 * The text, in the server's encoding, with question marks for the characters that
 * the client's encoding lacks.  With these, PostgreSQL would send the client an
 * encoding error in place of the report.  Returns the text itself, or a copy in the
 * current memory context; NULL for NULL.
 */
extern const char *dbaas_error_shown(const char *text);

/* Does so with all texts of a caught error, its context too. */
extern void dbaas_error_show(ErrorData *edata);

/*
 * ereport() below ERROR, such as a WARNING.  The context ("where it came up") is
 * left out if the statement is hidden, and if the client's encoding may lack
 * characters of it: PostgreSQL would make an error of the WARNING.
 */
#define dbaas_error_notice(...) \
	do { \
		ErrorContextCallback *context_ = error_context_stack; \
		error_context_stack = dbaas_error_shown_context(); \
		ereport(__VA_ARGS__); \
		error_context_stack = context_; \
	} while (0)

/* The context callbacks that dbaas_error_notice() leaves in place. */
extern ErrorContextCallback *dbaas_error_shown_context(void);

/*
 * Used in an ereport() as errtable() and errtablecol() are: names the table, if it
 * exists, and its column unless attnum is 0.
 */
extern int	dbaas_error_about(Oid relid, AttrNumber attnum);

/*
 * Raises an error value, with the location where it was made.  If a cancel has
 * come meanwhile, raises that instead, as a wait would have.
 */
pg_noreturn extern void dbaas_error_raise(const DbaasError *error);

/* The same without a look at cancels: for errors about writes that were sent. */
pg_noreturn extern void dbaas_error_raise_always(const DbaasError *error);

/* The ERROR of memory that ran out (53200), as palloc() raises it. */
pg_noreturn extern void dbaas_error_out_of_memory(void);

/*
 * Hides statements that may hold a secret.
 *
 * dbaas_error_hide() with "hides" marks what the client is running as hidden, until
 * it ends, be it a string of several statements or a function.  Between
 * dbaas_error_hide() and dbaas_error_unhide(), every report in a hidden statement,
 * by PostgreSQL's functions too, leaves out
 *
 *	- in the server's log, the statement and the context;
 *	- for the client, the context: a line of COPY, the text of an EXECUTE,
 *	  parameters.
 *
 * dbaas_error_raise() and dbaas_error_notice() leave them out in any case, once a
 * statement is hidden.
 */
typedef struct DbaasHiding
{
	ErrorContextCallback callback;
	ErrorContextCallback *outer;
} DbaasHiding;

extern void dbaas_error_hide(DbaasHiding *hiding, bool hides);
extern void dbaas_error_unhide(const DbaasHiding *hiding);

/*
 * The candidate that "name" most likely means, by the number of letters that
 * differ; NULL when all differ in too many.  Candidates end with NULL; the result
 * is one of them.
 */
extern const char *dbaas_error_nearest(const char *name,
									   const char *const *candidates);

#endif							/* DBAAS_ERROR_H */
