-- history_views.sql
--		The views on a history: a part of the script that makes 0.3.
--
-- They read the tables of the history and nothing else, so that they survive
-- DROP EXTENSION.  None asks what time it is: a week ends with the newest of what
-- was collected.  That is a query without parameters, which the executor runs
-- first, so that it leaves out the partitions of months that are out of reach.

/*
 * Makes the views in the schema of a history, or replaces them, and returns the
 * names of those that were not there.  Needs the right to create in the schema;
 * what was granted on a view, and its options, stay.  A view is left out, with a
 * NOTICE, if one of its tables is missing, or if something else has its name.
 */
CREATE FUNCTION dbaas_fdw_history_views(history name) RETURNS SETOF name
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	view record;
	lacking name;
	relation oid;
	options text;
BEGIN
	IF to_regnamespace(quote_ident(history)) IS NULL THEN
		RAISE invalid_schema_name USING MESSAGE = format('schema "%s" does not exist', history);
	END IF;
	FOR view IN SELECT * FROM (VALUES
('disk_forecast', '{services,metrics,cursors}'::name[],
'When the disks of the running services are full, by a line through the hours of a week',
$query$
WITH newest AS (
	SELECT max(sampled) AS at FROM %1$I.cursors
), disks AS NOT MATERIALIZED (
	-- A service that was made anew, or whose disk has another size, begins anew
	SELECT s.zone, s.name, (
			SELECT coalesce(greatest(s.created_at, max(o.valid_to)), '-infinity')
			FROM %1$I.services AS o
			WHERE o.zone = s.zone AND o.name = s.name
			  AND (o.disk_size, o.created_at) IS DISTINCT FROM (s.disk_size, s.created_at)
			) AS since
	FROM %1$I.services AS s
	WHERE s.valid_to IS NULL AND s.state = 'running'
), hourly AS (
	-- An hour with many samples weighs no more than one with few
	SELECT d.zone, d.name, h.*
	FROM disks AS d
	CROSS JOIN LATERAL (
		SELECT m.node, avg(m.value) AS used, max(m.time) AS sampled_at,
			avg(date_part('epoch', m.time - (SELECT at FROM newest))) / 86400 AS day
		FROM %1$I.metrics AS m
		WHERE m.zone = d.zone AND m.service_name = d.name AND m.metric = 'disk_usage'
		  AND m.time > (SELECT at FROM newest) - interval '168 hours'
		  AND m.time <= (SELECT at FROM newest)
		  AND m.time >= d.since
		GROUP BY m.node, ceil(date_part('epoch', m.time - (SELECT at FROM newest)) / 3600)) AS h
), lines AS (
	-- What is in parentheses is the role of the node, which changes
	SELECT zone, name, split_part(node, ' (', 1) AS node,
		(array_agg(used ORDER BY sampled_at DESC))[1] AS used,
		max(sampled_at) AS sampled_at,
		max(max(sampled_at)) OVER (PARTITION BY zone, name) AS last_sampled_at,
		count(*) AS hours,
		count(*) >= 8 AND max(day) - min(day) >= 2 AS enough,
		regr_slope(used, day) AS slope,
		sqrt(greatest(regr_syy(used, day) - regr_slope(used, day) * regr_sxy(used, day), 0)
			/ nullif(regr_sxx(used, day), 0) / nullif(greatest(count(*) - 2, 0), 0)) AS error,
		regr_r2(used, day) AS r2,
		regr_avgx(used, day) AS mean_day,
		100 - regr_avgy(used, day) AS mean_free
	FROM hourly
	GROUP BY zone, name, split_part(node, ' (', 1)
)
SELECT d.zone, d.name AS service_name, l.node, l.used, l.sampled_at, l.hours,
	CASE WHEN l.enough THEN l.slope END AS growth,
	CASE WHEN l.enough THEN l.r2 END AS r2,
	f.full_at, f.earliest, f.latest
FROM disks AS d
LEFT JOIN lines AS l ON l.zone = d.zone AND l.name = d.name
	AND l.sampled_at > l.last_sampled_at - interval '24 hours'
LEFT JOIN LATERAL (
	SELECT l.sampled_at AS full_at, l.sampled_at AS earliest, l.sampled_at AS latest
	WHERE l.used >= 100
	UNION ALL
	-- The line, and those as steep as its error allows, turn around their middle.
	-- What takes ten years does not happen.
	SELECT n.at + make_interval(mins => round(1440 * greatest(l.mean_day + x.line, 0))::int),
		n.at + make_interval(mins => round(1440 * greatest(l.mean_day + x.steep, 0))::int),
		CASE WHEN x.gentle < 3650
			THEN n.at + make_interval(mins => round(1440 * greatest(l.mean_day + x.gentle, 0))::int)
		END
	FROM newest AS n
	CROSS JOIN LATERAL (
		SELECT l.mean_free / nullif(l.slope, 0) AS line,
			l.mean_free / nullif(l.slope + 2 * l.error, 0) AS steep,
			l.mean_free / nullif(l.slope - 2 * l.error, 0) AS gentle) AS x
	WHERE l.enough AND l.used < 100 AND l.slope > 2 * l.error AND x.line < 3650) AS f ON true
$query$),

('changes', '{services,details,integrations,runs}',
'What changed in services, their details and integrations, column by column',
$query$
WITH versions AS (
	-- A service that was made anew is another one
	SELECT 'services' AS relation, zone, name AS service_name,
		NULL::uuid AS id, created_at, valid_from, valid_to, to_jsonb(v) AS row,
		jsonb_build_array(zone, name, created_at) AS key
	FROM %1$I.services AS v
	UNION ALL
	SELECT 'details', zone, service_name, NULL, NULL, valid_from, valid_to, to_jsonb(v),
		jsonb_build_array(zone, service_name)
	FROM %1$I.details AS v
	UNION ALL
	-- Those between two zones are shown in one of them, which may change
	SELECT 'integrations', zone, source, id, NULL, valid_from, valid_to, to_jsonb(v),
		jsonb_build_array(id)
	FROM %1$I.integrations AS v
), pairs AS (
	SELECT v.*, lag(v.row) OVER same AS old_row,
		lag(v.valid_to) OVER same IS NOT DISTINCT FROM v.valid_from AS follows,
		lead(v.valid_from) OVER same IS NOT DISTINCT FROM v.valid_to AS goes_on
	FROM versions AS v
	WINDOW same AS (PARTITION BY relation, key ORDER BY valid_from)
), known AS (
	-- What a zone has when it is first read is not new
	SELECT z.zone, (SELECT min(ended_at) FROM %1$I.runs WHERE ended_at >= z.since) AS since
	FROM (SELECT zone, min(valid_from) AS since FROM %1$I.services GROUP BY zone) AS z
)
SELECT p.valid_from AS changed_at, p.relation, p.zone, p.service_name, p.id, 'made' AS change,
	NULL AS column_name, NULL AS member, NULL AS old_value, NULL AS new_value
FROM pairs AS p
LEFT JOIN known AS k ON k.zone = p.zone
WHERE p.relation <> 'details' AND NOT p.follows
  AND (p.valid_from > k.since OR p.created_at > (SELECT min(started_at) FROM %1$I.runs))
UNION ALL
SELECT valid_to, relation, zone, service_name, id, 'deleted', NULL, NULL, NULL, NULL
FROM pairs
WHERE relation <> 'details' AND valid_to IS NOT NULL AND NOT goes_on
UNION ALL
SELECT p.valid_from, p.relation, p.zone, p.service_name, p.id, 'changed',
	c.name, m.name, shown.value[1] #>> '{}', shown.value[2] #>> '{}'
FROM pairs AS p
CROSS JOIN LATERAL jsonb_each(p.row) AS c (name, new)
CROSS JOIN LATERAL (SELECT p.old_row -> c.name AS old,
	jsonb_typeof(c.new) = 'object' AND jsonb_typeof(p.old_row -> c.name) = 'object' AS parted) AS o
-- Objects are compared member by member
CROSS JOIN LATERAL (
	SELECT NULL AS name, o.old, c.new WHERE NOT o.parted
	UNION ALL
	SELECT k.name, o.old -> k.name, c.new -> k.name
	FROM jsonb_object_keys(CASE WHEN o.parted THEN o.old || c.new ELSE '{}' END) AS k (name)) AS m
-- Lists have no order, and progress is no change
CROSS JOIN LATERAL (
	SELECT array_agg(CASE
		WHEN jsonb_typeof(x.value) = 'array' THEN (
			SELECT coalesce(jsonb_agg(i.item ORDER BY i.item), '[]')
			FROM (SELECT CASE jsonb_typeof(e) WHEN 'object' THEN e - 'progress-updates' ELSE e END
				FROM jsonb_array_elements(x.value) AS e) AS i (item))
		WHEN m.name = 'maintenance' THEN x.value - '{dow,time}'::text[]
		ELSE nullif(x.value, 'null') END ORDER BY x.n) AS value
	FROM unnest(ARRAY[m.old, m.new]) WITH ORDINALITY AS x (value, n)) AS shown
WHERE p.follows AND c.new IS DISTINCT FROM o.old AND m.new IS DISTINCT FROM m.old
  -- Always so, but held to be rare: otherwise the planner turns on JIT, for seconds
  AND p.old_row ? c.name
  AND shown.value[1] IS DISTINCT FROM shown.value[2]
  AND c.name NOT IN ('zone', 'updated_at', 'valid_from', 'valid_to')
  -- Integrations have a table of their own
  AND NOT (p.relation = 'services' AND c.name = 'integrations')
  -- Of all that the API says of a service, what no other column shows
  AND NOT (c.name = 'details' AND (
	m.name IS NULL
	OR p.row ? replace(m.name, '-', '_')
	OR m.name = ANY ('{name,plan,state,node-count,node-cpu-count,node-memory,disk-size,
		termination-protection,notifications,integrations,created-at,updated-at,
		backups,backup-schedule,uri-params,connection-info}')
	OR m.name = p.row ->> 'type' || '-settings'))
$query$),

('slow_hours', '{logs,metrics,cursors}',
'Hours of a week whose errors in the log stand out, beside CPU, memory and disk',
$query$
WITH newest AS (
	SELECT date_trunc('hour', max(newest), 'UTC') AS hour FROM %1$I.cursors
)
SELECT s.zone, s.service_name, h.hour, h.entries, h.errors, h.usual AS usual_errors,
	(h.errors - h.usual) / h.spread AS deviations, m.cpu, m.memory, m.disk
FROM (
	SELECT l.zone, l.service_name, min(l.hour) AS since, array_agg(l.hour) AS hours,
		array_agg(l.entries) AS entries, array_agg(l.errors) AS errors
	FROM (
		SELECT zone, service_name, date_trunc('hour', time, 'UTC') AS hour, count(*) AS entries,
			count(*) FILTER (WHERE message
				~* '[[:<:]](err?or|fatal|panic|critical)[[:>:]]') AS errors
		FROM %1$I.logs
		WHERE time >= (SELECT hour FROM newest) - interval '167 hours'
		GROUP BY 1, 2, 3) AS l
	GROUP BY 1, 2) AS s
CROSS JOIN LATERAL (
	WITH hours AS (
		-- An hour without an entry is one without an error
		SELECT e.hour, coalesce(l.entries, 0) AS entries, coalesce(l.errors, 0) AS errors
		FROM generate_series(s.since, (SELECT hour FROM newest), interval '1 hour') AS e (hour)
		LEFT JOIN unnest(s.hours, s.entries, s.errors) AS l (hour, entries, errors)
			ON l.hour = e.hour
	), middle AS (
		SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY errors) AS usual FROM hours
	), spreads AS (
		-- The median distance from the median, times this, is a standard deviation.
		-- What is counted spreads by its root, at least; and a single error is nothing.
		SELECT m.usual, greatest(sqrt(m.usual), 1, 1.4826
			* percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(h.errors - m.usual))) AS spread
		FROM hours AS h CROSS JOIN middle AS m
		GROUP BY m.usual
	)
	SELECT h.*, d.usual, d.spread
	FROM hours AS h JOIN spreads AS d ON h.errors - d.usual >= 3 * d.spread) AS h
