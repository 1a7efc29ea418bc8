-- Writes that are refused at the statement, and the reason; the guards dry_run,
-- delete_limit, updatable and termination protection
\i test/connect.psql
\i test/tables.psql

-- What an error says
CREATE FUNCTION refused(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	message := 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
\x on
\pset format unaligned
SET search_path = exo, public;

-- None of this is ever sent: the transaction could not be committed before its end
BEGIN;

-- Columns that cannot be set
SELECT * FROM refused($$INSERT INTO dbaas_integrations (id, type, source, dest) VALUES ('00000000-0000-0000-0000-000000000001', 'logs', 'pg-1-0001', 'opensearch-1-0004')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest, status) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004', 'active')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest, is_enabled) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004', false)$$);
SELECT * FROM refused($$INSERT INTO dbaas_external_integrations (service_name, dest_endpoint_id, type, dest_endpoint_name) VALUES ('pg-1-0001', '00000000-0000-0000-0000-000000000001', 'datadog', 'x')$$);
SELECT * FROM refused($$INSERT INTO dbaas_tasks (service_name, source_service_uri, success) VALUES ('pg-1-0001', 'postgres://h/d', true)$$);
SELECT * FROM refused($$UPDATE dbaas_integrations SET type = 'metrics'$$);
SELECT * FROM refused($$UPDATE dbaas_integrations SET zone = 'de-fra-1'$$);
SELECT * FROM refused($$UPDATE dbaas_integrations SET dest = 'x', settings = '{}'$$);
-- but a column that keeps its value is not set
SELECT * FROM refused($$UPDATE dbaas_integrations SET description = 'x' WHERE false$$);
SELECT * FROM refused($$UPDATE dbaas_integrations SET source = source$$);

-- What is missing
SELECT * FROM refused($$INSERT INTO dbaas_integrations (source, dest) VALUES ('pg-1-0001', 'opensearch-1-0004')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source) VALUES ('logs', 'pg-1-0001')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, dest) VALUES ('logs', 'pg-1-0001')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations DEFAULT VALUES$$);
SELECT * FROM refused($$INSERT INTO dbaas_external_integrations (service_name, type) VALUES ('pg-1-0001', 'datadog')$$);
SELECT * FROM refused($$INSERT INTO dbaas_external_integrations (dest_endpoint_id, type) VALUES ('00000000-0000-0000-0000-000000000001', 'datadog')$$);
SELECT * FROM refused($$INSERT INTO dbaas_tasks (service_name) VALUES ('pg-1-0001')$$);
SELECT * FROM refused($$INSERT INTO dbaas_tasks (source_service_uri) VALUES ('postgres://h/d')$$);
SELECT * FROM refused($$UPDATE dbaas_integrations SET settings = NULL WHERE source = 'kafka-1-0003'$$);

-- Values that the API does not know
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest) VALUES ('log', 'pg-1-0001', 'opensearch-1-0004')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest) VALUES ('', 'pg-1-0001', 'opensearch-1-0004')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest) VALUES ('Logs', 'pg-1-0001', 'opensearch-1-0004')$$);
SELECT * FROM refused($$INSERT INTO dbaas_external_integrations (service_name, dest_endpoint_id, type) VALUES ('pg-1-0001', '00000000-0000-0000-0000-000000000001', 'splunk')$$);
SELECT * FROM refused($$INSERT INTO dbaas_tasks (service_name, source_service_uri, method) VALUES ('pg-1-0001', 'postgres://h/d', 'copy')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest, settings) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004', '[1]')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest, settings) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004', 'null')$$);
SELECT * FROM refused($$UPDATE dbaas_integrations SET settings = '"x"' WHERE source = 'kafka-1-0003'$$);

