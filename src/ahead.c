/*-------------------------------------------------------------------------
 *
 * ahead.c
 *		Asking ahead: what a statement needs of the API, asked for together.
 *
 * A nested loop runs its inner side once for each outer row, and a scan there
 * whose keys come from the row makes a request each time, one after the other.
 * So a node of ours goes between the loop and its outer side, once the executor
 * has made its own.  It takes some rows more than the loop has asked for, sets
 * for each what the loop will set, has the scans make their first requests, and
 * hands the rows on one by one.  What is asked ahead is a hint: the loop's own
 * run finds the answer under its arguments, or asks again.  No row depends on
 * it, whatever the loop makes of its rows.
 *
 * Scans that are not run for each row of another, and that are certain or
 * likely to be run at all, make their first requests when the first of them is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ahead.h"
#include "commands/explain.h"
#include "compat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "plan.h"
#include "quiet.h"
#include "scan.h"
#include "utils/memutils.h"

/* Rows that are taken ahead at most. */
#define MAX_ROWS 1024

/* For each row that the loop has asked for, no more are taken ahead than this. */
#define ROWS_AHEAD 8

typedef struct Lookahead
{
	CustomScanState css;		/* its lefttree is the loop's outer side */
	NestLoopState *join;
	List	   *scans;			/* ForeignScanState *, on the inner side */
	List	   *params;			/* of these, those that the loop does not set */
	MemoryContext cxt;			/* of the queue */
	List	   *queue;			/* of MinimalTuple: rows taken and not given */
	int			next;			/* of the queue */
	Size		bytes;			/* of the queue */
	bool		at_end;			/* no row comes behind the queue */
	uint64		taken;			/* rows taken from the outer side */
	uint64		given;			/* rows handed to the loop */
	int			window;			/* answers to be on their way at once */
} Lookahead;

static ExecutorStart_hook_type previous_hook;

