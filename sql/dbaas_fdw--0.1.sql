-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION dbaas_fdw" to load this file. \quit

CREATE FUNCTION dbaas_fdw_handler() RETURNS fdw_handler
AS 'MODULE_PATHNAME' LANGUAGE C STRICT;

CREATE FUNCTION dbaas_fdw_validator(text[], oid) RETURNS void
AS 'MODULE_PATHNAME' LANGUAGE C STRICT;

CREATE FOREIGN DATA WRAPPER dbaas_fdw
HANDLER dbaas_fdw_handler VALIDATOR dbaas_fdw_validator;

CREATE FUNCTION dbaas_fdw_version() RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION dbaas_fdw_version() IS
'versions of the wrapper, libcurl and json-c';

CREATE FUNCTION dbaas_fdw_stats(
	OUT server text, OUT operation text, OUT requests bigint, OUT errors bigint,
	OUT retries bigint, OUT bytes bigint, OUT seconds double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbaas_fdw_stats() IS
'what this session asked of each server: a row for each operation';

CREATE FUNCTION dbaas_fdw_disconnect(server name) RETURNS boolean
AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dbaas_fdw_disconnect(name) IS
'closes this session''s connections to a server; false when there are none';

CREATE FUNCTION dbaas_fdw_comment(schema name) RETURNS bigint
AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dbaas_fdw_comment(name) IS
'describes the tables of a schema that IMPORT FOREIGN SCHEMA made, and their columns; returns the number of comments';

CREATE FUNCTION dbaas_fdw_options(
	OUT place text, OUT name text, OUT default_value text, OUT description text)
RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION dbaas_fdw_options() IS
'the options of servers, user mappings, tables and columns';

CREATE FUNCTION dbaas_fdw_catalogue(
	OUT resource text, OUT table_name text, OUT table_description text,
	OUT reads text[], OUT insert text, OUT update text, OUT delete text,
	OUT ordinal integer, OUT column_name text, OUT data_type text,
	OUT field text, OUT param text, OUT required boolean, OUT default_value text,
	OUT domain jsonb, OUT insert_field text, OUT update_field text,
	OUT write_domain jsonb, OUT description text)
RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION dbaas_fdw_catalogue() IS
'the tables that the wrapper offers: a row for each column';
