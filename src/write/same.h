/*-------------------------------------------------------------------------
 *
 * same.h
 *		Do two JSON values mean the same?
 *
 * Knows JSON and what the catalogue says of a value's meaning.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SAME_H
#define DBAAS_SAME_H

#include "base/json.h"
#include "tables/catalogue.h"

/*
 * Do two values mean the same?  Values that do not have the form of the meaning are
 * compared as JSON: numbers by value, objects regardless of the order of members, and
 * NULL, or a member that is absent, as null.
 */
extern bool dbaas_same(DbaasMeaning meaning, const DbaasJson *a, const DbaasJson *b);

#endif							/* DBAAS_SAME_H */
