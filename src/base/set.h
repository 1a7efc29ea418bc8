/*-------------------------------------------------------------------------
 *
 * set.h
 *		A set of strings.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SET_H
#define DBAAS_SET_H

typedef struct DbaasSet DbaasSet;

/* An empty one, in the current memory context, as its members will be. */
extern DbaasSet *dbaas_set_new(void);

/* Adds a copy of the string; false when it was a member before. */
extern bool dbaas_set_add(DbaasSet *set, const char *string);

extern bool dbaas_set_has(const DbaasSet *set, const char *string);

#endif							/* DBAAS_SET_H */
