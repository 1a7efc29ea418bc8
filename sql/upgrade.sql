-- After an upgrade: dbaas_fdw_complete() adds to a schema what it lacks of this
-- version, and a session with an older library says so
\i test/connect.psql
\pset format unaligned
\pset tuples_only on

-- Nothing but comments and views is lacking after an import
CREATE TEMPORARY TABLE made AS SELECT dbaas_fdw_complete('exo') AS name;
SELECT count(*) > 0, bool_and(name IN (SELECT viewname FROM pg_views WHERE schemaname = 'exo')) FROM made;
SELECT dbaas_fdw_complete('exo');
SELECT count(*) FROM pg_class c LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
WHERE relnamespace = 'exo'::regnamespace AND relkind = 'f'
  AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, attnum) IS NULL);

-- What a schema consists of, without the order of columns
CREATE FUNCTION pg_temp.consists(schema name) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws('|', relname, relkind, c.reloptions, ftoptions, srvname, obj_description(c.oid, 'pg_class'),
		(SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attfdwoptions, col_description(c.oid, attnum)), ',' ORDER BY attname)
		 FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
		replace(CASE relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END, schema || '.', '')), E'\n' ORDER BY relname)
	FROM pg_class c LEFT JOIN pg_foreign_table ON ftrelid = c.oid LEFT JOIN pg_foreign_server s ON s.oid = ftserver
	WHERE relnamespace = schema::text::regnamespace
$$;

-- As of an older version: tables, columns, comments and views are lacking
CREATE TABLE whole AS SELECT pg_temp.consists('exo') AS consists;
CREATE VIEW public.mine AS SELECT name, plan FROM exo.dbaas_services WHERE zone = 'ch-gva-2';
DROP FOREIGN TABLE exo.dbaas_backups, exo.dbaas_external_endpoints CASCADE;
ALTER FOREIGN TABLE exo.dbaas_services DROP COLUMN parameters, DROP COLUMN termination_protection CASCADE;
COMMENT ON FOREIGN TABLE exo.dbaas_zones IS NULL;
COMMENT ON COLUMN exo.dbaas_zones.api_endpoint IS NULL;
SELECT dbaas_fdw_complete('exo');
SELECT dbaas_fdw_complete('exo');
SELECT pg_temp.consists('exo') = consists FROM whole;
SELECT count(*) FROM mine;
SELECT count(*), count(parameters), count(termination_protection) FROM exo.dbaas_services;
SELECT count(*) > 0 FROM exo.dbaas_backups WHERE zone = 'ch-gva-2';

-- It is undone as anything else is
BEGIN;
DROP FOREIGN TABLE exo.dbaas_zones;
SAVEPOINT s;
SELECT dbaas_fdw_complete('exo');
ROLLBACK TO s;
SELECT count(*) FROM pg_class WHERE oid = to_regclass('exo.dbaas_zones');
ROLLBACK;

-- What its owner changed stays: comments, options, views' options, names
COMMENT ON FOREIGN TABLE exo.dbaas_zones IS 'mine';
COMMENT ON VIEW exo.dbaas_open_services IS 'mine too';
ALTER VIEW exo.dbaas_open_services SET (security_invoker = false, security_barrier = true);
ALTER FOREIGN TABLE exo.dbaas_plans OPTIONS (ADD updatable 'false');
ALTER FOREIGN TABLE exo.dbaas_nodes RENAME TO nodes;
ALTER FOREIGN TABLE exo.nodes DROP COLUMN role;
ALTER FOREIGN TABLE exo.dbaas_databases RENAME COLUMN name TO database;
ALTER FOREIGN TABLE exo.dbaas_databases ALTER COLUMN database OPTIONS (field 'name');
CREATE FOREIGN TABLE exo.some (service text OPTIONS (field 'name')) SERVER exoscale OPTIONS (resource 'services');
CREATE FOREIGN TABLE exo.instances (id uuid) SERVER exoscale OPTIONS (path '/instance', rows 'instances[]');
SELECT dbaas_fdw_complete('exo');
SELECT relname, reloptions, ftoptions, obj_description(oid, 'pg_class'),
	(SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = oid AND attnum > 0 AND NOT attisdropped)
FROM pg_class LEFT JOIN pg_foreign_table ON ftrelid = oid WHERE relnamespace = 'exo'::regnamespace
  AND relname IN ('dbaas_zones', 'dbaas_open_services', 'dbaas_plans', 'dbaas_nodes', 'nodes', 'dbaas_databases', 'some', 'instances') ORDER BY 1;
DROP FOREIGN TABLE exo.nodes, exo.some, exo.instances;
SELECT dbaas_fdw_complete('exo');

-- A view of an older version gets the query of this one, with the options that it has
CREATE OR REPLACE VIEW exo.dbaas_open_services WITH (security_barrier = true) AS
	SELECT zone, service_name, type, ''::text AS network, ip_filter FROM exo.dbaas_service_details;
