-- Tables over any path of the API
\i test/connect.psql
CREATE SCHEMA mine;
SET search_path = mine;

-- A list, in five lines
CREATE FOREIGN TABLE endpoints (
	zone text,
	id uuid,
	name text
) SERVER exoscale OPTIONS (path '/dbaas-external-endpoints', rows 'dbaas-endpoints[]');
SELECT count(*), count(DISTINCT zone) FROM endpoints;
SELECT (SELECT count(*) FROM (TABLE endpoints EXCEPT SELECT zone, id, name FROM exo.dbaas_external_endpoints) AS x) AS more,
       (SELECT count(*) FROM (SELECT zone, id, name FROM exo.dbaas_external_endpoints EXCEPT TABLE endpoints) AS x) AS fewer;
SELECT count(*) FROM endpoints WHERE zone = 'de-fra-1';
EXPLAIN (COSTS OFF, VERBOSE) SELECT name FROM endpoints WHERE zone = 'de-fra-1';

-- A parameter of the path, that a query has to give
CREATE FOREIGN TABLE pg (
	zone text,
	service text OPTIONS (param 'name'),
	node_count int,
	dow text OPTIONS (field 'maintenance/dow'),
	whole jsonb OPTIONS (field '*')
) SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}');
SELECT zone, service, node_count, dow, whole ->> 'name' AS name FROM pg WHERE service IN ('pg-1-0001', 'pg-2-0001', 'no-such', '..', 'mysql-1-0002');
SELECT count(*) FROM pg;
\echo :LAST_ERROR_SQLSTATE
SELECT s.name, p.dow IS NOT NULL AS found FROM exo.dbaas_services s LEFT JOIN pg p ON p.zone = s.zone AND p.service = s.name
WHERE s.name LIKE '%-1-000_' AND s.zone = 'ch-gva-2' ORDER BY 1;

-- Or that a list gives
CREATE FOREIGN TABLE roles (
	zone text,
	service text OPTIONS (param 'service-name', from 'name'),
	"user" text OPTIONS (field 'username'),
	required boolean
) SERVER exoscale OPTIONS (path '/dbaas-clickhouse/{service-name}/user', rows 'users[]',
	for_each 'services', for_each_filter 'type=clickhouse');
SELECT zone, service, count(*) > 0 AS has FROM roles GROUP BY 1, 2 ORDER BY 1, 2;
SELECT service, count(*) > 0 AS has FROM roles WHERE service IN ('clickhouse-1-0008', 'pg-1-0001', 'x') GROUP BY 1;
SELECT count(*) FROM roles WHERE zone = 'ch-gva-2' AND service = 'pg-1-0001';
EXPLAIN (COSTS OFF) SELECT * FROM roles WHERE service = 'clickhouse-1-0008';

-- What belongs to the organisation, in one zone
CREATE FOREIGN TABLE usage (zone text, period text OPTIONS (param 'period'), product text, variable text, quantity numeric)
SERVER exoscale OPTIONS (path '/usage-report', rows 'usage[]', scope 'organisation');
SELECT count(*), count(DISTINCT zone), count(DISTINCT (product, variable)) FROM usage WHERE period = '2026-10';
CREATE FOREIGN TABLE events (zone text, at timestamptz OPTIONS (field 'timestamp'), handler text, who text OPTIONS (field 'iam-user/email|iam-role/name'),
  since text OPTIONS (param 'from'), until text OPTIONS (param 'to'))
SERVER exoscale OPTIONS (path '/event', rows '[]', scope 'organisation');
SELECT who, handler, count(*), count(DISTINCT zone) FROM events WHERE zone = 'de-fra-1' AND since = '2025-12-31T12:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2;
EXPLAIN (COSTS OFF) SELECT * FROM events;

