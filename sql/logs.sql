-- Logs: pages, order, limits and cursors
--
-- Every service but the brand-new number 16 has 1200 entries, n = 0 the oldest.
-- What entries a query should give is worked out from n here.
\i test/connect.psql
\i test/model.psql
CREATE TABLE model.entries AS
SELECT service_name, zone, n, time, node, unit, message FROM model.log WHERE service_name = 'pg-1-0001';
CREATE FUNCTION model.at(n int) RETURNS text LANGUAGE sql
RETURN model.cursor_at('1/ch-gva-2/services/1', n);

-- Numbers of the entries that a query yields, in its order; also how many entries
-- are not as the model has them
CREATE FUNCTION model.numbers(query text, OUT entries bigint, OUT first int, OUT last int,
                              OUT in_order boolean, OUT wrong bigint)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'CREATE TEMPORARY TABLE read AS ' || query;
	SELECT count(*), (array_agg(n ORDER BY r))[1], (array_agg(n ORDER BY r DESC))[1],
	       coalesce(bool_and(step = 1), true) OR coalesce(bool_and(step = -1), true),
	       count(*) FILTER (WHERE e IS NULL)
	INTO entries, first, last, in_order, wrong
	FROM (SELECT r, n, e, n - lag(n) OVER (ORDER BY r) AS step
	      FROM (SELECT row_number() OVER () AS r, time, node, unit, message FROM read) AS x
	      LEFT JOIN model.entries e USING (time, node, unit, message)) AS y;
	DROP TABLE read;
END
$$;
\set logs 'SELECT * FROM exo.dbaas_logs WHERE service_name = ''pg-1-0001'''

-- Newest first, or oldest first; over three pages of 500
SELECT * FROM model.numbers(:'logs');
SELECT * FROM model.numbers(:'logs' || ' AND sort_order = ''desc''');
SELECT * FROM model.numbers(:'logs' || ' AND sort_order = ''asc''');
SELECT * FROM model.numbers(:'logs' || ' AND sort_order IN (''asc'')');
SELECT sort_order, count(*), min(log_limit), min(log_offset) FROM exo.dbaas_logs
WHERE service_name = 'pg-1-0001' AND sort_order IN ('asc', 'desc') GROUP BY 1 ORDER BY 1;
SELECT * FROM model.numbers('SELECT * FROM exo.dbaas_logs WHERE service_name = ''pg-1-0001'' ORDER BY time');
SELECT * FROM model.numbers('SELECT * FROM exo.dbaas_logs WHERE service_name = ''pg-1-0001'' ORDER BY time DESC');

-- LIMIT and OFFSET: constants and parameters, inside a page, at its end, across pages
SELECT l, (model.numbers(:'logs' || ' LIMIT ' || l)).*
FROM unnest('{0,1,10,499,500,501,1000,1199,1200,1201,9999}'::int[]) AS l;
SELECT l, (model.numbers(:'logs' || ' AND sort_order = ''asc'' LIMIT ' || l)).*
FROM unnest('{1,500,501,1300}'::int[]) AS l;
SELECT * FROM model.numbers(:'logs' || ' LIMIT 5 OFFSET 10');
SELECT * FROM model.numbers(:'logs' || ' LIMIT 5 OFFSET 498');
SELECT * FROM model.numbers(:'logs' || ' LIMIT 700 OFFSET 500');
SELECT * FROM model.numbers(:'logs' || ' OFFSET 1190');
SELECT * FROM model.numbers(:'logs' || ' LIMIT 5 OFFSET 1200');
SELECT * FROM model.numbers(:'logs' || ' LIMIT NULL OFFSET NULL');
SELECT * FROM model.numbers(:'logs' || ' LIMIT ALL');
SELECT * FROM model.numbers(:'logs' || ' FETCH FIRST 3 ROWS ONLY');
PREPARE top(bigint, bigint) AS SELECT * FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' LIMIT $1 OFFSET $2;
SET plan_cache_mode = force_generic_plan;
SELECT * FROM model.numbers('EXECUTE top(7, 0)');
SELECT * FROM model.numbers('EXECUTE top(600, 500)');
SELECT * FROM model.numbers('EXECUTE top(NULL, NULL)');
SELECT * FROM model.numbers('EXECUTE top(0, NULL)');
RESET plan_cache_mode;
EXECUTE top(-1, 0);
EXECUTE top(9223372036854775807, 9223372036854775807);

