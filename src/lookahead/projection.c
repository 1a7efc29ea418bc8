/*-------------------------------------------------------------------------
 *
 * projection.c
 *		Moving the projection of a plan node to a node above it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"

#include "lookahead/projection.h"

/* The number of an expression in a target list; adds it if it is not in there. */
static AttrNumber
column_number(Node *expr, List **columns)
{
	ListCell   *lc;

	foreach(lc, *columns)
	{
		if (equal(lfirst_node(TargetEntry, lc)->expr, expr))
			return foreach_current_index(lc) + 1;
	}
	*columns = lappend(*columns, makeTargetEntry((Expr *) copyObject(expr),
												 list_length(*columns) + 1, NULL, false));
	return list_length(*columns);
}

static Node *
split_mutator(Node *node, void *columns)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) || IsA(node, Aggref) || IsA(node, GroupingFunc))
		return (Node *) makeVar(OUTER_VAR, column_number(node, columns), exprType(node),
								exprTypmod(node), exprCollation(node), 0);
	return expression_tree_mutator(node, split_mutator, columns);
}

Node *
dbaas_projection_split(Node *expr, List **columns)
{
	return split_mutator(expr, columns);
}

void
dbaas_projection_return_columns(PlanState *node, List *columns)
{
	TupleDesc	desc = ExecTypeFromTL(columns);
	TupleTableSlot *slot = ExecInitExtraTupleSlot(node->state, desc, &TTSOpsVirtual);

	node->ps_ProjInfo = ExecBuildProjectionInfo(columns, node->ps_ExprContext, slot, node,
												node->scandesc);
	node->ps_ResultTupleDesc = desc;
	node->ps_ResultTupleSlot = slot;
	node->resultops = &TTSOpsVirtual;
	node->resultopsfixed = node->resultopsset = true;
}

void
dbaas_projection_init(PlanState *node, List *targetlist)
{
	node->resultops = node->outerops = &TTSOpsVirtual;
	node->resultopsfixed = node->resultopsset = true;
	node->outeropsfixed = node->outeropsset = true;
	ExecAssignExprContext(node->state, node);
	node->ps_ProjInfo = ExecBuildProjectionInfo(targetlist, node->ps_ExprContext,
												node->ps_ResultTupleSlot, node,
												ExecGetResultType(outerPlanState(node)));
}
