/*
 * cache.h
 *		A cache of responses.
 *
 * A key names all that its response depends on, so no entry becomes stale.
 */
#ifndef SIM_CACHE_H
#define SIM_CACHE_H

#include "response.h"

/* Returns a new reference to the body of the key, or NULL. */
extern Body *cache_find(const char *key);

/*
 * Adds a body, with a reference of its own.  When the cache is full it is
 * emptied.
 */
extern void cache_add(const char *key, Body *body);

#endif							/* SIM_CACHE_H */
