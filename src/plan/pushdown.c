/*-------------------------------------------------------------------------
 *
 * pushdown.c
 *		From a query's conditions to the keys and bounds of requests.
 *
 * A condition is pushed if it compares a column with a value that is known when the scan
 * starts, in one of these ways: a key equals the value, or an element of an array; the zone
 * differs from the value, or from all elements; the time is before the value, after it, or
 * equals it.  A key that is a boolean may be a condition by itself.  A bound on the time of a
 * series chooses how far the series goes back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "plan/pushdown.h"
#include "tables/declared.h"
#include "tables/options.h"

static Node *
strip_relabel(Node *node)
{
	while (node && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/*
 * Strips the implicit cast that a comparison adds to an integer, if the other side
 * has a type that may have a fraction.
 */
static Node *
strip_number_cast(Node *node)
{
	FuncExpr   *cast = (FuncExpr *) node;
	Node	   *number;
	Oid			function;

	if (node == NULL || !IsA(node, FuncExpr) || list_length(cast->args) != 1 ||
		!dbaas_declared_may_have_fraction(cast->funcresulttype))
		return node;
	number = strip_relabel(linitial(cast->args));
	if (find_coercion_pathway(cast->funcresulttype, exprType(number), COERCION_IMPLICIT,
							  &function) != COERCION_PATH_FUNC || function != cast->funcid)
		return node;
	return number;
}

/* One side of a comparison, without casts that the parser added for the operator. */
static Node *
compared_column(Node *node)
{
	return strip_number_cast(strip_relabel(node));
}

/* Can values of the type be those of a key?  One that is not sent is a boolean. */
static bool
may_be_key(const DbaasColumn *column, Oid type)
{
	return column->unsent ? getBaseType(type) == BOOLOID : dbaas_declared_may_send(type);
}

/*
 * Is the operator the equality of the type of the key, which is in "node", with a type of
 * the same kind, and the collation one in which only identical texts are equal?
 */
static bool
is_equality(Oid opno, Oid collation, Node *node, const DbaasColumn *key, Oid value_type)
{
	Oid			type_id = exprType(strip_relabel(node));
	bool		may_fraction = dbaas_declared_may_have_fraction(type_id);
	TypeCacheEntry *type = lookup_type_cache(type_id, TYPECACHE_BTREE_OPFAMILY);

	return may_be_key(key, exprType(compared_column(node))) &&
		(may_fraction ? dbaas_declared_may_have_fraction(value_type) :
		 may_be_key(key, value_type)) &&
		OidIsValid(type->btree_opf) &&
		get_op_opfamily_strategy(opno, type->btree_opf) == BTEqualStrategyNumber &&
		(!OidIsValid(collation) || get_collation_isdeterministic(collation));
}

/* The catalogue column of the key that the node is a Var of; or -1. */
static int
key_of_var(const DbaasTable *table, Index relid, Node *node)
{
	Var		   *var = (Var *) node;
	int			column;

	if (node == NULL || !IsA(node, Var) || (Index) var->varno != relid ||
		var->varlevelsup != 0 || var->varattno <= 0 || var->varattno > table->natts)
		return -1;
	column = table->attributes[var->varattno - 1].column;
	if (column == DBAAS_ZONE_COLUMN ||
		(column > 0 && dbaas_catalogue_is_key(&table->resource->columns[column])))
		return column;
	return -1;
}

/* Is the expression's value the same for a whole scan, and known at its start? */
static bool
is_scan_constant(Index relid, Node *node)
{
	return !bms_is_member(relid, pull_varnos(NULL, node)) &&
		!contain_volatile_functions(node) && !contain_subplans(node);
}

/* Matches "key = value", with the sides in this order. */
static bool
match_equality(const DbaasTable *table, Index relid, Oid opno, Oid collation,
			   Node *left, Node *right, DbaasPushedKey *key)
{
	key->column = key_of_var(table, relid, compared_column(left));
	if (key->column < 0 || !is_scan_constant(relid, right) ||
		!is_equality(opno, collation, left, &table->resource->columns[key->column],
					 exprType(strip_relabel(right))))
		return false;
	key->form = DBAAS_KEY_IS;
	key->bound = InvalidStrategy;
	key->value = (Expr *) right;
	return true;
}

