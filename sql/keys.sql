-- Keys, in every form that a query can give them: the rows are those of the model
\i test/connect.psql
\i test/model.psql

-- Constants, on either side, of types like the column's
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name = 'pg'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE 'pg' = name AND zone = 'de-fra-1'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_plans WHERE service_type = 'kafka'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_plans WHERE service_type = 'kafka' AND name LIKE 'startup-%' AND node_cpu_count > 2$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = 'pg-1-0001'::varchar$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = 'pg-1-0001'::name$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name::varchar = 'pg-1-0001'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = 'pg-' || 1 || '-0001'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_integrations WHERE id = model.uuid_of('1/de-fra-1/integrations/3')$$,
                         $$SELECT * FROM dbaas_integrations WHERE id = uuid_of('1/de-fra-1/integrations/3')$$);

-- Zones: one, several, none of them, together with other keys
SELECT * FROM model.same($$SELECT * FROM dbaas_services WHERE zone = 'de-fra-1'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_services WHERE zone IN ('at-vie-1', 'ch-gva-2')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_services WHERE zone = ANY ('{at-vie-1,nowhere,NULL}')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_services WHERE zone = 'nowhere'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_services WHERE zone <> 'de-fra-1'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_services WHERE zone = 'de-fra-1' OR name = 'pg-1-0001'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_zones WHERE zone IN ('de-fra-1', 'nowhere')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_ca_certificates WHERE zone = 'at-vie-1'$$);

-- A service of one zone, asked for in another: nothing.  A name that is in every
-- zone: all of them
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = 'pg-1-0001' AND zone = 'ch-gva-2'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = 'pg-1-0001' AND zone = 'de-fra-1'$$);
SELECT * FROM model.same($$SELECT zone, service_name, n FROM (SELECT zone, service_name, count(*) AS n
  FROM dbaas_metrics WHERE service_name = 'shared-name' GROUP BY 1, 2) AS x$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_metrics WHERE service_name = 'shared-name' AND zone IN ('ch-gva-2', 'at-vie-1')
  AND metric = 'net_send'$$);

-- IN and = ANY: with repetitions, NULLs, unknown names, and without any value
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name IN ('pg-1-0001', 'mysql-2-0002', 'valkey-3-0005')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name IN ('pg-1-0001', 'pg-1-0001', 'no-such')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = ANY (ARRAY['pg-1-0001', NULL, 'pg-1-0001'])$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = ANY (ARRAY['pg-1-0001', 'mysql-1-0002']::varchar[])$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = ANY (ARRAY['pg-1-0001', 'mysql-1-0002']::name[])$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = ANY ('{}')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = ANY (NULL::text[])$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = ANY ('{NULL}')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = ANY ('{{pg-1-0001,pg-2-0001},{pg-3-0001,x}}')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name = ANY ('{pg,valkey,redis}') AND zone = ANY ('{ch-gva-2,de-fra-1}')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name <> ALL ('{pg-1-0001}')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = 'pg-1-0001' OR service_name = 'pg-2-0001'$$);

-- NULL
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = NULL$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = (SELECT NULL::text)$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name IS NULL$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE zone IS NOT NULL AND service_name IS NOT NULL$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_services WHERE zone = (SELECT NULL::text)$$);

-- Contradictions
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = 'pg-1-0001' AND service_name = 'pg-2-0001'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name IN ('pg-1-0001', 'pg-2-0001') AND service_name IN ('pg-2-0001', 'pg-3-0001')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_services WHERE zone = 'de-fra-1' AND zone = 'at-vie-1'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_services WHERE false$$);

-- Names that nothing has
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name = 'no-such'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_plans WHERE service_type = 'no-such'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_logs WHERE service_name = 'no-such'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_metrics WHERE service_name = 'no-such' AND zone = 'ch-gva-2'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_external_integrations WHERE service_name = 'no-such' AND zone = 'ch-gva-2'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_integrations WHERE id = '11111111-2222-4333-8444-555555555555'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_external_integrations WHERE id = '11111111-2222-4333-8444-555555555555'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_tasks WHERE id = '11111111-2222-4333-8444-555555555555'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_operations WHERE id = '11111111-2222-4333-8444-555555555555'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_integration_settings WHERE integration_type = 'logs' AND source_type = 'thanos' AND dest_type = 'pg'$$);

