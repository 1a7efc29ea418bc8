/*
 * kept.c
 *		Answers kept under keys.
 *
 * So that a benchmark, which asks for the same over and over, does not measure
 * how long the simulator takes to make and compress it.
 */
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "kept.h"

/* A million log entries, and what compressed they take. */
#define MAX_BYTES ((size_t) 256 * 1024 * 1024)

typedef struct Kept
{
	char	   *key;
	Body	   *body;
} Kept;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *tree;
static size_t bytes;

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(((const Kept *) a)->key, ((const Kept *) b)->key);
}

static void
free_kept(void *item)
{
	Kept	   *kept = item;

	body_unref(kept->body);
	free(kept->key);
	free(kept);
}

Body *
kept_find(const char *key)
{
	Kept		wanted = {.key = (char *) key};
	Kept	  **found;
	Body	   *body = NULL;

	pthread_mutex_lock(&lock);
	found = tfind(&wanted, &tree, compare_keys);
	if (found)
		body = body_ref((*found)->body);
	pthread_mutex_unlock(&lock);
	return body;
}

void
kept_add(const char *key, Body *body)
{
	Kept	   *kept = xcalloc(1, sizeof(Kept));

	kept->key = xstrdup(key);
	kept->body = body_ref(body);
	pthread_mutex_lock(&lock);
	if (bytes + body->length > MAX_BYTES)
	{
		tdestroy(tree, free_kept);
		tree = NULL;
		bytes = 0;
	}
	/* Two may have made the same at once. */
	if (*(Kept **) tsearch(kept, &tree, compare_keys) == kept)
		bytes += body->length;
	else
		free_kept(kept);
	pthread_mutex_unlock(&lock);
}
