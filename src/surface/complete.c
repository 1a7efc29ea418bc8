/*-------------------------------------------------------------------------
 *
 * complete.c
 *		dbaas_fdw_complete(): adds to an imported schema what a new version has.
 *
 * It makes the tables, columns, comments and views that an import by this version
 * would make.  A table with the name that an import gives is one of the import.  A
 * table with another name belongs to the user: it is not changed, and no other table
 * is made for its resource.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/attnum.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "surface/import.h"
#include "surface/views.h"
#include "tables/catalogue.h"
#include "tables/table.h"

PG_FUNCTION_INFO_V1(dbaas_fdw_complete);

typedef struct Completion
{
	const char *schema;
	Oid			schema_oid;
	const char *server;			/* for new tables; NULL until it is needed */
	List	   *tables;			/* of DbaasTable: those of the schema */
	List	   *whole;			/* names (Strings) of tables that now have all
								 * columns of an import */
	List	   *made;			/* names (Strings) of tables, columns and
								 * views that were made */
} Completion;

static void
add_name(List **names, const char *name)
{
	*names = lappend(*names, makeString(pstrdup(name)));
}

static bool
is_imported(const DbaasTable *table)
{
	return strcmp(table->resource->table, get_rel_name(table->relid)) == 0;
}

/* The server of the imported tables.  Raises ERROR if there is none, or several. */
static const char *
find_server(const Completion *completion)
{
	Oid			serverid = InvalidOid;
	ListCell   *lc;

	foreach(lc, completion->tables)
	{
		DbaasTable *table = lfirst(lc);

		if (!is_imported(table))
			continue;
		if (OidIsValid(serverid) && table->serverid != serverid)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("schema \"%s\" has tables of the servers \"%s\" and \"%s\"",
							completion->schema, GetForeignServer(serverid)->servername,
							GetForeignServer(table->serverid)->servername),
					 errhint("Say which one the new tables are for: SELECT dbaas_fdw_complete(%s, "
							 "%s).",
							 quote_literal_cstr(completion->schema),
							 quote_literal_cstr(GetForeignServer(serverid)->servername))));
		serverid = table->serverid;
	}
	if (!OidIsValid(serverid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema \"%s\" has no table that IMPORT FOREIGN SCHEMA made",
						completion->schema),
				 errhint("Say which server the new tables are for: SELECT dbaas_fdw_complete(%s, "
						 "'...').",
						 quote_literal_cstr(completion->schema))));
	return GetForeignServer(serverid)->servername;
}

/* The imported table of a resource; else another table that shows it; else NULL. */
static DbaasTable *
find_table(const Completion *completion, const DbaasResource *resource)
{
	DbaasTable *found = NULL;
	ListCell   *lc;

	foreach(lc, completion->tables)
	{
		DbaasTable *table = lfirst(lc);

		if (table->resource == resource && (found == NULL || is_imported(table)))
			found = table;
	}
	return found;
}

static void
make_table(Completion *completion, const DbaasResource *resource)
{
	char	   *name = quote_qualified_identifier(completion->schema, resource->table);

	if (completion->server == NULL)
		completion->server = find_server(completion);
	dbaas_import_run(dbaas_import_table(resource, name, completion->server));
	add_name(&completion->made, quote_identifier(resource->table));
}

/*
 * Adds the columns that a table does not show under any name.  Returns whether the
 * table now has all columns under the catalogue's names.
 */
static bool
add_columns(Completion *completion, const DbaasTable *table)
{
	const DbaasResource *resource = table->resource;
	char	   *name = quote_qualified_identifier(completion->schema, resource->table);
	bool		whole = true;
	List	   *added = NIL;
	StringInfoData sql;

	initStringInfo(&sql);
	for (int c = 0; c < resource->ncolumns; c++)
	{
		const DbaasColumn *column = &resource->columns[c];
		AttrNumber	named = get_attnum(table->relid, column->name);

		if (column->unlisted ||
			(named != InvalidAttrNumber && table->attributes[named - 1].column == c))
			continue;
		if (named != InvalidAttrNumber || dbaas_table_find_attribute(table, c) != 0)
		{
			whole = false;
			continue;
		}
		appendStringInfo(&sql, "%s ADD COLUMN %s", sql.len ? "," : "",
						 dbaas_import_column(column));
		add_name(&added, psprintf("%s.%s", quote_identifier(resource->table),
								  quote_identifier(column->name)));
	}
	if (sql.len && get_rel_relispartition(table->relid))
	{
		ereport(NOTICE,
				(errmsg("skipping foreign table %s: it is a partition", name)));
		return false;
	}
	if (sql.len)
		dbaas_import_run(psprintf("ALTER FOREIGN TABLE %s%s", name, sql.data));
	completion->made = list_concat(completion->made, added);
	return whole;
}

static void
complete_resource(Completion *completion, const DbaasResource *resource)
{
	DbaasTable *table = find_table(completion, resource);
	Oid			relid = get_relname_relid(resource->table, completion->schema_oid);
	bool		whole = true;

	if (table && !is_imported(table))
		return;
	if (table)
		whole = add_columns(completion, table);
	else if (!OidIsValid(relid))
		make_table(completion, resource);
	else
	{
		ereport(NOTICE,
				(errmsg("skipping table \"%s\": its name is taken in schema \"%s\"",
						resource->table, completion->schema)));
		return;
	}
	relid = get_relname_relid(resource->table, completion->schema_oid);
	(void) dbaas_import_comment(dbaas_table_get(relid), true);
	if (whole)
		add_name(&completion->whole, resource->table);
}

/*
 * dbaas_fdw_complete(schema name, server name DEFAULT NULL) returns setof text
 *
 * Adds to a schema the tables, columns, comments and views that it lacks.  Returns the
 * names of the tables and views that it made, and of the columns, as table.column.  The
 * extension's script sets its search_path, as it does for dbaas_fdw_views().
 */
PGDLLEXPORT Datum
dbaas_fdw_complete(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Completion	completion = {0};
	int			n;
	const DbaasResource *resources = dbaas_catalogue_resources(&n);
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	completion.schema = NameStr(*PG_GETARG_NAME(0));
	completion.schema_oid = get_namespace_oid(completion.schema, false);
	if (!PG_ARGISNULL(1))
		completion.server = GetForeignServerByName(NameStr(*PG_GETARG_NAME(1)), false)->servername;

	SPI_connect();
	/* Two sessions at once would make the same tables. */
	LockDatabaseObject(NamespaceRelationId, completion.schema_oid, 0, ShareUpdateExclusiveLock);
	foreach(lc, dbaas_import_tables(completion.schema_oid))
	{
		DbaasTable *table = dbaas_import_read(lfirst_oid(lc));

		/* Skips resources that a table itself declares. */
		if (table && dbaas_catalogue_find_resource(table->resource->name) == table->resource)
			completion.tables = lappend(completion.tables, table);
	}
	for (int i = 0; i < n; i++)
		complete_resource(&completion, &resources[i]);
	completion.made = list_concat(completion.made,
								  dbaas_views_complete(completion.schema, completion.whole));
	foreach(lc, completion.made)
	{
		Datum		value = CStringGetTextDatum(strVal(lfirst(lc)));
		bool		isnull = false;

		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	SPI_finish();
	return (Datum) 0;
}
