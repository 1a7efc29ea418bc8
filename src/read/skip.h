/*-------------------------------------------------------------------------
 *
 * skip.h
 *		Rows that a statement skips with a WARNING instead of failing.
 *
 * These are the rows of a zone that is not available, if that is to be skipped, and the
 * rows of a service of a type that this version does not know, if the API returns status
 * 404 for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SKIP_H
#define DBAAS_SKIP_H

#include "read/read.h"

/* GUC dbaas_fdw.unavailable_zones, which goes before the server's option. */
typedef enum DbaasUnavailableZones
{
	DBAAS_UNAVAILABLE_BY_OPTION,	/* as the option says */
	DBAAS_UNAVAILABLE_ERROR,
	DBAAS_UNAVAILABLE_SKIP
} DbaasUnavailableZones;

extern int	dbaas_unavailable_zones;

/*
 * Does this session skip zones that are not available, of a server whose option says so or
 * not?
 */
extern bool dbaas_skip_is_set(bool option);

/*
 * Decides whether to skip a zone that is not available, given the error that says so.
 * Returns NULL if it is skipped: then it is for the whole statement, and the first time
 * gives a WARNING.  Otherwise returns the error to raise; if zones are to be skipped, that
 * also says why this one is not.
 */
extern DbaasError *dbaas_skip_zone(const DbaasRead *read, const char *zone, DbaasError *error);

/*
 * The error with which this transaction, all of which has to see the same, has left the zone
 * out before, if this read may skip it as well; else NULL.
 */
extern const DbaasError *dbaas_skip_left_out(const DbaasRead *read, const char *zone);

/* Has the statement skipped the zone, and may this read do so as well? */
extern bool dbaas_skip_is_skipped(const DbaasRead *read, const char *zone);

/*
 * Notes that rows of the zone were returned.  If the zone is skipped later, the WARNING
 * says that only its other rows are missing.
 */
extern void dbaas_skip_note_rows(const DbaasRead *read, const char *zone);

/*
 * To be called when a call of a target that tells its outcome has ended.  If several of a
 * zone in a row found it not available, the statement asks it nothing more.
 */
extern void dbaas_skip_note_end(const DbaasRead *read, const char *zone, const DbaasCall *call);

/* The error of the last of them; NULL unless the statement asks the zone nothing more. */
extern DbaasError *dbaas_skip_zone_error(const DbaasRead *read, const char *zone);

/*
 * Decides whether to skip a service of a type that this version does not know, for
 * which the API returned status 404 although it lists the service.  Returns NULL if it
 * is skipped, and keeps the request's label for dbaas_skip_warn(); else an error.
 */
extern DbaasError *dbaas_skip_unknown(const DbaasRead *read, const char *label);

/* Gives a WARNING with the labels that were kept since the last one, if there are any. */
extern void dbaas_skip_warn(DbaasStatement *statement);

#endif							/* DBAAS_SKIP_H */