-- Values that cannot be, or should not be, a segment of a path reach no other one
CREATE TEMPORARY TABLE odd (id int, odd_value text);
INSERT INTO odd VALUES (1, ''), (2, '.'), (3, '..'), (4, '/'), (5, 'pg/'), (6, '../dbaas-service'),
  (7, 'pg%2F..'), (8, '..%2Fdbaas-service'), (9, '%2e%2e'), (10, 'pg?x=1'), (11, 'pg#'), (12, ' pg'),
  (13, 'pg '), (14, 'it''s "quoted"'), (15, E'tab\tand\nnewline'), (16, 'été-日本-😀'), (17, '{zone}'),
  (18, '%'), (19, '%00'), (20, 'pg;x'), (21, 'PG'), (22, repeat('a', 63)), (23, repeat('a', 64)),
  (24, repeat('é', 63)), (25, '\'), (26, '%s%n'), (27, 'a&b=c'), (28, '@'), (29, E'\x01');
SELECT count(*) AS values,
       sum((SELECT count(*) FROM exo.dbaas_service_types WHERE name = odd_value)) AS types,
       sum((SELECT count(*) FROM exo.dbaas_plans WHERE service_type = odd_value)) AS plans,
       sum((SELECT count(*) FROM exo.dbaas_logs WHERE service_name = odd_value AND zone = 'ch-gva-2')) AS logs,
       sum((SELECT count(*) FROM exo.dbaas_metrics WHERE service_name = odd_value)) AS metrics,
       sum((SELECT count(*) FROM exo.dbaas_migrations WHERE service_name = odd_value AND zone = 'ch-gva-2')) AS migrations,
       sum((SELECT count(*) FROM exo.dbaas_external_integrations WHERE service_name = odd_value AND zone = 'ch-gva-2')) AS external,
       sum((SELECT count(*) FROM exo.dbaas_services WHERE zone = odd_value)) AS services
FROM odd;
SELECT sum((SELECT count(*) FROM exo.dbaas_integration_settings
            WHERE integration_type = odd_value AND source_type = 'grafana' AND dest_type = 'pg')) AS first,
       sum((SELECT count(*) FROM exo.dbaas_integration_settings
            WHERE integration_type = 'datasource' AND source_type = odd_value AND dest_type = 'pg')) AS second,
       sum((SELECT count(*) FROM exo.dbaas_integration_settings
            WHERE integration_type = 'datasource' AND source_type = 'grafana' AND dest_type = odd_value)) AS third,
       sum((SELECT count(*) FROM exo.dbaas_tasks WHERE zone = 'ch-gva-2' AND service_name = odd_value AND
            id = model.uuid_of('1/ch-gva-2/services/1/tasks/1'))) AS tasks
FROM odd;
SELECT count(*) FROM exo.dbaas_migrations WHERE service_name = ANY (ARRAY(SELECT odd_value FROM odd));
SELECT count(*) FROM exo.dbaas_service_types WHERE name = repeat('x', 5000);

-- Other operators and collations filter, and push nothing wrong
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name > 'pg'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name ~ '^p'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE lower(name) = 'pg'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name = 'pg' COLLATE "C"$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name::char(2) = 'pg'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name = 'pg '::char(5)$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE NOT name = 'pg'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE (name = 'pg') IS NOT FALSE$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name = description$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name = zone$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_integrations WHERE id::text = '$$ ||
                         model.uuid_of('1/ch-gva-2/integrations/2') || $$'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_service_types WHERE name = CASE WHEN random() < 2 THEN 'pg' END$$);

-- Integration settings: three keys, any of which may be left out
SELECT * FROM model.same($$SELECT * FROM dbaas_integration_settings WHERE integration_type = 'logs'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_integration_settings WHERE source_type = 'grafana'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_integration_settings WHERE dest_type = 'thanos' AND zone = 'de-fra-1'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_integration_settings WHERE integration_type = 'metrics' AND source_type IN ('pg', 'kafka', 'thanos')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_integration_settings WHERE integration_type = 'logs' AND source_type = 'pg' AND dest_type = 'opensearch' AND zone = 'ch-gva-2'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_integration_settings WHERE integration_type = ANY ('{logs,metrics}') AND source_type = ANY ('{pg,mysql}') AND dest_type = ANY ('{opensearch,thanos}')$$);

-- External integrations: by id, by service, by both, by neither
SELECT * FROM model.same($$SELECT * FROM dbaas_external_integrations WHERE service_name IN ('pg-1-0001', 'valkey-2-0005')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_external_integrations WHERE id = '$$ ||
                         model.uuid_of('1/de-fra-1/external-integrations/1/2') || $$'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_external_integrations WHERE service_name = 'pg-2-0001' AND id = '$$ ||
                         model.uuid_of('1/de-fra-1/external-integrations/1/2') || $$'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_external_integrations WHERE service_name = 'pg-1-0001' AND id = '$$ ||
                         model.uuid_of('1/de-fra-1/external-integrations/1/2') || $$'$$);

-- Tasks and operations: the id has to be given, what else is given narrows
SELECT * FROM exo.dbaas_tasks;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM exo.dbaas_tasks WHERE service_name = 'pg-1-0001';
SELECT count(*) FROM exo.dbaas_operations WHERE zone = 'ch-gva-2';
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM exo.dbaas_operations WHERE id::text = '11111111-2222-4333-8444-555555555555';
SELECT * FROM exo.dbaas_operations WHERE id = '11111111-2222-4333-8444-555555555555';
SELECT * FROM exo.dbaas_operations WHERE id = NULL::uuid;
SELECT * FROM exo.dbaas_operations WHERE id = ANY ('{}'::uuid[]);
SELECT * FROM model.same($$SELECT * FROM dbaas_tasks WHERE service_name = 'pg-1-0001' AND id = '$$ ||
                         model.uuid_of('1/ch-gva-2/services/1/tasks/1') || $$'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_tasks WHERE service_name = 'mysql-1-0002' AND id = '$$ ||
                         model.uuid_of('1/ch-gva-2/services/1/tasks/1') || $$'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_tasks WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND id = '$$ ||
                         model.uuid_of('1/ch-gva-2/services/1/tasks/1') || $$'$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_operations WHERE zone = 'de-fra-1' AND id = '$$ ||
                         model.uuid_of('1/ch-gva-2/operations/2') || $$'$$);
SELECT zone, state, reason, message, reference_link, reference_command
FROM exo.dbaas_operations WHERE id = model.uuid_of('1/ch-gva-2/operations/2');

-- Prepared statements, with custom and with generic plans
PREPARE types(text) AS SELECT * FROM exo.dbaas_service_types WHERE name = $1;
PREPARE migrations(text[], text) AS SELECT * FROM exo.dbaas_migrations WHERE service_name = ANY ($1) AND zone = $2;
PREPARE listed(text, text) AS SELECT * FROM exo.dbaas_migrations WHERE service_name IN ($1, $2);
PREPARE integration(uuid) AS SELECT * FROM exo.dbaas_integrations WHERE id = $1;
PREPARE operation(uuid) AS SELECT state FROM exo.dbaas_operations WHERE id = $1;
SET plan_cache_mode = force_custom_plan;
SELECT * FROM model.same($$EXECUTE types('pg')$$, $$SELECT * FROM dbaas_service_types WHERE name = 'pg'$$);
SELECT * FROM model.same($$EXECUTE types(NULL)$$, $$SELECT * FROM dbaas_service_types WHERE name = NULL$$);
SELECT * FROM model.same($$EXECUTE migrations('{pg-1-0001,mysql-1-0002}', 'ch-gva-2')$$,
  $$SELECT * FROM dbaas_migrations WHERE service_name IN ('pg-1-0001', 'mysql-1-0002')$$);
SELECT * FROM model.same($$EXECUTE listed('pg-1-0001', 'pg-2-0001')$$,
  $$SELECT * FROM dbaas_migrations WHERE service_name IN ('pg-1-0001', 'pg-2-0001')$$);
SET plan_cache_mode = force_generic_plan;
SELECT * FROM model.same($$EXECUTE types('pg')$$, $$SELECT * FROM dbaas_service_types WHERE name = 'pg'$$);
SELECT * FROM model.same($$EXECUTE types('kafka')$$, $$SELECT * FROM dbaas_service_types WHERE name = 'kafka'$$);
SELECT * FROM model.same($$EXECUTE types('no-such')$$, $$SELECT * FROM dbaas_service_types WHERE name = 'no-such'$$);
SELECT * FROM model.same($$EXECUTE types(NULL)$$, $$SELECT * FROM dbaas_service_types WHERE name = NULL$$);
SELECT * FROM model.same($$EXECUTE migrations('{pg-1-0001,mysql-1-0002}', 'ch-gva-2')$$,
  $$SELECT * FROM dbaas_migrations WHERE service_name IN ('pg-1-0001', 'mysql-1-0002')$$);
SELECT * FROM model.same($$EXECUTE migrations('{pg-2-0001}', 'de-fra-1')$$,
  $$SELECT * FROM dbaas_migrations WHERE service_name = 'pg-2-0001'$$);
SELECT * FROM model.same($$EXECUTE migrations('{}', 'de-fra-1')$$, $$SELECT * FROM dbaas_migrations WHERE false$$);
SELECT * FROM model.same($$EXECUTE migrations(NULL, 'de-fra-1')$$, $$SELECT * FROM dbaas_migrations WHERE false$$);
SELECT * FROM model.same($$EXECUTE migrations('{pg-2-0001}', NULL)$$, $$SELECT * FROM dbaas_migrations WHERE false$$);
SELECT * FROM model.same($$EXECUTE listed('pg-1-0001', 'pg-2-0001')$$,
  $$SELECT * FROM dbaas_migrations WHERE service_name IN ('pg-1-0001', 'pg-2-0001')$$);
SELECT * FROM model.same($$EXECUTE listed('pg-3-0001', NULL)$$,
  $$SELECT * FROM dbaas_migrations WHERE service_name = 'pg-3-0001'$$);
SELECT * FROM model.same(format($$EXECUTE integration(%L)$$, model.uuid_of('1/at-vie-1/integrations/4')),
  $$SELECT * FROM dbaas_integrations WHERE id = uuid_of('1/at-vie-1/integrations/4')$$);
EXECUTE operation(model.uuid_of('1/ch-gva-2/operations/1'));
EXECUTE operation(NULL);
RESET plan_cache_mode;

-- Keys from subqueries
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = (SELECT min(name COLLATE "C") FROM dbaas_services WHERE type = 'pg')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE zone = (SELECT zone FROM dbaas_zones WHERE zone LIKE 'de%')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name = ANY (ARRAY(SELECT name FROM dbaas_services WHERE type = 'mysql'))$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name IN (SELECT name FROM dbaas_services WHERE state = 'running')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations m WHERE EXISTS (SELECT FROM dbaas_services s WHERE s.zone = m.zone AND s.name = m.service_name AND s.type = 'pg')$$);
SELECT * FROM model.same($$SELECT * FROM dbaas_migrations WHERE service_name NOT IN (SELECT name FROM dbaas_services WHERE type = 'pg')$$);

-- Keys from joins, in whatever way they are joined
CREATE TABLE model.inventory (zone text, service text, team text);
INSERT INTO model.inventory
SELECT zone, name, 'team ' || i % 3 FROM model.service WHERE i IN (1, 2, 5, 16, 20)
UNION ALL VALUES ('ch-gva-2', 'gone', 'team 0'), ('ch-gva-2', NULL, 'team 1'), (NULL, 'pg-1-0001', 'team 2');
ANALYZE model.inventory;
CREATE TEMPORARY TABLE join_queries (id int, query text);
INSERT INTO join_queries VALUES
(1, 'SELECT i.*, m.zone AS m_zone, service_name, status, method, error, details FROM model.inventory i JOIN dbaas_migrations m ON m.service_name = i.service'),
(2, 'SELECT i.*, m.zone AS m_zone, service_name, status, method, error, details FROM model.inventory i JOIN dbaas_migrations m ON m.service_name = i.service AND m.zone = i.zone'),
(3, 'SELECT i.*, m.zone AS m_zone, service_name, status, method, error, details FROM model.inventory i LEFT JOIN dbaas_migrations m ON m.service_name = i.service AND m.zone = i.zone'),
(4, 'SELECT i.*, m.zone AS m_zone, service_name, status, method, error, details FROM model.inventory i FULL JOIN dbaas_migrations m ON m.service_name = i.service AND m.zone = i.zone'),
(5, 'SELECT i.team, x.* FROM model.inventory i CROSS JOIN LATERAL
     (SELECT metric, min(value), max(value), count(*) FROM dbaas_metrics WHERE service_name = i.service AND zone = i.zone GROUP BY 1) AS x'),
(6, 'SELECT t.*, p.name AS plan_name, p.authorized FROM dbaas_service_types t JOIN dbaas_plans p ON p.service_type = t.name AND p.zone = t.zone'),
(7, 'SELECT s.name, s.integrations, x.* FROM dbaas_services s JOIN dbaas_external_integrations x ON x.service_name = s.name AND x.zone = s.zone'),
(8, 'SELECT s.state, i.* FROM dbaas_integrations i JOIN dbaas_services s ON s.name = i.source AND s.zone = i.zone'),
(9, 'SELECT a.zone, a.name, b.zone AS zone_b FROM dbaas_services a JOIN dbaas_services b USING (name) WHERE a.zone < b.zone COLLATE "C"'),
(10, 'SELECT i.team, o.state FROM model.inventory i JOIN dbaas_operations o ON o.id = model.uuid_of(''1/'' || i.zone || ''/operations/2'')'),
(11, 'SELECT t.* FROM (SELECT DISTINCT zone FROM model.inventory) AS i JOIN dbaas_tasks t ON t.zone = i.zone AND t.id = model.uuid_of(''1/'' || i.zone || ''/services/1/tasks/1'')'),
(12, 'SELECT i.service, (SELECT status FROM dbaas_migrations m WHERE m.service_name = i.service AND m.zone = i.zone) FROM model.inventory i');
SELECT id, rows, difference FROM join_queries, model.same(query) ORDER BY id;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT id, rows, difference FROM join_queries, model.same(query) WHERE id <> 4 ORDER BY id;
SET enable_nestloop = off;
RESET enable_hashjoin;
SELECT id, rows, difference FROM join_queries, model.same(query) WHERE id NOT IN (10, 11) ORDER BY id;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_nestloop;
