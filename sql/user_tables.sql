-- Tables that a user declares: any names, any columns, any types that can hold the values
\i test/connect.psql
\i test/model.psql
CREATE SCHEMA mine;
SET search_path = mine;

-- Renamed, reordered and left out
CREATE FOREIGN TABLE fleet (
	"Plan's name" text OPTIONS (field 'plan'),
	nodes bigint OPTIONS (field 'node-count'),
	zone text,
	cpus bigint OPTIONS (field 'node-cpu-count'),
	service text OPTIONS (field 'name'),
	region text OPTIONS (field 'zone'),
	updated_at timestamptz
) SERVER exoscale OPTIONS (resource 'services');
SELECT * FROM model.same('SELECT * FROM mine.fleet',
  'SELECT plan, node_count, zone, node_cpu_count, name, zone AS region, updated_at FROM dbaas_services');
SELECT count(*) FROM fleet WHERE zone = 'de-fra-1' AND region = 'de-fra-1';
SELECT count(*) FROM fleet WHERE zone = 'de-fra-1' AND region = 'at-vie-1';
SELECT count(*) FROM fleet WHERE region IN ('de-fra-1', 'at-vie-1');

-- Without the column zone, or without any column
CREATE FOREIGN TABLE names (name text) SERVER exoscale OPTIONS (resource 'services');
CREATE FOREIGN TABLE nothing () SERVER exoscale OPTIONS (resource 'services');
SELECT * FROM model.same('SELECT * FROM mine.names', 'SELECT name FROM dbaas_services');
SELECT count(*) FROM nothing;
SELECT DISTINCT nothing FROM nothing;

-- Keys under other names are keys
CREATE FOREIGN TABLE entries (
	said text OPTIONS (field 'message'),
	"from" text OPTIONS (field 'service-name'),
	"limit" int OPTIONS (field 'limit'),
	"order" varchar(4) OPTIONS (field 'sort-order'),
	"offset" text OPTIONS (field 'offset'),
	next text OPTIONS (field 'next-offset')
) SERVER exoscale OPTIONS (resource 'logs');
SELECT said FROM entries WHERE "from" = 'pg-1-0001' AND "limit" = 1 AND "order" = 'asc';
SELECT count(*), count(next) FROM entries WHERE "from" = 'pg-1-0001' AND "limit" = 7 AND
  "offset" = (SELECT next FROM entries WHERE "from" = 'pg-1-0001' AND "limit" = 1);
SELECT count(*) FROM entries WHERE "from" = 'pg-1-0001' AND "limit" = 501;
CREATE FOREIGN TABLE checks ("Check" uuid OPTIONS (field 'id'), success boolean) SERVER exoscale OPTIONS (resource 'tasks');
SELECT * FROM checks;
SELECT success = (SELECT success FROM model.dbaas_tasks WHERE id = "Check") AS ok
FROM checks WHERE "Check" = model.uuid_of('1/ch-gva-2/services/1/tasks/1');

-- Other types
CREATE TYPE kind AS ENUM ('pg', 'mysql', 'kafka', 'opensearch', 'valkey', 'grafana', 'thanos', 'clickhouse');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE FOREIGN TABLE typed (
	zone varchar(20), name char(20), type kind, plan name,
	node_count int, node_cpu_count positive, node_memory numeric(20, 0), disk_size text,
	termination_protection text, notifications json, integrations text, created_at timestamp,
	updated_at text
) SERVER exoscale OPTIONS (resource 'services');
SET TimeZone = 'UTC';
SELECT count(*) AS rows, count(*) FILTER (WHERE t.zone = m.zone AND t.type::text = m.type AND t.plan = m.plan AND
  t.node_count IS NOT DISTINCT FROM m.node_count AND t.node_cpu_count IS NOT DISTINCT FROM m.node_cpu_count AND
  t.node_memory IS NOT DISTINCT FROM m.node_memory AND t.disk_size::bigint = m.disk_size AND
  t.termination_protection::boolean IS NOT DISTINCT FROM m.termination_protection AND
  t.notifications::jsonb IS NOT DISTINCT FROM m.notifications AND t.integrations::jsonb = m.integrations AND
  t.created_at = m.created_at AT TIME ZONE 'UTC' AND
  t.updated_at::timestamptz IS NOT DISTINCT FROM m.updated_at) AS equal