-- Lengths, in characters: the longest that are allowed, and one more
SELECT n, r.* FROM unnest(ARRAY[63, 64]) AS n, refused(format('INSERT INTO dbaas_integrations (zone, type, source, dest) VALUES (%L, %L, %L, %L)', 'ch-gva-2', 'logs', 'pg-1-0001', repeat('é', n))) AS r;
SELECT n, r.* FROM unnest(ARRAY[63, 64]) AS n, refused(format('INSERT INTO dbaas_tasks (zone, service_name, source_service_uri) VALUES (%L, %L, %L)', 'ch-gva-2', repeat('s', n), 'postgres://h/d')) AS r;
SELECT n, r.* FROM unnest(ARRAY[0, 1, 512, 513]) AS n, refused(format('INSERT INTO dbaas_tasks (service_name, source_service_uri) VALUES (%L, %L)', 'pg-1-0001', repeat('ü', n))) AS r;
SELECT n, r.* FROM unnest(ARRAY[0, 1, 2048, 2049]) AS n, refused(format('INSERT INTO dbaas_tasks (service_name, source_service_uri, ignore_dbs) VALUES (%L, %L, %L)', 'pg-1-0001', 'postgres://h/d', repeat('é', n))) AS r;

-- Zones and services that are not there, or in several zones
SELECT * FROM refused($$INSERT INTO dbaas_integrations (zone, type, source, dest) VALUES ('mars-1', 'logs', 'pg-1-0001', 'opensearch-1-0004')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (zone, type, source, dest) VALUES ('', 'logs', 'pg-1-0001', 'opensearch-1-0004')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-9-0001', 'opensearch-1-0004')$$);
SELECT * FROM refused($$INSERT INTO dbaas_external_integrations (service_name, dest_endpoint_id, type) VALUES ('pg-9-0001', '00000000-0000-0000-0000-000000000001', 'datadog')$$);
SELECT * FROM refused($$INSERT INTO dbaas_tasks (service_name, source_service_uri) VALUES ('pg-9-0001', 'postgres://h/d')$$);
SELECT * FROM refused($$INSERT INTO dbaas_tasks (service_name, source_service_uri) VALUES ('shared-name', 'postgres://h/d')$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest) VALUES ('metrics', 'shared-name', 'thanos-1-0007')$$);
SELECT * FROM refused($$INSERT INTO dbaas_external_integrations (service_name, dest_endpoint_id, type) VALUES ('shared-name', '00000000-0000-0000-0000-000000000001', 'datadog')$$);
SELECT * FROM refused($$INSERT INTO dbaas_tasks (zone, service_name, source_service_uri) VALUES ('de-fra-1', '..', 'postgres://h/d')$$);
SELECT * FROM refused($$INSERT INTO dbaas_tasks (zone, service_name, source_service_uri) VALUES ('de-fra-1', '', 'postgres://h/d')$$);

-- Protected services
SELECT * FROM refused($$DELETE FROM dbaas_services WHERE name = 'valkey-1-0005'$$);
SELECT * FROM refused($$DELETE FROM dbaas_services$$);
SELECT * FROM refused($$DELETE FROM dbaas_services WHERE name ~ '^(pg|mysql)-1-' AND termination_protection IS NOT TRUE$$);

