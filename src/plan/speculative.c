/*-------------------------------------------------------------------------
 *
 * speculative.c
 *		Decides what may be evaluated speculatively.
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
#include "plan/speculative.h"

/* Times within so many years of the present are in the range of their types. */
#define NEAR_YEARS 1000

/* Functions that cannot fail although they are not marked leakproof. */
static const Oid safe_functions[] = {
	F_UPPER_TEXT, F_LOWER_TEXT, F_BTRIM_TEXT, F_TEXTCAT, F_LENGTH_TEXT, F_STARTS_WITH,
	F_JSONB_OBJECT_FIELD, F_JSONB_OBJECT_FIELD_TEXT, F_JSON_OBJECT_FIELD, F_JSON_OBJECT_FIELD_TEXT,
	F_JSONB_EXISTS, F_JSONB_CONTAINS, F_ARRAYCONTAINS, F_ARRAYOVERLAP, F_ARRAY_EQ,
	F_NOW, F_STATEMENT_TIMESTAMP, F_TRANSACTION_TIMESTAMP, F_INT4EQ, F_TEXTEQ, F_UUID_EQ
};

static bool
function_can_fail(Oid function, void *arg)
{
	(void) arg;
	for (size_t i = 0; i < lengthof(safe_functions); i++)
	{
		if (safe_functions[i] == function)
			return false;
	}
	return !get_func_leakproof(function);
}

/* Is it a conversion to text?  The output functions of built-in types do not fail. */
static bool
is_conversion_to_text(const CoerceViaIO *cast)
{
	return cast->resulttype == TEXTOID &&
		exprType((Node *) cast->arg) < FirstNormalObjectId;
}

/* Is it LIKE with a constant pattern?  A pattern that a row provides may be invalid. */
static bool
is_like(const OpExpr *op)
{
	return (op->opfuncid == F_TEXTLIKE || op->opfuncid == F_TEXTNLIKE ||
			op->opfuncid == F_NAMELIKE || op->opfuncid == F_NAMENLIKE) &&
		IsA(lsecond(op->args), Const);
}

/* Is it the present time or day? */
static bool
is_now(Node *node)
{
	return IsA(node, SQLValueFunction) ||
		(IsA(node, FuncExpr) && ((FuncExpr *) node)->funcid == F_NOW);
}

static bool
is_within(int64 n, int64 bound)
{
	return n >= -bound && n <= bound;
}

/* Is it the present plus or minus a constant that is too small to leave the range? */
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
			return is_within(interval->month, NEAR_YEARS * MONTHS_PER_YEAR) &&
				is_within(interval->day, NEAR_YEARS * 366) &&
				is_within(interval->time, NEAR_YEARS * 366 * USECS_PER_DAY);
		case F_DATE_PLI:
		case F_DATE_MII:
			return is_within(DatumGetInt32(shift->constvalue), NEAR_YEARS * 366);
		default:
			return false;
	}
}

/* True unless it is certain that the expression cannot fail. */
static bool
can_fail(Node *node, void *arg)
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
				check_functions_in_node(node, function_can_fail, NULL))
				return true;
			break;
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_FuncExpr:
			if (check_functions_in_node(node, function_can_fail, NULL))
				return true;
			break;
		case T_CoerceViaIO:
			if (!is_conversion_to_text((CoerceViaIO *) node))
				return true;
			break;
		case T_Aggref:
			if (((Aggref *) node)->aggfnoid >= FirstNormalObjectId)
				return true;
			break;
		default:
			return true;
	}
	return expression_tree_walker(node, can_fail, arg);
}

bool
dbaas_speculative_expr(Node *expr)
{
	return !can_fail(expr, NULL) && !contain_volatile_functions(expr);
}

bool
dbaas_speculative_agg_reads_all(const Agg *plan)
{
	return plan->aggstrategy == AGG_HASHED || plan->aggstrategy == AGG_PLAIN;
}

static bool check_plan(Plan *plan, const DbaasReading *reading, bool repeated);

/*
 * May an expression of the plan be evaluated?  It may fail if the plan is read completely:
 * then the statement would fail anyway.
 */