static Node *create_state(CustomScan *plan);
static void begin_lookahead(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *exec_lookahead(CustomScanState *node);
static void end_lookahead(CustomScanState *node);
static void rescan_lookahead(CustomScanState *node);
static void explain_lookahead(CustomScanState *node, List *ancestors, ExplainState *es);

#define NAME "dbaas_fdw lookahead"

static const CustomScanMethods scan_methods = {
	.CustomName = NAME,
	.CreateCustomScanState = create_state
};

static const CustomExecMethods exec_methods = {
	.CustomName = NAME,
	.BeginCustomScan = begin_lookahead,
	.ExecCustomScan = exec_lookahead,
	.EndCustomScan = end_lookahead,
	.ReScanCustomScan = rescan_lookahead,
	.ExplainCustomScan = explain_lookahead
};

/* ------------------------------------------------------------------------
 * The node
 * ------------------------------------------------------------------------ */

/* How many answers are on their way, or have come and are not read. */
static int
count_unread(const Lookahead *ahead, Size *bytes)
{
	int			n = 0;
	ListCell   *lc;

	*bytes = 0;
	foreach(lc, ahead->scans)
	{
		n += dbaas_scan_unread(lfirst(lc));
		*bytes += dbaas_scan_unread_bytes(lfirst(lc));
	}
	return n;
}

/* Is each parameter known that the scans' keys need beside the row's? */
static bool
params_ready(const Lookahead *ahead)
{
	const ParamExecData *values = ahead->css.ss.ps.state->es_param_exec_vals;
	ListCell   *lc;

	foreach(lc, ahead->params)
	{
		if (values[lfirst_int(lc)].execPlan != NULL)
			return false;
	}
	return true;
}

/* Asks for what the loop will ask for when it has the row. */
static void
ask_for(Lookahead *ahead, TupleTableSlot *slot, uint64 row)
{
	List	   *params = ((NestLoop *) ahead->join->js.ps.plan)->nestParams;
	ParamExecData *values = ahead->css.ss.ps.state->es_param_exec_vals;
	ParamExecData *saved = palloc(list_length(params) * sizeof(ParamExecData));
	ListCell   *lc;

	foreach(lc, params)
	{
		NestLoopParam *param = lfirst_node(NestLoopParam, lc);
		ParamExecData *value = &values[param->paramno];

		saved[foreach_current_index(lc)] = *value;
		value->execPlan = NULL;
		value->value = slot_getattr(slot, param->paramval->varattno, &value->isnull);
	}
	foreach(lc, ahead->scans)
	{
		if (dbaas_scan_was_run(lfirst(lc)))
			dbaas_scan_ask_ahead(lfirst(lc), row);
	}
	foreach(lc, params)
		values[lfirst_node(NestLoopParam, lc)->paramno] = saved[foreach_current_index(lc)];
	pfree(saved);
}

/* The next row of the outer side; NULL at its end. */
static TupleTableSlot *
take_row(Lookahead *ahead)
{
	TupleTableSlot *slot;

	if (ahead->at_end)
		return NULL;
	slot = ExecProcNode(outerPlanState(&ahead->css));
	ahead->at_end = TupIsNull(slot);
	if (ahead->at_end)
		return NULL;
	ahead->taken++;
	return slot;
}

static void
push_row(Lookahead *ahead, TupleTableSlot *slot)
{
	MemoryContext oldcxt = MemoryContextSwitchTo(ahead->cxt);
	MinimalTuple row = ExecCopySlotMinimalTuple(slot);

	ahead->queue = lappend(ahead->queue, row);
	ahead->bytes += GetMemoryChunkSpace(row);
	MemoryContextSwitchTo(oldcxt);
}

/* The first row of the queue, in the node's own slot; NULL when there is none. */
static TupleTableSlot *
pop_row(Lookahead *ahead)
{
	MinimalTuple row;

	if (ahead->next == MAX_ROWS)
	{
		ahead->queue = list_delete_first_n(ahead->queue, ahead->next);
		ahead->next = 0;
	}
	if (ahead->next == list_length(ahead->queue))
		return NULL;
	row = list_nth(ahead->queue, ahead->next++);
	ahead->bytes -= GetMemoryChunkSpace(row);
	ExecForceStoreMinimalTuple(row, ahead->css.ss.ps.ps_ResultTupleSlot, true);
	return ahead->css.ss.ps.ps_ResultTupleSlot;
}

/*
 * Takes rows, and asks for what they need, while the window has room.  Rows
 * that need no new request are bounded too, by those that were wanted so far.
 */
static void
look_ahead(Lookahead *ahead)
{
	uint64		most = Min(ahead->given * ROWS_AHEAD, MAX_ROWS);
	Size		bytes;

	while (list_length(ahead->queue) - ahead->next < (int) most &&
		   count_unread(ahead, &bytes) < ahead->window &&
		   bytes + ahead->bytes < (Size) work_mem * 1024)
	{
		TupleTableSlot *slot = take_row(ahead);

		if (slot == NULL)
			break;
		ask_for(ahead, slot, ahead->taken);
		push_row(ahead, slot);
	}
}

static TupleTableSlot *
exec_lookahead(CustomScanState *node)
{
	Lookahead  *ahead = (Lookahead *) node;
	TupleTableSlot *slot;
	int			concurrency = 1;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	foreach(lc, ahead->scans)
	{
		dbaas_scan_pass(lfirst(lc), ahead->given);
		concurrency = Max(concurrency, dbaas_scan_concurrency(lfirst(lc)));
	}
	slot = pop_row(ahead);
	if (slot == NULL)
		slot = take_row(ahead);
	if (slot == NULL)
		return NULL;
	ahead->given++;

	/* A loop that is left after its first row asks for no more than that. */
	if (ahead->given == 1)
		ahead->window = 1;
	else
		ahead->window = Min(ahead->window * 2, concurrency);
	if (ahead->window > 1 && params_ready(ahead))
	{
		if (slot != node->ss.ps.ps_ResultTupleSlot)
			slot = ExecCopySlot(node->ss.ps.ps_ResultTupleSlot, slot);
		ask_for(ahead, slot, ahead->given);
		look_ahead(ahead);
	}
	return slot;
}

/* Forgets the rows that were taken. */
static void
empty_queue(Lookahead *ahead)
{
	ListCell   *lc;

	foreach(lc, ahead->scans)
		dbaas_scan_leave(lfirst(lc));
	MemoryContextReset(ahead->cxt);
	ahead->queue = NIL;
	ahead->next = 0;
	ahead->bytes = 0;
	ahead->at_end = false;
	ahead->taken = ahead->given = 0;
}

static void
rescan_lookahead(CustomScanState *node)
{
	PlanState  *outer = outerPlanState(node);

	ExecClearTuple(node->ss.ps.ps_ResultTupleSlot);
	empty_queue((Lookahead *) node);
	if (outer->chgParam == NULL)
		ExecReScan(outer);
}

static void
end_lookahead(CustomScanState *node)
{
	Lookahead  *ahead = (Lookahead *) node;

	ExecClearTuple(node->ss.ps.ps_ResultTupleSlot);
	MemoryContextDelete(ahead->cxt);
	ExecEndNode(outerPlanState(node));
}

static void
explain_lookahead(CustomScanState *node, List *ancestors, ExplainState *es)
{
	Lookahead  *ahead = (Lookahead *) node;
	List	   *names = NIL;
	ListCell   *lc;

	(void) ancestors;
	foreach(lc, ahead->scans)
	{
		const Scan *scan = (Scan *) ((ForeignScanState *) lfirst(lc))->ss.ps.plan;

		names = lappend(names, list_nth(es->rtable_names, scan->scanrelid - 1));
	}
	ExplainPropertyList("Looks Ahead For", names, es);
}

/* These two are for a plan that is started; ours comes later. */
static Node *
create_state(CustomScan *plan)
{
	Lookahead  *ahead = palloc0(sizeof(Lookahead));

	NodeSetTag(ahead, T_CustomScanState);
	ahead->css.methods = &exec_methods;
	ahead->css.ss.ps.plan = (Plan *) plan;
	return (Node *) ahead;
}

static void
begin_lookahead(CustomScanState *node, EState *estate, int eflags)
{
	(void) node;
	(void) estate;
	(void) eflags;
}

/* A plan node over the loop's outer side, for EXPLAIN and for rescans. */
static CustomScan *
make_plan(const Plan *outer)
{
	CustomScan *plan = makeNode(CustomScan);
	NodeTag		tag = nodeTag(plan);

	plan->scan.plan = *outer;
	NodeSetTag(plan, tag);
	plan->scan.plan.targetlist = NIL;
	plan->scan.plan.qual = NIL;
	plan->scan.plan.initPlan = NIL;
	plan->scan.plan.righttree = NULL;
	plan->scan.plan.lefttree = unconstify(Plan *, outer);
	plan->methods = &scan_methods;
	return plan;
}

static TupleTableSlot *
run_node(PlanState *node)
{
	return exec_lookahead((CustomScanState *) node);
}

/* Puts a node between the loop and its outer side. */
static void
insert_node(NestLoopState *join, List *scans, List *params)
{
	EState	   *estate = join->js.ps.state;
	MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	PlanState  *outer = outerPlanState(join);
	TupleDesc	desc = ExecGetResultType(outer);
	const TupleTableSlotOps *ops = ExecGetResultSlotOps(outer, NULL);
	Lookahead  *ahead = (Lookahead *) create_state(make_plan(outer->plan));
	PlanState  *node = &ahead->css.ss.ps;

	node->state = estate;
	node->lefttree = outer;
	node->ps_ResultTupleDesc = desc;
	node->ps_ResultTupleSlot = ExecInitExtraTupleSlot(estate, desc, ops);
	ahead->css.ss.ss_ScanTupleSlot = node->ps_ResultTupleSlot;
	node->resultops = outer->resultops;
	node->resultopsfixed = outer->resultopsfixed;
	node->resultopsset = outer->resultopsset;
	if (estate->es_instrument)
		node->instrument = InstrAlloc(1, estate->es_instrument, false);
	ExecSetExecProcNode(node, run_node);

	ahead->join = join;
	ahead->scans = scans;
	ahead->params = params;
	ahead->cxt = AllocSetContextCreate(estate->es_query_cxt, "dbaas_fdw lookahead",
									   ALLOCSET_DEFAULT_SIZES);
	outerPlanState(join) = node;
	MemoryContextSwitchTo(oldcxt);
}

/* ------------------------------------------------------------------------
 * Where nodes go
 * ------------------------------------------------------------------------ */

typedef struct Collected
{
	List	   *ids;			/* of parameters */
	bool		subplan;
} Collected;

static bool
collect_params(Node *node, void *arg)
{
	Collected  *collected = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC)
		collected->ids = list_append_unique_int(collected->ids, ((Param *) node)->paramid);
	if (IsA(node, SubPlan) || IsA(node, AlternativeSubPlan))
		collected->subplan = true;
	return expression_tree_walker(node, collect_params, arg);
}

