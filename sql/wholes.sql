-- Rows of an object that the API only replaces as a whole: the rules of opensearch
\i test/connect.psql

SELECT username, index, permission, acl_enabled FROM exo.dbaas_opensearch_acls
WHERE zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004';

-- What a transaction changes is one request
BEGIN;
INSERT INTO exo.dbaas_opensearch_acls (zone, service_name, username, index, permission)
VALUES ('ch-gva-2', 'opensearch-1-0004', 'alice', 'docs-*', 'read'),
       ('ch-gva-2', 'opensearch-1-0004', 'indexer', 'audit', 'deny');
UPDATE exo.dbaas_opensearch_acls SET permission = 'write'
WHERE zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004' AND index = 'metrics-*';
SAVEPOINT a;
DELETE FROM exo.dbaas_opensearch_acls
WHERE zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004';
ROLLBACK TO a;
SELECT method, path, body FROM dbaas_fdw_queued();
COMMIT;
SELECT username, index, permission FROM exo.dbaas_opensearch_acls
WHERE zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004';

-- RETURNING; the last rule of a user takes the user along
INSERT INTO exo.dbaas_opensearch_acls (service_name, username, index)
VALUES ('opensearch-1-0004', 'bob', 'x') RETURNING *;
DELETE FROM exo.dbaas_opensearch_acls
WHERE zone = 'ch-gva-2' AND username IN ('alice', 'bob') RETURNING username, index;
SELECT DISTINCT username FROM exo.dbaas_opensearch_acls WHERE zone = 'ch-gva-2' ORDER BY 1;

-- What is refused
INSERT INTO exo.dbaas_opensearch_acls (service_name, username, index)
VALUES ('opensearch-1-0004', 'avnadmin', '*');
INSERT INTO exo.dbaas_opensearch_acls (service_name, username)
VALUES ('opensearch-1-0004', 'alice');
INSERT INTO exo.dbaas_opensearch_acls (service_name, username, index, permission)
VALUES ('opensearch-1-0004', 'alice', 'x', 'all');
INSERT INTO exo.dbaas_opensearch_acls (service_name, username, index)
VALUES ('pg-1-0001', 'alice', 'x');
INSERT INTO exo.dbaas_opensearch_acls (service_name, username, index, acl_enabled)
VALUES ('opensearch-1-0004', 'alice', 'x', true);
UPDATE exo.dbaas_opensearch_acls SET index = 'y' WHERE index = 'audit';
UPDATE exo.dbaas_opensearch_acls SET permission = NULL WHERE index = 'audit';

-- A dry run
SET dbaas_fdw.dry_run = on;
DELETE FROM exo.dbaas_opensearch_acls
WHERE zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004' AND username = 'avnadmin';
RESET dbaas_fdw.dry_run;
EXPLAIN (COSTS OFF) DELETE FROM exo.dbaas_opensearch_acls
WHERE zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004';
