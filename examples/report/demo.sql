-- What the report of a simulated organisation is made from, after setup.sql:
-- a history of a week.  The metrics of the week are the API's.  That somebody
-- collected all the time, and a service that was rebuilt, are made up.

SELECT dbaas_fdw_views('exo');
SELECT dbaas_fdw_history('exo', 'hist');

INSERT INTO hist.services
SELECT (jsonb_populate_record(NULL::hist.services, to_jsonb(s) || '{"valid_from": "epoch"}')).*
FROM exo.dbaas_services AS s;
UPDATE hist.services SET valid_from = now() - interval '7 days';
CREATE TABLE hist.metrics_of_all PARTITION OF hist.metrics DEFAULT;
INSERT INTO hist.metrics
SELECT DISTINCT ON (zone, service_name, metric, node, time)
       zone, service_name, metric, node, time, value
FROM exo.dbaas_metrics WHERE period IN ('day', 'week') AND value IS NOT NULL
ORDER BY zone, service_name, metric, node, time, period;
INSERT INTO hist.cursors (zone, service_name, sampled)
SELECT zone, service_name, max(time) FROM hist.metrics GROUP BY zone, service_name;
ANALYZE;
INSERT INTO hist.runs (started_at, ended_at, requests, rows_added, failed, problems)
SELECT t, t + interval '2 seconds', 75, '{"services": 0, "metrics": 4320}', 0, '[]'
FROM generate_series(now() - interval '7 days', now(), interval '1 hour') AS t;

SELECT zone, name FROM hist.services
WHERE state = 'running' AND type = 'mysql' ORDER BY zone, name LIMIT 1 \gset
UPDATE hist.services SET valid_to = now() - interval '3 days'
WHERE zone = :'zone' AND name = :'name';
CREATE TEMPORARY TABLE rebuilt AS TABLE hist.services;
DELETE FROM rebuilt WHERE zone <> :'zone' OR name <> :'name';
UPDATE rebuilt SET state = 'rebuilding', valid_from = valid_to,
       valid_to = valid_to + interval '50 minutes';
INSERT INTO hist.services SELECT * FROM rebuilt;
UPDATE rebuilt SET state = 'running', valid_from = valid_to, valid_to = NULL;
INSERT INTO hist.services SELECT * FROM rebuilt;
