/*-------------------------------------------------------------------------
 *
 * secret.h
 *		Secrets: which names have them, and texts and JSON without them.
 *
 * There are two ways to hide a secret.  What the API says is searched for
 * secrets by their marks: the name in front of one, the URI around it
 * (dbaas_secret_hide, dbaas_secret_hide_text).  A text that may repeat a secret
 * which this session sent is searched for that secret (dbaas_secret_mask).
 * Knows nothing of SQL.  No function raises an error but out of memory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SECRET_H
#define DBAAS_SECRET_H

#include "nodes/pg_list.h"

#include "base/json.h"

/*
 * Does a name of len bytes, such as "api-key" or "admin_passwords", say that its
 * value is a secret?  This is the one place that decides it.
 */
extern bool dbaas_secret_is_name(const char *name, size_t len);

/* The same for the name of a member of a JSON object. */
extern bool dbaas_secret_is_member(const DbaasJson *name);

/*
 * Puts "***" in the place of each secret in a value and in what it holds.  The
 * text that the nodes point into is changed in place, so it must be writable;
 * it remains JSON, of the same length.
 */
extern void dbaas_secret_hide(const DbaasJson *value);

/*
 * Does the value hold a string that may stand in the place of a hidden secret?
 * Writing it back would overwrite the secret.
 */
extern bool dbaas_secret_any_hidden(const DbaasJson *value);

/*
 * Adds the secrets in a JSON value, char *, to a list, for dbaas_secret_mask():
 * strings and numbers below a secret's name and, with all_strings, every other
 * string too.  Left out are empty texts, and other texts of less than three bytes
 * than strings below a secret's name: they are part of too many messages.
 */
extern List *dbaas_secret_collect(List *secrets, const DbaasJson *value, bool all_strings);

/*
 * A text of *len bytes with "***" in the place of the passwords in its URIs, and
 * of what follows the names of secrets in it.  The result is palloc'd, with a NUL
 * behind it; *len becomes its length.
 */
extern char *dbaas_secret_hide_text(const char *text, size_t *len);

/*
 * The text with "***" wherever it repeats one of the secrets, char *, in the
 * current memory context; the text itself when it repeats none.  If a secret is a
 * URI or a connection string, its password alone is a secret too.  Each is found
 * encoded as well.  Encoded characters of a text that repeats one are decoded, as
 * they could hide a part of it.
 */
extern char *dbaas_secret_mask(char *text, const List *secrets);

/* ------------------------------------------------------------------------
 * Between the files of this module
 * ------------------------------------------------------------------------ */

#define DBAAS_SECRET_MASK "***"

#define DBAAS_SECRET_WHITE_SPACE " \t\r\n"

/* The most encodings around each other that are decoded: JSON in a string in JSON ... */
#define DBAAS_SECRET_ENCODINGS 3

/*
 * Decodes one level of a text of *len bytes: escapes of JSON and the like,
 * percent-encoding, and HTML's entities.  *text becomes a palloc'd one, with a NUL
 * behind it, and *len its length.  Returns false, and changes nothing, when there
 * is nothing to decode.
 */
extern bool dbaas_secret_decode(char **text, size_t *len);

#endif							/* DBAAS_SECRET_H */
