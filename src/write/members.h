/*-------------------------------------------------------------------------
 *
 * members.h
 *		Builds a JSON object, member by member.
 *
 * Knows JSON text; knows neither values of SQL nor what a member means.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_MEMBERS_H
#define DBAAS_MEMBERS_H

#include "base/json.h"

typedef struct DbaasMembers DbaasMembers;

/* An object without members, freed with the current memory context. */
extern DbaasMembers *dbaas_members_new(void);

/*
 * Adds a member, or replaces the one of that name.  The value is JSON in UTF-8;
 * "shown" is the same without secrets.  Both are copied.  Raises an ERROR when memory
 * runs out (53200).
 */
extern void dbaas_members_add(DbaasMembers *members, const char *name, const char *value,
							  const char *shown);

/* The same, but "a/b" stands for member b of the object that is member a. */
extern void dbaas_members_add_at(DbaasMembers *members, const char *place, const char *value,
								 const char *shown);

/*
 * Adds the members of an object, which may be NULL; they replace those of the same names.
 * They are shown as they are.
 */
extern void dbaas_members_add_object(DbaasMembers *members, const DbaasJson *object);

/* Is there a member of that name?  Adding a part "a/b" adds member "a". */
extern bool dbaas_members_has(const DbaasMembers *members, const char *name);

/* The object as JSON, or as it is shown; palloc'd.  NULL when it has no members. */
extern char *dbaas_members_text(const DbaasMembers *members);
extern char *dbaas_members_shown(const DbaasMembers *members);

#endif							/* DBAAS_MEMBERS_H */
