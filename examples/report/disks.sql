-- The fullest disks, and when they are full.

\qecho '<section id="disks"><h2>Fullest disks</h2>'
WITH first AS (
  -- Of the nodes of a service the one that is full first
  SELECT DISTINCT ON (zone, service_name)
         *, coalesce(full_at < now() + interval '30 days', false) AS soon
  FROM :"hist".disk_forecast
  WHERE used IS NOT NULL
  ORDER BY zone, service_name, full_at, used DESC
), ordered AS (
  SELECT *, row_number() OVER (
           PARTITION BY soon ORDER BY CASE WHEN soon THEN full_at END, used DESC) AS n
  FROM first
)
SELECT pg_temp.rows(
  'First those that are full within 30 days, by a line through the last week, and then the ten '
  'fullest. The days below a date are as early and as late as the scatter of the week allows.',
  ARRAY['Service', 'Used>', '', 'A day>', 'Full on', 'In>'],
  string_agg(pg_temp.tr(
      pg_temp.service(service_name, zone), pg_temp.number(pg_temp.percent(used, 1)),
      pg_temp.bar(used / 100),
      pg_temp.number(CASE WHEN growth >= 0 THEN '+' ELSE '' END || pg_temp.percent(growth, 2)),
      pg_temp.cell_of(coalesce(pg_temp.day(full_at), '<span class="soft">not in sight</span>')
        || CASE WHEN earliest::date IS DISTINCT FROM latest::date
             THEN '<span class="detail">' || pg_temp.day(earliest) || ' – '
                  || coalesce(pg_temp.day(latest), '…') || '</span>' ELSE '' END),
      pg_temp.number(CASE WHEN soon
        THEN pg_temp.alert(pg_temp.lasting(greatest(full_at - now(), '0')))
        ELSE pg_temp.lasting(full_at - now()) END)),
    E'\n' ORDER BY soon DESC, n),
  'There is no history of disks yet.')
FROM ordered WHERE soon OR n <= 10;
\qecho '</section>'
