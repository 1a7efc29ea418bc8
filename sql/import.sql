-- IMPORT FOREIGN SCHEMA and the comments that go with it
\i test/connect.psql

-- The whole schema was imported into exo: what is more or less than a table for
-- each resource of the catalogue, without a comment
CREATE VIEW imported AS
SELECT relnamespace, relname, obj_description(c.oid) IS NULL AS no_comment_yet, ftoptions, srvname
FROM pg_foreign_table JOIN pg_class c ON c.oid = ftrelid JOIN pg_foreign_server s ON s.oid = ftserver;
SELECT *
FROM (SELECT relname, no_comment_yet, ftoptions, srvname FROM imported WHERE relnamespace = 'exo'::regnamespace) AS i
FULL JOIN (SELECT DISTINCT table_name AS relname, ARRAY['resource=' || resource] AS ftoptions
           FROM dbaas_fdw_catalogue()) AS c USING (relname, ftoptions)
WHERE no_comment_yet IS NOT TRUE OR srvname IS DISTINCT FROM 'exoscale' OR c IS NULL;
SELECT relname, no_comment_yet, ftoptions, srvname FROM imported
WHERE relnamespace = 'exo'::regnamespace AND relname IN ('dbaas_ca_certificates', 'dbaas_services') ORDER BY relname;
DROP VIEW imported;
SELECT count(*) AS column_options FROM pg_attribute
WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'exo'::regnamespace) AND attfdwoptions IS NOT NULL;

-- LIMIT TO and EXCEPT
CREATE SCHEMA part;
CREATE SCHEMA most;
CREATE SCHEMA other;
CREATE SCHEMA all_of_it;
IMPORT FOREIGN SCHEMA dbaas LIMIT TO (dbaas_services, dbaas_logs, dbaas_no_such) FROM SERVER exoscale INTO part;
IMPORT FOREIGN SCHEMA dbaas EXCEPT (dbaas_services, dbaas_logs, dbaas_no_such) FROM SERVER exoscale INTO most;
SELECT relname FROM pg_class WHERE relnamespace = 'part'::regnamespace ORDER BY 1;
SELECT table_name AS excepted FROM dbaas_fdw_catalogue()
EXCEPT SELECT relname FROM pg_class WHERE relnamespace = 'most'::regnamespace ORDER BY 1;
SELECT count(*) FROM part.dbaas_services;

-- A name that is no table is not passed over in silence
IMPORT FOREIGN SCHEMA dbaas LIMIT TO (services, dbaas_log, "service-types", "DBAAS_ZONES", x) FROM SERVER exoscale INTO other;
IMPORT FOREIGN SCHEMA dbaas EXCEPT (dbaas_service) FROM SERVER exoscale INTO all_of_it;

-- Again, into a schema that has them
IMPORT FOREIGN SCHEMA dbaas LIMIT TO (dbaas_services) FROM SERVER exoscale INTO part;

-- No other schema, no options
IMPORT FOREIGN SCHEMA exoscale FROM SERVER exoscale INTO other;
\echo :LAST_ERROR_SQLSTATE
IMPORT FOREIGN SCHEMA "DBAAS" FROM SERVER exoscale INTO other;
IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO other OPTIONS (prefix 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM pg_class WHERE relnamespace = 'other'::regnamespace;

-- Names that need quotes; and no import asks the API anything, not even for a key
CREATE SERVER "Exo's ""server""" FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint 'http://127.0.0.1:1/v2');
CREATE SCHEMA "Odd schema";
IMPORT FOREIGN SCHEMA dbaas FROM SERVER "Exo's ""server""" INTO "Odd schema";
SELECT count(*) = (SELECT count(DISTINCT table_name) FROM dbaas_fdw_catalogue()) AS every_table
FROM pg_class WHERE relnamespace = '"Odd schema"'::regnamespace;
SELECT dbaas_fdw_comment('Odd schema') = count(DISTINCT table_name) + count(*) AS every_comment
FROM dbaas_fdw_catalogue();
SELECT * FROM dbaas_fdw_stats() WHERE server <> 'exoscale';

