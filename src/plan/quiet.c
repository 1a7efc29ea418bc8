/*-------------------------------------------------------------------------
 *
 * quiet.c
 *		What may be evaluated for rows that the query might never come to.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "plan/plan.h"
#include "plan/quiet.h"

/* Times within so many years of the present are certain to be in range. */
#define NEAR_YEARS 1000

/*
 * Functions that do not fail, beside those that are marked leakproof, which do
 * not either.
 */
static const Oid quiet_functions[] = {
	F_UPPER_TEXT, F_LOWER_TEXT, F_BTRIM_TEXT, F_TEXTCAT, F_LENGTH_TEXT, F_STARTS_WITH,
	F_JSONB_OBJECT_FIELD, F_JSONB_OBJECT_FIELD_TEXT, F_JSON_OBJECT_FIELD, F_JSON_OBJECT_FIELD_TEXT,
	F_JSONB_EXISTS, F_JSONB_CONTAINS, F_ARRAYCONTAINS, F_ARRAYOVERLAP, F_ARRAY_EQ,
	F_NOW, F_STATEMENT_TIMESTAMP, F_TRANSACTION_TIMESTAMP, F_INT4EQ, F_TEXTEQ, F_UUID_EQ
};

static bool
may_fail(Oid function, void *arg)
{
	(void) arg;
	for (size_t i = 0; i < lengthof(quiet_functions); i++)
	{
		if (quiet_functions[i] == function)
			return false;
	}
	return !get_func_leakproof(function);
}

/* A cast through texts that ends in one: reading a text does not fail. */
static bool
ends_in_text(const CoerceViaIO *cast)
{
	return cast->resulttype == TEXTOID &&
		exprType((Node *) cast->arg) < FirstNormalObjectId;
}

/* Matching a pattern does not fail, unless the pattern is wrong: each row's may be. */
static bool
is_like(const OpExpr *op)
{
	return (op->opfuncid == F_TEXTLIKE || op->opfuncid == F_TEXTNLIKE ||
			op->opfuncid == F_NAMELIKE || op->opfuncid == F_NAMENLIKE) &&
		IsA(lsecond(op->args), Const);
}

/* Is that the present time, or day? */
static bool
is_now(Node *node)
{
	return IsA(node, SQLValueFunction) ||
		(IsA(node, FuncExpr) && ((FuncExpr *) node)->funcid == F_NOW);
}

static bool
is_small(int64 n, int64 bound)
{
	return n >= -bound && n <= bound;
}

/* A time not too far from the present is in range. */
static bool
is_near_now(const OpExpr *op)
{
	const Const *shift;
	const Interval *interval;

	if (list_length(op->args) != 2 || !is_now(linitial(op->args)) || !IsA(lsecond(op->args), Const))
		return false;
	shift = lsecond(op->args);
	if (shift->constisnull)
		return true;
	switch (op->opfuncid)
	{
		case F_TIMESTAMPTZ_PL_INTERVAL:
		case F_TIMESTAMPTZ_MI_INTERVAL:
			interval = DatumGetIntervalP(shift->constvalue);
			return is_small(interval->month, NEAR_YEARS * MONTHS_PER_YEAR) &&
				is_small(interval->day, NEAR_YEARS * 366) &&
				is_small(interval->time, NEAR_YEARS * 366 * USECS_PER_DAY);
		case F_DATE_PLI:
		case F_DATE_MII:
			return is_small(DatumGetInt32(shift->constvalue), NEAR_YEARS * 366);
		default:
			return false;
	}
}

static bool
is_loud(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
		case T_Param:
		case T_List:
		case T_TargetEntry:
		case T_RelabelType:
		case T_CollateExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_SQLValueFunction:
			break;
		case T_OpExpr:
			if (!is_like((OpExpr *) node) && !is_near_now((OpExpr *) node) &&
				check_functions_in_node(node, may_fail, NULL))
				return true;
			break;
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_FuncExpr:
			if (check_functions_in_node(node, may_fail, NULL))
				return true;
			break;
		case T_CoerceViaIO:
			if (!ends_in_text((CoerceViaIO *) node))
				return true;
			break;
		case T_Aggref:
			if (((Aggref *) node)->aggfnoid >= FirstNormalObjectId)
				return true;
			break;
		default:
			return true;
	}
	return expression_tree_walker(node, is_loud, arg);
}

bool
dbaas_quiet_expr(Node *expr)
{
	return !is_loud(expr, NULL) && !contain_volatile_functions(expr);
}

/* How the rows of a plan are read. */
typedef struct Reading
{
	const PlannedStmt *stmt;
	bool		all_wanted;
	bool		limited;
	bool		repeated;		/* run again for each row of another plan */
} Reading;

