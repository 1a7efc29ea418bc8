/*-------------------------------------------------------------------------
 *
 * sign.c
 *		The request signature EXO2-HMAC-SHA256, with PostgreSQL's own HMAC.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/base64.h"
#include "common/hmac.h"
#include "common/sha2.h"

#include "api/sign.h"
#include "base/compat.h"

/* HMAC-SHA256 of message with key, into digest. */
static bool
hmac_sha256(const char *key, const char *message,
			uint8 digest[PG_SHA256_DIGEST_LENGTH])
{
	pg_hmac_ctx *hmac = pg_hmac_create(PG_SHA256);
	bool		ok;

	if (hmac == NULL)
		return false;
	ok = pg_hmac_init(hmac, (const uint8 *) key, strlen(key)) == 0 &&
		pg_hmac_update(hmac, (const uint8 *) message, strlen(message)) == 0 &&
		pg_hmac_final(hmac, digest, PG_SHA256_DIGEST_LENGTH) == 0;
	pg_hmac_free(hmac);
	return ok;
}

DbaasError *
dbaas_sign_request(const char *api_key, const char *api_secret,
				   const char *method, const char *path, const char *body,
				   const char *names, const char *values, int64 expires, char **header)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char		signature[64];
	char	   *message;
	bool		ok;
	int			len;

	/* Five parts; that of signed headers stays empty. */
	message = psprintf("%s %s\n%s\n%s\n\n" INT64_FORMAT,
					   method, path, body, names ? values : "", expires);
	ok = hmac_sha256(api_secret, message, digest);
	pfree(message);
	if (!ok)
		return dbaas_error_new(ERRCODE_INTERNAL_ERROR,
							   "could not compute the signature of a request");

	len = dbaas_b64_encode(digest, sizeof(digest), signature, sizeof(signature) - 1);
	Assert(len > 0);
	signature[len] = '\0';
	*header = psprintf("EXO2-HMAC-SHA256 credential=%s,%s%s%sexpires=" INT64_FORMAT ",signature=%s",
					   api_key, names ? "signed-query-args=" : "", names ? names : "",
					   names ? "," : "", expires, signature);
	return NULL;
}