-- Comments: each table and each column has one
SELECT dbaas_fdw_comment('exo') = count(DISTINCT table_name) + count(*) AS every_comment
FROM dbaas_fdw_catalogue();
SELECT count(*) FILTER (WHERE objsubid = 0) = (SELECT count(DISTINCT table_name) FROM dbaas_fdw_catalogue()) AS every_table,
       count(*) FILTER (WHERE objsubid > 0) = (SELECT count(*) FROM dbaas_fdw_catalogue()) AS every_column,
       count(*) FILTER (WHERE length(description) < 10 OR description ~ '[.\s]$') AS odd
FROM pg_description WHERE classoid = 'pg_class'::regclass AND
     objoid IN (SELECT oid FROM pg_class WHERE relnamespace = 'exo'::regnamespace);
SELECT count(*) AS without_comment FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
WHERE relnamespace = 'exo'::regnamespace AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, attnum) IS NULL);
SELECT obj_description('exo.dbaas_services'::regclass, 'pg_class') AS table_comment,
       col_description('exo.dbaas_services'::regclass, 4) AS column_comment;

-- They are the catalogue's
SELECT count(*) AS differ
FROM dbaas_fdw_catalogue()
WHERE obj_description(('exo.' || table_name)::regclass, 'pg_class') IS DISTINCT FROM table_description OR
      col_description(('exo.' || table_name)::regclass, ordinal) IS DISTINCT FROM description;

-- Comments again, on renamed and dropped columns, and beside tables of other kinds
ALTER FOREIGN TABLE part.dbaas_services DROP COLUMN plan;
CREATE FOREIGN TABLE part.renamed ("What" text OPTIONS (field 'type'), extra text OPTIONS (field 'x-new'), zone text)
  SERVER exoscale OPTIONS (resource 'services');
CREATE TABLE part.own (a int);
CREATE VIEW part.view AS SELECT 1 AS a;
SELECT dbaas_fdw_comment('part');
CREATE FOREIGN TABLE part."No resource" (a text) SERVER exoscale;
CREATE FOREIGN TABLE part.wrong_column (zone text, nam text) SERVER exoscale OPTIONS (resource 'services');
SELECT dbaas_fdw_comment('part');
DROP FOREIGN TABLE part."No resource", part.wrong_column;
SELECT dbaas_fdw_comment('part') - dbaas_fdw_comment('part') AS same_again;
SELECT attname, col_description(attrelid, attnum) FROM pg_attribute
WHERE attrelid = 'part.renamed'::regclass AND attnum > 0 ORDER BY attnum;
-- Beside a table of a wrapper whose handler fails, which is not called
CREATE FUNCTION broken_handler() RETURNS fdw_handler AS 'fdw_handler_in' LANGUAGE internal;
CREATE FOREIGN DATA WRAPPER broken HANDLER broken_handler;
CREATE SERVER broken FOREIGN DATA WRAPPER broken;
CREATE FOREIGN TABLE other.broken (a text) SERVER broken;
SELECT dbaas_fdw_comment('other');
SELECT * FROM other.broken;
SELECT dbaas_fdw_comment('no such schema');
\echo :LAST_ERROR_SQLSTATE
SELECT dbaas_fdw_comment(NULL);

-- Only who owns the tables may
CREATE ROLE regress_dbaas_user;
SET ROLE regress_dbaas_user;
SELECT dbaas_fdw_comment('part');
IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO other;
RESET ROLE;
DROP ROLE regress_dbaas_user;

SET client_min_messages = warning;
DROP FUNCTION broken_handler() CASCADE;
DROP SERVER "Exo's ""server""" CASCADE;
DROP SCHEMA part, most, other, all_of_it, "Odd schema" CASCADE;
