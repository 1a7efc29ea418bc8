/*-------------------------------------------------------------------------
 *
 * arguments.c
 *		The arguments of a run of a scan: the values of its expressions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "plan/arguments.h"
#include "plan/plan.h"
#include "read/statement.h"
#include "tables/declared.h"
#include "tables/series.h"

/* An expression that gives a key its value, or an array of values. */
typedef struct KeyExpr
{
	int			column;			/* of the catalogue */
	DbaasKeyForm form;
	ExprState  *state;
	Oid			type;			/* of a value: that of the array's elements */
	FmgrInfo	output;
	bool		may_fraction;	/* can a value of the type have a fraction? */
} KeyExpr;

/* An expression that bounds the time. */
typedef struct BoundExpr
{
	StrategyNumber bound;		/* how it compares the time */
	ExprState  *state;
	Oid			type;			/* of its value */
} BoundExpr;

struct DbaasArgumentExprs
{
	int			nkeys;
	KeyExpr    *keys;
	int			nbounds;
	BoundExpr  *bounds;
	TimestampTz now;			/* when the statement began */
	ExprState  *limit_count;	/* or NULL */
	ExprState  *limit_offset;	/* or NULL */
};

static void
init_key(KeyExpr *key, int column, DbaasKeyForm form, Expr *expr, PlanState *parent)
{
	Oid			output;
	bool		varlena;

	key->column = column;
	key->form = form;
	key->type = exprType((Node *) expr);
	if (dbaas_pushdown_is_array(form))
		key->type = get_element_type(key->type);
	key->state = ExecInitExpr(expr, parent);
	key->may_fraction = dbaas_declared_may_have_fraction(key->type);
	getTypeOutputInfo(key->type, &output, &varlena);
	fmgr_info(output, &key->output);
}

static void
init_bound(BoundExpr *bound, StrategyNumber strategy, Expr *expr, PlanState *parent)
{
	bound->bound = strategy;
	bound->state = ExecInitExpr(expr, parent);
	bound->type = exprType((Node *) expr);
}

/* Allocates room for so many expressions, to be initialized. */
static DbaasArgumentExprs *
new_exprs(int nkeys, int nbounds, TimestampTz now)
{
	DbaasArgumentExprs *exprs = palloc0(sizeof(DbaasArgumentExprs));

	exprs->nkeys = nkeys;
	exprs->keys = palloc0(Max(nkeys, 1) * sizeof(KeyExpr));
	exprs->nbounds = nbounds;
	exprs->bounds = palloc0(Max(nbounds, 1) * sizeof(BoundExpr));
	exprs->now = now;
	return exprs;
}

DbaasArgumentExprs *
dbaas_arguments_init(ForeignScanState *node)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *columns = list_nth(plan->fdw_private, DBAAS_SCAN_KEYS);
	List	   *forms = list_nth(plan->fdw_private, DBAAS_SCAN_KEY_FORMS);
	List	   *bounds = list_nth(plan->fdw_private, DBAAS_SCAN_BOUNDS);
	int			nlimits = intVal(list_nth(plan->fdw_private, DBAAS_SCAN_LIMITS));
	DbaasStatement *statement = dbaas_statement_get(node->ss.ps.state->es_query_cxt);
	DbaasArgumentExprs *exprs = new_exprs(list_length(columns), list_length(bounds),
										  dbaas_statement_time(statement));
	int			first_limit = exprs->nkeys + exprs->nbounds;

	for (int i = 0; i < exprs->nkeys; i++)
		init_key(&exprs->keys[i], list_nth_int(columns, i), list_nth_int(forms, i),
				 list_nth(plan->fdw_exprs, i), (PlanState *) node);
	for (int i = 0; i < exprs->nbounds; i++)
		init_bound(&exprs->bounds[i], list_nth_int(bounds, i),
				   list_nth(plan->fdw_exprs, exprs->nkeys + i), (PlanState *) node);
	if (nlimits > 0)
		exprs->limit_count = ExecInitExpr(list_nth(plan->fdw_exprs, first_limit),
										  (PlanState *) node);
	if (nlimits > 1)
		exprs->limit_offset = ExecInitExpr(list_nth(plan->fdw_exprs, first_limit + 1),
										   (PlanState *) node);
	return exprs;
}

