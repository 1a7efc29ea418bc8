-- When disks are full, hours whose errors stand out, and how long services ran: each
-- figure is worked out in a comment
\i test/connect.psql
\i test/history.psql
\set newest '''2026-03-10 00:00'''
SET extra_float_digits = -3;

-- A service that runs since January, but for what the test says of it
CREATE PROCEDURE service(name text, state text DEFAULT 'running', disk_size bigint DEFAULT 100,
  valid_from timestamptz DEFAULT '2026-03-01', valid_to timestamptz DEFAULT NULL)
LANGUAGE sql AS $$
  INSERT INTO hist.services (zone, name, state, disk_size, created_at, valid_from, valid_to)
  VALUES ('z1', $1, $2, $3, '2026-01-01', $4, $5)
$$;

-- Disks: a value in the middle of each hour, from "first" to "last" hours before the
-- newest.  "days" are before the newest, "noise" is 1, -1, -1, 1 and so on: its sum is 0,
-- and so is that of its products with the times, of any four hours in a row.
CREATE PROCEDURE disk(service text, node text, formula text, first int DEFAULT 167, last int DEFAULT 0)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('INSERT INTO hist.metrics
    SELECT %L, %L, %L, %L, timestamptz %L - (h + 0.5) * interval %L, %s
    FROM (SELECT h, -(h + 0.5) / 24 AS days, CASE WHEN h %% 4 IN (0, 3) THEN 1 ELSE -1 END AS noise
      FROM generate_series(%s, %s) AS h) AS x',
    'z1', service, 'disk_usage', node, '2026-03-10', '1 hour', formula, last, first);
END
$$;
INSERT INTO hist.cursors (zone, service_name, newest, sampled)
VALUES ('z1', 'whoever', '2026-03-10 00:30', :newest), ('z1', 'late', '2026-03-09', '2026-03-08');

-- 1 % a day, and 80 % at the newest: full after 20 days, on the 30th, without doubt
CALL service('grows');
CALL disk('grows', 'n-1', '80 + days');
-- 2 % a day, sampled each sixth hour: full after (100 - 50) / 2 = 25 days, on 4 April
CALL service('seldom');
CALL disk('seldom', 'n-1', '50 + 2 * days');
DELETE FROM hist.metrics WHERE service_name = 'seldom'
  AND date_part('hour', time)::int NOT IN (5, 11, 17, 23);
