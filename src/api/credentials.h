/*-------------------------------------------------------------------------
 *
 * credentials.h
 *		The key and secret of a user mapping, and the certificates to trust.
 *
 * The only module that uses the secret.  Errors are values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_CREDENTIALS_H
#define DBAAS_CREDENTIALS_H

#include "foreign/foreign.h"

#include "base/error.h"

typedef struct DbaasCredentials
{
	char	   *api_key;
	char	   *api_secret;
	bool		exposed;		/* others may read or change the secret's file */
	char	   *ca_pem;			/* certificates; NULL: the system's */
} DbaasCredentials;

/*
 * Finds the user's mapping for a server, or else the public one, in the current
 * memory context.  Returns NULL, or the error that there is neither (28000).
 */
extern DbaasError *dbaas_credentials_mapping(Oid userid, Oid serverid, UserMapping *mapping);

/*
 * Reads the credentials, and the files that the options name, in the current
 * memory context.  Returns NULL, or an error: no key or secret (28000), a
 * ca_file that cannot be used (08001).
 */
extern DbaasError *dbaas_credentials_read(const ForeignServer *server, const UserMapping *mapping,
										  DbaasCredentials *credentials);

/* Do both have the same key, secret and CA certificates? */
extern bool dbaas_credentials_equal(const DbaasCredentials *a, const DbaasCredentials *b);

/* Overwrites the secret with zeros. */
extern void dbaas_credentials_erase(DbaasCredentials *credentials);

/*
 * Makes the value of the Authorization header of a request that is sent now, in
 * the current memory context.  The parameters are as in dbaas_sign_request().
 * Returns NULL, or an error when the cryptographic library fails.
 */
extern DbaasError *dbaas_credentials_sign(const DbaasCredentials *credentials, const char *method,
										  const char *path, const char *body, const char *names,
										  const char *values, char **authorization);

#endif							/* DBAAS_CREDENTIALS_H */