SELECT dbaas_fdw_complete('exo');
SELECT reloptions, obj_description(oid, 'pg_class') <> 'mine too' FROM pg_class WHERE oid = 'exo.dbaas_open_services'::regclass;
SELECT count(*) > 0 FROM exo.dbaas_open_services WHERE network <> '';

-- Names that are taken: by another relation, by another column
DROP VIEW exo.dbaas_stalled_migrations;
CREATE TABLE exo.dbaas_stalled_migrations ();
CREATE SCHEMA taken;
IMPORT FOREIGN SCHEMA dbaas LIMIT TO (dbaas_zones, dbaas_services) FROM SERVER exoscale INTO taken;
CREATE TABLE taken.dbaas_migrations AS SELECT 1 AS a;
ALTER FOREIGN TABLE taken.dbaas_services DROP COLUMN plan;
ALTER FOREIGN TABLE taken.dbaas_services ADD COLUMN plan text OPTIONS (field 'type');
SELECT dbaas_fdw_complete('exo');
SELECT string_agg(c, ' ') FROM dbaas_fdw_complete('taken') c WHERE c ~ 'plan|service_details|migration|_services$';
SELECT count(*) FROM taken.dbaas_services WHERE plan = type;

-- A table with a column that is none is left out; so is a partition, which has the columns of its parent
CREATE SCHEMA parts;
IMPORT FOREIGN SCHEMA dbaas LIMIT TO (dbaas_zones, dbaas_plans) FROM SERVER exoscale INTO parts;
ALTER FOREIGN TABLE parts.dbaas_plans ADD COLUMN nam text;
CREATE TABLE parts.everywhere (zone text, name text) PARTITION BY LIST (zone);
CREATE FOREIGN TABLE parts.dbaas_services PARTITION OF parts.everywhere FOR VALUES IN ('ch-gva-2') SERVER exoscale OPTIONS (resource 'services');
\set VERBOSITY terse
SELECT string_agg(c, ' ') FROM dbaas_fdw_complete('parts') c WHERE c ~ 'services|plans|backups';
\set VERBOSITY default

-- Which server new tables are for
CREATE SERVER "An ""other""" FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint 'http://127.0.0.1:1/v2');
CREATE SCHEMA "My ""Own"" 'schema'";
SELECT dbaas_fdw_complete('My "Own" ''schema''');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) > 20 FROM dbaas_fdw_complete('My "Own" ''schema''', 'An "other"');
SELECT DISTINCT srvname FROM pg_foreign_table JOIN pg_class ON pg_class.oid = ftrelid JOIN pg_foreign_server s ON s.oid = ftserver
WHERE relnamespace = '"My ""Own"" ''schema''"'::regnamespace;
CREATE FOREIGN TABLE "My ""Own"" 'schema'".elsewhere (zone text) SERVER exoscale OPTIONS (resource 'zones');
DROP FOREIGN TABLE "My ""Own"" 'schema'".dbaas_logs;
IMPORT FOREIGN SCHEMA dbaas LIMIT TO (dbaas_logs) FROM SERVER exoscale INTO "My ""Own"" 'schema'";
SELECT dbaas_fdw_complete('My "Own" ''schema''');
DROP FOREIGN TABLE "My ""Own"" 'schema'".dbaas_metrics;
SELECT dbaas_fdw_complete('My "Own" ''schema''');
\echo :LAST_ERROR_SQLSTATE
SELECT dbaas_fdw_complete('My "Own" ''schema''', 'exoscale');
SELECT dbaas_fdw_complete('exo', 'no_such_server');
SELECT dbaas_fdw_complete('no_such_schema');
SELECT dbaas_fdw_complete(NULL);

-- It asks the API nothing, whatever the search path and the strings' settings are
CREATE SCHEMA evil;
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
CREATE DOMAIN evil.text AS integer;
SET search_path = evil, pg_catalog;
SET standard_conforming_strings = off;
DROP FOREIGN TABLE exo.dbaas_backups CASCADE;
SELECT public.dbaas_fdw_complete('exo');
SHOW search_path;
RESET search_path;
RESET standard_conforming_strings;
SELECT count(*) FROM pg_depend WHERE refobjid IN ('evil.now()'::regprocedure::oid, 'evil.text'::regtype::oid)
  AND classid <> 'pg_type'::regclass;
SELECT server, operation FROM dbaas_fdw_stats() WHERE server <> 'exoscale';

-- Its caller needs the rights that the commands need
CREATE ROLE regress_dbaas_user;
GRANT USAGE ON SCHEMA exo TO regress_dbaas_user;
SET ROLE regress_dbaas_user;
SELECT dbaas_fdw_complete('exo');
RESET ROLE;
DROP FOREIGN TABLE exo.dbaas_zones;
SET ROLE regress_dbaas_user;
SELECT dbaas_fdw_complete('exo');
RESET ROLE;
GRANT CREATE ON SCHEMA exo TO regress_dbaas_user;
SET ROLE regress_dbaas_user;
SELECT dbaas_fdw_complete('exo');
RESET ROLE;
ALTER FOREIGN TABLE exo.dbaas_services DROP COLUMN parameters;
GRANT USAGE ON FOREIGN SERVER exoscale TO regress_dbaas_user;
SET ROLE regress_dbaas_user;
SELECT dbaas_fdw_complete('exo');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT count(*) FROM pg_class WHERE oid = to_regclass('exo.dbaas_zones');