-- The same as "grows", with noise.  There are 168 hours, whose times have the variance
-- (168^2 - 1) / 12 / 24^2 = 4.08319 days^2, 685.976 in sum.  The noise changes neither the
-- mean nor the slope, and adds 168 to the squares: r2 is 685.976 / (685.976 + 168) = 0.803273,
-- the slope's error is (168 / 166 / 685.976)^0.5 = 0.0384102.  The mean is 76.5 %, 3.5 days
-- ago.  A slope of 1.0768203 has 23.5 / 1.0768203 - 3.5 = 18.3235105 days to go (28 March,
-- 07:46), one of 0.9231797 has 21.9555002 days (31 March, 22:56).
CALL service('noisy');
CALL disk('noisy', 'n-1', '80 + days + noise');
-- The same again, where one hour has 21 samples, of the same mean: an hour is an hour
CALL service('dense');
CALL disk('dense', 'n-1', '80 + days + noise');
INSERT INTO hist.metrics
SELECT zone, service_name, metric, node, time + m * interval '1 minute', value + sign(m) * 9
FROM hist.metrics, generate_series(-10, 10) AS m
WHERE service_name = 'dense' AND time > '2026-03-09 23:00' AND m <> 0;
-- A slope of 0.05, less than twice its error: that is noise.  r2 is 0.0025 * 685.976 / (0.0025 *
-- 685.976 + 168) = 0.0101048
CALL service('noise');
CALL disk('noise', 'n-1', '80 + 0.05 * days + noise');
-- Flat; PostgreSQL says that r2 is 1
CALL service('flat');
CALL disk('flat', 'n-1', '40');
CALL service('shrinks');
CALL disk('shrinks', 'n-1', '40 - days');
-- (100 - 40) / 0.01 = 6,000 days, more than ten years
CALL service('slow');
CALL disk('slow', 'n-1', '40 + 0.01 * days');
CALL service('full');
CALL disk('full', 'n-1', '100');
-- 24 % a day until 30 hours ago, and 99.99 % since.  The line was at 100 before the newest, when
-- the disk was not full, so that it is full at any time from the newest on
CALL service('overdue');
CALL disk('overdue', 'n-1', 'least(99.99, 99.99 + 24 * days + 30)', 95);
-- 24 hours are too few, and so are seven values in three days
CALL service('young');
CALL disk('young', 'n-1', '80 + days', 23);
CALL service('few');
CALL disk('few', 'n-1', '80 + days', 83);
DELETE FROM hist.metrics WHERE service_name = 'few' AND date_part('hour', time)::int NOT IN (0, 12);
CALL service('one');
CALL disk('one', 'n-1', '80', 0);
CALL service('none');
-- What is older than a week is not looked at, nor is another metric
CALL service('older');
CALL disk('older', 'n-1', '80 + days');
INSERT INTO hist.metrics SELECT 'z1', 'older', 'disk_usage', 'n-1', :newest::timestamptz - d * interval '1 day', 0
FROM generate_series(7, 20) AS d;
INSERT INTO hist.metrics SELECT 'z1', 'older', 'cpu_usage', node, time, 0
FROM hist.metrics WHERE service_name = 'grows';
-- Three nodes.  The roles of two changed, which is no other disk.  The third was replaced two
-- days ago.
CALL service('nodes');
CALL disk('nodes', 'n-1 (primary)', '80 + days', 167, 20);
CALL disk('nodes', 'n-1 (standby)', '80 + days', 19);
CALL disk('nodes', 'n-2 (standby)', '60 + 2 * days', 167, 20);
CALL disk('nodes', 'n-2 (primary)', '60 + 2 * days', 19);
CALL disk('nodes', 'n-3', '90 + days', 167, 48);
-- The disk got twice as large 84 hours ago: 50 % since, and 2 % a day
CALL service('resized', 'running', 50, '2026-03-01', '2026-03-06 12:00');
CALL service('resized', 'running', 100, '2026-03-06 12:00');
CALL disk('resized', 'n-1', '90 + noise', 167, 84);
CALL disk('resized', 'n-1', '50 + 2 * days', 83);
-- These do not run
CALL service('off', 'running', 100, '2026-03-01', '2026-03-09');
CALL service('off', 'poweroff', 100, '2026-03-09');
CALL disk('off', 'n-1', '80 + days');
CALL service('deleted', 'running', 100, '2026-03-01', '2026-03-09');
CALL disk('deleted', 'n-1', '80 + days');

SELECT service_name, node, round(used::numeric, 2) AS used, hours, full_at, earliest, latest
FROM hist.disk_forecast ORDER BY service_name, node;
SELECT service_name, node, round(growth::numeric, 6) AS growth, round(r2::numeric, 6) AS r2
FROM hist.disk_forecast WHERE service_name <> 'overdue' ORDER BY service_name, node;
SELECT DISTINCT zone, sampled_at FROM hist.disk_forecast
WHERE service_name NOT IN ('dense', 'few', 'none');
-- Made anew a day ago, so that the older samples are of another service
UPDATE hist.services SET created_at = '2026-03-09' WHERE name = 'grows';
SELECT hours, growth, full_at FROM hist.disk_forecast WHERE zone = 'z1' AND service_name = 'grows';
-- Nothing was collected
BEGIN;
DELETE FROM hist.cursors;
SELECT count(*), count(full_at), count(used) FROM hist.disk_forecast;
ROLLBACK;