-- Rows deeper down, of values, of members; columns further out
CREATE FOREIGN TABLE databases (zone text, service text OPTIONS (param 'name', from 'name'), db text OPTIONS (field '*'), plan text OPTIONS (field '../plan'))
SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}', rows 'databases[]', for_each 'services', for_each_filter 'type=pg');
SELECT count(*), count(plan), count(DISTINCT db) > 1 AS several FROM databases;
SELECT d.db FROM databases d WHERE zone = 'ch-gva-2' AND service = 'pg-1-0001' ORDER BY 1;
CREATE FOREIGN TABLE updates (service text OPTIONS (param 'name', from 'name'), description text, name text OPTIONS (field '../../name'), dow text OPTIONS (field '../dow'))
SERVER exoscale OPTIONS (path '/dbaas-mysql/{name}', rows 'maintenance.updates[]', for_each 'services', for_each_filter 'type=mysql');
SELECT count(*) > 0 AS some, bool_and(name = service AND dow IS NOT NULL) AS ok FROM updates;
CREATE FOREIGN TABLE params (service text OPTIONS (param 'name'), key text OPTIONS (field '#key'), value text OPTIONS (field '*'))
SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}', rows 'uri-params{}');
SELECT key, value FROM params WHERE service = 'pg-1-0001' ORDER BY 1;
CREATE FOREIGN TABLE uris (service text OPTIONS (param 'name'), uri text OPTIONS (field '*'))
SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}', rows 'connection-info.uri[]');
SELECT uri FROM uris WHERE service = 'pg-1-0001';
CREATE FOREIGN TABLE maintenance (service text OPTIONS (param 'name'), "time" time)
SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}', rows 'maintenance');
SELECT * FROM maintenance WHERE service = 'pg-1-0001';
CREATE FOREIGN TABLE scalars (service text OPTIONS (param 'name'), x text)
SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}', rows 'databases[]');
SELECT * FROM scalars WHERE service = 'pg-1-0001';
CREATE FOREIGN TABLE no_array (service text OPTIONS (param 'name'), x text)
SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}', rows '[]');
SELECT * FROM no_array WHERE service = 'pg-1-0001';
CREATE FOREIGN TABLE wrong_type (service text OPTIONS (param 'name'), plan int)
SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}');
SELECT plan FROM wrong_type WHERE service = 'pg-1-0001';
\echo :LAST_ERROR_SQLSTATE

-- Read-only
SELECT is_insertable_into FROM information_schema.tables WHERE table_schema = 'mine' AND table_name = 'pg';
DELETE FROM pg WHERE service = 'pg-1-0001';
INSERT INTO endpoints (name) VALUES ('x');
SELECT public.dbaas_fdw_comment('mine');
ANALYZE endpoints;

-- What the definition itself shows to be wrong
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path 'dbaas-service');
\echo :LAST_ERROR_SQLSTATE
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/dbaas-service/../operation/x');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/dbaas-service?x=1');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/dbaas-postgres/{name');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/dbaas-postgres/{}');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/dbaas-postgres/{a b}');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/dbaas-postgres/%2e%2e');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/dbaas-postgres//x');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', resource 'services');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (rows 'x[]');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows 'x[');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows 'a.b.c.d.e');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows 'a..b');
-- for_each takes the lists: what a GET without parameters has an array of
DO $$
DECLARE
	lists text;
	detail text;
BEGIN
	SELECT string_agg(resource, ', ' ORDER BY ordinality) INTO lists
	FROM public.dbaas_fdw_catalogue() WITH ORDINALITY
	WHERE ordinal = 1 AND table_name <> 'dbaas_zones' AND
	      EXISTS (SELECT FROM unnest(reads) AS read WHERE read ~ '^GET [^{ ]+ \S*\[\]');
	CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', for_each 'logs');
EXCEPTION WHEN invalid_parameter_value THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RAISE NOTICE '% %', SQLERRM, replace(detail, lists, '(the lists)');
END $$;
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', for_each_filter 'type=pg');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', for_each 'services', for_each_filter 'typ=pg');
CREATE FOREIGN TABLE bad (a text OPTIONS (field '#kye')) SERVER exoscale OPTIONS (path '/x');
CREATE FOREIGN TABLE bad (a text OPTIONS (field 'a//b')) SERVER exoscale OPTIONS (path '/x');
CREATE FOREIGN TABLE bad (a text OPTIONS (param 'a;b')) SERVER exoscale OPTIONS (path '/x');
CREATE FOREIGN TABLE bad (a text OPTIONS (param '')) SERVER exoscale OPTIONS (path '/x');
CREATE FOREIGN TABLE bad (a text OPTIONS (from 'name')) SERVER exoscale OPTIONS (path '/x');
CREATE FOREIGN TABLE bad (a text OPTIONS (parm 'a')) SERVER exoscale OPTIONS (path '/x');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', row 'x[]');
ALTER FOREIGN TABLE endpoints OPTIONS (SET path 'x');
ALTER FOREIGN TABLE endpoints OPTIONS (DROP path);
ALTER FOREIGN TABLE endpoints OPTIONS (SET rows '');
ALTER FOREIGN TABLE endpoints OPTIONS (SET rows 'dbaas-endpoints[]');
SELECT count(*) FROM endpoints;

