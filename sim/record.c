/*
 * record.c
 *		The requests that arrived, for tests to look at.
 *
 * The last MAX_RECORDS requests are kept, in the order of arrival.  A number is
 * never used twice, not even after the record was cleared.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "state.h"

#define MAX_RECORDS 100000

typedef struct Record
{
	unsigned long seq;
	const char *zone;			/* NULL: no zone of ours */
	char	   *method;
	char	   *url;
	size_t		path_start;		/* where the path after the prefix starts in
								 * "url" */
	size_t		path_length;
	char	   *body;			/* NULL: none */
	size_t		body_length;
	char	   *headers;		/* JSON */
	bool		is_signed;
	int			status;			/* 0 until answered */
	bool		ended;
	double		started_ms;
	double		ended_ms;
	unsigned	in_flight;
	unsigned	connection;
	char		http_version[8];
} Record;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Record *records[MAX_RECORDS];	/* a ring, by seq */
static unsigned long first_seq = 1;
static unsigned long next_seq = 1;
static unsigned in_flight;

static void
record_free(Record *record)
{
	if (record == NULL)
		return;
	free(record->method);
	free(record->url);
	free(record->body);
	free(record->headers);
	free(record);
}

static Record *
record_new(const Request *request, const RequestMeta *meta)
{
	Record	   *record = xcalloc(1, sizeof(Record));

	record->zone = request->zone ? state_zone_name(request->zone) : NULL;
	record->method = xstrdup(request->method);
	record->url = xstrdup(request->url);
	record->path_start = (size_t) (request->api_path - request->path);
	record->path_length = strlen(request->api_path);
	if (request->body_length > 0)
	{
		record->body = xcalloc(request->body_length, 1);
		memcpy(record->body, request->body, request->body_length);
		record->body_length = request->body_length;
	}
	record->headers = xstrdup(json_text(meta->headers));
	json_object_put(meta->headers);
	record->is_signed = request->authorization != NULL;
	record->started_ms = meta->started_ms;
	record->connection = meta->connection;
	strncpy(record->http_version, meta->http_version, sizeof(record->http_version) - 1);
	return record;
}

unsigned long
record_begin(const Request *request, const RequestMeta *meta)
{
	Record	   *record = record_new(request, meta);
	Record	   *oldest = NULL;

	pthread_mutex_lock(&lock);
	record->seq = next_seq++;
	record->in_flight = ++in_flight;
	if (next_seq - first_seq > MAX_RECORDS)
	{
		oldest = records[first_seq % MAX_RECORDS];
		first_seq++;
	}
	records[record->seq % MAX_RECORDS] = record;
	pthread_mutex_unlock(&lock);
	record_free(oldest);
	return record->seq;
}

void
record_end(unsigned long seq, int status)
{
	pthread_mutex_lock(&lock);
	in_flight--;
	if (seq >= first_seq)
	{
		Record	   *record = records[seq % MAX_RECORDS];

		record->status = status;
		record->ended = true;
		record->ended_ms = clock_ms();
	}
	pthread_mutex_unlock(&lock);
}

static json_object *
one_json(const Record *record)
{
	json_object *json = json_object_new_object();
	const char *query = strchr(record->url, '?');

	json_add_number(json, "seq", (int64_t) record->seq);
	json_add(json, "zone", record->zone ? json_object_new_string(record->zone) : NULL);
	json_add_text(json, "method", record->method);
	json_add(json, "path", json_object_new_string_len(record->url + record->path_start,
													  (int) record->path_length));
	json_add_text(json, "url", record->url);
	if (query)
		json_add_text(json, "query", query + 1);
	if (record->body)
		json_add(json, "body", json_object_new_string_len(record->body,
														  (int) record->body_length));
	json_add(json, "headers", json_verbatim(record->headers));
	json_add_bool(json, "signed", record->is_signed);
	json_add(json, "status", record->status ? json_object_new_int(record->status) : NULL);
	json_add(json, "started_ms", json_object_new_double(record->started_ms));
	json_add(json, "ended_ms", record->ended ? json_object_new_double(record->ended_ms) : NULL);
	json_add_number(json, "in_flight", record->in_flight);
	json_add_number(json, "connection", record->connection);
	json_add_text(json, "http", record->http_version);
	return json;
}

json_object *
record_json(unsigned long since)
{
	json_object *array = json_object_new_array();

	pthread_mutex_lock(&lock);
	for (unsigned long seq = since >= first_seq ? since + 1 : first_seq; seq < next_seq; seq++)
		json_object_array_add(array, one_json(records[seq % MAX_RECORDS]));
	pthread_mutex_unlock(&lock);
	return array;
}

size_t
record_count(void)
{
	size_t		count;

	pthread_mutex_lock(&lock);
	count = next_seq - first_seq;
	pthread_mutex_unlock(&lock);
	return count;
}

void
record_clear(unsigned long until)
{
	pthread_mutex_lock(&lock);
	for (; first_seq < next_seq && first_seq <= until; first_seq++)
	{
		record_free(records[first_seq % MAX_RECORDS]);
		records[first_seq % MAX_RECORDS] = NULL;
	}
	pthread_mutex_unlock(&lock);
}
