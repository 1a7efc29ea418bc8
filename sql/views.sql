-- Views over the tables of a schema
\i test/connect.psql
SELECT * FROM dbaas_fdw_views('exo');
SELECT c.relname, c.reloptions, obj_description(c.oid, 'pg_class')
FROM pg_class c WHERE relnamespace = 'exo'::regnamespace AND relkind = 'v' ORDER BY c.oid;
SELECT table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) AS columns
FROM information_schema.columns WHERE table_schema = 'exo' AND table_name IN (SELECT viewname FROM pg_views WHERE schemaname = 'exo')
GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM exo.dbaas_unprotected_services WHERE zone = 'ch-gva-2';
SELECT service_name, network FROM exo.dbaas_open_services WHERE zone = 'ch-gva-2' AND type = 'clickhouse' ORDER BY 1;

-- Again: they are made anew, and keep what was granted
CREATE ROLE regress_dbaas_reader;
GRANT SELECT ON exo.dbaas_open_services TO regress_dbaas_reader;
ALTER VIEW exo.dbaas_open_services RESET (security_invoker);
COMMENT ON VIEW exo.dbaas_open_services IS NULL;
SELECT count(*) FROM dbaas_fdw_views('exo');
SELECT relname, relacl IS NOT NULL AS granted, reloptions, obj_description(oid, 'pg_class') FROM pg_class WHERE oid = 'exo.dbaas_open_services'::regclass;

-- They are nobody's but who made them
SELECT count(*) FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e'
  AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'exo'::regnamespace);

-- Every reader uses a mapping of his own
GRANT USAGE ON SCHEMA exo TO regress_dbaas_reader;
GRANT SELECT ON exo.dbaas_service_details TO regress_dbaas_reader;
SET ROLE regress_dbaas_reader;
SELECT * FROM exo.dbaas_open_services;
RESET ROLE;
REVOKE SELECT ON exo.dbaas_service_details FROM regress_dbaas_reader;
SET ROLE regress_dbaas_reader;
SELECT * FROM exo.dbaas_open_services;
SELECT dbaas_fdw_views('exo');
RESET ROLE;

-- The owner of a schema makes them, whoever he is, in a schema of any name
CREATE SCHEMA "My ""Own"" %s %1$s schema" AUTHORIZATION regress_dbaas_reader;
GRANT USAGE ON FOREIGN SERVER exoscale TO regress_dbaas_reader;
CREATE USER MAPPING FOR regress_dbaas_reader SERVER exoscale OPTIONS (api_key :'api_key', api_secret :'api_secret');
SET ROLE regress_dbaas_reader;
IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO "My ""Own"" %s %1$s schema";
SELECT count(*) FROM dbaas_fdw_views('My "Own" %s %1$s schema');
SELECT count(*) > 0 AS some FROM "My ""Own"" %s %1$s schema".dbaas_stalled_migrations;
RESET ROLE;

-- What is in the search path plays no part
CREATE SCHEMA evil;
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
CREATE FUNCTION evil.same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same);
SET search_path = evil, pg_catalog;
SELECT count(*) FROM public.dbaas_fdw_views('exo');
SHOW search_path;
RESET search_path;
SELECT count(*) FROM pg_depend JOIN pg_rewrite r ON r.oid = objid AND classid = 'pg_rewrite'::regclass
WHERE refobjid IN ('evil.now()'::regprocedure::oid, 'evil.=(text,text)'::regoperator::oid);

-- Nor do settings that change what strings mean
SET standard_conforming_strings = off;
SELECT count(*) FROM dbaas_fdw_views('exo');
RESET standard_conforming_strings;
SELECT count(*) FROM exo.dbaas_outdated_services WHERE zone = 'ch-gva-2';

-- Without a table, there are no views that need it
CREATE SCHEMA few;
IMPORT FOREIGN SCHEMA dbaas LIMIT TO (dbaas_services, dbaas_migrations) FROM SERVER exoscale INTO few;
SELECT * FROM dbaas_fdw_views('few');
CREATE SCHEMA empty;
SELECT * FROM dbaas_fdw_views('empty');

-- Any table of that name will do, a copy too
CREATE SCHEMA copies;
CREATE TABLE copies.dbaas_services AS SELECT zone, name, type, plan, state, created_at, false AS termination_protection FROM exo.dbaas_services LIMIT 3;
SET client_min_messages = warning;
SELECT * FROM dbaas_fdw_views('copies');
RESET client_min_messages;
SELECT count(*) FROM copies.dbaas_unprotected_services;

-- What cannot be done
SELECT dbaas_fdw_views('no_such_schema');
\echo :LAST_ERROR_SQLSTATE
SELECT dbaas_fdw_views(NULL);
DROP VIEW few.dbaas_unprotected_services;
CREATE TABLE few.dbaas_unprotected_services ();
SELECT dbaas_fdw_views('few');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE copies.dbaas_services DROP COLUMN plan CASCADE;
SELECT dbaas_fdw_views('copies');
\echo :LAST_ERROR_SQLSTATE

SET client_min_messages = warning;
DROP SCHEMA "My ""Own"" %s %1$s schema", evil, few, empty, copies CASCADE;
DROP OWNED BY regress_dbaas_reader CASCADE;
DROP ROLE regress_dbaas_reader;
