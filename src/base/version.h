/*-------------------------------------------------------------------------
 *
 * version.h
 *		Version of the wrapper: that of dbaas_fdw.control.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_VERSION_H
#define DBAAS_VERSION_H

#define DBAAS_FDW_VERSION "0.3"

/*
 * Where the extension is of a later version than this library, as after an
 * upgrade in a session that began before it: a hint that says so, palloc'd;
 * else NULL.  For errors about what this version does not know.  Reads a
 * catalogue, so it must be in a transaction.
 */
extern const char *dbaas_version_hint(void);

#endif							/* DBAAS_VERSION_H */
