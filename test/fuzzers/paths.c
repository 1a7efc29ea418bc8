/*-------------------------------------------------------------------------
 *
 * paths.c
 *		Templates of paths, and the values in them.
 *
 * A text has a template, then the values of its parameters, then NAME=VALUE for
 * arguments of the query, a line each.  Holds that libcurl reads the request's URL as
 * it was meant: each value is in its segment, or in its argument, and the path has the
 * segments of the template.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <curl/curl.h>

#include "lib/stringinfo.h"

#include "base/url.h"
#include "tables/path.h"

#include "backend.h"
#include "fuzzer.h"

#define MAX_VALUES 16
#define PREFIX "/v2"

/* What the segment must be when decoded, with the values in it. */
static char *
meant_segment(const DbaasPath *path, const char *start, const char *end, const char *const *args)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const char *p = start; p < end;)
	{
		const DbaasParam *found = NULL;

		for (int i = 0; i < path->nparams; i++)
		{
			if (path->template + path->params[i].start == p)
				found = &path->params[i];
		}
		if (found)
			appendStringInfoString(&out, args[found->column]);
		else
			appendStringInfoChar(&out, *p);
		p = found ? path->template + found->end : p + 1;
	}
	return out.data;
}

static void
expect_decoded(const char *encoded, size_t len, const char *meant, const char *what)
{
	char	   *copy = pnstrdup(encoded, len);
	int			decoded_len;
	char	   *decoded = curl_easy_unescape(NULL, copy, (int) len, &decoded_len);

	expect(decoded && decoded_len == strlen(meant) && memcmp(decoded, meant, decoded_len) == 0,
		   "%s \"%s\" was to be \"%s\"", what, copy, meant);
	curl_free(decoded);
}

static void
check_segments(const DbaasPath *path, const char *sent, const char *const *args)
{
	const char *meant = path->template;

	expect(strncmp(sent, PREFIX, strlen(PREFIX)) == 0, "the path \"%s\" leaves " PREFIX, sent);
	sent += strlen(PREFIX);
	while (*meant && *sent)
	{
		size_t		meant_len = strcspn(++meant, "/");
		size_t		len = strcspn(++sent, "/");

		expect_decoded(sent, len, meant_segment(path, meant, meant + meant_len, args),
					   "the segment");
		meant += meant_len;
		sent += len;
	}
	expect(*meant == '\0' && *sent == '\0', "the path has more or fewer segments");
}

static void
check_query(const DbaasPath *path, const char *sent, const char *const *args)
{
	for (int i = 0; i < path->nquery; i++)
	{
		size_t		len = strcspn(sent, "&");
		size_t		name_len = strcspn(sent, "=");

		expect(name_len < len, "the query lacks \"%s\"", path->query[i].name);
		expect_decoded(sent, name_len, path->query[i].name, "the name");
		expect_decoded(sent + name_len + 1, len - name_len - 1, args[path->query[i].column],
					   "the value");
		sent += len + (sent[len] == '&');
	}
	expect(*sent == '\0', "the query has more arguments");
}

static void
check_url(const DbaasPath *path, const char *const *args)
{
	DbaasQuery	query = dbaas_path_query(path, args);
	char	   *url = psprintf("https://api-zone.example.com" PREFIX "%s%s",
							   dbaas_path_expand(path, args), query.text);
	CURLU	   *parsed = curl_url();
	char	   *part = NULL;

	expect(curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK, "\"%s\" is not a URL", url);
	expect(curl_url_get(parsed, CURLUPART_HOST, &part, 0) == CURLUE_OK &&
		   strcmp(part, "api-zone.example.com") == 0, "\"%s\" has another host", url);
	curl_free(part);
	expect(curl_url_get(parsed, CURLUPART_FRAGMENT, &part, 0) == CURLUE_NO_FRAGMENT,
		   "\"%s\" has a fragment", url);
	expect(curl_url_get(parsed, CURLUPART_PATH, &part, 0) == CURLUE_OK, "\"%s\" has no path", url);
	check_segments(path, part, args);
	expect(strcmp(dbaas_url_path(url), part) == 0, "\"%s\" is not the path that is signed", url);
	curl_free(part);
	if (path->nquery)
	{
		expect(curl_url_get(parsed, CURLUPART_QUERY, &part, 0) == CURLUE_OK,
			   "\"%s\" has no query", url);
		check_query(path, part, args);
		curl_free(part);
	}
	curl_url_cleanup(parsed);
}

void
fuzzer_start(void)
{
}

static bool
check(char *lines)
{
	const char *template = strsep(&lines, "\n");
	const char *args[2 * MAX_VALUES] = {NULL};
	DbaasParam	query[MAX_VALUES];
	DbaasPath	path;
	int			n = 0;

	if (dbaas_path_check(template))
		return false;
	path = dbaas_path_parse(template);
	if (path.nparams > MAX_VALUES)
		return false;
	for (; n < path.nparams; n++)
	{
		args[n] = strsep(&lines, "\n");
		if (args[n] == NULL || !dbaas_path_can_hold(args[n]))
			return false;
		expect(dbaas_path_check_param(path.params[n].name) == NULL, "{%s} is no parameter",
			   path.params[n].name);
		path.params[n].column = n;
	}
	path.query = query;
	while (lines && path.nquery < MAX_VALUES)
	{
		char	   *value = strsep(&lines, "\n");
		const char *name = strsep(&value, "=");

		if (value == NULL || dbaas_path_check_param(name))
			continue;
		args[n] = value;
		query[path.nquery++] = (DbaasParam)
		{
			.name = name,
				.column = n++
		};
	}
	check_url(&path, args);
	return true;
}

bool
fuzzer_check(const char *text, size_t len)
{
	bool		accepted = check(pstrdup(text));

	backend_free();
	return accepted;
}
