/*-------------------------------------------------------------------------
 *
 * skip.h
 *		Rows that a statement skips with a WARNING instead of failing.
 *
 * These are the rows of a zone that is not available, where the server's option
 * unavailable_zones is set to skip; and the rows of what the API lists under a
 * service type that this version does not know, where the API answers 404.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SKIP_H
#define DBAAS_SKIP_H

#include "read/read.h"

/*
 * Decides what follows from the error of a zone that is not available.  Returns
 * NULL when the zone is to be skipped: it then is for the rest of the statement,
 * and the first time a WARNING says so.  Otherwise returns the error to
 * raise, which also says why the option does not count if it is set.
 */
extern DbaasError *dbaas_skip_zone(const DbaasRead *read, const char *zone, DbaasError *error);

/* Has the statement skipped the zone, and may this read do so as well? */
extern bool dbaas_skip_is_skipped(const DbaasRead *read, const char *zone);

/*
 * Notes that rows of the zone are returned.  If it is skipped later, the WARNING says
 * that only the rest is.
 */
extern void dbaas_skip_note_rows(const DbaasRead *read, const char *zone);

/*
 * Decides what follows from a 404 for what the API itself lists, under a type that
 * this version does not know.  Returns NULL when it is skipped, and keeps the
 * request's label for dbaas_skip_warn(); else an error.
 */
extern DbaasError *dbaas_skip_unknown(const DbaasRead *read, const char *label);

/* Gives one WARNING with the labels that no earlier one had, if there are any. */
extern void dbaas_skip_warn(DbaasStatement *statement);

#endif							/* DBAAS_SKIP_H */
