/*-------------------------------------------------------------------------
 *
 * change.h
 *		Which columns a write sends, and what an UPDATE changes of them.
 *
 * An UPDATE is compared with the row as the writes that are queued before it will
 * leave it.  Knows values and the bodies of queued writes; knows neither services
 * nor how a body is built.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CHANGE_H
#define DBAAS_CHANGE_H

#include "write/overlay.h"
#include "write/writer.h"

/* A row while its write is made. */
typedef struct DbaasChange
{
	const DbaasRowValues *old_row;	/* of an UPDATE or DELETE */
	const DbaasRowValues *new_row;	/* of an INSERT or UPDATE */
	const DbaasOverlay *overlay;	/* of the writes queued for it; or NULL */
	const char *type;			/* of the service, or NULL */
	const DbaasWriteEndpoint *endpoint; /* that is used; NULL: not known yet */
	const char **arguments;		/* the values of its arguments, or NULL */
	bool	   *sent;			/* by catalogue column: is it in the body? */
	const DbaasJson **values;	/* by catalogue column: the value to send, if
								 * it is not the row's; or NULL */
} DbaasChange;

/* The value of a catalogue column in the old row; NULL if null or not in the table. */
extern const DbaasJson *dbaas_change_old_value(DbaasWriter *writer, const DbaasChange *change,
											   int column);

/* Does an UPDATE set the column, even if only to its old value? */
extern bool dbaas_change_sets(DbaasWriter *writer, const DbaasChange *change, int column);

/* Raises the ERROR that it computes a value from a column that a queued write changes. */
pg_noreturn extern void dbaas_change_refuse_stale(const DbaasWriter *writer, int column);

/*
 * Raises ERROR when an UPDATE computes a value from a column that a queued write changes
 * (0A000).
 */
extern void dbaas_change_check_computed(DbaasWriter *writer, const DbaasChange *change);

/*
 * The same for rows of which only the type and the overlay are known: raises it when that has a
 * value for such a column, whatever the rows have.
 */
extern void dbaas_change_check_any(const DbaasWriter *writer, const DbaasChange *change);

/*
 * Sets "sent" and "values".  Returns whether any column is sent.  Raises ERROR when an
 * UPDATE removes members from an object that the API merges, or gives it members whose names
 * are not known while a queued write changes it (0A000), and when a column that has to be
 * sent together with a changed one has no known value (23502).
 */
extern bool dbaas_change_find_sent(DbaasWriter *writer, DbaasChange *change);

#endif							/* DBAAS_CHANGE_H */
