-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION dbaas_fdw UPDATE TO '0.2'" to load this file. \quit

CREATE FUNCTION dbaas_fdw_views(schema name) RETURNS SETOF name
AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION dbaas_fdw_views(name) IS
'makes views over the tables of a schema, in it, that answer what is open, unprotected, outdated, overdue or stalled there; returns their names';
