-- What the tables are good for.  "make demo" runs it after setup.sql; it works
-- as well on a real organisation that has some services.

\set QUIET on
\pset footer off
\pset null '-'
\pset linestyle unicode
\pset border 1
\pset pager off

\echo
\echo '── Every database service, in every zone ───────────────────────────────'
\echo
\set ECHO queries
SELECT zone, name, plan, state, node_count AS nodes,
       disk_size / 1024^3 AS "disk GiB"
FROM exo.dbaas_services
ORDER BY zone, name;
\set ECHO none

-- One service to look at more closely: a PostgreSQL where there is one
SELECT zone, name AS service
FROM exo.dbaas_services
WHERE state = 'running'
ORDER BY type = 'pg' DESC, zone, name
LIMIT 1 \gset

\echo '── The newest log entries of one of them; no more than these are read ──'
\echo
\set ECHO queries
SELECT to_char(time, 'HH24:MI:SS') AS at, unit,
       left(translate(message, E'\t', ' '), 52) AS message
FROM exo.dbaas_logs
WHERE zone = :'zone' AND service_name = :'service'
LIMIT 8;
\set ECHO none

-- A table of our own: a team for each service but one, and one team that
-- believes in a service that is gone
CREATE TEMPORARY TABLE inventory (service text PRIMARY KEY, team text, budget numeric);
INSERT INTO inventory
SELECT name, (ARRAY['billing', 'data', 'web'])[1 + n % 3], 100 + 50 * (n % 4)
FROM (SELECT name, row_number() OVER (ORDER BY name) AS n FROM exo.dbaas_services) AS s
WHERE n > 1;
INSERT INTO inventory VALUES ('old-wiki', 'web', 80);
ANALYZE inventory;

\echo '── Joined with an inventory of our own: what does each team run? ───────'
\echo
\set ECHO queries
SELECT coalesce(i.team, '(nobody)') AS team,
       count(s.name) AS services,
       sum(s.node_count) AS nodes,
       sum(i.budget) AS budget,
       string_agg(i.service, ', ') FILTER (WHERE s.name IS NULL) AS missing
FROM exo.dbaas_services s
FULL JOIN inventory i ON i.service = s.name
GROUP BY i.team
ORDER BY i.team NULLS LAST;
\set ECHO none

\echo '── The last hour of that service, from its metrics ─────────────────────'
\echo
\set ECHO queries
SELECT title, count(value) AS samples,
       round(min(value)::numeric, 1) AS low,
       round(avg(value)::numeric, 1) AS mean,
       round(max(value)::numeric, 1) AS high
FROM exo.dbaas_metrics
WHERE zone = :'zone' AND service_name = :'service'
  AND metric IN ('diskio_read', 'diskio_writes', 'net_receive', 'net_send')
GROUP BY title
ORDER BY title;
\set ECHO none

\echo '── What all this asked of the API ──────────────────────────────────────'
\echo
\set ECHO queries
SELECT operation, requests, bytes,
       round((1000 * seconds / requests)::numeric, 1) AS "ms each"
FROM dbaas_fdw_stats();
\set ECHO none
