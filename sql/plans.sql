-- What the planner pushes, as EXPLAIN shows it, and that the rows are right
--
-- Plans differ a little between majors, so only these lines are shown: the
-- kinds of nodes, and what the wrapper says.
\i test/connect.psql
\i test/model.psql
SET jit = off;
CREATE FUNCTION model.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ '^\s*(->  )?(Async )?Foreign Scan|^\s*(Request|For Each Of|Keys|Zones|Stop At|Order|Limit):' OR
		   line ~ '^\s*(->  )?(Limit|Sort|Incremental Sort|Merge Append|Append|Unique|(Group|Hash)?Aggregate|Nested Loop|Hash|Merge)\y' THEN
			-- The names of parameters
			line := regexp_replace(line, '\$\d+|\((InitPlan|SubPlan) \d+\)(\.col\d+)?', '$N', 'g');
			RETURN NEXT regexp_replace(line, '^\s*(->  )?', repeat(' ', length(substring(line FROM '^ *')) / 2));
		END IF;
	END LOOP;
END
$$;
CREATE TABLE model.inventory AS SELECT zone, name, n FROM (VALUES ('ch-gva-2', 'pg-1-0001', 1), ('de-fra-1', 'mysql-2-0002', 2), ('at-vie-1', 'none', 3)) AS v (zone, name, n);
ANALYZE model.inventory;

-- Keys
SELECT model.plan('SELECT * FROM exo.dbaas_migrations WHERE service_name = ''pg-1-0001''');
SELECT model.plan('SELECT * FROM exo.dbaas_migrations WHERE zone = ''ch-gva-2'' AND service_name IN (''a'', ''b'')');
SELECT model.plan('SELECT * FROM exo.dbaas_migrations WHERE zone = ''ch-gva-2'' AND service_name = ANY (ARRAY(SELECT name FROM model.inventory))');
SELECT model.plan('SELECT * FROM exo.dbaas_migrations WHERE status = ''done''');
SELECT model.plan('SELECT * FROM exo.dbaas_migrations WHERE service_name = ''pg-1-0001'' OR status = ''done''');
SELECT model.plan('SELECT * FROM exo.dbaas_external_integrations WHERE id = ''11111111-2222-4333-8444-555555555555''');
SELECT model.plan('SELECT * FROM exo.dbaas_external_integrations WHERE service_name = ''pg-1-0001''');
SELECT model.plan('SELECT * FROM exo.dbaas_integration_settings WHERE integration_type = ''logs''');
SELECT model.plan('SELECT * FROM exo.dbaas_plans WHERE service_type = ''pg''');
SELECT model.plan('SELECT * FROM exo.dbaas_plans WHERE name = ''hobbyist-2''');
SELECT model.plan('SELECT * FROM exo.dbaas_integrations WHERE id = ''11111111-2222-4333-8444-555555555555''');
SELECT model.plan('SELECT * FROM exo.dbaas_integrations WHERE source = ''kafka-1-0003''');

-- Logs: order, limit, bound
\set logs 'SELECT time FROM exo.dbaas_logs WHERE service_name = ''pg-1-0001'' AND zone = ''ch-gva-2'''
SELECT model.plan(:'logs');
SELECT model.plan(:'logs' || ' ORDER BY time');
SELECT model.plan(:'logs' || ' ORDER BY time DESC');
SELECT model.plan(:'logs' || ' ORDER BY time DESC NULLS LAST');
SELECT model.plan(:'logs' || ' LIMIT 3');
SELECT model.plan(:'logs' || ' ORDER BY time DESC LIMIT 3');
SELECT model.plan(:'logs' || ' ORDER BY time DESC LIMIT 3 OFFSET 4');
SELECT model.plan(:'logs' || ' AND message LIKE ''x%'' ORDER BY time DESC LIMIT 3');
SELECT model.plan(:'logs' || ' AND time >= ''2026-01-01 00:00:00+00'' ORDER BY time LIMIT 3');
SELECT model.plan(:'logs' || ' AND time < ''2026-01-01 00:00:00+00'' ORDER BY time LIMIT 3');
SELECT model.plan(:'logs' || ' AND time BETWEEN ''2026-01-01 00:00:00+00'' AND ''2026-01-01 00:01:00+00''');
SELECT model.plan(:'logs' || ' AND sort_order = ''asc'' ORDER BY time LIMIT 3');
SELECT model.plan(:'logs' || ' AND log_limit = 5 ORDER BY time DESC LIMIT 3');
SELECT model.plan(:'logs' || ' ORDER BY message LIMIT 3');
SELECT model.plan('SELECT time FROM exo.dbaas_logs WHERE service_name IN (''pg-1-0001'', ''mysql-1-0002'') AND zone = ''ch-gva-2'' ORDER BY time DESC');
SELECT model.plan('SELECT time FROM exo.dbaas_logs ORDER BY time DESC LIMIT 3');
SELECT model.plan('SELECT count(*) FROM exo.dbaas_logs WHERE service_name = ''pg-1-0001'' LIMIT 3');

