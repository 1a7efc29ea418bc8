/*
 * digest.c
 *		MD5, uuids and pseudo-random numbers from a key; HMAC-SHA256; base64.
 *
 * Everything the simulator makes up follows from MD5 over a text key, so that
 * a test can recompute it with md5() in SQL.  MD5 protects nothing here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "digest.h"

#define MAX_KEY 512

static void
md5_hex(char hex[33], const char *format, va_list args)
{
	char		key[MAX_KEY];
	unsigned char digest[EVP_MAX_MD_SIZE];
	int			length;

	length = vsnprintf(key, sizeof(key), format, args);
	if (length >= (int) sizeof(key))
		length = sizeof(key) - 1;
	if (EVP_Digest(key, (size_t) length, digest, NULL, EVP_md5(), NULL) != 1)
	{
		fputs("dbaas-sim: libcrypto offers no MD5\n", stderr);
		abort();
	}
	for (int i = 0; i < 16; i++)
	{
		hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	hex[32] = '\0';
}

char *
md5_from(char hex[33], const char *key,...)
{
	va_list		args;

	va_start(args, key);
	md5_hex(hex, key, args);
	va_end(args);
	return hex;
}

unsigned
rnd(unsigned modulo, const char *key,...)
{
	va_list		args;
	char		hex[33];

	va_start(args, key);
	md5_hex(hex, key, args);
	va_end(args);
	hex[7] = '\0';
	return (unsigned) strtoul(hex, NULL, 16) % modulo;
}

char *
uuid_from(char uuid[UUID_SIZE], const char *key,...)
{
	va_list		args;
	char		hex[33];

	va_start(args, key);
	md5_hex(hex, key, args);
	va_end(args);
	snprintf(uuid, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s",
			 hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return uuid;
}

void
hmac_sha256_base64(const char *secret, const void *message, size_t length, char signature[45])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned	digest_length = 0;

	HMAC(EVP_sha256(), secret, (int) strlen(secret), message, length, digest, &digest_length);
	EVP_EncodeBlock((unsigned char *) signature, digest, (int) digest_length);
}

unsigned char *
base64_decode(const char *text, size_t *length)
{
	size_t		text_length = strlen(text);
	unsigned char *bytes = xcalloc(text_length + 4, 1);
	int			decoded;

	decoded = EVP_DecodeBlock(bytes, (const unsigned char *) text, (int) text_length);
	if (decoded < 0)
	{
		free(bytes);
		return NULL;
	}
	/* EVP_DecodeBlock counts the padding as zero bytes */
	for (size_t i = text_length; i > 0 && text[i - 1] == '=' && decoded > 0; i--)
		decoded--;
	*length = (size_t) decoded;
	return bytes;
}
