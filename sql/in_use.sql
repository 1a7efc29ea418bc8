-- What others use is not deleted: databases and users of pools, services with read
-- replicas.  Nothing of the first part is ever sent
\i test/connect.psql
SET search_path = exo, public;
CREATE FUNCTION refused(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	message := 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;
\x on
\pset format unaligned

SELECT service_name, name, database, username FROM dbaas_connection_pools WHERE zone = 'ch-gva-2';

-- Databases and users of pools
BEGIN;
SELECT * FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'defaultdb'$$);
SELECT * FROM refused($$DELETE FROM dbaas_users WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND username = 'avnadmin'$$);
SELECT * FROM refused($$DELETE FROM dbaas_users WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND username = 'user_1'$$);
SELECT * FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0009' AND name = 'app_1'$$);
SELECT * FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'mysql-1-0002'$$);
SELECT * FROM refused($$DELETE FROM dbaas_databases WHERE name = 'defaultdb'$$);
ROLLBACK;

-- What earlier statements do counts: a pool that is deleted,
BEGIN;
DELETE FROM dbaas_connection_pools WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001';
SELECT message FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'defaultdb'$$);
ROLLBACK;
-- or has another database, or another user
BEGIN;
UPDATE dbaas_connection_pools SET database = 'données/2026' WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001';
SELECT message FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'données/2026'$$);
SELECT message FROM refused($$DELETE FROM dbaas_users WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND username = 'avnadmin'$$);
SAVEPOINT s;
UPDATE dbaas_connection_pools SET username = 'user_1' WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001';
SELECT message FROM refused($$DELETE FROM dbaas_users WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND username = 'avnadmin'$$);
SELECT message FROM refused($$DELETE FROM dbaas_users WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND username = 'user_1'$$);
ROLLBACK TO s;
SELECT message FROM refused($$DELETE FROM dbaas_users WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND username = 'user_1'$$);
SELECT message FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'defaultdb'$$);
-- and then no pool may begin to use what is deleted
SELECT * FROM refused($$UPDATE dbaas_connection_pools SET database = 'defaultdb', size = 7 WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'$$);
SELECT * FROM refused($$UPDATE dbaas_connection_pools SET username = 'user_1' WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'$$);
SELECT message FROM refused($$UPDATE dbaas_connection_pools SET size = 7 WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'$$);
SELECT message FROM refused($$INSERT INTO dbaas_connection_pools (zone, service_name, name, database) VALUES ('ch-gva-2', 'pg-1-0001', 'p', 'defaultdb')$$);
SELECT message FROM refused($$INSERT INTO dbaas_connection_pools (zone, service_name, name, database, username) VALUES ('ch-gva-2', 'pg-1-0001', 'p', 'données/2026', 'user_1')$$);
SELECT message FROM refused($$INSERT INTO dbaas_connection_pools (zone, service_name, name, database) VALUES ('de-fra-1', 'pg-2-0001', 'p', 'defaultdb')$$);
-- unless it is made again
INSERT INTO dbaas_databases (zone, service_name, name) VALUES ('ch-gva-2', 'pg-1-0001', 'defaultdb');
SELECT message FROM refused($$INSERT INTO dbaas_connection_pools (zone, service_name, name, database) VALUES ('ch-gva-2', 'pg-1-0001', 'p', 'defaultdb')$$);
SELECT message, detail FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'defaultdb'$$);
ROLLBACK;
-- A pool that the transaction makes, moves, and deletes
BEGIN;
INSERT INTO dbaas_connection_pools (zone, service_name, name, database, username)
VALUES ('ch-gva-2', 'pg-1-0009', 'new', 'app_1', 'avnadmin');
SELECT * FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0009' AND name = 'app_1'$$);
SELECT detail FROM refused($$DELETE FROM dbaas_users WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0009' AND username = 'avnadmin'$$);
SELECT message FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'de-fra-1' AND name = 'app_1'$$);
ROLLBACK;

-- Of one statement, nothing is sent before something else: in either order
BEGIN;
SELECT state, message FROM refused($$WITH p AS (DELETE FROM dbaas_connection_pools WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' RETURNING database)
DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name IN (SELECT database FROM p)$$);
SELECT state, message FROM refused($$WITH p AS (UPDATE dbaas_connection_pools SET database = 'données/2026' WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' RETURNING 1)
DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'données/2026' AND 1 IN (SELECT * FROM p)$$);
SELECT state, message FROM refused($$WITH p AS (INSERT INTO dbaas_connection_pools (zone, service_name, name, database) VALUES ('ch-gva-2', 'pg-1-0001', 'p', 'données/2026'))
DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'données/2026'$$);
ROLLBACK;

-- Under a dry run too, which looks at what it would have sent
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL dbaas_fdw.dry_run = on;
SELECT state, message FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'defaultdb'$$);
DELETE FROM dbaas_connection_pools WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001';
SELECT state, message FROM refused($$DELETE FROM dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'defaultdb'$$);
ROLLBACK;

-- Through tables that have other names and no more columns than a DELETE needs, partitions, and a cascade
CREATE FOREIGN TABLE bare (base text OPTIONS (field 'name'), service text OPTIONS (field 'service_name')) SERVER exoscale OPTIONS (resource 'databases');
CREATE TABLE parted (zone text, service_name text, name text) PARTITION BY LIST (zone);
CREATE FOREIGN TABLE parted_gva PARTITION OF parted FOR VALUES IN ('ch-gva-2') SERVER exoscale OPTIONS (resource 'databases');
CREATE TABLE inventory (name text PRIMARY KEY);
INSERT INTO inventory VALUES ('defaultdb');
CREATE FUNCTION cascade() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM exo.dbaas_databases WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = OLD.name;
	RETURN OLD;
END
$$;
CREATE TRIGGER cascade BEFORE DELETE ON inventory FOR EACH ROW EXECUTE FUNCTION cascade();
BEGIN;
SELECT message, detail FROM refused($$DELETE FROM bare WHERE service = 'pg-1-0001' AND base = 'defaultdb'$$);
SELECT message FROM refused($$DELETE FROM parted WHERE service_name = 'pg-1-0001' AND name = 'defaultdb'$$);
SELECT message FROM refused($$DELETE FROM inventory$$);
ROLLBACK;

-- Read replicas, in the same zone and in another
INSERT INTO dbaas_services (zone, name, type, plan, parameters) VALUES
	('ch-gva-2', 'near', 'pg', 'startup-4', '{"integrations": [{"type": "read_replica", "source-service": "pg-1-0001"}]}');
INSERT INTO dbaas_services (zone, name, type, plan, parameters) VALUES
	('de-fra-1', 'far', 'pg', 'startup-4', '{"integrations": [{"type": "read_replica", "source-service": "pg-1-0001"}]}');
SELECT zone, source, dest FROM dbaas_integrations WHERE type = 'read_replica' ORDER BY dest;
CREATE FOREIGN TABLE names (zone text, name text) SERVER exoscale OPTIONS (resource 'services');
BEGIN;
SELECT * FROM refused($$DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'$$);
SELECT message, detail FROM refused($$DELETE FROM names WHERE name = 'pg-1-0001'$$);
SELECT message FROM refused($$DELETE FROM dbaas_services WHERE name IN ('pg-1-0001', 'near', 'far')$$);
-- in either order
SELECT message FROM refused($$WITH r AS (DELETE FROM dbaas_services WHERE name IN ('near', 'far') RETURNING 1)
DELETE FROM dbaas_services WHERE name = 'pg-1-0001' AND 2 = (SELECT count(*) FROM r)$$);
SELECT message FROM refused($$DELETE FROM dbaas_services WHERE name IN ('pg-1-0009', 'near', 'far')$$);
-- Replicas have no replicas; one that is left is named
SELECT detail FROM refused($$DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'$$);
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = error;
DELETE FROM dbaas_integrations WHERE type = 'read_replica' AND dest = 'far';
SELECT detail FROM refused($$DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'$$);
SAVEPOINT s;
DELETE FROM dbaas_services WHERE name = 'near';
SELECT message FROM refused($$DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'$$);
ROLLBACK TO s;
SELECT detail FROM refused($$DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'$$);
ROLLBACK;
-- A service of a replica's name elsewhere is not the replica
BEGIN;
INSERT INTO dbaas_services (zone, name, type, plan) VALUES ('de-fra-1', 'near', 'pg', 'startup-4');
SELECT detail FROM refused($$DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'$$);
ROLLBACK;

-- EXPLAIN says what is read
\x off
\pset format aligned
EXPLAIN (COSTS OFF) DELETE FROM dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001';
EXPLAIN (COSTS OFF) DELETE FROM dbaas_users WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001';
EXPLAIN (COSTS OFF) DELETE FROM dbaas_connection_pools WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001';

-- Sent: the replicas first
BEGIN;
DELETE FROM dbaas_services WHERE name IN ('near', 'far');
DELETE FROM dbaas_services WHERE name = 'pg-1-0001' AND zone = 'ch-gva-2';
COMMIT;
SELECT name FROM dbaas_services WHERE name IN ('near', 'far') OR name = 'pg-1-0001' AND zone = 'ch-gva-2';
