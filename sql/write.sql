-- INSERT, UPDATE and DELETE: what they do at COMMIT, and what ROLLBACK undoes
\i test/connect.psql

CREATE VIEW made AS
SELECT zone, type, source, dest, description, status, is_enabled, is_active, settings
FROM exo.dbaas_integrations
WHERE source ~ '-0001$' OR dest ~ '-0001$'
ORDER BY zone, type, source, dest;
CREATE TABLE local (n int);

-- Each statement is a transaction of its own
TABLE made;
INSERT INTO exo.dbaas_integrations (zone, type, source, dest, settings)
VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004', '{"elasticsearch-index-days-max": 7}');
TABLE made;
UPDATE exo.dbaas_integrations SET settings = '{"elasticsearch-index-days-max": 8}'
WHERE zone = 'ch-gva-2' AND source = 'pg-1-0001';
SELECT settings FROM made;
DELETE FROM exo.dbaas_integrations WHERE zone = 'ch-gva-2' AND source = 'pg-1-0001';
TABLE made;

-- A transaction reads the API as it is, without its own writes
BEGIN;
INSERT INTO exo.dbaas_integrations (zone, type, source, dest)
VALUES ('ch-gva-2', 'metrics', 'pg-1-0001', 'thanos-1-0007');
INSERT INTO local VALUES (1);
SELECT count(*) FROM made;
COMMIT;
TABLE made;
TABLE local;

-- The zone is found from the service's name
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-2-0001', 'opensearch-2-0004');
SELECT zone, description, settings FROM made;

-- Many rows, of several zones, from a query; all statements of a transaction
INSERT INTO exo.dbaas_integrations (zone, type, source, dest, settings)
SELECT zone, 'datasource', max(name) FILTER (WHERE type = 'grafana'), max(name) FILTER (WHERE type = 'pg'), '{}'
FROM exo.dbaas_services WHERE name ~ '-000[16]$' GROUP BY zone;
SELECT zone, description, settings FROM made;
BEGIN;
DELETE FROM exo.dbaas_integrations WHERE zone = 'ch-gva-2' AND source = 'pg-1-0001';
DELETE FROM exo.dbaas_integrations WHERE source = 'pg-2-0001';
UPDATE exo.dbaas_integrations SET settings = '{}' WHERE zone = 'at-vie-1' AND dest = 'pg-3-0001';
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-3-0001', 'opensearch-3-0004');
COMMIT;
SELECT zone, description, settings FROM made;
DELETE FROM exo.dbaas_integrations WHERE source ~ '-0001$' OR dest ~ '-0001$';
TABLE made;