DbaasArgumentExprs *
dbaas_arguments_init_pushed(const DbaasPushed *pushed)
{
	DbaasArgumentExprs *exprs = new_exprs(list_length(pushed->keys), list_length(pushed->bounds),
										  GetCurrentTimestamp());

	for (int i = 0; i < exprs->nkeys; i++)
	{
		const DbaasPushedKey *key = list_nth(pushed->keys, i);

		init_key(&exprs->keys[i], key->column, key->form, key->value, NULL);
	}
	for (int i = 0; i < exprs->nbounds; i++)
	{
		const DbaasPushedKey *bound = list_nth(pushed->bounds, i);

		init_bound(&exprs->bounds[i], bound->bound, bound->value, NULL);
	}
	return exprs;
}

/*
 * The text of a number, of a type that may have a fraction, as a bigint; NULL if it is not
 * one, since then no key can equal it.
 */
static const char *
number_text(const KeyExpr *expr, Datum value)
{
	double		number;
	Numeric		whole;
	char	   *text;

	switch (getBaseType(expr->type))
	{
		case FLOAT4OID:
		case FLOAT8OID:
			number = getBaseType(expr->type) == FLOAT4OID ? DatumGetFloat4(value) :
				DatumGetFloat8(value);
			if (number != rint(number) || !FLOAT8_FITS_IN_INT64(number))
				return NULL;
			return psprintf(INT64_FORMAT, (int64) number);
		default:
			whole = DatumGetNumeric(value);
			if (numeric_is_nan(whole) || numeric_is_inf(whole))
				return NULL;
			whole = DatumGetNumeric(DirectFunctionCall2(numeric_trunc, value, Int32GetDatum(0)));
			if (!DatumGetBool(DirectFunctionCall2(numeric_eq, value, NumericGetDatum(whole))))
				return NULL;
			text = numeric_normalize(whole);
			errno = 0;
			(void) strtoll(text, NULL, 10);
			return errno == ERANGE ? NULL : text;
	}
}

/* A value as the API takes it, in UTF-8; NULL if no key can equal it. */
static const char *
key_text(KeyExpr *expr, Datum value)
{
	char	   *text;

	if (expr->may_fraction)
		return number_text(expr, value);
	text = OutputFunctionCall(&expr->output, value);
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		return pg_verify_mbstr(PG_UTF8, text, strlen(text), true) ? text : NULL;
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

/* The texts of an array's elements that are not NULL.  Returns whether an element is NULL. */
static bool
evaluate_elements(KeyExpr *expr, Datum array, const char ***values, int *nvalues)
{
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int16		len;
	bool		byval;
	char		align;
	bool		has_null = false;

	get_typlenbyvalalign(expr->type, &len, &byval, &align);
	deconstruct_array(DatumGetArrayTypeP(array), expr->type, len, byval, align,
					  &elements, &nulls, &n);
	*values = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		has_null |= nulls[i];
		if (!nulls[i] && ((*values)[*nvalues] = key_text(expr, elements[i])) != NULL)
			(*nvalues)++;
	}
	return has_null;
}

/*
 * Evaluates the expression of a key.  A comparison with NULL, and <> ALL of an array with a
 * NULL, are never true: then the key has no values.
 */
static void
evaluate_key(KeyExpr *expr, ExprContext *econtext, DbaasKey *key)
{
	bool		isnull;
	bool		negated = dbaas_pushdown_is_negated(expr->form);
	Datum		datum = ExecEvalExpr(expr->state, econtext, &isnull);
	const char **values;
	int			n = 0;

	if (isnull)
	{
		dbaas_key_restrict(key, NULL, 0);
		return;
	}
	if (dbaas_pushdown_is_array(expr->form))
	{
		if (evaluate_elements(expr, datum, &values, &n) && negated)
		{
			dbaas_key_restrict(key, NULL, 0);
			return;
		}
	}
	else
	{
		values = palloc(sizeof(char *));
		values[0] = key_text(expr, datum);
		n = values[0] != NULL;
	}
	if (negated)
		dbaas_key_exclude(key, values, n);
	else
		dbaas_key_restrict(key, values, n);
}