/* Matches "zone <> value".  The list of zones is known, so a zone can be excluded. */
static bool
match_inequality(const DbaasTable *table, Index relid, Oid opno, Oid collation,
				 Node *left, Node *right, DbaasPushedKey *key)
{
	Oid			negator = get_negator(opno);

	if (!OidIsValid(negator) ||
		!match_equality(table, relid, negator, collation, left, right, key) ||
		key->column != DBAAS_ZONE_COLUMN)
		return false;
	key->form = DBAAS_KEY_IS_NOT;
	return true;
}

/* Matches "key = ANY (array)", also from IN, and "zone <> ALL (array)", also from NOT IN. */
static bool
match_any(const DbaasTable *table, Index relid, ScalarArrayOpExpr *any, DbaasPushedKey *key)
{
	Node	   *left = linitial(any->args);
	Node	   *right = lsecond(any->args);
	Oid			opno = any->useOr ? any->opno : get_negator(any->opno);

	key->column = key_of_var(table, relid, compared_column(left));
	if (key->column < 0 || (!any->useOr && key->column != DBAAS_ZONE_COLUMN) ||
		!OidIsValid(opno) || !is_scan_constant(relid, right) ||
		!is_equality(opno, any->inputcollid, left, &table->resource->columns[key->column],
					 get_element_type(exprType(right))))
		return false;
	key->form = any->useOr ? DBAAS_KEY_IS_ANY : DBAAS_KEY_IS_NONE;
	key->bound = InvalidStrategy;
	key->value = (Expr *) right;
	return true;
}

/* Is it "zone IS NULL"?  That is never true, but the bound of a default partition has it. */
static bool
is_zone_null(const DbaasTable *table, Index relid, Node *clause)
{
	return !table->resource->global &&IsA(clause, NullTest) &&
		((NullTest *) clause)->nulltesttype == IS_NULL &&
		key_of_var(table, relid, strip_relabel((Node *) ((NullTest *) clause)->arg)) ==
		DBAAS_ZONE_COLUMN;
}

/* Matches "key = a OR key = b ...", as "key = ANY (ARRAY[a, b, ...])". */
static bool
match_or(const DbaasTable *table, Index relid, BoolExpr *or, DbaasPushedKey *key)
{
	ArrayExpr  *array = makeNode(ArrayExpr);
	List	   *args = NIL;
	List	   *values = NIL;
	ListCell   *lc;

	foreach(lc, or->args)
	{
		if (!is_zone_null(table, relid, lfirst(lc)))
			args = lappend(args, lfirst(lc));
	}
	if (args == NIL)
		return false;
	if (list_length(args) == 1)
		return dbaas_pushdown_clause(table, relid, linitial(args), key);
	foreach(lc, args)
	{
		DbaasPushedKey arm;

		if (!IsA(lfirst(lc), OpExpr) || !dbaas_pushdown_clause(table, relid, lfirst(lc), &arm) ||
			arm.bound != InvalidStrategy || arm.form != DBAAS_KEY_IS ||
			(values && arm.column != key->column))
			return false;
		key->column = arm.column;
		values = lappend(values, arm.value);
	}
	array->element_typeid = select_common_type(NULL, values, NULL, NULL);
	if (!OidIsValid(array->element_typeid))
		return false;
	array->array_typeid = get_array_type(array->element_typeid);
	array->array_collid = exprCollation(linitial(values));
	array->location = -1;
	foreach(lc, values)
		array->elements = lappend(array->elements,
								  coerce_to_common_type(NULL, lfirst(lc), array->element_typeid,
														"OR"));
	key->form = DBAAS_KEY_IS_ANY;
	key->bound = InvalidStrategy;
	key->value = (Expr *) array;
	return OidIsValid(array->array_typeid);
}

/* Is it a Var of that column of the catalogue, which is a timestamptz here too? */
static bool
is_time_var(const DbaasTable *table, Index relid, Node *node, int column)
{
	Var		   *var = (Var *) node;

	return column >= 0 && node && IsA(node, Var) && (Index) var->varno == relid &&
		var->varlevelsup == 0 && var->varattno > 0 && var->varattno <= table->natts &&
		var->vartype == TIMESTAMPTZOID && table->attributes[var->varattno - 1].column == column;
}

bool
dbaas_pushdown_is_time(const DbaasTable *table, Index relid, Node *node)
{
	return is_time_var(table, relid, node, table->resource->index.time);
}

