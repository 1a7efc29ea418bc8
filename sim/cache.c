/*
 * cache.c
 *		A cache of responses.
 *
 * A benchmark asks for the same pages again and again, and is not to measure
 * how long the simulator takes to make and compress them.
 */
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"

/* Room for a million log entries, and for them compressed. */
#define MAX_BYTES ((size_t) 256 * 1024 * 1024)

typedef struct CacheEntry
{
	char	   *key;
	Body	   *body;
} CacheEntry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *tree;
static size_t bytes;

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(((const CacheEntry *) a)->key, ((const CacheEntry *) b)->key);
}

static void
free_entry(void *item)
{
	CacheEntry *entry = item;

	body_unref(entry->body);
	free(entry->key);
	free(entry);
}

Body *
cache_find(const char *key)
{
	CacheEntry	wanted = {.key = (char *) key};
	CacheEntry **found;
	Body	   *body = NULL;

	pthread_mutex_lock(&lock);
	found = tfind(&wanted, &tree, compare_keys);
	if (found)
		body = body_ref((*found)->body);
	pthread_mutex_unlock(&lock);
	return body;
}

void
cache_add(const char *key, Body *body)
{
	CacheEntry *entry = xcalloc(1, sizeof(CacheEntry));

	entry->key = xstrdup(key);
	entry->body = body_ref(body);
	pthread_mutex_lock(&lock);
	if (bytes + body->length > MAX_BYTES)
	{
		tdestroy(tree, free_entry);
		tree = NULL;
		bytes = 0;
	}
	/* Two threads may have made the same body at the same time. */
	if (*(CacheEntry **) tsearch(entry, &tree, compare_keys) == entry)
		bytes += body->length;
	else
		free_entry(entry);
	pthread_mutex_unlock(&lock);
}
