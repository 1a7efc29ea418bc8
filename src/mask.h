/*-------------------------------------------------------------------------
 *
 * mask.h
 *		Texts from outside without a secret that they may repeat.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_MASK_H
#define DBAAS_MASK_H

#include "nodes/pg_list.h"

/* JSON in a string in JSON in a string: no API goes further. */
#define DBAAS_ENCODINGS 3

/*
 * Resolves one level of JSON's escapes and of percent-encoding in a text of *len
 * bytes: *text becomes a palloc'd one, with a NUL behind it, and *len its length.
 * False, and nothing is changed, when there is none.
 */
extern bool dbaas_mask_decode(char **text, size_t *len);

/*
 * The text with "***" wherever it repeats the secret, in the current memory
 * context; the text itself when secret is NULL.  Of a URI or a connection string,
 * the password alone is a secret too, encoded or not.  What is encoded in a text
 * that repeats it is decoded, as that could hide a part of it.
 */
extern char *dbaas_mask(char *text, const char *secret);

/* The same for each of a list of secrets, char *, of which the longest come first. */
extern char *dbaas_mask_all(char *text, const List *secrets);

#endif							/* DBAAS_MASK_H */
