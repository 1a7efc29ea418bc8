-- What Grafana's data source for PostgreSQL sends: the query builder's lists, a variable, and
-- panels after its macros have been replaced

-- The version of the server
-- requests: 0
SELECT current_setting('server_version_num')::int/100 as version

-- Whether TimescaleDB is there
-- requests: 0
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'

-- The tables of the query builder
-- requests: 0
SELECT
  CASE WHEN quote_ident(table_schema) IN (
      SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
      FROM generate_series(
          array_lower(string_to_array(current_setting('search_path'),','),1),
          array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
        string_to_array(current_setting('search_path'),',') s)
    THEN quote_ident(table_name)
    ELSE quote_ident(table_schema) || '.' || quote_ident(table_name)
  END AS "table"
FROM information_schema.tables
WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog')
ORDER BY 1

-- The columns of a table
-- requests: 0
SELECT quote_ident(column_name) AS "column", data_type AS "type"
FROM information_schema.columns
WHERE CASE WHEN array_length(parse_ident('exo.dbaas_logs'),1) = 2
    THEN quote_ident(table_schema) = (parse_ident('exo.dbaas_logs'))[1]
      AND quote_ident(table_name) = (parse_ident('exo.dbaas_logs'))[2]
    ELSE quote_ident(table_name) = 'exo.dbaas_logs'
  END

-- A variable, with the services to choose from
-- requests: 3
SELECT DISTINCT name FROM exo.dbaas_services ORDER BY name

-- A table panel
-- requests: 3
SELECT zone, name, plan, state, updated_at AS "time" FROM exo.dbaas_services LIMIT 50

-- A stat panel, whose variable has several values
-- requests: 3
SELECT count(*) FROM exo.dbaas_services WHERE name IN ('pg-1-0001','mysql-1-0002')

-- A time series of one service: $__timeGroupAlias(time,'1m') and $__timeFilter(time)
-- requests: 1
SELECT floor(extract(epoch from time)/60)*60 AS "time", node AS metric, avg(value) AS "value"
FROM exo.dbaas_metrics
WHERE time BETWEEN '2026-01-01T00:10:00Z' AND '2026-01-01T01:00:00Z'
  AND zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND metric = 'cpu_usage'
GROUP BY 1, 2 ORDER BY 1, 2

-- The same without the zone, as a panel has it whose only variable is the name: looks for it
-- requests: 4
SELECT floor(extract(epoch from time)/60)*60 AS "time", node AS metric, avg(value) AS "value"
FROM exo.dbaas_metrics
WHERE time BETWEEN '2026-01-01T00:10:00Z' AND '2026-01-01T01:00:00Z'
  AND service_name = 'pg-1-0001' AND metric = 'cpu_usage'
GROUP BY 1, 2 ORDER BY 1, 2

-- A time series of all services: a request for each of them
-- requests: 27
SELECT floor(extract(epoch from time)/60)*60 AS "time", service_name AS metric, max(value)
FROM exo.dbaas_metrics
WHERE time BETWEEN '2026-01-01T00:10:00Z' AND '2026-01-01T01:00:00Z' AND metric = 'cpu_usage'
GROUP BY 1, 2 ORDER BY 1, 2

-- The log panel of one service: its bounds end the reading
-- requests: 1
SELECT time AS "time", message AS "body", node, unit FROM exo.dbaas_logs
WHERE time BETWEEN '2026-01-01T00:10:00Z' AND '2026-01-01T01:00:00Z'
  AND zone = 'ch-gva-2' AND service_name = 'pg-1-0001'
ORDER BY time DESC LIMIT 100

-- How many entries there were: $__timeGroup(time,'5m')
-- requests: 1
SELECT floor(extract(epoch from time)/300)*300 AS time, count(*) FROM exo.dbaas_logs
WHERE time BETWEEN '2026-01-01T00:10:00Z' AND '2026-01-01T01:00:00Z'
  AND zone = 'ch-gva-2' AND service_name = 'pg-1-0001'
GROUP BY 1 ORDER BY 1

-- An annotation
-- requests: 3
SELECT updated_at AS time, name AS text, type AS tags FROM exo.dbaas_services
WHERE updated_at BETWEEN '2025-12-31T00:00:00Z' AND '2026-01-01T00:00:00Z'
