-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION dbaas_fdw UPDATE TO '0.3'" to load this file. \quit
