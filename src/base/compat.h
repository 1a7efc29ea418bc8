/*-------------------------------------------------------------------------
 *
 * compat.h
 *		Differences between PostgreSQL 15 to 18, under one name each.
 *
 * The only file that looks at PG_VERSION_NUM.  A macro is named for the PostgreSQL
 * function that it stands for, where there is one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_COMPAT_H
#define DBAAS_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "dbaas_fdw needs PostgreSQL 15 or later"
#endif

#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/proc.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

/* pg_noreturn stands before a function's declaration since 18. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/*
 * The library exports what is declared with PGDLLEXPORT and nothing else.
 * Before 16 that says nothing, as everything used to be exported.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

/*
 * create_foreignscan_path has fdw_restrictinfo since 17, and disabled_nodes since 18.
 * The planner compares disabled_nodes before costs.  With "avoid", the path gets more
 * of them than the enable_xxx settings can give to another path.
 */
#if PG_VERSION_NUM >= 180000
#define dbaas_create_foreignscan_path(root, rel, rows, startup, total, pathkeys, \
									  outer, priv, avoid) \
	create_foreignscan_path(root, rel, NULL, rows, (avoid) ? 100 : 0, startup, total, \
							pathkeys, outer, NULL, NIL, priv)
#elif PG_VERSION_NUM >= 170000
#define dbaas_create_foreignscan_path(root, rel, rows, startup, total, pathkeys, \
									  outer, priv, avoid) \
	((void) (avoid), \
	 create_foreignscan_path(root, rel, NULL, rows, startup, total, \
							 pathkeys, outer, NULL, NIL, priv))
#else
#define dbaas_create_foreignscan_path(root, rel, rows, startup, total, pathkeys, \
									  outer, priv, avoid) \
	((void) (avoid), \
	 create_foreignscan_path(root, rel, NULL, rows, startup, total, \
							 pathkeys, outer, NULL, priv))
#endif

/* estimate_array_length takes the PlannerInfo since 17. */
#if PG_VERSION_NUM >= 170000
#define dbaas_estimate_array_length(root, node) estimate_array_length(root, node)
#else
#define dbaas_estimate_array_length(root, node) ((void) (root), estimate_array_length(node))
#endif

/* The user as whom a relation is read, or InvalidOid; in the ForeignScan since 16. */
#if PG_VERSION_NUM >= 160000
#define dbaas_check_as_user(node) (((ForeignScan *) (node)->ss.ps.plan)->checkAsUser)
#else
#define dbaas_check_as_user(node) \
	(exec_rt_fetch(((Scan *) (node)->ss.ps.plan)->scanrelid, \
				   (node)->ss.ps.state)->checkAsUser)
#endif

/* The same of a table in the range table of a query. */
#if PG_VERSION_NUM >= 160000
#define dbaas_rte_check_as_user(query, rte) \
	((rte)->perminfoindex == 0 ? InvalidOid : \
	 getRTEPermissionInfo((query)->rteperminfos, rte)->checkAsUser)
#else
#define dbaas_rte_check_as_user(query, rte) ((void) (query), (rte)->checkAsUser)
#endif

/* What the columns of an RTE_GROUP, which a query with GROUP BY has since 18, are made of. */
#if PG_VERSION_NUM >= 180000
#define dbaas_group_exprs(rte) ((rte)->rtekind == RTE_GROUP ? (rte)->groupexprs : NIL)
#else
#define dbaas_group_exprs(rte) ((void) (rte), NIL)
#endif

/* Does it show a row as it was before the statement: old.a in RETURNING, since 18? */
#if PG_VERSION_NUM >= 180000
#define dbaas_is_old_row(var) ((var)->varreturningtype == VAR_RETURNING_OLD)
#else
#define dbaas_is_old_row(var) ((void) (var), false)
#endif

/* The user as whom a result relation is written: ExecGetResultRelCheckAsUser() since 16. */
#if PG_VERSION_NUM >= 160000
#define dbaas_result_user(rinfo, estate) ExecGetResultRelCheckAsUser(rinfo, estate)
#else
static inline Oid
dbaas_result_user(ResultRelInfo *rinfo, EState *estate)
{
	ResultRelInfo *root = rinfo->ri_RootResultRelInfo ? rinfo->ri_RootResultRelInfo : rinfo;
	Index		rti = root->ri_RangeTableIndex;
	Oid			userid = rti > 0 ? exec_rt_fetch(rti, estate)->checkAsUser : InvalidOid;

	return OidIsValid(userid) ? userid : GetUserId();
}
#endif