/* The column whose bounds are of use: that of pages, or of a series; or -1. */
static int
bounded_column(const DbaasResource *resource)
{
	return resource->series ? resource->index.series_time : resource->index.time;
}

/*
 * Matches "time < value" and the other comparisons but <>, with the sides in this order, for
 * all types that the family of times compares.
 */
static bool
match_bound(const DbaasTable *table, Index relid, Oid opno, Node *left, Node *right,
			DbaasPushedKey *key)
{
	TypeCacheEntry *type = lookup_type_cache(TIMESTAMPTZOID, TYPECACHE_BTREE_OPFAMILY);
	int			strategy = get_op_opfamily_strategy(opno, type->btree_opf);

	int			column = bounded_column(table->resource);

	if (strategy == InvalidStrategy || !is_time_var(table, relid, left, column) ||
		!is_scan_constant(relid, right))
		return false;
	switch (getBaseType(exprType(right)))
	{
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
		case DATEOID:
			break;
		default:
			return false;
	}
	key->column = column;
	key->form = DBAAS_KEY_IS;
	key->bound = strategy;
	key->value = (Expr *) right;
	return true;
}

/* Matches a comparison, with the sides in this order. */
static bool
match_comparison(const DbaasTable *table, Index relid, Oid opno, Oid collation,
				 Node *left, Node *right, DbaasPushedKey *key)
{
	return match_equality(table, relid, opno, collation, left, right, key) ||
		match_inequality(table, relid, opno, collation, left, right, key) ||
		match_bound(table, relid, opno, left, right, key);
}

/* Matches "key", "NOT key", "key IS TRUE" and "key IS FALSE", of a key that is a boolean. */
static bool
match_boolean(const DbaasTable *table, Index relid, Expr *clause, DbaasPushedKey *key)
{
	BooleanTest *test = (BooleanTest *) clause;
	bool		negated = is_notclause(clause);
	Node	   *node = (Node *) clause;

	if (negated)
		node = (Node *) get_notclausearg(clause);
	else if (IsA(test, BooleanTest))
	{
		if (test->booltesttype != IS_TRUE && test->booltesttype != IS_FALSE)
			return false;
		negated = test->booltesttype == IS_FALSE;
		node = (Node *) test->arg;
	}
	key->column = key_of_var(table, relid, strip_relabel(node));
	if (key->column < 0 || !table->resource->columns[key->column].unsent ||
		getBaseType(exprType(node)) != BOOLOID)
		return false;
	key->form = DBAAS_KEY_IS;
	key->bound = InvalidStrategy;
	key->value = (Expr *) makeBoolConst(!negated, false);
	return true;
}

/* Matches a condition of any of these forms. */
static bool
match_clause(const DbaasTable *table, Index relid, Expr *clause, DbaasPushedKey *key)
{
	if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
	{
		OpExpr	   *op = (OpExpr *) clause;
		Oid			commutator = get_commutator(op->opno);
		Node	   *left = linitial(op->args);
		Node	   *right = lsecond(op->args);

		return match_comparison(table, relid, op->opno, op->inputcollid, left, right, key) ||
			(OidIsValid(commutator) &&
			 match_comparison(table, relid, commutator, op->inputcollid, right, left, key));
	}
	if (IsA(clause, ScalarArrayOpExpr))
		return match_any(table, relid, (ScalarArrayOpExpr *) clause, key);
	if (is_orclause(clause))
		return match_or(table, relid, (BoolExpr *) clause, key);
	return match_boolean(table, relid, clause, key);
}

/* ------------------------------------------------------------------------
 * A zone and a name concatenated into one text
 * ------------------------------------------------------------------------ */

/* The operands of a chain of || on texts; a list of the node itself if it is not one. */
static List *
concatenated_texts(Node *node)
{
	OpExpr	   *op = (OpExpr *) strip_relabel(node);

	if (op == NULL || !IsA(op, OpExpr) || get_opcode(op->opno) != F_TEXTCAT)
		return list_make1(node);
	return list_concat(concatenated_texts(linitial(op->args)),
					   concatenated_texts(lsecond(op->args)));
}

/*
 * The separator behind a zone, if the node is one: a constant that begins with a
 * character which no zone's name has.  Else NULL.
 */
