/*
 * replicas.c
 *		Integrations of type read_replica, whose two services may be in different
 *		zones.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replicas.h"
#include "util.h"

typedef struct Replica
{
	char		id[UUID_SIZE];
	ReplicaEnd	source;
	ReplicaEnd	dest;
} Replica;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Replica *replicas;
static size_t count;
static size_t capacity;
static unsigned version;

static bool
is_end(const ReplicaEnd *end, int zone, int service)
{
	return end->zone == zone && end->service == service;
}

static json_object *
replica_json(const Replica *replica)
{
	json_object *json = json_object_new_object();
	char	   *description = xasprintf("read replica %s of %s", replica->dest.name,
										replica->source.name);

	json_add_text(json, "id", replica->id);
	json_add_text(json, "type", "read_replica");
	json_add_text(json, "source", replica->source.name);
	json_add_text(json, "dest", replica->dest.name);
	json_add_text(json, "description", description);
	json_add_text(json, "status", "active");
	json_add_bool(json, "is-enabled", true);
	json_add_bool(json, "is-active", true);
	free(description);
	return json;
}

void
replicas_add(const char *id, const ReplicaEnd *source, const ReplicaEnd *dest)
{
	pthread_mutex_lock(&lock);
	replicas = xgrow(replicas, count, &capacity, sizeof(Replica));
	replicas[count].source = *source;
	replicas[count].dest = *dest;
	snprintf(replicas[count++].id, UUID_SIZE, "%s", id);
	version++;
	pthread_mutex_unlock(&lock);
}

json_object *
replicas_json(int zone, const char *id)
{
	json_object *json = NULL;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(replicas[i].id, id) == 0 &&
			(replicas[i].source.zone == zone || replicas[i].dest.zone == zone))
			json = replica_json(&replicas[i]);
	pthread_mutex_unlock(&lock);
	return json;
}

void
replicas_list(int zone, int service, json_object *array)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		if (is_end(&replicas[i].source, zone, service) || is_end(&replicas[i].dest, zone, service))
			json_object_array_add(array, replica_json(&replicas[i]));
	pthread_mutex_unlock(&lock);
}

/* Removes the one of an id or, when that is NULL, all of a service. */
static void
drop(const char *id, int zone, int service)
{
	size_t		kept = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		if (!(id ? strcasecmp(replicas[i].id, id) == 0 :
			  is_end(&replicas[i].source, zone, service) ||
			  is_end(&replicas[i].dest, zone, service)))
			replicas[kept++] = replicas[i];
	version += kept != count;
	count = kept;
	pthread_mutex_unlock(&lock);
}

void
replicas_promote(const char *id)
{
	drop(id, 0, 0);
}

void
replicas_drop(int zone, int service)
{
	drop(NULL, zone, service);
}

void
replicas_reset(void)
{
	pthread_mutex_lock(&lock);
	count = 0;
	version++;
	pthread_mutex_unlock(&lock);
}

unsigned
replicas_version(void)
{
	unsigned	now;

	pthread_mutex_lock(&lock);
	now = version;
	pthread_mutex_unlock(&lock);
	return now;
}