static bool
check_expr(Node *expr, const DbaasReading *reading)
{
	return reading->completely ? !contain_volatile_functions(expr) && !contain_subplans(expr) :
		dbaas_speculative_expr(expr);
}

static bool
check_plans(List *plans, const DbaasReading *reading, bool repeated)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		if (!check_plan(lfirst(lc), reading, repeated))
			return false;
	}
	return true;
}

/*
 * Checks what is evaluated for each row of the plan, except for its target list.  What is
 * evaluated only for the first row is not speculative, unless the plan is "repeated", which
 * means run again for each row of another plan.
 */
static bool
check_source(Plan *plan, const DbaasReading *reading, bool repeated)
{
	if (!check_expr((Node *) plan->qual, reading))
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

			/* Later rows may cost requests, or fail. */
		case T_ForeignScan:
			return reading->completely ||
				(!reading->may_stop && dbaas_plan_statement_reads_all((ForeignScan *) plan));

			/*
			 * These read all rows below them before they return the first
			 * one.
			 */
		case T_Sort:
		case T_Hash:
			return !repeated || check_plan(outerPlan(plan), reading, repeated);
		case T_Agg:
			if (!repeated && dbaas_speculative_agg_reads_all((Agg *) plan))
				return true;
			return check_plan(outerPlan(plan), reading, repeated);
		case T_FunctionScan:
			return !repeated || check_expr((Node *) ((FunctionScan *) plan)->functions, reading);
		case T_TableFuncScan:
			return !repeated;

		case T_ValuesScan:
			return check_expr((Node *) ((ValuesScan *) plan)->values_lists, reading);
		case T_SubqueryScan:
			return check_plan(((SubqueryScan *) plan)->subplan, reading, repeated);
		case T_CteScan:
			return check_plan(list_nth(reading->stmt->subplans, ((CteScan *) plan)->ctePlanId - 1),
							  reading, repeated);
		case T_Append:
			return check_plans(((Append *) plan)->appendplans, reading, repeated);
		case T_MergeAppend:
			return check_plans(((MergeAppend *) plan)->mergeplans, reading, repeated);
		case T_NestLoop:
			return check_expr((Node *) ((NestLoop *) plan)->join.joinqual, reading) &&
				check_plan(outerPlan(plan), reading, repeated) &&
				check_plan(innerPlan(plan), reading, true);
		case T_MergeJoin:
			return check_expr((Node *) ((MergeJoin *) plan)->join.joinqual, reading) &&
				check_expr((Node *) ((MergeJoin *) plan)->mergeclauses, reading) &&
				check_plan(outerPlan(plan), reading, repeated) &&
				check_plan(innerPlan(plan), reading, repeated);
		case T_HashJoin:
			return check_expr((Node *) ((HashJoin *) plan)->join.joinqual, reading) &&
				check_expr((Node *) ((HashJoin *) plan)->hashclauses, reading) &&
				check_plan(outerPlan(plan), reading, repeated) &&
				check_plan(innerPlan(plan), reading, repeated);
		case T_Gather:
		case T_GatherMerge:
		case T_Result:
		case T_Material:
		case T_Memoize:
		case T_IncrementalSort:
		case T_Group:
		case T_Unique:
		case T_Limit:
			return check_plan(outerPlan(plan), reading, repeated);
		default:
			return false;
	}
}

static bool
check_plan(Plan *plan, const DbaasReading *reading, bool repeated)
{
	if (plan == NULL)
		return true;
	check_stack_depth();
	return check_expr((Node *) plan->targetlist, reading) && check_source(plan, reading, repeated);
}

bool
dbaas_speculative_plan(Plan *plan, const DbaasReading *reading)
{
	return check_plan(plan, reading, false);
}

bool
dbaas_speculative_source(Plan *plan, const DbaasReading *reading)
{
	return check_source(plan, reading, false);
}

bool
dbaas_speculative_encoding(void)
{
	return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII ||
		GetDatabaseEncoding() == PG_LATIN1;
}
