-- Every column of every table, against what the simulator's rules say
\i test/connect.psql
\i test/model.psql
\i test/tables.psql

-- Types, names and order of the columns
\pset format unaligned
SELECT relname AS table, attname AS column, format_type(atttypid, atttypmod) AS type
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE relnamespace = 'exo'::regnamespace AND attnum > 0 AND relname = ANY (:'tables')
ORDER BY relname, attnum;
\pset format aligned

-- The model is made by other means, but must be comparable: same names and types.
-- What is inside the services is compared with the simulator's answers elsewhere
SELECT count(*) AS columns_that_differ
FROM (SELECT relname, attname, atttypid FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
      WHERE relnamespace = 'exo'::regnamespace AND attnum > 0) AS e
LEFT JOIN (SELECT relname, attname, atttypid FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
           WHERE relnamespace = 'model'::regnamespace AND attnum > 0) AS m USING (relname, attname)
WHERE e.atttypid IS DISTINCT FROM m.atttypid AND
      relname IN (SELECT relname FROM pg_class WHERE relnamespace = 'model'::regnamespace);

-- Every row of the tables that are lists: 3 zones, 20 services each, 8 types
-- with 6 plans each, 9 integrations each (of numbers 1 to 12 those whose ends
-- exist), 3 types of integration that join 5 + 5 + 6 pairs, 3 + 4 + 5 endpoints
SELECT * FROM model.same('TABLE dbaas_zones');
SELECT * FROM model.same('TABLE dbaas_services');
SELECT * FROM model.same('TABLE dbaas_service_types');
SELECT * FROM model.same('TABLE dbaas_plans');
SELECT * FROM model.same('TABLE dbaas_integrations');
SELECT * FROM model.same('TABLE dbaas_integration_types');
SELECT * FROM model.same('TABLE dbaas_external_endpoints');
SELECT * FROM model.same('TABLE dbaas_ca_certificates');

-- Fan-out over types of integration, and over services: external integrations
-- 2 each of i = 1, 9, 17 and 1 each of 5, 13; migrations of pg, mysql and valkey
-- services (1, 2, 5, 9, 10, 13, 17, 18) without 9 and 18; 19 services that log,
-- 1200 entries each; 9 metrics, 60 samples of each node
SELECT * FROM model.same('TABLE dbaas_integration_settings');
SELECT * FROM model.same('TABLE dbaas_external_integrations');
SELECT * FROM model.same('TABLE dbaas_migrations');
SELECT * FROM model.same('TABLE dbaas_logs');
SELECT rows = (SELECT 9 * 60 * sum(nodes) FROM model.service WHERE i <> 16) AS rows_ok, difference
FROM model.same('TABLE dbaas_metrics');

-- Tables whose id must be given: 6 pg and mysql services with 1 or 2 tasks each,
-- 2 operations in each zone.  Columns for INSERT alone are NULL when read.
SELECT rows = (SELECT count(*) FROM model.dbaas_tasks) AS rows_ok, difference
FROM model.same('SELECT * FROM dbaas_tasks WHERE id = ANY (ARRAY(SELECT id FROM model.dbaas_tasks))');
SELECT * FROM model.same(
  'SELECT * FROM dbaas_operations WHERE id = ANY (ARRAY(SELECT id FROM model.dbaas_operations))');
SELECT count(*) AS rows, count(source_service_uri) AS uri, count(method) AS method,
       count(ignore_dbs) AS ignore_dbs
FROM exo.dbaas_tasks WHERE id = model.uuid_of('1/ch-gva-2/services/1/tasks/1');

-- Both outcomes are among the tasks
SELECT count(*) FILTER (WHERE success) > 0 AS some_success,
       count(*) FILTER (WHERE NOT success) > 0 AS some_failure,
       bool_and(success = (result_codes = '[]')) AS codes_with_failure
FROM exo.dbaas_tasks WHERE id = ANY (ARRAY(SELECT id FROM model.dbaas_tasks));

-- Absent is NULL, null is NULL, and neither is 0 or empty
SELECT i, node_count IS NULL AS no_node_count, node_memory IS NULL AS no_node_memory, disk_size = 0 AS disk_0,
       termination_protection AS protected, notifications IS NULL AS no_notifications,
       notifications = '[]' AS empty_notifications, updated_at IS NULL AS no_updated_at
