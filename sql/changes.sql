-- What changed, in the history of services, details and integrations; and how the views on a
-- history are made
\i test/connect.psql
\i test/history.psql

-- A run at 0:00 of each day, and one that was killed
INSERT INTO hist.runs (started_at, ended_at, rows_added)
SELECT at, at + interval '5 minutes', '{"services": 0}'
FROM generate_series(timestamptz '2026-03-01', '2026-03-09', '1 day') AS at;
INSERT INTO hist.runs (started_at) VALUES ('2026-02-28');
-- The day of a version
CREATE FUNCTION day(int) RETURNS timestamptz LANGUAGE sql IMMUTABLE
RETURN timestamptz '2026-02-28 00:01' + $1 * interval '24 hours';
CREATE FUNCTION u(int) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN ('00000000-0000-4000-8000-' || lpad($1::text, 12, '0'))::uuid;

INSERT INTO hist.services (zone, name, type, plan, state, created_at, updated_at, notifications, integrations, valid_from, valid_to) VALUES
  -- Was there when it began: nothing is made.  Two columns change at once, and back
  ('z1', 'pg', 'pg', 'startup-4', 'running', '2025-12-01', '2025-12-01', '[]', '[]', day(1), day(2)),
  ('z1', 'pg', 'pg', 'startup-8', 'rebuilding', '2025-12-01', '2026-03-02', '[]', '[]', day(2), day(3)),
  ('z1', 'pg', 'pg', 'startup-8', 'running', '2025-12-01', '2026-03-03', '[{"level": "notice"}]', '[{"id": "x"}]', day(3), NULL),
  -- Made after the first run, and deleted
  ('z1', 'short', 'kafka', 'startup-2', 'running', '2026-03-02 12:00', '2026-03-02', '[]', '[]', day(3), day(4)),
  -- Deleted, and made anew a day later
  ('z1', 'again', 'pg', 'startup-4', 'running', '2025-12-01', '2025-12-01', '[]', '[]', day(1), day(2)),
  ('z1', 'again', 'pg', 'startup-8', 'running', '2026-03-02 12:00', '2026-03-02', '[]', '[]', day(3), NULL),
  -- The same between two runs
  ('z1', 'twice', 'pg', 'startup-4', 'running', '2025-12-01', '2025-12-01', '[]', '[]', day(1), day(4)),
  ('z1', 'twice', 'mysql', 'startup-4', 'running', '2026-03-03 12:00', '2026-03-03', '[]', '[]', day(4), NULL),
  -- The zone could not be read at first
  ('z2', 'old', 'pg', 'startup-4', 'running', '2025-12-01', '2025-12-01', '[]', '[]', day(2), NULL),
  ('z2', 'new', 'pg', 'startup-4', 'running', '2026-03-03 12:00', '2026-03-03', '[]', '[]', day(4), NULL),
  -- The first service in a zone
  ('z3', 'first', 'pg', 'startup-4', 'running', '2026-03-03 12:00', '2026-03-03', '[]', '[]', day(4), NULL);
SELECT changed_at, zone, service_name, change, column_name, old_value, new_value FROM hist.changes
WHERE relation = 'services' ORDER BY 1, 2, 3, 4, 5;