-- A LIMIT is of the rows that remain, whatever else the query does
SELECT * FROM model.numbers(:'logs' || ' AND message LIKE ''entry 5%'' LIMIT 1');
SELECT entries, first = (SELECT max(n) FROM model.entries WHERE time < '2026-01-01 00:00:30+00') AS first_ok, in_order, wrong
FROM model.numbers(:'logs' || ' AND time < timestamptz ''2026-01-01 00:00:30+00'' LIMIT 3');
SELECT rows > 0 AS some, difference
FROM model.same('SELECT time, message FROM dbaas_logs WHERE service_name = ''pg-1-0001''
  AND time BETWEEN timestamptz ''2026-01-01 00:00:30+00'' AND timestamptz ''2026-01-01 00:01:30+00''');
SELECT count(*) FROM (SELECT FROM exo.dbaas_logs WHERE service_name IN ('pg-1-0001', 'mysql-1-0002') LIMIT 1500) AS x;
SELECT count(*) FROM (SELECT FROM exo.dbaas_logs WHERE service_name = 'shared-name' LIMIT 1500) AS x;
SELECT count(*), count(DISTINCT zone) FROM (SELECT * FROM exo.dbaas_logs WHERE service_name = 'shared-name') AS x;
SELECT zone, count(*), min(message) ~ 'of shared-name: ' AS ok FROM exo.dbaas_logs WHERE service_name = 'shared-name'
GROUP BY 1 ORDER BY 1;
SELECT service_name, count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' GROUP BY 1 LIMIT 1;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' LIMIT 1;
SELECT DISTINCT service_name FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' LIMIT 5;
SELECT node = max(node) OVER () AS ok FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 3 LIMIT 2;
SELECT g, e.n FROM (SELECT time, generate_series(1, 2) AS g FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' LIMIT 3) AS x
JOIN model.entries e USING (time) ORDER BY e.n DESC, g;

-- log_limit caps each service's entries, up to 500
SELECT l, (model.numbers(:'logs' || ' AND log_limit = ' || l)).* FROM unnest('{1,10,500}'::int[]) AS l;
SELECT * FROM model.numbers(:'logs' || ' AND log_limit = 10 LIMIT 4');
SELECT * FROM model.numbers(:'logs' || ' AND log_limit = 10 LIMIT 40');
SELECT * FROM model.numbers(:'logs' || ' AND log_limit = 10 AND sort_order = ''asc''');
SELECT service_name, log_limit, count(*) FROM exo.dbaas_logs
WHERE service_name IN ('pg-1-0001', 'mysql-1-0002') AND log_limit = 10 GROUP BY 1, 2 ORDER BY 1;
SELECT count(*), count(DISTINCT (zone, service_name)) FROM exo.dbaas_logs WHERE log_limit = 2;
SELECT s.name, count(l.time) FROM exo.dbaas_services s
LEFT JOIN exo.dbaas_logs l ON l.zone = s.zone AND l.service_name = s.name AND l.log_limit = 3
WHERE s.zone = 'ch-gva-2' AND s.name IN ('pg-1-0001', 'clickhouse-1-0016', 'shared-name')
GROUP BY s.name ORDER BY s.name COLLATE "C";
SELECT log_limit, count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit IN (3, 5) GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 10::smallint;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = NULL;

-- A number of another type that is a whole one is that number: drivers bind numeric
PREPARE newest(numeric) AS SELECT log_limit, count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = $1 GROUP BY 1;
EXECUTE newest(10);
SET plan_cache_mode = force_generic_plan;
EXECUTE newest(7.00);
EXECUTE newest(7.5);
EXECUTE newest('NaN');
EXECUTE newest(1e30);
RESET plan_cache_mode;
EXPLAIN (COSTS OFF) EXECUTE newest(10);
DEALLOCATE newest;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 501.0;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND 10.0 = log_limit;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 1e1::float8;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 10::real;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 'Infinity'::float8;
SELECT log_limit, count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit IN (3, 5.0, 5.5) GROUP BY 1 ORDER BY 1;
SELECT log_limit, count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = ANY ('{3,5.00,3.0,NULL,NaN}'::numeric[]) GROUP BY 1 ORDER BY 1;
SELECT log_limit, count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND (log_limit = 3 OR log_limit = 5::numeric OR 7::smallint = log_limit) GROUP BY 1 ORDER BY 1;
SELECT n, count(log_limit) FROM (VALUES (2::numeric), (4.0), (4.5)) AS v (n)
LEFT JOIN exo.dbaas_logs ON service_name = 'pg-1-0001' AND log_limit = n GROUP BY 1 ORDER BY 1;

-- The cursors: of the page that an entry is in, as positions between entries
CREATE FUNCTION model.pages(condition text, OUT first int, OUT next int, OUT entries bigint)
RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE
	'SELECT f.n, t.n, x.entries FROM (SELECT first_log_offset, next_offset, count(*) AS entries
	   FROM exo.dbaas_logs WHERE service_name = ''pg-1-0001'' AND ' || condition || ' GROUP BY 1, 2) AS x
	 LEFT JOIN generate_series(0, 1200) AS f (n) ON model.at(f.n) = first_log_offset
	 LEFT JOIN generate_series(0, 1200) AS t (n) ON model.at(t.n) = next_offset';
