/*-------------------------------------------------------------------------
 *
 * share.h
 *		Calls that several scans of a statement share.
 *
 * Calls with the same request are made once, if several scans of the statement may
 * make them.  A response is kept for the scans that will ask for it later: in memory, up
 * to work_mem for the statement, and then in a temporary file.  Pages that follow others
 * are not written to the file, because a log may be of any length: a scan asks again
 * for one that did not fit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SHARE_H
#define DBAAS_SHARE_H

#include "read/read.h"

/* The share that one scan has in a call. */
typedef struct DbaasShare DbaasShare;

/*
 * Announces that a scan of the statement will send requests to a server with that
 * path template.  When several scans announce the same, they share the responses.
 * The path must live as long as the statement.
 */
extern void dbaas_share_expect(DbaasStatement *statement, Oid serverid, const char *path);

/*
 * Makes a call, or takes part in one that the statement's scans share.  *share becomes
 * NULL if the call is not shared; its memory context is then under cxt.  A share ends
 * with dbaas_share_release(), or when cxt is reset.  "later_page": the response is a page
 * that follows others.
 */
extern DbaasCall *dbaas_share_call(const DbaasRead *read, MemoryContext cxt,
								   const DbaasCallSpec *spec, bool later_page,
								   DbaasShare **share);

/* Did another scan start the call? */
extern bool dbaas_share_joined(const DbaasShare *share);

/* Releases what dbaas_share_call() returned: the call, if share is NULL, or else the share. */
extern void dbaas_share_release(DbaasCall *call, DbaasShare *share);

#endif							/* DBAAS_SHARE_H */
