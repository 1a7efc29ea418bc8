/*-------------------------------------------------------------------------
 *
 * floor.c
 *		The same requests as the wrapper's, by a plain program: the floor that
 *		the benchmark measures it against.
 *
 * libcurl and json-c, one request after the other on one connection, no
 * database.  Looks at the same fields as a query does, and adds up the bytes
 * of their values, so that nothing is left out.
 *
 * floor KEY SECRET COMMAND, with the rest of the work on standard input, a URL
 * (ending in /v2) and a name on each line:
 *
 *	logs		all entries of the service, page by page
 *	services	the list, without a name
 *	metrics		of the last hour
 *
 * Prints one line: rows, requests, bytes of values, bytes received, seconds from
 * its start, seconds of CPU, KiB of memory.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <curl/curl.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define PAGE 500

static const char *key;
static const char *secret;
static CURL *curl;
static long rows;
static long requests;
static long long value_bytes;
static long long received_bytes;

typedef struct Text
{
	char	   *data;
	size_t		len;
	size_t		room;
} Text;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "floor: %s: %s\n", what, why);
	exit(1);
}

static size_t
receive(char *data, size_t size, size_t n, void *arg)
{
	Text	   *text = arg;

	if (text->len + size * n > text->room)
	{
		text->room = (text->len + size * n) * 2;
		text->data = realloc(text->data, text->room);
		if (text->data == NULL)
			die("memory", "none");
	}
	memcpy(text->data + text->len, data, size * n);
	text->len += size * n;
	return size * n;
}

/* The Authorization header of a request, whose URL path is "path". */
static void
sign(const char *method, const char *path, const char *body, char *header, size_t size)
{
	char		message[8192];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned char base64[EVP_MAX_MD_SIZE * 2];
	unsigned	len;
	long		expires = (long) time(NULL) + 600;

	snprintf(message, sizeof(message), "%s %s\n%s\n\n\n%ld", method, path, body, expires);
	HMAC(EVP_sha256(), secret, (int) strlen(secret), (unsigned char *) message, strlen(message),
		 digest, &len);
	EVP_EncodeBlock(base64, digest, (int) len);
	snprintf(header, size, "Authorization: EXO2-HMAC-SHA256 credential=%s,expires=%ld,signature=%s",
			 key, expires, base64);
}

/* Makes a request; the answer is to be put back. */
static json_object *
request(const char *base, const char *path, const char *body)
{
	static Text answer;
	char		url[4096];
	char		authorization[1024];
	const char *method = body ? "POST" : "GET";
	struct curl_slist *headers = NULL;
	struct json_tokener *tokener;
	json_object *json;
	CURLcode	code;
	long		status;
	curl_off_t	body_bytes;
	long		head_bytes;

	snprintf(url, sizeof(url), "%s%s", base, path);
	sign(method, strchr(strstr(url, "//") + 2, '/'), body ? body : "", authorization,
		 sizeof(authorization));
	headers = curl_slist_append(headers, authorization);
	if (body)
		headers = curl_slist_append(headers, "Content-Type: application/json");
	answer.len = 0;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
	if (body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	else
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	code = curl_easy_perform(curl);
	curl_slist_free_all(headers);
	requests++;
	if (code != CURLE_OK)
		die(url, curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_SIZE_DOWNLOAD_T, &body_bytes);
	curl_easy_getinfo(curl, CURLINFO_HEADER_SIZE, &head_bytes);
	received_bytes += body_bytes + head_bytes;
	if (status == 404)
		return NULL;
	if (status != 200)
		die(url, "not 200");

	tokener = json_tokener_new();
	json = json_tokener_parse_ex(tokener, answer.data, (int) answer.len);
	if (json == NULL)
		die(url, "not JSON");
	json_tokener_free(tokener);
	return json;
}

static json_object *
member(json_object *json, const char *name)
{
	json_object *value = NULL;

	if (json)
		json_object_object_get_ex(json, name, &value);
	return value;
}

/* Looks at a value. */
static void
take(json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		value_bytes += json_object_get_string_len(value);
	else if (value)
		value_bytes += (long long)
			strlen(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

static void
read_logs(const char *base, const char *name)
{
	char		path[512];
	char		offset[256] = "";

	snprintf(path, sizeof(path), "/dbaas-service-logs/%s", name);
	for (;;)
	{
		char		body[512];
		json_object *json;
		json_object *entries;
		size_t		n;

		snprintf(body, sizeof(body), "{\"sort-order\":\"desc\",\"limit\":%d%s%s%s}", PAGE,
				 *offset ? ",\"offset\":\"" : "", offset, *offset ? "\"" : "");
		json = request(base, path, body);
		entries = member(json, "logs");
		n = entries ? json_object_array_length(entries) : 0;
		for (size_t i = 0; i < n; i++)
		{
			json_object *entry = json_object_array_get_idx(entries, i);

			take(member(entry, "time"));
			take(member(entry, "node"));
			take(member(entry, "unit"));
			take(member(entry, "message"));
		}
		rows += (long) n;
		if (n > 0)
			snprintf(offset, sizeof(offset), "%s", json_object_get_string(member(json, "offset")));
		json_object_put(json);
		if (n == 0)
			return;
	}
}

static void
read_services(const char *base)
{
	json_object *json = request(base, "/dbaas-service", NULL);
	json_object *list = member(json, "dbaas-services");

	for (size_t i = 0; i < json_object_array_length(list); i++)
	{
		json_object *service = json_object_array_get_idx(list, i);

		take(member(service, "name"));
		take(member(service, "type"));
		take(member(service, "plan"));
		take(member(service, "state"));
		rows++;
	}
	json_object_put(json);
}

static void
read_metrics(const char *base, const char *name)
{
	char		path[512];
	json_object *json;
	json_object *metrics;

	snprintf(path, sizeof(path), "/dbaas-service-metrics/%s", name);
	json = request(base, path, "{\"period\":\"hour\"}");
	metrics = member(json, "metrics");
	if (metrics)
	{
		json_object_object_foreach(metrics, metric, value)
		{
			json_object *lines = member(member(value, "data"), "rows");

			for (size_t i = 0; i < json_object_array_length(lines); i++)
			{
				json_object *line = json_object_array_get_idx(lines, i);

				for (size_t c = 1; c < json_object_array_length(line); c++)
				{
					take(json_object_array_get_idx(line, 0));
					take(json_object_array_get_idx(line, c));
					value_bytes += (long long) strlen(metric);
					rows++;
				}
			}
		}
	}
	json_object_put(json);
}

int
main(int argc, char **argv)
{
	char		base[1024];
	char		name[256];
	struct rusage usage;
	struct timespec start;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (argc != 4)
	{
		fprintf(stderr, "usage: floor KEY SECRET logs|services|metrics <WORK\n");
		return 2;
	}
	key = argv[1];
	secret = argv[2];
	curl_global_init(CURL_GLOBAL_DEFAULT);
	curl = curl_easy_init();
	while (scanf("%1023s %255s", base, name) == 2)
	{
		if (strcmp(argv[3], "logs") == 0)
			read_logs(base, name);
		else if (strcmp(argv[3], "services") == 0)
			read_services(base);
		else
			read_metrics(base, name);
	}
	curl_easy_cleanup(curl);
	getrusage(RUSAGE_SELF, &usage);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%ld %ld %lld %lld %.6f %.6f %ld\n", rows, requests, value_bytes, received_bytes,
		   (double) (end.tv_sec - start.tv_sec) + (double) (end.tv_nsec - start.tv_nsec) / 1e9,
		   (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		   (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6, usage.ru_maxrss);
	return 0;
}
