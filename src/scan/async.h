/*-------------------------------------------------------------------------
 *
 * async.h
 *		Asynchronous execution of a foreign scan under an Append.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_ASYNC_H
#define DBAAS_ASYNC_H

#include "foreign/fdwapi.h"

/* Callbacks of FdwRoutine. */
extern void dbaasForeignAsyncRequest(AsyncRequest *areq);
extern void dbaasForeignAsyncConfigureWait(AsyncRequest *areq);
extern void dbaasForeignAsyncNotify(AsyncRequest *areq);

#endif							/* DBAAS_ASYNC_H */
