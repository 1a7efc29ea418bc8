/*-------------------------------------------------------------------------
 *
 * share.h
 *		Calls that several scans of a statement share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SHARE_H
#define DBAAS_SHARE_H

#include "read/read.h"

/*
 * Announces that a scan of the statement will send requests to a server with that
 * path template.  When several scans announce the same, they share the responses
 * to requests without a body.  The path must live as long as the statement.
 */
extern void dbaas_share_expect(DbaasStatement *statement, Oid serverid, const char *path);

/*
 * Starts a call, with its memory context under cxt, or returns the call that the
 * statement's scans share.  *shared says which; a shared call must not be released.
 */
extern DbaasCall *dbaas_share_call(const DbaasRead *read, MemoryContext cxt,
								   const DbaasCallSpec *spec, bool *shared);

#endif							/* DBAAS_SHARE_H */