static Const *
as_separator(Node *node)
{
	Const	   *separator = (Const *) strip_relabel(node);
	char	   *value;

	if (!IsA(separator, Const) || separator->constisnull || separator->consttype != TEXTOID)
		return NULL;
	value = TextDatumGetCString(separator->constvalue);
	return *value && !dbaas_options_is_zone(pnstrdup(value, 1)) ? separator : NULL;
}

static Expr *
make_call(Oid function, Oid result, List *args)
{
	return (Expr *) makeFuncExpr(function, result, args, InvalidOid, C_COLLATION_OID,
								 COERCE_EXPLICIT_CALL);
}

static Const *
whole_number(int32 number)
{
	return makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(number), false, true);
}

/* An expression for the part of a text before the first separator, or after it. */
static Expr *
part_of(Expr *whole, Const *separator, bool after)
{
	Expr	   *start;
	int			length;

	if (!after)
		return make_call(F_SPLIT_PART, TEXTOID, list_make3(whole, separator, whole_number(1)));
	length = pg_mbstrlen(TextDatumGetCString(separator->constvalue));
	start = make_call(F_STRPOS, INT4OID, list_make2(whole, separator));
	start = make_call(F_INT4PL, INT4OID, list_make2(start, whole_number(length)));
	return make_call(F_SUBSTR_TEXT_INT4, TEXTOID, list_make2(whole, start));
}

/* The same for each element of an array; NULL if the planner does not know the elements. */
static Expr *
parts_of(Expr *wholes, Const *separator, bool after)
{
	ArrayExpr  *parts = makeNode(ArrayExpr);
	ArrayExpr  *array = (ArrayExpr *) wholes;
	Const	   *constant = (Const *) wholes;
	ListCell   *lc;

	parts->array_typeid = TEXTARRAYOID;
	parts->array_collid = C_COLLATION_OID;
	parts->element_typeid = TEXTOID;
	parts->location = -1;
	if (IsA(wholes, ArrayExpr) && !array->multidims && array->element_typeid == TEXTOID)
	{
		foreach(lc, array->elements)
			parts->elements = lappend(parts->elements, part_of(lfirst(lc), separator, after));
		return (Expr *) parts;
	}
	if (IsA(wholes, Const) && !constant->constisnull && constant->consttype == TEXTARRAYOID)
	{
		Datum	   *values;
		bool	   *isnull;
		int			n;

		deconstruct_array(DatumGetArrayTypeP(constant->constvalue), TEXTOID, -1, false,
						  TYPALIGN_INT, &values, &isnull, &n);
		for (int i = 0; i < n; i++)
			parts->elements = lappend(parts->elements,
									  part_of((Expr *) makeConst(TEXTOID, -1, C_COLLATION_OID, -1,
																 values[i], isnull[i], false),
											  separator, after));
		return (Expr *) parts;
	}
	return NULL;
}

/*
 * Adds a key for the operand of a concatenation that makes the part before the separator,
 * or after it.  Only the zone can be before it, and only another key after it.
 */
static void
push_part(const DbaasTable *table, Index relid, Node *operand, const DbaasPushedKey *whole,
		  Const *separator, bool after, DbaasPushed *pushed)
{
	DbaasPushedKey *key = palloc(sizeof(DbaasPushedKey));

	*key = *whole;
	key->column = key_of_var(table, relid, compared_column(operand));
	if (key->column < 0 || (key->column == DBAAS_ZONE_COLUMN) == after)
		return;
	key->value = whole->form == DBAAS_KEY_IS_ANY ? parts_of(whole->value, separator, after) :
		part_of(whole->value, separator, after);
	if (key->value == NULL)
		return;
	key->value = (Expr *) eval_const_expressions(NULL, (Node *) key->value);
	pushed->keys = lappend(pushed->keys, key);
}

/*
 * Pushes the parts of a condition such as zone || '/' || name = 'a/b': the zone is a, and
 * the name is b.  The condition itself is still checked: with an array of values, the keys
 * combine every zone with every name.
 */
