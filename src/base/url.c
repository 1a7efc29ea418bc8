/*-------------------------------------------------------------------------
 *
 * url.c
 *		URLs: what they may be, and their parts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include "lib/stringinfo.h"

#include "base/url.h"

/*
 * A palloc'd copy of a text of libcurl's, which it frees.  NULL for NULL, and when
 * memory runs out: an error would leak libcurl's text.
 */
static char *
take_text(char *text)
{
	char	   *copy;

	if (text == NULL)
		return NULL;
	copy = MemoryContextAllocExtended(CurrentMemoryContext, strlen(text) + 1, MCXT_ALLOC_NO_OOM);
	if (copy)
		strcpy(copy, text);
	curl_free(text);
	return copy;
}

/* A part of a URL, palloc'd; NULL when it has none. */
static char *
url_part(CURLU *url, CURLUPart part)
{
	char	   *value = NULL;

	return curl_url_get(url, part, &value, 0) == CURLUE_OK ? take_text(value) : NULL;
}

static bool
is_loopback(const char *host)
{
	struct in_addr address;

	return pg_strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
		(inet_pton(AF_INET, host, &address) == 1 &&
		 (ntohl(address.s_addr) >> 24) == 127);
}

bool
dbaas_url_check(const char *url, char **problem)
{
	CURLU	   *parsed = curl_url();
	char	   *scheme = NULL;
	char	   *host = NULL;
	bool		has_user = true;

	/* libcurl takes https:///x for https://x/. */
	if (parsed && strstr(url, ":///") == NULL && strpbrk(url, "?#") == NULL &&
		curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK)
	{
		scheme = url_part(parsed, CURLUPART_SCHEME);
		host = url_part(parsed, CURLUPART_HOST);
		has_user = url_part(parsed, CURLUPART_USER) || url_part(parsed, CURLUPART_PASSWORD);
	}
	curl_url_cleanup(parsed);

	if (strpbrk(url, "?#") != NULL || (scheme && host && has_user))
		*problem = "It has a user, a password, a query or a fragment.";
	else if (scheme == NULL || host == NULL)
		*problem = "It is not a URL.";
	else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
		*problem = psprintf("The scheme \"%s\" is neither https nor http.", scheme);
	else if (strcmp(scheme, "http") == 0 && !is_loopback(host))
		*problem = psprintf("Host \"%s\" is not a loopback address, and http does not protect "
							"what is sent to it.", host);
	else
		return true;
	return false;
}

bool
dbaas_url_check_proxy(const char *url, char **problem)
{
	static const char *const schemes[] = {"http", "https", "socks", "socks4",
	"socks4a", "socks5", "socks5h"};
	CURLU	   *parsed = curl_url();
	char	   *scheme = NULL;
	char	   *port = NULL;
	char	   *path = NULL;
	bool		known = false;

	/*
	 * These are the flags with which libcurl parses a proxy: its scheme may
	 * be missing.
	 */
	if (parsed && strpbrk(url, "?#") == NULL && strstr(url, ":///") == NULL &&
		curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) ==
		CURLUE_OK)
	{
		scheme = url_part(parsed, CURLUPART_SCHEME);
		port = url_part(parsed, CURLUPART_PORT);
		path = url_part(parsed, CURLUPART_PATH);
	}
	curl_url_cleanup(parsed);
	for (size_t i = 0; scheme && i < lengthof(schemes); i++)
		known = known || pg_strcasecmp(scheme, schemes[i]) == 0;

	if (scheme == NULL)
		*problem = "It is not a URL with a host, and a port up to 65535.";
	else if (!known)
		*problem = psprintf("The scheme \"%s\" is not a proxy's.", scheme);
	else if (port && atoi(port) == 0)
		*problem = "Port 0 cannot be connected to.";
	else if (path && strcmp(path, "/") != 0)
		/* "socks5h://localhost/path" is a socket of this machine to libcurl. */
		*problem = "It has a path.";
	else
		return true;
	return false;
}

char *
dbaas_url_expand_zone(const char *url, const char *zone)
{
	StringInfoData out;
	const char *mark;

	initStringInfo(&out);
	for (; (mark = strstr(url, "{zone}")) != NULL; url = mark + strlen("{zone}"))
	{
		appendBinaryStringInfo(&out, url, mark - url);
		appendStringInfoString(&out, zone);
	}
	appendStringInfoString(&out, url);
	return out.data;
}

char *
dbaas_url_encode_segment(const char *segment)
{
	return take_text(curl_easy_escape(NULL, segment, 0));
}

char *
dbaas_url_path(const char *url)
{
	CURLU	   *parsed = curl_url();
	char	   *path = NULL;

	if (parsed && curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK)
		path = url_part(parsed, CURLUPART_PATH);
	curl_url_cleanup(parsed);
	return path;
}