-- A week that is within March does not open February
CREATE FUNCTION opened(query text, partition text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text; found boolean := false;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
    found := found OR line ~ (' on ' || partition) AND line !~ 'never executed';
  END LOOP;
  RETURN found;
END
$$;
ANALYZE hist.metrics;
SELECT opened('SELECT * FROM hist.disk_forecast', 'metrics_2026_02') AS february,
  opened('SELECT * FROM hist.disk_forecast', 'metrics_2026_03') AS march;

-- Errors in logs
TRUNCATE hist.metrics, hist.services;
CREATE PROCEDURE errors(service text, hour int, errors bigint, others bigint DEFAULT 0)
LANGUAGE sql AS $$
  INSERT INTO hist.logs
  SELECT 'z1', service, timestamptz '2026-03-10' - hour * interval '1 hour' + n * interval '1 second',
    'n-1', 'u', CASE WHEN n <= errors THEN 'ERROR:  deadlock detected' ELSE 'all is well' END
  FROM generate_series(1, errors + others) AS n
$$;
DO $$
BEGIN
  FOR h IN 0 .. 47 LOOP
    -- 24 times 4 errors, 22 times 6, 11 and 12: the median is (4 + 6) / 2 = 5, that of the
    -- distances from it 1.  The spread is the root of 5, 2.236068, as 1.4826 is less.  11 are 2.683
    -- spreads above, 12 are 3.130.
    CALL errors('steady', h, CASE h WHEN 7 THEN 11 WHEN 9 THEN 12 ELSE 4 + h % 2 * 2 END, 2);
    -- 80 and 120: the median is 100, that of the distances 20, and the spread 29.652.  180 is 2.698
    -- spreads above, 190 is 3.035.  (There are as many below as above.)
    CALL errors('busy', h, CASE h WHEN 7 THEN 180 WHEN 9 THEN 190 ELSE 80 + h % 2 * 40 END);
  END LOOP;
END
$$;
-- A quiet one: the spread is 1 at least, so that three errors stand out, and two do not
CALL errors('quiet', 47, 0, 1);
CALL errors('quiet', 20, 2);
CALL errors('quiet', 10, 3);
-- A day older than a week is not looked at, and the hours of a service begin with its first
CALL errors('older', 192, 3);
CALL errors('older', 1, 0, 2);
CALL errors('always', 0, 50);
-- What counts as an error: the types of services write it each in a form of its own
INSERT INTO hist.logs
SELECT 'z1', 'forms', timestamptz '2026-03-09 20:30', 'n-1', 'u', m FROM unnest(ARRAY[
  'ERROR:  deadlock detected', '[4-1] FATAL:  the database system is starting up', 'PANIC:  could not write',
  '2026-03-09T20:30:00Z 0 [ERROR] [MY-010584] [Repl] Replica', '[2026-03-09 20:30:00] ERROR [ReplicaManager] Error while',
  '[2026-03-09T20:30:00][ERROR][o.o.a.b.Foo] failed', '[CRITICAL] out of memory', 'level=error msg="x"',
  't=2026 lvl=eror msg=x', '{"level":"error"}', '2026.03.09 20:30:00 <Error> executeQuery', '# Fatal error loading']) AS m
UNION ALL
SELECT 'z1', 'forms', '2026-03-09 20:30', 'n-1', 'u', m FROM unnest(ARRAY[
  'no errors', 'LOG:  checkpoint complete', 'WARNING:  x', 'level=warn', 'error_count 0', 'terror', 'NonFatal', NULL]) AS m
UNION ALL SELECT 'z1', 'forms', '2026-03-08 00:00', 'n-1', 'u', '';
-- The hour of it: CPU of two nodes, (10 + 20) / 2 = 15, (60 + 65 + 70) / 3 = 65 of the disk, and
-- what begins the next hour is not of it
INSERT INTO hist.metrics VALUES
  ('z1', 'quiet', 'cpu_usage', 'n-1', '2026-03-09 14:00', 10), ('z1', 'quiet', 'cpu_usage', 'n-2', '2026-03-09 14:00', 20),
  ('z1', 'quiet', 'cpu_usage', 'n-1', '2026-03-09 15:00', 90), ('z1', 'quiet', 'cpu_usage', 'n-1', '2026-03-09 13:59:59', 90),
  ('z1', 'quiet', 'mem_usage', 'n-1', '2026-03-09 14:59', 50), ('z1', 'quiet', 'mem_available', 'n-1', '2026-03-09 14:59', 1),
  ('z1', 'quiet', 'disk_usage', 'n-1', '2026-03-09 14:01', 60), ('z1', 'quiet', 'disk_usage', 'n-1', '2026-03-09 14:02', 65),
  ('z1', 'quiet', 'disk_usage', 'n-1', '2026-03-09 14:03', 70), ('z2', 'quiet', 'disk_usage', 'n-1', '2026-03-09 14:03', 1);
SELECT service_name, hour, entries, errors, usual_errors AS usual, round(deviations::numeric, 3) AS deviations,
  cpu, memory, disk
FROM hist.slow_hours ORDER BY service_name, hour;

-- How long services ran.  A run each hour of the 8th and 9th, the newest at midnight, but none
-- between 10:00 and 20:00 of the 8th: two known spans, of 10 and of 28 hours
TRUNCATE hist.services;
INSERT INTO hist.runs (started_at, ended_at, rows_added)
SELECT at, at + interval '1 minute', '{"services": 0, "logs": 7}'
FROM generate_series(timestamptz '2026-03-08', :newest, interval '1 hour') AS at
WHERE NOT (at > '2026-03-08 10:00' AND at < '2026-03-08 20:00');
-- Those that were killed, and those that read no list, say nothing: in that gap, and at the end
INSERT INTO hist.runs (started_at, ended_at, rows_added)
SELECT at, e, a FROM unnest('{2026-03-08 12:30, 2026-03-08 15:00, 2026-03-08 17:30,
  2026-03-10 05:00}'::timestamptz[]) AS at, (VALUES (NULL::timestamptz, NULL::jsonb),
  (timestamptz '2026-03-11', '{"logs": 7}')) AS v (e, a);
