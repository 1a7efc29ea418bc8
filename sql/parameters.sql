-- Keys that are parameters of the request and not fields of the response, given by
-- a join or a subquery: the rows are right, whatever plan is chosen
\i test/connect.psql
\i test/model.psql
CREATE TABLE model.wanted (service text, period text, n bigint, sort_order text);
INSERT INTO model.wanted
SELECT name, CASE z WHEN 1 THEN 'day' WHEN 2 THEN 'hour' ELSE 'month' END, z + 1, CASE z WHEN 2 THEN 'asc' ELSE 'desc' END
FROM model.service WHERE i < 4;
ANALYZE model.wanted;
CREATE TABLE model.queries (id int, actual text, expected text);
INSERT INTO model.queries VALUES
(1, 'SELECT m.* FROM model.wanted w JOIN dbaas_metrics m ON m.service_name = w.service AND m.period = w.period',
    'SELECT m.* FROM wanted w JOIN metric m ON m.service_name = w.service AND m.period = w.period'),
(2, 'SELECT m.* FROM dbaas_metrics m WHERE service_name = ''pg-1-0001'' AND period IN (SELECT period FROM model.wanted)',
    'SELECT m.* FROM metric m WHERE service_name = ''pg-1-0001'' AND period IN (SELECT period FROM wanted)'),
(3, 'SELECT p.period, count(m.time) FROM (SELECT DISTINCT period FROM model.wanted) AS p
     LEFT JOIN dbaas_metrics m ON m.period = p.period AND m.service_name = ''mysql-1-0002'' AND m.metric = ''net_send'' GROUP BY 1',
    'SELECT p.period, count(m.time) FROM (SELECT DISTINCT period FROM wanted) AS p
     LEFT JOIN metric m ON m.period = p.period AND m.service_name = ''mysql-1-0002'' AND m.metric = ''net_send'' GROUP BY 1'),
(4, 'SELECT l.service_name, l.log_limit, count(*) FROM model.wanted w JOIN dbaas_logs l ON l.service_name = w.service AND l.log_limit = w.n GROUP BY 1, 2',
    'SELECT service, n, n AS count FROM wanted'),
(5, 'SELECT l.service_name, l.message FROM model.wanted w JOIN dbaas_logs l ON l.service_name = w.service AND l.sort_order = w.sort_order AND l.log_limit = 2',
    'SELECT l.service_name, l.message FROM wanted w JOIN log l ON l.service_name = w.service AND CASE w.sort_order WHEN ''asc'' THEN l.n < 2 ELSE l.n >= 1198 END'),
(6, 'SELECT l.message FROM (VALUES (cursor_at(''1/ch-gva-2/services/1'', 10)), (cursor_at(''1/ch-gva-2/services/1'', 3))) AS c (at)
     JOIN dbaas_logs l ON l.log_offset = c.at WHERE l.service_name = ''pg-1-0001''',
    'SELECT l.message FROM log l, (VALUES (10), (3)) AS c (at) WHERE l.service_name = ''pg-1-0001'' AND l.n < at');
UPDATE model.queries SET actual = replace(actual, 'cursor_at', 'model.cursor_at');
SELECT id, rows > 0 AS some, difference FROM model.queries, model.same(actual, expected) ORDER BY id;
SET enable_nestloop = off;
SELECT id, rows > 0 AS some, difference FROM model.queries, model.same(actual, expected) ORDER BY id;
RESET enable_nestloop;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT id, rows > 0 AS some, difference FROM model.queries, model.same(actual, expected) ORDER BY id;
RESET enable_hashjoin;
RESET enable_mergejoin;

-- A parameter that is not sent: the rows of each service end with its outcome
SELECT coalesce(message, 'end') AS entry, sort_order, log_limit, with_outcome, outcome->'ok' AS ok,
       next_offset = outcome->>'next_offset' AS same_cursor
FROM exo.dbaas_logs
WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND sort_order = 'asc' AND log_limit = 2 AND with_outcome;
SELECT count(*), count(outcome) FROM exo.dbaas_service_details
WHERE zone = 'ch-gva-2' AND (with_outcome OR with_outcome IS NULL);
EXPLAIN (COSTS OFF) SELECT * FROM exo.dbaas_metrics WHERE zone = 'ch-gva-2' AND with_outcome IS TRUE;
EXPLAIN (COSTS OFF) SELECT * FROM exo.dbaas_metrics WHERE zone = 'ch-gva-2' AND NOT with_outcome;
SELECT l.zone, named.service, l.outcome
FROM (VALUES ('pg-1-0001'), ('no-such'), ('')) AS named (service)
LEFT JOIN exo.dbaas_service_details l ON l.zone = 'ch-gva-2' AND l.service_name = named.service
  AND l.with_outcome AND l.outcome IS NOT NULL
ORDER BY 2;
SELECT service_name, metric, outcome FROM exo.dbaas_metrics
WHERE zone = 'ch-gva-2' AND service_name IN ('pg-1-0001', 'no-such') AND period = 'day' AND with_outcome
  AND (metric = 'none' OR outcome IS NOT NULL);
