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
 * Resolves one level of what hides characters in a text of *len bytes: escapes of
 * JSON and its like, percent-encoding, and HTML's entities.  *text becomes a
 * palloc'd one, with a NUL behind it, and *len its length.  False, and nothing is
 * changed, when there is none.
 */
extern bool dbaas_mask_decode(char **text, size_t *len);

/*
 * The text with "***" wherever it repeats one of the secrets, char *, in the
 * current memory context; the text itself when it repeats none.  Of a URI or a
 * connection string, the password alone is a secret too, encoded or not.  What is
 * encoded in a text that repeats one is decoded, as that could hide a part of it.
 */
extern char *dbaas_mask_all(char *text, const List *secrets);

/* The same for one, which may be NULL. */
extern char *dbaas_mask(char *text, const char *secret);

#endif							/* DBAAS_MASK_H */