FROM exo.dbaas_services JOIN model.service USING (zone, name)
WHERE zone = 'ch-gva-2' AND i IN (1, 3, 5, 7, 9, 10, 11, 13, 17)
ORDER BY i;
SELECT name, default_version IS NULL AS no_version, available_versions IS NULL AS no_versions,
       array_length(available_versions, 1) AS n
FROM exo.dbaas_service_types WHERE zone = 'de-fra-1' ORDER BY name COLLATE "C";
SELECT name, max_memory_percent IS NULL AS no_percent, backup_config IS NULL AS no_backup
FROM exo.dbaas_plans WHERE zone = 'at-vie-1' AND service_type = 'pg' ORDER BY name COLLATE "C";
SELECT count(*) FILTER (WHERE status IS NULL) AS no_status FROM exo.dbaas_external_integrations;
SELECT count(*) FILTER (WHERE settings IS NULL) AS no_settings,
       count(*) FILTER (WHERE settings = '{}') AS empty_settings,
       count(*) FILTER (WHERE is_active IS NULL) AS no_is_active
FROM exo.dbaas_integrations;

-- jsonb keeps every digit
SELECT zone, settings FROM exo.dbaas_integrations
WHERE id = model.uuid_of('1/ch-gva-2/integrations/1');

-- Times keep their microseconds and their zone
SELECT count(*) AS differ
FROM exo.dbaas_services e JOIN model.dbaas_services m USING (zone, name)
WHERE to_char(e.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') <>
      to_char(m.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US');
SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') = to_char(
         timestamp '2026-01-01 00:00:01' + 1199 * interval '1 microsecond' *
         (250000 + model.rnd(750000, '1/ch-gva-2/services/1/logs/step')),
         'YYYY-MM-DD"T"HH24:MI:SS.US') AS same
FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' LIMIT 1;
SET TimeZone = 'Asia/Kolkata';
SELECT * FROM model.same('SELECT * FROM dbaas_services');
RESET TimeZone;

-- Every zone by itself, and each table's rows are those of that zone
SELECT t, z, rows > 0 AS any, difference
FROM unnest('{zones,services,service_types,plans,integrations,integration_types,integration_settings,
  external_endpoints,external_integrations,migrations,ca_certificates}'::text[]) AS t
CROSS JOIN (VALUES ('de-fra-1'), ('at-vie-1')) AS zones (z)
CROSS JOIN LATERAL model.same(format('SELECT * FROM dbaas_%s WHERE zone = %L', t, z));
SELECT z, rows, difference
FROM (VALUES ('ch-gva-2'), ('de-fra-1'), ('at-vie-1')) AS zones (z)
CROSS JOIN LATERAL model.same(format('SELECT * FROM dbaas_logs WHERE zone = %L', z));

-- Every period of the metrics: 9 metrics, with 60, 288, 168, 120 or 365 samples
-- of each node
SELECT period, rows = 9 * samples * (SELECT sum(nodes) FROM model.service WHERE z = 2 AND i <> 16) AS rows_ok,
       difference
FROM (VALUES ('hour', 60), ('day', 288), ('week', 168), ('month', 120), ('year', 365)) AS p (period, samples)
CROSS JOIN LATERAL model.same(
  format('SELECT * FROM dbaas_metrics WHERE period = %L AND zone = %L', period, 'de-fra-1'),
  format('SELECT * FROM metric WHERE period = %L AND zone = %L', period, 'de-fra-1'));
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE value IS NULL) > 0 AS some_null
FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001';

-- Single columns, in another order, and none
SELECT * FROM model.same('SELECT updated_at, zone, disk_size FROM dbaas_services');
SELECT * FROM model.same('SELECT backup_config, zones FROM dbaas_plans');
SELECT * FROM model.same('SELECT value, node FROM dbaas_metrics WHERE service_name = ''mysql-3-0002''');
SELECT * FROM model.same('SELECT 1 AS one FROM dbaas_services');
SELECT * FROM model.same('SELECT first_log_offset, next_offset FROM dbaas_logs WHERE service_name = ''pg-1-0001''');
