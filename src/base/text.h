/*-------------------------------------------------------------------------
 *
 * text.h
 *		Copies of texts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_TEXT_H
#define DBAAS_TEXT_H

#include "nodes/pg_list.h"

/* pstrdup() that returns NULL for NULL. */
static inline char *
dbaas_text_copy(const char *text)
{
	return text ? pstrdup(text) : NULL;
}

/* A copy of a list of texts, char *, with copies of them. */
static inline List *
dbaas_text_copy_list(const List *texts)
{
	List	   *copy = NIL;
	ListCell   *lc;

	foreach(lc, texts)
		copy = lappend(copy, pstrdup(lfirst(lc)));
	return copy;
}

#endif							/* DBAAS_TEXT_H */
