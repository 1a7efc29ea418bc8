/*-------------------------------------------------------------------------
 *
 * floor.c
 *		The same requests as the wrapper's, by a plain program: the floor that
 *		the benchmark measures it against.
 *
 * libcurl and json-c, at most eight requests in flight, no database.  Looks at
 * the same fields as a query does, and adds up the bytes of their values, so
 * that nothing is left out.
 *
 * floor KEY SECRET COMMAND, with the rest of the work on standard input, a URL
 * (ending in /v2) and a name on each line:
 *
 *	logs		all entries of the service, page by page
 *	newest		its ten newest entries
 *	services	the list, without a name
 *	metrics		of the last hour
 *	details		the service; the name is the path, such as dbaas-postgres/NAME
 *	databases	makes a database in that service, and waits until it is there
 *
 * The system's certificates count, or those of SSL_CERT_FILE.  Prints one line:
 * rows, requests, bytes of values, bytes received, seconds from its start,
 * seconds of CPU, KiB of memory, page faults.
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

#define IN_FLIGHT 8
#define PAGE 500
#define POLL_SECONDS 0.1

typedef struct Text
{
	char	   *data;
	size_t		len;
	size_t		room;
} Text;

/* A line of the work, as it is being done */
typedef struct Job
{
	CURL	   *curl;			/* NULL: none */
	char		base[1024];
	char		name[256];
	char		cursor[256];	/* of logs */
	char		operation[64];	/* of databases */
	double		due;			/* when to ask for it again; 0: in flight */
	char		body[512];
	struct curl_slist *headers;
	Text		answer;
}			Job;

/* Takes an answer, which is NULL for 404; is there a next request? */
typedef bool (*Take) (Job * job, json_object *json);

static const char *key;
static const char *secret;
static const char *command;
static CURLM *multi;
static Job jobs[IN_FLIGHT];
static long rows;
static long requests;
static long long value_bytes;
static long long received_bytes;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "floor: %s: %s\n", what, why);
	exit(1);
}

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
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

/* Starts a request of a job; what is in job->body goes with it. */
static void
send_request(Job * job, const char *path)
{
	char		url[4096];
	char		authorization[1024];
	bool		has_body = *job->body != '\0';
	const char *certificates = getenv("SSL_CERT_FILE");

	if (job->curl == NULL)
	{
		job->curl = curl_easy_init();
		curl_easy_setopt(job->curl, CURLOPT_WRITEFUNCTION, receive);
		curl_easy_setopt(job->curl, CURLOPT_WRITEDATA, &job->answer);
		curl_easy_setopt(job->curl, CURLOPT_PRIVATE, job);
		curl_easy_setopt(job->curl, CURLOPT_ACCEPT_ENCODING, "");
		/* libcurl keeps the certificates that it has read only without it */
		curl_easy_setopt(job->curl, CURLOPT_CAPATH, NULL);
		if (certificates)
			curl_easy_setopt(job->curl, CURLOPT_CAINFO, certificates);
	}
	snprintf(url, sizeof(url), "%s%s", job->base, path);
	sign(has_body ? "POST" : "GET", strchr(strstr(url, "//") + 2, '/'), job->body, authorization,
		 sizeof(authorization));
	job->headers = curl_slist_append(NULL, authorization);
	if (has_body)
		job->headers = curl_slist_append(job->headers, "Content-Type: application/json");
	job->answer.len = 0;
	job->due = 0;
	curl_easy_setopt(job->curl, CURLOPT_URL, url);
	/* HTTP/2 carries all requests of a zone on one connection */
	curl_easy_setopt(job->curl, CURLOPT_PIPEWAIT, strncmp(url, "https", 5) == 0 ? 1L : 0L);
	curl_easy_setopt(job->curl, CURLOPT_HTTPHEADER, job->headers);
	if (has_body)
		curl_easy_setopt(job->curl, CURLOPT_POSTFIELDS, job->body);
	else
		curl_easy_setopt(job->curl, CURLOPT_HTTPGET, 1L);
	curl_multi_add_handle(multi, job->curl);
	requests++;
}

