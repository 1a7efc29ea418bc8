/*-------------------------------------------------------------------------
 *
 * analyzed.c
 *		What ANALYZE has counted.
 *
 * Looks into the catalogs and nowhere else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_foreign_server.h"
#include "foreign/foreign.h"
#include "nodes/makefuncs.h"
#include "optimizer/pathnode.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "plan/analyzed.h"
#include "tables/options.h"

/* The rows of a table, if it shows the resource and was analyzed; else -1. */
static double
table_rows(Oid relid, const DbaasResource *resource)
{
	const char *name;
	HeapTuple	tuple;
	double		rows;

	if (get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE)
		return -1;
	name = dbaas_options_string(GetForeignTable(relid)->options, "resource");
	if (name == NULL || strcmp(name, resource->name) != 0)
		return -1;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		return -1;
	rows = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	ReleaseSysCache(tuple);
	return rows;
}

/*
 * The most rows that ANALYZE has counted in a table of the server that shows the resource.
 * There may be several such tables: in other schemas, or as partitions.
 */
static double
resource_rows(Oid serverid, const DbaasResource *resource)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	double		rows = -1;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ForeignServerRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(serverid));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend entry = (Form_pg_depend) GETSTRUCT(tuple);

		if (entry->classid == RelationRelationId)
			rows = Max(rows, table_rows(entry->objid, resource));
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return rows;
}

/* The number of distinct values of a column of the table; -1 if it was not analyzed. */
static double
distinct_values(PlannerInfo *root, const DbaasRelationInfo *info, int column)
{
	AttrNumber	attno = dbaas_table_find_attribute(info->table, column);
	VariableStatData stats;
	double		values;
	bool		is_default;
	Oid			type;
	int32		typmod;
	Oid			collation;

	if (attno == 0 || find_base_rel(root, info->relid)->tuples <= 0)
		return -1;
	get_atttypetypmodcoll(info->table->relid, attno, &type, &typmod, &collation);
	examine_variable(root, (Node *) makeVar(info->relid, attno, type, typmod, collation, 0), 0,
					 &stats);
	values = get_variable_numdistinct(&stats, &is_default);
	ReleaseVariableStats(stats);
	return is_default ? -1 : values;
}

double
dbaas_analyzed_parents(PlannerInfo *root, const DbaasRelationInfo *info)
{
	const DbaasResource *resource = info->table->resource;
	double		rows;

	if (resource->parent == NULL)
		return strcmp(dbaas_catalogue_list(resource)->path,
					  dbaas_catalogue_list(dbaas_catalogue_services)->path) == 0 ?
			resource_rows(info->table->serverid, dbaas_catalogue_services) : -1;
	rows = resource_rows(info->table->serverid, resource->parent->list);
	return rows > 0 ? rows : distinct_values(root, info, resource->index.parent_keys[0]);
}
