/*-------------------------------------------------------------------------
 *
 * sign.h
 *		The request signature EXO2-HMAC-SHA256.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SIGN_H
#define DBAAS_SIGN_H

#include "base/error.h"

/*
 * Makes the value of the Authorization header of a request.
 *
 * method	such as "GET"
 * path		as it is sent: percent-encoded, with the endpoint's own prefix
 * body		exactly as it is sent, "" when there is none
 * names	of the query arguments, sorted, "a;b"; NULL when there is none
 * values	theirs, decoded, one behind the other; not read when there is none
 * expires	Unix time in seconds until which the signature holds
 *
 * The header is stored in *header, in the current memory context.  Returns
 * NULL, or an error when the cryptographic library fails.
 */
extern DbaasError *dbaas_sign_request(const char *api_key, const char *api_secret,
									  const char *method, const char *path,
									  const char *body, const char *names,
									  const char *values, int64 expires, char **header);

#endif							/* DBAAS_SIGN_H */
