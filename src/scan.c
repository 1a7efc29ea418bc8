/*-------------------------------------------------------------------------
 *
 * scan.c
 *		Running a foreign scan, and what EXPLAIN says of it.
 *
 * Evaluates the keys, fetches rows and decodes them; raises the errors that
 * the layers below return.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "api.h"
#include "commands/explain.h"
#include "compat.h"
#include "decode.h"
#include "executor/executor.h"
#include "fetch.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "options.h"
#include "plan.h"
#include "scan.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

/* An expression of fdw_exprs that gives a key its value. */
typedef struct KeyExpr
{
	int			column;			/* of the catalogue */
	bool		is_array;
	ExprState  *state;
	Oid			type;			/* of a value */
	FmgrInfo	output;
} KeyExpr;

typedef struct DbaasScanState
{
	DbaasTable *table;
	const DbaasEndpoint *endpoint;
	DbaasDecoder *decoder;
	int			nkeys;
	KeyExpr    *keys;
	ExprState  *limit_count;	/* or NULL */
	ExprState  *limit_offset;	/* or NULL */
	bool		eager;
	Oid			userid;
	DbaasApi   *api;
	DbaasFetch *fetch;			/* NULL until the first row is wanted */
	MemoryContext fetch_cxt;	/* of the keys' values and the fetch */
	MemoryContext row_cxt;		/* reset for each row */
	DbaasCounters counters;
} DbaasScanState;

/* ------------------------------------------------------------------------
 * Keys
 * ------------------------------------------------------------------------ */

static void
init_keys(DbaasScanState *scan, ForeignScan *plan, ForeignScanState *node)
{
	List	   *columns = list_nth(plan->fdw_private, DBAAS_SCAN_KEYS);
	List	   *arrays = list_nth(plan->fdw_private, DBAAS_SCAN_KEY_IS_ARRAY);
	int			nlimits = intVal(list_nth(plan->fdw_private, DBAAS_SCAN_LIMITS));

	scan->nkeys = list_length(columns);
	scan->keys = palloc0(Max(scan->nkeys, 1) * sizeof(KeyExpr));
	for (int i = 0; i < scan->nkeys; i++)
	{
		KeyExpr    *key = &scan->keys[i];
		Expr	   *expr = list_nth(plan->fdw_exprs, i);
		Oid			output;
		bool		varlena;

		key->column = list_nth_int(columns, i);
		key->is_array = list_nth_int(arrays, i) != 0;
		key->type = exprType((Node *) expr);
		if (key->is_array)
			key->type = get_element_type(key->type);
		key->state = ExecInitExpr(expr, (PlanState *) node);
		getTypeOutputInfo(key->type, &output, &varlena);
		fmgr_info(output, &key->output);
	}
	if (nlimits > 0)
		scan->limit_count = ExecInitExpr(list_nth(plan->fdw_exprs, scan->nkeys),
										 (PlanState *) node);
	if (nlimits > 1)
		scan->limit_offset = ExecInitExpr(list_nth(plan->fdw_exprs, scan->nkeys + 1),
										  (PlanState *) node);
}

/*
 * The key also has to be one of these values: those of both conditions stay.
 */
static void
restrict_key(DbaasKey *key, const char **values, int n)
{
	const char **kept = palloc(Max(n, 1) * sizeof(char *));
	int			nkept = 0;

	for (int i = 0; i < n; i++)
	{
		bool		wanted = !key->given;
		bool		repeated = false;

		for (int j = 0; key->given && j < key->n; j++)
			wanted = wanted || strcmp(key->values[j], values[i]) == 0;
		for (int j = 0; j < nkept; j++)
			repeated = repeated || strcmp(kept[j], values[i]) == 0;
		if (wanted && !repeated)
			kept[nkept++] = values[i];
	}
	key->given = true;
	key->n = nkept;
	key->values = kept;
}

