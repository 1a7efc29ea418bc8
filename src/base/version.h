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
 * If the extension is of a later version than this library, a hint that says so,
 * palloc'd; else NULL.  This happens in a session that began before an upgrade.
 * For errors about what this version does not know.  Reads a system catalogue, so
 * there must be a transaction.
 */
extern const char *dbaas_version_hint(void);

#endif							/* DBAAS_VERSION_H */