-- z2 could not be read from 4:00 to 9:00 of the 9th: unknown from 3:00 to 10:00.  At 15:00 alone
-- is not long.  Nor at the end: unknown since 23:00.  Another problem than the list's is none.
UPDATE hist.runs SET problems = '[{"relation": "logs", "zone": "z2"}, {"relation": "services", "zone": "z2"}]'
WHERE date_part('hour', started_at) IN (4, 5, 6, 7, 8, 9, 15) AND started_at > '2026-03-09' OR started_at = :newest;
UPDATE hist.runs SET problems = '[{"relation": "metrics", "zone": "z1"}]' WHERE problems IS NULL;
CALL service('always', 'running', 100, '2026-03-08');
-- Off from 6:00 to 12:00: 18 of 24 hours of the day, 32 of the 38 known ones of the week
CALL service('mostly', 'running', 100, '2026-03-08', '2026-03-09 06:00');
CALL service('mostly', 'poweroff', 100, '2026-03-09 06:00', '2026-03-09 12:00');
CALL service('mostly', 'running', 100, '2026-03-09 12:00');
-- The state changes while nobody looks: it is not known when
CALL service('blink', 'poweroff', 100, '2026-03-08', '2026-03-08 20:00');
CALL service('blink', 'running', 100, '2026-03-08 20:00');
-- Deleted: 12 hours of the day
CALL service('deleted', 'running', 100, '2026-03-08', '2026-03-09 12:00');
-- Deleted before the day began, 4 hours after what was not known: 14 hours
CALL service('gone', 'running', 100, '2026-03-08', '2026-03-09');
-- Made at 17:30, seen at 18:00: six hours, and half an hour that is not known
CALL service('new', 'rebuilding', 100, '2026-03-09 18:00', '2026-03-09 21:00');
CALL service('new', 'running', 100, '2026-03-09 21:00');
UPDATE hist.services SET created_at = '2026-03-09 17:30' WHERE name = 'new';
-- Made anew, an hour after it was deleted, and seen at once: 5 and 18 hours
CALL service('again', 'running', 100, '2026-03-08', '2026-03-09 05:00');
CALL service('again', 'running', 100, '2026-03-09 06:00');
UPDATE hist.services SET created_at = '2026-03-09 06:00' WHERE name = 'again' AND valid_to IS NULL;
CALL service('away', 'running', 100, '2026-03-08');
UPDATE hist.services SET zone = 'z2' WHERE name = 'away';
SELECT * FROM hist.uptime WHERE period = 'day' ORDER BY service_name;
SELECT * FROM hist.uptime WHERE period <> 'day' ORDER BY period, service_name;

-- Daily runs are as good as hourly ones, for those who make them
DELETE FROM hist.runs WHERE date_part('hour', started_at) <> 0;
SELECT period, uptime, running, stopped, unknown FROM hist.uptime WHERE service_name = 'mostly' ORDER BY period;
-- Where the lists as a whole failed, nothing is known of any zone
UPDATE hist.runs SET problems = '[{"relation": "services", "sqlstate": "XX000"}]';
SELECT period, uptime, running, stopped, unknown FROM hist.uptime WHERE service_name = 'always' ORDER BY period;
DROP PROCEDURE service, disk, errors;
DROP FUNCTION opened;
