/*-------------------------------------------------------------------------
 *
 * text.h
 *		What is done to texts in several places.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_TEXT_H
#define DBAAS_TEXT_H

/* pstrdup() that takes NULL, and gives NULL for it. */
static inline char *
dbaas_text_copy(const char *text)
{
	return text ? pstrdup(text) : NULL;
}

#endif							/* DBAAS_TEXT_H */
