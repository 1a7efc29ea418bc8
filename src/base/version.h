/*-------------------------------------------------------------------------
 *
 * version.h
 *		Version of the wrapper.
 *
 * DBAAS_FDW_VERSION is a string literal: default_version of dbaas_fdw.control, which
 * the Makefile passes to the compiler.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_VERSION_H
#define DBAAS_VERSION_H

/*
 * A hint, palloc'd, for errors about an option or a resource that this version does
 * not know: the extension is of a later version than this library, as in a session
 * that began before an upgrade.  NULL when it is not.  Reads a system catalogue, so
 * there must be a transaction.
 */
extern const char *dbaas_version_hint(void);

#endif							/* DBAAS_VERSION_H */