/* A value as the API takes it. */
static const char *
key_text(KeyExpr *expr, Datum value)
{
	char	   *text = OutputFunctionCall(&expr->output, value);

	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

/* Evaluates one key's expression; NULL is no value. */
static void
take_key(KeyExpr *expr, ExprContext *econtext, DbaasKey *key)
{
	bool		isnull;
	Datum		datum = ExecEvalExpr(expr->state, econtext, &isnull);
	const char **values;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			nvalues = 0;
	int16		len;
	bool		byval;
	char		align;

	if (isnull)
	{
		restrict_key(key, NULL, 0);
		return;
	}
	if (!expr->is_array)
	{
		const char *value = key_text(expr, datum);

		restrict_key(key, &value, 1);
		return;
	}
	get_typlenbyvalalign(expr->type, &len, &byval, &align);
	deconstruct_array(DatumGetArrayTypeP(datum), expr->type, len, byval, align,
					  &elements, &nulls, &n);
	values = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			values[nvalues++] = key_text(expr, elements[i]);
	}
	restrict_key(key, values, nvalues);
}

/* Rows that LIMIT and OFFSET want together; -1 when they set no limit. */
static int64
take_limit(DbaasScanState *scan, ExprContext *econtext)
{
	bool		isnull;
	int64		count;
	int64		offset = 0;

	if (scan->limit_count == NULL)
		return -1;
	count = DatumGetInt64(ExecEvalExpr(scan->limit_count, econtext, &isnull));
	if (isnull || count < 0)
		return -1;
	if (scan->limit_offset)
	{
		offset = DatumGetInt64(ExecEvalExpr(scan->limit_offset, econtext, &isnull));
		if (isnull || offset < 0)
			offset = 0;
	}
	return count > PG_INT64_MAX - offset ? -1 : count + offset;
}

/*
 * A key that nothing lists has to be given.
 */
static void
check_required_keys(const DbaasTable *table, const DbaasKey *keys)
{
	const DbaasResource *resource = table->resource;

	for (int c = 0; c < resource->ncolumns; c++)
	{
		AttrNumber	attnum = dbaas_table_attribute(table, c);
		char	   *name;
		char	   *qualified;
		char	   *column;

		if (!resource->columns[c].required || keys[c].given)
			continue;
		name = get_rel_name(table->relid);
		qualified = quote_qualified_identifier(get_namespace_name(get_rel_namespace(table->relid)), name);
		column = attnum ? get_attname(table->relid, attnum, false) :
			pstrdup(resource->columns[c].name);
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_CREATE_EXECUTION),
				 errmsg("column \"%s\" of foreign table \"%s\" has to be given", column, name),
				 errdetail("The API has no list of them."),
				 errhint("For example: SELECT * FROM %s WHERE %s = '11111111-2222-4333-8444-555555555555';",
						 qualified, quote_identifier(column))));
	}
}

/* ------------------------------------------------------------------------
 * Callbacks
 * ------------------------------------------------------------------------ */

/* Whose user mapping counts: a view's tables are read as its owner. */
static Oid
scan_user(ForeignScanState *node)
{
	Oid			userid = dbaas_check_as_user(node);

	return OidIsValid(userid) ? userid : GetUserId();
}

void
dbaasBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	DbaasScanState  *scan = palloc0(sizeof(DbaasScanState));
	Relation	relation = node->ss.ss_currentRelation;
	List	   *attributes = list_nth(plan->fdw_private, DBAAS_SCAN_ATTRIBUTES);
	Bitmapset  *used = NULL;
	ListCell   *lc;

	node->fdw_state = scan;
	scan->table = dbaas_table_get(RelationGetRelid(relation));
	scan->endpoint = &scan->table->resource->reads[intVal(list_nth(plan->fdw_private,
																   DBAAS_SCAN_ENDPOINT))];
	scan->eager = intVal(list_nth(plan->fdw_private, DBAAS_SCAN_EAGER)) != 0;
	init_keys(scan, plan, node);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	foreach(lc, attributes)
		used = bms_add_member(used, lfirst_int(lc));
	scan->decoder = dbaas_decoder_new(scan->table, RelationGetDescr(relation), used);
	scan->userid = scan_user(node);
	scan->row_cxt = AllocSetContextCreate(CurrentMemoryContext, "dbaas_fdw row",
										  ALLOCSET_DEFAULT_SIZES);
}

