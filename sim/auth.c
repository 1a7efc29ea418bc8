/*
 * auth.c
 *		The signature of requests: EXO2-HMAC-SHA256.
 *
 * The message is built from the path and the body exactly as they arrived; no
 * part of it is decoded and encoded again on the way.  Neither key nor
 * signature ever leaves this file.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include "auth.h"
#include "digest.h"
#include "options.h"

#define SCHEME "EXO2-HMAC-SHA256 "
#define MAX_SIGNED_NAMES 16

char *
percent_decode(const char *text, size_t length)
{
	char	   *decoded = xcalloc(length + 1, 1);
	char	   *to = decoded;

	for (size_t i = 0; i < length; i++)
	{
		char		digits[3] = {0};

		if (text[i] != '%')
		{
			*to++ = text[i];
			continue;
		}
		if (i + 2 < length)
			memcpy(digits, text + i + 1, 2);
		if (!isxdigit((unsigned char) digits[0]) || !isxdigit((unsigned char) digits[1]) ||
			strcmp(digits, "00") == 0)
		{
			free(decoded);
			return NULL;
		}
		*to++ = (char) strtol(digits, NULL, 16);
		i += 2;
	}
	return decoded;
}

char *
query_value(const char *query, const char *name, size_t name_length)
{
	while (query && *query)
	{
		size_t		length = strcspn(query, "&");

		if (length > name_length && query[name_length] == '=' &&
			strncmp(query, name, name_length) == 0)
			return percent_decode(query + name_length + 1, length - name_length - 1);
		query += length + (query[length] == '&');
	}
	return NULL;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * Returns the decoded values of the signed arguments, in the order of their
 * names.
 */
static char *
signed_values(const char *query, const char *names)
{
	char	   *copy = xstrdup(names ? names : "");
	char	   *sorted[MAX_SIGNED_NAMES] = {NULL};
	size_t		count = 0;
	char	   *rest = copy;
	char	   *values = xstrdup("");
	char	   *name;

	while (count < MAX_SIGNED_NAMES && (name = strsep(&rest, ";")) != NULL)
		if (*name)
			sorted[count++] = name;
	qsort(sorted, count, sizeof(char *), compare_names);
	for (size_t i = 0; i < count; i++)
	{
		char	   *value = query_value(query, sorted[i], strlen(sorted[i]));
		char	   *longer = xasprintf("%s%s", values, value ? value : "");

		free(value);
		free(values);
		values = longer;
	}
	free(copy);
	return values;
}

void
auth_sign(const char *secret, const char *method, const char *path, const char *query,
		  const char *signed_names, const void *body, size_t body_length, const char *expires,
		  char signature[45])
{
	char	   *values = signed_values(query, signed_names);
	char	   *head = xasprintf("%s %s\n", method, path);
	char	   *tail = xasprintf("\n%s\n\n%s", values, expires);
	size_t		head_length = strlen(head);
	size_t		tail_length = strlen(tail);
	char	   *message = xcalloc(head_length + body_length + tail_length, 1);

	memcpy(message, head, head_length);
	if (body_length > 0)
		memcpy(message + head_length, body, body_length);
	memcpy(message + head_length + body_length, tail, tail_length);
	hmac_sha256_base64(secret, message, head_length + body_length + tail_length, signature);
	free(values);
	free(head);
	free(tail);
	free(message);
}

/*
 * Returns the value of a comma-separated "name=value" part of the header,
 * malloc'd, or NULL.
 */
static char *
header_part(const char *header, const char *name)
{
	size_t		name_length = strlen(name);

	for (const char *part = header; part; part = strchr(part, ',') ? strchr(part, ',') + 1 : NULL)
	{
		part += strspn(part, " ");
		if (strncmp(part, name, name_length) == 0 && part[name_length] == '=')
			return xstrndup(part + name_length + 1, strcspn(part + name_length + 1, ","));
	}
	return NULL;
}

static bool
signature_matches(const Request *request, const char *signed_names, const char *expires,
				  const char *given)
{
	char		expected[45];

	auth_sign(config.api_secret, request->method, request->path, request->query, signed_names,
			  request->body, request->body_length, expires, expected);
	return strlen(given) == strlen(expected) &&
		CRYPTO_memcmp(given, expected, strlen(expected)) == 0;
}

bool
auth_check(const Request *request, Response *response)
{
	const char *header = request->authorization;
	char	   *credential;
	char	   *expires;
	char	   *signature;
	char	   *names;
	const char *refusal = NULL;

	if (header == NULL)
	{
		respond_message(response, 401, "Missing authorization");
		return false;
	}
	if (strncmp(header, SCHEME, strlen(SCHEME)) != 0)
	{
		respond_message(response, 403, "Unsupported authorization scheme");
		return false;
	}
	header += strlen(SCHEME);
	credential = header_part(header, "credential");
	expires = header_part(header, "expires");
	signature = header_part(header, "signature");
	names = header_part(header, "signed-query-args");

	if (!credential || !expires || !signature)
		refusal = "Malformed authorization";
	else if (strcmp(credential, config.api_key) != 0)
		refusal = "Invalid API key";
	else if (strtoll(expires, NULL, 10) < (long long) time(NULL))
		refusal = "Request signature has expired";
	else if (!signature_matches(request, names, expires, signature))
		refusal = "Invalid request signature";
	free(credential);
	free(expires);
	free(signature);
	free(names);
	if (refusal)
		respond_message(response, 403, "%s", refusal);
	return refusal == NULL;
}
