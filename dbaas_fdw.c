/*-------------------------------------------------------------------------
 *
 * dbaas_fdw.c
 *		Foreign data wrapper for the Exoscale DBaaS management API.
 *
 * Loading, the handler and the validator.  doc/internals.md has a map of src/.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "fmgr.h"
#include "foreign/fdwapi.h"

#include "api/call.h"
#include "api/connection.h"
#include "base/compat.h"
#include "lookahead/hook.h"
#include "plan/column_stats.h"
#include "plan/plan.h"
#include "read/cache.h"
#include "scan/analyze.h"
#include "scan/async.h"
#include "scan/explain.h"
#include "scan/scan.h"
#include "surface/discard.h"
#include "surface/import.h"
#include "surface/settings.h"
#include "tables/catalogue.h"
#include "tables/options.h"
#include "write/modify.h"
#include "write/modify_plan.h"
#include "write/queue.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(dbaas_fdw_handler);
PG_FUNCTION_INFO_V1(dbaas_fdw_validator);

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	dbaas_catalogue_init();
#ifdef USE_ASSERT_CHECKING
	if (dbaas_catalogue_problem())
		elog(ERROR, "%s", dbaas_catalogue_problem());
#endif
	dbaas_settings_define();
	dbaas_connection_init();
	dbaas_cache_init();
	dbaas_discard_init();
	dbaas_queue_init();
	dbaas_hook_init();
	dbaas_column_stats_init();
}

PGDLLEXPORT Datum
dbaas_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine;

	(void) fcinfo;

	/* Where a mistyped setting did not let the preloaded library do it */
	dbaas_settings_define();
	routine = makeNode(FdwRoutine);

	/* Planning and running scans */
	routine->GetForeignRelSize = dbaasGetForeignRelSize;
	routine->GetForeignPaths = dbaasGetForeignPaths;
	routine->GetForeignPlan = dbaasGetForeignPlan;
	routine->BeginForeignScan = dbaasBeginForeignScan;
	routine->IterateForeignScan = dbaasIterateForeignScan;
	routine->ReScanForeignScan = dbaasReScanForeignScan;
	routine->EndForeignScan = dbaasEndForeignScan;

	routine->IsForeignPathAsyncCapable = dbaasIsForeignPathAsyncCapable;
	routine->ForeignAsyncRequest = dbaasForeignAsyncRequest;
	routine->ForeignAsyncConfigureWait = dbaasForeignAsyncConfigureWait;
	routine->ForeignAsyncNotify = dbaasForeignAsyncNotify;
	routine->AnalyzeForeignTable = dbaasAnalyzeForeignTable;

	/* Planning and running writes */
	routine->IsForeignRelUpdatable = dbaasIsForeignRelUpdatable;
	routine->AddForeignUpdateTargets = dbaasAddForeignUpdateTargets;
	routine->PlanForeignModify = dbaasPlanForeignModify;
	routine->BeginForeignModify = dbaasBeginForeignModify;
	routine->ExecForeignInsert = dbaasExecForeignInsert;
	routine->ExecForeignUpdate = dbaasExecForeignUpdate;
	routine->ExecForeignDelete = dbaasExecForeignDelete;
	routine->EndForeignModify = dbaasEndForeignModify;
	routine->BeginForeignInsert = dbaasBeginForeignInsert;
	routine->EndForeignInsert = dbaasEndForeignInsert;

	routine->ExplainForeignScan = dbaasExplainForeignScan;
	routine->ExplainForeignModify = dbaasExplainForeignModify;
	routine->ImportForeignSchema = dbaasImportForeignSchema;
	PG_RETURN_POINTER(routine);
}

PGDLLEXPORT Datum
dbaas_fdw_validator(PG_FUNCTION_ARGS)
{
	List	   *options = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid			catalog = PG_GETARG_OID(1);

	dbaas_settings_define();
	if (catalog == ForeignServerRelationId)
		dbaas_options_validate(options, DBAAS_ON_SERVER);
	else if (catalog == UserMappingRelationId)
		dbaas_options_validate(options, DBAAS_ON_USER_MAPPING);
	else if (catalog == ForeignTableRelationId)
		dbaas_options_validate(options, DBAAS_ON_TABLE);
	else if (catalog == AttributeRelationId)
		dbaas_options_validate(options, DBAAS_ON_COLUMN);
	else
		dbaas_options_validate(options, 0);
	PG_RETURN_VOID();
}