/* May the user use the foreign server?  object_aclcheck() since 16. */
#if PG_VERSION_NUM >= 160000
#define dbaas_has_server_usage(serverid, userid) \
	(object_aclcheck(ForeignServerRelationId, serverid, userid, ACL_USAGE) == ACLCHECK_OK)
#else
#define dbaas_has_server_usage(serverid, userid) \
	(pg_foreign_server_aclcheck(serverid, userid, ACL_USAGE) == ACLCHECK_OK)
#endif

/* All settings, placeholders too, and their number: one function since 16. */
#if PG_VERSION_NUM >= 160000
#define dbaas_guc_variables(n) get_guc_variables(n)
#else
#define dbaas_guc_variables(n) (*(n) = GetNumConfigOptions(), get_guc_variables())
#endif

/* DecodeDateTime can return more about errors since 16. */
#if PG_VERSION_NUM >= 160000
#define dbaas_decode_datetime(field, ftype, nf, dtype, tm, fsec, tz) \
	DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz, &(DateTimeErrorExtra) {0})
#else
#define dbaas_decode_datetime(field, ftype, nf, dtype, tm, fsec, tz) \
	DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz)
#endif

/* A pathkey's direction is a btree strategy; since 18 a comparison type. */
#if PG_VERSION_NUM >= 180000
#define dbaas_pathkey_descending(pathkey) ((pathkey)->pk_cmptype == COMPARE_GT)
#else
#define dbaas_pathkey_descending(pathkey) ((pathkey)->pk_strategy == BTGreaterStrategyNumber)
#endif

/*
 * The join's type, or the type that 15 has for a join that needs the same rows of its
 * sides.  JOIN_RIGHT_ANTI is new in 16, JOIN_RIGHT_SEMI in 18.
 */
static inline JoinType
dbaas_join_type(const Join *join)
{
#if PG_VERSION_NUM >= 180000
	if (join->jointype == JOIN_RIGHT_SEMI)
		return JOIN_SEMI;
#endif
#if PG_VERSION_NUM >= 160000
	if (join->jointype == JOIN_RIGHT_ANTI)
		return JOIN_RIGHT;
#endif
	return join->jointype;
}

/* The column that tells a SetOp's sides apart; since 18 they are two plans. */
#if PG_VERSION_NUM >= 180000
#define dbaas_setop_flag(op) ((void) (op), 0)
#else
#define dbaas_setop_flag(op) ((op)->flagColIdx)
#endif

/* This transaction's virtual id, as in log_line_prefix's %v; changed in 17. */
#if PG_VERSION_NUM >= 170000
#define dbaas_virtual_transaction(proc_number, local_id) \
	(*(proc_number) = MyProc->vxid.procNumber, *(local_id) = MyProc->vxid.lxid)
#else
#define dbaas_virtual_transaction(proc_number, local_id) \
	(*(proc_number) = MyProc->backendId, *(local_id) = MyProc->lxid)
#endif

/* As in libpq/libpq.h, which needs the headers of GSSAPI. */
extern bool pq_check_connection(void);

/* A set of events to wait for that lasts as long as the session; changed in 17. */
#include "storage/latch.h"
#if PG_VERSION_NUM >= 170000
#define dbaas_wait_set_new(n) CreateWaitEventSet(NULL, n)
#else
#define dbaas_wait_set_new(n) CreateWaitEventSet(TopMemoryContext, n)
#endif

/* pg_b64_encode takes uint8 * since 18. */
#if PG_VERSION_NUM >= 180000
#define dbaas_b64_encode(src, len, dst, dstlen) \
	pg_b64_encode((const uint8 *) (src), len, dst, dstlen)
#else
#define dbaas_b64_encode(src, len, dst, dstlen) \
	pg_b64_encode((const char *) (src), len, dst, dstlen)
#endif

/* Wait events of an extension's own have names since 17. */
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 170000
#define dbaas_wait_event_new(name) WaitEventExtensionNew(name)
#else
#define dbaas_wait_event_new(name) PG_WAIT_EXTENSION
#endif

#endif							/* DBAAS_COMPAT_H */