static bool quiet_plan(Plan *plan, const Reading *reading);

static bool
quiet(Node *expr, const Reading *reading)
{
	return reading->all_wanted ? !contain_volatile_functions(expr) && !contain_subplans(expr) :
		dbaas_quiet_expr(expr);
}

static bool
quiet_plans(List *plans, const Reading *reading)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		if (!quiet_plan(lfirst(lc), reading))
			return false;
	}
	return true;
}

bool
dbaas_reads_all_first(const Agg *plan)
{
	return plan->aggstrategy == AGG_HASHED || plan->aggstrategy == AGG_PLAIN;
}

/* The inner side of a loop, which is run for each row of the outer side. */
static bool
quiet_inner(Plan *plan, const Reading *reading)
{
	Reading		again = *reading;

	again.repeated = true;
	return quiet_plan(plan, &again);
}

/* Only what is evaluated for each row counts, and here not what is made of it. */
static bool
quiet_source(Plan *plan, const Reading *reading)
{
	if (!quiet((Node *) plan->qual, reading))
		return false;
	switch (nodeTag(plan))
	{
		case T_SeqScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_NamedTuplestoreScan:
			return true;

			/* Its later rows may cost requests, or fail. */
		case T_ForeignScan:
			return reading->all_wanted ||
				(!reading->limited && dbaas_plan_to_the_end((ForeignScan *) plan));

			/* These read all that is below them for their first row. */
		case T_Sort:
		case T_Hash:
			return !reading->repeated || quiet_plan(outerPlan(plan), reading);
		case T_Agg:
			if (!reading->repeated && dbaas_reads_all_first((Agg *) plan))
				return true;
			return quiet_plan(outerPlan(plan), reading);
		case T_FunctionScan:
			return !reading->repeated || quiet((Node *) ((FunctionScan *) plan)->functions, reading);
		case T_TableFuncScan:
			return !reading->repeated;

		case T_ValuesScan:
			return quiet((Node *) ((ValuesScan *) plan)->values_lists, reading);
		case T_SubqueryScan:
			return quiet_plan(((SubqueryScan *) plan)->subplan, reading);
		case T_CteScan:
			return quiet_plan(list_nth(reading->stmt->subplans, ((CteScan *) plan)->ctePlanId - 1),
							  reading);
		case T_Append:
			return quiet_plans(((Append *) plan)->appendplans, reading);
		case T_MergeAppend:
			return quiet_plans(((MergeAppend *) plan)->mergeplans, reading);
		case T_NestLoop:
			return quiet((Node *) ((NestLoop *) plan)->join.joinqual, reading) &&
				quiet_plan(outerPlan(plan), reading) && quiet_inner(innerPlan(plan), reading);
		case T_MergeJoin:
			return quiet((Node *) ((MergeJoin *) plan)->join.joinqual, reading) &&
				quiet((Node *) ((MergeJoin *) plan)->mergeclauses, reading) &&
				quiet_plan(outerPlan(plan), reading) && quiet_plan(innerPlan(plan), reading);
		case T_HashJoin:
			return quiet((Node *) ((HashJoin *) plan)->join.joinqual, reading) &&
				quiet((Node *) ((HashJoin *) plan)->hashclauses, reading) &&
				quiet_plan(outerPlan(plan), reading) && quiet_plan(innerPlan(plan), reading);
		case T_Gather:
		case T_GatherMerge:
		case T_Result:
		case T_Material:
		case T_Memoize:
		case T_IncrementalSort:
		case T_Group:
		case T_Unique:
		case T_Limit:
			return quiet_plan(outerPlan(plan), reading);
		default:
			return false;
	}
}

static bool
quiet_plan(Plan *plan, const Reading *reading)
{
	if (plan == NULL)
		return true;
	check_stack_depth();
	return quiet((Node *) plan->targetlist, reading) && quiet_source(plan, reading);
}

bool
dbaas_quiet_plan(Plan *plan, const PlannedStmt *stmt, bool all_wanted, bool limited)
{
	const Reading reading = {.stmt = stmt, .all_wanted = all_wanted, .limited = limited};

	return quiet_plan(plan, &reading);
}

bool
dbaas_quiet_source(Plan *plan, const PlannedStmt *stmt, bool all_wanted, bool limited)
{
	const Reading reading = {.stmt = stmt, .all_wanted = all_wanted, .limited = limited};

	return quiet_source(plan, &reading);
}

bool
dbaas_quiet_encoding(void)
{
	return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII ||
		GetDatabaseEncoding() == PG_LATIN1;
}
