-- What Metabase sends: the sync of its metadata, the scan of values, fingerprints, questions

-- Sync: the tables
-- requests: 0
-- values: ["exo"]
SELECT "n"."nspname" AS "schema", "c"."relname" AS "name",
  CASE "c"."relkind" WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW'
    WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END AS "type",
  "d"."description" AS "description", "stat"."n_live_tup" AS "estimated_row_count"
FROM "pg_catalog"."pg_class" AS "c"
INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "c"."relnamespace" = "n"."oid"
LEFT JOIN "pg_catalog"."pg_description" AS "d"
  ON "c"."oid" = "d"."objoid" AND "d"."objsubid" = 0 AND "d"."classoid" = 'pg_class'::regclass
LEFT JOIN "pg_stat_user_tables" AS "stat"
  ON "n"."nspname" = "stat"."schemaname" AND "c"."relname" = "stat"."relname"
WHERE "c"."relnamespace" = "n"."oid" AND "n"."nspname" !~ '^pg_'
  AND "n"."nspname" <> 'information_schema' AND c.relkind in ('r', 'p', 'v', 'f', 'm')
  AND "n"."nspname" IN ($1)
ORDER BY "type" ASC, "schema" ASC, "name" ASC

-- Sync: the columns
-- requests: 0
-- values: ["exo"]
SELECT "c"."column_name" AS "name",
  CASE WHEN "c"."udt_schema" IN ('public', 'pg_catalog') THEN FORMAT('%s', "c"."udt_name")
    ELSE FORMAT('"%s"."%s"', "c"."udt_schema", "c"."udt_name") END AS "database-type",
  "c"."ordinal_position" - 1 AS "database-position", "c"."table_schema", "c"."table_name",
  "pk"."column_name" IS NOT NULL AS "pk?",
  COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST("c"."table_schema" AS TEXT),
    CAST("c"."table_name" AS TEXT)) AS REGCLASS) AS OID), "c"."ordinal_position") AS "field-comment"
FROM "information_schema"."columns" AS "c"
LEFT JOIN (SELECT "tc"."table_schema", "tc"."table_name", "kc"."column_name"
  FROM "information_schema"."table_constraints" AS "tc"
  INNER JOIN "information_schema"."key_column_usage" AS "kc"
    ON "tc"."constraint_name" = "kc"."constraint_name" AND "tc"."table_schema" = "kc"."table_schema"
    AND "tc"."table_name" = "kc"."table_name"
  WHERE "tc"."constraint_type" = 'PRIMARY KEY') AS "pk"
  ON "c"."table_schema" = "pk"."table_schema" AND "c"."table_name" = "pk"."table_name"
  AND "c"."column_name" = "pk"."column_name"
WHERE c.table_schema !~ '^information_schema|catalog_history|pg_' AND "c"."table_schema" IN ($1)
ORDER BY "table_schema" ASC, "table_name" ASC, "database-position" ASC

-- Sync: whether a table can be read, as versions before 47 ask of each
-- requests: 0
SELECT TRUE FROM "exo"."dbaas_services" WHERE 1 <> 1 LIMIT 0

-- Scan: the values of a column, one statement for each column
-- requests: 3
SELECT "exo"."dbaas_services"."plan" AS "plan" FROM "exo"."dbaas_services"
GROUP BY "exo"."dbaas_services"."plan" ORDER BY "exo"."dbaas_services"."plan" ASC LIMIT 1001

-- Fingerprints of a small table
-- requests: 3
SELECT "source"."zone" AS "zone", "source"."name" AS "name", "source"."created_at" AS "created_at",
  "source"."substring1" AS "substring1"
FROM (SELECT "exo"."dbaas_services"."zone" AS "zone", "exo"."dbaas_services"."name" AS "name",
    "exo"."dbaas_services"."created_at" AS "created_at",
    SUBSTRING("exo"."dbaas_services"."plan", 1, 1234) AS "substring1"
  FROM "exo"."dbaas_services") AS "source"
LIMIT 10000

