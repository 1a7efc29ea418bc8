/*-------------------------------------------------------------------------
 *
 * secrets.c
 *		Secrets are hidden, whatever the API returns.
 *
 * A text has a secret, a line with the encodings to apply, and the rest, in which the
 * secret is planted for each $.  Holds that nothing that hides secrets shows the
 * planted one: not when it is known, nor behind its name in a text or in JSON, nor in an
 * error.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "api/connection.h"
#include "api/status.h"
#include "tables/secret.h"

#include "backend.h"
#include "fuzzer.h"

#define MAX_SECRET 200

/* There is no connection, and no key of its own to mask. */
char *
dbaas_connection_mask(const DbaasConnection *conn, char *text)
{
	return text;
}

/* ------------------------------------------------------------------------
 * Encodings
 * ------------------------------------------------------------------------ */

static void
encode_json_character(StringInfo out, const char *p, int n, bool ascii)
{
	static const char escaped[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const char *escape = strchr(escaped, *p);
	pg_wchar	code;

	if (escape)
		appendStringInfo(out, "\\%c", letters[escape - escaped]);
	else if ((unsigned char) *p < ' ')
		appendStringInfo(out, "\\u%04x", *p);
	else if (n == 1 || !ascii)
		appendBinaryStringInfo(out, p, n);
	else
	{
		code = utf8_to_unicode((const unsigned char *) p);
		if (code >= 0x10000)
			appendStringInfo(out, "\\u%04X\\u%04X", 0xD800 + ((code - 0x10000) >> 10),
							 0xDC00 + ((code - 0x10000) & 0x3FF));
		else
			appendStringInfo(out, "\\u%04x", code);
	}
}

static void
encode_character(StringInfo out, const char *p, int n, char encoding)
{
	switch (encoding)
	{
		case 'j':
		case 'u':
			encode_json_character(out, p, n, encoding == 'u');
			break;
		case 'h':
			if (strchr("&<>\"'", *p))
				appendStringInfo(out, "&#%d;", *p);
			else
				appendBinaryStringInfo(out, p, n);
			break;
		default:
			for (int i = 0; i < n; i++)
			{
				if (isalnum((unsigned char) p[i]) || strchr("-._~", p[i]))
					appendStringInfoChar(out, p[i]);
				else if (p[i] == ' ' && encoding == 'f')
					appendStringInfoChar(out, '+');
				else
					appendStringInfo(out, "%%%02X", (unsigned char) p[i]);
			}
	}
}

/*
 * Encodes as JSON (j), JSON in ASCII (u), HTML (h), in URLs (p) or forms (f), at most
 * DBAAS_SECRET_ENCODINGS times.
 */
static char *
encode(const char *text, const char *encodings)
{
	for (int i = 0; i < DBAAS_SECRET_ENCODINGS && encodings[i]; i++)
	{
		StringInfoData out;
		int			n;

		if (strchr("juhpf", encodings[i]) == NULL)
			continue;
		initStringInfo(&out);
		for (const char *p = text; *p; p += n)
		{
			n = pg_utf_mblen((const unsigned char *) p);
			if (strnlen(p, n) < n || !pg_utf8_islegal((const unsigned char *) p, n))
				n = 1;
			encode_character(&out, p, n, IS_HIGHBIT_SET(*p) && n == 1 ? 'p' : encodings[i]);
		}
		text = out.data;
	}
	return pstrdup(text);
}

/* The text with something in the place of each $, and of some characters. */
static char *
plant(const char *text, const char *planted, const char *without)
{
	StringInfoData out;

	initStringInfo(&out);
	for (; *text; text++)
	{
		if (*text == '$')
			appendStringInfoString(&out, planted);
		else
			appendStringInfoChar(&out, strchr(without, *text) ? ' ' : *text);
	}
	return out.data;
}

static bool
is_planted(const char *text)
{
	return strchr(text, '$') != NULL;
}

/* ------------------------------------------------------------------------
 * Known secrets
 * ------------------------------------------------------------------------ */

static void
check_masked(const char *secret, const char *known, const char *text)
{
	char	   *masked = dbaas_secret_mask(pstrdup(text), lappend(NIL, pstrdup(known)));

	expect(strcmp(masked, text) != 0, "the secret \"%s\" of \"%s\" is not found in \"%s\"",
		   secret, known, text);
	expect(strstr(masked, secret) == NULL, "the secret \"%s\" of \"%s\" is in \"%s\"",
		   secret, known, masked);
}

/*
 * The encodings with which a secret is found.  A level of decoding undoes all kinds of
 * escapes, so one that has escapes of its own is not found where others were put over them.
 */
static const char *
findable(const char *secret, const char *encodings)
{
	int			nkinds = (strchr(secret, '%') != NULL) + (strchr(secret, '\\') != NULL) +
		(strchr(secret, '&') != NULL);

	if (nkinds == 0)
		return encodings;
	return nkinds == 1 ? pnstrdup(encodings, 1) : "p";
}

static void
check_mask(const char *secret, const char *encodings, const char *text)
{
	/*
	 * What begins an encoded character would encode a part of the secret, and
	 * a part of the secret may begin one that the text would end.
	 */
	char	   *planted = psprintf("%s%s", secret, strpbrk(secret, "\\%&") ? " " : "");
	char	   *encoded = encode(plant(text, planted, "\\%&*"), findable(secret, encodings));

	/* Stars are what is put in its place */
	if (*secret == '\0' || strchr(secret, '*'))
		return;
	if (is_planted(text))
		check_masked(secret, secret, encoded);
	if (is_planted(text) && strpbrk(secret, ":/?#@&= \t\r\n'\\%") == NULL)
	{
		check_masked(secret, psprintf("postgres://avnadmin:%s@host:1234/db?sslmode=require",
									  secret), encoded);
		check_masked(secret, psprintf("host=h user=u password=%s port=1", secret), encoded);
	}
	(void) dbaas_secret_mask(plant(text, secret, ""), lappend(NIL, pstrdup(secret)));
}

/* ------------------------------------------------------------------------
 * Secrets that are found by their names
 * ------------------------------------------------------------------------ */

static void
expect_hidden(const char *secret, const char *text)
{
	size_t		len = strlen(text);
	char	   *shown = dbaas_secret_hide_text(text, &len);

	expect(strlen(shown) == len, "the length of \"%s\" is %zu", shown, len);
	expect(strstr(shown, secret) == NULL, "the secret \"%s\" of \"%s\" is in \"%s\"",
		   secret, text, shown);
}

/* Is the name of a secret in the text?  Then what follows may be taken for the secret. */
static bool
has_names(const char *text)
{
	size_t		len;

	for (; *text; text += len + (text[len] != '\0'))
	{
		for (len = 0; isalnum((unsigned char) text[len]) || (text[len] && strchr("-_", text[len]));)
			len++;
		if (dbaas_secret_is_name(text, len))
			return true;
	}
	return false;
}

/*
 * "word" is the secret, without the characters that end a secret.  The text around it
 * has no quotes and brackets, in which a name would not be one.
 */
static void
check_names(const char *word, const char *encodings, const char *text)
{
	static const char *const forms[] = {
		"password=%s", "\"admin_password\": \"%s\"", "https://user:%s@host/x", " --api-key %s",
		"{\"tokens\": [\"%s\"]}", "Authorization: Basic %s", "PASSWORD '%s'",
		"secret => \"%s\""
	};

	for (size_t i = 0; i < lengthof(forms); i++)
	{
		StringInfoData out;
		const char *mark = strstr(forms[i], "%s");

		initStringInfo(&out);
		appendBinaryStringInfo(&out, forms[i], mark - forms[i]);
		appendStringInfo(&out, "%s%s", word, mark + 2);
		if (has_names(text) || strstr(text, word))
			text = "$";
		expect_hidden(word, encode(plant(text, out.data, "\"'\\%&{}[]"), encodings));
	}
}

/* ------------------------------------------------------------------------
 * JSON
 * ------------------------------------------------------------------------ */

static bool
is_all_stars(const DbaasJson *string)
{
	const char *text = dbaas_json_string(string, NULL);

	return strlen(text) <= 3 && text[strspn(text, "*")] == '\0';
}

/* Expects that nothing below the name of a secret is shown, except for schemas. */
static void
check_hidden(const DbaasJson *value, bool secret)
{
	switch (value->type)
	{
		case DBAAS_JSON_STRING:
			expect(!secret || is_all_stars(value), "a secret is shown");
			break;
		case DBAAS_JSON_INTEGER:
		case DBAAS_JSON_NUMBER:
			expect(!secret || value->len <= 2, "a secret number is shown");
			break;
		case DBAAS_JSON_ARRAY:
			for (const DbaasJson *item = dbaas_json_first(value); item;
				 item = dbaas_json_next(value, item))
				check_hidden(item, secret);
			break;
		case DBAAS_JSON_OBJECT:
			secret = secret && dbaas_json_member(value, "type") == NULL;
			for (const DbaasJson *name = dbaas_json_first(value); name;
				 name = dbaas_json_next(value, name))
				check_hidden(name + 1, secret || dbaas_secret_is_member(name));
			break;
		default:
			break;
	}
}

static void
check_json(const char *text)
{
	static const char *const names[] = {"uri", "key", NULL};
	size_t		len = strlen(text);
	char	   *copy = pstrdup(text);
	const DbaasJson *value;
	const DbaasJson *again;
	char	   *problem;

	if (!dbaas_json_parse(NULL, copy, len, DBAAS_JSON_ALL_NODES(len), &value, &problem))
		return;
	(void) dbaas_secret_collect(NIL, value, true);
	(void) dbaas_secret_collect_members(NIL, value, names);
	dbaas_secret_hide(value);
	expect(strlen(copy) == len, "the length of \"%s\" changes to \"%s\"", text, copy);
	expect(dbaas_json_parse(NULL, copy, len, DBAAS_JSON_ALL_NODES(len), &again, &problem),
		   "\"%s\", which was \"%s\", is not JSON", copy, text);
	expect(again->size == value->size && strcmp(dbaas_json_compact(again),
												dbaas_json_compact(value)) == 0,
		   "the nodes are not those of \"%s\"", copy);
	check_hidden(again, false);
	dbaas_secret_hide_members(again, names);
	(void) dbaas_secret_any_hidden(again);
}

/* ------------------------------------------------------------------------
 * Errors
 * ------------------------------------------------------------------------ */

static void
check_error(const char *word, const char *text)
{
	DbaasRequestFacts request = {
		.label = "GET /x in zone ch-gva-2",
		.zone = "ch-gva-2",
		.write = strlen(text) % 2
	};
	DbaasHttpResponse response = {
		.status = 400 + strlen(text) % 200,
		.body = pstrdup(text),
		.body_len = strlen(text)
	};
	DbaasError *error;

	request.secrets = lappend(NIL, pstrdup(word));
	error = dbaas_status_error(&request, &response);
	expect(error != NULL && *error->message, "there is no error");
	if (error->detail == NULL)
		return;
	expect(strstr(error->detail, word) == NULL, "the secret \"%s\" is in \"%s\"", word,
		   error->detail);
	expect(strlen(error->detail) < DBAAS_EXCERPT_BYTES + 100, "\"%s\" is too long",
		   error->detail);
	expect(pg_encoding_verifymbstr(PG_UTF8, error->detail, strlen(error->detail)) ==
		   strlen(error->detail), "\"%s\" is not UTF-8", error->detail);
	for (const char *p = error->detail; *p; p++)
		expect((unsigned char) *p >= ' ' && *p != 0x7f, "\"%s\" has a control character",
			   error->detail);
}

/* The letters and digits of the secret, and what makes it one that is found nowhere else. */
static char *
word_of(const char *secret)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "Zq");
	for (; *secret; secret++)
	{
		if (isalnum((unsigned char) *secret))
			appendStringInfoChar(&out, *secret);
	}
	appendStringInfoString(&out, "9xQ");
	return out.data;
}

void
fuzzer_start(void)
{
}

bool
fuzzer_check(const char *text, size_t len)
{
	char	   *copy = pstrdup(text);
	const char *secret = strsep(&copy, "\n");
	const char *encodings = strsep(&copy, "\n");
	bool		accepted = copy && strlen(secret) <= MAX_SECRET && is_planted(copy);

	if (copy && strlen(secret) <= MAX_SECRET)
	{
		const char *word = word_of(secret);

		check_mask(secret, encodings, copy);
		check_names(word, encodings, copy);
		check_json(plant(copy, word, ""));
		check_error(word, plant(copy, word, ""));
	}
	backend_free();
	return accepted;
}