/* A loop, and what is found on its inner side. */
typedef struct Inner
{
	const NestLoop *plan;
	List	   *scans;
	List	   *params;
} Inner;

static bool
is_loop_param(const NestLoop *loop, int id)
{
	ListCell   *lc;

	foreach(lc, loop->nestParams)
	{
		if (lfirst_node(NestLoopParam, lc)->paramno == id)
			return true;
	}
	return false;
}

/* Is the parameter set by an InitPlan of the node itself? */
static bool
is_own_init_param(const Plan *plan, int id)
{
	ListCell   *lc;

	foreach(lc, plan->initPlan)
	{
		if (list_member_int(lfirst_node(SubPlan, lc)->setParam, id))
			return true;
	}
	return false;
}

/*
 * May the expressions be evaluated for a row that the loop might never come to?
 * Those that no parameter changes have been by then, as the scan was run.
 */
static bool
are_quiet(List *exprs)
{
	ListCell   *lc;

	foreach(lc, exprs)
	{
		Collected	collected = {0};

		collect_params(lfirst(lc), &collected);
		if (collected.subplan || contain_volatile_functions(lfirst(lc)) ||
			(collected.ids && !dbaas_quiet_expr(lfirst(lc))))
			return false;
	}
	return true;
}

/*
 * The scan counts when its keys need the loop's row, and beyond that nothing
 * that is set within the loop.
 */
