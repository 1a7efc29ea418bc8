/*-------------------------------------------------------------------------
 *
 * writer.h
 *		A writer of rows of a table, and the values of those rows.
 *
 * Knows how SQL values become text and JSON in UTF-8, and which the API accepts;
 * knows neither requests nor what the transaction has queued.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_WRITER_H
#define DBAAS_WRITER_H

#include "access/tupdesc.h"
#include "fmgr.h"
#include "nodes/bitmapset.h"

#include "base/json.h"
#include "read/read.h"
#include "tables/table.h"

/* A row: as many values and flags as the table has attributes. */
typedef struct DbaasRowValues
{
	const Datum *values;
	const bool *isnull;
} DbaasRowValues;

/* Does a row need a write? */
typedef enum DbaasWriteNeed
{
	DBAAS_WRITE_NEEDED,
	DBAAS_WRITE_NOTHING,		/* an UPDATE changes no value */
	DBAAS_WRITE_GONE			/* the transaction has deleted the row, or the
								 * statement has updated it already */
} DbaasWriteNeed;

/* What an UPDATE gives to an object. */
typedef enum DbaasGiven
{
	DBAAS_GIVES_OBJECT,			/* all of it */
	DBAAS_GIVES_MEMBERS,		/* some members; others are as they were read */
	DBAAS_GIVES_UNKNOWN			/* what it gives is made of the object */
} DbaasGiven;

/*
 * Tells what an UPDATE gives to the object in an attribute of the row that is being written.
 * Of members, stores the names, char * in UTF-8, in the current memory context.
 */
typedef DbaasGiven (*DbaasGivenMembers) (void *arg, AttrNumber attnum, List **names);

/* Writes rows of one table by one command.  Only writer.c changes it. */
typedef struct DbaasWriter
{
	const DbaasTable *table;
	const DbaasResource *resource;
	DbaasCommand command;
	TupleDesc	desc;
	FmgrInfo   *outputs;		/* output functions, by attribute number - 1 */
	Oid			userid;
	DbaasRead	lookup;			/* for reads of what the rows do not show,
								 * such as lists of services; it counts them */
	int			batch;			/* number that the writes of the statement
								 * share */
	int			read_after;		/* dbaas_queue_send_count() before the rows
								 * were read */
	const Bitmapset *set;		/* attributes that an UPDATE sets */
	const Bitmapset *computed_from; /* attributes that it computes values from */
	bool		triggered;		/* may a trigger compute values of its rows? */
	DbaasGivenMembers given;	/* which it gives to an object, for given_arg */
	void	   *given_arg;
	bool		makes_service;	/* do its rows become services? */
	bool		needs_type;		/* dbaas_catalogue_write_needs_type() */
	bool		reads_kept;		/* dbaas_writable_reads_kept() */
} DbaasWriter;

/*
 * A writer for an INSERT, UPDATE or DELETE by a user, in the statement whose executor
 * uses query_cxt; in the current memory context.  Raises ERROR when there is no user
 * mapping (28000), or when two columns of the table show a field that the command
 * may set (0A000).
 */
extern DbaasWriter *dbaas_writer_new(const DbaasTable *table, TupleDesc desc,
									 DbaasCommand command, Oid userid, MemoryContext query_cxt);

/*
 * The same for a table whose rows the user reads, and from whose attributes "read" an UPDATE
 * computes values for rows of another one: for dbaas_write_check_source().  NULL if that user
 * cannot read them.  Raises no ERROR.
 */
extern DbaasWriter *dbaas_writer_new_source(const DbaasTable *table, TupleDesc desc, Oid userid,
											const Bitmapset *read, MemoryContext query_cxt);

/*
 * Tells the writer of an UPDATE which attributes the statement sets, from which attributes
 * it computes values, both sets of attribute numbers, and the rest as in struct DbaasWriter.
 * All have to live as long as the writer.
 */
