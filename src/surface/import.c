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
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "commands/comment.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "surface/import.h"
#include "tables/catalogue.h"
#include "tables/options.h"
#include "tables/table.h"

#define REMOTE_SCHEMA "dbaas"
/* The names of all imported tables begin with this. */
#define TABLE_PREFIX "dbaas_"

PG_FUNCTION_INFO_V1(dbaas_fdw_comment);

char *
dbaas_import_column(const DbaasColumn *column)
{
	return psprintf("%s %s", quote_identifier(column->name),
					dbaas_catalogue_type_name(column->type));
}

char *
dbaas_import_table(const DbaasResource *resource, const char *name, const char *server)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FOREIGN TABLE %s (", name);
	for (int c = 0; c < resource->ncolumns; c++)
	{
		if (!resource->columns[c].unlisted)
			appendStringInfo(&sql, "%s\n\t%s", c ? "," : "",
							 dbaas_import_column(&resource->columns[c]));
	}
	appendStringInfo(&sql, "\n) SERVER %s OPTIONS (resource %s)", quote_identifier(server),
					 quote_literal_cstr(resource->name));
	return sql.data;
}

/* A table's name without the prefix. */
static const char *
short_name(const char *table)
{
	return strncmp(table, TABLE_PREFIX, strlen(TABLE_PREFIX)) == 0 ?
		table + strlen(TABLE_PREFIX) : table;
}

/*
 * Warns of names in LIMIT TO or EXCEPT that are not those of tables, such as mistyped
 * ones and names of resources.  PostgreSQL ignores them silently.
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

/* Returns commands for all tables: PostgreSQL itself applies LIMIT TO and EXCEPT. */
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
				 errhint("The only schema is \"%s\": IMPORT FOREIGN SCHEMA %s FROM SERVER %s INTO "
						 "...",
						 REMOTE_SCHEMA, REMOTE_SCHEMA, quote_identifier(server))));
	dbaas_error_hide_statement(&hiding, stmt->options != NIL);
	if (stmt->options)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("invalid option \"%s\" for IMPORT FOREIGN SCHEMA",
						linitial_node(DefElem, stmt->options)->defname),
				 errhint("There are no valid options here.")));
	warn_of_unknown_tables(stmt);
	dbaas_error_unhide_statement(&hiding);
	for (int i = 0; i < n; i++)
		commands = lappend(commands,
						   dbaas_import_table(&resources[i],
											  quote_identifier(resources[i].table), server));
	return commands;
}

/*
 * Is the foreign table one of this wrapper?  dbaas_plan_is_our_table() would call the
 * handler of its wrapper, which may fail if that is another one.  This looks whether the
 * handler belongs to our extension.
 */
static bool
is_our_table(Oid relid)
{
	Oid			extension = get_extension_oid("dbaas_fdw", false);
	ForeignServer *server = GetForeignServer(GetForeignTable(relid)->serverid);
	Oid			handler = GetForeignDataWrapper(server->fdwid)->fdwhandler;

	return OidIsValid(handler) &&
		getExtensionOfObject(ProcedureRelationId, handler) == extension;
}

List *
dbaas_import_tables(Oid schema)
{
	Relation	pg_class = table_open(RelationRelationId, AccessShareLock);
	List	   *relids = NIL;
	List	   *locked = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;

	ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(schema));
	scan = systable_beginscan(pg_class, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if (form->relkind == RELKIND_FOREIGN_TABLE && is_our_table(form->oid))
			relids = lappend_oid(relids, form->oid);
	}
	systable_endscan(scan);
	table_close(pg_class, AccessShareLock);
	list_sort(relids, list_oid_cmp);

	foreach(lc, relids)
	{
		/* The table may have been dropped before the lock was granted. */
		LockRelationOid(lfirst_oid(lc), ShareUpdateExclusiveLock);
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(lfirst_oid(lc))))
			locked = lappend_oid(locked, lfirst_oid(lc));
	}
	return locked;
}

void
dbaas_import_run(const char *sql)
{
	if (SPI_execute(sql, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not run \"%s\"", sql);
}

static int
comment(const char *kind, const char *object, const char *description)
{
	dbaas_import_run(psprintf("COMMENT ON %s %s IS %s", kind, object,
							  quote_literal_cstr(description)));
	return 1;
}

/* Does the table have a comment, or one of its columns? */
static bool
has_comment(Oid relid, AttrNumber attnum)
{
	return GetComment(relid, RelationRelationId, attnum) != NULL;
}

int
dbaas_import_comment(const DbaasTable *table, bool missing)
{
	char	   *schema = get_namespace_name(get_rel_namespace(table->relid));
	char	   *name = quote_qualified_identifier(schema, get_rel_name(table->relid));
	int			comments = 0;

	/* A resource that the table itself declares has no descriptions. */
	if (table->resource->description == NULL)
		return 0;
	if (!missing || !has_comment(table->relid, 0))
		comments += comment("FOREIGN TABLE", name, table->resource->description);
	for (int i = 0; i < table->natts; i++)
	{
		int			column = table->attributes[i].column;

		if (column < 0 || (missing && has_comment(table->relid, i + 1)))
			continue;
		comments += comment("COLUMN",
							psprintf("%s.%s", name,
									 quote_identifier(get_attname(table->relid, i + 1, false))),
							table->resource->columns[column].description);
	}
	return comments;
}

DbaasTable *
dbaas_import_read(Oid relid)
{
	DbaasTable *table;
	DbaasError *error = dbaas_table_read(relid, &table);

	if (error == NULL)
		return table;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("skipping foreign table %s",
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
											   get_rel_name(relid))),
			 errdetail("%s.", error->message),
			 error->hint ? errhint("%s", error->hint) : 0));
	return NULL;
}

/*
 * dbaas_fdw_comment(schema name) returns bigint
 *
 * Makes comments on this wrapper's tables in a schema, and on their columns, from the
 * catalogue's descriptions.  Returns the number of comments made.
 */
PGDLLEXPORT Datum
dbaas_fdw_comment(PG_FUNCTION_ARGS)
{
	List	   *relids = dbaas_import_tables(get_namespace_oid(NameStr(*PG_GETARG_NAME(0)), false));
	int64		comments = 0;
	ListCell   *lc;

	SPI_connect();
	foreach(lc, relids)
	{
		DbaasTable *table = dbaas_import_read(lfirst_oid(lc));

		if (table)
			comments += dbaas_import_comment(table, false);
	}
	SPI_finish();
	PG_RETURN_INT64(comments);
}
