-- External endpoints: made, changed and deleted; what services send to them.
\i test/connect.psql
\pset format unaligned
SET search_path = exo;

SELECT * FROM dbaas_external_endpoint_types WHERE zone = 'ch-gva-2';

-- An endpoint of each type.  What its read lacks, and what the API adds, is not the INSERT's.
-- That whose id is shown below is sent by itself: it is always the first
INSERT INTO dbaas_external_endpoints (zone, name, type, settings) VALUES
('ch-gva-2', 'sys', 'rsyslog', '{"server": "logs.test", "port": 514, "tls": true, "format": "rfc3164", "key": "S3CRET", "cert": "S3CRET"}');
INSERT INTO dbaas_external_endpoints (zone, name, type, settings) VALUES
('ch-gva-2', 'dog', 'datadog', '{"datadog-api-key": "S3CRET", "site": "datadoghq.eu"}'),
('ch-gva-2', 'es', 'elasticsearch', '{"url": "https://es.test", "index-prefix": "logs", "ca": "S3CRET"}'),
('ch-gva-2', 'os', 'opensearch', '{"url": "https://u:S3CRET@os.test", "index-prefix": "logs"}'),
('ch-gva-2', 'prom', 'prometheus', '{}');
SELECT name, type, settings FROM dbaas_external_endpoints WHERE name !~ '-' ORDER BY 1;

-- RETURNING tells the id, and what the API says of it
INSERT INTO dbaas_external_endpoints (zone, name, type, settings)
VALUES ('de-fra-1', 'returned', 'prometheus', '{"basic-auth-username": "scraper", "basic-auth-password": "S3CRET-word"}')
RETURNING zone, name, type, settings, id AS returned \gset
\echo :zone :name :type :settings
SELECT name FROM dbaas_external_endpoints WHERE id = :'returned';

-- What an INSERT has to give, and what it may
INSERT INTO dbaas_external_endpoints (name, type, settings) VALUES ('x', 'prometheus', '{}');
INSERT INTO dbaas_external_endpoints (zone, type, settings) VALUES ('ch-gva-2', 'prometheus', '{}');
INSERT INTO dbaas_external_endpoints (zone, name, settings) VALUES ('ch-gva-2', 'x', '{}');
INSERT INTO dbaas_external_endpoints (zone, name, type) VALUES ('ch-gva-2', 'x', 'prometheus');
INSERT INTO dbaas_external_endpoints (zone, name, type, settings) VALUES ('ch-gva-2', 'x', 'splunk', '{}');
INSERT INTO dbaas_external_endpoints (zone, name, type, settings) VALUES ('ch-gva-2', 'x', 'prometheus', '[]');
INSERT INTO dbaas_external_endpoints (zone, name, type, settings) VALUES ('ch-gva-2', 'x', 'rsyslog', '{"key": "***"}');
INSERT INTO dbaas_external_endpoints (zone, id, name, type) VALUES ('ch-gva-2', gen_random_uuid(), 'x', 'prometheus');
INSERT INTO dbaas_external_endpoints (zone, name, type, settings) VALUES ('ch-gva-2', 'dog', 'prometheus', '{}');

-- An UPDATE sends what it changes, and no secret is lost
UPDATE dbaas_external_endpoints SET settings = settings || '{"port": 515}' WHERE name = 'sys';
UPDATE dbaas_external_endpoints SET settings = settings || '{"timeout": 20}' WHERE type IN ('elasticsearch', 'opensearch') AND name !~ '-';
SELECT name, settings FROM dbaas_external_endpoints WHERE name IN ('es', 'os', 'sys') ORDER BY 1;
SET dbaas_fdw.dry_run = on;
UPDATE dbaas_external_endpoints SET settings = settings || '{"port": 516, "key": "S3CRET", "ca": "S3CRET"}' WHERE name = 'sys';
UPDATE dbaas_external_endpoints SET settings = settings WHERE name = 'sys';
UPDATE dbaas_external_endpoints SET settings = settings || '{"port": 515}' WHERE name = 'sys';
RESET dbaas_fdw.dry_run;
UPDATE dbaas_external_endpoints SET settings = '{"port": 515}' WHERE name = 'sys';
UPDATE dbaas_external_endpoints SET settings = NULL WHERE name = 'sys';
UPDATE dbaas_external_endpoints SET name = 'other' WHERE name = 'sys';

-- Each change of a datadog's endpoint has the key, which nothing shows
UPDATE dbaas_external_endpoints SET settings = settings || '{"site": "datadoghq.com"}' WHERE name = 'dog';
UPDATE dbaas_external_endpoints SET settings = settings || '{"site": "datadoghq.com", "datadog-api-key": "***"}' WHERE name = 'dog';
UPDATE dbaas_external_endpoints SET settings = settings || '{"site": "datadoghq.com", "datadog-api-key": "S3CRET"}' WHERE name = 'dog';
SELECT settings FROM dbaas_external_endpoints WHERE name = 'dog';