FROM typed t JOIN model.dbaas_services m ON m.zone = t.zone AND m.name = rtrim(t.name);
RESET TimeZone;

-- Types of times that have no zone show what a cast shows: the session's
CREATE FOREIGN TABLE local_times (
	name text, day date OPTIONS (field 'created-at'), "when" timestamp OPTIONS (field 'created-at'),
	second timestamp(0) OPTIONS (field 'updated-at'), clock time OPTIONS (field 'created-at'),
	offset_clock timetz(2) OPTIONS (field 'updated-at'), since timestamptz OPTIONS (field 'created-at'),
	changed timestamptz OPTIONS (field 'updated-at'), "text" text OPTIONS (field 'created-at')
) SERVER exoscale OPTIONS (resource 'services');
CREATE VIEW as_cast AS SELECT count(*), count(*) FILTER (WHERE day = since::date AND "when" = since::timestamp AND
  second IS NOT DISTINCT FROM changed::timestamp(0) AND clock = since::time AND
  offset_clock IS NOT DISTINCT FROM changed::timetz(2)) AS same,
  bool_or(day <> (since AT TIME ZONE 'UTC')::date) AS other_days, bool_and("text" LIKE '%Z') AS texts FROM local_times;
BEGIN;
SET LOCAL TimeZone = 'Pacific/Kiritimati';
SELECT * FROM as_cast;
SELECT count(*), bool_and(since >= '2026-01-01' AND since < '2026-01-02') AS that_day FROM local_times WHERE day = '2026-01-01';
SET LOCAL DateStyle = 'SQL, DMY';
SET LOCAL TimeZone = 'America/Los_Angeles';
SELECT * FROM as_cast;
SELECT count(*), bool_and(since >= timestamptz '31/12/2025' AND since < timestamptz '01/01/2026') AS that_day FROM local_times WHERE day = '31/12/2025';
SELECT string_agg(name, ' ' ORDER BY "when", name) = string_agg(name, ' ' ORDER BY since, name) AS same_order FROM local_times WHERE "when" < '2026-01-03';
COMMIT;
-- What has no zone stays as it is
CREATE FOREIGN TABLE clocks (service_name text, "time" time OPTIONS (field 'maintenance/time'), "text" text OPTIONS (field 'maintenance/time'))
  SERVER exoscale OPTIONS (resource 'service-details');
SELECT bool_and("time"::text = "text") AS same FROM clocks;
SELECT type, count(*) FROM typed WHERE type IN ('kafka', 'pg') GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM typed WHERE zone = 'de-fra-1';
CREATE FOREIGN TABLE versions (name kind, available_versions numeric[], plans json, zone char(8))
  SERVER exoscale OPTIONS (resource 'service-types');
SELECT name, available_versions FROM versions WHERE zone = 'de-fra-1' ORDER BY name;
SELECT name, available_versions FROM versions WHERE name = 'kafka' AND zone = 'de-fra-1';
CREATE FOREIGN TABLE samples (service_name text, period text, metric text, value numeric, node varchar)
  SERVER exoscale OPTIONS (resource 'metrics');
SELECT * FROM model.same('SELECT node, value FROM mine.samples WHERE service_name = ''pg-1-0001'' AND metric = ''cpu_usage''',
  'SELECT node::varchar, value::numeric FROM dbaas_metrics WHERE service_name = ''pg-1-0001'' AND metric = ''cpu_usage''');

