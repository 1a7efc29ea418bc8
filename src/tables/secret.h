/*-------------------------------------------------------------------------
 *
 * secret.h
 *		Answers without the secrets that they hold.
 *
 * What is secret the catalogue says: strings under certain names, and the
 * passwords in URIs wherever they stand.  Knows nothing of SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SECRET_H
#define DBAAS_SECRET_H

#include "base/json.h"

/*
 * Puts "***" in the place of each secret in a value and in what it holds.  The
 * text that the nodes point into is changed in place, so it must be writable;
 * it remains JSON, of the same length.
 */
extern void dbaas_secret_hide(const DbaasJson *value);

/*
 * Does the value hold what may stand in the place of a secret that was hidden?
 * Whoever wrote it back would lose the secret.
 */
extern bool dbaas_secret_any_hidden(const DbaasJson *value);

/*
 * A text of *len bytes, palloc'd with a NUL behind it, with "***" in the place
 * of the passwords in its URIs, and of what follows names of secrets in it.
 * *len becomes its length.
 */
extern char *dbaas_secret_text(const char *text, size_t *len);

#endif							/* DBAAS_SECRET_H */