END
$$;
SELECT * FROM model.pages('true') ORDER BY first DESC;
SELECT * FROM model.pages('sort_order = ''asc''') ORDER BY first;
SELECT * FROM model.pages('log_limit = 10');
SELECT * FROM model.pages('log_limit = 10 AND sort_order = ''asc''');

-- Starting from a cursor, in both orders
SELECT * FROM model.numbers(:'logs' || format(' AND log_offset = %L', model.at(1190)));
SELECT * FROM model.numbers(:'logs' || format(' AND log_offset = %L', model.at(3)));
SELECT * FROM model.numbers(:'logs' || format(' AND log_offset = %L', model.at(0)));
SELECT * FROM model.numbers(:'logs' || format(' AND log_offset = %L AND log_limit = 5', model.at(700)));
SELECT * FROM model.numbers(:'logs' || format(' AND log_offset = %L LIMIT 5', model.at(700)));
SELECT * FROM model.numbers(:'logs' || format(' AND log_offset = %L AND sort_order = ''asc''', model.at(690)));
SELECT * FROM model.numbers(:'logs' || format(' AND log_offset = %L AND sort_order = ''asc''', model.at(1200)));
SELECT log_offset = model.at(700) AS as_asked, count(*) FROM exo.dbaas_logs
WHERE service_name = 'pg-1-0001' AND log_offset = model.at(700) AND log_limit = 7 GROUP BY 1;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_offset = NULL;

-- A job that continues where it stopped: 400 at a time, and then what is new
CREATE TABLE model.collected AS
SELECT time, message, next_offset FROM exo.dbaas_logs
WHERE service_name = 'pg-1-0001' AND sort_order = 'asc' AND log_limit = 400;
INSERT INTO model.collected
SELECT time, message, next_offset FROM exo.dbaas_logs
WHERE service_name = 'pg-1-0001' AND sort_order = 'asc' AND log_limit = 400 AND
      log_offset = (SELECT next_offset FROM model.collected ORDER BY time DESC LIMIT 1);
SELECT count(*), count(DISTINCT time) FROM model.collected;
INSERT INTO model.collected
SELECT time, message, next_offset FROM exo.dbaas_logs
WHERE service_name = 'pg-1-0001' AND sort_order = 'asc' AND
      log_offset = (SELECT next_offset FROM model.collected ORDER BY time DESC LIMIT 1);
SELECT count(*), count(DISTINCT time) FROM model.collected;
SELECT count(*) AS nothing_new FROM exo.dbaas_logs
WHERE service_name = 'pg-1-0001' AND sort_order = 'asc' AND
      log_offset = (SELECT next_offset FROM model.collected ORDER BY time DESC LIMIT 1);
SELECT count(*) AS differ FROM
  (SELECT time, message FROM model.collected EXCEPT ALL SELECT time, message FROM model.entries) AS x;

-- Any of the services, without entries, unknown, NULL
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'clickhouse-1-0016';
SELECT count(*) FROM exo.dbaas_logs WHERE service_name LIKE 'clickhouse-%-0016' AND log_limit = 500;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = NULL;
SELECT rows > 0 AS some, difference
FROM model.same('SELECT zone, service_name, node, unit, count(*) AS n, min(time), max(time) FROM dbaas_logs GROUP BY 1, 2, 3, 4');
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND node IS NULL;
SELECT DISTINCT substr(message, strpos(message, ': ') + 2) COLLATE "C" AS text FROM exo.dbaas_logs
WHERE service_name = 'pg-1-0001' ORDER BY text;

-- Parameters that the API does not accept
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND sort_order = 'newest';
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND sort_order = '';
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND sort_order IN ('asc', 'ASC');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 0;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 501;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = -1;
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_limit = 9223372036854775807;
SELECT count(*) FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001' AND period = 'minute';
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001' AND period = ANY ('{hour,decade}');
PREPARE metrics(text) AS SELECT DISTINCT period FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001' AND period = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE metrics('year');
EXECUTE metrics('Hour');
EXECUTE metrics(NULL);
RESET plan_cache_mode;
SELECT period, count(*) FROM exo.dbaas_metrics
WHERE service_name = 'pg-1-0001' AND period IN ('hour', 'day') AND metric = 'cpu_usage' AND node LIKE '%-1 (primary)'
GROUP BY 1 ORDER BY 1;

-- A cursor that the API did not give is its error, and the session goes on
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND log_offset = 'nonsense';
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'mysql-1-0002' AND log_offset = model.at(700);
SELECT * FROM model.numbers(:'logs' || ' LIMIT 2');
