/*-------------------------------------------------------------------------
 *
 * writable.h
 *		Which writes a table takes, and which of its columns each may set.
 *
 * Knows the catalogue and the columns of a table; knows no row, no request and
 * no transaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_WRITABLE_H
#define DBAAS_WRITABLE_H

#include "nodes/bitmapset.h"

#include "tables/table.h"

/* Does a DELETE need the row's value of the catalogue column?  -1 is no column. */
extern bool dbaas_writable_identifies(const DbaasResource *resource, int column);

/* May the command give the catalogue column a value?  -1 is no column. */
extern bool dbaas_writable_takes(const DbaasResource *resource, DbaasCommand command, int column);

/* Does the value of a column tell whether a row is the one that an INSERT created? */
extern bool dbaas_writable_tells_created(const DbaasResource *resource, int column);

/* The name that the table gives a catalogue column; that column's own if it has none. */
extern const char *dbaas_writable_name(const DbaasTable *table, int column);

/* Does the table have a column that is never shown and that the command may set? */
extern bool dbaas_writable_has_secret(const DbaasTable *table, DbaasCommand command);

/*
 * Can the command set a column that may hold a secret: one that is never shown, or an
 * object, which may have a secret inside?  Then no log may show the statement.
 */
extern bool dbaas_writable_hides_statement(const DbaasTable *table, DbaasCommand command);

/*
 * Does the API keep secrets in one of the updated attributes?  The set is offset by
 * FirstLowInvalidHeapAttributeNumber.
 */
extern bool dbaas_writable_sets_secret(const DbaasTable *table, const Bitmapset *updated);

/* Raises the ERROR that the command cannot set the attribute (0A000). */
pg_noreturn extern void dbaas_writable_refuse(const DbaasTable *table, DbaasCommand command,
											  AttrNumber attnum);

/*
 * Raises ERROR when two attributes show one field that the command can set (0A000): it
 * would not be clear which of the two values to send.
 */
extern void dbaas_writable_check_repeated(const DbaasTable *table, DbaasCommand command);

/*
 * Does the table lack the filter column of the parent, "protected" or "notable", or is that
 * a column of another resource, so that
 * the API's lists have to be read for it?  False if the parent is NULL.
 */
extern bool dbaas_writable_needs_lists(const DbaasTable *table, const DbaasParent *parent);

/*
 * A member of a body, as the catalogue names it, with the type of the service in place of
 * a leading "{type}"; unchanged if the type is NULL.
 */
extern const char *dbaas_writable_typed_member(const char *type, const char *member);

/* Is a member such as "maintenance/dow" part of the object, such as "maintenance"? */
extern bool dbaas_writable_is_part(const char *member, const char *object);

/*
 * Does the command have to read the member that every PUT carries (see DbaasKept), because
 * the table does not show all of it?
 */
extern bool dbaas_writable_reads_kept(const DbaasTable *table, DbaasCommand command);

#endif							/* DBAAS_WRITABLE_H */
