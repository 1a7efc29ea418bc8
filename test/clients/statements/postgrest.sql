-- What PostgREST sends: its schema cache, then requests over HTTP, each a transaction

-- Schema cache: tables and their columns
-- requests: 0
-- values: ["{exo}"]
WITH columns AS (
  SELECT c.oid AS relid, a.attname::name AS column_name, d.description AS description,
    CASE WHEN (t.typbasetype != 0) AND (ad.adbin IS NULL)
      THEN pg_get_expr((SELECT t.typdefaultbin FROM pg_type WHERE oid = t.oid), 0)
      ELSE pg_get_expr(ad.adbin, ad.adrelid)::text END AS column_default,
    not (a.attnotnull OR t.typtype = 'd' AND t.typnotnull) AS is_nullable,
    format_type(a.atttypid, a.atttypmod)::text AS data_type, a.attnum::integer AS position
  FROM pg_attribute a
  LEFT JOIN pg_description AS d ON d.objoid = a.attrelid AND d.objsubid = a.attnum
    AND d.classoid = 'pg_class'::regclass
  LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
  JOIN pg_class c ON a.attrelid = c.oid
  JOIN pg_type t ON a.atttypid = t.oid
  WHERE NOT pg_is_other_temp_schema(c.relnamespace) AND a.attnum > 0 AND NOT a.attisdropped
    AND c.relkind IN ('r', 'v', 'f', 'm', 'p') AND c.relnamespace = ANY($1::regnamespace[])
),
columns_agg AS (
  SELECT relid, json_object_agg(column_name, json_build_object('type', data_type, 'null',
    is_nullable, 'default', column_default, 'description', description) ORDER BY position) AS columns
  FROM columns GROUP BY relid
)
SELECT n.nspname AS table_schema, c.relname AS table_name, d.description AS table_description,
  c.relkind IN ('v','m') AS is_view,
  (c.relkind IN ('r','p') OR (c.relkind IN ('v','f')
    AND (pg_relation_is_updatable(c.oid::regclass, TRUE) & 8) = 8)) AS insertable,
  (c.relkind IN ('r','p') OR (c.relkind IN ('v','f')
    AND (pg_relation_is_updatable(c.oid::regclass, TRUE) & 4) = 4)) AS updatable,
  (c.relkind IN ('r','p') OR (c.relkind IN ('v','f')
    AND (pg_relation_is_updatable(c.oid::regclass, TRUE) & 16) = 16)) AS deletable,
  coalesce(cols_agg.columns, '{}') AS columns
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description d on d.objoid = c.oid and d.objsubid = 0
  and d.classoid = 'pg_class'::regclass
LEFT JOIN columns_agg cols_agg ON c.oid = cols_agg.relid
WHERE c.relkind IN ('v','r','m','f','p') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace,
  'information_schema'::regnamespace) AND not c.relispartition
ORDER BY table_schema, table_name

-- Schema cache: foreign keys
-- requests: 0
SELECT ns1.nspname AS table_schema, tab.relname AS table_name, ns2.nspname AS foreign_table_schema,
  other.relname AS foreign_table_name, traint.conname AS constraint_name
FROM pg_constraint traint
JOIN pg_namespace ns1 ON ns1.oid = traint.connamespace
JOIN pg_class tab ON tab.oid = traint.conrelid
JOIN pg_class other ON other.oid = traint.confrelid
JOIN pg_namespace ns2 ON ns2.oid = other.relnamespace
WHERE traint.contype = 'f' and traint.conparentid = 0
ORDER BY traint.conrelid, traint.conname

-- GET /dbaas_services?zone=eq.ch-gva-2&limit=10
-- requests: 0
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY

-- requests: 0
-- values: ["\"exo\", \"public\"", "web", "{\"role\":\"web\"}", "GET", "/dbaas_services", "{\"user-agent\":\"curl\"}"]
select set_config('search_path', $1, true), set_config('role', $2, true),
  set_config('request.jwt.claims', $3, true), set_config('request.method', $4, true),
  set_config('request.path', $5, true), set_config('request.headers', $6, true)

-- requests: 1
-- values: ["ch-gva-2", "10", "0"]
WITH pgrst_source AS ( SELECT "exo"."dbaas_services".* FROM "exo"."dbaas_services"
  WHERE "exo"."dbaas_services"."zone" = $1 LIMIT $2 OFFSET $3 )
SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total,
  coalesce(json_agg(_postgrest_t), '[]') AS body,
  nullif(current_setting('response.headers', true), '') AS response_headers,
  nullif(current_setting('response.status', true), '') AS response_status, '' AS response_inserted
FROM ( SELECT * FROM pgrst_source ) _postgrest_t

-- requests: 0
COMMIT

-- GET /dbaas_services?select=name,plan&type=in.(pg,mysql)&order=name with Prefer: count=exact:
-- the count is another query of the statement, and uses the same answers
-- requests: 3
-- values: ["{\"pg\",\"mysql\"}", "{\"pg\",\"mysql\"}"]
WITH pgrst_source AS ( SELECT "exo"."dbaas_services"."name", "exo"."dbaas_services"."plan"
  FROM "exo"."dbaas_services" WHERE "exo"."dbaas_services"."type" = ANY ($1)
  ORDER BY "exo"."dbaas_services"."name" ),
