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
 * Defines the settings, once.  To be called from _PG_init(), before anything else, and
 * before each use of the wrapper.  Raises ERROR if the session has set one that does not
 * exist (42704) or to an invalid value (22023): a mistyped safeguard must not count as
 * one that was not set.  In that case nothing is defined, so it can be called again
 * after the setting was reset or corrected.  While the server or a session starts, that
 * is a WARNING, and the next call has to define them.
 */
extern void dbaas_settings_define(void);

#endif							/* DBAAS_SETTINGS_H */
