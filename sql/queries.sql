-- Queries of every kind give the same rows with foreign tables as with local ones
\i test/connect.psql
\i test/model.psql
CREATE TABLE model.queries (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO model.queries (query) VALUES
-- Aggregates, DISTINCT, grouping sets, window functions, ordered sets
('SELECT zone, type, count(*), sum(node_count), min(created_at), bool_or(termination_protection) FROM dbaas_services GROUP BY 1, 2'),
('SELECT zone, state, count(*) FROM dbaas_services GROUP BY ROLLUP (zone, state)'),
('SELECT DISTINCT plan, state FROM dbaas_services'),
('SELECT DISTINCT ON (zone) zone, name FROM dbaas_services ORDER BY zone, created_at'),
('SELECT zone, name, rank() OVER (PARTITION BY zone ORDER BY created_at), lag(name) OVER (PARTITION BY zone ORDER BY created_at) FROM dbaas_services'),
('SELECT metric, node, percentile_cont(0.5) WITHIN GROUP (ORDER BY value), count(value) FROM dbaas_metrics WHERE service_name = ''kafka-1-0003'' GROUP BY 1, 2'),
('SELECT type, jsonb_agg(name ORDER BY name) AS names FROM dbaas_services WHERE zone = ''ch-gva-2'' GROUP BY type HAVING count(*) > 2'),
('SELECT count(*) FROM dbaas_services WHERE false'),
('SELECT zone, name FROM dbaas_services ORDER BY created_at LIMIT 7'),
('SELECT zone, name FROM dbaas_services ORDER BY created_at DESC OFFSET 3 FETCH FIRST 5 ROWS WITH TIES'),
-- Set operations, CTEs, recursion
('SELECT name FROM dbaas_services UNION ALL SELECT name FROM dbaas_service_types'),
('SELECT name FROM dbaas_services UNION SELECT service_name FROM dbaas_migrations'),
('SELECT service_name FROM dbaas_migrations INTERSECT SELECT service_name FROM dbaas_external_integrations'),
('SELECT name FROM dbaas_services EXCEPT SELECT service_name FROM dbaas_migrations'),
('WITH s AS MATERIALIZED (SELECT * FROM dbaas_services) SELECT a.name, count(*) AS n FROM s a JOIN s b USING (type) GROUP BY a.name'),
('WITH RECURSIVE chain (zone, name, depth) AS (
    SELECT zone, name, 0 FROM dbaas_services WHERE type = ''kafka''
    UNION ALL SELECT i.zone, i.dest, depth + 1 FROM chain c JOIN dbaas_integrations i ON i.zone = c.zone AND i.source = c.name)
  SELECT * FROM chain'),
-- Subqueries: correlated ones are scanned again and again
('SELECT zone, name, (SELECT count(*) FROM dbaas_integrations i WHERE i.zone = s.zone AND i.source = s.name) AS n FROM dbaas_services s'),
('SELECT zone, name FROM dbaas_services s WHERE EXISTS (SELECT FROM dbaas_integrations i WHERE i.zone = s.zone AND s.name IN (i.source, i.dest))'),
('SELECT zone, name FROM dbaas_services s WHERE NOT EXISTS (SELECT FROM dbaas_migrations m WHERE m.zone = s.zone AND m.service_name = s.name)'),
('SELECT zone, name FROM dbaas_services s WHERE created_at = (SELECT max(created_at) FROM dbaas_services x WHERE x.zone = s.zone)'),
('SELECT name, (SELECT status FROM dbaas_migrations m WHERE m.service_name = s.name AND m.zone = s.zone) AS status FROM dbaas_services s WHERE zone = ''de-fra-1'''),
('SELECT zone, name FROM dbaas_services WHERE (zone, plan) IN (SELECT zone, name FROM dbaas_plans WHERE service_type = ''pg'' AND authorized)'),
('SELECT x.zone, x.name, p.* FROM dbaas_services x, LATERAL (SELECT node_memory AS plan_memory, family FROM dbaas_plans p
  WHERE p.zone = x.zone AND p.service_type = x.type AND p.name = x.plan) AS p'),
('SELECT g, (SELECT count(*) FROM dbaas_services WHERE node_count = g) AS n FROM generate_series(0, 4) AS g'),
-- Outer joins of foreign tables, and joins of one with itself
('SELECT s.zone, s.name, m.status, x.id FROM dbaas_services s
  LEFT JOIN dbaas_migrations m ON m.zone = s.zone AND m.service_name = s.name
  LEFT JOIN dbaas_external_integrations x ON x.zone = s.zone AND x.service_name = s.name'),
('SELECT a.zone, a.name, b.name AS next FROM dbaas_services a JOIN dbaas_services b ON a.zone = b.zone AND b.created_at < a.created_at'),
('SELECT z.zone, count(e.id) FROM dbaas_zones z LEFT JOIN dbaas_external_endpoints e ON e.zone = z.zone AND e.type = ''datadog'' GROUP BY 1'),
-- jsonb and arrays
('SELECT name, n->>''level'' AS level, (n#>>''{metadata,days-left}'')::int AS days FROM dbaas_services, jsonb_array_elements(notifications) AS n'),
('SELECT t.name, v FROM dbaas_service_types t, unnest(available_versions) AS v WHERE zone = ''de-fra-1'''),
('SELECT name FROM dbaas_plans WHERE zone = ANY (zones) AND backup_config @> ''{"recovery-mode":"pitr"}''');

SELECT id, rows, difference FROM model.queries, model.same(query) ORDER BY id;

-- The same without hashes and merges, then without loops
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_hashagg = off;
SET enable_material = off; SET enable_memoize = off;
SELECT count(*) AS queries, string_agg(id || ': ' || difference, E'\n') AS difference FROM model.queries, model.same(query);
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_hashagg;
SET enable_nestloop = off; SET enable_hashjoin = off;
SELECT count(*) AS queries, string_agg(id || ': ' || difference, E'\n') AS difference FROM model.queries, model.same(query);
RESET enable_nestloop; RESET enable_hashjoin;
RESET enable_material; RESET enable_memoize;

-- Cursors: some rows, two at once, one that outlives its transaction, one that scrolls
BEGIN;
DECLARE c CURSOR FOR SELECT substr(message, 1, 20) AS message FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001';
DECLARE d CURSOR FOR SELECT substr(message, 1, 20) AS message FROM exo.dbaas_logs
  WHERE service_name = 'pg-1-0001' AND sort_order = 'asc';
FETCH 2 FROM c;
FETCH 2 FROM d;
MOVE 497 IN c;
FETCH 2 FROM c;
FETCH 1 FROM d;
SELECT count(*) FROM exo.dbaas_services;
CLOSE c;
MOVE ALL IN d;
FETCH 1 FROM d;
COMMIT;
BEGIN;
DECLARE s SCROLL CURSOR FOR SELECT substr(message, 1, 20) AS message FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001';
FETCH ABSOLUTE 600 FROM s;
FETCH PRIOR FROM s;
FETCH FIRST FROM s;
FETCH LAST FROM s;
FETCH ABSOLUTE -1200 FROM s;
COMMIT;
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT substr(message, 1, 20) AS message FROM exo.dbaas_logs
  WHERE service_name = 'pg-1-0001' LIMIT 510;
FETCH 1 FROM h;
COMMIT;
FETCH 1 FROM h;
MOVE 506 IN h;
FETCH ALL FROM h;
CLOSE h;

-- A cursor goes on after an error that a savepoint contains
BEGIN;
DECLARE c CURSOR FOR SELECT substr(message, 1, 20) AS message FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001';
FETCH 1 FROM c;
SAVEPOINT a;
SELECT count(*) FROM exo.dbaas_operations;
ROLLBACK TO a;
FETCH 1 FROM c;
SAVEPOINT b;
MOVE 600 IN c;
RELEASE b;
FETCH 1 FROM c;
ROLLBACK;

-- Connections that are closed while a cursor uses them serve it to its end
BEGIN;
DECLARE c CURSOR FOR SELECT substr(message, 1, 20) AS message FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001';
FETCH 1 FROM c;
SELECT dbaas_fdw_disconnect('exoscale');
MOVE 1198 IN c;
FETCH ALL FROM c;
COMMIT;

-- PL/pgSQL: loops, and a scan that is left early
DO $$
DECLARE
	r record;
	n int := 0;
BEGIN
	FOR r IN SELECT s.zone, s.name FROM exo.dbaas_services s WHERE s.type = 'pg' LOOP
		n := n + (SELECT count(*) FROM exo.dbaas_migrations m WHERE m.zone = r.zone AND m.service_name = r.name);
	END LOOP;
	RAISE NOTICE '% migrations to pg services', n;
	n := 0;
	FOR r IN SELECT * FROM exo.dbaas_logs WHERE service_name = 'shared-name' LOOP
		n := n + 1;
		EXIT WHEN n = 1300;
	END LOOP;
	RAISE NOTICE '% entries', n;
END
$$;

-- Into other places
CREATE TEMPORARY TABLE copied AS SELECT * FROM exo.dbaas_plans;
SELECT count(*) FROM copied;
INSERT INTO copied SELECT * FROM exo.dbaas_plans WHERE service_type = 'pg' AND zone = 'ch-gva-2';
UPDATE copied c SET family = t.description FROM exo.dbaas_service_types t
WHERE t.name = c.service_type AND t.zone = c.zone AND t.name = 'valkey';
SELECT family, count(*) FROM copied WHERE service_type = 'valkey' GROUP BY 1;
DELETE FROM copied USING exo.dbaas_services s WHERE s.zone = copied.zone AND s.type = copied.service_type;
SELECT count(*) FROM copied;
COPY (SELECT zone, name FROM exo.dbaas_external_endpoints WHERE type = 'datadog' ORDER BY zone) TO STDOUT;
CREATE MATERIALIZED VIEW model.kept AS SELECT zone, count(*) AS n FROM exo.dbaas_services GROUP BY 1;
REFRESH MATERIALIZED VIEW model.kept;
SELECT * FROM model.kept ORDER BY zone;
