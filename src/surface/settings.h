/*-------------------------------------------------------------------------
 *
 * settings.h
 *		The settings dbaas_fdw.*, as data.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_SETTINGS_H
#define DBAAS_SETTINGS_H

/*
 * Defines the settings; called once, from _PG_init(), before anything else.
 * Raises ERROR when the session holds one that is unknown (42704) or whose
 * value is none (22023): a guard that was mistyped must not be taken for one
 * that was not set.  Nothing is defined then, so the library can be loaded
 * again once the setting is reset or right.
 */
extern void dbaas_settings_define(void);

#endif							/* DBAAS_SETTINGS_H */