static void
consider_scan(ForeignScanState *node, Inner *inner)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Collected	collected = {0};
	List	   *others = NIL;
	bool		needs_row = false;
	ListCell   *lc;

	if (!dbaas_scan_is_ours(&node->ss.ps) || plan->operation != CMD_SELECT ||
		!are_quiet(plan->fdw_exprs))
		return;
	collect_params((Node *) plan->fdw_exprs, &collected);
	foreach(lc, collected.ids)
	{
		int			id = lfirst_int(lc);

		if (is_loop_param(inner->plan, id))
			needs_row = true;
		else if (bms_is_member(id, inner->plan->join.plan.extParam) ||
				 is_own_init_param(&inner->plan->join.plan, id))
			others = lappend_int(others, id);
		else
			return;
	}
	if (!needs_row)
		return;
	inner->scans = lappend(inner->scans, node);
	inner->params = list_concat_unique_int(inner->params, others);
}

/* Finds the scans that the inner side runs for each row. */
static void
find_scans(PlanState *node, Inner *inner)
{
	if (node == NULL)
		return;
	switch (nodeTag(node))
	{
		case T_ForeignScanState:
			consider_scan((ForeignScanState *) node, inner);
			return;
		case T_AppendState:
			/* Which children are run is found out while it runs. */
			if (((AppendState *) node)->as_prune_state)
				return;
			for (int i = 0; i < ((AppendState *) node)->as_nplans; i++)
				find_scans(((AppendState *) node)->appendplans[i], inner);
			return;
		case T_MergeAppendState:
			if (((MergeAppendState *) node)->ms_prune_state)
				return;
			for (int i = 0; i < ((MergeAppendState *) node)->ms_nplans; i++)
				find_scans(((MergeAppendState *) node)->mergeplans[i], inner);
			return;
		case T_SubqueryScanState:
			find_scans(((SubqueryScanState *) node)->subplan, inner);
			return;
		case T_ResultState:
			if (((ResultState *) node)->resconstantqual == NULL)
				find_scans(outerPlanState(node), inner);
			return;
		case T_ProjectSetState:
		case T_NestLoopState:
		case T_MergeJoinState:
		case T_HashJoinState:
		case T_HashState:
		case T_MaterialState:
		case T_MemoizeState:
		case T_SortState:
		case T_IncrementalSortState:
		case T_GroupState:
		case T_AggState:
		case T_WindowAggState:
		case T_UniqueState:
		case T_LimitState:
			find_scans(outerPlanState(node), inner);
			find_scans(innerPlanState(node), inner);
			return;
		case T_CustomScanState:
			if (((CustomScanState *) node)->methods == &exec_methods)
				find_scans(outerPlanState(node), inner);
			return;
		default:
			return;
	}
}

