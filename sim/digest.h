/*
 * digest.h
 *		MD5, uuids and pseudo-random numbers from a key; HMAC-SHA256; base64.
 */
#ifndef SIM_DIGEST_H
#define SIM_DIGEST_H

#include <stddef.h>

#include "util.h"

#define UUID_SIZE 37

/* The key is a printf format with its arguments, here and below. */
extern unsigned rnd(unsigned modulo, const char *key,...) SIM_PRINTF(2, 3);
extern char *uuid_from(char uuid[UUID_SIZE], const char *key,...) SIM_PRINTF(2, 3);
extern char *md5_from(char hex[33], const char *key,...) SIM_PRINTF(2, 3);

/* base64(HMAC-SHA256(secret, message)); 44 characters and a NUL */
extern void hmac_sha256_base64(const char *secret, const void *message, size_t length,
							   char signature[45]);

/* Returns malloc'd bytes, or NULL when "text" is not base64. */
extern unsigned char *base64_decode(const char *text, size_t *length);

#endif							/* SIM_DIGEST_H */
