-- What a coordinator is asked, and what it asks of whom.  "start" runs it.

\set ON_ERROR_STOP on
\pset footer off
\pset null '-'
\pset pager off

\echo
\echo '── One table, three organisations, each on a PostgreSQL of its own ──────'
\echo
\set ECHO queries
SELECT organisation, zone, count(*) AS services, sum(node_count) AS nodes
FROM exo.dbaas_services
GROUP BY organisation, zone ORDER BY organisation, zone;

EXPLAIN (VERBOSE, COSTS OFF)
SELECT organisation, zone, count(*) FROM exo.dbaas_services GROUP BY organisation, zone;
\set ECHO none

\echo '── A join, where the rows are: one row for each organisation travels ────'
\echo
\connect
\set ECHO queries
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT s.organisation, max(m.value)
FROM exo.dbaas_services s
JOIN exo.dbaas_metrics m ON m.organisation = s.organisation
  AND m.zone = s.zone AND m.service_name = s.name
WHERE s.type = 'pg' AND m.metric = 'disk_usage'
GROUP BY s.organisation;

SELECT organisation, operation, requests FROM exo.requests ORDER BY 1, 2;
\set ECHO none

\echo '── One organisation: the others are not asked ───────────────────────────'
\echo
\connect
\set ECHO queries
SELECT time, left(message, 40) AS message
FROM acme_exo.dbaas_logs
WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' ORDER BY time DESC LIMIT 3;

SELECT organisation, operation, requests FROM exo.requests ORDER BY 1, 2;
\set ECHO none

\echo '── What has no organisation in GROUP BY: sum up what the nodes counted ──'
\echo
\set ECHO queries
SELECT type, sum(n) AS services
FROM (SELECT organisation, type, count(*) AS n FROM exo.dbaas_services GROUP BY 1, 2) AS s
GROUP BY type ORDER BY type;
\set ECHO none

\echo '── The histories: local tables on the nodes, the API is not asked ───────'
\echo
\connect
\set ECHO queries
SELECT organisation, count(*) AS entries, min(time), max(time)
FROM hist.logs GROUP BY organisation ORDER BY organisation;

SELECT organisation, operation, requests FROM exo.requests;
\set ECHO none

\echo '── One node is down ─────────────────────────────────────────────────────'
\echo
\! pg_ctl stop -s -m fast -D "$MANY_SERVERS/globex/data"
\connect
\set ON_ERROR_STOP off
\set ECHO queries
SELECT organisation, count(*) FROM exo.dbaas_services GROUP BY organisation;

SELECT organisation, count(*) FROM exo.dbaas_services
WHERE organisation IN ('acme', 'initech') GROUP BY organisation;

CALL fleet.check();

SELECT organisation, count(*) FROM exo.dbaas_services GROUP BY organisation;
\set ECHO none

\! pg_ctl start -s -w -D "$MANY_SERVERS/globex/data" -l "$MANY_SERVERS/globex/log"
\set ECHO queries
CALL fleet.check();

SELECT organisation, count(*) FROM exo.dbaas_services GROUP BY organisation;
