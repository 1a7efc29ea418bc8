-- The life of a PostgreSQL service, from INSERT to DELETE, in SQL alone.  It
-- runs after setup.sql, beside a simulator or against the real API, where it
-- costs what a small service does for the time that it takes:
--
--   psql -v zone=ch-gva-2 -v service=example-pg -f examples/service.sql
--
-- What a transaction wrote is sent with its COMMIT, here that of each
-- statement.  With option wait 'running' that waits until the service runs.

\set ON_ERROR_STOP on
\if :{?zone} \else \set zone ch-gva-2 \endif
\if :{?service} \else \set service example-pg \endif
\if :{?plan} \else \set plan startup-4 \endif
\if :{?larger} \else \set larger business-4 \endif
\if :{?address} \else \set address 192.0.2.7/32 \endif

SELECT NOT coalesce('wait=running' = ANY (srvoptions), false) AS must_wait
FROM pg_foreign_server WHERE srvname = 'exoscale' \gset
\if :must_wait
ALTER SERVER exoscale OPTIONS (ADD wait 'running');
\endif

-- Make it, and wait until it runs
INSERT INTO exo.dbaas_services (zone, name, type, plan, termination_protection, parameters)
VALUES (:'zone', :'service', 'pg', :'plan', false,
        '{"version": "16", "maintenance": {"dow": "sunday", "time": "03:00:00"}}');

SELECT zone, name, plan, state, node_count FROM exo.dbaas_services
WHERE zone = :'zone' AND name = :'service';

-- Open it to one address
UPDATE exo.dbaas_service_details SET ip_filter = ARRAY[:'address']
WHERE zone = :'zone' AND service_name = :'service' AND type = 'pg';

SELECT version, host, port, uri, ip_filter FROM exo.dbaas_service_details
WHERE zone = :'zone' AND service_name = :'service' AND type = 'pg';

-- A database, a user, and a pool of connections to the one as the other
INSERT INTO exo.dbaas_databases (zone, service_name, name)
VALUES (:'zone', :'service', 'app');

INSERT INTO exo.dbaas_users (zone, service_name, username)
VALUES (:'zone', :'service', 'app');

INSERT INTO exo.dbaas_connection_pools (zone, service_name, name, database, mode, size, username)
VALUES (:'zone', :'service', 'app-pool', 'app', 'transaction', 10, 'app');

SELECT d.name AS database, u.username, u.type
FROM exo.dbaas_databases d
JOIN exo.dbaas_users u ON u.zone = d.zone AND u.service_name = d.service_name
WHERE d.zone = :'zone' AND d.service_name = :'service'
ORDER BY 1, 2;

SELECT name, database, mode, size, username FROM exo.dbaas_connection_pools
WHERE zone = :'zone' AND service_name = :'service';

-- Resize it
UPDATE exo.dbaas_services SET plan = :'larger'
WHERE zone = :'zone' AND name = :'service';

SELECT name, plan, state, node_count FROM exo.dbaas_services
WHERE zone = :'zone' AND name = :'service';

-- What is inside
SELECT name, role, state FROM exo.dbaas_nodes
WHERE zone = :'zone' AND service_name = :'service'
ORDER BY name;

SELECT backup_name, backup_time, data_size FROM exo.dbaas_backups
WHERE zone = :'zone' AND service_name = :'service'
ORDER BY backup_time DESC;

-- And away with it
DELETE FROM exo.dbaas_services WHERE zone = :'zone' AND name = :'service';

SELECT count(*) AS left_over FROM exo.dbaas_services
WHERE zone = :'zone' AND name = :'service';

\if :must_wait
ALTER SERVER exoscale OPTIONS (DROP wait);
\endif
