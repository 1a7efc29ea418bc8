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
 * A hint, palloc'd, for errors about an option or a resource that this version does
 * not know: the extension is of a later version than this library, as in a session
 * that began before an upgrade.  NULL when it is not.  Reads a system catalogue, so
 * there must be a transaction.
 */
extern const char *dbaas_version_hint(void);

#endif							/* DBAAS_VERSION_H */
