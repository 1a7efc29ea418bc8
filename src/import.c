/*-------------------------------------------------------------------------
 *
 * import.c
 *		IMPORT FOREIGN SCHEMA, and the comments that go with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalogue.h"
#include "compat.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "import.h"
#include "lib/stringinfo.h"
#include "options.h"
#include "storage/lmgr.h"
#include "table.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#define REMOTE_SCHEMA "dbaas"
/* What the name of every table in it begins with. */
#define TABLE_PREFIX "dbaas_"

PG_FUNCTION_INFO_V1(dbaas_fdw_comment);

static char *
create_table_command(const DbaasResource *resource, const char *server)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FOREIGN TABLE %s (", quote_identifier(resource->table));
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!resource->columns[c].unlisted)
			appendStringInfo(&sql, "%s\n\t%s %s", c ? "," : "",
							 quote_identifier(resource->columns[c].name),
							 dbaas_catalogue_type_name(resource->columns[c].type));
	}
	appendStringInfo(&sql, "\n) SERVER %s OPTIONS (resource %s)", quote_identifier(server),
					 quote_literal_cstr(resource->name));
	return sql.data;
}

/* A table's name without what all of them begin with. */
static const char *
short_name(const char *table)
{
	return strncmp(table, TABLE_PREFIX, strlen(TABLE_PREFIX)) == 0 ?
		table + strlen(TABLE_PREFIX) : table;
}

/*
 * Names in LIMIT TO or EXCEPT that are no table: a mistyped one, or that of a
 * resource, would be passed over in silence.
 */
static void
warn_of_unknown_tables(const ImportForeignSchemaStmt *stmt)
{
	int			n;
	const DbaasResource *resources = dbaas_catalogue_resources(&n);
	const char **names = palloc0((n + 1) * sizeof(char *));
	ListCell   *lc;

	for (int i = 0; i < n; i++)
		names[i] = short_name(resources[i].table);
	foreach(lc, stmt->table_list)
	{
		const char *name = lfirst_node(RangeVar, lc)->relname;
		const char *nearest = dbaas_error_nearest(short_name(asc_tolower(name, strlen(name))),
												  names);

		if (nearest && strcmp(name, psprintf(TABLE_PREFIX "%s", nearest)) == 0)
			continue;
		ereport(WARNING,
				(errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
				 errmsg("schema \"%s\" has no table \"%s\"", stmt->remote_schema, name),
				 nearest ? errhint("Perhaps you meant \"" TABLE_PREFIX "%s\".", nearest) :
				 errhint("dbaas_fdw_catalogue() lists the tables.")));
	}
}

/* PostgreSQL applies LIMIT TO and EXCEPT itself, to what is returned here. */
List *
dbaasImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverid)
{
	const char *server = GetForeignServer(serverid)->servername;
	int			n;
	const DbaasResource *resources = dbaas_catalogue_resources(&n);
	List	   *commands = NIL;
	DbaasHiding hiding;

	if (strcmp(stmt->remote_schema, REMOTE_SCHEMA) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
				 errmsg("schema \"%s\" is not present on server \"%s\"",
						stmt->remote_schema, server),
				 errhint("The only schema is \"%s\": IMPORT FOREIGN SCHEMA %s FROM SERVER %s INTO ...",
						 REMOTE_SCHEMA, REMOTE_SCHEMA, quote_identifier(server))));
	dbaas_error_hide(&hiding, stmt->options != NIL);
	if (stmt->options)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("invalid option \"%s\" for IMPORT FOREIGN SCHEMA",
						linitial_node(DefElem, stmt->options)->defname),
				 errhint("There are no valid options here.")));
	warn_of_unknown_tables(stmt);
	dbaas_error_unhide(&hiding);
	for (int i = 0; i < n; i++)
		commands = lappend(commands, create_table_command(&resources[i], server));
	return commands;
}

/* Is the foreign table one of this wrapper's? */
static bool
is_own_table(Oid relid)
{
	ForeignServer *server = GetForeignServer(GetForeignTable(relid)->serverid);
	ForeignDataWrapper *wrapper = GetForeignDataWrapper(server->fdwid);
	char	   *handler = OidIsValid(wrapper->fdwhandler) ? get_func_name(wrapper->fdwhandler) : NULL;

	return handler && strcmp(handler, "dbaas_fdw_handler") == 0;
}

static void
run_comment(const char *kind, const char *object, const char *description)
{
	char	   *sql = psprintf("COMMENT ON %s %s IS %s", kind, object,
							   quote_literal_cstr(description));

	if (SPI_execute(sql, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not run \"%s\"", sql);
}

/*
 * Comments one table and its columns.  Returns how many comments that were;
 * none for a table whose definition is wrong, which a WARNING says.
 */
static int
comment_table(const char *schema, Oid relid)
{
	char	   *name = quote_qualified_identifier(schema, get_rel_name(relid));
	int			comments = 1;
	DbaasTable *table;
	DbaasError *error = dbaas_table_read(relid, &table);

	if (error)
	{
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("skipping foreign table %s", name),
				 errdetail("%s.", error->message),
				 error->hint ? errhint("%s", error->hint) : 0));
		return 0;
	}
	/* What a table declares itself has no descriptions. */
	if (table->resource->description == NULL)
		return 0;
	run_comment("FOREIGN TABLE", name, table->resource->description);
	for (int i = 0; i < table->natts; i++)
	{
		int			column = table->attributes[i].column;

		if (column < 0)
			continue;
		run_comment("COLUMN",
					psprintf("%s.%s", name,
							 quote_identifier(get_attname(relid, i + 1, false))),
					table->resource->columns[column].description);
		comments++;
	}
	return comments;
}

/*
 * dbaas_fdw_comment(schema name) returns bigint
 *
 * Puts the catalogue's descriptions on this wrapper's tables in a schema and
 * on their columns.  Returns how many comments it made.
 */
PGDLLEXPORT Datum
dbaas_fdw_comment(PG_FUNCTION_ARGS)
{
	char	   *schema = NameStr(*PG_GETARG_NAME(0));
	Oid			schema_oid = get_namespace_oid(schema, false);
	Relation	pg_class = table_open(RelationRelationId, AccessShareLock);
	List	   *relids = NIL;
	int64		comments = 0;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;

	ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(schema_oid));
	scan = systable_beginscan(pg_class, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if (form->relkind == RELKIND_FOREIGN_TABLE && is_own_table(form->oid))
			relids = lappend_oid(relids, form->oid);
	}
	systable_endscan(scan);
	table_close(pg_class, AccessShareLock);
	list_sort(relids, list_oid_cmp);

	SPI_connect();
	foreach(lc, relids)
	{
		/* COMMENT takes that lock; the table may be gone by then. */
		LockRelationOid(lfirst_oid(lc), ShareUpdateExclusiveLock);
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(lfirst_oid(lc))))
			comments += comment_table(schema, lfirst_oid(lc));
	}
	SPI_finish();
	PG_RETURN_INT64(comments);
}