-- A stored generated column is computed of the row when it is read, whatever else is
CREATE FOREIGN TABLE computed (
	name text, nodes bigint OPTIONS (field 'node-count'), zone text, type text,
	label text GENERATED ALWAYS AS (zone || '/' || name) STORED,
	cpus bigint OPTIONS (field 'node-cpu-count'),
	all_cpus bigint GENERATED ALWAYS AS (nodes * cpus) STORED NOT NULL,
	source oid GENERATED ALWAYS AS (tableoid) STORED
) SERVER exoscale OPTIONS (resource 'services');
SELECT label FROM computed WHERE name LIKE '%-0001' ORDER BY 1;
SELECT count(*), bool_and(label = zone || '/' || name AND all_cpus IS NOT DISTINCT FROM nodes * cpus AND source = 'computed'::regclass) AS ok FROM computed;
SELECT name FROM computed WHERE label = 'de-fra-1/shared-name';
SELECT row_to_json(c) ->> 'label' AS label, c IS NOT NULL AS has_all FROM computed c WHERE name = 'pg-1-0001';
SELECT max(label) FROM computed GROUP BY type HAVING count(all_cpus) > 8 ORDER BY 1 LIMIT 2;
SELECT n, c.label FROM generate_series(1, 2) AS n, LATERAL (SELECT label FROM computed WHERE n = 1 AND zone = 'de-fra-1' ORDER BY label COLLATE "C" DESC LIMIT 1) AS c;
ANALYZE computed;
SELECT attname, null_frac, n_distinct FROM pg_stats WHERE tablename = 'computed' AND attname IN ('label', 'source') ORDER BY 1;
ALTER FOREIGN TABLE computed ADD failing bigint GENERATED ALWAYS AS (1 / coalesce(nodes - nodes, 0)) STORED;
SELECT count(label) FROM computed;
SELECT count(*) FROM computed;
SELECT count(failing) FROM computed;
CREATE FOREIGN TABLE computed_path (name text, "upper" text GENERATED ALWAYS AS (upper(name)) STORED, zone text)
  SERVER exoscale OPTIONS (path '/dbaas-external-endpoints', rows 'dbaas-endpoints[]');
SELECT bool_and("upper" = upper(name)) AS ok FROM computed_path;
CREATE FOREIGN TABLE computed_secrets (name text OPTIONS (field 'name') GENERATED ALWAYS AS ('x') STORED)
  SERVER exoscale OPTIONS (path '/dbaas-external-endpoints', rows 'dbaas-endpoints[]');
SELECT * FROM computed_secrets;
BEGIN;
CREATE FOREIGN TABLE computed_pools (zone text, service_name text, name text, size bigint, doubled bigint GENERATED ALWAYS AS (size * 2) STORED,
  database text, mode text, username text) SERVER exoscale OPTIONS (resource 'connection-pools');
UPDATE computed_pools SET size = size + 1 WHERE service_name = 'pg-1-0001' AND zone = 'ch-gva-2' AND name = 'pool_1' AND doubled = size * 2
  RETURNING size, doubled;
DELETE FROM computed_pools WHERE service_name = 'pg-2-0001' AND zone = 'de-fra-1' AND name = 'pool_1' RETURNING size, doubled;
INSERT INTO computed_pools (zone, service_name, name, size, database) VALUES ('at-vie-1', 'pg-3-0001', 'made', 7, 'defaultdb') RETURNING size, doubled, mode;
ROLLBACK;

-- Values that a type cannot hold are errors that name field and row
CREATE FOREIGN TABLE narrow (name varchar(5), disk_size int, type int, created_at date) SERVER exoscale
  OPTIONS (resource 'services');
SELECT name FROM narrow;
SELECT disk_size FROM narrow;
SELECT type FROM narrow;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM narrow;
SELECT DISTINCT created_at < '2026-01-02' AS ok FROM narrow;
CREATE TYPE few AS ENUM ('pg', 'mysql');
CREATE FOREIGN TABLE few_types (name text, type few) SERVER exoscale OPTIONS (resource 'services');
SELECT type FROM few_types;
CREATE FOREIGN TABLE limited (node_count positive CHECK (node_count > 0), disk_size positive) SERVER exoscale
  OPTIONS (resource 'services');
SELECT count(node_count) FROM limited;

