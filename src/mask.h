/*-------------------------------------------------------------------------
 *
 * mask.h
 *		Texts from outside without a secret that they may repeat.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_MASK_H
#define DBAAS_MASK_H

/*
 * The text with "***" wherever it repeats the secret, in the current memory
 * context; the text itself when secret is NULL.  Of a URI, the password alone
 * is a secret too, percent-encoded or not.  JSON escapes in a text that repeats
 * it are resolved, as they could hide a part of it.
 */
extern char *dbaas_mask(char *text, const char *secret);

#endif							/* DBAAS_MASK_H */
