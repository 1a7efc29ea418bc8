/*
 * kept.h
 *		Answers kept under keys, for those that ask for the same again.
 *
 * A key holds all that its answer follows from, so nothing here grows old.
 */
#ifndef SIM_KEPT_H
#define SIM_KEPT_H

#include "answer.h"

/* The body kept under the key, a new reference; NULL when there is none. */
extern Body *kept_find(const char *key);

/* Keeps a reference of its own.  What is kept gives way when it grows too large. */
extern void kept_add(const char *key, Body *body);

#endif							/* SIM_KEPT_H */