/* The answer of a request that has ended, to be put back; NULL for 404. */
static json_object *
answer_of(Job * job, CURLcode code)
{
	struct json_tokener *tokener;
	json_object *json;
	long		status;
	curl_off_t	body_bytes;
	long		head_bytes;

	curl_multi_remove_handle(multi, job->curl);
	curl_slist_free_all(job->headers);
	if (code != CURLE_OK)
		die(job->base, curl_easy_strerror(code));
	curl_easy_getinfo(job->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(job->curl, CURLINFO_SIZE_DOWNLOAD_T, &body_bytes);
	curl_easy_getinfo(job->curl, CURLINFO_HEADER_SIZE, &head_bytes);
	received_bytes += body_bytes + head_bytes;
	if (status == 404)
		return NULL;
	if (status != 200)
		die(job->base, "not 200");

	tokener = json_tokener_new();
	json = json_tokener_parse_ex(tokener, job->answer.data, (int) job->answer.len);
	if (json == NULL)
		die(job->base, "not JSON");
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

static const char *
text_member(json_object *json, const char *name)
{
	const char *value = json_object_get_string(member(json, name));

	return value ? value : "";
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

/* Sends the next request of a job. */
static void
next_request(Job * job)
{
	char		path[512];

	if (strcmp(command, "logs") == 0 || strcmp(command, "newest") == 0)
	{
		snprintf(path, sizeof(path), "/dbaas-service-logs/%s", job->name);
		snprintf(job->body, sizeof(job->body), "{\"sort-order\":\"desc\",\"limit\":%d%s%s%s}",
				 strcmp(command, "logs") == 0 ? PAGE : 10,
				 *job->cursor ? ",\"offset\":\"" : "", job->cursor, *job->cursor ? "\"" : "");
	}
	else if (strcmp(command, "services") == 0)
		snprintf(path, sizeof(path), "/dbaas-service");
	else if (strcmp(command, "metrics") == 0)
	{
		snprintf(path, sizeof(path), "/dbaas-service-metrics/%s", job->name);
		snprintf(job->body, sizeof(job->body), "{\"period\":\"hour\"}");
	}
	else if (strcmp(command, "details") == 0)
		snprintf(path, sizeof(path), "/%s", job->name);
	else if (*job->operation == '\0')
	{
		snprintf(path, sizeof(path), "/%s/database", job->name);
		snprintf(job->body, sizeof(job->body), "{\"database-name\":\"report\"}");
	}
	else
	{
		snprintf(path, sizeof(path), "/operation/%s", job->operation);
		*job->body = '\0';
	}
	send_request(job, path);
}

static bool
take_logs(Job * job, json_object *json)
{
	json_object *entries = member(json, "logs");
	size_t		n = entries ? json_object_array_length(entries) : 0;

	for (size_t i = 0; i < n; i++)
	{
		json_object *entry = json_object_array_get_idx(entries, i);

		take(member(entry, "time"));
		take(member(entry, "node"));
		take(member(entry, "unit"));
		take(member(entry, "message"));
	}
	rows += (long) n;
	snprintf(job->cursor, sizeof(job->cursor), "%s", text_member(json, "offset"));
	return n > 0 && strcmp(command, "logs") == 0;
}

static bool
take_services(Job * job, json_object *json)
{
	json_object *list = member(json, "dbaas-services");

	(void) job;
	for (size_t i = 0; i < json_object_array_length(list); i++)
	{
		json_object *service = json_object_array_get_idx(list, i);

		take(member(service, "name"));
		take(member(service, "type"));
		take(member(service, "plan"));
		take(member(service, "state"));
		rows++;
	}
	return false;
}

static bool
take_metrics(Job * job, json_object *json)
{
	json_object *metrics = member(json, "metrics");

	(void) job;
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
	return false;
}

static bool
take_details(Job * job, json_object *json)
{
	(void) job;
	take(member(json, "name"));
	take(member(json, "type"));
	take(member(json, "version"));
	rows += json != NULL;
	return false;
}

static bool
take_operation(Job * job, json_object *json)
{
	const char *state = text_member(json, "state");

	if (strcmp(state, "success") == 0)
	{
		rows++;
		return false;
	}
	if (strcmp(state, "pending") != 0)
		die(job->name, "not made");
	snprintf(job->operation, sizeof(job->operation), "%s", text_member(json, "id"));
	job->due = now() + POLL_SECONDS;
	return true;
}

/* Takes the next line of the work; is there one? */
static bool
next_job(Job * job)
{
	if (scanf("%1023s %255s", job->base, job->name) != 2)
		return false;
	*job->cursor = *job->operation = *job->body = '\0';
	next_request(job);
	return true;
}

/* Does all of the work. */
static void
work(Take take_answer)
{
	int			busy = 0;

	while (busy < IN_FLIGHT && next_job(&jobs[busy]))
		busy++;
	while (busy > 0)
	{
		CURLMsg    *message;
		int			left;

		curl_multi_perform(multi, &left);
		while ((message = curl_multi_info_read(multi, &left)))
		{
			Job		   *job;
			json_object *json;

			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &job);
			json = answer_of(job, message->data.result);
			if (!take_answer(job, json))
				busy -= !next_job(job);
			else if (job->due == 0)
				next_request(job);
			json_object_put(json);
		}
		for (int i = 0; i < IN_FLIGHT; i++)
			if (jobs[i].due != 0 && jobs[i].due <= now())
				next_request(&jobs[i]);
		if (busy > 0)
			curl_multi_poll(multi, NULL, 0, 10, NULL);
	}
}

int
main(int argc, char **argv)
{
	static const struct
	{
		const char *command;
		Take		take;
	}			commands[] = {
		{"logs", take_logs},
		{"newest", take_logs},
		{"services", take_services},
		{"metrics", take_metrics},
		{"details", take_details},
		{"databases", take_operation},
	};
	Take		take_answer = NULL;
	struct rusage usage;
	double		start = now();

	for (size_t i = 0; argc == 4 && i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(argv[3], commands[i].command) == 0)
			take_answer = commands[i].take;
	if (take_answer == NULL)
	{
		fprintf(stderr,
				"usage: floor KEY SECRET logs|newest|services|metrics|details|databases <WORK\n");
		return 2;
	}
	key = argv[1];
	secret = argv[2];
	command = argv[3];
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	work(take_answer);
	for (int i = 0; i < IN_FLIGHT; i++)
		curl_easy_cleanup(jobs[i].curl);
	curl_multi_cleanup(multi);
	getrusage(RUSAGE_SELF, &usage);
	printf("%ld %ld %lld %lld %.6f %.6f %ld %ld\n", rows, requests, value_bytes, received_bytes,
		   now() - start,
		   (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		   (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6, usage.ru_maxrss,
		   usage.ru_minflt);
	return 0;
}
