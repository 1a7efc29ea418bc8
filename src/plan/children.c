/*-------------------------------------------------------------------------
 *
 * children.c
 *		The plan nodes below a plan node.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "plan/children.h"

static void
visit_plans(List *plans, DbaasVisitChild visit, void *arg)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		visit(lfirst(lc), arg);
	}
}

void
dbaas_children_visit(Plan *plan, DbaasVisitChild visit, void *arg)
{
	check_stack_depth();
	if (plan->lefttree)
		visit(plan->lefttree, arg);
	if (plan->righttree)
		visit(plan->righttree, arg);
	switch (nodeTag(plan))
	{
		case T_SubqueryScan:
			visit(((SubqueryScan *) plan)->subplan, arg);
			break;
		case T_Append:
			visit_plans(((Append *) plan)->appendplans, visit, arg);
			break;
		case T_MergeAppend:
			visit_plans(((MergeAppend *) plan)->mergeplans, visit, arg);
			break;
		case T_CustomScan:
			visit_plans(((CustomScan *) plan)->custom_plans, visit, arg);
			break;
		default:
			break;
	}
}