-- What a later version has, in a session that keeps the library of this one
SELECT extversion AS version FROM pg_extension WHERE extname = 'dbaas_fdw' \gset
CREATE FUNCTION pg_temp.told(command text, VARIADIC before text[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	hint text;
BEGIN
	FOR i IN 1 .. cardinality(before) LOOP
		EXECUTE before[i];
	END LOOP;
	EXECUTE command;
	RAISE EXCEPTION 'undo' USING ERRCODE = 'XX001';
EXCEPTION
	WHEN SQLSTATE 'XX001' THEN
		RETURN 'ok';
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
		RETURN concat_ws(E'\n  ', SQLSTATE || ': ' || message, nullif(hint, ''));
END
$$;
CREATE TABLE commands (id int, command text, before text);
INSERT INTO commands VALUES
	(1, 'ALTER SERVER exoscale OPTIONS (ADD waits $$1$$)', NULL),
	(2, 'ALTER SERVER exoscale OPTIONS (ADD wait $$longer$$)', NULL),
	(3, 'ALTER SERVER exoscale OPTIONS (ADD resource $$services$$)', NULL),
	(4, 'CREATE FOREIGN TABLE exo.new (zone text) SERVER exoscale OPTIONS (resource $$new-things$$)', NULL),
	(5, 'SELECT * FROM exo.dbaas_plans', 'UPDATE pg_foreign_table SET ftoptions = $${resource=new-things}$$ WHERE ftrelid = $$exo.dbaas_plans$$::regclass'),
	(6, 'SELECT * FROM exo.dbaas_plans', 'UPDATE pg_foreign_table SET ftoptions = $${resource=plans,new_option=1}$$ WHERE ftrelid = $$exo.dbaas_plans$$::regclass'),
	(7, 'SELECT * FROM exo.dbaas_plans', 'UPDATE pg_attribute SET attfdwoptions = $${new_option=1}$$ WHERE attrelid = $$exo.dbaas_plans$$::regclass AND attname = $$name$$'),
	(8, 'SELECT * FROM exo.dbaas_plans', 'UPDATE pg_foreign_server SET srvoptions = srvoptions || $${new_option=1}$$ WHERE srvname = $$exoscale$$'),
	(9, 'SELECT * FROM exo.dbaas_plans', 'UPDATE pg_foreign_table SET ftoptions = $${path=/dbaas-service,rows=dbaas-services[],for_each=new-things}$$ WHERE ftrelid = $$exo.dbaas_plans$$::regclass'),
	(10, 'SELECT * FROM exo.dbaas_plans', 'ALTER FOREIGN TABLE exo.dbaas_plans ADD COLUMN new_column text'),
	(11, 'INSERT INTO exo.dbaas_plans (zone) VALUES ($$ch-gva-2$$)', 'UPDATE pg_foreign_table SET ftoptions = $${resource=new-things}$$ WHERE ftrelid = $$exo.dbaas_plans$$::regclass');
SELECT id || ' ' || regexp_replace(pg_temp.told(command, VARIADIC array_remove(ARRAY[before], NULL)), '\m' || :'version' || '\M', '(this)', 'g') FROM commands ORDER BY id;
BEGIN;
UPDATE pg_extension SET extversion = '0.10' WHERE extname = 'dbaas_fdw';
SELECT id || ' ' || regexp_replace(pg_temp.told(command, VARIADIC array_remove(ARRAY[before], NULL)), '\m' || :'version' || '\M', '(this)', 'g') FROM commands ORDER BY id;
UPDATE pg_extension SET extversion = '0.1' WHERE extname = 'dbaas_fdw';
SELECT pg_temp.told(command) ~ 'reconnect' FROM commands WHERE id = 1;
UPDATE pg_extension SET extversion = :'version' || '.1' WHERE extname = 'dbaas_fdw';
SELECT pg_temp.told(command) ~ 'reconnect' FROM commands WHERE id = 1;
UPDATE pg_extension SET extversion = 'unreleased' WHERE extname = 'dbaas_fdw';
SELECT pg_temp.told(command) ~ 'reconnect' FROM commands WHERE id = 1;
ROLLBACK;

SET client_min_messages = warning;
DROP TABLE commands;
DROP VIEW mine;
DROP TABLE whole;
DROP SERVER "An ""other""" CASCADE;
DROP SCHEMA "My ""Own"" 'schema'", taken, parts, evil CASCADE;
DROP OWNED BY regress_dbaas_user;
DROP ROLE regress_dbaas_user;
