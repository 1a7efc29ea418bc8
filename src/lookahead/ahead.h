/*-------------------------------------------------------------------------
 *
 * ahead.h
 *		Asking ahead: what a statement needs of the API, asked for together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_AHEAD_H
#define DBAAS_AHEAD_H

/* Hooks into the start of the executor. */
extern void dbaas_ahead_init(void);

#endif							/* DBAAS_AHEAD_H */