/* Evaluates the keys and starts fetching. */
static void
start_fetch(ForeignScanState *node)
{
	DbaasScanState  *scan = node->fdw_state;
	const DbaasResource *resource = scan->table->resource;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	MemoryContext query_cxt = node->ss.ps.state->es_query_cxt;
	MemoryContext oldcxt;
	DbaasFetchSpec spec = {0};
	DbaasKey   *keys;
	DbaasError *error;

	if (scan->api == NULL)
	{
		error = dbaas_api_connect(scan->table->serverid, scan->userid, query_cxt, &scan->api);
		if (error)
			dbaas_error_raise(error);
	}
	scan->fetch_cxt = AllocSetContextCreate(query_cxt, "dbaas_fdw scan", ALLOCSET_DEFAULT_SIZES);
	oldcxt = MemoryContextSwitchTo(scan->fetch_cxt);
	keys = palloc0(resource->ncolumns * sizeof(DbaasKey));
	for (int i = 0; i < scan->nkeys; i++)
		take_key(&scan->keys[i], econtext, &keys[scan->keys[i].column]);
	check_required_keys(scan->table, keys);

	spec.resource = resource;
	spec.endpoint = scan->endpoint;
	spec.keys = keys;
	spec.limit = take_limit(scan, econtext);
	spec.eager = scan->eager;
	spec.skip_unavailable =
		strcmp(dbaas_option_string(dbaas_api_options(scan->api), "unavailable_zones"), "skip") == 0;
	error = dbaas_fetch_begin(scan->api, dbaas_statement_get(query_cxt), &spec,
							  &scan->counters, &scan->fetch);
	if (error)
		dbaas_error_raise(error);
	MemoryContextSwitchTo(oldcxt);
}

TupleTableSlot *
dbaasIterateForeignScan(ForeignScanState *node)
{
	DbaasScanState  *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	DbaasFetchStatus status;
	DbaasRows  *rows;
	const DbaasOrigin *origin;
	DbaasError *error;
	MemoryContext oldcxt;

	if (scan->fetch == NULL)
		start_fetch(node);
	while ((status = dbaas_fetch_next(scan->fetch, &rows, &origin, &error)) == DBAAS_FETCH_PENDING)
		dbaas_api_wait(&scan->counters, 0);

	ExecClearTuple(slot);
	if (status == DBAAS_FETCH_FAILED)
		dbaas_error_raise(error);
	if (status == DBAAS_FETCH_END)
		return slot;

	MemoryContextReset(scan->row_cxt);
	oldcxt = MemoryContextSwitchTo(scan->row_cxt);
	dbaas_decode_row(scan->decoder, rows, origin, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(oldcxt);
	return ExecStoreVirtualTuple(slot);
}

static void
stop_fetch(DbaasScanState *scan)
{
	if (scan->fetch_cxt)
		MemoryContextDelete(scan->fetch_cxt);
	scan->fetch_cxt = NULL;
	scan->fetch = NULL;
}

void
dbaasReScanForeignScan(ForeignScanState *node)
{
	stop_fetch(node->fdw_state);
}

void
dbaasEndForeignScan(ForeignScanState *node)
{
	if (node->fdw_state)
		stop_fetch(node->fdw_state);
}

/* ------------------------------------------------------------------------
 * EXPLAIN
 * ------------------------------------------------------------------------ */

/* "service_name = 'pg-1'" for each key, as conditions on the table's columns. */
static void
explain_keys(ForeignScanState *node, ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	DbaasScanState  *scan = node->fdw_state;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, (Plan *) plan, NIL);
	List	   *lines = NIL;

	for (int i = 0; i < scan->nkeys; i++)
	{
		const char *name = scan->table->resource->columns[scan->keys[i].column].name;
		char	   *value = deparse_expression(list_nth(plan->fdw_exprs, i), context,
											   list_length(es->rtable) > 1, false);

		lines = lappend(lines, psprintf(scan->keys[i].is_array ? "%s = ANY (%s)" : "%s = %s",
										name, value));
	}
	if (lines)
		ExplainPropertyList("Keys", lines, es);
}

void
dbaasExplainForeignScan(ForeignScanState *node, ExplainState *es)
{
	DbaasScanState  *scan = node->fdw_state;

	ExplainPropertyText("Request", psprintf("%s %s", scan->endpoint->method,
											scan->endpoint->path), es);
	explain_keys(node, es);
	if (es->analyze)
	{
		ExplainPropertyInteger("Requests", NULL, scan->counters.requests, es);
		ExplainPropertyInteger("Retries", NULL, scan->counters.retries, es);
		ExplainPropertyInteger("Bytes Received", NULL, scan->counters.bytes, es);
		ExplainPropertyInteger("Peak Concurrency", NULL, scan->counters.peak, es);
		if (es->timing)
			ExplainPropertyFloat("Time Waiting", "ms", scan->counters.waited * 1000, 3, es);
	}
}
