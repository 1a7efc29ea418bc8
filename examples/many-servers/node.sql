-- What each node has: its organisation, its history, and views of both that say
-- which organisation it is.  The coordinator sees these views, and nothing else.

CREATE EXTENSION dbaas_fdw;

CREATE SERVER exoscale FOREIGN DATA WRAPPER dbaas_fdw
  OPTIONS (endpoint :'endpoint');

CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale
  OPTIONS (api_key :'api_key', api_secret :'api_secret');

CREATE SCHEMA exo;
IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO exo;
-- How many services there are decides about plans, here and on the coordinator
ANALYZE exo.dbaas_services;

-- Its history, of all that there is
SELECT count(*) AS tables FROM dbaas_fdw_history('exo', 'hist') \gset
UPDATE hist.keep SET first = NULL;

CREATE SCHEMA shared_exo;
CREATE SCHEMA shared_hist;

-- A view for each table and view, but for the partitions of the history
SELECT format('CREATE VIEW shared_%1$I.%2$I AS '
              'SELECT %3$L::text AS organisation, t.* FROM %1$I.%2$I AS t',
              relnamespace::regnamespace, relname, :'organisation')
FROM pg_class
WHERE relnamespace IN ('exo'::regnamespace, 'hist'::regnamespace)
  AND relkind IN ('f', 'r', 'p', 'v') AND NOT relispartition
ORDER BY 1 \gexec

-- The requests that the session behind a connection of the coordinator has sent
CREATE VIEW shared_exo.requests AS
SELECT :'organisation'::text AS organisation, s.* FROM dbaas_fdw_stats() s;

-- postgres_fdw reads with cursors, to their ends.  With this the node knows it, and
-- keeps several requests in flight from the start.
CREATE ROLE coordinator LOGIN;
ALTER ROLE coordinator SET cursor_tuple_fraction = 1;
-- And in transactions of REPEATABLE READ, whose answers are kept to their end
ALTER ROLE coordinator SET dbaas_fdw.cache_size = '256MB';
GRANT USAGE ON SCHEMA shared_exo, shared_hist TO coordinator;
GRANT SELECT ON ALL TABLES IN SCHEMA shared_exo, shared_hist TO coordinator;
