/*
 * auth.h
 *		The signature of requests: EXO2-HMAC-SHA256.
 */
#ifndef SIM_AUTH_H
#define SIM_AUTH_H

#include "response.h"

/*
 * Sign a request.  "query" holds the query string as sent, or NULL; "signed_names" the
 * semicolon-separated arguments that are signed, or NULL.
 */
extern void auth_sign(const char *secret, const char *method, const char *path,
					  const char *query, const char *signed_names,
					  const void *body, size_t body_length, const char *expires,
					  char signature[45]);

/*
 * Returns false, with an error in "response", when the request is not properly
 * signed.
 */
extern bool auth_check(const Request *request, Response *response);

/* Percent-decodes; returns NULL for what is malformed or holds a NUL. */
extern char *percent_decode(const char *text, size_t length);

/* The value of a query argument, decoded and malloc'd, or NULL. */
extern char *query_value(const char *query, const char *name, size_t name_length);

#endif							/* SIM_AUTH_H */
