/*-------------------------------------------------------------------------
 *
 * discard.h
 *		DISCARD ALL, which drops the responses that the session keeps.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_DISCARD_H
#define DBAAS_DISCARD_H

/* Watches for DISCARD ALL; called once, from _PG_init(). */
extern void dbaas_discard_init(void);

#endif							/* DBAAS_DISCARD_H */
