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
	bool	   *sent;			/* by catalogue column: does the body have it? */
	const DbaasJson **values;	/* by catalogue column: sent in place of the
								 * row's value; or NULL */
} DbaasChange;

/* The value of a catalogue column that the row was read with, or NULL. */
extern const DbaasJson *dbaas_change_read_value(DbaasWriter *writer, const DbaasChange *change,
												int column);

/*
 * Raises ERROR when an UPDATE computes a value from a column that a queued write
 * changes (0A000).  Of an object that the API merges, dbaas_change_find_sent()
 * checks each member instead.
 */
extern void dbaas_change_check_read(DbaasWriter *writer, const DbaasChange *change);

/*
 * Sets "sent" and "values": which columns go into the body.  Returns whether any
 * does.  Raises ERROR where an UPDATE takes members away from an object that the API
 * merges, or computes one from a member that a queued write changes (0A000), or where
 * a column that has to be sent beside a changed one has no known value (23502).
 */
extern bool dbaas_change_find_sent(DbaasWriter *writer, DbaasChange *change);

#endif							/* DBAAS_CHANGE_H */