-- One that integrations use stays; both go in one transaction
DELETE FROM dbaas_external_endpoints WHERE name = 'datadog-1-1' AND zone = 'ch-gva-2';
WITH made AS (
  INSERT INTO dbaas_external_endpoints (zone, name, type, settings)
  VALUES ('ch-gva-2', 'attached', 'prometheus', '{}') RETURNING zone, id, type)
INSERT INTO dbaas_external_integrations (zone, service_name, dest_endpoint_id, type)
SELECT zone, 'mysql-1-0002', id, type FROM made;
SELECT service_name, dest_endpoint_name, type FROM dbaas_external_integrations WHERE service_name = 'mysql-1-0002';
DO $$
DECLARE
	made uuid;
BEGIN
	INSERT INTO dbaas_external_endpoints (zone, name, type, settings)
	VALUES ('ch-gva-2', 'attached too', 'prometheus', '{}') RETURNING id INTO made;
	INSERT INTO dbaas_external_integrations (service_name, dest_endpoint_id, type) VALUES ('mysql-1-0002', made, 'prometheus');
END $$;
SELECT dest_endpoint_name FROM dbaas_external_integrations WHERE service_name = 'mysql-1-0002' ORDER BY 1;
BEGIN;
DELETE FROM dbaas_external_integrations WHERE service_name = 'mysql-1-0002';
DELETE FROM dbaas_external_endpoints WHERE name ~ '^attached' RETURNING name, settings;
UPDATE dbaas_external_endpoints SET settings = '{}' WHERE name ~ '^attached';
COMMIT;
SELECT count(*) FROM dbaas_external_endpoints WHERE name ~ '^attached';

-- Settings of an integration with an endpoint of type datadog
SELECT integration_id FROM dbaas_external_integration_settings;
SELECT i.service_name, s.settings
FROM dbaas_external_integrations i
JOIN dbaas_external_integration_settings s ON s.zone = i.zone AND s.integration_id = i.id
WHERE i.zone = 'ch-gva-2'
ORDER BY 1;
UPDATE dbaas_external_integration_settings SET settings = settings || '{"datadog-pgbouncer-enabled": true}'
WHERE integration_id IN (SELECT id FROM dbaas_external_integrations WHERE service_name = 'pg-1-0001' AND type = 'datadog')
RETURNING settings;
SELECT s.settings FROM dbaas_external_integrations i JOIN dbaas_external_integration_settings s ON s.integration_id = i.id
WHERE i.service_name = 'pg-1-0001' AND i.type = 'datadog';

-- Rows found by their keys are those that a copy has
CREATE TEMP TABLE copy AS SELECT * FROM dbaas_external_endpoints;
SELECT count(*), count(settings) FROM copy;
SELECT condition, rows = expected AS same FROM (VALUES
  ('id = (SELECT id FROM copy WHERE name = ''sys'')'),
  ('id IN (SELECT id FROM copy WHERE type = ''rsyslog'')'),
  ('name = ''sys'' AND type = ''rsyslog'''), ('name = ''sys'' AND type = ''datadog'''),
  ('name IN (''sys'', ''dog'', ''none'')'), ('type = ''splunk'''), ('name IS NULL'),
  ('zone = ''ch-gva-2'' AND id = (SELECT id FROM copy WHERE name = ''sys'') AND type = ''rsyslog'' AND name = ''sys'''),
  ('zone = ''ch-gva-2'' AND id = (SELECT id FROM copy WHERE name = ''sys'') AND type = ''rsyslog'' AND name IN (''sys'', ''dog'')'),
  ('zone = ''ch-gva-2'' AND id = (SELECT id FROM copy WHERE name = ''sys'') AND type = ''rsyslog'' AND name = ''dog'''),
  ('zone = ''ch-gva-2'' AND id = (SELECT id FROM copy WHERE name = ''sys'') AND type = ''datadog''')) AS c (condition)
CROSS JOIN LATERAL (SELECT query_to_xml(format('SELECT * FROM dbaas_external_endpoints WHERE %s ORDER BY id', condition), true, false, '')::text AS rows) r
CROSS JOIN LATERAL (SELECT query_to_xml(format('SELECT * FROM copy WHERE %s ORDER BY id', condition), true, false, '')::text AS expected) e;
ANALYZE dbaas_external_endpoints;
SELECT reltuples FROM pg_class WHERE oid = 'dbaas_external_endpoints'::regclass;