static void
push_concatenated(const DbaasTable *table, Index relid, RestrictInfo *rinfo, DbaasPushed *pushed)
{
	DbaasPushedKey whole = {
		.condition = rinfo,
		.form = DBAAS_KEY_IS
	};
	OpExpr	   *op = (OpExpr *) rinfo->clause;
	ScalarArrayOpExpr *any = (ScalarArrayOpExpr *) rinfo->clause;
	List	   *args;
	List	   *texts;
	Const	   *separator;

	if (IsA(any, ScalarArrayOpExpr) && any->useOr && any->opno == TextEqualOperator)
	{
		whole.form = DBAAS_KEY_IS_ANY;
		args = any->args;
	}
	else if (IsA(op, OpExpr) && op->opno == TextEqualOperator)
		args = list_length(concatenated_texts(lsecond(op->args))) > 1 ?
			list_make2(lsecond(op->args), linitial(op->args)) : op->args;
	else
		return;
	texts = concatenated_texts(linitial(args));
	separator = list_length(texts) > 1 ? as_separator(lsecond(texts)) : NULL;
	if (separator == NULL || !get_collation_isdeterministic(exprInputCollation((Node *) op)) ||
		!is_scan_constant(relid, lsecond(args)))
		return;
	whole.value = lsecond(args);
	push_part(table, relid, linitial(texts), &whole, separator, false, pushed);
	if (list_length(texts) == 3)
		push_part(table, relid, lthird(texts), &whole, separator, true, pushed);
}

bool
dbaas_pushdown_clause(const DbaasTable *table, Index relid, Expr *clause, DbaasPushedKey *key)
{
	const DbaasResource *resource = table->resource;

	if (!match_clause(table, relid, clause, key))
		return false;

	/*
	 * If any zone may be requested, the column shows the one that was.  That
	 * must not depend on rows of another relation, or else the result of a
	 * join would depend on its plan.  Nor must the span of a series depend on
	 * the times of rows that are joined to its own by an equality: such joins
	 * have other plans than nested loops.
	 */
	if ((key->column == DBAAS_ZONE_COLUMN && resource->any_zone) ||
		(resource->series && key->bound == BTEqualStrategyNumber))
		return bms_is_empty(pull_varnos(NULL, (Node *) key->value));
	return true;
}

bool
dbaas_pushdown_has(List *keys, int column)
{
	ListCell   *lc;

	foreach(lc, keys)
	{
		const DbaasPushedKey *key = lfirst(lc);

		if (key->column == column && !dbaas_pushdown_is_negated(key->form))
			return true;
	}
	return false;
}

bool
dbaas_pushdown_reads_ascending(const DbaasResource *resource, const DbaasPushed *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed->keys)
	{
		const DbaasPushedKey *key = lfirst(lc);
		const Const *value = (const Const *) key->value;

		if (key->column == resource->index.order)
			return key->form == DBAAS_KEY_IS && IsA(value, Const) && !value->constisnull &&
				value->consttype == TEXTOID &&
				strcmp(TextDatumGetCString(value->constvalue), "asc") == 0;
	}
	return pushed->ascending;
}

bool
dbaas_pushdown_has_outcomes(const DbaasResource *resource, const DbaasPushed *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed->keys)
	{
		const DbaasPushedKey *key = lfirst(lc);
		const Const *value = (const Const *) key->value;

		if (key->column == resource->index.with_outcome)
			return key->form != DBAAS_KEY_IS || !IsA(value, Const) || value->constisnull ||
				DatumGetBool(value->constvalue);
	}
	return false;
}

bool
dbaas_pushdown_fans_out(const DbaasPushed *pushed)
{
	const DbaasPath *path = &pushed->endpoint->parsed;

	for (int i = 0; i < path->nparams; i++)
	{
		if (!dbaas_pushdown_has(pushed->keys, path->params[i].column))
			return true;
	}
	return false;
}

/*
 * Converts as the comparison does: in the session's time zone; a value out of range is before
 * or after all times.
 */
TimestampTz
dbaas_pushdown_bound_time(Datum value, Oid type)
{
	int			overflow = 0;

	switch (getBaseType(type))
	{
		case DATEOID:
			return date2timestamptz_opt_overflow(DatumGetDateADT(value), &overflow);
		case TIMESTAMPOID:
			return timestamp2timestamptz_opt_overflow(DatumGetTimestamp(value), &overflow);
		default:
			return DatumGetTimestampTz(value);
	}
}

bool
dbaas_pushdown_has_lower(const DbaasPushed *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed->bounds)
	{
		if (dbaas_pushdown_is_lower(((DbaasPushedKey *) lfirst(lc))->bound))
			return true;
	}
	return false;
}