/* The sum of LIMIT and OFFSET; -1 if there is no limit. */
static int64
evaluate_limit(const DbaasArgumentExprs *exprs, ExprContext *econtext)
{
	bool		isnull;
	Datum		value;
	int64		count;
	int64		offset = 0;

	/* Where a bigint is passed by reference, none may be read from NULL. */
	if (exprs->limit_count == NULL)
		return -1;
	value = ExecEvalExpr(exprs->limit_count, econtext, &isnull);
	count = isnull ? -1 : DatumGetInt64(value);
	if (count < 0)
		return -1;
	if (exprs->limit_offset)
	{
		value = ExecEvalExpr(exprs->limit_offset, econtext, &isnull);
		offset = isnull ? 0 : Max(DatumGetInt64(value), 0);
	}
	return count > PG_INT64_MAX - offset ? -1 : count + offset;
}

/*
 * Moves a bound that excludes its value so that it does not: times have whole microseconds.
 * A value without end may stand for a date that is out of range, and excludes nothing.
 */
static TimestampTz
inclusive_bound(StrategyNumber bound, TimestampTz time)
{
	if (TIMESTAMP_NOT_FINITE(time))
		return time;
	switch (bound)
	{
		case BTGreaterStrategyNumber:
			return time + 1;
		case BTLessStrategyNumber:
			return time - 1;
		default:
			return time;
	}
}

/* Evaluates a bound.  The latest lower and the earliest upper one count. */
static void
evaluate_bound(const BoundExpr *expr, ExprContext *econtext, DbaasArguments *arguments)
{
	bool		isnull;
	Datum		value = ExecEvalExpr(expr->state, econtext, &isnull);
	TimestampTz time;

	if (isnull)
	{
		arguments->nothing = true;
		return;
	}
	time = inclusive_bound(expr->bound, dbaas_pushdown_bound_time(value, expr->type));
	if (dbaas_pushdown_is_lower(expr->bound))
	{
		arguments->since = arguments->has_since ? Max(arguments->since, time) : time;
		arguments->has_since = true;
	}
	if (dbaas_pushdown_is_upper(expr->bound))
	{
		arguments->until = arguments->has_until ? Min(arguments->until, time) : time;
		arguments->has_until = true;
	}
}

static void
evaluate_bounds(const DbaasArgumentExprs *exprs, ExprContext *econtext, DbaasArguments *arguments)
{
	for (int i = 0; i < exprs->nbounds; i++)
		evaluate_bound(&exprs->bounds[i], econtext, arguments);
	if (arguments->has_since && arguments->has_until && arguments->since > arguments->until)
		arguments->nothing = true;
}

/*
 * Of a series, lets the lower bound choose the span.  More than that the bounds do not say to
 * the API, so runs with other bounds that choose the same are the same.
 */
static void
choose_span(const DbaasArgumentExprs *exprs, const DbaasResource *resource,
			DbaasArguments *arguments)
{
	DbaasKey   *key = &arguments->keys[resource->index.series_span];
	const char **values;

	if (arguments->has_since && !key->given)
	{
		values = palloc(sizeof(char *));
		values[0] = arguments->span = dbaas_series_span(resource, arguments->since, exprs->now);
		dbaas_key_restrict(key, values, 1);
	}
	arguments->has_since = arguments->has_until = false;
}

/* All arguments in one text. */
static char *
arguments_text(const DbaasResource *resource, const DbaasArguments *arguments)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasKey *key = &arguments->keys[c];
		ListCell   *lc;

		foreach(lc, key->excluded)
			appendStringInfo(&out, "not %zu=%s,", strlen(lfirst(lc)), (char *) lfirst(lc));
		if (!key->given)
			continue;
		appendStringInfo(&out, "%d:", c);
		for (int i = 0; i < key->n; i++)
			appendStringInfo(&out, "%zu=%s,", strlen(key->values[i]), key->values[i]);
	}
	if (arguments->nothing)
		appendStringInfoString(&out, "nothing");
	if (arguments->has_since)
		appendStringInfo(&out, "since " INT64_FORMAT, arguments->since);
	if (arguments->has_until)
		appendStringInfo(&out, "until " INT64_FORMAT, arguments->until);
	appendStringInfo(&out, "limit " INT64_FORMAT, arguments->limit);
	return out.data;
}