INSERT INTO hist.details (zone, service_name, type, version, ip_filter, backup_hour, settings, details, valid_from, valid_to) VALUES
  -- A list as a whole, objects member by member, NULL to a value and back
  ('z1', 'pg', 'pg', '14.1', '{10.0.0.0/8}', NULL, '{"work_mem": 4, "jit": true, "log": {"a": 1}}',
    '{"version": "14.1", "pg-settings": {"work_mem": 4}, "updated-at": "a", "node-states": [1], "max-connections": 100, "users": [{"username": "avnadmin"}]}', day(1), day(2)),
  ('z1', 'pg', 'pg', '14.2', '{10.0.0.0/8,::/0}', 3, '{"work_mem": 8, "jit": true, "log": {"a": 2}, "hot": "x", "cold": null}',
    '{"version": "14.2", "pg-settings": {"work_mem": 8}, "updated-at": "b", "node-states": [2], "max-connections": 200, "users": [{"username": "avnadmin"}]}', day(2), day(3)),
  ('z1', 'pg', 'pg', '14.2', '{}', NULL, '{"work_mem": 8, "log": {"a": 2}, "hot": null}',
    '{"version": "14.2", "max-connections": 200}', day(3), day(4)),
  ('z1', 'pg', 'pg', '14.2', '{}', NULL, NULL, NULL, day(4), NULL),
  -- Lists have no order.  Progress is no change, a role is.  A window that was moved is shown once
  ('z1', 'nodes', 'pg', '14.1', '{a,b}', NULL, '{}', '{"maintenance": {"dow": "monday", "updates": []},
    "node-states": [{"name": "n-1", "role": "master"}, {"name": "n-2", "progress-updates": [1]}]}', day(1), day(2)),
  ('z1', 'nodes', 'pg', '14.1', '{b,a}', NULL, '{}', '{"maintenance": {"dow": "sunday", "updates": []},
    "node-states": [{"name": "n-2", "progress-updates": [2]}, {"name": "n-1", "role": "master"}]}', day(2), day(3)),
  ('z1', 'nodes', 'pg', '14.1', '{b,a,a}', NULL, '{}', '{"maintenance": {"dow": "sunday", "updates": ["x"]},
    "node-states": [{"name": "n-2", "role": "master"}, {"name": "n-1"}]}', day(3), NULL),
  -- Services say what was made and deleted
  ('z1', 'short', 'kafka', '3.3', '{}', NULL, '{}', '{}', day(3), day(4)),
  ('z1', 'again', 'pg', '14.1', '{}', NULL, '{}', '{}', day(1), day(2)),
  ('z1', 'again', 'pg', '15.1', '{}', NULL, '{}', '{}', day(3), NULL);
SELECT changed_at, service_name, change, column_name, member, old_value, new_value FROM hist.changes
WHERE relation = 'details' ORDER BY 1, 2, 4, 5;

INSERT INTO hist.integrations (zone, id, type, source, dest, is_enabled, settings, valid_from, valid_to) VALUES
  ('z1', u(1), 'logs', 'pg', 'os', true, '{"days": 1}', day(1), day(2)),
  ('z1', u(1), 'logs', 'pg', 'os', false, '{"days": 3}', day(2), day(5)),
  ('z1', u(2), 'metrics', 'pg', 'os', true, NULL, day(3), NULL),
  -- Between two zones, of which one could not be read: it is no other one
  ('z1', u(3), 'read_replica', 'pg', 'old', true, NULL, day(1), day(3)),
  ('z2', u(3), 'read_replica', 'pg', 'old', true, NULL, day(3), NULL),
  ('z2', u(4), 'logs', 'old', 'old', true, NULL, day(2), NULL);
SELECT changed_at, zone, service_name, right(id::text, 1) AS id, change, column_name, member, old_value, new_value FROM hist.changes
WHERE relation = 'integrations' ORDER BY 1, 4, 5, 6;

-- A column that the table gets later
BEGIN;
TRUNCATE hist.services, hist.details, hist.integrations;
ALTER TABLE hist.services ADD COLUMN region text;
INSERT INTO hist.services (zone, name, plan, region, valid_from, valid_to) VALUES
  ('z1', 'a', 'x', 'north', day(1), day(2)), ('z1', 'a', 'x', 'south', day(2), NULL);
SELECT changed_at, service_name, column_name, old_value, new_value FROM hist.changes ORDER BY 1, 2, 3;
ROLLBACK;

