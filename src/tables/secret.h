/*-------------------------------------------------------------------------
 *
 * secret.h
 *		Secrets: which names have them, and how to hide them in texts and JSON.
 *
 * There are two ways to hide a secret.  In what the API returns, secrets are found by
 * the name in front of them or the URI around them (dbaas_secret_hide,
 * dbaas_secret_hide_text).  In a text that may repeat a secret which this session
 * sent, that secret is searched for (dbaas_secret_mask).  No function raises an error,
 * except when memory runs out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SECRET_H
#define DBAAS_SECRET_H

#include "nodes/pg_list.h"

#include "base/json.h"

/*
 * Is a name of len bytes, such as "api-key" or "admin_passwords", that of a secret?
 * Only this function decides it.
 */
extern bool dbaas_secret_is_name(const char *name, size_t len);

/* The same for the name of a member of a JSON object. */
extern bool dbaas_secret_is_member(const DbaasJson *name);

/*
 * Replaces each secret in a value, and in what it holds, by "***".  Changes the nodes
 * and the text that they point into in place, so that must be writable; the text
 * remains valid JSON, and keeps its length.
 */
extern void dbaas_secret_hide(const DbaasJson *value);

/*
 * The same, where the value is that of a secret, or of an object around it: all strings and
 * numbers in it are replaced.
 */
extern void dbaas_secret_hide_all(const DbaasJson *value);

/*
 * The same in the members of an object that have one of the names, which end with NULL; or
 * NULL.
 */
extern void dbaas_secret_hide_members(const DbaasJson *value, const char *const *names);

/*
 * Does the value hold a string that may be the mask of a hidden secret?  To write that
 * back would overwrite the secret.
 */
extern bool dbaas_secret_any_hidden(const DbaasJson *value);

/*
 * Adds the secrets in a JSON value, palloc'd char *, to a list, for dbaas_secret_mask():
 * the strings and numbers below the name of a secret, and with all_strings all other
 * strings.  Short texts are part of too many messages: so strings below the name of a
 * secret are left out if they are empty, others and numbers below three bytes.
 */
extern List *dbaas_secret_collect(List *secrets, const DbaasJson *value, bool all_strings);

/* The same of the members of an object that have one of the names, see above: all strings. */
extern List *dbaas_secret_collect_members(List *secrets, const DbaasJson *value,
										  const char *const *names);

/*
 * A text of *len bytes, in which "***" replaces the passwords in URIs, and what
 * follows the names of secrets.  The result is palloc'd, with a NUL behind it; *len
 * becomes its length.
 */
extern char *dbaas_secret_hide_text(const char *text, size_t *len);

/*
 * The text with "***" wherever it repeats one of the secrets, char *, in the current
 * memory context; the text itself when it repeats none.  If a secret is a URI or a
 * connection string, its password alone is searched for too.  Secrets are also found
 * when the text encodes them; encoded characters are then decoded in the whole text,
 * since they could encode a part of a secret.
 */
extern char *dbaas_secret_mask(char *text, const List *secrets);

/* ------------------------------------------------------------------------
 * Between the files of this module
 * ------------------------------------------------------------------------ */

#define DBAAS_SECRET_MASK "***"

#define DBAAS_SECRET_WHITE_SPACE " \t\r\n"

/* The most levels of encoding that are decoded, such as JSON in a string of JSON. */
#define DBAAS_SECRET_ENCODINGS 3

/*
 * Decodes one level of a text of *len bytes: escapes of JSON and the like,
 * percent-encoding, and HTML's entities.  *text becomes a palloc'd one, with a NUL
 * behind it, and *len its length.  Returns false, and changes nothing, when there
 * is nothing to decode.
 */
extern bool dbaas_secret_decode(char **text, size_t *len);

#endif							/* DBAAS_SECRET_H */
