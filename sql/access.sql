-- Who may do what: access rules of kafka, roles of clickhouse, and any other path beside them
\i test/connect.psql

-- Only services of the type are asked
SELECT zone, service_name, kind, id, username, resource, permission
FROM exo.dbaas_kafka_acls WHERE zone = 'ch-gva-2' ORDER BY zone, service_name, kind, id;
SELECT kind, count(*) > 0 AS some, count(id) = count(*) AS ids FROM exo.dbaas_kafka_acls GROUP BY kind ORDER BY kind;
SELECT count(*) FROM exo.dbaas_kafka_acls WHERE zone = 'ch-gva-2' AND service_name IN ('pg-1-0001', 'kafka-9');
SELECT zone, service_name, name, uuid, privileges, granted_roles
FROM exo.dbaas_clickhouse_roles WHERE zone = 'ch-gva-2' AND service_name = 'clickhouse-1-0008' ORDER BY name;
EXPLAIN (COSTS OFF) SELECT * FROM exo.dbaas_kafka_acls
WHERE zone = 'ch-gva-2' AND service_name = 'kafka-1-0003' AND kind = 'topic';
EXPLAIN (COSTS OFF) DELETE FROM exo.dbaas_kafka_acls WHERE service_name = 'kafka-1-0003';
EXPLAIN (COSTS OFF) DELETE FROM exo.dbaas_clickhouse_roles WHERE name = 'reader';
CREATE VIEW rules AS
SELECT kind, username, resource, permission FROM exo.dbaas_kafka_acls
WHERE zone = 'ch-gva-2' AND service_name = 'kafka-1-0003' AND username ~ '^app'
ORDER BY 1, 2, 3, 4;

-- Rules are made and deleted; the same one may be there twice
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'topic', 'app', 'orders', 'read'),
       ('ch-gva-2', 'kafka-1-0003', 'schema-registry', 'app', 'Subject:orders', 'schema_registry_read');
TABLE rules;
INSERT INTO exo.dbaas_kafka_acls (service_name, kind, username, resource, permission)
SELECT 'kafka-1-0003', 'topic', 'app', 'orders', 'read' FROM generate_series(1, 2)
RETURNING zone, kind, username, resource, permission, id LIKE 'acl%' AS has_id;
SELECT count(*), count(DISTINCT id) FROM exo.dbaas_kafka_acls
WHERE zone = 'ch-gva-2' AND service_name = 'kafka-1-0003' AND username = 'app' AND kind = 'topic';
WITH twice AS (
  INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
  SELECT 'ch-gva-2', 'kafka-1-0003', 'topic', 'app', 'twice', 'read' FROM generate_series(1, 2)
  RETURNING id)
SELECT count(*), count(DISTINCT id) FROM twice;
DELETE FROM exo.dbaas_kafka_acls WHERE zone = 'ch-gva-2' AND username = 'app'
RETURNING kind, resource, permission;
TABLE rules;

-- What does not go together
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'topics', 'app', 'orders', 'read');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'schema-registry', 'app', 'orders', 'read');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'topic', 'app', 'orders', 'schema_registry_read');
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'topic', '', 'orders', 'read');
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'topic', repeat('é', 65), 'orders', 'read');
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'topic', 'app', repeat('x', 250), 'read');
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'app', 'orders', 'read');
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource)
VALUES ('ch-gva-2', 'kafka-1-0003', 'topic', 'app', 'orders');
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, id, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'topic', 'mine', 'app', 'orders', 'read');
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'pg-1-0001', 'topic', 'app', 'orders', 'read');
UPDATE exo.dbaas_kafka_acls SET permission = 'write' WHERE zone = 'ch-gva-2';
INSERT INTO exo.dbaas_clickhouse_roles (zone, service_name, name) VALUES ('ch-gva-2', 'clickhouse-1-0008', 'x');
UPDATE exo.dbaas_clickhouse_roles SET name = 'x' WHERE zone = 'ch-gva-2';
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'topic', repeat('é', 64), repeat('x', 249), 'admin');

-- A dry run
SET dbaas_fdw.dry_run = on;
INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, permission)
VALUES ('ch-gva-2', 'kafka-1-0003', 'schema-registry', 'app', 'Subject:orders', 'schema_registry_write');
DELETE FROM exo.dbaas_kafka_acls WHERE zone = 'ch-gva-2' AND service_name = 'kafka-1-0003' AND id = 'default-sr';
RESET dbaas_fdw.dry_run;

-- Roles go
DELETE FROM exo.dbaas_clickhouse_roles
WHERE zone = 'ch-gva-2' AND service_name = 'clickhouse-1-0008' AND name = 'reader' RETURNING service_name;
SELECT name FROM exo.dbaas_clickhouse_roles WHERE zone = 'ch-gva-2' AND service_name = 'clickhouse-1-0008';

-- A table of one's own over several members: each where it is, in the order of the names
CREATE FOREIGN TABLE grants (
  zone text, service_name text OPTIONS (param 'service-name', from 'name'),
  username text OPTIONS (field '../../username'), kind text OPTIONS (field '../#key'),
  name text OPTIONS (field 'name|access-type'), database text)
SERVER exoscale OPTIONS (path '/dbaas-clickhouse/{service-name}/acl-config',
  rows 'users[].{role=roles|privilege=privileges|none}.[]',
  for_each 'services', for_each_filter 'type=clickhouse');
SELECT username, kind, name, database FROM grants WHERE zone = 'at-vie-1' ORDER BY 1, 2, 3;
CREATE FOREIGN TABLE ends (
  service text OPTIONS (param 'name'), key text OPTIONS (field '#key'), value text OPTIONS (field '*'))
SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}', rows 'uri-params{port|no such|the host=host}');
SELECT key, value FROM ends WHERE service = 'pg-1-0001';
CREATE FOREIGN TABLE no_list (
  service text OPTIONS (param 'name'), x text)
SERVER exoscale OPTIONS (path '/dbaas-postgres/{name}', rows '{users|plan}.[]');
SELECT count(*) FROM no_list WHERE service = 'pg-1-0001';
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows '{a|}');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows '{|a}');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows '{=a}');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows '{a=}');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows '{a=b=c}');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows 'x{a|b');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows 'x{a}y');
CREATE FOREIGN TABLE bad () SERVER exoscale OPTIONS (path '/x', rows '{a|b}.[].c.d.e');
