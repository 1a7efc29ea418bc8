-- What the history says: changes and uptime.

\qecho '<section id="changes"><h2>Changes of the last week</h2>'
WITH change AS (
  SELECT *, count(*) OVER () AS all
  FROM :"hist".changes WHERE changed_at > now() - interval '7 days'
), shown AS (
  SELECT * FROM change ORDER BY changed_at DESC, zone, service_name, column_name, member LIMIT 40
)
SELECT pg_temp.rows(
  'Newest first' || CASE WHEN max(s.all) > 40 THEN ': 40 of ' || pg_temp.n(max(s.all)) ELSE '' END,
  ARRAY['When', 'Service', 'Zone', 'What', 'Was', 'Is'],
  string_agg(pg_temp.tr(
      pg_temp.cell_of(pg_temp.minute(changed_at)), pg_temp.service(service_name),
      pg_temp.cell(zone),
      pg_temp.cell(CASE WHEN change = 'changed'
                     THEN replace(concat_ws(', ', column_name, member), '_', ' ')
                   WHEN relation = 'integrations' THEN 'an integration, ' || change
                   ELSE change END),
      pg_temp.cell(left(old_value, 80)), pg_temp.cell(left(new_value, 80))),
    E'\n' ORDER BY changed_at DESC, zone, service_name, column_name, member),
  CASE WHEN EXISTS (SELECT FROM :"hist".runs) THEN 'Nothing changed.'
  ELSE 'There is no history yet.' END)
FROM shown AS s;
\qecho '</section>'

\qecho '<section id="uptime"><h2>Uptime</h2>'
WITH share AS (
  SELECT zone, service_name,
         max(uptime) FILTER (WHERE period = 'day') AS day,
         max(uptime) FILTER (WHERE period = 'week') AS week,
         max(uptime) FILTER (WHERE period = 'month') AS month,
         max(stopped) FILTER (WHERE period = 'week') AS stopped
  FROM :"hist".uptime WHERE deleted_at IS NULL
  GROUP BY zone, service_name
), whole AS (
  SELECT count(*) FILTER (WHERE least(week, month) = 1) AS always, count(month) AS known FROM share
)
SELECT pg_temp.rows(
  'The share of the time that is known in which services ran. '
  || (SELECT CASE always WHEN 1 THEN 'One service' ELSE pg_temp.n(always) || ' services' END
      FROM whole)
  || ' ran all the time, and ' || CASE count(*) WHEN 1 THEN 'one' ELSE 'these' END || ' did not.',
  ARRAY['Service', 'Zone', 'Day>', 'Week>', 'Month>', 'Stopped in the week>'],
  string_agg(pg_temp.tr(
      pg_temp.service(service_name), pg_temp.cell(zone),
      pg_temp.number(pg_temp.percent(100 * day, 2)), pg_temp.number(pg_temp.percent(100 * week, 2)),
      pg_temp.number(pg_temp.percent(100 * month, 2)), pg_temp.number(pg_temp.lasting(stopped))),
    E'\n' ORDER BY week, month, zone, service_name),
  (SELECT CASE WHEN known > 0 THEN 'Every service ran all the time.'
          ELSE 'There is no history yet.' END FROM whole))
FROM share WHERE least(week, month) < 1;
\qecho '</section>'
