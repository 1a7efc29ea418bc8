/*-------------------------------------------------------------------------
 *
 * generated.c
 *		Stored generated columns, computed when a row is read.
 *
 * The API does not store them, so they are computed as virtual columns are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_attribute.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/rel.h"

#include "tables/generated.h"

struct DbaasGenerated
{
	Oid			relid;
	ExprContext *econtext;
	int			n;
	AttrNumber *attnums;
	ExprState **states;
};

/* The expression of a stored generated column, or NULL. */
static Expr *
expression(Relation relation, AttrNumber attnum)
{
	Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(relation), attnum - 1);

	if (attr->attisdropped || attr->attgenerated != ATTRIBUTE_GENERATED_STORED)
		return NULL;
	return (Expr *) build_column_default(relation, attnum);
}

Bitmapset *
dbaas_generated_inputs(Relation relation, Bitmapset *used)
{
	Bitmapset  *inputs = NULL;
	int			member = -1;

	while ((member = bms_next_member(used, member)) >= 0)
		pull_varattnos((Node *) expression(relation, member), 1, &inputs);
	member = -1;
	while ((member = bms_next_member(inputs, member)) >= 0)
	{
		if (member + FirstLowInvalidHeapAttributeNumber > 0)
			used = bms_add_member(used, member + FirstLowInvalidHeapAttributeNumber);
	}
	return used;
}

Bitmapset *
dbaas_generated_all(Relation relation)
{
	Bitmapset  *all = NULL;

	for (AttrNumber attnum = 1; attnum <= RelationGetNumberOfAttributes(relation); attnum++)
	{
		Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(relation), attnum - 1);

		if (!attr->attisdropped && attr->attgenerated == ATTRIBUTE_GENERATED_STORED)
			all = bms_add_member(all, attnum);
	}
	return all;
}

DbaasGenerated *
dbaas_generated_new(Relation relation, const Bitmapset *used)
{
	int			natts = RelationGetNumberOfAttributes(relation);
	const TupleConstr *constraints = RelationGetDescr(relation)->constr;
	DbaasGenerated *generated;

	if (constraints == NULL || !constraints->has_generated_stored)
		return NULL;
	generated = palloc0(sizeof(DbaasGenerated));
	generated->relid = RelationGetRelid(relation);
	generated->econtext = CreateStandaloneExprContext();
	generated->attnums = palloc(natts * sizeof(AttrNumber));
	generated->states = palloc(natts * sizeof(ExprState *));
	for (int attnum = 1; attnum <= natts; attnum++)
	{
		Expr	   *expr;

		if (used && !bms_is_member(attnum, used))
			continue;
		expr = expression(relation, attnum);
		if (expr == NULL)
			continue;
		generated->attnums[generated->n] = attnum;
		generated->states[generated->n++] = ExecInitExpr(expression_planner(expr), NULL);
	}
	return generated;
}

void
dbaas_generated_compute(DbaasGenerated *generated, TupleTableSlot *slot)
{
	if (generated == NULL)
		return;
	slot->tts_tableOid = generated->relid;
	generated->econtext->ecxt_scantuple = slot;
	for (int i = 0; i < generated->n; i++)
	{
		int			index = generated->attnums[i] - 1;

		slot->tts_values[index] = ExecEvalExpr(generated->states[i], generated->econtext,
											   &slot->tts_isnull[index]);
	}
}