-- What only the table as a whole shows to be wrong
CREATE FOREIGN TABLE no_column (a text) SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}');
SELECT * FROM no_column;
\echo :LAST_ERROR_SQLSTATE
CREATE FOREIGN TABLE too_far (a text OPTIONS (field '../../a')) SERVER exoscale OPTIONS (path '/x', rows 'x[]');
SELECT * FROM too_far;
\echo :LAST_ERROR_SQLSTATE
CREATE FOREIGN TABLE no_key (a text OPTIONS (field '#key')) SERVER exoscale OPTIONS (path '/x', rows 'x[]');
SELECT * FROM no_key;
CREATE FOREIGN TABLE no_cell (a text OPTIONS (field '#label')) SERVER exoscale OPTIONS (path '/x', rows 'x[]');
SELECT * FROM no_cell;
CREATE FOREIGN TABLE twice (a text OPTIONS (param 'x'), b text OPTIONS (param 'x')) SERVER exoscale OPTIONS (path '/x/{x}');
SELECT * FROM twice;
CREATE FOREIGN TABLE no_text (a boolean OPTIONS (param 'x')) SERVER exoscale OPTIONS (path '/x/{x}');
SELECT * FROM no_text;
\echo :LAST_ERROR_SQLSTATE
CREATE FOREIGN TABLE no_each (a text OPTIONS (param 'x', from 'name')) SERVER exoscale OPTIONS (path '/x/{x}');
SELECT * FROM no_each;
CREATE FOREIGN TABLE no_from (a text OPTIONS (param 'x')) SERVER exoscale OPTIONS (path '/x/{x}', for_each 'services');
SELECT * FROM no_from;
CREATE FOREIGN TABLE bad_from (a text OPTIONS (param 'x', from 'nam')) SERVER exoscale OPTIONS (path '/x/{x}', for_each 'services');
SELECT * FROM bad_from;
CREATE FOREIGN TABLE from_query (a text OPTIONS (param 'x', from 'name')) SERVER exoscale OPTIONS (path '/x', for_each 'services');
SELECT * FROM from_query;
CREATE FOREIGN TABLE no_path (name text OPTIONS (param 'name')) SERVER exoscale OPTIONS (resource 'services');
SELECT * FROM no_path;
CREATE FOREIGN TABLE not_there (a text) SERVER exoscale OPTIONS (path '/no-such-thing');
SELECT * FROM not_there;
\echo :LAST_ERROR_SQLSTATE

-- Types that read no such value, and say so in ways of their own
CREATE FOREIGN TABLE odd_types (
  name text,
  relation regclass OPTIONS (field 'name'),
  schema regnamespace OPTIONS (field 'name'),
  vector oidvector OPTIONS (field 'available-versions')
) SERVER exoscale OPTIONS (path '/dbaas-service-type', rows 'dbaas-service-types[]');
SELECT relation FROM odd_types;
\echo :LAST_ERROR_SQLSTATE
SELECT schema FROM odd_types;
\set VERBOSITY terse
SELECT vector FROM odd_types;
\set VERBOSITY default

-- As many alternatives as a column's options can hold
DO $$
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE long_field (type text OPTIONS (field %L))'
                 ' SERVER exoscale OPTIONS (path ''/dbaas-service-type'', rows ''dbaas-service-types[]'')',
                 repeat('x|', 300000) || 'name');
END $$;
SELECT DISTINCT type FROM long_field ORDER BY type LIMIT 2;

SET client_min_messages = warning;
DROP SCHEMA mine CASCADE;
