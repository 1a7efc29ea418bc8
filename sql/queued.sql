-- dbaas_fdw_queued(): what COMMIT would send.  Nothing here is ever sent
\i test/connect.psql
SET search_path = exo, public;
CREATE VIEW plan AS SELECT number, method, path, body, after, level, dry_run FROM dbaas_fdw_queued();

SELECT proparallel, provolatile, pg_get_function_result(oid) FROM pg_proc WHERE proname = 'dbaas_fdw_queued';
SELECT * FROM dbaas_fdw_queued();
BEGIN;
SELECT * FROM dbaas_fdw_queued();

-- Writes of a statement are concurrent; those of the next one come after all of them
UPDATE dbaas_services SET plan = 'business-8', termination_protection = false
WHERE zone = 'ch-gva-2' AND name IN ('pg-1-0001', 'mysql-1-0002');
INSERT INTO dbaas_databases (zone, service_name, name) VALUES
	('ch-gva-2', 'pg-1-0001', 'one'), ('ch-gva-2', 'pg-1-0001', 'two'), ('de-fra-1', 'pg-2-0001', 'three');
SELECT number, server, zone, method, path, after, wait FROM dbaas_fdw_queued();

-- Two writes of one row, in one statement, are sent one after the other
WITH first AS (DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0009' AND name = 'app_1'
               RETURNING service_name)
INSERT INTO dbaas_databases (zone, service_name, name) SELECT 'ch-gva-2', service_name, 'app_1' FROM first;
SELECT number, method, path, after FROM dbaas_fdw_queued() WHERE number > 5;

-- Savepoints: the level, and what a rollback drops
SAVEPOINT s;
INSERT INTO dbaas_users (zone, service_name, username, parameters) VALUES ('ch-gva-2', 'pg-1-0001', 'u', '{"x-word": "hunter2"}');
SAVEPOINT t;
DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003';
SELECT * FROM plan WHERE number > 7;
RELEASE t;
SELECT number, path, level FROM plan WHERE number > 7;
ROLLBACK TO s;
SELECT number, path, level FROM plan WHERE number > 5;

-- In joins, functions, cursors, and with nothing left out
SELECT count(*), count(p.after) FROM plan JOIN dbaas_fdw_queued() AS p USING (number);
CREATE FUNCTION planned() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO exo.dbaas_databases (zone, service_name, name) VALUES ('ch-gva-2', 'pg-1-0001', 'four');
	RETURN (SELECT max(number) FROM dbaas_fdw_queued());
EXCEPTION WHEN division_by_zero THEN
	RETURN -1;
END
$$;
SELECT planned();
SELECT level FROM plan WHERE number = 8;
DECLARE c CURSOR FOR SELECT number, path FROM dbaas_fdw_queued();
FETCH 1 FROM c;
DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003';
MOVE ALL IN c;
SELECT count(*) FROM dbaas_fdw_queued();
CLOSE c;

-- The plan is the session's own, whatever its role is
CREATE ROLE dbaas_regress_reader;
GRANT USAGE ON SCHEMA exo TO dbaas_regress_reader;
SET LOCAL ROLE dbaas_regress_reader;
SELECT count(*) FROM dbaas_fdw_queued();
RESET ROLE;

-- Each write shows its own server, and how that one waits
CREATE SERVER slow FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint :'endpoint', wait 'running');
CREATE USER MAPPING FOR CURRENT_USER SERVER slow OPTIONS (api_key :'api_key', api_secret :'api_secret');
CREATE FOREIGN TABLE others (zone text, service_name text, name text) SERVER slow OPTIONS (resource 'databases');
INSERT INTO others VALUES ('de-fra-1', 'pg-2-0001', 'five');
SELECT number, server, path, after, wait FROM dbaas_fdw_queued() WHERE number > 8;
ALTER SERVER slow RENAME TO slower;
SELECT server FROM dbaas_fdw_queued() WHERE wait = 'running';
ROLLBACK;
SELECT * FROM dbaas_fdw_queued();

-- A dry run: what would have been sent
BEGIN;
INSERT INTO dbaas_databases (zone, service_name, name) VALUES ('ch-gva-2', 'pg-1-0001', 'one');
SET LOCAL client_min_messages = warning;
SET LOCAL dbaas_fdw.dry_run = on;
INSERT INTO dbaas_databases (zone, service_name, name) VALUES ('ch-gva-2', 'pg-1-0001', 'two'), ('ch-gva-2', 'pg-1-0001', 'three');
SELECT number, path, after, dry_run FROM dbaas_fdw_queued();
ROLLBACK;

-- As text
BEGIN;
UPDATE dbaas_services SET plan = 'business-8' WHERE zone = 'ch-gva-2' AND name IN ('pg-1-0001', 'mysql-1-0002');
DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003';
\pset tuples_only on
\pset format unaligned
SELECT format('%s. %s %s in zone %s%s%s', number, method, path, zone, ', after ' || after, E'\n   ' || body::text)
FROM dbaas_fdw_queued() ORDER BY number;
ROLLBACK;
