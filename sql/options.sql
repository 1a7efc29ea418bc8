-- Options: what the validator takes and what it refuses
\i test/connect.psql
\pset format unaligned
\pset tuples_only on

-- What a command says; what it does is undone.  The list of all resources, which
-- is the catalogue's, is not printed each time
CREATE VIEW pg_temp.resources AS
SELECT string_agg(resource, ', ' ORDER BY ordinality) AS list
FROM dbaas_fdw_catalogue() WITH ORDINALITY WHERE ordinal = 1;
CREATE FUNCTION pg_temp.try(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE command;
	RAISE EXCEPTION 'undo' USING ERRCODE = 'XX001';
EXCEPTION
	WHEN SQLSTATE 'XX001' THEN
		RETURN 'ok';
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		                        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		detail := replace(detail, (SELECT list FROM resources), '(the resources)');
		RETURN concat_ws(E'\n  ', state || ': ' || message, nullif(detail, ''), nullif(hint, ''));
END
$$;
CREATE FUNCTION pg_temp.server(option text, value text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.try(format('CREATE SERVER tried FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (%I %L)', option, value)) $$;
CREATE FUNCTION pg_temp.mapping(options text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.try('CREATE USER MAPPING FOR PUBLIC SERVER exoscale OPTIONS (' || options || ')') $$;
CREATE FUNCTION pg_temp.table(columns text, options text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.try(format('CREATE FOREIGN TABLE tried (%s) SERVER exoscale OPTIONS (%s)', columns, options)) $$;

-- Server options that are right
SELECT option, value, pg_temp.server(option, value)
FROM (VALUES ('endpoint', 'https://api-{zone}.exoscale.com/v2'), ('endpoint', 'https://api.example.com'),
  ('endpoint', 'http://127.0.0.1:8080/v2'), ('endpoint', 'http://localhost/v2'), ('endpoint', 'http://[::1]:8080/v2'),
  ('endpoint', 'http://127.1.2.3/{zone}/v2'),
  ('zones', 'ch-gva-2'), ('zones', 'ch-gva-2,de-fra-1'), ('zones', 'ch-gva-2, de-fra-1'),
  ('connect_timeout', '10'), ('connect_timeout', '0.5'), ('connect_timeout', '500ms'), ('connect_timeout', '2 min'),
  ('request_timeout', '60'), ('operation_timeout', '10min'), ('wait', 'none'), ('wait', 'operation'), ('wait', 'running'),
  ('max_concurrency', '1'), ('max_concurrency', '64'), ('max_concurrency', ' 8 '), ('max_retries', '0'), ('max_retries', '20'),
  ('requests_per_second', '10'), ('requests_per_second', '0.5'),
  ('max_response_bytes', '65536'), ('max_response_bytes', '64MB'), ('unavailable_zones', 'error'),
  ('unavailable_zones', 'skip'), ('updatable', 'false'), ('updatable', 'on'), ('ca_file', '/etc/ssl/ca.pem'),
  ('proxy', 'http://proxy.example.com:3128'), ('proxy', 'socks5h://proxy.example.com'),
  ('proxy', 'proxy.example.com:3128'), ('proxy', '10.0.0.1'), ('proxy', 'https://[2001:db8::1]:443/'), ('proxy', 'SOCKS4a://proxy:65535'), ('fdw_startup_cost', '0'), ('fdw_startup_cost', '12.5'),
  ('fdw_tuple_cost', '0.01')) AS v (option, value);

-- Values that are malformed, out of bounds or empty
SELECT option, value, pg_temp.server(option, value)
FROM (VALUES ('connect_timeout', '0'), ('connect_timeout', '-1'), ('connect_timeout', 'soon'), ('connect_timeout', ''),
  ('request_timeout', '1 fortnight'), ('request_timeout', 'NaN'), ('request_timeout', '3601'),
  ('operation_timeout', '86401'), ('wait', 'Operation'), ('wait', ''),
  ('max_concurrency', '0'), ('max_concurrency', '65'), ('max_concurrency', '1.5'), ('max_concurrency', 'many'),
  ('max_concurrency', '8x'),
  ('max_retries', '-1'), ('max_retries', '21'), ('requests_per_second', '0'), ('requests_per_second', 'fast'), ('max_response_bytes', '0'), ('max_response_bytes', '64 miles'),
  ('unavailable_zones', 'ignore'), ('updatable', 'maybe'), ('ca_file', 'ca.pem'), ('ca_file', ''), ('proxy', ''), ('proxy', 'SOCKS5h://localhost/tmp/.s.PGSQL.5432'),
  ('proxy', 'ftp://proxy.example.com'), ('proxy', 'ftp.example.com:3128'), ('proxy', 'file:///etc/passwd'), ('proxy', 'socks6://proxy'),
  ('proxy', 'http://proxy:99999'), ('proxy', 'proxy:0'), ('proxy', 'http://proxy:3128x'), ('proxy', 'http://'), ('proxy', 'http:///x'),
  ('proxy', 'http://proxy/path'), ('proxy', 'http://proxy?x=1'), ('proxy', 'a proxy'), ('proxy', 'http://u:hunter2@proxy:3128'),
  ('fdw_startup_cost', '-1'), ('fdw_tuple_cost', 'cheap'), ('fdw_tuple_cost', 'Infinity'),
  ('zones', ''), ('zones', 'ch-gva-2,,de-fra-1'), ('zones', 'ch gva 2'), ('zones', '../x'), ('zones', 'CH-GVA-2'))
  AS v (option, value);

-- Endpoints: https anywhere, http on loopback addresses alone
SELECT to_json(value), pg_temp.server('endpoint', value)
FROM unnest(ARRAY['http://api.example.com/v2', 'http://api-{zone}.exoscale.com/v2', 'http://10.0.0.1/v2', 'http://0.0.0.0/v2',
  'http://127.0.0.1.example.com/v2', 'http://localhost.example.com/v2', 'http://127.0.0.1@example.com/v2',
  'http://2130706433.example.com/', 'http://[::2]/v2', 'ftp://example.com/v2', 'file:///etc/passwd', 'example.com/v2',
  '', 'https://', 'https://user:pass@example.com/v2', 'https://example.com/v2?x=1', 'https://example.com/v2#x',
  'https://exa mple.com/v2', E'https://example.com/v2\r\nX: y', 'https://example.com:99999/v2']) AS value;

SELECT left(pg_temp.server('endpoint', 'https:///v2'), 5) AS no_host;

-- Unknown options, with the nearest; options that belong elsewhere
SELECT option, pg_temp.server(option, 'x')
FROM unnest('{end_point,Endpoint,zone,max_retry,conect_timeout,something_else,api_key,api_secret,api_secret_file,resource,field}'::text[]) AS option;
SELECT pg_temp.mapping($$api_token 'x'$$);
SELECT pg_temp.mapping($$api_keys 'x'$$);
SELECT pg_temp.mapping($$endpoint 'https://example.com'$$);
SELECT pg_temp.mapping($$updatable 'true'$$);
SELECT pg_temp.table('zone text', $$resorce 'services'$$);
SELECT pg_temp.table('zone text', $$resource 'services', zones 'ch-gva-2'$$);
SELECT pg_temp.table('zone text', $$resource 'services', api_key 'x'$$);
SELECT pg_temp.table('zone text', $$resource 'services', field 'zone'$$);
SELECT pg_temp.table('zone text OPTIONS (fields ''zone'')', $$resource 'services'$$);
SELECT pg_temp.table('zone text OPTIONS (resource ''services'')', $$resource 'services'$$);
SELECT pg_temp.table('zone text OPTIONS (field '''')', $$resource 'services'$$);
SELECT pg_temp.try('CREATE FOREIGN DATA WRAPPER tried HANDLER dbaas_fdw_handler VALIDATOR dbaas_fdw_validator OPTIONS (endpoint ''https://example.com'')');

-- Tables
SELECT pg_temp.table('zone text', $$resource 'services', updatable 'false', fdw_startup_cost '5', fdw_tuple_cost '1'$$);
SELECT pg_temp.table('n text OPTIONS (field ''name''), everything jsonb OPTIONS (field ''*'')', $$resource 'services'$$);
SELECT pg_temp.table('zone text', $$resource 'service'$$);
SELECT pg_temp.table('zone text', $$resource 'dbaas_services'$$);
SELECT pg_temp.table('zone text', $$resource 'completely different'$$);
SELECT pg_temp.table('zone text', $$resource ''$$);
SELECT pg_temp.table('zone text', $$resource 'services', updatable 'perhaps'$$);
SELECT pg_temp.table('zone text', $$resource 'services', fdw_startup_cost 'x'$$);

-- User mappings: one secret, and never shown
SELECT pg_temp.mapping($$api_key 'EXOkey', api_secret 's3cr3t'$$);
SELECT pg_temp.mapping($$api_key 'EXOkey'$$);
SELECT pg_temp.mapping($$api_key 'EXOkey', api_secret_file '/etc/exoscale/secret'$$);
SELECT pg_temp.mapping($$api_key 'EXOkey', api_secret 's3cr3t', api_secret_file '/etc/exoscale/secret'$$);
SELECT pg_temp.mapping($$api_key 'EXOkey', api_secret ''$$);
SELECT pg_temp.mapping($$api_key '', api_secret 's3cr3t'$$);
SELECT pg_temp.mapping($$api_key 'EXO key', api_secret 's3cr3t'$$);
SELECT pg_temp.mapping($$api_key 'EXO,key', api_secret 's3cr3t'$$);
SELECT pg_temp.mapping($$api_key 'EXOkey', api_secret_file 'secret'$$);
SELECT pg_temp.mapping($$api_key 'EXOkey', api_secrets 's3cr3t'$$);
SELECT pg_temp.mapping($$api_key 'EXOkey', api_secret 's3cr3t', api_secret 'again'$$);

-- ALTER: one secret for the other, and options that are added, set and dropped
SELECT pg_temp.try('ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (ADD api_secret_file ''/x'')');
SELECT pg_temp.try('ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (DROP api_secret, ADD api_secret_file ''/x'')');
SELECT pg_temp.try('ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret ''new'')');
SELECT pg_temp.try('ALTER SERVER exoscale OPTIONS (ADD max_retries ''100'')');
SELECT pg_temp.try('ALTER SERVER exoscale OPTIONS (ADD max_retry ''1'')');
SELECT pg_temp.try('ALTER SERVER exoscale OPTIONS (DROP zones)');
SELECT pg_temp.try('ALTER FOREIGN TABLE exo.dbaas_services OPTIONS (ADD updatable ''no'')');
SELECT pg_temp.try('ALTER FOREIGN TABLE exo.dbaas_services OPTIONS (SET resource ''servces'')');
SELECT pg_temp.try('ALTER FOREIGN TABLE exo.dbaas_services ALTER name OPTIONS (ADD field ''type'')');
SELECT pg_temp.try('ALTER FOREIGN TABLE exo.dbaas_services ALTER name OPTIONS (ADD filed ''type'')');

-- Who is no superuser may not name a file of the server, but may give a secret
CREATE ROLE regress_dbaas_user;
GRANT USAGE ON FOREIGN SERVER exoscale TO regress_dbaas_user;
SET ROLE regress_dbaas_user;
CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (api_key 'EXOkey', api_secret_file '/etc/passwd');
\echo :LAST_ERROR_SQLSTATE
CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (api_key 'EXOkey', api_secret 's3cr3t');
ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (DROP api_secret, ADD api_secret_file '/etc/passwd');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM pg_user_mappings WHERE usename <> current_user AND umoptions IS NOT NULL;
RESET ROLE;
DROP USER MAPPING FOR regress_dbaas_user SERVER exoscale;
REVOKE USAGE ON FOREIGN SERVER exoscale FROM regress_dbaas_user;
DROP ROLE regress_dbaas_user;

-- A change takes effect at once, in the session that has connections already
SELECT count(*), count(DISTINCT zone) FROM exo.dbaas_services;
ALTER SERVER exoscale OPTIONS (ADD zones 'de-fra-1');
SELECT count(*), min(zone) FROM exo.dbaas_services;
SELECT zone FROM exo.dbaas_zones;
ALTER SERVER exoscale OPTIONS (SET zones 'at-vie-1, ch-gva-2,at-vie-1');
SELECT zone, count(*) FROM exo.dbaas_services GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM exo.dbaas_services WHERE zone = 'de-fra-1';
ALTER SERVER exoscale OPTIONS (SET zones 'no-such-zone');
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE
ALTER SERVER exoscale OPTIONS (DROP zones);
SELECT count(*) FROM exo.dbaas_services;
ALTER FOREIGN TABLE exo.dbaas_services ALTER plan OPTIONS (ADD field 'type');
SELECT type, plan FROM exo.dbaas_services WHERE name = 'pg-1-0001';
ALTER FOREIGN TABLE exo.dbaas_services ALTER plan OPTIONS (DROP field);
SELECT type, plan <> type AS ok FROM exo.dbaas_services WHERE name = 'pg-1-0001';
PREPARE names AS SELECT count(*), count(DISTINCT name) FROM exo.dbaas_services WHERE name = 'pg-1-0001';
EXECUTE names;
ALTER FOREIGN TABLE exo.dbaas_services ALTER name OPTIONS (ADD field 'type');
EXECUTE names;
ALTER FOREIGN TABLE exo.dbaas_services ALTER name OPTIONS (DROP field);
EXECUTE names;

-- An endpoint with {zone}, and zones: the zones need not be asked for
\getenv zones_endpoint DBAAS_SIM_ZONES_ENDPOINT
ALTER SERVER exoscale OPTIONS (SET endpoint :'zones_endpoint', ADD zones 'de-fra-1,at-vie-1');
SELECT zone, count(*) FROM exo.dbaas_services GROUP BY 1 ORDER BY 1;
SELECT zone, count(*) FROM exo.dbaas_logs WHERE service_name = 'shared-name' AND log_limit = 3 GROUP BY 1 ORDER BY 1;

-- api_secret_file: the first line of the file
SELECT pg_backend_pid() AS pid \gset
\set secret_file '/tmp/dbaas_fdw_secret.' :pid
\o :secret_file
\qecho :api_secret
\o
ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (DROP api_secret, ADD api_secret_file :'secret_file');
\setenv secret_file :secret_file
\! chmod a+r "$secret_file"
SELECT count(*) FROM exo.dbaas_services;
\! rm -f "$secret_file"
ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret_file '/nonexistent/dbaas_fdw_secret');
SELECT count(*) FROM exo.dbaas_services;
\echo :LAST_ERROR_SQLSTATE