bool
dbaas_pushdown_has_upper(const DbaasPushed *pushed)
{
	ListCell   *lc;

	foreach(lc, pushed->bounds)
	{
		if (dbaas_pushdown_is_upper(((DbaasPushedKey *) lfirst(lc))->bound))
			return true;
	}
	return false;
}

/* Does reading the endpoint make use of the key? */
static bool
is_used(const DbaasResource *resource, const DbaasEndpoint *endpoint, int column)
{
	return resource->columns[column].chooses ? dbaas_catalogue_reads_each(resource, endpoint) :
		dbaas_catalogue_is_param(resource, endpoint, column);
}

/* Chooses the endpoint, and drops keys that it does not use. */
static void
choose_endpoint(const DbaasResource *resource, const Bitmapset *needed, DbaasPushed *pushed)
{
	bool	   *given = palloc0(resource->ncolumns * sizeof(bool));
	ListCell   *lc;

	for (int c = 0; c < resource->ncolumns; c++)
		given[c] = dbaas_pushdown_has(pushed->keys, c);
	pushed->endpoint = dbaas_catalogue_find_read(resource, given, needed);
	foreach(lc, pushed->keys)
	{
		DbaasPushedKey *key = lfirst(lc);

		if (key->column == DBAAS_ZONE_COLUMN && !resource->global)
			continue;
		if (!is_used(resource, pushed->endpoint, key->column))
		{
			pushed->keys = foreach_delete_current(pushed->keys, lc);
			pushed->has_other_conditions = true;
			pushed->checked = list_append_unique_ptr(pushed->checked, key->condition);
		}
	}
}

/*
 * Is it "time IS NOT NULL"?  That is always true.  The planner adds it when it makes
 * an ORDER BY with a LIMIT of min() and max().
 */
static bool
is_time_not_null(const DbaasTable *table, Index relid, Expr *clause)
{
	return IsA(clause, NullTest) && ((NullTest *) clause)->nulltesttype == IS_NOT_NULL &&
		dbaas_pushdown_is_time(table, relid, (Node *) ((NullTest *) clause)->arg);
}

void
dbaas_pushdown_clauses(const DbaasTable *table, Index relid, const Bitmapset *needed,
					   List *restrictinfos, DbaasPushed *pushed)
{
	ListCell   *lc;

	memset(pushed, 0, sizeof(*pushed));
	foreach(lc, restrictinfos)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		DbaasPushedKey *key = palloc(sizeof(DbaasPushedKey));

		key->condition = rinfo;
		if (is_time_not_null(table, relid, rinfo->clause))
			pushed->checked = lappend(pushed->checked, rinfo);
		else if (rinfo->pseudoconstant || !dbaas_pushdown_clause(table, relid, rinfo->clause, key))
		{
			pushed->has_other_conditions = true;
			pushed->checked = lappend(pushed->checked, rinfo);
			push_concatenated(table, relid, rinfo, pushed);
		}
		else if (key->bound != InvalidStrategy)
		{
			pushed->bounds = lappend(pushed->bounds, key);
			pushed->checked = lappend(pushed->checked, rinfo);
		}
		else
			pushed->keys = lappend(pushed->keys, key);
	}
	choose_endpoint(table->resource, needed, pushed);
	if (table->resource->series && pushed->bounds)
	{
		/* The API returns the whole span, whatever the bounds are. */
		pushed->has_other_conditions = true;
		if (dbaas_pushdown_has(pushed->keys, table->resource->index.series_span))
			pushed->bounds = NIL;
	}
}

List *
dbaas_pushdown_partition(const DbaasTable *table, Relation relation, Index relid,
						 const Bitmapset *needed, DbaasPushed *pushed)
{
	List	   *bound = copyObject(RelationGetPartitionQual(relation));
	List	   *conditions = NIL;
	ListCell   *lc;

	bound = (List *) expression_planner((Expr *) bound);
	ChangeVarNodes((Node *) bound, 1, relid, 0);
	foreach(lc, bound)
	{
		RestrictInfo *condition = makeNode(RestrictInfo);

		condition->clause = lfirst(lc);
		conditions = lappend(conditions, condition);
	}
	dbaas_pushdown_clauses(table, relid, needed, conditions, pushed);
	return bound;
}

int
dbaas_pushdown_column(const DbaasTable *table, Index relid, Expr *expr)
{
	return key_of_var(table, relid, compared_column((Node *) expr));
}
