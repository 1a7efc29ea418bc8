-- What the tables are good for.  "make demo" runs it after setup.sql; it works
-- as well on a real organisation that has some services.

\set QUIET on
\pset footer off
\pset null '-'
\pset linestyle unicode
\pset border 1
\pset pager off

\echo
\echo '── Every database service, in every zone ─────────────────────────────'
\echo
\set ECHO queries
SELECT zone, name, type, plan, state, node_count AS nodes
FROM exo.dbaas_services
ORDER BY zone, name;
\set ECHO none

SELECT zone, name AS service
FROM exo.dbaas_services
WHERE state = 'running'
ORDER BY zone, name
LIMIT 1 \gset

\echo
\echo '── The newest log lines of one of them, and no more than these ───────'
\echo
\set ECHO queries
SELECT to_char(time, 'HH24:MI:SS') AS at, unit, left(message, 56) AS message
FROM exo.dbaas_logs
WHERE service_name = :'service'
LIMIT 8;
\set ECHO none

-- A table of our own: one team for each service, one service without a team,
-- and one team that believes in a service that is gone
CREATE TEMPORARY TABLE inventory (service text PRIMARY KEY, team text, budget numeric);
INSERT INTO inventory
SELECT name, (ARRAY['billing', 'data', 'web'])[1 + n % 3], 100 + 50 * (n % 4)
FROM (SELECT name, row_number() OVER (ORDER BY name) AS n FROM exo.dbaas_services) AS s
WHERE n > 1;
INSERT INTO inventory VALUES ('old-wiki', 'web', 80);
ANALYZE inventory;

\echo
\echo '── Joined with our own inventory: what does each team run? ───────────'
\echo
\set ECHO queries
SELECT coalesce(i.team, '(nobody)') AS team,
       count(s.name) AS services,
       sum(s.node_count) AS nodes,
       sum(i.budget) AS budget,
       string_agg(i.service, ', ') FILTER (WHERE s.name IS NULL) AS "not there"
FROM exo.dbaas_services s
FULL JOIN inventory i ON i.service = s.name
GROUP BY i.team
ORDER BY i.team NULLS LAST;
\set ECHO none

\echo
\echo '── The last hour of that service, from its metrics ───────────────────'
\echo
\set ECHO queries
SELECT metric, count(*) AS samples,
       round(min(value)::numeric, 1) AS low,
       round(avg(value)::numeric, 1) AS mean,
       round(max(value)::numeric, 1) AS high
FROM exo.dbaas_metrics
WHERE service_name = :'service' AND period = 'hour'
GROUP BY metric
ORDER BY metric;
\set ECHO none
\echo
