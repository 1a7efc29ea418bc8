/*-------------------------------------------------------------------------
 *
 * modify_plan.h
 *		Planning of INSERT, UPDATE and DELETE on foreign tables.
 *
 * Knows the planner, and what modify.c needs from a plan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DBAAS_MODIFY_PLAN_H
#define DBAAS_MODIFY_PLAN_H

#include "catalog/pg_attribute.h"
#include "foreign/fdwapi.h"

#include "tables/catalogue.h"

/* Callbacks of FdwRoutine. */
extern int	dbaasIsForeignRelUpdatable(Relation rel);
extern void dbaasAddForeignUpdateTargets(PlannerInfo *root, Index rtindex,
										 RangeTblEntry *target_rte, Relation target_relation);

/*
 * fdw_private of an UPDATE: two Lists of attribute numbers, those that it sets and those
 * that it computes values from; and a List of Lists, one for each object that the API merges
 * and to which the UPDATE only gives members.  Such a List is the attribute's number and the
 * expressions that tell their names: each is a jsonb object with the members, a text[] that
 * is the path of one, the name of one as text, or a boolean that has to be true.  Then a List
 * of Lists, one for each foreign table of this wrapper that has other rows which it computes
 * values from: a List of its OID and that of the user as whom it is read, or InvalidOid; an
 * Integer; and a List of the attributes that are read.  The Integer is for the names of the
 * junk columns that tell which row it is, if there are any.
 */
extern List *dbaasPlanForeignModify(PlannerInfo *root, ModifyTable *plan,
									Index result_relation, int subplan_index);

/* Name of the junk column with the whole row as it was read. */
#define DBAAS_OLD_ROW_COLUMN "wholerow"

/*
 * Name of the junk column with an attribute of the row to delete; palloc'd.  Partitions
 * share junk columns of the same name, which has to have the same type in all of them, so
 * the name has the number and the type of the attribute.
 */
extern char *dbaas_modify_plan_junk_name(const FormData_pg_attribute *attr);

/* Name of the junk column with an attribute of a row that values are computed from; palloc'd. */
extern char *dbaas_modify_plan_source_name(int varno, AttrNumber attnum);

/* The catalogue's name for CMD_INSERT, CMD_UPDATE or CMD_DELETE. */
extern DbaasCommand dbaas_modify_plan_command(CmdType command);

/* Does a list of WithCheckOption nodes have a condition of a view, whose error shows the row? */
extern bool dbaas_modify_plan_checks_view(const List *options);

/* Raise the ERROR that this wrapper cannot carry out the statement (0A000). */
pg_noreturn extern void dbaas_modify_plan_refuse_on_conflict(Oid relid);
pg_noreturn extern void dbaas_modify_plan_refuse_check_option(Oid relid);

#endif							/* DBAAS_MODIFY_PLAN_H */
