-- Every row and column of every table, once (count(t) needs the whole row).
-- Two tables cannot be read without a key; theirs names nothing here.
\i test/connect.psql

SELECT count(t) FROM exo.dbaas_services t;
SELECT count(t) FROM exo.dbaas_service_types t;
SELECT count(t) FROM exo.dbaas_plans t;
SELECT count(t) FROM exo.dbaas_integrations t;
SELECT count(t) FROM exo.dbaas_integration_types t;
SELECT count(t) FROM exo.dbaas_integration_settings t;
SELECT count(t) FROM exo.dbaas_external_endpoints t;
SELECT count(t) FROM exo.dbaas_external_integrations t;
SELECT count(t) FROM exo.dbaas_logs t;
SELECT count(t) FROM exo.dbaas_metrics t;
SELECT count(t) FROM exo.dbaas_ca_certificates t;
SELECT count(t) FROM exo.dbaas_migrations t;
SELECT count(t) FROM exo.dbaas_tasks t
WHERE id = '00000000-0000-4000-8000-000000000000';
SELECT count(t) FROM exo.dbaas_operations t
WHERE id = '00000000-0000-4000-8000-000000000000';
SELECT count(t) FROM exo.dbaas_zones t;
SELECT count(t) FROM exo.dbaas_service_details t;
SELECT count(t) FROM exo.dbaas_service_settings t;
SELECT count(t) FROM exo.dbaas_nodes t;
SELECT count(t) FROM exo.dbaas_components t;
SELECT count(t) FROM exo.dbaas_backups t;
SELECT count(t) FROM exo.dbaas_users t;
SELECT count(t) FROM exo.dbaas_databases t;
SELECT count(t) FROM exo.dbaas_connection_pools t;
SELECT count(t) FROM exo.dbaas_maintenance_updates t;
SELECT count(t) FROM exo.dbaas_opensearch_acls t;

-- Pages merged by time, and rows asked for ahead of a nested loop
SELECT count(t) FROM (SELECT * FROM exo.dbaas_logs ORDER BY time LIMIT 2000) t;
SELECT count(t) FROM exo.dbaas_services s,
  LATERAL (SELECT * FROM exo.dbaas_logs l
           WHERE l.zone = s.zone AND l.service_name = s.name ORDER BY time DESC LIMIT 3) t;

-- The ways out of a scan that are not its end
SELECT count(t) FROM (SELECT * FROM exo.dbaas_logs LIMIT 3) t;
\set ON_ERROR_STOP off
SELECT count(t) FROM exo.dbaas_tasks t;
SELECT 1 / (node_count - node_count) FROM exo.dbaas_services;
