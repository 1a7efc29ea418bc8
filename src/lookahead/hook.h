/*-------------------------------------------------------------------------
 *
 * hook.h
 *		The hook that adds nodes of ours to plans that have been started.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_HOOK_H
#define DBAAS_HOOK_H

/* Sets ExecutorStart_hook.  Called once, from _PG_init(). */
extern void dbaas_hook_init(void);

#endif							/* DBAAS_HOOK_H */
