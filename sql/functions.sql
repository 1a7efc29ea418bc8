-- The functions that show or change the state of the session; EXPLAIN
\i test/connect.psql
\i test/tables.psql

SELECT dbaas_fdw_version() ~ ('^dbaas_fdw ' || replace(extversion, '.', '\.') || ', libcurl \d+\.\d+\.\d+, json-c \d+\.\d+') AS ok
FROM pg_extension WHERE extname = 'dbaas_fdw';

-- Nothing was asked yet, and EXPLAIN asks nothing
SELECT * FROM dbaas_fdw_stats();
SELECT dbaas_fdw_disconnect('exoscale');
EXPLAIN (COSTS OFF) SELECT name FROM exo.dbaas_services;
EXPLAIN (COSTS OFF) SELECT * FROM exo.dbaas_service_types WHERE name = 'pg';
EXPLAIN (COSTS OFF) SELECT * FROM exo.dbaas_service_types WHERE description = 'x';
EXPLAIN (COSTS OFF) SELECT * FROM exo.dbaas_migrations WHERE service_name IN ('a', 'b') AND zone = 'ch-gva-2' AND status = 'done';
EXPLAIN (COSTS OFF) SELECT * FROM exo.dbaas_integrations WHERE id = '11111111-2222-4333-8444-555555555555';
EXPLAIN (COSTS OFF) SELECT * FROM exo.dbaas_operations WHERE id = '11111111-2222-4333-8444-555555555555';
SELECT * FROM dbaas_fdw_stats();

-- One row for each server and operation: requests are counted as they are sent
CREATE VIEW stats AS SELECT server, operation, requests, errors, retries, bytes > 0 AS bytes, seconds > 0 AS seconds
FROM dbaas_fdw_stats();
SELECT count(*) FROM exo.dbaas_services;
SELECT * FROM stats ORDER BY operation COLLATE "C";
SELECT count(*) FROM exo.dbaas_services WHERE zone = 'de-fra-1';
SELECT count(*) FROM (SELECT FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND zone = 'ch-gva-2' LIMIT 600) AS x;
SELECT count(*) FROM exo.dbaas_migrations WHERE service_name = ANY ('{pg-1-0001,no-such}') AND zone = 'ch-gva-2';
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND zone = 'ch-gva-2' AND log_offset = 'bad';
SELECT * FROM stats ORDER BY operation COLLATE "C";

-- Keys that name nothing ask nothing; a zone that is not known is looked up
SELECT count(*) FROM exo.dbaas_migrations WHERE service_name = NULL;
SELECT count(*) FROM exo.dbaas_migrations WHERE service_name = (SELECT NULL::text);
SELECT count(*) FROM exo.dbaas_migrations WHERE service_name IN ('', '.', '..') AND zone = 'ch-gva-2';
SELECT count(*) FROM exo.dbaas_service_types WHERE name = ANY ('{}');
SELECT count(*) FROM exo.dbaas_services WHERE zone = 'nowhere';
SELECT sum(requests) FROM dbaas_fdw_stats();

-- Connections are closed once; the counts stay, and the next statement connects again
SELECT dbaas_fdw_disconnect('exoscale'), dbaas_fdw_disconnect('exoscale');
SELECT count(*) FROM exo.dbaas_services WHERE zone = 'de-fra-1';
SELECT * FROM stats WHERE operation IN ('GET /zone', 'GET /dbaas-service') ORDER BY operation COLLATE "C";
SELECT dbaas_fdw_disconnect('no-such');
\echo :LAST_ERROR_SQLSTATE
SELECT dbaas_fdw_disconnect(NULL);

-- The options: each place where each may stand
SELECT place, name, default_value FROM dbaas_fdw_options() ORDER BY place COLLATE "C", name COLLATE "C";
SELECT count(*) FROM dbaas_fdw_options() WHERE length(description) < 5;

-- The catalogue is what IMPORT makes; a table for each resource, whose first column is the zone
SELECT count(DISTINCT table_name) = count(DISTINCT resource) AS a_table_each,
       count(*) FILTER (WHERE ordinal = 1) = count(DISTINCT table_name) AS a_first_column_each,
       bool_and(column_name = 'zone') FILTER (WHERE ordinal = 1) AS it_is_zone FROM dbaas_fdw_catalogue();
SELECT count(*) AS differ FROM dbaas_fdw_catalogue() c
FULL JOIN (SELECT relname, attname, attnum, format_type(atttypid, atttypmod) AS type
           FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
           WHERE relnamespace = 'exo'::regnamespace AND attnum > 0) AS a
ON relname = table_name AND attname = column_name AND attnum = ordinal AND type = data_type
WHERE table_name IS NULL OR relname IS NULL;
\pset format unaligned
SELECT table_name, ordinality, substring(read from '^\S+ \S+') AS read
FROM dbaas_fdw_catalogue(), unnest(reads) WITH ORDINALITY AS r (read)
WHERE ordinal = 1 AND table_name = ANY (:'tables') ORDER BY table_name COLLATE "C", ordinality;
SELECT table_name, insert, update, delete FROM dbaas_fdw_catalogue()
WHERE ordinal = 1 AND coalesce(insert, update, delete) IS NOT NULL AND table_name = ANY (:'tables') ORDER BY table_name COLLATE "C";
SELECT table_name, column_name, param, required, default_value, domain - 'minLength' AS domain FROM dbaas_fdw_catalogue()
WHERE param IS NOT NULL AND table_name = ANY (:'tables') ORDER BY table_name COLLATE "C", ordinal;
\pset format aligned
DROP VIEW stats;