-- The whole object, and fields that the catalogue does not know
CREATE FOREIGN TABLE objects (
	zone text, name text,
	object jsonb OPTIONS (field '*'),
	plain json OPTIONS (field '*'),
	words text OPTIONS (field '*'),
	unknown text OPTIONS (field 'added-tomorrow'),
	level jsonb OPTIONS (field 'integrations')
) SERVER exoscale OPTIONS (resource 'services');
SELECT count(*) AS rows, count(unknown) AS unknown,
  count(*) FILTER (WHERE object->>'name' = o.name AND object->>'type' = m.type AND
    (object->>'node-count')::bigint IS NOT DISTINCT FROM m.node_count AND
    object->'notifications' IS NOT DISTINCT FROM m.notifications AND object->'integrations' = m.integrations AND
    (object->>'updated-at')::timestamptz IS NOT DISTINCT FROM m.updated_at AND
    plain::jsonb = object AND words::jsonb = object) AS equal
FROM objects o JOIN model.dbaas_services m USING (zone, name);
SELECT name, object ? 'node-count' AS has_count, jsonb_typeof(object->'node-memory') AS memory
FROM objects WHERE name IN ('kafka-1-0011', 'valkey-1-0013') ORDER BY name;
CREATE FOREIGN TABLE settings (id uuid, object jsonb OPTIONS (field '*')) SERVER exoscale OPTIONS (resource 'integrations');
SELECT object->'settings' AS settings FROM settings WHERE id = model.uuid_of('1/ch-gva-2/integrations/1');
CREATE FOREIGN TABLE operation_parts (id uuid, command text OPTIONS (field 'reference/command'), whole jsonb OPTIONS (field '*'))
  SERVER exoscale OPTIONS (resource 'operations');
SELECT command, whole->'reference'->>'command' AS the_same FROM operation_parts
WHERE id = model.uuid_of('1/ch-gva-2/operations/1');

-- Added, dropped, renamed columns; defaults and NOT NULL do not disturb reading
ALTER FOREIGN TABLE fleet DROP COLUMN nodes;
ALTER FOREIGN TABLE fleet ADD COLUMN state text;
ALTER FOREIGN TABLE fleet ADD COLUMN everything jsonb OPTIONS (field '*');
ALTER FOREIGN TABLE fleet RENAME COLUMN service TO label;
ALTER FOREIGN TABLE fleet ALTER state SET DEFAULT 'x', ALTER state SET NOT NULL;
SELECT * FROM model.same('SELECT zone, label, state, cpus, "Plan''s name" FROM mine.fleet',
  'SELECT zone, name, state, node_cpu_count, plan FROM dbaas_services');
SELECT count(*) FROM fleet WHERE fleet IS NOT NULL;
ALTER FOREIGN TABLE fleet RENAME COLUMN updated_at TO changed_at;
SELECT count(*) FROM fleet;
ALTER FOREIGN TABLE fleet ALTER changed_at OPTIONS (ADD field 'updated-at');
SELECT count(*), count(changed_at) = (SELECT count(updated_at) FROM model.dbaas_services) AS ok FROM fleet;

-- Declared wrongly
CREATE FOREIGN TABLE unspecified (zone text) SERVER exoscale;
SELECT * FROM unspecified;
\echo :LAST_ERROR_SQLSTATE
CREATE FOREIGN TABLE misspelt (zone text, nmae text) SERVER exoscale OPTIONS (resource 'services');
SELECT * FROM misspelt;
\echo :LAST_ERROR_SQLSTATE
CREATE FOREIGN TABLE invented (zone text, colour_of_the_rack text) SERVER exoscale OPTIONS (resource 'services');
SELECT zone FROM invented;

-- Whole rows and system columns
SELECT fleet IS NULL AS isnull, (fleet).zone FROM fleet WHERE label = 'pg-1-0001';
SELECT row_to_json(n) FROM names n WHERE name = 'shared-name';
SELECT tableoid::regclass, count(*) FROM exo.dbaas_services GROUP BY 1;
SELECT count(DISTINCT s) FROM exo.dbaas_services s;

