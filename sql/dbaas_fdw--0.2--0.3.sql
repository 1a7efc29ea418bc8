-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION dbaas_fdw UPDATE TO '0.3'" to load this file. \quit

CREATE FUNCTION dbaas_fdw_complete(schema name, server name DEFAULT NULL) RETURNS SETOF text
AS 'MODULE_PATHNAME' LANGUAGE C CALLED ON NULL INPUT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION dbaas_fdw_complete(name, name) IS
'adds to an imported schema the tables, columns, comments and views of this version that it lacks; returns the names of what it made';
