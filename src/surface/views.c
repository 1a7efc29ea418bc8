/*-------------------------------------------------------------------------
 *
 * views.c
 *		dbaas_fdw_views(): views over the imported tables, for common questions.
 *
 * A view is an entry of the table below: plain SQL over the tables that an import
 * makes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/network.h"
#include "surface/import.h"
#include "surface/views.h"
#include "tables/catalogue.h"

PG_FUNCTION_INFO_V1(dbaas_fdw_views);

#define MAX_TABLES 3
#define STANDARD_OPTIONS "WITH (security_invoker = true)"

typedef struct View
{
	const char *name;
	const char *description;
	const char *tables[MAX_TABLES + 1]; /* those it reads; ends with NULL */
	const char *query;			/* a format: %1$s is the schema, quoted */
} View;

/* The numbers of a version, such as {3,10} for 3.10; NULL if there are none. */
#define NUMBERS(version) \
	"string_to_array(substring(" version " FROM '[0-9]+(?:[.][0-9]+)*'), '.')::numeric[]"

/* Is version "a" older than "b", as far as both are given?  8.0 is not older than 8.0.35. */
#define BEFORE(a, b) \
	a "[:cardinality(" b ")] < " b "[:cardinality(" a ")]"

/* An interval from a member of backup_config, in that unit; NULL if it is 0. */
#define BACKUP_INTERVAL(member, unit) \
	"nullif((p.backup_config ->> '" member "')::float8, 0) * interval '" unit "'"

/* May the integration "i" have that service: is it in the same zone, or a read replica? */
#define MAY_JOIN(service) \
	"(" service ".zone = i.zone OR i.type = '" DBAAS_READ_REPLICA "')"