pgrst_source_count AS (SELECT 1 FROM "exo"."dbaas_services"
  WHERE "exo"."dbaas_services"."type" = ANY ($2))
SELECT (SELECT pg_catalog.count(*) FROM pgrst_source_count) AS total_result_set,
  pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body
FROM ( SELECT * FROM pgrst_source ) _postgrest_t

-- GET /dbaas_logs?service_name=eq.pg-1-0001&zone=eq.ch-gva-2&order=time.desc&limit=20
-- requests: 1
-- values: ["pg-1-0001", "ch-gva-2", "20", "0"]
WITH pgrst_source AS ( SELECT "exo"."dbaas_logs".* FROM "exo"."dbaas_logs"
  WHERE "exo"."dbaas_logs"."service_name" = $1 AND "exo"."dbaas_logs"."zone" = $2
  ORDER BY "exo"."dbaas_logs"."time" DESC LIMIT $3 OFFSET $4 )
SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total,
  coalesce(json_agg(_postgrest_t), '[]') AS body
FROM ( SELECT * FROM pgrst_source ) _postgrest_t

-- GET /dbaas_logs with db-max-rows = 100: ends as soon as there are so many
-- requests: 27
-- values: ["100", "0"]
WITH pgrst_source AS ( SELECT "exo"."dbaas_logs".* FROM "exo"."dbaas_logs" LIMIT $1 OFFSET $2 )
SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total,
  coalesce(json_agg(_postgrest_t), '[]') AS body
FROM ( SELECT * FROM pgrst_source ) _postgrest_t

-- POST /dbaas_databases with Prefer: return=representation: sent at once, for its RETURNING
-- requests: 0
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE

-- requests: 6
-- values: ["[{\"zone\": \"ch-gva-2\", \"service_name\": \"pg-1-0001\", \"name\": \"shop\"}]"]
WITH pgrst_source AS (INSERT INTO "exo"."dbaas_databases"("zone", "service_name", "name")
  SELECT "pgrst_body"."zone", "pgrst_body"."service_name", "pgrst_body"."name"
  FROM (SELECT $1::json AS json_data) pgrst_payload,
  LATERAL (SELECT "zone", "service_name", "name" FROM json_to_recordset(pgrst_payload.json_data)
    AS _("zone" text, "service_name" text, "name" text) ) pgrst_body
  RETURNING "exo"."dbaas_databases".*)
SELECT '' AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total,
  array[]::text[] AS header, coalesce(json_agg(_postgrest_t), '[]') AS body
FROM (SELECT "dbaas_databases".* FROM "pgrst_source" AS "dbaas_databases" ) _postgrest_t

-- requests: 0
COMMIT

-- POST /dbaas_databases with Prefer: return=minimal: has RETURNING too
-- requests: 0
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE

-- requests: 6
-- values: ["[{\"zone\": \"ch-gva-2\", \"service_name\": \"pg-1-0001\", \"name\": \"wiki\"}]"]
WITH pgrst_source AS (INSERT INTO "exo"."dbaas_databases"("zone", "service_name", "name")
  SELECT "pgrst_body"."zone", "pgrst_body"."service_name", "pgrst_body"."name"
  FROM (SELECT $1::json AS json_data) pgrst_payload,
  LATERAL (SELECT "zone", "service_name", "name" FROM json_to_recordset(pgrst_payload.json_data)
    AS _("zone" text, "service_name" text, "name" text) ) pgrst_body
  RETURNING 1)
SELECT '' AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total
FROM (SELECT * FROM pgrst_source) _postgrest_t

-- requests: 0
COMMIT

-- PATCH /dbaas_services?zone=eq.ch-gva-2&name=eq.pg-1-0001: read by the UPDATE, sent at COMMIT
-- requests: 0
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE

-- requests: 2
-- values: ["{\"plan\": \"business-8\"}", "ch-gva-2", "pg-1-0001"]
WITH pgrst_source AS (UPDATE "exo"."dbaas_services" SET "plan" = "pgrst_body"."plan"
  FROM (SELECT $1::json AS json_data) pgrst_payload,
  LATERAL (SELECT "plan" FROM json_to_record(pgrst_payload.json_data) AS _("plan" text) LIMIT 1)
    pgrst_body
  WHERE "exo"."dbaas_services"."zone" = $2 AND "exo"."dbaas_services"."name" = $3
  RETURNING "exo"."dbaas_services".*)
SELECT '' AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total,
  array[]::text[] AS header, coalesce(json_agg(_postgrest_t), '[]') AS body
FROM (SELECT "dbaas_services".* FROM "pgrst_source" AS "dbaas_services" ) _postgrest_t

-- requests: 2
COMMIT

-- DELETE /dbaas_databases?zone=eq.ch-gva-2&service_name=eq.pg-1-0001&name=eq.wiki
-- requests: 0
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE

-- requests: 2
-- values: ["ch-gva-2", "pg-1-0001", "wiki"]
WITH pgrst_source AS (DELETE FROM "exo"."dbaas_databases"
  WHERE "exo"."dbaas_databases"."zone" = $1 AND "exo"."dbaas_databases"."service_name" = $2
    AND "exo"."dbaas_databases"."name" = $3
  RETURNING 1)
SELECT '' AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total
FROM (SELECT * FROM pgrst_source) _postgrest_t

-- requests: 3
COMMIT