-- LATERAL
SELECT model.plan('SELECT i.name, l.time FROM model.inventory i, LATERAL (SELECT time FROM exo.dbaas_logs WHERE zone = i.zone AND service_name = i.name ORDER BY time DESC LIMIT 2) l');
SELECT model.plan('SELECT i.name, m.status FROM model.inventory i JOIN exo.dbaas_migrations m ON m.zone = i.zone AND m.service_name = i.name');

-- Parameters
PREPARE newest(text, timestamptz, bigint) AS SELECT time FROM exo.dbaas_logs
WHERE zone = 'ch-gva-2' AND service_name = $1 AND time > $2 ORDER BY time DESC LIMIT $3;
SET plan_cache_mode = force_generic_plan;
SELECT model.plan('EXECUTE newest(''pg-1-0001'', now(), 3)');
SET plan_cache_mode = force_custom_plan;
SELECT model.plan('EXECUTE newest(''pg-1-0001'', ''2026-01-01 00:00:00+00'', 3)');
RESET plan_cache_mode;

-- Append
SELECT model.plan('SELECT name FROM exo.dbaas_services UNION ALL SELECT name FROM exo.dbaas_service_types');
ALTER SERVER exoscale OPTIONS (ADD async_capable 'false');
SELECT model.plan('SELECT name FROM exo.dbaas_services UNION ALL SELECT name FROM exo.dbaas_service_types');
ALTER SERVER exoscale OPTIONS (SET async_capable 'maybe');
ALTER SERVER exoscale OPTIONS (DROP async_capable);

-- The rows are right
CREATE TABLE model.checked (id int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO model.checked (query) VALUES
('SELECT time, message FROM dbaas_logs WHERE service_name = ''pg-1-0001'' ORDER BY time LIMIT 3'),
('SELECT time, message FROM dbaas_logs WHERE service_name = ''pg-1-0001'' ORDER BY time DESC LIMIT 510 OFFSET 20'),
('SELECT time, message FROM dbaas_logs WHERE service_name = ''pg-1-0001'' AND time > ''2026-01-01 00:05:00+00'' ORDER BY time LIMIT 5'),
('SELECT time, message FROM dbaas_logs WHERE service_name IN (''pg-1-0001'', ''kafka-3-0003'', ''mysql-2-0002'') AND time > ''2026-01-01 00:05:00+00''::timestamptz ORDER BY time DESC LIMIT 700'),
('SELECT time, service_name, message FROM dbaas_logs WHERE service_name LIKE ''%-0009'' AND unit = ''cron'' AND time BETWEEN ''2026-01-01 00:05:00+00'' AND ''2026-01-01 00:06:00+00'' ORDER BY time'),
('SELECT i.name, l.time, l.message FROM model.inventory i, LATERAL (SELECT time, message FROM dbaas_logs WHERE zone = i.zone AND service_name = i.name ORDER BY time DESC LIMIT 2) l'),
('SELECT i.name, l.time, l.message FROM model.inventory i LEFT JOIN LATERAL (SELECT time, message FROM dbaas_logs WHERE zone = i.zone AND service_name = i.name ORDER BY time LIMIT i.n) l ON true'),
('SELECT i.name, s.state FROM model.inventory i LEFT JOIN dbaas_services s ON s.zone = i.zone AND s.name = i.name'),
('SELECT i.name, m.status FROM model.inventory i JOIN dbaas_migrations m ON m.service_name = i.name'),
('SELECT service_name, status FROM dbaas_migrations WHERE service_name = ANY (ARRAY(SELECT name FROM model.inventory))'),
('SELECT t.zone, t.name AS type, p.name FROM dbaas_service_types t JOIN dbaas_plans p ON p.zone = t.zone AND p.service_type = t.name'),
('SELECT zone, name FROM dbaas_services UNION ALL SELECT zone, service_name FROM dbaas_migrations');
SELECT id, rows, difference FROM model.checked, model.same(query) ORDER BY id;

-- In the order that was asked for: numbers of the entries
SELECT string_agg(split_part(message, ' ', 2), ' ') FROM (SELECT message FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' ORDER BY time LIMIT 5) AS x;
SELECT string_agg(split_part(message, ' ', 2), ' ') FROM (SELECT message FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' ORDER BY time DESC LIMIT 5) AS x;
SELECT bool_and(ordered), count(*) FROM (SELECT time >= lag(time) OVER () AS ordered FROM
  (SELECT time FROM exo.dbaas_logs WHERE service_name IN ('pg-1-0001', 'kafka-3-0003', 'shared-name') ORDER BY time) AS x) AS y;
SELECT bool_and(ordered), count(*) FROM (SELECT time <= lag(time) OVER () AS ordered FROM
  (SELECT time FROM exo.dbaas_logs WHERE service_name IN ('pg-1-0001', 'kafka-3-0003', 'shared-name') ORDER BY time DESC) AS x) AS y;