CROSS JOIN LATERAL (
	SELECT avg(m.value) FILTER (WHERE m.metric = 'cpu_usage') AS cpu,
		avg(m.value) FILTER (WHERE m.metric = 'mem_usage') AS memory,
		avg(m.value) FILTER (WHERE m.metric = 'disk_usage') AS disk
	FROM %1$I.metrics AS m
	WHERE m.zone = s.zone AND m.service_name = s.service_name
	  AND m.metric IN ('cpu_usage', 'mem_usage', 'disk_usage')
	  AND m.time >= h.hour AND m.time < h.hour + interval '1 hour') AS m
$query$),

('uptime', '{services,runs}',
'Share of the last day, week and month that each service ran, of the time in which that is known',
$query$
WITH read AS NOT MATERIALIZED (
	-- The runs that read the lists of services
	SELECT id, started_at, problems FROM %1$I.runs WHERE rows_added ? 'services'
), newest AS (
	SELECT max(started_at) AS at FROM read
), failed AS (
	SELECT r.id, p.problem ->> 'zone' AS zone
	FROM read AS r CROSS JOIN LATERAL jsonb_path_query(r.problems, '$[*]') AS p (problem)
	WHERE p.problem ->> 'relation' = 'services'
), reads AS (
	SELECT z.zone, r.started_at AS at,
		lag(r.started_at) OVER (PARTITION BY z.zone ORDER BY r.started_at) AS before
	FROM (SELECT DISTINCT zone FROM %1$I.services) AS z
	CROSS JOIN read AS r
	WHERE r.started_at > (SELECT at FROM newest) - interval '792 hours'
	  AND NOT EXISTS (
		SELECT FROM failed AS f
		WHERE f.id = r.id AND (f.zone = z.zone OR f.zone IS NULL))
), known AS (
	-- Between two reads, unless nobody collected in between
	SELECT zone, unnest(range_agg(tstzrange(before, at))) AS span
	FROM reads
	WHERE at - before <= (
		SELECT greatest(interval '2 hours', 3 * percentile_cont(0.5) WITHIN GROUP (ORDER BY at - before))
		FROM reads)
	GROUP BY zone
), periods AS (
	SELECT p.period, n.at - p.length AS since, n.at AS until
	FROM newest AS n, (VALUES ('day', interval '24 hours'), ('week', interval '168 hours'),
		('month', interval '720 hours')) AS p (period, length)
), existing AS (
	SELECT s.zone, s.name, p.period, sum(least(s.until, p.until) - greatest(s.since, p.since)) AS time
	FROM (
		SELECT zone, name, least(created_at, min(valid_from)) AS since,
			max(coalesce(valid_to, 'infinity')) AS until
		FROM %1$I.services GROUP BY zone, name, created_at) AS s
	JOIN periods AS p ON s.since < p.until AND s.until > p.since
	GROUP BY 1, 2, 3
), states AS (
	SELECT s.zone, s.name, p.period,
		coalesce(sum(t.time) FILTER (WHERE s.state = 'running'), '0') AS running,
		coalesce(sum(t.time) FILTER (WHERE s.state <> 'running'), '0') AS stopped
	FROM %1$I.services AS s
	JOIN known AS k ON k.zone = s.zone AND k.span && tstzrange(s.valid_from, s.valid_to)
	JOIN periods AS p ON k.span && tstzrange(p.since, p.until)
		AND tstzrange(p.since, p.until) && tstzrange(s.valid_from, s.valid_to)
	CROSS JOIN LATERAL (
		SELECT least(s.valid_to, upper(k.span), p.until)
			- greatest(s.valid_from, lower(k.span), p.since) AS time) AS t
	GROUP BY 1, 2, 3
)
SELECT e.zone, e.name AS service_name, e.period,
	date_part('epoch', s.running) / nullif(date_part('epoch', s.running + s.stopped), 0) AS uptime,
	justify_hours(coalesce(s.running, '0')) AS running,
	justify_hours(coalesce(s.stopped, '0')) AS stopped,
	justify_hours(e.time - coalesce(s.running + s.stopped, '0')) AS unknown,
	(SELECT nullif(max(coalesce(v.valid_to, 'infinity')), 'infinity') FROM %1$I.services AS v
	 WHERE v.zone = e.zone AND v.name = e.name) AS deleted_at
FROM existing AS e
LEFT JOIN states AS s USING (zone, name, period)
$query$)
	) AS v (name, tables, description, query)
	LOOP
		SELECT t INTO lacking FROM unnest(view.tables) AS t
		WHERE to_regclass(format('%I.%I', history, t)) IS NULL;
		IF lacking IS NOT NULL THEN
			RAISE NOTICE 'skipping view "%": schema "%" has no table "%"', view.name, history, lacking;
			CONTINUE;
		END IF;
		relation := to_regclass(format('%I.%I', history, view.name));
		IF EXISTS (SELECT FROM pg_class WHERE oid = relation AND relkind <> 'v') THEN
			RAISE NOTICE 'skipping view "%": its name is taken in schema "%"', view.name, history;
			CONTINUE;
		END IF;
		-- A view that is there keeps its options, if it has none too
		SELECT string_agg(format('%I = %L', o.option_name, o.option_value), ', ') INTO options
		FROM pg_class AS c CROSS JOIN LATERAL pg_options_to_table(c.reloptions) AS o
		WHERE c.oid = relation;
		IF relation IS NULL THEN
			options := 'security_invoker = true';
		END IF;
		EXECUTE format('CREATE OR REPLACE VIEW %I.%I %s AS ', history, view.name,
				'WITH (' || options || ')') || format(view.query, history);
		EXECUTE format('COMMENT ON VIEW %I.%I IS %L', history, view.name, view.description);
		IF relation IS NULL THEN
			RETURN NEXT view.name;
		END IF;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION dbaas_fdw_history_views(name) IS
'makes the views on a history, or replaces them; returns the names of those that are new';