extern void dbaas_writer_set_updated(DbaasWriter *writer, const Bitmapset *set,
									 const Bitmapset *computed_from, bool triggered,
									 DbaasGivenMembers given, void *given_arg);

/*
 * May values that the UPDATE sets have been computed from the attribute as it was read?  A
 * trigger may have computed one from each.
 */
extern bool dbaas_writer_computes_from(const DbaasWriter *writer, AttrNumber attnum);

/* The member of the command's body that a catalogue column is sent as, or NULL. */
extern const char *dbaas_writer_member(const DbaasWriter *writer, int column);

/*
 * Does the catalogue know the type of service?  If not, what its writes accept is left to
 * the API.  True if the command does not depend on the type.
 */
extern bool dbaas_writer_knows_type(const DbaasWriter *writer, const char *type);

/* dbaas_writable_name() for the table of the writer. */
extern const char *dbaas_writer_name(const DbaasWriter *writer, int column);

/* In ereport(): the error is about the attribute that shows a catalogue column. */
extern int	dbaas_writer_about(const DbaasWriter *writer, int column);

/*
 * A row's value of a catalogue column as text in UTF-8; NULL when it is null, or
 * when the table has no such column.
 */
extern const char *dbaas_writer_text(DbaasWriter *writer, const DbaasRowValues *row, int column);

/*
 * A row's value of the attribute with that index (its number - 1): as JSON of the
 * type that the API has there, or a JSON string if it is not of that type; NULL when
 * it is null.
 */
extern const DbaasJson *dbaas_writer_json(DbaasWriter *writer, const DbaasRowValues *row,
										  int index);

/*
 * The text of a row's value of that attribute, which must not be null, in UTF-8: a JSON
 * array, unless its SQL type is not an array.
 */
extern const char *dbaas_writer_array(DbaasWriter *writer, const DbaasRowValues *row, int index);

/*
 * The text of a row's value of that attribute, which must not be null, in the server's
 * encoding, with "***" for each secret in it; NULL if there is none, or the value is no JSON.
 */
extern char *dbaas_writer_without_secrets(DbaasWriter *writer, const DbaasRowValues *row,
										  int index);

/* Does the new row have the same value of the attribute with that index as the old row? */
extern bool dbaas_writer_keeps(DbaasWriter *writer, const DbaasRowValues *old_row,
							   const DbaasRowValues *new_row, int index);

/*
 * Raise the ERROR that the API does not accept a value of a catalogue column (22023).  It
 * shows the value, unless that is NULL or the column is secret.  The first takes the hint,
 * the second what is allowed, such as "whole numbers".
 */
pg_noreturn extern void dbaas_writer_refuse(const DbaasWriter *writer, int column,
											const char *value, const char *hint);
pg_noreturn extern void dbaas_writer_refuse_unless(const DbaasWriter *writer, int column,
												   const char *value, const char *allowed);

/* Raises that ERROR when writes to a service of the type, or NULL, do not accept the value. */
extern void dbaas_writer_check_domain(const DbaasWriter *writer, int column, const char *type,
									  const char *value);

/*
 * Parses text that a catalogue column was given as JSON.  Raises that ERROR when it is
 * not JSON of the type, which "allowed" describes.
 */
extern const DbaasJson *dbaas_writer_parse(const DbaasWriter *writer, int column,
										   const char *text, DbaasJsonType type,
										   const char *allowed);

/* Raises the ERROR that the catalogue column has to have a value (23502). */
pg_noreturn extern void dbaas_writer_refuse_missing(const DbaasWriter *writer, int column);

/*
 * Raises ERROR when a row gives a value to a column that the command cannot set
 * (0A000).  A column that keeps its value is not set.
 */
extern void dbaas_writer_check_settable(DbaasWriter *writer, const DbaasRowValues *old_row,
										const DbaasRowValues *new_row);

#endif							/* DBAAS_WRITER_H */
