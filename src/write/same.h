/*-------------------------------------------------------------------------
 *
 * same.h
 *		Compares JSON values by what they mean.
 *
 * Knows JSON, and the meanings that the catalogue gives to columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SAME_H
#define DBAAS_SAME_H

#include "base/json.h"
#include "tables/catalogue.h"

/*
 * Do two values mean the same?  If one does not have the form that the meaning asks for,
 * they are compared as JSON: numbers by value, objects regardless of the order of members,
 * and NULL, or an absent member, as null.
 */
extern bool dbaas_same_values(DbaasComparison meaning, const DbaasJson *a, const DbaasJson *b);

#endif							/* DBAAS_SAME_H */