-- As a child of a local table, and as a partition
CREATE TABLE parent (zone text, name text, type text);
INSERT INTO parent VALUES ('here', 'local', 'pg');
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER exoscale OPTIONS (resource 'services');
SELECT tableoid::regclass, count(*) FROM parent GROUP BY 1 ORDER BY 1;
SELECT zone, name FROM parent WHERE type = 'pg' AND zone IN ('here', 'ch-gva-2') ORDER BY name COLLATE "C";
CREATE TABLE inventory (zone text, name text) PARTITION BY LIST (zone);
CREATE TABLE inventory_here PARTITION OF inventory FOR VALUES IN ('here');
CREATE FOREIGN TABLE inventory_there PARTITION OF inventory FOR VALUES IN ('ch-gva-2', 'de-fra-1', 'at-vie-1')
  SERVER exoscale OPTIONS (resource 'services');
INSERT INTO inventory VALUES ('here', 'local');
SELECT count(*) FROM inventory;
SELECT zone, count(*) FROM inventory WHERE zone IN ('here', 'de-fra-1') GROUP BY 1 ORDER BY 1;
SET enable_partitionwise_join = on;
SET enable_partitionwise_aggregate = on;
SELECT a.zone, count(*) FROM inventory a JOIN inventory b USING (zone, name) GROUP BY 1 ORDER BY 1;
RESET enable_partitionwise_join;
RESET enable_partitionwise_aggregate;

-- Views, and whose credentials count: the owner's, not the reader's
CREATE ROLE regress_dbaas_owner;
CREATE ROLE regress_dbaas_reader;
GRANT USAGE, CREATE ON SCHEMA mine TO regress_dbaas_owner;
GRANT USAGE ON SCHEMA mine, exo TO regress_dbaas_owner, regress_dbaas_reader;
GRANT SELECT ON names, exo.dbaas_services TO regress_dbaas_owner;
SET ROLE regress_dbaas_owner;
SELECT count(*) FROM names;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
CREATE USER MAPPING FOR regress_dbaas_owner SERVER exoscale OPTIONS (api_key :'api_key', api_secret :'api_secret');
SET ROLE regress_dbaas_owner;
SELECT count(*) FROM names;
CREATE VIEW services_of_owner AS SELECT zone, name, type FROM exo.dbaas_services;
GRANT SELECT ON services_of_owner TO regress_dbaas_reader;
CREATE FOREIGN TABLE refused (name text) SERVER exoscale OPTIONS (resource 'services');
SET ROLE regress_dbaas_reader;
SELECT count(*) FROM services_of_owner;
SELECT count(*) FROM services_of_owner WHERE zone = 'de-fra-1' AND type = 'pg';
SELECT count(*) FROM exo.dbaas_services;
RESET ROLE;
GRANT SELECT ON exo.dbaas_services TO regress_dbaas_reader;
SET ROLE regress_dbaas_reader;
SELECT count(*) FROM exo.dbaas_services;
SELECT count(*) FROM services_of_owner;
RESET ROLE;
-- The other way round: a view of one who has no mapping is of no use to one who has
CREATE VIEW services_of_reader AS SELECT zone, name FROM exo.dbaas_services;
ALTER VIEW services_of_reader OWNER TO regress_dbaas_reader;
SELECT count(*) FROM services_of_reader;
-- Security invoker views and functions are run as who calls
ALTER VIEW services_of_reader SET (security_invoker = true);
SELECT count(*) FROM services_of_reader;
CREATE FUNCTION services_by_owner() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM exo.dbaas_services';
ALTER FUNCTION services_by_owner() OWNER TO regress_dbaas_owner;
SET ROLE regress_dbaas_reader;
SELECT mine.services_by_owner();
RESET ROLE;
-- A mapping for everybody
CREATE USER MAPPING FOR PUBLIC SERVER exoscale OPTIONS (api_key :'api_key', api_secret :'api_secret');
SET ROLE regress_dbaas_reader;
SELECT count(*) FROM exo.dbaas_services;
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA mine CASCADE;
DROP SERVER exoscale CASCADE;
DROP OWNED BY regress_dbaas_owner, regress_dbaas_reader;
DROP ROLE regress_dbaas_owner, regress_dbaas_reader;
