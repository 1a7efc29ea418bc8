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

/* Makes an empty set; it and its members are in the current memory context. */
extern DbaasSet *dbaas_set_new(void);

/* Adds a copy of the string.  Returns false when it was a member already. */
extern bool dbaas_set_add(DbaasSet *set, const char *string);

/* Is the string a member? */
extern bool dbaas_set_has(const DbaasSet *set, const char *string);

#endif							/* DBAAS_SET_H */
