/*-------------------------------------------------------------------------
 *
 * drain.h
 *		A plan node that reads its source to the end before it gives a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_DRAIN_H
#define DBAAS_DRAIN_H

/*
 * From now on, statements that send rows at once read before they send.  Called
 * once, from _PG_init(), after what else puts nodes into a started plan.
 */
extern void dbaas_drain_init(void);

#endif							/* DBAAS_DRAIN_H */