/*
 * What is known of how a node is run: whether it is run at all, and whether to
 * its end.
 */
typedef struct Visit
{
	const PlannedStmt *stmt;
	bool		runs;			/* certain to be run */
	bool		may_run;		/* likely to be, once */
	bool		to_the_end;		/* all of its rows are read before any of the
								 * statement's is given */
	bool		limited;		/* it may be left before its end */
	List	  **together;		/* scans that start with the first */
	List	  **visited;		/* InitPlans */
} Visit;

static void visit(PlanState *node, Visit how);

/* Looks at the scan of a statement that is run once, if it is. */
static void
visit_scan(ForeignScanState *node, const Visit *how)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Collected	collected = {0};

	if (!how->may_run || !dbaas_scan_is_ours(&node->ss.ps) || plan->operation != CMD_SELECT)
		return;
	collect_params((Node *) plan->fdw_exprs, &collected);
	if (collected.subplan || collected.ids || contain_volatile_functions((Node *) plan->fdw_exprs))
		return;
	if (how->runs || dbaas_quiet_expr((Node *) plan->fdw_exprs))
		*how->together = lappend(*how->together, node);
}

static void
visit_loop(NestLoopState *join, Visit how)
{
	NestLoop   *plan = (NestLoop *) join->js.ps.plan;
	PlanState  *outer = outerPlanState(join);
	Inner		inner = {.plan = plan};
	Visit		inner_how = how;

	if (plan->nestParams && dbaas_quiet_encoding())
	{
		find_scans(innerPlanState(join), &inner);
		if (inner.scans &&
			dbaas_quiet_plan(outer->plan, how.stmt, how.to_the_end, how.limited))
			insert_node(join, inner.scans, inner.params);
	}
	visit(outer, how);

	inner_how.runs = false;
	inner_how.may_run = how.may_run && plan->nestParams == NIL;
	inner_how.to_the_end = how.to_the_end && !join->js.single_match;
	inner_how.limited = how.limited || join->js.single_match;
	visit(innerPlanState(join), inner_how);
}

/* What is said of a node also holds for what it reads first. */
static Visit
below(PlanState *node, Visit how)
{
	switch (nodeTag(node))
	{
		case T_SortState:
		case T_HashState:
			how.to_the_end = true;
			how.limited = false;
			break;
		case T_AggState:
			if (dbaas_reads_all_first((Agg *) node->plan))
			{
				how.to_the_end = true;
				how.limited = false;
			}
			break;
		case T_ModifyTableState:
			how.to_the_end = true;
			how.limited = false;
			break;
		case T_LimitState:
			how.runs = how.may_run = how.to_the_end = false;
			how.limited = true;
			break;
		case T_ResultState:
			if (((ResultState *) node)->resconstantqual)
				how.runs = how.may_run = false;
			break;
		default:
			break;
	}
	return how;
}