-- ON CONFLICT, and what no foreign table can do
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004') ON CONFLICT DO NOTHING$$);
SELECT * FROM refused($$INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004') ON CONFLICT (id) DO UPDATE SET settings = '{}'$$);
SELECT state, message FROM refused($$TRUNCATE dbaas_integrations$$);

-- Tables that are not written
\x off
SELECT c.relname, is_insertable_into, pg_relation_is_updatable(c.oid, false) AS events
FROM pg_class c JOIN information_schema.tables ON table_schema = 'exo' AND table_name = relname
WHERE relnamespace = 'exo'::regnamespace AND relname = ANY (:'tables') AND
      (is_insertable_into = 'YES' OR pg_relation_is_updatable(c.oid, false) <> 0) ORDER BY 1;
-- which are those that have a request for it: UPDATE is 4, INSERT 8 and DELETE 16
SELECT table_name AS differs
FROM dbaas_fdw_catalogue() JOIN information_schema.tables AS i USING (table_name)
WHERE ordinal = 1 AND table_schema = 'exo' AND
      (pg_relation_is_updatable(('exo.' || table_name)::regclass, false) <>
       CASE WHEN update IS NULL THEN 0 ELSE 4 END + CASE WHEN insert IS NULL THEN 0 ELSE 8 END +
       CASE WHEN delete IS NULL THEN 0 ELSE 16 END OR
       (is_insertable_into = 'YES') <> (insert IS NOT NULL));
\x on
SELECT state, message FROM refused($$INSERT INTO dbaas_plans (name) VALUES ('x')$$);
SELECT state, message FROM refused($$UPDATE dbaas_plans SET family = 'x'$$);
SELECT state, message FROM refused($$UPDATE dbaas_external_integrations SET status = 'x'$$);
SELECT state, message FROM refused($$UPDATE dbaas_tasks SET success = true$$);
SELECT state, message FROM refused($$DELETE FROM dbaas_tasks$$);
-- and each of the others says so
SELECT relname AS says_otherwise, insert, delete
FROM (SELECT relname, (refused(format('INSERT INTO %s DEFAULT VALUES', c.oid::regclass))).message AS insert,
             (refused(format('DELETE FROM %s', c.oid::regclass))).message AS delete
      FROM pg_class c
      WHERE relnamespace = 'exo'::regnamespace AND relkind = 'f' AND pg_relation_is_updatable(c.oid, false) = 0) AS r
WHERE insert IS DISTINCT FROM format('foreign table "%s" does not allow inserts', relname) OR
      delete IS DISTINCT FROM format('foreign table "%s" does not allow deletes', relname);
COPY dbaas_zones FROM stdin;
\.
ROLLBACK;
\x off
\pset format aligned

-- An unknown service of a known zone: the API says so, at COMMIT
INSERT INTO dbaas_integrations (zone, type, source, dest) VALUES ('ch-gva-2', 'logs', 'pg-9-0001', 'opensearch-1-0004');

-- delete_limit counts over statements, and what a savepoint dropped no longer
SHOW dbaas_fdw.delete_limit;
SELECT count(*) FROM dbaas_services;
BEGIN;
DELETE FROM dbaas_services WHERE name ~ '^(pg|clickhouse|valkey)-.-00(08|09|13)$';
DELETE FROM dbaas_services WHERE name = 'thanos-1-0007';
SAVEPOINT s;
DELETE FROM dbaas_services WHERE name = 'thanos-2-0007';
ROLLBACK TO s;
SET LOCAL dbaas_fdw.delete_limit = 11;
DELETE FROM dbaas_services WHERE name = 'thanos-2-0007';
SAVEPOINT s;
DELETE FROM dbaas_services WHERE name = 'thanos-3-0007';
ROLLBACK TO s;
ROLLBACK;
SELECT count(*) FROM dbaas_services;
BEGIN;
DELETE FROM dbaas_services WHERE name ~ '^(pg|clickhouse|valkey)-.-00(08|09|13)$';
SAVEPOINT s;
DELETE FROM dbaas_services WHERE name = 'thanos-1-0007';
ROLLBACK TO s;
DELETE FROM dbaas_services WHERE name = 'thanos-2-0007';
COMMIT;
SELECT count(*) FROM dbaas_services;
SET dbaas_fdw.delete_limit = 0;
DELETE FROM dbaas_services WHERE name = 'pg-1-0001';
DELETE FROM dbaas_services WHERE name = 'no-such';
-- It is for services alone
DELETE FROM dbaas_integrations WHERE zone = 'at-vie-1' AND type = 'metrics';
SELECT count(*) FROM dbaas_integrations WHERE zone = 'at-vie-1';
SET dbaas_fdw.delete_limit = -1;
DELETE FROM dbaas_services WHERE zone = 'at-vie-1' AND termination_protection IS NOT TRUE;
SELECT count(*) FROM dbaas_services WHERE zone = 'at-vie-1';
SET dbaas_fdw.delete_limit = -2;
RESET dbaas_fdw.delete_limit;
-- RETURNING does not get around it
BEGIN;
DELETE FROM dbaas_services WHERE termination_protection IS NOT TRUE RETURNING name;
ROLLBACK;
SELECT count(*) FROM dbaas_services;

-- dry_run: all is checked and told, nothing is sent
SET dbaas_fdw.dry_run = on;
INSERT INTO dbaas_integrations (type, source, dest, settings)
VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004', '{"b": 1.50, "a": "é/"}'), ('metrics', 'pg-1-0001', 'thanos-1-0007', NULL);
UPDATE dbaas_integrations SET settings = '{"x": 18446744073709551617123}' WHERE source = 'kafka-1-0003' RETURNING description, settings;
DELETE FROM dbaas_integrations WHERE source = 'kafka-1-0003' RETURNING description;
DELETE FROM dbaas_services WHERE name = 'pg-1-0001';
INSERT INTO dbaas_external_integrations (service_name, dest_endpoint_id, type)
SELECT 'mysql-1-0002', id, type FROM dbaas_external_endpoints WHERE name = 'datadog-1-1';
DELETE FROM dbaas_external_integrations WHERE service_name = 'pg-1-0001' AND dest_endpoint_name = 'datadog-1-1';
INSERT INTO dbaas_tasks (service_name, source_service_uri, method)
VALUES ('pg-1-0001', 'postgres://admin:hush@source.example/db', 'dump')
RETURNING zone, service_name, id, success;
INSERT INTO dbaas_integrations (type, source, dest) VALUES ('log', 'pg-1-0001', 'opensearch-1-0004');
DELETE FROM dbaas_services WHERE name = 'valkey-1-0005';
BEGIN;
SET LOCAL dbaas_fdw.write_mode = 'immediate';
DELETE FROM dbaas_integrations WHERE source = 'kafka-1-0003';
COMMIT;
-- The limit holds for what would be deleted
BEGIN;
SET LOCAL dbaas_fdw.delete_limit = 1;
DELETE FROM dbaas_services WHERE name IN ('pg-1-0001', 'kafka-1-0003');
ROLLBACK;
RESET dbaas_fdw.dry_run;
SELECT count(*) FROM dbaas_services WHERE name = 'pg-1-0001';
SELECT description, settings FROM dbaas_integrations WHERE source ~ '^(pg|kafka)-1-000[13]';
SELECT count(*) FROM dbaas_external_integrations WHERE service_name ~ '^(pg|mysql)-1-000[12]';

-- updatable
ALTER SERVER exoscale OPTIONS (ADD updatable 'false');
SELECT table_name FROM information_schema.tables WHERE table_schema = 'exo' AND is_insertable_into = 'YES';
INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
UPDATE dbaas_integrations SET settings = '{}';
DELETE FROM dbaas_services WHERE name = 'pg-1-0001';
COPY dbaas_integrations (type, source, dest) FROM stdin;
logs	pg-1-0001	opensearch-1-0004
\.
SELECT count(*) FROM dbaas_services WHERE name = 'pg-1-0001';
-- which no table undoes, be it there already or made for that
ALTER FOREIGN TABLE dbaas_services OPTIONS (ADD updatable 'true');
CREATE FOREIGN TABLE undo (zone text, type text, source text, dest text) SERVER exoscale OPTIONS (resource 'integrations', updatable 'true');
CREATE TABLE undo_parts (LIKE undo) PARTITION BY LIST (zone);
CREATE FOREIGN TABLE undo_part PARTITION OF undo_parts DEFAULT SERVER exoscale OPTIONS (resource 'integrations', updatable 'true');
SELECT table_name FROM information_schema.tables WHERE table_schema = 'exo' AND is_insertable_into = 'YES' AND table_name <> 'undo_parts';
DELETE FROM dbaas_services WHERE name = 'pg-1-0001';
INSERT INTO undo (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
COPY undo (type, source, dest) FROM stdin;
logs	pg-1-0001	opensearch-1-0004
\.
INSERT INTO undo_parts (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
DROP TABLE undo_parts;
DROP FOREIGN TABLE undo;
SELECT count(*) FROM dbaas_services WHERE name = 'pg-1-0001';
ALTER SERVER exoscale OPTIONS (SET updatable 'true');
SELECT pg_relation_is_updatable('dbaas_services', false);
-- nor does a server that allows it undo what a table refuses
ALTER FOREIGN TABLE dbaas_services OPTIONS (SET updatable 'false');
SELECT pg_relation_is_updatable('dbaas_services', false);
ALTER SERVER exoscale OPTIONS (DROP updatable);
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'exo' AND is_insertable_into = 'YES' AND table_name = ANY (:'tables') ORDER BY 1;
SELECT pg_relation_is_updatable('dbaas_services', false);
DELETE FROM dbaas_services WHERE name = 'pg-1-0001';
ALTER FOREIGN TABLE dbaas_services OPTIONS (SET updatable 'true');
SELECT pg_relation_is_updatable('dbaas_services', false);

-- A prepared plan does not outlive the permission
PREPARE remove AS DELETE FROM dbaas_services WHERE name = 'pg-1-0001';
SET plan_cache_mode = force_generic_plan;
BEGIN; EXECUTE remove; ROLLBACK;
ALTER FOREIGN TABLE dbaas_services OPTIONS (SET updatable 'false');
EXECUTE remove;
SELECT count(*) FROM dbaas_services WHERE name = 'pg-1-0001';
ALTER FOREIGN TABLE dbaas_services OPTIONS (DROP updatable);

-- The details of a service delete it too, by the path of its type, with the same guards
BEGIN;
SELECT * FROM refused($$DELETE FROM dbaas_service_details WHERE zone = 'ch-gva-2' AND service_name = 'valkey-1-0005'$$);
UPDATE dbaas_services SET termination_protection = false WHERE zone = 'ch-gva-2' AND name = 'valkey-1-0005';
UPDATE dbaas_services SET termination_protection = true WHERE zone = 'ch-gva-2' AND name = 'mysql-1-0002';
SELECT * FROM refused($$DELETE FROM dbaas_service_details WHERE zone = 'ch-gva-2' AND service_name = 'mysql-1-0002'$$);
DELETE FROM dbaas_service_details WHERE zone = 'ch-gva-2' AND service_name = 'valkey-1-0005';
DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'valkey-1-0005';
SELECT number, method, path FROM dbaas_fdw_queued();
ROLLBACK;
BEGIN;
SET LOCAL dbaas_fdw.delete_limit = 1;
DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003';
SELECT * FROM refused($$DELETE FROM dbaas_service_details WHERE zone = 'ch-gva-2' AND service_name = 'mysql-1-0002'$$);
ROLLBACK;

-- There is no two-phase commit
BEGIN;
DELETE FROM dbaas_services WHERE name = 'pg-1-0001';
PREPARE TRANSACTION 'x';
SELECT count(*) FROM dbaas_services WHERE name = 'pg-1-0001';
BEGIN;
DELETE FROM dbaas_integrations WHERE source = 'kafka-1-0003' RETURNING description;
ROLLBACK;

-- Without credentials
CREATE ROLE regress_dbaas_user SUPERUSER;
SET ROLE regress_dbaas_user;
INSERT INTO dbaas_integrations (zone, type, source, dest) VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004');
RESET ROLE;
DROP ROLE regress_dbaas_user;

RESET search_path;
DROP FUNCTION refused;