-- Fingerprints of the logs: reads those of one service after the other, until there are 10,000
-- entries.  A role for Metabase should not see this table
-- requests: 51
SELECT "source"."zone" AS "zone", "source"."service_name" AS "service_name",
  "source"."time" AS "time", "source"."substring1" AS "substring1"
FROM (SELECT "exo"."dbaas_logs"."zone" AS "zone",
    "exo"."dbaas_logs"."service_name" AS "service_name", "exo"."dbaas_logs"."time" AS "time",
    SUBSTRING("exo"."dbaas_logs"."message", 1, 1234) AS "substring1"
  FROM "exo"."dbaas_logs") AS "source"
LIMIT 10000

-- Scan of the logs: the values of a column, for which all logs are read to their end
-- requests: 99
SELECT "exo"."dbaas_logs"."unit" AS "unit" FROM "exo"."dbaas_logs"
GROUP BY "exo"."dbaas_logs"."unit" ORDER BY "exo"."dbaas_logs"."unit" ASC LIMIT 1001

-- A table as it opens
-- requests: 3
SELECT "exo"."dbaas_services"."zone" AS "zone", "exo"."dbaas_services"."name" AS "name",
  "exo"."dbaas_services"."plan" AS "plan", "exo"."dbaas_services"."state" AS "state"
FROM "exo"."dbaas_services" LIMIT 2000

-- A question: count
-- requests: 3
SELECT COUNT(*) AS "count" FROM "exo"."dbaas_services"

-- A question: count of services by the month in which they were made
-- requests: 3
SELECT DATE_TRUNC('month', "exo"."dbaas_services"."created_at") AS "created_at",
  COUNT(*) AS "count"
FROM "exo"."dbaas_services"
GROUP BY DATE_TRUNC('month', "exo"."dbaas_services"."created_at")
ORDER BY DATE_TRUNC('month', "exo"."dbaas_services"."created_at") ASC

-- A question with a filter
-- requests: 1
-- values: ["ch-gva-2"]
SELECT "exo"."dbaas_services"."type" AS "type", COUNT(*) AS "count" FROM "exo"."dbaas_services"
WHERE "exo"."dbaas_services"."zone" = $1
GROUP BY "exo"."dbaas_services"."type" ORDER BY "count" DESC, "exo"."dbaas_services"."type" ASC

-- A question: entries of a log by day
-- requests: 1
-- values: ["ch-gva-2", "pg-1-0001", "2026-01-01 00:10:00Z", "2026-01-02 00:00:00Z"]
SELECT CAST("exo"."dbaas_logs"."time" AS date) AS "time", COUNT(*) AS "count"
FROM "exo"."dbaas_logs"
WHERE ("exo"."dbaas_logs"."zone" = $1) AND ("exo"."dbaas_logs"."service_name" = $2)
  AND ("exo"."dbaas_logs"."time" >= $3) AND ("exo"."dbaas_logs"."time" < $4)
GROUP BY CAST("exo"."dbaas_logs"."time" AS date)
ORDER BY CAST("exo"."dbaas_logs"."time" AS date) ASC

-- The same of the last 30 days
-- requests: 1
-- values: ["ch-gva-2", "pg-1-0001"]
SELECT CAST(DATE_TRUNC('day', "exo"."dbaas_logs"."time") AS date) AS "time", COUNT(*) AS "count"
FROM "exo"."dbaas_logs"
WHERE "exo"."dbaas_logs"."zone" = $1 AND "exo"."dbaas_logs"."service_name" = $2
  AND "exo"."dbaas_logs"."time" >= DATE_TRUNC('day', NOW() + INTERVAL '-30 day')
  AND "exo"."dbaas_logs"."time" < DATE_TRUNC('day', NOW())
GROUP BY CAST(DATE_TRUNC('day', "exo"."dbaas_logs"."time") AS date)
ORDER BY CAST(DATE_TRUNC('day', "exo"."dbaas_logs"."time") AS date) ASC

-- The details of one row, by what was declared its key
-- requests: 3
-- values: ["pg-1-0001"]
SELECT "exo"."dbaas_services"."zone" AS "zone", "exo"."dbaas_services"."name" AS "name"
FROM "exo"."dbaas_services" WHERE "exo"."dbaas_services"."name" = $1 LIMIT 1