static const View views[] = {
	{
		.name = "dbaas_unprotected_services",
		.description = "Services that can be deleted: termination protection is off",
		.tables = {"dbaas_services"},
		.query =
		"SELECT s.zone, s.name AS service_name, s.type, s.plan, s.state, s.created_at"
		" FROM %1$s.dbaas_services AS s"
		" WHERE s.termination_protection IS NOT TRUE"
	},
	{
		.name = "dbaas_open_services",
		.description = "Services that the whole world may connect to: a row for each network of "
		"their IP filters that is everything",
		.tables = {"dbaas_service_details"},
		.query =
		"SELECT d.zone, d.service_name, d.type, n.network, d.ip_filter"
		" FROM %1$s.dbaas_service_details AS d"
		" CROSS JOIN LATERAL unnest(d.ip_filter) AS n (network)"
		" WHERE n.network ~* '" DBAAS_OPEN_NETWORK "'"
	},
	{
		.name = "dbaas_pending_maintenance",
		.description = "Maintenance that awaits services, and when they let it happen",
		.tables = {"dbaas_maintenance_updates", "dbaas_service_details"},
		.query =
		"SELECT u.zone, u.service_name, d.type, u.description, u.start_after, u.start_at, "
		"u.deadline,"
		" d.maintenance_dow, d.maintenance_time"
		" FROM %1$s.dbaas_maintenance_updates AS u"
		" JOIN %1$s.dbaas_service_details AS d"
		" ON d.zone = u.zone AND d.service_name = u.service_name"
	},
	{
		.name = "dbaas_overdue_backups",
		.description = "Services older than their plan's backup interval that have no backup "
		"within it",
		.tables = {"dbaas_services", "dbaas_plans", "dbaas_backups"},
		.query =
		"SELECT s.zone, s.name AS service_name, s.type, s.plan, s.state, i.backup_interval, "
		"b.last_backup, s.created_at"
		" FROM %1$s.dbaas_services AS s"
		" JOIN %1$s.dbaas_plans AS p"
		" ON p.zone = s.zone AND p.service_type = s.type AND p.name = s.plan"
		" CROSS JOIN LATERAL (SELECT least("
		BACKUP_INTERVAL("interval", "1 hour") ", "
		BACKUP_INTERVAL("frequent-interval-minutes", "1 minute") ", "
		BACKUP_INTERVAL("infrequent-interval-minutes", "1 minute") ") AS backup_interval) AS i"
		" LEFT JOIN (SELECT zone, service_name, max(backup_time) AS last_backup"
		" FROM %1$s.dbaas_backups GROUP BY zone, service_name) AS b"
		" ON b.zone = s.zone AND b.service_name = s.name"
		" WHERE p.backup_config ->> 'max-count' IS DISTINCT FROM '0'"
		" AND i.backup_interval IS NOT NULL"
		" AND coalesce(b.last_backup, s.created_at, '-infinity') < now() - i.backup_interval"
	},
	{
		.name = "dbaas_outdated_services",
		.description = "Services whose version is behind the default or the newest one of their "
		"type",
		.tables = {"dbaas_service_details", "dbaas_service_types"},
		.query =
		"SELECT d.zone, d.service_name, d.type, d.version, t.default_version, n.newest_version,"
		" coalesce(" BEFORE("v.own", "v.standard") ", false) AS behind_default"
		" FROM %1$s.dbaas_service_details AS d"
		" JOIN %1$s.dbaas_service_types AS t ON t.zone = d.zone AND t.name = d.type"
		" CROSS JOIN LATERAL (SELECT " NUMBERS("d.version") " AS own, "
		NUMBERS("t.default_version") " AS standard) AS v"
		" LEFT JOIN LATERAL (SELECT a.version AS newest_version, " NUMBERS("a.version") " AS newest"
		" FROM unnest(t.available_versions) AS a (version)"
		" ORDER BY 2 DESC NULLS LAST LIMIT 1) AS n ON true"
		" WHERE " BEFORE("v.own", "v.standard") " OR " BEFORE("v.own", "n.newest")
	},
	{
		.name = "dbaas_stalled_migrations",
		.description = "Migrations that failed, of all or some databases, or whose service is "
		"powered off before they were done",
		.tables = {"dbaas_migrations", "dbaas_services"},
		.query =
		"SELECT m.zone, m.service_name, s.type, s.state, m.status, m.method, m.error, "
		"f.failed_databases"
		" FROM %1$s.dbaas_migrations AS m"
		" LEFT JOIN %1$s.dbaas_services AS s ON s.zone = m.zone AND s.name = m.service_name"
		" CROSS JOIN LATERAL (SELECT jsonb_path_query_array(m.details,"
		" '$[*] ? (@.status == \"failed\" || @.error != null).dbname') AS failed_databases) AS f"
		" WHERE coalesce(m.status, '') NOT IN ('done', 'running', 'syncing')"
		" OR m.error IS NOT NULL OR f.failed_databases <> '[]'"
		" OR m.status <> 'done' AND s.state = 'poweroff'"
	},
	{
		.name = "dbaas_dangling_integrations",
		.description = "Integrations between services of which one or both are gone",
		.tables = {"dbaas_integrations", "dbaas_services"},
		.query =
		"SELECT DISTINCT i.zone, i.id, i.type, i.source, i.dest, i.status, m.missing"
		" FROM %1$s.dbaas_integrations AS i"
		" LEFT JOIN %1$s.dbaas_services AS s ON s.name = i.source AND " MAY_JOIN("s")
		" LEFT JOIN %1$s.dbaas_services AS d ON d.name = i.dest AND " MAY_JOIN("d")
		" CROSS JOIN LATERAL (SELECT array_remove(ARRAY["
		"CASE WHEN s.name IS NULL THEN i.source END, CASE WHEN d.name IS NULL THEN i.dest END],"
		" NULL) AS missing) AS m"
		" WHERE m.missing <> '{}'"
	},
	{
		.name = "dbaas_dangling_external_integrations",
		.description = "Integrations of services with external endpoints that are gone",
		.tables = {"dbaas_external_integrations", "dbaas_external_endpoints"},
		.query =
		"SELECT i.zone, i.id, i.type, i.service_name, i.service_type, i.dest_endpoint_id,"
		" i.dest_endpoint_name, i.status"
		" FROM %1$s.dbaas_external_integrations AS i"
		" LEFT JOIN %1$s.dbaas_external_endpoints AS e ON e.zone = i.zone AND e.id = "
		"i.dest_endpoint_id"
		" WHERE i.dest_endpoint_id IS NOT NULL AND e.id IS NULL"
	}
};

