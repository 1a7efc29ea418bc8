/*-------------------------------------------------------------------------
 *
 * secret_name.c
 *		Which names are those of secrets.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "tables/secret.h"

/*
 * What the names of secrets end in.  A plural's "s" may follow, and "_" may stand
 * for "-".
 */
#define WORDS(text) {text, sizeof(text) - 1}
static const struct
{
	const char *text;
	size_t		len;
}			secret_names[] = {

	WORDS("password"), WORDS("passwd"), WORDS("secret"), WORDS("token"), WORDS("access-key"),
	WORDS("access-cert"), WORDS("api-key"), WORDS("private-key"), WORDS("client-key"),
	WORDS("secret-key"), WORDS("passphrase"), WORDS("authorization")
};

/* Is a letter of a name, in either case, that letter of secret_names? */
static inline bool
same_letter(char letter, char word)
{
	return (char) pg_ascii_tolower((unsigned char) letter) == word ||
		(letter == '_' && word == '-');
}

/*
 * A quick check that is false for nearly all names: does one of len bytes, at
 * least two, end in the same two letters as one of secret_names?
 */
static inline bool
ends_as_secrets_do(const char *name, size_t len)
{
	static uint32 letters[32];	/* by the last letter: those before it */

	if (unlikely(letters['t' & 31] == 0))
	{
		for (size_t i = 0; i < lengthof(secret_names); i++)
		{
			const char *end = secret_names[i].text + secret_names[i].len;

			letters[end[-1] & 31] |= (uint32) 1 << (end[-2] & 31);
		}
	}
	return letters[name[len - 1] & 31] & ((uint32) 1 << (name[len - 2] & 31));
}

bool
dbaas_secret_is_name(const char *name, size_t len)
{
	if (len > 0 && same_letter(name[len - 1], 's'))
		len--;
	if (len < 2 || !ends_as_secrets_do(name, len))
		return false;
	for (size_t i = 0; i < lengthof(secret_names); i++)
	{
		const char *words = secret_names[i].text;
		size_t		left = secret_names[i].len;
		const char *end = name + len - left;

		if (left > len)
			continue;
		while (left > 0 && same_letter(end[left - 1], words[left - 1]))
			left--;
		if (left == 0)
			return true;
	}
	return false;
}

bool
dbaas_secret_is_member(const DbaasJson *name)
{
	size_t		len;
	char	   *text;
	bool		secret;

	if (!name->escaped)
		return dbaas_secret_is_name(name->text, name->len);
	text = dbaas_json_string(name, &len);
	secret = dbaas_secret_is_name(text, len);
	pfree(text);
	return secret;
}
