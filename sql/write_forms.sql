-- Writes in every form that PostgreSQL has for a table: COPY, prepared
-- statements, triggers, views, rules, partitions, tables of one's own; and EXPLAIN
\i test/connect.psql
SET search_path = exo, public;
\getenv endpoint DBAAS_SIM_ENDPOINT
\getenv api_key DBAAS_SIM_API_KEY
\getenv api_secret DBAAS_SIM_API_SECRET

CREATE VIEW made AS
SELECT zone, description, settings FROM dbaas_integrations
WHERE source ~ '-0001$' OR dest ~ '-0001$' ORDER BY zone, description;
CREATE PROCEDURE clean() LANGUAGE sql
AS $$DELETE FROM dbaas_integrations WHERE source ~ '-0001$' OR dest ~ '-0001$'$$;

-- EXPLAIN tells the request, and sends nothing
EXPLAIN (COSTS OFF) INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
EXPLAIN (COSTS OFF) INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004') RETURNING id;
EXPLAIN (COSTS OFF) UPDATE dbaas_integrations SET settings = '{}' WHERE zone = 'ch-gva-2' AND id = '00000000-0000-0000-0000-000000000001';
EXPLAIN (COSTS OFF) DELETE FROM dbaas_integrations WHERE zone = 'ch-gva-2' AND id = '00000000-0000-0000-0000-000000000001';
EXPLAIN (COSTS OFF) DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001';
EXPLAIN (COSTS OFF) INSERT INTO dbaas_external_integrations (zone, service_name, dest_endpoint_id, type)
VALUES ('ch-gva-2', 'pg-1-0001', '00000000-0000-0000-0000-000000000001', 'datadog');
EXPLAIN (COSTS OFF) DELETE FROM dbaas_external_integrations WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001';
EXPLAIN (COSTS OFF) INSERT INTO dbaas_tasks (service_name, source_service_uri) VALUES ('pg-1-0001', 'postgres://admin:hush@source.example/db');
EXPLAIN (COSTS OFF) WITH d AS (DELETE FROM dbaas_integrations WHERE zone = 'ch-gva-2' RETURNING type, source, dest)
INSERT INTO dbaas_integrations (zone, type, source, dest) SELECT 'ch-gva-2', type, source, dest FROM d;
EXPLAIN (COSTS OFF) UPDATE dbaas_integrations SET type = 'logs';
TABLE made;
SELECT count(*) FROM dbaas_services WHERE name = 'pg-1-0001';
-- EXPLAIN ANALYZE runs it, like any other
BEGIN;
CREATE FUNCTION explained(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		-- Rows have a fraction since 18
		RETURN NEXT regexp_replace(line, '(rows=\d+)\.00', '\1');
	END LOOP;
END $$;
SELECT explained($$INSERT INTO dbaas_integrations (zone, type, source, dest) VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004')$$);
ROLLBACK;
TABLE made;

-- COPY
COPY dbaas_integrations (zone, type, source, dest, settings) FROM stdin;
ch-gva-2	logs	pg-1-0001	opensearch-1-0004	{"elasticsearch-index-days-max": 3}
de-fra-1	logs	pg-2-0001	opensearch-2-0004	\N
at-vie-1	metrics	pg-3-0001	thanos-3-0007	{}
\.
TABLE made;
CALL clean();
BEGIN;
COPY dbaas_integrations (type, source, dest) FROM stdin WITH (FORMAT csv);
logs,pg-1-0001,opensearch-1-0004
\.
ROLLBACK;
COPY dbaas_integrations (type, source, dest) FROM stdin WITH (FORMAT csv);
logs,pg-1-0001,opensearch-1-0004
log,pg-1-0001,opensearch-1-0004
\.
COPY dbaas_integrations (type, source, dest, description) FROM stdin WITH (FORMAT csv);
logs,pg-1-0001,opensearch-1-0004,mine
\.
COPY dbaas_integrations (type, source, dest) FROM stdin WITH (FORMAT csv) WHERE source <> 'pg-1-0001';
logs,pg-1-0001,opensearch-1-0004
logs,pg-2-0001,opensearch-2-0004
\.
TABLE made;
CALL clean();

-- Prepared statements
PREPARE make(text, text, text, jsonb) AS INSERT INTO dbaas_integrations (type, source, dest, settings) VALUES ($1, $2, $3, $4);
PREPARE change(text, jsonb) AS UPDATE dbaas_integrations SET settings = $2 WHERE source = $1;
PREPARE remove(text) AS DELETE FROM dbaas_integrations WHERE source = $1 RETURNING description;
SET plan_cache_mode = force_generic_plan;
EXECUTE make('logs', 'pg-1-0001', 'opensearch-1-0004', NULL);
EXECUTE make('logs', 'pg-2-0001', 'opensearch-2-0004', '{}');
EXECUTE change('pg-1-0001', '{"elasticsearch-index-days-max": 1}');
TABLE made;
SET plan_cache_mode = force_custom_plan;
EXECUTE change('pg-1-0001', '{"elasticsearch-index-days-max": 2}');
EXECUTE remove('pg-2-0001');
TABLE made;
EXECUTE remove('pg-1-0001');
EXPLAIN (COSTS OFF) EXECUTE remove('pg-1-0001');
RESET plan_cache_mode;
DEALLOCATE ALL;

-- Triggers
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% % %: % -> %', TG_WHEN, TG_OP, TG_LEVEL,
		CASE WHEN TG_OP <> 'INSERT' AND TG_LEVEL = 'ROW' THEN OLD.source || ' ' || coalesce(OLD.settings::text, '-') END,
		CASE WHEN TG_OP <> 'DELETE' AND TG_LEVEL = 'ROW' THEN NEW.source || ' ' || coalesce(NEW.settings::text, '-') END;
	RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OR DELETE ON dbaas_integrations FOR EACH ROW EXECUTE FUNCTION watch();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE OR DELETE ON dbaas_integrations FOR EACH ROW EXECUTE FUNCTION watch();
CREATE TRIGGER before_statement BEFORE INSERT OR UPDATE OR DELETE ON dbaas_integrations FOR EACH STATEMENT EXECUTE FUNCTION watch();
CREATE TRIGGER after_statement AFTER INSERT OR UPDATE OR DELETE ON dbaas_integrations FOR EACH STATEMENT EXECUTE FUNCTION watch();
INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004'), ('logs', 'pg-2-0001', 'opensearch-2-0004');
UPDATE dbaas_integrations SET settings = '{}' WHERE source = 'pg-1-0001';
INSERT INTO dbaas_integrations (type, source, dest) VALUES ('metrics', 'pg-1-0001', 'thanos-1-0007') RETURNING description;
DELETE FROM dbaas_integrations WHERE source = 'pg-1-0001';
TABLE made;
DROP TRIGGER before_row ON dbaas_integrations;
DROP TRIGGER after_row ON dbaas_integrations;
DROP TRIGGER before_statement ON dbaas_integrations;
DROP TRIGGER after_statement ON dbaas_integrations;
CALL clean();
-- A trigger that changes the row, one that drops it, one that sets what cannot be set
CREATE FUNCTION alter_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.source = 'pg-3-0001' THEN
		RETURN NULL;
	ELSIF NEW.settings ? 'status' THEN
		NEW.status := 'mine';
	END IF;
	NEW.settings := coalesce(NEW.settings, '{}') || '{"by": "trigger"}';
	RETURN NEW;
END
$$;
CREATE TRIGGER alter_row BEFORE INSERT OR UPDATE ON dbaas_integrations FOR EACH ROW EXECUTE FUNCTION alter_row();
INSERT INTO dbaas_integrations (type, source, dest) VALUES
  ('metrics', 'pg-1-0001', 'thanos-1-0007'), ('metrics', 'pg-2-0001', 'thanos-2-0007'), ('metrics', 'pg-3-0001', 'thanos-3-0007');
UPDATE dbaas_integrations SET settings = '{"x": 1}' WHERE source = 'pg-1-0001';
UPDATE dbaas_integrations SET settings = '{"status": 1}' WHERE source = 'pg-2-0001';
TABLE made;
DROP TRIGGER alter_row ON dbaas_integrations;
CALL clean();
-- A local table's trigger writes to the API; a failed statement of it does not
CREATE TABLE wanted (service text PRIMARY KEY, to_service text CHECK (to_service <> 'bad'));
CREATE FUNCTION connect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', NEW.service, NEW.to_service);
	RETURN NEW;
END
$$;
CREATE TRIGGER connect BEFORE INSERT ON wanted FOR EACH ROW EXECUTE FUNCTION connect();
INSERT INTO wanted VALUES ('pg-1-0001', 'opensearch-1-0004'), ('pg-2-0001', 'opensearch-2-0004');
INSERT INTO wanted VALUES ('pg-3-0001', 'opensearch-3-0004'), ('pg-1-0001', 'opensearch-1-0004');
TABLE wanted;
TABLE made;
CALL clean();

-- A view that is written as if it were the table
CREATE VIEW logs_of_pg AS
SELECT zone, source AS "from", dest AS "to", type, settings FROM dbaas_integrations
WHERE type = 'logs' AND source LIKE 'pg-%'
WITH CHECK OPTION;
SELECT is_insertable_into FROM information_schema.tables WHERE table_name = 'logs_of_pg';
INSERT INTO logs_of_pg (type, "from", "to") VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004') RETURNING *;
UPDATE logs_of_pg SET settings = '{"elasticsearch-index-days-max": 5}' WHERE "from" = 'pg-1-0001' RETURNING "to", settings;
UPDATE logs_of_pg SET "to" = 'x';
BEGIN;
INSERT INTO logs_of_pg (type, "from", "to") VALUES ('metrics', 'pg-1-0001', 'thanos-1-0007');
ROLLBACK;
TABLE made;
DELETE FROM logs_of_pg;
TABLE made;
SELECT count(*) FROM dbaas_integrations;
-- A view with INSTEAD OF triggers, and one with rules
CREATE VIEW connection AS SELECT source, dest FROM dbaas_integrations WHERE type = 'logs' GROUP BY 1, 2;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		DELETE FROM dbaas_integrations WHERE type = 'logs' AND source = OLD.source AND dest = OLD.dest;
		RETURN OLD;
	END IF;
	INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', NEW.source, NEW.dest);
	RETURN NEW;
END
$$;
CREATE TRIGGER instead INSTEAD OF INSERT OR DELETE ON connection FOR EACH ROW EXECUTE FUNCTION instead();
INSERT INTO connection VALUES ('pg-1-0001', 'opensearch-1-0004');
TABLE made;
DELETE FROM connection WHERE source = 'pg-1-0001';
TABLE made;
CREATE VIEW removable AS SELECT zone, name, state FROM dbaas_services ORDER BY name LIMIT ALL;
CREATE RULE remove AS ON DELETE TO removable DO INSTEAD
  DELETE FROM dbaas_services WHERE zone = OLD.zone AND name = OLD.name;
DELETE FROM removable WHERE name = 'clickhouse-1-0008';
SELECT count(*) FROM removable WHERE name = 'clickhouse-1-0008';

-- Views write as their owner, with the owner's user mapping
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_dbaas_owner, regress_dbaas_user;
RESET client_min_messages;
CREATE ROLE regress_dbaas_owner;
CREATE ROLE regress_dbaas_user;
GRANT USAGE ON SCHEMA exo, public TO regress_dbaas_owner, regress_dbaas_user;
GRANT ALL ON dbaas_integrations TO regress_dbaas_owner, regress_dbaas_user;
CREATE USER MAPPING FOR regress_dbaas_owner SERVER exoscale OPTIONS (api_key :'api_key', api_secret :'api_secret');
CREATE VIEW of_owner AS SELECT zone, type, source, dest, settings FROM dbaas_integrations;
ALTER VIEW of_owner OWNER TO regress_dbaas_owner;
GRANT ALL ON of_owner TO regress_dbaas_user;
SET ROLE regress_dbaas_user;
INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
INSERT INTO of_owner (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
SELECT source, dest FROM of_owner WHERE source = 'pg-1-0001';
UPDATE of_owner SET settings = '{}' WHERE source = 'pg-1-0001' RETURNING settings;
DELETE FROM dbaas_integrations WHERE source = 'pg-1-0001';
-- Whoever the role is at COMMIT
BEGIN;
DELETE FROM of_owner WHERE source = 'pg-1-0001';
RESET ROLE;
COMMIT;
TABLE made;
-- A function that runs as its owner
CREATE FUNCTION connects(source text, dest text) RETURNS void LANGUAGE sql SECURITY DEFINER
AS $$INSERT INTO exo.dbaas_integrations (type, source, dest) VALUES ('logs', $1, $2)$$;
ALTER FUNCTION connects OWNER TO regress_dbaas_owner;
SET ROLE regress_dbaas_user;
SELECT connects('pg-1-0001', 'opensearch-1-0004');
RESET ROLE;
TABLE made;
-- Without the privilege
REVOKE DELETE ON dbaas_integrations FROM regress_dbaas_user;
SET ROLE regress_dbaas_user;
DELETE FROM dbaas_integrations;
RESET ROLE;
CALL clean();
DROP OWNED BY regress_dbaas_owner, regress_dbaas_user CASCADE;
DROP ROLE regress_dbaas_owner, regress_dbaas_user;

-- Tables of one's own: other names and types, without zone, in another order
CREATE FOREIGN TABLE mine (
  config json OPTIONS (field 'settings'),
  ziel varchar(80) OPTIONS (field 'dest'),
  quelle varchar(80) OPTIONS (field 'source'),
  art text OPTIONS (field 'type') DEFAULT 'logs',
  nr text OPTIONS (field 'id'),
  was text OPTIONS (field 'description')
) SERVER exoscale OPTIONS (resource 'integrations');
INSERT INTO mine (quelle, ziel, config) VALUES ('pg-1-0001', 'opensearch-1-0004', '{"elasticsearch-index-days-max": 4}');
SELECT config, ziel, quelle, art, was FROM mine WHERE quelle = 'pg-1-0001';
UPDATE mine SET config = '{}' WHERE quelle = 'pg-1-0001' RETURNING quelle, config;
UPDATE mine SET was = 'x';
INSERT INTO mine (quelle, ziel, nr) VALUES ('pg-1-0001', 'opensearch-1-0004', 'x');
INSERT INTO mine (quelle, ziel, art) VALUES ('pg-1-0001', 'thanos-1-0007', 'metric');
INSERT INTO mine (quelle, ziel, art) VALUES ('pg-1-0001', 'thanos-1-0007', 'metrics') RETURNING ziel, was, nr IS NOT NULL AS has_id;
DELETE FROM mine WHERE quelle = 'pg-1-0001';
TABLE made;
-- A column that the request needs is not there
CREATE FOREIGN TABLE without_id (source text, settings jsonb) SERVER exoscale OPTIONS (resource 'integrations');
UPDATE without_id SET settings = '{}' WHERE source = 'kafka-1-0003';
DELETE FROM without_id WHERE source = 'kafka-1-0003';
INSERT INTO without_id (source) VALUES ('kafka-1-0003');
-- A dropped column, and one added
ALTER FOREIGN TABLE mine DROP COLUMN was;
ALTER FOREIGN TABLE mine ADD COLUMN zone text;
INSERT INTO mine (quelle, ziel) VALUES ('pg-1-0001', 'opensearch-1-0004') RETURNING zone, quelle;
UPDATE mine SET config = '{"elasticsearch-index-days-max": 1}' WHERE quelle = 'pg-1-0001' RETURNING zone, config;
DELETE FROM mine WHERE quelle = 'pg-1-0001' RETURNING zone;
TABLE made;
-- Services without their zone: it is found, unless there are several
CREATE FOREIGN TABLE services (name text) SERVER exoscale OPTIONS (resource 'services');
DELETE FROM services WHERE name = 'kafka-1-0003';
SELECT count(*) FROM services WHERE name = 'kafka-1-0003';
DELETE FROM services WHERE name = 'shared-name';
-- A default of one's own
ALTER FOREIGN TABLE dbaas_integrations ALTER settings SET DEFAULT '{"elasticsearch-index-days-max": 6}';
INSERT INTO dbaas_integrations (type, source, dest) VALUES ('logs', 'pg-1-0001', 'opensearch-1-0004');
TABLE made;
CALL clean();
ALTER FOREIGN TABLE dbaas_integrations ALTER settings DROP DEFAULT;

-- A partitioned table over two servers: rows find their server
CREATE SERVER first FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint :'endpoint', zones 'ch-gva-2');
CREATE USER MAPPING FOR CURRENT_USER SERVER first OPTIONS (api_key :'api_key', api_secret :'api_secret');
CREATE SERVER second FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint :'endpoint', zones 'de-fra-1');
CREATE USER MAPPING FOR CURRENT_USER SERVER second OPTIONS (api_key :'api_key', api_secret :'api_secret');
CREATE TABLE everywhere (zone text, id uuid, type text, source text, dest text, settings jsonb) PARTITION BY LIST (zone);
CREATE FOREIGN TABLE everywhere_1 PARTITION OF everywhere FOR VALUES IN ('ch-gva-2') SERVER first OPTIONS (resource 'integrations');
CREATE FOREIGN TABLE everywhere_2 PARTITION OF everywhere FOR VALUES IN ('de-fra-1') SERVER second OPTIONS (resource 'integrations');
INSERT INTO everywhere (zone, type, source, dest) VALUES
  ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004'), ('de-fra-1', 'logs', 'pg-2-0001', 'opensearch-2-0004'),
  ('ch-gva-2', 'metrics', 'pg-1-0001', 'thanos-1-0007');
INSERT INTO everywhere (zone, type, source, dest) VALUES ('de-fra-1', 'metrics', 'pg-2-0001', 'thanos-2-0007') RETURNING zone, id IS NOT NULL AS has_id;
INSERT INTO everywhere (zone, type, source, dest) VALUES ('at-vie-1', 'logs', 'pg-3-0001', 'opensearch-3-0004');
TABLE made;
WITH u AS (UPDATE everywhere SET settings = '{}' WHERE source IN ('pg-1-0001', 'pg-2-0001') AND type = 'logs' RETURNING source, settings)
SELECT * FROM u ORDER BY source;
COPY everywhere (zone, type, source, dest) FROM stdin WITH (FORMAT csv);
de-fra-1,datasource,grafana-2-0006,pg-2-0001
ch-gva-2,datasource,grafana-1-0006,pg-1-0001
\.
TABLE made;
EXPLAIN (COSTS OFF) DELETE FROM everywhere WHERE source IN ('pg-1-0001', 'pg-2-0001');
BEGIN;
DELETE FROM everywhere WHERE source IN ('pg-1-0001', 'pg-2-0001');
ROLLBACK;
DELETE FROM everywhere WHERE source IN ('pg-1-0001', 'pg-2-0001');
TABLE made;
DELETE FROM everywhere WHERE dest LIKE 'pg-%';
-- A row does not move from one server to the other
UPDATE everywhere SET zone = 'de-fra-1';

-- A cursor reads on while its transaction writes
BEGIN;
DECLARE c CURSOR FOR SELECT name FROM dbaas_services WHERE zone = 'ch-gva-2' ORDER BY name;
FETCH 1 FROM c;
DELETE FROM dbaas_integrations WHERE zone = 'ch-gva-2' AND type = 'metrics';
FETCH 1 FROM c;
DELETE FROM dbaas_services WHERE CURRENT OF c;
ROLLBACK;

RESET search_path;
SET client_min_messages = warning;
DROP SERVER first, second CASCADE;
DROP TABLE exo.everywhere;
DROP SCHEMA exo CASCADE;
DROP TABLE IF EXISTS wanted;
