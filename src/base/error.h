/*-------------------------------------------------------------------------
 *
 * error.h
 *		Errors as values, and how they are raised.
 *
 * Below the executor, an error is a value.  A function that can fail returns a
 * DbaasError *, or NULL for success, and stores its result through a pointer.  Its
 * caller cleans up and passes the error on.  Only the folders plan, write, scan,
 * lookahead and surface raise errors:
 *
 *	- a value, with dbaas_table_raise(), which names the table and the column, or
 *	  with dbaas_error_raise() where there is no table;
 *	- their own, with ereport().
 *
 * Below these folders, errors are raised only when memory runs out, by waits that
 * serve interrupts, by the validator of options, and by dbaas_table_get().
 * test/check-layers lists the modules that may not call ereport() and the like.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ERROR_H
#define DBAAS_ERROR_H

#include "access/attnum.h"

#include "base/compat.h"

/* The most bytes that an error shows of a text from the API. */
#define DBAAS_EXCERPT_BYTES 500

typedef struct DbaasError
{
	int			sqlerrcode;
	const char *message;
	const char *detail;			/* or NULL */
	const char *hint;			/* or NULL */
	Oid			relid;			/* foreign table, or InvalidOid */
	AttrNumber	attnum;			/* column of that table, or 0 */
	int			column;			/* index of the resource's column, plus 1, or
								 * 0: dbaas_table_raise() finds attnum for it */
	bool		of_statement;	/* is it about the statement, and not about
								 * what it requested? */
	bool		of_request_limit;	/* is it that the statement may make no
									 * more requests? */
	const char *file;			/* source location, constant texts */
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
 * A UTF-8 text from outside, made safe to be quoted in a message: cut to max_bytes or
 * a few more, in the server's encoding, with spaces for control characters and
 * question marks for bytes that are not UTF-8.  In the current memory context.
 */
extern char *dbaas_error_excerpt(const char *text, size_t len, size_t max_bytes);

/* dbaas_error_excerpt() of a name, cut to NAMEDATALEN bytes. */
extern char *dbaas_error_name(const char *name);

/*
 * A text in the server's encoding, with question marks for the characters that the
 * client's encoding lacks.  For a report with such a character, PostgreSQL would send
 * the client an encoding error.  Returns the text itself, or a copy in the current
 * memory context; NULL for NULL.
 */
extern const char *dbaas_error_text_for_client(const char *text);

/* Replaces the texts of a caught error, its context too, by dbaas_error_text_for_client(). */
extern void dbaas_error_data_for_client(ErrorData *edata);

/*
 * ereport() with a level below ERROR.  Leaves the context out if the statement is
 * hidden, or if the client's encoding may lack characters of it: PostgreSQL would
 * raise an error when it sends the report.
 */
#define dbaas_error_notice(...) \
	do { \
		ErrorContextCallback *context_ = error_context_stack; \
		error_context_stack = dbaas_error_notice_context(); \
		ereport(__VA_ARGS__); \
		error_context_stack = context_; \
	} while (0)

/* The context callbacks that dbaas_error_notice() uses. */
extern ErrorContextCallback *dbaas_error_notice_context(void);

/*
 * Like errtable() and errtablecol(), for use in ereport(), but takes Oids: names the
 * table, unless it was dropped, and its column, unless attnum is 0.
 */
extern int	dbaas_error_about(Oid relid, AttrNumber attnum);

/*
 * Raises an error value, with the location where it was made.  Serves interrupts
 * first: if the statement was cancelled, that is the error.
 */
pg_noreturn extern void dbaas_error_raise(const DbaasError *error);

/* The same without serving interrupts, for errors about writes that were sent. */
pg_noreturn extern void dbaas_error_raise_always(const DbaasError *error);

/* Raises the error "out of memory" (53200). */
pg_noreturn extern void dbaas_error_out_of_memory(void);

/*
 * Hiding statements that may hold a secret.
 *
 * dbaas_error_hide_statement() with has_secret hides what the client is running: all
 * of its statement, or of its string of several statements, until that ends.  Between
 * that call and dbaas_error_unhide_statement(), reports by PostgreSQL's functions too
 * leave out
 *
 *	- in the server's log, the statement and the context;
 *	- for the client, the context, such as a line of COPY, the text of an EXECUTE, or
 *	  parameters.
 *
 * Without has_secret, this holds only if the statement is already hidden.  Outside of
 * the two calls, dbaas_error_raise() and dbaas_error_notice() leave the same out of
 * reports about a hidden statement.
 */
typedef struct DbaasHiding
{
	ErrorContextCallback callback;
	ErrorContextCallback *outer;	/* to be restored */
} DbaasHiding;

extern void dbaas_error_hide_statement(DbaasHiding *hiding, bool has_secret);
extern void dbaas_error_unhide_statement(const DbaasHiding *hiding);

/*
 * The candidate with the least edit distance from a misspelt name; NULL when none is
 * near enough.  Candidates end with NULL.
 */
extern const char *dbaas_error_nearest(const char *name,
									   const char *const *candidates);

#endif							/* DBAAS_ERROR_H */