-- ROLLBACK
BEGIN;
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
UPDATE exo.dbaas_integrations SET settings = '{}';
DELETE FROM exo.dbaas_integrations;
ROLLBACK;
-- An error, and what follows it
BEGIN;
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
SELECT 1 / 0;
COMMIT;
-- An error at the end of the same statement
INSERT INTO exo.dbaas_integrations (type, source, dest)
SELECT 'logs', CASE n WHEN 1 THEN 'pg-1-0001' WHEN 2 THEN 'mysql-1-0002' ELSE (1 / (n - 3))::text END, 'opensearch-1-0004'
FROM generate_series(1, 3) AS n;
-- A constraint that fails at COMMIT, before anything is sent
CREATE TABLE deferred (n int UNIQUE DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
INSERT INTO deferred VALUES (1), (1);
COMMIT;
-- A transaction that may only read
BEGIN READ ONLY;
DELETE FROM exo.dbaas_integrations;
ROLLBACK;
TABLE made;
SELECT count(*) FROM exo.dbaas_integrations;

-- Savepoints: ROLLBACK TO drops what was queued since, RELEASE keeps it
BEGIN;
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
SAVEPOINT a;
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-2-0001', 'opensearch-2-0004');
SAVEPOINT b;
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('metrics', 'pg-1-0001', 'thanos-1-0007');
SAVEPOINT c;
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('metrics', 'pg-2-0001', 'thanos-2-0007');
RELEASE c;
ROLLBACK TO b;
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-3-0001', 'opensearch-3-0004');
RELEASE a;
COMMIT;
SELECT description FROM made;
DELETE FROM exo.dbaas_integrations WHERE source ~ '-0001$';

-- Blocks with exceptions in PL/pgSQL
DO $$
BEGIN
	INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
	BEGIN
		INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('metrics', 'pg-1-0001', 'thanos-1-0007');
		BEGIN
			INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('metrics', 'pg-2-0001', 'thanos-2-0007');
		EXCEPTION WHEN OTHERS THEN
			RAISE EXCEPTION 'not reached';
		END;
		PERFORM 1 / 0;
	EXCEPTION WHEN division_by_zero THEN
		RAISE NOTICE 'dropped';
	END;
	BEGIN
		INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-2-0001', 'opensearch-2-0004');
	EXCEPTION WHEN OTHERS THEN
		RAISE EXCEPTION 'not reached';
	END;
END
$$;
SELECT description FROM made;
DELETE FROM exo.dbaas_integrations WHERE source ~ '-0001$';

-- A procedure that commits: what it committed stands
CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
	COMMIT;
	INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('metrics', 'pg-1-0001', 'thanos-1-0007');
	ROLLBACK;
	INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-2-0001', 'opensearch-2-0004');
	PERFORM 1 / 0;
END
$$;
CALL commits();
SELECT description FROM made;
DELETE FROM exo.dbaas_integrations WHERE source ~ '-0001$';

-- COMMIT AND CHAIN
BEGIN;
INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
COMMIT AND CHAIN;
SELECT description FROM made;
DELETE FROM exo.dbaas_integrations WHERE source ~ '-0001$';
ROLLBACK AND CHAIN;
SELECT description FROM made;
COMMIT;
DELETE FROM exo.dbaas_integrations WHERE source ~ '-0001$';

-- Services: they go, and their integrations with them
BEGIN;
DELETE FROM exo.dbaas_services WHERE zone = 'de-fra-1' AND name = 'opensearch-2-0004';
SELECT name, state FROM exo.dbaas_services WHERE name = 'opensearch-2-0004';
COMMIT;
SELECT name, state FROM exo.dbaas_services WHERE name = 'opensearch-2-0004';
SELECT count(*) FROM exo.dbaas_integrations WHERE dest = 'opensearch-2-0004';
-- Some of them, chosen by a local table
CREATE TABLE obsolete (name text);
INSERT INTO obsolete VALUES ('kafka-2-0003'), ('mysql-3-0002'), ('no-such');
DELETE FROM exo.dbaas_services s USING obsolete o WHERE s.name = o.name;
SELECT name FROM exo.dbaas_services JOIN obsolete USING (name);
SELECT count(*) FROM exo.dbaas_services;

-- External integrations: INSERT attaches, DELETE detaches
CREATE VIEW attached AS
SELECT x.zone, service_name, service_type, dest_endpoint_name, x.type, status, description
FROM exo.dbaas_external_integrations x
WHERE service_name = 'mysql-1-0002';
TABLE attached;
INSERT INTO exo.dbaas_external_integrations (service_name, dest_endpoint_id, type)
SELECT 'mysql-1-0002', id, type FROM exo.dbaas_external_endpoints WHERE name = 'datadog-1-1';
TABLE attached;
BEGIN;
DELETE FROM exo.dbaas_external_integrations WHERE service_name = 'mysql-1-0002';
ROLLBACK;
SELECT count(*) FROM attached;
DELETE FROM exo.dbaas_external_integrations WHERE service_name = 'mysql-1-0002';
TABLE attached;

-- Tasks: INSERT starts a migration check; what it took is NULL when read
INSERT INTO exo.dbaas_tasks (service_name, source_service_uri, method, ignore_dbs)
VALUES ('mysql-1-0002', 'mysql://admin:hush@unreachable.example/db', 'dump', 'a,b')
RETURNING zone, id, service_name, task_type, create_time, success, result, result_codes,
          source_service_uri, method, ignore_dbs;
INSERT INTO exo.dbaas_tasks (service_name, source_service_uri)
VALUES ('pg-2-0001', 'postgres://admin:hush@source.example/db')
RETURNING id AS task \gset
SELECT zone, service_name, task_type, success, result, source_service_uri, method
FROM exo.dbaas_tasks WHERE id = :'task' AND service_name = 'pg-2-0001';

-- RETURNING: an INSERT gives the API's own values
INSERT INTO exo.dbaas_integrations (type, source, dest, settings)
VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004', '{"elasticsearch-index-days-max": 7}')
RETURNING *;
INSERT INTO exo.dbaas_external_integrations (service_name, dest_endpoint_id, type)
SELECT 'pg-3-0001', id, type FROM exo.dbaas_external_endpoints WHERE name = 'prometheus-3-4'
RETURNING *;
WITH i AS (
  INSERT INTO exo.dbaas_integrations (type, source, dest)
  SELECT 'metrics', 'pg-' || z || '-0001', 'thanos-' || z || '-0007' FROM generate_series(1, 3) AS z
  RETURNING zone, id, description
)
SELECT i.zone, i.description, i.id = x.id AS same_id
FROM i JOIN exo.dbaas_integrations x USING (description) ORDER BY 1;
-- UPDATE and DELETE give what they know, and wait for COMMIT
BEGIN;
UPDATE exo.dbaas_integrations SET settings = '{"retention-days": 9}' WHERE source = 'pg-1-0001' AND type = 'metrics'
RETURNING zone, description, status, settings;
DELETE FROM exo.dbaas_integrations WHERE source = 'pg-2-0001' RETURNING zone, description, is_active, settings;
DELETE FROM exo.dbaas_services WHERE name = 'pg-3-0001' RETURNING zone, name, type, state;
ROLLBACK;
SELECT description, settings FROM made;
BEGIN;
UPDATE exo.dbaas_integrations SET settings = '{"retention-days": 9}' WHERE source = 'pg-1-0001' AND type = 'metrics'
RETURNING description, settings;
DELETE FROM exo.dbaas_integrations WHERE source = 'pg-2-0001' RETURNING description;
DELETE FROM exo.dbaas_services WHERE name = 'pg-3-0001' RETURNING name;
COMMIT;
SELECT description, settings FROM made;
SELECT count(*) FROM exo.dbaas_services WHERE name = 'pg-3-0001';
DELETE FROM exo.dbaas_integrations WHERE source = 'no-such' RETURNING *;

-- No digit of the settings is lost, nor any character
INSERT INTO exo.dbaas_integrations (type, source, dest, settings)
VALUES ('metrics', 'mysql-1-0002', 'thanos-1-0007', '{"n": 18446744073709551617123, "x": 0.1234567890123456789012345678901234567890,
  "y": 1.10, "z": -0.0, "é/日本": "a\"\\/\u0001\t😀", "nested": [{"a": null}, [], {}, true]}')
RETURNING settings;
SELECT settings FROM exo.dbaas_integrations WHERE source = 'mysql-1-0002';
UPDATE exo.dbaas_integrations SET settings = settings || '{"more": 123456789012345678901234567890.5}' WHERE source = 'mysql-1-0002';
SELECT settings FROM exo.dbaas_integrations WHERE source = 'mysql-1-0002';

-- All is sent with the statement when write_mode says so
SET dbaas_fdw.write_mode = 'immediate';
BEGIN;
UPDATE exo.dbaas_integrations SET settings = '{}' WHERE source = 'mysql-1-0002';
SELECT settings FROM exo.dbaas_integrations WHERE source = 'mysql-1-0002';
DELETE FROM exo.dbaas_integrations WHERE source = 'mysql-1-0002';
SELECT count(*) FROM exo.dbaas_integrations WHERE source = 'mysql-1-0002';
COMMIT;
RESET dbaas_fdw.write_mode;
SET dbaas_fdw.write_mode = 'later';

DROP VIEW made, attached;
DROP TABLE local, deferred, obsolete;
DROP PROCEDURE commits;