void
dbaas_arguments_evaluate(DbaasArgumentExprs *exprs, const DbaasTable *table, ExprContext *econtext,
						 DbaasArguments *arguments)
{
	const DbaasResource *resource = table->resource;

	memset(arguments, 0, sizeof(*arguments));
	arguments->keys = palloc0(resource->ncolumns * sizeof(DbaasKey));
	for (int i = 0; i < exprs->nkeys; i++)
		evaluate_key(&exprs->keys[i], econtext, &arguments->keys[exprs->keys[i].column]);
	evaluate_bounds(exprs, econtext, arguments);
	if (resource->series)
		choose_span(exprs, resource, arguments);
	arguments->limit = evaluate_limit(exprs, econtext);
	arguments->text = arguments_text(resource, arguments);
}

/* Does evaluating an expression need the plan to run, or a parameter that is not known? */
static bool
needs_run(Node *node, void *context)
{
	const EState *estate = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return true;
	if (IsA(node, Param))
		return ((Param *) node)->paramkind != PARAM_EXTERN || estate->es_param_list_info == NULL;
	return expression_tree_walker(node, needs_run, context);
}

const char *
dbaas_arguments_planned_span(DbaasArgumentExprs *exprs, const DbaasTable *table,
							 const ForeignScanState *node)
{
	const ForeignScan *plan = (const ForeignScan *) node->ss.ps.plan;
	DbaasArguments arguments = {0};

	for (int i = 0; i < exprs->nbounds; i++)
	{
		const BoundExpr *bound = &exprs->bounds[i];

		if (!dbaas_pushdown_is_lower(bound->bound))
			continue;
		if (needs_run(list_nth(plan->fdw_exprs, exprs->nkeys + i), node->ss.ps.state))
			return NULL;
		evaluate_bound(bound, node->ss.ps.ps_ExprContext, &arguments);
	}
	return arguments.has_since ?
		dbaas_series_span(table->resource, arguments.since, exprs->now) : NULL;
}

void
dbaas_arguments_set_read(const DbaasArguments *arguments, DbaasRead *read)
{
	read->keys = arguments->keys;
	read->limit = arguments->limit;
	read->has_since = arguments->has_since;
	read->has_until = arguments->has_until;
	read->since = arguments->since;
	read->until = arguments->until;
}

/* The column of a required key that is not given; or -1. */
static int
missing_key(const DbaasResource *resource, const DbaasKey *keys)
{
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (resource->columns[c].required && !keys[c].given)
			return c;
	}
	return -1;
}

bool
dbaas_arguments_can_yield(const DbaasTable *table, const DbaasArguments *arguments)
{
	for (int c = 0; c < table->resource->ncolumns; c++)
	{
		if (arguments->keys[c].given && arguments->keys[c].n == 0)
			return false;
	}
	return !arguments->nothing && arguments->limit != 0 &&
		missing_key(table->resource, arguments->keys) < 0;
}

void
dbaas_arguments_check(const DbaasTable *table, const DbaasArguments *arguments)
{
	int			c = missing_key(table->resource, arguments->keys);
	AttrNumber	attnum;
	char	   *name;
	char	   *qualified;
	char	   *column;
	const char *example;

	if (c < 0)
		return;
	attnum = dbaas_table_find_attribute(table, c);
	name = get_rel_name(table->relid);
	qualified = quote_qualified_identifier(get_namespace_name(get_rel_namespace(table->relid)),
										   name);
	column = attnum ? get_attname(table->relid, attnum, false) :
		pstrdup(table->resource->columns[c].name);
	example = table->resource->columns[c].type == DBAAS_UUID ?
		"11111111-2222-4333-8444-555555555555" : "...";
	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION),
			 errmsg("column \"%s\" of foreign table \"%s\" has to be given", column, name),
			 errdetail("The API does not list its values."),
			 dbaas_error_about(table->relid, attnum),
			 strcmp(application_name, "pg_dump") == 0 ?
			 errhint("A dump has to leave the table out: --exclude-table-data='%s'", qualified) :
			 errhint("For example: SELECT * FROM %s WHERE %s = '%s';",
					 qualified, quote_identifier(column), example)));
}