-- The views are made once, and again without a word
SELECT * FROM dbaas_fdw_history_views('hist');
SELECT relname, reloptions, obj_description(oid, 'pg_class') FROM pg_class
WHERE relnamespace = 'hist'::regnamespace AND relkind = 'v' ORDER BY 1;
SELECT table_name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) AS columns
FROM information_schema.columns WHERE table_schema = 'hist' AND table_name IN ('changes', 'disk_forecast', 'slow_hours', 'uptime')
GROUP BY 1 ORDER BY 1;
-- What was granted, and the options, stay; also that there are none
CREATE ROLE regress_dbaas_reader;
GRANT USAGE ON SCHEMA hist TO regress_dbaas_reader;
GRANT SELECT ON hist.changes, hist.uptime TO regress_dbaas_reader;
ALTER VIEW hist.changes RESET (security_invoker);
ALTER VIEW hist.uptime SET (security_barrier);
COMMENT ON VIEW hist.uptime IS NULL;
DROP VIEW hist.slow_hours;
SELECT * FROM dbaas_fdw_history_views('hist');
SELECT relname, reloptions, obj_description(oid, 'pg_class') IS NOT NULL AS comment FROM pg_class
WHERE relnamespace = 'hist'::regnamespace AND relkind = 'v' ORDER BY 1;
-- A reader of "changes" reads with its owner's rights now, one of "uptime" with his own
SET ROLE regress_dbaas_reader;
SELECT count(*) FROM hist.changes WHERE service_name = 'short';
SELECT count(*) FROM hist.uptime;
RESET ROLE;
GRANT SELECT ON hist.services, hist.runs TO regress_dbaas_reader;
SET ROLE regress_dbaas_reader;
SELECT count(*) FROM hist.uptime WHERE service_name = 'first' AND period = 'week';
-- He may not make them
\set VERBOSITY terse
SELECT dbaas_fdw_history_views('hist');
\set VERBOSITY default
RESET ROLE;

-- What is in the search path plays no part, nor does the name of the schema
CREATE SCHEMA evil;
CREATE FUNCTION evil.date_part(text, interval) RETURNS float8 LANGUAGE sql AS 'SELECT NULL::float8';
CREATE FUNCTION evil.same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same);
ALTER SCHEMA hist RENAME TO "His ""T"" %s %1$I";
DROP VIEW "His ""T"" %s %1$I".changes, "His ""T"" %s %1$I".uptime;
SET search_path = evil, pg_catalog;
SET standard_conforming_strings = off;
SELECT * FROM public.dbaas_fdw_history_views('His "T" %s %1$I');
RESET standard_conforming_strings;
RESET search_path;
SELECT count(*) FROM pg_depend JOIN pg_rewrite r ON r.oid = objid AND classid = 'pg_rewrite'::regclass
WHERE refobjid IN ('evil.date_part(text,interval)'::regprocedure::oid, 'evil.=(text,text)'::regoperator::oid);
SELECT count(*) FROM "His ""T"" %s %1$I".changes WHERE service_name = 'short';
ALTER SCHEMA "His ""T"" %s %1$I" RENAME TO hist;

-- Without a table, there is no view that needs it
CREATE SCHEMA few;
CREATE TABLE few.services (LIKE hist.services);
CREATE TABLE few.runs (LIKE hist.runs);
SELECT * FROM dbaas_fdw_history_views('few');
-- A name that is taken
CREATE TABLE few.disk_forecast ();
CREATE TABLE few.metrics (LIKE hist.metrics);
CREATE TABLE few.cursors (LIKE hist.cursors);
SELECT * FROM dbaas_fdw_history_views('few');
SELECT dbaas_fdw_history_views('no_such_schema');

-- They need nothing but the tables
SET client_min_messages = warning;
DROP EXTENSION dbaas_fdw CASCADE;
RESET client_min_messages;
SELECT count(*) FROM hist.changes WHERE service_name = 'short';
SELECT count(*) FROM hist.uptime WHERE service_name = 'first' AND period = 'week';
DROP OWNED BY regress_dbaas_reader;
DROP ROLE regress_dbaas_reader;
SET client_min_messages = warning;
DROP SCHEMA evil, few, hist CASCADE;
DROP FUNCTION day, u;
