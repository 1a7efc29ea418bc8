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
 * Do the values mean the same, as the meaning says?  Numbers are compared as
 * numbers, objects whatever the order of their members; an absent value is null.
 * What is not of the form that the meaning asks for is compared as JSON.
 */
extern bool dbaas_same(DbaasMeaning meaning, const DbaasJson *a, const DbaasJson *b);

#endif							/* DBAAS_SAME_H */