/* The children of an Append: the first is run, the others perhaps. */
static void
visit_children(PlanState **children, int n, bool pruned, Visit how)
{
	how.may_run = how.may_run && !pruned;
	for (int i = 0; i < n; i++)
	{
		how.runs = how.runs && i == 0 && !pruned;
		visit(children[i], how);
	}
}

/* The node's InitPlans and CTEs, which are run once, and likely to be. */
static void
visit_init_plans(PlanState *node, Visit how)
{
	ListCell   *lc;

	how.runs = how.to_the_end = false;
	how.limited = true;
	foreach(lc, node->initPlan)
	{
		PlanState  *plan = lfirst_node(SubPlanState, lc)->planstate;

		*how.visited = lappend(*how.visited, plan);
		visit(plan, how);
	}
}

/*
 * Looks at a node and all below it, for loops and for scans.  Subplans are not
 * below the node: the statement has a list of them.
 */
static void
visit(PlanState *node, Visit how)
{
	if (node == NULL)
		return;
	check_stack_depth();
	visit_init_plans(node, how);
	how = below(node, how);
	switch (nodeTag(node))
	{
		case T_ForeignScanState:
			visit_scan((ForeignScanState *) node, &how);
			break;
		case T_NestLoopState:
			visit_loop((NestLoopState *) node, how);
			break;
		case T_AppendState:
			visit_children(((AppendState *) node)->appendplans, ((AppendState *) node)->as_nplans,
						   ((AppendState *) node)->as_prune_state != NULL, how);
			break;
		case T_MergeAppendState:
			visit_children(((MergeAppendState *) node)->mergeplans,
						   ((MergeAppendState *) node)->ms_nplans,
						   ((MergeAppendState *) node)->ms_prune_state != NULL, how);
			break;
		case T_SubqueryScanState:
			visit(((SubqueryScanState *) node)->subplan, how);
			break;
		case T_GatherState:
		case T_GatherMergeState:
			/* Scans of ours are in no worker. */
			break;
		case T_HashJoinState:
		case T_MergeJoinState:
			/* Either may turn out to be empty, and save the other. */
			how.runs = false;
			visit(outerPlanState(node), how);
			visit(innerPlanState(node), how);
			break;
		default:
			visit(outerPlanState(node), how);
			visit(innerPlanState(node), how);
			break;
	}
}

/* Is a row locked?  Then it may be read again, later than the others. */
static bool
locks_rows(const PlannedStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->rowMarks)
	{
		if (RowMarkRequiresRowShareLock(lfirst_node(PlanRowMark, lc)->markType))
			return true;
	}
	return false;
}

static void
look_at_statement(QueryDesc *query)
{
	List	   *together = NIL;
	EState	   *estate = query->estate;
	MemoryContext oldcxt = MemoryContextSwitchTo(estate->es_query_cxt);
	List	   *visited = NIL;
	Visit		how = {.stmt = query->plannedstmt, .together = &together, .visited = &visited};
	Visit		as_root = how;
	ListCell   *lc;

	as_root.runs = as_root.may_run = true;
	how.limited = true;
	visit(query->planstate, as_root);
	foreach(lc, estate->es_subplanstates)
	{
		if (!list_member_ptr(visited, lfirst(lc)))
			visit(lfirst(lc), how);
	}
	if (list_length(together) > 1 && !(estate->es_top_eflags & EXEC_FLAG_EXPLAIN_ONLY))
		dbaas_scan_start_together(estate, together);
	MemoryContextSwitchTo(oldcxt);
}

static void
executor_start(QueryDesc *query, int eflags)
{
	uint64		begun = dbaas_scans_begun();

	if (previous_hook)
		previous_hook(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
	if (dbaas_enable_lookahead && dbaas_scans_begun() != begun && query->planstate &&
		!locks_rows(query->plannedstmt))
		look_at_statement(query);
}

void
dbaas_ahead_init(void)
{
	previous_hook = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
}
