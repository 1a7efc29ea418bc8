-- Errors: their SQLSTATE and text, and that the session goes on working
\i test/connect.psql
\i test/model.psql
ALTER SERVER exoscale OPTIONS (ADD max_retries '0');
CREATE ROLE regress_dbaas_user;
GRANT USAGE ON SCHEMA exo TO regress_dbaas_user;
GRANT SELECT ON ALL TABLES IN SCHEMA exo TO regress_dbaas_user;
GRANT USAGE ON FOREIGN SERVER exoscale TO regress_dbaas_user;

-- Without a user mapping, a key, or a secret
SET ROLE regress_dbaas_user;
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_zones;
EXPLAIN (COSTS OFF) SELECT name FROM exo.dbaas_services;
CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale;
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE
ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (ADD api_key :'api_key');
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE

-- A wrong secret and a wrong key.  The zones need neither.
ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (ADD api_secret 'wr0ng-s3cr3t');
SELECT count(*) FROM exo.dbaas_services WHERE zone = 'de-fra-1';
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_zones;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND zone = 'ch-gva-2';
ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_key 'EXOother', SET api_secret :'api_secret');
SELECT count(*) FROM exo.dbaas_services WHERE zone = 'de-fra-1';
ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_key :'api_key');
SELECT count(*) FROM exo.dbaas_services WHERE zone = 'de-fra-1';
RESET ROLE;

-- Nobody listens there (what the system says of it varies, so DETAIL is left out)
\set VERBOSITY terse
ALTER SERVER exoscale OPTIONS (SET endpoint 'http://127.0.0.1:1/v2');
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_zones;
ALTER SERVER exoscale OPTIONS (SET endpoint 'http://127.0.0.1:1/{zone}/v2', ADD zones 'ch-gva-2,de-fra-1');
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND zone = 'de-fra-1';
ALTER SERVER exoscale OPTIONS (ADD unavailable_zones 'skip');
SELECT count(*) FROM exo.dbaas_services;
SELECT count(*) FROM exo.dbaas_migrations;
SELECT count(*) FROM exo.dbaas_services a JOIN exo.dbaas_services b USING (name) WHERE a.zone = 'ch-gva-2' AND b.zone = 'ch-gva-2';
ALTER SERVER exoscale OPTIONS (SET endpoint :'endpoint', DROP zones, DROP unavailable_zones);
SELECT count(*) FROM exo.dbaas_services;
\set VERBOSITY default

-- Something is there, but not this API
SELECT replace(:'endpoint', '/v2', '/{zone}/v3') AS elsewhere \gset
ALTER SERVER exoscale OPTIONS (SET endpoint :'elsewhere', ADD zones 'de-fra-1');
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE
ALTER SERVER exoscale OPTIONS (SET endpoint :'endpoint', DROP zones);
SELECT count(*) FROM exo.dbaas_zones;

-- An endpoint without its version: the zones are asked for without a key
SELECT replace(:'endpoint', '/v2', '') AS elsewhere \gset
ALTER SERVER exoscale OPTIONS (SET endpoint :'elsewhere');
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE

-- A zone that is misspelt, where the zones are learned and where they are not
ALTER SERVER exoscale OPTIONS (SET endpoint :'endpoint', ADD zones 'ch-gva2');
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE
ALTER SERVER exoscale OPTIONS (SET zones 'de-fra-1,nowhere');
SELECT count(*) FROM exo.dbaas_services;
SELECT replace(:'endpoint', '/v2', '/{zone}/v2') AS each \gset
ALTER SERVER exoscale OPTIONS (SET endpoint :'each', SET zones 'ch-gva2');
SELECT count(*) FROM exo.dbaas_services;
ALTER SERVER exoscale OPTIONS (SET zones 'nowhere');
SELECT count(*) FROM exo.dbaas_services;
ALTER SERVER exoscale OPTIONS (SET endpoint :'endpoint', DROP zones);

-- An answer that is too large
ALTER SERVER exoscale OPTIONS (ADD max_response_bytes '2kB');
\set VERBOSITY terse
SELECT count(*) FROM exo.dbaas_services;
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_zones;
ALTER SERVER exoscale OPTIONS (DROP max_response_bytes);
SELECT count(*) FROM exo.dbaas_services;

-- In blocks that catch errors, and in savepoints
CREATE FUNCTION model.attempt(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE query INTO n;
	RETURN n;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;
SELECT n, model.attempt('SELECT count(*) FROM exo.dbaas_logs WHERE service_name = ''pg-1-0001'' AND zone = ''ch-gva-2'' AND log_offset = ''bad''') AS attempt,
       model.attempt('SELECT count(*) FROM exo.dbaas_services') AS after
FROM generate_series(1, 3) AS n;
SELECT model.attempt('SELECT count(*) FROM exo.dbaas_operations');
SELECT model.attempt('SELECT count(*) FROM exo.dbaas_metrics WHERE period = ''eon''');
SELECT model.attempt('SELECT 1 / (count(*) - 60) FROM exo.dbaas_services');
SELECT model.attempt('SELECT 1 / (length(message) - length(message)) FROM exo.dbaas_logs');
BEGIN;
SELECT count(*) FROM exo.dbaas_services;
SAVEPOINT a;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND zone = 'ch-gva-2' AND log_offset = 'bad';
SELECT count(*) FROM exo.dbaas_services;
ROLLBACK TO a;
SELECT count(*) FROM exo.dbaas_services;
COMMIT;
SELECT sum(model.attempt('SELECT count(*) FROM exo.dbaas_migrations WHERE service_name = ''pg-1-0001''')::int) FROM generate_series(1, 20);

-- One query of many that fails: the others' answers are dropped with it
SELECT count(*) FROM exo.dbaas_logs WHERE log_offset = 'bad' AND zone = 'ch-gva-2' AND service_name IN ('pg-1-0001');
SELECT count(*) FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND log_limit = 1;
SELECT DISTINCT 1 / (CASE WHEN zone = 'at-vie-1' THEN 0 ELSE 1 END) FROM exo.dbaas_services;
SELECT count(*) FROM exo.dbaas_services;

-- A server or mapping that is gone
DROP USER MAPPING FOR CURRENT_USER SERVER exoscale;
SELECT model.attempt('SELECT count(*) FROM exo.dbaas_services') ~ '^28000: user ".*" has no user mapping for server "exoscale"$' AS refused;
SET ROLE regress_dbaas_user;
ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret 'ends in a space ');
RESET ROLE;
CREATE ROLE "regress dbaas second";
GRANT USAGE ON SCHEMA exo TO "regress dbaas second";
GRANT SELECT ON exo.dbaas_zones TO "regress dbaas second";
SET ROLE "regress dbaas second";
SELECT count(*) FROM exo.dbaas_zones;
RESET ROLE;
CREATE USER MAPPING FOR PUBLIC SERVER exoscale OPTIONS (api_secret 'S');
SET ROLE "regress dbaas second";
SELECT count(*) FROM exo.dbaas_zones;
RESET ROLE;
DROP OWNED BY "regress dbaas second";
DROP ROLE "regress dbaas second";
DROP OWNED BY regress_dbaas_user;
SET client_min_messages = warning;
DROP SERVER exoscale CASCADE;
RESET client_min_messages;
SELECT count(*) FROM exo.dbaas_services;
DROP ROLE regress_dbaas_user;
