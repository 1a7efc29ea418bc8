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

/* Writes rows of one table by one command; others only read it. */
typedef struct DbaasWriter
{
	const DbaasTable *table;
	const DbaasResource *resource;
	DbaasCommand command;
	TupleDesc	desc;
	FmgrInfo   *outputs;		/* output functions, by attribute number - 1 */
	Oid			userid;
	DbaasRead	lookup;			/* how to read lists of services and the like */
	int			batch;			/* number that the writes of the statement
								 * share */
	int			read_after;		/* dbaas_queue_sendings() before the rows were
								 * read */
	const Bitmapset *set;		/* attributes that an UPDATE sets */
	const Bitmapset *read;		/* attributes that it computes values from */
	bool		makes_service;	/* do its rows become services? */
	bool		needs_type;		/* dbaas_catalogue_write_needs_type() */
	bool		asks_kept;		/* dbaas_writable_asks_kept() */
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
 * Says, by attribute number, which attributes an UPDATE sets, and which of them it
 * computes values from.  Without this, every attribute counts as set that changes,
 * and none as computed from.  The sets have to live as long as the writer.
 */
extern void dbaas_writer_updates(DbaasWriter *writer, const Bitmapset *set, const Bitmapset *read);

/* The member of the command's body that a catalogue column is sent as, or NULL. */
extern const char *dbaas_writer_member(const DbaasWriter *writer, int column);

/*
 * Does the catalogue know the type of service, and so what such a service takes?  If
 * not, the API decides.  True when the command does not depend on the type.
 */
extern bool dbaas_writer_knows_type(const DbaasWriter *writer, const char *type);

/* The name that the table gives a catalogue column; that column's own if it has none. */
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
 * The text of the same as a JSON array, in UTF-8.  The value must not be null.  When
 * its SQL type is no array, this is its text as it is.
 */
extern const char *dbaas_writer_array(DbaasWriter *writer, const DbaasRowValues *row, int index);

/* Does the new row keep the value of the attribute with that index? */
extern bool dbaas_writer_keeps(DbaasWriter *writer, const DbaasRowValues *old_row,
							   const DbaasRowValues *new_row, int index);

/*
 * Raises the ERROR that the API does not accept a value of a catalogue column
 * (22023).  It shows the value, unless that is NULL or the column is secret.  The
 * hint is given, or says what is "allowed".
 */
pg_noreturn extern void dbaas_writer_refuse(const DbaasWriter *writer, int column,
											const char *value, const char *hint);
pg_noreturn extern void dbaas_writer_refuse_unless(const DbaasWriter *writer, int column,
												   const char *value, const char *allowed);

/* Raises that ERROR when the catalogue says that writes do not accept the value. */
extern void dbaas_writer_check_domain(const DbaasWriter *writer, int column, const char *value);

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
