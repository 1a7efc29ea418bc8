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
 * Defines the settings.  Called once, from _PG_init(), before anything else.  Raises
 * ERROR if the session has set one that does not exist (42704) or to an invalid value
 * (22023): a mistyped safeguard must not count as one that was not set.  In that case
 * nothing is defined, so the library can be loaded again after the setting was reset
 * or corrected.
 */
extern void dbaas_settings_define(void);

#endif							/* DBAAS_SETTINGS_H */
