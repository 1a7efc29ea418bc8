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

#endif							/* DBAAS_VERSION_H */
