-- The schema, table and column in the diagnostic fields of errors
\i test/connect.psql
CREATE SCHEMA told;
CREATE FUNCTION told.of(query text, OUT state text, OUT "schema" text, OUT "table" text, OUT "column" text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, "schema" = SCHEMA_NAME, "table" = TABLE_NAME, "column" = COLUMN_NAME;
END $$;
CREATE FOREIGN TABLE told."Numbers" (zone text, "Plan" int OPTIONS (field 'plan')) SERVER exoscale OPTIONS (resource 'services');
CREATE FOREIGN TABLE told.entries (service text OPTIONS (field 'service_name'), "Most" int OPTIONS (field 'log_limit')) SERVER exoscale OPTIONS (resource 'logs');
CREATE FOREIGN TABLE told.wrong (zone text, "Nme" text) SERVER exoscale OPTIONS (resource 'services');
CREATE FOREIGN TABLE told.nothing (zone text) SERVER exoscale OPTIONS (path '/nothing/{x}');
CREATE FOREIGN TABLE told.absent (zone text) SERVER exoscale OPTIONS (path '/absent');
CREATE FOREIGN TABLE told.odd (zone text, name text, f text OPTIONS (param 'from', from 'name')) SERVER exoscale OPTIONS (path '/dbaas-service');
CREATE FOREIGN TABLE told.twice (zone text, service_name text, type text, version text, again text OPTIONS (field 'version')) SERVER exoscale OPTIONS (resource 'service-details');
SELECT n, t.* FROM (VALUES
  (1, 'SELECT * FROM told."Numbers"'),
  (2, 'ANALYZE told."Numbers"'),
  (3, 'SELECT * FROM told.entries WHERE "Most" = 501'),
  (4, 'SELECT * FROM exo.dbaas_metrics WHERE period = ''century'''),
  (5, 'SELECT * FROM exo.dbaas_operations'),
  (6, 'SELECT * FROM told.wrong'),
  (7, 'SELECT * FROM told.nothing'),
  (8, 'SELECT * FROM told.odd'),
  (9, 'SELECT * FROM told.absent, exo.dbaas_zones'),
  (10, 'UPDATE exo.dbaas_services SET name = ''x'' WHERE zone = ''de-fra-1'''),
  (11, 'UPDATE told.twice SET version = ''17'' WHERE service_name = ''pg-1-0001'''),
  (12, 'INSERT INTO exo.dbaas_services (zone, name, type) VALUES (''de-fra-1'', ''x'', ''pg'')'),
  (13, 'INSERT INTO exo.dbaas_services (zone, name, type, plan) VALUES (''de-fra-1'', ''x'', ''pgg'', ''startup-4'')'),
  (14, 'INSERT INTO exo.dbaas_services (zone, name, type, plan) VALUES (''nowhere'', ''x'', ''pg'', ''startup-4'')'),
  (15, 'INSERT INTO exo.dbaas_services (zone, name, type, plan, state) VALUES (''de-fra-1'', ''x'', ''pg'', ''startup-4'', ''running'')'),
  (16, 'INSERT INTO exo.dbaas_users (zone, service_name, username) VALUES (''de-fra-1'', ''x'', ''y'')'),
  (17, 'INSERT INTO exo.dbaas_users (service_name, username) VALUES (''shared-name'', ''y'')'),
  (18, 'UPDATE exo.dbaas_service_details SET version = ''3'' WHERE service_name = ''grafana-1-0006'''),
  (19, 'INSERT INTO exo.dbaas_databases (zone, service_name, name) VALUES (''ch-gva-2'', ''kafka-1-0003'', ''x'')'),
  (20, 'UPDATE exo.dbaas_service_details SET maintenance_dow = ''someday'' WHERE service_name = ''pg-1-0001'''),
  (21, 'INSERT INTO exo.dbaas_services (zone, name, type, plan) VALUES (''de-fra-1'', ''x'', ''pg'', ''startup-4'') ON CONFLICT DO NOTHING'),
  (22, 'SET LOCAL dbaas_fdw.write_mode = ''immediate''; INSERT INTO exo.dbaas_integrations (zone, type, source, dest) VALUES (''ch-gva-2'', ''logs'', ''pg-1-0001'', ''no-such'')'),
  (23, 'SELECT 1 / 0 FROM exo.dbaas_zones')) AS v (n, query), told.of(query) AS t ORDER BY n;
SELECT "Plan" FROM told."Numbers" WHERE zone = 'de-fra-1' LIMIT 1;
SET client_min_messages = warning;
DROP SCHEMA told CASCADE;
