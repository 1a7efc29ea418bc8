-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION dbaas_fdw UPDATE TO '0.3'" to load this file. \quit

CREATE FUNCTION dbaas_fdw_complete(schema name, server name DEFAULT NULL) RETURNS SETOF text
AS 'MODULE_PATHNAME' LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION dbaas_fdw_complete(name, name) IS
'adds to an imported schema the tables, columns, comments and views of this version that it lacks; returns the names of what it made';

DROP FUNCTION dbaas_fdw_catalogue();
CREATE FUNCTION dbaas_fdw_catalogue(
	OUT resource text, OUT table_name text, OUT table_description text,
	OUT reads text[], OUT insert text, OUT update text, OUT delete text,
	OUT ordinal integer, OUT column_name text, OUT data_type text,
	OUT field text, OUT param text, OUT required boolean, OUT default_value text,
	OUT domain jsonb, OUT insert_field text, OUT update_field text,
	OUT write_domain jsonb, OUT description text, OUT writes jsonb, OUT reveals jsonb)
RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION dbaas_fdw_catalogue() IS
'the tables that the wrapper offers: a row for each column';

DROP FUNCTION dbaas_fdw_stats();
CREATE FUNCTION dbaas_fdw_stats(
	OUT server text, OUT operation text, OUT requests bigint, OUT errors bigint,
	OUT retries bigint, OUT bytes bigint, OUT seconds double precision,
	OUT cache_hits bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbaas_fdw_stats() IS
'what this session asked of each server: a row for each operation';

CREATE FUNCTION dbaas_fdw_forget(server name DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME' LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dbaas_fdw_forget(name) IS
'drops the answers of a server, or of all servers, that this session keeps; returns how many there were';

CREATE FUNCTION dbaas_fdw_queued(
	OUT number bigint, OUT server name, OUT zone text, OUT method text, OUT path text,
	OUT body jsonb, OUT after bigint, OUT wait text, OUT level integer, OUT dry_run boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbaas_fdw_queued() IS
'what COMMIT would send, in the order of sending: a row for each write that this transaction has queued';

CREATE FUNCTION dbaas_fdw_reveal(server name, zone text, service_name text, username text,
	secret text DEFAULT 'password') RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL RESTRICTED;
REVOKE EXECUTE ON FUNCTION dbaas_fdw_reveal(name, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION dbaas_fdw_reveal(name, text, text, text, text) IS
'the password, or another secret, of a user of a service; each call leaves a line in the server''s log';
