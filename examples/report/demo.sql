-- What the report of a simulated organisation is made from, after setup.sql:
-- a history of a week.  The metrics of the week are the API's.  That somebody
-- collected all the time, and a service that was rebuilt, are made up.

SELECT dbaas_fdw_views('exo');
SELECT dbaas_fdw_history('exo', 'hist');
UPDATE hist.keep SET first = '8 days' WHERE relation = 'metrics';
CALL dbaas_fdw_collect('hist');

UPDATE hist.services SET valid_from = valid_from - interval '7 days';
UPDATE hist.details SET valid_from = valid_from - interval '7 days';
UPDATE hist.integrations SET valid_from = valid_from - interval '7 days';
INSERT INTO hist.runs (started_at, ended_at, requests, rows_added, failed, problems)
SELECT t, t + interval '2 seconds', 75, '{"services": 0, "metrics": 4320}', 0, '[]'
FROM generate_series(now() - interval '7 days', now() - interval '1 hour', interval '1 hour') AS t;

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

-- And what somebody changed just now
UPDATE exo.dbaas_services SET plan = 'business-4'
WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001';
UPDATE exo.dbaas_services SET termination_protection = false
WHERE zone = 'de-fra-1' AND name = 'kafka-2-0003';
UPDATE exo.dbaas_service_details SET ip_filter = '{192.0.2.0/24,203.0.113.7/32}'
WHERE zone = 'ch-gva-2' AND service_name = 'mysql-1-0002';
UPDATE hist.keep SET every = '0';
CALL dbaas_fdw_collect('hist');