/* The first of a view's tables that the schema does not have; or NULL. */
static const char *
missing_table(const View *view, Oid schema)
{
	for (int i = 0; view->tables[i]; i++)
	{
		if (!OidIsValid(get_relname_relid(view->tables[i], schema)))
			return view->tables[i];
	}
	return NULL;
}

/* Creates or replaces a view, with these options. */
static void
make_view(const View *view, const char *schema, const char *options)
{
	dbaas_import_run(psprintf("CREATE OR REPLACE VIEW %s %s AS %s",
							  quote_qualified_identifier(schema, view->name), options,
							  psprintf(view->query, quote_identifier(schema))));
}

static void
comment_view(const View *view, const char *schema)
{
	dbaas_import_run(psprintf("COMMENT ON VIEW %s IS %s",
							  quote_qualified_identifier(schema, view->name),
							  quote_literal_cstr(view->description)));
}

/* The options of an existing view, as make_view() takes them. */
static char *
options_of(Oid view)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(view));
	bool		isnull;
	Datum		options = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, &isnull);
	StringInfoData with;
	ListCell   *lc;

	initStringInfo(&with);
	foreach(lc, isnull ? NIL : untransformRelOptions(options))
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		appendStringInfo(&with, "%s%s = %s", with.len ? ", " : "WITH (",
						 quote_identifier(def->defname), quote_literal_cstr(defGetString(def)));
	}
	if (with.len)
		appendStringInfoChar(&with, ')');
	ReleaseSysCache(tuple);
	return with.data;
}

static char *
query_of(Oid view)
{
	char	   *query;

	/* pg_get_viewdef() uses a snapshot, which has to see what was just made. */
	PushActiveSnapshot(GetTransactionSnapshot());
	query = TextDatumGetCString(DirectFunctionCall1(pg_get_viewdef, ObjectIdGetDatum(view)));
	PopActiveSnapshot();
	return query;
}

/* Are all the tables of a view among these names? */
static bool
is_possible(const View *view, List *tables)
{
	for (int i = 0; view->tables[i]; i++)
	{
		if (!list_member(tables, makeString(unconstify(char *, view->tables[i]))))
			return false;
	}
	return true;
}

List *
dbaas_views_complete(const char *schema, List *tables)
{
	Oid			schema_oid = get_namespace_oid(schema, false);
	List	   *made = NIL;

	for (size_t i = 0; i < lengthof(views); i++)
	{
		const char *name = views[i].name;
		Oid			relid = get_relname_relid(name, schema_oid);
		char	   *query = NULL;

		if (!is_possible(&views[i], tables))
			continue;
		if (OidIsValid(relid) && get_rel_relkind(relid) != RELKIND_VIEW)
		{
			ereport(NOTICE,
					(errmsg("skipping view \"%s\": its name is taken in schema \"%s\"", name,
							schema)));
			continue;
		}
		if (OidIsValid(relid))
			query = query_of(relid);
		make_view(&views[i], schema, query ? options_of(relid) : STANDARD_OPTIONS);
		if (query && strcmp(query, query_of(relid)) == 0)
			continue;
		comment_view(&views[i], schema);
		made = lappend(made, makeString(pstrdup(name)));
	}
	return made;
}

/*
 * dbaas_fdw_views(schema name) returns setof name
 *
 * Makes in a schema the views whose tables it has, and returns their names.  The
 * extension's script sets its search_path, so that names which the queries do not
 * qualify are PostgreSQL's own.
 */
PGDLLEXPORT Datum
dbaas_fdw_views(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *schema = NameStr(*PG_GETARG_NAME(0));
	Oid			schema_oid = get_namespace_oid(schema, false);

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	SPI_connect();
	for (size_t i = 0; i < lengthof(views); i++)
	{
		const char *missing = missing_table(&views[i], schema_oid);
		NameData	name;
		Datum		value = NameGetDatum(&name);
		bool		isnull = false;

		if (missing)
		{
			ereport(NOTICE,
					(errmsg("skipping view \"%s\": schema \"%s\" has no table \"%s\"",
							views[i].name, schema, missing)));
			continue;
		}
		make_view(&views[i], schema, STANDARD_OPTIONS);
		comment_view(&views[i], schema);
		namestrcpy(&name, views[i].name);
		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	SPI_finish();
	return (Datum) 0;
}
